#include "detect/sigma/correlation.h"

#include <assert.h>

#include "base/err.h"
#include "detect/sigma/document.h"
#include "detect/sigma/rule_expression.h"

/* clang-format off */
#define T(literal) {.ptr = "" literal "", .len = sizeof(literal) - 1}

const Text CORRELATION_TYPE_TEXT[] = {
    [CORRELATION_EVENT_COUNT] = T("event_count"),
    [CORRELATION_VALUE_COUNT] = T("value_count"),
    [CORRELATION_TEMPORAL] = T("temporal"),
    [CORRELATION_TEMPORAL_ORDERED] = T("temporal_ordered"),
    [CORRELATION_VALUE_SUM] = T("value_sum"),
    [CORRELATION_VALUE_AVG] = T("value_avg"),
    [CORRELATION_VALUE_PERCENTILE] = T("value_percentile"),
    [CORRELATION_VALUE_MEDIAN] = T("value_median"),
};
static_assert(sizeof CORRELATION_TYPE_TEXT / sizeof CORRELATION_TYPE_TEXT[0] == CORRELATION_TYPE_COUNT, "one text each");
/* clang-format on */

static bool is_temporal(CorrelationType type)
{
    return type == CORRELATION_TEMPORAL || type == CORRELATION_TEMPORAL_ORDERED;
}

static bool asks_field(CorrelationType type)
{
    return type != CORRELATION_EVENT_COUNT && !is_temporal(type);
}

static bool read_type(ReadContext *context, const YamlNode *section, CorrelationType *ret)
{
    const YamlNode *node = yaml_get(section, "type");
    if (!node || node->kind != YAML_SCALAR)
        return problem_set(context->problem, section->line, "correlation: there is no type");
    for (unsigned i = 0; i < CORRELATION_TYPE_COUNT; i++) {
        if (!text_equal_nocase(node->text, CORRELATION_TYPE_TEXT[i]))
            continue;
        *ret = (CorrelationType)i;
        return true;
    }
    return problem_set(context->problem, node->line, "correlation: unknown type %s",
                       quote(node->text.ptr, node->text.len).str);
}

/* 10s, 5m, 1h, 1d, 1w, 1M, 1y: case matters. */
static bool read_timespan(ReadContext *context, const YamlNode *section, int64_t *ret_ns)
{
    static const struct {
        char unit;
        int64_t seconds;
    } UNITS[] = {{'s', 1},      {'m', 60},      {'h', 3600},    {'d', 86400},
                 {'w', 604800}, {'M', 2629746}, {'y', 31556952}};
    const YamlNode *node = yaml_get(section, "timespan");
    if (!node || node->kind != YAML_SCALAR)
        return problem_set(context->problem, section->line, "correlation: there is no timespan");
    Text t = node->text;
    uint64_t count;
    int64_t ns;
    for (size_t i = 0; t.len && i < sizeof UNITS / sizeof UNITS[0]; i++) {
        if (UNITS[i].unit != t.ptr[t.len - 1])
            continue;
        if (!text_to_u64(text_of(t.ptr, t.len - 1), &count) || count == 0)
            break;
        if (count > INT64_MAX ||
            __builtin_mul_overflow((int64_t)count, UNITS[i].seconds * NANOSECONDS_PER_SECOND, &ns))
            return problem_set(context->problem, node->line, "correlation: timespan %s is too long",
                               quote(t.ptr, t.len).str);
        *ret_ns = ns;
        return true;
    }
    return problem_set(context->problem, node->line,
                       "correlation: timespan %s, expected a number and s, m, h, d, w, M or y",
                       quote(t.ptr, t.len).str);
}

static bool read_rules(ReadContext *context, const YamlNode *section, Correlation *correlation)
{
    if (!document_list(context, section, "rules", &correlation->references))
        return false;
    uint32_t count = correlation->references.count;
    if (count > CORRELATION_RULES_MAX)
        return problem_set(context->problem, section->line, "correlation: more than %d rules",
                           CORRELATION_RULES_MAX);
    const YamlNode *condition = yaml_get(section, "condition");
    bool from_condition =
        is_temporal(correlation->type) && condition && condition->kind == YAML_SCALAR;
    return count > 0 || from_condition ||
           problem_set(context->problem, section->line, "correlation: there are no rules");
}

static bool read_generate(ReadContext *context, const YamlNode *section, bool *ret)
{
    const YamlNode *node = yaml_get(section, "generate");
    if (!node)
        return true;
    if (node->kind != YAML_SCALAR || yaml_value(node).type != YAML_BOOL)
        return problem_set(context->problem, node->line,
                           "correlation: generate is neither true nor false");
    *ret = yaml_value(node).boolean;
    return true;
}

