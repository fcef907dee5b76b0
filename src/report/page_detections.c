/* What rules found: by level, over time, by host, by tactic and technique. */
#include "report/page.h"

#include <string.h>

TextId page_level_text(RuleLevel level)
{
    return (TextId)(TXT_LEVEL_1 + (level ? level - 1 : 0));
}

static void cell_level(Page *page, RuleLevel level)
{
    html_cell(&page->html);
    page_level_mark(page, level);
    html_cell_end(&page->html);
}

/* ---- by level ---- */

static void levels(Page *page)
{
    static const Column COLUMNS[] = {{TXT_COL_LEVEL, COLUMN_TEXT},
                                     {TXT_COL_DETECTIONS, COLUMN_NUMBER},
                                     {TXT_COL_RULES, COLUMN_NUMBER}};
    Html *html = &page->html;
    const Detections *detections = page->report->detections;
    html_table(html, &(TableHead){.caption = TXT_D_LEVELS, COLUMNS_OF(COLUMNS), .class = "narrow"});
    for (unsigned level = RULE_LEVEL_COUNT; level-- > RULE_INFORMATIONAL;) {
        html_row(html);
        HTML(html, "<th scope=\"row\">");
        page_level_mark(page, (RuleLevel)level);
        HTML(html, "</th>");
        html_cell_number(html, detections->by_level[level]);
        html_cell_number(html, detections->rules_by_level[level]);
        html_row_end(html);
    }
    html_table_end(html);
}

/* ---- over time ---- */

#define LEVEL_COLUMNS                                                                              \
    {TXT_LEVEL_5, COLUMN_NUMBER}, {TXT_LEVEL_4, COLUMN_NUMBER}, {TXT_LEVEL_3, COLUMN_NUMBER},      \
        {TXT_LEVEL_2, COLUMN_NUMBER},                                                              \
    {                                                                                              \
        TXT_LEVEL_1, COLUMN_NUMBER                                                                 \
    }

static void figures(Page *page)
{
    static const Column COLUMNS[] = {{TXT_COL_FROM, COLUMN_TEXT}, LEVEL_COLUMNS};
    Html *html = &page->html;
    const SurveyAxis *axis = &page->survey->axis;
    const Detections *detections = page->report->detections;
    HTML(html, "<details class=\"aside\"><summary>");
    SAY(html, T_TABLE);
    HTML(html, "</summary>\n<p>");
    SAY(html, D_EMPTY);
    HTML(html, "</p>\n");
    html_table(html, &(TableHead){.caption = TXT_D_TIME, COLUMNS_OF(COLUMNS), .class = "narrow"});
    for (uint32_t bin = 0; bin < axis->count; bin++) {
        uint64_t all = 0;
        for (unsigned level = 0; level < RULE_LEVEL_COUNT; level++)
            all += detections->bins[level][bin];
        if (all == 0)
            continue;
        html_row(html);
        HTML(html, "<th scope=\"row\">");
        html_time(html, axis->begin + axis->step_ns * bin);
        HTML(html, "</th>");
        for (unsigned level = RULE_LEVEL_COUNT; level-- > RULE_INFORMATIONAL;)
            html_cell_number(html, detections->bins[level][bin]);
        html_row_end(html);
    }
    html_table_end(html);
    HTML(html, "</details>\n");
}

static void over_time(Page *page)
{
    Html *html = &page->html;
    const Detections *detections = page->report->detections;
    page_subheading(page, TXT_D_TIME);
    if (detections->most) {
        PARAGRAPH_WITH(html, D_TIME_INTRO, WITH_SPAN("step", page->survey->axis.step_ns));
        page_detection_plot(page);
        figures(page);
    }
    if (detections->timeless)
        PARAGRAPH_WITH(html, D_TIMELESS,
                       WITH_COUNT("detections", N_DETECTIONS, detections->timeless));
    if (detections->beyond)
        PARAGRAPH_WITH(html, D_BEYOND, WITH_COUNT("detections", N_DETECTIONS, detections->beyond));
}

/* ---- by host ---- */

static void hosts(Page *page)
{
    static const Column COLUMNS[] = {{TXT_COL_HOST, COLUMN_TEXT},
                                     LEVEL_COLUMNS,
                                     {TXT_COL_RULES, COLUMN_NUMBER},
                                     {TXT_COL_FIRST, COLUMN_TEXT},
                                     {TXT_COL_LAST, COLUMN_TEXT}};
    Html *html = &page->html;
    const Detections *detections = page->report->detections;
    Further further = {0};
    page_subheading(page, TXT_D_HOSTS);
    html_table(html, &(TableHead){.caption = TXT_D_HOSTS, COLUMNS_OF(COLUMNS)});
    for (size_t i = 0; i < detections->host_count; i++) {
        const DetectionHost *host = &detections->hosts[i];
        if (page_is_further(i, host->count, &further))
            continue;
        html_row(html);
        if (host->host == SURVEY_NONE) {
            HTML(html, "<th scope=\"row\">");
            SAY(html, D_NO_HOST);
            HTML(html, "</th>");
        } else {
            page_cell_host(page, host->host);
        }
        for (unsigned level = RULE_LEVEL_COUNT; level-- > RULE_INFORMATIONAL;)
            html_cell_number(html, host->by_level[level]);
        html_cell_number(html, host->rules);
        html_cell_time(html, host->first);
        html_cell_time(html, host->last);
        html_row_end(html);
    }
    html_table_end(html);
    page_rows_cut(page, further.rows);
}

