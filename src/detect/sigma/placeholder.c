#include "detect/sigma/placeholder.h"

#include "base/err.h"

static bool no_memory(ReadContext *context)
{
    return problem_no_memory(context->problem);
}

/* A value of a list as it stands in place of a placeholder: * is a wildcard, all else itself. */
static bool list_pattern(Arena *arena, Text value, bool regex, Pattern *ret)
{
    Part *parts = ARENA_NEW(arena, Part, 2 * value.len + 1);
    if (!parts)
        return false;
    uint32_t n = 0;
    for (Text rest = value;;) {
        size_t star = text_find(rest, '*');
        if (star)
            parts[n++] = (Part){.kind = PART_TEXT, .text = text_of(rest.ptr, star)};
        if (star == rest.len)
            break;
        if (regex)
            parts[n++] = (Part){.kind = PART_TEXT, .text = TEXT(".*")};
        else
            parts[n++] = (Part){.kind = PART_MANY};
        rest = text_of(rest.ptr + star + 1, rest.len - star - 1);
        if (rest.len == 0)
            break;
    }
    *ret = (Pattern){.parts = parts, .count = n};
    return true;
}

/* In an expression the values of lists are text: what means something there is escaped. */
static bool escape_for_regex(Arena *arena, Text value, Text *ret)
{
    char *out = ARENA_NEW(arena, char, 2 * value.len + 1);
    if (!out)
        return false;
    size_t len = 0;
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] && strchr("\\^$.|?+()[]{}#", value.ptr[i]))
            out[len++] = '\\';
        out[len++] = value.ptr[i];
    }
    *ret = text_of(out, len);
    return true;
}

/* Values still to be expanded, and those that are done. */
typedef struct Expansion {
    RuleValue *values;
    uint32_t count, room;
} Expansion;

static bool expand_one(ReadContext *context, uint32_t line, Expansion *out, const RuleValue *value)
{
    uint32_t at = pattern_placeholder(value->pattern);
    Text name = value->pattern.parts[at].text;
    const ValueList *list = value_lists_find(context->lists, name);
    if (!list)
        return problem_set(context->problem, line, "no list of values for the placeholder %s",
                           quote(name.ptr, name.len).str);
    for (uint32_t i = 0; i < list->count; i++) {
        Text text = list->values[i];
        bool regex = value->kind == RULE_REGEX;
        Pattern by;
        if (out->count == out->room)
            return problem_set(context->problem, line, "placeholders stand for more than %d values",
                               ITEM_VALUES_MAX);
        RuleValue *made = &out->values[out->count++];
        *made = *value;
        if ((regex && !escape_for_regex(context->arena, text, &text)) ||
            !list_pattern(context->arena, text, regex, &by) ||
            !pattern_replace(context->arena, value->pattern, at, by, &made->pattern))
            return no_memory(context);
    }
    return true;
}

/* How many values a group becomes, at most ITEM_VALUES_MAX + 1. */
static uint64_t expanded_count(ReadContext *context, const ValueGroup *group)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < group->count; i++) {
        uint64_t ways = 1;
        Pattern pattern = group->values[i].pattern;
        for (uint32_t p = 0; p < pattern.count; p++) {
            if (pattern.parts[p].kind != PART_PLACEHOLDER)
                continue;
            const ValueList *list = value_lists_find(context->lists, pattern.parts[p].text);
            ways *= list ? list->count : 1;
            if (ways > ITEM_VALUES_MAX)
                return ITEM_VALUES_MAX + 1;
        }
        total += ways;
    }
    return total;
}

static bool has_placeholder(const ValueGroup *group)
{
    for (uint32_t i = 0; i < group->count; i++)
        if (pattern_placeholder(group->values[i].pattern) != UINT32_MAX)
            return true;
    return false;
}

/* One placeholder of each value a round. */
bool placeholders_expand(ReadContext *context, uint32_t line, ValueGroup *group)
{
    while (has_placeholder(group)) {
        uint64_t room = expanded_count(context, group);
        if (room > ITEM_VALUES_MAX)
            return problem_set(context->problem, line, "placeholders stand for more than %d values",
                               ITEM_VALUES_MAX);
        Expansion out = {.values = ARENA_NEW(context->arena, RuleValue, (size_t)room + 1),
                         .room = (uint32_t)room};
        if (!out.values)
            return no_memory(context);
        for (uint32_t i = 0; i < group->count; i++) {
            if (pattern_placeholder(group->values[i].pattern) == UINT32_MAX)
                out.values[out.count++] = group->values[i];
            else if (!expand_one(context, line, &out, &group->values[i]))
                return false;
        }
        *group = (ValueGroup){.values = out.values, .count = out.count};
    }
    return true;
}
