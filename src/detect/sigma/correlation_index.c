#include "detect/sigma/correlation_index.h"

#include <stdlib.h>

#include "event/grow.h"

/* Uses of one rule under construction. */
typedef struct Draft {
    CorrelationUse *uses;
    size_t use_count, use_cap;
    Text *names;
    size_t name_count, name_cap;
} Draft;

static bool add_name(Draft *draft, Text name, uint32_t *ret)
{
    for (size_t i = 0; i < draft->name_count; i++) {
        if (!text_equal(draft->names[i], name))
            continue;
        *ret = (uint32_t)i;
        return true;
    }
    Text *names = grow_array(draft->names, &draft->name_cap, draft->name_count + 1, sizeof *names);
    if (!names)
        return false;
    draft->names = names;
    *ret = (uint32_t)draft->name_count;
    names[draft->name_count++] = name;
    return true;
}

/* The numbers of a correlation's fields among the names of a rule. */
static bool number_names(Arena *arena, Draft *draft, const Correlation *correlation,
                         const Rule *rule, TextList fields, const uint32_t **ret)
{
    uint32_t *numbers = ARENA_NEW(arena, uint32_t, (size_t)fields.count + 1);
    if (!numbers)
        return false;
    for (uint32_t i = 0; i < fields.count; i++)
        if (!add_name(draft, correlation_field(correlation, rule, fields.list[i]), &numbers[i]))
            return false;
    *ret = numbers;
    return true;
}

static bool add_use(Arena *arena, Draft *draft, const RuleSet *set, uint32_t number,
                    uint32_t position)
{
    const Correlation *correlation = ruleset_at(set, number)->correlation;
    const Rule *rule = ruleset_at(set, correlation->rules[position]);
    CorrelationUse *uses =
        grow_array(draft->uses, &draft->use_cap, draft->use_count + 1, sizeof *uses);
    if (!uses)
        return false;
    draft->uses = uses;
    CorrelationUse *use = &uses[draft->use_count++];
    *use = (CorrelationUse){.correlation = number, .position = position};
    return number_names(arena, draft, correlation, rule, correlation->group_by,
                        &use->group_names) &&
           number_names(arena, draft, correlation, rule, correlation->fields, &use->field_names);
}

static bool add_uses(Arena *arena, Draft *drafts, const RuleSet *set, uint32_t number)
{
    const Rule *rule = ruleset_at(set, number);
    if (rule->kind != RULE_CORRELATION || !rule->active)
        return true;
    for (uint32_t i = 0; i < rule->correlation->references.count; i++)
        if (!add_use(arena, &drafts[rule->correlation->rules[i]], set, number, i))
            return false;
    return true;
}

static bool keep(Arena *arena, const Draft *draft, CorrelationUses *ret)
{
    CorrelationUse *uses = ARENA_NEW(arena, CorrelationUse, draft->use_count + 1);
    Text *names = ARENA_NEW(arena, Text, draft->name_count + 1);
    if (!uses || !names)
        return false;
    for (size_t i = 0; i < draft->use_count; i++)
        uses[i] = draft->uses[i];
    for (size_t i = 0; i < draft->name_count; i++)
        names[i] = draft->names[i];
    *ret = (CorrelationUses){.list = uses,
                             .count = (uint32_t)draft->use_count,
                             .names = names,
                             .name_count = (uint32_t)draft->name_count};
    return true;
}

/* One more than the highest of its rules; chains are known to end. */
static uint8_t level_of(const RuleSet *set, uint8_t *levels, uint32_t number)
{
    const Rule *rule = ruleset_at(set, number);
    if (rule->kind != RULE_CORRELATION || levels[number])
        return levels[number];
    uint8_t highest = 0;
    for (uint32_t i = 0; i < rule->correlation->references.count; i++) {
        uint8_t level = level_of(set, levels, rule->correlation->rules[i]);
        highest = level > highest ? level : highest;
    }
    levels[number] = (uint8_t)(highest + 1);
    return levels[number];
}

static bool build(Arena *arena, const RuleSet *set, Draft *drafts, CorrelationIndex *ret)
{
    uint32_t count = ruleset_count(set);
    CorrelationUses *rules = ARENA_NEW(arena, CorrelationUses, (size_t)count + 1);
    uint8_t *levels = ARENA_NEW(arena, uint8_t, (size_t)count + 1);
    if (!rules || !levels)
        return false;
    *ret = (CorrelationIndex){.rules = rules, .levels = levels};
    for (uint32_t i = 0; i < count; i++)
        if (!add_uses(arena, drafts, set, i))
            return false;
    for (uint32_t i = 0; i < count; i++) {
        const Rule *rule = ruleset_at(set, i);
        if (!keep(arena, &drafts[i], &rules[i]))
            return false;
        if (rules[i].name_count > ret->names_most)
            ret->names_most = rules[i].name_count;
        if (rule->kind != RULE_CORRELATION || !rule->active)
            continue;
        uint8_t level = level_of(set, levels, i);
        ret->top_level = level > ret->top_level ? level : ret->top_level;
    }
    return true;
}

bool correlation_index_build(Arena *arena, const RuleSet *set, CorrelationIndex *ret)
{
    Draft *drafts = calloc((size_t)ruleset_count(set) + 1, sizeof *drafts);
    bool ok = drafts && build(arena, set, drafts, ret);
    for (uint32_t i = 0; drafts && i < ruleset_count(set); i++) {
        free(drafts[i].uses);
        free(drafts[i].names);
    }
    free(drafts);
    return ok;
}
