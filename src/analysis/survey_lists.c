/* Channels, actions, qualities of times, recovered records: rows grouped by a name, the number of
 * hosts beside them. */
#include <stdlib.h>

#include "analysis/survey_inside.h"

typedef struct Lists {
    Top top;
    uint64_t all_events;
    bool any;
    union {
        SurveyChannel channel;
        SurveyAction action;
        SurveyQuality quality;
    } at;
} Lists;

static bool begin_list(Build *build, size_t size, size_t limit, TopCompare compare, Err *err)
{
    Lists *lists = calloc(1, sizeof *lists);
    build->part = lists;
    if (!lists)
        return survey_no_memory(err);
    lists->top = top_of(size, limit, compare);
    return true;
}

static void drop(Build *build)
{
    Lists *lists = build->part;
    if (lists)
        top_done(&lists->top);
    free(lists);
}

/* The entry in `at` is complete. */
static bool flush(Lists *lists, uint64_t events, Err *err)
{
    if (!lists->any)
        return true;
    lists->all_events += events;
    return top_offer(&lists->top, &lists->at) || survey_no_memory(err);
}

/* ---- channels ---- */

static int channel_order(const void *a, const void *b)
{
    const SurveyChannel *x = a, *y = b;
    int order = down_u64(x->events, y->events);
    if (!order)
        order = label_compare(&x->source, &y->source);
    return order ? order : label_compare(&x->channel, &y->channel);
}

static bool channels_begin(Build *build, Err *err)
{
    return begin_list(build, sizeof(SurveyChannel), SURVEY_CHANNELS_MAX, channel_order, err);
}

static bool channels_take(Build *build, Span key, const Tally *tally, Err *err)
{
    Lists *lists = build->part;
    SurveyChannel *at = &lists->at.channel;
    Reader reader = reader_of(key, 0);
    Label source = tally_take_label(&reader), channel = tally_take_label(&reader);
    (void)tally_take_u32(&reader);
    if (reader.failed || reader_left(&reader))
        return survey_bad_row(err);
    if (!lists->any || !label_equal(&at->source, &source) || !label_equal(&at->channel, &channel)) {
        if (!flush(lists, at->events, err))
            return false;
        lists->any = true;
        *at = (SurveyChannel){.source = source, .channel = channel, .extent = EXTENT_NONE};
    }
    at->hosts++;
    at->events += tally->n[N_EVENTS];
    extent_join(&at->extent, &tally->extent);
    return true;
}

static bool channels_finish(Build *build, Err *err)
{
    Lists *lists = build->part;
    if (!flush(lists, lists->at.channel.events, err))
        return false;
    Keep kept = {.top = &lists->top,
                 .order = channel_order,
                 .all_events = lists->all_events,
                 .events_at = offsetof(SurveyChannel, events),
                 SURVEY_KEEP(build->survey, channels)};
    return survey_keep(build, &kept, err);
}

const Part CHANNELS_PART = {
    .begin = channels_begin, .take = channels_take, .finish = channels_finish, .drop = drop};

/* ---- actions ---- */

static int action_order(const void *a, const void *b)
{
    const SurveyAction *x = a, *y = b;
    int order = down_u64(x->events, y->events);
    return order ? order : label_compare(&x->action, &y->action);
}

static bool actions_begin(Build *build, Err *err)
{
    return begin_list(build, sizeof(SurveyAction), SURVEY_ACTIONS_MAX, action_order, err);
}

static bool actions_take(Build *build, Span key, const Tally *tally, Err *err)
{
    Lists *lists = build->part;
    SurveyAction *at = &lists->at.action;
    Reader reader = reader_of(key, 0);
    Label action = tally_take_label(&reader), outcome = tally_take_label(&reader);
    if (reader.failed || reader_left(&reader))
        return survey_bad_row(err);
    if (!lists->any || !label_equal(&at->action, &action)) {
        if (!flush(lists, at->events, err))
            return false;
        lists->any = true;
        *at = (SurveyAction){.action = action, .extent = EXTENT_NONE};
    }
    at->events += tally->n[N_EVENTS];
    if (text_equal(label_text(&outcome), TEXT("success")))
        at->success += tally->n[N_EVENTS];
    else if (text_equal(label_text(&outcome), TEXT("failure")))
        at->failure += tally->n[N_EVENTS];
    extent_join(&at->extent, &tally->extent);
    return true;
}

