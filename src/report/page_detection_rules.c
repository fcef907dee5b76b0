/* The rules that matched, each with its first events, correlations with what they are made of, and
 * what became of all other rules. */
#include "report/page.h"

#define HOSTS_SHOWN 6

/* ---- a rule and its events ---- */

static void cite(Page *page, const DetectedEvent *events, uint32_t count, uint64_t all)
{
    Html *html = &page->html;
    HTML(html, "<p class=\"evidence\">");
    SAY(html, F_EVIDENCE);
    for (uint32_t i = 0; i < count; i++) {
        const DetectedEvent *event = &events[i];
        if (i)
            SAY(html, LIST_COMMA);
        HTML(html, " ");
        page_citation(page, &(Citation){.event = {event->item, event->sub, event->offset},
                                        .record_id = event->record_id});
    }
    if (count < all) {
        HTML(html, " ");
        SAY_WITH(html, C_MORE, WITH_NUMBER("count", all - count));
    }
    HTML(html, "</p>\n");
}

static void left_out(Page *page, uint64_t count)
{
    if (count == 0)
        return;
    HTML(&page->html, "<p class=\"left-out\">");
    SAY_WITH(&page->html, D_CUT, WITH_NUMBER("count", count));
    HTML(&page->html, "</p>\n");
}

static void name_hosts(Page *page, const DetectionRule *rule)
{
    Html *html = &page->html;
    uint32_t shown = 0;
    for (uint32_t i = 0; i < page->survey->hosts_count && shown < HOSTS_SHOWN; i++) {
        if (!detection_rule_has_host(rule, i))
            continue;
        if (shown++)
            SAY(html, LIST_COMMA);
        HTML(html, " ");
        page_say_host(page, i);
    }
    if (shown < rule->host_count) {
        HTML(html, " ");
        SAY_WITH(html, A_MORE_HOSTS, WITH_NUMBER("count", rule->host_count - shown));
    }
}

static void title(Page *page, const DetectionRule *rule)
{
    Html *html = &page->html;
    HTML(html, "<p>");
    page_level_mark(page, rule->level);
    HTML(html, " <strong>");
    if (rule->title.len)
        html_evidence(html, rule->title);
    else
        SAY(html, D_UNTITLED);
    HTML(html, "</strong><br><span class=\"rule-id\"><span>");
    html_evidence(html, rule->id.len ? rule->id : rule->file);
    if (rule->id.len) {
        HTML(html, "</span> <span>");
        html_evidence(html, rule->file);
    }
    HTML(html, "</span></span></p>\n");
}

static void rule_entry(Page *page, const DetectionRule *rule)
{
    Html *html = &page->html;
    HTML(html, "<li>");
    title(page, rule);
    HTML(html, "<p>");
    SAY_WITH(html, D_RULE, WITH_COUNT("detections", N_DETECTIONS, rule->count),
             WITH_TIME("first", rule->first), WITH_TIME("last", rule->last));
    if (rule->host_count) {
        HTML(html, " ");
        SAY_WITH(html, D_RULE_HOSTS, WITH_NUMBER("count", rule->host_count));
        name_hosts(page, rule);
    }
    HTML(html, "</p>\n");
    if (rule->event_count)
        cite(page, rule->events, rule->event_count, rule->count);
    HTML(html, "</li>\n");
}

static void rules(Page *page)
{
    Html *html = &page->html;
    const Detections *detections = page->report->detections;
    size_t shown =
        detections->matched_count < REPORT_RULES_MAX ? detections->matched_count : REPORT_RULES_MAX;
    page_subheading(page, TXT_D_RULES);
    HTML(html, "<ul class=\"findings\">\n");
    for (size_t i = 0; i < shown; i++)
        rule_entry(page, detections->matched_rules[i]);
    HTML(html, "</ul>\n");
    left_out(page, detections->matched_count - shown);
}

/* ---- correlations ---- */

static void alert_entry(Page *page, const DetectionRule *rule, const DetectionAlert *alert)
{
    Html *html = &page->html;
    HTML(html, "<li>");
    title(page, rule);
    HTML(html, "<p>");
    SAY_WITH(html, D_ALERT, WITH_COUNT("events", N_EVENTS, alert->count),
             WITH_TIME("time", alert->time), WITH_TIME("first", alert->first),
             WITH_TIME("last", alert->last));
    if (alert->host != SURVEY_NONE) {
        HTML(html, " ");
        SAY_WITH(html, D_RULE_HOSTS, WITH_NUMBER("count", 1));
        HTML(html, " ");
        page_say_host(page, alert->host);
    }
    if (alert->facts.len) {
        HTML(html, "<br>");
        html_evidence(html, alert->facts);
    }
    HTML(html, "</p>\n");
    cite(page, alert->events, alert->event_count, alert->count);
    HTML(html, "</li>\n");
}

static void correlations(Page *page)
{
    Html *html = &page->html;
    const Detections *detections = page->report->detections;
    uint64_t shown = 0, all = 0;
    for (size_t i = 0; i < detections->matched_count; i++) {
        const DetectionRule *rule = detections->matched_rules[i];
        if (rule->kind != RULE_CORRELATION)
            continue;
        if (all == 0) {
            page_subheading(page, TXT_D_CORRELATIONS);
            PARAGRAPH(html, D_CORRELATIONS_INTRO);
            HTML(html, "<ul class=\"findings\">\n");
        }
        all += rule->count;
        for (uint32_t k = 0; k < rule->alert_count && shown < REPORT_ALERTS_MAX; k++, shown++)
            alert_entry(page, rule, &rule->alerts[k]);
    }
    if (all == 0)
        return;
    HTML(html, "</ul>\n");
    left_out(page, all - shown);
}

