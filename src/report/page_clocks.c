/* Clocks and times; copies and recovered records. */
#include "report/page.h"

static void say_step(Page *page, int64_t ns)
{
    Html *html = &page->html;
    html_cell(html);
    if (ns < 0)
        SAY_WITH(html, K_BACK, WITH_SPAN("span", ns));
    else
        SAY_WITH(html, K_FORWARD, WITH_SPAN("span", ns));
    html_cell_end(html);
}

static void qualities(Page *page)
{
    static const Column COLUMNS[] = {{TXT_COL_QUALITY, COLUMN_TEXT},
                                     {TXT_COL_SOURCE, COLUMN_WIDE},
                                     {TXT_COL_HOSTS, COLUMN_NUMBER},
                                     {TXT_COL_EVENTS, COLUMN_NUMBER}};
    Html *html = &page->html;
    const Survey *survey = page->survey;
    Further further = survey->qualities_further;
    html_table(html, &(TableHead){.caption = TXT_K_CAPTION, COLUMNS_OF(COLUMNS)});
    for (size_t i = 0; i < survey->qualities_count; i++) {
        const SurveyQuality *quality = &survey->qualities[i];
        if (page_is_further(i, quality->events, &further))
            continue;
        html_row(html);
        html_cell_say(html, (TextId)(TXT_QUALITY_EXACT + quality->quality));
        page_cell_label(page, &quality->source, TXT_UNNAMED_SOURCE);
        html_cell_number(html, quality->hosts);
        html_cell_number(html, quality->events);
        html_row_end(html);
    }
    html_table_end(html);
    page_left_out(page, TXT_L_FURTHER, "names", TXT_N_NAMES, further.rows, further.events);
}

static void shifted(Page *page)
{
    static const Column COLUMNS[] = {{TXT_COL_ITEM, COLUMN_NUMBER},
                                     {TXT_COL_HOST, COLUMN_TEXT},
                                     {TXT_COL_SHIFT, COLUMN_TEXT},
                                     {TXT_COL_PATH, COLUMN_WIDE}};
    Html *html = &page->html;
    const Survey *survey = page->survey;
    uint64_t shown = 0, cut = 0;
    page_subheading(page, TXT_K_SHIFTED);
    PARAGRAPH(html, K_SHIFTED_INTRO);
    html_table(html, &(TableHead){.caption = TXT_K_SHIFTED, COLUMNS_OF(COLUMNS)});
    for (size_t i = 0; i < survey->item_count; i++) {
        const StoredItem *item = survey->items[i].stored;
        if (!item->shifted)
            continue;
        if (shown == REPORT_ROWS_MAX) {
            cut++;
            continue;
        }
        shown++;
        html_row(html);
        HTML(html, "<td class=\"n\">");
        page_item_link(page, (uint32_t)i);
        html_cell_end(html);
        html_cell_text(html, item->host);
        say_step(page, item->clock_shift_ns);
        html_cell_text(html, item->path);
        html_row_end(html);
    }
    html_table_end(html);
    page_rows_cut(page, cut);
}

static void sets(Page *page)
{
    static const Column COLUMNS[] = {{TXT_COL_TIME, COLUMN_TEXT},
                                     {TXT_COL_HOST, COLUMN_TEXT},
                                     {TXT_COL_STEP, COLUMN_TEXT},
                                     {TXT_COL_USER, COLUMN_TEXT},
                                     {TXT_COL_EVIDENCE, COLUMN_WIDE}};
    Html *html = &page->html;
    const Survey *survey = page->survey;
    uint64_t shown = 0;
    page_subheading(page, TXT_K_SETS);
    PARAGRAPH(html, K_SETS_INTRO);
    html_table(html, &(TableHead){.caption = TXT_K_SETS, COLUMNS_OF(COLUMNS)});
    for (size_t i = 0; i < survey->marks_count && shown < REPORT_ROWS_MAX; i++) {
        const SurveyMark *mark = &survey->marks[i];
        if (mark->mark.kind != MARK_CLOCK_SET)
            continue;
        shown++;
        html_row(html);
        html_cell_time(html, mark->mark.time);
        page_cell_host(page, mark->host);
        say_step(page, mark->mark.step_ns);
        page_cell_label(page, &mark->mark.user, TXT_CELL_NONE);
        page_cell_citation(page, &mark->mark.at, mark->mark.record_id);
        html_row_end(html);
    }
    html_table_end(html);
    page_rows_cut(page, survey->totals.marks[MARK_CLOCK_SET] - shown);
}

