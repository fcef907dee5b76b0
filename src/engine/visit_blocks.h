/* visit_blocks.h: what one worker says, checked; and what is said of one that failed. */
#ifndef ENGINE_VISIT_BLOCKS_H
#define ENGINE_VISIT_BLOCKS_H

#include "engine/run.h"

#define VISIT_EVENTS_MAX  (UINT64_C(1) << 48) /* in a piece; more is not believed */
#define VISIT_DEFECTS_MAX 10000u              /* of a piece that are listed one by one */

/* Finish, in order, the pieces from the current one on that no worker gets. */
void visit_skip_pieces(Run *run, Group *group);
/* The channel's budget for the current piece. */
void visit_begin_piece(const Run *run, Visit *visit);
/* false: the block cannot be what an honest worker sends here (err), or the run has failed. */
bool visit_take_block(Run *run, Visit *visit, const BlockHeader *header, Span payload, Err *err);
/* The worker has ended before its work: find the piece it was at and why; the others wait for the
 * next worker. */
void visit_blame(Run *run, Visit *visit);

#endif
