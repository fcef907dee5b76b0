/* Archives and compressed files: every kind gives its members whole; what cannot be had is named.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>

#include "archive_make.h"
#include "format/archive.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static uint64_t fnv(Span bytes)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < bytes.len; i++)
        hash = (hash ^ bytes.ptr[i]) * 1099511628211u;
    return hash;
}

static Span text(const char *z)
{
    return span_of(z, strlen(z));
}

/* Bytes that do not compress well, so that blocks have borders. */
static Span noise(size_t size)
{
    static uint8_t bytes[150000];
    assert_in_range(size, 0, sizeof bytes);
    uint32_t x = 1;
    for (size_t i = 0; i < sizeof bytes; i++) {
        x = x * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(x >> 24) & (i % 3 ? 0x0F : 0xFF);
    }
    return span_of(bytes, size);
}

/* Make, identify, open, and demand to hear just this. `%` at a line's end stands for the rest. */
static void check_log(const char *what, const char *log, const char *expected)
{
    const char *have = log, *want = expected;
    while (*want) {
        const char *have_end = strchr(have, '\n'), *want_end = strchr(want, '\n');
        size_t len = (size_t)(want_end - want);
        bool rest = len && want[len - 1] == '%';
        len -= rest;
        if (!have_end || strncmp(have, want, len) != 0 ||
            (!rest && (size_t)(have_end - have) != len))
            fail_msg("%s:\n%s, expected\n%s", what, log, expected);
        have = have_end + 1;
        want = want_end + 1;
    }
    if (*have)
        fail_msg("%s:\n%s, expected only\n%s", what, log, expected);
}

static void check_item(const char *what, Span item, const char *name, const char *format,
                       const FormatOptions *options, const char *expected)
{
    const Format *known = archive_identify(item);
    if (!known || strcmp(known->name, format) != 0)
        fail_msg("%s is taken for %s", what, known ? known->name : "nothing");
    Opened opened = archive_open_all(known, item, name, options, UINT64_MAX);
    assert_false(opened.bad);
    check_log(what, opened.log.ptr, expected);
    opened_done(&opened);
}

static void check_made(const MakeKind *kind, const MakeMember *members, size_t count,
                       const FormatOptions *options, const char *expected)
{
    Buf item;
    archive_make(kind, members, count, &item);
    check_item(kind->name, buf_span(&item), "x", kind->format, options, expected);
    buf_done(&item);
}

static void add_member_line(Buf *log, const char *name, Span bytes)
{
    buf_printf(log, "M %s %zu %016llx\n", name, bytes.len, (unsigned long long)fnv(bytes));
}

/* ---- kinds ---- */

static void test_every_kind(void **state)
{
    (void)state;
    const MakeMember members[] = {
        {.name = "a/one", .bytes = text("first")},
        {.name = "a/", .type = AE_IFDIR},
        {.name = "two", .bytes = noise(150000)},
        {.name = "a/b/three", .bytes = noise(512)},
        {.name = "a/one", .bytes = text("of the same name")},
    };
    Buf expected;
    buf_init(&expected, 1 << 20);
    for (size_t i = 0; i < COUNT(members); i++)
        if (!members[i].type)
            add_member_line(&expected, members[i].name, members[i].bytes);
    buf_add_char(&expected, '\0');
    for (size_t i = 0; i < MAKE_KIND_COUNT; i++)
        check_made(&MAKE_KINDS[i], members, COUNT(members), NULL, expected.ptr);
    buf_done(&expected);
}

/* 7z has empty members behind the others; all have them. */
static void test_empty_members(void **state)
{
    (void)state;
    const MakeMember members[] = {
        {.name = "one", .bytes = text("first")},
        {.name = "zero"},
    };
    Buf expected;
    buf_init(&expected, 1000);
    add_member_line(&expected, "one", members[0].bytes);
    add_member_line(&expected, "zero", members[1].bytes);
    buf_add_char(&expected, '\0');
    for (size_t i = 0; i < MAKE_KIND_COUNT; i++)
        check_made(&MAKE_KINDS[i], members, 2, NULL, expected.ptr);
    buf_done(&expected);
}

typedef struct Filter {
    const char *name, *format;
    int (*add)(struct archive *);
} Filter;

static const Filter FILTERS[] = {
    {"log.gz", "gzip", archive_write_add_filter_gzip},
    {"log.BZ2", "bzip2", archive_write_add_filter_bzip2},
    {"log.xz", "xz", archive_write_add_filter_xz},
    {"log.zst", "zstd", archive_write_add_filter_zstd},
    {"log.Z", "compress", archive_write_add_filter_compress},
};

