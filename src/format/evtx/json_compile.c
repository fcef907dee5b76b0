/* json_compile.c: a template's tree to steps. What is not ordinary fails, and the template takes
 * the general way (dom.h). */
#include "format/evtx/json_plan.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/json.h"
#include "format/evtx/dom.h"
#include "format/evtx/scalar.h"

#define STEPS_MAX    4096
#define SIBLINGS_MAX 512 /* children compared for equal names; more take the general way */

static const JsonPlan NOT_COMPILED;

typedef struct Compiler {
    Arena *arena;
    Buf literals;
    size_t literal_from; /* start of the literal that the next step begins with */
    Step steps[STEPS_MAX];
    uint32_t step_count;
    uint16_t list[STEPS_MAX];
    uint32_t list_count;
    const Text *siblings;
    uint32_t sibling_count;
    bool nested, nested_in_container;
    bool failed;
} Compiler;

static Step *add_step(Compiler *c, StepKind kind, uint16_t index)
{
    if (c->step_count == STEPS_MAX) {
        c->failed = true;
        return &c->steps[0];
    }
    Step *step = &c->steps[c->step_count++];
    *step = (Step){.kind = (uint8_t)kind,
                   .index = index,
                   .literal = (uint32_t)c->literal_from,
                   .literal_len = (uint32_t)(c->literals.len - c->literal_from),
                   .suffix = ",",
                   .suffix_len = 1};
    c->literal_from = c->literals.len;
    return step;
}

static void add_key(Compiler *c, Text name)
{
    json_text(&c->literals, name);
    buf_add_char(&c->literals, ':');
}

/* A step with a key literal of its own (written only under the step's condition). */
static void add_keyed_step(Compiler *c, StepKind kind, uint16_t index, Text name)
{
    Step *step = add_step(c, kind, index);
    step->key = (uint32_t)c->literals.len;
    add_key(c, name);
    step->key_len = (uint32_t)(c->literals.len - step->key);
    c->literal_from = c->literals.len;
}

static void add_literal_text(Compiler *c, Span units)
{
    unsigned ignored = 0;
    char *out = buf_reserve(&c->literals, EVTX_JSON_ROOM(units.len));
    if (out)
        c->literals.len +=
            (size_t)(evtx_json_value(out, EVTX_STRING, units.ptr, units.len, &ignored) - out);
}

/* What stands in an element or attribute. */
typedef enum ContentKind {
    CONTENT_NONE,
    CONTENT_TEXT,
    CONTENT_VALUE,
    CONTENT_TREE,
    CONTENT_ODD
} ContentKind;

static ContentKind classify(const Node *first)
{
    ContentKind kind = CONTENT_NONE;
    for (const Node *node = first; node; node = node->next) {
        if (node->kind == NODE_ELEMENT) {
            if (kind != CONTENT_NONE && kind != CONTENT_TREE)
                return CONTENT_ODD;
            kind = CONTENT_TREE;
        } else if (node->kind == NODE_TEXT && !node->text.len) {
            continue;
        } else if (kind == CONTENT_NONE && node->kind == NODE_TEXT) {
            kind = CONTENT_TEXT;
        } else if (kind == CONTENT_NONE && node->kind == NODE_VALUE) {
            kind = CONTENT_VALUE;
        } else if (node->kind == NODE_VALUE && kind == CONTENT_TREE) {
            continue; /* a nested document beside elements */
        } else {
            return CONTENT_ODD;
        }
    }
    return kind;
}

/* Substitution or literal text of a CONTENT_VALUE or CONTENT_TEXT. */
static const Node *single(const Node *first)
{
    while (first && first->kind == NODE_TEXT && !first->text.len)
        first = first->next;
    return first;
}

/* Attributes up to, not including, the end of their object. Returns how many may appear. */
static unsigned compile_attributes(Compiler *c, const Node *element)
{
    unsigned count = 0;
    buf_add(&c->literals, ATTRIBUTES_OPEN, ATTRIBUTES_OPEN_LEN);
    for (const Node *attribute = element->attributes; attribute; attribute = attribute->next) {
        const Node *value = single(attribute->children);
        switch (classify(attribute->children)) {
        case CONTENT_NONE:
            continue;
        case CONTENT_TEXT:
            add_key(c, attribute->name);
            add_literal_text(c, value->text);
            buf_add_char(&c->literals, ',');
            break;
        case CONTENT_VALUE:
            add_keyed_step(c, STEP_ATTRIBUTE, value->index, attribute->name);
            break;
        case CONTENT_TREE:
        case CONTENT_ODD:
            c->failed = true;
        }
        count++;
    }
    return count;
}

