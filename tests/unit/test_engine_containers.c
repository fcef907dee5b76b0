/* Containers: members are read like files, and what a container or a member does wrong costs
 * itself only. */
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
#include <unistd.h>

#include <cmocka.h>

#include "engine/run.h"
#include "engine/sandbox.h"

#include "../hooks/box.h"
#include "../hooks/hostile.h"
#include "../hooks/run_engine.h"

#define MIB UINT64_C(1048576)

#if SANDBOX_SANITIZED
#define CRASHED "ended by"
#else
#define CRASHED "ended by signal 11"
#endif

static void expect_lines(EngineTest *test, unsigned count, const char *prefix, const char *part)
{
    unsigned have = engine_test_count(test, prefix, part);
    if (have != count)
        fail_msg("%u lines %s…%s, expected %u:\n%s", have, prefix, part, count,
                 engine_test_log(test));
}

static void run(EngineTest *test)
{
    if (!engine_test_run(test))
        fail_msg("%s", test->err.text);
}

/* A small world: boxes beside files and each other, good and bad members. */
static void make_world(EngineTest *test)
{
    for (unsigned b = 0; b < 4; b++) {
        Buf box, inner;
        char name[32], text[64];
        box_begin(&inner);
        for (unsigned i = 0; i < 3; i++) {
            snprintf(name, sizeof name, "b%u-inner%u", b, i);
            snprintf(text, sizeof text, "CONSTAT-TEST text %u\n", i);
            box_text(&inner, name, text);
        }
        box_begin(&box);
        for (unsigned i = 0; i < 12; i++) {
            snprintf(name, sizeof name, "d%u/b%u-m%u", i / 4, b, i);
            snprintf(text, sizeof text, "CONSTAT-TEST text %u\n", i);
            box_text(&box, name, i == 5 && b == 2 ? "CONSTAT-TEST text-then-crash 2\n" : text);
            snprintf(name, sizeof name, "b%u-inner-%u", b, i);
            if (i % 5 == 0)
                box_member(&box, name, buf_span(&inner));
        }
        if (b == 3)
            box_act(&box, "crash", 3);
        snprintf(name, sizeof name, "f/box%u", b);
        engine_test_box(test, name, &box);
        buf_done(&inner);
    }
    engine_test_file(test, "f/file", "CONSTAT-TEST text 2\n");
    engine_test_file(test, "g/file", "CONSTAT-TEST text-then-crash 2\n");
    engine_test_large(test, "g/lines", "LINES\n", 20 * MIB);
}

/* ---- good boxes ---- */

static void test_members_are_items(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    Buf box, inner;
    box_begin(&inner);
    box_text(&inner, "deep", "CONSTAT-TEST text 4\n");
    box_begin(&box);
    box_text(&box, "dir/one", "CONSTAT-TEST text 2\n");
    box_text(&box, "dir/empty", "");
    box_text(&box, "what", "something else\n");
    box_member(&box, "inner", buf_span(&inner));
    box_text(&box, "bad\xff\x01name", "LINES\n");
    engine_test_box(&test, "a", &box);
    buf_done(&inner);
    test.hash = true;
    run(&test);
    expect_lines(&test, 2, "B one 1 ", "");
    expect_lines(&test, 4, "B deep 1 ", "");
    expect_lines(&test, 1, "E one done test_hostile", "");
    expect_lines(&test, 1, "E deep done test_hostile", "");
    expect_lines(&test, 1, "E empty done -", "");
    expect_lines(&test, 1, "E what unknown -", "");
    expect_lines(&test, 1, "E inner done test_box", "");
    expect_lines(&test, 1, "E bad\\xff\\x01name done test_lines", "");
    expect_lines(&test, 1, "E a done test_box", "");
    expect_lines(&test, 1, "D", "the file is empty");
    expect_lines(&test, 1, "D", "");
    assert_int_equal(test.stats.members, 6);
    assert_int_equal(test.items.count, 7);
    assert_int_equal(test.items.file_count, 1);
    for (size_t i = 1; i < test.items.count; i++) {
        const Item *item = &test.items.items[i];
        assert_true(item->hashed && !item->spool);
        if (text_equal(item->name, TEXT("deep"))) {
            assert_true(text_ends(item->path, TEXT("/a!inner!deep")));
            assert_true(text_ends(item->folder, TEXT("/a!inner")));
            assert_int_equal(item->depth, 2);
            Sha256 hash;
            Sha256Stream *stream = sha256_create();
            assert_true(sha256_update(stream, span_of("CONSTAT-TEST text 4\n", 20)));
            assert_true(sha256_final(stream, &hash));
            assert_memory_equal(&hash, &item->sha256, sizeof hash);
            sha256_destroy(stream);
        }
        if (text_equal(item->name, TEXT("one")))
            assert_true(text_ends(item->path, TEXT("/a!dir/one")) &&
                        text_ends(item->folder, TEXT("/a!dir")));
    }
    engine_test_done(&test);
}

