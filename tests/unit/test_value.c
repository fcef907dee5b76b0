/* Values: what is well formed, how each is written, compared, read as a number, recognised. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "event/value.h"

/* The value's bytes in a block of just their size, for the sanitizer. */
typedef struct Held {
    uint8_t *bytes;
    Value value;
} Held;

static Held hold(ValueType type, const void *bytes, size_t len)
{
    Held held = {.bytes = malloc(len ? len : 1)};
    if (len)
        memcpy(held.bytes, bytes, len);
    held.value = (Value){.type = type, .bytes = span_of(held.bytes, len)};
    return held;
}

static Held hold_u64(ValueType type, uint64_t bits)
{
    uint8_t bytes[8];
    store_u64le(bytes, bits);
    return hold(type, bytes, sizeof bytes);
}

static void release(Held *held)
{
    free(held->bytes);
}

static const uint8_t GUID[16] = {0x25, 0x96, 0x84, 0x54, 0x78, 0x54, 0x94, 0x49,
                                 0xA5, 0xBA, 0x3E, 0x3B, 0x03, 0x28, 0xC3, 0x0D};
static const char GUID_TEXT[] = "{54849625-5478-4994-a5ba-3e3b0328c30d}";

/* S-1-5-21-1-2-500 */
static const uint8_t SID[] = {1, 4, 0, 0, 0, 0, 0, 5, 21,   0, 0, 0,
                              1, 0, 0, 0, 2, 0, 0, 0, 0xF4, 1, 0, 0};