static void pack(const Filter *filter, Span bytes, Buf *ret)
{
    const MakeKind kind = {.name = filter->name,
                           .set_format = archive_write_set_format_raw,
                           .add_filter = filter->add};
    const MakeMember member = {.name = "data", .bytes = bytes};
    archive_make(&kind, &member, 1, ret);
}

static void test_compressed_files(void **state)
{
    (void)state;
    const Span contents[] = {text("one line\n"), noise(150000), noise(511), {0}};
    for (size_t i = 0; i < COUNT(FILTERS); i++) {
        size_t count = COUNT(contents) - (i == 4); /* libarchive makes no empty .Z */
        for (size_t c = 0; c < count; c++) {
            Buf item, expected;
            pack(&FILTERS[i], contents[c], &item);
            buf_init(&expected, 1000);
            add_member_line(&expected, "log", contents[c]);
            buf_add_char(&expected, '\0');
            check_item(FILTERS[i].name, buf_span(&item), FILTERS[i].name, FILTERS[i].format, NULL,
                       expected.ptr);
            buf_done(&item);
            buf_done(&expected);
        }
    }
}

/* A disk image whose first sectors are empty is not an empty tar archive. */
static void test_zeros_first(void **state)
{
    (void)state;
    uint8_t *image = calloc(1, 100000);
    assert_non_null(image);
    memcpy(image + 70000, "something after all", 19);
    for (size_t i = 0; i < COUNT(FILTERS); i++) {
        Buf item, expected;
        pack(&FILTERS[i], span_of(image, 100000), &item);
        buf_init(&expected, 1000);
        add_member_line(&expected, "disk.dd", span_of(image, 100000));
        buf_add_char(&expected, '\0');
        check_item("disk.dd.gz", buf_span(&item), i ? "disk.dd.xz" : "disk.dd.gz",
                   FILTERS[i].format, NULL, expected.ptr);
        buf_done(&item);
        buf_done(&expected);
    }
    free(image);
}

/* What lies in a compressed file is an item of its own, whatever it is: no step is left out. */
static void test_one_step_at_a_time(void **state)
{
    (void)state;
    const MakeMember member = {.name = "m", .bytes = text("text")};
    Buf zip, gz, again, expected;
    archive_make(&MAKE_KINDS[MAKE_ZIP], &member, 1, &zip);
    pack(&FILTERS[0], buf_span(&zip), &gz);
    pack(&FILTERS[2], buf_span(&gz), &again);
    buf_init(&expected, 1000);
    add_member_line(&expected, "m.zip", buf_span(&zip));
    buf_add_char(&expected, '\0');
    check_item("zip.gz", buf_span(&gz), "m.zip.gz", "gzip", NULL, expected.ptr);
    buf_clear(&expected);
    add_member_line(&expected, "m.zip.gz", buf_span(&gz));
    buf_add_char(&expected, '\0');
    check_item("zip.gz.xz", buf_span(&again), "m.zip.gz.xz", "xz", NULL, expected.ptr);
    buf_done(&zip);
    buf_done(&gz);
    buf_done(&again);
    buf_done(&expected);
}

static void test_nothing_in_them(void **state)
{
    (void)state;
    for (size_t i = MAKE_ZIP; i < MAKE_KIND_COUNT; i++)
        if (i != MAKE_ZIP64) /* zip64: no program makes that */
            check_made(&MAKE_KINDS[i], NULL, 0, NULL, "");
}

/* ---- passwords ---- */

