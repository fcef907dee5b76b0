/* plan_json.c: templates to JSON. A step copies literal bytes and then does one thing. Members
 * are written with a comma behind them; whatever closes an object turns the last comma into '}',
 * so absent optional members need no look-ahead. */
#include "format/evtx/plan.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/json.h"
#include "format/evtx/dom.h"
#include "format/evtx/value16.h"

#define STEPS_MAX    4096
#define SIBLINGS_MAX 512 /* children compared for equal names; more take the general way */
#define COPY_SLACK   32  /* literals may be over-read and output over-written by so much */

typedef enum StepKind {
    STEP_LITERAL,
    STEP_SKIP_NULL,        /* to `jump` when the value is absent (dependency) */
    STEP_MEMBER,           /* value or null, comma */
    STEP_DATA,             /* value or "", comma */
    STEP_ATTRIBUTE,        /* key, value, comma; nothing when empty */
    STEP_CLOSE_ATTRIBUTES, /* end of an element that has nothing else */
    STEP_CLOSE_FOR_TEXT,   /* end of attributes, then the element's text */
    STEP_CLOSE_FOR_MEMBERS,
    STEP_CLOSE_OBJECT,
    STEP_POSITIONAL, /* `jump` values from `index` of the plan's list */
    STEP_NESTED,     /* `key`: name of the parent, for the checks of containers */
} StepKind;

typedef struct Step {
    uint8_t kind;
    uint16_t index;
    uint16_t jump;
    uint32_t literal, literal_len;
    uint32_t key, key_len;
} Step;

struct JsonPlan {
    Text root; /* name of the only root element */
    const Step *steps;
    uint32_t step_count;
    const uint16_t *list;
    const char *literals; /* COPY_SLACK readable bytes behind the last */
    size_t literal_total;
    size_t value_uses;    /* how often the most used value is written */
    const Text *siblings; /* names beside the nested value */
    uint32_t sibling_count;
};

static const JsonPlan NOT_COMPILED;

#define ATTRIBUTES_OPEN     "{\"#attributes\":{"
#define ATTRIBUTES_OPEN_LEN (sizeof ATTRIBUTES_OPEN - 1)

/* Fixed texts, padded so that put_literal may read COPY_SLACK bytes. */
static const char NULL_WORD[COPY_SLACK] = "null";
static const char EMPTY_WORD[COPY_SLACK] = "\"\"";
static const char TEXT_KEY[COPY_SLACK] = ",\"#text\":";
#define NULL_LEN     4
#define EMPTY_LEN    2
#define TEXT_KEY_LEN 9

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
    bool nested;
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
                   .literal_len = (uint32_t)(c->literals.len - c->literal_from)};
    c->literal_from = c->literals.len;
    return step;
}

/* A step with a key literal of its own (written only under the step's condition). */
static void add_keyed_step(Compiler *c, StepKind kind, uint16_t index, Text name)
{
    Step *step = add_step(c, kind, index);
    step->key = (uint32_t)c->literals.len;
    buf_add_char(&c->literals, '"');
    json_escape(&c->literals, name);
    BUF_LITERAL(&c->literals, "\":");
    step->key_len = (uint32_t)(c->literals.len - step->key);
    c->literal_from = c->literals.len;
}