void page_detection_rules(Page *page)
{
    rules(page);
    correlations(page);
}

/* ---- what ran ---- */

static void states(Page *page)
{
    static const Column COLUMNS[] = {{TXT_COL_STATE, COLUMN_TEXT},
                                     {TXT_COL_RULES, COLUMN_NUMBER},
                                     {TXT_COL_MEANING, COLUMN_WIDE}};
    static const struct {
        TextId name, meaning;
    } ROWS[RULE_STATE_COUNT] = {
        [RULE_LOADED] = {TXT_RULE_LOADED, TXT_RULE_MEANS_LOADED},
        [RULE_OFF] = {TXT_RULE_OFF, TXT_RULE_MEANS_OFF},
        [RULE_REFUSED] = {TXT_RULE_REFUSED, TXT_RULE_MEANS_REFUSED},
        [RULE_NOT_APPLICABLE] = {TXT_RULE_NOT_APPLICABLE, TXT_RULE_MEANS_NOT_APPLICABLE}};
    Html *html = &page->html;
    html_table(html, &(TableHead){.caption = TXT_D_STATES, COLUMNS_OF(COLUMNS)});
    for (unsigned i = 0; i < RULE_STATE_COUNT; i++) {
        html_row(html);
        HTML(html, "<th scope=\"row\">");
        html_say(html, SAY_MARKUP, ROWS[i].name, NULL);
        HTML(html, "</th>");
        html_cell_number(html, page->report->detections->by_state[i]);
        html_cell_say(html, ROWS[i].meaning);
        html_row_end(html);
    }
    html_table_end(html);
}

static void cell_rule(Page *page, const DetectionRule *rule)
{
    Html *html = &page->html;
    HTML(html, "<th scope=\"row\">");
    html_evidence(html, rule->title.len ? rule->title : rule->file);
    if (rule->title.len) {
        HTML(html, "<br><span class=\"rule-id\">");
        html_evidence(html, rule->file);
        HTML(html, "</span>");
    }
    HTML(html, "</th>");
}

static void refused(Page *page)
{
    static const Column COLUMNS[] = {
        {TXT_COL_RULE, COLUMN_WIDE}, {TXT_COL_LINE, COLUMN_NUMBER}, {TXT_COL_REASON, COLUMN_WIDE}};
    Html *html = &page->html;
    const Detections *detections = page->report->detections;
    size_t count = detections->refused_count,
           shown = count < REPORT_RULES_MAX ? count : REPORT_RULES_MAX;
    if (count == 0)
        return;
    html_table(html, &(TableHead){.caption = TXT_D_REFUSED, COLUMNS_OF(COLUMNS)});
    for (size_t i = 0; i < shown; i++) {
        const DetectionRule *rule = detections->refused[i];
        html_row(html);
        cell_rule(page, rule);
        html_cell_record(html, rule->line);
        HTML(html, "<td lang=\"en\">");
        html_evidence(html, rule->reason);
        HTML(html, "</td>");
        html_row_end(html);
    }
    html_table_end(html);
    page_rows_cut(page, count - shown);
}

/* Rules that a person muted, matches that filters held back, expressions that gave up. */
static void excepted(Page *page)
{
    static const Column COLUMNS[] = {{TXT_COL_RULE, COLUMN_WIDE},
                                     {TXT_COL_MUTED, COLUMN_NUMBER},
                                     {TXT_COL_SUPPRESSED, COLUMN_NUMBER},
                                     {TXT_COL_UNDECIDED, COLUMN_NUMBER}};
    Html *html = &page->html;
    const Detections *detections = page->report->detections;
    size_t count = detections->excepted_count,
           shown = count < REPORT_RULES_MAX ? count : REPORT_RULES_MAX;
    if (count == 0)
        return;
    PARAGRAPH(html, D_EXCEPTED_INTRO);
    html_table(html, &(TableHead){.caption = TXT_D_EXCEPTED, COLUMNS_OF(COLUMNS)});
    for (size_t i = 0; i < shown; i++) {
        const DetectionRule *rule = detections->excepted[i];
        html_row(html);
        cell_rule(page, rule);
        html_cell_number(html, rule->muted ? rule->muted_matches : 0);
        html_cell_number(html, rule->suppressed);
        html_cell_number(html, rule->undecided);
        html_row_end(html);
    }
    html_table_end(html);
    page_rows_cut(page, count - shown);
}

void page_rules_run(Page *page)
{
    Html *html = &page->html;
    const DetectedHead *head = &page->report->detections->head;
    page_subheading(page, TXT_D_RAN);
    states(page);
    refused(page);
    excepted(page);
    if (head->without_group + head->without_value + head->without_time + head->too_large)
        PARAGRAPH_WITH(html, D_LEFT_OUT, WITH_NUMBER("group", head->without_group),
                       WITH_NUMBER("value", head->without_value),
                       WITH_NUMBER("time", head->without_time),
                       WITH_NUMBER("windows", head->too_large));
}
