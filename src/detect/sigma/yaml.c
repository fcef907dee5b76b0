#include "detect/sigma/yaml.h"

#include <stdlib.h>
#include <yaml.h>

#include "base/err.h"
#include "event/grow.h"

/* A list or map that is not complete yet. */
typedef struct Open {
    YamlNode *node;
    YamlNode *key; /* of a map: read, its value is not */
    YamlNode **keys, **values;
    size_t key_cap, value_cap, count;
    Text anchor;
} Open;

typedef struct Anchor {
    Text name;
    YamlNode *node; /* NULL: not complete, so that an alias to it would be a loop */
} Anchor;

typedef struct Loader {
    Arena *arena;
    Problem *problem;
    Open open[YAML_DEPTH_MAX];
    size_t depth;
    Anchor *anchors;
    size_t anchor_count, anchor_cap;
    YamlNode **docs;
    size_t doc_count, doc_cap;
    YamlNode *root;
    uint32_t nodes; /* made for this document */
    uint32_t line;  /* of the event before, for those without one */
} Loader;

static bool no_memory(Loader *loader)
{
    return problem_no_memory(loader->problem);
}

static bool refuse_text(Loader *loader, uint32_t line, const char *what, Text t)
{
    return problem_set(loader->problem, line, "%s %s", what, quote(t.ptr, t.len).str);
}

/* YAML allows no control characters and no mark of byte order within. libyaml would say so too, but
 * not where. */
static bool check_bytes(Text file, Problem *problem)
{
    uint32_t line = 1;
    for (size_t i = 0; i < file.len;) {
        uint32_t c = utf8_next(file, &i);
        if (c == UTF8_INVALID || (c >= 0xD800 && c <= 0xDFFF))
            return problem_set(problem, line, "not UTF-8");
        if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') ||
            (c >= 0x7F && c < 0xA0 && c != 0x85) || c == 0xFEFF || c == 0xFFFE || c == 0xFFFF)
            return problem_set(problem, line, "control character U+%04X", (unsigned)c);
        line += c == '\n';
    }
    return true;
}

static YamlNode *new_node(Loader *loader, YamlKind kind, uint32_t line)
{
    if (++loader->nodes > YAML_NODES_MAX) {
        problem_set(loader->problem, line, "more than %d values", YAML_NODES_MAX);
        return NULL;
    }
    YamlNode *node = ARENA_NEW(loader->arena, YamlNode, 1);
    if (!node) {
        no_memory(loader);
        return NULL;
    }
    node->kind = kind;
    node->line = line;
    node->weight = 1;
    return node;
}

static bool copy_bytes(Loader *loader, const yaml_char_t *bytes, size_t len, Text *ret)
{
    return arena_copy_text(loader->arena, text_of((const char *)bytes, len), ret) ||
           no_memory(loader);
}

static bool copy_name(Loader *loader, const yaml_char_t *name, Text *ret)
{
    return copy_bytes(loader, name, strlen((const char *)name), ret);
}

static bool equal_keys(const YamlNode *a, const YamlNode *b)
{
    return text_equal(a->text, b->text);
}

/* The completed `node` goes where it belongs: root, list, key or value. */
static bool place(Loader *loader, YamlNode *node)
{
    if (loader->depth == 0) {
        loader->root = node;
        return true;
    }
    Open *open = &loader->open[loader->depth - 1];
    YamlNode *holder = open->node;
    if (holder->kind == YAML_MAP && !open->key) {
        if (node->kind != YAML_SCALAR)
            return problem_set(loader->problem, node->line, "a key that is no plain text");
        for (size_t i = 0; i < open->count; i++)
            if (equal_keys(open->keys[i], node))
                return refuse_text(loader, node->line, "this map has twice the key", node->text);
        open->key = node;
        return true;
    }
    if (holder->weight > YAML_NODES_MAX - node->weight)
        return problem_set(loader->problem, node->line, "more than %d values, aliases counted",
                           YAML_NODES_MAX);
    void *values =
        grow_array(open->values, &open->value_cap, open->count + 1, sizeof *open->values);
    if (!values)
        return no_memory(loader);
    open->values = values;
    if (holder->kind == YAML_MAP) {
        void *keys = grow_array(open->keys, &open->key_cap, open->count + 1, sizeof *open->keys);
        if (!keys)
            return no_memory(loader);
        open->keys = keys;
        open->keys[open->count] = open->key;
        open->key = NULL;
    }
    open->values[open->count++] = node;
    holder->weight += node->weight;
    return true;
}