/* A container ends after all that is in it. */
static void test_a_container_ends_last(void **state)
{
    (void)state;
    for (int ordered = 0; ordered < 2; ordered++) {
        EngineTest test;
        engine_test_init(&test);
        Buf box, inner;
        box_begin(&inner);
        box_text(&inner, "deep", "CONSTAT-TEST show 100\n");
        box_begin(&box);
        box_member(&box, "inner", buf_span(&inner));
        box_text(&box, "slow", "CONSTAT-TEST show 200\n");
        engine_test_box(&test, "a", &box);
        buf_done(&inner);
        test.ordered = ordered;
        run(&test);
        const char *log = engine_test_log(&test);
        const char *a = strstr(log, "E a "), *i = strstr(log, "E inner "),
                   *d = strstr(log, "E deep ");
        const char *s = strstr(log, "E slow ");
        assert_true(a && i && d && s && d < i && i < a && s < a);
        engine_test_done(&test);
    }
}

static void test_depth_has_a_limit(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    Buf box;
    box_begin(&box);
    box_text(&box, "core", "CONSTAT-TEST text 1\n");
    for (unsigned depth = 1; depth <= ENGINE_DEPTH_MAX + 1; depth++) {
        Buf outer;
        char name[16];
        snprintf(name, sizeof name, "in%u", depth);
        box_begin(&outer);
        box_member(&outer, name, buf_span(&box));
        box_text(&outer, name, "CONSTAT-TEST text 1\n");
        buf_done(&box);
        box = outer;
    }
    engine_test_box(&test, "a", &box);
    run(&test);
    expect_lines(&test, 0, "B core", "");
    expect_lines(&test, 1, "D in2 damage - containers are nested too deep: not opened", "");
    expect_lines(&test, 1, "D", "");
    expect_lines(&test, 1, "E in2 defective test_box", "");
    expect_lines(&test, ENGINE_DEPTH_MAX, "B in", "");
    engine_test_done(&test);
}

/* One engine, the same list twice: members of the first run are gone before the second. */
static void test_a_list_is_used_again(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    make_world(&test);
    test.keep_engine = true;
    run(&test);
    char *first = engine_test_sorted(&test);
    uint64_t bytes = test.items.bytes;
    size_t count = test.items.count;
    assert_true(engine_test_run_listed(&test));
    char *second = engine_test_sorted(&test);
    assert_string_equal(first, second);
    assert_int_equal(test.items.count, count);
    assert_int_equal(test.items.bytes, bytes);
    free(first);
    free(second);
    engine_test_done(&test);
}

/* ---- boxes that do wrong ---- */

typedef struct Case {
    const char *verb;
    unsigned long long number;
    const char *defect; /* of the box */
    unsigned more;      /* members besides the good ones before it */
    unsigned defects;   /* all of the box */
} Case;

