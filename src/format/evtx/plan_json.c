/* plan_json.c: a record to JSON by the steps of its template. */
#include "format/evtx/plan.h"

#include "format/evtx/json_plan.h"
#include "format/evtx/plan_value.h"
#include "format/evtx/scalar.h"

/* Fixed texts, padded so that put_literal may read COPY_SLACK bytes. */
static const char NULL_WORD[COPY_SLACK] = "null";
static const char EMPTY_WORD[COPY_SLACK] = "\"\"";
static const char TEXT_KEY[COPY_SLACK] = ",\"#text\":";
#define NULL_LEN     4
#define EMPTY_LEN    2
#define TEXT_KEY_LEN 9

/* COPY_SLACK bytes a time: one vector store or two. */
static inline char *put_literal(char *out, const char *literal, uint32_t len)
{
    memcpy(out, literal, COPY_SLACK);
    for (uint32_t done = COPY_SLACK; __builtin_expect(done < len, 0); done += COPY_SLACK)
        memcpy(out + done, literal + done, COPY_SLACK);
    return out + len;
}

typedef struct Run {
    Binxml *bx;
    Buf *out;
    unsigned *faults;
    unsigned depth; /* of nested documents; the general way reports what exceeds it */
} Run;

/* NULL for what is no scalar. */
static char *put_value(const Run *run, char *out, const ValueRef *v)
{
    return plan_put_value(out, v, run->bx->chunk->bytes, run->bx, run->faults);
}

