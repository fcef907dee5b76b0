/* Errors and quoting: what a person reads, whatever the evidence holds. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/text.h"

static void assert_valid(const char *z)
{
    assert_true(text_is_utf8(text_from_z(z), UTF8_STRICT));
}

static void test_set(void **state)
{
    Err err = {0};
    (void)state;
    assert_false(err_set(&err, ERR_FORMAT, 4096, "chunk %d has size %u", 3, 7u));
    assert_int_equal(err.code, ERR_FORMAT);
    assert_int_equal(err.offset, 4096);
    assert_string_equal(err.text, "chunk 3 has size 7");
    assert_false(err_wrap(&err, "log %s", "Security.evtx"));
    assert_string_equal(err.text, "log Security.evtx: chunk 3 has size 7");
    assert_int_equal(err.code, ERR_FORMAT);
    assert_int_equal(err.offset, 4096);
    assert_false(err_set(NULL, ERR_FORMAT, 0, "nobody listens"));
    assert_false(err_wrap(NULL, "nobody"));
    assert_false(err_errno(NULL, EIO, "nobody"));
}

static void test_errno(void **state)
{
    Err err = {0};
    (void)state;
    assert_false(err_errno(&err, ENOENT, "file %s", "x"));
    assert_int_equal(err.code, ERR_IO);
    assert_true(err.offset == ERR_NO_OFFSET);
    assert_string_equal(err.text, "file x: No such file or directory");
    assert_false(err_errno(&err, ENOMEM, "list"));
    assert_int_equal(err.code, ERR_NO_MEMORY);
}

/* Texts of every length around the limit: cut, marked, never in the middle of a character. */
static void test_long(void **state)
{
    char text[600];
    (void)state;
    for (size_t ascii = 0; ascii < 3; ascii++)
        for (size_t len = 230; len < 290; len++) {
            Err err = {0};
            memset(text, 'x', ascii);
            for (size_t i = ascii; i < ascii + len; i += 3)
                memcpy(text + i, "\xE2\x82\xAC", 3);
            text[ascii + len - len % 3] = '\0';
            size_t full = strlen(text);
            err_set(&err, ERR_FORMAT, 0, "%s", text);
            assert_valid(err.text);
            if (full < sizeof err.text)
                assert_string_equal(err.text, text);
            else
                assert_true(text_ends(text_from_z(err.text), TEXT("...")));
            err_wrap(&err, "%s", "context before");
            assert_valid(err.text);
            assert_true(text_starts(text_from_z(err.text), TEXT("context before: ")));
            err_wrap(&err, "%s", text);
            assert_valid(err.text);
            err_errno(&err, EIO, "%s", text);
            assert_valid(err.text);
        }
}

static void test_quote(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *shown;
    } CASES[] = {
        {"", 0, ""},
        {"plain", 5, "plain"},
        {"caf\xC3\xA9", 5, "caf\xC3\xA9"},
        {"\xF0\x9F\x98\x80", 4, "\xF0\x9F\x98\x80"},
        {"a\nb\tc\0d", 7, "a\\x0ab\\x09c\\x00d"},
        {"\x1b[31m", 5, "\\x1b[31m"},
        {"\x7F", 1, "\\x7f"},
        {"\xFF\xC3", 2, "\\xff\\xc3"},
        {"\xC3(", 2, "\\xc3("},
        {"\xE2\x80\xAE", 3, "\\u{202e}"},      /* right-to-left override */
        {"\xE2\x80\x8B", 3, "\\u{200b}"},      /* zero width */
        {"\xEF\xBB\xBF", 3, "\\u{feff}"},      /* byte order mark */
        {"\xC2\x9B", 2, "\\u{9b}"},            /* C1 control */
        {"\xD8\x9C", 2, "\\u{61c}"},           /* Arabic letter mark */
        {"\xEF\xBF\xBA", 3, "\\u{fffa}"},      /* interlinear annotation */
        {"\xED\xA0\x80", 3, "\\u{d800}"},      /* lone surrogate */
        {"\xF3\xA0\x81\x81", 4, "\\u{e0041}"}, /* tag */
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char *copy = malloc(CASES[i].len ? CASES[i].len : 1);
        memcpy(copy, CASES[i].bytes, CASES[i].len);
        assert_string_equal(quote(copy, CASES[i].len).str, CASES[i].shown);
        free(copy);
    }
    assert_string_equal(quote_z("a\nb").str, "a\\x0ab");
    assert_string_equal(quote_z(NULL).str, "");
    assert_string_equal(quote(NULL, 0).str, "");
}

/* Whatever comes, the result is printable, ends and says when it was cut. */
static void test_quote_anything(void **state)
{
    uint8_t bytes[400];
    uint32_t random = 1;
    (void)state;
    for (int round = 0; round < 20000; round++) {
        size_t len = (size_t)round % 400;
        for (size_t i = 0; i < len; i++) {
            random = random * 1664525 + 1013904223;
            bytes[i] = (uint8_t)(random >> 24);
            if (round % 3 == 0)
                bytes[i] &= 0x1F; /* the longest renderings */
        }
        Quoted q = quote(bytes, len);
        size_t shown = strnlen(q.str, sizeof q.str);
        assert_true(shown < sizeof q.str);
        assert_valid(q.str);
        for (size_t i = 0; i < shown; i++)
            assert_true((unsigned char)q.str[i] >= 0x20 && q.str[i] != 0x7F);
        if (len > 200)
            assert_true(text_ends(text_from_z(q.str), TEXT("...")));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_errno),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_quote),
        cmocka_unit_test(test_quote_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