static void compile_element(Compiler *c, const Node *element, bool root);

static bool is_data(const Node *node)
{
    return node->kind == NODE_ELEMENT && text_equal(node->name, TEXT("Data"));
}

static const Node *name_attribute(const Node *data)
{
    for (const Node *a = data->attributes; a; a = a->next)
        if (text_equal(a->name, TEXT("Name")))
            return a;
    return NULL;
}

static uint32_t begin_dependent(Compiler *c, const Node *element)
{
    if (element->dependency == BINXML_NO_DEPENDENCY)
        return UINT32_MAX;
    add_step(c, STEP_SKIP_NULL, element->dependency);
    return c->step_count - 1;
}

/* A literal that has no step yet. */
static bool literal_pending(const Compiler *c)
{
    return c->literals.len > c->literal_from;
}

/* Most dependent elements are one value: the condition becomes part of its step. */
static bool join_condition(Compiler *c, uint32_t at)
{
    const Step *skip = &c->steps[at], *inner = skip + 1;
    if (c->step_count != at + 2 || skip->literal_len ||
        (inner->kind != STEP_MEMBER && inner->kind != STEP_DATA))
        return false;
    Step joined = *inner;
    joined.kind = inner->kind == STEP_MEMBER ? STEP_MEMBER_IF : STEP_DATA_IF;
    joined.jump = skip->index;
    c->steps[at] = joined;
    c->step_count--;
    return true;
}

static void end_dependent(Compiler *c, uint32_t step)
{
    if (step == UINT32_MAX)
        return;
    if (literal_pending(c))
        add_step(c, STEP_LITERAL, 0); /* what belongs to the element must not leak past the jump */
    if (!join_condition(c, step))
        c->steps[step].jump = (uint16_t)c->step_count;
}

/* <Data Name="literal">%n</Data>, <Data Name="literal">text</Data>, <Data Name="literal"/>. */
static void compile_named_data(Compiler *c, const Node *data)
{
    const Node *name = name_attribute(data);
    const Node *name_text = single(name->children);
    const Node *value = single(data->children);
    ContentKind content = classify(data->children);
    uint32_t dependent = begin_dependent(c, data);
    add_literal_text(c, name_text->text);
    buf_add_char(&c->literals, ':');
    if (content == CONTENT_VALUE) {
        add_step(c, STEP_DATA, value->index);
    } else if (content == CONTENT_TEXT) {
        add_literal_text(c, value->text);
        buf_add_char(&c->literals, ',');
    } else if (content == CONTENT_NONE) {
        BUF_LITERAL(&c->literals, "\"\",");
    } else {
        c->failed = true;
    }
    end_dependent(c, dependent);
}

/* All Data of a container whose Data have no Name: one step at the first of them. Only a single one
 * may depend on a value. */
static void compile_positional(Compiler *c, const Node *first)
{
    uint32_t from = c->list_count;
    const Node *dependent = NULL;
    for (const Node *node = first; node; node = node->next) {
        if (!is_data(node))
            continue;
        const Node *value = single(node->children);
        if (classify(node->children) != CONTENT_VALUE || c->list_count == STEPS_MAX || dependent ||
            node->attributes) {
            c->failed = true;
            return;
        }
        if (node->dependency != BINXML_NO_DEPENDENCY)
            dependent = node;
        c->list[c->list_count++] = value->index;
    }
    uint32_t count = c->list_count - from;
    c->failed |= dependent && count > 1;
    uint32_t condition = dependent ? begin_dependent(c, dependent) : UINT32_MAX;
    add_step(c, STEP_POSITIONAL, (uint16_t)from)->jump = (uint16_t)count;
    end_dependent(c, condition);
}

typedef enum DataForm { DATA_NONE, DATA_NAMED, DATA_POSITIONAL, DATA_MIXED } DataForm;

static DataForm data_form(const Node *container)
{
    DataForm form = DATA_NONE;
    for (const Node *node = container->children; node; node = node->next) {
        if (!is_data(node))
            continue;
        const Node *name = name_attribute(node);
        DataForm this_form = name ? DATA_NAMED : DATA_POSITIONAL;
        if (name && classify(name->children) != CONTENT_TEXT)
            return DATA_MIXED;
        if (form != DATA_NONE && form != this_form)
            return DATA_MIXED;
        form = this_form;
    }
    return form;
}

