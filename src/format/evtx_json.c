/* evtx_json.c: Windows events as exporters write them in JSON. The shapes and their fields:
 * docs/formats/evtx_json.md. */
#include "format/format.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "format/evtx_json_head.h"
#include "format/evtx_json_record.h"
#include "format/json_elements.h"
#include "format/json_reader.h"
#include "format/json_scan.h"
#include "format/windows_fields.h"

#define CLOCK_CHECK_BYTES (4u * 1024 * 1024) /* of the item's beginning, for check_clock */
#define FLUSH_BYTES       (256u * 1024)
#define LINES_LIMIT       (FLUSH_BYTES + JSON_ELEMENT_MAX + 64u)

/* Records in a row that were not taken for the same reason: told as one. */
typedef struct Run {
    uint64_t offset, size, count;
    char text[200]; /* of the first */
} Run;

typedef struct Job {
    const Input *in;
    const FormatOptions *options;
    Sink *sink;
    const LineOut *out; /* NULL: events */
    JsonHead head;
    JsonReader reader;
    Paths paths;
    JsonRecord record;
    Buf lines;
    Run damaged, foreign;
    bool clock_doubtful; /* the item's times and Sysmon's disagree */
    bool told_zone;
} Job;

static Confidence evtx_json_probe(Span head, uint64_t item_size)
{
    (void)item_size;
    JsonHead known;
    if (!json_head_read(head, &known))
        return CONFIDENCE_NONE;
    switch (known.shape) {
    case SHAPE_TREE:
    case SHAPE_BEATS:
    case SHAPE_WAZUH:
        return CONFIDENCE_CERTAIN;
    case SHAPE_NONE:
        return CONFIDENCE_NONE;
    default:
        return CONFIDENCE_LIKELY;
    }
}

static bool evtx_json_may_split(Span head)
{
    JsonHead known;
    return json_head_read(head, &known) && known.lines;
}

/* ---- what was not taken ---- */

static void end_damaged(Job *job)
{
    Run *run = &job->damaged;
    if (run->count == 1)
        sink_defect(job->sink, run->offset, run->size, "%s", run->text);
    else if (run->count > 1)
        sink_defect(job->sink, run->offset, run->size,
                    "%" PRIu64 " records in a row could not be read; the first: %s", run->count,
                    run->text);
    run->count = 0;
}

static void end_foreign(Job *job)
{
    Run *run = &job->foreign;
    if (run->count > 0)
        sink_note(job->sink, run->offset, "%" PRIu64 " %s: %s", run->count,
                  run->count == 1 ? "record" : "records in a row", run->text);
    run->count = 0;
}

static void extend(Run *run, uint64_t offset, uint64_t size, const char *text)
{
    if (run->count++ == 0) {
        run->offset = offset;
        (void)snprintf(run->text, sizeof run->text, "%s", text);
    }
    run->size = offset + size - run->offset;
}

static void not_taken_damaged(Job *job, uint64_t offset, uint64_t size, const char *text)
{
    end_foreign(job);
    extend(&job->damaged, offset, size, text);
}

static void not_taken_foreign(Job *job, uint64_t offset, uint64_t size, const char *text)
{
    end_damaged(job);
    if (job->foreign.count && strcmp(job->foreign.text, text) != 0)
        end_foreign(job);
    extend(&job->foreign, offset, size, text);
}

/* ---- one record ---- */

