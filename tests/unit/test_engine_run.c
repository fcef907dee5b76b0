/* Runs as a whole: the same for any number of workers, in order, cut, under back-pressure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hash.h"
#include "engine/sandbox.h"

#include "../hooks/hostile.h"
#include "../hooks/run_engine.h"

#define MIB UINT64_C(1048576)

static char *run_log(EngineTest *test, unsigned workers, bool ordered)
{
    test->options.workers = workers;
    test->ordered = ordered;
    assert_true(engine_test_run(test));
    return ordered ? strdup(engine_test_log(test)) : engine_test_sorted(test);
}

static void check_same_for_any_workers(bool ordered)
{
    EngineTest test;
    engine_test_init(&test);
    engine_test_mixture(&test);
    char *first = run_log(&test, 1, ordered);
    static const unsigned WORKERS[] = {2, 7, 7};
    for (size_t i = 0; i < sizeof WORKERS / sizeof *WORKERS; i++) {
        char *again = run_log(&test, WORKERS[i], ordered);
        assert_string_equal(first, again);
        free(again);
    }
    free(first);
    engine_test_done(&test);
}

static void test_same_in_order_for_any_workers(void **state)
{
    (void)state;
    check_same_for_any_workers(true);
}

static void test_same_unordered_for_any_workers(void **state)
{
    (void)state;
    check_same_for_any_workers(false);
}

static void test_ends_of_items(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    engine_test_mixture(&test);
    test.hash = true;
    assert_true(engine_test_run(&test));
    static const struct {
        const char *line;
        unsigned count;
    } LINES[] = {
        {"E f2 defective test_hostile", 1},
        {"E f3 defective test_hostile", 1},
        {"E f4 done -", 1},
        {"D f4 note - the file is empty", 1},
        {"E f1 unknown -", 1},
        {"E f2 unreadable -", 1},
        {"D f3 note - could as well be test_whole: read as test_lines", 1},
        {"E f3 done test_lines", 1},
        {"E strange unknown -", 1},
        {"B lines 1 ", 3},
        {"B units 1 ", 3},
        {"B whole 1 ", 1},
        {"B uncut 1 ", 1},
    };
    for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++)
        assert_int_equal(engine_test_count(&test, LINES[i].line, ""), LINES[i].count);
    assert_int_equal(test.stats.items_by_state[ITEM_UNKNOWN], 2);
    assert_int_equal(test.stats.items_by_state[ITEM_UNREADABLE], 1);
    assert_int_equal(test.stats.items_by_state[ITEM_DEFECTIVE], 2);
    assert_int_equal(test.stats.items_by_state[ITEM_DONE], test.items.count - 5);
    for (size_t i = 0; i < test.items.count; i++) {
        Item copy = test.items.items[i];
        copy.blocks = NULL;
        int fd = item_open(&copy, NULL);
        assert_true(fd >= 0 && test.items.items[i].hashed && item_hash(&copy, fd, NULL));
        assert_memory_equal(&copy.sha256, &test.items.items[i].sha256, sizeof copy.sha256);
        if (copy.size)
            assert_memory_equal(copy.blocks, test.items.items[i].blocks,
                                item_block_count(copy.size) * sizeof *copy.blocks);
        free(copy.blocks);
        close(fd);
    }
    engine_test_done(&test);
}

/* Where items are cut: at units from the format's origin, lines anywhere, others never. */
static void test_cuts(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    engine_test_mixture(&test);
    test.ordered = true;
    assert_true(engine_test_run(&test));
    static const char *const BLOCKS[] = {
        "test_lines 0..8388608 of 20971525 76 lines",
        "test_lines 8388608..16777216 of 20971525 0 lines",
        "test_lines 16777216..20971525 of 20971525 0 lines",
        "test_units 0..8392704 of 20971620 85 units",
        "test_units 8392704..16781312 of 20971620 0 units",
        "test_units 16781312..20971620 of 20971620 0 units",
        "test_lines 0..9437184 of 9437184 76 uncut",
        "test_whole 0..31457280 of 31457280 87 whole",
    };
    const char *log = engine_test_log(&test);
    const char *after[3] = {log, log, log}; /* pieces of one item come in their order */
    for (size_t i = 0; i < sizeof BLOCKS / sizeof *BLOCKS; i++) {
        assert_int_equal(engine_test_count(&test, "B", BLOCKS[i]), 1);
        const char *at = strstr(log, BLOCKS[i]);
        assert_true(at && at > after[i / 3]);
        after[i / 3] = at;
    }
    test.options.format.recover = true; /* carving looks across cuts: none are made */
    assert_true(engine_test_run(&test));
    assert_int_equal(engine_test_count(&test, "B", "test_units 0..20971620 of 20971620"), 1);
    engine_test_done(&test);
}

/* While the first group dawdles, others may not fill the memory. */
static void test_back_pressure(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    engine_test_file(&test, "a/slow", "CONSTAT-TEST show 1500\n");
    for (int i = 0; i < 8; i++) {
        char name[32];
        snprintf(name, sizeof name, "f%d/fill", i);
        engine_test_file(&test, name, "CONSTAT-TEST fill 60\n");
    }
    test.ordered = true;
    test.options.workers = 3;
    test.options.hang_ms = 600; /* a worker that we do not listen to does not hang */
    assert_true(engine_test_run(&test));
    assert_int_equal(test.stats.defects, 0);
    assert_int_equal(engine_test_count(&test, "B fill 2 1048576 ", ""), 8 * 60);
    uint8_t *block = malloc(MIB);
    assert_non_null(block);
    for (uint64_t n = 0; n < 60; n += 59) {
        char line[64];
        hostile_fill(block, MIB, n);
        snprintf(line, sizeof line, "%llx", (unsigned long long)hash64(block, MIB, 0));
        assert_int_equal(engine_test_count(&test, "B fill 2 1048576 ", line), 8);
    }
    free(block);
    if (!SANDBOX_SANITIZED) /* two groups wait, with 24 MiB and a block each */
        assert_true(test.stats.peak_coordinator_bytes < 100 * MIB);
    engine_test_done(&test);
}

