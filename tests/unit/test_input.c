/* input: reads say when they are short; lines come whole, once, whatever the pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "alloc_fail.h"
#include "base/buf.h"
#include "format/input.h"

static Input memory_z(const char *text)
{
    return input_from_memory(span_of(text, strlen(text)));
}

/* A file without a name that holds these bytes. */
static int file_of(const void *bytes, size_t size)
{
    char path[] = "input-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(write(fd, bytes, size), size);
    return fd;
}

static void reads_memory_within_its_bounds(void **state)
{
    (void)state;
    char out[16];
    Err err = {.code = ERR_NONE};
    Input in = memory_z("0123456789");
    assert_true(input_is_whole(&in));
    assert_int_equal(input_read(&in, 2, out, 3, &err), 3);
    assert_memory_equal(out, "234", 3);
    assert_int_equal(input_read(&in, 8, out, 5, &err), 2);
    assert_int_equal(input_read(&in, 10, out, 1, &err), 0);
    assert_int_equal(input_read(&in, UINT64_MAX, out, 1, &err), 0);
    assert_int_equal(input_read(&in, 0, out, 0, &err), 0);
    assert_int_equal(err.code, ERR_NONE);
}

static void reads_files_and_tells_short_ones(void **state)
{
    (void)state;
    char out[16];
    Err err = {.code = ERR_NONE};
    int fd = file_of("0123456789", 10);
    Input in = {.fd = fd, .size = 10, .end = 10};
    assert_int_equal(input_read(&in, 3, out, sizeof out, &err), 7);
    assert_memory_equal(out, "3456789", 7);
    assert_int_equal(err.code, ERR_NONE);

    assert_int_equal(ftruncate(fd, 6), 0); /* it shrinks while it is read */
    assert_int_equal(input_read(&in, 3, out, sizeof out, &err), 3);
    assert_int_equal(err.code, ERR_IO);
    assert_int_equal(err.offset, 6);
    assert_int_equal(input_read(&in, 3, out, sizeof out, NULL), 3);
    close(fd);

    err = (Err){.code = ERR_NONE};
    assert_int_equal(input_read(&in, 0, out, 4, &err), 0); /* closed */
    assert_int_equal(err.code, ERR_IO);
    assert_int_equal(err.offset, 0);
}

typedef struct Expected {
    const char *text;
    uint64_t offset;
    uint32_t size;
} Expected;

static void assert_lines(Span item, const Expected *expected, size_t count)
{
    Input in = input_from_memory(item);
    Err err = {.code = ERR_NONE};
    LineReader *lines = lines_open(&in, &err);
    assert_non_null(lines);
    Line line;
    for (size_t i = 0; i < count; i++) {
        assert_true(lines_next(lines, &line, &err));
        if (!text_equal(line.text, text_from_z(expected[i].text)))
            fail_msg("line %zu: found '%.*s', expected '%s'", i, (int)line.text.len,
                     line.text.ptr ? line.text.ptr : "", expected[i].text);
        assert_int_equal(line.offset, expected[i].offset);
        assert_int_equal(line.size, expected[i].size);
        assert_int_equal(line.number, i + 1);
        assert_false(line.too_long);
    }
    assert_false(lines_next(lines, &line, &err));
    assert_int_equal(err.code, ERR_NONE);
    lines_close(lines);
}

#define ASSERT_LINES(item, ...)                                                                    \
    assert_lines(span_of(item, sizeof item - 1), (const Expected[]){__VA_ARGS__},                  \
                 sizeof((const Expected[]){__VA_ARGS__}) / sizeof(Expected))

static void gives_lines_without_their_ends(void **state)
{
    (void)state;
    ASSERT_LINES("a\nbc\r\n\n\r\nlast", {"a", 0, 2}, {"bc", 2, 4}, {"", 6, 1}, {"", 7, 2},
                 {"last", 9, 4});
    ASSERT_LINES("a\rb\n", {"a\rb", 0, 4});
    ASSERT_LINES("\xEF\xBB\xBFx\ny\n", {"x", 3, 2}, {"y", 5, 2});
    ASSERT_LINES("\n", {"", 0, 1});
    assert_lines(span_of("", 0), NULL, 0);
    assert_lines(span_of("\xEF\xBB\xBF", 3), NULL, 0);
}

