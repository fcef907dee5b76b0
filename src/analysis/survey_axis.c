/* The time axis: events by hour, and from these the steps of all plots. Hours are kept in a list of
 * bounded length; when there are more of them they are joined to days, then to weeks, which no plot
 * shows finer anyway. */
#include <stdlib.h>

#include "analysis/survey_inside.h"

#define HOURS_MAX    65536
#define TRIM_DIVISOR 1000 /* at most this part of all events is left out at each end */

/* Steps in hours: the first that fits is taken. Weeks begin on a Monday, which is 72 hours before
 * 1970. */
static const int64_t STEPS[] = {1, 2, 3, 6, 12, 24, 48, 168, 336, 672, 1344, 2688, 8736, 17472};
#define STEP_COUNT   (sizeof STEPS / sizeof STEPS[0])
#define WEEK         168
#define MONDAY_SHIFT 72

typedef struct Slot {
    int64_t hour; /* the first of it */
    uint64_t events;
} Slot;

typedef struct Hours {
    int64_t step;
    size_t count;
    Slot slots[HOURS_MAX];
} Hours;

static int64_t align(int64_t hour, int64_t step)
{
    int64_t shift = step >= WEEK ? MONDAY_SHIFT : 0;
    int64_t moved = hour + shift, rest = moved % step;
    return moved - (rest < 0 ? rest + step : rest) - shift;
}

static bool begin(Build *build, Err *err)
{
    Hours *hours = calloc(1, sizeof *hours);
    build->part = hours;
    if (!hours)
        return survey_no_memory(err);
    hours->step = 1;
    return true;
}

static void drop(Build *build)
{
    free(build->part);
}

static void put(Hours *hours, int64_t hour, uint64_t events)
{
    hour = align(hour, hours->step);
    if (hours->count && hours->slots[hours->count - 1].hour == hour)
        hours->slots[hours->count - 1].events += events;
    else
        hours->slots[hours->count++] = (Slot){.hour = hour, .events = events};
}

/* Days; then weeks; then pairs of weeks, … until they fit. */
static void coarsen(Hours *hours)
{
    size_t count = hours->count;
    hours->step = hours->step == 1 ? 24 : hours->step == 24 ? WEEK : hours->step * 2;
    hours->count = 0;
    for (size_t i = 0; i < count; i++) {
        Slot slot = hours->slots[i];
        put(hours, slot.hour, slot.events);
    }
}

static bool take(Build *build, Span key, const Tally *tally, Err *err)
{
    Hours *hours = build->part;
    Reader reader = reader_of(key, 0);
    int64_t hour = tally_take_i64(&reader);
    if (reader.failed || hour < INT64_MIN / HOUR_NS || hour > INT64_MAX / HOUR_NS)
        return survey_bad_row(err);
    while (hours->count == HOURS_MAX)
        coarsen(hours);
    put(hours, hour, tally->n[N_EVENTS]);
    return true;
}

/* The slots [*first, *end) without what may be left out, if that is worth it. */
static void trim(const Hours *hours, size_t *first, size_t *end)
{
    uint64_t total = 0, left = 0, right = 0;
    for (size_t i = 0; i < hours->count; i++)
        total += hours->slots[i].events;
    uint64_t may = total / TRIM_DIVISOR;
    size_t a = 0, b = hours->count;
    while (a < b && left + hours->slots[a].events <= may)
        left += hours->slots[a++].events;
    while (b > a && right + hours->slots[b - 1].events <= may)
        right += hours->slots[--b].events;
    *first = 0;
    *end = hours->count;
    if (a == b)
        return;
    int64_t whole = hours->slots[hours->count - 1].hour - hours->slots[0].hour + hours->step;
    int64_t rest = hours->slots[b - 1].hour - hours->slots[a].hour + hours->step;
    if (rest <= whole / 2) {
        *first = a;
        *end = b;
    }
}

static int64_t choose_step(const Hours *hours, int64_t from, int64_t to)
{
    for (size_t i = 0; i < STEP_COUNT; i++)
        if (STEPS[i] >= hours->step &&
            (align(to, STEPS[i]) - align(from, STEPS[i])) / STEPS[i] < SURVEY_BINS_MAX)
            return STEPS[i];
    return STEPS[STEP_COUNT - 1]; /* 360 of them are 717 years, more than Time holds */
}

static bool finish(Build *build, Err *err)
{
    (void)err;
    const Hours *hours = build->part;
    SurveyAxis *axis = &build->survey->axis;
    if (hours->count == 0)
        return true;
    size_t first, end;
    trim(hours, &first, &end);
    int64_t from = hours->slots[first].hour, to = hours->slots[end - 1].hour;
    int64_t step = choose_step(hours, from, to), begin_hour = align(from, step);
    if (begin_hour < INT64_MIN / HOUR_NS)
        begin_hour = INT64_MIN / HOUR_NS;
    *axis = (SurveyAxis){.begin = begin_hour * HOUR_NS,
                         .step_ns = step * HOUR_NS,
                         .count = (uint32_t)((align(to, step) - begin_hour) / step + 1)};
    for (size_t i = 0; i < hours->count; i++) {
        const Slot *slot = &hours->slots[i];
        if (i < first) {
            axis->before += slot->events;
        } else if (i >= end) {
            axis->after += slot->events;
        } else {
            uint64_t *bin = &axis->events[axis_bin(axis, slot->hour)];
            *bin += slot->events;
            axis->most = *bin > axis->most ? *bin : axis->most;
        }
    }
    return true;
}

int64_t axis_bin(const SurveyAxis *axis, int64_t hour)
{
    if (axis->step_ns == 0)
        return -1;
    int64_t begin_hour = axis->begin / HOUR_NS, step = axis->step_ns / HOUR_NS;
    if (hour < begin_hour)
        return -1;
    int64_t bin = (hour - begin_hour) / step;
    return bin < axis->count ? bin : -1;
}

const Part HOURS_PART = {.begin = begin, .take = take, .finish = finish, .drop = drop};
