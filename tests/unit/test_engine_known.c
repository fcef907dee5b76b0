/* Jobs that keep results over runs: what is known is hashed and not read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/engine.h"

#include "../hooks/box.h"
#include "../hooks/run_engine.h"

#define MIB UINT64_C(1048576)

static bool is_k(EngineTest *test, const Item *item)
{
    (void)test;
    return item->name.ptr[0] == 'k';
}

static bool all(EngineTest *test, const Item *item)
{
    (void)test;
    (void)item;
    return true;
}

/* Known items are named k…, with "u" behind it if their content is as it was. */
static bool not_ku(EngineTest *test, const Item *item)
{
    (void)test;
    return !text_starts(item->name, TEXT("ku"));
}

static void expect_lines(EngineTest *test, unsigned count, const char *prefix, const char *part)
{
    unsigned have = engine_test_count(test, prefix, part);
    if (have != count)
        fail_msg("%u lines %s…%s, expected %u:\n%s", have, prefix, part, count,
                 engine_test_log(test));
}

static void init(EngineTest *test)
{
    engine_test_init(test);
    test->hash = true;
    test->known = is_k;
    test->wants = not_ku;
    alarm(60); /* an item that is hashed for ever */
}

static void run(EngineTest *test)
{
    if (!engine_test_run(test))
        fail_msg("%s", test->err.text);
}

static void test_known_items_are_only_hashed(void **state)
{
    (void)state;
    for (int ordered = 0; ordered < 2; ordered++) {
        EngineTest test;
        init(&test);
        engine_test_file(&test, "a", "CONSTAT-TEST text 2\n");
        engine_test_file(&test, "ku1", "CONSTAT-TEST crash 2\n");
        engine_test_file(&test, "ku2", "");
        engine_test_file(&test, "kc", "CONSTAT-TEST text 3\n"); /* changed: read after all */
        engine_test_large(&test, "ku3", "LINES\n", 20 * MIB);
        engine_test_large(&test, "kc2", "LINES\n", 20 * MIB);
        engine_test_file(&test, "z", "CONSTAT-TEST text 2\n");
        test.ordered = ordered;
        run(&test);
        expect_lines(&test, 0, "B ku", "");
        expect_lines(&test, 0, "D", "");
        expect_lines(&test, 3, "E ku", " known -");
        expect_lines(&test, 3, "B kc ", "");
        expect_lines(&test, 3, "B kc2 ", "");
        expect_lines(&test, 2, "E kc", " done ");
        expect_lines(&test, 2, "B a ", "");
        assert_int_equal(test.stats.workers_lost, 0);
        for (size_t i = 0; i < test.items.count; i++)
            assert_true(test.items.items[i].hashed);
        engine_test_done(&test);
    }
}

/* Its neighbour's crash makes the rest of the group be done again; what is known is still not read.
 */
static void test_known_items_when_done_again(void **state)
{
    (void)state;
    for (int ordered = 0; ordered < 2; ordered++) {
        EngineTest test;
        init(&test);
        engine_test_file(&test, "a", "CONSTAT-TEST crash 1\n");
        engine_test_file(&test, "ku1", "CONSTAT-TEST crash 2\n");
        engine_test_file(&test, "ku2", "CONSTAT-TEST defects 2\n");
        engine_test_file(&test, "z", "CONSTAT-TEST text 2\n");
        test.ordered = ordered;
        run(&test);
        expect_lines(&test, 1, "D", "");
        expect_lines(&test, 2, "E ku", " known -");
        expect_lines(&test, 2, "B z ", "");
        assert_int_equal(test.stats.workers_lost, 1);
        engine_test_done(&test);
    }
}

/* The job finds out by the hash alone. The worker reads it, but nothing of that counts. */
static void test_unwanted_without_being_known(void **state)
{
    (void)state;
    EngineTest test;
    init(&test);
    test.known = NULL;
    engine_test_file(&test, "ku1", "CONSTAT-TEST text 2\n");
    engine_test_file(&test, "ku2", "CONSTAT-TEST defects 3\n");
    engine_test_file(&test, "ku3", "CONSTAT-TEST fail 3\n");
    engine_test_file(&test, "ku4", "CONSTAT-TEST crash 3\n");
    engine_test_file(&test, "ku5", "");
    engine_test_file(&test, "z", "CONSTAT-TEST text 2\n");
    run(&test);
    expect_lines(&test, 0, "B ku", "");
    expect_lines(&test, 0, "D", "");
    expect_lines(&test, 5, "E ku", " known ");
    expect_lines(&test, 2, "B z", "");
    engine_test_done(&test);
}

