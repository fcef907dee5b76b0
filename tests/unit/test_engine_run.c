/* Runs as a whole: the same for any number of workers, in order, cut, under back-pressure; and how
 * runs and items end when something is wrong with the evidence or the system. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/run.h"
#include "engine/sandbox.h"

#include "../hooks/hostile.h"
#include "../hooks/run_engine.h"

#define MIB UINT64_C(1048576)

/* A bit of everything: several groups, cuts, crashes, refusals, large outputs, odd items. */
static void make_evidence(EngineTest *test)
{
    for (int folder = 0; folder < 4; folder++) {
        for (int i = 0; i < 6; i++) {
            char name[64], text[64];
            snprintf(name, sizeof name, "d%d/f%d", folder, i);
            snprintf(text, sizeof text, "CONSTAT-TEST text %d\n", i);
            engine_test_file(test, name, text);
        }
    }
    engine_test_file(test, "d0/f2", "CONSTAT-TEST text-then-crash 3\n");
    engine_test_file(test, "d1/f3", "CONSTAT-TEST refused 2\n");
    engine_test_file(test, "d2/f0", "CONSTAT-TEST fill 30\n");
    engine_test_file(test, "d2/f4", "");
    engine_test_file(test, "d3/f1", "something else\n");
    engine_test_file(test, "d3/f2", "TRAP");
    engine_test_file(test, "d3/f3", "EITHER");
    engine_test_large(test, "e/lines", "LINES\n", 20 * MIB + 5);
    engine_test_large(test, "e/uncut", "LINES of one piece\n", 9 * MIB);
    engine_test_large(test, "e/units", "UNITS\n", 20 * MIB + 100);
    engine_test_large(test, "e/whole", "WHOLE\n", 30 * MIB);
    engine_test_large(test, "e/strange", "no format\n", 10 * MIB);
    engine_test_file(test, "f/fill", "CONSTAT-TEST fill 40\n");
    engine_test_file(test, "g/fill", "CONSTAT-TEST fill 40\n");
}

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
    make_evidence(&test);
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
    make_evidence(&test);
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
        int fd = item_open(&copy, NULL);
        assert_true(fd >= 0 && test.items.items[i].hashed && item_hash(&copy, fd, NULL));
        assert_memory_equal(&copy.sha256, &test.items.items[i].sha256, sizeof copy.sha256);
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
    make_evidence(&test);
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

