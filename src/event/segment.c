/* The segment:
 *
 *   offset  size  meaning
 *        0     8  "CONSTAS1"
 *        8     8  bytes of the batch
 *       16     8  XXH3 of the batch
 *       24        zstd frame: header of the batch, then its sections in their order without the
 *                 zeros between them, each rearranged (segment_code.h) */
#include "event/segment.h"

#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "event/batch.h"
#include "event/batch_format.h"
#include "event/segment_code.h"

#define SEGMENT_MAGIC        "CONSTAS1"
#define SEGMENT_HEADER_BYTES 24

bool segment_pack(Span batch, int level, Buf *out, Err *err)
{
    BatchCounts counts;
    BatchMap map;
    if (batch.len > BATCH_BYTES_MAX || !batch_read_header(batch, &counts, &map))
        return err_set(err, ERR_FORMAT, 0, "segment: not a batch");
    uint64_t size = segment_content_size(&map);
    CLEANUP(freep) uint8_t *content = malloc(size);
    size_t bound = ZSTD_compressBound(size);
    uint8_t *to = (uint8_t *)buf_reserve(out, SEGMENT_HEADER_BYTES + bound);
    if (!content || !to)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "segment of %zu bytes", batch.len);
    if (!segment_encode(batch, content, err))
        return false;
    memcpy(to, SEGMENT_MAGIC, 8);
    store_u64le(to + 8, batch.len);
    store_u64le(to + 16, hash64(batch.ptr, batch.len, 0));
    size_t packed = ZSTD_compress(to + SEGMENT_HEADER_BYTES, bound, content, size, level);
    if (ZSTD_isError(packed))
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "segment: %s", ZSTD_getErrorName(packed));
    out->len += SEGMENT_HEADER_BYTES + packed;
    return true;
}

static bool damaged(Err *err, const char *what)
{
    return err_set(err, ERR_FORMAT, 0, "segment: %s", what);
}

bool segment_unpack(Span segment, Buf *out, Err *err)
{
    BatchCounts counts;
    if (segment.len < SEGMENT_HEADER_BYTES || memcmp(segment.ptr, SEGMENT_MAGIC, 8) != 0)
        return damaged(err, "no segment header");
    uint64_t total = load_u64le(segment.ptr + 8), sum = load_u64le(segment.ptr + 16);
    if (total < BATCH_HEADER_BYTES || total > BATCH_BYTES_MAX)
        return damaged(err, "stated size of the batch is impossible");
    CLEANUP(freep) uint8_t *content = malloc(total);
    uint8_t *to = (uint8_t *)buf_reserve(out, total);
    if (!content || !to)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "batch of %zu bytes", (size_t)total);
    size_t size = ZSTD_decompress(content, total, segment.ptr + SEGMENT_HEADER_BYTES,
                                  segment.len - SEGMENT_HEADER_BYTES);
    if (ZSTD_getErrorCode(size) == ZSTD_error_memory_allocation)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "segment of %zu bytes", segment.len);
    if (ZSTD_isError(size))
        return damaged(err, ZSTD_getErrorName(size));
    if (!batch_read_counts(span_of(content, size), &counts))
        return damaged(err, "it holds no batch");
    BatchMap map = batch_map(&counts);
    if (map.total != total)
        return damaged(err, "counts and size of the batch disagree");
    if (!segment_decode(span_of(content, size), &counts, &map, to, err))
        return false;
    if (hash64(to, total, 0) != sum)
        return damaged(err, "checksum of the batch is wrong");
    out->len += total;
    return true;
}
