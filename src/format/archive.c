/* archive.c: members of archives, by libarchive. Which kinds, and what is refused:
 * docs/formats/archive.md. */
#include "format/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"

#define READ_BYTES (256u * 1024)

typedef struct Opening {
    const Input *in;
    Sink *sink;
    const MemberOut *out;
    struct archive *archive;
    uint8_t *room;    /* what libarchive is reading */
    uint64_t at;      /* next byte of the item */
    uint64_t members; /* so far */
    uint64_t bytes;   /* of all members so far */
    Err read_error;   /* of the item */
    bool refused;     /* by `out`, or a limit: err is set */
} Opening;

static void archive_freep(struct archive **archive)
{
    if (*archive)
        (void)archive_read_free(*archive); /* nothing of ours depends on how it goes */
}

/* ---- the item, as libarchive asks for it ---- */

static la_ssize_t read_item(struct archive *archive, void *ctx, const void **ret)
{
    Opening *o = ctx;
    size_t got = input_read(o->in, o->at, o->room, READ_BYTES, &o->read_error);
    if (got == 0 && o->read_error.code != ERR_NONE) {
        archive_set_error(archive, EIO, "%s", o->read_error.text);
        return ARCHIVE_FATAL;
    }
    *ret = o->room;
    o->at += got;
    sink_progress(o->sink, o->at);
    return (la_ssize_t)got;
}

static la_int64_t skip_item(struct archive *archive, void *ctx, la_int64_t want)
{
    Opening *o = ctx;
    (void)archive;
    uint64_t left = o->in->size - o->at;
    uint64_t step = want < 0 ? 0 : (uint64_t)want < left ? (uint64_t)want : left;
    o->at += step;
    return (la_int64_t)step;
}

static la_int64_t seek_item(struct archive *archive, void *ctx, la_int64_t offset, int whence)
{
    Opening *o = ctx;
    (void)archive;
    int64_t base = whence == SEEK_SET   ? 0
                   : whence == SEEK_CUR ? (int64_t)o->at
                                        : (int64_t)o->in->size;
    int64_t to;
    if (__builtin_add_overflow(base, offset, &to) || to < 0 || (uint64_t)to > o->in->size)
        return ARCHIVE_FATAL;
    o->at = (uint64_t)to;
    return to;
}

/* ---- members ---- */

static const char *error_text(struct archive *archive)
{
    const char *text = archive_error_string(archive);
    return text && *text ? text : "damaged";
}

/* The name of what is in a compressed file that is no archive: the file's own without its ending.
 */
static Text inner_name(Text name)
{
    static const char *const ENDINGS[] = {".gz", ".bz2", ".xz", ".zst", ".lzma", ".Z"};
    for (size_t i = 0; i < sizeof ENDINGS / sizeof ENDINGS[0]; i++) {
        Text ending = text_from_z(ENDINGS[i]);
        if (name.len > ending.len &&
            text_equal_nocase(text_of(name.ptr + name.len - ending.len, ending.len), ending))
            return text_of(name.ptr, name.len - ending.len);
    }
    return name.len ? name : TEXT("content");
}

static Text member_name(const Opening *o, struct archive_entry *entry)
{
    if (archive_format(o->archive) == ARCHIVE_FORMAT_RAW)
        return inner_name(o->in->name);
    const char *name = archive_entry_pathname_utf8(entry);
    Text text = text_from_z(name ? name : archive_entry_pathname(entry));
    while (text.len && text.ptr[0] == '/')
        text = text_of(text.ptr + 1, text.len - 1);
    while (text.len >= 2 && text.ptr[0] == '.' && text.ptr[1] == '/')
        text = text_of(text.ptr + 2, text.len - 2);
    if (text.len == 0)
        return TEXT("(no name)");
    return text_of(text.ptr, text.len < ARCHIVE_NAME_MAX ? text.len : ARCHIVE_NAME_MAX);
}

