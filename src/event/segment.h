/* segment.h: a batch at rest. What the case keeps: the batch in three parts, each compressed with
 * zstd by itself, after its number columns were rearranged so that they compress well
 * (segment_code.h). A reader fetches and unpacks what it needs:
 *
 *     SEGMENT_VALUES   kinds, layouts, names, values: enough to see whether a text occurs at all
 *     SEGMENT_EVENTS   the columns of events and their cells
 *     SEGMENT_TWINS    keys and fingerprints of twins, hashes that nothing makes smaller
 *
 * Values alone give a batch without events; with the events it is whole but for twin and payload,
 * which are 0; with all three it comes back byte for byte. A checksum in each part says so, and
 * that the parts are of the same batch. docs/batch.md has the bytes. */
#ifndef EVENT_SEGMENT_H
#define EVENT_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#define SEGMENT_LEVEL 1

/* Stored in cases: numbers never change. */
typedef enum SegmentPart {
    SEGMENT_VALUES = 0,
    SEGMENT_EVENTS = 1,
    SEGMENT_TWINS = 2,
    SEGMENT_PARTS
} SegmentPart;

extern const char *const SEGMENT_PART_TEXT[SEGMENT_PARTS]; /* "values", … */

/* Memory and contexts for packing and unpacking, kept from one segment to the next. */
typedef struct SegmentCodec SegmentCodec;

SegmentCodec *segment_codec_create(void); /* NULL: no memory */
void segment_codec_destroy(SegmentCodec *codec);
static inline void segment_codec_destroyp(SegmentCodec **codec)
{
    segment_codec_destroy(*codec);
}

/* Append one part of a batch that batch_open accepts to `out`. */
bool segment_pack(SegmentCodec *codec, Span batch, SegmentPart part, int level, Buf *out, Err *err);

/* All three parts at once, which hashes the values once and not for each of them. `out`: one each.
 */
bool segment_pack_all(SegmentCodec *codec, Span batch, int level, Buf out[SEGMENT_PARTS], Err *err);

/* The batch without events, appended to `out`; it may be hostile still: give it to batch_open. Asks
 * for no more than BATCH_BYTES_MAX, whatever the part says; so do the others. */
bool segment_unpack_values(SegmentCodec *codec, Span values, Buf *out, Err *err);

/* The batch with its events, appended to `out`; for batch_open_events. `dictionary`: what
 * segment_unpack_values gave; must not lie in `out`. `twins` empty: those columns become 0. */
bool segment_unpack_events(SegmentCodec *codec, Span dictionary, Span events, Span twins, Buf *out,
                           Err *err);

/* The columns of twins by themselves. They stay until the codec is used again. */
typedef struct SegmentTwins {
    uint32_t events;
    const uint8_t *twin, *payload; /* u64 columns */
} SegmentTwins;
bool segment_unpack_twins(SegmentCodec *codec, Span twins, SegmentTwins *ret, Err *err);

/* All three parts at once, for those who want the whole batch. `dictionary` is cleared and used. */
bool segment_unpack(SegmentCodec *codec, const Span parts[SEGMENT_PARTS], Buf *dictionary, Buf *out,
                    Err *err);

#endif