static void test_passwords(void **state)
{
    (void)state;
    static const char *const METHODS[] = {"zip:encryption=zipcrypt", "zip:encryption=aes128",
                                          "zip:encryption=aes256"};
    static const char *const RIGHT[] = {"", "wrong one", "s3cret \xc3\xa9", "another"};
    static const char *const WRONG[] = {"wrong one", "s3cret"};
    const FormatOptions right = {.passwords = RIGHT, .password_count = COUNT(RIGHT)};
    const FormatOptions wrong = {.passwords = WRONG, .password_count = COUNT(WRONG)};
    const FormatOptions none = {.password_count = 0};
    const MakeMember members[] = {{.name = "one", .bytes = noise(70000)},
                                  {.name = "two", .bytes = text("short")}};
    Buf expected;
    buf_init(&expected, 1000);
    for (size_t i = 0; i < 2; i++)
        add_member_line(&expected, members[i].name, members[i].bytes);
    buf_add_char(&expected, '\0');
    for (size_t i = 0; i < COUNT(METHODS); i++) {
        MakeKind kind = {.name = METHODS[i],
                         .format = "zip",
                         .set_format = archive_write_set_format_zip,
                         .options = METHODS[i],
                         .password = RIGHT[2]};
        check_made(&kind, members, 2, &right, expected.ptr);
        check_made(&kind, members, 2, &none,
                   "D one: after 0 bytes: Passphrase required for this entry\n"
                   "D two: after 0 bytes: Passphrase required for this entry\n");
        if (i) /* ZipCrypto: one of 256 wrong ones is taken for right */
            check_made(&kind, members, 2, &wrong,
                       "D one: after 0 bytes: %\nD two: after 0 bytes: %\n");
    }
    buf_done(&expected);
}

/* ---- names ---- */

static bool is_utf8(Text t)
{
    size_t pos = 0;
    while (pos < t.len)
        if (utf8_next(t, &pos) == UTF8_INVALID)
            return false;
    return true;
}

static void check_names(const MakeKind *kind, const char *name, const char *shown)
{
    const MakeMember member = {.name = name, .bytes = text("x")};
    Buf expected;
    buf_init(&expected, 100000);
    bool told = strcmp(kind->format, "zip") == 0 && !is_utf8(text_from_z(name));
    if (told)
        buf_printf(&expected, "D %s: Pathname cannot be converted%%\n", shown);
    buf_printf(&expected, "M %s 1 %%\n", shown);
    buf_add_char(&expected, '\0');
    check_made(kind, &member, 1, NULL, expected.ptr);
    buf_done(&expected);
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *name, *shown;
    } NAMES[] = {
        {"/etc/passwd", "etc/passwd"},
        {"//x", "x"},
        {"./a/./b", "a/./b"},
        {".//./x", "x"},
        {"../../x", "../../x"},
        {"a/../../x", "a/../../x"},
        {"C:\\Windows\\x.evtx", "C:\\Windows\\x.evtx"},
        {"two words!and a mark", "two words!and a mark"},
        {"esc\x1b[2J\n", "esc\\x1b[2J\\x0a"},
        {"caf\xc3\xa9", "caf\\xc3\\xa9"},
        {"caf\xe9", "caf\\xe9"},
        {"\xff\xfe\x80", "\\xff\\xfe\\x80"},
    };
    static const size_t KINDS[] = {MAKE_USTAR, MAKE_PAX, MAKE_GNU_TAR, MAKE_ZIP, MAKE_SEVEN_ZIP};
    for (size_t k = 0; k < COUNT(KINDS); k++)
        for (size_t i = 0; i < COUNT(NAMES); i++) {
            bool bytes = KINDS[k] == MAKE_SEVEN_ZIP && i >= 10; /* 7z: UTF-16 only */
            bool slash =
                KINDS[k] == MAKE_ZIP && strchr(NAMES[i].name, '\\'); /* what PowerShell makes */
            if (!bytes)
                check_names(&MAKE_KINDS[KINDS[k]], NAMES[i].name,
                            slash ? "C:/Windows/x.evtx" : NAMES[i].shown);
        }
}

static void test_long_names(void **state)
{
    (void)state;
    char name[40001];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    static const size_t LENGTHS[] = {99, 100, 101, 256, 5000, MEMBER_NAME_MAX};
    static const size_t KINDS[] = {MAKE_PAX, MAKE_GNU_TAR, MAKE_ZIP, MAKE_SEVEN_ZIP};
    for (size_t k = 0; k < COUNT(KINDS); k++)
        for (size_t i = 0; i < COUNT(LENGTHS); i++) {
            char *part = strndup(name, LENGTHS[i]);
            check_names(&MAKE_KINDS[KINDS[k]], part, part);
            free(part);
        }
    const MakeMember member = {.name = name, .bytes = text("x")};
    Buf expected;
    buf_init(&expected, 100000);
    BUF_LITERAL(&expected, "D nnn%\nM ");
    buf_add(&expected, name, MEMBER_NAME_MAX);
    BUF_LITERAL(&expected, " 1 %\n");
    buf_add_char(&expected, '\0');
    check_made(&MAKE_KINDS[MAKE_PAX], &member, 1, NULL, expected.ptr);
    check_made(&MAKE_KINDS[MAKE_ZIP], &member, 1, NULL, expected.ptr);
    buf_done(&expected);
}

