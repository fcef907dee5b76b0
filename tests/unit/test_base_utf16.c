/* UTF-16LE to UTF-8: known cases, every unit, and the vector version against the plain one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/utf16.h"

/* Both versions on a copy of just the size, into room of just the promised size. */
static Text narrow(const void *units, size_t len, char *out)
{
    uint8_t *copy = malloc(len ? len : 1);
    char *plain = malloc(UTF16_NARROW_ROOM(len)), *fast = malloc(UTF16_NARROW_ROOM(len));
    if (len)
        memcpy(copy, units, len);
    size_t n = utf16_narrow_plain(span_of(copy, len), plain);
    size_t m = utf16_narrow(span_of(copy, len), fast);
    assert_true(n <= len / 2 * 3);
    assert_int_equal(n, m);
    assert_memory_equal(plain, fast, n);
    if (n == len / 2) { /* all ASCII */
        assert_true(utf16_is_ascii(span_of(copy, len), plain));
        for (size_t i = 0; i < n; i++) {
            plain[i] = (char)(plain[i] ^ 0x80);
            assert_false(utf16_is_ascii(span_of(copy, len), plain));
            assert_false(utf16_is_ascii_plain(span_of(copy, len), plain));
            plain[i] = (char)(plain[i] ^ 0x80);
        }
    }
    assert_int_equal(utf16_is_ascii(span_of(copy, len), plain),
                     utf16_is_ascii_plain(span_of(copy, len), plain));
    memcpy(out, plain, n);
    free(copy);
    free(plain);
    free(fast);
    return text_of(out, n);
}

static void test_known(void **state)
{
    static const struct {
        const char *units;
        size_t len;
        const char *text;
    } CASES[] = {
        {"", 0, ""},
        {"a", 1, ""}, /* half a unit is ignored */
        {"a\0", 2, "a"},
        {"a\0b", 3, "a"},
        {"\x7F\0\x80\0", 4, "\x7F\xC2\x80"},
        {"\xFF\x07\x00\x08", 4, "\xDF\xBF\xE0\xA0\x80"},
        {"\xFF\xFF", 2, "\xEF\xBF\xBF"},
        {"\x3D\xD8\x00\xDE", 4, "\xF0\x9F\x98\x80"},
        {"\x00\xD8", 2, "\xED\xA0\x80"},     /* high, at the end */
        {"\x00\xD8z\0", 4, "\xED\xA0\x80z"}, /* high, then something else */
        {"\x00\xDCz\0", 4, "\xED\xB0\x80z"}, /* low alone */
        {"\x00\xD8\x00\xD8\x00\xDC", 6, "\xED\xA0\x80\xF0\x90\x80\x80"},
        {"\xFF\xDB\xFF\xDF", 4, "\xF4\x8F\xBF\xBF"},
        {"\x00\xD8\x00", 3, "\xED\xA0\x80"}, /* its partner cut in half */
    };
    char out[64];
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        Text t = narrow(CASES[i].units, CASES[i].len, out);
        if (!text_equal(t, text_from_z(CASES[i].text)))
            fail_msg("case %zu", i);
        assert_true(text_is_utf8(t, UTF8_ALLOW_SURROGATES));
    }
}

static void test_every_unit(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0xFFFF; c++) {
        uint8_t unit[2] = {(uint8_t)c, (uint8_t)(c >> 8)};
        char out[16 + 3], expected[4];
        size_t n = utf8_put(expected, c);
        assert_int_equal(utf16_narrow(span_of(unit, 2), out), n);
        assert_memory_equal(out, expected, n);
    }
}

/* A special character at every place of ASCII runs of every length around the vector's width. */
static void test_places(void **state)
{
    static const char *const SPECIAL[] = {"\xE9\0", "\xAC\x20", "\x3D\xD8\x00\xDE", "\x00\xD8",
                                          "\0\0",   "\x80\0",   "\x7F\0",           "\x01\x01"};
    static const size_t LENGTH[] = {2, 2, 4, 2, 2, 2, 2, 2};
    uint8_t units[400];
    char out[700];
    (void)state;
    for (size_t n = 0; n < 70; n++)
        for (size_t at = 0; at <= n; at++)
            for (size_t s = 0; s < 8; s++) {
                size_t len = 0;
                for (size_t i = 0; i <= n; i++) {
                    if (i == at) {
                        memcpy(units + len, SPECIAL[s], LENGTH[s]);
                        len += LENGTH[s];
                    }
                    units[len++] = (uint8_t)('a' + i % 26);
                    units[len++] = 0;
                }
                (void)narrow(units, len, out);
            }
}

static void test_random(void **state)
{
    uint8_t units[300];
    char out[500];
    uint32_t random = 1;
    (void)state;
    for (int round = 0; round < 30000; round++) {
        size_t len = (size_t)round % 300;
        for (size_t i = 0; i < len; i++) {
            random = random * 1664525 + 1013904223;
            units[i] = (uint8_t)(random >> 24);
            if (i % 2 && random >> 20 & 7)
                units[i] = random >> 23 & 1 ? 0 : 0xD8 | (units[i] & 7);
        }
        Text t = narrow(units, len, out);
        assert_true(text_is_utf8(t, UTF8_ALLOW_SURROGATES));
    }
}

/* A byte of text that is the number of a character beyond ASCII is not that character. */
static void test_not_ascii(void **state)
{
    (void)state;
    uint8_t units[64];
    char text[32];
    for (size_t n = 1; n <= 32; n++)
        for (size_t at = 0; at < n; at++) {
            for (size_t i = 0; i < n; i++) {
                text[i] = (char)(i == at ? 0xC3 : 'a');
                units[2 * i] = (uint8_t)text[i];
                units[2 * i + 1] = 0;
            }
            assert_false(utf16_is_ascii(span_of(units, 2 * n), text));
            assert_false(utf16_is_ascii_plain(span_of(units, 2 * n), text));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),     cmocka_unit_test(test_every_unit),
        cmocka_unit_test(test_places),    cmocka_unit_test(test_random),
        cmocka_unit_test(test_not_ascii),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
