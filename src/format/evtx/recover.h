/* recover.h: records behind the live ones of a chunk, and of chunks without signature.
 *
 * Slack holds mostly older copies of live records: what has the id and time of writing of a live
 * one is left out, and so is what was already recovered. Everything recovered is told apart by its
 * class; it is a fragment when its names or its template no longer fit together. */
#ifndef FORMAT_EVTX_RECOVER_H
#define FORMAT_EVTX_RECOVER_H

#include "format/evtx/reader.h"

typedef struct Recovery Recovery;

/* Reads the whole item once for the ids of its live records. */
Recovery *recovery_create(EvtxReader *reader, uint64_t first_chunk, Err *err);
void recovery_destroy(Recovery *recovery);
static inline void recovery_destroyp(Recovery **recovery)
{
    recovery_destroy(*recovery);
}

/* What can be recovered of a chunk from `live_end`, where its chain of live records ends. */
bool recovery_chunk(Recovery *recovery, const EvtxChunk *chunk, uint32_t live_end, Err *err);

#endif