static Anchor *find_anchor(Loader *loader, Text name)
{
    for (size_t i = loader->anchor_count; i > 0; i--)
        if (text_equal(loader->anchors[i - 1].name, name))
            return &loader->anchors[i - 1];
    return NULL;
}

/* A later anchor of the same name replaces the earlier. */
static bool set_anchor(Loader *loader, Text name, YamlNode *node)
{
    Anchor *anchor = find_anchor(loader, name);
    if (!anchor) {
        void *grown = grow_array(loader->anchors, &loader->anchor_cap, loader->anchor_count + 1,
                                 sizeof *loader->anchors);
        if (!grown)
            return no_memory(loader);
        loader->anchors = grown;
        anchor = &loader->anchors[loader->anchor_count++];
    }
    *anchor = (Anchor){.name = name, .node = node};
    return true;
}

/* Tags that say what the core schema would say anyway, and !!str, are understood. */
static bool read_tag(Loader *loader, const yaml_char_t *tag, bool *ret_text)
{
    static const char *const HARMLESS[] = {"int", "float", "bool", "null", "map", "seq"};
    Text name = text_from_z((const char *)tag);
    Text standard = TEXT("tag:yaml.org,2002:");
    if (name.len == 0)
        return true;
    if (text_equal(name, TEXT("!"))) {
        *ret_text = true;
        return true;
    }
    Text word = text_starts(name, standard)
                    ? text_of(name.ptr + standard.len, name.len - standard.len)
                    : (Text){0};
    *ret_text = text_equal(word, TEXT("str"));
    for (size_t i = 0; i < sizeof HARMLESS / sizeof HARMLESS[0]; i++)
        if (text_equal(word, text_from_z(HARMLESS[i])))
            return true;
    return *ret_text || refuse_text(loader, loader->line, "tag", name);
}

static bool on_scalar(Loader *loader, const yaml_event_t *event)
{
    YamlNode *node = new_node(loader, YAML_SCALAR, loader->line);
    if (!node ||
        !copy_bytes(loader, event->data.scalar.value, event->data.scalar.length, &node->text))
        return false;
    bool is_text = false;
    if (!read_tag(loader, event->data.scalar.tag, &is_text))
        return false;
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !is_text;
    Text anchor;
    if (event->data.scalar.anchor && (!copy_name(loader, event->data.scalar.anchor, &anchor) ||
                                      !set_anchor(loader, anchor, node)))
        return false;
    return place(loader, node);
}

static bool on_open(Loader *loader, YamlKind kind, const yaml_char_t *anchor,
                    const yaml_char_t *tag)
{
    if (loader->depth == YAML_DEPTH_MAX)
        return problem_set(loader->problem, loader->line, "nested deeper than %d", YAML_DEPTH_MAX);
    YamlNode *node = new_node(loader, kind, loader->line);
    bool is_text = false;
    if (!node || !read_tag(loader, tag, &is_text))
        return false;
    Open *open = &loader->open[loader->depth];
    *open = (Open){.node = node};
    if (anchor &&
        (!copy_name(loader, anchor, &open->anchor) || !set_anchor(loader, open->anchor, NULL)))
        return false;
    loader->depth++;
    return true;
}

static bool on_close(Loader *loader)
{
    Open *open = &loader->open[--loader->depth];
    YamlNode *node = open->node;
    Text anchor = open->anchor;
    node->count = (uint32_t)open->count;
    node->values = ARENA_NEW(loader->arena, YamlNode *, open->count + 1);
    node->keys =
        node->kind == YAML_MAP ? ARENA_NEW(loader->arena, YamlNode *, open->count + 1) : NULL;
    bool ok = node->values && (node->kind != YAML_MAP || node->keys);
    if (ok && open->count) {
        memcpy(node->values, open->values, open->count * sizeof *node->values);
        if (node->keys)
            memcpy(node->keys, open->keys, open->count * sizeof *node->keys);
    }
    free(open->keys);
    free(open->values);
    *open = (Open){0};
    if (!ok)
        return no_memory(loader);
    if (anchor.ptr && !set_anchor(loader, anchor, node))
        return false;
    return place(loader, node);
}

