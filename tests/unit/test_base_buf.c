/* Buffers and digits: content, limits, failing memory. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "alloc_fail.h"
#include "base/buf.h"

static void assert_buf(const Buf *buf, const char *expected)
{
    if (!text_equal(buf_text(buf), text_from_z(expected)))
        fail_msg("\"%.*s\", expected \"%s\"", (int)buf->len, buf->ptr, expected);
}

static void test_add(void **state)
{
    Buf buf;
    (void)state;
    buf_init(&buf, 1 << 20);
    buf_add(&buf, NULL, 0);
    buf_add_text(&buf, TEXT("ab"));
    buf_add_char(&buf, 'c');
    BUF_LITERAL(&buf, "de");
    buf_printf(&buf, "%d-%s", 7, "x");
    buf_printf(&buf, "%s", "");
    assert_buf(&buf, "abcde7-x");
    assert_int_equal(buf_span(&buf).len, 8);
    buf_clear(&buf);
    assert_buf(&buf, "");
    for (int i = 0; i < 100000; i++)
        buf_add_char(&buf, (char)i);
    assert_int_equal(buf.len, 100000);
    for (int i = 0; i < 100000; i++)
        assert_int_equal((unsigned char)buf.ptr[i], i & 255);
    assert_false(buf.failed);
    buf_done(&buf);
    assert_null(buf.ptr);
    assert_int_equal(buf.limit, 1 << 20);
    buf_add_char(&buf, 'x'); /* usable again */
    assert_buf(&buf, "x");
    buf_done(&buf);
}

/* Every number against the C library. */
static void check_number(uint64_t v)
{
    char expected[200];
    Buf buf;
    buf_init(&buf, 1 << 10);
    buf_add_u64(&buf, v);
    buf_add_char(&buf, ' ');
    buf_add_i64(&buf, (int64_t)v);
    buf_add_char(&buf, ' ');
    buf_add_hex(&buf, v);
    int n =
        snprintf(expected, sizeof expected, "%" PRIu64 " %" PRId64 " %" PRIx64, v, (int64_t)v, v);
    assert_true(n > 0 && n < (int)sizeof expected);
    assert_buf(&buf, expected);
    buf_done(&buf);
}

static void test_numbers(void **state)
{
    (void)state;
    for (uint64_t v = 0; v < 20000; v++)
        check_number(v);
    for (unsigned bit = 0; bit < 64; bit++)
        for (int64_t around = -2; around <= 2; around++)
            check_number((UINT64_C(1) << bit) + (uint64_t)around);
    for (uint64_t power = 1, i = 0; i < 20; power *= 10, i++)
        for (int64_t around = -2; around <= 2; around++) {
            check_number(power + (uint64_t)around);
            check_number(0 - power + (uint64_t)around);
        }
    uint64_t random = 1;
    for (int i = 0; i < 20000; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        check_number(random >> random % 60);
    }
}

static void test_limit(void **state)
{
    (void)state;
    for (size_t limit = 0; limit < 1000; limit += 37) {
        Buf buf;
        buf_init(&buf, limit);
        size_t added = 0;
        while (!buf.failed) {
            buf_add_char(&buf, 'x');
            added++;
        }
        assert_int_equal(added, limit + 1);
        assert_int_equal(buf.len, limit);
        buf_add_text(&buf, TEXT(""));
        BUF_LITERAL(&buf, "more");
        buf_printf(&buf, "%d", 1);
        buf_add_u64(&buf, 1);
        assert_int_equal(buf.len, limit); /* failure sticks */
        assert_true(buf.failed);
        assert_null(buf_reserve(&buf, 1));
        buf_clear(&buf);
        assert_false(buf.failed);
        assert_int_equal(buf.len, 0);
        buf_done(&buf);
    }
    Buf buf;
    buf_init(&buf, SIZE_MAX);
    BUF_LITERAL(&buf, "x");
    assert_null(buf_reserve(&buf, SIZE_MAX));
    assert_true(buf.failed);
    buf_done(&buf);
}

static void test_reserve(void **state)
{
    Buf buf;
    (void)state;
    buf_init(&buf, 1 << 20);
    BUF_LITERAL(&buf, "ab");
    char *out = buf_reserve(&buf, 1000);
    assert_non_null(out);
    assert_ptr_equal(out, buf.ptr + 2);
    memset(out, 'z', 1000); /* all of it is there, for the sanitizer */
    buf.len += 3;
    assert_buf(&buf, "abzzz");
    buf_done(&buf);
}

/* In memory of somebody else, until it is full. */
static void test_lend(void **state)
{
    (void)state;
    char memory[8], more[4];
    Buf buf;
    buf_init(&buf, 100);
    buf_add_text(&buf, TEXT("own"));
    for (int round = 0; round < 2; round++) {
        buf_lend(&buf, memory, sizeof memory);
        assert_buf(&buf, "");
        buf_add_text(&buf, TEXT("12345678"));
        assert_ptr_equal(buf.ptr, memory);
        buf_add_char(&buf, '9');
        assert_ptr_not_equal(buf.ptr, memory);
        assert_memory_equal(memory, "12345678", 8);
        assert_buf(&buf, "123456789");
    }
    buf_lend(&buf, memory, sizeof memory);
    buf_lend(&buf, more, sizeof more);
    buf_add_text(&buf, TEXT("abcd"));
    assert_ptr_equal(buf.ptr, more);
    buf_done(&buf);
    buf.limit = 3;
    buf_lend(&buf, memory, sizeof memory);
    buf_add_text(&buf, TEXT("abcd"));
    assert_true(buf.failed);
    buf_done(&buf);
}

static void test_no_memory(void **state)
{
    (void)state;
    for (size_t number = 1; number < 5; number++) {
        Buf buf;
        buf_init(&buf, 1 << 20);
        alloc_fail_at(number);
        for (int i = 0; i < 100000; i++)
            buf_add_char(&buf, 'x');
        assert_true(alloc_fail_over());
        assert_true(buf.failed);
        assert_true(buf.len <= buf.cap);
        for (size_t i = 0; i < buf.len; i++) /* what was there is still there */
            assert_int_equal(buf.ptr[i], 'x');
        buf_done(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add),   cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_limit), cmocka_unit_test(test_reserve),
        cmocka_unit_test(test_lend),  cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
