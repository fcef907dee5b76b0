/* Any bytes as a rule file: every document is loaded or refused with a reason, and what is loaded
 * compiles. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "sigma_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void touch(const Rule *rule)
{
    Buf tree;
    buf_init(&tree, 64u << 20);
    if ((rule->state == RULE_LOADED) != (rule->reason.len == 0))
        abort();
    if (rule->tree && rule->state != RULE_REFUSED)
        node_write(&tree, rule->tree);
    buf_done(&tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static ValueLists *lists;
    static LogSources *sources;
    Err err;
    if (!lists) {
        lists = value_lists_create();
        sources = sigma_sources();
        if (!lists || !value_lists_add(lists, TEXT("L"), TEXT("a\nb*\n"), &err))
            abort();
    }
    RuleSource source = {.path = "fuzz.yml", .text = text_of((const char *)data, size)};
    if (size == 0)
        source.text = TEXT("");
    RuleSetInput input = {
        .sources = &source, .source_count = 1, .logsources = sources, .lists = lists};
    RuleSet *set = ruleset_load(&input, &err);
    if (!set)
        abort();
    for (uint32_t i = 0; i < ruleset_count(set); i++)
        touch(ruleset_at(set, i));
    Program *program = program_compile(set, sources, &err);
    if (!program)
        abort();
    program_destroy(program);
    ruleset_destroy(set);
    return 0;
}
