/* Custody, method, the data of this run, and the place for a signature. */
#include "report/page.h"

#include "analysis/survey.h"

static void hex(Html *html, const uint8_t *bytes, size_t len)
{
    char text[2 * 64];
    for (size_t i = 0; i < len && i < 64; i++) {
        text[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    html_code(html, text_of(text, 2 * len));
}

/* An example of a citation: a record of the first item, or a made-up one. */
static void citation_rule(Page *page)
{
    char id[ITEM_ID_TEXT + 8] = "00000000000000000000000000000000";
    if (page->survey->item_count)
        item_id_text(&page->survey->items[0].stored->id, id);
    memcpy(id + ITEM_ID_TEXT, "-4096", 5);
    PARAGRAPH_WITH(&page->html, U_CITATION, WITH_CODE("example", text_of(id, ITEM_ID_TEXT + 5)));
}

void page_custody(Page *page)
{
    Html *html = &page->html;
    uint64_t unhashed = 0;
    for (size_t i = 0; i < page->survey->item_count; i++)
        unhashed += !page->survey->items[i].stored->hashed;
    page_section(page, PAGE_CUSTODY);
    PARAGRAPH(html, U_INTRO);
    PARAGRAPH(html, U_CONTENT);
    HTML(html, "<dl>\n<dt>");
    SAY(html, U_DIGEST);
    HTML(html, "</dt><dd>");
    hex(html, page->report->content.bytes, sizeof page->report->content.bytes);
    HTML(html, "</dd>\n</dl>\n");
    if (unhashed)
        PARAGRAPH_WITH(html, U_UNHASHED, WITH_COUNT("items", N_ITEMS, unhashed));
    citation_rule(page);
    PARAGRAPH(html, U_VERIFY);
    HTML(html, "<pre><code>constat verify --case DIR EVIDENCE…</code></pre>\n");
    PARAGRAPH(html, U_VERIFY_WHAT);
    page_section_end(page);
}

/* ---- method ---- */

static void limits(Page *page)
{
    static const Column COLUMNS[] = {{TXT_COL_LIST, COLUMN_TEXT},
                                     {TXT_COL_LIMIT, COLUMN_NUMBER},
                                     {TXT_COL_LIST_RULE, COLUMN_WIDE}};
    static const struct {
        TextId list;
        uint64_t limit;
        TextId rule;
        uint64_t each;
    } ROWS[] = {
        {TXT_H_FINDINGS, REPORT_FINDINGS_MAX, TXT_M_LIMIT_FINDINGS, 0},
        {TXT_H_DETECTIONS, REPORT_RULES_MAX, TXT_M_LIMIT_RULES, DETECTIONS_EVENTS},
        {TXT_D_CORRELATIONS, REPORT_ALERTS_MAX, TXT_M_LIMIT_ALERTS, DETECTIONS_ALERTS},
        {TXT_H_HOSTS, REPORT_ROWS_MAX, TXT_M_LIMIT_HOSTS, 0},
        {TXT_H_SOURCES, REPORT_HOST_SOURCES_MAX, TXT_M_LIMIT_SOURCES, 0},
        {TXT_H_ACCOUNTS, REPORT_ACCOUNTS_MAX, TXT_M_LIMIT_ACCOUNTS, 0},
        {TXT_G_GAPS, REPORT_ROWS_MAX, TXT_M_LIMIT_GAPS, 0},
        {TXT_H_RECORDED, REPORT_ROWS_MAX, TXT_M_LIMIT_ROWS, 0},
        {TXT_H_ITEMS, REPORT_ITEMS_MAX, TXT_M_LIMIT_ITEMS, 0},
        {TXT_H_DEFECTS, SURVEY_DEFECTS_MAX, TXT_M_LIMIT_DEFECTS, SURVEY_DEFECTS_ITEM},
    };
    Html *html = &page->html;
    html_table(html, &(TableHead){.caption = TXT_M_CAPTION, COLUMNS_OF(COLUMNS)});
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        html_row(html);
        HTML(html, "<th scope=\"row\">");
        html_say(html, SAY_MARKUP, ROWS[i].list, NULL);
        HTML(html, "</th>");
        html_cell_number(html, ROWS[i].limit);
        html_cell(html);
        const Arg each[] = {WITH_NUMBER("each", ROWS[i].each), {.kind = ARG_END}};
        html_say(html, SAY_MARKUP, ROWS[i].rule, each);
        html_cell_end(html);
        html_row_end(html);
    }
    html_table_end(html);
}

void page_method(Page *page)
{
    Html *html = &page->html;
    page_section(page, PAGE_METHOD);
    PARAGRAPH(html, M_SCOPE);
    PARAGRAPH(html, M_TIMES);
    PARAGRAPH_WITH(html, M_NAMES, WITH_CODE("example", TEXT("\\u202e")));
    PARAGRAPH(html, M_NUMBERS);
    PARAGRAPH(html, M_SHUTDOWN);
    PARAGRAPH(html, M_LIMITS);
    limits(page);
    page_section_end(page);
}

/* ---- the run ---- */

static void entry(Page *page, TextId name)
{
    HTML(&page->html, "<dt>");
    html_say(&page->html, SAY_MARKUP, name, NULL);
    HTML(&page->html, "</dt><dd>");
}

static void entry_end(Page *page)
{
    HTML(&page->html, "</dd>\n");
}

static void entry_text(Page *page, TextId name, Text value)
{
    entry(page, name);
    if (value.len)
        html_evidence(&page->html, value);
    else
        SAY(&page->html, Z_NOT_STATED);
    entry_end(page);
}

static void ledger(Page *page)
{
    Html *html = &page->html;
    const ReportRun *run = page->report->run;
    entry(page, TXT_Z_LEDGER);
    if (run->has_ledger)
        hex(html, run->ledger.bytes, sizeof run->ledger.bytes);
    else
        SAY(html, Z_NOT_STATED);
    entry_end(page);
    if (run->has_ledger) {
        entry(page, TXT_Z_ENTRIES);
        html_number(html, run->ledger_entries);
        entry_end(page);
    }
    entry(page, TXT_Z_KEY);
    if (run->is_signed)
        hex(html, run->public_key, sizeof run->public_key);
    else
        SAY(html, Z_UNSIGNED);
    entry_end(page);
}

void page_run(Page *page)
{
    Html *html = &page->html;
    const ReportRun *run = page->report->run;
    HTML(html, "<!-- run data: begin -->\n");
    page_section(page, PAGE_RUN);
    HTML(html, "<p>");
    SAY(html, Z_INTRO);
    HTML(html, "</p>\n<dl>\n");
    entry(page, TXT_Z_WHEN);
    SAY_WITH(html, Z_AT, WITH_TIME("time", run->when));
    entry_end(page);
    entry_text(page, TXT_Z_WHO, run->person);
    entry_text(page, TXT_Z_WHERE, run->machine);
    entry_text(page, TXT_Z_VERSION, run->version);
    entry(page, TXT_Z_WORKERS);
    html_number(html, run->workers);
    entry_end(page);
    entry_text(page, TXT_Z_COMMAND, run->command);
    ledger(page);
    HTML(html, "</dl>\n");
    page_section_end(page);
    HTML(html, "<!-- run data: end -->\n");
}

void page_signature(Page *page)
{
    static const TextId LINES[] = {TXT_Q_NAME, TXT_Q_PLACE, TXT_Q_SIGN};
    Html *html = &page->html;
    page_section(page, PAGE_SIGNATURE);
    HTML(html, "<p>");
    SAY(html, Q_INTRO);
    HTML(html, "</p>\n<dl class=\"sign\">\n");
    for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++) {
        entry(page, LINES[i]);
        entry_end(page);
    }
    HTML(html, "</dl>\n");
    page_section_end(page);
}