/* A flag says that a name in a zip is UTF-8. Without it, it is in the code page of some PC: the
 * bytes are kept. With it and bytes that are no UTF-8, that is told. */
static void test_zip_name_flag(void **state)
{
    (void)state;
    const MakeMember member = {.name = "caf\xc3\xa9", .bytes = text("x")};
    Buf item;
    archive_make(&MAKE_KINDS[MAKE_ZIP], &member, 1, &item);
    uint8_t *p = (uint8_t *)item.ptr;
    unsigned flags = 0;
    for (size_t i = 0; i + 10 < item.len; i++)
        if (memcmp(p + i, "PK\3\4", 4) == 0 || memcmp(p + i, "PK\1\2", 4) == 0) {
            uint8_t *flag = p + i + (p[i + 2] == 3 ? 7 : 9);
            flags += *flag >> 3 & 1;
            *flag &= (uint8_t)~8u;
        }
    assert_int_equal(flags, 2);
    check_item("no flag", buf_span(&item), "x", "zip", NULL, "M caf\\xc3\\xa9 1 %\n");
    for (size_t i = 0; i + 5 <= item.len; i++)
        if (memcmp(p + i, "caf\xc3\xa9", 5) == 0)
            memcpy(p + i, "caf\x82\x85", 5);
    check_item("a code page", buf_span(&item), "x", "zip", NULL, "M caf\\x82\\x85 1 %\n");
    for (size_t i = 0; i + 10 < item.len; i++)
        if (memcmp(p + i, "PK\3\4", 4) == 0 || memcmp(p + i, "PK\1\2", 4) == 0)
            p[i + (p[i + 2] == 3 ? 7 : 9)] |= 8;
    check_item("no UTF-8", buf_span(&item), "x", "zip", NULL,
               "D caf\\x82\\x85: Pathname cannot be converted%\nM caf\\x82\\x85 1 %\n");
    buf_done(&item);
}

/* ---- what is no file ---- */

static void test_links_and_devices(void **state)
{
    (void)state;
    const MakeMember members[] = {
        {.name = "file", .bytes = text("x")},
        {.name = "soft", .type = AE_IFLNK, .link = "/etc/\x1bshadow"},
        {.name = "folder/", .type = AE_IFDIR},
        {.name = "hard", .link = "file", .hard = true},
        {.name = "pipe", .type = AE_IFIFO},
        {.name = "disk", .type = AE_IFBLK},
    };
    for (size_t i = MAKE_USTAR; i <= MAKE_GNU_TAR; i++)
        check_made(&MAKE_KINDS[i], members, COUNT(members), NULL,
                   "M file 1 %\n"
                   "N soft is a link to /etc/\\x1bshadow: not followed\n"
                   "N hard is another name of file in the archive\n"
                   "N pipe is a device or pipe\n"
                   "N disk is a device or pipe\n");
    for (size_t i = MAKE_ZIP; i <= MAKE_SEVEN_ZIP; i += MAKE_SEVEN_ZIP - MAKE_ZIP)
        check_made(&MAKE_KINDS[i], members, 3, NULL,
                   "M file 1 %\nN soft is a link to /etc/\\x1bshadow: not followed\n");
}

static void seal_header(uint8_t *header)
{
    unsigned sum = 0;
    memset(header + 148, ' ', 8);
    for (size_t i = 0; i < TAR_BLOCK; i++)
        sum += header[i];
    snprintf((char *)header + 148, 8, "%06o", sum);
}

/* pax lets a second name have content of its own; it is not lost. */
static void test_hard_link_with_content(void **state)
{
    (void)state;
    const MakeMember members[] = {
        {.name = "caf\xc3\xa9", .bytes = text("first")}, /* so that it is pax */
        {.name = "second", .bytes = text("not the same")},
    };
    Buf item;
    archive_make(&MAKE_KINDS[MAKE_PAX], members, 2, &item);
    uint8_t *header = NULL;
    for (size_t at = 0; at + TAR_BLOCK <= item.len; at += TAR_BLOCK)
        if (memcmp(item.ptr + at, "second", 7) == 0)
            header = (uint8_t *)item.ptr + at;
    assert_non_null(header);
    header[156] = '1';
    memcpy(header + 157, "first", 6);
    seal_header(header);
    check_item("a link", buf_span(&item), "x", "tar", NULL, "M caf%\nM second 12 %\n");
    buf_done(&item);
}

