/* fuzz_evtx_json: any bytes as an export of Windows events. Beyond not crashing: batches are sound,
 * pieces give the events of the whole, copied lines are JSON of the right shape, and lines read by
 * tracks are as read token by token. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "event_lines.h"
#include "format/format.h"
#include "format/json_reader.h"
#include "tracks_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const Format evtx_json_format;

static const FormatOptions OPTIONS = {.recover = false};

static void demand(bool holds, const char *what, Text found)
{
    if (holds)
        return;
    fprintf(stderr, "%s: %.*s\n", what, (int)found.len, found.ptr ? found.ptr : "");
    abort();
}

/* The lines of events, without the remarks behind them. */
static Text events_of(const EventLines *lines)
{
    Text rest = buf_text(&lines->text), all = rest;
    while (rest.len) {
        Text before = rest;
        if (!text_starts(text_cut(&rest, '\n'), TEXT("{\"offset\"")))
            return text_of(all.ptr, (size_t)(before.ptr - all.ptr));
    }
    return all;
}

static void check_pieces(Span item, const EventLines *whole)
{
    if (item.len == 0 || !evtx_json_format.may_split(item))
        return;
    EventLines parts = event_lines_run(&evtx_json_format, item, &OPTIONS, 1 + item.len * 2 / 5);
    demand(text_equal(events_of(&parts), events_of(whole)), "in pieces", buf_text(&parts.text));
    event_lines_done(&parts);
}

static bool no_batch(void *ctx, Span batch, Err *err)
{
    (void)ctx;
    (void)batch;
    return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "lines give no events");
}

static bool check_lines(void *ctx, Span lines, Err *err)
{
    JsonReader *reader = ctx;
    JsonToken token;
    Text rest = text_from_span(lines);
    (void)err;
    while (rest.len) {
        Text line = text_cut(&rest, '\n');
        demand(text_starts(line, TEXT("{\"Event\":{")), "line", line);
        json_begin(reader, text_span(line), 0);
        while (json_next(reader, &token))
            continue;
        demand(!json_damaged(reader), reader->err.text, line);
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Span item = span_of(data, size);
    (void)evtx_json_format.probe(item, size);
    EventLines whole = event_lines_run(&evtx_json_format, item, &OPTIONS, 0);
    demand(whole.ok && !whole.bad_batch, "whole", buf_text(&whole.text));
    check_pieces(item, &whole);
    event_lines_done(&whole);
    size_t line, by_tracks;
    demand(tracks_agree(text_from_span(item), &line, &by_tracks), "by tracks", (Text){0});

    JsonReader reader;
    json_init(&reader);
    Input in = input_from_memory(item);
    const SinkOwner owner = {.batch = no_batch};
    const LineOut out = {.write = check_lines, .ctx = &reader};
    Err err = {.code = ERR_NONE};
    Sink *sink = sink_create(NULL, &owner, SINK_NO_ECS);
    demand(sink && evtx_json_format.lines(&in, &OPTIONS, sink, &out, &err), err.text, (Text){0});
    sink_destroy(sink);
    json_done(&reader);
    return 0;
}
