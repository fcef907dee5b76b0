/* Rule, event, expected: tests/sigma/NAME.txt, whose README.md has their form. Wherever it can, the
 * plain twin must say the same as the compiled program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"
#include "detect/file_text.h"
#include "sigma_fixture.h"
#include "sigma_plain.h"

#define EXPECTATIONS_MAX 64

typedef struct Expectation {
    char sign;   /* + - ~ s */
    Text titles; /* of rules, comma-separated; empty: any */
    Text line;   /* in the file */
    bool plain;  /* nothing special in it: the twin can be asked */
} Expectation;

typedef struct Block {
    const char *file;
    uint32_t line;
    Buf yaml;
    bool whole; /* documents, not a detection alone */
    Expectation expected[EXPECTATIONS_MAX];
    size_t expected_count;
    Text refused; /* empty: must load */
    Text note;
} Block;

static ValueLists *test_lists(void)
{
    ValueLists *lists = value_lists_create();
    Err err;
    assert_non_null(lists);
    assert_true(value_lists_add(lists, TEXT("Workstations"), TEXT("ws1\nws2\n"), &err));
    assert_true(value_lists_add(lists, TEXT("Wild"), TEXT("srv*\n# no\n\nlast.one\n"), &err));
    assert_true(value_lists_add(lists, TEXT("Empty"), TEXT("# nothing\n"), &err));
    return lists;
}

static void fail_at(const Block *block, Text line, const char *what)
{
    fail_msg("%s:%u: %s: %.*s", block->file, block->line, what, (int)line.len, line.ptr);
}

/* A detection alone is the body of one selection, unless it has a condition. */
static void wrap(Block *block, Text body)
{
    if (text_starts(body, TEXT("title:"))) {
        buf_add_text(&block->yaml, body);
        return;
    }
    bool condition = text_find_text(body, TEXT("condition:")) != SIZE_MAX;
    bool source = text_find_text(body, TEXT("logsource:")) != SIZE_MAX;
    BUF_LITERAL(&block->yaml, "title: t\n");
    if (!source)
        BUF_LITERAL(&block->yaml, "logsource: {product: windows}\n");
    BUF_LITERAL(&block->yaml, "detection:\n");
    if (!condition)
        BUF_LITERAL(&block->yaml, "    condition: selection\n    selection:\n");
    while (body.len) {
        Text line = text_cut(&body, '\n');
        if (text_starts(line, TEXT("logsource:"))) {
            Text after = text_of(line.ptr + 10, line.len - 10);
            Buf whole;
            buf_init(&whole, 1 << 20);
            BUF_LITERAL(&whole, "title: t\nlogsource:");
            buf_add_text(&whole, after);
            BUF_LITERAL(&whole, "\n");
            buf_add_text(&whole, text_of(block->yaml.ptr + 9, block->yaml.len - 9));
            buf_done(&block->yaml);
            block->yaml = whole;
            continue;
        }
        buf_printf(&block->yaml, condition ? "    " : "        ");
        buf_add_text(&block->yaml, line);
        buf_add_char(&block->yaml, '\n');
    }
}

static bool is_called(const SigmaRun *run, uint32_t rule, Text titles)
{
    Text title = ruleset_at(run->set, rule)->title;
    if (titles.len == 0)
        return true;
    while (titles.len)
        if (text_equal(text_trim(text_cut(&titles, ',')), title))
            return true;
    return false;
}

typedef struct Seen {
    SigmaRun *run;
    const Expectation *expected;
    unsigned matched, other, suppressed, undecided;
} Seen;

static bool on_match(void *ctx, uint32_t row, uint32_t rule, Err *err)
{
    Seen *seen = ctx;
    (void)row, (void)err;
    if (is_called(seen->run, rule, seen->expected->titles))
        seen->matched++;
    else
        seen->other++;
    return true;
}

static bool on_suppressed(void *ctx, uint32_t row, uint32_t rule, uint32_t filter, Err *err)
{
    (void)row, (void)rule, (void)filter, (void)err;
    ((Seen *)ctx)->suppressed++;
    return true;
}

static bool on_undecided(void *ctx, uint32_t row, uint32_t rule, Err *err)
{
    (void)row, (void)rule, (void)err;
    ((Seen *)ctx)->undecided++;
    return true;
}

static unsigned titles_in(Text titles)
{
    unsigned n = titles.len > 0;
    for (size_t i = 0; i < titles.len; i++)
        n += titles.ptr[i] == ',';
    return n ? n : 1;
}

static void check_twin(const Block *block, SigmaRun *run, const Batch *batch, const Seen *seen)
{
    const Rule *rule = ruleset_at(run->set, 0);
    if (!seen->expected->plain || ruleset_count(run->set) != 1 || !rule->tree ||
        !sigma_plain_can(rule->tree))
        return;
    if (sigma_plain_holds(rule->tree, batch, 0) != (seen->matched > 0))
        fail_at(block, seen->expected->line, "the plain twin differs");
}

