#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/printable.h"

#define LF PRINTABLE_ALLOW('\n')

static const struct {
    const char *name;
    Text text;
    uint32_t allowed;
    size_t fine;
} CASES[] = {
    {"nothing", {"", 0}, 0, 0},
    {"plain", {"abc", 3}, 0, 3},
    {"line", {"abc\n", 4}, LF, 4},
    {"line not allowed", {"abc\n", 4}, 0, 3},
    {"long line", {"0123456789012345678901234567890123456789\nab", 43}, LF, 43},
    {"NUL", {"ab\0c", 4}, LF, 2},
    {"escape", {"0123456789abcdef\x1b[31m", 21}, LF, 16},
    {"carriage return", {"ab\r\n", 4}, LF, 2},
    {"tab", {"a\tb", 3}, LF, 1},
    {"delete", {"0123456789abcde\x7f", 16}, LF, 15},
    {"gap allowed", {"a\1\2b", 4}, PRINTABLE_ALLOW(1) | PRINTABLE_ALLOW(2), 4},
    {"two bytes", {"caf\xc3\xa9", 5}, LF, 5},
    {"three bytes", {"\xe2\x82\xac", 3}, LF, 3},
    {"four bytes", {"\xf0\x9f\x98\x80 0123456789abcdef", 21}, LF, 21},
    {"cut short", {"ab\xe2\x82", 4}, LF, 2},
    {"continuation alone", {"ab\x80", 3}, LF, 2},
    {"overlong", {"\xc0\x80", 2}, LF, 0},
    {"surrogate", {"a\xed\xa0\x80", 4}, LF, 1},
    {"beyond Unicode", {"\xf4\x90\x80\x80", 4}, LF, 0},
};

/* All ways; those that this processor does not have are the plain one. */
enum { WAYS = 5 };

static size_t prefix_by(size_t way, Text t, uint32_t allowed)
{
    PrintablePrefix *const ways[WAYS] = {printable_prefix_plain, printable_prefix,
                                         printable_prefix_narrow, printable_prefix_avx2(),
                                         printable_prefix_avx512()};
    return (ways[way] ? ways[way] : printable_prefix_plain)(t, allowed);
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        for (size_t way = 0; way < WAYS; way++) {
            size_t found = prefix_by(way, CASES[i].text, CASES[i].allowed);
            if (found != CASES[i].fine)
                fail_msg("%s, way %zu: %zu, expected %zu", CASES[i].name, way, found,
                         CASES[i].fine);
        }
    }
}

/* The fast ones and their twin agree on texts that are nearly fine, at every length and place. */
static void test_twins(void **state)
{
    (void)state;
    static const char *const PIECES[] = {"a",
                                         "0123456789abcdef",
                                         "\n",
                                         "\xc3\xa9",
                                         "\xe2\x82\xac",
                                         "\xf0\x9f\x98\x80",
                                         "\x01",
                                         "\x1f",
                                         "\x7f",
                                         "\x80",
                                         "\xed\xbf\xbf",
                                         "\xe2\x82"};
    uint64_t random = 42;
    size_t refused = 0, whole = 0;
    for (unsigned round = 0; round < 200000; round++) {
        char bytes[400];
        size_t len = 0;
        while (len < 350) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            size_t pick = random >> 33 & 255;
            const char *piece = PIECES[pick < 240 ? pick % 6 : pick % 12];
            memcpy(bytes + len, piece, strlen(piece));
            len += strlen(piece);
            if ((random >> 41 & 31) == 0)
                break;
        }
        char *exact = malloc(len + !len); /* so that a sanitizer sees a read past the end */
        assert_non_null(exact);
        memcpy(exact, bytes, len);
        size_t plain = printable_prefix_plain(text_of(exact, len), LF);
        for (size_t way = 0; way < WAYS; way++)
            assert_int_equal(prefix_by(way, text_of(exact, len), LF), plain);
        free(exact);
        refused += plain < len;
        whole += plain == len;
    }
    assert_true(refused > 1000 && whole > 1000);
}

static void test_deceptive(void **state)
{
    (void)state;
    static const uint32_t YES[] = {0x80, 0x9B, 0x200B, 0x202E, 0x2028, 0x2066, 0xFEFF, 0xE0041};
    static const uint32_t NO[] = {'a', 0xA0, 0xE9, 0x20AC, 0x2019, 0x3042, 0x1F600};
    for (size_t i = 0; i < sizeof YES / sizeof YES[0]; i++)
        assert_true(printable_is_deceptive(YES[i]));
    for (size_t i = 0; i < sizeof NO / sizeof NO[0]; i++)
        assert_false(printable_is_deceptive(NO[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_twins),
        cmocka_unit_test(test_deceptive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