static bool interrupt(EngineTest *test, const Item *item, uint8_t type, Err *err)
{
    (void)item;
    (void)type;
    (void)err;
    engine_interrupt(test->engine);
    return true;
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void test_interrupt(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    engine_test_file(&test, "a/f", "CONSTAT-TEST text 1\n");
    engine_test_file(&test, "b/f", "CONSTAT-TEST spin\n");
    engine_test_file(&test, "c/f", "CONSTAT-TEST spin\n");
    test.options.hang_ms = 60000;
    test.on_block = interrupt;
    double start = seconds_now();
    assert_false(engine_test_run(&test));
    assert_int_equal(test.err.code, ERR_INTERRUPTED);
    assert_true(seconds_now() - start < 10);
    assert_true(test.stats.items_by_state[ITEM_WAITING] >= 2);
    assert_int_equal(test.stats.defects, 0);
    engine_test_done(&test);
}

static bool disk_full(EngineTest *test, const Item *item, uint8_t type, Err *err)
{
    (void)item;
    (void)type;
    return test->blocks < 5 ||
           err_set(err, ERR_IO, ERR_NO_OFFSET, "out.jsonl: No space left on device");
}

static void test_full_disk_ends_the_run(void **state)
{
    (void)state;
    for (int ordered = 0; ordered < 2; ordered++) {
        EngineTest test;
        engine_test_init(&test);
        make_evidence(&test);
        test.on_block = disk_full;
        test.ordered = ordered;
        assert_false(engine_test_run(&test));
        assert_int_equal(test.err.code, ERR_IO);
        assert_string_equal(test.err.text, "out.jsonl: No space left on device");
        assert_int_equal(test.blocks, 5);
        engine_test_done(&test);
    }
}

static bool kill_zygote(EngineTest *test, const Item *item, uint8_t type, Err *err)
{
    (void)item;
    (void)type;
    (void)err;
    kill(test->engine->zygote, SIGKILL);
    return true;
}

static void test_without_zygote_the_run_ends(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    make_evidence(&test);
    test.on_block = kill_zygote;
    double start = seconds_now();
    assert_false(engine_test_run(&test));
    assert_int_equal(test.err.code, ERR_SANDBOX);
    assert_true(seconds_now() - start < 10);
    engine_test_done(&test);
}

static void test_prepare_may_fail(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    test.prepare_fails = true;
    assert_false(engine_test_run(&test));
    assert_int_equal(test.err.code, ERR_USAGE);
    assert_string_equal(test.err.text, "rule 7 cannot be compiled");
    engine_test_done(&test);
}

static void test_formats_that_are_not_taken(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    make_evidence(&test);
    test.takes_only = "test_units";
    assert_true(engine_test_run(&test));
    assert_int_equal(engine_test_count(&test, "B", ""), 3);
    assert_int_equal(engine_test_count(&test, "E lines not-taken test_lines", ""), 1);
    assert_int_equal(engine_test_count(&test, "E f0 not-taken test_hostile", ""), 4);
    engine_test_done(&test);
}

/* The file grows, shrinks or is written to while its worker reads it. */
static bool change_file(EngineTest *test, const Item *item, uint8_t type, Err *err)
{
    (void)err;
    char *path = engine_test_path(test, "f");
    if (type == HOSTILE_LOOK)
        assert_int_equal(truncate(path, (off_t)item->size + *(const int *)test->on_block_ctx), 0);
    free(path);
    return true;
}

static void test_files_that_change(void **state)
{
    (void)state;
    static const struct {
        int by;
        const char *text;
    } CHANGES[] = {
        {5, "changed while it was being read: 22 bytes when listed, 27 now"},
        {-5, "changed while it was being read: 22 bytes when listed, 17 now"},
        {0, "was written to while it was being read"},
    };
    for (size_t i = 0; i < sizeof CHANGES / sizeof *CHANGES; i++) {
        EngineTest test;
        engine_test_init(&test);
        engine_test_file(&test, "f", "CONSTAT-TEST show 100\n");
        test.on_block = change_file;
        test.on_block_ctx = (void *)(uintptr_t)&CHANGES[i].by;
        assert_true(engine_test_run(&test));
        assert_int_equal(engine_test_count(&test, "D f damage - ", CHANGES[i].text), 1);
        assert_int_equal(engine_test_state(&test, "f"), ITEM_DEFECTIVE);
        engine_test_done(&test);
    }
}

/* Told once, however many pieces notice it. */
static bool grow_once(EngineTest *test, const Item *item, uint8_t type, Err *err)
{
    (void)type;
    (void)err;
    char *path = engine_test_path(test, "f");
    assert_int_equal(truncate(path, (off_t)item->size + 1), 0);
    free(path);
    return true;
}

static void test_a_large_file_that_changes(void **state)
{
    (void)state;
    for (int ordered = 0; ordered < 2; ordered++) {
        EngineTest test;
        engine_test_init(&test);
        engine_test_large(&test, "f", "LINES\n", 60 * MIB);
        test.on_block = grow_once;
        test.ordered = ordered;
        assert_true(engine_test_run(&test));
        assert_int_equal(engine_test_count(&test, "B f ", ""), 8);
        assert_int_equal(engine_test_count(&test, "D f damage - changed while", ""), 1);
        assert_int_equal(test.stats.defects, 1);
        engine_test_done(&test);
    }
}

/* Signals that a terminal sends to everyone are the coordinator's business alone. */
static bool signal_zygote(EngineTest *test, const Item *item, uint8_t type, Err *err)
{
    (void)item;
    (void)type;
    (void)err;
    static const int SIGNALS[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
    for (size_t i = 0; i < sizeof SIGNALS / sizeof *SIGNALS; i++)
        assert_int_equal(kill(test->engine->zygote, SIGNALS[i]), 0);
    return true;
}

static void test_signals_to_everyone(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    engine_test_file(&test, "a/f", "CONSTAT-TEST text 1\n");
    engine_test_file(&test, "b/f", "CONSTAT-TEST text 1\n");
    test.options.workers = 1;
    test.on_block = signal_zygote;
    assert_true(engine_test_run(&test));
    assert_int_equal(test.stats.items_by_state[ITEM_DONE], 2);
    engine_test_done(&test);
}

/* What has become of files between the listing and the reading. */
static void test_files_that_are_gone(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    for (const char *name = "abcde"; *name; name++)
        engine_test_file(&test, (char[]){*name, '\0'}, "CONSTAT-TEST text 1\n");
    assert_true(engine_test_collect(&test));
    char *a = engine_test_path(&test, "a"), *b = engine_test_path(&test, "b");
    char *c = engine_test_path(&test, "c"), *d = engine_test_path(&test, "d");
    assert_int_equal(unlink(a) | unlink(b) | unlink(c) | unlink(d), 0);
    assert_int_equal(symlink("/dev/zero", b), 0);
    assert_int_equal(mkfifo(c, 0600), 0);
    engine_test_file(&test, "d", "CONSTAT-TEST text 1\n");
    assert_true(engine_test_run_listed(&test));
    assert_int_equal(engine_test_count(&test, "D a damage - cannot be opened: No such file", ""),
                     1);
    assert_int_equal(engine_test_count(&test, "D b damage - cannot be opened: Stale", ""), 1);
    assert_int_equal(engine_test_count(&test, "D c damage - is no longer the file", ""), 1);
    assert_int_equal(
        test.stats.items_by_state[ITEM_DONE] + test.stats.items_by_state[ITEM_UNREADABLE], 5);
    assert_int_equal(engine_test_state(&test, "e"), ITEM_DONE);
    free(a);
    free(b);
    free(c);
    free(d);
    engine_test_done(&test);
}

/* Shrunk since it was listed: no SHA-256 of what it was, and that is said; the rest is read. */
static void test_hash_of_a_shrunk_file(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    engine_test_file(&test, "a", "CONSTAT-TEST text 1\n");
    engine_test_file(&test, "b", "WHOLE and then some\n");
    engine_test_file(&test, "c", "CONSTAT-TEST text 1\n");
    assert_true(engine_test_collect(&test));
    char *b = engine_test_path(&test, "b");
    assert_int_equal(truncate(b, 7), 0);
    free(b);
    test.hash = true;
    test.hash_may_fail = true;
    assert_true(engine_test_run_listed(&test));
    assert_int_equal(engine_test_count(&test, "D b damage 7 ends at byte 7 of 20 and has no", ""),
                     1);
    assert_int_equal(engine_test_count(&test, "D b damage - changed while", ""), 1);
    assert_int_equal(engine_test_count(&test, "B b ", ""), 1);
    assert_int_equal(engine_test_state(&test, "b"), ITEM_DEFECTIVE);
    assert_true(test.items.items[0].hashed && !test.items.items[1].hashed &&
                test.items.items[2].hashed);
    assert_int_equal(test.stats.defects, 2);
    engine_test_done(&test);
}

static bool never(void *ctx, const Piece *piece, WorkerPort *port, Err *err)
{
    (void)ctx;
    (void)piece;
    return worker_send(port, HOSTILE_TEXT, (Span){0}, err);
}

static bool count_block(void *ctx, const Item *item, uint32_t item_index, uint8_t type, Span block,
                        Err *err)
{
    (void)item;
    (void)item_index;
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
    make_evidence(&test);
    assert_true(engine_test_collect(&test));
    unsigned blocks = 0;
    Job job = {.work = never, .receive = count_block, .ctx = &blocks};
    Engine *engine = engine_start(&job, &test.options, NULL);
    assert_non_null(engine);
    for (unsigned i = 1; i <= 3; i++) {
        assert_true(engine_run(engine, &test.items, NULL, &test.stats, NULL));
        assert_int_equal(blocks, i * 31);
    }
    engine_interrupt(engine);
    Err err;
    assert_false(engine_run(engine, &test.items, test.states, &test.stats, &err));
    assert_int_equal(err.code, ERR_INTERRUPTED);
    assert_int_equal(test.stats.items_by_state[ITEM_WAITING], test.items.count);
    engine_stop(engine);
    engine_test_done(&test);
}

/* A system that lets us open few files: fewer workers, the same result. */
static void test_few_descriptors(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    for (int i = 0; i < 260; i++) {
        char name[32];
        snprintf(name, sizeof name, "f%03d", i);
        engine_test_file(&test, name, "CONSTAT-TEST text 1\n");
    }
    struct rlimit before, few = {300, 300};
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    test.options.workers = 8;
    fflush(NULL);
    pid_t pid = fork(); /* a hard limit cannot be raised again */
    if (pid == 0)
        _exit(setrlimit(RLIMIT_NOFILE, &few) == 0 && engine_test_run(&test) &&
                      test.stats.items_by_state[ITEM_DONE] == 260
                  ? 0
                  : 1);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    engine_test_done(&test);
}

/* Started with standard streams closed: nothing else may be taken for them. */
static void test_without_standard_streams(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    make_evidence(&test);
    fflush(NULL);
    for (int closed = 0; closed < 8; closed++) {
        pid_t pid = fork();
        if (pid == 0) {
            for (int fd = 0; fd < 3; fd++)
                if (closed & 1 << fd)
                    close(fd);
            _exit(engine_test_run(&test) &&
                          test.stats.items_by_state[ITEM_DONE] == test.items.count - 5
                      ? 0
                      : 1);
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
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
        cmocka_unit_test(test_interrupt),
        cmocka_unit_test(test_full_disk_ends_the_run),
        cmocka_unit_test(test_without_zygote_the_run_ends),
        cmocka_unit_test(test_prepare_may_fail),
        cmocka_unit_test(test_formats_that_are_not_taken),
        cmocka_unit_test(test_files_that_change),
        cmocka_unit_test(test_a_large_file_that_changes),
        cmocka_unit_test(test_signals_to_everyone),
        cmocka_unit_test(test_files_that_are_gone),
        cmocka_unit_test(test_hash_of_a_shrunk_file),
        cmocka_unit_test(test_engine_is_used_again),
        cmocka_unit_test(test_few_descriptors),
        cmocka_unit_test(test_without_standard_streams),
        cmocka_unit_test(test_odd_paths),
        cmocka_unit_test(test_nothing_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
