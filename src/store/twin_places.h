/* twin_places.h: where the twins of kept events are, as derived rows: blocks of entries in the
 * order of kept events, found by the offset of the first.
 *
 *     u32 entries, u32 items; the items' numbers (u32 each); then each entry as variable-length
 *     numbers (7 bits a byte, the lowest first; the highest bit: more follow):
 *         offset of the kept event: distance to the entry before (the first: to that of the block)
 *         its sub; which of the items; offset there: distance to the kept one (0, -1, 1, … as 0, 1,
 *         2, …); its sub
 *
 * The digest of a block is over its entries with the items' ids. */
#ifndef STORE_TWIN_PLACES_H
#define STORE_TWIN_PLACES_H

#include "store/inside.h"

typedef struct TwinPlace {
    uint64_t kept_offset;
    uint32_t kept_sub;
    uint32_t item; /* number of the twin's item */
    uint64_t offset;
    uint32_t sub;
} TwinPlace;

/* Writing: the entries of all kept events in order; each is added to the block of its item. */
typedef struct PlaceWriter {
    Store *store;
    uint32_t item; /* number; 0: no block is open */
    uint64_t first;
    TwinPlace *entries;
    size_t count, cap;
    Buf bytes;
} PlaceWriter;

void place_writer_init(PlaceWriter *writer, Store *store);
void place_writer_done(PlaceWriter *writer);
bool place_writer_add(PlaceWriter *writer, uint32_t kept_item, const TwinPlace *place, Err *err);
bool place_writer_end(PlaceWriter *writer, Err *err);

/* Reading: all entries of a block, in a block of memory that the caller frees. false: it is
 * damaged, or there is no memory. */
bool places_read(Span block, uint64_t first, TwinPlace **ret, size_t *ret_count, Err *err);

/* What the digest of a block is over, after digest_derived. `id_of`: of the item with a number. */
void places_canonical(Canon *canon, const TwinPlace *entries, size_t count,
                      const ItemId *(*id_of)(void *ctx, uint32_t number), void *ctx);

/* For store_twins: the last blocks, decoded. */
void place_cache_destroy(PlaceCache *cache);

#endif
