/* plan_fields.c: templates to native fields. Gives what dom_fields.c gives, for ordinary shapes. */
#include "format/evtx/plan.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/digits.h"
#include "format/evtx/dom.h"
#include "format/evtx/scalar.h"

#define STEPS_MAX 4096

typedef enum StepKind {
    STEP_FIELD,    /* value, also when empty; an array gives one field an item */
    STEP_NONEMPTY, /* value unless empty */
    STEP_PARAM,    /* value as the next param */
    STEP_TEXT,     /* literal text */
    STEP_NOTHING,  /* a field without value */
    STEP_SKIP_NULL,
    STEP_NESTED, /* a document whose roots become parts of the Event */
} StepKind;

typedef struct Step {
    uint8_t kind;
    uint16_t index;
    uint32_t jump;
    NameId name;
    Span text; /* UTF-16LE */
} Step;

struct FieldPlan {
    bool is_event; /* the root is Event; else it is a part of one */
    const Step *steps;
    uint32_t step_count;
};

static const FieldPlan NOT_COMPILED;

typedef struct Compiler {
    Sink *sink;
    Buf path;
    Step steps[STEPS_MAX];
    uint32_t step_count;
    bool failed;
} Compiler;

static Step *add_step(Compiler *c, StepKind kind, uint16_t index)
{
    if (c->step_count == STEPS_MAX) {
        c->failed = true;
        return &c->steps[0];
    }
    Step *step = &c->steps[c->step_count++];
    *step = (Step){.kind = (uint8_t)kind, .index = index};
    if (kind != STEP_SKIP_NULL && kind != STEP_NESTED && kind != STEP_PARAM)
        step->name = sink_name(c->sink, buf_text(&c->path));
    return step;
}

static size_t path_push(Compiler *c, Text name)
{
    size_t mark = c->path.len;
    if (mark)
        buf_add_char(&c->path, '.');
    buf_add_text(&c->path, name);
    return mark;
}

/* The only piece of content with something in it, or NULL for none; odd content fails. */
static const Node *single(Compiler *c, const Node *first)
{
    const Node *found = NULL;
    for (const Node *node = first; node; node = node->next) {
        if (node->kind == NODE_ELEMENT || (node->kind == NODE_TEXT && !node->text.len))
            continue;
        if (found || (node->kind != NODE_TEXT && node->kind != NODE_VALUE))
            c->failed = true;
        found = node;
    }
    return found;
}

static bool has_elements(const Node *element)
{
    for (const Node *node = element->children; node; node = node->next)
        if (node->kind == NODE_ELEMENT)
            return true;
    return false;
}

static void compile_attributes(Compiler *c, const Node *element, const Node *skip)
{
    for (const Node *a = element->attributes; a; a = a->next) {
        const Node *value = single(c, a->children);
        if (a == skip || !value || text_equal(a->name, TEXT("xmlns")) ||
            text_starts(a->name, TEXT("xmlns:")))
            continue;
        size_t mark = path_push(c, a->name);
        if (value->kind == NODE_VALUE)
            add_step(c, STEP_NONEMPTY, value->index);
        else
            add_step(c, STEP_TEXT, 0)->text = value->text;
        c->path.len = mark;
    }
}

static void compile_element(Compiler *c, const Node *element, bool keep_empty);

static uint32_t begin_dependent(Compiler *c, const Node *element)
{
    if (element->dependency == BINXML_NO_DEPENDENCY)
        return UINT32_MAX;
    add_step(c, STEP_SKIP_NULL, element->dependency);
    return c->step_count - 1;
}

static void end_dependent(Compiler *c, uint32_t step)
{
    if (step != UINT32_MAX)
        c->steps[step].jump = c->step_count;
}

static void compile_data(Compiler *c, const Node *data)
{
    const Node *name = NULL;
    for (const Node *a = data->attributes; a; a = a->next)
        if (text_equal(a->name, TEXT("Name")))
            name = a;
    const Node *name_text = name ? single(c, name->children) : NULL;
    const Node *value = single(c, data->children);
    if (has_elements(data) || (name && (!name_text || name_text->kind != NODE_TEXT)) ||
        (!name && (data->attributes || !value || value->kind != NODE_VALUE))) {
        c->failed = true;
        return;
    }
    if (!name) {
        add_step(c, STEP_PARAM, value->index);
        return;
    }
    size_t mark = c->path.len;
    unsigned ignored = 0;
    c->path.len = 0;
    evtx_text_value(&c->path, EVTX_STRING, name_text->text.ptr, name_text->text.len, &ignored);
    if (!value)
        add_step(c, STEP_NOTHING, 0);
    else if (value->kind == NODE_TEXT)
        add_step(c, STEP_TEXT, 0)->text = value->text;
    else
        add_step(c, STEP_FIELD, value->index);
    if (data->attributes->next)
        compile_attributes(c, data, name);
    c->path.len = mark;
}

