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

/* An archive that is read, from an item or from what is unpacked of one. */
typedef struct Reading {
    Opening *opening;
    struct archive *archive;
    uint8_t *room;  /* of an item: what libarchive is reading */
    uint8_t *spare; /* as large, for what it does not see */
    uint64_t at;    /* its next byte */
    Unpack *unpack; /* NULL: an item */
    Span first;     /* unpacked before, not given yet */
    uint64_t unpacked;
    bool zeros_last;      /* the last block read is a tar archive's end mark */
    Err fault;            /* of the bytes, not of the archive */
    uint64_t lost_blocks; /* of a tar archive: without a header, since the last one */
    uint64_t lost_at;
} Reading;

static void archive_freep(struct archive **archive)
{
    if (*archive)
        (void)archive_read_free(*archive); /* nothing of ours depends on how it goes */
}

/* Where in the item it is. */
static uint64_t place(const Reading *r)
{
    if (r->unpack)
        return unpack_at(r->unpack);
    la_int64_t used = archive_filter_bytes(r->archive, 0);
    uint64_t size = r->opening->in->size;
    return used < 0 ? 0 : (uint64_t)used < size ? (uint64_t)used : size;
}

/* ---- bytes, as libarchive asks for them ---- */

static la_ssize_t stop(Reading *r, const Err *fault)
{
    r->fault = *fault;
    archive_set_error(r->archive, EIO, "%s", fault->text);
    return ARCHIVE_FATAL;
}

static void look_at_end(Reading *r, Span bytes)
{
    size_t zeros = 0;
    while (zeros < TAR_BLOCK && zeros < bytes.len && !bytes.ptr[bytes.len - 1 - zeros])
        zeros++;
    if (bytes.len)
        r->zeros_last = zeros == TAR_BLOCK;
}

static la_ssize_t read_item(struct archive *archive, void *ctx, const void **ret)
{
    Reading *r = ctx;
    (void)archive;
    const Input *in = r->opening->in;
    Err fault = {.code = ERR_NONE};
    size_t want = in->size - r->at < READ_BYTES ? (size_t)(in->size - r->at) : READ_BYTES;
    size_t got = want ? input_read(in, r->at, r->room, want, &fault) : 0;
    if (got == 0 && fault.code != ERR_NONE)
        return stop(r, &fault);
    *ret = r->room;
    r->at += got;
    look_at_end(r, span_of(r->room, got));
    sink_progress(r->opening->sink, r->at);
    return (la_ssize_t)got;
}

static la_int64_t skip_item(struct archive *archive, void *ctx, la_int64_t want)
{
    Reading *r = ctx;
    (void)archive;
    uint64_t left = r->opening->in->size - r->at;
    uint64_t step = want < 0 ? 0 : (uint64_t)want < left ? (uint64_t)want : left;
    r->zeros_last = step ? false : r->zeros_last;
    r->at += step;
    return (la_int64_t)step;
}

static la_int64_t seek_item(struct archive *archive, void *ctx, la_int64_t offset, int whence)
{
    Reading *r = ctx;
    (void)archive;
    int64_t base = whence == SEEK_SET   ? 0
                   : whence == SEEK_CUR ? (int64_t)r->at
                                        : (int64_t)r->opening->in->size;
    int64_t to;
    if (__builtin_add_overflow(base, offset, &to) || to < 0 || (uint64_t)to > r->opening->in->size)
        return ARCHIVE_FATAL;
    r->at = (uint64_t)to;
    return to;
}

static la_ssize_t read_unpacked(struct archive *archive, void *ctx, const void **ret)
{
    Reading *r = ctx;
    (void)archive;
    Span next = r->first;
    Err fault = {.code = ERR_NONE};
    r->first = (Span){0};
    if (!next.len && !unpack_next(r->unpack, &next, &fault))
        return fault.code ? stop(r, &fault) : 0;
    r->unpacked += next.len;
    if (opening_is_bomb(r->unpacked, r->opening->in->size)) {
        err_set(&fault, ERR_LIMIT, unpack_at(r->unpack),
                "not read on: %" PRIu64 " bytes come out of %" PRIu64
                ", as in a decompression bomb",
                r->unpacked, unpack_at(r->unpack));
        return stop(r, &fault);
    }
    look_at_end(r, next);
    *ret = next.ptr;
    return (la_ssize_t)next.len;
}

