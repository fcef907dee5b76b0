#include "format/gunzip.h"

#include <inttypes.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/hash.h"

#define IN_BYTES  (256u * 1024)
#define OUT_BYTES (256u * 1024)

/* Header of a part: magic (2), method (1), flags (1), time (4), more flags (1), system (1); then
 * what the flags announce. */
#define HEADER_BYTES    10
#define FLAG_HEADER_CRC 0x02u
#define FLAG_EXTRA      0x04u
#define FLAG_NAME       0x08u
#define FLAG_COMMENT    0x10u
#define FLAGS_UNKNOWN   0xE0u

struct Gunzip {
    const Input *in;
    Sink *sink;
    uint64_t at;   /* of the item, next to be read */
    uint64_t part; /* where this part began */
    bool in_part, began, ended;
    uint32_t crc, size; /* of the part so far */
    Err failure;        /* why it ended; told when all that came before it is out */
    z_stream z;         /* next_in, avail_in: what is left in `room` */
    uint8_t room[IN_BYTES];
    uint8_t out[OUT_BYTES];
};

Gunzip *gunzip_open(const Input *in, Sink *sink, Err *err)
{
    Gunzip *gunzip = calloc(1, sizeof *gunzip);
    if (gunzip && inflateInit2(&gunzip->z, -MAX_WBITS) == Z_OK) {
        gunzip->in = in;
        gunzip->sink = sink;
        return gunzip;
    }
    free(gunzip);
    err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory to read gzip");
    return NULL;
}

void gunzip_close(Gunzip *gunzip)
{
    if (!gunzip)
        return;
    (void)inflateEnd(&gunzip->z);
    free(gunzip);
}

uint64_t gunzip_at(const Gunzip *gunzip)
{
    return gunzip->at - gunzip->z.avail_in;
}

/* At least one byte in the room. false: the item's end, or a read error if err->code is set. */
static bool fill(Gunzip *gunzip, Err *err)
{
    if (gunzip->z.avail_in)
        return true;
    uint64_t left = gunzip->in->size - gunzip->at;
    size_t want = left < IN_BYTES ? (size_t)left : IN_BYTES;
    size_t got = want ? input_read(gunzip->in, gunzip->at, gunzip->room, want, err) : 0;
    gunzip->at += got;
    gunzip->z.next_in = gunzip->room;
    gunzip->z.avail_in = (uInt)got;
    sink_progress(gunzip->sink, gunzip->at);
    return got > 0;
}

static bool ends_within(const Gunzip *gunzip, Err *err, const char *what)
{
    if (err->code)
        return false;
    return err_set(err, ERR_FORMAT, gunzip_at(gunzip), "ends within %s", what);
}

static bool next_byte(Gunzip *gunzip, uint8_t *ret, Err *err)
{
    if (!fill(gunzip, err))
        return false;
    *ret = *gunzip->z.next_in++;
    gunzip->z.avail_in--;
    return true;
}

static bool skip(Gunzip *gunzip, uint32_t count, Err *err)
{
    uint8_t byte;
    while (count-- > 0)
        if (!next_byte(gunzip, &byte, err))
            return false;
    return true;
}

static bool skip_text(Gunzip *gunzip, Err *err)
{
    uint8_t byte;
    do
        if (!next_byte(gunzip, &byte, err))
            return false;
    while (byte);
    return true;
}

static bool little_endian(Gunzip *gunzip, unsigned count, uint32_t *ret, Err *err)
{
    *ret = 0;
    for (unsigned i = 0; i < count; i++) {
        uint8_t byte;
        if (!next_byte(gunzip, &byte, err))
            return false;
        *ret |= (uint32_t)byte << 8 * i;
    }
    return true;
}

static bool skip_extra(Gunzip *gunzip, Err *err)
{
    uint32_t size;
    return little_endian(gunzip, 2, &size, err) && skip(gunzip, size, err);
}

