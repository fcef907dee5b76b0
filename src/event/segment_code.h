/* segment_code.h: the sections of a batch rearranged so that they compress well. The size stays;
 * the batch comes back byte for byte but for the zeros between its sections. What each section
 * gains was measured on real logs: docs/batch.md. */
#ifndef EVENT_SEGMENT_CODE_H
#define EVENT_SEGMENT_CODE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "event/batch_format.h"

/* Bytes of a batch without the zeros between its sections. */
uint64_t segment_content_size(const BatchMap *map);

/* `batch`: a whole one that batch_open accepts. `out`: segment_content_size bytes. */
bool segment_encode(Span batch, uint8_t *out, Err *err);

/* The reverse. `content` is hostile: its length and counts must make `map`; false when it is no
 * work of segment_encode. `batch`: map->total bytes. */
bool segment_decode(Span content, const BatchCounts *counts, const BatchMap *map, uint8_t *batch,
                    Err *err);

#endif
