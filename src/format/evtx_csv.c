/* evtx_csv.c: Windows events as tables: Event Viewer, Export-Csv, EvtxECmd. Columns, languages and
 * messages: docs/formats/evtx_csv.md. */
#include "format/format.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "format/evtx_csv_head.h"
#include "format/evtx_csv_reader.h"
#include "format/evtx_csv_row.h"

#define ZONE_LEARN_BYTES (4u * 1024 * 1024) /* of the beginning, to find Sysmon's time in */
#define HEADER_SURE      4u                 /* known headers that no other table has by chance */

/* Rows one behind the other that have the same flaw: told as one. */
typedef struct Run {
    uint64_t offset, size, count;
    const char *flaw;
} Run;

typedef struct Job {
    const Input *in;
    Sink *sink;
    CsvHead head;
    CsvRows rows;
    Run run;
} Job;

static Confidence evtx_csv_probe(Span head, uint64_t item_size)
{
    (void)item_size;
    CsvHead known;
    bool ok = csv_head_read(head, &known);
    Confidence confidence = CONFIDENCE_NONE;
    if (ok && known.shape != CSV_SHAPE_NONE)
        confidence = known.by_position ? CONFIDENCE_POSSIBLE
                     : known.known >= HEADER_SURE && known.source != CSV_NO_COLUMN
                         ? CONFIDENCE_CERTAIN
                         : CONFIDENCE_LIKELY;
    csv_head_done(&known);
    return confidence;
}

/* ---- flaws ---- */

static void end_run(Job *job)
{
    Run *run = &job->run;
    if (run->count == 1)
        sink_defect(job->sink, run->offset, run->size, "%s", run->flaw);
    else if (run->count > 1)
        sink_defect(job->sink, run->offset, run->size, "%" PRIu64 " rows in a row: %s", run->count,
                    run->flaw);
    run->count = 0;
}

static void tell_flaw(Job *job, const CsvRow *row)
{
    Run *run = &job->run;
    uint64_t end = row->offset + row->size;
    if (run->count && run->flaw != row->flaw)
        end_run(job);
    if (run->count++ == 0) {
        run->flaw = row->flaw;
        run->offset = row->flaw_offset < end ? row->flaw_offset : row->offset;
    }
    run->size = end - run->offset;
}

/* ---- the item ---- */

static bool looks_like_row(void *ctx, const Text *cells, size_t count, CsvLook look)
{
    return csv_head_fits(ctx, cells, count, look == CSV_LOOK_WHOLE);
}

static CsvReader *open_rows(Job *job, Err *err)
{
    CsvReader *csv = csv_open(job->in, job->head.delimiter, looks_like_row, &job->head, err);
    for (size_t i = 0; csv && i < job->head.lines; i++)
        if (csv_skip_line(csv, err) == CSV_FAILED) {
            csv_close(csv);
            return NULL;
        }
    return csv;
}

/* The first reading: which number is the day, and in which zone. */
static bool learn(Job *job, Err *err)
{
    CLEANUP(csv_closep) CsvReader *csv = open_rows(job, err);
    CsvRow row;
    CsvKind kind;
    CsvClock *clock = &job->rows.clock;
    bool known = false;
    if (!csv)
        return false;
    while (!known && (kind = csv_next(csv, &row, err)) != CSV_END) {
        if (kind == CSV_FAILED)
            return false;
        sink_progress(job->sink, 0);
        if (kind == CSV_ROW)
            known = csv_rows_learn(&job->rows, &row);
        bool order_known = clock->order_told || !clock->order_needed;
        known = known || (order_known && row.offset > ZONE_LEARN_BYTES);
    }
    csv_clock_settle(clock, job->head.locale);
    return true;
}

static bool add_rows(Job *job, Err *err)
{
    CLEANUP(csv_closep) CsvReader *csv = open_rows(job, err);
    CsvRow row;
    CsvKind kind;
    uint64_t first = UINT64_MAX;
    if (!csv)
        return false;
    while ((kind = csv_next(csv, &row, err)) != CSV_END) {
        if (kind == CSV_FAILED)
            return false;
        sink_progress(job->sink, row.offset);
        first = first < row.offset ? first : row.offset;
        if (row.flaw)
            tell_flaw(job, &row);
        else
            end_run(job);
        if (kind == CSV_ROW && !csv_rows_add(&job->rows, &row) && sink_failed(job->sink)) {
            if (err)
                *err = *sink_error(job->sink);
            return false;
        }
    }
    end_run(job);
    csv_rows_tell(&job->rows, first == UINT64_MAX ? 0 : first);
    if (csv_odd_end(csv))
        sink_defect(job->sink, job->in->size - 1, 1, "half a UTF-16 character at the end");
    return true;
}

static bool read_item(Job *job, Err *err)
{
    if (job->head.shape == CSV_SHAPE_NONE) {
        sink_defect(job->sink, 0, job->in->size,
                    "the first line has no headers of a table of events: nothing can be read");
        return true;
    }
    if (job->head.by_position)
        sink_note(job->sink, 0,
                  job->head.other_charset
                      ? "the headers are not UTF-8: columns are taken by their place, as Event "
                        "Viewer has them"
                      : "the headers are in a language that is not known: columns are taken by "
                        "their place, as Event Viewer has them");
    return learn(job, err) && add_rows(job, err);
}

static bool read_head(Job *job, Err *err)
{
    uint8_t *bytes = malloc(FORMAT_PROBE_BYTES);
    Err why = {.code = ERR_NONE};
    if (!bytes)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "reading CSV");
    size_t got = input_read(job->in, 0, bytes, FORMAT_PROBE_BYTES, &why);
    if (why.code == ERR_NONE && !csv_head_read(span_of(bytes, got), &job->head))
        err_set(&why, ERR_NO_MEMORY, ERR_NO_OFFSET, "reading CSV");
    free(bytes);
    if (why.code != ERR_NONE && err)
        *err = why;
    return why.code == ERR_NONE;
}

static bool evtx_csv_parse(const Input *in, const FormatOptions *options, Sink *sink, Err *err)
{
    Job job = {.in = in, .sink = sink};
    bool ok = read_head(&job, err);
    if (ok) {
        ok = csv_rows_init(&job.rows, &job.head, options, sink);
        ok = ok ? read_item(&job, err) : err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "reading CSV");
        csv_rows_done(&job.rows);
    }
    csv_head_done(&job.head);
    return ok;
}

const Format evtx_csv_format = {
    .name = "evtx_csv",
    .summary = "Windows events as CSV (Event Viewer, Export-Csv, EvtxECmd)",
    .doc = "docs/formats/evtx_csv.md",
    .probe = evtx_csv_probe,
    .parse = evtx_csv_parse,
    .computer_field = "System.Computer",
    .split = SPLIT_NEVER,
};
