#include "report/detection.h"

#include <stdlib.h>

#include "event/message.h"

#define LINE_MAX_SIZE (64u * 1024 * 1024)

struct DetectionWriter {
    const Schema *schema;
    const Batch *batch;
    Text computer_field, host;
    uint32_t row; /* that the texts are of; UINT32_MAX: none yet */
    Text channel, code;
    Buf computer, details;
};

/* ---- bytes: integers little-endian, then the texts in their order, then the tuple ---- */

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

/* No more than DETECTION_TEXT_MAX bytes, cut between characters. */
static Text cut(Text t)
{
    if (t.len <= DETECTION_TEXT_MAX)
        return t;
    size_t len = DETECTION_TEXT_MAX;
    while (len > 0 && ((unsigned char)t.ptr[len] & 0xC0) == 0x80)
        len--;
    return text_of(t.ptr, len);
}

void detection_put(Buf *block, const Detection *detection)
{
    const Text texts[] = {cut(detection->computer), cut(detection->channel), cut(detection->code),
                          cut(detection->details)};
    put_u32(block, detection->rule);
    put_u64(block, (uint64_t)detection->time);
    put_u64(block, detection->offset);
    put_u64(block, detection->record_id);
    put_u32(block, detection->sub);
    put_u64(block, detection->twin);
    put_u64(block, detection->payload);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        put_u32(block, (uint32_t)texts[i].len);
    put_u32(block, (uint32_t)detection->tuple.len);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        buf_add_text(block, texts[i]);
    buf_add(block, detection->tuple.ptr, detection->tuple.len);
}

static Text take_text(Reader *block, uint32_t len)
{
    Span bytes = reader_take(block, len);
    return text_of(bytes.ptr ? (const char *)bytes.ptr : "", bytes.len);
}

bool detection_take(Reader *block, uint32_t rule_count, Detection *ret)
{
    Detection out = {.rule = reader_u32le(block),
                     .time = (Time)reader_u64le(block),
                     .offset = reader_u64le(block),
                     .record_id = reader_u64le(block),
                     .sub = reader_u32le(block),
                     .twin = reader_u64le(block),
                     .payload = reader_u64le(block)};
    uint32_t lens[5];
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++)
        lens[i] = reader_u32le(block);
    for (size_t i = 0; i < 4; i++)
        if (lens[i] > DETECTION_TEXT_MAX)
            return false;
    out.computer = take_text(block, lens[0]);
    out.channel = take_text(block, lens[1]);
    out.code = take_text(block, lens[2]);
    out.details = take_text(block, lens[3]);
    out.tuple = reader_take(block, lens[4]);
    if (block->failed || out.rule >= rule_count)
        return false;
    *ret = out;
    return true;
}

/* ---- in the worker ---- */

DetectionWriter *detection_writer_create(const Schema *schema)
{
    DetectionWriter *writer = calloc(1, sizeof *writer);
    if (!writer)
        return NULL;
    writer->schema = schema;
    buf_init(&writer->computer, LINE_MAX_SIZE);
    buf_init(&writer->details, LINE_MAX_SIZE);
    return writer;
}

void detection_writer_destroy(DetectionWriter *writer)
{
    if (!writer)
        return;
    buf_done(&writer->computer);
    buf_done(&writer->details);
    free(writer);
}

void detection_writer_begin(DetectionWriter *writer, const Batch *batch, const char *computer_field,
                            Text host)
{
    writer->computer_field = text_from_z(computer_field);
    writer->batch = batch;
    writer->host = host;
    writer->row = UINT32_MAX;
}

static void write_computer(DetectionWriter *writer, uint32_t row)
{
    Value value;
    buf_clear(&writer->computer);
    /* As the record writes it, if it does. */
    if ((writer->computer_field.len &&
         batch_field(writer->batch, row, writer->computer_field, &value)) ||
        batch_ecs(writer->batch, row, TEXT("host.name"), &value))
        batch_write_text(&writer->computer, writer->batch, value);
    if (writer->computer.len == 0)
        buf_add_text(&writer->computer, writer->host);
}

/* What several rules say of one event is written once. */
static bool write_texts(DetectionWriter *writer, uint32_t row)
{
    if (writer->row == row)
        return true;
    Layout layout = batch_layout(writer->batch, batch_layout_of(writer->batch, row));
    EventKind kind = batch_kind(writer->batch, layout.kind);
    write_computer(writer, row);
    buf_clear(&writer->details);
    message_write(&writer->details, writer->schema, writer->batch, row);
    if (writer->computer.failed || writer->details.failed)
        return false;
    writer->channel = kind.channel;
    writer->code = kind.code;
    writer->row = row;
    return true;
}

bool detection_writer_add(DetectionWriter *writer, uint32_t row, uint32_t rule, DetectionUse use,
                          Span tuple, Buf *block)
{
    EventHead head = batch_head(writer->batch, row);
    Detection detection = {.rule = rule,
                           .time = head.time,
                           .offset = head.offset,
                           .record_id = head.record_id,
                           .sub = head.sub,
                           .twin = head.twin,
                           .payload = head.twin ? batch_payload(writer->batch, row) : 0,
                           .tuple = tuple};
    if (!write_texts(writer, row))
        return false;
    detection.computer = buf_text(&writer->computer);
    if (use == DETECTION_SHOWN) {
        detection.channel = writer->channel;
        detection.code = writer->code;
        detection.details = buf_text(&writer->details);
    }
    size_t start = block->len;
    detection_put(block, &detection);
    bool failed = block->failed;
    if (failed) {
        block->len = start;
        block->failed = false;
    }
    return !failed;
}