/* Known by name and size, but its bytes cannot be had: that is told, and what is there is read. */
static void test_known_items_that_cannot_be_hashed(void **state)
{
    (void)state;
    EngineTest test;
    init(&test);
    test.hash_may_fail = true;
    engine_test_file(&test, "kc", "WHOLE and then some\n");
    engine_test_file(&test, "z", "CONSTAT-TEST text 2\n");
    assert_true(engine_test_collect(&test));
    char *path = engine_test_path(&test, "kc");
    assert_int_equal(truncate(path, 7), 0);
    free(path);
    assert_true(engine_test_run_listed(&test));
    expect_lines(&test, 1, "D kc damage 7 ends at byte 7 of 20 and has no", "");
    expect_lines(&test, 1, "B kc ", "");
    expect_lines(&test, 1, "E kc defective", "");
    expect_lines(&test, 2, "B z ", "");
    engine_test_done(&test);
}

/* What a run before has hashed needs no worker to be known. */
static void test_hashed_before(void **state)
{
    (void)state;
    EngineTest test;
    init(&test);
    test.known = NULL;
    test.keep_engine = true;
    engine_test_file(&test, "ku1", "CONSTAT-TEST text 2\n");
    engine_test_file(&test, "ku2", "CONSTAT-TEST text 2\n");
    run(&test);
    assert_int_equal(test.stats.workers_started, 1);
    assert_true(engine_test_run_listed(&test));
    expect_lines(&test, 2, "E ku", " known -");
    assert_int_equal(test.stats.workers_started, 0);
    engine_test_done(&test);
}

static bool middle(EngineTest *test, const Item *item, uint64_t begin, uint64_t end)
{
    (void)test;
    (void)item;
    return begin == 8 * MIB && end == 16 * MIB;
}

static void test_only_some_pieces(void **state)
{
    (void)state;
    EngineTest test;
    init(&test);
    test.wants = all;
    test.wants_piece = middle;
    engine_test_large(&test, "kc", "LINES\n", 20 * MIB);
    engine_test_large(&test, "x", "WHOLE\n", 20 * MIB);
    engine_test_file(&test, "small", "CONSTAT-TEST text 2\n"); /* is not asked for in pieces */
    run(&test);
    expect_lines(&test, 1, "B kc ", "8388608..16777216 of");
    expect_lines(&test, 1, "B kc ", "");
    expect_lines(&test, 0, "B x ", "");
    expect_lines(&test, 2, "B small ", "");
    expect_lines(&test, 3, "E ", " done ");
    engine_test_done(&test);
}

/* An unwanted container is not opened; of a wanted one each member is asked for. */
static void test_containers(void **state)
{
    (void)state;
    for (int ordered = 0; ordered < 2; ordered++) {
        EngineTest test;
        init(&test);
        Buf box;
        box_begin(&box);
        box_text(&box, "never", "CONSTAT-TEST text 2\n");
        engine_test_box(&test, "ku box", &box);
        box_begin(&box);
        box_text(&box, "ku1", "CONSTAT-TEST crash 2\n");
        box_text(&box, "kc", "CONSTAT-TEST text 3\n");
        box_text(&box, "new", "CONSTAT-TEST text 2\n");
        engine_test_box(&test, "kc box", &box);
        test.ordered = ordered;
        test.wants_piece = middle; /* parts of a container are nothing to ask for */
        run(&test);
        expect_lines(&test, 1, "E ku box known -", "");
        expect_lines(&test, 0, "B never", "");
        expect_lines(&test, 1, "E ku1 known -", "");
        expect_lines(&test, 3, "B kc ", "");
        expect_lines(&test, 2, "B new ", "");
        expect_lines(&test, 1, "E kc box done test_box", "");
        expect_lines(&test, 0, "D", "");
        engine_test_done(&test);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_items_are_only_hashed),
        cmocka_unit_test(test_known_items_when_done_again),
        cmocka_unit_test(test_unwanted_without_being_known),
        cmocka_unit_test(test_known_items_that_cannot_be_hashed),
        cmocka_unit_test(test_hashed_before),
        cmocka_unit_test(test_only_some_pieces),
        cmocka_unit_test(test_containers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
