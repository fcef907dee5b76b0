/* twin_candidates.h: which events may have a twin, by their keys alone: only the parts of segments
 * that hold twin and payload are read.
 *
 * First all keys are marked in a table of two bits a slot: seen once, seen again. A second look
 * collects the events whose slot was seen again, a few percent by chance, and sorts them by their
 * keys: those that do share theirs are the candidates. If too many were seen again for this to pay,
 * all of them are. */
#ifndef STORE_TWIN_CANDIDATES_H
#define STORE_TWIN_CANDIDATES_H

#include "store/inside.h"

/* Bits of rows, by segment (index in the reading); NULL: none of the segment. */
typedef struct RowBits {
    uint8_t **list;
    size_t count;
    uint64_t set; /* bits in all */
} RowBits;

bool row_bits_init(RowBits *bits, size_t segments); /* false: no memory; row_bits_done is due */
void row_bits_done(RowBits *bits);
bool row_bits_set(RowBits *bits, const SegmentRef *ref, size_t segment, uint32_t row);
static inline bool row_bits_has(const RowBits *bits, size_t segment, uint32_t row)
{
    return bits->list[segment] && (bits->list[segment][row / 8] >> (row % 8) & 1);
}

/* The reading is loaded. `ret` is initialised. */
bool twin_candidates(Store *store, RowBits *ret, Err *err);

#endif