static bool refuse(Opening *o, Err *err, const char *limit)
{
    o->refused = true;
    return err_set(err, ERR_LIMIT, o->at < o->in->size ? o->at : o->in->size,
                   "not read on after %" PRIu64 " members with %" PRIu64 " bytes: more than %s",
                   o->members, o->bytes, limit);
}

static bool within_limits(Opening *o, Err *err)
{
    if (o->bytes > ARCHIVE_BYTES_MAX)
        return refuse(o, err, "1 TiB");
    if (o->bytes > ARCHIVE_RATIO_FROM && o->bytes / ARCHIVE_RATIO_MAX > o->in->size)
        return refuse(o, err, "250 times its own size, as in a decompression bomb");
    return true;
}

static bool put_bytes(Opening *o, Span bytes, Err *err)
{
    o->bytes += bytes.len;
    if (!within_limits(o, err))
        return false;
    o->refused = !o->out->bytes(o->out->ctx, bytes, err);
    return !o->refused;
}

/* A gap in a sparse member. */
static bool put_zeros(Opening *o, uint64_t count, Err *err)
{
    static const uint8_t ZEROS[64 * 1024];
    for (; count > sizeof ZEROS; count -= sizeof ZEROS)
        if (!put_bytes(o, span_of(ZEROS, sizeof ZEROS), err))
            return false;
    return put_bytes(o, span_of(ZEROS, (size_t)count), err);
}

static bool begin_member(Opening *o, const MemberHead *head, Err *err)
{
    if (++o->members > ARCHIVE_MEMBERS_MAX)
        return refuse(o, err, "1,000,000 members");
    o->refused = !o->out->begin(o->out->ctx, head, err);
    return !o->refused;
}

/* The entry's bytes as a member; it begins with its first byte, so that one that cannot be read at
 * all (no password) is none. One that breaks off is kept as far as it came. */
static bool put_content(Opening *o, const MemberHead *head, Err *err)
{
    uint64_t have = 0;
    bool begun = false;
    for (;;) {
        const void *block = NULL;
        size_t size = 0;
        la_int64_t offset = 0;
        int status = archive_read_data_block(o->archive, &block, &size, &offset);
        if (status < ARCHIVE_WARN) {
            sink_defect(o->sink, o->at, 0, "%s: after %" PRIu64 " bytes: %s",
                        quote(head->name.ptr, head->name.len).str, have, error_text(o->archive));
            break;
        }
        if (!begun && !begin_member(o, head, err))
            return false;
        begun = true;
        uint64_t to = status != ARCHIVE_EOF    ? (uint64_t)offset
                      : head->size < INT64_MAX ? head->size
                                               : 0; /* a hole at the end */
        if (to > have && !put_zeros(o, to - have, err))
            return false;
        have = to > have ? to : have;
        if (status == ARCHIVE_EOF)
            break;
        if (size && !put_bytes(o, span_of(block, size), err))
            return false;
        have += size;
    }
    o->refused = begun && !o->out->end(o->out->ctx, err);
    return !o->refused;
}

/* Folders are in the names of what is in them; links and devices lead nowhere. */
static bool is_file(Opening *o, struct archive_entry *entry, Text name)
{
    const char *link = archive_entry_hardlink(entry);
    if (link) {
        sink_note(o->sink, o->at, "%s is another name of %s in the archive",
                  quote(name.ptr, name.len).str, quote_z(link).str);
        return false;
    }
    unsigned type = archive_entry_filetype(entry);
    if (type == AE_IFDIR)
        return false;
    if (type == AE_IFREG || type == 0)
        return true;
    sink_note(o->sink, o->at, "%s is a %s: not followed", quote(name.ptr, name.len).str,
              type == AE_IFLNK ? "link" : "device or pipe");
    return false;
}

