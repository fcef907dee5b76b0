/* Rules and events made of few letters at random, so that much nearly matches: the compiled program
 * and the plain twin must say the same. Several rules are compiled together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "sigma_fixture.h"
#include "sigma_plain.h"

#define ROUNDS 400
#define RULES  12
#define EVENTS 12

static uint32_t state;

static uint32_t pick(uint32_t below)
{
    state = state * 1664525 + 1013904223;
    return (state >> 8) % below;
}

static void add_text(Buf *out, unsigned most, bool pattern)
{
    static const char *const PIECES[] = {"a",        "b",  "ab", "aba", "A", "\xC3\xA9",
                                         "\xC3\x89", "bb", "1",  "12",  ".", "abab"};
    static const char *const SPECIAL[] = {"*", "?", "\\*", "\\\\", "\\a"};
    for (unsigned n = pick(most + 1); n > 0; n--) {
        if (pattern && pick(4) == 0)
            buf_add_text(out, text_from_z(SPECIAL[pick(5)]));
        else
            buf_add_text(out, text_from_z(PIECES[pick(12)]));
    }
}

static void add_value(Buf *yaml)
{
    switch (pick(8)) {
    case 0:
        buf_printf(yaml, "%u", pick(20));
        break;
    case 1:
        buf_printf(yaml, "null");
        break;
    case 2:
        buf_printf(yaml, "%s", pick(2) ? "true" : "false");
        break;
    default:
        buf_printf(yaml, "'");
        add_text(yaml, 5, true);
        buf_printf(yaml, "'");
    }
}

/* A key with modifiers that fit any of the values that add_item gives. */
static bool add_item(Buf *yaml, bool keyword)
{
    static const char *const MODIFIERS[] = {
        "",     "|contains",     "|startswith", "|endswith",       "|cased",
        "|neq", "|contains|all", "|all",        "|contains|cased", "|endswith|neq"};
    unsigned modifier = pick(12);
    if (!keyword)
        buf_printf(yaml, "%c", 'A' + (char)pick(3));
    if (!keyword && modifier == 10) {
        buf_printf(yaml, "|exists: %s", pick(2) ? "true" : "false");
        return true;
    }
    if (!keyword && modifier == 11) {
        buf_printf(yaml, "|fieldref%s: %c", MODIFIERS[pick(4)], 'A' + (char)pick(3));
        return true;
    }
    bool any_kind = modifier == 0 || modifier == 5 || modifier == 7;
    buf_printf(yaml, "%s: [", MODIFIERS[modifier % 10]);
    for (unsigned n = 1 + pick(3); n > 0; n--) {
        if (any_kind && !keyword) {
            add_value(yaml);
        } else {
            buf_printf(yaml, "'");
            add_text(yaml, 4, true);
            buf_printf(yaml, "'");
        }
        buf_printf(yaml, "%s", n > 1 ? ", " : "");
    }
    buf_printf(yaml, "]");
    return true;
}

static void add_condition(Buf *yaml, unsigned depth)
{
    switch (depth ? pick(5) : 0) {
    case 1:
        buf_printf(yaml, "not ");
        add_condition(yaml, depth - 1);
        break;
    case 2:
    case 3:
        buf_printf(yaml, "(");
        add_condition(yaml, depth - 1);
        buf_printf(yaml, pick(2) ? " and " : " or ");
        add_condition(yaml, depth - 1);
        buf_printf(yaml, ")");
        break;
    case 4:
        buf_printf(yaml, "%s of s*", pick(2) ? "all" : "1");
        break;
    default:
        buf_printf(yaml, "s%u", pick(3));
    }
}

