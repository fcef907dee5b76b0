/* sigma_tree.c: the rules of a folder as one line of JSON each, with the tree that their condition
 * has become: for comparison with other readers of rules (sigma_compare.py).
 *
 *   sigma_tree KNOWLEDGE RULES [LISTS] */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "detect/sigma/ruleset.h"

#define LINE_MAX_BYTES (64u * 1024 * 1024)

static void put(Buf *line, const char *key, Text value)
{
    buf_printf(line, "%s\"%s\":", line->len > 1 ? "," : "", key);
    json_text(line, value);
}

static bool print_rule(Buf *line, const Rule *rule)
{
    buf_clear(line);
    buf_add_char(line, '{');
    put(line, "file", rule->file);
    put(line, "id", rule->id);
    put(line, "title", rule->title);
    put(line, "state", RULE_STATE_TEXT[rule->state]);
    put(line, "reason", rule->reason);
    buf_printf(line, ",\"line\":%u,\"active\":%s", rule->reason_line,
               rule->active ? "true" : "false");
    if (rule->tree && rule->state != RULE_REFUSED) {
        BUF_LITERAL(line, ",\"tree\":");
        node_write(line, rule->tree);
    }
    buf_add_char(line, '}');
    buf_add_char(line, '\n');
    return !line->failed && fwrite(line->ptr, 1, line->len, stdout) == line->len;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "sigma_tree KNOWLEDGE RULES [LISTS]\n");
        return 2;
    }
    Err err = {0};
    const char *folders[] = {argv[1]};
    LogSources *sources = logsources_load(folders, 1, &err);
    ValueLists *lists = value_lists_create();
    bool ok = sources && lists && (argc < 4 || value_lists_add_folder(lists, argv[3], &err));
    RuleSource source = {.path = argv[2]};
    RuleSetInput input = {
        .sources = &source, .source_count = 1, .logsources = sources, .lists = lists};
    RuleSet *set = ok ? ruleset_load(&input, &err) : NULL;
    Buf line;
    buf_init(&line, LINE_MAX_BYTES);
    for (uint32_t i = 0; set && i < ruleset_count(set); i++)
        if (!print_rule(&line, ruleset_at(set, i)))
            set = NULL;
    if (!set)
        fprintf(stderr, "%s\n", err.text);
    buf_done(&line);
    return set && fflush(stdout) == 0 ? 0 : 1;
}