static bool read_group_by(ReadContext *context, const YamlNode *section, Correlation *correlation)
{
    if (!document_list(context, section, "group-by", &correlation->group_by))
        return false;
    if (correlation->group_by.count > CORRELATION_FIELDS_MAX)
        return problem_set(context->problem, section->line,
                           "correlation: more than %d fields in group-by", CORRELATION_FIELDS_MAX);
    return correlation->group_by.count > 0 ||
           context_note(context, section->line,
                        "correlation: no group-by, all events are one group");
}

static bool read_alias(ReadContext *context, const YamlNode *key, const YamlNode *map,
                       CorrelationAlias *ret)
{
    if (map->kind != YAML_MAP)
        return problem_set(context->problem, map->line,
                           "correlation: the alias %s is no map of rules to fields",
                           quote(key->text.ptr, key->text.len).str);
    Text *rules = ARENA_NEW(context->arena, Text, (size_t)map->count + 1);
    Text *fields = ARENA_NEW(context->arena, Text, (size_t)map->count + 1);
    if (!rules || !fields || !arena_copy_text(context->arena, key->text, &ret->name))
        return problem_no_memory(context->problem);
    for (uint32_t i = 0; i < map->count; i++) {
        if (map->values[i]->kind != YAML_SCALAR)
            return problem_set(context->problem, map->values[i]->line,
                               "correlation: the field of an alias is no text");
        if (!arena_copy_text(context->arena, map->keys[i]->text, &rules[i]) ||
            !arena_copy_text(context->arena, map->values[i]->text, &fields[i]))
            return problem_no_memory(context->problem);
    }
    ret->rules = (TextList){.list = rules, .count = map->count};
    ret->fields = (TextList){.list = fields, .count = map->count};
    return true;
}

static bool read_aliases(ReadContext *context, const YamlNode *section, Correlation *correlation)
{
    const YamlNode *map = yaml_get(section, "aliases");
    if (!map)
        return true;
    if (map->kind != YAML_MAP)
        return problem_set(context->problem, map->line, "correlation: aliases is no map");
    CorrelationAlias *aliases = ARENA_NEW(context->arena, CorrelationAlias, (size_t)map->count + 1);
    if (!aliases)
        return problem_no_memory(context->problem);
    for (uint32_t i = 0; i < map->count; i++)
        if (!read_alias(context, map->keys[i], map->values[i], &aliases[i]))
            return false;
    correlation->aliases = aliases;
    correlation->alias_count = map->count;
    return true;
}

static bool add_bound(ReadContext *context, const YamlNode *key, const YamlNode *node,
                      Correlation *correlation)
{
    static const char *const OPS[] = {"gt", "gte", "lt", "lte", "eq", "neq"};
    size_t op = 0;
    while (op < sizeof OPS / sizeof OPS[0] && !text_equal(key->text, text_from_z(OPS[op])))
        op++;
    if (op == sizeof OPS / sizeof OPS[0])
        return problem_set(context->problem, key->line, "correlation: condition: unknown key %s",
                           quote(key->text.ptr, key->text.len).str);
    YamlValue value = node->kind == YAML_SCALAR ? yaml_value(node) : (YamlValue){.type = YAML_NULL};
    if (value.type != YAML_INT && value.type != YAML_FLOAT)
        return problem_set(context->problem, node->line, "correlation: condition: %s is no number",
                           OPS[op]);
    correlation->bounds[correlation->bound_count++] =
        (Bound){.op = (BoundOp)op, .value = value.real};
    return true;
}

static bool read_percentile(ReadContext *context, const YamlNode *node, Correlation *correlation)
{
    YamlValue value = node->kind == YAML_SCALAR ? yaml_value(node) : (YamlValue){.type = YAML_NULL};
    if ((value.type != YAML_INT && value.type != YAML_FLOAT) || value.real < 0 || value.real > 100)
        return problem_set(context->problem, node->line,
                           "correlation: percentile is no number from 0 to 100");
    correlation->percentile = value.real;
    return true;
}

static bool read_bounds(ReadContext *context, const YamlNode *map, Correlation *correlation)
{
    for (uint32_t i = 0; i < map->count; i++) {
        const YamlNode *key = map->keys[i];
        if (text_equal(key->text, TEXT("field"))) {
            if (!document_list(context, map, "field", &correlation->fields))
                return false;
        } else if (text_equal(key->text, TEXT("percentile"))) {
            if (!read_percentile(context, map->values[i], correlation))
                return false;
        } else if (!add_bound(context, key, map->values[i], correlation)) {
            return false;
        }
    }
    return correlation->bound_count > 0 ||
           problem_set(context->problem, map->line, "correlation: the condition has no bound");
}