static void add_key(Compiler *c, Text name)
{
    buf_add_char(&c->literals, '"');
    json_escape(&c->literals, name);
    BUF_LITERAL(&c->literals, "\":");
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

static void end_dependent(Compiler *c, uint32_t step)
{
    if (step == UINT32_MAX)
        return;
    add_step(c, STEP_LITERAL, 0); /* what belongs to the element must not leak past the jump */
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
    unsigned ignored = 0;
    char *out = buf_reserve(&c->literals, EVTX_JSON_ROOM(name_text->text.len));
    if (!out)
        return;
    c->literals.len += (size_t)(evtx_json_value(out, EVTX_STRING, name_text->text.ptr,
                                                name_text->text.len, &ignored) -
                                out);
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

/* All Data of a container whose Data have no Name: one step at the first of them. */
static void compile_positional(Compiler *c, const Node *first)
{
    uint32_t from = c->list_count;
    for (const Node *node = first; node; node = node->next) {
        if (!is_data(node))
            continue;
        const Node *value = single(node->children);
        if (classify(node->children) != CONTENT_VALUE || c->list_count == STEPS_MAX ||
            node->dependency != BINXML_NO_DEPENDENCY || node->attributes) {
            c->failed = true;
            return;
        }
        c->list[c->list_count++] = value->index;
    }
    add_step(c, STEP_POSITIONAL, (uint16_t)from)->jump = (uint16_t)(c->list_count - from);
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
            add_keyed_step(c, STEP_NESTED, node->index, element->name);
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
        add_step(c, STEP_CLOSE_ATTRIBUTES, 0);
    } else {
        c->failed = true; /* attributes and literal text */
    }
}

static bool writes_value(const Step *step)
{
    return step->kind == STEP_MEMBER || step->kind == STEP_DATA || step->kind == STEP_ATTRIBUTE ||
           step->kind == STEP_CLOSE_FOR_TEXT;
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
    c->nested = c->failed = false;
    buf_init(&c->literals, 16u * EVTX_CHUNK_SIZE);
    compile_element(c, root, true);
    add_step(c, STEP_LITERAL, 0);
    const JsonPlan *plan = c->failed || c->literals.failed ? &NOT_COMPILED : finish(c, root->name);
    buf_done(&c->literals);
    free(c);
    return plan;
}

/* The plan of a definition; its step_count is 0 when only the general way will do. */
static const JsonPlan *json_plan(Binxml *bx, Definition *definition)
{
    Template *template = definition->template;
    if (!template->json)
        template->json = compile(bx, definition);
    return template->json;
}

/* Copies of up to COPY_SLACK bytes are one vector store or two. */
static inline char *put_literal(char *out, const char *literal, uint32_t len)
{
    if (__builtin_expect(len <= COPY_SLACK, 1))
        memcpy(out, literal, COPY_SLACK);
    else
        memcpy(out, literal, len);
    return out + len;
}

typedef struct Run {
    Binxml *bx;
    Buf *out;
    unsigned *faults;
    unsigned depth; /* of nested documents; the general way reports what exceeds it */
} Run;

static bool is_scalar(const ValueRef *v)
{
    return !(v->type & EVTX_ARRAY) && v->type != EVTX_BINXML;
}

static const ValueRef NULL_VALUE = {0, 0, EVTX_NULL};

static inline const ValueRef *value_at(const Instance *instance, uint16_t index)
{
    return index < instance->count ? &instance->values[index] : &NULL_VALUE;
}

static inline char *put_value(const Run *run, char *out, const ValueRef *v)
{
    return evtx_json_value(out, v->type, run->bx->chunk->bytes + v->offset, v->size, run->faults);
}

/* {"#text":X}: the items of all values, in order. */
static bool run_positional(Run *run, const Instance *instance, const uint16_t *list, uint16_t count)
{
    Buf *buf = run->out;
    size_t items = 0, start;
    BUF_LITERAL(buf, "\"Data\":{\"#text\":[");
    start = buf->len;
    for (uint16_t i = 0; i < count; i++) {
        const ValueRef *v = value_at(instance, list[i]);
        if (v->type == EVTX_BINXML)
            return false;
        Span bytes = span_of(run->bx->chunk->bytes + v->offset, v->size);
        Span item = bytes;
        size_t pos = 0;
        bool array = (v->type & EVTX_ARRAY) && v->size;
        unsigned ignored = 0;
        while (!array || evtx_array_next(v->type, bytes, &pos, &item, &ignored)) {
            char *out = buf_reserve(buf, EVTX_JSON_ROOM(item.len) + COPY_SLACK);
            if (!out)
                return false;
            char *at = out;
            if (item.len == 0 || v->type == EVTX_NULL || (!array && (v->type & EVTX_ARRAY))) {
                *at++ = '"';
                *at++ = '"';
            } else {
                at = evtx_json_value(at, v->type & (uint8_t)~EVTX_ARRAY, item.ptr, item.len,
                                     run->faults);
            }
            *at++ = ',';
            buf->len += (size_t)(at - out);
            items++;
            if (!array)
                break;
        }
    }
    if (buf->failed)
        return false;
    if (items == 1) { /* a single one stands without brackets */
        memmove(buf->ptr + start - 1, buf->ptr + start, buf->len - start);
        buf->len--;
        buf->ptr[buf->len - 1] = '}';
    } else {
        if (items)
            buf->len--;
        BUF_LITERAL(buf, "]}");
    }
    buf_add_char(buf, ',');
    return !buf->failed;
}

static bool run_plan(Run *run, const JsonPlan *plan, const Instance *instance);

static bool run_nested(Run *run, const JsonPlan *outer, const Step *step, const ValueRef *value)
{
    if (evtx_value_empty(value))
        return true;
    uint32_t mark = run->bx->values_used;
    Instance nested;
    if (!plan_nested(run->bx, value, &nested))
        return false;
    const JsonPlan *plan = json_plan(run->bx, nested.definition);
    bool ok = plan->step_count != 0;
    for (uint32_t i = 0; ok && i < outer->sibling_count; i++)
        ok = !text_equal(outer->siblings[i], plan->root);
    Text parent = text_of(outer->literals + step->key + 1, step->key_len - 3); /* of "name": */
    if (ok && dom_is_container(parent) && text_equal(plan->root, TEXT("Data")))
        ok = false;
    ok = ok && run->depth < BINXML_NESTING_MAX;
    run->depth++;
    ok = ok && run_plan(run, plan, &nested);
    run->depth--;
    run->bx->values_used = mark;
    return ok;
}

/* Room that all scalar steps of a plan can need together. */
static size_t plan_room(const JsonPlan *plan, const Instance *instance)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < instance->count; i++)
        bytes += instance->values[i].size;
    return plan->literal_total + (size_t)plan->step_count * EVTX_JSON_ROOM(0) +
           bytes * 3 * plan->value_uses + COPY_SLACK;
}

