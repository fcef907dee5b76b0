/* window.h: the events of one group of a correlation that are within its timespan of one another,
 * in order of time, and what the condition says of them. */
#ifndef DETECT_SIGMA_WINDOW_H
#define DETECT_SIGMA_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/span.h"
#include "base/time.h"
#include "detect/sigma/correlation.h"

/* More values than this are not kept in order; the window is then too large to be decided. */
#define WINDOW_ORDERED_MAX 100000

typedef struct WindowEvent {
    Time time;
    uint64_t event;    /* rising; what several rules matched has the same number */
    uint32_t position; /* of its rule in the correlation */
    double number;     /* value of sums, means, percentiles */
    Hash128 value;     /* of counts of values */
    Span citations;    /* length and bytes of each; the window owns a copy */
    uint32_t citation_count;
} WindowEvent;

typedef struct Window Window;

Window *window_create(const Correlation *correlation); /* NULL: no memory */
void window_destroy(Window *window);

/* Does the condition only say "at least"? Then a window may begin at any event; otherwise windows
 * are laid end to end, because the end of a busy time is not a quiet time. */
bool window_slides(const Correlation *correlation);
/* May a condition that holds for a beginning of a window be taken to hold for the whole? */
bool window_grows(const Correlation *correlation);

bool window_push(Window *window, const WindowEvent *event); /* false: no memory */
void window_pop(Window *window);                            /* the first event */
void window_clear(Window *window);

size_t window_count(const Window *window);
size_t window_bytes(const Window *window);
const WindowEvent *window_at(const Window *window, size_t i);

/* What the condition is asked of, and whether it holds. */
double window_value(Window *window);
bool window_holds(Window *window);
bool window_too_large(const Window *window);

#endif
