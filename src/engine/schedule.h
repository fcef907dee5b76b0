/* schedule.h: which group gets a worker next, and which worker is not listened to for now.
 *
 * The list of groups (run->groups) is in the order of delivery: what a group has found follows it,
 * the members of a container come before what the container itself has to say, so that what is
 * deepest in containers is read first and gives its room in the spool back.
 *
 * Nothing stands still: the first group of the list may always start (one slot is kept for it) and
 * is always listened to; of the containers, one always goes on unless something else does. */
#ifndef ENGINE_SCHEDULE_H
#define ENGINE_SCHEDULE_H

#include "engine/run.h"

/* Start what may start. */
void schedule_start(Run *run);

/* Back-pressure. `ordered`: a group that must wait for its turn and has much in its queue is not
 * listened to; its pipe fills and its worker blocks. A container is not listened to while its
 * members fill the spool, unless nothing else would give room back. */
bool schedule_is_paused(const Run *run, const Visit *visit);

#endif
