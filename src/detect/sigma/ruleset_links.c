#include "base/err.h"
#include "base/hash.h"
#include "detect/sigma/correlation.h"
#include "detect/sigma/ruleset_parts.h"

/* Ids are hexadecimal: their case does not matter. */
static uint64_t hash_of(Text t, bool fold)
{
    char lower[64];
    size_t n = t.len < sizeof lower ? t.len : sizeof lower;
    for (size_t i = 0; i < n; i++)
        lower[i] = fold ? ascii_lower(t.ptr[i]) : t.ptr[i];
    return hash64(lower, n, t.len);
}

static uint32_t find_id(const RuleSet *set, Text id)
{
    uint64_t hash = hash_of(id, true);
    uint32_t number;
    for (size_t cursor = id_map_start(&set->by_id, hash);
         (number = id_map_next(&set->by_id, hash, &cursor)) != ID_NONE;)
        if (text_equal_nocase(set->rules[number].id, id))
            return number;
    return ID_NONE;
}

static uint32_t find_name(const RuleSet *set, Text name)
{
    uint64_t hash = hash_of(name, false);
    uint32_t number;
    for (size_t cursor = id_map_start(&set->by_name, hash);
         (number = id_map_next(&set->by_name, hash, &cursor)) != ID_NONE;)
        if (text_equal(set->rules[number].name, name))
            return number;
    return ID_NONE;
}

uint32_t ruleset_find(const RuleSet *set, Text id_or_name)
{
    uint32_t number = id_or_name.len ? find_id(set, id_or_name) : ID_NONE;
    return number != ID_NONE || !id_or_name.len ? number : find_name(set, id_or_name);
}

static bool add_note(RuleSet *set, Rule *rule, uint32_t other, const char *what)
{
    Problem problem = {0};
    ReadContext context = {.arena = set->arena, .problem = &problem, .notes = rule->notes};
    Text file = set->rules[other].file;
    if (!context_note(&context, rule->line, "%s %s", what, quote(file.ptr, file.len).str))
        return false;
    rule->notes = context.notes;
    return true;
}

static bool index_rule(RuleSet *set, uint32_t number)
{
    Rule *rule = &set->rules[number];
    uint32_t same = rule->id.len ? find_id(set, rule->id) : ID_NONE;
    if (same != ID_NONE && set->digests[same] == set->digests[number]) {
        Text file = set->rules[same].file;
        return rule_give_reason(set, rule, RULE_OFF, rule->line, "the same rule as in %s",
                                quote(file.ptr, file.len).str);
    }
    if (same != ID_NONE && !add_note(set, rule, same, "another rule with this id is in"))
        return false;
    if (same == ID_NONE && rule->id.len &&
        !id_map_add(&set->by_id, hash_of(rule->id, true), number))
        return false;
    if (rule->name.len == 0)
        return true;
    same = find_name(set, rule->name);
    if (same != ID_NONE)
        return add_note(set, rule, same, "another rule with this name is in");
    return id_map_add(&set->by_name, hash_of(rule->name, false), number);
}

/* Refused rules come last, so that a good rule of the same id is the one that is found. */
bool ruleset_index(RuleSet *set)
{
    for (uint32_t pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < set->count; i++)
            if ((set->rules[i].state == RULE_REFUSED) == (pass == 1) && !index_rule(set, i))
                return false;
    return true;
}

/* Does the filter's log source contain the rule's? */
static bool contains(const LogSource *filter, const LogSource *rule)
{
    return (!filter->product.len || text_equal(filter->product, rule->product)) &&
           (!filter->category.len || text_equal(filter->category, rule->category)) &&
           (!filter->service.len || text_equal(filter->service, rule->service));
}

static bool filter_is_for(const RuleSet *set, const Rule *filter, uint32_t number)
{
    if (!contains(&filter->logsource, &set->rules[number].logsource))
        return false;
    if (filter->target.any)
        return true;
    for (uint32_t i = 0; i < filter->target.rules.count; i++) {
        Text wanted = filter->target.rules.list[i];
        const Rule *rule = &set->rules[number];
        if ((rule->id.len && text_equal_nocase(rule->id, wanted)) ||
            (rule->name.len && text_equal(rule->name, wanted)))
            return true;
    }
    return false;
}

/* A filter that names a rule which is not there is a mistake in it, and said. */
static bool check_target(RuleSet *set, Rule *filter)
{
    for (uint32_t i = 0; !filter->target.any && i < filter->target.rules.count; i++) {
        Text wanted = filter->target.rules.list[i];
        if (ruleset_find(set, wanted) != ID_NONE)
            continue;
        Problem problem = {0};
        ReadContext context = {.arena = set->arena, .problem = &problem, .notes = filter->notes};
        if (!context_note(&context, filter->line, "no rule is called %s",
                          quote(wanted.ptr, wanted.len).str))
            return false;
        filter->notes = context.notes;
    }
    return true;
}

static bool link_filters(RuleSet *set, const uint32_t *filters, uint32_t filter_count,
                         uint32_t number)
{
    Rule *rule = &set->rules[number];
    uint32_t n = 0;
    for (uint32_t i = 0; i < filter_count; i++)
        n += filter_is_for(set, &set->rules[filters[i]], number);
    if (n == 0)
        return true;
    uint32_t *list = ARENA_NEW(set->arena, uint32_t, n);
    if (!list)
        return false;
    n = 0;
    for (uint32_t i = 0; i < filter_count; i++)
        if (filter_is_for(set, &set->rules[filters[i]], number))
            list[n++] = filters[i];
    rule->filters = list;
    rule->filter_count = n;
    return true;
}

