/* Daily work against all rules of rules/: what tests/rules/ordinary.tsv says they may find in it,
 * and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"
#include "detect/file_text.h"
#include "detect/sigma/rule_files.h"
#include "sigma_fixture.h"

typedef struct Start {
    Text image, parent, command, original;
    Text found; /* titles, comma-separated */
} Start;

typedef struct Run {
    Arena *arena;
    Buf yaml;
    SigmaRun sigma;
    Start start;
} Run;

static char *path_of(Arena *arena, const char *name)
{
    const char *source = getenv("CONSTAT_SOURCE");
    Buf path;
    buf_init(&path, 4096);
    buf_printf(&path, "%s/%s", source ? source : ".", name);
    buf_add_char(&path, '\0');
    char *copy = arena_alloc(arena, path.len);
    assert_non_null(copy);
    memcpy(copy, path.ptr, path.len);
    buf_done(&path);
    return copy;
}

static bool add_rules(void *ctx, const char *path, Err *err)
{
    Run *run = ctx;
    Text text;
    if (!file_text_read(run->arena, path, 1 << 20, &text, err))
        return false;
    if (run->yaml.len)
        BUF_LITERAL(&run->yaml, "---\n");
    buf_add_text(&run->yaml, text);
    return true;
}

static bool on_match(void *ctx, uint32_t row, uint32_t number, Err *err)
{
    const Run *run = ctx;
    const Rule *rule = ruleset_at(run->sigma.set, number);
    (void)row, (void)err;
    if (rule->silent)
        return true;
    for (Text titles = run->start.found; titles.len;)
        if (text_equal(text_cut(&titles, ','), rule->title) && rule_level(rule) <= RULE_MEDIUM)
            return true;
    fail_msg("%.*s: %.*s", (int)rule->title.len, rule->title.ptr, (int)run->start.command.len,
             run->start.command.ptr);
    return false;
}

static void add_field(Buf *line, const char *name, Text value)
{
    if (text_equal(value, TEXT("-")))
        return;
    buf_printf(line, " ;; %s=", name);
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] == '\\')
            buf_add_char(line, '\\');
        buf_add_char(line, value.ptr[i]);
    }
}

static void match_line(Run *run, Buf *line)
{
    MatchOut out = {.match = on_match, .ctx = run};
    Err err = {0};
    if (line->failed || !sigma_add_event(&run->sigma, buf_text(line)))
        fail_msg("not an event: %.*s", (int)line->len, line->ptr);
    Batch batch = sigma_batch(&run->sigma);
    if (!matcher_batch(run->sigma.matcher, &batch, &out, &err))
        fail_msg("%s", err.text);
    buf_clear(line);
}

/* As Sysmon has it, and as the Security log does. */
static void try_start(Run *run)
{
    Buf line;
    buf_init(&line, 1 << 20);
    BUF_LITERAL(&line, "@channel=Microsoft-Windows-Sysmon/Operational ;; "
                       "@provider=Microsoft-Windows-Sysmon ;; @code=1");
    add_field(&line, "Image", run->start.image);
    add_field(&line, "ParentImage", run->start.parent);
    add_field(&line, "ParentCommandLine", run->start.parent);
    add_field(&line, "CommandLine", run->start.command);
    add_field(&line, "OriginalFileName", run->start.original);
    match_line(run, &line);
    BUF_LITERAL(&line, "@channel=Security ;; @provider=Microsoft-Windows-Security-Auditing ;; "
                       "@code=4688");
    add_field(&line, "NewProcessName", run->start.image);
    add_field(&line, "ParentProcessName", run->start.parent);
    add_field(&line, "CommandLine", run->start.command);
    match_line(run, &line);
    buf_done(&line);
}

static void test_ordinary(void **state)
{
    (void)state;
    Run run = {.arena = arena_create(1 << 26)};
    Err err = {0};
    Text text;
    unsigned count = 0;
    buf_init(&run.yaml, 1 << 24);
    if (!rule_files_walk(run.arena, path_of(run.arena, "rules"), rule_files_is_sigma, add_rules,
                         &run, &err) ||
        !file_text_read(run.arena, path_of(run.arena, "tests/rules/ordinary.tsv"), 1 << 20, &text,
                        &err))
        fail_msg("%s", err.text);
    sigma_open(&run.sigma, buf_text(&run.yaml), NULL);
    assert_true(ruleset_counts(run.sigma.set).by_state[RULE_LOADED] > 80);
    text_cut(&text, '\n'); /* names of the columns */
    while (text.len) {
        Text line = text_cut(&text, '\n');
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        run.start.image = text_cut(&line, '\t');
        run.start.parent = text_cut(&line, '\t');
        run.start.command = text_cut(&line, '\t');
        run.start.original = text_cut(&line, '\t');
        run.start.found = line;
        try_start(&run);
        count++;
    }
    assert_true(count > 50);
    printf("%u starts of programs\n", count);
    sigma_close(&run.sigma);
    buf_done(&run.yaml);
    arena_destroy(run.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ordinary)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
