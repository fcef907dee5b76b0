#include "detect/indicator/json_tree.h"

typedef struct Level {
    JsonNode *container, *last;
} Level;

static bool no_memory(Err *err)
{
    return err_set(err, ERR_LIMIT, ERR_NO_OFFSET,
                   "the document has more values than memory allows");
}

/* Under the container that is open, or as the root. */
static void append(JsonTree *tree, Level *level, JsonNode *node)
{
    if (!level->container)
        tree->root = node;
    else if (level->last)
        level->last->next = node;
    else
        level->container->first = node;
    level->last = node;
}

bool json_tree_read(JsonTree *tree, Arena *arena, Text bytes, Err *err)
{
    Level levels[JSON_DEPTH_MAX + 2] = {{0}};
    size_t depth = 0;
    Text key = {0};
    JsonToken token;
    tree->root = NULL;
    json_init(&tree->reader);
    json_begin(&tree->reader, text_span(bytes), 0);
    while (json_next(&tree->reader, &token)) {
        if (token.kind == JSON_OBJECT_END || token.kind == JSON_ARRAY_END) {
            depth--;
            continue;
        }
        if (token.kind == JSON_KEY) {
            key = token.text;
            continue;
        }
        JsonNode *node = ARENA_NEW(arena, JsonNode, 1);
        if (!node)
            return no_memory(err);
        *node = (JsonNode){.kind = token.kind, .key = key, .text = token.text, .pos = token.pos};
        key = (Text){0};
        append(tree, &levels[depth], node);
        if (token.kind == JSON_OBJECT || token.kind == JSON_ARRAY)
            levels[++depth] = (Level){.container = node};
    }
    if (!json_damaged(&tree->reader))
        return tree->root || err_set(err, ERR_FORMAT, 0, "there is no value");
    *err = tree->reader.err;
    return false;
}

void json_tree_done(JsonTree *tree)
{
    json_done(&tree->reader);
}

const JsonNode *json_member(const JsonNode *object, Text key)
{
    if (!object || object->kind != JSON_OBJECT)
        return NULL;
    for (const JsonNode *node = object->first; node; node = node->next)
        if (text_equal(node->key, key))
            return node;
    return NULL;
}

const JsonNode *json_array(const JsonNode *object, Text key)
{
    const JsonNode *node = json_member(object, key);
    return node && node->kind == JSON_ARRAY ? node : NULL;
}

Text json_string(const JsonNode *object, Text key)
{
    const JsonNode *node = json_member(object, key);
    return node && node->kind == JSON_STRING ? node->text : (Text){0};
}

bool json_number(const JsonNode *object, Text key, uint64_t *ret)
{
    const JsonNode *node = json_member(object, key);
    return node && (node->kind == JSON_NUMBER || node->kind == JSON_STRING) &&
           text_to_u64(node->text, ret);
}

bool json_flag(const JsonNode *object, Text key, bool otherwise)
{
    const JsonNode *node = json_member(object, key);
    if (!node)
        return otherwise;
    if (node->kind == JSON_NUMBER || node->kind == JSON_STRING)
        return node->text.len && !text_equal(node->text, TEXT("0")) &&
               !text_equal_nocase(node->text, TEXT("false"));
    return node->kind == JSON_TRUE || (node->kind != JSON_FALSE && otherwise);
}

static Text string_of(const JsonNode *node, Text name)
{
    if (name.len)
        return json_string(node, name);
    return node->kind == JSON_STRING ? node->text : (Text){0};
}

const Text *json_strings(Arena *arena, const JsonNode *array, Text name, uint32_t *ret_count)
{
    uint32_t count = 0;
    *ret_count = 0;
    for (const JsonNode *node = array ? array->first : NULL; node; node = node->next)
        count += string_of(node, name).len > 0;
    Text *list = count ? ARENA_NEW(arena, Text, count) : NULL;
    if (!list)
        return NULL;
    for (const JsonNode *node = array->first; node; node = node->next) {
        Text text = string_of(node, name);
        if (text.len)
            list[(*ret_count)++] = text;
    }
    return list;
}