static void check_event(const Block *block, SigmaRun *run, const Expectation *expected)
{
    Seen seen = {.run = run, .expected = expected};
    MatchOut out = {
        .match = on_match, .suppressed = on_suppressed, .undecided = on_undecided, .ctx = &seen};
    Err err = {0};
    if (!sigma_add_event(run, expected->line))
        fail_at(block, expected->line, "not an event");
    Batch batch = sigma_batch(run);
    if (!matcher_batch(run->matcher, &batch, &out, &err))
        fail_at(block, expected->line, err.text);
    unsigned wanted = expected->sign == '+' ? titles_in(expected->titles) : 0;
    bool any = expected->sign == '+' && expected->titles.len == 0;
    if (any ? seen.matched + seen.other == 0 : seen.matched != wanted || seen.other)
        fail_at(block, expected->line, expected->sign == '+' ? "no match" : "a match");
    if ((seen.suppressed > 0) != (expected->sign == 's'))
        fail_at(block, expected->line, "suppression");
    if ((seen.undecided > 0) != (expected->sign == '~'))
        fail_at(block, expected->line, "undecided");
    check_twin(block, run, &batch, &seen);
}

/* One rule at least is refused, or has the note, as the block says. */
static void check_rules(const Block *block, const SigmaRun *run)
{
    bool refused = false, noted = false;
    for (uint32_t i = 0; i < ruleset_count(run->set); i++) {
        const Rule *rule = ruleset_at(run->set, i);
        if (rule->state == RULE_REFUSED && block->refused.len == 0)
            fail_at(block, rule->reason, "refused");
        if (rule->state != RULE_LOADED && block->refused.len &&
            text_find_text(rule->reason, block->refused) == SIZE_MAX)
            fail_at(block, rule->reason, "another reason");
        refused |= rule->state != RULE_LOADED;
        for (const RuleNote *note = rule->notes; note; note = note->next)
            noted |= block->note.len && text_find_text(note->text, block->note) != SIZE_MAX;
    }
    if (block->refused.len && !refused)
        fail_at(block, block->refused, "was loaded");
    if (block->note.len && !noted)
        fail_at(block, block->note, "no such note");
}

static size_t run_block(Block *block, const ValueLists *lists)
{
    SigmaRun run;
    sigma_open(&run, buf_text(&block->yaml), lists);
    check_rules(block, &run);
    for (size_t i = 0; i < block->expected_count; i++)
        check_event(block, &run, &block->expected[i]);
    sigma_close(&run);
    return block->expected_count + (block->refused.len > 0) + (block->note.len > 0);
}

static bool is_plain(Text line)
{
    return text_find_text(line, TEXT("@")) == SIZE_MAX;
}

/* An expectation: a sign, >, a blank, and for + perhaps [titles]. */
static bool read_expectation(Block *block, Text line)
{
    if (line.len < 3 || line.ptr[1] != '>' || line.ptr[2] != ' ' || !strchr("+-~s!?", line.ptr[0]))
        return false;
    Text rest = text_of(line.ptr + 3, line.len - 3);
    if (line.ptr[0] == '!') {
        block->refused = rest;
        return true;
    }
    if (line.ptr[0] == '?') {
        block->note = rest;
        return true;
    }
    assert_true(block->expected_count < EXPECTATIONS_MAX);
    Expectation *out = &block->expected[block->expected_count++];
    *out = (Expectation){.sign = line.ptr[0], .line = rest, .plain = is_plain(rest)};
    if (rest.len && rest.ptr[0] == '[') {
        text_cut(&rest, '[');
        out->titles = text_cut(&rest, ']');
        out->line = text_trim(rest);
    }
    return true;
}

/* A block ends at an empty line. */
static bool next_block(Text *rest, uint32_t *line_number, Block *ret, const char *file)
{
    *ret = (Block){.file = file};
    buf_init(&ret->yaml, 1 << 22);
    const char *start = NULL;
    size_t len = 0;
    while (rest->len) {
        const char *at = rest->ptr;
        Text line = text_cut(rest, '\n');
        ++*line_number;
        if (text_trim(line).len == 0) {
            if (start || ret->expected_count)
                break;
            continue;
        }
        if (line.ptr[0] == '%')
            continue;
        bool expectation = ret->expected_count || ret->refused.len || ret->note.len || start
                               ? read_expectation(ret, line)
                               : false;
        if (expectation)
            continue;
        if (!start) {
            start = at;
            ret->line = *line_number;
        }
        len = (size_t)(at + line.len + 1 - start);
    }
    if (start)
        wrap(ret, text_of(start, len));
    return start != NULL;
}

static size_t run_file(const char *folder, const char *name, const ValueLists *lists)
{
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_true(n > 0 && n < (int)sizeof path);
    Arena *arena = arena_create(1 << 24);
    Text text;
    Err err = {0};
    if (!file_text_read(arena, path, 1 << 22, &text, &err))
        fail_msg("%s", err.text);
    size_t checks = 0;
    uint32_t line = 0;
    for (Block block; next_block(&text, &line, &block, name); buf_done(&block.yaml))
        checks += run_block(&block, lists);
    arena_destroy(arena);
    return checks;
}

static void test_triples(void **state)
{
    (void)state;
    const char *root = getenv("CONSTAT_SOURCE");
    char folder[4096];
    int n = snprintf(folder, sizeof folder, "%s/tests/sigma", root ? root : ".");
    assert_true(n > 0 && n < (int)sizeof folder);
    ValueLists *lists = test_lists();
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, alphasort);
    assert_true(count > 0);
    size_t checks = 0;
    for (int i = 0; i < count; i++) {
        Text name = text_from_z(entries[i]->d_name);
        if (text_ends(name, TEXT(".txt")) && !text_starts(name, TEXT("8_")))
            checks += run_file(folder, entries[i]->d_name, lists);
        free(entries[i]);
    }
    free(entries);
    value_lists_destroy(lists);
    printf("%zu checks\n", checks);
    assert_true(checks > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_triples)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
