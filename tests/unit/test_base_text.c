/* Texts: searching, cutting, numbers, UTF-8. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/text.h"

static const Text NONE = {0};

static void test_compare(void **state)
{
    static const struct {
        const char *a, *b;
        int order;
        bool equal_nocase;
    } CASES[] = {
        {"", "", 0, true},
        {"a", "", 1, false},
        {"", "a", -1, false},
        {"a", "b", -1, false},
        {"ab", "a", 1, false},
        {"a", "A", 1, true},
        {"Zz", "zZ", -1, true},
        {"\xFF", "a", 1, false},
        {"[", "{", -1, false},
        {"@", "`", -1, false},
        {"\xC3\x89", "\xC3\xA9", -1, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        Text a = text_from_z(CASES[i].a), b = text_from_z(CASES[i].b);
        int order = text_compare(a, b);
        assert_int_equal(order < 0 ? -1 : order > 0, CASES[i].order);
        assert_int_equal(text_equal(a, b), CASES[i].order == 0);
        assert_int_equal(text_equal_nocase(a, b), CASES[i].equal_nocase);
    }
    assert_true(text_equal(NONE, TEXT("")));
    assert_true(text_equal_nocase(NONE, TEXT("")));
    assert_int_equal(text_compare(NONE, NONE), 0);
    assert_int_equal(text_from_z(NULL).len, 0);
}

static void test_find(void **state)
{
    (void)state;
    assert_int_equal(text_find(TEXT("abcb"), 'b'), 1);
    assert_int_equal(text_find(TEXT("abc"), 'x'), 3);
    assert_int_equal(text_find(NONE, 'x'), 0);
    assert_int_equal(text_find_text(TEXT("abcabd"), TEXT("abd")), 3);
    assert_int_equal(text_find_text(TEXT("abc"), TEXT("")), 0);
    assert_int_equal(text_find_text(NONE, TEXT("")), 0);
    assert_true(text_find_text(TEXT("ab"), TEXT("abc")) == SIZE_MAX);
    assert_true(text_find_text(NONE, TEXT("a")) == SIZE_MAX);
    assert_true(text_starts(TEXT("abc"), TEXT("ab")) && !text_starts(TEXT("a"), TEXT("ab")));
    assert_true(text_ends(TEXT("abc"), TEXT("bc")) && !text_ends(TEXT("c"), TEXT("bc")));
    assert_true(text_starts(NONE, NONE) && text_ends(NONE, NONE));
}

static void test_trim_and_cut(void **state)
{
    static const char *const TRIMMED[][2] = {
        {"", ""}, {"  ", ""}, {" a ", "a"}, {"\t\r\na b\n", "a b"}, {"a", "a"}, {"\va", "\va"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof TRIMMED / sizeof TRIMMED[0]; i++)
        assert_true(text_equal(text_trim(text_from_z(TRIMMED[i][0])), text_from_z(TRIMMED[i][1])));
    Text rest = TEXT("a,,b");
    assert_true(text_equal(text_cut(&rest, ','), TEXT("a")));
    assert_true(text_equal(text_cut(&rest, ','), TEXT("")));
    assert_true(text_equal(rest, TEXT("b")));
    assert_true(text_equal(text_cut(&rest, ','), TEXT("b")));
    assert_int_equal(rest.len, 0);
    assert_int_equal(text_cut(&rest, ',').len, 0);
    rest = TEXT("a,");
    (void)text_cut(&rest, ',');
    assert_int_equal(rest.len, 0);
    rest = NONE;
    assert_int_equal(text_cut(&rest, ',').len, 0);
}

static void test_numbers(void **state)
{
    static const struct {
        const char *text;
        bool u64, any, i64;
        uint64_t value;
    } CASES[] = {
        {"0", true, true, true, 0},
        {"007", true, true, true, 7},
        {"9223372036854775807", true, true, true, INT64_MAX},
        {"9223372036854775808", true, true, false, UINT64_C(9223372036854775808)},
        {"18446744073709551615", true, true, false, UINT64_MAX},
        {"18446744073709551616", false, false, false, 0},
        {"99999999999999999999", false, false, false, 0},
        {"000000000000000000001", false, false, false, 0}, /* 21 digits */
        {"-1", false, false, true, UINT64_MAX},
        {"-9223372036854775808", false, false, true, (uint64_t)INT64_MIN},
        {"-9223372036854775809", false, false, false, 0},
        {"-0", false, false, true, 0},
        {"-", false, false, false, 0},
        {"", false, false, false, 0},
        {"+1", false, false, false, 0},
        {" 1", false, false, false, 0},
        {"1 ", false, false, false, 0},
        {"1a", false, false, false, 0},
        {"0x0", false, true, false, 0},
        {"0XfF", false, true, false, 255},
        {"0xffffffffffffffff", false, true, false, UINT64_MAX},
        {"0x0ffffffffffffffff", false, false, false, 0},
        {"0x", false, false, false, 0},
        {"0xg", false, false, false, 0},
        {"x1", false, false, false, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        Text t = text_from_z(CASES[i].text);
        uint64_t u = 1, any = 1;
        int64_t s = 1;
        if (text_to_u64(t, &u) != CASES[i].u64 || text_to_u64_any(t, &any) != CASES[i].any ||
            text_to_i64(t, &s) != CASES[i].i64)
            fail_msg("\"%s\"", CASES[i].text);
        assert_true(u == (CASES[i].u64 ? CASES[i].value : 1)); /* untouched on failure */
        assert_true(any == (CASES[i].any ? CASES[i].value : 1));
        assert_true(s == (CASES[i].i64 ? (int64_t)CASES[i].value : 1));
    }
}

