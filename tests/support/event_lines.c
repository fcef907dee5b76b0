#include "event_lines.h"

#include "base/json.h"
#include "base/time.h"
#include "event/batch.h"

#define TEXT_LIMIT (512u * 1024 * 1024)

typedef struct Writer {
    EventLines *lines;
    Buf *events, *remarks;
} Writer;

static void write_event(Buf *out, const Batch *batch, uint32_t row)
{
    char time[TIME_TEXT_ROOM];
    EventHead head = batch_head(batch, row);
    Layout layout = batch_layout(batch, batch_layout_of(batch, row));
    EventKind kind = batch_kind(batch, layout.kind);
    BUF_LITERAL(out, "{\"offset\":");
    buf_add_u64(out, head.offset);
    BUF_LITERAL(out, ",\"size\":");
    buf_add_u64(out, head.size);
    BUF_LITERAL(out, ",\"time\":");
    json_text(out, text_of(time, time_format(head.time, 7, time)));
    BUF_LITERAL(out, ",\"means\":");
    json_text(out, TIME_MEANING_TEXT[head.meaning]);
    BUF_LITERAL(out, ",\"quality\":");
    json_text(out, TIME_QUALITY_TEXT[head.quality]);
    BUF_LITERAL(out, ",\"id\":");
    if (head.record_id == RECORD_ID_NONE)
        BUF_LITERAL(out, "null");
    else
        buf_add_u64(out, head.record_id);
    if (head.twin)
        BUF_LITERAL(out, ",\"twin\":true");
    BUF_LITERAL(out, ",\"channel\":");
    json_text(out, kind.channel);
    BUF_LITERAL(out, ",\"provider\":");
    json_text(out, kind.provider);
    BUF_LITERAL(out, ",\"code\":");
    json_text(out, kind.code);
    BUF_LITERAL(out, ",\"fields\":[");
    for (uint32_t i = 0; i < layout.native_count; i++) {
        uint32_t number = batch_cell(batch, row, i);
        if (number == UINT32_MAX)
            continue;
        if (i)
            buf_add_char(out, ',');
        buf_add_char(out, '[');
        json_text(out, batch_name(batch, load_u32le(layout.names + 4 * (size_t)i)));
        buf_add_char(out, ',');
        batch_write_json(out, batch, batch_value(batch, number));
        buf_add_char(out, ']');
    }
    BUF_LITERAL(out, "]}\n");
}

bool event_lines_batch(Buf *out, Span bytes)
{
    Batch batch;
    if (!batch_open(bytes, &batch, NULL))
        return false;
    for (uint32_t row = 0; row < batch.event_count; row++)
        write_event(out, &batch, row);
    return true;
}

static bool take_batch(void *ctx, Span bytes, Err *err)
{
    Writer *w = ctx;
    (void)err;
    w->lines->bad_batch |= !event_lines_batch(w->events, bytes);
    return true;
}

static void take_defect(void *ctx, DefectKind kind, uint64_t offset, uint64_t size, Text text)
{
    Writer *w = ctx;
    bool damage = kind == DEFECT_DAMAGE;
    w->lines->damages += damage;
    w->lines->notes += !damage;
    buf_printf(w->remarks, "{\"%s\":", damage ? "damage" : "note");
    json_text(w->remarks, text);
    BUF_LITERAL(w->remarks, ",\"offset\":");
    buf_add_u64(w->remarks, offset);
    if (damage) {
        BUF_LITERAL(w->remarks, ",\"size\":");
        buf_add_u64(w->remarks, size);
    }
    BUF_LITERAL(w->remarks, "}\n");
}

static void ignore_progress(void *ctx, uint64_t offset)
{
    (void)ctx;
    (void)offset;
}

static void run_piece(Writer *w, const Format *format, const Input *in,
                      const FormatOptions *options)
{
    SinkOwner owner = {
        .batch = take_batch, .defect = take_defect, .progress = ignore_progress, .ctx = w};
    Err err = {.code = ERR_NONE};
    Sink *sink = sink_create(NULL, &owner, SINK_NO_ECS);
    bool ok = sink && format->parse(in, options, sink, &err) && sink_flush(sink, &err);
    w->lines->events += sink ? sink_count(sink) : 0;
    sink_destroy(sink);
    if (ok)
        return;
    w->lines->ok = false;
    BUF_LITERAL(w->remarks, "{\"error\":");
    json_text(w->remarks, text_from_z(err.text));
    BUF_LITERAL(w->remarks, ",\"offset\":");
    buf_add_i64(w->remarks, err.offset == ERR_NO_OFFSET ? -1 : (int64_t)err.offset);
    BUF_LITERAL(w->remarks, "}\n");
}

EventLines event_lines_run(const Format *format, Span item, const FormatOptions *options,
                           uint64_t piece)
{
    EventLines lines = {.ok = true};
    Buf remarks;
    buf_init(&lines.text, TEXT_LIMIT);
    buf_init(&remarks, TEXT_LIMIT);
    Writer w = {.lines = &lines, .events = &lines.text, .remarks = &remarks};
    Input in = input_from_memory(item);
    for (uint64_t at = 0; at < item.len || at == 0; at = in.end) {
        in.begin = at;
        in.end = piece && piece < item.len - at ? at + piece : item.len;
        run_piece(&w, format, &in, options);
        if (in.end == 0)
            break;
    }
    buf_add(&lines.text, remarks.ptr, remarks.len);
    buf_done(&remarks);
    return lines;
}

void event_lines_done(EventLines *lines)
{
    buf_done(&lines->text);
}