static void test_sparse_members(void **state)
{
    (void)state;
    enum { HOLE = 1 << 20 };
    const MakeMember members[] = {
        {.name = "sparse", .bytes = noise(4096), .hole = HOLE},
        {.name = "after", .bytes = text("x")},
    };
    uint8_t *whole = calloc(1, 2 * HOLE + 4096);
    assert_non_null(whole);
    memcpy(whole + HOLE, noise(4096).ptr, 4096);
    Buf item, expected;
    buf_init(&expected, 1000);
    add_member_line(&expected, "sparse", span_of(whole, 2 * HOLE + 4096));
    BUF_LITERAL(&expected, "M after 1 %\n");
    buf_add_char(&expected, '\0');
    archive_make(&MAKE_KINDS[MAKE_PAX], members, 2, &item);
    assert_in_range(item.len, 8000, 20000); /* it is sparse */
    check_item("sparse", buf_span(&item), "x", "tar", NULL, expected.ptr);
    /* The same, but with a hole that nobody could fill. */
    uint8_t *size = memmem(item.ptr, item.len, "GNU.sparse.realsize=2101248", 27);
    uint8_t *map = memmem(item.ptr, item.len, "1\n1048576\n4096\n", 15);
    if (!map)
        map = memmem(item.ptr, item.len, "1048576\n4096\n", 13);
    assert_true(size && map);
    memcpy(memmem(map, 20, "1048576", 7), "9048576", 7);
    (void)size;
    Opened opened =
        archive_open_all(archive_identify(buf_span(&item)), buf_span(&item), "x", NULL, UINT64_MAX);
    assert_false(opened.bad);
    assert_non_null(strstr(opened.log.ptr, "M sparse "));
    assert_non_null(strstr(opened.log.ptr, "M after 1 "));
    opened_done(&opened);
    buf_done(&item);
    buf_done(&expected);
    free(whole);
}

/* ---- damage ---- */

static void test_zip_checks_its_members(void **state)
{
    (void)state;
    const MakeMember members[] = {{.name = "one", .bytes = text("the content of one")},
                                  {.name = "two", .bytes = text("the content of two")}};
    Buf item;
    archive_make(&MAKE_KINDS[MAKE_ZIP_STORED], members, 2, &item); /* stored */
    *(char *)memmem(item.ptr, item.len, "content of one", 14) ^= 1;
    check_item("bad CRC", buf_span(&item), "x", "zip", NULL,
               "D one: after 18 bytes: ZIP bad CRC%\nM one 18 %\nM two 18 %\n");
    buf_done(&item);
}

/* Without its directory: what stands before each member is enough. */
static void test_zip_without_directory(void **state)
{
    (void)state;
    const MakeMember members[] = {{.name = "one", .bytes = text("the content of one")},
                                  {.name = "two", .bytes = noise(3000)}};
    Buf item;
    archive_make(&MAKE_KINDS[MAKE_ZIP], members, 2, &item);
    uint8_t *directory = memmem(item.ptr, item.len, "PK\1\2", 4);
    assert_non_null(directory);
    size_t len = (size_t)(directory - (uint8_t *)item.ptr);
    check_item("cut off", span_of(item.ptr, len), "x", "zip", NULL,
               "D its directory cannot be read%\nM one 18 %\nD two: after 0 bytes: Truncated%\n"
               "E after 1 members: %\n");
    directory[0] = 'X';
    check_item("damaged", buf_span(&item), "x", "zip", NULL,
               "D its directory cannot be read%\nM one 18 %\nM two 3000 %\n");
    buf_done(&item);
}

