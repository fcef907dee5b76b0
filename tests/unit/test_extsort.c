#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/extsort.h"

/* A row as the test remembers it: where it was added, what it holds. */
typedef struct Row {
    uint8_t key[24];
    size_t key_len;
    uint32_t number; /* in the order of adding */
    size_t len;
} Row;

static uint64_t random_state;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static const char *temp_folder(void)
{
    const char *folder = getenv("TMPDIR");
    return folder ? folder : "/tmp";
}

/* The bytes of a row follow from its number, so that a mixed-up row shows. */
static void fill_row(uint8_t *out, size_t len, uint32_t number)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(number * 2654435761u >> (i % 4 * 8)) ^ (uint8_t)(i / 4 * 7);
}

static int row_order(const void *a, const void *b)
{
    const Row *x = a, *y = b;
    size_t n = x->key_len < y->key_len ? x->key_len : y->key_len;
    int order = memcmp(x->key, y->key, n);
    if (order)
        return order;
    if (x->key_len != y->key_len)
        return x->key_len < y->key_len ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

typedef struct Shape {
    const char *name;
    uint32_t rows;
    size_t memory;
    size_t key_max;      /* bytes; 0: all keys are empty */
    unsigned key_values; /* different values of a key byte */
    size_t row_max;
    uint32_t huge_every; /* every so manieth row is huge; 0: none */
    bool spills;
    uint32_t runs_min;
} Shape;

static const Shape SHAPES[] = {
    {"nothing", 0, 1 << 20, 8, 256, 100, 0, false, 0},
    {"one row", 1, 1 << 20, 8, 256, 100, 0, false, 0},
    {"in memory", 5000, 8 << 20, 20, 256, 200, 0, false, 0},
    {"equal keys in memory", 3000, 8 << 20, 0, 1, 50, 0, false, 0},
    {"spilling", 20000, 1 << 18, 20, 256, 200, 0, true, 10},
    {"few keys, spilling", 30000, 1 << 17, 2, 3, 40, 0, true, 10},
    {"all keys equal, spilling", 20000, 1 << 16, 0, 1, 40, 0, true, 10},
    {"keys longer than the prefix", 20000, 1 << 17, 24, 2, 20, 0, true, 8},
    {"more runs than are merged at once", 120000, EXTSORT_MEMORY_MIN, 20, 256, 120, 0, true, 140},
    {"empty rows", 50000, EXTSORT_MEMORY_MIN, 12, 256, 0, 0, true, 10},
    {"huge rows among small", 3000, 1 << 18, 16, 256, 100, 100, true, 1},
    {"only huge rows", 12, EXTSORT_MEMORY_MIN, 4, 2, 100, 1, true, 0},
};

static Row *make_rows(const Shape *shape, size_t *ret_largest)
{
    Row *rows = calloc(shape->rows + 1, sizeof *rows);
    assert_non_null(rows);
    random_state = 88172645463325252u;
    *ret_largest = 1;
    for (uint32_t i = 0; i < shape->rows; i++) {
        Row *row = &rows[i];
        row->number = i;
        row->key_len = shape->key_max ? next_random() % (shape->key_max + 1) : 0;
        for (size_t k = 0; k < row->key_len; k++)
            row->key[k] = (uint8_t)(next_random() % shape->key_values);
        row->len = shape->row_max ? next_random() % shape->row_max : 0;
        if (shape->huge_every && i % shape->huge_every == 0)
            row->len = 200000 + next_random() % 900000;
        if (row->len > *ret_largest)
            *ret_largest = row->len;
    }
    return rows;
}

static void check_shape(const Shape *shape)
{
    Err err = {0};
    size_t largest;
    Row *rows = make_rows(shape, &largest);
    uint8_t *bytes = malloc(largest);
    assert_non_null(bytes);
    ExtSort *sort = extsort_create(shape->memory, temp_folder(), &err);
    assert_non_null(sort);
    for (uint32_t i = 0; i < shape->rows; i++) {
        fill_row(bytes, rows[i].len, rows[i].number);
        Span key = span_of(rows[i].key, rows[i].key_len), row = span_of(bytes, rows[i].len);
        assert_true(extsort_add(sort, key, row, &err));
    }
    assert_true(extsort_finish(sort, &err));
    qsort(rows, shape->rows, sizeof *rows, row_order);
    for (uint32_t i = 0; i < shape->rows; i++) {
        Span key, row;
        if (!extsort_next(sort, &key, &row, &err))
            fail_msg("%s: ends at row %u: %s", shape->name, i, err.text);
        fill_row(bytes, rows[i].len, rows[i].number);
        if (!span_equal(key, span_of(rows[i].key, rows[i].key_len)) ||
            !span_equal(row, span_of(bytes, rows[i].len)))
            fail_msg("%s: row %u is not number %u", shape->name, i, rows[i].number);
    }
    Span key, row;
    assert_false(extsort_next(sort, &key, &row, &err));
    assert_false(extsort_next(sort, &key, &row, &err));
    assert_int_equal(err.code, ERR_NONE);
    ExtSortStats stats = extsort_stats(sort);
    assert_int_equal(stats.rows, shape->rows);
    if ((stats.spilled_bytes > 0) != shape->spills || stats.runs < shape->runs_min)
        fail_msg("%s: %u runs, %llu bytes spilled", shape->name, stats.runs,
                 (unsigned long long)stats.spilled_bytes);
    extsort_destroy(sort);
    free(bytes);
    free(rows);
}

static void test_shapes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof SHAPES / sizeof SHAPES[0]; i++)
        check_shape(&SHAPES[i]);
}

