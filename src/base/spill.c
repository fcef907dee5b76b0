#include "base/spill.h"

#include <stdlib.h>
#include <zstd.h>

#include "base/scratch.h"

#define LEVEL     1
#define HEAD_SIZE 8 /* u32 packed bytes, u32 raw bytes */

struct Spill {
    const char *folder;
    Scratch *file;
    ZSTD_CCtx *pack;
    ZSTD_DCtx *unpack;
    Buf packed;
};

Spill *spill_create(const char *folder)
{
    Spill *spill = calloc(1, sizeof *spill);
    if (!spill)
        return NULL;
    spill->folder = folder;
    spill->file = scratch_create(folder);
    buf_init(&spill->packed, SIZE_MAX / 2);
    spill->pack = ZSTD_createCCtx();
    spill->unpack = ZSTD_createDCtx();
    if (!spill->file || !spill->pack || !spill->unpack) {
        spill_destroy(spill);
        return NULL;
    }
    return spill;
}

void spill_destroy(Spill *spill)
{
    if (!spill)
        return;
    scratch_destroy(spill->file);
    ZSTD_freeCCtx(spill->pack);
    ZSTD_freeDCtx(spill->unpack);
    buf_done(&spill->packed);
    free(spill);
}

uint64_t spill_end(const Spill *spill)
{
    return scratch_end(spill->file);
}

bool spill_write(Spill *spill, Span raw, SpillRef *ret, Err *err)
{
    size_t room = ZSTD_compressBound(raw.len);
    buf_clear(&spill->packed);
    char *out = buf_reserve(&spill->packed, HEAD_SIZE + room);
    if (!out)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory to compress rows");
    size_t packed = ZSTD_compressCCtx(spill->pack, out + HEAD_SIZE, room, raw.ptr, raw.len, LEVEL);
    if (ZSTD_isError(packed) || packed > UINT32_MAX || raw.len > INT32_MAX)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "compressing rows: %s",
                       ZSTD_getErrorName(packed));
    store_u32le((uint8_t *)out, (uint32_t)packed);
    store_u32le((uint8_t *)out + 4, (uint32_t)raw.len);
    uint64_t at = scratch_end(spill->file);
    if (!scratch_append(spill->file, span_of(out, HEAD_SIZE + packed), err))
        return false;
    *ret =
        (SpillRef){.offset = at, .packed_bytes = (uint32_t)packed, .raw_bytes = (uint32_t)raw.len};
    return true;
}

bool spill_read(Spill *spill, SpillRef ref, Buf *ret, Err *err)
{
    buf_clear(&spill->packed);
    buf_clear(ret);
    char *packed = buf_reserve(&spill->packed, ref.packed_bytes);
    char *raw = buf_reserve(ret, ref.raw_bytes + (size_t)1); /* never an empty allocation */
    if (!packed || !raw)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory to read rows back");
    if (!scratch_read(spill->file, ref.offset + HEAD_SIZE, packed, ref.packed_bytes, err))
        return false;
    size_t n = ZSTD_decompressDCtx(spill->unpack, raw, ref.raw_bytes, packed, ref.packed_bytes);
    if (ZSTD_isError(n) || n != ref.raw_bytes)
        return err_set(err, ERR_IO, ERR_NO_OFFSET,
                       "the temporary file in %s does not give back what was written",
                       quote_z(spill->folder).str);
    ret->len = n;
    return true;
}

bool spill_read_next(Spill *spill, uint64_t *offset, Buf *ret, Err *err)
{
    uint8_t head[HEAD_SIZE];
    if (!scratch_read(spill->file, *offset, head, sizeof head, err))
        return false;
    SpillRef ref = {
        .offset = *offset, .packed_bytes = load_u32le(head), .raw_bytes = load_u32le(head + 4)};
    if (!spill_read(spill, ref, ret, err))
        return false;
    *offset += HEAD_SIZE + (uint64_t)ref.packed_bytes;
    return true;
}

void spill_release(Spill *spill, uint64_t begin, uint64_t end)
{
    scratch_release(spill->file, begin, end);
}