static const Case CASES[] = {
    {"crash", 7, CRASHED, 0, 1},
    {"spin", 0, "made no progress for 0.5 s and was ended", 0, 1},
    {"exit", 0, "ended by itself with status 0", 0, 1},
    {"exit", 3, "ended by itself with status 3", 0, 1},
    {"fail", 9, "the box is broken", 0, 1},
    {"crash-within", 7, "half is cut short after 20 bytes", 1, 2},
    {"crash-within", 7, CRASHED, 1, 2},
    {"fail-within", 9, "half is cut short after 20 bytes", 1, 2},
    {"fail-within", 9, "the box is broken", 1, 2},
    {"end-within", 0, "sent what cannot be right (an end within a member)", 1, 2},
    {"bytes-of-no-member", 0, "sent what cannot be right (bytes of no member)", 0, 1},
    {"end-of-no-member", 0, "sent what cannot be right (the end of no member)", 0, 1},
    {"begin-twice", 0, "sent what cannot be right (a member out of place", 0, 2},
    {"no-name", 0, "sent what cannot be right (a member out of place or without a name)", 0, 1},
    {"member-after-the-end", 0, "", 0, 0},
    {"huge-name", MEMBER_NAME_MAX + 1, "sent what cannot be right (a block of type", 0, 1},
    {"event", 0, "a container has no events", 0, 1},
    {"result", 0, "sent what cannot be right (a result before or without its time)", 0, 1},
    {"flood", 0, "more results than can be right for its size", 1, 2},
    {"empty-bytes", 0, "more results than can be right for its size", 0, 2},
    {"no-such-verb", 0, "no such verb", 0, 1},
#if !SANDBOX_SANITIZED
    {"write-item", 0, "tried what its sandbox forbids", 0, 1},
#endif
};

static void check_case(const Case *c, bool ordered, bool hash)
{
    EngineTest test;
    engine_test_init(&test);
    Buf box;
    box_begin(&box);
    box_text(&box, "x", "CONSTAT-TEST text 3\n");
    box_text(&box, "sub/y", "CONSTAT-TEST text 3\n");
    box_act(&box, c->verb, c->number);
    box_text(&box, "z", "CONSTAT-TEST text 3\n");
    engine_test_file(&test, "a", "CONSTAT-TEST text 3\n");
    engine_test_box(&test, "b", &box);
    box_begin(&box);
    box_text(&box, "w", "CONSTAT-TEST text 3\n");
    engine_test_box(&test, "c", &box);
    engine_test_file(&test, "d", "CONSTAT-TEST text 3\n");
    test.ordered = ordered;
    test.hash = hash;
    test.options.unpack_bytes = 4 * MIB;
    if (strstr(c->defect, "made no progress"))
        test.options.hang_ms = 500;
    run(&test);
    for (const char *name = "axywd"; *name; name++) {
        char line[32];
        snprintf(line, sizeof line, "B %c ", *name);
        expect_lines(&test, 3, line, "");
        snprintf(line, sizeof line, "E %c done test_hostile", *name);
        expect_lines(&test, 1, line, "");
    }
    expect_lines(&test, 1, "E c done test_box", "");
    expect_lines(&test, 0, "B z ", "");
    if (*c->defect) {
        expect_lines(&test, 1, "D b damage", c->defect);
        expect_lines(&test, 1, "E b defective test_box", "");
    }
    expect_lines(&test, c->defects, "D b ", "");
    assert_int_equal(test.stats.members, 3 + c->more);
    engine_test_done(&test);
}

static void test_a_bad_box_costs_itself(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        check_case(&CASES[i], i % 2 == 0, i % 3 == 0);
}

