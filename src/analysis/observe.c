#include "analysis/observe.h"

#include <stdlib.h>

#include "base/cleanup.h"

/* Records of one setting of the clock: Windows writes up to three of them. */
#define SAME_STEP_NS (5 * NANOSECONDS_PER_SECOND)

static Text host_name(const Survey *survey, uint32_t host)
{
    return host < survey->hosts_count ? survey_host_short(&survey->hosts[host]) : TEXT("");
}

static void say_host(const Survey *survey, Findings *findings, Finding *finding, uint32_t host)
{
    finding_text(findings, finding, "host", PARAM_IDENTITY, host_name(survey, host));
}

static void say_label(Findings *findings, Finding *finding, const char *name, const Label *label)
{
    finding_text(findings, finding, name, PARAM_IDENTITY, label_text(label));
}

/* ---- marks ---- */

/* DOMAIN\name */
static void say_user(Findings *findings, Finding *finding, const Mark *mark)
{
    char room[2 * LABEL_MAX + 1];
    Buf text = {.ptr = room, .cap = sizeof room, .limit = sizeof room};
    buf_add_text(&text, label_text(&mark->domain));
    if (mark->domain.len && mark->user.len)
        buf_add_char(&text, '\\');
    buf_add_text(&text, label_text(&mark->user));
    finding_text(findings, finding, "user", PARAM_DETAIL, buf_text(&text));
}

static FindingConfidence confidence_of(const Mark *mark)
{
    return mark->class == EVENT_LIVE ? FINDING_HIGH : FINDING_MODERATE;
}

/* Of an event log, which may be one that the record does not name … */
static bool is_event_log(const Mark *mark)
{
    return mark_cleared_channel(mark) ||
           text_equal(label_text(&mark->source), TEXT("windows/system"));
}

static void clear_found(const Survey *survey, Findings *findings, const SurveyMark *mark)
{
    if (mark->mark.failed || !is_event_log(&mark->mark))
        return;
    Finding *finding = finding_open(findings, FINDING_LOG_CLEARED, confidence_of(&mark->mark));
    if (!finding)
        return;
    const Label *log = mark_cleared_channel(&mark->mark);
    say_host(survey, findings, finding, mark->host);
    say_label(findings, finding, "log", log ? log : &mark->mark.object);
    say_label(findings, finding, "channel", &mark->mark.channel);
    finding_time(finding, "time", PARAM_IDENTITY, mark->mark.time);
    say_user(findings, finding, &mark->mark);
    finding_cite(finding, &mark->mark.at, mark->mark.record_id);
    finding_close(findings, finding);
}

/* … or of another history: the change journal of a volume, what a scanner had found. */
static void history_found(const Survey *survey, Findings *findings, const SurveyMark *mark)
{
    if (mark->mark.failed || is_event_log(&mark->mark))
        return;
    Finding *finding = finding_open(findings, FINDING_HISTORY_CLEARED, confidence_of(&mark->mark));
    if (!finding)
        return;
    say_host(survey, findings, finding, mark->host);
    say_label(findings, finding, "object", &mark->mark.object);
    say_label(findings, finding, "channel", &mark->mark.channel);
    finding_time(finding, "time", PARAM_IDENTITY, mark->mark.time);
    finding_cite(finding, &mark->mark.at, mark->mark.record_id);
    finding_close(findings, finding);
}

static void stop_found(const Survey *survey, Findings *findings, const SurveyMark *mark)
{
    bool log = mark->mark.kind == MARK_LOG_STOP;
    if (log && mark->at_shutdown)
        return;
    Finding *finding = finding_open(findings, log ? FINDING_LOG_STOPPED : FINDING_SENSOR_STOPPED,
                                    log ? FINDING_MODERATE : confidence_of(&mark->mark));
    if (!finding)
        return;
    say_host(survey, findings, finding, mark->host);
    say_label(findings, finding, "source", &mark->mark.source);
    finding_time(finding, "time", PARAM_IDENTITY, mark->mark.time);
    finding_cite(finding, &mark->mark.at, mark->mark.record_id);
    finding_close(findings, finding);
}

