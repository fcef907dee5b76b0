#include "detect/sigma/window.h"

#include <math.h>
#include <stdlib.h>

#include "base/hash.h"

/* Without memory an item is not added, and has a count of 0. */
#define HASH_NONFATAL_OOM                1
#define uthash_nonfatal_oom(item)        ((item)->count = 0)
#define HASH_FUNCTION(bytes, len, value) ((value) = (unsigned)hash64((bytes), (len), 0))
#include <uthash.h>

#include "detect/sigma/rule_expression.h"
#include "event/grow.h"

/* A value and how often it is in the window. */
typedef struct Distinct {
    Hash128 value;
    uint64_t count;
    UT_hash_handle hh;
} Distinct;

struct Window {
    const Correlation *correlation;
    WindowEvent *events; /* from `head` on */
    size_t head, end, cap;
    size_t bytes;
    Distinct *distinct;
    uint32_t *seen;   /* per position: how many events */
    uint32_t matched; /* positions that have any */
    long double sum;
    double *ordered; /* numbers, rising */
    size_t ordered_count, ordered_cap;
    bool too_large;
};

static bool counts_values(const Correlation *correlation)
{
    return correlation->type == CORRELATION_VALUE_COUNT;
}

static bool orders_numbers(const Correlation *correlation)
{
    return correlation->type == CORRELATION_VALUE_PERCENTILE ||
           correlation->type == CORRELATION_VALUE_MEDIAN;
}

bool window_slides(const Correlation *correlation)
{
    if (correlation->expression)
        return !rule_expression_has_not(correlation->expression);
    for (unsigned i = 0; i < correlation->bound_count; i++)
        if (correlation->bounds[i].op != BOUND_GT && correlation->bounds[i].op != BOUND_GTE)
            return false;
    return true;
}

bool window_grows(const Correlation *correlation)
{
    bool counts = correlation->type == CORRELATION_EVENT_COUNT ||
                  correlation->type == CORRELATION_VALUE_COUNT ||
                  correlation->type == CORRELATION_TEMPORAL;
    return counts && window_slides(correlation);
}

Window *window_create(const Correlation *correlation)
{
    Window *window = calloc(1, sizeof *window);
    if (!window)
        return NULL;
    window->correlation = correlation;
    window->seen = calloc((size_t)correlation->references.count + 1, sizeof *window->seen);
    if (window->seen)
        return window;
    free(window);
    return NULL;
}

void window_destroy(Window *window)
{
    if (!window)
        return;
    window_clear(window);
    free(window->events);
    free(window->seen);
    free(window->ordered);
    free(window);
}

static bool add_distinct(Window *window, Hash128 value)
{
    Distinct *found = NULL;
    HASH_FIND(hh, window->distinct, &value, sizeof value, found);
    if (found) {
        found->count++;
        return true;
    }
    found = calloc(1, sizeof *found);
    if (!found)
        return false;
    found->value = value;
    found->count = 1;
    HASH_ADD(hh, window->distinct, value, sizeof found->value, found);
    if (found->count)
        return true;
    free(found);
    return false;
}

static void remove_distinct(Window *window, Hash128 value)
{
    Distinct *found = NULL;
    HASH_FIND(hh, window->distinct, &value, sizeof value, found);
    if (!found || --found->count)
        return;
    HASH_DEL(window->distinct, found);
    free(found);
}

