/* The annexes: all items, and all damage. */
#include "report/page.h"

#define OPEN_ROWS 200 /* longer tables are folded on a screen */

static void details(Page *page, TextId summary, uint64_t count)
{
    Html *html = &page->html;
    HTML(html, "<details");
    if (count <= OPEN_ROWS)
        HTML(html, " open");
    HTML(html, "><summary>");
    const Arg args[] = {WITH_NUMBER("count", count), {.kind = ARG_END}};
    html_say(html, SAY_MARKUP, summary, args);
    HTML(html, "</summary>\n");
}

/* Path, identifier, hash. */
static void item_names(Html *html, const StoredItem *stored)
{
    char id[ITEM_ID_TEXT], hash[64];
    item_id_text(&stored->id, id);
    sha256_hex(&stored->sha256, hash);
    HTML(html, "<td class=\"item\">");
    html_evidence(html, stored->path);
    HTML(html, "<br>");
    html_code(html, text_of(id, sizeof id));
    HTML(html, "<br><span class=\"hash\">");
    SAY(html, COL_SHA256);
    HTML(html, " ");
    if (stored->hashed)
        html_code(html, text_of(hash, sizeof hash));
    else
        SAY(html, I_NO_HASH);
    HTML(html, "</span></td>");
}

static void item_host(Html *html, const StoredItem *stored)
{
    html_cell(html);
    if (stored->host.len) {
        html_evidence(html, stored->host);
        HTML(html, "<br><span class=\"mark\">");
        html_say(html, SAY_MARKUP, (TextId)(TXT_ORIGIN_UNKNOWN + stored->host_origin), NULL);
        HTML(html, "</span>");
    } else {
        SAY(html, CELL_NONE);
    }
    html_cell_end(html);
}

static void item_row(Page *page, uint32_t number)
{
    Html *html = &page->html;
    const SurveyItem *item = &page->survey->items[number];
    HTML(html, "<tr id=\"i");
    html_digits(html, (uint64_t)number + 1);
    HTML(html, "\"><th scope=\"row\" class=\"n\">");
    html_digits(html, (uint64_t)number + 1);
    HTML(html, "</th>");
    item_names(html, item->stored);
    HTML(html, "<td class=\"n\">");
    if (item->container == SURVEY_NONE)
        SAY(html, CELL_NONE);
    else
        page_item_link(page, item->container);
    HTML(html, "</td><td class=\"n\">");
    html_size(html, item->stored->size);
    html_cell_end(html);
    html_cell_text(html, item->stored->format);
    html_cell_say(html, (TextId)(TXT_STATE_WAITING + item->stored->state));
    item_host(html, item->stored);
    html_cell_number(html, item->events);
    html_cell_number(html, item->damages);
    html_row_end(html);
}

/* What is referred to further below, before any row is written: items with damage, and containers
 * of what is listed (which stand before their members). */
static void mark_cited(Page *page)
{
    const Survey *survey = page->survey;
    for (size_t i = 0; i < survey->defects_count; i++)
        page->cited[survey->defects[i].item] = 1;
    for (size_t i = survey->item_count; i-- > 0;) {
        uint32_t container = survey->items[i].container;
        if (container != SURVEY_NONE && (i < REPORT_ITEMS_MAX || page->cited[i]))
            page->cited[container] = 1;
    }
}

void page_items(Page *page)
{
    static const Column COLUMNS[] = {
        {TXT_COL_NUMBER, COLUMN_NUMBER},    {TXT_COL_ITEM, COLUMN_WIDE},
        {TXT_COL_CONTAINER, COLUMN_NUMBER}, {TXT_COL_SIZE, COLUMN_NUMBER},
        {TXT_COL_FORMAT, COLUMN_TEXT},      {TXT_COL_STATE, COLUMN_TEXT},
        {TXT_COL_HOST, COLUMN_TEXT},        {TXT_COL_EVENTS, COLUMN_NUMBER},
        {TXT_COL_DEFECTS, COLUMN_NUMBER}};
    Html *html = &page->html;
    size_t count = page->survey->item_count;
    uint64_t cut = 0;
    page_section(page, PAGE_ITEMS);
    PARAGRAPH(html, I_INTRO);
    mark_cited(page);
    details(page, TXT_I_SUMMARY, count);
    html_table(html, &(TableHead){.caption = TXT_H_ITEMS, COLUMNS_OF(COLUMNS), .class = "items"});
    for (size_t i = 0; i < count; i++) {
        if (i < REPORT_ITEMS_MAX || page->cited[i])
            item_row(page, (uint32_t)i);
        else
            cut++;
    }
    html_table_end(html);
    if (cut) {
        HTML(html, "<p class=\"left-out\">");
        SAY_WITH(html, I_FURTHER, WITH_NUMBER("count", cut));
        HTML(html, "</p>\n");
    }
    HTML(html, "</details>\n");
    page_section_end(page);
}

/* ---- damage ---- */

static void defect_row(Page *page, const SurveyDefect *defect)
{
    Html *html = &page->html;
    html_row(html);
    HTML(html, "<td class=\"n\">");
    page_item_link(page, defect->item);
    html_cell_end(html);
    html_cell_say(html, defect->kind == DEFECT_DAMAGE ? TXT_E_DAMAGE : TXT_E_NOTE);
    HTML(html, "<td class=\"n\">");
    if (defect->offset == ERR_NO_OFFSET)
        SAY(html, CELL_NONE);
    else
        html_digits(html, defect->offset);
    html_cell_end(html);
    HTML(html, "<td lang=\"en\">");
    html_evidence(html, defect->text);
    html_cell_end(html);
    html_row_end(html);
}

void page_defects(Page *page)
{
    static const Column COLUMNS[] = {{TXT_COL_ITEM, COLUMN_NUMBER},
                                     {TXT_COL_KIND, COLUMN_TEXT},
                                     {TXT_COL_BYTE, COLUMN_NUMBER},
                                     {TXT_COL_TEXT, COLUMN_WIDE}};
    Html *html = &page->html;
    const Survey *survey = page->survey;
    page_section(page, PAGE_DEFECTS);
    if (survey->defects_count == 0) {
        PARAGRAPH(html, E_NONE);
        page_section_end(page);
        return;
    }
    PARAGRAPH(html, E_INTRO);
    details(page, TXT_E_SUMMARY, survey->totals.damages + survey->totals.notes);
    html_table(html, &(TableHead){.caption = TXT_H_DEFECTS, COLUMNS_OF(COLUMNS)});
    for (size_t i = 0; i < survey->defects_count; i++)
        defect_row(page, &survey->defects[i]);
    html_table_end(html);
    if (survey->defects_further.rows) {
        HTML(html, "<p class=\"left-out\">");
        SAY_WITH(html, E_FURTHER, WITH_NUMBER("count", survey->defects_further.rows));
        HTML(html, "</p>\n");
    }
    HTML(html, "</details>\n");
    page_section_end(page);
}
