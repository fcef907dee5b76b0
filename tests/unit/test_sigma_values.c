/* Numbers, addresses, expressions, dates: what values of events are compared with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>

#include "detect/ip.h"
#include "detect/sigma/date_part.h"
#include "detect/sigma/number.h"
#include "detect/sigma/regex.h"
#include "detect/sigma/regex_literals.h"

static void test_number_parse(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        NumberKind kind;
        uint64_t bits;
    } CASES[] = {
        {"0", true, NUMBER_POSITIVE, 0},
        {"-0", true, NUMBER_POSITIVE, 0},
        {"42", true, NUMBER_POSITIVE, 42},
        {"-42", true, NUMBER_NEGATIVE, 42},
        {"18446744073709551615", true, NUMBER_POSITIVE, UINT64_MAX},
        {"0x1F", true, NUMBER_POSITIVE, 31},
        {"0XffFFffFFffFFffFF", true, NUMBER_POSITIVE, UINT64_MAX},
        {"1.0", true, NUMBER_POSITIVE, 1},
        {"1e3", true, NUMBER_POSITIVE, 1000},
        {"-2.0", true, NUMBER_NEGATIVE, 2},
        {"", false, 0, 0},
        {"-", false, 0, 0},
        {"+1", false, 0, 0},
        {"01", false, 0, 0},
        {"0x", false, 0, 0},
        {"-0x1", false, 0, 0},
        {"0x11111111111111111", false, 0, 0},
        {"1.", false, 0, 0},
        {".5", false, 0, 0},
        {"1e", false, 0, 0},
        {"1 ", false, 0, 0},
        {"nan", false, 0, 0},
        {"1e999", false, 0, 0},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        Number number = {0};
        if (number_parse(text_from_z(CASES[i].text), &number) != CASES[i].ok)
            fail_msg("%s", CASES[i].text);
        if (CASES[i].ok && (number.kind != CASES[i].kind || number.bits != CASES[i].bits))
            fail_msg("%s", CASES[i].text);
    }
    Number half, big;
    assert_true(number_parse(TEXT("0.5"), &half));
    assert_int_equal(half.kind, NUMBER_REAL);
    assert_true(number_parse(TEXT("18446744073709551616"), &big));
    assert_int_equal(big.kind, NUMBER_REAL);
}

static void test_number_order(void **state)
{
    (void)state;
    static const char *const RISING[] = {"-1e30",
                                         "-3",
                                         "-2.5",
                                         "-2",
                                         "0",
                                         "0.5",
                                         "1",
                                         "18446744073709551614",
                                         "18446744073709551615",
                                         "1e30"};
    for (size_t i = 0; i + 1 < sizeof RISING / sizeof RISING[0]; i++) {
        Number a, b;
        assert_true(number_parse(text_from_z(RISING[i]), &a));
        assert_true(number_parse(text_from_z(RISING[i + 1]), &b));
        assert_true(number_order(a, b) < 0);
        assert_true(number_order(b, a) > 0);
        assert_int_equal(number_order(a, a), 0);
        assert_false(number_equal(a, b));
    }
}

static void test_ip(void **state)
{
    (void)state;
    static const struct {
        const char *text, *same;
    } CASES[] = {{"10.0.0.1", "::ffff:10.0.0.1"},
                 {"10.0.0.1", "[::FFFF:a00:1]"},
                 {"fe80::1%eth0", "fe80:0:0:0:0:0:0:1"},
                 {"[::1]", "::1"}};
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        Ip a, b;
        assert_true(ip_parse(text_from_z(CASES[i].text), &a));
        assert_true(ip_parse(text_from_z(CASES[i].same), &b));
        assert_memory_equal(&a, &b, sizeof a);
    }
    static const char *const BAD[] = {
        "",     "1",   "10.0.0", "10.0.0.256", "10.0.0.1:80", "[::1",
        "::1]", "::g", "x",      "1.2.3.4\0",  "fe80::1%",    "010.0.0.1x"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        Ip ip;
        if (ip_parse(text_from_z(BAD[i]), &ip) && strcmp(BAD[i], "1.2.3.4") != 0)
            fail_msg("%s", BAD[i]);
    }
    Ip ip;
    assert_false(ip_parse(text_of("1.2.3.4\0", 8), &ip));
}

static void test_network(void **state)
{
    (void)state;
    static const struct {
        const char *network, *in, *out;
        IpNetworkFault fault;
    } CASES[] = {
        {"10.0.0.0/8", "10.255.0.1", "11.0.0.0", NETWORK_OK},
        {"10.0.0.0/31", "10.0.0.1", "10.0.0.2", NETWORK_OK},
        {"10.0.0.1/32", "10.0.0.1", "10.0.0.0", NETWORK_OK},
        {"0.0.0.0/0", "255.255.255.255", "2001:db8::1", NETWORK_OK},
        {"::/0", "10.0.0.1", NULL, NETWORK_OK},
        {"2001:db8::/33", "2001:db8:7fff::", "2001:db8:8000::", NETWORK_OK},
        {"10.0.0.1", "10.0.0.1", "10.0.0.2", NETWORK_OK},
        {"10.0.0.1/8", NULL, NULL, NETWORK_HOST_BITS},
        {"10.0.0.0/33", NULL, NULL, NETWORK_NONE},
        {"10.0.0.0/", NULL, NULL, NETWORK_NONE},
        {"10.0.0.0/8/8", NULL, NULL, NETWORK_NONE},
        {"/8", NULL, NULL, NETWORK_NONE},
        {"::/129", NULL, NULL, NETWORK_NONE},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        IpNetwork network;
        Ip ip;
        if (ip_network_parse(text_from_z(CASES[i].network), &network) != CASES[i].fault)
            fail_msg("%s", CASES[i].network);
        if (CASES[i].in)
            assert_true(ip_parse(text_from_z(CASES[i].in), &ip) && ip_in_network(&ip, &network));
        if (CASES[i].out)
            assert_true(ip_parse(text_from_z(CASES[i].out), &ip) && !ip_in_network(&ip, &network));
    }
}

static Truth search(const char *pattern, unsigned flags, Text value)
{
    char why[128];
    Regex *regex = regex_compile(text_from_z(pattern), flags, why);
    RegexScratch *scratch = regex_scratch_create();
    if (!regex || !scratch)
        fail_msg("%s: %s", pattern, why);
    Truth truth = regex_search(regex, scratch, value);
    regex_scratch_destroy(scratch);
    regex_destroy(regex);
    return truth;
}

static void test_regex(void **state)
{
    (void)state;
    assert_int_equal(search("b+", 0, TEXT("abbc")), TRUTH_TRUE);
    assert_int_equal(search("^b+", 0, TEXT("abbc")), TRUTH_FALSE);
    assert_int_equal(search("", 0, TEXT("")), TRUTH_TRUE);
    assert_int_equal(search("", 0, (Text){0}), TRUTH_TRUE);
    assert_int_equal(search("É", REGEX_IGNORE_CASE, TEXT("é")), TRUTH_TRUE);
    assert_int_equal(search("a|b", REGEX_AT_START | REGEX_AT_END, TEXT("b")), TRUTH_TRUE);
    assert_int_equal(search("a|b", REGEX_AT_START | REGEX_AT_END, TEXT("ab")), TRUTH_FALSE);
    assert_int_equal(search("x.y", 0, TEXT("\xFFx\xC3\xA9y\xFF")), TRUTH_TRUE);
    assert_int_equal(search("x.y", 0, TEXT("x\xFFy")), TRUTH_FALSE); /* not a character */
    char why[128];
    assert_null(regex_compile(TEXT("a)|(b"), REGEX_AT_START, why)); /* not even within anchors */
    assert_non_null(strstr(why, "at byte"));
    assert_null(regex_compile(TEXT("\\C"), 0, why));
}