static bool actions_finish(Build *build, Err *err)
{
    Lists *lists = build->part;
    if (!flush(lists, lists->at.action.events, err))
        return false;
    Keep kept = {.top = &lists->top,
                 .order = action_order,
                 .all_events = lists->all_events,
                 .events_at = offsetof(SurveyAction, events),
                 SURVEY_KEEP(build->survey, actions)};
    return survey_keep(build, &kept, err);
}

const Part ACTIONS_PART = {
    .begin = actions_begin, .take = actions_take, .finish = actions_finish, .drop = drop};

/* ---- qualities ---- */

static int quality_order(const void *a, const void *b)
{
    const SurveyQuality *x = a, *y = b;
    int order = up_u64(x->quality, y->quality);
    if (!order)
        order = down_u64(x->events, y->events);
    return order ? order : label_compare(&x->source, &y->source);
}

static int more_of_quality(const void *a, const void *b)
{
    const SurveyQuality *x = a, *y = b;
    int order = down_u64(x->events, y->events);
    return order ? order : quality_order(a, b);
}

static bool qualities_begin(Build *build, Err *err)
{
    return begin_list(build, sizeof(SurveyQuality), SURVEY_QUALITIES_MAX, more_of_quality, err);
}

static bool qualities_take(Build *build, Span key, const Tally *tally, Err *err)
{
    Lists *lists = build->part;
    SurveyQuality *at = &lists->at.quality;
    Reader reader = reader_of(key, 0);
    Label source = tally_take_label(&reader);
    uint8_t quality = reader_u8(&reader);
    (void)tally_take_u32(&reader);
    if (reader.failed || reader_left(&reader) || quality >= TIME_QUALITY_COUNT)
        return survey_bad_row(err);
    build->survey->totals.quality[quality] += tally->n[N_EVENTS];
    if (quality == TIME_EXACT)
        return true;
    if (!lists->any || at->quality != quality || !label_equal(&at->source, &source)) {
        if (!flush(lists, at->events, err))
            return false;
        lists->any = true;
        *at = (SurveyQuality){
            .source = source, .quality = (TimeQuality)quality, .extent = EXTENT_NONE};
    }
    at->hosts++;
    at->events += tally->n[N_EVENTS];
    extent_join(&at->extent, &tally->extent);
    return true;
}

static bool qualities_finish(Build *build, Err *err)
{
    Lists *lists = build->part;
    if (!flush(lists, lists->at.quality.events, err))
        return false;
    Keep kept = {.top = &lists->top,
                 .order = quality_order,
                 .all_events = lists->all_events,
                 .events_at = offsetof(SurveyQuality, events),
                 SURVEY_KEEP(build->survey, qualities)};
    return survey_keep(build, &kept, err);
}

const Part QUALITIES_PART = {
    .begin = qualities_begin, .take = qualities_take, .finish = qualities_finish, .drop = drop};

/* ---- recovered ---- */

static int more_recovered(const void *a, const void *b)
{
    const SurveyRecovered *x = a, *y = b;
    int order = down_u64(x->events, y->events);
    if (!order)
        order = up_u64(x->host, y->host);
    return order ? order : label_compare(&x->source, &y->source);
}

static int recovered_order(const void *a, const void *b)
{
    const SurveyRecovered *x = a, *y = b;
    int order = up_u64(x->host, y->host);
    return order ? order : more_recovered(a, b);
}

static bool recovered_begin(Build *build, Err *err)
{
    return begin_list(build, sizeof(SurveyRecovered), SURVEY_RECOVERED_MAX, more_recovered, err);
}

static bool recovered_take(Build *build, Span key, const Tally *tally, Err *err)
{
    Lists *lists = build->part;
    Reader reader = reader_of(key, 0);
    SurveyRecovered at = {.host = tally_take_u32(&reader)};
    at.source = tally_take_label(&reader);
    if (reader.failed || reader_left(&reader))
        return survey_bad_row(err);
    at.events = tally->n[N_EVENTS];
    at.fragments = tally->n[N_RECOVERED_FRAGMENTS];
    at.extent = tally->extent;
    lists->all_events += at.events;
    if (at.host == HOST_BEYOND)
        return true;
    return top_offer(&lists->top, &at) || survey_no_memory(err);
}

static bool recovered_finish(Build *build, Err *err)
{
    Lists *lists = build->part;
    Keep kept = {.top = &lists->top,
                 .order = recovered_order,
                 .all_events = lists->all_events,
                 .events_at = offsetof(SurveyRecovered, events),
                 SURVEY_KEEP(build->survey, recovered)};
    return survey_keep(build, &kept, err);
}

const Part RECOVERED_PART = {
    .begin = recovered_begin, .take = recovered_take, .finish = recovered_finish, .drop = drop};
