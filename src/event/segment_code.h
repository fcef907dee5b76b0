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
#include "event/segment.h"

/* To which part a section belongs. */
SegmentPart segment_part_of(Section section);

/* Bytes of a part's content: the header of the batch and the part's sections without the zeros
 * between them. */
uint64_t segment_content_size(const BatchMap *map, SegmentPart part);

/* `batch`: a whole one that batch_open accepts. `out`: segment_content_size bytes. */
bool segment_encode(Span batch, SegmentPart part, uint8_t *out, Err *err);

/* The reverse: fills the part's sections of `batch`, and the zeros after them, at the places of
 * `map`. `content` is hostile: its length and counts must make the sizes of `map`; false when it is
 * no work of segment_encode. Sections of SEGMENT_VALUES must stand in `batch` before those of
 * SEGMENT_EVENTS can be made. */
bool segment_decode(Span content, SegmentPart part, const BatchCounts *counts, const BatchMap *map,
                    uint8_t *batch, Err *err);

#endif