/* Long values are searched in slices: every place is tried, and looks back work across them. */
static void test_regex_slices(void **state)
{
    (void)state;
    size_t len = 3u << 20;
    char *value = malloc(len);
    memset(value, '.', len);
    memcpy(value + len - 6, "needle", 6);
    assert_int_equal(search("needle", 0, text_of(value, len)), TRUTH_TRUE);
    assert_int_equal(search("(?<=\\.)n[e]{2}dle$", 0, text_of(value, len)), TRUTH_TRUE);
    assert_int_equal(search("^needle", 0, text_of(value, len)), TRUTH_FALSE);
    assert_int_equal(search("needles", 0, text_of(value, len)), TRUTH_FALSE);
    for (size_t i = 0; i + 2 <= len; i += 2)
        memcpy(value + i, "\xC3\xA9", 2);
    value[len - 2] = 'n';
    value[len - 1] = 'x';
    assert_int_equal(search("énx", 0, text_of(value, len)), TRUTH_TRUE);
    free(value);
}

static void test_regex_literals(void **state)
{
    (void)state;
    static const struct {
        const char *expression, *expected; /* comma-separated */
    } CASES[] = {
        {"abc", "abc"},
        {"ABC", "abc"},
        {"ab+cdefgh", "cdefgh"},
        {"ab?cdefgh", "cdefgh"},
        {"x*", ""},
        {"foo.*barbaz", "barbaz"},
        {"(foo|barbaz)", "foo,barbaz"},
        {"(foo|b?)", ""},
        {"(?:foo|bar)e*x{0,3}", "foo,bar"},
        {"foo|bar|[0-9]", ""},
        {"(abcdef)?", ""},
        {"(abcdef)+", "abcdef"},
        {"(?i)Hello", "hello"},
        {"[Hh][Ee]llo", "hello"},
        {"[^a]bcde", "bcde"},
        {"a\\.bcd", "a.bcd"},
        {"\\d+\\\\temp\\\\", "\\temp\\"},
        {"foo(?=bar)", ""},
        {"foo\\1", ""},
        {"\\Qa.b\\E", ""},
        {"(?x) a b", ""},
        {"a{2,3}bcd", "bcd"},
        {"x{,3}yzq", ""},
        {"\\x41bcde", "bcde"},
        {"\\p{L}bcde", "bcde"},
        {"caféX", "caféx"},
        {"[[:alpha:]]bcde", "bcde"},
        {"[]x]bcde", "bcde"},
        {"(?<name>abcd)e", "abcd"},
        {"((((abcd))))", "abcd"},
        {"a", "a"},
        {"", ""},
        {"(", ""},
        {"abc\\", ""},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        Arena *arena = arena_create(1 << 16);
        RegexLiterals literals;
        char found[256] = "";
        size_t len = 0;
        assert_true(regex_literals(arena, text_from_z(CASES[i].expression), &literals));
        for (uint32_t k = 0; k < literals.count; k++)
            len += (size_t)snprintf(found + len, sizeof found - len, "%s%.*s", k ? "," : "",
                                    (int)literals.list[k].len, literals.list[k].ptr);
        if (strcmp(found, CASES[i].expected) != 0)
            fail_msg("%s: expected %s, found %s", CASES[i].expression, CASES[i].expected, found);
        arena_destroy(arena);
    }
}

