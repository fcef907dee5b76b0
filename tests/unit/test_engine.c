/* Every hostile verb costs exactly its item: the neighbours, which share its worker, arrive whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hash.h"
#include "engine/run.h"
#include "engine/sandbox.h"

#include "../hooks/hostile.h"
#include "../hooks/run_engine.h"

typedef struct Case {
    const char *verb;
    const char *defect; /* part of the one defect's text */
    unsigned blocks;    /* of the item's own that are kept */
} Case;

/* What the sandbox kills in a real build, and the system refuses in a sanitizer build. */
#if SANDBOX_SANITIZED
#define FORBIDDEN "Operation not permitted"
#define CRASHED   "ended by" /* by a signal, or by the sanitizer with a status */
#define NO_MEMORY "ended by"
#else
#define FORBIDDEN "tried what its sandbox forbids"
#define CRASHED   "ended by signal 11"
#define NO_MEMORY "ended by signal 7"
#endif

static const Case CASES[] = {
    {"crash 77", CRASHED, 0},
    {"text-then-crash 4", CRASHED, 4},
    {"half-block", CRASHED, 0},
    {"exit 5", "ended by itself with status 5", 0},
    {"exit 0", "ended by itself with status 0", 0},
    {"overflow-stack", CRASHED, 0},
    {"spin", "made no progress for 0.5 s and was ended at byte 0 of", 0},
    {"garbage", "sent what cannot be right (a block begins with", 0},
    {"few-bytes", "sent what cannot be right (a block begins with too few bytes)", 0},
    {"other-length 3", "sent what cannot be right (a block of another size than it claims)", 0},
    {"other-length 1000", "sent what cannot be right (a block of another size than it claims)", 0},
    {"other-length 99999", "sent what cannot be right (a block of another size than it claims)", 0},
    {"block-in-block", "sent what cannot be right (a block within a block)", 0},
    {"huge-length 134217729", "claims 134217729 bytes", 0},
    {"huge-length 18446744073709551615", "claims 18446744073709551615 bytes", 0},
    {"other-piece", "sent what cannot be right (a block of piece 2 when 1 is due)", 0},
    {"late-hash", "sent what cannot be right (a hash out of place)", 0},
    {"other-format", "sent what cannot be right (a format out of place)", 0},
    {"unknown-type", "type 200", 0},
    {"too-much-output", "more results than can be right for its size", 64},
    {"refused 2", "sent what cannot be right (type 7)", 2},
    {"fail 9", "cannot ?[31mgo on", 0},
    {"close-pipe", "made no progress", 0},
    {"no-such-verb", "no such verb", 0},
    {"open-file", FORBIDDEN, 0},
    {"create-file", FORBIDDEN, 0},
    {"connect", FORBIDDEN, 0},
    {"exec", FORBIDDEN, 0},
    {"fork", FORBIDDEN, 0},
    {"kill", FORBIDDEN, 0},
    {"ptrace", FORBIDDEN, 0},
    {"map-code", FORBIDDEN, 0},
    {"protect-code", FORBIDDEN, 0},
    {"map-file", FORBIDDEN, 0},
    {"grow-shared", NO_MEMORY, 0},
    {"vmsplice", FORBIDDEN, 0},
    {"write-item", FORBIDDEN, 0},
    {"raise-limit", FORBIDDEN, 0},
#if !SANDBOX_SANITIZED /* where address space is limited, abort is abort, and sleep is forbidden   \
                        */
    {"abort", "ended by signal 6 (Aborted)", 0},
    {"hang", FORBIDDEN, 0},
    {"eat-memory", "needed more than 64 MiB of memory: no more after", 0},
#else
    {"hang", "made no progress", 0},
#endif
};

static void run_with_neighbours(EngineTest *test, const char *verb)
{
    char text[128];
    snprintf(text, sizeof text, "CONSTAT-TEST %s\n", verb);
    engine_test_file(test, "a", "CONSTAT-TEST text 3\n");
    engine_test_file(test, "b", text);
    engine_test_file(test, "c", "CONSTAT-TEST text 3\n");
    test->options.memory_bytes = 64 << 20;
    assert_true(engine_test_run(test));
}

/* Both neighbours are whole, and said so. */
static void check_neighbours(const EngineTest *test)
{
    assert_int_equal(engine_test_count(test, "B a ", ""), 3);
    assert_int_equal(engine_test_count(test, "B c ", ""), 3);
    assert_int_equal(engine_test_count(test, "E a done test_hostile", ""), 1);
    assert_int_equal(engine_test_count(test, "E c done test_hostile", ""), 1);
    assert_int_equal(engine_test_count(test, "D a ", "") + engine_test_count(test, "D c ", ""), 0);
    assert_int_equal(engine_test_count(test, "B", "ESCAPED"), 0);
}