/* ---- by tactic and technique ---- */

static void tactics(Page *page)
{
    static const Column COLUMNS[] = {{TXT_COL_TACTIC, COLUMN_TEXT},
                                     {TXT_COL_DETECTIONS, COLUMN_NUMBER},
                                     {TXT_COL_RULES, COLUMN_NUMBER},
                                     {TXT_COL_HOSTS, COLUMN_NUMBER}};
    Html *html = &page->html;
    const DetectionTactic *list = page->report->detections->tactics;
    html_table(html,
               &(TableHead){.caption = TXT_D_TACTICS, COLUMNS_OF(COLUMNS), .class = "narrow"});
    for (unsigned i = 0; i < ATTACK_TACTICS; i++) {
        if (list[i].rules == 0)
            continue;
        Label word = label_of(ATTACK_TACTIC[i]);
        html_row(html);
        page_cell_words(page, "tactic.", &word, TXT_CELL_NONE);
        html_cell_number(html, list[i].count);
        html_cell_number(html, list[i].rules);
        html_cell_number(html, list[i].hosts);
        html_row_end(html);
    }
    html_table_end(html);
}

static void techniques(Page *page)
{
    static const Column COLUMNS[] = {
        {TXT_COL_TECHNIQUE, COLUMN_TEXT},    {TXT_COL_LEVEL, COLUMN_TEXT},
        {TXT_COL_DETECTIONS, COLUMN_NUMBER}, {TXT_COL_RULES, COLUMN_NUMBER},
        {TXT_COL_HOSTS, COLUMN_NUMBER},      {TXT_COL_FIRST, COLUMN_TEXT},
        {TXT_COL_LAST, COLUMN_TEXT}};
    Html *html = &page->html;
    const Detections *detections = page->report->detections;
    Further further = {0};
    html_table(html, &(TableHead){.caption = TXT_D_TECHNIQUES, COLUMNS_OF(COLUMNS)});
    for (size_t i = 0; i < detections->technique_count; i++) {
        const DetectionTechnique *technique = &detections->techniques[i];
        if (page_is_further(i, technique->count, &further))
            continue;
        html_row(html);
        html_cell_code(html, text_from_z(technique->id));
        cell_level(page, technique->level);
        html_cell_number(html, technique->count);
        html_cell_number(html, technique->rules);
        html_cell_number(html, technique->hosts);
        html_cell_time(html, technique->first);
        html_cell_time(html, technique->last);
        html_row_end(html);
    }
    html_table_end(html);
    page_rows_cut(page, further.rows);
}

static void attack(Page *page)
{
    const Detections *detections = page->report->detections;
    bool any = detections->technique_count != 0;
    for (unsigned i = 0; i < ATTACK_TACTICS; i++)
        any = any || detections->tactics[i].rules;
    if (!any)
        return;
    page_subheading(page, TXT_D_ATTACK);
    PARAGRAPH(&page->html, D_ATTACK_INTRO);
    tactics(page);
    if (detections->technique_count)
        techniques(page);
}

/* ---- the section ---- */

static void found(Page *page)
{
    Html *html = &page->html;
    const Detections *detections = page->report->detections;
    if (detections->count == 0) {
        PARAGRAPH(html, D_NOTHING);
        return;
    }
    levels(page);
    over_time(page);
    hosts(page);
    attack(page);
    page_detection_rules(page);
}

void page_detections(Page *page)
{
    Html *html = &page->html;
    const Detections *detections = page->report->detections;
    page_section(page, PAGE_DETECTIONS);
    if (detections->state == DETECTIONS_NONE) {
        PARAGRAPH(html, D_NO_RUN);
    } else if (detections->state == DETECTIONS_STALE) {
        PARAGRAPH(html, D_STALE);
    } else {
        PARAGRAPH(html, D_MEANING);
        PARAGRAPH_WITH(html, D_EVALUATED,
                       WITH_COUNT("rules", N_RULES, detections->by_state[RULE_LOADED]),
                       WITH_NUMBER("evaluated", detections->evaluated),
                       WITH_NUMBER("matched", detections->matched_count));
        found(page);
        page_rules_run(page);
    }
    page_section_end(page);
}