static void compile_children(Compiler *c, const Node *element, bool keep_empty)
{
    bool container = dom_is_container(element->name);
    for (const Node *node = element->children; node && !c->failed; node = node->next) {
        if (node->kind != NODE_ELEMENT)
            continue;
        uint32_t dependent = begin_dependent(c, node);
        if (container && text_equal(node->name, TEXT("Data")))
            compile_data(c, node);
        else
            compile_element(c, node, keep_empty);
        end_dependent(c, dependent);
    }
}

static void compile_element(Compiler *c, const Node *element, bool keep_empty)
{
    size_t mark = path_push(c, element->name);
    const Node *value = single(c, element->children);
    bool bare = !element->attributes && !has_elements(element);
    if (element->name_damaged || (value && has_elements(element))) {
        c->failed = true; /* text beside elements, or a nested document below the parts */
    } else if (value && value->kind == NODE_TEXT) {
        add_step(c, STEP_TEXT, 0)->text = value->text;
    } else if (value) {
        add_step(c, keep_empty && bare ? STEP_FIELD : STEP_NONEMPTY, value->index);
    } else if (keep_empty && bare) {
        add_step(c, STEP_NOTHING, 0);
    }
    compile_attributes(c, element, NULL);
    compile_children(c, element, keep_empty);
    c->path.len = mark;
}

/* System, EventData, UserData, …: what stands directly in Event. */
static void compile_part(Compiler *c, const Node *part)
{
    if (!dom_is_container(part->name)) {
        compile_element(c, part, !text_equal(part->name, TEXT("System")));
        return;
    }
    if (single(c, part->children))
        c->failed = true; /* text, or a nested document, in the container */
    size_t mark = path_push(c, part->name);
    compile_attributes(c, part, NULL);
    c->path.len = mark;
    compile_children(c, part, true);
}

static void compile_event(Compiler *c, const Node *event)
{
    unsigned nested = 0;
    for (const Node *node = event->children; node && !c->failed; node = node->next) {
        if (node->kind == NODE_ELEMENT) {
            uint32_t dependent = begin_dependent(c, node);
            compile_part(c, node);
            end_dependent(c, dependent);
        } else if (node->kind == NODE_VALUE && !nested++) {
            add_step(c, STEP_NESTED, node->index);
        } else if (node->kind != NODE_TEXT || node->text.len) {
            c->failed = true;
        }
    }
}

/* Steps and their texts, as long-lived as the template. */
static const FieldPlan *finish(const Compiler *c, Arena *arena, bool is_event)
{
    FieldPlan *plan = ARENA_NEW(arena, FieldPlan, 1);
    Step *steps = ARENA_NEW(arena, Step, c->step_count + 1);
    if (!plan || !steps)
        return &NOT_COMPILED;
    for (uint32_t i = 0; i < c->step_count; i++) {
        Text text;
        steps[i] = c->steps[i];
        if (!arena_copy_text(arena, text_from_span(steps[i].text), &text))
            return &NOT_COMPILED;
        steps[i].text = text_span(text);
    }
    *plan = (FieldPlan){.is_event = is_event, .steps = steps, .step_count = c->step_count};
    return plan;
}

static const FieldPlan *compile(Binxml *bx, Definition *definition, Sink *sink)
{
    const Node *document = definition->damage ? NULL : binxml_document(bx, definition);
    const Node *root = document ? document->children : NULL;
    if (!root || root->kind != NODE_ELEMENT || root->next || root->name_damaged)
        return &NOT_COMPILED;
    Compiler *c = malloc(sizeof *c);
    if (!c)
        return &NOT_COMPILED;
    c->sink = sink;
    c->step_count = 0;
    c->failed = false;
    buf_init(&c->path, 4u * EVTX_CHUNK_SIZE);
    bool is_event = text_equal(root->name, TEXT("Event"));
    if (is_event)
        compile_event(c, root);
    else
        compile_part(c, root);
    const FieldPlan *plan = c->failed || c->path.failed
                                ? &NOT_COMPILED
                                : finish(c, definition->template->arena, is_event);
    buf_done(&c->path);
    free(c);
    return plan;
}

