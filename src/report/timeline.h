/* timeline.h: all events in order of time, in bounded memory, the same record counted once.
 *
 * The coordinator's half of `timeline`: it takes the rows that workers send, sorts them by (time,
 * item, offset, sub), finds twins (event/twin.h) and writes the lines with their gaps filled. What
 * comes out depends on the rows and the order of the item list only.
 *
 * Of records with the same twin id and payload in different places the first stays (live before
 * recovered, then by item and offset); the others are left out, and formats that can tell list
 * their places with it. The same id with another payload is an altered copy: both stay.
 *
 * Memory: TIMELINE_MEMORY and what extsort.h says about merging; the rest is in `folder`. */
#ifndef REPORT_TIMELINE_H
#define REPORT_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "evidence/item.h"
#include "report/timeline_format.h"

#define TIMELINE_MEMORY (128u * 1024 * 1024)

typedef struct Timeline Timeline;

typedef struct TimelineOptions {
    const TimelineFormat *format;
    size_t memory_bytes; /* 0: TIMELINE_MEMORY */
    const char *folder;  /* for what does not fit; must outlive the timeline */
} TimelineOptions;

Timeline *timeline_create(const TimelineOptions *options, Err *err); /* NULL: no memory */
void timeline_destroy(Timeline *timeline);                           /* NULL is fine */

/* One block of rows of an item, as received: it is checked as hostile. ERR_FORMAT: it is
 * nonsense; anything else: the run cannot go on. */
bool timeline_receive(Timeline *timeline, const Item *item, uint32_t item_index, Span block,
                      Err *err);

typedef struct TimelineStats {
    uint64_t rows;  /* received */
    uint64_t twins; /* left out, being in other places already */
    uint64_t spilled_bytes;
} TimelineStats;

typedef bool (*TimelineWrite)(void *ctx, Span bytes, Err *err);

/* Everything received, header first, through `write`. `items`: the list that the indices were of;
 * an item that is not `hashed` has no hash in its rows. Once. */
bool timeline_write(Timeline *timeline, const ItemList *items, TimelineWrite write, void *ctx,
                    TimelineStats *ret, Err *err);

#endif