/* Same rows, other budgets: the same order, so output never depends on memory. */
static void test_budget_does_not_matter(void **state)
{
    (void)state;
    for (size_t memory = EXTSORT_MEMORY_MIN; memory <= 16 << 20; memory *= 4) {
        Shape shape = {"budgets", 9000, memory, 3, 4, 90, 700, true, 0};
        check_shape(&shape);
    }
}

static void test_limits(void **state)
{
    (void)state;
    Err err = {0};
    ExtSort *sort = extsort_create(1 << 20, temp_folder(), &err);
    assert_non_null(sort);
    static uint8_t key[EXTSORT_KEY_MAX + 1];
    assert_true(extsort_add(sort, span_of(key, EXTSORT_KEY_MAX), span_of("x", 1), &err));
    assert_false(extsort_add(sort, span_of(key, sizeof key), span_of("x", 1), &err));
    assert_int_equal(err.code, ERR_LIMIT);
    extsort_destroy(sort);
    extsort_destroy(NULL);
}

/* Fill until the file cannot grow; returns the text of the failure. */
static void fill_until_failure(const char *folder, Err *err)
{
    *err = (Err){0};
    ExtSort *sort = extsort_create(EXTSORT_MEMORY_MIN, folder, err);
    assert_non_null(sort);
    bool ok = true;
    for (uint32_t i = 0; ok && i < 100000; i++) {
        uint8_t key[8], row[100];
        store_u64le(key, next_random());
        for (size_t k = 0; k < sizeof row; k++)
            row[k] = (uint8_t)next_random();
        ok = extsort_add(sort, span_of(key, sizeof key), span_of(row, sizeof row), err);
    }
    assert_false(ok);
    extsort_destroy(sort);
}