static void each_mark(const Survey *survey, Findings *findings, MarkKind kind,
                      void (*found)(const Survey *survey, Findings *findings,
                                    const SurveyMark *mark))
{
    for (size_t i = 0; i < survey->marks_count; i++)
        if (survey->marks[i].mark.kind == kind)
            found(survey, findings, &survey->marks[i]);
}

static bool same_place(const SurveyMark *a, const SurveyMark *b)
{
    return a->mark.kind == b->mark.kind && a->host == b->host &&
           label_equal(&a->mark.channel, &b->mark.channel);
}

/* Marks of a kind that say the same of a host and channel: one finding, told at the first. */
static void group_found(const Survey *survey, Findings *findings, size_t first, FindingKind kind)
{
    const SurveyMark *mark = &survey->marks[first];
    for (size_t i = 0; i < first; i++)
        if (same_place(&survey->marks[i], mark))
            return;
    Finding *finding = finding_open(findings, kind, confidence_of(&mark->mark));
    if (!finding)
        return;
    uint64_t count = 0;
    Time last = mark->mark.time;
    for (size_t i = first; i < survey->marks_count; i++) {
        const SurveyMark *other = &survey->marks[i];
        if (!same_place(other, mark))
            continue;
        count++;
        last = other->mark.time;
        finding_cite(finding, &other->mark.at, other->mark.record_id);
    }
    say_host(survey, findings, finding, mark->host);
    say_label(findings, finding, "channel", &mark->mark.channel);
    finding_number(finding, "count", PARAM_DETAIL, count);
    finding_time(finding, "first", PARAM_DETAIL, mark->mark.time);
    finding_time(finding, "last", PARAM_DETAIL, last);
    finding_close(findings, finding);
}

static void each_group(const Survey *survey, Findings *findings, MarkKind mark, FindingKind kind)
{
    for (size_t i = 0; i < survey->marks_count; i++)
        if (survey->marks[i].mark.kind == mark)
            group_found(survey, findings, i, kind);
}

static bool same_step(const SurveyMark *a, const SurveyMark *b)
{
    return b->mark.kind == MARK_CLOCK_SET && a->host == b->host &&
           (a->mark.step_ns < 0) == (b->mark.step_ns < 0) &&
           (uint64_t)b->mark.time - (uint64_t)a->mark.time <= (uint64_t)SAME_STEP_NS;
}

/* Marks are sorted by time. */
static bool is_told(const Survey *survey, size_t at)
{
    const SurveyMark *marks = survey->marks;
    for (size_t i = at; i-- > 0;) {
        if ((uint64_t)marks[at].mark.time - (uint64_t)marks[i].mark.time > (uint64_t)SAME_STEP_NS)
            return false;
        if (marks[i].mark.kind == MARK_CLOCK_SET && same_step(&marks[i], &marks[at]))
            return true;
    }
    return false;
}

static void clocks_found(const Survey *survey, Findings *findings, bool back)
{
    for (size_t i = 0; i < survey->marks_count; i++) {
        const SurveyMark *mark = &survey->marks[i];
        int64_t step = mark->mark.step_ns;
        if (mark->mark.kind != MARK_CLOCK_SET || back != (step < 0) || is_told(survey, i))
            continue;
        Finding *finding = finding_open(findings, back ? FINDING_CLOCK_BACK : FINDING_CLOCK_FORWARD,
                                        confidence_of(&mark->mark));
        if (!finding)
            continue;
        say_host(survey, findings, finding, mark->host);
        finding_time(finding, "time", PARAM_IDENTITY, mark->mark.time);
        finding_duration(finding, "step", back && step != INT64_MIN ? -step : step);
        for (size_t k = i; k < survey->marks_count && k < i + 64; k++)
            if (same_step(mark, &survey->marks[k]))
                finding_cite(finding, &survey->marks[k].mark.at, survey->marks[k].mark.record_id);
        finding_close(findings, finding);
    }
}

/* ---- record numbers ---- */