static void test_lower(void **state)
{
    char text[80], lower[80], plain[80];
    (void)state;
    for (unsigned c = 0; c < 256; c++)
        for (size_t n = 1; n <= 70; n += n < 20 ? 1 : 7) {
            memset(text, 'Q', sizeof text);
            text[n / 2] = (char)c;
            memset(lower, 1, sizeof lower);
            memset(plain, 1, sizeof plain);
            text_lower(text_of(text, n), lower);
            text_lower_plain(text_of(text, n), plain);
            assert_memory_equal(lower, plain, sizeof plain); /* and nothing behind it */
            assert_int_equal(lower[n / 2], ascii_lower((char)c));
        }
    text_lower((Text){0}, lower);
}

static void test_utf8_known(void **state)
{
    static const struct {
        const char *bytes;
        bool strict, surrogates;
    } CASES[] = {
        {"", true, true},
        {"plain ASCII, longer than eight", true, true},
        {"\x7F", true, true},
        {"\xC2\x80", true, true},
        {"\xDF\xBF", true, true},
        {"\xE0\xA0\x80", true, true},
        {"\xEF\xBF\xBF", true, true},
        {"\xF0\x90\x80\x80", true, true},
        {"\xF4\x8F\xBF\xBF", true, true},
        {"\xED\x9F\xBF\xEE\x80\x80", true, true},
        {"\xED\xA0\x80", false, true},
        {"\xED\xBF\xBF", false, true},
        {"\x80", false, false},
        {"\xBF", false, false},
        {"\xC0\x80", false, false}, /* NUL in two bytes */
        {"\xC1\xBF", false, false},
        {"\xE0\x9F\xBF", false, false}, /* too long a form */
        {"\xF0\x8F\xBF\xBF", false, false},
        {"\xF4\x90\x80\x80", false, false}, /* beyond U+10FFFF */
        {"\xF5\x80\x80\x80", false, false},
        {"\xFE", false, false},
        {"\xFF", false, false},
        {"\xC3", false, false},
        {"\xE2\x82", false, false},
        {"\xF0\x9F\x98", false, false},
        {"\xC3(", false, false},
        {"\xE2(\xA1", false, false},
        {"\xF0\x9F(\x80", false, false},
        {"12345678\xC3\xA9", true, true},
        {"12345678\xC3", false, false},
        {"1234567\xC3\xA9", true, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        size_t len = strlen(CASES[i].bytes);
        char *copy = malloc(len ? len : 1);
        memcpy(copy, CASES[i].bytes, len);
        if (text_is_utf8(text_of(copy, len), UTF8_STRICT) != CASES[i].strict ||
            text_is_utf8(text_of(copy, len), UTF8_ALLOW_SURROGATES) != CASES[i].surrogates)
            fail_msg("case %zu", i);
        free(copy);
    }
    assert_true(text_is_utf8(NONE, UTF8_STRICT));
}

/* Every code point there and back; everything cut short is invalid and steps one byte. */
static void test_utf8_all(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        char bytes[4];
        size_t n = utf8_put(bytes, c), pos = 0;
        bool surrogate = c >= 0xD800 && c <= 0xDFFF;
        if (utf8_next(text_of(bytes, n), &pos) != c || pos != n)
            fail_msg("U+%04X", (unsigned)c);
        if (text_is_utf8(text_of(bytes, n), UTF8_STRICT) == surrogate)
            fail_msg("U+%04X", (unsigned)c);
        if (c % 97 == 0 && n > 1) {
            pos = 0;
            char *cut = malloc(n - 1);
            memcpy(cut, bytes, n - 1);
            assert_true(utf8_next(text_of(cut, n - 1), &pos) == UTF8_INVALID);
            assert_int_equal(pos, 1);
            free(cut);
        }
    }
}

/* All pairs of a lead and a following byte: valid for the checker if and only if the decoder takes
 * every byte. */
static void test_utf8_agree(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 256; a++)
        for (unsigned b = 0; b < 256; b++)
            for (unsigned tail = 0; tail < 3; tail++) {
                char bytes[4] = {(char)a, (char)b, (char)0x80, (char)0x80};
                Text t = text_of(bytes, 2 + tail);
                bool valid = true;
                for (size_t pos = 0; pos < t.len;)
                    valid = utf8_next(t, &pos) != UTF8_INVALID && valid;
                assert_int_equal(text_is_utf8(t, UTF8_ALLOW_SURROGATES), valid);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compare),      cmocka_unit_test(test_find),
        cmocka_unit_test(test_trim_and_cut), cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_lower),        cmocka_unit_test(test_utf8_known),
        cmocka_unit_test(test_utf8_all),     cmocka_unit_test(test_utf8_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