static const char *fault_text(const Reading *r)
{
    const char *text = r->fault.code ? r->fault.text : archive_error_string(r->archive);
    return text && *text ? text : "damaged";
}

/* ---- members ---- */

#define ZIP_HEADER      30u /* of a member; its name and what else it needs follow, both counted */
#define ZIP_NAME_COUNT  26u
#define ZIP_EXTRA_COUNT 28u
#define ZIP_HEADER_MAX  (ZIP_HEADER + 2 * 65535u)

/* A name in a zip that is said to be UTF-8 and is not is lost to libarchive, which has just read
 * the header that holds it: that ends here. */
static Text zip_name(const Reading *r)
{
    uint64_t end = place(r);
    size_t size = end < ZIP_HEADER_MAX ? (size_t)end : ZIP_HEADER_MAX;
    if (size > READ_BYTES || input_read(r->opening->in, end - size, r->spare, size, NULL) != size)
        return (Text){0};
    for (size_t back = ZIP_HEADER; back <= size; back++) {
        const uint8_t *header = r->spare + size - back;
        size_t name = load_u16le(header + ZIP_NAME_COUNT),
               extra = load_u16le(header + ZIP_EXTRA_COUNT);
        if (memcmp(header, "PK\3\4", 4) == 0 && ZIP_HEADER + name + extra == back)
            return text_of((const char *)header + ZIP_HEADER, name);
    }
    return (Text){0};
}

/* Names go on as the archive has them, but for what only leads to the same place. */
static Text member_name(const Reading *r, struct archive_entry *entry)
{
    const char *name = archive_entry_pathname_utf8(entry);
    Text text = text_from_z(name ? name : archive_entry_pathname(entry));
    if (!text.len && archive_format(r->archive) == ARCHIVE_FORMAT_ZIP)
        text = zip_name(r);
    for (;;) {
        if (text.len && text.ptr[0] == '/')
            text = text_of(text.ptr + 1, text.len - 1);
        else if (text.len >= 2 && text.ptr[0] == '.' && text.ptr[1] == '/')
            text = text_of(text.ptr + 2, text.len - 2);
        else
            return text.len ? text : TEXT("(no name)");
    }
}