/* Each member of a box does something else wrong. */
static void test_bad_members_cost_themselves(void **state)
{
    (void)state;
    static const char *const VERBS[] = {"crash 1",   "exit 0",      "garbage",   "half-block",
                                        "fail 3",    "late-hash",   "open-file", "write-item",
                                        "refused 1", "other-piece", "spin"};
    for (int ordered = 0; ordered < 2; ordered++) {
        EngineTest test;
        engine_test_init(&test);
        Buf box;
        box_begin(&box);
        for (size_t i = 0; i < sizeof VERBS / sizeof *VERBS; i++) {
            char name[16], text[64];
            snprintf(name, sizeof name, "bad%zu", i);
            snprintf(text, sizeof text, "CONSTAT-TEST %s\n", VERBS[i]);
            box_text(&box, name, text);
            snprintf(name, sizeof name, "good%zu", i);
            box_text(&box, name, "CONSTAT-TEST text 2\n");
        }
        engine_test_box(&test, "a", &box);
        test.ordered = ordered;
        test.hash = true;
        test.options.hang_ms = 500;
        run(&test);
        expect_lines(&test, 2 * sizeof VERBS / sizeof *VERBS, "B good", "");
        expect_lines(&test, sizeof VERBS / sizeof *VERBS, "E good", " done ");
        expect_lines(&test, sizeof VERBS / sizeof *VERBS, "E bad", " defective ");
        expect_lines(&test, sizeof VERBS / sizeof *VERBS, "D bad", "");
        expect_lines(&test, 1, "E a done test_box", "");
        expect_lines(&test, 0, "B", "ESCAPED");
        engine_test_done(&test);
    }
}

/* ---- limits ---- */

/* Little by itself, much in all: what comes out of one file is counted at all depths. */
static void test_a_bomb_in_many_parts(void **state)
{
    (void)state;
    for (int ordered = 0; ordered < 2; ordered++) {
        EngineTest test;
        engine_test_init(&test);
        Buf box, inner;
        box_begin(&inner);
        box_act(&inner, "large", 3);
        box_begin(&box);
        for (unsigned i = 0; i < 10; i++) {
            char name[16];
            snprintf(name, sizeof name, "inner%u", i);
            box_member(&box, name, buf_span(&inner));
        }
        engine_test_box(&test, "a", &box);
        buf_done(&inner);
        engine_test_file(&test, "b", "CONSTAT-TEST text 2\n");
        test.ordered = ordered;
        test.options.unpack_bytes = 8 * MIB;
        run(&test);
        assert_true(engine_test_count(&test, "E inner", "done") >= 2);
        assert_true(engine_test_count(&test, "E inner", "defective") >= 7);
        assert_true(engine_test_count(&test, "D inner", "as from a decompression bomb") >= 7);
        expect_lines(&test, 1, "E a done", "");
        expect_lines(&test, 2, "B b ", "");
        engine_test_done(&test);
    }
}

/* The texts of paths fill their memory: the container is not read on, all else is. */
static void test_names_without_end(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    Buf box;
    box_begin(&box);
    for (unsigned i = 0; i < 5000; i++)
        box_act(&box, "huge-name", MEMBER_NAME_MAX);
    engine_test_box(&test, "a", &box);
    engine_test_file(&test, "b", "CONSTAT-TEST text 2\n");
    run(&test);
    expect_lines(&test, 1, "D a damage", "no memory for the paths of what is in containers");
    expect_lines(&test, 1, "E a defective", "");
    expect_lines(&test, 2, "B b ", "");
    assert_in_range(test.stats.members, 3000, 4999);
    engine_test_done(&test);
}

static void make_for_full_disk(EngineTest *test)
{
    Buf box;
    box_begin(&box);
    box_text(&box, "m1", "CONSTAT-TEST text 2\n");
    box_act(&box, "large", 5);
    box_text(&box, "m2", "CONSTAT-TEST text 2\n");
    engine_test_box(test, "a", &box);
    engine_test_file(test, "b", "CONSTAT-TEST text 2\n");
}

