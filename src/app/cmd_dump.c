/* constat dump: the events of files as they are, in file order; no custody, no hashing. */
#include "app/command.h"

#include <string.h>

#include "app/interrupt.h"
#include "app/parse.h"
#include "app/session.h"
#include "base/printable.h"
#include "event/event_json.h"

#define BLOCK_TEXT 1

typedef enum DumpFormat { DUMP_EVENTS, DUMP_EVTX_LINES } DumpFormat;

typedef struct DumpRun {
    Session session;
    DumpFormat format;
} DumpRun;

/* ---- worker ---- */

static bool begin_batch(Parse *parse, const Batch *batch, Err *err)
{
    (void)parse;
    (void)batch;
    (void)err;
    return true;
}

static bool render_event(Parse *parse, const Batch *batch, uint32_t row)
{
    size_t start = parse->block.len;
    EventSource source = {.item = parse->piece->path};
    event_write_json(&parse->block, batch, row, &source);
    buf_add_char(&parse->block, '\n');
    if (!parse->block.failed)
        return true;
    parse->block.len = start;
    parse->block.failed = false;
    return false;
}

static bool work(void *ctx, const Piece *piece, WorkerPort *port, Err *err)
{
    const DumpRun *run = ctx;
    Parse parse = {.session = &run->session,
                   .piece = piece,
                   .port = port,
                   .wants = SINK_NO_TWINS,
                   .block_type = BLOCK_TEXT,
                   .begin = begin_batch,
                   .render = render_event};
    return run->format == DUMP_EVENTS ? parse_events(&parse, err) : parse_lines(&parse, err);
}

/* ---- zygote and coordinator ---- */

static bool prepare(void *ctx, Err *err)
{
    DumpRun *run = ctx;
    return session_prepare(&run->session, err);
}

static bool takes(void *ctx, const Format *format)
{
    const DumpRun *run = ctx;
    return run->format == DUMP_EVENTS || format->lines;
}

/* Whole lines of printable text, whatever the worker has become. */
static bool receive(void *ctx, const PieceAt *at, uint8_t type, Span block, Err *err)
{
    DumpRun *run = ctx;
    (void)at;
    Text text = text_from_span(block);
    if (type != BLOCK_TEXT || text.len == 0 || text.ptr[text.len - 1] != '\n' ||
        printable_prefix(text, PRINTABLE_ALLOW('\n')) != text.len)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET,
                       "the worker sent what is not lines of printable text");
    return output_write(run->session.output, block, err);
}

static bool choose_format(DumpRun *run, const Arguments *arguments, Err *err)
{
    const char *name = arguments_value(arguments, OPTION_FORMAT);
    if (!name || strcmp(name, "jsonl") == 0 || strcmp(name, "json") == 0)
        run->format = DUMP_EVENTS;
    else if (strcmp(name, "evtx-jsonl") == 0)
        run->format = DUMP_EVTX_LINES;
    else
        return command_bad_format(&dump_command, name, err);
    bool window = arguments_has(arguments, OPTION_FROM) || arguments_has(arguments, OPTION_TO);
    if (run->format == DUMP_EVTX_LINES && window)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET,
                       "--from and --to need --format jsonl: evtx-jsonl has all records");
    return true;
}

static ExitCode run_dump(const Arguments *arguments)
{
    DumpRun run = {0};
    Session *session = &run.session;
    Err err = {0};
    const Job job = {.prepare = prepare,
                     .work = work,
                     .takes = takes,
                     .receive = receive,
                     .defect = session_defect,
                     .ctx = &run,
                     .ordered = true};
    bool ok = session_open(session, "dump", arguments, &err) &&
              choose_format(&run, arguments, &err) && session_fork(session, &job, &err) &&
              session_list(session, NULL, &err) &&
              session_run(session, &err);
    ExitCode code = session_end(session, ok, &err);
    session_close(session);
    return code;
}

static FormatRow format_at(size_t index)
{
    static const FormatRow ROWS[] = {
        {"jsonl", "one event a line, as docs/event.schema.json describes it (the default)"},
        {"evtx-jsonl", "Windows events in the shape that evtx_dump made common, one a line"},
    };
    return index < sizeof ROWS / sizeof ROWS[0] ? ROWS[index] : (FormatRow){0};
}

const Command dump_command = {
    .name = "dump",
    .summary = "the events of files as they are, in file order",
    .usage = "[OPTION...] FILE...",
    .about =
        "Prints the events of files (or of all files in folders) as they come, without sorting\n"
        "and without hashing the files.\n",
    .format = format_at,
    .examples =
        "constat dump Security.evtx | jq .fields\tthe native fields of each event\n"
        "constat dump -t evtx-jsonl Security.evtx -o security.jsonl\tfor tools that read the "
        "output of evtx_dump\n",
    .set = FOR_DUMP,
    .run = run_dump,
};
