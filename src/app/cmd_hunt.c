/* constat hunt: detections only, no case. */
#include "app/command.h"

#include <inttypes.h>
#include <stdlib.h>

#include "app/feeds.h"
#include "app/interrupt.h"
#include "app/parse.h"
#include "app/rules.h"
#include "app/session.h"
#include "base/cleanup.h"
#include "detect/indicator/matcher.h"
#include "detect/sigma/matcher.h"
#include "detect/signatures.h"
#include "report/detection.h"
#include "report/hunt.h"

#define BLOCK_DETECTIONS 1
#define BLOCK_COUNTS     2

#define COUNTS_BYTES  (64u * 1024 * 1024)
#define SUMMARY_BYTES (4u * 1024 * 1024)

typedef struct HuntRun {
    Session session;          /* first: session_defect */
    Rules rules;              /* shared by all processes */
    IndicatorSet *indicators; /* the same; NULL: none */
    YaraSet *yara;            /* the same */
    const DetectionFormat *format;
    Hunt *hunt;       /* coordinator */
    Matcher *matcher; /* worker: made for its first piece */
    IndicatorMatcher *indicator_matcher;
} HuntRun;

/* ---- worker ---- */

/* What takes a batch of a piece. */
typedef struct Matching {
    HuntRun *run;
    DetectionWriter *writer;
    Parse *parse;
    Buf tuple;
} Matching;

static bool send_detection(void *ctx, uint32_t row, uint32_t number, Err *err)
{
    Matching *matching = ctx;
    const Rule *rule = ruleset_at(matching->run->rules.set, number);
    DetectionUse use = rule->silent || rule->muted ? DETECTION_CORRELATED_ONLY : DETECTION_SHOWN;
    buf_clear(&matching->tuple);
    matcher_tuple(matching->run->matcher, &matching->tuple);
    if (use == DETECTION_CORRELATED_ONLY && matching->tuple.len == 0)
        return true; /* it is counted */
    if (matching->tuple.failed ||
        !detection_writer_add(matching->writer, row, number, use, buf_span(&matching->tuple),
                              &matching->parse->block))
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for detections");
    return parse_send_full(matching->parse, err);
}

static bool send_indicator(void *ctx, uint32_t row, uint32_t number, Err *err)
{
    Matching *matching = ctx;
    const HuntRun *run = matching->run;
    uint32_t signature = ruleset_count(run->rules.set) + number;
    if (!detection_writer_add(matching->writer, row, signature, DETECTION_SHOWN, (Span){0},
                              &matching->parse->block))
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for detections");
    return parse_send_full(matching->parse, err);
}

static bool match_batch(Parse *parse, const Batch *batch, Err *err)
{
    Matching *matching = parse->ctx;
    HostOrigin ignored;
    MatchOut out = {.match = send_detection, .ctx = matching};
    detection_writer_begin(matching->writer, batch, parse->piece->format->computer_field,
                           session_host(parse->session, parse->piece->path, &ignored));
    return matcher_batch(matching->run->matcher, batch, &out, err) &&
           (!matching->run->indicators ||
            indicator_matcher_batch(matching->run->indicator_matcher, batch, send_indicator,
                                    matching, err));
}

static bool begin_indicators(HuntRun *run, Err *err)
{
    const Settings *settings = &run->session.settings;
    if (!run->indicators)
        return true;
    if (!run->indicator_matcher &&
        !(run->indicator_matcher = indicator_matcher_create(run->indicators, err)))
        return false;
    indicator_matcher_set_window(run->indicator_matcher, settings->from, settings->to);
    return true;
}

static bool begin_matching(HuntRun *run, Err *err)
{
    const Settings *settings = &run->session.settings;
    if (!begin_indicators(run, err))
        return false;
    if (!run->matcher && !(run->matcher = matcher_create(run->rules.program, err)))
        return false;
    matcher_set_window(run->matcher, settings->from, settings->to);
    matcher_begin(run->matcher);
    matcher_tally_clear(run->matcher);
    return true;
}

