#include "detect/sigma/correlate.h"

#include <stdlib.h>

#include "detect/sigma/correlator.h"

/* A sequence of rules that has come as far as its place in the array. */
typedef struct Chain {
    bool there;
    Time start;
    uint64_t last_event;
} Chain;

struct Correlate {
    const Correlation *correlation;
    CorrelateOut out;
    Window *window;
    bool slides, grows;
    bool fulfilled;      /* the condition holds for the window from its first event on … */
    Time fulfilled_time; /* … since then */
    Time end;            /* … and it takes events up to here */
    uint64_t uncited;    /* events of it that are counted only */
    Time last;
    Chain *chains; /* of ordered types, by position */
};

Correlate *correlate_create(const Correlation *correlation, const CorrelateOut *out)
{
    Correlate *correlate = calloc(1, sizeof *correlate);
    if (!correlate)
        return NULL;
    *correlate = (Correlate){.correlation = correlation,
                             .out = *out,
                             .slides = window_slides(correlation),
                             .grows = window_grows(correlation)};
    correlate->window = window_create(correlation);
    correlate->chains =
        calloc((size_t)correlation->references.count + 1, sizeof *correlate->chains);
    if (correlate->window && correlate->chains)
        return correlate;
    correlate_destroy(correlate);
    return NULL;
}

void correlate_destroy(Correlate *correlate)
{
    if (!correlate)
        return;
    window_destroy(correlate->window);
    free(correlate->chains);
    free(correlate);
}

/* Times are within 64 bits, sums of them may not be. */
static Time later(Time time, int64_t by)
{
    Time out;
    return __builtin_add_overflow(time, by, &out) ? INT64_MAX : out;
}

static Time earlier(Time time, int64_t by)
{
    Time out;
    return __builtin_sub_overflow(time, by, &out) ? INT64_MIN : out;
}

static bool give_alert(Correlate *correlate)
{
    Window *window = correlate->window;
    WindowAlert alert = {.time = correlate->fulfilled_time,
                         .first = window_at(window, 0)->time,
                         .last = correlate->last,
                         .count = window_count(window) + correlate->uncited,
                         .value = window_value(window)};
    if (correlate->correlation->type == CORRELATION_EVENT_COUNT)
        alert.value = (double)alert.count;
    bool ok = correlate->out.alert(correlate->out.ctx, &alert, window);
    window_clear(window);
    correlate->fulfilled = false;
    correlate->uncited = 0;
    for (uint32_t i = 0; i < correlate->correlation->references.count; i++)
        correlate->chains[i].there = false;
    return ok;
}

static void set_fulfilled(Correlate *correlate, Time time, Time start)
{
    correlate->fulfilled = true;
    correlate->fulfilled_time = time;
    correlate->end = later(start, correlate->correlation->timespan_ns);
}

/* A window whose events are all there: does it fulfil the condition? If not, what comes next. */
static bool close_window(Correlate *correlate)
{
    Window *window = correlate->window;
    if (window_too_large(window)) {
        correlate->out.too_large(correlate->out.ctx);
        window_clear(window);
        return true;
    }
    if (!correlate->fulfilled && !correlate->grows && window_holds(window))
        set_fulfilled(correlate, correlate->last, window_at(window, 0)->time);
    if (correlate->fulfilled)
        return give_alert(correlate);
    if (correlate->slides)
        window_pop(window);
    else
        window_clear(window);
    return true;
}

static Time window_end(const Correlate *correlate)
{
    return correlate->fulfilled
               ? correlate->end
               : later(window_at(correlate->window, 0)->time, correlate->correlation->timespan_ns);
}

/* Windows that end before `time`. `last` of a window that slid on is that of its own events. */
static bool close_before(Correlate *correlate, Time time)
{
    while (window_count(correlate->window) && time > window_end(correlate))
        if (!close_window(correlate))
            return false;
    return true;
}

/* A window that is too large to be kept: one that is fulfilled goes on counting; another gives up.
 */
static bool take(Correlate *correlate, const WindowEvent *event)
{
    correlate->last = event->time;
    if (window_bytes(correlate->window) + event->citations.len < WINDOW_BYTES_MAX)
        return window_push(correlate->window, event);
    if (correlate->fulfilled) {
        correlate->uncited++;
        return true;
    }
    correlate->out.too_large(correlate->out.ctx);
    window_clear(correlate->window);
    return window_push(correlate->window, event);
}

/* ---- ordered ---- */

/* The sequence that the event continues: the one that began last. An event that several rules
 * matched is one step only. */
static void extend_chains(Correlate *correlate, const WindowEvent *event)
{
    const Correlation *correlation = correlate->correlation;
    uint32_t count = correlation->references.count;
    Chain *chain = &correlate->chains[event->position];
    const Chain *before = event->position ? chain - 1 : NULL;
    if (before && (!before->there || before->last_event >= event->event))
        return;
    *chain = (Chain){
        .there = true, .start = before ? before->start : event->time, .last_event = event->event};
    if (event->position == count - 1 &&
        event->time <= later(chain->start, correlation->timespan_ns))
        set_fulfilled(correlate, event->time, chain->start);
}

/* The window of a sequence begins with it. */
static void drop_before(Correlate *correlate, Time start)
{
    while (window_count(correlate->window) && window_at(correlate->window, 0)->time < start)
        window_pop(correlate->window);
}

static bool ordered_event(Correlate *correlate, const WindowEvent *event)
{
    int64_t timespan = correlate->correlation->timespan_ns;
    if (correlate->fulfilled && event->time > correlate->end && !give_alert(correlate))
        return false;
    if (!correlate->fulfilled)
        drop_before(correlate, earlier(event->time, timespan));
    if (!take(correlate, event))
        return false;
    if (correlate->fulfilled)
        return true;
    extend_chains(correlate, event);
    if (correlate->fulfilled)
        drop_before(correlate,
                    correlate->chains[correlate->correlation->references.count - 1].start);
    return true;
}

/* ---- all ---- */

static bool is_ordered(const Correlate *correlate)
{
    return correlate->correlation->type == CORRELATION_TEMPORAL_ORDERED;
}

bool correlate_event(Correlate *correlate, const WindowEvent *event)
{
    if (is_ordered(correlate))
        return ordered_event(correlate, event);
    if (!close_before(correlate, event->time) || !take(correlate, event))
        return false;
    if (correlate->grows && !correlate->fulfilled && window_holds(correlate->window))
        set_fulfilled(correlate, event->time, window_at(correlate->window, 0)->time);
    return true;
}

bool correlate_end(Correlate *correlate)
{
    bool ok = true;
    if (is_ordered(correlate)) {
        ok = !correlate->fulfilled || give_alert(correlate);
        window_clear(correlate->window);
        for (uint32_t i = 0; i < correlate->correlation->references.count; i++)
            correlate->chains[i].there = false;
        return ok;
    }
    while (ok && window_count(correlate->window))
        ok = close_window(correlate);
    return ok;
}
