/* Numbers as planes and back: by vectors as without, in blocks as one by one, tile by tile as
 * column by column. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/span.h"
#include "event/planes.h"
#include "event/segment_cells.h"

static uint32_t state_of_random = 1;

static uint32_t next_random(void)
{
    state_of_random = state_of_random * 1664525 + 1013904223;
    return state_of_random >> 7;
}

/* Mostly near the one before it. */
static uint32_t next_number(uint32_t before)
{
    return next_random() % 4 ? before + next_random() % 5 - 2 : next_random() * 2654435761u;
}

static void splits_alike(void **state)
{
    uint32_t numbers[200] = {0}, back[200];
    uint8_t planes[4 * 210], plain[4 * 210];
    (void)state;
    for (size_t n = 0; n <= 200; n++) {
        size_t stride = n + n % 11;
        for (size_t i = 0; i < n; i++)
            numbers[i] = next_random() * 2654435761u;
        memset(planes, 0xEE, sizeof planes);
        memset(plain, 0xEE, sizeof plain);
        planes_split(numbers, n, planes, stride);
        planes_split_plain(numbers, n, plain, stride);
        assert_memory_equal(planes, plain, sizeof plain);
        planes_join(planes, stride, n, back);
        assert_true(n == 0 || memcmp(back, numbers, n * sizeof *back) == 0);
        planes_join_plain(planes, stride, n, back);
        assert_true(n == 0 || memcmp(back, numbers, n * sizeof *back) == 0);
    }
}

#define RUN_MAX (3 * PLANES_BLOCK)

/* Byte b of number i stands where it should, and all come back. */
static void check_run32(size_t count, bool delta)
{
    uint32_t numbers[RUN_MAX], last = 0;
    uint8_t planes[4 * RUN_MAX];
    Run32 run;
    run32_begin(&run, planes, count, delta);
    for (size_t i = 0; i < count; i++)
        run32_put(&run, numbers[i] = next_number(i ? numbers[i - 1] : 0));
    run32_end(&run);
    for (size_t i = 0; i < count; last = numbers[i++]) {
        uint32_t v = delta ? planes_zigzag(numbers[i] - last) : numbers[i];
        for (size_t b = 0; b < 4; b++)
            assert_int_equal(planes[b * count + i], v >> 8 * b & 0xFF);
    }
    run32_begin(&run, planes, count, delta);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(run32_take(&run), numbers[i]);
    run32_end(&run);
}

static void check_run64(size_t count, bool delta)
{
    uint64_t numbers[RUN_MAX], last = 0;
    uint8_t planes[8 * RUN_MAX];
    Run64 run;
    run64_begin(&run, planes, count, delta);
    for (size_t i = 0; i < count; i++) {
        numbers[i] = i ? numbers[i - 1] + next_random() % 9 - 4 : 0;
        if (next_random() % 4 == 0)
            numbers[i] = (uint64_t)next_random() << 40 | next_random();
        run64_put(&run, numbers[i]);
    }
    run64_end(&run);
    for (size_t i = 0; i < count; last = numbers[i++]) {
        uint64_t d = numbers[i] - last, v = delta ? d << 1 ^ (0 - (d >> 63)) : numbers[i];
        for (size_t b = 0; b < 8; b++)
            assert_int_equal(planes[b * count + i], v >> 8 * b & 0xFF);
    }
    run64_begin(&run, planes, count, delta);
    for (size_t i = 0; i < count; i++)
        assert_true(run64_take(&run) == numbers[i]);
    run64_end(&run);
}

static void runs_of_all_lengths(void **state)
{
    (void)state;
    for (size_t count = 0; count <= RUN_MAX; count++) {
        check_run32(count, count % 2);
        check_run32(count, !(count % 2));
        check_run64(count, count % 2);
        check_run64(count, !(count % 2));
    }
}

/* ---- cells ---- */

#define GROUPS_MAX 8
#define EVENTS_MAX 2000
#define CELLS_MAX  20000

typedef struct Cells {
    CellGroup groups[GROUPS_MAX];
    uint32_t firsts[EVENTS_MAX];
    uint8_t bytes[4 * CELLS_MAX];
    CellOrder order;
} Cells;

static void make_cells(Cells *cells)
{
    static const uint32_t EVENTS[] = {0, 1, 2, 63, 64, 65, 127, 129, 200, 64};
    size_t events = 0, count = 0;
    *cells = (Cells){.order = {.group_count = 1 + next_random() % GROUPS_MAX}};
    for (size_t g = 0; g < cells->order.group_count; g++) {
        CellGroup *group = &cells->groups[g];
        group->events = EVENTS[next_random() % (sizeof EVENTS / sizeof EVENTS[0])];
        group->cells = next_random() % 9;
        for (uint32_t i = 0; i < group->events; i++) {
            cells->firsts[events++] = (uint32_t)count;
            count += group->cells;
        }
    }
    assert_true(events <= EVENTS_MAX && count <= CELLS_MAX);
    for (uint32_t i = 0, v = 0; i < count; i++)
        store_u32le(cells->bytes + 4 * (size_t)i, v = next_number(v));
    cells->order.groups = cells->groups;
    cells->order.firsts = cells->firsts;
    cells->order.count = count;
}

/* One by one, in the order that the header states. */
static void split_plainly(const Cells *cells, uint8_t *planes)
{
    const CellOrder *order = &cells->order;
    Run32 run;
    run32_begin(&run, planes, order->count, true);
    for (size_t g = 0, begin = 0; g < order->group_count; begin += order->groups[g++].events)
        for (uint32_t cell = 0; cell < order->groups[g].cells; cell++)
            for (uint32_t i = 0; i < order->groups[g].events; i++)
                run32_put(&run,
                          load_u32le(cells->bytes + 4 * ((size_t)cells->firsts[begin + i] + cell)));
    run32_end(&run);
}

static void cells_by_tiles(void **state)
{
    static Cells cells;
    static uint8_t planes[4 * CELLS_MAX], plain[4 * CELLS_MAX], back[4 * CELLS_MAX];
    (void)state;
    for (unsigned round = 0; round < 300; round++) {
        make_cells(&cells);
        size_t size = 4 * cells.order.count;
        cells_split(&cells.order, cells.bytes, planes);
        split_plainly(&cells, plain);
        assert_memory_equal(planes, plain, size);
        memset(back, 0xEE, sizeof back);
        assert_true(cells_join(&cells.order, planes, back));
        assert_memory_equal(back, cells.bytes, size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_alike),
        cmocka_unit_test(runs_of_all_lengths),
        cmocka_unit_test(cells_by_tiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