static bool read_header(Gunzip *gunzip, uint8_t *ret_flags, Err *err)
{
    uint8_t head[HEADER_BYTES];
    for (size_t i = 0; i < sizeof head; i++)
        if (!next_byte(gunzip, &head[i], err))
            return false;
    *ret_flags = head[3];
    if (head[2] != 8 || head[3] & FLAGS_UNKNOWN)
        return err_set(err, ERR_FORMAT, gunzip->part, "gzip of method %u with flags %02x", head[2],
                       head[3]);
    return (!(head[3] & FLAG_EXTRA) || skip_extra(gunzip, err)) &&
           (!(head[3] & FLAG_NAME) || skip_text(gunzip, err)) &&
           (!(head[3] & FLAG_COMMENT) || skip_text(gunzip, err)) &&
           (!(head[3] & FLAG_HEADER_CRC) || skip(gunzip, 2, err));
}

/* Is there another part? What is there otherwise, the caller tells (unpack_tell_rest). */
static bool begins_part(Gunzip *gunzip, Err *err)
{
    if (!fill(gunzip, err))
        return false;
    if (!gunzip->began)
        return true; /* as the probe has seen */
    uint8_t magic[3] = {0};
    uint64_t here = gunzip_at(gunzip);
    size_t want = gunzip->in->size - here < sizeof magic ? 0 : sizeof magic;
    return want && input_read(gunzip->in, here, magic, want, err) == want && magic[0] == 0x1F &&
           magic[1] == 0x8B && magic[2] == 8;
}

static bool begin_part(Gunzip *gunzip, Err *err)
{
    uint8_t flags;
    if (!begins_part(gunzip, err))
        return gunzip->began ? false : ends_within(gunzip, err, "a header of gzip");
    gunzip->part = gunzip_at(gunzip);
    gunzip->began = true;
    if (!read_header(gunzip, &flags, err))
        return ends_within(gunzip, err, "a header of gzip");
    (void)inflateReset(&gunzip->z);
    gunzip->crc = gunzip->size = 0;
    gunzip->in_part = true;
    return true;
}

static bool end_part(Gunzip *gunzip, Err *err)
{
    uint32_t crc, size;
    gunzip->in_part = false;
    uint64_t at = gunzip_at(gunzip);
    if (!little_endian(gunzip, 4, &crc, err) || !little_endian(gunzip, 4, &size, err))
        return ends_within(gunzip, err, "the sum behind compressed data");
    if (crc != gunzip->crc)
        sink_defect(gunzip->sink, at, 4, "its CRC is %08" PRIx32 ", %08" PRIx32 " is stated",
                    gunzip->crc, crc);
    else if (size != gunzip->size)
        sink_defect(gunzip->sink, at + 4, 4, "%" PRIu32 " bytes, %" PRIu32 " are stated",
                    gunzip->size, size);
    return true;
}

/* Some of the part into `out`; false: damage. */
static bool inflate_some(Gunzip *gunzip, Err *err)
{
    z_stream *z = &gunzip->z;
    if (!fill(gunzip, err))
        return ends_within(gunzip, err, "compressed data");
    uint8_t *begin = z->next_out;
    int status = inflate(z, Z_NO_FLUSH);
    Span got = span_of(begin, (size_t)(z->next_out - begin));
    gunzip->crc = crc32_ieee(gunzip->crc, got);
    gunzip->size += (uint32_t)got.len;
    if (status == Z_STREAM_END)
        return end_part(gunzip, err);
    if (status == Z_OK || (status == Z_BUF_ERROR && !z->avail_in))
        return true;
    return err_set(err, status == Z_MEM_ERROR ? ERR_NO_MEMORY : ERR_FORMAT, gunzip_at(gunzip),
                   "compressed data is damaged: %s", z->msg ? z->msg : "no reason given");
}

bool gunzip_next(Gunzip *gunzip, Span *ret, Err *err)
{
    Err failure = {.code = ERR_NONE};
    gunzip->z.next_out = gunzip->out;
    gunzip->z.avail_out = OUT_BYTES;
    while (gunzip->z.avail_out && !gunzip->ended)
        if (!(gunzip->in_part ? inflate_some(gunzip, &failure) : begin_part(gunzip, &failure)))
            gunzip->ended = true;
    *ret = span_of(gunzip->out, OUT_BYTES - gunzip->z.avail_out);
    if (failure.code)
        gunzip->failure = failure;
    if (ret->len)
        return true;
    *err = gunzip->failure;
    return false;
}
