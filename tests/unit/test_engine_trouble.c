/* How runs and items end when something is wrong with the evidence or the system. */
#include <setjmp.h>
#include <signal.h>
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

#include "../hooks/hostile.h"
#include "../hooks/run_engine.h"

#define MIB UINT64_C(1048576)

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
        engine_test_mixture(&test);
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
    engine_test_mixture(&test);
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
    engine_test_mixture(&test);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interrupt),
        cmocka_unit_test(test_full_disk_ends_the_run),
        cmocka_unit_test(test_without_zygote_the_run_ends),
        cmocka_unit_test(test_prepare_may_fail),
        cmocka_unit_test(test_files_that_change),
        cmocka_unit_test(test_a_large_file_that_changes),
        cmocka_unit_test(test_signals_to_everyone),
        cmocka_unit_test(test_files_that_are_gone),
        cmocka_unit_test(test_hash_of_a_shrunk_file),
        cmocka_unit_test(test_few_descriptors),
        cmocka_unit_test(test_without_standard_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
