/* Running out of memory at every allocation: from rules to alerts nothing breaks, and it is said.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "alloc_fail.h"
#include "detect/sigma/correlator.h"
#include "sigma_fixture.h"

static const char YAML[] =
    "title: a\nname: a\nlogsource: {product: windows, category: process_creation}\ndetection:\n"
    "    s:\n        Image|endswith: ['\\a.exe', 'b*c']\n        CommandLine|re: 'x+y|z'\n"
    "        User|windash|contains: ['-x', '/y']\n        Ip|cidr: 10.0.0.0/8\n"
    "        W|wide|base64offset|contains: 'q'\n        E|expand: '%L%'\n    k: [word, 'x*y']\n"
    "    condition: s or k\n---\n"
    "title: b\nname: b\nlogsource: {product: windows, service: security}\ndetection:\n"
    "    s: {EventID: 4688, N|gt: 3, F|fieldref: G}\n    condition: s and not 1 of t*\n"
    "    t1: {A: null}\n    t2: {A|exists: true, B: ''}\n---\n"
    "title: f\nlogsource: {product: windows}\nfilter:\n    rules: any\n    x: {Q: 1}\n"
    "    condition: not x\n---\n"
    "title: c\nname: c\ncorrelation:\n    type: value_count\n    rules: [a]\n    group-by: [User]\n"
    "    timespan: 1m\n    condition: {gte: 1, field: Image}\n---\n"
    "title: d\ncorrelation:\n    type: temporal_ordered\n    rules: [c, a]\n    group-by: [User]\n"
    "    timespan: 1h\n---\n"
    "title: e\ncorrelation:\n    type: value_median\n    rules: [a]\n    group-by: [User]\n"
    "    timespan: 1h\n    condition: {gte: 1, field: N}\n---\n"
    "title: broken\nlogsource: {product: windows}\ndetection: {condition: x}\n";

static const char *const EVENTS[] = {
    "@at=2026-01-01T10:00:00Z ;; @channel=Security ;; @code=4688 ;; NewProcessName=C:\\\\a.exe ;; "
    "CommandLine=xxy word ;; SubjectUserName=u -x ;; N=5 ;; F=1 ;; G=1 ;; Ip=10.1.1.1",
    "@at=2026-01-01T10:00:01Z ;; @channel=Security ;; @code=4688 ;; NewProcessName=b1c ;; "
    "CommandLine=x1y ;; SubjectUserName=u -x ;; N=6 ;; A=1 ;; X[list]=word|y",
    "@at=2026-01-01T10:00:02Z ;; @channel=Security ;; @code=4688 ;; K=a word ;; "
    "SubjectUserName=u -x ;; param1=1 ;; param2=2 ;; Q=1",
};

typedef struct World {
    LogSources *sources;
    ValueLists *lists;
    Span batch_bytes;
    unsigned matches, alerts;
    Correlator *correlator;
    Matcher *matcher;
} World;

static bool on_match(void *ctx, uint32_t row, uint32_t rule, Err *err)
{
    World *world = ctx;
    Buf tuple;
    (void)rule;
    buf_init(&tuple, 1 << 16);
    matcher_tuple(world->matcher, &tuple);
    uint8_t citation[4];
    store_u32le(citation, row);
    bool ok = !tuple.failed;
    if (!ok)
        err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "tuple");
    else if (tuple.len)
        ok = correlator_add(world->correlator, buf_span(&tuple), span_of(citation, 4), err);
    buf_done(&tuple);
    world->matches++;
    return ok;
}

static bool on_alert(void *ctx, const CorrelationAlert *alert, Err *err)
{
    (void)alert, (void)err;
    ((World *)ctx)->alerts++;
    return true;
}

static bool work(World *world)
{
    Err err = {0};
    RuleSource source = {.path = "t", .text = text_from_z(YAML)};
    RuleSetInput input = {
        .sources = &source, .source_count = 1, .logsources = world->sources, .lists = world->lists};
    RuleSet *set = ruleset_load(&input, &err);
    Program *program = set ? program_compile(set, world->sources, &err) : NULL;
    world->matcher = program ? matcher_create(program, &err) : NULL;
    world->correlator = program ? correlator_create(program, 1 << 20, ".", &err) : NULL;
    Batch batch;
    MatchOut out = {.match = on_match, .ctx = world};
    bool ok = world->matcher && world->correlator && batch_open(world->batch_bytes, &batch, &err) &&
              matcher_batch(world->matcher, &batch, &out, &err) &&
              correlator_run(world->correlator, on_alert, world, &err);
    if (!ok)
        assert_int_equal(err.code, ERR_NO_MEMORY);
    correlator_destroy(world->correlator);
    matcher_destroy(world->matcher);
    program_destroy(program);
    ruleset_destroy(set);
    return ok;
}

static void test_every_allocation(void **state)
{
    (void)state;
    SigmaRun run;
    Err err;
    World world = {.sources = sigma_sources(), .lists = value_lists_create()};
    assert_true(value_lists_add(world.lists, TEXT("L"), TEXT("one\nt*o\n"), &err));
    sigma_open(&run, text_from_z(YAML), world.lists);
    for (size_t i = 0; i < sizeof EVENTS / sizeof EVENTS[0]; i++)
        assert_true(sigma_add_event(&run, text_from_z(EVENTS[i])));
    (void)sigma_batch(&run);
    world.batch_bytes = span_of(run.batch, run.batch_len);
    world.matches = world.alerts = 0;
    assert_true(work(&world));
    assert_true(world.matches >= 2 && world.alerts >= 3);
    size_t n = 1;
    for (;; n++) {
        alloc_fail_at(n);
        bool ok = work(&world);
        if (!alloc_fail_over())
            break;
        assert_false(ok);
    }
    printf("%zu allocations\n", n - 1);
    assert_true(n > 100);
    sigma_close(&run);
    value_lists_destroy(world.lists);
    logsources_destroy(world.sources);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_allocation)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