/* No room for what comes out of a container: what had room is read, the rest is named. */
static void test_a_full_disk_costs_the_container(void **state)
{
    (void)state;
    for (int ordered = 0; ordered < 2; ordered++) {
        EngineTest test;
        engine_test_init(&test);
        make_for_full_disk(&test);
        test.ordered = ordered;
        struct rlimit before, little;
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
        little = (struct rlimit){.rlim_cur = 3 * MIB, .rlim_max = before.rlim_max};
        signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
        bool ok = engine_test_run(&test);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_true(ok);
        expect_lines(&test, 1, "D a damage", "cannot write the temporary file in /tmp");
        expect_lines(&test, 1, "D a damage", "large is cut short after 3145708 bytes");
        expect_lines(&test, 2, "D a ", "");
        expect_lines(&test, 1, "E large unknown", "");
        expect_lines(&test, 2, "B m1 ", "");
        expect_lines(&test, 0, "B m2 ", "");
        expect_lines(&test, 2, "B b ", "");
        expect_lines(&test, 1, "E a defective", "");
        engine_test_done(&test);
    }
}

static void test_no_folder_for_the_spool(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    make_for_full_disk(&test);
    test.options.spool = "/nonexistent/folder";
    run(&test);
    expect_lines(&test, 1, "D a damage",
                 "cannot make a temporary file in /nonexistent/folder: No such file or directory");
    assert_int_equal(test.stats.members, 0);
    expect_lines(&test, 1, "E a defective", "");
    expect_lines(&test, 2, "B b ", "");
    engine_test_done(&test);
}

static bool interrupt(EngineTest *test, const Item *item, uint8_t type, Err *err)
{
    (void)item;
    (void)type;
    (void)err;
    if (test->blocks == 5)
        engine_interrupt(test->engine);
    return true;
}

/* Members that were not read are left waiting, and hold no room. */
static void test_interrupted(void **state)
{
    (void)state;
    for (int ordered = 0; ordered < 2; ordered++) {
        EngineTest test;
        engine_test_init(&test);
        make_world(&test);
        test.ordered = ordered;
        test.on_block = interrupt;
        assert_false(engine_test_run(&test));
        assert_int_equal(test.err.code, ERR_INTERRUPTED);
        assert_true(test.stats.items_by_state[ITEM_WAITING] > 0);
        for (size_t i = 0; i < test.items.count; i++)
            assert_null(test.items.items[i].spool);
        engine_test_done(&test);
    }
}

/* ---- order, room, and as many workers as may be ---- */

static char *world_log(EngineTest *test, unsigned workers, bool ordered)
{
    test->options.workers = workers;
    test->ordered = ordered;
    run(test);
    return ordered ? strdup(engine_test_log(test)) : engine_test_sorted(test);
}

static void test_same_for_any_workers(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    make_world(&test);
    test.hash = true;
    char *sorted = NULL;
    for (unsigned variant = 0; variant < 6; variant++) {
        bool ordered = variant & 1;
        test.options.spool_bytes = variant & 2 ? 1 : 0;
        test.options.format.recover = variant & 4; /* changes the pieces of g/lines */
        char *one = world_log(&test, 1, ordered);
        static const unsigned WORKERS[] = {2, 7};
        for (size_t i = 0; i < 2; i++) {
            char *more = world_log(&test, WORKERS[i], ordered);
            assert_string_equal(one, more);
            free(more);
        }
        if (variant == 0)
            sorted = strdup(one);
        else if (!(variant & 4) && !ordered)
            assert_string_equal(sorted, one);
        char *again = engine_test_sorted(&test);
        if (!(variant & 4))
            assert_string_equal(sorted, again);
        free(again);
        free(one);
    }
    free(sorted);
    engine_test_done(&test);
}

static const char *place_of(const EngineTest *test, const char *log, const char *line)
{
    const char *at = strstr(log, line);
    if (!at)
        fail_msg("no line %s", line);
    (void)test;
    return at;
}

