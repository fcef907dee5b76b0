#include "base/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#define LEVEL     1
#define HEAD_SIZE 8 /* u32 packed bytes, u32 raw bytes */

struct Spill {
    const char *folder;
    int fd;
    uint64_t end;
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
    spill->fd = -1;
    buf_init(&spill->packed, SIZE_MAX / 2);
    spill->pack = ZSTD_createCCtx();
    spill->unpack = ZSTD_createDCtx();
    if (!spill->pack || !spill->unpack) {
        spill_destroy(spill);
        return NULL;
    }
    return spill;
}

void spill_destroy(Spill *spill)
{
    if (!spill)
        return;
    if (spill->fd >= 0)
        close(spill->fd);
    ZSTD_freeCCtx(spill->pack);
    ZSTD_freeDCtx(spill->unpack);
    buf_done(&spill->packed);
    free(spill);
}

uint64_t spill_end(const Spill *spill)
{
    return spill->end;
}

/* File systems without O_TMPFILE get a name for a moment. */
static int make_named(const char *folder)
{
    Buf path;
    buf_init(&path, 4096);
    buf_printf(&path, "%s/constat-XXXXXX", folder);
    buf_add_char(&path, '\0');
    int fd = -1;
    if (path.failed)
        errno = ENAMETOOLONG;
    else
        fd = mkostemp(path.ptr, O_CLOEXEC);
    if (fd >= 0)
        (void)unlink(path.ptr);
    int saved = errno;
    buf_done(&path);
    errno = saved;
    return fd;
}

static bool ensure_file(Spill *spill, Err *err)
{
    if (spill->fd >= 0)
        return true;
    spill->fd = open(spill->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (spill->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
        spill->fd = make_named(spill->folder);
    if (spill->fd >= 0)
        return true;
    return err_errno(err, errno, "cannot make a temporary file in %s", quote_z(spill->folder).str);
}

static bool write_all(Spill *spill, Span bytes, uint64_t offset, Err *err)
{
    while (bytes.len) {
        ssize_t n = pwrite(spill->fd, bytes.ptr, bytes.len, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return err_errno(err, n < 0 ? errno : ENOSPC,
                             "cannot write the temporary file in %s (%" PRIu64 " bytes so far)",
                             quote_z(spill->folder).str, spill->end);
        bytes = span_of(bytes.ptr + n, bytes.len - (size_t)n);
        offset += (uint64_t)n;
    }
    return true;
}

bool spill_write(Spill *spill, Span raw, SpillRef *ret, Err *err)
{
    if (!ensure_file(spill, err))
        return false;
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
    if (!write_all(spill, span_of(out, HEAD_SIZE + packed), spill->end, err))
        return false;
    *ret = (SpillRef){
        .offset = spill->end, .packed_bytes = (uint32_t)packed, .raw_bytes = (uint32_t)raw.len};
    spill->end += HEAD_SIZE + packed;
    return true;
}

static bool read_all(Spill *spill, void *out, size_t size, uint64_t offset, Err *err)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = pread(spill->fd, (char *)out + done, size - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return err_errno(err, n < 0 ? errno : EIO, "cannot read the temporary file in %s",
                             quote_z(spill->folder).str);
        done += (size_t)n;
    }
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
    if (!read_all(spill, packed, ref.packed_bytes, ref.offset + HEAD_SIZE, err))
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
    if (!read_all(spill, head, sizeof head, *offset, err))
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
    if (spill->fd >= 0 && end > begin)
        (void)fallocate(spill->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)begin,
                        (off_t)(end - begin));
}