static void check_case(const Case *c, bool ordered, bool hash)
{
    EngineTest test;
    engine_test_init(&test);
    test.ordered = ordered;
    test.hash = hash;
    if (strstr(c->defect, "made no progress"))
        test.options.hang_ms = 500;
    run_with_neighbours(&test, c->verb);
    if (engine_test_count(&test, "D b damage", c->defect) != 1)
        print_message("%s (ordered %d, hash %d):\n%s", c->verb, ordered, hash,
                      engine_test_log(&test));
    check_neighbours(&test);
    assert_int_equal(engine_test_count(&test, "D b damage", c->defect), 1);
    assert_int_equal(engine_test_count(&test, "D b ", ""), 1);
    assert_int_equal(engine_test_count(&test, "B b ", ""), c->blocks);
    assert_int_equal(engine_test_count(&test, "E b defective test_hostile", ""), 1);
    assert_int_equal(test.stats.items_by_state[ITEM_DONE], 2);
    assert_int_equal(test.stats.items_by_state[ITEM_DEFECTIVE], 1);
    assert_int_equal(test.stats.defects, 1);
    engine_test_done(&test);
}

static void test_hostile_verbs_cost_their_item(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        check_case(&CASES[i], i % 2 == 0, i % 3 == 0);
}

/* The offset that the defect names is the one that the reader had reported. */
static void test_defect_names_the_offset_reached(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    engine_test_large(&test, "b", "CONSTAT-TEST crash 1234\n", 9999);
    assert_true(engine_test_run(&test));
    assert_int_equal(engine_test_count(&test, "D b damage 1234", "at byte 1234 of 9999"), 1);
    assert_int_equal(test.stats.workers_lost, 1);
    engine_test_done(&test);
}

#if !SANDBOX_SANITIZED
static void pretend_all_is_well(int number)
{
    (void)number;
    _exit(0);
}

/* Handlers of the program (here: as a test framework has them) do not run in workers. */
static void test_handlers_are_not_inherited(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    signal(SIGSEGV, pretend_all_is_well);
    engine_test_file(&test, "b", "CONSTAT-TEST crash 0\n");
    assert_true(engine_test_run(&test));
    signal(SIGSEGV, SIG_DFL);
    assert_int_equal(engine_test_count(&test, "D b damage", "signal 11"), 1);
    engine_test_done(&test);
}
#endif

/* A worker may say anything about its progress; what is shown stays within the item. */
static void test_progress_is_not_believed(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    engine_test_file(&test, "b", "CONSTAT-TEST crash 999999999999\n");
    assert_true(engine_test_run(&test));
    assert_int_equal(engine_test_count(&test, "D b damage 32", "at byte 32 of 32"), 1);
    engine_test_done(&test);
}

static void test_harmless_verbs(void **state)
{
    (void)state;
    static const struct {
        const char *verb, *block;
    } HARMLESS[] = {{"ordinary", "B b 1 4 fine"}, {"look-at-memory", "B b 1 5 fresh"}};
    for (size_t i = 0; i < sizeof HARMLESS / sizeof *HARMLESS; i++) {
        EngineTest test;
        engine_test_init(&test);
        run_with_neighbours(&test, HARMLESS[i].verb);
        check_neighbours(&test);
        assert_int_equal(engine_test_count(&test, HARMLESS[i].block, ""), 1);
        assert_int_equal(engine_test_count(&test, "E b done", ""), 1);
        assert_int_equal(test.stats.workers_started, 1);
        assert_int_equal(test.stats.workers_lost, 0);
        engine_test_done(&test);
    }
}

static bool is_steady(EngineTest *test, const Item *item, uint8_t type, Err *err)
{
    (void)item;
    (void)err;
    if (type != HOSTILE_SHAKEN)
        return true;
    const uint8_t *memory = (const uint8_t *)test->engine->slots;
    size_t size = test->engine->slot_count * sizeof *test->engine->slots;
    assert_true(test->block.ptr + test->block.len <= memory || test->block.ptr >= memory + size);
    uint64_t hash = hash64(test->block.ptr, test->block.len, 0);
    usleep(50 * 1000);
    assert_true(hash == hash64(test->block.ptr, test->block.len, 0));
    ++*(unsigned *)test->on_block_ctx;
    return true;
}

/* What is checked is what is used: the worker writes all the time where the block was. The numbers
 * that it shares with the coordinator may be as wrong as they like. */
static void test_blocks_do_not_change(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    unsigned steady = 0;
    test.on_block = is_steady;
    test.on_block_ctx = &steady;
    run_with_neighbours(&test, "change-block-after-sending 200");
    check_neighbours(&test);
    assert_int_equal(steady, 1);
    assert_int_equal(engine_test_count(&test, "E b done", ""), 1);
    engine_test_done(&test);
}