static void gap_found(const Survey *survey, Findings *findings, const SurveyGap *gap)
{
    Finding *finding = finding_open(
        findings, gap->cleared ? FINDING_NUMBERS_CLEARED : FINDING_NUMBERS_MISSING, FINDING_HIGH);
    if (!finding)
        return;
    say_host(survey, findings, finding, gap->host);
    say_label(findings, finding, "channel", &gap->channel);
    finding_record(finding, "low", PARAM_IDENTITY, gap->before.number + 1);
    finding_record(finding, "high", PARAM_IDENTITY, gap->after.number - 1);
    finding_number(finding, "count", PARAM_DETAIL, gap->missing);
    finding_number(finding, "recovered", PARAM_DETAIL, gap->recovered);
    finding_time(finding, "from", PARAM_DETAIL, gap->before.time);
    finding_time(finding, "to", PARAM_DETAIL, gap->after.time);
    finding_cite(finding, &gap->before.at, gap->before.number);
    finding_cite(finding, &gap->after.at, gap->after.number);
    if (gap->cleared && event_ref_compare(&gap->clear_at, &gap->after.at) != 0)
        finding_cite(finding, &gap->clear_at, RECORD_ID_NONE);
    finding_close(findings, finding);
}

static int wider(const void *a, const void *b)
{
    const SurveyGap *x = *(const SurveyGap *const *)a, *y = *(const SurveyGap *const *)b;
    if (x->missing != y->missing)
        return x->missing > y->missing ? -1 : 1;
    return x < y ? -1 : x > y; /* they stand in one list */
}

/* The widest first. Those of a selection are told by one finding of its own. */
static void gaps_found(const Survey *survey, Findings *findings)
{
    CLEANUP(freep) const SurveyGap **gaps = malloc((survey->gaps_count + 1) * sizeof *gaps);
    if (!gaps) {
        findings->failed = true;
        return;
    }
    for (size_t i = 0; i < survey->gaps_count; i++)
        gaps[i] = &survey->gaps[i];
    qsort(gaps, survey->gaps_count, sizeof *gaps, wider);
    for (unsigned cleared = 0; cleared < 2; cleared++)
        for (size_t i = 0; i < survey->gaps_count; i++)
            if (gaps[i]->cleared == cleared && !gaps[i]->sparse)
                gap_found(survey, findings, gaps[i]);
}

static void sparse_found(const Survey *survey, Findings *findings)
{
    for (size_t i = 0; i < survey->series_count; i++) {
        const SurveySeries *series = &survey->series[i];
        Finding *finding =
            series->sparse ? finding_open(findings, FINDING_NUMBERS_SPARSE, FINDING_HIGH) : NULL;
        if (!finding)
            continue;
        say_host(survey, findings, finding, series->host);
        say_label(findings, finding, "channel", &series->channel);
        finding_record(finding, "low", PARAM_IDENTITY, series->low.number);
        finding_record(finding, "high", PARAM_DETAIL, series->high.number);
        finding_number(finding, "count", PARAM_DETAIL, series->missing);
        finding_number(finding, "gaps", PARAM_DETAIL, series->gaps);
        finding_cite(finding, &series->low.at, series->low.number);
        finding_cite(finding, &series->high.at, series->high.number);
        finding_close(findings, finding);
    }
}

/* Sequences of a host and channel stand together. */
static void restarts_found(const Survey *survey, Findings *findings)
{
    for (size_t i = 0; i < survey->series_count;) {
        const SurveySeries *first = &survey->series[i];
        size_t end = i + 1;
        while (end < survey->series_count && survey->series[end].host == first->host &&
               label_equal(&survey->series[end].channel, &first->channel))
            end++;
        Finding *finding =
            end - i > 1 ? finding_open(findings, FINDING_NUMBERING_RESTARTED, FINDING_MODERATE)
                        : NULL;
        if (finding) {
            say_host(survey, findings, finding, first->host);
            say_label(findings, finding, "channel", &first->channel);
            finding_number(finding, "count", PARAM_DETAIL, end - i);
            for (size_t k = i; k < end; k++)
                finding_cite(finding, &survey->series[k].low.at, survey->series[k].low.number);
            finding_close(findings, finding);
        }
        i = end;
    }
}

/* ---- silences, times, items ---- */

