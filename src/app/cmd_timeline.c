/* constat timeline: every event, sorted. */
#include "app/command.h"

#include <inttypes.h>
#include <stdio.h>

#include "app/interrupt.h"
#include "app/parse.h"
#include "app/rows.h"
#include "app/session.h"
#include "base/cleanup.h"
#include "report/timeline.h"
#include "report/timeline_row.h"

#define BLOCK_ROWS 1

#define STATUS_BYTES (32u * 1024 * 1024) /* written between two updates of the status line */

typedef struct TimelineRun {
    Session session;
    const TimelineFormat *format;
    Timeline *timeline; /* coordinator */
    uint64_t written, told_at;
} TimelineRun;

/* ---- worker ---- */

static bool begin_batch(Parse *parse, const Batch *batch, Err *err)
{
    HostOrigin ignored;
    RowItem item = {.format = text_from_z(parse->piece->format->name),
                    .host = session_host(parse->session, parse->piece->path, &ignored)};
    if (row_writer_begin(parse->ctx, batch, &item))
        return true;
    return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the rows of a batch");
}

static bool render_row(Parse *parse, const Batch *batch, uint32_t row)
{
    (void)batch; /* the writer has it */
    return row_writer_add(parse->ctx, row, &parse->block);
}

static bool work(void *ctx, const Piece *piece, WorkerPort *port, Err *err)
{
    const TimelineRun *run = ctx;
    CLEANUP(row_writer_destroyp)
    RowWriter *writer = row_writer_create(run->format, run->session.schema);
    if (!writer)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for rows");
    Parse parse = {.session = &run->session,
                   .piece = piece,
                   .port = port,
                   .wants = SINK_WANTS_ALL,
                   .block_type = BLOCK_ROWS,
                   .begin = begin_batch,
                   .render = render_row,
                   .ctx = writer};
    return parse_events(&parse, err);
}

/* ---- zygote and coordinator ---- */

static bool prepare(void *ctx, Err *err)
{
    TimelineRun *run = ctx;
    return session_prepare(&run->session, err);
}

static bool receive(void *ctx, const PieceAt *at, uint8_t type, Span block, Err *err)
{
    TimelineRun *run = ctx;
    if (type != BLOCK_ROWS)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "the worker sent a block of type %u", type);
    return timeline_receive(run->timeline, at->item, at->index, block, err);
}

static bool write_out(void *ctx, Span bytes, Err *err)
{
    TimelineRun *run = ctx;
    if (interrupted())
        return interrupt_error(err);
    run->written += bytes.len;
    if (run->written >= run->told_at && !output_on_terminal(run->session.output)) {
        console_status(run->session.console, "writing: %" PRIu64 " MB", run->written / 1000000);
        run->told_at = run->written + STATUS_BYTES;
    }
    return output_write(run->session.output, bytes, err);
}

static bool write_timeline(TimelineRun *run, Err *err)
{
    TimelineStats stats;
    Session *session = &run->session;
    bool ok = timeline_write(run->timeline, &session->items, write_out, run, &stats, err);
    console_status_end(session->console);
    if (!ok)
        return false;
    bool color = session->settings.engine.color;
    buf_printf(&session->summary, "%sTimeline %s %" PRIu64 " events", color ? "\033[1m" : "",
               color ? "\033[0m" : "", stats.rows - stats.twins);
    if (stats.twins)
        buf_printf(&session->summary, ", %" PRIu64 " more were the same records in other places",
                   stats.twins);
    buf_add_char(&session->summary, '\n');
    return true;
}

static ExitCode run_evidence(const Arguments *arguments)
{
    TimelineRun run = {0};
    Session *session = &run.session;
    Err err = {0};
    const Job job = {.prepare = prepare,
                     .work = work,
                     .receive = receive,
                     .defect = session_defect,
                     .ctx = &run,
                     .hash_items = true};
    bool ok =
        session_open(session, "timeline", arguments, &err) &&
        rows_choose_format(&timeline_command, arguments, &session->settings, &run.format, &err) &&
        session_fork(session, &job, &err) && session_list(session, NULL, &err);
    if (ok) {
        TimelineOptions options = {.format = run.format, .folder = session->settings.temporary};
        run.timeline = timeline_create(&options, &err);
        ok = run.timeline && session_run(session, &err) && write_timeline(&run, &err);
    }
    ExitCode code = session_end(session, ok, &err);
    timeline_destroy(run.timeline);
    session_close(session);
    return code;
}

/* ---- of a case ---- */

static bool write_case(CaseReader *reader, Err *err)
{
    SearchPage page = {0};
    SearchStats stats;
    if (!rows_choose_format(&timeline_command, reader->arguments, &reader->settings, &page.format,
                            err) ||
        !rows_write(reader, &page, &stats, err))
        return false;
    bool color = reader->settings.engine.color;
    buf_printf(&reader->summary, "%sTimeline %s %" PRIu64 " events\n", color ? "\033[1m" : "",
               color ? "\033[0m" : "", stats.rows);
    return true;
}

/* What is decided when evidence is added. */
static bool check_case_options(const Arguments *arguments, Err *err)
{
    static const OptionId OF_EVIDENCE[] = {OPTION_TIMEZONE, OPTION_HOST, OPTION_PASSWORD_FILE,
                                           OPTION_RECOVER};
    for (size_t i = 0; i < sizeof OF_EVIDENCE / sizeof OF_EVIDENCE[0]; i++)
        if (arguments_has(arguments, OF_EVIDENCE[i]))
            return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "--%s is for evidence, not for a case",
                           OPTIONS[OF_EVIDENCE[i]].name);
    return arguments->operand_count == 0 ||
           err_set(err, ERR_USAGE, ERR_NO_OFFSET, "either evidence is read, or the case of --case");
}

static ExitCode run_case(const Arguments *arguments)
{
    CaseReader reader = {.command = "timeline"};
    Err err = {0};
    bool ok = check_case_options(arguments, &err) &&
              case_reader_open(&reader, "timeline", arguments, &err) && write_case(&reader, &err);
    ExitCode code = case_reader_end(&reader, ok, &err);
    case_reader_close(&reader);
    return code;
}

static ExitCode run_timeline(const Arguments *arguments)
{
    return arguments_has(arguments, OPTION_CASE) ? run_case(arguments) : run_evidence(arguments);
}

const Command timeline_command = {
    .name = "timeline",
    .summary = "every event of evidence or of a case, in order of time",
    .usage = "[OPTION...] EVIDENCE... | --case DIR",
    .about =
        "Reads files and folders (recursively; links in them are not followed), whatever their\n"
        "names: contents decide. The same record in several places is counted once. The same\n"
        "evidence gives the same bytes, whatever the number of workers and the order of files.\n"
        "A case gives the bytes that its evidence would, but for times and hosts that it knows "
        "better.\n",
    .format = rows_format_row,
    .examples = "constat timeline evidence/ -o timeline.csv\tall events of a folder, as CSV\n"
                "constat timeline -t jsonl --from 2026-03-01 --to 2026-03-08 evidence/ | "
                "gzip >week.jsonl.gz\tone week of them, compressed\n"
                "constat timeline --timezone 'linux/*=Europe/Luxembourg' evidence/ -o t.csv\t"
                "local times below linux/ are those of Luxembourg\n",
    .set = FOR_TIMELINE,
    .run = run_timeline,
};
