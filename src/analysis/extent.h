/* extent.h: from when to when, with the events that say so. */
#ifndef ANALYSIS_EXTENT_H
#define ANALYSIS_EXTENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

/* An event of the case at hand: item by rank (store.h). Outside the case its citation is
 * "item id - offset[ - sub]". */
typedef struct EventRef {
    uint32_t item;
    uint32_t sub;
    uint64_t offset;
} EventRef;

static inline int event_ref_compare(const EventRef *a, const EventRef *b)
{
    if (a->item != b->item)
        return a->item < b->item ? -1 : 1;
    if (a->offset != b->offset)
        return a->offset < b->offset ? -1 : 1;
    return a->sub < b->sub ? -1 : a->sub > b->sub;
}

typedef struct Extent {
    Time first, last; /* TIME_NONE: nothing in it has a time */
    EventRef first_at, last_at;
} Extent;

#define EXTENT_NONE ((Extent){.first = TIME_NONE, .last = TIME_NONE})

static inline bool extent_is_empty(const Extent *extent)
{
    return extent->first == TIME_NONE;
}

/* Of events at the same time the first is the one that stands first in the case, the last the one
 * that stands last: the result does not depend on the order of joining. */
static inline void extent_join(Extent *to, const Extent *from)
{
    if (extent_is_empty(from))
        return;
    bool none = extent_is_empty(to);
    if (none || from->first < to->first ||
        (from->first == to->first && event_ref_compare(&from->first_at, &to->first_at) < 0)) {
        to->first = from->first;
        to->first_at = from->first_at;
    }
    if (none || from->last > to->last ||
        (from->last == to->last && event_ref_compare(&from->last_at, &to->last_at) > 0)) {
        to->last = from->last;
        to->last_at = from->last_at;
    }
}

#endif
