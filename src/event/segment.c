/* A part of a segment:
 *
 *   offset  size  meaning
 *        0     8  "CONSTAS2"
 *        8     4  which part (SegmentPart)
 *       12     4  bytes of its content before compression
 *       16     8  XXH3 of the batch's sections of SEGMENT_VALUES: the same in all three parts
 *       24     8  XXH3 of this part's sections in the batch
 *       32        zstd frame: header of the batch, then the part's sections in their order without
 *                 the zeros between them, each rearranged (segment_code.h)
 *
 * XXH3 with 64 bits, over the sections as they stand in the batch, zeros between them included; the
 * seed is the XXH3 of the batch's header. Sections of SEGMENT_EVENTS stand on both sides of those
 * of SEGMENT_TWINS: the sum of the first side is added to the seed of the second. */
#include "event/segment.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/hash.h"
#include "event/batch.h"
#include "event/batch_format.h"
#include "event/segment_code.h"

#define PART_MAGIC        "CONSTAS2"
#define PART_HEADER_BYTES 32
#define TWINS_LEVEL       1 /* more does not help hashes */

const char *const SEGMENT_PART_TEXT[SEGMENT_PARTS] = {
    [SEGMENT_VALUES] = "values", [SEGMENT_EVENTS] = "events", [SEGMENT_TWINS] = "twins"};

struct SegmentCodec {
    ZSTD_CCtx *pack;
    ZSTD_DCtx *unpack;
    uint8_t *content;
    size_t room; /* bytes of `content` */
};

SegmentCodec *segment_codec_create(void)
{
    SegmentCodec *codec = calloc(1, sizeof *codec);
    if (!codec)
        return NULL;
    codec->pack = ZSTD_createCCtx();
    codec->unpack = ZSTD_createDCtx();
    if (!codec->pack || !codec->unpack) {
        segment_codec_destroy(codec);
        return NULL;
    }
    return codec;
}

void segment_codec_destroy(SegmentCodec *codec)
{
    if (!codec)
        return;
    ZSTD_freeCCtx(codec->pack);
    ZSTD_freeDCtx(codec->unpack);
    free(codec->content);
    free(codec);
}

static bool damaged(Err *err, const char *what)
{
    return err_set(err, ERR_FORMAT, 0, "segment: %s", what);
}

static bool need_room(SegmentCodec *codec, size_t size, Err *err)
{
    if (size <= codec->room)
        return true;
    free(codec->content);
    codec->content = malloc(size);
    codec->room = codec->content ? size : 0;
    return codec->content ||
           err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "segment of %zu bytes", size);
}

/* ---- checksums ---- */

static uint64_t sum_between(const uint8_t *batch, uint64_t begin, uint64_t end, uint64_t seed)
{
    return hash64(batch + begin, end - begin, seed);
}

/* Of the part's sections, which stand in `batch` at the places of `map`. `header`: that of the
 * whole batch, also when `batch` has no events. */
static uint64_t sum_of(const uint8_t *header, const uint8_t *batch, const BatchMap *map,
                       SegmentPart part)
{
    const uint64_t *at = map->at;
    uint64_t seed = hash64(header, BATCH_HEADER_BYTES, 0);
    if (part == SEGMENT_VALUES)
        return sum_between(batch, at[SECTION_VALUE_TYPE], map->total, seed);
    if (part == SEGMENT_TWINS)
        return sum_between(batch, at[SECTION_TWIN], at[SECTION_SIZE], seed);
    seed += sum_between(batch, at[SECTION_TIME], at[SECTION_TWIN], seed);
    return sum_between(batch, at[SECTION_SIZE], at[SECTION_VALUE_TYPE], seed);
}

/* ---- packing ---- */

static void write_head(uint8_t *to, SegmentPart part, uint64_t size, uint64_t family, uint64_t sum)
{
    memcpy(to, PART_MAGIC, 8);
    store_u32le(to + 8, (uint32_t)part);
    store_u32le(to + 12, (uint32_t)size);
    store_u64le(to + 16, family);
    store_u64le(to + 24, sum);
}

