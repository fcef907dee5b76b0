#include "analysis/detected.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/span.h"
#include "store/analysis.h"

typedef enum DetectedKind { KIND_DETECTIONS = 1, KIND_RULES = 2, KIND_HEAD = 3 } DetectedKind;

#define BLOCK_BYTES (256u * 1024) /* a row of the store is handed over when it has as much */

struct DetectedWriter {
    Store *store;
    DetectedKind kind; /* of what is in the block */
    Buf block;
    uint64_t detections, rules;
};

static bool no_memory(Err *err)
{
    return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for detections");
}

/* ---- writing ---- */

DetectedWriter *detected_writer_create(Store *store, Err *err)
{
    DetectedWriter *writer = calloc(1, sizeof *writer);
    if (!writer) {
        no_memory(err);
        return NULL;
    }
    writer->store = store;
    writer->kind = KIND_DETECTIONS;
    buf_init(&writer->block, ANALYSIS_ROW_MAX);
    if (store_analysis_begin(store, err))
        return writer;
    detected_writer_destroy(writer);
    return NULL;
}

void detected_writer_destroy(DetectedWriter *writer)
{
    if (!writer)
        return;
    buf_done(&writer->block);
    free(writer);
}

static bool flush(DetectedWriter *writer, Err *err)
{
    if (writer->block.failed)
        return no_memory(err);
    bool ok = writer->block.len == 0 ||
              store_analysis_add(writer->store, writer->kind, buf_span(&writer->block), err);
    buf_clear(&writer->block);
    return ok;
}

/* Room for what comes next, of this kind. */
static bool turn_to(DetectedWriter *writer, DetectedKind kind, Err *err)
{
    bool ok = (writer->kind == kind && writer->block.len < BLOCK_BYTES) || flush(writer, err);
    writer->kind = kind;
    return ok;
}

static void put_u8(Buf *out, unsigned v)
{
    buf_add_char(out, (char)v);
}

static void put_u32(Buf *out, uint32_t v)
{
    uint8_t bytes[4];
    store_u32le(bytes, v);
    buf_add(out, bytes, sizeof bytes);
}

static void put_u64(Buf *out, uint64_t v)
{
    uint8_t bytes[8];
    store_u64le(bytes, v);
    buf_add(out, bytes, sizeof bytes);
}

/* Cut between characters. */
static void put_text(Buf *out, Text t)
{
    size_t len = t.len < DETECTED_TEXT_MAX ? t.len : DETECTED_TEXT_MAX;
    while (len < t.len && len > 0 && ((unsigned char)t.ptr[len] & 0xC0) == 0x80)
        len--;
    put_u32(out, (uint32_t)len);
    buf_add(out, t.ptr, len);
}

static void put_event(Buf *out, const DetectedEvent *event)
{
    put_u32(out, event->item);
    put_u32(out, event->sub);
    put_u64(out, event->offset);
    put_u64(out, event->record_id);
    put_u64(out, (uint64_t)event->time);
}

bool detected_put(DetectedWriter *writer, const Detected *detected, Err *err)
{
    if (!turn_to(writer, KIND_DETECTIONS, err))
        return false;
    Buf *out = &writer->block;
    put_u32(out, detected->rule);
    put_event(out, &detected->event);
    put_text(out, detected->computer);
    put_text(out, detected->channel);
    put_text(out, detected->code);
    put_text(out, detected->details);
    put_u64(out, detected->count);
    put_u64(out, (uint64_t)detected->span_first);
    put_u64(out, (uint64_t)detected->span_last);
    put_u32(out, (uint32_t)detected->event_count);
    for (size_t i = 0; i < detected->event_count; i++)
        put_event(out, &detected->events[i]);
    writer->detections++;
    return !out->failed || no_memory(err);
}

bool detected_put_rule(DetectedWriter *writer, const DetectedRule *rule, Err *err)
{
    if (!turn_to(writer, KIND_RULES, err))
        return false;
    Buf *out = &writer->block;
    const unsigned small[] = {rule->kind,   rule->state, rule->level,    rule->level_given,
                              rule->silent, rule->muted, rule->evaluated};
    for (size_t i = 0; i < sizeof small / sizeof small[0]; i++)
        put_u8(out, small[i]);
    put_u64(out, rule->shown);
    put_u64(out, rule->muted_matches);
    put_u64(out, rule->suppressed);
    put_u64(out, rule->undecided);
    put_u32(out, rule->line);
    put_text(out, rule->id);
    put_text(out, rule->title);
    put_text(out, rule->file);
    put_text(out, rule->reason);
    put_u32(out, rule->tag_count);
    for (uint32_t i = 0; i < rule->tag_count; i++)
        put_text(out, rule->tags[i]);
    writer->rules++;
    return !out->failed || no_memory(err);
}

bool detected_end(DetectedWriter *writer, const DetectedHead *head, RunResult *result, Err *err)
{
    if (!turn_to(writer, KIND_HEAD, err))
        return false;
    Buf *out = &writer->block;
    buf_add(out, head->content.bytes, sizeof head->content.bytes);
    put_u64(out, writer->rules);
    put_u64(out, writer->detections);
    put_u64(out, head->without_group);
    put_u64(out, head->without_value);
    put_u64(out, head->without_time);
    put_u64(out, head->too_large);
    return flush(writer, err) && store_analysis_end(writer->store, result, err);
}

/* ---- reading ---- */

