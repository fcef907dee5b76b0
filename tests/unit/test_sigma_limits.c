/* What a hostile rule or value may cost: little, and it is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "sigma_fixture.h"

#define HEAD "title: t\nlogsource: {product: windows}\ndetection:\n"

static double seconds(void)
{
    struct timespec t;
    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

typedef struct Counts {
    unsigned matched, undecided;
} Counts;

static bool on_match(void *ctx, uint32_t row, uint32_t rule, Err *err)
{
    (void)row, (void)rule, (void)err;
    ((Counts *)ctx)->matched++;
    return true;
}

static bool on_undecided(void *ctx, uint32_t row, uint32_t rule, Err *err)
{
    (void)row, (void)rule, (void)err;
    ((Counts *)ctx)->undecided++;
    return true;
}

static Counts match(SigmaRun *run)
{
    Counts counts = {0};
    Err err = {0};
    MatchOut out = {.match = on_match, .undecided = on_undecided, .ctx = &counts};
    Batch batch = sigma_batch(run);
    if (!matcher_batch(run->matcher, &batch, &out, &err))
        fail_msg("%s", err.text);
    return counts;
}

static void add_repeated(SigmaRun *run, const char *name, const char *piece, size_t count,
                         const char *end)
{
    Buf text;
    buf_init(&text, 64u << 20);
    for (size_t i = 0; i < count; i++)
        buf_add_text(&text, text_from_z(piece));
    buf_add_text(&text, text_from_z(end));
    EventKind kind = {.product = TEXT("windows"), .channel = TEXT("C"), .code = TEXT("1")};
    EventHead head = {.time = TIME_NONE,
                      .quality = TIME_MISSING,
                      .meaning = TIME_MEANS_UNKNOWN,
                      .offset = run->events++,
                      .size = 1,
                      .record_id = RECORD_ID_NONE};
    sink_add_text(run->sink, sink_name(run->sink, text_from_z(name)), buf_text(&text));
    assert_true(sink_commit(run->sink, &head, &kind));
    buf_done(&text);
}

/* Backtracking without end on a megabyte: not decided, at once. */
static void test_backtracking(void **state)
{
    (void)state;
    SigmaRun run;
    sigma_open(&run,
               text_from_z(HEAD "    s:\n        A|re: '(a+)+$'\n    condition: s\n---\n" HEAD
                                "    s:\n        A|re: '(a+)+$'\n    condition: not s\n---\n" HEAD
                                "    s:\n        A|re: '(a+)+$'\n    u: {B: 1}\n"
                                "    condition: s and u\n"),
               NULL);
    add_repeated(&run, "A", "a", 1 << 20, "!");
    double start = seconds();
    Counts counts = match(&run);
    assert_int_equal(counts.matched, 0);
    assert_int_equal(counts.undecided, 2); /* s, not s; the third is false whatever s is */
    assert_true(seconds() - start < 3);
    assert_int_equal(match_tally_rule(matcher_tally(run.matcher), 0).undecided, 1);
    sigma_close(&run);
}

/* Linear work from each of a million places: time ends it, and later values have none left. */
static void test_quadratic(void **state)
{
    (void)state;
    SigmaRun run;
    sigma_open(&run, text_from_z(HEAD "    s:\n        A|re: 'a[^b]*c'\n    condition: s\n"), NULL);
    for (unsigned i = 0; i < 5; i++)
        add_repeated(&run, "A", "a", (1 << 19) + i, "!b!c"); /* has what is needed */
    for (unsigned i = 0; i < 16; i++)
        add_repeated(&run, "A", "a", 100 + i, "!!");
    double start = seconds();
    Counts counts = match(&run);
    printf("quadratic: %u matched, %u undecided, %.2f s\n", counts.matched, counts.undecided,
           seconds() - start);
    assert_int_equal(counts.matched + counts.undecided, 5);
    assert_true(seconds() - start < 15);
    sigma_close(&run);
}

