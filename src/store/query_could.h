/* query_could.h: what a query's tree says when its terms are not all known.
 *
 * Of a summary, or of a layout, it is often only known that an event could match a term. A term is
 * therefore one of: could be true, could be false, could be both. A query that could not be true
 * needs no further look; NOT of a term that could be both could be both. With terms that are
 * either, the answer is the answer. */
#ifndef STORE_QUERY_COULD_H
#define STORE_QUERY_COULD_H

#include <stdbool.h>

#include "store/query.h"

#define COULD_BE_TRUE  1u
#define COULD_BE_FALSE 2u
#define COULD_BE_BOTH  (COULD_BE_TRUE | COULD_BE_FALSE)

static inline unsigned could_exactly(bool is)
{
    return is ? COULD_BE_TRUE : COULD_BE_FALSE;
}

/* Asks about terms in the order of their cost, and no more of them than are needed. */
unsigned query_could(const Query *query, unsigned (*leaf)(void *ctx, uint32_t leaf), void *ctx);

#endif