/* Where a number is, or would be. */
static size_t place_of(const Window *window, double number)
{
    size_t low = 0, high = window->ordered_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (window->ordered[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool add_ordered(Window *window, double number)
{
    if (window->ordered_count == WINDOW_ORDERED_MAX) {
        window->too_large = true;
        return true;
    }
    double *ordered = grow_array(window->ordered, &window->ordered_cap, window->ordered_count + 1,
                                 sizeof *ordered);
    if (!ordered)
        return false;
    window->ordered = ordered;
    size_t at = place_of(window, number);
    memmove(ordered + at + 1, ordered + at, (window->ordered_count - at) * sizeof *ordered);
    ordered[at] = number;
    window->ordered_count++;
    return true;
}

static void remove_ordered(Window *window, double number)
{
    size_t at = place_of(window, number);
    if (at == window->ordered_count || window->ordered[at] > number)
        return; /* it was not kept */
    window->ordered_count--;
    memmove(window->ordered + at, window->ordered + at + 1,
            (window->ordered_count - at) * sizeof *window->ordered);
}

static bool count_in(Window *window, const WindowEvent *event)
{
    window->sum += event->number;
    window->matched += window->seen[event->position]++ == 0;
    if (counts_values(window->correlation))
        return add_distinct(window, event->value);
    return !orders_numbers(window->correlation) || add_ordered(window, event->number);
}

/* Room at the end; what stands before the head is given back first. */
static bool make_room(Window *window)
{
    if (window->end == window->cap && window->head > window->cap / 2) {
        memmove(window->events, window->events + window->head,
                (window->end - window->head) * sizeof *window->events);
        window->end -= window->head;
        window->head = 0;
    }
    WindowEvent *grown = grow_array(window->events, &window->cap, window->end + 1, sizeof *grown);
    if (!grown)
        return false;
    window->events = grown;
    return true;
}

bool window_push(Window *window, const WindowEvent *event)
{
    uint8_t *copy = malloc(event->citations.len + 1);
    if (!copy || !make_room(window) || !count_in(window, event)) {
        free(copy);
        return false;
    }
    if (event->citations.len)
        memcpy(copy, event->citations.ptr, event->citations.len);
    WindowEvent *out = &window->events[window->end++];
    *out = *event;
    out->citations.ptr = copy;
    window->bytes += sizeof *out + event->citations.len;
    return true;
}

void window_pop(Window *window)
{
    WindowEvent *event = &window->events[window->head++];
    window->bytes -= sizeof *event + event->citations.len;
    window->sum -= event->number;
    window->matched -= --window->seen[event->position] == 0;
    if (counts_values(window->correlation))
        remove_distinct(window, event->value);
    if (orders_numbers(window->correlation))
        remove_ordered(window, event->number);
    union { /* our own copy: const only to the readers */
        const uint8_t *shown;
        uint8_t *owned;
    } copy = {.shown = event->citations.ptr};
    free(copy.owned);
}

void window_clear(Window *window)
{
    while (window_count(window))
        window_pop(window);
    window->head = window->end = 0;
    window->sum = 0; /* no rounding is carried over */
    window->ordered_count = 0;
    window->too_large = false;
}

size_t window_count(const Window *window)
{
    return window->end - window->head;
}

size_t window_bytes(const Window *window)
{
    return window->bytes;
}

const WindowEvent *window_at(const Window *window, size_t i)
{
    return &window->events[window->head + i];
}

bool window_too_large(const Window *window)
{
    return window->too_large;
}

/* Nearest rank, as most programs have it: the least value that so many percent do not exceed. */
static double percentile(const Window *window, double percent)
{
    if (window->ordered_count == 0)
        return 0;
    double rank = ceil(percent / 100 * (double)window->ordered_count);
    size_t at = rank < 1 ? 0 : (size_t)rank - 1;
    return window->ordered[at < window->ordered_count ? at : window->ordered_count - 1];
}

static double median(const Window *window)
{
    size_t n = window->ordered_count;
    if (n == 0)
        return 0;
    return n % 2 ? window->ordered[n / 2]
                 : (window->ordered[n / 2 - 1] + window->ordered[n / 2]) / 2;
}

double window_value(Window *window)
{
    double count = (double)window_count(window);
    switch (window->correlation->type) {
    case CORRELATION_VALUE_COUNT:
        return (double)HASH_COUNT(window->distinct);
    case CORRELATION_TEMPORAL:
    case CORRELATION_TEMPORAL_ORDERED:
        return (double)window->matched;
    case CORRELATION_VALUE_SUM:
        return (double)window->sum;
    case CORRELATION_VALUE_AVG:
        return count > 0 ? (double)window->sum / count : 0;
    case CORRELATION_VALUE_PERCENTILE:
        return percentile(window, window->correlation->percentile);
    case CORRELATION_VALUE_MEDIAN:
        return median(window);
    case CORRELATION_EVENT_COUNT:
    case CORRELATION_TYPE_COUNT:
        break;
    }
    return count;
}

static bool bound_holds(const Bound *bound, double value)
{
    switch (bound->op) {
    case BOUND_GT:
        return value > bound->value;
    case BOUND_GTE:
        return value >= bound->value;
    case BOUND_LT:
        return value < bound->value;
    case BOUND_LTE:
        return value <= bound->value;
    case BOUND_EQ:
        return !(value < bound->value || value > bound->value);
    case BOUND_NEQ:
        return value < bound->value || value > bound->value;
    }
    return false;
}

bool window_holds(Window *window)
{
    const Correlation *correlation = window->correlation;
    if (correlation->expression)
        return rule_expression_holds(correlation->expression, window->seen);
    double value = window_value(window);
    for (unsigned i = 0; i < correlation->bound_count; i++)
        if (!bound_holds(&correlation->bounds[i], value))
            return false;
    return true;
}
