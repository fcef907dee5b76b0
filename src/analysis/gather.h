/* gather.h: from segments to rows of the survey (tally.h). Runs in the processes that store_map
 * forks; an event costs some tens of nanoseconds. */
#ifndef ANALYSIS_GATHER_H
#define ANALYSIS_GATHER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "store/scan.h"

typedef struct Gather Gather;

Gather *gather_create(Err *err);     /* NULL: no memory */
void gather_destroy(Gather *gather); /* NULL is fine */
static inline void gather_destroyp(Gather **gather)
{
    gather_destroy(*gather);
}

/* Take in a segment. Rows that there is no more room for go to `out`. */
bool gather_segment(Gather *gather, const ScanSegment *segment, Buf *out, Err *err);

/* All rows that are left. */
bool gather_end(Gather *gather, Buf *out, Err *err);

#endif
