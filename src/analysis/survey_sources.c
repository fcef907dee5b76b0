/* Sources of each host: their hours, and where they are silent (habit.h). */
#include <stdlib.h>

#include "analysis/habit.h"
#include "analysis/survey_inside.h"

/* Of one source at most so many stretches are looked at, the longest: more of them would mean that
 * it is silent for six hours or more that often, and so has no habit. */
#define STRETCHES_MAX 4096

typedef struct Sources {
    Top sources, silences, stretches;
    bool any;
    SurveySource at; /* being put together */
    Habit habit;
    Tally last; /* of the hour before */
    uint64_t all_events;
} Sources;

/* Hours [begin, end) of a stretch without events, and what stands on both sides. */
typedef struct Candidate {
    int64_t begin, end;
    Stretch stretch;
} Candidate;

static int more_events(const void *a, const void *b)
{
    const SurveySource *x = a, *y = b;
    int order = down_u64(x->events, y->events);
    if (!order)
        order = up_u64(x->host, y->host);
    return order ? order : label_compare(&x->source, &y->source);
}

static int by_host(const void *a, const void *b)
{
    const SurveySource *x = a, *y = b;
    int order = up_u64(x->host, y->host);
    return order ? order : more_events(a, b);
}

static int longer(const void *a, const void *b)
{
    const Candidate *x = a, *y = b;
    int order = down_u64((uint64_t)(x->end - x->begin), (uint64_t)(y->end - y->begin));
    return order ? order : up_time(x->begin, y->begin);
}

static int silence_place(const void *a, const void *b)
{
    const SurveySilence *x = a, *y = b;
    int order = up_u64(x->host, y->host);
    if (!order)
        order = label_compare(&x->source, &y->source);
    return order ? order : up_time(x->stretch.from, y->stretch.from);
}

static int more_silent(const void *a, const void *b)
{
    const SurveySilence *x = a, *y = b;
    int order = down_u64(x->stretch.usual_hours, y->stretch.usual_hours);
    return order ? order : silence_place(a, b);
}

static bool begin(Build *build, Err *err)
{
    Sources *sources = calloc(1, sizeof *sources);
    build->part = sources;
    if (!sources)
        return survey_no_memory(err);
    sources->sources = top_of(sizeof(SurveySource), SURVEY_SOURCES_MAX, more_events);
    sources->silences = top_of(sizeof(SurveySilence), SURVEY_SILENCES_MAX, more_silent);
    sources->stretches = top_of(sizeof(Candidate), STRETCHES_MAX, longer);
    return true;
}

static void drop(Build *build)
{
    Sources *sources = build->part;
    if (!sources)
        return;
    top_done(&sources->sources);
    top_done(&sources->silences);
    top_done(&sources->stretches);
    free(sources);
}

/* ---- one source ---- */