static bool check_fields(ReadContext *context, const YamlNode *section,
                         const Correlation *correlation)
{
    uint32_t count = correlation->fields.count;
    if (!asks_field(correlation->type))
        return true;
    if (count == 0)
        return problem_set(context->problem, section->line,
                           "correlation: the condition names no field");
    if (count > CORRELATION_FIELDS_MAX)
        return problem_set(context->problem, section->line, "correlation: more than %d fields",
                           CORRELATION_FIELDS_MAX);
    return count == 1 || correlation->type == CORRELATION_VALUE_COUNT ||
           problem_set(context->problem, section->line, "correlation: %.*s needs a single field",
                       (int)CORRELATION_TYPE_TEXT[correlation->type].len,
                       CORRELATION_TYPE_TEXT[correlation->type].ptr);
}

/* Windows are held in memory: a count beyond this is not a rule that can be meant. */
static bool check_counts(ReadContext *context, const YamlNode *section,
                         const Correlation *correlation)
{
    bool counts = !asks_field(correlation->type) || correlation->type == CORRELATION_VALUE_COUNT;
    for (unsigned i = 0; counts && i < correlation->bound_count; i++)
        if (correlation->bounds[i].value > CORRELATION_COUNT_MAX)
            return problem_set(context->problem, section->line, "correlation: a count above %d",
                               CORRELATION_COUNT_MAX);
    return true;
}

static bool read_condition(ReadContext *context, const YamlNode *section, Correlation *correlation)
{
    const YamlNode *node = yaml_get(section, "condition");
    if (!node) {
        if (!is_temporal(correlation->type))
            return problem_set(context->problem, section->line,
                               "correlation: there is no condition");
        correlation->bounds[0] =
            (Bound){.op = BOUND_GTE, .value = (double)correlation->references.count};
        correlation->bound_count = 1;
        return true;
    }
    if (node->kind == YAML_SCALAR) {
        if (!is_temporal(correlation->type))
            return problem_set(context->problem, node->line,
                               "correlation: only temporal types take a condition in words");
        return rule_expression_read(context, node->text, node->line, correlation);
    }
    if (node->kind != YAML_MAP)
        return problem_set(context->problem, node->line, "correlation: the condition is a list");
    return read_bounds(context, node, correlation) && check_fields(context, section, correlation) &&
           check_counts(context, section, correlation);
}

/* Rules in their order: all of them, whatever else a condition could say. */
static bool check_ordered(ReadContext *context, const YamlNode *section,
                          const Correlation *correlation)
{
    if (correlation->type != CORRELATION_TEMPORAL_ORDERED)
        return true;
    const RuleExpression *expression = correlation->expression;
    bool all = expression
                   ? rule_expression_is_all(expression)
                   : correlation->bound_count == 1 &&
                         (correlation->bounds[0].op == BOUND_GTE ||
                          correlation->bounds[0].op == BOUND_EQ) &&
                         (uint32_t)correlation->bounds[0].value == correlation->references.count;
    return all || problem_set(context->problem, section->line,
                              "correlation: temporal_ordered needs all of its rules");
}

Correlation *correlation_read(ReadContext *context, const YamlNode *section, uint32_t line)
{
    Correlation *correlation = ARENA_NEW(context->arena, Correlation, 1);
    if (!correlation) {
        problem_no_memory(context->problem);
        return NULL;
    }
    correlation->percentile = 50;
    if (section->kind != YAML_MAP) {
        problem_set(context->problem, line, "the correlation is no map");
        return NULL;
    }
    if (!read_type(context, section, &correlation->type) ||
        !read_rules(context, section, correlation) ||
        !read_timespan(context, section, &correlation->timespan_ns) ||
        !read_generate(context, section, &correlation->generate) ||
        !read_group_by(context, section, correlation) ||
        !read_aliases(context, section, correlation) ||
        !read_condition(context, section, correlation) ||
        !check_ordered(context, section, correlation))
        return NULL;
    return correlation;
}

Text correlation_field(const Correlation *correlation, const Rule *rule, Text name)
{
    for (uint32_t i = 0; i < correlation->alias_count; i++) {
        const CorrelationAlias *alias = &correlation->aliases[i];
        if (!text_equal(alias->name, name))
            continue;
        for (uint32_t k = 0; k < alias->rules.count; k++)
            if (text_equal_nocase(alias->rules.list[k], rule->id) ||
                text_equal(alias->rules.list[k], rule->name))
                return alias->fields.list[k];
    }
    return name;
}
