/* The fast ways to read and write EVTX values against the plain ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/digits.h"
#include "format/evtx/json_string.h"
#include "format/evtx/plan_value.h"
#include "format/evtx/value_table.h"

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 20;
}

/* ---- tables of values ---- */

static void check_table(uint64_t *random, uint32_t count, uint32_t limit)
{
    enum { CHUNK = 65536, PADDING = 64, VALUES = 600 };
    static uint8_t chunk[CHUNK + PADDING];
    static ValueRef fast[VALUES + VALUE_TABLE_SLACK], plain[VALUES + VALUE_TABLE_SLACK];
    uint32_t begin = 512 + 4 * count;
    memset(fast, 0xEE, sizeof fast);
    memset(plain, 0xEE, sizeof plain);
    for (uint32_t i = 0; i < count + 16; i++) { /* what stands behind is not taken for values */
        uint32_t size = next_random(random) % 8 ? (uint32_t)next_random(random) % 40
                                                : (uint32_t)next_random(random) % 3000;
        uint32_t type = (uint32_t)next_random(random) % 3;
        store_u32le(chunk + 512 + 4 * (size_t)i, size | type << 16 | (uint32_t)(i % 256) << 24);
    }
    for (uint32_t i = begin; i < CHUNK; i++)
        chunk[i] = (uint8_t)(next_random(random) % 4 ? 0 : 'x');
    uint32_t end = value_table_read(fast, chunk + 512, count, chunk, begin, limit);
    assert_int_equal(value_table_read_plain(plain, chunk + 512, count, chunk, begin, limit), end);
    assert_memory_equal(fast, plain, count * sizeof *fast);
    for (size_t i = count + VALUE_TABLE_SLACK; i < VALUES; i++)
        assert_int_equal(fast[i].type, 0xEE);
}

static void test_value_tables(void **state)
{
    (void)state;
    uint64_t random = 7;
    for (uint32_t round = 0; round < 300; round++)
        check_table(&random, round < 40 ? round : (uint32_t)next_random(&random) % 500,
                    round % 3 ? 65536 : (uint32_t)next_random(&random) % 65536);
}

static void test_strings_are_trimmed(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        uint16_t size, type, trimmed;
    } CASES[] = {
        {"a\0b\0\0\0", 6, 1, 4},      {"\0\0\0\0", 4, 1, 0}, {"a\0\0\0b\0", 6, 1, 6},
        {"a\0b\0\0", 5, 1, 5},        {"a\0\0\0", 4, 2, 4},  {"a\0\0\0", 4, 14, 4},
        {"a\0\0\0\0\0\0\0", 8, 1, 2}, {"", 0, 1, 0},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        uint8_t chunk[128] = {0};
        ValueRef values[1 + VALUE_TABLE_SLACK];
        store_u32le(chunk, CASES[i].size | (uint32_t)CASES[i].type << 16);
        memcpy(chunk + 4, CASES[i].bytes, CASES[i].size);
        uint32_t end = value_table_read(values, chunk, 1, chunk, 4, 64);
        assert_int_equal(end, 4 + CASES[i].size);
        assert_int_equal(values[0].offset, 4);
        assert_int_equal(values[0].size, CASES[i].trimmed);
        assert_int_equal(values[0].type, CASES[i].type);
    }
}

/* ---- strings ---- */

/* Exactly as many bytes as the way may read, so that sanitizers see one more; its output and what
 * it may write behind it. */
static size_t write_string(JsonString *way, const uint8_t *bytes, size_t size, size_t readable,
                           char *out)
{
    uint8_t *exact = malloc(size + readable + 1);
    assert_non_null(exact);
    if (size)
        memcpy(exact, bytes, size);
    memset(exact + size, '"', readable);
    char *end = way(out, exact, size);
    free(exact);
    return (size_t)(end - out);
}

static void compare_strings(JsonString *way, JsonString *plain, const uint8_t *bytes, size_t size,
                            size_t readable)
{
    static char expected[8192], found[8192];
    if (!way)
        return;
    size_t want = write_string(plain, bytes, size, 0, expected);
    memset(found, 0x11, sizeof found);
    size_t got = write_string(way, bytes, size, readable, found);
    assert_int_equal(got, want);
    assert_memory_equal(found, expected, want);
    assert_int_equal(found[want + JSON_STRING_SLACK], 0x11);
}

/* Mostly plain ASCII, in some rounds mostly not. */
static uint16_t random_unit(uint64_t *random, unsigned mood)
{
    static const uint16_t ODD[] = {'"',  '\\',   '\n',   '\r',   '\t',   '\b',   '\f',  0,
                                   1,    0x0B,   0x0E,   0x0F,   0x10,   0x1A,   0x1F,  0x7F,
                                   0x80, 0xFF,   0x100,  0x122,  0x7FFF, 0x8000, 0x222, 0xE9,
                                   '/',  0xD83D, 0xDE00, 0xD83D, 0xDE00, 0xDC00, 0x422, 0xFFFF};
    uint64_t pick = next_random(random);
    if (pick % 64 < mood)
        return ODD[pick / 64 % (sizeof ODD / sizeof *ODD)];
    return (uint16_t)(0x20 + pick / 64 % 0x5F);
}

