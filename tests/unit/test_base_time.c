/* Time: conversions, the calendar against the C library's, parsing and formatting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

#include "base/time.h"

#define UNTOUCHED INT64_C(-77)

static void test_unix(void **state)
{
    static const struct {
        int64_t seconds;
        uint32_t nanoseconds;
        bool ok;
        Time time;
    } CASES[] = {
        {0, 0, true, 0},
        {1, 5, true, INT64_C(1000000005)},
        {-1, 999999999, true, -1},
        {0, 1000000000, false, 0},
        {INT64_C(9223372036), 854775807, true, INT64_MAX},
        {INT64_C(9223372036), 854775808, false, 0},
        {INT64_C(-9223372036), 0, true, INT64_C(-9223372036000000000)},
        {INT64_C(-9223372037), 145224193, false, 0}, /* the product does not fit */
        {INT64_MAX, 0, false, 0},
        {INT64_MIN, 0, false, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        Time t = UNTOUCHED;
        if (time_from_unix(CASES[i].seconds, CASES[i].nanoseconds, &t) != CASES[i].ok)
            fail_msg("case %zu", i);
        assert_true(t == (CASES[i].ok ? CASES[i].time : UNTOUCHED));
        assert_true(t != TIME_NONE);
    }
}

static void test_filetime(void **state)
{
    static const struct {
        uint64_t ticks;
        bool ok;
        Time time;
    } CASES[] = {
        {UINT64_C(116444736000000000), true, 0},
        {UINT64_C(116444736000000001), true, 100},
        {UINT64_C(116444735999999999), true, -100},
        {0, false, 0},
        {UINT64_C(208678456368547758), true, INT64_C(9223372036854775800)},
        {UINT64_C(208678456368547759), false, 0},
        {INT64_MAX, false, 0},
        {UINT64_MAX, false, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        Time t = UNTOUCHED;
        if (time_from_filetime(CASES[i].ticks, &t) != CASES[i].ok)
            fail_msg("case %zu", i);
        assert_true(t == (CASES[i].ok ? CASES[i].time : UNTOUCHED));
    }
}

/* Seconds over 1,200 years against gmtime_r and timegm. */
static void test_calendar(void **state)
{
    (void)state;
    for (int64_t s = INT64_C(-20000000000); s < INT64_C(20000000000); s += 7999993) {
        CivilTime c = civil_from_seconds(s);
        time_t seconds = (time_t)s;
        struct tm tm;
        assert_non_null(gmtime_r(&seconds, &tm));
        assert_int_equal(c.year, tm.tm_year + 1900);
        assert_int_equal(c.month, tm.tm_mon + 1);
        assert_int_equal(c.day, tm.tm_mday);
        assert_int_equal(c.hour, tm.tm_hour);
        assert_int_equal(c.minute, tm.tm_min);
        assert_int_equal(c.second, tm.tm_sec);
        assert_true(civil_to_seconds(&c) == s);
    }
}

static void test_civil(void **state)
{
    static const struct {
        CivilTime civil;
        bool ok;
    } CASES[] = {
        {{2024, 2, 29, 23, 59, 59, 999999999}, true},
        {{2023, 2, 29, 0, 0, 0, 0}, false},
        {{2000, 2, 29, 0, 0, 0, 0}, true},
        {{1900, 2, 29, 0, 0, 0, 0}, false},
        {{2023, 0, 1, 0, 0, 0, 0}, false},
        {{2023, 13, 1, 0, 0, 0, 0}, false},
        {{2023, 1, 0, 0, 0, 0, 0}, false},
        {{2023, 1, 32, 0, 0, 0, 0}, false},
        {{2023, 4, 31, 0, 0, 0, 0}, false},
        {{2023, 1, 1, 24, 0, 0, 0}, false},
        {{2023, 1, 1, 0, 60, 0, 0}, false},
        {{2023, 1, 1, 0, 0, 60, 0}, false},
        {{2023, 1, 1, 0, 0, 0, 1000000000}, false},
        {{1600, 1, 1, 0, 0, 0, 0}, false},
        {{2263, 1, 1, 0, 0, 0, 0}, false},
        {{1678, 1, 1, 0, 0, 0, 0}, true},
        {{2261, 12, 31, 0, 0, 0, 0}, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        Time t = UNTOUCHED;
        if (time_from_civil(&CASES[i].civil, &t) != CASES[i].ok)
            fail_msg("case %zu", i);
        if (!CASES[i].ok) {
            assert_true(t == UNTOUCHED);
            continue;
        }
        CivilTime back = time_to_civil(t);
        assert_memory_equal(&back, &CASES[i].civil, sizeof back);
    }
}

static void test_parse(void **state)
{
    static const struct {
        const char *text;
        bool ok, zone;
        const char *utc; /* with nine decimals */
    } CASES[] = {
        {"2026-03-04T09:12:00Z", true, true, "2026-03-04T09:12:00.000000000Z"},
        {"2026-03-04t09:12:00z", true, true, "2026-03-04T09:12:00.000000000Z"},
        {"2026-03-04 09:12:00", true, false, "2026-03-04T09:12:00.000000000Z"},
        {"2026-03-04 09:12:00 Z", true, true, "2026-03-04T09:12:00.000000000Z"},
        {"2026-03-04T09:12Z", true, true, "2026-03-04T09:12:00.000000000Z"},
        {"2026-03-04", true, false, "2026-03-04T00:00:00.000000000Z"},
        {"2026-03-04T09:12:00.1Z", true, true, "2026-03-04T09:12:00.100000000Z"},
        {"2026-03-04T09:12:00,123456789Z", true, true, "2026-03-04T09:12:00.123456789Z"},
        {"2026-03-04T09:12:00.1234567899Z", true, true, "2026-03-04T09:12:00.123456789Z"},
        {"2026-03-04T09:12:00.5", true, false, "2026-03-04T09:12:00.500000000Z"},
        {"2026-03-04T09:12:00+01:00", true, true, "2026-03-04T08:12:00.000000000Z"},
        {"2026-03-04T09:12:00+0130", true, true, "2026-03-04T07:42:00.000000000Z"},
        {"2026-03-04T09:12:00-05", true, true, "2026-03-04T14:12:00.000000000Z"},
        {"2026-01-01T00:30:00.25+01:00", true, true, "2025-12-31T23:30:00.250000000Z"},
        {"1969-12-31T23:59:59.75Z", true, true, "1969-12-31T23:59:59.750000000Z"},
        {"", false, false, NULL},
        {"2026", false, false, NULL},
        {"2026-03", false, false, NULL},
        {"2026-3-04", false, false, NULL},
        {"2026-03-04T", false, false, NULL},
        {"2026-03-04T9:12:00Z", false, false, NULL},
        {"2026-03-04T09", false, false, NULL},
        {"2026-03-04T09:12:", false, false, NULL},
        {"2026-03-04T09:12:0", false, false, NULL},
        {"2026-03-04T09:12:00.", false, false, NULL},
        {"2026-03-04T09:12:00.Z", false, false, NULL},
        {"2026-03-04T09:12:00X", false, false, NULL},
        {"2026-03-04T09:12:00ZZ", false, false, NULL},
        {"2026-03-04T09:12:00+1", false, false, NULL},
        {"2026-03-04T09:12:00+24:00", false, false, NULL},
        {"2026-03-04T09:12:00+01:60", false, false, NULL},
        {"2026-03-04T09:12:00+01:0", false, false, NULL},
        {"2026-02-30T09:12:00Z", false, false, NULL},
        {"2026-13-01T09:12:00Z", false, false, NULL},
        {"2026-03-04T24:00:00Z", false, false, NULL},
        {"0001-01-01T00:00:00Z", false, false, NULL}, /* outside the range of Time */
        {"9999-12-31T23:59:59Z", false, false, NULL},
        {"-026-03-04", false, false, NULL},
        {"20260304", false, false, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        size_t len = strlen(CASES[i].text);
        char *copy = malloc(len ? len : 1), out[TIME_TEXT_ROOM];
        Time t = UNTOUCHED;
        bool zone = false;
        memcpy(copy, CASES[i].text, len);
        bool ok = time_parse(text_of(copy, len), &t, &zone);
        free(copy);
        if (ok != CASES[i].ok)
            fail_msg("\"%s\"", CASES[i].text);
        assert_true(ok || t == UNTOUCHED);
        if (!ok)
            continue;
        assert_int_equal(zone, CASES[i].zone);
        Text utc = text_of(out, time_format(t, 9, out));
        if (!text_equal(utc, text_from_z(CASES[i].utc)))
            fail_msg("\"%s\" gives %.*s", CASES[i].text, (int)utc.len, utc.ptr);
        assert_true(time_parse(text_from_z(CASES[i].text), &t, NULL));
    }
}

static void test_format(void **state)
{
    static const struct {
        Time time;
        unsigned decimals;
        const char *text;
    } CASES[] = {
        {0, 0, "1970-01-01T00:00:00Z"},
        {INT64_C(1700000000123456789), 0, "2023-11-14T22:13:20Z"},
        {INT64_C(1700000000123456789), 3, "2023-11-14T22:13:20.123Z"},
        {INT64_C(1700000000123456789), 6, "2023-11-14T22:13:20.123456Z"},
        {INT64_C(1700000000123456789), 7, "2023-11-14T22:13:20.1234567Z"},
        {INT64_C(1700000000123456789), 9, "2023-11-14T22:13:20.123456789Z"},
        {-1, 9, "1969-12-31T23:59:59.999999999Z"},
        {INT64_MAX, 9, "2262-04-11T23:47:16.854775807Z"},
        {TIME_NONE + 1, 9, "1677-09-21T00:12:43.145224193Z"},
        {TIME_NONE, 9, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char out[TIME_TEXT_ROOM];
        Text t = text_of(out, time_format(CASES[i].time, CASES[i].decimals, out));
        if (!text_equal(t, text_from_z(CASES[i].text)))
            fail_msg("%.*s, expected %s", (int)t.len, t.ptr, CASES[i].text);
    }
}

/* Formatting and parsing undo each other over the whole range. */
static void test_round_trip(void **state)
{
    uint64_t random = 1;
    (void)state;
    for (int i = 0; i < 100000; i++) {
        char out[TIME_TEXT_ROOM];
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        Time t = (Time)random, back = 0;
        if (t < INT64_C(-9223372036000000000))
            continue; /* the first second that parsing can give */
        assert_true(time_parse(text_of(out, time_format(t, 9, out)), &back, NULL));
        assert_true(back == t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unix),       cmocka_unit_test(test_filetime),
        cmocka_unit_test(test_calendar),   cmocka_unit_test(test_civil),
        cmocka_unit_test(test_parse),      cmocka_unit_test(test_format),
        cmocka_unit_test(test_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
