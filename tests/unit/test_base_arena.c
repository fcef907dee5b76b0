/* Arenas: alignment, zeroed memory, limits, reuse, failing memory. */
#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "alloc_fail.h"
#include "base/arena.h"
#include "base/cleanup.h"

static void test_alloc(void **state)
{
    (void)state;
    Arena *arena = arena_create(64 * 1024 * 1024);
    unsigned char *blocks[200];
    assert_int_equal(arena_used(arena), 0);
    for (size_t i = 0; i < 200; i++) {
        size_t size = i * i * 7;
        blocks[i] = arena_alloc(arena, size);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % alignof(max_align_t), 0);
        for (size_t b = 0; b < size; b++)
            assert_int_equal(blocks[i][b], 0);
        memset(blocks[i], (int)i, size);
    }
    for (size_t i = 0; i < 200; i++) /* none overlaps another */
        for (size_t b = 0; b < i * i * 7; b++)
            assert_int_equal(blocks[i][b], i);
    assert_true(arena_used(arena) >= 7 * 199 * 200 * 399 / 6);
    arena_destroy(arena);
    arena_destroy(NULL);
}

static void test_clear(void **state)
{
    (void)state;
    Arena *arena = arena_create(1024 * 1024);
    size_t first = 0;
    for (int round = 0; round < 50; round++) {
        size_t n = 0;
        for (void *p; (p = arena_alloc(arena, 1000)) != NULL; n++) {
            for (size_t b = 0; b < 1000; b++)
                assert_int_equal(((unsigned char *)p)[b], 0); /* zeroed when used again, too */
            memset(p, 0xFF, 1000);
        }
        assert_true(n > 900);
        if (round == 0)
            first = n;
        assert_int_equal(n, first); /* clearing gives everything back */
        arena_clear(arena);
        assert_int_equal(arena_used(arena), 0);
    }
    arena_destroy(arena);
}

/* Clearing keeps blocks of different sizes; larger requests must not be given too small ones. */
static void test_clear_mixed(void **state)
{
    (void)state;
    Arena *arena = arena_create(256 * 1024 * 1024);
    uint32_t random = 1;
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 60; i++) {
            random = random * 1664525 + 1013904223;
            size_t size = (size_t)1 << (random >> 27) % 21;
            unsigned char *p = arena_alloc(arena, size);
            assert_non_null(p);
            assert_int_equal(p[0] | p[size - 1], 0);
            memset(p, 0xFF, size);
        }
        arena_clear(arena);
    }
    arena_destroy(arena);
}

static void test_limits(void **state)
{
    static const struct {
        size_t limit, size;
        bool ok;
    } CASES[] = {
        {0, 1, false},
        {1000, 2000, false},
        {1000, 500, true},
        {100000, 99000, true},
        {10 * 1024 * 1024, 9 * 1024 * 1024, true},
        {10 * 1024 * 1024, 11 * 1024 * 1024, false},
        {SIZE_MAX, SIZE_MAX, false},
        {SIZE_MAX, SIZE_MAX - 8, false},
        {SIZE_MAX, SIZE_MAX - 64, false},
        {1000, SIZE_MAX - 40, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        Arena *arena = arena_create(CASES[i].limit);
        if (CASES[i].size < 1 << 30 || CASES[i].limit < 1 << 30)
            assert_int_equal(arena_alloc(arena, CASES[i].size) != NULL, CASES[i].ok);
        assert_null(arena_alloc(arena, SIZE_MAX)); /* wraps when rounded up */
        arena_destroy(arena);
    }
    Arena *arena = arena_create(1 << 20);
    assert_null(arena_alloc_array(arena, SIZE_MAX / 2, 3));
    assert_null(ARENA_NEW(arena, uint64_t, SIZE_MAX / 8 + 1));
    assert_non_null(ARENA_NEW(arena, uint64_t, 100));
    assert_non_null(arena_alloc(arena, 0));
    arena_destroy(arena);
}

static void test_copies(void **state)
{
    (void)state;
    CLEANUP(arena_destroyp) Arena *arena = arena_create(2000);
    Text copy;
    assert_true(arena_copy_text(arena, TEXT("abc"), &copy));
    assert_true(text_equal(copy, TEXT("abc")));
    assert_int_equal(copy.ptr[3], '\0');
    assert_true(arena_copy_text(arena, (Text){0}, &copy));
    assert_int_equal(copy.len, 0);
    assert_string_equal(arena_copy_z(arena, TEXT("xyz")), "xyz");
    char large[3000] = {0};
    copy = TEXT("untouched");
    assert_false(arena_copy_text(arena, text_of(large, sizeof large), &copy));
    assert_true(text_equal(copy, TEXT("untouched")));
    assert_null(arena_copy_z(arena, text_of(large, sizeof large)));
}

static void test_no_memory(void **state)
{
    (void)state;
    alloc_fail_at(1);
    Arena *none = arena_create(1000);
    assert_true(alloc_fail_over());
    assert_null(none);
    Arena *arena = arena_create(1 << 20);
    alloc_fail_at(1);
    void *p = arena_alloc(arena, 100);
    assert_true(alloc_fail_over());
    assert_null(p);
    assert_non_null(arena_alloc(arena, 100)); /* later there is memory again */
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alloc),       cmocka_unit_test(test_clear),
        cmocka_unit_test(test_clear_mixed), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_copies),      cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