/* {"#text":X}: the items of all values, in order. */
static bool run_positional(Run *run, const Instance *instance, const uint16_t *list, uint16_t count)
{
    Buf *buf = run->out;
    size_t items = 0, start;
    BUF_LITERAL(buf, "\"Data\":{\"#text\":[");
    start = buf->len;
    for (uint16_t i = 0; i < count; i++) {
        const ValueRef *v = &instance->values[list[i]];
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

/* May a nested document stand where `outer` has it, with members of no other name beside it? */
static bool may_nest(const JsonPlan *outer, const JsonPlan *plan)
{
    if (plan->step_count == 0 || (outer->nested_in_container && plan->root_is_data))
        return false;
    for (uint32_t i = 0; i < outer->sibling_count; i++)
        if (text_equal(outer->siblings[i], plan->root))
            return false;
    return true;
}

static bool run_nested(Run *run, const JsonPlan *outer, const ValueRef *value)
{
    if (evtx_value_empty(value))
        return true;
    uint32_t mark = run->bx->values_used;
    Instance nested;
    if (run->depth >= BINXML_NESTING_MAX || !plan_nested(run->bx, value, &nested))
        return false;
    const JsonPlan *plan = json_plan(run->bx, nested.definition);
    run->depth++;
    bool ok = may_nest(outer, plan) && run_plan(run, plan, &nested);
    run->depth--;
    run->bx->values_used = mark;
    return ok;
}

/* Room that all scalar steps of a plan can need together. */
static size_t plan_room(const JsonPlan *plan, const Instance *instance)
{
    return plan->literal_total + (size_t)plan->step_count * EVTX_JSON_ROOM(0) +
           (size_t)instance->value_bytes * EVTX_JSON_GROWTH * plan->value_uses + COPY_SLACK;
}

/* The end of an object, of which nothing is left if nothing stands in it: null takes its place. */
static inline char *close_object(char *out)
{
    if (out[-1] == '{')
        out = put_literal(out - 1, NULL_WORD, NULL_LEN);
    else
        out[-1] = '}';
    *out++ = ',';
    return out;
}

/* The end of attributes, to which members follow. */
static inline char *close_for_members(char *out)
{
    if (out[-1] == '{')
        return out - (ATTRIBUTES_OPEN_LEN - 1); /* the element's own brace stays */
    out[-1] = '}';
    *out++ = ',';
    return out;
}

/* The end of attributes and of their element, which has the text `v` or none (NULL). NULL when that
 * is no scalar. */
static char *close_attributes(const Run *run, char *out, const ValueRef *v)
{
    bool none = out[-1] == '{';
    if (none)
        out -= ATTRIBUTES_OPEN_LEN;
    else
        out[-1] = '}';
    if (v && !evtx_value_empty(v)) {
        if (!none)
            out = put_literal(out, TEXT_KEY, TEXT_KEY_LEN);
        out = put_value(run, out, v);
        if (!out)
            return NULL;
    } else if (none) {
        out = put_literal(out, NULL_WORD, NULL_LEN);
    }
    if (!none)
        *out++ = '}';
    *out++ = ',';
    return out;
}

/* Every case goes on with the next step, or leaves a value to be written below. */
static bool run_plan(Run *run, const JsonPlan *plan, const Instance *instance)
{
    if (instance->count < plan->values_needed)
        return false;
    Buf *buf = run->out;
    const ValueRef *values = instance->values;
    const char *literals = plan->literals;
    const uint8_t *chunk = run->bx->chunk->bytes;
    const size_t room = plan_room(plan, instance);
    char *out = buf_reserve(buf, room);
    if (!out)
        return false;
    for (const Step *step = plan->steps;; step++) {
        const char *literal = literals + step->literal;
        const ValueRef *v = values + step->index;
        switch ((StepKind)step->kind) {
        case STEP_END:
            out = put_literal(out, literal, step->literal_len);
            buf->len = (size_t)(out - buf->ptr);
            return true;
        case STEP_LITERAL:
            out = put_literal(out, literal, step->literal_len);
            continue;
        case STEP_SKIP_NULL:
            out = put_literal(out, literal, step->literal_len);
            if (v->type == EVTX_NULL)
                step = plan->steps + step->jump - 1;
            continue;
        case STEP_MEMBER_IF:
            if (values[step->jump].type == EVTX_NULL)
                continue;
            __attribute__((fallthrough));
        case STEP_MEMBER:
            out = put_literal(out, literal, step->literal_len);
            if (!evtx_value_empty(v))
                break;
            out = put_literal(out, NULL_WORD, NULL_LEN);
            *out++ = ',';
            continue;
        case STEP_DATA_IF:
            if (values[step->jump].type == EVTX_NULL)
                continue;
            __attribute__((fallthrough));
        case STEP_DATA:
            out = put_literal(out, literal, step->literal_len);
            if (!evtx_value_empty(v))
                break;
            out = put_literal(out, EMPTY_WORD, EMPTY_LEN);
            *out++ = ',';
            continue;
        case STEP_ATTRIBUTE:
            out = put_literal(out, literal, step->literal_len);
            if (evtx_value_empty(v))
                continue;
            out = put_literal(out, literals + step->key, step->key_len);
            break;
        case STEP_LAST_ATTRIBUTE:
            out = put_literal(out, literal, step->literal_len);
            if (evtx_value_empty(v)) {
                out = close_attributes(run, out, NULL);
                continue;
            }
            out = put_literal(out, literals + step->key, step->key_len);
            break;
        case STEP_CLOSE_ATTRIBUTES:
            out = put_literal(out, literal, step->literal_len);
            out = close_attributes(run, out, NULL);
            continue;
        case STEP_CLOSE_FOR_TEXT:
            out = put_literal(out, literal, step->literal_len);
            out = close_attributes(run, out, v);
            if (!out)
                return false;
            continue;
        case STEP_CLOSE_FOR_MEMBERS:
            out = close_for_members(put_literal(out, literal, step->literal_len));
            continue;
        case STEP_CLOSE_OBJECT:
            out = close_object(put_literal(out, literal, step->literal_len));
            continue;
        case STEP_POSITIONAL:
        case STEP_NESTED: {
            out = put_literal(out, literal, step->literal_len);
            buf->len = (size_t)(out - buf->ptr);
            bool ok = step->kind == STEP_NESTED
                          ? run_nested(run, plan, v)
                          : run_positional(run, instance, plan->list + step->index, step->jump);
            out = ok ? buf_reserve(buf, room) : NULL;
            if (!out)
                return false;
            continue;
        }
        default:
            __builtin_unreachable();
        }
        out = plan_put_value(out, v, chunk, run->bx, run->faults);
        if (!out)
            return false;
        memcpy(out, step->suffix, sizeof step->suffix);
        out += step->suffix_len;
    }
}

size_t plan_json_room(Binxml *bx, const Instance *instance)
{
    size_t outer = plan_room(json_plan(bx, instance->definition), instance);
    return 2 * outer; /* of a nested document as well */
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