static void test_gzip_checks_its_parts(void **state)
{
    (void)state;
    Buf one, two, item;
    pack(&FILTERS[0], text("the first part\n"), &one);
    pack(&FILTERS[0], text("the second\n"), &two);
    buf_init(&item, 10000);
    buf_add(&item, one.ptr, one.len);
    buf_add(&item, two.ptr, two.len);
    check_item("two parts", buf_span(&item), "x.gz", "gzip", NULL, "M x 26 %\n");
    buf_add(&item, "\0\0\0\0", 4);
    check_item("padded", buf_span(&item), "x.gz", "gzip", NULL, "M x 26 %\n");
    buf_add(&item, "and more", 8);
    check_item("more behind it", buf_span(&item), "x.gz", "gzip", NULL,
               "M x 26 %\nD 12 bytes behind the compressed data: not read\n");
    item.ptr[one.len - 8] ^= 1;
    check_item("CRC", buf_span(&item), "x.gz", "gzip", NULL,
               "D its CRC is %\nM x 26 %\nD 12 bytes behind%\n");
    item.ptr[one.len - 8] ^= 1;
    item.ptr[one.len - 4] ^= 1;
    check_item("length", buf_span(&item), "x.gz", "gzip", NULL,
               "D 15 bytes, 14 are stated\nM x 26 %\nD 12 bytes behind%\n");
    check_item("cut off", span_of(item.ptr, one.len + 15), "x.gz", "gzip", NULL,
               "D 15 bytes, 14 are stated\nM x %\nE after %\n");
    buf_done(&one);
    buf_done(&two);
    buf_done(&item);
}

/* A header of gzip with all that it may have. */
static void test_gzip_headers(void **state)
{
    (void)state;
    Buf plain, item;
    pack(&FILTERS[0], text("text"), &plain);
    assert_int_equal(plain.ptr[3], 0);
    buf_init(&item, 1000);
    buf_add(&item, plain.ptr, 3);
    buf_add_char(&item, 0x1E); /* extra, name, comment, CRC of the header */
    buf_add(&item, plain.ptr + 4, 6);
    buf_add(&item, "\3\0abcname\0a comment\0hh", 22);
    buf_add(&item, plain.ptr + 10, plain.len - 10);
    check_item("full header", buf_span(&item), "x.gz", "gzip", NULL, "M x 4 %\n");
    for (size_t len = 3; len < 32; len++)
        check_item("cut header", span_of(item.ptr, len), "x.gz", "gzip", NULL,
                   "E ends within a header of gzip\n");
    item.ptr[3] = (char)0x80;
    check_item("unknown flags", buf_span(&item), "x.gz", "gzip", NULL,
               "E gzip of method 8 with flags 80\n");
    buf_done(&plain);
    buf_done(&item);
}

static void test_tar_finds_the_next_header(void **state)
{
    (void)state;
    const MakeMember members[] = {{.name = "one", .bytes = noise(1000)},
                                  {.name = "two", .bytes = noise(1000)},
                                  {.name = "three", .bytes = noise(1000)}};
    for (size_t i = 0; i < 2; i++) {
        Buf item, packed;
        archive_make(&MAKE_KINDS[MAKE_USTAR], members, 3, &item);
        memset(item.ptr + 1536 + 100, 'X', 20);
        const char *expected =
            "M one 1000 %\nD 1536 bytes without a header: not read\nM three 1000 %\n";
        if (i) {
            pack(&FILTERS[3], buf_span(&item), &packed);
            check_item("damaged header", buf_span(&packed), "x", "zstd", NULL, expected);
            buf_done(&packed);
        } else {
            check_item("damaged header", buf_span(&item), "x", "tar", NULL, expected);
        }
        buf_done(&item);
    }
}

static void test_tar_archives_behind_each_other(void **state)
{
    (void)state;
    const MakeMember members[] = {{.name = "one", .bytes = noise(1000)},
                                  {.name = "two", .bytes = noise(1000)}};
    Buf one, two;
    archive_make(&MAKE_KINDS[MAKE_USTAR], members, 1, &one);
    archive_make(&MAKE_KINDS[MAKE_GNU_TAR], members + 1, 1, &two);
    buf_add(&one, two.ptr, two.len);
    check_item("two archives", buf_span(&one), "x", "tar", NULL, "M one 1000 %\nM two 1000 %\n");
    buf_add(&one, noise(1024).ptr, 1024);
    check_item("noise behind", buf_span(&one), "x", "tar", NULL,
               "M one 1000 %\nM two 1000 %\nD 1024 bytes without a header: not read\n%\n");
    check_item("no end", span_of(two.ptr, 1536), "x", "tar", NULL,
               "M two 1000 %\nN no mark of its end: it may have had more members\n");
    check_item(
        "cut off", span_of(two.ptr, 1000), "x", "tar", NULL,
        "D two: after 488 bytes: Truncated tar archive\nM two 488 %\nE after 1 members: %\n");
    buf_done(&one);
    buf_done(&two);
}

/* ---- limits ---- */

static bool take_begin(void *ctx, const MemberHead *head, Err *err)
{
    (void)head;
    (void)err;
    ++*(uint64_t *)ctx;
    return true;
}