static bool is_tar(const Reading *r)
{
    return (archive_format(r->archive) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_TAR;
}

/* What comes between what was read of the member and `to`. *ret false: the member ends here. */
static bool fill_gap(Reading *r, Text name, uint64_t have, la_int64_t to, bool *ret, Err *err)
{
    Opening *o = r->opening;
    *ret = true;
    if (to < 0 || (uint64_t)to == have)
        return true;
    if ((uint64_t)to < have) {
        sink_defect(o->sink, place(r), 0, "%s: after %" PRIu64 " bytes: goes back to byte %" PRIu64,
                    quote(name.ptr, name.len).str, have, (uint64_t)to);
        *ret = false;
        return true;
    }
    if (!opening_hole(o, (uint64_t)to - have, ret, err))
        return false;
    if (!*ret)
        sink_defect(o->sink, place(r), 0,
                    "%s: after %" PRIu64 " bytes: cut, as a hole of %" PRIu64 " bytes follows",
                    quote(name.ptr, name.len).str, have, (uint64_t)to - have);
    return true;
}

typedef struct Block {
    int status;
    Span bytes;
    la_int64_t offset; /* in the member; at its end in a tar archive: its size */
} Block;

static Block next_block(Reading *r, Text name, uint64_t have)
{
    const void *bytes = NULL;
    size_t size = 0;
    Block block = {.offset = -1};
    block.status = archive_read_data_block(r->archive, &bytes, &size, &block.offset);
    block.bytes = span_of(bytes, size);
    if (block.status == ARCHIVE_EOF && !is_tar(r))
        block.offset = -1;
    if (block.status <= ARCHIVE_WARN)
        sink_defect(r->opening->sink, place(r), 0, "%s: after %" PRIu64 " bytes: %s",
                    quote(name.ptr, name.len).str, have + (block.status < ARCHIVE_WARN ? 0 : size),
                    fault_text(r));
    return block;
}

/* The entry's bytes as a member; it begins with its first block, so that one that cannot be read at
 * all (no password) is none. One that breaks off is kept as far as it came. */
static bool put_content(Reading *r, const MemberHead *head, Err *err)
{
    Opening *o = r->opening;
    uint64_t have = 0;
    for (bool more = true; more;) {
        Block block = next_block(r, head->name, have);
        if (block.status < ARCHIVE_WARN)
            break;
        if (!o->in_member && !opening_begin(o, head, err))
            return false;
        bool end = block.status == ARCHIVE_EOF;
        bool data = !end && block.bytes.len;
        if ((end || data) && !fill_gap(r, head->name, have, block.offset, &more, err))
            return false;
        if (!more || end)
            break;
        if (data && !opening_bytes(o, block.bytes, err))
            return false;
        if (data && block.offset >= 0)
            have = (uint64_t)block.offset + block.bytes.len;
        more = data || block.status == ARCHIVE_OK; /* after a warning without bytes comes nothing */
    }
    return !o->in_member || opening_end(o, err);
}

/* Folders are in the names of what is in them; links and devices lead nowhere. */
static bool is_file(Reading *r, struct archive_entry *entry, Text name)
{
    Sink *sink = r->opening->sink;
    Quoted quoted = quote(name.ptr, name.len);
    unsigned type = archive_entry_filetype(entry);
    la_int64_t size = archive_entry_size_is_set(entry) ? archive_entry_size(entry) : 0;
    const char *link = archive_entry_hardlink(entry);
    if (link && size <= 0) {
        sink_note(sink, place(r), "%s is another name of %s in the archive", quoted.str,
                  quote_z(link).str);
        return false;
    }
    if (type == AE_IFREG || type == 0)
        return true;
    if (type == AE_IFLNK) {
        const char *to = archive_entry_symlink(entry);
        sink_note(sink, place(r), "%s is a link to %s: not followed", quoted.str,
                  to ? quote_z(to).str : "nowhere");
        return false;
    }
    if (type != AE_IFDIR)
        sink_note(sink, place(r), "%s is a device or pipe", quoted.str);
    if (size > 0) /* tar: a list of what was in the folder when it was saved */
        sink_defect(sink, place(r), 0, "%s is no file, but has %" PRId64 " bytes: not read",
                    quoted.str, (int64_t)size);
    return false;
}

static bool put_member(Reading *r, struct archive_entry *entry, Err *err)
{
    MemberHead head = {
        .name = member_name(r, entry), /* the entry's: lives until the next header is read */
        .size = archive_entry_size_is_set(entry) ? (uint64_t)archive_entry_size(entry) : UINT64_MAX,
    };
    return !is_file(r, entry, head.name) || put_content(r, &head, err);
}

/* ---- the whole ---- */

/* Blocks of a tar archive in which no header could be found. */
static void tell_lost(Reading *r)
{
    if (!r->lost_blocks)
        return;
    uint64_t size = r->lost_blocks * TAR_BLOCK;
    sink_defect(r->opening->sink, r->lost_at, r->unpack ? 0 : size,
                "%" PRIu64 " bytes without a header: not read", size);
    r->lost_blocks = 0;
}

static bool break_off(const Reading *r, Err *err)
{
    if (r->fault.code != ERR_NONE) {
        *err = r->fault;
        return err_wrap(err, "after %" PRIu64 " members", r->opening->members);
    }
    bool memory = archive_errno(r->archive) == ENOMEM;
    return err_set(err, memory ? ERR_NO_MEMORY : ERR_FORMAT, place(r),
                   "after %" PRIu64 " members: %s", r->opening->members, fault_text(r));
}

static bool walk(Reading *r, Err *err)
{
    for (;;) {
        struct archive_entry *entry;
        uint64_t before = place(r);
        int status = archive_read_next_header(r->archive, &entry);
        if (status == ARCHIVE_RETRY) {
            r->lost_at = r->lost_blocks++ ? r->lost_at : before;
            continue;
        }
        tell_lost(r);
        if (status == ARCHIVE_EOF && is_tar(r) && !r->zeros_last) /* some writers leave it out */
            sink_note(r->opening->sink, place(r),
                      "no mark of its end: it may have had more members");
        if (status == ARCHIVE_EOF)
            return true;
        if (status < ARCHIVE_WARN)
            return break_off(r, err);
        if (status == ARCHIVE_WARN) {
            Text name = member_name(r, entry);
            sink_defect(r->opening->sink, place(r), 0, "%s: %s", quote(name.ptr, name.len).str,
                        fault_text(r));
        }
        if (!put_member(r, entry, err))
            return false;
    }
}

static bool no_libarchive(Err *err)
{
    return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "libarchive cannot open it");
}