static void tell_zone(Job *job, const RecordClock *clock, uint64_t offset)
{
    if (job->told_zone || job->in->begin > 0 || clock->source == CLOCK_UTC ||
        clock->source == CLOCK_ZONE_GIVEN)
        return;
    job->told_zone = true;
    if (clock->source == CLOCK_ZONE_UNKNOWN) {
        sink_note(job->sink, offset, "times without zone: UTC is assumed");
        return;
    }
    int32_t minutes = abs(clock->zone_seconds) / 60;
    sink_note(job->sink, offset,
              "local times without zone, in whole seconds: read as UTC%c%02d:%02d, which "
              "EventReceivedTime and @timestamp of each record give",
              clock->zone_seconds < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

static bool add_event(Job *job, uint64_t offset, uint64_t size, Err *err)
{
    WindowsEvent event;
    RecordClock clock;
    windows_event_begin(&event, offset, size);
    record_map(&job->record, &job->paths, job->options, job->sink, &event, &clock);
    if (job->clock_doubtful && job->record.shape != SHAPE_TREE)
        event.quality = TIME_CLOCK_DOUBTFUL;
    tell_zone(job, &clock, offset);
    if (windows_commit(job->sink, &event) || !sink_failed(job->sink))
        return true;
    if (err)
        *err = *sink_error(job->sink);
    return false;
}

/* A checked value without the blanks between its tokens. */
static void add_compact(Buf *out, Span value)
{
    const uint8_t *p = value.ptr, *end = p + value.len;
    char *to = buf_reserve(out, value.len);
    if (!to)
        return;
    char *start = to;
    while (p < end) {
        if (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t') {
            p++;
        } else if (*p != '"') {
            *to++ = (char)*p++;
        } else {
            const uint8_t *first = p++;
            while (p < end && *p != '"') {
                p = json_scan_string(p, end);
                p += p < end && *p == '\\' ? 2 : 0;
            }
            p = p < end ? p + 1 : end;
            memcpy(to, first, (size_t)(p - first));
            to += p - first;
        }
    }
    out->len += (size_t)(to - start);
}

static bool flush_lines(Job *job, Err *err)
{
    if (job->lines.failed)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for JSON lines");
    if (job->lines.len == 0)
        return true;
    bool ok = job->out->write(job->out->ctx, buf_span(&job->lines), err);
    buf_clear(&job->lines);
    return ok;
}

static bool add_line(Job *job, Span value, uint64_t offset, uint64_t size, Err *err)
{
    const uint32_t matter = MARK_TREE | MARK_EVENT_OBJECT | MARK_OUTSIDE_EVENT | MARK_FOREIGN_TREE;
    if ((job->record.marks & matter) != (MARK_TREE | MARK_EVENT_OBJECT)) {
        not_taken_foreign(job, offset, size,
                          "a Windows event, but not in the shape of evtx_dump; left out");
        return true;
    }
    add_compact(&job->lines, value);
    buf_add_char(&job->lines, '\n');
    return job->lines.len < FLUSH_BYTES ? true : flush_lines(job, err);
}

static bool is_blank(Text t)
{
    return text_trim(t).len == 0;
}

/* A value of the item: `bytes`, UTF-8, which are [offset, offset + size) there. */
static bool take(Job *job, Span bytes, uint64_t offset, uint64_t size, Err *err)
{
    Err damage = {.code = ERR_NONE};
    sink_progress(job->sink, offset);
    paths_begin(&job->paths);
    json_begin(&job->reader, bytes, 0);
    if (!record_read(&job->record, &job->reader, &job->paths, &damage)) {
        if (damage.code == ERR_NO_MEMORY) {
            if (err)
                *err = damage;
            return false;
        }
        char text[sizeof job->damaged.text];
        uint64_t at = damage.offset == ERR_NO_OFFSET ? 0 : damage.offset;
        at = json_item_offset(job->head.wide, bytes, offset, at);
        (void)snprintf(text, sizeof text, "byte %" PRIu64 ": %.150s", at, damage.text);
        not_taken_damaged(job, offset, size, text);
        return true;
    }
    if (job->record.shape == SHAPE_NONE) {
        not_taken_foreign(job, offset, size, "JSON, but no Windows event; left out");
        return true;
    }
    end_damaged(job);
    if (job->out)
        return add_line(job, bytes, offset, size, err);
    end_foreign(job);
    return add_event(job, offset, size, err);
}

/* ---- the item ---- */

static bool read_lines(Job *job, Err *err)
{
    CLEANUP(lines_closep) LineReader *lines = lines_open(job->in, err);
    if (!lines)
        return false;
    Line line;
    Err why = {.code = ERR_NONE};
    while (lines_next(lines, &line, &why)) {
        if (line.too_long)
            not_taken_damaged(job, line.offset, line.size, "a line is too long");
        else if (!is_blank(line.text) &&
                 !take(job, text_span(line.text), line.offset, line.size, err))
            return false;
    }
    if (why.code == ERR_NONE)
        return true;
    if (err)
        *err = why;
    return false;
}

static bool read_elements(Job *job, Err *err)
{
    CLEANUP(json_elements_closep)
    JsonElements *elements = json_elements_open(job->in, job->head.list_at, err);
    if (!elements)
        return false;
    for (;;) {
        JsonElement element;
        switch (json_elements_next(elements, &element, err)) {
        case JSON_ELEMENT_VALUE:
            if (!take(job, element.bytes, element.offset, element.size, err))
                return false;
            break;
        case JSON_ELEMENT_DAMAGE:
            end_damaged(job);
            not_taken_damaged(job, element.offset, element.size, element.why);
            break;
        case JSON_ELEMENT_END:
            return true;
        default:
            return false;
        }
    }
}

/* Compare one line's time with Sysmon's, if it has one. */
static RecordClock compare_clock(Job *job, const Line *line)
{
    WindowsEvent event;
    RecordClock clock = {.compared = false};
    if (text_find_text(line->text, TEXT("\"UtcTime\"")) == SIZE_MAX)
        return clock;
    paths_begin(&job->paths);
    json_begin(&job->reader, text_span(line->text), line->offset);
    if (!record_read(&job->record, &job->reader, &job->paths, NULL) ||
        job->record.shape == SHAPE_NONE)
        return clock;
    windows_event_begin(&event, line->offset, line->size);
    record_map(&job->record, &job->paths, job->options, job->sink, &event, &clock);
    sink_drop(job->sink);
    return clock;
}

/* The seconds by which Sysmon's UtcTime is ahead of the records' own time, where the item's
 * beginning tells; else 0. It is the same for every piece of the item. */
static bool measure_clock(Job *job, int64_t *ret_seconds, Err *err)
{
    Input head = *job->in;
    head.begin = 0;
    head.end = head.size < CLOCK_CHECK_BYTES ? head.size : CLOCK_CHECK_BYTES;
    CLEANUP(lines_closep) LineReader *lines = lines_open(&head, err);
    if (!lines)
        return false;
    Line line;
    RecordClock clock = {.compared = false};
    Err why = {.code = ERR_NONE};
    while (!clock.compared && lines_next(lines, &line, &why))
        clock = compare_clock(job, &line);
    *ret_seconds = clock.ahead_seconds;
    if (why.code != ERR_NONE && err)
        *err = why;
    return why.code == ERR_NONE;
}

/* Exporters that write local time as UTC, or on a twelve-hour clock, are caught by Sysmon. */
static bool check_clock(Job *job, Err *err)
{
    int64_t seconds;
    if (job->head.shape != SHAPE_FLAT || !job->head.lines || job->out)
        return true;
    if (!measure_clock(job, &seconds, err))
        return false;
    job->clock_doubtful = seconds != 0;
    if (job->clock_doubtful && job->in->begin == 0)
        sink_note(job->sink, 0,
                  "the times of this export are doubtful: Sysmon's own UtcTime is %" PRId64
                  " seconds ahead of TimeCreated (local time written as UTC, or a twelve-hour "
                  "clock)",
                  seconds);
    return true;
}

static bool read_head(Job *job, Err *err)
{
    uint8_t *bytes = malloc(FORMAT_PROBE_BYTES);
    if (!bytes)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "reading JSON");
    Err why = {.code = ERR_NONE};
    size_t got = input_read(job->in, 0, bytes, FORMAT_PROBE_BYTES, &why);
    if (why.code == ERR_NONE && !json_head_read(span_of(bytes, got), &job->head))
        err_set(&why, ERR_NO_MEMORY, ERR_NO_OFFSET, "reading JSON");
    free(bytes);
    if (!input_is_whole(job->in)) {
        job->head.lines = true;
        job->head.list_at = 0;
    }
    if (why.code != ERR_NONE && err)
        *err = why;
    return why.code == ERR_NONE;
}

static bool read_item(Job *job, Err *err)
{
    if (!read_head(job, err) || !check_clock(job, err))
        return false;
    if (job->head.list_at)
        sink_note(job->sink, job->head.list_at,
                  "the records are a list inside an object; the object's other fields are "
                  "left out");
    bool ok = job->head.lines ? read_lines(job, err) : read_elements(job, err);
    end_damaged(job);
    end_foreign(job);
    if (job->head.wide && job->in->size % 2 && job->in->end == job->in->size)
        sink_defect(job->sink, job->in->size - 1, 1, "half a UTF-16 character at the end");
    if (ok && job->out)
        ok = flush_lines(job, err);
    return ok;
}

static bool run(const Input *in, const FormatOptions *options, Sink *sink, const LineOut *out,
                Err *err)
{
    Job job = {.in = in, .options = options, .sink = sink, .out = out};
    json_init(&job.reader);
    record_init(&job.record);
    buf_init(&job.lines, LINES_LIMIT);
    bool ok = paths_init(&job.paths, sink);
    ok = ok ? read_item(&job, err) : err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "reading JSON");
    paths_done(&job.paths);
    record_done(&job.record);
    json_done(&job.reader);
    buf_done(&job.lines);
    return ok;
}

static bool evtx_json_parse(const Input *in, const FormatOptions *options, Sink *sink, Err *err)
{
    return run(in, options, sink, NULL, err);
}

static bool evtx_json_lines(const Input *in, const FormatOptions *options, Sink *sink,
                            const LineOut *out, Err *err)
{
    return run(in, options, sink, out, err);
}

const Format evtx_json_format = {
    .name = "evtx_json",
    .summary = "Windows events in JSON (evtx_dump, Winlogbeat, NXLog, Get-WinEvent, …)",
    .doc = "docs/formats/evtx_json.md",
    .probe = evtx_json_probe,
    .parse = evtx_json_parse,
    .computer_field = "System.Computer",
    .lines = evtx_json_lines,
    .split = SPLIT_LINES,
    .may_split = evtx_json_may_split,
};
