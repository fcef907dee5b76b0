/* tests/sigma/8_correlations.txt: rules; events ".> EVENT", numbered from 1; alerts "=> TITLE:
 * numbers of the events cited"; "!> TEXT": refused. Every case is run with the matches in several
 * orders, which must change nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "detect/file_text.h"
#include "detect/sigma/correlator.h"
#include "sigma_fixture.h"

#define LINES_MAX 256

typedef struct Case {
    uint32_t line;
    Text yaml;
    Text events[LINES_MAX], alerts[LINES_MAX];
    size_t event_count, alert_count;
    Text refused;
} Case;

typedef struct Tuple {
    Buf bytes;
    uint32_t row;
} Tuple;

typedef struct Run {
    SigmaRun sigma;
    Tuple tuples[LINES_MAX * 4];
    size_t tuple_count;
    Buf alerts[LINES_MAX];
    size_t alert_count;
} Run;

static bool next_case(Text *rest, uint32_t *line_number, Case *ret)
{
    *ret = (Case){0};
    while (rest->len) {
        const char *at = rest->ptr;
        Text line = text_cut(rest, '\n');
        ++*line_number;
        if (text_trim(line).len == 0) {
            if (ret->yaml.len)
                return true;
            continue;
        }
        Text after = line.len > 3 ? text_of(line.ptr + 3, line.len - 3) : (Text){0};
        if (line.ptr[0] == '%') {
            continue;
        } else if (text_starts(line, TEXT(".> "))) {
            ret->events[ret->event_count++] = after;
        } else if (text_starts(line, TEXT("=> "))) {
            ret->alerts[ret->alert_count++] = after;
        } else if (text_starts(line, TEXT("!> "))) {
            ret->refused = after;
        } else {
            if (!ret->yaml.ptr) {
                ret->yaml.ptr = at;
                ret->line = *line_number;
            }
            ret->yaml.len = (size_t)(at + line.len + 1 - ret->yaml.ptr);
        }
    }
    return ret->yaml.len > 0;
}

static bool on_match(void *ctx, uint32_t row, uint32_t rule, Err *err)
{
    Run *run = ctx;
    Tuple *tuple = &run->tuples[run->tuple_count];
    (void)rule, (void)err;
    buf_init(&tuple->bytes, 1 << 20);
    tuple->row = row;
    matcher_tuple(run->sigma.matcher, &tuple->bytes);
    assert_false(tuple->bytes.failed);
    if (tuple->bytes.len)
        run->tuple_count++;
    else
        buf_done(&tuple->bytes);
    return true;
}

static bool on_alert(void *ctx, const CorrelationAlert *alert, Err *err)
{
    Run *run = ctx;
    (void)err;
    Buf *out = &run->alerts[run->alert_count++];
    Text title = ruleset_at(run->sigma.set, alert->rule)->title;
    buf_init(out, 1 << 20);
    buf_printf(out, "%.*s:", (int)title.len, title.ptr);
    for (uint32_t i = 0; i < alert->citation_count; i++)
        buf_printf(out, "%s%u", i ? "," : " ", load_u32le(alert->citations[i].ptr) + 1);
    assert_true(alert->first <= alert->time && alert->time <= alert->last);
    assert_true(alert->count >= alert->citation_count || alert->count > 0);
    return true;
}

static int by_text(const void *a, const void *b)
{
    return text_compare(buf_text(a), buf_text(b));
}

static int by_line(const void *a, const void *b)
{
    return text_compare(*(const Text *)a, *(const Text *)b);
}

/* `step`: the order in which the matches are given; 1 as they came, others jump through them. */
static void correlate(Run *run, size_t step, size_t memory)
{
    Err err = {0};
    const char *folder = getenv("TMPDIR");
    Correlator *correlator =
        correlator_create(run->sigma.program, memory, folder ? folder : ".", &err);
    assert_non_null(correlator);
    for (size_t i = 0; i < run->tuple_count; i++) {
        const Tuple *tuple = &run->tuples[(i * step) % run->tuple_count];
        uint8_t citation[4];
        store_u32le(citation, tuple->row);
        if (!correlator_add(correlator, buf_span(&tuple->bytes), span_of(citation, 4), &err))
            fail_msg("%s", err.text);
    }
    if (!correlator_run(correlator, on_alert, run, &err))
        fail_msg("%s", err.text);
    correlator_destroy(correlator);
    qsort(run->alerts, run->alert_count, sizeof run->alerts[0], by_text);
}

static void check_alerts(Case *expected, Run *run)
{
    for (size_t i = 0; i < expected->alert_count || i < run->alert_count; i++) {
        Text want = i < expected->alert_count ? expected->alerts[i] : TEXT("(nothing)");
        Text got = i < run->alert_count ? buf_text(&run->alerts[i]) : TEXT("(nothing)");
        if (!text_equal(want, got))
            fail_msg("line %u: expected %.*s, found %.*s", expected->line, (int)want.len, want.ptr,
                     (int)got.len, got.ptr);
    }
    for (size_t i = 0; i < run->alert_count; i++)
        buf_done(&run->alerts[i]);
    run->alert_count = 0;
}

