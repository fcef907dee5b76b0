#include "capture.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "event/batch.h"

#define CAPTURE_LIMIT (512u * 1024 * 1024)

/* One line an event: head, kind, every cell, names of the native ones. */
static void write_event(Buf *out, const Batch *batch, uint32_t row)
{
    EventHead head = batch_head(batch, row);
    Layout layout = batch_layout(batch, batch_layout_of(batch, row));
    EventKind kind = batch_kind(batch, layout.kind);
    buf_printf(out, "%" PRId64 " %" PRIu64 "+%" PRIu32 " #%" PRIu64 " twin %" PRIx64 " %" PRIx64,
               head.time, head.offset, head.size, head.record_id, head.twin,
               batch_payload(batch, row));
    buf_printf(out, " %d %d %d ", (int)head.meaning, (int)head.quality, (int)head.class);
    buf_add_text(out, kind.channel);
    buf_add_char(out, ' ');
    buf_add_text(out, kind.code);
    for (uint32_t cell = 0; cell < layout.cell_count; cell++) {
        uint32_t number = batch_cell(batch, row, cell);
        buf_add_char(out, ' ');
        if (cell < layout.native_count)
            buf_add_text(out, batch_name(batch, load_u32le(layout.names + 4 * (size_t)cell)));
        buf_add_char(out, '=');
        if (number != UINT32_MAX)
            batch_write_json(out, batch, batch_value(batch, number));
    }
    buf_add_char(out, '\n');
}

bool capture_write_batch(Buf *out, Span bytes)
{
    Batch batch;
    Err err;
    if (!batch_open(bytes, &batch, &err))
        return false;
    for (uint32_t row = 0; row < batch.event_count; row++)
        write_event(out, &batch, row);
    return true;
}

static bool keep_batch(void *ctx, Span batch, Err *err)
{
    Capture *capture = ctx;
    (void)err;
    if (!capture_write_batch(&capture->output, batch))
        capture->bad_batch = true;
    return true;
}

static bool keep_lines(void *ctx, Span lines, Err *err)
{
    Capture *capture = ctx;
    (void)err;
    uint64_t count = 0;
    for (size_t i = 0; i < lines.len; i++)
        count += lines.ptr[i] == '\n';
    assert(!capture->counted || capture->counted == count);
    capture->events += count;
    buf_add(&capture->output, lines.ptr, lines.len);
    memset(capture->place, 'X', sizeof capture->place);
    return true;
}

static void keep_count(void *ctx, uint64_t lines)
{
    Capture *capture = ctx;
    capture->counted = lines;
}

static char *lend_place(void *ctx, size_t *ret_size)
{
    Capture *capture = ctx;
    *ret_size = sizeof capture->place;
    return capture->place;
}

static void keep_defect(void *ctx, DefectKind kind, uint64_t offset, uint64_t size, Text text)
{
    Capture *capture = ctx;
    (void)size;
    bool damage = kind == DEFECT_DAMAGE;
    capture->damages += damage;
    capture->notes += !damage;
    buf_printf(&capture->defects, "%s %" PRIu64 ": ", damage ? "damage" : "note", offset);
    buf_add_text(&capture->defects, text);
    buf_add_char(&capture->defects, '\n');
}

static void ignore_progress(void *ctx, uint64_t offset)
{
    (void)ctx;
    (void)offset;
}

Capture capture_run(CaptureParse parse, CaptureLines lines, const Schema *schema, const Input *in,
                    const FormatOptions *options)
{
    Capture capture = {0};
    buf_init(&capture.output, CAPTURE_LIMIT);
    buf_init(&capture.defects, CAPTURE_LIMIT);
    SinkOwner owner = {
        .batch = keep_batch, .defect = keep_defect, .progress = ignore_progress, .ctx = &capture};
    LineOut out = {.write = keep_lines, .count = keep_count, .place = lend_place, .ctx = &capture};
    Sink *sink = sink_create(schema, &owner, SINK_WANTS_ALL);
    if (!sink)
        return capture;
    capture.ok = parse ? parse(in, options, sink, &capture.err)
                       : lines(in, options, sink, &out, &capture.err);
    if (!sink_flush(sink, &capture.err))
        capture.ok = false;
    capture.events += sink_count(sink);
    sink_destroy(sink);
    return capture;
}

void capture_done(Capture *capture)
{
    buf_done(&capture->output);
    buf_done(&capture->defects);
}

bool capture_equal(const Capture *a, const Capture *b)
{
    return a->ok == b->ok && text_equal(buf_text(&a->output), buf_text(&b->output)) &&
           text_equal(buf_text(&a->defects), buf_text(&b->defects));
}
