/* Rules, a line "====", and events, one a line (sigma_fixture.h): the compiled program and the
 * plain twin must say the same. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "sigma_fixture.h"
#include "sigma_plain.h"

#define RULES_MAX  64
#define EVENTS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct Seen {
    bool matched[EVENTS_MAX][RULES_MAX];
} Seen;

static bool on_match(void *ctx, uint32_t row, uint32_t rule, Err *err)
{
    (void)err;
    ((Seen *)ctx)->matched[row][rule] = true;
    return true;
}

/* Rules of all events, whose fields are found by their own names. */
static bool can_compare(const Rule *rule)
{
    return rule->kind == RULE_EVENT && rule->state == RULE_LOADED && rule->filter_count == 0 &&
           text_equal(rule->logsource.product, TEXT("windows")) &&
           rule->logsource.category.len == 0 && rule->logsource.service.len == 0 &&
           sigma_plain_can(rule->tree);
}

/* Does the tree ask only for fields that the table does not map, A to H? */
static bool is_unmapped(const Node *node)
{
    if (node->kind == NODE_LEAF) {
        bool other = node->value->kind == RULE_FIELD &&
                     (node->value->text.len != 1 || node->value->text.ptr[0] < 'A' ||
                      node->value->text.ptr[0] > 'H');
        return !other &&
               (node->field.len == 0 ||
                (node->field.len == 1 && node->field.ptr[0] >= 'A' && node->field.ptr[0] <= 'H'));
    }
    for (uint32_t i = 0; i < node->count; i++)
        if (!is_unmapped(node->children[i]))
            return false;
    return true;
}

static bool has_dots(const Batch *batch)
{
    for (uint32_t i = 0; i < batch->name_count; i++)
        if (text_find(batch_name(batch, i), '.') < batch_name(batch, i).len)
            return true;
    return false;
}

static void compare(SigmaRun *run)
{
    static Seen seen;
    Err err;
    Batch batch = sigma_batch(run);
    MatchOut out = {.match = on_match, .ctx = &seen};
    seen = (Seen){0};
    if (!matcher_batch(run->matcher, &batch, &out, &err))
        abort();
    for (uint32_t row = 0; row < batch.event_count && !has_dots(&batch); row++)
        for (uint32_t i = 0; i < ruleset_count(run->set); i++) {
            const Rule *rule = ruleset_at(run->set, i);
            if (!can_compare(rule) || !is_unmapped(rule->tree))
                continue;
            if (sigma_plain_holds(rule->tree, &batch, row) != seen.matched[row][i]) {
                fprintf(stderr, "rule %u, event %u\n", i, row);
                abort();
            }
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Text all = text_of((const char *)data, size);
    size_t at = text_find_text(all, TEXT("\n====\n"));
    if (at == SIZE_MAX || size > 65536)
        return 0;
    Text events = text_of(all.ptr + at + 6, all.len - at - 6);
    SigmaRun run;
    sigma_open(&run, text_of(all.ptr, at + 1), NULL);
    unsigned count = 0;
    while (events.len && count < EVENTS_MAX && ruleset_count(run.set) <= RULES_MAX)
        count += sigma_add_event(&run, text_cut(&events, '\n'));
    if (count)
        compare(&run);
    sigma_close(&run);
    return 0;
}