typedef struct Reading {
    const DetectedReader *out;
    uint64_t rules, detections; /* met so far */
    uint64_t rule_limit;
    DetectedEvent *events;
} Reading;

static bool damaged(Err *err)
{
    return err_set(
        err, ERR_FORMAT, ERR_NO_OFFSET,
        "case.sqlite: the detections are not what was written; constat verify says more");
}

static Text take_text(Reader *r)
{
    Span bytes = reader_take(r, reader_u32le(r));
    return text_of(bytes.ptr ? (const char *)bytes.ptr : "", bytes.len);
}

static DetectedEvent take_event(Reader *r)
{
    DetectedEvent event;
    event.item = reader_u32le(r);
    event.sub = reader_u32le(r);
    event.offset = reader_u64le(r);
    event.record_id = reader_u64le(r);
    event.time = (Time)reader_u64le(r);
    return event;
}

static bool take_detected(Reading *reading, Reader *r, Err *err)
{
    Detected detected;
    detected.rule = reader_u32le(r);
    detected.event = take_event(r);
    detected.computer = take_text(r);
    detected.channel = take_text(r);
    detected.code = take_text(r);
    detected.details = take_text(r);
    detected.count = reader_u64le(r);
    detected.span_first = (Time)reader_u64le(r);
    detected.span_last = (Time)reader_u64le(r);
    detected.event_count = reader_u32le(r);
    if (r->failed || detected.rule >= reading->rule_limit ||
        detected.event_count > DETECTED_EVENTS_MAX)
        return damaged(err);
    for (size_t i = 0; i < detected.event_count; i++)
        reading->events[i] = take_event(r);
    detected.events = reading->events;
    reading->detections++;
    return r->failed ? damaged(err) : reading->out->detected(reading->out->ctx, &detected, err);
}

static bool take_rule(Reading *reading, Reader *r, Err *err)
{
    unsigned small[7];
    for (size_t i = 0; i < sizeof small / sizeof small[0]; i++)
        small[i] = reader_u8(r);
    if (r->failed || reading->rules >= reading->rule_limit || small[0] > RULE_FILTER ||
        small[1] >= RULE_STATE_COUNT || small[2] >= RULE_LEVEL_COUNT ||
        small[3] >= RULE_LEVEL_COUNT)
        return damaged(err);
    DetectedRule rule = {.kind = (RuleKind)small[0],
                         .state = (RuleState)small[1],
                         .level = (RuleLevel)small[2],
                         .level_given = (RuleLevel)small[3],
                         .silent = small[4] != 0,
                         .muted = small[5] != 0,
                         .evaluated = small[6] != 0};
    rule.shown = reader_u64le(r);
    rule.muted_matches = reader_u64le(r);
    rule.suppressed = reader_u64le(r);
    rule.undecided = reader_u64le(r);
    rule.line = reader_u32le(r);
    rule.id = take_text(r);
    rule.title = take_text(r);
    rule.file = take_text(r);
    rule.reason = take_text(r);
    rule.tag_count = reader_u32le(r);
    if (r->failed || rule.tag_count > DETECTED_TAGS_MAX)
        return damaged(err);
    for (uint32_t i = 0; i < rule.tag_count; i++)
        rule.tags[i] = take_text(r);
    reading->rules++;
    return r->failed ? damaged(err) : reading->out->rule(reading->out->ctx, &rule, err);
}

static bool detections_row(void *ctx, Span row, Err *err)
{
    Reader r = reader_of(row, 0);
    while (reader_left(&r))
        if (!take_detected(ctx, &r, err))
            return false;
    return true;
}

static bool rules_row(void *ctx, Span row, Err *err)
{
    Reader r = reader_of(row, 0);
    while (reader_left(&r))
        if (!take_rule(ctx, &r, err))
            return false;
    return true;
}

typedef struct HeadRow {
    DetectedHead head;
    bool any;
} HeadRow;

static bool head_row(void *ctx, Span row, Err *err)
{
    HeadRow *to = ctx;
    Reader r = reader_of(row, 0);
    DetectedHead head;
    Span content = reader_take(&r, sizeof head.content.bytes);
    if (content.ptr)
        memcpy(head.content.bytes, content.ptr, content.len);
    head.rules = reader_u64le(&r);
    head.detections = reader_u64le(&r);
    head.without_group = reader_u64le(&r);
    head.without_value = reader_u64le(&r);
    head.without_time = reader_u64le(&r);
    head.too_large = reader_u64le(&r);
    if (r.failed || reader_left(&r))
        return damaged(err);
    *to = (HeadRow){.head = head, .any = true};
    return true;
}

bool detected_head(Store *store, DetectedHead *ret, bool *ret_any, Err *err)
{
    HeadRow row = {.any = false};
    if (!store_analysis_each(store, KIND_HEAD, head_row, &row, err))
        return false;
    *ret = row.head;
    *ret_any = row.any;
    return true;
}

bool detected_read(Store *store, const DetectedHead *head, const DetectedReader *reader, Err *err)
{
    Reading reading = {.out = reader, .rule_limit = head->rules};
    reading.events = calloc(DETECTED_EVENTS_MAX, sizeof *reading.events);
    if (!reading.events)
        return no_memory(err);
    bool ok = store_analysis_each(store, KIND_RULES, rules_row, &reading, err) &&
              (reading.rules == head->rules || damaged(err)) &&
              store_analysis_each(store, KIND_DETECTIONS, detections_row, &reading, err) &&
              (reading.detections == head->detections || damaged(err));
    free(reading.events);
    return ok;
}