/* The key a child will have: a Data's Name, else the element's name. */
static Span key_units(const Node *child, bool container)
{
    if (container && is_data(child)) {
        const Node *name = name_attribute(child);
        return name ? single(name->children)->text : (Span){0};
    }
    return text_span(child->name);
}

/* Equal keys are numbered by the general way. Compared by hash: a false alarm costs only speed. A
 * Data and another element are numbered separately, so their hashes are kept apart. */
static bool keys_distinct(const Node *element, bool container, DataForm form)
{
    uint32_t hashes[SIBLINGS_MAX];
    uint32_t count = 0;
    for (const Node *node = element->children; node; node = node->next) {
        bool data = is_data(node);
        if (node->kind != NODE_ELEMENT || (form == DATA_POSITIONAL && data))
            continue;
        if (count == SIBLINGS_MAX)
            return false;
        Span key = key_units(node, container);
        uint32_t hash = (uint32_t)hash64(key.ptr, key.len, data);
        for (uint32_t i = 0; i < count; i++)
            if (hashes[i] == hash)
                return false;
        hashes[count++] = hash;
    }
    return true;
}

static void remember_siblings(Compiler *c, const Node *element)
{
    uint32_t count = 0;
    for (const Node *node = element->children; node; node = node->next)
        count += node->kind == NODE_ELEMENT;
    Text *names = ARENA_NEW(c->arena, Text, count + 1);
    count = 0;
    if (!names || c->nested) { /* two nested documents in a template: the general way */
        c->failed = true;
        return;
    }
    for (const Node *node = element->children; node && !c->failed; node = node->next)
        if (node->kind == NODE_ELEMENT && count < SIBLINGS_MAX)
            c->failed = !arena_copy_text(c->arena, node->name, &names[count++]);
    c->nested = true;
    c->siblings = names;
    c->sibling_count = count;
}

static void compile_members(Compiler *c, const Node *element)
{
    bool container = dom_is_container(element->name), positional_done = false;
    DataForm form = container ? data_form(element) : DATA_NONE;
    if (form == DATA_MIXED || !keys_distinct(element, container, form)) {
        c->failed = true;
        return;
    }
    for (const Node *node = element->children; node && !c->failed; node = node->next) {
        if (node->kind == NODE_TEXT)
            continue;
        if (node->kind == NODE_VALUE) {
            remember_siblings(c, element);
            c->nested_in_container = container;
            add_step(c, STEP_NESTED, node->index);
        } else if (container && is_data(node)) {
            if (form == DATA_NAMED)
                compile_named_data(c, node);
            else if (!positional_done)
                compile_positional(c, element->children);
            positional_done = true;
        } else {
            uint32_t dependent = begin_dependent(c, node);
            compile_element(c, node, false);
            end_dependent(c, dependent);
        }
    }
}

/* A value that stands alone in an element is a nested document when the element is a container
 * or the root; elsewhere it is a scalar. A surprise at run time takes the general way. */
static bool expects_document(const Node *element, bool root)
{
    return root || dom_is_container(element->name);
}

/* With the last attribute, if nothing stands behind it. */
static void close_attributes(Compiler *c)
{
    Step *last = c->step_count ? &c->steps[c->step_count - 1] : NULL;
    if (!last || last->kind != STEP_ATTRIBUTE || literal_pending(c)) {
        add_step(c, STEP_CLOSE_ATTRIBUTES, 0);
        return;
    }
    last->kind = STEP_LAST_ATTRIBUTE;
    memcpy(last->suffix, "}},", 3);
    last->suffix_len = 3;
}

static void compile_element(Compiler *c, const Node *element, bool root)
{
    ContentKind content = classify(element->children);
    const Node *value = single(element->children);
    bool tree =
        content == CONTENT_TREE || (content == CONTENT_VALUE && expects_document(element, root));
    if (content == CONTENT_ODD || element->name_damaged) {
        c->failed = true;
        return;
    }
    add_key(c, element->name);
    if (!element->attributes && !tree) {
        if (content == CONTENT_VALUE) {
            add_step(c, STEP_MEMBER, value->index);
        } else if (content == CONTENT_TEXT) {
            add_literal_text(c, value->text);
            buf_add_char(&c->literals, ',');
        } else {
            BUF_LITERAL(&c->literals, "null,");
        }
        return;
    }
    if (element->attributes)
        (void)compile_attributes(c, element);
    else
        buf_add_char(&c->literals, '{');
    if (tree) {
        if (element->attributes)
            add_step(c, STEP_CLOSE_FOR_MEMBERS, 0);
        compile_members(c, element);
        add_step(c, STEP_CLOSE_OBJECT, 0);
    } else if (content == CONTENT_VALUE) {
        add_step(c, STEP_CLOSE_FOR_TEXT, value->index);
    } else if (content == CONTENT_NONE) {
        close_attributes(c);
    } else {
        c->failed = true; /* attributes and literal text */
    }
}