bool segment_pack(SegmentCodec *codec, Span batch, SegmentPart part, int level, Buf *out, Err *err)
{
    BatchCounts counts;
    BatchMap map;
    if (batch.len > BATCH_BYTES_MAX || !batch_read_header(batch, &counts, &map))
        return damaged(err, "not a batch");
    uint64_t size = segment_content_size(&map, part);
    size_t bound = ZSTD_compressBound(size);
    if (!need_room(codec, size, err))
        return false;
    uint8_t *to = (uint8_t *)buf_reserve(out, PART_HEADER_BYTES + bound);
    if (!to)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "segment of %zu bytes", batch.len);
    if (!segment_encode(batch, part, codec->content, err))
        return false;
    write_head(to, part, size, sum_of(batch.ptr, batch.ptr, &map, SEGMENT_VALUES),
               sum_of(batch.ptr, batch.ptr, &map, part));
    if (part == SEGMENT_TWINS && level > TWINS_LEVEL)
        level = TWINS_LEVEL;
    size_t packed =
        ZSTD_compressCCtx(codec->pack, to + PART_HEADER_BYTES, bound, codec->content, size, level);
    if (ZSTD_isError(packed))
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "segment: %s", ZSTD_getErrorName(packed));
    out->len += PART_HEADER_BYTES + packed;
    return true;
}

/* ---- unpacking ---- */

/* A part whose content lies in the codec. */
typedef struct Opened {
    Span content;
    BatchCounts counts; /* of the whole batch */
    BatchMap map;
    uint64_t family, sum;
} Opened;

static bool inflate(SegmentCodec *codec, Span frame, size_t size, Err *err)
{
    if (!need_room(codec, size, err))
        return false;
    size_t got = ZSTD_decompressDCtx(codec->unpack, codec->content, size, frame.ptr, frame.len);
    if (ZSTD_getErrorCode(got) == ZSTD_error_memory_allocation)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "segment of %zu bytes", frame.len);
    if (ZSTD_isError(got))
        return damaged(err, ZSTD_getErrorName(got));
    return got == size || damaged(err, "it holds fewer bytes than it says");
}

static bool open_part(SegmentCodec *codec, Span bytes, SegmentPart part, Opened *ret, Err *err)
{
    if (bytes.len < PART_HEADER_BYTES || memcmp(bytes.ptr, PART_MAGIC, 8) != 0)
        return damaged(err, "no header");
    if (load_u32le(bytes.ptr + 8) != (uint32_t)part)
        return damaged(err, "it is another part");
    size_t size = load_u32le(bytes.ptr + 12);
    if (size < BATCH_HEADER_BYTES || size > BATCH_BYTES_MAX)
        return damaged(err, "stated size is impossible");
    Span frame = span_of(bytes.ptr + PART_HEADER_BYTES, bytes.len - PART_HEADER_BYTES);
    if (!inflate(codec, frame, size, err))
        return false;
    *ret = (Opened){.content = span_of(codec->content, size),
                    .family = load_u64le(bytes.ptr + 16),
                    .sum = load_u64le(bytes.ptr + 24)};
    if (!batch_read_counts(ret->content, &ret->counts))
        return damaged(err, "it holds no batch");
    ret->map = batch_map(&ret->counts);
    if (ret->map.total > BATCH_BYTES_MAX || segment_content_size(&ret->map, part) != size)
        return damaged(err, "counts and size of the batch disagree");
    return true;
}

static uint8_t *batch_room(Buf *out, uint64_t total, Err *err)
{
    uint8_t *to = (uint8_t *)buf_reserve(out, total);
    if (!to)
        (void)err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "batch of %zu bytes", (size_t)total);
    return to;
}

static bool bad_sum(Err *err)
{
    return damaged(err, "its checksum is wrong");
}

bool segment_unpack_values(SegmentCodec *codec, Span values, Buf *out, Err *err)
{
    Opened part;
    if (!open_part(codec, values, SEGMENT_VALUES, &part, err))
        return false;
    BatchCounts counts = part.counts;
    counts.n[COUNT_EVENTS] = counts.n[COUNT_CELLS] = 0;
    BatchMap map = batch_map(&counts);
    uint8_t *to = batch_room(out, map.total, err);
    if (!to || !segment_decode(part.content, SEGMENT_VALUES, &counts, &map, to, err))
        return false;
    batch_write_header(&counts, map.total, to);
    if (part.family != part.sum || sum_of(part.content.ptr, to, &map, SEGMENT_VALUES) != part.sum)
        return bad_sum(err);
    out->len += map.total;
    return true;
}