static void converts_utf16(void **state)
{
    (void)state;
    /* "aä", CR LF, U+0A0A, LF, U+0D0A "x" without end */
    ASSERT_LINES("\xFF\xFE"
                 "a\0\xE4\0\r\0\n\0"
                 "\x0A\x0A\n\0"
                 "\x0A\x0Dx\0",
                 {"a\xC3\xA4", 2, 8}, {"\xE0\xA8\x8A", 10, 4}, {"\xE0\xB4\x8Ax", 14, 4});
    assert_lines(span_of("\xFF\xFE", 2), NULL, 0);
    ASSERT_LINES("\xFF\xFEz\0\n", {"z", 2, 3}); /* half a line end */
}

/* Offsets and texts of all lines, of the item in pieces of `piece` bytes. */
static void collect(Span item, uint64_t piece, Buf *out)
{
    Input in = input_from_memory(item);
    for (uint64_t at = 0; at < item.len; at = in.end) {
        in.begin = at;
        in.end = piece < item.len - at ? at + piece : item.len;
        Err err = {.code = ERR_NONE};
        LineReader *lines = lines_open(&in, &err);
        assert_non_null(lines);
        Line line;
        uint64_t number = 0;
        while (lines_next(lines, &line, &err)) {
            number += !line.too_long || line.number != number;
            assert_int_equal(line.number, number);
            assert_true(line.offset >= in.begin);
            buf_printf(out, "%llu+%u ", (unsigned long long)line.offset, (unsigned)line.size);
            buf_add_text(out, line.text);
            buf_add_char(out, '|');
        }
        assert_int_equal(err.code, ERR_NONE);
        lines_close(lines);
    }
}

static void assert_same_in_pieces(Span item)
{
    Buf whole, parts;
    buf_init(&whole, 1 << 20);
    buf_init(&parts, 1 << 20);
    collect(item, item.len, &whole);
    for (uint64_t piece = 1; piece <= item.len; piece++) {
        buf_clear(&parts);
        collect(item, piece, &parts);
        if (!text_equal(buf_text(&whole), buf_text(&parts)))
            fail_msg("pieces of %llu: %.*s, whole: %.*s", (unsigned long long)piece, (int)parts.len,
                     parts.ptr, (int)whole.len, whole.ptr);
    }
    buf_done(&whole);
    buf_done(&parts);
}

static void gives_every_line_once_in_pieces(void **state)
{
    (void)state;
#define SAME(literal) assert_same_in_pieces(span_of(literal, sizeof literal - 1))
    SAME("a\nbc\r\n\n\r\nlast one");
    SAME("\n\n\n");
    SAME("only");
    SAME("\xEF\xBB\xBFx\nyy\n");
    SAME("\xFF\xFE"
         "a\0\xE4\0\r\0\n\0\x0A\x0A\n\0\x0A\x0Dx\0\n\0z\0");
#undef SAME
}

/* Lines across the reader's blocks. */
static void crosses_blocks(void **state)
{
    (void)state;
    const size_t sizes[] = {1, 100, 65535, 262143, 262144, 262145, 700000};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        size_t line_size = sizes[s] + 1, count = 1500000 / line_size + 3;
        char *item = malloc(line_size * count);
        assert_non_null(item);
        for (size_t i = 0; i < line_size * count; i++)
            item[i] = (i + 1) % line_size ? (char)('a' + i / line_size % 26) : '\n';
        Input in = input_from_memory(span_of(item, line_size * count));
        Err err = {.code = ERR_NONE};
        LineReader *lines = lines_open(&in, &err);
        assert_non_null(lines);
        Line line;
        size_t n = 0;
        for (; lines_next(lines, &line, &err); n++) {
            assert_int_equal(line.offset, n * line_size);
            assert_int_equal(line.text.len, line_size - 1);
            assert_int_equal(line.text.ptr[0], 'a' + (int)(n % 26));
            assert_int_equal(line.text.ptr[line.text.len - 1], 'a' + (int)(n % 26));
        }
        assert_int_equal(n, count);
        lines_close(lines);
        free(item);
    }
}