static void test_units(void **state)
{
    (void)state;
    uint64_t random = 1;
    JsonStrings wide = json_strings_avx512();
    if (!wide.units)
        print_message("this processor has no AVX-512 VBMI2: one of the ways is not tested\n");
    for (unsigned round = 0; round < 60000; round++) {
        static const unsigned MOODS[] = {0, 1, 4, 16, 64};
        uint8_t bytes[400];
        size_t size = next_random(&random) % (round % 4 ? 140 : sizeof bytes + 1);
        for (size_t i = 0; i + 1 < sizeof bytes; i += 2) {
            uint16_t unit = random_unit(&random, MOODS[round % 5]);
            bytes[i] = (uint8_t)unit;
            bytes[i + 1] = (uint8_t)(unit >> 8);
        }
        compare_strings(evtx_json_units, evtx_json_units_plain, bytes, size, 32);
        compare_strings(wide.units, evtx_json_units_plain, bytes, size, 0);
        for (size_t i = 0; i < sizeof bytes; i += 2) /* the low bytes alone, as one would write */
            bytes[i / 2] = bytes[i];
        compare_strings(evtx_json_ansi, evtx_json_ansi_plain, bytes, size / 2, 32);
        compare_strings(wide.ansi, evtx_json_ansi_plain, bytes, size / 2, 0);
    }
}

/* Every unit, in every place of a vector. */
static void test_every_unit(void **state)
{
    (void)state;
    JsonStrings wide = json_strings_avx512();
    for (uint32_t unit = 0; unit < 0x10000; unit++) {
        uint8_t bytes[80];
        for (size_t i = 0; i < sizeof bytes; i += 2) {
            bytes[i] = i / 2 == unit % 40 ? (uint8_t)unit : 'a';
            bytes[i + 1] = i / 2 == unit % 40 ? (uint8_t)(unit >> 8) : 0;
        }
        compare_strings(evtx_json_units, evtx_json_units_plain, bytes, sizeof bytes, 32);
        compare_strings(wide.units, evtx_json_units_plain, bytes, sizeof bytes, 0);
    }
}

/* ---- numbers, times, GUIDs ---- */

static void test_times(void **state)
{
    (void)state;
    DateMemo memo = {.text = "1601-01-01T"};
    uint64_t random = 3, ticks = 0;
    static const uint64_t STEPS[] = {1, 10000000, 864000000000, 864000000000 / 2, 315360000000000};
    for (unsigned round = 0; round < 200000; round++) {
        char expected[FILETIME_TEXT_ROOM + 1] = {0}, found[128];
        if (round % 1000 == 0)
            ticks = round % 5000 ? next_random(&random) << 20 : UINT64_MAX - round;
        size_t len = filetime_format(ticks, 7, expected);
        assert_int_equal(plan_put_filetime(found, ticks, &memo) - found, len);
        assert_memory_equal(found, expected, len);
        uint64_t step = STEPS[next_random(&random) % 5] * (next_random(&random) % 3);
        ticks = next_random(&random) % 2 ? ticks + step : ticks - step;
    }
}

static void check_hex(uint64_t v)
{
    char expected[32] = "0x", found[64];
    size_t len = (size_t)(digits_put_hex(expected + 2, v) - expected);
    assert_int_equal(plan_put_hex(found, v) - found, len);
    assert_memory_equal(found, expected, len);
}

static void test_hex(void **state)
{
    (void)state;
    uint64_t random = 5;
    for (unsigned bit = 0; bit < 64; bit++)
        for (unsigned below = 0; below < 64; below++)
            check_hex((UINT64_C(1) << bit) - (UINT64_C(1) << below));
    for (unsigned round = 0; round < 20000; round++)
        check_hex(next_random(&random) << 20 >> next_random(&random) % 64);
    check_hex(0);
}

static void test_guids(void **state)
{
    (void)state;
    uint64_t random = 9;
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t guid[16];
        char expected[GUID_TEXT_ROOM], found[128];
        for (size_t i = 0; i < sizeof guid; i++)
            guid[i] = (uint8_t)next_random(&random);
        size_t len = guid_format(guid, expected);
        assert_int_equal(plan_put_guid(found, guid) - found, len);
        assert_memory_equal(found, expected, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_value_tables), cmocka_unit_test(test_strings_are_trimmed),
        cmocka_unit_test(test_units),        cmocka_unit_test(test_every_unit),
        cmocka_unit_test(test_times),        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_guids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
