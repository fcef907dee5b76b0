#include "report/rule_list.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "detect/attack.h"
#include "report/visible.h"

static void write_place(Buf *buf, const Rule *rule, uint32_t line)
{
    visible_text(buf, rule->file);
    if (line)
        buf_printf(buf, ":%" PRIu32, line);
    BUF_LITERAL(buf, ": ");
}

void rule_list_check(Buf *buf, const RuleSet *set)
{
    for (uint32_t i = 0; i < ruleset_count(set); i++) {
        const Rule *rule = ruleset_at(set, i);
        if (rule->state != RULE_LOADED) {
            write_place(buf, rule, rule->reason_line);
            buf_add_text(buf, RULE_STATE_TEXT[rule->state]);
            BUF_LITERAL(buf, ": ");
            visible_text(buf, rule->reason);
            buf_add_char(buf, '\n');
        }
        for (const RuleNote *note = rule->notes; note; note = note->next) {
            write_place(buf, rule, note->line);
            BUF_LITERAL(buf, "note: ");
            visible_text(buf, note->text);
            buf_add_char(buf, '\n');
        }
    }
    RuleCounts counts = ruleset_counts(set);
    buf_printf(buf,
               "%" PRIu32 " rules, %" PRIu32 " correlations, %" PRIu32 " filters: %" PRIu32
               " loaded, %" PRIu32 " off, %" PRIu32 " refused, %" PRIu32 " not applicable\n",
               counts.rules, counts.correlations, counts.filters, counts.by_state[RULE_LOADED],
               counts.by_state[RULE_OFF], counts.by_state[RULE_REFUSED],
               counts.by_state[RULE_NOT_APPLICABLE]);
}

void rule_list_check_json(Buf *buf, const RuleSet *set)
{
    for (uint32_t i = 0; i < ruleset_count(set); i++) {
        const Rule *rule = ruleset_at(set, i);
        uint32_t line = rule->reason_line ? rule->reason_line : rule->line;
        BUF_LITERAL(buf, "{\"file\":");
        json_name(buf, rule->file);
        BUF_LITERAL(buf, ",\"id\":");
        json_text(buf, rule->id);
        BUF_LITERAL(buf, ",\"title\":");
        json_text(buf, rule->title);
        BUF_LITERAL(buf, ",\"status\":");
        json_text(buf, RULE_STATE_TEXT[rule->state]);
        BUF_LITERAL(buf, ",\"reason\":");
        json_text(buf, rule->reason);
        buf_printf(buf, ",\"line\":%" PRIu32 "}\n", line);
    }
}

static const char *const KIND_TEXT[] = {
    [RULE_EVENT] = "rule", [RULE_CORRELATION] = "correlation", [RULE_FILTER] = "filter"};

void rule_list_table(Buf *buf, const RuleSet *set)
{
    buf_printf(buf, "%-14s  %-13s  %-12s  %-11s  %-36s  %s\n", "State", "Level", "Status", "Kind",
               "Id", "Title (file)");
    for (uint32_t i = 0; i < ruleset_count(set); i++) {
        const Rule *rule = ruleset_at(set, i);
        Text level = RULE_LEVEL_TEXT[rule->level], status = RULE_STATUS_TEXT[rule->status];
        buf_printf(buf, "%-14.*s  %-13.*s  %-12.*s  %-11s  ", (int)RULE_STATE_TEXT[rule->state].len,
                   RULE_STATE_TEXT[rule->state].ptr, (int)level.len, level.ptr, (int)status.len,
                   status.ptr, KIND_TEXT[rule->kind]);
        visible_text(buf, rule->id);
        for (size_t k = rule->id.len; k < 38; k++)
            buf_add_char(buf, ' ');
        visible_text(buf, rule->title);
        BUF_LITERAL(buf, " (");
        visible_text(buf, rule->file);
        BUF_LITERAL(buf, ")\n");
    }
}

/* ---- coverage ---- */

typedef struct Technique {
    char name[ATTACK_TECHNIQUE_ROOM];
    uint32_t rules;
} Technique;

static int by_name(const void *a, const void *b)
{
    return strcmp(((const Technique *)a)->name, ((const Technique *)b)->name);
}

static size_t count_tags(const RuleSet *set)
{
    size_t count = 0;
    for (uint32_t i = 0; i < ruleset_count(set); i++)
        count += ruleset_at(set, i)->tags.count;
    return count;
}

/* The techniques of rules that run, each once, by name. NULL: no memory. */
static Technique *list_techniques(const RuleSet *set, size_t *ret_count)
{
    Technique *list = calloc(count_tags(set) + 1, sizeof *list);
    size_t count = 0, kept = 0;
    for (uint32_t i = 0; list && i < ruleset_count(set); i++) {
        const Rule *rule = ruleset_at(set, i);
        for (uint32_t k = 0; rule->state == RULE_LOADED && k < rule->tags.count; k++)
            if (attack_technique(rule->tags.list[k], list[count].name))
                list[count++].rules = 1;
    }
    if (!list)
        return NULL;
    qsort(list, count, sizeof *list, by_name);
    for (size_t i = 0; i < count; i++) {
        if (kept && strcmp(list[kept - 1].name, list[i].name) == 0)
            list[kept - 1].rules++;
        else
            list[kept++] = list[i];
    }
    *ret_count = kept;
    return list;
}

void rule_list_coverage(Buf *buf, const RuleSet *set)
{
    size_t count = 0;
    Technique *list = list_techniques(set, &count);
    uint32_t most = 1;
    if (!list) {
        buf->failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++)
        most = list[i].rules > most ? list[i].rules : most;
    BUF_LITERAL(buf, "{\"name\":\"Constat\",\"versions\":{\"layer\":\"4.5\",\"navigator\":"
                     "\"5.0.0\"},\"domain\":\"enterprise-attack\",\"description\":"
                     "\"Techniques that the loaded Sigma rules are about; the score is their "
                     "number\",\"techniques\":[");
    for (size_t i = 0; i < count; i++)
        buf_printf(buf,
                   "%s\n{\"techniqueID\":\"%s\",\"score\":%" PRIu32 ",\"comment\":\"%" PRIu32
                   " rule%s\",\"enabled\":true}",
                   i ? "," : "", list[i].name, list[i].rules, list[i].rules,
                   list[i].rules == 1 ? "" : "s");
    buf_printf(buf,
               "\n],\"gradient\":{\"colors\":[\"#ffffff\",\"#66b1ff\"],\"minValue\":0,"
               "\"maxValue\":%" PRIu32 "}}\n",
               most);
    free(list);
}
