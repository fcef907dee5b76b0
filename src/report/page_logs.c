/* Completeness of the logs: what the records say of the logs themselves, which record numbers are
 * missing, which sources are silent. */
#include "report/page.h"

#include "analysis/habit.h"

/* ---- records about the logs ---- */

static bool is_listed(const SurveyMark *mark)
{
    return mark->mark.kind <= MARK_AUDIT_CHANGE && !mark->at_shutdown;
}

static void mark_words(Page *page, const Mark *mark)
{
    Html *html = &page->html;
    html_cell(html);
    html_say(html, SAY_MARKUP, (TextId)(TXT_MARK_LOG_CLEAR + mark->kind), NULL);
    if (mark->failed && mark->kind == MARK_LOG_CLEAR) {
        HTML(html, " ");
        SAY(html, MARK_FAILED);
    }
    if (mark->class != EVENT_LIVE) {
        HTML(html, " ");
        SAY(html, MARK_RECOVERED);
    }
    html_cell_end(html);
}

/* The log concerned; for other marks than clears what the record names, or the source. */
static void mark_log(Page *page, const Mark *mark)
{
    Html *html = &page->html;
    const Label *log = mark->kind == MARK_LOG_CLEAR ? mark_cleared_channel(mark) : NULL;
    html_cell(html);
    if (log && log == &mark->channel) {
        SAY_WITH(html, G_SAME_LOG, WITH_TEXT("channel", label_text(log)));
    } else if (log) {
        html_evidence(html, label_text(log));
    } else if (mark->object.len) {
        html_evidence(html, label_text(&mark->object));
        HTML(html, " (");
        html_evidence(html, label_text(&mark->channel));
        HTML(html, ")");
    } else if (mark->kind == MARK_LOG_CLEAR) {
        SAY(html, G_UNNAMED_LOG);
    } else {
        html_evidence(html, label_text(mark->channel.len ? &mark->channel : &mark->source));
    }
    html_cell_end(html);
}

static void mark_user(Page *page, const Mark *mark)
{
    Html *html = &page->html;
    html_cell(html);
    if (mark->domain.len && mark->user.len) {
        html_evidence(html, label_text(&mark->domain));
        HTML(html, "\\");
    }
    if (mark->user.len)
        html_evidence(html, label_text(&mark->user));
    else
        SAY(html, CELL_NONE);
    html_cell_end(html);
}

static void marks(Page *page)
{
    static const Column COLUMNS[] = {{TXT_COL_TIME, COLUMN_TEXT}, {TXT_COL_HOST, COLUMN_TEXT},
                                     {TXT_COL_WHAT, COLUMN_TEXT}, {TXT_COL_LOG, COLUMN_WIDE},
                                     {TXT_COL_USER, COLUMN_TEXT}, {TXT_COL_EVIDENCE, COLUMN_WIDE}};
    Html *html = &page->html;
    const Survey *survey = page->survey;
    uint64_t shown = 0, cut = survey->marks_further.rows;
    html_table(html, &(TableHead){.caption = TXT_G_MARKS, COLUMNS_OF(COLUMNS)});
    for (size_t i = 0; i < survey->marks_count; i++) {
        const SurveyMark *mark = &survey->marks[i];
        if (!is_listed(mark))
            continue;
        if (shown == REPORT_ROWS_MAX) {
            cut++;
            continue;
        }
        shown++;
        html_row(html);
        html_cell_time(html, mark->mark.time);
        page_cell_host(page, mark->host);
        mark_words(page, &mark->mark);
        mark_log(page, &mark->mark);
        mark_user(page, &mark->mark);
        page_cell_citation(page, &mark->mark.at, mark->mark.record_id);
        html_row_end(html);
    }
    html_table_end(html);
    page_rows_cut(page, cut);
}

static void marks_part(Page *page)
{
    Html *html = &page->html;
    const SurveyTotals *totals = &page->survey->totals;
    uint64_t ordinary = totals->marks[MARK_LOG_STOP] - totals->stops_unexplained, listed = 0;
    for (unsigned kind = MARK_LOG_CLEAR; kind <= MARK_AUDIT_CHANGE; kind++)
        listed += totals->marks[kind];
    page_subheading(page, TXT_G_MARKS);
    html_paragraph(html);
    if (listed - ordinary == 0) {
        SAY(html, G_NO_MARKS);
        HTML(html, " ");
    }
    SAY(html, G_MARKS_INTRO);
    if (ordinary) {
        HTML(html, " ");
        SAY_WITH(html, G_ORDINARY, WITH_NUMBER("stops", ordinary));
    }
    html_paragraph_end(html);
    if (listed - ordinary)
        marks(page);
}