static bool send_counts(const HuntRun *run, WorkerPort *port, Err *err)
{
    Buf counts;
    buf_init(&counts, COUNTS_BYTES);
    match_tally_write(matcher_tally(run->matcher), &counts);
    bool ok = !counts.failed ||
              err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for counts of rules");
    ok = ok && worker_send(port, BLOCK_COUNTS, buf_span(&counts), err);
    buf_done(&counts);
    return ok;
}

/* What nobody asks for is not made of the fields. */
static unsigned wants(const HuntRun *run, const Format *format)
{
    unsigned flags = SINK_WANTS_ALL;
    if (!program_correlates(run->rules.program))
        flags |= SINK_NO_TWINS;
    if (format->computer_field && !program_wants_ecs(run->rules.program))
        flags |= SINK_NO_ECS;
    return flags;
}

/* Fields of each Windows record that neither messages, nor readers, nor correlations use. */
static const Text SELDOM_ASKED[] = {
    {"System.Version", 14},
    {"System.Level", 12},
    {"System.Task", 11},
    {"System.Opcode", 13},
    {"System.Provider.Guid", 20},
    {"System.Correlation.ActivityID", 29},
    {"System.Execution.ProcessID", 26},
    {"System.Execution.ThreadID", 25},
    {"System.TimeWritten", 18},
};
#define SELDOM_ASKED_COUNT (sizeof SELDOM_ASKED / sizeof SELDOM_ASKED[0])

/* Those that no rule asks for either. */
static size_t choose_left_out(const Program *program, Text ret[SELDOM_ASKED_COUNT])
{
    size_t count = 0;
    for (size_t i = 0; i < SELDOM_ASKED_COUNT; i++)
        if (program_ignores(program, SELDOM_ASKED[i]))
            ret[count++] = SELDOM_ASKED[i];
    return count;
}

static bool work(void *ctx, const Piece *piece, WorkerPort *port, Err *err)
{
    HuntRun *run = ctx;
    CLEANUP(detection_writer_destroyp)
    DetectionWriter *writer = detection_writer_create(run->session.schema);
    if (!writer)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for detections");
    if (!begin_matching(run, err))
        return false;
    Text left_out[SELDOM_ASKED_COUNT];
    Matching matching = {.run = run, .writer = writer};
    Parse parse = {.session = &run->session,
                   .piece = piece,
                   .port = port,
                   .wants = wants(run, piece->format),
                   .leave_out = left_out,
                   .leave_out_count = choose_left_out(run->rules.program, left_out),
                   .block_type = BLOCK_DETECTIONS,
                   .begin = match_batch,
                   .ctx = &matching};
    matching.parse = &parse;
    buf_init(&matching.tuple, COUNTS_BYTES);
    bool ok = parse_events(&parse, err);
    buf_done(&matching.tuple);
    /* What was matched before a failure counts too. */
    Err late = {0};
    bool sent = send_counts(run, port, &late);
    if (ok && !sent && err)
        *err = late;
    return ok && sent;
}

/* ---- worker: an item as bytes ---- */

typedef struct Scanning {
    HuntRun *run;
    const Piece *piece;
    WorkerPort *port;
    Buf block;
} Scanning;

static uint32_t first_yara(const HuntRun *run)
{
    return ruleset_count(run->rules.set) + indicators_count(run->indicators);
}

static bool send_yara(void *ctx, uint32_t rule, Text details, Err *err)
{
    Scanning *scanning = ctx;
    HostOrigin ignored;
    Detection detection = {
        .rule = first_yara(scanning->run) + rule,
        .time = TIME_NONE,
        .record_id = RECORD_ID_NONE,
        .computer = session_host(&scanning->run->session, scanning->piece->path, &ignored),
        .details = details};
    buf_clear(&scanning->block);
    detection_put(&scanning->block, &detection);
    if (scanning->block.failed)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for detections");
    return worker_send(scanning->port, BLOCK_DETECTIONS, buf_span(&scanning->block), err);
}

static void send_fault(void *ctx, Text text)
{
    const Scanning *scanning = ctx;
    worker_defect(scanning->port, DEFECT_DAMAGE, ERR_NO_OFFSET, 0, text);
}