/* Nor does the next worker find what the one before it had. */
static void test_memory_is_fresh_for_each_worker(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    engine_test_file(&test, "1/fill", "CONSTAT-TEST fill 9\n");
    engine_test_file(&test, "2/look", "CONSTAT-TEST look-at-memory\n");
    engine_test_file(&test, "3/shake", "CONSTAT-TEST change-block-after-sending 10\n");
    engine_test_file(&test, "4/look", "CONSTAT-TEST look-at-memory\n");
    test.options.workers = 1;
    assert_true(engine_test_run(&test));
    assert_int_equal(test.stats.workers_started, 4);
    assert_int_equal(engine_test_count(&test, "B look 1 5 fresh", ""), 2);
    engine_test_done(&test);
}

/* A limit on time: blocks of nothing use up the output limit by their headers. */
static void test_empty_blocks_come_to_an_end(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    run_with_neighbours(&test, "empty-blocks");
    check_neighbours(&test);
    assert_int_equal(engine_test_count(&test, "D b damage", "more results than can be right"), 1);
    engine_test_done(&test);
}

/* Text from a worker is for terminals: no control bytes, no bytes that are not UTF-8. */
static void test_defect_texts_are_clean(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    engine_test_file(&test, "b", "CONSTAT-TEST defects 2\n");
    engine_test_file(&test, "c", "CONSTAT-TEST note 5\n");
    assert_true(engine_test_run(&test));
    assert_int_equal(engine_test_count(&test, "D b damage 0 bad?]0;title? byte ?", ""), 1);
    assert_int_equal(engine_test_count(&test, "D b damage 1 bad?]0;title? byte ?", ""), 1);
    assert_int_equal(engine_test_count(&test, "D c note 5 only a remark", ""), 1);
    assert_int_equal(engine_test_state(&test, "b"), ITEM_DEFECTIVE);
    assert_int_equal(engine_test_state(&test, "c"), ITEM_DONE);
    assert_int_equal(test.stats.notes, 1);
    engine_test_done(&test);
}

static void test_defects_are_listed_up_to_a_limit(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    engine_test_file(&test, "b", "CONSTAT-TEST defects 10003\n");
    assert_true(engine_test_run(&test));
    assert_int_equal(engine_test_count(&test, "D b damage", ""), 10001);
    assert_int_equal(engine_test_count(&test, "D b damage", "3 more defects are not listed"), 1);
    engine_test_done(&test);
}

/* Many lost workers in one group: each piece gets its turn. */
static void test_a_folder_full_of_crashes(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    for (int i = 0; i < 40; i++) {
        char name[32];
        snprintf(name, sizeof name, "f%02d", i);
        engine_test_file(&test, name, i % 2 ? "CONSTAT-TEST crash 0\n" : "CONSTAT-TEST text 1\n");
    }
    assert_true(engine_test_run(&test));
    assert_int_equal(test.stats.items_by_state[ITEM_DEFECTIVE], 20);
    assert_int_equal(test.stats.items_by_state[ITEM_DONE], 20);
    assert_int_equal(engine_test_count(&test, "B", ""), 20);
    assert_int_equal(test.stats.workers_lost, 20);
    engine_test_done(&test);
}

/* A crash while an item is being identified: it cannot be read, the others can. */
static void test_crash_while_probing(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    engine_test_file(&test, "a", "CONSTAT-TEST text 3\n");
    engine_test_file(&test, "b", "TRAP");
    engine_test_file(&test, "c", "CONSTAT-TEST text 3\n");
    engine_test_large(&test, "d", "TRAP", 9 << 20);
    assert_true(engine_test_run(&test));
    check_neighbours(&test);
    assert_int_equal(engine_test_state(&test, "b"), ITEM_UNREADABLE);
    assert_int_equal(engine_test_state(&test, "d"), ITEM_UNREADABLE);
    assert_int_equal(engine_test_count(&test, "D b damage", CRASHED), 1);
    assert_int_equal(engine_test_count(&test, "D d damage", CRASHED), 1);
    engine_test_done(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostile_verbs_cost_their_item),
        cmocka_unit_test(test_defect_names_the_offset_reached),
#if !SANDBOX_SANITIZED /* there the reports of sanitizers come from handlers */
        cmocka_unit_test(test_handlers_are_not_inherited),
#endif
        cmocka_unit_test(test_progress_is_not_believed),
        cmocka_unit_test(test_harmless_verbs),
        cmocka_unit_test(test_blocks_do_not_change),
        cmocka_unit_test(test_memory_is_fresh_for_each_worker),
        cmocka_unit_test(test_empty_blocks_come_to_an_end),
        cmocka_unit_test(test_defect_texts_are_clean),
        cmocka_unit_test(test_defects_are_listed_up_to_a_limit),
        cmocka_unit_test(test_a_folder_full_of_crashes),
        cmocka_unit_test(test_crash_while_probing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
