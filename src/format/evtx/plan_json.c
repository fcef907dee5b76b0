/* plan_json.c: a record to JSON by the steps of its template. */
#include "format/evtx/plan.h"

#include "format/evtx/dom.h"
#include "format/evtx/json_plan.h"
#include "format/evtx/scalar.h"

/* Fixed texts, padded so that put_literal may read COPY_SLACK bytes. */
static const char NULL_WORD[COPY_SLACK] = "null";
static const char EMPTY_WORD[COPY_SLACK] = "\"\"";
static const char TEXT_KEY[COPY_SLACK] = ",\"#text\":";
#define NULL_LEN     4
#define EMPTY_LEN    2
#define TEXT_KEY_LEN 9

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
           bytes * EVTX_JSON_GROWTH * plan->value_uses + COPY_SLACK;
}

/* End an object: of attributes, when `v` or members may follow, or any other. One without content
 * is taken back; null stands for an element that has nothing at all. */
static inline char *put_close(const Run *run, char *out, StepKind kind, const ValueRef *v)
{
    bool none = out[-1] == '{', text = !evtx_value_empty(v);
    if (!none)
        out[-1] = '}';
    if (kind == STEP_CLOSE_FOR_MEMBERS) {
        if (none)
            return out - (ATTRIBUTES_OPEN_LEN - 1); /* the element's own brace stays */
    } else if (kind == STEP_CLOSE_OBJECT) {
        if (none)
            out = put_literal(out - 1, NULL_WORD, NULL_LEN);
    } else if (none) {
        out -= ATTRIBUTES_OPEN_LEN;
        out = text ? put_value(run, out, v) : put_literal(out, NULL_WORD, NULL_LEN);
    } else {
        if (text)
            out = put_value(run, put_literal(out, TEXT_KEY, TEXT_KEY_LEN), v);
        *out++ = '}';
    }
    *out++ = ',';
    return out;
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
        case STEP_CLOSE_FOR_TEXT:
            if (!evtx_value_empty(v) && !is_scalar(v))
                return false;
            out = put_close(run, out, STEP_CLOSE_FOR_TEXT, v);
            break;
        case STEP_CLOSE_ATTRIBUTES:
        case STEP_CLOSE_FOR_MEMBERS:
        case STEP_CLOSE_OBJECT:
            out = put_close(run, out, (StepKind)step->kind, &NULL_VALUE);
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