static void send_progress(void *ctx, uint64_t offset)
{
    const Scanning *scanning = ctx;
    worker_progress(scanning->port, offset);
}

static bool scan(void *ctx, const Piece *piece, WorkerPort *port, Err *err)
{
    HuntRun *run = ctx;
    Scanning scanning = {.run = run, .piece = piece, .port = port};
    const YaraOut out = {
        .match = send_yara, .fault = send_fault, .progress = send_progress, .ctx = &scanning};
    buf_init(&scanning.block, COUNTS_BYTES);
    bool ok = yara_scan(run->yara, &piece->in, piece->path, &out, err);
    buf_done(&scanning.block);
    return ok;
}

/* ---- zygote and coordinator ---- */

static bool prepare(void *ctx, Err *err)
{
    HuntRun *run = ctx;
    return session_prepare(&run->session, err);
}

static bool receive(void *ctx, const PieceAt *at, uint8_t type, Span block, Err *err)
{
    HuntRun *run = ctx;
    if (type == BLOCK_DETECTIONS)
        return hunt_receive(run->hunt, at->item, at->index, block, err);
    if (type == BLOCK_COUNTS)
        return hunt_receive_counts(run->hunt, block, err);
    return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "the worker sent a block of type %u", type);
}

/* An item whose SHA-256 is among the indicators. */
typedef struct ItemHit {
    HuntRun *run;
    const Item *item;
    uint32_t index;
} ItemHit;

static bool add_item_hit(void *ctx, uint32_t number, Err *err)
{
    const ItemHit *hit = ctx;
    HostOrigin ignored;
    char hex[64], details[256];
    sha256_hex(&hit->item->sha256, hex);
    int len = snprintf(details, sizeof details, "File of %" PRIu64 " bytes with SHA-256 %.64s",
                       hit->item->size, hex);
    Text computer = session_host(&hit->run->session, hit->item->path, &ignored);
    return hunt_add_item(hit->run->hunt, hit->index, ruleset_count(hit->run->rules.set) + number,
                         computer, text_of(details, len > 0 ? (size_t)len : 0), err);
}

static bool finished(void *ctx, const Item *item, uint32_t item_index, ItemState state,
                     const Format *format, Err *err)
{
    HuntRun *run = ctx;
    ItemHit hit = {.run = run, .item = item, .index = item_index};
    (void)state, (void)format;
    return !run->indicators || !item->hashed ||
           indicators_of_item(run->indicators, &item->sha256, add_item_hit, &hit, err);
}

static bool write_out(void *ctx, Span bytes, Err *err)
{
    HuntRun *run = ctx;
    if (interrupted())
        return interrupt_error(err);
    return output_write(run->session.output, bytes, err);
}

/* Rows of a table, on a terminal that is to have colours. */
static bool hunt_colored(const HuntRun *run)
{
    return run->format->is_table && output_on_terminal(run->session.output) &&
           !arguments_has(run->session.arguments, OPTION_NO_COLOR) && !getenv("NO_COLOR");
}

/* The table ends with it; of other formats it is said on standard error. */
static bool summarise(HuntRun *run, Err *err)
{
    const Settings *settings = &run->session.settings;
    bool table = run->format->is_table;
    if (settings->console & CONSOLE_QUIET)
        return true;
    Buf text;
    buf_init(&text, SUMMARY_BYTES);
    if (table)
        buf_add_char(&text, '\n');
    hunt_summarise(run->hunt, table ? hunt_colored(run) : settings->engine.color, &text);
    bool ok =
        !text.failed || err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the summary");
    if (ok && table)
        ok = output_write(run->session.output, buf_span(&text), err);
    else
        buf_add_text(&run->session.summary, buf_text(&text));
    buf_done(&text);
    return ok;
}

static bool choose_format(HuntRun *run, const Arguments *arguments, Err *err)
{
    const char *name = arguments_value(arguments, OPTION_FORMAT);
    run->format = detection_format_by_name(text_from_z(name ? name : "table"));
    return run->format || command_bad_format(&hunt_command, name, err);
}

