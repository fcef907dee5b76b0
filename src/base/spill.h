/* spill.h: blocks in a scratch file (scratch.h), compressed with zstd; each is found again by its
 * reference. */
#ifndef BASE_SPILL_H
#define BASE_SPILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

typedef struct Spill Spill;

/* A block as it stands in the file. */
typedef struct SpillRef {
    uint64_t offset;
    uint32_t packed_bytes, raw_bytes;
} SpillRef;

/* The file is made in `folder` at the first write. NULL: no memory. */
Spill *spill_create(const char *folder);
void spill_destroy(Spill *spill); /* NULL is fine */

/* Append `raw` (at most 2 GiB). */
bool spill_write(Spill *spill, Span raw, SpillRef *ret, Err *err);

/* Replace what is in `ret` by a block. */
bool spill_read(Spill *spill, SpillRef ref, Buf *ret, Err *err);

/* Blocks written one after the other can be walked without keeping their references: the one
 * at *offset, which then becomes the offset of the next. */
bool spill_read_next(Spill *spill, uint64_t *offset, Buf *ret, Err *err);

/* Where the next block will stand. */
uint64_t spill_end(const Spill *spill);

/* The blocks in [begin, end) are not needed any more: give their disk space back if the file
 * system can. */
void spill_release(Spill *spill, uint64_t begin, uint64_t end);

#endif
