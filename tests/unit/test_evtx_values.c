/* The fast ways to read and write EVTX values against the plain ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/digits.h"
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
        cmocka_unit_test(test_times),        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_guids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