static bool run_plan(Run *run, const JsonPlan *plan, const Instance *instance)
{
    Buf *buf = run->out;
    size_t room = plan_room(plan, instance);
    char *out = buf_reserve(buf, room);
    if (!out)
        return false;
    for (const Step *step = plan->steps, *end = step + plan->step_count; step < end; step++) {
        out = put_literal(out, plan->literals + step->literal, step->literal_len);
        const ValueRef *v = value_at(instance, step->index);
        switch ((StepKind)step->kind) {
        case STEP_LITERAL:
            break;
        case STEP_SKIP_NULL:
            if (v->type == EVTX_NULL && step->index < instance->count)
                step = plan->steps + step->jump - 1;
            break;
        case STEP_MEMBER:
        case STEP_DATA:
            if (evtx_value_empty(v)) {
                out = step->kind == STEP_DATA ? put_literal(out, EMPTY_WORD, EMPTY_LEN)
                                              : put_literal(out, NULL_WORD, NULL_LEN);
            } else if (is_scalar(v)) {
                out = put_value(run, out, v);
            } else {
                return false;
            }
            *out++ = ',';
            break;
        case STEP_ATTRIBUTE:
            if (evtx_value_empty(v))
                break;
            if (!is_scalar(v))
                return false;
            out = put_literal(out, plan->literals + step->key, step->key_len);
            out = put_value(run, out, v);
            *out++ = ',';
            break;
        case STEP_CLOSE_ATTRIBUTES:
            if (out[-1] == '{') {
                out -= ATTRIBUTES_OPEN_LEN;
                out = put_literal(out, NULL_WORD, NULL_LEN);
            } else {
                out[-1] = '}';
                *out++ = '}';
            }
            *out++ = ',';
            break;
        case STEP_CLOSE_FOR_TEXT: {
            if (!evtx_value_empty(v) && !is_scalar(v))
                return false;
            bool none = out[-1] == '{';
            if (none) {
                out -= ATTRIBUTES_OPEN_LEN;
                if (evtx_value_empty(v))
                    out = put_literal(out, NULL_WORD, NULL_LEN);
                else
                    out = put_value(run, out, v);
            } else {
                out[-1] = '}';
                if (!evtx_value_empty(v)) {
                    out = put_literal(out, TEXT_KEY, TEXT_KEY_LEN);
                    out = put_value(run, out, v);
                }
                *out++ = '}';
            }
            *out++ = ',';
            break;
        }
        case STEP_CLOSE_FOR_MEMBERS:
            if (out[-1] == '{') {
                out -= ATTRIBUTES_OPEN_LEN - 1;
            } else {
                out[-1] = '}';
                *out++ = ',';
            }
            break;
        case STEP_CLOSE_OBJECT:
            if (out[-1] == '{') {
                out--;
                out = put_literal(out, NULL_WORD, NULL_LEN);
            } else {
                out[-1] = '}';
            }
            *out++ = ',';
            break;
        case STEP_POSITIONAL:
        case STEP_NESTED: {
            buf->len = (size_t)(out - buf->ptr);
            bool ok = step->kind == STEP_NESTED
                          ? run_nested(run, plan, step, v)
                          : run_positional(run, instance, plan->list + step->index, step->jump);
            out = ok ? buf_reserve(buf, room) : NULL;
            if (!out)
                return false;
            break;
        }
        }
    }
    buf->len = (size_t)(out - buf->ptr);
    return true;
}

bool plan_json(Binxml *bx, const Instance *instance, Buf *out, unsigned *faults)
{
    const JsonPlan *plan = json_plan(bx, instance->definition);
    if (plan->step_count == 0)
        return false;
    size_t mark = out->len;
    unsigned faults_before = *faults;
    Run run = {.bx = bx, .out = out, .faults = faults};
    buf_add_char(out, '{');
    if (!out->failed && run_plan(&run, plan, instance)) {
        out->ptr[out->len - 1] = '}';
        return true;
    }
    out->len = mark;
    out->failed = false;
    *faults = faults_before;
    return false;
}
