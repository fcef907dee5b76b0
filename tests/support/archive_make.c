#include "archive_make.h"

#include <archive.h>
#include <archive_entry.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/hash.h"

const MakeKind MAKE_KINDS[MAKE_KIND_COUNT] = {
    [MAKE_V7] = {.name = "v7 tar", .format = "tar", .set_format = archive_write_set_format_v7tar},
    [MAKE_USTAR] = {.name = "ustar", .format = "tar", .set_format = archive_write_set_format_ustar},
    [MAKE_PAX] = {.name = "pax", .format = "tar", .set_format = archive_write_set_format_pax},
    [MAKE_GNU_TAR] = {.name = "gnu tar",
                      .format = "tar",
                      .set_format = archive_write_set_format_gnutar},
    [MAKE_TAR_GZ] = {.name = "tar.gz",
                     .format = "gzip",
                     .set_format = archive_write_set_format_pax,
                     .add_filter = archive_write_add_filter_gzip},
    [MAKE_TAR_BZ2] = {.name = "tar.bz2",
                      .format = "bzip2",
                      .set_format = archive_write_set_format_gnutar,
                      .add_filter = archive_write_add_filter_bzip2},
    [MAKE_TAR_XZ] = {.name = "tar.xz",
                     .format = "xz",
                     .set_format = archive_write_set_format_ustar,
                     .add_filter = archive_write_add_filter_xz},
    [MAKE_TAR_ZST] = {.name = "tar.zst",
                      .format = "zstd",
                      .set_format = archive_write_set_format_v7tar,
                      .add_filter = archive_write_add_filter_zstd},
    [MAKE_TAR_Z] = {.name = "tar.Z",
                    .format = "compress",
                    .set_format = archive_write_set_format_pax,
                    .add_filter = archive_write_add_filter_compress},
    [MAKE_ZIP] = {.name = "zip", .format = "zip", .set_format = archive_write_set_format_zip},
    [MAKE_ZIP_STORED] = {.name = "stored zip",
                         .format = "zip",
                         .set_format = archive_write_set_format_zip,
                         .options = "zip:compression=store"},
    [MAKE_ZIP64] = {.name = "zip64",
                    .format = "zip",
                    .set_format = archive_write_set_format_zip,
                    .options = "zip:zip64"},
    [MAKE_SEVEN_ZIP] = {.name = "7z", .format = "7z", .set_format = archive_write_set_format_7zip},
    [MAKE_SEVEN_ZIP_DEFLATE] = {.name = "7z, deflate",
                                .format = "7z",
                                .set_format = archive_write_set_format_7zip,
                                .options = "7zip:compression=deflate"},
    [MAKE_SEVEN_ZIP_BZIP2] = {.name = "7z, bzip2",
                              .format = "7z",
                              .set_format = archive_write_set_format_7zip,
                              .options = "7zip:compression=bzip2"},
    [MAKE_SEVEN_ZIP_PPMD] = {.name = "7z, ppmd",
                             .format = "7z",
                             .set_format = archive_write_set_format_7zip,
                             .options = "7zip:compression=ppmd"},
    [MAKE_SEVEN_ZIP_STORED] = {.name = "7z, stored",
                               .format = "7z",
                               .set_format = archive_write_set_format_7zip,
                               .options = "7zip:compression=store"},
};

/* ---- making ---- */

static la_ssize_t take(struct archive *archive, void *ctx, const void *bytes, size_t size)
{
    (void)archive;
    buf_add(ctx, bytes, size);
    return (la_ssize_t)size;
}

static void must(struct archive *archive, bool ok, const char *what)
{
    if (!ok)
        fail_msg("%s: %s", what, archive_error_string(archive));
}

