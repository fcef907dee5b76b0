/* clock.h: the zone of clocks that do not tell theirs, from what happened at the same time.
 *
 * An item with times whose zone is only assumed is laid beside events of the same host whose time
 * in UTC is sure (exact, or inferred in the item itself). *Anchors* are what both logs tell of: an
 * action, and the file name of its process or its object, in lower case. The distances between the
 * same anchor's times on the two sides go into steps of 15 minutes, within 14 hours either way and
 * a few seconds beside the step; each anchor counts once in a step. The step with the most anchors
 * is the shift, if it has at least CLOCK_ANCHORS_MIN of them and CLOCK_LEAD times as many as the
 * next. Otherwise the times stay as assumed.
 *
 * The host is that of the event, else of the item. Where neither is known, items of one folder are
 * taken to come from one host: the anchors then have to show it. */
#ifndef STORE_CLOCK_H
#define STORE_CLOCK_H

#include "store/inside.h"

#define CLOCK_ANCHORS_MIN 5
#define CLOCK_LEAD        3
#define CLOCK_STEP_S      900
#define CLOCK_WIDEST_S    (14 * 3600)
#define CLOCK_SLACK_S     3
#define CLOCK_OFTEN       64 /* an anchor that occurs more often on one side tells nothing */

typedef struct ClockShift {
    bool found;
    int64_t shift_ns;       /* what has to be added to the item's times */
    uint32_t anchors, next; /* of the best step, and of the second best */
} ClockShift;

typedef struct Clocks Clocks;

/* Looks at everything, writes nothing. The store must have nothing uncommitted. NULL with err. */
Clocks *clocks_find(Store *store, unsigned workers, Err *err);
void clocks_destroy(Clocks *clocks); /* NULL is fine */
static inline void clocks_destroyp(Clocks **clocks)
{
    clocks_destroy(*clocks);
}

/* The derived rows, in a transaction. */
bool clocks_write(Store *store, const Clocks *clocks, Err *err);

/* The decision from the counts of all steps (CLOCK_STEPS of them, the middle one is no shift). */
#define CLOCK_STEPS (2 * CLOCK_WIDEST_S / CLOCK_STEP_S + 1)
ClockShift clock_decide(const uint32_t counts[CLOCK_STEPS]);

#endif
