/* Events about the evidence itself, host by host in order of time. */
#include <stdlib.h>

#include "analysis/survey_inside.h"
#include "base/hash.h"
#include "event/grow.h"

#define SHUTDOWN_NS (INT64_C(600) * NANOSECONDS_PER_SECOND)
#define WAITING_MAX                                                                                \
    64 /* log stops within ten minutes; of more the earliest count as unexplained                  \
        */

typedef struct Marks {
    Top marks;
    uint32_t host;
    Time system_change;              /* of this host, the last one */
    SurveyMark waiting[WAITING_MAX]; /* log stops that a later shutdown may explain */
    size_t waiting_count;
} Marks;

static int place_order(const void *a, const void *b)
{
    const SurveyMark *x = a, *y = b;
    int order = up_time(x->mark.time, y->mark.time);
    if (!order)
        order = up_u64(x->host, y->host);
    return order ? order : event_ref_compare(&x->mark.at, &y->mark.at);
}

static int more_telling(const void *a, const void *b)
{
    const SurveyMark *x = a, *y = b;
    int order = up_u64(x->mark.kind, y->mark.kind);
    return order ? order : place_order(a, b);
}

static bool begin(Build *build, Err *err)
{
    Marks *marks = calloc(1, sizeof *marks);
    build->part = marks;
    if (!marks)
        return survey_no_memory(err);
    marks->marks = top_of(sizeof(SurveyMark), SURVEY_MARKS_MAX, more_telling);
    marks->host = SURVEY_NONE;
    marks->system_change = TIME_NONE;
    return true;
}

static void drop(Build *build)
{
    Marks *marks = build->part;
    if (marks)
        top_done(&marks->marks);
    free(marks);
}

uint64_t channel_hash(const Label *channel)
{
    Label lower = label_lower(label_text(channel));
    return hash64(lower.bytes, lower.len, 0);
}

static bool add_clear(Build *build, const SurveyMark *mark, Err *err)
{
    const Label *channel = mark_cleared_channel(&mark->mark);
    if (!channel || build->clear_count == CLEARS_MAX || mark->mark.time == TIME_NONE ||
        mark->mark.failed)
        return true;
    Clear *clears =
        grow_array(build->clears, &build->clear_room, build->clear_count + 1, sizeof *clears);
    if (!clears)
        return survey_no_memory(err);
    build->clears = clears;
    clears[build->clear_count++] = (Clear){.host = mark->host,
                                           .channel = channel_hash(channel),
                                           .time = mark->mark.time,
                                           .at = mark->mark.at};
    return true;
}

static bool keep(Build *build, const SurveyMark *mark, Err *err)
{
    Marks *marks = build->part;
    SurveyTotals *totals = &build->survey->totals;
    totals->marks[mark->mark.kind]++;
    totals->stops_unexplained += mark->mark.kind == MARK_LOG_STOP && !mark->at_shutdown;
    if (mark->mark.kind == MARK_LOG_CLEAR && !add_clear(build, mark, err))
        return false;
    return top_offer(&marks->marks, mark) || survey_no_memory(err);
}

static bool is_soon(Time before, Time after) /* before <= after */
{
    return (uint64_t)after - (uint64_t)before <= (uint64_t)SHUTDOWN_NS;
}

/* Log stops that no shutdown can explain any more; `now` TIME_NONE: all of them. */
static bool release(Build *build, Time now, Err *err)
{
    Marks *marks = build->part;
    size_t done = 0;
    while (done < marks->waiting_count) {
        const SurveyMark *mark = &marks->waiting[done];
        bool may_wait = now != TIME_NONE && is_soon(mark->mark.time, now) &&
                        marks->waiting_count - done < WAITING_MAX;
        if (may_wait && !mark->at_shutdown)
            break;
        if (!keep(build, mark, err))
            return false;
        done++;
    }
    marks->waiting_count -= done;
    for (size_t i = 0; i < marks->waiting_count; i++)
        marks->waiting[i] = marks->waiting[i + done];
    return true;
}

static bool add(Build *build, SurveyMark *mark, Err *err)
{
    Marks *marks = build->part;
    Time time = mark->mark.time;
    if (mark->mark.kind == MARK_SYSTEM_STOP || mark->mark.kind == MARK_SYSTEM_START) {
        for (size_t i = 0; i < marks->waiting_count; i++)
            marks->waiting[i].at_shutdown = true;
        marks->system_change = time;
        return true;
    }
    if (mark->mark.kind != MARK_LOG_STOP || time == TIME_NONE)
        return keep(build, mark, err);
    mark->at_shutdown = marks->system_change != TIME_NONE && is_soon(marks->system_change, time);
    marks->waiting[marks->waiting_count++] = *mark;
    return true;
}

static bool take_single(Build *build, Span key, Span row, Err *err)
{
    Marks *marks = build->part;
    Reader reader = reader_of(key, 0);
    SurveyMark mark = {.host = tally_take_u32(&reader)};
    Span rest = reader_take(&reader, reader_left(&reader));
    if (reader.failed || !mark_read(rest, row, &mark.mark))
        return survey_bad_row(err);
    bool is_next = mark.host != marks->host;
    if (!release(build, is_next ? TIME_NONE : mark.mark.time, err))
        return false;
    if (is_next)
        marks->system_change = TIME_NONE;
    marks->host = mark.host;
    if (mark.host == HOST_BEYOND)
        mark.host = SURVEY_NONE;
    return add(build, &mark, err);
}

static int clear_place(const void *a, const void *b)
{
    const Clear *x = a, *y = b;
    int order = up_u64(x->host, y->host);
    if (!order)
        order = up_u64(x->channel, y->channel);
    if (!order)
        order = up_time(x->time, y->time);
    return order ? order : event_ref_compare(&x->at, &y->at);
}

static bool finish(Build *build, Err *err)
{
    Marks *marks = build->part;
    Survey *survey = build->survey;
    Keep kept = {.top = &marks->marks,
                 .order = place_order,
                 .events_at = NO_EVENTS,
                 SURVEY_KEEP(survey, marks)};
    if (!release(build, TIME_NONE, err) || !survey_keep(build, &kept, err))
        return false;
    if (build->clear_count)
        qsort(build->clears, build->clear_count, sizeof *build->clears, clear_place);
    return true;
}

const Part MARKS_PART = {
    .begin = begin, .take_single = take_single, .finish = finish, .drop = drop};
