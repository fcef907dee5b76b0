#include "app/parse.h"

#include <inttypes.h>

#include "base/cleanup.h"
#include "event/sink.h"

static bool send_block(Parse *parse, Err *err)
{
    bool ok = parse->block.len == 0 ||
              worker_send(parse->port, parse->block_type, buf_span(&parse->block), err);
    buf_clear(&parse->block);
    return ok;
}

bool parse_send_full(Parse *parse, Err *err)
{
    return parse->block.len < PARSE_BLOCK_BYTES || send_block(parse, err);
}

static bool in_window(const Settings *settings, Time time)
{
    return time == TIME_NONE || (time >= settings->from && time < settings->to);
}

static bool take_batch(void *ctx, Span bytes, Err *err)
{
    Parse *parse = ctx;
    Batch batch;
    if (!batch_open_own(bytes, &batch, err) || !parse->begin(parse, &batch, err))
        return false;
    for (uint32_t row = 0; parse->render && row < batch.event_count; row++) {
        EventHead head = batch_head(&batch, row);
        if (!in_window(&parse->session->settings, head.time))
            continue;
        if (!parse->render(parse, &batch, row)) {
            static const Text TOO_LARGE = {"the event is too large to be written as a line", 46};
            worker_defect(parse->port, DEFECT_DAMAGE, head.offset, head.size, TOO_LARGE);
        }
        if (!parse_send_full(parse, err))
            return false;
    }
    return true;
}

static void take_defect(void *ctx, DefectKind kind, uint64_t offset, uint64_t size, Text text)
{
    const Parse *parse = ctx;
    worker_defect(parse->port, kind, offset, size, text);
}

static void take_progress(void *ctx, uint64_t offset)
{
    const Parse *parse = ctx;
    worker_progress(parse->port, offset);
}

static Sink *make_sink(Parse *parse, bool (*take)(void *, Span, Err *), Err *err)
{
    SinkOwner owner = {
        .batch = take, .defect = take_defect, .progress = take_progress, .ctx = parse};
    Sink *sink = sink_create(parse->session->schema, &owner, parse->wants);
    if (!sink)
        (void)err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for events");
    for (size_t i = 0; sink && i < parse->leave_out_count; i++)
        sink_leave_out(sink, parse->leave_out[i]);
    return sink;
}

static FormatOptions format_options(const Parse *parse)
{
    FormatOptions options = parse->piece->options;
    options.zone = settings_zone(&parse->session->settings, parse->piece->path);
    return options;
}

static bool parse_piece(Parse *parse, bool (*take)(void *, Span, Err *), Err *err)
{
    CLEANUP(sink_destroyp) Sink *sink = make_sink(parse, take, err);
    if (!sink)
        return false;
    buf_init(&parse->block, PARSE_LINE_BYTES);
    FormatOptions options = format_options(parse);
    bool ok = parse->piece->format->parse(&parse->piece->in, &options, sink, err);
    /* What was read before a failure is sent too. */
    Err late = {0};
    bool flushed = sink_flush(sink, &late) && send_block(parse, &late);
    worker_count(parse->port, sink_count(sink));
    buf_done(&parse->block);
    if (ok && !flushed && err)
        *err = late;
    return ok && flushed;
}

bool parse_events(Parse *parse, Err *err)
{
    return parse_piece(parse, take_batch, err);
}

static bool send_batch(void *ctx, Span bytes, Err *err)
{
    const Parse *parse = ctx;
    return worker_send(parse->port, parse->block_type, bytes, err);
}

bool parse_batches(Parse *parse, Err *err)
{
    return parse_piece(parse, send_batch, err);
}

/* ---- lines ---- */

static uint64_t count_lines(Text text)
{
    uint64_t count = 0;
    while (text.len) {
        (void)text_cut(&text, '\n');
        count++;
    }
    return count;
}

static bool take_lines(void *ctx, Span lines, Err *err)
{
    Parse *parse = ctx;
    parse->lines += parse->counted ? parse->counted : count_lines(text_from_span(lines));
    parse->counted = 0;
    return lines.len == 0 || worker_send(parse->port, parse->block_type, lines, err);
}

static void take_count(void *ctx, uint64_t lines)
{
    Parse *parse = ctx;
    parse->counted = lines;
}

static char *give_place(void *ctx, size_t *ret_size)
{
    const Parse *parse = ctx;
    return (char *)worker_place(parse->port, ret_size);
}

bool parse_lines(Parse *parse, Err *err)
{
    CLEANUP(sink_destroyp) Sink *sink = make_sink(parse, take_batch, err);
    if (!sink)
        return false;
    FormatOptions options = format_options(parse);
    LineOut out = {.write = take_lines, .count = take_count, .place = give_place, .ctx = parse};
    bool ok = parse->piece->format->lines(&parse->piece->in, &options, sink, &out, err);
    worker_count(parse->port, parse->lines);
    return ok;
}