/* ---- record numbers ---- */

static void gap_cause(Page *page, const SurveyGap *gap)
{
    Html *html = &page->html;
    html_cell(html);
    if (gap->cleared)
        SAY(html, G_CLEARED);
    else if (gap->sparse)
        SAY(html, G_SPARSE);
    else
        SAY(html, G_UNEXPLAINED);
    if (gap->recovered) {
        HTML(html, " (");
        SAY_WITH(html, G_RECOVERED, WITH_NUMBER("count", gap->recovered));
        HTML(html, ")");
    }
    html_cell_end(html);
}

static void run_end(Page *page, const RunEnd *end)
{
    Html *html = &page->html;
    html_cell(html);
    html_time(html, end->time);
    HTML(html, "<br>");
    page_citation(page, &(Citation){.event = end->at, .record_id = end->number});
    html_cell_end(html);
}

static void gap_row(Page *page, const SurveyGap *gap)
{
    Html *html = &page->html;
    html_row(html);
    page_cell_host(page, gap->host);
    page_cell_label(page, &gap->channel, TXT_UNNAMED_CHANNEL);
    HTML(html, "<td class=\"n\">");
    html_digits(html, gap->before.number + 1);
    if (gap->missing > 1) {
        HTML(html, " – ");
        html_digits(html, gap->after.number - 1);
    }
    html_cell_end(html);
    html_cell_number(html, gap->missing);
    run_end(page, &gap->before);
    run_end(page, &gap->after);
    gap_cause(page, gap);
    html_row_end(html);
}

static void gaps(Page *page)
{
    static const Column COLUMNS[] = {{TXT_COL_HOST, COLUMN_TEXT},    {TXT_COL_CHANNEL, COLUMN_TEXT},
                                     {TXT_COL_MISSING, COLUMN_TEXT}, {TXT_COL_COUNT, COLUMN_NUMBER},
                                     {TXT_COL_BEFORE, COLUMN_WIDE},  {TXT_COL_AFTER, COLUMN_WIDE},
                                     {TXT_COL_CAUSE, COLUMN_TEXT}};
    Html *html = &page->html;
    const Survey *survey = page->survey;
    size_t shown = survey->gaps_count < REPORT_ROWS_MAX ? survey->gaps_count : REPORT_ROWS_MAX;
    uint64_t cut = survey->gaps_further.rows + survey->gaps_count - shown;
    html_table(html, &(TableHead){.caption = TXT_G_GAPS_CAPTION, COLUMNS_OF(COLUMNS)});
    for (size_t i = 0; i < shown; i++)
        gap_row(page, &survey->gaps[i]);
    html_table_end(html);
    if (cut == 0)
        return;
    HTML(html, "<p class=\"left-out\">");
    SAY_WITH(html, G_GAPS_FURTHER, WITH_COUNT("gaps", N_GAPS, cut),
             WITH_NUMBER("limit", REPORT_ROWS_MAX));
    HTML(html, "</p>\n");
}

static void series(Page *page)
{
    static const Column COLUMNS[] = {
        {TXT_COL_HOST, COLUMN_TEXT},       {TXT_COL_CHANNEL, COLUMN_WIDE},
        {TXT_COL_SEQUENCE, COLUMN_NUMBER}, {TXT_COL_LOW, COLUMN_NUMBER},
        {TXT_COL_HIGH, COLUMN_NUMBER},     {TXT_COL_PRESENT, COLUMN_NUMBER},
        {TXT_COL_COUNT, COLUMN_NUMBER},    {TXT_COL_GAPS, COLUMN_NUMBER}};
    Html *html = &page->html;
    const Survey *survey = page->survey;
    size_t shown = survey->series_count < REPORT_ROWS_MAX ? survey->series_count : REPORT_ROWS_MAX;
    HTML(html, "<details><summary>");
    SAY(html, G_SERIES);
    HTML(html, "</summary>\n<p>");
    SAY(html, G_SERIES_INTRO);
    HTML(html, "</p>\n");
    html_table(html, &(TableHead){.caption = TXT_G_SERIES, COLUMNS_OF(COLUMNS)});
    for (size_t i = 0; i < shown; i++) {
        const SurveySeries *s = &survey->series[i];
        html_row(html);
        page_cell_host(page, s->host);
        html_cell(html);
        html_evidence(html, label_text(&s->channel));
        if (s->starts_clear) {
            HTML(html, " <span class=\"mark\">");
            SAY(html, G_STARTS_CLEAR);
            HTML(html, "</span>");
        }
        html_cell_end(html);
        html_cell_record(html, s->sequence);
        html_cell_record(html, s->low.number);
        html_cell_record(html, s->high.number);
        html_cell_number(html, s->present);
        html_cell_number(html, s->missing);
        html_cell_number(html, s->gaps);
        html_row_end(html);
    }
    html_table_end(html);
    page_rows_cut(page, survey->series_further.rows + survey->series_count - shown);
    HTML(html, "</details>\n");
}

