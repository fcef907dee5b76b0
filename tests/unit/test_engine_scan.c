/* Items as a whole, beside what is read of them: each once, and at no cost to the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../hooks/box.h"
#include "../hooks/hostile.h"
#include "../hooks/run_engine.h"

static char *run_log(EngineTest *test, unsigned workers)
{
    test->options.workers = workers;
    assert_true(engine_test_run(test));
    return test->ordered ? strdup(engine_test_log(test)) : engine_test_sorted(test);
}

/* Without the lines of scans. */
static char *without_scans(const char *log)
{
    Buf out;
    Text rest = text_from_z(log);
    buf_init(&out, 1 << 24);
    while (rest.len) {
        Text line = text_cut(&rest, '\n');
        if (text_find_text(line, TEXT(" scanned ")) != SIZE_MAX)
            continue;
        buf_add_text(&out, line);
        buf_add_char(&out, '\n');
    }
    buf_add_char(&out, '\0');
    assert_false(out.failed);
    return out.ptr;
}

static void check(bool ordered)
{
    EngineTest test;
    engine_test_init(&test);
    engine_test_mixture(&test);
    test.ordered = ordered;
    test.hash = true;
    free(run_log(&test, 2));
    char *plain = engine_test_sorted(&test);
    test.scan = true;
    char *first = run_log(&test, 1);
    char *sorted = engine_test_sorted(&test); /* items end later: their scans belong to them */
    assert_int_equal(engine_test_count(&test, "B ", "scanned"), test.items.count - 1);
    static const unsigned WORKERS[] = {2, 7};
    for (size_t i = 0; i < sizeof WORKERS / sizeof *WORKERS; i++) {
        char *again = run_log(&test, WORKERS[i]);
        assert_string_equal(first, again);
        free(again);
    }
    char *rest = without_scans(sorted);
    char *wanted = without_scans(plain);
    assert_string_equal(rest, wanted);
    free(rest);
    free(wanted);
    free(sorted);
    free(first);
    free(plain);
    engine_test_done(&test);
}

static void in_order(void **state)
{
    (void)state;
    check(true);
}

static void as_they_come(void **state)
{
    (void)state;
    check(false);
}

/* The scan brings the worker down: what was read stays, and so do the scans of others. */
static void scans_fail(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    engine_test_file(&test, "a", "CONSTAT-TEST text 1\n");
    engine_test_file(&test, "scan-crash", "CONSTAT-TEST text 2\n");
    engine_test_file(&test, "scan-refuse", "CONSTAT-TEST text 3\n");
    engine_test_file(&test, "z", "CONSTAT-TEST text 4\n");
    for (unsigned ordered = 0; ordered < 2; ordered++) {
        test.scan = false;
        test.ordered = ordered;
        assert_true(engine_test_run(&test));
        unsigned blocks = engine_test_count(&test, "B ", "");
        test.scan = true;
        assert_true(engine_test_run(&test));
        assert_int_equal(engine_test_count(&test, "B ", "scanned"), 2);
        assert_int_equal(engine_test_count(&test, "B ", ""), blocks + 2);
        assert_int_equal(engine_test_count(&test, "D scan-crash damage", ""), 1);
        assert_int_equal(engine_test_count(&test, "D scan-refuse damage 1 a scan that", ""), 1);
        assert_int_equal(engine_test_count(&test, "E scan-crash defective test_hostile", ""), 1);
        assert_int_equal(engine_test_count(&test, "E scan-refuse defective", ""), 1);
        assert_int_equal(engine_test_count(&test, "E z done", ""), 1);
        assert_int_equal(engine_test_count(&test, "E ", ""), 4);
    }
    engine_test_done(&test);
}

/* A container is scanned while its members come. */
static void containers(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    for (int i = 0; i < 4; i++) {
        Buf box, inner;
        char name[16];
        box_begin(&box);
        box_begin(&inner);
        for (int k = 0; k < 8; k++) {
            (void)snprintf(name, sizeof name, "m%d", k);
            box_text(&inner, name, "CONSTAT-TEST text 2\n");
            box_text(&box, name, "CONSTAT-TEST text 1\n");
        }
        box_member(&box, "inner", buf_span(&inner));
        buf_done(&inner);
        (void)snprintf(name, sizeof name, "box%d", i);
        engine_test_box(&test, name, &box);
    }
    test.scan = true;
    for (unsigned i = 0; i < 12; i++) {
        test.options.workers = i % 3 ? 7 : 2;
        assert_true(engine_test_run(&test));
        assert_int_equal(test.items.count, 4 * 18);
        assert_int_equal(engine_test_count(&test, "B ", "scanned"), 4 * 18);
        assert_int_equal(engine_test_count(&test, "B ", ""), 4 * (18 + 8 + 16));
        assert_int_equal(engine_test_count(&test, "D ", ""), 0);
        assert_int_equal(engine_test_count(&test, "E ", "done"), 4 * 18);
    }
    engine_test_done(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order),
        cmocka_unit_test(as_they_come),
        cmocka_unit_test(scans_fail),
        cmocka_unit_test(containers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