static bool on_alias(Loader *loader, const yaml_event_t *event)
{
    Text name = text_from_z((const char *)event->data.alias.anchor);
    const Anchor *anchor = find_anchor(loader, name);
    if (!anchor)
        return refuse_text(loader, loader->line, "nothing is called", name);
    if (!anchor->node)
        return refuse_text(loader, loader->line, "contains itself:", name);
    return place(loader, anchor->node);
}

static bool on_document(Loader *loader)
{
    if (loader->doc_count == YAML_DOCUMENTS_MAX)
        return problem_set(loader->problem, loader->line, "more than %d documents",
                           YAML_DOCUMENTS_MAX);
    void *grown =
        grow_array(loader->docs, &loader->doc_cap, loader->doc_count + 1, sizeof *loader->docs);
    if (!grown)
        return no_memory(loader);
    loader->docs = grown;
    loader->docs[loader->doc_count++] = loader->root;
    loader->root = NULL;
    loader->nodes = 0;
    loader->anchor_count = 0;
    return true;
}

static bool on_event(Loader *loader, const yaml_event_t *event)
{
    loader->line = (uint32_t)event->start_mark.line + 1;
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return on_scalar(loader, event);
    case YAML_SEQUENCE_START_EVENT:
        return on_open(loader, YAML_LIST, event->data.sequence_start.anchor,
                       event->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return on_open(loader, YAML_MAP, event->data.mapping_start.anchor,
                       event->data.mapping_start.tag);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return on_close(loader);
    case YAML_ALIAS_EVENT:
        return on_alias(loader, event);
    case YAML_DOCUMENT_END_EVENT:
        return on_document(loader);
    default:
        return true;
    }
}

static bool syntax_error(Loader *loader, const yaml_parser_t *parser)
{
    if (parser->error == YAML_MEMORY_ERROR)
        return no_memory(loader);
    Text text = text_from_z(parser->problem ? parser->problem : "syntax");
    return problem_set(loader->problem, (uint32_t)parser->problem_mark.line + 1, "not YAML: %s",
                       quote(text.ptr, text.len).str);
}

static bool load(Loader *loader, Text file)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return no_memory(loader);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)file.ptr, file.len);
    bool ok = true, end = false;
    while (ok && !end) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            ok = syntax_error(loader, &parser);
            break;
        }
        end = event.type == YAML_STREAM_END_EVENT;
        ok = on_event(loader, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return ok;
}

bool yaml_parse(Arena *arena, Text file, YamlDocs *ret, Problem *problem)
{
    *ret = (YamlDocs){0};
    if (file.len > YAML_BYTES_MAX)
        return problem_set(problem, 0, "larger than %u bytes", YAML_BYTES_MAX);
    if (text_starts(file, TEXT("\xEF\xBB\xBF")))
        file = text_of(file.ptr + 3, file.len - 3);
    if (!check_bytes(file, problem))
        return false;
    if (text_trim(file).len == 0)
        return true;
    Loader loader = {.arena = arena, .problem = problem, .line = 1};
    bool ok = load(&loader, file);
    while (loader.depth) {
        free(loader.open[--loader.depth].keys);
        free(loader.open[loader.depth].values);
    }
    YamlNode **docs = ARENA_NEW(arena, YamlNode *, loader.doc_count + 1);
    if (docs) {
        if (loader.doc_count)
            memcpy(docs, loader.docs, loader.doc_count * sizeof *docs);
        *ret = (YamlDocs){.docs = docs, .count = loader.doc_count};
    }
    free(loader.docs);
    free(loader.anchors);
    return docs ? ok : problem_no_memory(problem);
}
