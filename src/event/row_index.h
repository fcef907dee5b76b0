/* row_index.h: from a key of up to four texts to the rows of a table that have it, in the order
 * of the file. Built once, then read only; ASCII case of keys does not matter. */
#ifndef EVENT_ROW_INDEX_H
#define EVENT_ROW_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

#define ROW_KEY_TEXTS 4

typedef struct RowKey {
    Text text[ROW_KEY_TEXTS]; /* unused ones empty */
} RowKey;

typedef struct RowRun {
    RowKey key;
    uint64_t hash;
    uint32_t first, count; /* in `order` */
} RowRun;

typedef struct RowIndex {
    RowRun *runs;
    uint32_t run_count;
    uint32_t *order; /* row numbers, those of one key together */
    uint32_t *slots; /* run number + 1; 0 free */
    uint32_t mask;
} RowIndex;

/* `keys[i]` is the key of row i; the texts must live as long as the index. false: no memory. */
bool row_index_build(Arena *arena, const RowKey *keys, size_t row_count, RowIndex *ret);

/* NULL when no row has the key. */
const RowRun *row_index_find(const RowIndex *index, const RowKey *key);

#endif
