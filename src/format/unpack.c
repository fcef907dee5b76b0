#include "format/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "format/gunzip.h"

#define READ_BYTES (256u * 1024)

struct Unpack {
    const Input *in;
    Sink *sink;
    Gunzip *gunzip; /* or: */
    struct archive *archive;
    uint64_t at; /* of the item, next to be read */
    bool ended;
    Err read_error;
    uint8_t room[READ_BYTES];
};

static la_ssize_t read_item(struct archive *archive, void *ctx, const void **ret)
{
    Unpack *u = ctx;
    uint64_t left = u->in->size - u->at;
    size_t want = left < READ_BYTES ? (size_t)left : READ_BYTES;
    size_t got = want ? input_read(u->in, u->at, u->room, want, &u->read_error) : 0;
    if (got == 0 && u->read_error.code != ERR_NONE) {
        archive_set_error(archive, EIO, "%s", u->read_error.text);
        return ARCHIVE_FATAL;
    }
    u->at += got;
    *ret = u->room;
    sink_progress(u->sink, u->at);
    return (la_ssize_t)got;
}

static int support(struct archive *archive, Packing packing)
{
    switch (packing) {
    case PACKED_BZIP2:
        return archive_read_support_filter_bzip2(archive);
    case PACKED_COMPRESS:
        return archive_read_support_filter_compress(archive);
    case PACKED_XZ:
        return archive_read_support_filter_xz(archive);
    case PACKED_ZSTD:
        return archive_read_support_filter_zstd(archive);
    case PACKED_GZIP:
        break;
    }
    return ARCHIVE_FATAL;
}

static bool failed(const Unpack *u, Err *err)
{
    if (u->read_error.code != ERR_NONE) {
        *err = u->read_error;
        return false;
    }
    const char *text = archive_error_string(u->archive);
    bool memory = archive_errno(u->archive) == ENOMEM;
    return err_set(err, memory ? ERR_NO_MEMORY : ERR_FORMAT, unpack_at(u),
                   "compressed data is damaged: %s", text && *text ? text : "no reason given");
}

/* libarchive takes what it does not know as it is: that would be the item itself as its member. */
static bool begin(Unpack *u, Packing packing, Err *err)
{
    struct archive *a = u->archive;
    struct archive_entry *entry;
    if (!a || support(a, packing) != ARCHIVE_OK ||
        archive_read_support_format_raw(a) != ARCHIVE_OK ||
        archive_read_support_format_empty(a) != ARCHIVE_OK ||
        archive_read_set_read_callback(a, read_item) != ARCHIVE_OK ||
        archive_read_set_callback_data(a, u) != ARCHIVE_OK)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "libarchive cannot unpack it");
    if (archive_read_open1(a) != ARCHIVE_OK)
        return failed(u, err);
    int status = archive_read_next_header(a, &entry);
    u->ended = status == ARCHIVE_EOF;
    if (status != ARCHIVE_OK && status != ARCHIVE_EOF)
        return failed(u, err);
    if (archive_filter_count(a) < 2)
        return err_set(err, ERR_FORMAT, 0, "its header cannot be read");
    return true;
}

Unpack *unpack_open(Packing packing, const Input *in, Sink *sink, Err *err)
{
    CLEANUP(unpack_closep) Unpack *u = calloc(1, sizeof *u);
    if (!u) {
        err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory to unpack");
        return NULL;
    }
    u->in = in;
    u->sink = sink;
    if (packing == PACKED_GZIP) {
        u->gunzip = gunzip_open(in, sink, err);
        if (!u->gunzip)
            return NULL;
    } else {
        u->archive = archive_read_new();
        if (!begin(u, packing, err))
            return NULL;
    }
    Unpack *ready = u;
    u = NULL;
    return ready;
}

void unpack_close(Unpack *unpack)
{
    if (!unpack)
        return;
    gunzip_close(unpack->gunzip);
    if (unpack->archive)
        (void)archive_read_free(unpack->archive); /* nothing of ours depends on how it goes */
    free(unpack);
}

bool unpack_next(Unpack *unpack, Span *ret, Err *err)
{
    if (unpack->gunzip)
        return gunzip_next(unpack->gunzip, ret, err);
    while (!unpack->ended) {
        const void *block = NULL;
        size_t size = 0;
        la_int64_t offset;
        int status = archive_read_data_block(unpack->archive, &block, &size, &offset);
        unpack->ended = status == ARCHIVE_EOF || status < ARCHIVE_WARN;
        if (status < ARCHIVE_WARN)
            return failed(unpack, err);
        *ret = span_of(block, size);
        if (size)
            return true;
    }
    return false;
}

uint64_t unpack_at(const Unpack *unpack)
{
    if (unpack->gunzip)
        return gunzip_at(unpack->gunzip);
    la_int64_t used = archive_filter_bytes(unpack->archive, -1);
    return used > 0 && (uint64_t)used < unpack->at ? (uint64_t)used : unpack->at;
}

void unpack_tell_rest(const Unpack *unpack)
{
    const uint64_t begin = unpack_at(unpack);
    uint8_t room[4096];
    Err err;
    for (uint64_t at = begin; at < unpack->in->size;) {
        uint64_t left = unpack->in->size - at;
        size_t want = left < sizeof room ? (size_t)left : sizeof room;
        size_t got = input_read(unpack->in, at, room, want, &err);
        for (size_t i = 0; i < got; i++) {
            if (!room[i])
                continue;
            sink_defect(unpack->sink, begin, unpack->in->size - begin,
                        "%" PRIu64 " bytes behind the compressed data: not read",
                        unpack->in->size - begin);
            return;
        }
        if (got < want) /* the hash of the item has told */
            return;
        at += got;
    }
}