/* Containers of one folder in their order; their members before what is behind them. */
static void test_order_of_containers(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    for (char b = '1'; b <= '3'; b++) {
        Buf box, inner;
        char name[32];
        box_begin(&inner);
        snprintf(name, sizeof name, "deep%c", b);
        box_text(&inner, name, "CONSTAT-TEST text 1\n");
        box_begin(&box);
        snprintf(name, sizeof name, "m%c", b);
        box_text(&box, name, "CONSTAT-TEST text 1\n");
        snprintf(name, sizeof name, "inner%c", b);
        box_member(&box, name, buf_span(&inner));
        snprintf(name, sizeof name, "folder/n%c", b);
        box_text(&box, name, "CONSTAT-TEST text 1\n");
        snprintf(name, sizeof name, "a/box%c", b);
        engine_test_box(&test, name, &box);
        buf_done(&inner);
    }
    engine_test_file(&test, "b/file", "CONSTAT-TEST text 1\n");
    test.ordered = true;
    run(&test);
    const char *log = engine_test_log(&test);
    static const char *const LINES[] = {
        "B m1 ", "B deep1 ", "E inner1 ", "B n1 ",    "E box1 ",   "B m2 ", "B deep2 ", "E inner2 ",
        "B n2 ", "E box2 ",  "B m3 ",     "B deep3 ", "E inner3 ", "B n3 ", "E box3 ",  "B file ",
    };
    for (size_t i = 1; i < sizeof LINES / sizeof *LINES; i++)
        if (place_of(&test, log, LINES[i - 1]) >= place_of(&test, log, LINES[i]))
            fail_msg("%s after %s:\n%s", LINES[i - 1], LINES[i], log);
    engine_test_done(&test);
}

/* A block that had to wait is refused when its turn comes, and its group done again: the container
 * in that group is not opened twice. */
static void test_a_container_is_opened_once(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    engine_test_file(&test, "a/slow", "CONSTAT-TEST show 300\n");
    engine_test_file(&test, "b/1", "CONSTAT-TEST refused 1\n");
    Buf box;
    box_begin(&box);
    box_text(&box, "member", "CONSTAT-TEST text 1\n");
    engine_test_box(&test, "b/2", &box);
    box_begin(&box);
    box_text(&box, "member", "CONSTAT-TEST text 1\n");
    engine_test_box(&test, "b/0", &box);
    test.ordered = true;
    run(&test);
    expect_lines(&test, 2, "B member ", "");
    expect_lines(&test, 2, "E member ", "");
    expect_lines(&test, 1, "E 0 done", "");
    expect_lines(&test, 1, "E 1 defective", "");
    expect_lines(&test, 1, "E 2 done", "");
    assert_int_equal(test.stats.members, 2);
    engine_test_done(&test);
}

/* The first container fills the spool while all that comes after it waits for its turn. */
static void test_nothing_stands_still(void **state)
{
    (void)state;
    static const unsigned WORKERS[] = {1, 2, 5};
    for (unsigned i = 0; i < 6; i++) {
        EngineTest test;
        engine_test_init(&test);
        for (char b = 'a'; b <= 'c'; b++) {
            Buf box, inner;
            char name[16];
            box_begin(&inner);
            box_act(&inner, "many", 140);
            box_act(&inner, "large", 5);
            box_begin(&box);
            box_act(&box, "large", 10);
            box_member(&box, "inner", buf_span(&inner));
            box_text(&box, "fill", "CONSTAT-TEST fill 3\n");
            box_member(&box, "inner2", buf_span(&inner));
            snprintf(name, sizeof name, "%c/box", b);
            engine_test_box(&test, name, &box);
            snprintf(name, sizeof name, "%c2/fill", b);
            engine_test_file(&test, name, "CONSTAT-TEST fill 28\n");
            buf_done(&inner);
        }
        test.ordered = i % 2;
        test.options.workers = WORKERS[i / 2];
        test.options.spool_bytes = 1;
        alarm(120);
        run(&test);
        alarm(0);
        expect_lines(&test, 0, "D", "");
        expect_lines(&test, 3 * 3 + 3 * 28, "B fill ", "");
        assert_int_equal(test.stats.members, 3 * (4 + 2 * 141));
        engine_test_done(&test);
    }
}

