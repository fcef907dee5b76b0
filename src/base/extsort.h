/* extsort.h: sorting more rows than memory holds.
 *
 * Rows of any length are ordered by their keys (memcmp; a key that is the beginning of another
 * comes first), rows of equal keys by the order in which they were added. Rows are collected in
 * memory up to a budget; beyond it sorted runs go to one nameless file, compressed, and are merged
 * at the end. A row of more than 256 KiB (or an eighth of the budget) is stored aside, so that
 * merging holds at most one such row.
 *
 * Use: create, add…, finish, next…, destroy. Cost: one copy of a row in memory, one compressed
 * write and read if it spills, and once more for each 128-fold of runs. Memory: the budget, and
 * while merging at most 128 blocks beside it. */
#ifndef BASE_EXTSORT_H
#define BASE_EXTSORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

#define EXTSORT_KEY_MAX    4096                /* bytes of a key */
#define EXTSORT_ROW_MAX    (UINT32_C(1) << 30) /* bytes of a row */
#define EXTSORT_MEMORY_MIN (64 * 1024)

typedef struct ExtSort ExtSort;

/* `memory_bytes`: the budget, at least EXTSORT_MEMORY_MIN is taken. `folder`: where the file is
 * made if one is needed; must outlive the sort. NULL with err: no memory. */
ExtSort *extsort_create(size_t memory_bytes, const char *folder, Err *err);
void extsort_destroy(ExtSort *sort); /* NULL is fine; the file is gone with it */
static inline void extsort_destroyp(ExtSort **sort)
{
    extsort_destroy(*sort);
}

/* Both are copied. After a failure the sort can only be destroyed. */
bool extsort_add(ExtSort *sort, Span key, Span row, Err *err);

/* No more rows: prepare for reading. */
bool extsort_finish(ExtSort *sort, Err *err);

/* The next row; its spans are valid until the next call. false: the end, or a failure if err->code
 * is set. */
bool extsort_next(ExtSort *sort, Span *ret_key, Span *ret_row, Err *err);

/* Move all rows of `from`, which is not finished, to the new sort `to`, each under the key that
 * `rekey` makes of its old one, in place. `from` can then only be destroyed. */
bool extsort_move(ExtSort *from, ExtSort *to, void (*rekey)(void *ctx, uint8_t *key, size_t len),
                  void *ctx, Err *err);

typedef struct ExtSortStats {
    uint64_t rows;
    uint64_t spilled_bytes; /* written to the file, all passes */
    uint32_t runs;          /* written in all; 0: everything stayed in memory */
} ExtSortStats;
ExtSortStats extsort_stats(const ExtSort *sort);

#endif