static void put(struct archive *a, const MakeMember *member)
{
    struct archive_entry *entry = archive_entry_new();
    assert_non_null(entry);
    archive_entry_set_pathname(entry, member->name);
    archive_entry_set_filetype(entry, member->type ? member->type : AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_mtime(entry, 1700000000, 0);
    archive_entry_set_size(entry, (la_int64_t)(member->bytes.len + 2 * member->hole));
    if (member->hole)
        archive_entry_sparse_add_entry(entry, (la_int64_t)member->hole,
                                       (la_int64_t)member->bytes.len);
    if (member->link && member->hard)
        archive_entry_set_hardlink(entry, member->link);
    else if (member->link)
        archive_entry_set_symlink(entry, member->link);
    must(a, archive_write_header(a, entry) >= ARCHIVE_WARN, member->name);
    static const uint8_t ZEROS[4096];
    for (uint64_t left = member->hole; left;) { /* libarchive leaves them out */
        size_t n = left < sizeof ZEROS ? (size_t)left : sizeof ZEROS;
        must(a, archive_write_data(a, ZEROS, n) == (la_ssize_t)n, member->name);
        left -= n;
    }
    if (member->bytes.len)
        must(a,
             archive_write_data(a, member->bytes.ptr, member->bytes.len) ==
                 (la_ssize_t)member->bytes.len,
             member->name);
    archive_entry_free(entry);
}

void archive_make(const MakeKind *kind, const MakeMember *members, size_t count, Buf *ret)
{
    buf_init(ret, SIZE_MAX / 2);
    struct archive *a = archive_write_new();
    assert_non_null(a);
    must(a, !kind->add_filter || kind->add_filter(a) == ARCHIVE_OK, kind->name);
    must(a, kind->set_format(a) == ARCHIVE_OK, kind->name);
    must(a, !kind->options || archive_write_set_options(a, kind->options) == ARCHIVE_OK,
         kind->name);
    must(a, !kind->password || archive_write_set_passphrase(a, kind->password) == ARCHIVE_OK,
         kind->name);
    archive_write_set_bytes_in_last_block(a, 1);
    must(a, archive_write_open(a, ret, NULL, take, NULL) == ARCHIVE_OK, kind->name);
    for (size_t i = 0; i < count; i++)
        put(a, &members[i]);
    must(a, archive_write_close(a) == ARCHIVE_OK, kind->name);
    archive_write_free(a);
    assert_false(ret->failed);
}

/* ---- opening ---- */

typedef struct Listener {
    Opened *opened;
    bool in_member;
    Buf name;
    uint64_t size, hash, most, item_size;
} Listener;

static bool on_begin(void *ctx, const MemberHead *head, Err *err)
{
    Listener *l = ctx;
    (void)err;
    l->opened->bad |= l->in_member || !head->name.len || head->name.len > MEMBER_NAME_MAX;
    l->in_member = true;
    l->size = l->hash = 0;
    buf_clear(&l->name);
    buf_add_text(&l->name, head->name);
    return true;
}

static bool on_bytes(void *ctx, Span bytes, Err *err)
{
    Listener *l = ctx;
    l->opened->bad |= !l->in_member;
    for (size_t i = 0; i < bytes.len; i++) /* each is looked at; whatever the blocks */
        l->hash = (l->hash ^ bytes.ptr[i]) * 1099511628211u;
    l->size += bytes.len;
    l->opened->bytes += bytes.len;
    return l->opened->bytes <= l->most ||
           err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "the test has enough");
}

static bool on_end(void *ctx, Err *err)
{
    Listener *l = ctx;
    (void)err;
    l->opened->bad |= !l->in_member;
    l->in_member = false;
    l->opened->members++;
    BUF_LITERAL(&l->opened->log, "M ");
    for (size_t i = 0; i < l->name.len; i++) {
        unsigned char c = (unsigned char)l->name.ptr[i];
        if (c < 0x20 || c > 0x7E)
            buf_printf(&l->opened->log, "\\x%02x", c);
        else
            buf_add_char(&l->opened->log, (char)c);
    }
    buf_printf(&l->opened->log, " %" PRIu64 " %016" PRIx64 "\n", l->size, l->hash);
    return true;
}

static bool no_batch(void *ctx, Span batch, Err *err)
{
    Listener *l = ctx;
    (void)batch;
    l->opened->bad = true;
    return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "events of a container");
}

static void on_defect(void *ctx, DefectKind kind, uint64_t offset, uint64_t size, Text text)
{
    Listener *l = ctx;
    Opened *o = l->opened;
    bool placed = offset != ERR_NO_OFFSET;
    o->bad |= !text.len || (placed && (offset > l->item_size || size > l->item_size - offset));
    o->notes += kind == DEFECT_NOTE;
    o->defects += kind == DEFECT_DAMAGE;
    buf_add_char(&o->log, kind == DEFECT_NOTE ? 'N' : 'D');
    BUF_LITERAL(&o->log, " ");
    buf_add_text(&o->log, text);
    BUF_LITERAL(&o->log, "\n");
}

static void on_progress(void *ctx, uint64_t offset)
{
    Listener *l = ctx;
    l->opened->bad |= offset > l->item_size;
}

Opened archive_open_all(const Format *format, Span item, const char *name,
                        const FormatOptions *options, uint64_t most)
{
    static const FormatOptions NONE;
    Opened opened = {.bad = false};
    Listener l = {.opened = &opened, .most = most, .item_size = item.len};
    buf_init(&opened.log, SIZE_MAX / 2);
    buf_init(&l.name, SIZE_MAX / 2);
    SinkOwner owner = {.batch = no_batch, .defect = on_defect, .progress = on_progress, .ctx = &l};
    Sink *sink = sink_create(NULL, &owner, SINK_NO_ECS | SINK_NO_TWINS);
    assert_non_null(sink);
    MemberOut out = {.begin = on_begin, .bytes = on_bytes, .end = on_end, .ctx = &l};
    Input in = input_from_memory(item);
    in.name = text_from_z(name);
    Err err = {.code = ERR_NONE, .offset = ERR_NO_OFFSET};
    opened.failed = !format->open(&in, options ? options : &NONE, sink, &out, &err);
    if (opened.failed) {
        buf_printf(&opened.log, "E %s\n", err.text);
        opened.bad |= !*err.text || err.code == ERR_NONE ||
                      (err.offset != ERR_NO_OFFSET && err.offset > item.len);
    }
    opened.bad |=
        l.in_member && opened.bytes <= most; /* a member is left open by its receiver only */
    buf_add_char(&opened.log, '\0');
    assert_false(opened.log.failed);
    buf_done(&l.name);
    sink_destroy(sink);
    return opened;
}

void opened_done(Opened *opened)
{
    buf_done(&opened->log);
}

const Format *archive_identify(Span item)
{
    const Format *tie;
    return format_identify(
        span_of(item.ptr, item.len < FORMAT_PROBE_BYTES ? item.len : FORMAT_PROBE_BYTES), item.len,
        &tie);
}