/* The counts of a batch and of its dictionary agree but for events and cells. */
static bool same_dictionary(const BatchCounts *whole, const BatchCounts *dictionary)
{
    for (unsigned i = 0; i < COUNT_COUNT; i++)
        if (i != COUNT_EVENTS && i != COUNT_CELLS && whole->n[i] != dictionary->n[i])
            return false;
    return true;
}

/* Header, and the sections of values, of the batch at `to`. */
static bool begin_batch(Span dictionary, const Opened *part, uint8_t *to, Err *err)
{
    BatchCounts counts;
    BatchMap map;
    if (!batch_read_header(dictionary, &counts, &map) || !same_dictionary(&part->counts, &counts))
        return damaged(err, "values and events are not of the same batch");
    memcpy(to, part->content.ptr, BATCH_HEADER_BYTES);
    memcpy(to + part->map.at[SECTION_VALUE_TYPE], dictionary.ptr + map.at[SECTION_VALUE_TYPE],
           map.total - map.at[SECTION_VALUE_TYPE]);
    if (sum_of(to, to, &part->map, SEGMENT_VALUES) != part->family)
        return damaged(err, "values and events are not of the same batch");
    return true;
}

static bool add_twins(SegmentCodec *codec, Span twins, const Opened *events, uint8_t *to, Err *err)
{
    const BatchMap *map = &events->map;
    if (twins.len == 0) {
        memset(to + map->at[SECTION_TWIN], 0, map->at[SECTION_SIZE] - map->at[SECTION_TWIN]);
        return true;
    }
    Opened part;
    if (!open_part(codec, twins, SEGMENT_TWINS, &part, err))
        return false;
    if (part.family != events->family || memcmp(part.content.ptr, to, BATCH_HEADER_BYTES) != 0)
        return damaged(err, "twins and events are not of the same batch");
    if (!segment_decode(part.content, SEGMENT_TWINS, &part.counts, map, to, err))
        return false;
    return sum_of(to, to, map, SEGMENT_TWINS) == part.sum || bad_sum(err);
}

bool segment_unpack_events(SegmentCodec *codec, Span dictionary, Span events, Span twins, Buf *out,
                           Err *err)
{
    Opened part;
    if (!open_part(codec, events, SEGMENT_EVENTS, &part, err))
        return false;
    uint8_t *to = batch_room(out, part.map.total, err);
    if (!to || !begin_batch(dictionary, &part, to, err) ||
        !segment_decode(part.content, SEGMENT_EVENTS, &part.counts, &part.map, to, err))
        return false;
    if (sum_of(to, to, &part.map, SEGMENT_EVENTS) != part.sum)
        return bad_sum(err);
    if (!add_twins(codec, twins, &part, to, err))
        return false;
    /* It is the batch's own: batch_open would not take another. */
    if (load_u32le(to + 8) != part.map.total)
        return damaged(err, "counts and size of the batch disagree");
    out->len += part.map.total;
    return true;
}

bool segment_unpack_twins(SegmentCodec *codec, Span twins, SegmentTwins *ret, Err *err)
{
    Opened part;
    if (!open_part(codec, twins, SEGMENT_TWINS, &part, err))
        return false;
    /* Both columns are as in the batch, one behind the other. */
    const uint8_t *columns = part.content.ptr + BATCH_HEADER_BYTES;
    uint64_t seed = hash64(part.content.ptr, BATCH_HEADER_BYTES, 0);
    if (hash64(columns, part.content.len - BATCH_HEADER_BYTES, seed) != part.sum)
        return bad_sum(err);
    uint32_t events = part.counts.n[COUNT_EVENTS];
    if (events > BATCH_EVENTS_MAX)
        return damaged(err, "it holds too many events");
    *ret =
        (SegmentTwins){.events = events, .twin = columns, .payload = columns + 8 * (size_t)events};
    return true;
}

bool segment_unpack(SegmentCodec *codec, const Span parts[SEGMENT_PARTS], Buf *dictionary, Buf *out,
                    Err *err)
{
    buf_clear(dictionary);
    return segment_unpack_values(codec, parts[SEGMENT_VALUES], dictionary, err) &&
           segment_unpack_events(codec, buf_span(dictionary), parts[SEGMENT_EVENTS],
                                 parts[SEGMENT_TWINS], out, err);
}
