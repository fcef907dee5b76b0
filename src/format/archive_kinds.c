/* archive_kinds.c: one row for each kind of archive and compressed file, told by its signature. */
#include <string.h>

#include "format/archive.h"

static Confidence by_signature(Span head, const void *signature, size_t len)
{
    return span_starts_with(head, signature, len) ? CONFIDENCE_CERTAIN : CONFIDENCE_NONE;
}

static Confidence zip_probe(Span head, uint64_t item_size)
{
    (void)item_size;
    bool file = span_starts_with(head, "PK\3\4", 4);
    bool none = span_starts_with(head, "PK\5\6", 4);         /* no members */
    bool split = span_starts_with(head, "PK\7\10PK\3\4", 8); /* was meant to be split */
    return file || none || split ? CONFIDENCE_CERTAIN : CONFIDENCE_NONE;
}

static Confidence seven_zip_probe(Span head, uint64_t item_size)
{
    (void)item_size;
    return by_signature(head, "7z\xBC\xAF\x27\x1C", 6);
}

static Confidence gzip_probe(Span head, uint64_t item_size)
{
    (void)item_size;
    return by_signature(head, "\x1F\x8B\x08", 3);
}

static Confidence bzip2_probe(Span head, uint64_t item_size)
{
    (void)item_size;
    bool digit = head.len >= 10 && head.ptr[3] >= '1' && head.ptr[3] <= '9';
    bool block = digit && memcmp(head.ptr + 4, "1AY&SY", 6) == 0;
    bool empty = digit && memcmp(head.ptr + 4, "\x17\x72\x45\x38\x50\x90", 6) == 0;
    return span_starts_with(head, "BZh", 3) && (block || empty) ? CONFIDENCE_CERTAIN
                                                                : CONFIDENCE_NONE;
}

static Confidence xz_probe(Span head, uint64_t item_size)
{
    (void)item_size;
    return by_signature(head, "\xFD\x37zXZ\0", 6);
}

static Confidence zstd_probe(Span head, uint64_t item_size)
{
    (void)item_size;
    return by_signature(head, "\x28\xB5\x2F\xFD", 4);
}

/* compress(1): a flag byte follows, of which two bits are always 0. */
static Confidence compress_probe(Span head, uint64_t item_size)
{
    (void)item_size;
    bool flags = head.len > 2 && (head.ptr[2] & 0x60) == 0 && (head.ptr[2] & 0x1F) >= 9 &&
                 (head.ptr[2] & 0x1F) <= 16;
    return flags && span_starts_with(head, "\x1F\x9D", 2) ? CONFIDENCE_CERTAIN : CONFIDENCE_NONE;
}

#define TAR_CHECKSUM_AT  148
#define TAR_CHECKSUM_LEN 8

/* Does the sum over a tar header, its own field taken as blanks, stand in that field? */
static bool tar_sum_fits(Span head)
{
    uint32_t sum = 0, stated = 0;
    unsigned digits = 0;
    for (size_t i = 0; i < TAR_BLOCK; i++) {
        bool field = i >= TAR_CHECKSUM_AT && i < TAR_CHECKSUM_AT + TAR_CHECKSUM_LEN;
        sum += field ? ' ' : head.ptr[i];
        if (field && head.ptr[i] >= '0' && head.ptr[i] <= '7') {
            stated = stated * 8 + (uint32_t)(head.ptr[i] - '0');
            digits++;
        }
    }
    return digits >= 4 && sum == stated;
}

Confidence tar_probe(Span head, uint64_t item_size)
{
    (void)item_size;
    if (head.len < TAR_BLOCK || head.ptr[0] == 0 || !tar_sum_fits(head))
        return CONFIDENCE_NONE;
    return memcmp(head.ptr + 257, "ustar", 5) == 0 ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
}

#define COMPRESSED(id, packing)                                                                    \
    static bool id##_open(const Input *in, const FormatOptions *options, Sink *sink,               \
                          const MemberOut *out, Err *err)                                          \
    {                                                                                              \
        (void)options;                                                                             \
        return compressed_open(packing, in, sink, out, err);                                       \
    }

COMPRESSED(bzip2, PACKED_BZIP2)
COMPRESSED(compress, PACKED_COMPRESS)
COMPRESSED(gzip, PACKED_GZIP)
COMPRESSED(xz, PACKED_XZ)
COMPRESSED(zstd, PACKED_ZSTD)

#define ARCHIVE_ROW(id, stored_name, opener, what)                                                 \
    const Format id##_format = {                                                                   \
        .name = stored_name,                                                                       \
        .summary = what,                                                                           \
        .doc = "docs/formats/archive.md",                                                          \
        .probe = id##_probe,                                                                       \
        .prepare = archive_prepare,                                                                \
        .open = opener,                                                                            \
    }

ARCHIVE_ROW(bzip2, "bzip2", bzip2_open, "bzip2 (also of a tar archive)");
ARCHIVE_ROW(compress, "compress", compress_open, "compress, .Z (also of a tar archive)");
ARCHIVE_ROW(gzip, "gzip", gzip_open, "gzip (also of a tar archive)");
ARCHIVE_ROW(seven_zip, "7z", archive_open_seven_zip, "7-Zip archive");
ARCHIVE_ROW(tar, "tar", archive_open_tar, "tar archive");
ARCHIVE_ROW(xz, "xz", xz_open, "xz (also of a tar archive)");
ARCHIVE_ROW(zip, "zip", archive_open_zip, "zip archive");
ARCHIVE_ROW(zstd, "zstd", zstd_open, "Zstandard (also of a tar archive)");
