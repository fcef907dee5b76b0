/* segment.h: a batch at rest. What the case keeps: the batch compressed with zstd, after its
 * number columns were rearranged so that they compress well (segment.c says how). The batch comes
 * back byte for byte, and a checksum says so. */
#ifndef EVENT_SEGMENT_H
#define EVENT_SEGMENT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#define SEGMENT_LEVEL 3 /* of zstd: the usual one */

/* Append the segment of a batch that batch_open accepts to `out`. */
bool segment_pack(Span batch, int level, Buf *out, Err *err);

/* The batch of a segment, appended to `out`; it may be hostile still: give it to batch_open. Asks
 * for no more than BATCH_BYTES_MAX, whatever the segment says. */
bool segment_unpack(Span segment, Buf *out, Err *err);

#endif