static void test_well_formed(void **state)
{
    static const struct {
        ValueType type;
        const char *bytes;
        size_t len;
        bool ok;
    } CASES[] = {
        {VALUE_NULL, "", 0, true},
        {VALUE_NULL, "x", 1, false},
        {VALUE_TEXT, "", 0, true},
        {VALUE_TEXT, "caf\xC3\xA9", 5, true},
        {VALUE_TEXT, "caf\xC3", 4, false},
        {VALUE_TEXT, "\xED\xA0\x80", 3, true}, /* a lone surrogate */
        {VALUE_TEXT, "a\0b", 3, true},
        {VALUE_UINT, "12345678", 8, true},
        {VALUE_UINT, "1234567", 7, false},
        {VALUE_INT, "123456789", 9, false},
        {VALUE_HEX, "", 0, false},
        {VALUE_FLOAT, "12345678", 8, true},
        {VALUE_FILETIME, "12345678", 8, true},
        {VALUE_TIME, "1234", 4, false},
        {VALUE_BOOL, "\0\0\0\0\0\0\0\0", 8, true},
        {VALUE_BOOL, "\1\0\0\0\0\0\0\0", 8, true},
        {VALUE_BOOL, "\2\0\0\0\0\0\0\0", 8, false},
        {VALUE_BOOL, "\1\0\0\0\0\0\0\1", 8, false},
        {VALUE_BOOL, "\1", 1, false},
        {VALUE_BINARY, "", 0, true},
        {VALUE_BINARY, "\xFF\xFE", 2, true},
        {VALUE_GUID, "0123456789abcdef", 16, true},
        {VALUE_GUID, "0123456789abcde", 15, false},
        {VALUE_SYSTEMTIME, "0123456789abcdef", 16, true},
        {VALUE_SYSTEMTIME, "", 0, false},
        {VALUE_SID, "\1\0\0\0\0\0\0\5", 8, true},
        {VALUE_SID, "\1\1\0\0\0\0\0\5\22\0\0\0", 12, true},
        {VALUE_SID, "\1\1\0\0\0\0\0\5", 8, false},
        {VALUE_SID, "\2\0\0\0\0\0\0\5", 8, false},
        {VALUE_SID, "\1\0\0\0\0\0\0", 7, false},
        {VALUE_SID, "", 0, false},
        {VALUE_LIST, "", 0, true},
        {VALUE_LIST, "\0\0\0\0\1\0\0\0", 8, true},
        {VALUE_LIST, "\0\0\0", 3, false},
        {VALUE_TYPE_COUNT, "", 0, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        Held held = hold(CASES[i].type, CASES[i].bytes, CASES[i].len);
        if (value_well_formed(held.value) != CASES[i].ok)
            fail_msg("case %zu", i);
        release(&held);
    }
    uint8_t most[8 + 4 * 16] = {1, 15};
    assert_true(sid_valid(span_of(most, 8 + 4 * 15)));
    most[1] = 16;
    assert_false(sid_valid(span_of(most, 8 + 4 * 16)));
}

static void check_written(Held *held, const char *text, const char *json)
{
    Buf buf;
    buf_init(&buf, 1 << 16);
    value_write_text(&buf, held->value);
    if (!text_equal(buf_text(&buf), text_from_z(text)))
        fail_msg("text \"%.*s\", expected \"%s\"", (int)buf.len, buf.ptr, text);
    if (held->value.type != VALUE_BINARY)
        assert_true(value_equals_text(held->value, text_from_z(text)));
    assert_false(value_equals_text(held->value, TEXT("something else")));
    buf_clear(&buf);
    value_write_json(&buf, held->value);
    if (!text_equal(buf_text(&buf), text_from_z(json)))
        fail_msg("JSON %.*s, expected %s", (int)buf.len, buf.ptr, json);
    buf_done(&buf);
    release(held);
}

static uint64_t double_bits(double d)
{
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    return bits;
}

static void test_numbers_written(void **state)
{
    static const struct {
        ValueType type;
        uint64_t bits;
        const char *text, *json;
    } CASES[] = {
        {VALUE_UINT, 0, "0", "0"},
        {VALUE_UINT, UINT64_MAX, "18446744073709551615", "18446744073709551615"},
        {VALUE_INT, UINT64_MAX, "-1", "-1"},
        {VALUE_INT, (uint64_t)INT64_MIN, "-9223372036854775808", "-9223372036854775808"},
        {VALUE_INT, INT64_MAX, "9223372036854775807", "9223372036854775807"},
        {VALUE_HEX, 0, "0x0", "\"0x0\""},
        {VALUE_HEX, 0x3E7, "0x3e7", "\"0x3e7\""},
        {VALUE_HEX, UINT64_MAX, "0xffffffffffffffff", "\"0xffffffffffffffff\""},
        {VALUE_BOOL, 0, "false", "false"},
        {VALUE_BOOL, 1, "true", "true"},
        {VALUE_FILETIME, 0, "1601-01-01T00:00:00.0000000Z", "\"1601-01-01T00:00:00.0000000Z\""},
        {VALUE_FILETIME, UINT64_C(116444736000000001), "1970-01-01T00:00:00.0000001Z",
         "\"1970-01-01T00:00:00.0000001Z\""},
        {VALUE_FILETIME, INT64_MAX, "30828-09-14T02:48:05.4775807Z",
         "\"30828-09-14T02:48:05.4775807Z\""},
        {VALUE_FILETIME, UINT64_MAX, "60056-05-28T05:36:10.9551615Z",
         "\"60056-05-28T05:36:10.9551615Z\""},
        {VALUE_TIME, 5, "1970-01-01T00:00:00.000000005Z", "\"1970-01-01T00:00:00.000000005Z\""},
        {VALUE_TIME, UINT64_MAX, "1969-12-31T23:59:59.999999999Z",
         "\"1969-12-31T23:59:59.999999999Z\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        Held held = hold_u64(CASES[i].type, CASES[i].bits);
        check_written(&held, CASES[i].text, CASES[i].json);
    }
    Held half = hold_u64(VALUE_FLOAT, double_bits(0.5));
    check_written(&half, "0.5", "0.5");
    Held infinite = hold_u64(VALUE_FLOAT, double_bits(1.0 / 0.0));
    check_written(&infinite, "inf", "null");
}

static void test_bytes_written(void **state)
{
    static const uint8_t ODD_TIME[16] = {0xE4, 7, 13, 0, 0, 0, 40, 0, 25, 0, 61, 0, 99, 0, 0xE7, 3};
    (void)state;
    Held null = hold(VALUE_NULL, NULL, 0);
    check_written(&null, "", "null");
    Held text = hold(VALUE_TEXT, "a\"\n\xC3\xA9", 5);
    check_written(&text, "a\"\n\xC3\xA9", "\"a\\\"\\n\xC3\xA9\"");
    Held binary = hold(VALUE_BINARY, "\x01\xAB\xFF", 3);
    check_written(&binary, "01ABFF", "\"01ABFF\"");
    Held guid = hold(VALUE_GUID, GUID, sizeof GUID);
    check_written(&guid, GUID_TEXT, "\"{54849625-5478-4994-a5ba-3e3b0328c30d}\"");
    Held sid = hold(VALUE_SID, SID, sizeof SID);
    check_written(&sid, "S-1-5-21-1-2-500", "\"S-1-5-21-1-2-500\"");
    Held authority = hold(VALUE_SID, "\1\0\xFF\xFF\xFF\xFF\xFF\xFF", 8);
    check_written(&authority, "S-1-281474976710655", "\"S-1-281474976710655\"");
    Held time = hold(VALUE_SYSTEMTIME, ODD_TIME, sizeof ODD_TIME); /* as found */
    check_written(&time, "2020-13-40T25:61:99.999Z", "\"2020-13-40T25:61:99.999Z\"");
}

static void test_largest_written(void **state)
{
    uint8_t sid[8 + 4 * 15] = {1, 15}, time[16];
    char room[SID_TEXT_ROOM];
    (void)state;
    memset(sid + 2, 0xFF, sizeof sid - 2);
    memset(time, 0xFF, sizeof time);
    size_t n = sid_format(span_of(sid, sizeof sid), room);
    assert_int_equal(n, 3 + 1 + 15 + 15 * 11);
    assert_int_equal(sid_format(span_of(sid, sizeof sid - 1), room), 0);
    n = systemtime_format(time, room);
    assert_true(text_equal(text_of(room, n), TEXT("65535-65535-65535T65535:65535:65535.65535Z")));
    assert_int_equal(filetime_format(0, 0, room), 20);
    assert_true(memcmp(room, "1601-01-01T00:00:00Z", 20) == 0);
    assert_int_equal(filetime_format(UINT64_C(116444736001234567), 3, room), 24);
    assert_true(memcmp(room, "1970-01-01T00:00:00.123Z", 24) == 0);
    assert_int_equal(filetime_format(UINT64_MAX, 9, room), 29); /* ticks have seven */
}

static void test_equals(void **state)
{
    (void)state;
    Held text = hold(VALUE_TEXT, "Admin", 5);
    assert_true(value_equals_text(text.value, TEXT("ADMIN")));
    assert_false(value_equals_text(text.value, TEXT("Admi")));
    release(&text);
    Held guid = hold(VALUE_GUID, GUID, sizeof GUID);
    assert_true(value_equals_text(guid.value, TEXT("{54849625-5478-4994-A5BA-3E3B0328C30D}")));
    release(&guid);
    Held list = hold(VALUE_LIST, "\0\0\0\0", 4);
    assert_false(value_equals_text(list.value, TEXT("")));
    release(&list);
    Held null = hold(VALUE_NULL, NULL, 0);
    assert_true(value_equals_text(null.value, TEXT("")));
    release(&null);
}

static void test_to_u64(void **state)
{
    static const struct {
        ValueType type;
        uint64_t bits;
        bool ok;
    } NUMBERS[] = {
        {VALUE_UINT, UINT64_MAX, true}, {VALUE_HEX, 7, true},           {VALUE_BOOL, 1, true},
        {VALUE_INT, INT64_MAX, true},   {VALUE_INT, UINT64_MAX, false}, {VALUE_FLOAT, 7, false},
        {VALUE_FILETIME, 7, false},
    };
    static const struct {
        const char *text;
        bool ok;
        uint64_t number;
    } TEXTS[] = {
        {"0", true, 0},    {"0x1F", true, 31}, {"18446744073709551615", true, UINT64_MAX},
        {"-1", false, 0},  {"", false, 0},     {"18446744073709551616", false, 0},
        {"1 ", false, 0},  {"0x", false, 0},   {"0x10000000000000000", false, 0},
        {"1e3", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof NUMBERS / sizeof NUMBERS[0]; i++) {
        uint64_t number = 0;
        Held held = hold_u64(NUMBERS[i].type, NUMBERS[i].bits);
        assert_int_equal(value_to_u64(held.value, &number), NUMBERS[i].ok);
        assert_true(!NUMBERS[i].ok || number == NUMBERS[i].bits);
        release(&held);
    }
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        uint64_t number = 0;
        Held held = hold(VALUE_TEXT, TEXTS[i].text, strlen(TEXTS[i].text));
        assert_int_equal(value_to_u64(held.value, &number), TEXTS[i].ok);
        assert_true(!TEXTS[i].ok || number == TEXTS[i].number);
        release(&held);
    }
}

static uint64_t fingerprint(Held held)
{
    uint64_t print = value_fingerprint(held.value);
    release(&held);
    return print;
}

static uint64_t print_of_text(const char *text)
{
    return fingerprint(hold(VALUE_TEXT, text, strlen(text)));
}

/* An event log and its export write the same value differently: the fingerprints agree. */
static void test_fingerprints(void **state)
{
    (void)state;
    assert_true(print_of_text("") == 0);
    assert_true(fingerprint(hold(VALUE_NULL, NULL, 0)) == 0);
    assert_true(fingerprint(hold(VALUE_BINARY, NULL, 0)) == 0);
    assert_true(print_of_text("a") != print_of_text("A"));
    assert_true(fingerprint(hold_u64(VALUE_UINT, 3)) == print_of_text("3"));
    assert_true(fingerprint(hold_u64(VALUE_INT, UINT64_MAX)) == print_of_text("-1"));
    assert_true(fingerprint(hold_u64(VALUE_HEX, 0x3E7)) == print_of_text("0x3e7"));
    assert_true(fingerprint(hold_u64(VALUE_BOOL, 1)) == print_of_text("true"));
    assert_true(fingerprint(hold(VALUE_SID, SID, sizeof SID)) == print_of_text("S-1-5-21-1-2-500"));
    assert_true(fingerprint(hold(VALUE_BINARY, "\x01\xAB", 2)) == print_of_text("01AB"));
    uint64_t guid = fingerprint(hold(VALUE_GUID, GUID, sizeof GUID));
    assert_true(guid == print_of_text(GUID_TEXT));
    assert_true(guid == print_of_text("54849625-5478-4994-A5BA-3E3B0328C30D"));
    assert_true(guid != print_of_text("54849625-5478-4994-A5BA-3E3B0328C30E"));
    assert_true(print_of_text("54849625-5478-4994-A5BA-3E3B0328C30X") != 0);
    uint64_t time = fingerprint(hold_u64(VALUE_FILETIME, UINT64_C(132539328001234567)));
    assert_true(time == print_of_text("2021-01-01T00:00:00.1234567Z"));
    assert_true(time == print_of_text("2021-01-01T00:00:00.123456Z"));
    assert_true(time != print_of_text("2021-01-01T00:00:00.123457Z"));
    assert_true(time == fingerprint(hold_u64(VALUE_TIME, UINT64_C(1609459200123456700))));
    uint8_t large[5000];
    memset(large, 7, sizeof large);
    uint64_t print = fingerprint(hold(VALUE_BINARY, large, sizeof large));
    large[4999] = 8;
    assert_true(print != 0 && print != fingerprint(hold(VALUE_BINARY, large, sizeof large)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_well_formed),   cmocka_unit_test(test_numbers_written),
        cmocka_unit_test(test_bytes_written), cmocka_unit_test(test_largest_written),
        cmocka_unit_test(test_equals),        cmocka_unit_test(test_to_u64),
        cmocka_unit_test(test_fingerprints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