static bool writes_value(const Step *step)
{
    return step->kind == STEP_MEMBER || step->kind == STEP_MEMBER_IF || step->kind == STEP_DATA ||
           step->kind == STEP_DATA_IF || step->kind == STEP_ATTRIBUTE ||
           step->kind == STEP_LAST_ATTRIBUTE || step->kind == STEP_CLOSE_FOR_TEXT;
}

static void raise_to(uint32_t *highest, uint32_t value)
{
    *highest = value > *highest ? value : *highest;
}

/* So that running need not look whether a value is there. */
static uint32_t values_needed(const Compiler *c)
{
    uint32_t needed = 0;
    for (uint32_t i = 0; i < c->step_count; i++) {
        const Step *step = &c->steps[i];
        if (step->kind == STEP_MEMBER_IF || step->kind == STEP_DATA_IF)
            raise_to(&needed, step->jump + 1u);
        if (writes_value(step) || step->kind == STEP_SKIP_NULL || step->kind == STEP_NESTED)
            raise_to(&needed, step->index + 1u);
    }
    for (uint32_t i = 0; i < c->list_count; i++)
        raise_to(&needed, c->list[i] + 1u);
    return needed;
}

/* An upper bound, exact for indexes below 256: others share a counter. */
static size_t most_used_value(const Compiler *c)
{
    size_t uses[256] = {0}, most = 1;
    for (uint32_t i = 0; i < c->step_count; i++)
        if (writes_value(&c->steps[i])) {
            size_t n = ++uses[c->steps[i].index & 255];
            most = n > most ? n : most;
        }
    return most;
}

static const JsonPlan *finish(Compiler *c, Text root_name)
{
    Text root;
    Arena *arena = c->arena;
    JsonPlan *plan = ARENA_NEW(arena, JsonPlan, 1);
    Step *steps = ARENA_NEW(arena, Step, c->step_count);
    uint16_t *list = ARENA_NEW(arena, uint16_t, c->list_count + 1);
    char *literals = arena_alloc(arena, c->literals.len + COPY_SLACK);
    if (!plan || !steps || !list || !literals || !arena_copy_text(arena, root_name, &root))
        return &NOT_COMPILED;
    memcpy(steps, c->steps, c->step_count * sizeof *steps);
    memcpy(list, c->list, c->list_count * sizeof *list);
    memcpy(literals, c->literals.ptr, c->literals.len);
    *plan = (JsonPlan){.root = root,
                       .steps = steps,
                       .step_count = c->step_count,
                       .list = list,
                       .literals = literals,
                       .literal_total = c->literals.len,
                       .value_uses = most_used_value(c),
                       .values_needed = values_needed(c),
                       .nested_in_container = c->nested_in_container,
                       .root_is_data = text_equal(root, TEXT("Data")),
                       .siblings = c->siblings,
                       .sibling_count = c->sibling_count};
    return plan;
}

static const JsonPlan *compile(Binxml *bx, Definition *definition)
{
    const Node *document = definition->damage ? NULL : binxml_document(bx, definition);
    const Node *root = document ? document->children : NULL;
    if (!root || root->kind != NODE_ELEMENT || root->next)
        return &NOT_COMPILED;
    Compiler *c = malloc(sizeof *c);
    if (!c)
        return &NOT_COMPILED;
    c->arena = definition->template->arena;
    c->literal_from = 0;
    c->step_count = c->list_count = c->sibling_count = 0;
    c->siblings = NULL;
    c->nested = c->nested_in_container = c->failed = false;
    buf_init(&c->literals, 16u * EVTX_CHUNK_SIZE);
    compile_element(c, root, true);
    add_step(c, STEP_END, 0);
    const JsonPlan *plan = c->failed || c->literals.failed ? &NOT_COMPILED : finish(c, root->name);
    buf_done(&c->literals);
    free(c);
    return plan;
}

const JsonPlan *json_plan_compile(Binxml *bx, Definition *definition)
{
    return definition->template->json = compile(bx, definition);
}