static bool load_rules(HuntRun *run, const Arguments *arguments, Err *err)
{
    if (!rules_load(&run->rules, arguments, NULL, 0, &run->session.settings, err))
        return false;
    if (!feeds_load(arguments, run->rules.min_level, &run->indicators, err) ||
        !feeds_load_yara(arguments, run->rules.min_level, &run->yara, err))
        return false;
    if (ruleset_count(run->rules.set) == 0 && !run->indicators && !run->yara)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "there are no rules; --rules names a folder");
    return rules_compile(&run->rules, err);
}

static bool create_hunt(HuntRun *run, Err *err)
{
    HuntOptions options = {.program = run->rules.program,
                           .indicators = run->indicators,
                           .yara = run->yara,
                           .format = run->format,
                           .color = hunt_colored(run),
                           .folder = run->session.settings.temporary};
    run->hunt = hunt_create(&options, err);
    return run->hunt != NULL;
}

static ExitCode run_hunt(const Arguments *arguments)
{
    HuntRun run = {0};
    Session *session = &run.session;
    Err err = {0};
    size_t refused = 0;
    Job job = {.prepare = prepare,
               .work = work,
               .receive = receive,
               .defect = session_defect,
               .finished = finished,
               .ctx = &run};
    bool ok = session_open(session, "hunt", arguments, &err) &&
              choose_format(&run, arguments, &err) && load_rules(&run, arguments, &err);
    if (ok)
        refused = rules_tell_refused(&run.rules, session->console) +
                  feeds_tell(run.indicators, session->console) +
                  feeds_tell_yara(run.yara, session->console);
    job.scan = run.yara ? scan : NULL;
    job.hash_items = indicators_want_items(run.indicators);
    ok = ok && session_fork(session, &job, &err) && session_list(session, NULL, &err) &&
         create_hunt(&run, &err) && session_run(session, &err) &&
         hunt_write(run.hunt, &session->items, write_out, &run, &err) && summarise(&run, &err);
    if (ok)
        buf_printf(&session->summary, "Compiled    in %.2f s\n", run.rules.seconds);
    ExitCode code = session_end(session, ok, &err);
    hunt_destroy(run.hunt);
    session_close(session);
    rules_done(&run.rules);
    indicators_destroy(run.indicators);
    yara_destroy(run.yara);
    return code == EXIT_DONE && refused ? EXIT_DAMAGE : code;
}

static FormatRow format_row(size_t index)
{
    if (index >= DETECTION_FORMAT_COUNT)
        return (FormatRow){0};
    return (FormatRow){DETECTION_FORMATS[index]->name, DETECTION_FORMATS[index]->summary};
}

const Command hunt_command = {
    .name = "hunt",
    .summary = "what Sigma rules, indicators and YARA find in evidence, without a case",
    .usage = "[OPTION...] EVIDENCE...",
    .about =
        "Reads files, folders and archives as timeline does and holds every event against Sigma\n"
        "rules: Constat's own, or those of --rules. One row for each rule and event, and for each\n"
        "time that a correlation is fulfilled, in order of time. Every rule is accounted for:\n"
        "those that cannot run are named, those for other sources and those that are off counted\n"
        "(constat rules check lists them). Indicators of --indicators are looked for in the same\n"
        "pass, and the SHA-256 of every file among them. Rules of --yara are held against the\n"
        "bytes of every file.\n",
    .format = format_row,
    .examples = "constat hunt evidence/\tby Constat's own rules\n"
                "constat hunt --rules sigma/rules/ --min-level high evidence/ -t csv -o hits.csv\t"
                "a folder of rules, only the serious ones, for a spreadsheet\n"
                "constat hunt -r builtin -r ours/ --tune site.tsv collection.zip -t jsonl\t"
                "with rules of the house, tuned to it\n"
                "constat hunt -r none --indicators feed.json evidence/\tonly what a feed names\n",
    .set = FOR_HUNT,
    .run = run_hunt,
};