static void silences_found(const Survey *survey, Findings *findings, bool open)
{
    for (size_t i = 0; i < survey->silences_count; i++) {
        const SurveySilence *silence = &survey->silences[i];
        const Stretch *stretch = &silence->stretch;
        Finding *finding = NULL;
        if (stretch->open == open)
            finding = finding_open(findings, open ? FINDING_SOURCE_ENDED : FINDING_SOURCE_SILENT,
                                   FINDING_MODERATE);
        if (!finding)
            continue;
        say_host(survey, findings, finding, silence->host);
        say_label(findings, finding, "source", &silence->source);
        finding_time(finding, "from", PARAM_IDENTITY, stretch->from);
        finding_time(finding, "to", open ? PARAM_DETAIL : PARAM_IDENTITY, stretch->to);
        finding_number(finding, "hours", PARAM_DETAIL, stretch->hours);
        finding_number(finding, "usual", PARAM_DETAIL, stretch->usual_hours);
        finding_cite(finding, &stretch->from_at, RECORD_ID_NONE);
        finding_cite(finding, &stretch->to_at, RECORD_ID_NONE);
        finding_close(findings, finding);
    }
}

static void times_found(const Survey *survey, Findings *findings, TimeQuality quality_wanted,
                        FindingKind kind)
{
    for (size_t i = 0; i < survey->qualities_count; i++) {
        const SurveyQuality *quality = &survey->qualities[i];
        if (quality->quality != quality_wanted || extent_is_empty(&quality->extent))
            continue;
        Finding *finding = finding_open(findings, kind, FINDING_HIGH);
        if (!finding)
            continue;
        say_label(findings, finding, "source", &quality->source);
        finding_number(finding, "count", PARAM_DETAIL, quality->events);
        finding_number(finding, "hosts", PARAM_DETAIL, quality->hosts);
        finding_cite(finding, &quality->extent.first_at, RECORD_ID_NONE);
        if (event_ref_compare(&quality->extent.first_at, &quality->extent.last_at) != 0)
            finding_cite(finding, &quality->extent.last_at, RECORD_ID_NONE);
        finding_close(findings, finding);
    }
}

static void items_found(const Survey *survey, Findings *findings, FindingKind kind)
{
    for (size_t i = 0; i < survey->item_count; i++) {
        const SurveyItem *item = &survey->items[i];
        bool unreadable = item->stored->state == ITEM_UNREADABLE;
        bool wanted = kind == FINDING_ITEM_UNREADABLE ? unreadable : !unreadable && item->damages;
        Finding *finding = wanted ? finding_open(findings, kind, FINDING_HIGH) : NULL;
        if (!finding)
            continue;
        char id[ITEM_ID_TEXT];
        item_id_text(&item->stored->id, id);
        finding_text(findings, finding, "item", PARAM_IDENTITY, text_of(id, sizeof id));
        finding_text(findings, finding, "path", PARAM_DETAIL, item->stored->path);
        finding_number(finding, "count", PARAM_DETAIL, item->damages);
        finding_cite_item(finding, (uint32_t)i);
        finding_close(findings, finding);
    }
}

bool observe(const Survey *survey, Findings *findings, Err *err)
{
    each_mark(survey, findings, MARK_LOG_CLEAR, clear_found);
    each_mark(survey, findings, MARK_LOG_CLEAR, history_found);
    each_mark(survey, findings, MARK_LOG_STOP, stop_found);
    each_mark(survey, findings, MARK_SENSOR_STOP, stop_found);
    each_group(survey, findings, MARK_LOG_LOSS, FINDING_EVENTS_LOST);
    each_group(survey, findings, MARK_AUDIT_CHANGE, FINDING_AUDIT_CHANGED);
    silences_found(survey, findings, false);
    silences_found(survey, findings, true);
    gaps_found(survey, findings);
    sparse_found(survey, findings);
    restarts_found(survey, findings);
    clocks_found(survey, findings, false);
    clocks_found(survey, findings, true);
    times_found(survey, findings, TIME_ZONE_ASSUMED, FINDING_ZONE_ASSUMED);
    times_found(survey, findings, TIME_YEAR_INFERRED, FINDING_YEAR_INFERRED);
    times_found(survey, findings, TIME_CLOCK_DOUBTFUL, FINDING_CLOCK_DOUBTFUL);
    times_found(survey, findings, TIME_ZONE_INFERRED, FINDING_ZONE_INFERRED);
    items_found(survey, findings, FINDING_ITEM_UNREADABLE);
    items_found(survey, findings, FINDING_ITEM_DAMAGED);
    return !findings->failed ||
           err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the findings");
}