static bool put_member(Opening *o, struct archive_entry *entry, Err *err)
{
    MemberHead head = {
        .name = member_name(o, entry), /* the entry's: lives until the next header is read */
        .size = archive_entry_size_is_set(entry) ? (uint64_t)archive_entry_size(entry) : UINT64_MAX,
    };
    return !is_file(o, entry, head.name) || put_content(o, &head, err);
}

/* ---- the whole ---- */

static bool set_up(Opening *o, const FormatOptions *options)
{
    struct archive *a = o->archive;
    bool ok = archive_read_support_filter_gzip(a) == ARCHIVE_OK &&
              archive_read_support_filter_bzip2(a) == ARCHIVE_OK &&
              archive_read_support_filter_xz(a) == ARCHIVE_OK &&
              archive_read_support_filter_lzma(a) == ARCHIVE_OK &&
              archive_read_support_filter_zstd(a) == ARCHIVE_OK &&
              archive_read_support_filter_compress(a) == ARCHIVE_OK &&
              archive_read_support_format_zip(a) == ARCHIVE_OK &&
              archive_read_support_format_7zip(a) == ARCHIVE_OK &&
              archive_read_support_format_tar(a) == ARCHIVE_OK &&
              archive_read_support_format_raw(a) == ARCHIVE_OK &&
              archive_read_set_read_callback(a, read_item) == ARCHIVE_OK &&
              archive_read_set_skip_callback(a, skip_item) == ARCHIVE_OK &&
              archive_read_set_seek_callback(a, seek_item) == ARCHIVE_OK &&
              archive_read_set_callback_data(a, o) == ARCHIVE_OK;
    for (size_t i = 0; ok && i < options->password_count; i++)
        if (options->passwords[i][0]) /* an empty one is refused by libarchive */
            ok = archive_read_add_passphrase(a, options->passwords[i]) == ARCHIVE_OK;
    return ok;
}

static bool walk(Opening *o, Err *err)
{
    for (;;) {
        struct archive_entry *entry;
        int status = archive_read_next_header(o->archive, &entry);
        if (status == ARCHIVE_EOF)
            return true;
        if (status < ARCHIVE_WARN) {
            if (o->read_error.code != ERR_NONE) {
                *err = o->read_error;
                return false;
            }
            return err_set(err, ERR_FORMAT, o->at, "after %" PRIu64 " members: %s", o->members,
                           error_text(o->archive));
        }
        if (status == ARCHIVE_WARN)
            sink_note(o->sink, o->at, "%s", error_text(o->archive));
        if (!put_member(o, entry, err))
            return false;
    }
}

bool archive_open(const Input *in, const FormatOptions *options, Sink *sink, const MemberOut *out,
                  Err *err)
{
    CLEANUP(archive_freep) struct archive *archive = archive_read_new();
    CLEANUP(freep) uint8_t *room = malloc(READ_BYTES);
    Opening o = {.in = in, .sink = sink, .out = out, .archive = archive, .room = room};
    if (!archive || !room || !set_up(&o, options))
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory to open the archive");
    if (archive_read_open1(archive) != ARCHIVE_OK)
        return err_set(err, ERR_FORMAT, o.at, "%s", error_text(archive));
    return walk(&o, err);
}

void archive_prepare(void)
{
    /* Names of members become UTF-8; this also loads the C library's list of character sets. */
    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        (void)setlocale(LC_CTYPE, "C");
    CLEANUP(archive_freep) struct archive *archive = archive_read_new();
    struct archive_entry *entry = archive ? archive_entry_new2(archive) : NULL;
    /* The times of members are local ones to libarchive, and the C library would look for
     * /etc/localtime. Nothing here uses them. */
    (void)setenv("TZ", "UTC0", 1);
    tzset();
    if (!entry)
        return;
    static const wchar_t NAME[] = {0xE9, 0};
    archive_entry_copy_pathname_w(entry, NAME);
    (void)archive_entry_pathname_utf8(entry);
    archive_entry_free(entry);
}
