/* Spans and readers: nothing is read outside, and the first failure sticks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/span.h"

static const uint8_t BYTES[16] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                  0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF};

static void test_loads(void **state)
{
    uint8_t bytes[8];
    (void)state;
    for (size_t at = 0; at < 8; at++) { /* at any alignment */
        assert_int_equal(load_u16le(BYTES + at), BYTES[at] | BYTES[at + 1] << 8);
        assert_int_equal(load_u32le(BYTES + at) & 0xFFFF, load_u16le(BYTES + at));
        assert_int_equal(load_u32le(BYTES + at) >> 16, load_u16le(BYTES + at + 2));
        assert_int_equal(load_u64le(BYTES + at) & UINT32_MAX, load_u32le(BYTES + at));
        assert_int_equal(load_u64le(BYTES + at) >> 32, load_u32le(BYTES + at + 4));
    }
    store_u32le(bytes, 0x01020304);
    assert_memory_equal(bytes, "\4\3\2\1", 4);
    store_u64le(bytes, UINT64_C(0xFFEEDDCCBBAA9988));
    assert_memory_equal(bytes, BYTES + 8, 8);
}

/* bytes_equal is memcmp, wherever the difference stands. */
static void test_bytes_equal(void **state)
{
    uint8_t a[80], b[80];
    (void)state;
    assert_true(bytes_equal(NULL, NULL, 0));
    for (size_t i = 0; i < sizeof a; i++)
        a[i] = b[i] = (uint8_t)(i * 7);
    for (size_t n = 0; n <= 72; n++) {
        assert_true(bytes_equal(a + 1, b + 1, n));
        for (size_t at = 0; at < sizeof a; at++) {
            b[at] ^= 0x80;
            assert_int_equal(bytes_equal(a + 1, b + 1, n), memcmp(a + 1, b + 1, n) == 0);
            b[at] ^= 0x80;
        }
    }
}

static void test_slice(void **state)
{
    static const struct {
        uint64_t offset, size;
        bool ok;
    } CASES[] = {
        {0, 0, true},
        {0, 16, true},
        {16, 0, true},
        {15, 1, true},
        {0, 17, false},
        {16, 1, false},
        {17, 0, false},
        {1, 16, false},
        {UINT64_MAX, 1, false},
        {1, UINT64_MAX, false},
        {8, UINT64_MAX - 7, false},
        {UINT64_MAX, UINT64_MAX, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        Span ret = {.ptr = BYTES, .len = 99};
        bool ok = span_slice(span_of(BYTES, 16), CASES[i].offset, CASES[i].size, &ret);
        assert_int_equal(ok, CASES[i].ok);
        if (!ok) {
            assert_int_equal(ret.len, 99); /* untouched */
        } else {
            assert_int_equal(ret.len, CASES[i].size);
            assert_true(ret.len == 0 || ret.ptr == BYTES + CASES[i].offset);
        }
    }
    Span ret;
    assert_true(span_slice((Span){0}, 0, 0, &ret));
    assert_false(span_slice((Span){0}, 0, 1, &ret));
}

static void test_compare(void **state)
{
    (void)state;
    Span all = span_of(BYTES, 16), none = {0};
    uint8_t copy[16];
    memcpy(copy, BYTES, 16);
    assert_true(span_equal(all, span_of(copy, 16)));
    assert_false(span_equal(all, span_of(copy, 15)));
    copy[15] ^= 1;
    assert_false(span_equal(all, span_of(copy, 16)));
    assert_true(span_equal(none, span_of(BYTES, 0)));
    assert_true(span_starts_with(all, BYTES, 16));
    assert_false(span_starts_with(span_of(BYTES, 3), BYTES, 4));
    assert_false(span_starts_with(all, BYTES + 1, 1));
}

static void test_reader(void **state)
{
    (void)state;
    Reader r = reader_of(span_of(BYTES, 16), 1000);
    assert_int_equal(reader_peek(&r), 0x00);
    assert_int_equal(reader_u8(&r), 0x00);
    assert_int_equal(reader_u16le(&r), 0x2211);
    assert_int_equal(reader_at(&r), 1003);
    assert_int_equal(reader_u32le(&r), 0x66554433);
    assert_true(reader_u64le(&r) == UINT64_C(0xEEDDCCBBAA998877));
    assert_int_equal(reader_left(&r), 1);
    assert_false(r.failed);
    assert_int_equal(reader_peek(&r), 0xFF);
    reader_skip(&r, 1);
    assert_int_equal(reader_peek(&r), -1);
    assert_false(r.failed);
    assert_int_equal(reader_take(&r, 0).len, 0);
    assert_false(r.failed);
}

/* Each kind of read at each distance from the end: it fails if and only if it does not fit, and
 * then everything after it fails too. */
static void test_ends(void **state)
{
    static const size_t SIZES[] = {1, 2, 4, 8, 3, SIZE_MAX};
    (void)state;
    for (size_t len = 0; len <= 9; len++)
        for (size_t k = 0; k < 6; k++) {
            uint8_t *bytes = malloc(len ? len : 1);
            memset(bytes, 0xFF, len);
            Reader r = reader_of(span_of(bytes, len), 0);
            uint64_t value = 0;
            if (k == 0)
                value = reader_u8(&r);
            else if (k == 1)
                value = reader_u16le(&r);
            else if (k == 2)
                value = reader_u32le(&r);
            else if (k == 3)
                value = reader_u64le(&r);
            else
                value = reader_take(&r, SIZES[k]).len;
            assert_int_equal(r.failed, len < SIZES[k]);
            assert_int_equal(value == 0, r.failed);
            assert_true(r.pos <= len);
            if (r.failed) {
                assert_int_equal(r.pos, 0);
                assert_int_equal(reader_left(&r), 0);
                assert_int_equal(reader_peek(&r), -1);
                assert_int_equal(reader_u8(&r), 0); /* although a byte may be there */
                assert_int_equal(reader_take(&r, 0).len, 0);
                assert_int_equal(r.pos, 0);
            }
            free(bytes);
        }
}

static void test_sizes(void **state)
{
    size_t ret;
    (void)state;
    assert_true(add_size(SIZE_MAX - 1, 1, &ret) && ret == SIZE_MAX);
    assert_false(add_size(SIZE_MAX, 1, &ret));
    assert_true(mul_size(SIZE_MAX / 2, 2, &ret) && ret == SIZE_MAX - 1);
    assert_false(mul_size(SIZE_MAX / 2 + 1, 2, &ret));
    assert_true(mul_size(0, SIZE_MAX, &ret) && ret == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_equal), cmocka_unit_test(test_loads),
        cmocka_unit_test(test_slice),       cmocka_unit_test(test_compare),
        cmocka_unit_test(test_reader),      cmocka_unit_test(test_ends),
        cmocka_unit_test(test_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