static void test_long_literal(void **state)
{
    (void)state;
    Buf yaml;
    buf_init(&yaml, 1 << 20);
    buf_printf(&yaml, HEAD "    s:\n        A|contains: '");
    for (unsigned i = 0; i < 65536; i++)
        buf_add_char(&yaml, i == 65535 ? 'b' : 'a');
    buf_printf(&yaml, "'\n    condition: s\n");
    SigmaRun run;
    sigma_open(&run, buf_text(&yaml), NULL);
    assert_int_equal(ruleset_at(run.set, 0)->state, RULE_LOADED);
    add_repeated(&run, "A", "a", 1 << 20, "");
    add_repeated(&run, "A", "a", 1 << 20, "b");
    double start = seconds();
    Counts counts = match(&run);
    assert_int_equal(counts.matched, 1);
    assert_true(seconds() - start < 2);
    sigma_close(&run);
    buf_done(&yaml);
}

static void test_wildcards(void **state)
{
    (void)state;
    SigmaRun run;
    sigma_open(&run,
               text_from_z(HEAD "    s:\n        A: '*a*a*a*a*a*a*a*a*a*a*a*a*b*a*c'\n"
                                "    condition: s\n---\n" HEAD
                                "    s:\n        A: '*?????????????????????????????b?*'\n"
                                "    condition: s\n"),
               NULL);
    add_repeated(&run, "A", "a", 1 << 20, "bx");
    double start = seconds();
    Counts counts = match(&run);
    assert_int_equal(counts.matched, 1);
    assert_true(seconds() - start < 3);
    sigma_close(&run);
}

static void expect_refused(Text yaml, const char *reason)
{
    SigmaRun run;
    double start = seconds();
    sigma_open(&run, yaml, NULL);
    bool found = false;
    for (uint32_t i = 0; i < ruleset_count(run.set); i++) {
        const Rule *rule = ruleset_at(run.set, i);
        found |= rule->state == RULE_REFUSED &&
                 text_find_text(rule->reason, text_from_z(reason)) != SIZE_MAX;
    }
    assert_true(found);
    assert_true(seconds() - start < 3);
    sigma_close(&run);
}

