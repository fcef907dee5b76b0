#include "detect/sigma/collection.h"

#include "base/err.h"

typedef struct Collection {
    Arena *scratch;
    const CollectionOut *out;
    const YamlNode *global;   /* laid over rules; NULL: nothing */
    const YamlNode *previous; /* for repeat */
} Collection;

static bool is_plain_rule(const YamlNode *document)
{
    return !yaml_get(document, "correlation") && !yaml_get(document, "filter");
}

/* The document without its `action`. */
static const YamlNode *without_action(Collection *collection, const YamlNode *document)
{
    YamlNode *copy = ARENA_NEW(collection->scratch, YamlNode, 1);
    if (!copy)
        return NULL;
    *copy = *document;
    copy->keys = ARENA_NEW(collection->scratch, YamlNode *, (size_t)document->count + 1);
    copy->values = ARENA_NEW(collection->scratch, YamlNode *, (size_t)document->count + 1);
    if (!copy->keys || !copy->values)
        return NULL;
    copy->count = 0;
    for (uint32_t i = 0; i < document->count; i++) {
        if (text_equal(document->keys[i]->text, TEXT("action")))
            continue;
        copy->keys[copy->count] = document->keys[i];
        copy->values[copy->count++] = document->values[i];
    }
    return copy;
}

static const YamlNode *laid_over(Collection *collection, const YamlNode *document,
                                 const YamlNode *over)
{
    YamlNode *merged = yaml_merge(collection->scratch, document, over);
    if (merged)
        merged->line = document->line;
    return merged;
}

static bool plain_document(Collection *collection, const YamlNode *document)
{
    if (document->kind == YAML_MAP && is_plain_rule(document)) {
        if (collection->global)
            document = laid_over(collection, document, collection->global);
        if (!document)
            return false;
        collection->previous = document;
    }
    return collection->out->document(collection->out->ctx, document);
}

static bool unknown_action(Collection *collection, const YamlNode *action)
{
    Problem problem = {0};
    if (action->kind == YAML_SCALAR)
        problem_set(&problem, action->line, "unknown action %s",
                    quote(action->text.ptr, action->text.len).str);
    else
        problem_set(&problem, action->line, "the action is no text");
    return collection->out->problem(collection->out->ctx, &problem);
}

static bool repeat_previous(Collection *collection, const YamlNode *changes)
{
    if (!collection->previous) {
        Problem problem = {0};
        problem_set(&problem, changes->line, "action repeat: there is no rule before it");
        return collection->out->problem(collection->out->ctx, &problem);
    }
    YamlNode *document = yaml_merge(collection->scratch, collection->previous, changes);
    if (!document)
        return false;
    document->line = changes->line;
    collection->previous = document;
    return collection->out->document(collection->out->ctx, document);
}

static bool any_document(Collection *collection, const YamlNode *document)
{
    const YamlNode *action = yaml_get(document, "action");
    if (!action)
        return plain_document(collection, document);
    if (action->kind != YAML_SCALAR)
        return unknown_action(collection, action);
    if (text_equal(action->text, TEXT("reset"))) {
        collection->global = NULL;
        return true;
    }
    bool global = text_equal(action->text, TEXT("global"));
    if (!global && !text_equal(action->text, TEXT("repeat")))
        return unknown_action(collection, action);
    const YamlNode *rest = without_action(collection, document);
    if (!rest)
        return false;
    if (!global)
        return repeat_previous(collection, rest);
    collection->global = rest;
    collection->previous = rest;
    return true;
}

bool collection_read(Arena *scratch, Text file, const CollectionOut *out)
{
    Collection collection = {.scratch = scratch, .out = out};
    YamlDocs docs;
    Problem problem = {0};
    bool whole = yaml_parse(scratch, file, &docs, &problem);
    size_t given = 0;
    for (size_t i = 0; i < docs.count; i++) {
        if (!docs.docs[i] || (docs.docs[i]->kind == YAML_SCALAR && docs.docs[i]->text.len == 0))
            continue;
        given++;
        if (!any_document(&collection, docs.docs[i]))
            return false;
    }
    if (!whole)
        return !problem.no_memory && out->problem(out->ctx, &problem);
    if (given == 0) {
        problem_set(&problem, 0, "there is no rule in it");
        return out->problem(out->ctx, &problem);
    }
    return true;
}