static bool add_passwords(struct archive *archive, const FormatOptions *options)
{
    for (size_t i = 0; i < options->password_count; i++)
        if (options->passwords[i][0] && /* an empty one is refused by libarchive */
            archive_read_add_passphrase(archive, options->passwords[i]) != ARCHIVE_OK)
            return false;
    return true;
}

static bool open_item(Reading *r)
{
    struct archive *a = r->archive;
    return archive_read_set_read_callback(a, read_item) == ARCHIVE_OK &&
           archive_read_set_skip_callback(a, skip_item) == ARCHIVE_OK &&
           archive_read_set_seek_callback(a, seek_item) == ARCHIVE_OK &&
           archive_read_set_callback_data(a, r) == ARCHIVE_OK;
}

/* An archive whose kind is known: whatever libarchive would make of it otherwise. */
static bool open_as(Opening *opening, int (*support)(struct archive *),
                    const FormatOptions *options, Err *err)
{
    CLEANUP(archive_freep) struct archive *archive = archive_read_new();
    CLEANUP(freep) uint8_t *room = malloc(2 * READ_BYTES);
    Reading r = {.opening = opening,
                 .archive = archive,
                 .room = room,
                 .spare = room ? room + READ_BYTES : NULL};
    if (!archive || !room || support(archive) != ARCHIVE_OK || !open_item(&r) ||
        !add_passwords(archive, options))
        return no_libarchive(err);
    if (archive_read_open1(archive) != ARCHIVE_OK)
        return break_off(&r, err);
    return walk(&r, err);
}

/* Archives that were put behind each other are one. */
static int support_tar(struct archive *archive)
{
    int status = archive_read_support_format_tar(archive);
    return status != ARCHIVE_OK
               ? status
               : archive_read_set_format_option(archive, "tar", "read_concatenated_archives", "1");
}

bool archive_open_tar(const Input *in, const FormatOptions *options, Sink *sink,
                      const MemberOut *out, Err *err)
{
    Opening opening = {.in = in, .sink = sink, .out = out};
    return open_as(&opening, support_tar, options, err);
}

bool archive_open_seven_zip(const Input *in, const FormatOptions *options, Sink *sink,
                            const MemberOut *out, Err *err)
{
    Opening opening = {.in = in, .sink = sink, .out = out};
    return open_as(&opening, archive_read_support_format_7zip, options, err);
}

/* Nothing but the end of a directory, which libarchive does not take for an archive. */
static bool is_empty_zip(const Input *in)
{
    uint8_t end[22];
    return in->size >= sizeof end && input_read(in, 0, end, sizeof end, NULL) == sizeof end &&
           memcmp(end, "PK\5\6", 4) == 0 &&
           in->size == sizeof end + load_u16le(end + 20); /* a comment */
}

/* By the directory at its end; without one (the archive was cut off), by what stands before each
 * member. */
bool archive_open_zip(const Input *in, const FormatOptions *options, Sink *sink,
                      const MemberOut *out, Err *err)
{
    Opening opening = {.in = in, .sink = sink, .out = out};
    Err failure = {.code = ERR_NONE};
    if (is_empty_zip(in))
        return true;
    if (open_as(&opening, archive_read_support_format_zip_seekable, options, &failure))
        return true;
    if (failure.code != ERR_FORMAT || opening.members) {
        *err = failure;
        return false;
    }
    sink_defect(sink, failure.offset, 0,
                "its directory cannot be read (%s): members are looked for without it",
                failure.text);
    return open_as(&opening, archive_read_support_format_zip_streamable, options, err);
}

bool archive_open_packed_tar(Opening *opening, Unpack *unpack, Span first, Err *err)
{
    CLEANUP(archive_freep) struct archive *archive = archive_read_new();
    Reading r = {.opening = opening, .archive = archive, .unpack = unpack, .first = first};
    if (!archive || support_tar(archive) != ARCHIVE_OK ||
        archive_read_set_read_callback(archive, read_unpacked) != ARCHIVE_OK ||
        archive_read_set_callback_data(archive, &r) != ARCHIVE_OK)
        return no_libarchive(err);
    if (archive_read_open1(archive) != ARCHIVE_OK)
        return break_off(&r, err);
    return walk(&r, err);
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