static void numbers_part(Page *page)
{
    page_subheading(page, TXT_G_GAPS);
    PARAGRAPH(&page->html, G_GAPS_INTRO);
    if (page->survey->totals.series == 0)
        PARAGRAPH(&page->html, S_NO_SERIES);
    else if (page->survey->totals.gaps == 0)
        PARAGRAPH(&page->html, G_NO_GAPS);
    if (page->survey->gaps_count)
        gaps(page);
    if (page->survey->series_count)
        series(page);
}

/* ---- silences ---- */

static void silence_row(Page *page, const SurveySilence *silence)
{
    Html *html = &page->html;
    const Stretch *stretch = &silence->stretch;
    html_row(html);
    page_cell_host(page, silence->host);
    page_cell_label(page, &silence->source, TXT_UNNAMED_SOURCE);
    html_cell(html);
    html_time(html, stretch->from);
    HTML(html, "<br>");
    page_citation(page, &(Citation){.event = stretch->from_at, .record_id = RECORD_ID_NONE});
    html_cell_end(html);
    html_cell(html);
    html_time(html, stretch->to);
    if (stretch->open) {
        HTML(html, " ");
        SAY(html, G_OPEN);
    }
    HTML(html, "<br>");
    page_citation(page, &(Citation){.event = stretch->to_at, .record_id = RECORD_ID_NONE});
    html_cell_end(html);
    html_cell_number(html, stretch->usual_hours);
    html_row_end(html);
}

static void silences(Page *page)
{
    static const Column COLUMNS[] = {{TXT_COL_HOST, COLUMN_TEXT},
                                     {TXT_COL_SOURCE, COLUMN_TEXT},
                                     {TXT_COL_SILENT_FROM, COLUMN_WIDE},
                                     {TXT_COL_SILENT_TO, COLUMN_WIDE},
                                     {TXT_COL_USUAL, COLUMN_NUMBER}};
    const Survey *survey = page->survey;
    size_t shown =
        survey->silences_count < REPORT_ROWS_MAX ? survey->silences_count : REPORT_ROWS_MAX;
    html_table(&page->html, &(TableHead){.caption = TXT_G_SILENCES, COLUMNS_OF(COLUMNS)});
    for (size_t i = 0; i < shown; i++)
        silence_row(page, &survey->silences[i]);
    html_table_end(&page->html);
    page_rows_cut(page, survey->silences_further.rows + survey->silences_count - shown);
}

static void silences_part(Page *page)
{
    Html *html = &page->html;
    const Survey *survey = page->survey;
    uint64_t without_habit = 0;
    for (size_t i = 0; i < survey->sources_count; i++)
        without_habit += survey->sources[i].habit_hours == 0;
    page_subheading(page, TXT_G_SILENCES);
    PARAGRAPH_WITH(html, G_SILENCES_INTRO, WITH_NUMBER("hours", SILENCE_HOURS_MIN),
                   WITH_NUMBER("share", HABIT_SHARE_PERCENT), WITH_WORDS("percent", PERCENT),
                   WITH_NUMBER("days", HABIT_DAYS_MIN));
    if (survey->totals.silences == 0)
        PARAGRAPH(html, G_NO_SILENCES);
    if (without_habit)
        PARAGRAPH_WITH(html, G_NO_HABIT, WITH_COUNT("sources", N_SOURCES, without_habit));
    if (survey->silences_count)
        silences(page);
}

void page_logs(Page *page)
{
    page_section(page, PAGE_LOGS);
    marks_part(page);
    numbers_part(page);
    silences_part(page);
    page_section_end(page);
}
