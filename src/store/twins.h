/* twins.h: the same record in several places of the case, found over all segments.
 *
 * The rule is that of event/twin.h and of `timeline`: records with the same twin key and payload in
 * different places are one event if their times of writing agree, where both sources tell it. It
 * stays where it is live before recovered, then by path and offset; a record whose source does not
 * tell its time of writing belongs to the first with its key and payload.
 *
 * Candidates are found by their keys alone (twin_candidates.h); only segments with candidates are
 * read with times of writing. Memory: 32 MiB for the table or 24 MiB for sorting, and three bits
 * for each event of a segment with candidates. */
#ifndef STORE_TWINS_H
#define STORE_TWINS_H

#include "store/inside.h"

typedef struct Twins Twins;

/* Looks at everything, writes nothing. The store must have nothing uncommitted. NULL with err. */
Twins *twins_find(Store *store, unsigned workers, Err *err);
void twins_destroy(Twins *twins); /* NULL is fine */
static inline void twins_destroyp(Twins **twins)
{
    twins_destroy(*twins);
}

/* The derived rows, in a transaction. *ret_count: records that are left out. Once. */
bool twins_write(Store *store, Twins *twins, uint64_t *ret_count, Err *err);

#endif