static void test_disk_full(void **state)
{
    (void)state;
    struct rlimit before, small;
    random_state = 1;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 300 * 1024;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    Err err;
    fill_until_failure(temp_folder(), &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    assert_int_equal(err.code, ERR_IO);
    assert_non_null(strstr(err.text, temp_folder()));
    assert_non_null(strstr(err.text, "temporary file"));
}

static void test_folder_missing(void **state)
{
    (void)state;
    Err err;
    random_state = 1;
    fill_until_failure("/nonexistent/folder", &err);
    assert_int_equal(err.code, ERR_IO);
    assert_non_null(strstr(err.text, "/nonexistent/folder"));
    assert_non_null(strstr(err.text, "No such file"));
}

/* Nothing of a sort has a name in the folder. */
static void test_leaves_nothing(void **state)
{
    (void)state;
    char folder[4096];
    int n = snprintf(folder, sizeof folder, "%s/extsort-XXXXXX", temp_folder());
    assert_in_range(n, 1, sizeof folder - 1);
    assert_non_null(mkdtemp(folder));
    Err err = {0};
    ExtSort *sort = extsort_create(EXTSORT_MEMORY_MIN, folder, &err);
    assert_non_null(sort);
    uint8_t row[1000] = {1};
    for (uint32_t i = 0; i < 1000; i++)
        assert_true(extsort_add(sort, span_of(&i, sizeof i), span_of(row, sizeof row), &err));
    assert_true(extsort_stats(sort).runs > 0);
    assert_int_equal(rmdir(folder), 0); /* only an empty folder can be removed */
    extsort_destroy(sort);
}

static void turn(void *ctx, uint8_t *key, size_t len)
{
    assert_ptr_equal(ctx, &random_state);
    for (size_t i = 0; i < len; i++)
        key[i] ^= 0xFF;
}

/* Rows under new keys, in memory, spilled and set aside: all there, in the new order; those whose
 * keys were equal stay in the order in which they were added. */
static void test_moved_under_other_keys(void **state)
{
    (void)state;
    static const struct {
        size_t from, to;
    } MEMORY[] = {{8 << 20, 8 << 20}, {1 << 16, 8 << 20}, {8 << 20, 1 << 16}, {1 << 16, 1 << 16}};
    enum { ROWS = 3000 };
    uint8_t *row = malloc(40000);
    assert_non_null(row);
    for (size_t m = 0; m < sizeof MEMORY / sizeof *MEMORY; m++) {
        Err err = {0};
        ExtSort *from = extsort_create(MEMORY[m].from, temp_folder(), &err);
        ExtSort *to = extsort_create(MEMORY[m].to, temp_folder(), &err);
        assert_true(from && to);
        random_state = 88172645463325252u;
        for (uint32_t i = 0; i < ROWS; i++) {
            uint8_t key[3] = {(uint8_t)(next_random() % 50), (uint8_t)(i % 7), 1};
            size_t len = i % 500 == 0 ? 40000 : 8 + i % 60;
            fill_row(row, len, i);
            store_u32le(row, i);
            assert_true(extsort_add(from, span_of(key, sizeof key), span_of(row, len), &err));
        }
        assert_true(extsort_move(from, to, turn, &random_state, &err));
        extsort_destroy(from);
        assert_true(extsort_finish(to, &err));
        Span key, got;
        uint8_t last_key[3] = {0};
        uint32_t last = 0;
        for (uint32_t n = 0; n < ROWS; n++) {
            assert_true(extsort_next(to, &key, &got, &err));
            assert_int_equal(key.len, 3);
            int order = memcmp(last_key, key.ptr, 3);
            uint32_t number = load_u32le(got.ptr);
            assert_true(n == 0 || order < 0 || (order == 0 && last < number));
            assert_true(number < ROWS && got.len == (number % 500 ? 8 + number % 60 : 40000));
            assert_int_equal(key.ptr[1], (uint8_t) ~(number % 7));
            fill_row(row, got.len, number);
            assert_memory_equal(got.ptr + 4, row + 4, got.len - 4);
            memcpy(last_key, key.ptr, 3);
            last = number;
        }
        assert_false(extsort_next(to, &key, &got, &err));
        assert_int_equal(err.code, ERR_NONE);
        extsort_destroy(to);
    }
    free(row);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moved_under_other_keys),
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_budget_does_not_matter),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_disk_full),
        cmocka_unit_test(test_folder_missing),
        cmocka_unit_test(test_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