static void add_rule(Buf *yaml, unsigned number)
{
    buf_printf(yaml, "%stitle: r%u\nlogsource: {product: windows}\ndetection:\n",
               number ? "---\n" : "", number);
    for (unsigned s = 0; s < 3; s++) {
        buf_printf(yaml, "  s%u:\n", s);
        bool list = pick(3) == 0;
        unsigned keys = 1 + pick(2), first = pick(3);
        for (unsigned k = 0; k < keys; k++) {
            /* different fields, so that no key stands twice */
            buf_printf(yaml, list || k == 0 ? "    - " : "      ");
            char name = (char)('A' + (first + k) % 3);
            if (pick(12) == 0) {
                buf_printf(yaml, "'|contains': ['x");
                add_text(yaml, 3, true);
                buf_printf(yaml, "']\n");
                if (k == 0)
                    break;
                continue;
            }
            size_t at = yaml->len;
            (void)add_item(yaml, false);
            yaml->ptr[at] = name;
            buf_printf(yaml, "\n");
        }
    }
    buf_printf(yaml, "  condition: ");
    add_condition(yaml, 3);
    buf_printf(yaml, "\n");
}

static void add_event(Buf *line)
{
    static const char *const TYPES[] = {"",    "",    "",       "",       "[u]",
                                        "[x]", "[b]", "[null]", "[list]", "[i]"};
    buf_printf(line, "Z=z");
    for (unsigned f = 0; f < 4; f++) {
        unsigned type = pick(10);
        if (pick(4) == 0)
            continue;
        buf_printf(line, " ;; %c%s=", 'A' + (char)(f % 3), TYPES[type]);
        if (type == 4 || type == 5 || type == 9)
            buf_printf(line, "%u", pick(20));
        else if (type == 6)
            buf_printf(line, "%s", pick(2) ? "true" : "false");
        else if (type == 8)
            for (unsigned n = 1 + pick(3); n > 0; n--) {
                buf_printf(line, "x");
                add_text(line, 3, false);
                buf_printf(line, n > 1 ? "|" : "");
            }
        else if (type != 7)
            add_text(line, 6, false);
    }
}

typedef struct Seen {
    bool matched[EVENTS][RULES];
} Seen;

static bool on_match(void *ctx, uint32_t row, uint32_t rule, Err *err)
{
    Seen *seen = ctx;
    (void)err;
    assert_false(seen->matched[row][rule]); /* once only */
    seen->matched[row][rule] = true;
    return true;
}

static unsigned compare(SigmaRun *run, Batch *batch, const Buf *yaml, const Buf *lines)
{
    Seen seen = {0};
    MatchOut out = {.match = on_match, .ctx = &seen};
    Err err = {0};
    unsigned matches = 0;
    assert_true(matcher_batch(run->matcher, batch, &out, &err));
    for (uint32_t row = 0; row < batch->event_count; row++) {
        for (uint32_t i = 0; i < ruleset_count(run->set); i++) {
            const Rule *rule = ruleset_at(run->set, i);
            if (rule->state != RULE_LOADED || !sigma_plain_can(rule->tree))
                continue;
            bool expected = sigma_plain_holds(rule->tree, batch, row);
            matches += expected;
            if (expected != seen.matched[row][i])
                fail_msg("rule r%u, event %u: plainly %d, compiled %d\n%.*s\n%.*s", i, row,
                         expected, seen.matched[row][i], (int)yaml->len, yaml->ptr, (int)lines->len,
                         lines->ptr);
        }
    }
    return matches;
}

static void test_random(void **ctx)
{
    (void)ctx;
    unsigned matches = 0, loaded = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        Buf yaml, lines;
        state = round;
        buf_init(&yaml, 1 << 22);
        buf_init(&lines, 1 << 22);
        for (unsigned i = 0; i < RULES; i++)
            add_rule(&yaml, i);
        SigmaRun run;
        sigma_open(&run, buf_text(&yaml), NULL);
        loaded += ruleset_counts(run.set).by_state[RULE_LOADED];
        for (unsigned i = 0; i < EVENTS; i++) {
            Buf line;
            buf_init(&line, 1 << 16);
            add_event(&line);
            assert_true(sigma_add_event(&run, buf_text(&line)));
            buf_printf(&lines, "%u: %.*s\n", i, (int)line.len, line.ptr);
            buf_done(&line);
        }
        Batch batch = sigma_batch(&run);
        matches += compare(&run, &batch, &yaml, &lines);
        sigma_close(&run);
        buf_done(&yaml);
        buf_done(&lines);
    }
    printf("%u rules, %u matches\n", loaded, matches);
    assert_true(loaded > ROUNDS * RULES / 2 && matches > ROUNDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