static bool take_bytes(void *ctx, Span bytes, Err *err)
{
    (void)ctx;
    (void)bytes;
    (void)err;
    return true;
}

static bool take_end(void *ctx, Err *err)
{
    (void)err;
    --*(uint64_t *)ctx;
    return true;
}

static void test_limits(void **state)
{
    (void)state;
    uint64_t open = 0;
    const MemberOut out = {.begin = take_begin, .bytes = take_bytes, .end = take_end, .ctx = &open};
    Input in = {.size = UINT64_C(10) << 20};
    MemberHead head = {.name = TEXT("m")};
    Err err = {.code = ERR_NONE};

    Opening members = {.in = &in, .out = &out};
    for (uint64_t i = 0; i < ARCHIVE_MEMBERS_MAX; i++)
        assert_true(opening_begin(&members, &head, &err) && opening_end(&members, &err));
    assert_false(opening_begin(&members, &head, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_non_null(strstr(err.text, "more than 1,000,000 members"));

    /* 250 times its size, once that is more than 1 GiB. What came is a member. */
    Opening bomb = {.in = &in, .out = &out};
    Span many = span_of(noise(1).ptr, (size_t)32 << 20); /* nobody looks at them */
    assert_true(opening_begin(&bomb, &head, &err));
    uint64_t total = 0;
    while (opening_bytes(&bomb, many, &err))
        total += many.len;
    assert_in_range(total, (uint64_t)2400 << 20, (uint64_t)2500 << 20);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_non_null(strstr(err.text, "as in a decompression bomb"));
    assert_int_equal(open, 0);
    in.size = 100;
    assert_false(opening_is_bomb(ARCHIVE_RATIO_FROM, in.size));
    assert_true(opening_is_bomb(ARCHIVE_RATIO_FROM + 1, in.size));

    char name[MEMBER_NAME_MAX];
    memset(name, 'n', sizeof name);
    Opening names = {.in = &in, .out = &out};
    head.name = text_of(name, sizeof name);
    uint64_t count = 0;
    while (opening_begin(&names, &head, &err) && opening_end(&names, &err))
        count++;
    assert_int_equal(count, ARCHIVE_NAMES_MAX / MEMBER_NAME_MAX);
    assert_non_null(strstr(err.text, "256 MiB of names"));
    assert_int_equal(open, 0);

    Opening holes = {.in = &in, .out = &out};
    bool filled;
    assert_true(opening_begin(&names, &head, &err) || true);
    assert_true(opening_hole(&holes, (uint64_t)600 << 20, &filled, &err) && filled);
    assert_true(opening_hole(&holes, (uint64_t)600 << 20, &filled, &err) && !filled);
    assert_true(opening_hole(&holes, UINT64_MAX, &filled, &err) && !filled);
    assert_true(opening_hole(&holes, (uint64_t)400 << 20, &filled, &err) && filled);
}

/* A receiver that has enough, and one that takes no member at all. */
static void test_receiver_says_no(void **state)
{
    (void)state;
    const MakeMember members[] = {{.name = "one", .bytes = noise(90000)},
                                  {.name = "two", .bytes = noise(90000)}};
    for (size_t i = 0; i < MAKE_KIND_COUNT; i++) {
        Buf item;
        archive_make(&MAKE_KINDS[i], members, 2, &item);
        Opened opened =
            archive_open_all(archive_identify(buf_span(&item)), buf_span(&item), "x", NULL, 120000);
        assert_true(opened.failed && !opened.bad && opened.members == 1);
        assert_non_null(strstr(opened.log.ptr, "the test has enough"));
        opened_done(&opened);
        buf_done(&item);
    }
}

/* ---- every small damage ---- */

/* Nothing crashes or hangs; members stay in turn; if other members come out than of the whole, it
 * is told, where the kind can know. */
typedef enum Checks {
    CHECKS_NOTHING,  /* compress: neither a sum nor an end */
    CHECKS_END,      /* that it was cut off */
    CHECKS_ALL_OF_IT /* its bytes too */
} Checks;

static void mutate(const MakeKind *kind, Span item, const char *name, Checks checks)
{
    static const uint8_t CHANGES[] = {0x01, 0x80, 0xFF};
    static const char *const PASSWORDS[] = {"pw"};
    const FormatOptions options = {.passwords = PASSWORDS, .password_count = 1};
    const Format *format = archive_identify(item);
    assert_non_null(format);
    Opened whole = archive_open_all(format, item, name, &options, UINT64_MAX);
    assert_false(whole.bad);
    for (size_t i = 0; i < item.len * (1 + sizeof CHANGES); i++) {
        bool cut = i < item.len;
        size_t at = cut ? i : (i - item.len) / sizeof CHANGES;
        if (at >= 1100 && at % 13) /* tar: padding, and more headers */
            continue;
        size_t len = cut ? at : item.len;
        uint8_t *copy = malloc(len ? len : 1); /* its own block: a sanitizer sees a step past it */
        assert_non_null(copy);
        memcpy(copy, item.ptr, len);
        if (!cut)
            copy[at] ^= CHANGES[i % sizeof CHANGES];
        Opened opened = archive_open_all(format, span_of(copy, len), name, &options, 100000000);
        if (opened.bad)
            fail_msg("%s, %s %zu: out of turn:\n%s", kind->name, cut ? "cut at" : "changed byte",
                     at, opened.log.ptr);
        bool told = opened.failed || opened.notes > whole.notes || opened.defects > whole.defects;
        bool differs = opened.bytes != whole.bytes || opened.members != whole.members;
        if (!told && ((checks != CHECKS_NOTHING && cut && differs) ||
                      (checks == CHECKS_ALL_OF_IT && strcmp(opened.log.ptr, whole.log.ptr) != 0)))
            fail_msg("%s, %s %zu: nothing is told:\n%s", kind->name,
                     cut ? "cut at" : "changed byte", at, opened.log.ptr);
        opened_done(&opened);
        free(copy);
    }
    opened_done(&whole);
}

static void test_small_damage_to_archives(void **state)
{
    (void)state;
    const MakeMember members[] = {{.name = "a/one", .bytes = text("some text, some text")},
                                  {.name = "two", .bytes = noise(100)}};
    for (size_t i = 0; i < MAKE_KIND_COUNT; i++) {
        Buf item;
        archive_make(&MAKE_KINDS[i], members, 2, &item);
        bool compress = strcmp(MAKE_KINDS[i].format, "compress") == 0;
        mutate(&MAKE_KINDS[i], buf_span(&item), "x", compress ? CHECKS_NOTHING : CHECKS_END);
        buf_done(&item);
    }
    static const char *const METHODS[] = {"zip:encryption=zipcrypt", "zip:encryption=aes256"};
    for (size_t i = 0; i < COUNT(METHODS); i++) {
        MakeKind kind = {.name = METHODS[i],
                         .set_format = archive_write_set_format_zip,
                         .options = METHODS[i],
                         .password = "pw"};
        Buf item;
        archive_make(&kind, members, 1, &item);
        mutate(&kind, buf_span(&item), "x", CHECKS_END);
        buf_done(&item);
    }
}

static void test_small_damage_to_compressed_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(FILTERS); i++) {
        Buf item;
        pack(&FILTERS[i], noise(300), &item);
        const MakeKind kind = {.name = FILTERS[i].name};
        static const Checks CHECKS[] = {CHECKS_ALL_OF_IT, CHECKS_ALL_OF_IT, CHECKS_ALL_OF_IT,
                                        CHECKS_END, CHECKS_NOTHING};
        mutate(&kind, buf_span(&item), FILTERS[i].name, CHECKS[i]);
        buf_done(&item);
    }
}

static int prepare(void **state)
{
    (void)state;
    archive_prepare();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind),
        cmocka_unit_test(test_empty_members),
        cmocka_unit_test(test_compressed_files),
        cmocka_unit_test(test_zeros_first),
        cmocka_unit_test(test_one_step_at_a_time),
        cmocka_unit_test(test_nothing_in_them),
        cmocka_unit_test(test_passwords),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_zip_name_flag),
        cmocka_unit_test(test_links_and_devices),
        cmocka_unit_test(test_hard_link_with_content),
        cmocka_unit_test(test_sparse_members),
        cmocka_unit_test(test_zip_checks_its_members),
        cmocka_unit_test(test_zip_without_directory),
        cmocka_unit_test(test_gzip_checks_its_parts),
        cmocka_unit_test(test_gzip_headers),
        cmocka_unit_test(test_tar_finds_the_next_header),
        cmocka_unit_test(test_tar_archives_behind_each_other),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_receiver_says_no),
        cmocka_unit_test(test_small_damage_to_archives),
        cmocka_unit_test(test_small_damage_to_compressed_files),
    };
    return cmocka_run_group_tests(tests, prepare, NULL);
}