static uint32_t clip_u32(int64_t n)
{
    return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

/* From the last event to the last one of the host: a source that stopped. */
static void add_end(const Build *build, Sources *sources)
{
    const SurveySource *at = &sources->at;
    const SurveyHost *host = &build->survey->hosts[at->host];
    if (extent_is_empty(&host->extent) || host->extent.last <= at->extent.last)
        return;
    int64_t host_hour = host->extent.last / HOUR_NS - (host->extent.last % HOUR_NS < 0);
    Candidate candidate = {.begin = sources->habit.last + 1,
                           .end = host_hour,
                           .stretch = {.from = at->extent.last,
                                       .to = host->extent.last,
                                       .from_at = at->extent.last_at,
                                       .to_at = host->extent.last_at,
                                       .open = true}};
    if (candidate.end - candidate.begin >= SILENCE_HOURS_MIN)
        (void)top_offer(&sources->stretches, &candidate);
}

static bool find_silences(Sources *sources, Err *err)
{
    for (size_t i = 0; i < sources->stretches.count; i++) {
        const Candidate *candidate = top_at(&sources->stretches, i);
        SurveySilence silence = {
            .host = sources->at.host, .source = sources->at.source, .stretch = candidate->stretch};
        silence.stretch.hours = clip_u32(candidate->end - candidate->begin);
        silence.stretch.usual_hours =
            habit_usual_hours(&sources->habit, candidate->begin, candidate->end);
        if (silence.stretch.usual_hours >= SILENCE_HOURS_MIN &&
            !top_offer(&sources->silences, &silence))
            return survey_no_memory(err);
    }
    return true;
}

static bool flush(Build *build, Sources *sources, Err *err)
{
    if (!sources->any)
        return true;
    SurveySource *at = &sources->at;
    sources->all_events += at->events;
    build->survey->hosts[at->host].sources++;
    if (at->active_hours) {
        const Habit *habit = &sources->habit;
        at->span_hours = clip_u32(habit->last - habit->first + 1);
        at->habit_hours = habit_week_hours(habit);
        add_end(build, sources);
        if (!find_silences(sources, err))
            return false;
    }
    sources->stretches.count = 0;
    sources->stretches.offered = 0;
    return top_offer(&sources->sources, at) || survey_no_memory(err);
}

static bool add_stretch(Sources *sources, int64_t hour, const Tally *tally, Err *err)
{
    Candidate candidate = {.begin = sources->habit.last + 1,
                           .end = hour,
                           .stretch = {.from = sources->last.extent.last,
                                       .to = tally->extent.first,
                                       .from_at = sources->last.extent.last_at,
                                       .to_at = tally->extent.first_at}};
    candidate.stretch.hours = clip_u32(candidate.end - candidate.begin);
    if (candidate.stretch.hours > sources->at.longest.hours)
        sources->at.longest = candidate.stretch;
    return candidate.end - candidate.begin < SILENCE_HOURS_MIN ||
           top_offer(&sources->stretches, &candidate) || survey_no_memory(err);
}

static uint8_t log_count(uint64_t n)
{
    return n ? (uint8_t)(64 - __builtin_clzll(n)) : 0;
}

static uint8_t join_bin(uint8_t bin, uint64_t events)
{
    uint64_t had = bin ? UINT64_C(1) << (bin - 1) : 0; /* to within a factor of two */
    return log_count(had + events);
}

static bool add_hour(Build *build, Sources *sources, int64_t hour, const Tally *tally, Err *err)
{
    SurveySource *at = &sources->at;
    if (at->active_hours && !add_stretch(sources, hour, tally, err))
        return false;
    at->active_hours++;
    habit_add(&sources->habit, hour);
    sources->last = *tally;
    int64_t bin = axis_bin(&build->survey->axis, hour);
    if (bin >= 0)
        at->bins[bin] = join_bin(at->bins[bin], tally->n[N_EVENTS]);
    return true;
}

static bool take(Build *build, Span key, const Tally *tally, Err *err)
{
    Sources *sources = build->part;
    Reader reader = reader_of(key, 0);
    uint32_t host = tally_take_u32(&reader);
    Label source = tally_take_label(&reader);
    int64_t hour = tally_take_i64(&reader);
    if (reader.failed || reader_left(&reader))
        return survey_bad_row(err);
    if (host == HOST_BEYOND) {
        sources->all_events += tally->n[N_EVENTS];
        return true;
    }
    SurveySource *at = &sources->at;
    if (!sources->any || at->host != host || !label_equal(&at->source, &source)) {
        if (!flush(build, sources, err))
            return false;
        sources->any = true;
        *at = (SurveySource){.host = host, .source = source, .extent = EXTENT_NONE};
        habit_clear(&sources->habit);
    }
    at->events += tally->n[N_EVENTS];
    extent_join(&at->extent, &tally->extent);
    return hour == INT64_MIN || add_hour(build, sources, hour, tally, err);
}

static bool finish(Build *build, Err *err)
{
    Sources *sources = build->part;
    Survey *survey = build->survey;
    if (!flush(build, sources, err))
        return false;
    survey->totals.silences = sources->silences.offered;
    Keep sources_kept = {.top = &sources->sources,
                         .order = by_host,
                         .all_events = sources->all_events,
                         .events_at = offsetof(SurveySource, events),
                         SURVEY_KEEP(survey, sources)};
    Keep silences_kept = {.top = &sources->silences,
                          .order = silence_place,
                          .events_at = NO_EVENTS,
                          SURVEY_KEEP(survey, silences)};
    return survey_keep(build, &sources_kept, err) && survey_keep(build, &silences_kept, err);
}

const Part SOURCES_PART = {.begin = begin, .take = take, .finish = finish, .drop = drop};