/* Many small containers in one, and few descriptors: each is read before others are opened. */
static void test_few_descriptors(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    Buf box, inner;
    box_begin(&inner);
    box_text(&inner, "deep", "LINES\n");
    box_begin(&box);
    for (unsigned i = 0; i < 400; i++) {
        char name[16];
        snprintf(name, sizeof name, "box%03u", i);
        box_member(&box, name, buf_span(&inner));
    }
    engine_test_box(&test, "a", &box);
    buf_done(&inner);
    struct rlimit few = {320, 320};
    for (int ordered = 0; ordered < 2; ordered++) {
        test.ordered = ordered;
        fflush(NULL);
        pid_t pid = fork(); /* a hard limit cannot be raised again */
        if (pid == 0)
            _exit(setrlimit(RLIMIT_NOFILE, &few) == 0 && engine_test_run(&test) &&
                          test.stats.items_by_state[ITEM_DONE] == 801
                      ? 0
                      : 1);
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    engine_test_done(&test);
}

/* Small containers are worked on while a large one is opened, and room in the spool is given back:
 * what takes room at a time is less than all that comes out. */
static bool watch_spool(EngineTest *test, const Item *item, uint8_t type, Err *err)
{
    (void)type;
    (void)err;
    uint64_t *most = test->on_block_ctx, now = 0;
    for (const Item *i = test->items.items; i < test->items.items + test->items.count; i++)
        now += i->spool ? i->size : 0;
    *most = now > *most ? now : *most;
    return item != NULL;
}

static void test_members_do_not_wait_for_their_container(void **state)
{
    (void)state;
    for (int ordered = 0; ordered < 2; ordered++) {
        EngineTest test;
        engine_test_init(&test);
        Buf box;
        box_begin(&box);
        static uint8_t member[1 * MIB] = "CONSTAT-TEST text 1\n";
        for (unsigned i = 0; i < 30; i++) {
            char name[16];
            snprintf(name, sizeof name, "m%02u", i);
            box_member(&box, name, span_of(member, sizeof member));
        }
        engine_test_box(&test, "a", &box);
        uint64_t most = 0;
        test.on_block = watch_spool;
        test.on_block_ctx = &most;
        test.ordered = ordered;
        test.options.spool_bytes = 3 * MIB;
        run(&test);
        expect_lines(&test, 30, "B m", "");
        assert_true(most > 0 && most < 20 * MIB);
        engine_test_done(&test);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members_are_items),
        cmocka_unit_test(test_a_container_ends_last),
        cmocka_unit_test(test_depth_has_a_limit),
        cmocka_unit_test(test_a_list_is_used_again),
        cmocka_unit_test(test_a_bad_box_costs_itself),
        cmocka_unit_test(test_bad_members_cost_themselves),
        cmocka_unit_test(test_a_bomb_in_many_parts),
        cmocka_unit_test(test_names_without_end),
        cmocka_unit_test(test_a_full_disk_costs_the_container),
        cmocka_unit_test(test_no_folder_for_the_spool),
        cmocka_unit_test(test_interrupted),
        cmocka_unit_test(test_same_for_any_workers),
        cmocka_unit_test(test_order_of_containers),
        cmocka_unit_test(test_a_container_is_opened_once),
        cmocka_unit_test(test_nothing_stands_still),
        cmocka_unit_test(test_few_descriptors),
        cmocka_unit_test(test_members_do_not_wait_for_their_container),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
