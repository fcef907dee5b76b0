#include "report/timeline_row.h"

#include <stdlib.h>

#include "event/event_json.h"
#include "event/message.h"

#define LINE_MAX_SIZE (64u * 1024 * 1024)
#define CELL_NONE     UINT32_MAX

/* What all events of a layout have in common. */
typedef struct Prepared {
    bool ready;
    uint32_t host_cell, user_cell;
    uint32_t source_at, source_len; /* in writer->sources */
} Prepared;

struct RowWriter {
    const TimelineFormat *format;
    const Schema *schema;
    const Batch *batch;
    RowItem item;
    Prepared *prepared;
    size_t prepared_cap;
    Buf sources, message, host, user;
};

RowWriter *row_writer_create(const TimelineFormat *format, const Schema *schema)
{
    RowWriter *writer = calloc(1, sizeof *writer);
    if (!writer)
        return NULL;
    writer->format = format;
    writer->schema = schema;
    buf_init(&writer->sources, LINE_MAX_SIZE);
    buf_init(&writer->message, LINE_MAX_SIZE);
    buf_init(&writer->host, LINE_MAX_SIZE);
    buf_init(&writer->user, LINE_MAX_SIZE);
    return writer;
}

void row_writer_destroy(RowWriter *writer)
{
    if (!writer)
        return;
    buf_done(&writer->sources);
    buf_done(&writer->message);
    buf_done(&writer->host);
    buf_done(&writer->user);
    free(writer->prepared);
    free(writer);
}

bool row_writer_begin(RowWriter *writer, const Batch *batch, const RowItem *item)
{
    writer->batch = batch;
    writer->item = *item;
    buf_clear(&writer->sources);
    if (batch->layout_count > writer->prepared_cap) {
        free(writer->prepared);
        writer->prepared_cap = batch->layout_count;
        writer->prepared = malloc(writer->prepared_cap * sizeof *writer->prepared);
        if (!writer->prepared)
            writer->prepared_cap = 0;
    }
    for (uint32_t i = 0; i < batch->layout_count && writer->prepared; i++)
        writer->prepared[i].ready = false;
    return writer->prepared || batch->layout_count == 0;
}

static uint32_t ecs_cell(const Batch *batch, const Layout *layout, Text name)
{
    for (uint32_t i = 0; i < layout->ecs_count; i++)
        if (text_equal(batch_name(batch, load_u32le(layout->ecs + 8 * (size_t)i)), name))
            return load_u32le(layout->ecs + 8 * (size_t)i + 4);
    return CELL_NONE;
}

static const Prepared *prepare(RowWriter *writer, uint32_t number, const Layout *layout,
                               const EventKind *kind)
{
    Prepared *p = &writer->prepared[number];
    if (p->ready)
        return p;
    size_t at = writer->sources.len;
    event_write_source(&writer->sources, kind);
    *p = (Prepared){.ready = true,
                    .host_cell = ecs_cell(writer->batch, layout, TEXT("host.name")),
                    .user_cell = ecs_cell(writer->batch, layout, TEXT("user.name")),
                    .source_at = (uint32_t)at,
                    .source_len = (uint32_t)(writer->sources.len - at)};
    return p;
}

static Text cell_text(const Batch *batch, uint32_t row, uint32_t cell, Buf *scratch)
{
    uint32_t value = cell == CELL_NONE ? UINT32_MAX : batch_cell(batch, row, cell);
    buf_clear(scratch);
    if (value != UINT32_MAX)
        batch_write_text(scratch, batch, batch_value(batch, value));
    return buf_text(scratch);
}

bool row_writer_line(RowWriter *writer, uint32_t row, const EventHead *head, Buf *lines)
{
    const Batch *batch = writer->batch;
    uint32_t number = batch_layout_of(batch, row);
    Layout layout = batch_layout(batch, number);
    TimelineEvent event = {.batch = batch,
                           .row = row,
                           .head = *head,
                           .kind = batch_kind(batch, layout.kind),
                           .format = writer->item.format,
                           .action = batch_name(batch, layout.action)};
    const Prepared *p = prepare(writer, number, &layout, &event.kind);
    buf_clear(&writer->message);
    message_write(&writer->message, writer->schema, batch, row);
    event.message = buf_text(&writer->message);
    event.host = cell_text(batch, row, p->host_cell, &writer->host);
    if (!event.host.len)
        event.host = writer->item.host;
    event.user = cell_text(batch, row, p->user_cell, &writer->user);
    event.source = text_of(writer->sources.ptr + p->source_at, p->source_len);

    size_t start = lines->len;
    writer->format->line(lines, &event);
    bool failed = lines->failed || writer->message.failed || writer->host.failed ||
                  writer->user.failed || writer->sources.failed ||
                  lines->len - start > LINE_MAX_SIZE;
    if (failed) {
        lines->len = start;
        lines->failed = false;
    }
    return !failed;
}

bool row_writer_add(RowWriter *writer, uint32_t row, Buf *rows)
{
    const Batch *batch = writer->batch;
    EventHead event = batch_head(batch, row);
    size_t start = rows->len;
    if (buf_reserve(rows, ROW_HEAD_SIZE))
        rows->len += ROW_HEAD_SIZE;
    if (!row_writer_line(writer, row, &event, rows)) {
        rows->len = start;
        return false;
    }
    Value written;
    bool tells = event.twin && batch_field(batch, row, TEXT("System.TimeWritten"), &written) &&
                 written.type == VALUE_FILETIME;
    RowHead head = {.time = event.time,
                    .written = tells ? value_u64(written) : 0,
                    .offset = event.offset,
                    .twin = event.twin,
                    .payload = batch_payload(batch, row),
                    .sub = event.sub,
                    .class = event.class,
                    .line_size = (uint32_t)(rows->len - start - ROW_HEAD_SIZE)};
    row_head_write((uint8_t *)rows->ptr + start, &head);
    return true;
}
