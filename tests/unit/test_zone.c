#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "base/zone.h"

static int64_t seconds(const char *text)
{
    Time t;
    assert_true(time_parse(text_from_z(text), &t, NULL));
    return t / NANOSECONDS_PER_SECOND;
}

static const struct {
    const char *name;
    bool ok;
    int32_t east;
} FIXED[] = {
    {"UTC", true, 0},
    {"utc", true, 0},
    {"Z", true, 0},
    {"+01:00", true, 3600},
    {"-0330", true, -12600},
    {"+05:45", true, 20700},
    {"+14", true, 50400},
    {"+1", false, 0},
    {"+01:60", false, 0},
    {"+19:00", false, 0},
    {"+01:0", false, 0},
    {"", false, 0},
    {"../../etc/passwd", false, 0},
    {"/etc/localtime", false, 0},
    {"Mars/Base", false, 0},
    {"Europe", false, 0}, /* a folder */
};

static void test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof FIXED / sizeof FIXED[0]; i++) {
        Zone zone = {.count = 77};
        Err err = {0};
        bool ok = zone_load(text_from_z(FIXED[i].name), NULL, &zone, &err);
        if (ok != FIXED[i].ok || (ok && zone_east_at(&zone, 0) != FIXED[i].east))
            fail_msg("\"%s\": %s", FIXED[i].name, err.text);
        if (!ok)
            assert_true(zone.count == 77 && err.text[0]);
    }
}

static const struct {
    const char *rule, *local, *utc;
    ZoneFit fit;
} RULES[] = {
    {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-01-15T12:00:00", "2026-01-15T11:00:00", ZONE_ONCE},
    {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-07-15T12:00:00", "2026-07-15T10:00:00", ZONE_ONCE},
    {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T01:59:59", "2026-03-29T00:59:59", ZONE_ONCE},
    {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T02:30:00", "2026-03-29T01:30:00", ZONE_NEVER},
    {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T03:00:00", "2026-03-29T01:00:00", ZONE_ONCE},
    {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T01:59:59", "2026-10-24T23:59:59", ZONE_ONCE},
    {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T02:30:00", "2026-10-25T00:30:00", ZONE_TWICE},
    {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T03:00:00", "2026-10-25T02:00:00", ZONE_ONCE},
    {"EST5EDT,M3.2.0,M11.1.0", "2026-07-04T12:00:00", "2026-07-04T16:00:00", ZONE_ONCE},
    {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-01-15T12:00:00", "2026-01-15T01:00:00", ZONE_ONCE},
    {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-07-15T12:00:00", "2026-07-15T02:00:00", ZONE_ONCE},
    {"IST-2IDT,M3.4.4/26,M10.5.0", "2026-03-27T01:30:00", "2026-03-26T23:30:00", ZONE_ONCE},
    {"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "2026-06-01T12:00:00", "2026-06-01T14:00:00", ZONE_ONCE},
    {"XST-1XDT,J60,J300", "2024-03-01T00:30:00", "2024-02-29T23:30:00", ZONE_ONCE},
    {"XST-1XDT,59,300", "2024-02-29T12:00:00", "2024-02-29T10:00:00", ZONE_ONCE},
    {"<+0545>-5:45", "2026-06-01T12:00:00", "2026-06-01T06:15:00", ZONE_ONCE},
};

static void test_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof RULES / sizeof RULES[0]; i++) {
        static Zone zone;
        zone = (Zone){0};
        Err err = {0};
        assert_true(zone_add_rule(&zone, text_from_z(RULES[i].rule), 2000, &err));
        int64_t utc;
        ZoneFit fit = zone_to_utc(&zone, seconds(RULES[i].local), &utc);
        if (fit != RULES[i].fit || utc != seconds(RULES[i].utc))
            fail_msg("%s %s: fit %d, %lld s off", RULES[i].rule, RULES[i].local, (int)fit,
                     (long long)(utc - seconds(RULES[i].utc)));
    }
}

static void test_bad_rules(void **state)
{
    (void)state;
    static const char *const BAD[] = {"",
                                      "X",
                                      "CET",
                                      "CET-1CEST",
                                      "CET-1CEST,M3.5.0",
                                      "CET-1CEST,M13.5.0,M10.5.0",
                                      "CET-1CEST,M3.6.0,M10.5.0",
                                      "CET-1CEST,M3.5.0,M10.5.0/3x",
                                      "<CET-1",
                                      "CET-999"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        static Zone zone;
        zone = (Zone){0};
        Err err = {0};
        if (zone_add_rule(&zone, text_from_z(BAD[i]), 2000, &err))
            fail_msg("accepted: %s", BAD[i]);
    }
}

/* Against the C library, which reads the same files in its own way. */
static void compare_with_libc(const char *name)
{
    static Zone zone;
    Err err = {0};
    if (!zone_load(text_from_z(name), NULL, &zone, &err))
        fail_msg("%s: %s", name, err.text);
    assert_int_equal(setenv("TZ", name, 1), 0);
    tzset();
    unsigned once = 0;
    for (int64_t t = seconds("1971-01-01"); t < seconds("2060-01-01"); t += 86400 * 3 + 5419) {
        time_t moment = t;
        struct tm tm;
        assert_non_null(localtime_r(&moment, &tm));
        if (zone_east_at(&zone, t) != tm.tm_gmtoff)
            fail_msg("%s at %lld: %d, expected %ld", name, (long long)t,
                     (int)zone_east_at(&zone, t), tm.tm_gmtoff);
        int64_t utc;
        ZoneFit fit = zone_to_utc(&zone, t + tm.tm_gmtoff, &utc);
        once += fit == ZONE_ONCE;
        if (fit == ZONE_NEVER || (fit == ZONE_ONCE && utc != t) || utc > t)
            fail_msg("%s: the way back from %lld gives %lld", name, (long long)t, (long long)utc);
    }
    assert_true(once > 9000);
}

static void test_against_libc(void **state)
{
    (void)state;
    static const char *const NAMES[] = {
        "Europe/Luxembourg", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu",
        "Africa/Casablanca", "America/Santiago", "Asia/Jerusalem",      "Pacific/Apia",
        "Europe/Dublin",     "Asia/Tehran",      "America/Nuuk",        "Etc/GMT+5"};
    if (access("/usr/share/zoneinfo/Europe/Luxembourg", R_OK) != 0) {
        puts("no time zone database here (package tzdata): nothing compared");
        skip();
    }
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        compare_with_libc(NAMES[i]);
}

/* Cut short or altered, a zone file is refused or gives a table within its limits. */
static void test_damaged_files(void **state)
{
    (void)state;
    static uint8_t file[8192];
    FILE *in = fopen("/usr/share/zoneinfo/Europe/Luxembourg", "rb");
    if (!in) {
        puts("no time zone database here (package tzdata)");
        skip();
    }
    size_t len = fread(file, 1, sizeof file, in);
    fclose(in);
    static Zone zone;
    unsigned refused = 0;
    for (size_t cut = 0; cut < len; cut++)
        refused += !zone_from_tzif(span_of(file, cut), &zone, NULL);
    assert_true(refused > len / 2);
    for (size_t at = 0; at < len; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            file[at] ^= (uint8_t)(1u << bit);
            if (zone_from_tzif(span_of(file, len), &zone, NULL))
                assert_true(zone.count <= ZONE_CHANGES_MAX);
            file[at] ^= (uint8_t)(1u << bit);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),         cmocka_unit_test(test_rules),
        cmocka_unit_test(test_bad_rules),     cmocka_unit_test(test_against_libc),
        cmocka_unit_test(test_damaged_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