/* Blocks that are found to be nonsense only when their turn comes, while all workers are busy with
 * what comes after: their piece is lost, the rest of its group is done again. */
static void test_refused_after_waiting(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    engine_test_file(&test, "a/slow", "CONSTAT-TEST show 200\n");
    engine_test_file(&test, "b/1", "CONSTAT-TEST text 1\n");
    engine_test_file(&test, "b/2", "CONSTAT-TEST refused 1\n");
    engine_test_file(&test, "b/3", "CONSTAT-TEST text 2\n");
    engine_test_file(&test, "b/4", "CONSTAT-TEST refused 3\n");
    engine_test_file(&test, "b/5", "CONSTAT-TEST text 4\n");
    for (int i = 0; i < 6; i++) {
        char name[32];
        snprintf(name, sizeof name, "c%d/fill", i);
        engine_test_file(&test, name, "CONSTAT-TEST fill 40\n");
    }
    test.ordered = true;
    assert_true(engine_test_run(&test));
    for (char name = '1'; name <= '5'; name++) {
        static const unsigned BLOCKS[] = {1, 1, 2, 3, 4};
        char line[8];
        snprintf(line, sizeof line, "B %c ", name);
        assert_int_equal(engine_test_count(&test, line, ""), BLOCKS[name - '1']);
    }
    assert_int_equal(engine_test_count(&test, "D", "(type 7) and was ended at byte 0 of 23"), 2);
    assert_int_equal(engine_test_count(&test, "B fill ", ""), 240);
    assert_int_equal(test.stats.items_by_state[ITEM_DEFECTIVE], 2);
    assert_int_equal(test.stats.workers_lost, 2);
    engine_test_done(&test);
}

static void test_formats_that_are_not_taken(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    engine_test_mixture(&test);
    test.takes_only = "test_units";
    assert_true(engine_test_run(&test));
    assert_int_equal(engine_test_count(&test, "B", ""), 3);
    assert_int_equal(engine_test_count(&test, "E lines not-taken test_lines", ""), 1);
    assert_int_equal(engine_test_count(&test, "E f0 not-taken test_hostile", ""), 4);
    engine_test_done(&test);
}

static bool never(void *ctx, const Piece *piece, WorkerPort *port, Err *err)
{
    (void)ctx;
    (void)piece;
    return worker_send(port, HOSTILE_TEXT, (Span){0}, err);
}

static bool count_block(void *ctx, const PieceAt *at, uint8_t type, Span block, Err *err)
{
    (void)at;
    (void)type;
    (void)block;
    (void)err;
    ++*(unsigned *)ctx;
    return true;
}

/* One engine, several lists. Without defect, finished, takes, prepare: they are optional. */
static void test_engine_is_used_again(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    engine_test_mixture(&test);
    assert_true(engine_test_collect(&test));
    unsigned blocks = 0;
    Job job = {.work = never, .receive = count_block, .ctx = &blocks};
    Engine *engine = engine_start(&job, &test.options, NULL);
    assert_non_null(engine);
    for (unsigned i = 1; i <= 3; i++) {
        assert_true(engine_run(engine, &test.items, &test.stats, NULL));
        assert_int_equal(blocks, i * 31);
    }
    engine_interrupt(engine);
    Err err;
    assert_false(engine_run(engine, &test.items, &test.stats, &err));
    assert_int_equal(err.code, ERR_INTERRUPTED);
    assert_int_equal(test.stats.items_by_state[ITEM_WAITING], test.items.count);
    engine_stop(engine);
    engine_test_done(&test);
}

/* Paths that are not UTF-8. */
static void test_odd_paths(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    engine_test_file(&test, "bad\xff\xfename\n", "CONSTAT-TEST text 2\n");
    assert_true(engine_test_run(&test));
    assert_int_equal(engine_test_count(&test, "B bad\\xff\\xfename\\x0a 1 1 0", ""), 1);
    assert_int_equal(test.stats.items_by_state[ITEM_DONE], 1);
    engine_test_done(&test);
}

static void test_nothing_to_do(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    assert_true(engine_test_run(&test));
    assert_int_equal(test.stats.workers_started, 0);
    for (int i = 0; i < 300; i++) {
        char name[32];
        snprintf(name, sizeof name, "empty%03d", i);
        engine_test_file(&test, name, "");
    }
    for (int ordered = 0; ordered < 2; ordered++) {
        test.ordered = ordered;
        assert_true(engine_test_run(&test));
        assert_int_equal(test.stats.workers_started, 0);
        assert_int_equal(test.stats.items_by_state[ITEM_DONE], 300);
        assert_int_equal(test.stats.notes, 300);
    }
    engine_test_done(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_back_pressure), /* first: it looks at peak memory */
        cmocka_unit_test(test_same_in_order_for_any_workers),
        cmocka_unit_test(test_same_unordered_for_any_workers),
        cmocka_unit_test(test_ends_of_items),
        cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_refused_after_waiting),
        cmocka_unit_test(test_formats_that_are_not_taken),
        cmocka_unit_test(test_engine_is_used_again),
        cmocka_unit_test(test_odd_paths),
        cmocka_unit_test(test_nothing_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