static void cuts_lines_over_the_limit(void **state)
{
    (void)state;
    static const struct {
        size_t size; /* of the first line, without its end */
        unsigned parts;
    } CASES[] = {{LINE_MAX_BYTES, 1}, {LINE_MAX_BYTES + 1, 2}, {2 * (size_t)LINE_MAX_BYTES, 2}};
    for (size_t c = 0; c < sizeof CASES / sizeof CASES[0]; c++) {
        size_t size = CASES[c].size + 4;
        char *item = malloc(size);
        assert_non_null(item);
        memset(item, 'x', size);
        memcpy(item + CASES[c].size, "\nyz\n", 4);
        Input in = input_from_memory(span_of(item, size));
        Err err = {.code = ERR_NONE};
        LineReader *lines = lines_open(&in, &err);
        Line line;
        size_t sum = 0;
        for (unsigned part = 0; part < CASES[c].parts; part++) {
            assert_true(lines_next(lines, &line, &err));
            assert_int_equal(line.too_long, CASES[c].parts > 1);
            assert_int_equal(line.number, 1);
            assert_int_equal(line.offset, sum);
            assert_true(line.text.len <= LINE_MAX_BYTES);
            sum += line.size;
        }
        assert_int_equal(sum, CASES[c].size + 1);
        assert_true(lines_next(lines, &line, &err));
        assert_true(text_equal(line.text, TEXT("yz")));
        assert_int_equal(line.number, 2);
        assert_false(line.too_long);
        assert_false(lines_next(lines, &line, &err));
        lines_close(lines);
        free(item);
    }
}

static void tells_read_errors(void **state)
{
    (void)state;
    Err err = {.code = ERR_NONE};
    Line line;
    int fd = file_of("one\ntwo\nthree\n", 14);
    Input in = {.fd = fd, .size = 20, .end = 20}; /* six bytes are not there */
    LineReader *lines = lines_open(&in, &err);
    assert_non_null(lines);
    unsigned count = 0;
    while (lines_next(lines, &line, &err))
        count++;
    assert_int_equal(err.code, ERR_IO);
    assert_true(count <= 3);
    lines_close(lines);
    close(fd);
    err = (Err){.code = ERR_NONE};
    assert_null(lines_open(&in, &err));
    assert_int_equal(err.code, ERR_IO);
}

static void survives_without_memory(void **state)
{
    (void)state;
    const size_t size = 600000; /* the buffer has to grow */
    char *item = malloc(size);
    assert_non_null(item);
    memset(item, 'x', size);
    item[0] = (char)0xFF;
    item[1] = (char)0xFE;
    Input in = input_from_memory(span_of(item, size));
    for (size_t n = 1;; n++) {
        Err err = {.code = ERR_NONE};
        Line line;
        alloc_fail_at(n);
        LineReader *lines = lines_open(&in, &err);
        bool ok = lines && lines_next(lines, &line, &err);
        lines_close(lines);
        bool refused = alloc_fail_over();
        assert_int_equal(ok, !refused);
        if (!refused)
            break;
        assert_int_equal(err.code, ERR_NO_MEMORY);
    }
    free(item);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_memory_within_its_bounds),
        cmocka_unit_test(reads_files_and_tells_short_ones),
        cmocka_unit_test(gives_lines_without_their_ends),
        cmocka_unit_test(converts_utf16),
        cmocka_unit_test(gives_every_line_once_in_pieces),
        cmocka_unit_test(crosses_blocks),
        cmocka_unit_test(cuts_lines_over_the_limit),
        cmocka_unit_test(tells_read_errors),
        cmocka_unit_test(survives_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