static bool link_all_filters(RuleSet *set)
{
    uint32_t *filters = ARENA_NEW(set->arena, uint32_t, set->count + 1), n = 0;
    if (!filters)
        return false;
    for (uint32_t i = 0; i < set->count; i++) {
        Rule *rule = &set->rules[i];
        if (rule->kind != RULE_FILTER || rule->state != RULE_LOADED)
            continue;
        if (!check_target(set, rule))
            return false;
        filters[n++] = i;
    }
    for (uint32_t i = 0; n && i < set->count; i++)
        if (set->rules[i].kind == RULE_EVENT && set->rules[i].state != RULE_REFUSED &&
            !link_filters(set, filters, n, i))
            return false;
    return true;
}

/* The numbers of a correlation's rules. */
static bool resolve(RuleSet *set, Rule *rule)
{
    Correlation *correlation = rule->correlation;
    uint32_t count = correlation->references.count;
    uint32_t *numbers = ARENA_NEW(set->arena, uint32_t, (size_t)count + 1);
    if (!numbers)
        return false;
    correlation->rules = numbers;
    for (uint32_t i = 0; i < count; i++) {
        Text wanted = correlation->references.list[i];
        numbers[i] = ruleset_find(set, wanted);
        if (numbers[i] == ID_NONE || set->rules[numbers[i]].kind == RULE_FILTER)
            return rule_give_reason(set, rule, RULE_REFUSED, rule->line, "no rule is called %s",
                                    quote(wanted.ptr, wanted.len).str);
    }
    return true;
}

typedef enum Visit { VISIT_NEW, VISIT_OPEN, VISIT_DONE } Visit;

#define CHAIN_MAX 32 /* correlations of correlations */

/* What the rules of a correlation mean for it: it is refused with any of them, not applicable with
 * all, and with any if it needs each. Those that it refers to are settled first. */
static bool settle(RuleSet *set, uint8_t *visits, uint32_t number, unsigned depth)
{
    Rule *rule = &set->rules[number];
    if (rule->kind != RULE_CORRELATION || rule->state == RULE_REFUSED ||
        visits[number] == VISIT_DONE)
        return true;
    if (visits[number] == VISIT_OPEN || depth > CHAIN_MAX)
        return rule_give_reason(set, rule, RULE_REFUSED, rule->line,
                                "the correlation refers to itself, or through more than %d others",
                                CHAIN_MAX);
    visits[number] = VISIT_OPEN;
    const Correlation *correlation = rule->correlation;
    bool needs_all = correlation->type == CORRELATION_TEMPORAL_ORDERED ||
                     (correlation->type == CORRELATION_TEMPORAL && !correlation->expression);
    uint32_t missing = 0;
    for (uint32_t i = 0; i < correlation->references.count; i++) {
        uint32_t other = correlation->rules[i];
        if (!settle(set, visits, other, depth + 1))
            return false;
        if (rule->state == RULE_REFUSED)
            break;
        Text name = correlation->references.list[i];
        missing += set->rules[other].state == RULE_NOT_APPLICABLE;
        if (set->rules[other].state == RULE_REFUSED &&
            !rule_give_reason(set, rule, RULE_REFUSED, rule->line, "its rule %s was refused",
                              quote(name.ptr, name.len).str))
            return false;
    }
    visits[number] = VISIT_DONE;
    if (rule->state == RULE_LOADED && missing &&
        (needs_all || missing == correlation->references.count))
        return rule_give_reason(set, rule, RULE_NOT_APPLICABLE, rule->line,
                                "%u of its %u rules are not applicable", missing,
                                correlation->references.count);
    return true;
}

bool ruleset_link(RuleSet *set)
{
    if (!link_all_filters(set))
        return false;
    uint8_t *visits = ARENA_NEW(set->arena, uint8_t, set->count + 1);
    if (!visits)
        return false;
    for (uint32_t i = 0; i < set->count; i++)
        if (set->rules[i].kind == RULE_CORRELATION && set->rules[i].state != RULE_REFUSED &&
            !resolve(set, &set->rules[i]))
            return false;
    for (uint32_t i = 0; i < set->count; i++)
        if (!settle(set, visits, i, 1))
            return false;
    return true;
}

/* A rule that correlations use and that could run. */
static void activate(RuleSet *set, uint32_t number)
{
    Rule *rule = &set->rules[number];
    if (rule->active || rule->state == RULE_REFUSED || rule->state == RULE_NOT_APPLICABLE)
        return;
    rule->active = true;
    rule->silent = rule->state == RULE_OFF;
    for (uint32_t i = 0; rule->kind == RULE_CORRELATION && i < rule->correlation->references.count;
         i++)
        activate(set, rule->correlation->rules[i]);
}

bool ruleset_activate(RuleSet *set)
{
    for (uint32_t i = 0; i < set->count; i++)
        if (set->rules[i].state == RULE_LOADED)
            activate(set, i);
    for (uint32_t i = 0; i < set->count; i++) {
        const Rule *rule = &set->rules[i];
        if (!rule->active || rule->kind != RULE_CORRELATION || rule->correlation->generate)
            continue;
        for (uint32_t k = 0; k < rule->correlation->references.count; k++)
            set->rules[rule->correlation->rules[k]].silent = true;
    }
    return true;
}