static void test_yaml_bombs(void **state)
{
    (void)state;
    Buf yaml;
    buf_init(&yaml, 4 << 20);
    buf_printf(&yaml, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (unsigned i = 1; i < 20; i++)
        buf_printf(&yaml, "a%u: &a%u [*a%u, *a%u, *a%u, *a%u, *a%u, *a%u, *a%u, *a%u]\n", i, i,
                   i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
    expect_refused(buf_text(&yaml), "aliases counted");
    buf_clear(&yaml);
    for (unsigned i = 0; i < 100000; i++)
        buf_add_char(&yaml, '[');
    expect_refused(buf_text(&yaml), "nested deeper");
    buf_clear(&yaml);
    for (unsigned i = 0; i < 100000; i++)
        buf_printf(&yaml, "{a: ");
    expect_refused(buf_text(&yaml), "nested deeper");
    buf_clear(&yaml);
    buf_printf(&yaml, "a: [");
    for (unsigned i = 0; i < 300000; i++)
        buf_printf(&yaml, "1,");
    expect_refused(buf_text(&yaml), "more than 100000 values");
    buf_clear(&yaml);
    for (unsigned i = 0; i < 5000; i++)
        buf_printf(&yaml, "--- x\n");
    expect_refused(buf_text(&yaml), "more than 4096 documents");
    buf_clear(&yaml);
    for (unsigned i = 0; i < 100; i++)
        buf_printf(&yaml, "- - - - - - - - - - ");
    expect_refused(buf_text(&yaml), "nested deeper");
    buf_clear(&yaml);
    buf_printf(&yaml, "\x01\x02");
    expect_refused(buf_text(&yaml), "control character");
    buf_clear(&yaml);
    buf_printf(&yaml, "a: \xFF\n");
    expect_refused(buf_text(&yaml), "not UTF-8");
    buf_clear(&yaml);
    for (unsigned i = 0; i < (1 << 20) + 1; i++)
        buf_add_char(&yaml, 'x');
    expect_refused(buf_text(&yaml), "larger than");
    buf_done(&yaml);
}

static void test_conditions(void **state)
{
    (void)state;
    Buf yaml;
    buf_init(&yaml, 4 << 20);
    buf_printf(&yaml, HEAD "    s: {A: 1}\n    condition: ");
    for (unsigned i = 0; i < 10000; i++)
        buf_add_char(&yaml, '(');
    buf_printf(&yaml, "s\n");
    expect_refused(buf_text(&yaml), "too many parentheses");
    buf_clear(&yaml);
    buf_printf(&yaml, HEAD "    s:\n        A: [");
    for (unsigned i = 0; i < 30000; i++)
        buf_printf(&yaml, "%u,", i);
    buf_printf(&yaml, "]\n    condition: s or s or s or s or s\n");
    expect_refused(buf_text(&yaml), "more than 100000 things");
    buf_clear(&yaml);
    buf_printf(&yaml, HEAD "    s: {A: 1}\n    condition: s");
    for (unsigned i = 0; i < 10000; i++)
        buf_printf(&yaml, " or s");
    SigmaRun run;
    sigma_open(&run, buf_text(&yaml), NULL);
    assert_int_equal(ruleset_at(run.set, 0)->state, RULE_LOADED);
    sigma_close(&run);
    buf_done(&yaml);
}

static void test_expressions(void **state)
{
    (void)state;
    expect_refused(text_from_z(HEAD "    s:\n        A|re: '(((a{1,1000}){1,1000}){1,1000})'\n"
                                    "    condition: s\n"),
                   "too large");
    Buf yaml;
    buf_init(&yaml, 1 << 20);
    buf_printf(&yaml, HEAD "    s:\n        A|re: '");
    for (unsigned i = 0; i < 40000; i++)
        buf_add_char(&yaml, '(');
    buf_printf(&yaml, "'\n    condition: s\n");
    expect_refused(buf_text(&yaml), "longer than");
    buf_clear(&yaml);
    buf_printf(&yaml, HEAD "    s:\n        A|re: '");
    for (unsigned i = 0; i < 1000; i++)
        buf_add_char(&yaml, '(');
    buf_printf(&yaml, "'\n    condition: s\n");
    expect_refused(buf_text(&yaml), "nested");
    buf_done(&yaml);
}

/* A hundred thousand rules, half of them for one source and without a code. */
static void test_many_rules(void **state)
{
    (void)state;
    Err err = {0};
    LogSources *sources = sigma_sources();
    enum { FILES = 25, RULES = 4000 };
    RuleSource *list = calloc(FILES, sizeof *list);
    Buf *texts = calloc(FILES, sizeof *texts);
    for (unsigned f = 0; f < FILES; f++) {
        buf_init(&texts[f], 1 << 20);
        for (unsigned i = 0; i < RULES; i++) {
            unsigned n = f * RULES + i;
            buf_printf(&texts[f],
                       "---\ntitle: r%u\nlogsource: {product: windows, %s}\ndetection:\n"
                       "  s: {%sCommandLine|contains: ['x%u', 'tool%u.exe -a'], Image|endswith: "
                       "'\\p%u.exe'}\n  condition: s\n",
                       n, n % 2 ? "service: security" : "category: process_creation",
                       n % 2 ? "EventID: 4688, " : "", n, n, n % 1000);
        }
        list[f] = (RuleSource){.path = "many.yml", .text = buf_text(&texts[f])};
    }
    double start = seconds();
    RuleSetInput input = {.sources = list, .source_count = FILES, .logsources = sources};
    RuleSet *set = ruleset_load(&input, &err);
    assert_non_null(set);
    assert_int_equal(ruleset_counts(set).active, FILES * RULES);
    double loaded = seconds();
    Program *program = program_compile(set, sources, &err);
    if (!program)
        fail_msg("%s", err.text);
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    printf("100,000 rules: loaded in %.2f s, compiled in %.2f s, %ld MB at most\n", loaded - start,
           seconds() - loaded, usage.ru_maxrss / 1024);
    assert_true(seconds() - start < 60);
    program_destroy(program);
    ruleset_destroy(set);
    for (unsigned f = 0; f < FILES; f++)
        buf_done(&texts[f]);
    free(texts);
    free(list);
    logsources_destroy(sources);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_backtracking), cmocka_unit_test(test_quadratic),
        cmocka_unit_test(test_long_literal), cmocka_unit_test(test_wildcards),
        cmocka_unit_test(test_yaml_bombs),   cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_expressions),  cmocka_unit_test(test_many_rules)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
