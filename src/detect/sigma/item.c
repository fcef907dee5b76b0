#include "detect/sigma/item.h"

#include "detect/sigma/placeholder.h"
#include "detect/sigma/regex.h"

static bool no_memory(ReadContext *context)
{
    return problem_no_memory(context->problem);
}

/* A scalar of the file as the value it is before any modifier. `raw`: for an expression. */
static bool read_value(ReadContext *context, const YamlNode *node, bool raw, RuleValue *ret)
{
    RuleValue value = {.number = yaml_value(node), .text = node->text};
    switch (value.number.type) {
    case YAML_NULL:
        value.kind = RULE_NULL;
        break;
    case YAML_BOOL:
        value.kind = RULE_BOOL;
        break;
    case YAML_INT:
    case YAML_FLOAT:
        value.kind = RULE_NUMBER;
        break;
    case YAML_TEXT:
        value.kind = RULE_STRING;
        break;
    }
    if (!arena_copy_text(context->arena, node->text, &value.text))
        return no_memory(context);
    value.number.text = value.text;
    if (raw ? !pattern_of_text(context->arena, value.text, &value.pattern)
            : !pattern_parse(context->arena, value.text, &value.pattern))
        return no_memory(context);
    *ret = value;
    return true;
}

static bool has_modifier(Text modifiers, Text name)
{
    while (modifiers.len)
        if (text_equal(text_cut(&modifiers, '|'), name))
            return true;
    return false;
}

static bool read_values(ReadContext *context, Item *item, const YamlNode *node, bool raw)
{
    uint32_t count = node->kind == YAML_LIST ? node->count : 1;
    item->groups = ARENA_NEW(context->arena, ValueGroup, (size_t)count + 1);
    RuleValue *values = ARENA_NEW(context->arena, RuleValue, (size_t)count + 1);
    if (!item->groups || !values)
        return no_memory(context);
    for (uint32_t i = 0; i < count; i++) {
        const YamlNode *scalar = node->kind == YAML_LIST ? node->values[i] : node;
        if (scalar->kind != YAML_SCALAR)
            return problem_set(context->problem, scalar->line,
                               "a value of a field is a %s, expected text or a number",
                               scalar->kind == YAML_MAP ? "map" : "list");
        if (!read_value(context, scalar, raw, &values[i]))
            return false;
        item->groups[i] = (ValueGroup){.values = &values[i], .count = 1};
    }
    item->count = count;
    return true;
}

/* An expression must be one. Lists are in it now. */
static bool check_regex(ReadContext *context, const Item *item, RuleValue *value)
{
    char why[128];
    value->text = pattern_literal(value->pattern);
    Regex *regex = regex_compile(value->text, value->regex_flags, why);
    bool ok = regex != NULL;
    regex_destroy(regex);
    if (ok)
        return true;
    if (!why[0])
        return problem_no_memory(context->problem);
    return problem_set(context->problem, item->line, "expression: %s", why);
}

static Node *group_tree(ReadContext *context, const Item *item, ValueGroup *group)
{
    Node **leaves = ARENA_NEW(context->arena, Node *, (size_t)group->count + 1);
    for (uint32_t i = 0; leaves && i < group->count; i++) {
        RuleValue *value = &group->values[i];
        if (value->kind == RULE_REGEX && !check_regex(context, item, value))
            return NULL;
        leaves[i] = node_leaf(context->arena, item->field, value);
        if (!leaves[i])
            leaves = NULL;
    }
    Node *tree = leaves ? node_join(context->arena, NODE_OR, leaves, group->count) : NULL;
    if (!tree)
        no_memory(context);
    return tree;
}

static Node *item_tree(ReadContext *context, const Item *item)
{
    Node **nodes = ARENA_NEW(context->arena, Node *, (size_t)item->count + 1);
    if (!nodes) {
        no_memory(context);
        return NULL;
    }
    for (uint32_t i = 0; i < item->count; i++) {
        nodes[i] = group_tree(context, item, &item->groups[i]);
        if (!nodes[i])
            return NULL;
    }
    Node *tree = node_join(context->arena, item->all ? NODE_AND : NODE_OR, nodes, item->count);
    if (tree && item->negated)
        tree = node_not(context->arena, tree);
    if (!tree)
        no_memory(context);
    return tree;
}

static bool check_keyword(ReadContext *context, const Item *item)
{
    for (uint32_t i = 0; i < item->count; i++) {
        RuleValueKind kind = item->groups[i].values[0].kind;
        if (kind != RULE_STRING && kind != RULE_NUMBER && kind != RULE_BOOL && kind != RULE_REGEX)
            return problem_set(context->problem, item->line,
                               "a keyword must be text, a number or an expression");
    }
    return true;
}

static bool note_null_and_empty(ReadContext *context, const Item *item)
{
    bool null = false, empty = false;
    for (uint32_t i = 0; i < item->count; i++) {
        const RuleValue *value = &item->groups[i].values[0];
        null |= value->kind == RULE_NULL;
        empty |= value->kind == RULE_STRING && value->pattern.count == 0;
    }
    if (null && empty && item->count > 1)
        return context_note(context, item->line, "null and the empty text in one list: either");
    return true;
}

/* `F: []` is the same as null to the reference. */
static bool read_empty_list(ReadContext *context, Item *item)
{
    static const RuleValue NOTHING = {.kind = RULE_NULL};
    RuleValue *value = ARENA_NEW(context->arena, RuleValue, 1);
    item->groups = ARENA_NEW(context->arena, ValueGroup, 1);
    if (!value || !item->groups)
        return no_memory(context);
    *value = NOTHING;
    item->groups[0] = (ValueGroup){.values = value, .count = 1};
    item->count = 1;
    return context_note(context, item->line, "an empty list of values is taken as null");
}

/* The modifiers of `key`, from left to right. */
static bool apply_modifiers(ReadContext *context, Item *item, Text key)
{
    Text rest = key;
    text_cut(&rest, '|');
    for (bool more = item->field.len < key.len; more;) {
        more = text_find(rest, '|') < rest.len;
        if (!modifier_apply(context, item, text_cut(&rest, '|')))
            return false;
    }
    return true;
}

static bool expand_lists(ReadContext *context, Item *item)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < item->count; i++) {
        if (!placeholders_expand(context, item->line, &item->groups[i]))
            return false;
        total += item->groups[i].count;
    }
    return total <= ITEM_VALUES_MAX ||
           problem_set(context->problem, item->line, "more than %d values", ITEM_VALUES_MAX);
}

Node *item_read(ReadContext *context, Text key, uint32_t line, const YamlNode *value)
{
    Text modifiers = key, field = text_cut(&modifiers, '|');
    Item item = {.line = line};
    if (!arena_copy_text(context->arena, field, &item.field)) {
        no_memory(context);
        return NULL;
    }
    if (!read_values(context, &item, value, has_modifier(modifiers, TEXT("re"))) ||
        (item.count == 0 && !read_empty_list(context, &item)) ||
        !note_null_and_empty(context, &item) || !apply_modifiers(context, &item, key) ||
        (item.field.len == 0 && !check_keyword(context, &item)) || !expand_lists(context, &item))
        return NULL;
    return item_tree(context, &item);
}
