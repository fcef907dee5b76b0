#include "detect/sigma/detection.h"

#include "base/err.h"
#include "detect/sigma/condition.h"
#include "detect/sigma/item.h"

static Node *definition_read(ReadContext *context, const YamlNode *node);

static Node *joined(ReadContext *context, NodeKind kind, Node *const *nodes, uint32_t count)
{
    Node *node = node_join(context->arena, kind, nodes, count);
    if (!node)
        problem_no_memory(context->problem);
    return node;
}

static Node *empty(ReadContext *context, const YamlNode *node)
{
    problem_set(context->problem, node->line, "a detection is empty");
    return NULL;
}

/* A map: all of its items. */
static Node *map_read(ReadContext *context, const YamlNode *map)
{
    Node **nodes = ARENA_NEW(context->arena, Node *, (size_t)map->count + 1);
    if (!nodes) {
        problem_no_memory(context->problem);
        return NULL;
    }
    for (uint32_t i = 0; i < map->count; i++) {
        nodes[i] = item_read(context, map->keys[i]->text, map->keys[i]->line, map->values[i]);
        if (!nodes[i])
            return NULL;
    }
    return map->count ? joined(context, NODE_AND, nodes, map->count) : empty(context, map);
}

static bool all_scalars(const YamlNode *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (list->values[i]->kind != YAML_SCALAR)
            return false;
    return true;
}

/* A list: keywords, or any of its detections. */
static Node *list_read(ReadContext *context, const YamlNode *list)
{
    if (list->count == 0)
        return empty(context, list);
    if (all_scalars(list))
        return item_read(context, (Text){0}, list->line, list);
    Node **nodes = ARENA_NEW(context->arena, Node *, list->count);
    if (!nodes) {
        problem_no_memory(context->problem);
        return NULL;
    }
    for (uint32_t i = 0; i < list->count; i++) {
        nodes[i] = definition_read(context, list->values[i]);
        if (!nodes[i])
            return NULL;
    }
    return joined(context, NODE_OR, nodes, list->count);
}

static Node *definition_read(ReadContext *context, const YamlNode *node)
{
    switch (node->kind) {
    case YAML_MAP:
        return map_read(context, node);
    case YAML_LIST:
        return list_read(context, node);
    case YAML_SCALAR:
        break;
    }
    return item_read(context, (Text){0}, node->line, node);
}

static bool is_one_of(Text t, const char *const *words)
{
    for (; *words; words++)
        if (text_equal(t, text_from_z(*words)))
            return true;
    return false;
}

static bool read_identifiers(ReadContext *context, const YamlNode *section, const char *const *skip,
                             Identifiers *ret)
{
    ret->list = ARENA_NEW(context->arena, Identifier, (size_t)section->count + 1);
    if (!ret->list)
        return problem_no_memory(context->problem);
    for (uint32_t i = 0; i < section->count; i++) {
        const YamlNode *key = section->keys[i];
        if (is_one_of(key->text, skip))
            continue;
        if (ret->count == IDENTIFIERS_MAX)
            return problem_set(context->problem, key->line, "more than %d identifiers",
                               IDENTIFIERS_MAX);
        Identifier *identifier = &ret->list[ret->count++];
        *identifier = (Identifier){.name = key->text, .line = key->line};
        identifier->tree = definition_read(context, section->values[i]);
        if (!identifier->tree)
            return false;
    }
    return true;
}

/* One condition, or a list of them: any of them. */
static Node *read_conditions(ReadContext *context, const YamlNode *condition,
                             Identifiers *identifiers)
{
    bool list = condition->kind == YAML_LIST;
    uint32_t count = list ? condition->count : 1;
    Node **nodes = ARENA_NEW(context->arena, Node *, (size_t)count + 1);
    if (!nodes) {
        problem_no_memory(context->problem);
        return NULL;
    }
    for (uint32_t i = 0; i < count; i++) {
        const YamlNode *text = list ? condition->values[i] : condition;
        if (text->kind != YAML_SCALAR || text_trim(text->text).len == 0) {
            problem_set(context->problem, text->line, "the condition is no text");
            return NULL;
        }
        nodes[i] = condition_read(context, text->text, text->line, identifiers);
        if (!nodes[i])
            return NULL;
    }
    return count ? joined(context, NODE_OR, nodes, count) : empty(context, condition);
}

static bool note_unused(ReadContext *context, const Identifiers *identifiers)
{
    for (uint32_t i = 0; i < identifiers->count; i++) {
        const Identifier *identifier = &identifiers->list[i];
        if (!identifier->used &&
            !context_note(context, identifier->line, "the condition does not use %s",
                          quote(identifier->name.ptr, identifier->name.len).str))
            return false;
    }
    return true;
}

Node *detection_read(ReadContext *context, const YamlNode *section, uint32_t line,
                     const char *const *skip)
{
    if (!section || section->kind != YAML_MAP) {
        problem_set(context->problem, line, "the detection is no map");
        return NULL;
    }
    const YamlNode *condition = yaml_get(section, "condition");
    if (!condition) {
        problem_set(context->problem, section->line, "there is no condition");
        return NULL;
    }
    Identifiers identifiers = {0};
    if (!read_identifiers(context, section, skip, &identifiers))
        return NULL;
    if (identifiers.count == 0)
        return empty(context, section);
    Node *tree = read_conditions(context, condition, &identifiers);
    if (!tree)
        return NULL;
    if (tree->weight > TREE_NODES_MAX) {
        problem_set(context->problem, condition->line, "the condition asks more than %d things",
                    TREE_NODES_MAX);
        return NULL;
    }
    return note_unused(context, &identifiers) ? tree : NULL;
}