/* The plan of a definition; it has no steps when only the general way will do. */
static const FieldPlan *field_plan(Binxml *bx, Definition *definition, Sink *sink)
{
    Template *template = definition->template;
    if (!template->fields)
        template->fields = compile(bx, definition, sink);
    return template->fields;
}

typedef struct Run {
    Binxml *bx;
    Sink *sink;
    unsigned *faults;
    uint32_t params;
    unsigned depth; /* of nested documents; the general way reports what exceeds it */
} Run;

static NameId param_name(Run *run)
{
    char name[5 + DIGITS_U64_ROOM] = "param";
    const char *end = digits_put_u64(name + 5, ++run->params);
    return sink_name(run->sink, text_of(name, (size_t)(end - name)));
}

/* One field, or one an item of an array. Items of no array are as dom.c has them: null. */
static bool add_value(Run *run, const Step *step, const ValueRef *v)
{
    const uint8_t *bytes = run->bx->chunk->bytes + v->offset;
    bool array = (v->type & EVTX_ARRAY) != 0;
    if (v->type == EVTX_BINXML)
        return false;
    if (!array || v->size == 0) {
        NameId name = step->kind == STEP_PARAM ? param_name(run) : step->name;
        evtx_sink_value(run->sink, name, array ? EVTX_NULL : v->type, bytes, v->size, run->faults);
        return true;
    }
    Span item;
    size_t pos = 0;
    unsigned ignored = 0;
    while (evtx_array_next(v->type, span_of(bytes, v->size), &pos, &item, &ignored)) {
        NameId name = step->kind == STEP_PARAM ? param_name(run) : step->name;
        evtx_sink_value(run->sink, name, v->type & (uint8_t)~EVTX_ARRAY, item.ptr, item.len,
                        run->faults);
    }
    return true;
}

static const ValueRef NULL_VALUE = {.type = EVTX_NULL};

static bool run_plan(Run *run, const FieldPlan *plan, const Instance *instance)
{
    for (const Step *step = plan->steps, *end = step + plan->step_count; step < end; step++) {
        const ValueRef *v =
            step->index < instance->count ? &instance->values[step->index] : &NULL_VALUE;
        switch ((StepKind)step->kind) {
        case STEP_FIELD:
        case STEP_PARAM:
            if (!add_value(run, step, v))
                return false;
            break;
        case STEP_NONEMPTY:
            if (evtx_value_empty(v))
                break;
            if (v->type == EVTX_BINXML || (v->type & EVTX_ARRAY))
                return false;
            evtx_sink_value(run->sink, step->name, v->type, run->bx->chunk->bytes + v->offset,
                            v->size, run->faults);
            break;
        case STEP_TEXT:
            evtx_sink_value(run->sink, step->name, EVTX_STRING, step->text.ptr, step->text.len,
                            run->faults);
            break;
        case STEP_NOTHING:
            sink_add(run->sink, step->name, (Value){.type = VALUE_NULL});
            break;
        case STEP_SKIP_NULL:
            if (v->type == EVTX_NULL && step->index < instance->count)
                step = plan->steps + step->jump - 1;
            break;
        case STEP_NESTED: {
            if (evtx_value_empty(v))
                break;
            uint32_t mark = run->bx->values_used;
            Instance nested;
            if (!plan_nested(run->bx, v, &nested))
                return false;
            const FieldPlan *inner = field_plan(run->bx, nested.definition, run->sink);
            bool ok = inner->steps && !inner->is_event && run->depth < BINXML_NESTING_MAX;
            run->depth++;
            ok = ok && run_plan(run, inner, &nested);
            run->depth--;
            run->bx->values_used = mark;
            if (!ok)
                return false;
            break;
        }
        }
    }
    return true;
}

bool plan_fields(Binxml *bx, const Instance *instance, Sink *sink, unsigned *faults)
{
    const FieldPlan *plan = field_plan(bx, instance->definition, sink);
    unsigned faults_before = *faults;
    Run run = {.bx = bx, .sink = sink, .faults = faults};
    if (plan->steps && plan->is_event && run_plan(&run, plan, instance))
        return true;
    sink_drop(sink);
    *faults = faults_before;
    return false;
}

bool plan_nested(Binxml *bx, const ValueRef *value, Instance *ret)
{
    uint32_t at, end = value->offset + value->size;
    Err ignored;
    if (value->type != EVTX_BINXML || !binxml_is_instance(bx, value->offset, end, &at) ||
        !binxml_instance(bx, at, end, ret, &ignored))
        return false;
    if (!ret->definition->damage && (ret->end == end || bx->chunk->bytes[ret->end] == 0))
        return true;
    bx->values_used -= ret->count;
    return false;
}