static void check_refused(const Case *expected, const Run *run)
{
    bool found = false;
    for (uint32_t i = 0; i < ruleset_count(run->sigma.set); i++) {
        const Rule *rule = ruleset_at(run->sigma.set, i);
        if (rule->state == RULE_REFUSED && expected->refused.len == 0)
            fail_msg("line %u: %.*s", expected->line, (int)rule->reason.len, rule->reason.ptr);
        found |=
            expected->refused.len && text_find_text(rule->reason, expected->refused) != SIZE_MAX;
    }
    if (expected->refused.len && !found)
        fail_msg("line %u: not refused", expected->line);
}

static size_t coprime(size_t count)
{
    for (size_t step = 7;; step++) {
        size_t a = step, b = count;
        while (b) {
            size_t c = a % b;
            a = b;
            b = c;
        }
        if (a == 1)
            return step;
    }
}

static void run_case(Case *expected, Run *run)
{
    MatchOut out = {.match = on_match, .ctx = run};
    Err err = {0};
    *run = (Run){0};
    sigma_open(&run->sigma, expected->yaml, NULL);
    check_refused(expected, run);
    for (size_t i = 0; i < expected->event_count; i++)
        if (!sigma_add_event(&run->sigma, expected->events[i]))
            fail_msg("line %u: not an event", expected->line);
    if (expected->event_count) {
        Batch batch = sigma_batch(&run->sigma);
        assert_true(matcher_batch(run->sigma.matcher, &batch, &out, &err));
        if (expected->alert_count)
            qsort(expected->alerts, expected->alert_count, sizeof(Text), by_line);
        correlate(run, 1, 1 << 20);
        check_alerts(expected, run);
        if (run->tuple_count)
            correlate(run, coprime(run->tuple_count), 1);
        check_alerts(expected, run);
        if (run->tuple_count)
            correlate(run, run->tuple_count - 1 ? run->tuple_count - 1 : 1, 1 << 20);
        check_alerts(expected, run);
    }
    for (size_t i = 0; i < run->tuple_count; i++)
        buf_done(&run->tuples[i].bytes);
    sigma_close(&run->sigma);
}

static void test_cases(void **state)
{
    (void)state;
    const char *root = getenv("CONSTAT_SOURCE");
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/tests/sigma/8_correlations.txt", root ? root : ".");
    assert_true(n > 0 && n < (int)sizeof path);
    Arena *arena = arena_create(1 << 24);
    Case *expected = calloc(1, sizeof *expected);
    Run *run = calloc(1, sizeof *run);
    Text text;
    Err err = {0};
    if (!file_text_read(arena, path, 1 << 22, &text, &err))
        fail_msg("%s", err.text);
    uint32_t line = 0;
    size_t count = 0;
    for (; next_case(&text, &line, expected); count++)
        run_case(expected, run);
    assert_true(count > 20);
    free(expected);
    free(run);
    arena_destroy(arena);
}

/* Bytes that no matcher wrote are refused, whatever they are. */
static void test_nonsense(void **state)
{
    (void)state;
    static const char YAML[] = "title: e\nname: e\nlogsource: {product: windows}\ndetection:\n"
                               "    s: {A: 1}\n    condition: s\n---\ntitle: c\ncorrelation:\n"
                               "    type: event_count\n    rules: e\n    group-by: [G]\n"
                               "    timespan: 1m\n    condition: {gte: 1}\n";
    SigmaRun sigma;
    sigma_open(&sigma, text_from_z(YAML), NULL);
    Err err = {0};
    Correlator *correlator = correlator_create(sigma.program, 1 << 20, ".", &err);
    uint8_t tuple[64] = {0};
    assert_false(correlator_add(correlator, span_of(tuple, 3), (Span){0}, &err));
    assert_int_equal(err.code, ERR_FORMAT);
    tuple[0] = 1; /* the correlation itself is no source */
    assert_false(correlator_add(correlator, span_of(tuple, 24), (Span){0}, &err));
    tuple[0] = 0;
    tuple[20] = 100; /* a text longer than the tuple */
    assert_false(correlator_add(correlator, span_of(tuple, 24), (Span){0}, &err));
    tuple[20] = 0;
    assert_true(correlator_add(correlator, span_of(tuple, 24), (Span){0}, &err));
    assert_false(correlator_add(correlator, span_of(tuple, 25), (Span){0}, &err));
    uint8_t citation[300] = {0};
    assert_false(correlator_add(correlator, span_of(tuple, 24), span_of(citation, 300), &err));
    assert_int_equal(err.code, ERR_LIMIT);
    correlator_destroy(correlator);
    sigma_close(&sigma);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases),
                                       cmocka_unit_test(test_nonsense)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