void page_clocks(Page *page)
{
    const SurveyTotals *totals = &page->survey->totals;
    page_section(page, PAGE_CLOCKS);
    PARAGRAPH(&page->html, K_INTRO);
    if (page->survey->qualities_count)
        qualities(page);
    else
        PARAGRAPH(&page->html, K_ALL_EXACT);
    if (totals->shifted_items)
        shifted(page);
    if (totals->marks[MARK_CLOCK_SET])
        sets(page);
    page_section_end(page);
}

/* ---- copies ---- */

static void twins(Page *page)
{
    static const Column COLUMNS[] = {{TXT_COL_ITEM, COLUMN_NUMBER},
                                     {TXT_COL_COPIES, COLUMN_NUMBER},
                                     {TXT_COL_EVENTS, COLUMN_NUMBER},
                                     {TXT_COL_PATH, COLUMN_WIDE}};
    Html *html = &page->html;
    const Survey *survey = page->survey;
    uint64_t shown = 0, cut = 0;
    html_table(html, &(TableHead){.caption = TXT_D_TWINS_CAPTION, COLUMNS_OF(COLUMNS)});
    for (size_t i = 0; i < survey->item_count; i++) {
        const SurveyItem *item = &survey->items[i];
        if (item->twins == 0)
            continue;
        if (shown == REPORT_ROWS_MAX) {
            cut++;
            continue;
        }
        shown++;
        html_row(html);
        HTML(html, "<td class=\"n\">");
        page_item_link(page, (uint32_t)i);
        html_cell_end(html);
        html_cell_number(html, item->twins);
        html_cell_number(html, item->events);
        html_cell_text(html, item->stored->path);
        html_row_end(html);
    }
    html_table_end(html);
    page_rows_cut(page, cut);
}

static void recovered(Page *page)
{
    static const Column COLUMNS[] = {
        {TXT_COL_HOST, COLUMN_TEXT},        {TXT_COL_SOURCE, COLUMN_WIDE},
        {TXT_COL_RECOVERED, COLUMN_NUMBER}, {TXT_COL_FRAGMENTS, COLUMN_NUMBER},
        {TXT_COL_FIRST, COLUMN_TEXT},       {TXT_COL_LAST, COLUMN_TEXT}};
    Html *html = &page->html;
    const Survey *survey = page->survey;
    Further further = survey->recovered_further;
    html_table(html, &(TableHead){.caption = TXT_D_RECOVERED_CAPTION, COLUMNS_OF(COLUMNS)});
    for (size_t i = 0; i < survey->recovered_count; i++) {
        const SurveyRecovered *row = &survey->recovered[i];
        if (page_is_further(i, row->events, &further))
            continue;
        html_row(html);
        page_cell_host(page, row->host);
        page_cell_label(page, &row->source, TXT_UNNAMED_SOURCE);
        html_cell_number(html, row->events);
        html_cell_number(html, row->fragments);
        html_cell_time(html, row->extent.first);
        html_cell_time(html, row->extent.last);
        html_row_end(html);
    }
    html_table_end(html);
    page_left_out(page, TXT_L_FURTHER, "names", TXT_N_NAMES, further.rows, further.events);
}

void page_copies(Page *page)
{
    Html *html = &page->html;
    const SurveyTotals *totals = &page->survey->totals;
    page_section(page, PAGE_COPIES);
    if (totals->twins) {
        PARAGRAPH_WITH(html, D_TWINS, WITH_COUNT("records", N_RECORDS, totals->twins));
        twins(page);
    } else {
        PARAGRAPH(html, D_NO_TWINS);
    }
    if (totals->recovered + totals->fragments) {
        PARAGRAPH_WITH(html, D_RECOVERED,
                       WITH_COUNT("records", N_RECORDS, totals->recovered + totals->fragments),
                       WITH_NUMBER("fragments", totals->fragments));
        recovered(page);
    } else {
        PARAGRAPH(html, D_NO_RECOVERED);
    }
    page_section_end(page);
}