static void test_iso_week(void **state)
{
    (void)state;
    static const struct {
        int32_t year;
        unsigned month, day, week;
    } CASES[] = {{2026, 1, 1, 1},   {2025, 12, 29, 1}, {2025, 12, 28, 52}, {2021, 1, 3, 53},
                 {2021, 1, 4, 1},   {2016, 1, 3, 53},  {2024, 2, 29, 9},   {1970, 1, 1, 1},
                 {1969, 12, 31, 1}, {1960, 1, 1, 53},  {2000, 1, 2, 52}};
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        if (iso_week(CASES[i].year, CASES[i].month, CASES[i].day) != CASES[i].week)
            fail_msg("%d-%u-%u", CASES[i].year, CASES[i].month, CASES[i].day);
}

static void test_date_types(void **state)
{
    (void)state;
    uint8_t bytes[16] = {0};
    int64_t part;
    store_u64le(bytes, UINT64_C(133500000000000000)); /* 2024-01-17T13:20:00 */
    Value filetime = {.type = VALUE_FILETIME, .bytes = span_of(bytes, 8)};
    assert_true(date_part_of(filetime, DATE_YEAR, &part));
    assert_int_equal(part, 2024);
    uint8_t system[16] = {0xEA, 0x07, 3, 0, 0, 0, 4, 0, 9, 0, 12, 0, 0, 0, 0, 0};
    Value systemtime = {.type = VALUE_SYSTEMTIME, .bytes = span_of(system, 16)};
    assert_true(date_part_of(systemtime, DATE_HOUR, &part));
    assert_int_equal(part, 9);
    system[2] = 13; /* no such month */
    assert_false(date_part_of(systemtime, DATE_HOUR, &part));
    Value number = {.type = VALUE_UINT, .bytes = span_of(bytes, 8)};
    assert_false(date_part_of(number, DATE_YEAR, &part));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_number_parse),
                                       cmocka_unit_test(test_number_order),
                                       cmocka_unit_test(test_ip),
                                       cmocka_unit_test(test_network),
                                       cmocka_unit_test(test_regex),
                                       cmocka_unit_test(test_regex_slices),
                                       cmocka_unit_test(test_regex_literals),
                                       cmocka_unit_test(test_iso_week),
                                       cmocka_unit_test(test_date_types)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
