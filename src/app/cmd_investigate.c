/* constat investigate: evidence into a case. */
#include "app/command.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "app/case.h"
#include "app/case_report.h"
#include "app/case_summary.h"
#include "app/interrupt.h"
#include "app/parse.h"
#include "app/rules.h"
#include "app/run_info.h"
#include "app/session.h"
#include "base/cleanup.h"
#include "report/hunt_case.h"
#include "store/store.h"

#define BLOCK_BATCH 1

/* What the store knows of an item of this run. */
typedef struct Adding {
    uint32_t number; /* 0: not entered yet */
    bool known;      /* entered, and nothing is to be added */
} Adding;

typedef struct Investigation {
    Session session; /* first: session_defect */
    Rules rules;     /* read before the zygote is forked, as in hunt */
    Case opened;
    Adding *items; /* by index in the list, as far as entered */
    size_t item_count;
    RunDescription description;
    RunResult result;
    CaseFigures figures;
    uint64_t damaged_known; /* items that an earlier run could not read to their end */
} Investigation;

/* ---- worker ---- */

static bool work(void *ctx, const Piece *piece, WorkerPort *port, Err *err)
{
    const Investigation *run = ctx;
    Parse parse = {.session = &run->session,
                   .piece = piece,
                   .port = port,
                   .wants = SINK_WANTS_ALL,
                   .block_type = BLOCK_BATCH};
    return parse_batches(&parse, err);
}

/* ---- zygote and coordinator ---- */

static bool prepare(void *ctx, Err *err)
{
    Investigation *run = ctx;
    return session_prepare(&run->session, err);
}

static bool no_memory(Err *err)
{
    return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the items of the case");
}

static Adding *adding_of(Investigation *run, uint32_t index, Err *err)
{
    if (index >= run->item_count) {
        size_t count = run->session.items.room > index ? run->session.items.room : index + 1;
        Adding *grown = realloc(run->items, count * sizeof *grown);
        if (!grown) {
            (void)no_memory(err);
            return NULL;
        }
        for (size_t i = run->item_count; i < count; i++)
            grown[i] = (Adding){0};
        run->items = grown;
        run->item_count = count;
    }
    return &run->items[index];
}

/* Enter an item, after its container. NULL: the run cannot go on. */
static Adding *enter(Investigation *run, const Item *item, uint32_t index, Err *err)
{
    Adding *adding = adding_of(run, index, err);
    if (!adding || adding->number)
        return adding;
    uint32_t parent = 0;
    if (item->parent != ITEM_NO_PARENT) {
        const Adding *container =
            enter(run, &run->session.items.items[item->parent], item->parent, err);
        if (!container)
            return NULL;
        parent = container->number;
        adding = &run->items[index]; /* entering may have moved it */
    }
    if (!store_item(run->opened.store, item, parent, &adding->number, &adding->known, err))
        return NULL;
    const StoredItem *stored =
        adding->known ? store_item_by_number(run->opened.store, adding->number) : NULL;
    run->damaged_known +=
        stored && (stored->state == ITEM_DEFECTIVE || stored->state == ITEM_UNREADABLE);
    return adding;
}

/* Looks like a file of an earlier run: hashing will tell. */
static bool known(void *ctx, const Item *item)
{
    const Investigation *run = ctx;
    const StoredItem *stored = store_item_by_path(run->opened.store, item->path);
    return stored && stored->complete && stored->hashed && stored->size == item->size;
}

static bool wants(void *ctx, const Item *item, uint32_t index)
{
    Investigation *run = ctx;
    Err err; /* the same failure comes again where it can be told */
    const Adding *adding = enter(run, item, index, &err);
    return !adding || !adding->known;
}

static bool wants_piece(void *ctx, uint32_t index, uint64_t begin, uint64_t end)
{
    Investigation *run = ctx;
    Err err;
    const Adding *adding = enter(run, &run->session.items.items[index], index, &err);
    return !adding || !store_has_piece(run->opened.store, adding->number, begin, end);
}

/* A container is opened again by the run that completes it, for its members; what it says itself
 * was kept when its piece was complete. NULL: the run cannot go on. */
static const Adding *piece_of(Investigation *run, const PieceAt *at, bool *ret_kept, Err *err)
{
    const Adding *adding = enter(run, at->item, at->index, err);
    *ret_kept = adding && (adding->known ||
                           store_has_piece(run->opened.store, adding->number, at->begin, at->end));
    return adding;
}

static bool receive(void *ctx, const PieceAt *at, uint8_t type, Span block, Err *err)
{
    Investigation *run = ctx;
    Batch batch;
    if (type != BLOCK_BATCH)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "the worker sent a block of type %u", type);
    if (!batch_open(block, &batch, err)) {
        err->code = ERR_FORMAT;
        return err_wrap(err, "the worker sent a batch that is none");
    }
    bool kept;
    const Adding *adding = piece_of(run, at, &kept, err);
    return adding &&
           (kept || store_batch(run->opened.store, adding->number, at->begin, &batch, err));
}

static bool defect(void *ctx, const PieceAt *at, DefectKind kind, uint64_t offset, uint64_t size,
                   Text text, Err *err)
{
    Investigation *run = ctx;
    bool kept;
    const Adding *adding = piece_of(run, at, &kept, err);
    if (!adding)
        return false;
    if (adding->known || (kept && !at->whole))
        return true;
    (void)session_defect(ctx, at, kind, offset, size, text, err);
    return store_defect(run->opened.store, adding->number, at->whole ? STORE_NO_PIECE : at->begin,
                        kind, offset, size, text, err);
}

static bool piece_done(void *ctx, const PieceAt *at, uint64_t events, Err *err)
{
    Investigation *run = ctx;
    bool kept;
    const Adding *adding = piece_of(run, at, &kept, err);
    return adding && (kept || store_piece_done(run->opened.store, adding->number, at->begin,
                                               at->end, events, err));
}

static bool finished(void *ctx, const Item *item, uint32_t index, ItemState state,
                     const Format *format, Err *err)
{
    Investigation *run = ctx;
    const Adding *adding = enter(run, item, index, err);
    if (!adding)
        return false;
    if (!adding->known) {
        ItemEnd end = {.state = state, .format = text_from_z(format ? format->name : NULL)};
        end.layout_host = session_host(&run->session, item->path, &end.layout_origin);
        if (!store_item_done(run->opened.store, adding->number, &end, err))
            return false;
    }
    return store_pulse(run->opened.store, err);
}

/* ---- the run ---- */

/* What decides the content of a case beside the evidence. */
static bool describe_settings(const Investigation *run, Buf *out, Err *err)
{
    const Arguments *arguments = run->session.arguments;
    BUF_LITERAL(out, "version " CONSTAT_VERSION);
    if (run->session.settings.engine.format.recover)
        BUF_LITERAL(out, "; recover");
    /* Which ones they are is nobody's business. */
    if (run->session.settings.password_count)
        buf_printf(out, "; passwords %zu", run->session.settings.password_count);
    for (size_t i = 0; i < arguments->given_count; i++) {
        const Given *given = &arguments->given[i];
        if (given->id == OPTION_TIMEZONE || given->id == OPTION_HOST)
            buf_printf(out, "; %s %s", OPTIONS[given->id].name, given->value);
    }
    Sha256 tables;
    char hex[64];
    if (!settings_tables_digest(&run->session.settings, &tables, err))
        return false;
    sha256_hex(&tables, hex);
    BUF_LITERAL(out, "; tables ");
    buf_add(out, hex, sizeof hex);
    return !out->failed || no_memory(err);
}

static bool begin_run(Investigation *run, Err *err)
{
    Buf settings;
    buf_init(&settings, 1024 * 1024);
    run_describe("investigate", run->session.arguments, &run->session.settings, &run->description);
    bool ok = describe_settings(run, &settings, err);
    run->description.info.settings = buf_text(&settings);
    ok = ok && store_run_begin(run->opened.store, &run->description.info, err);
    run->description.info.settings = (Text){0};
    buf_done(&settings);
    return ok;
}

static bool list_items(Investigation *run, Err *err)
{
    struct stat st;
    if (stat(run->opened.folder, &st) != 0)
        return err_errno(err, errno, "%s", quote_z(run->opened.folder).str);
    const FolderId folder = {.device = st.st_dev, .inode = st.st_ino};
    return session_list(&run->session, &folder, err);
}

/* What was read so far stays, whatever happened after it. */
static bool read_evidence(Investigation *run, Err *err)
{
    if (session_run(&run->session, err))
        return true;
    Err late;
    if (!store_commit(run->opened.store, &late) && err->code == ERR_INTERRUPTED)
        *err = late;
    return false;
}

static bool matching(void *ctx, uint64_t done, uint64_t all)
{
    const Investigation *run = ctx;
    console_status(run->session.console, "rules: %" PRIu64 " of %" PRIu64 " segments", done, all);
    return !interrupted();
}

static bool detect(Investigation *run, Err *err)
{
    Session *session = &run->session;
    const HuntCaseOptions options = {.program = run->rules.program,
                                     .schema = session->schema,
                                     .workers = run->description.info.workers,
                                     .folder = session->settings.temporary,
                                     .progress = matching,
                                     .progress_ctx = run};
    return hunt_case(run->opened.store, &options, &run->result, err);
}

static bool progress(void *ctx, uint64_t done, uint64_t all)
{
    const Investigation *run = ctx;
    console_status(run->session.console, "counting: %" PRIu64 " of %" PRIu64 " segments", done,
                   all);
    return !interrupted();
}

/* After the evidence: what belongs to all of it, what rules find, and the reports. */
static bool conclude(Investigation *run, Err *err)
{
    Store *store = run->opened.store;
    const RunInfo *info = &run->description.info;
    const CaseReport report = {.settings = &run->session.settings,
                               .info = info,
                               .progress = progress,
                               .progress_ctx = run};
    console_status(run->session.console, "comparing records");
    bool ok = store_run_end(store, info->workers, &run->result, err) &&
              session_prepare(&run->session, err) && detect(run, err) &&
              case_report_write(store, &report, &run->result, &run->figures, err);
    console_status_end(run->session.console);
    if (ok && store_is_encrypted(store))
        console_note(run->session.console,
                     "the case is encrypted, a report would not be: constat report -o FILE writes "
                     "one where you want it");
    return ok;
}

static bool summarise(Investigation *run, Err *err)
{
    Session *session = &run->session;
    const EngineStats stats = session_stats(session);
    const CaseSummary summary = {.folder = run->opened.folder,
                                 .stats = &stats,
                                 .result = &run->result,
                                 .figures = &run->figures,
                                 .reported = !store_is_encrypted(run->opened.store),
                                 .damaged_known = run->damaged_known};
    if (run->result.other_settings && session->stats.items_by_state[ITEM_KNOWN])
        console_note(session->console,
                     "%" PRIu64 " items were read before with other options or tables and keep "
                     "what was found then; a new case reads them with these",
                     session->stats.items_by_state[ITEM_KNOWN]);
    if (!run->result.sealed)
        console_note(session->console, "case.seal could not be written: somebody was reading the "
                                       "case all the time; the next run writes it");
    case_summary_text(&session->summary, &summary);
    if (!arguments_has(session->arguments, OPTION_FORMAT)) /* as which --json is kept */
        return true;
    Buf json;
    buf_init(&json, 1024 * 1024);
    case_summary_json(&json, &summary);
    bool ok = json.failed ? no_memory(err) : output_write(session->output, buf_span(&json), err);
    buf_done(&json);
    return ok;
}

static ExitCode run_investigate(const Arguments *arguments)
{
    Investigation run = {0};
    Session *session = &run.session;
    Err err = {0};
    const Job job = {.prepare = prepare,
                     .work = work,
                     .known = known,
                     .wants = wants,
                     .wants_piece = wants_piece,
                     .receive = receive,
                     .defect = defect,
                     .piece_done = piece_done,
                     .finished = finished,
                     .ctx = &run,
                     .hash_items = true};
    size_t refused = 0;
    bool ok = session_open(session, "investigate", arguments, &err) &&
              rules_load_compiled(&run.rules, arguments, &session->settings, &err);
    if (ok)
        refused = rules_tell_refused(&run.rules, session->console);
    ok = ok && session_fork(session, &job, &err) &&
         case_open(arguments, STORE_WRITE, session->settings.temporary, &run.opened, &err) &&
         begin_run(&run, &err) && list_items(&run, &err) && read_evidence(&run, &err) &&
         conclude(&run, &err) && summarise(&run, &err);
    ExitCode code = session_end(session, ok, &err);
    if (code == EXIT_DONE && run.damaged_known)
        code = EXIT_DAMAGE;
    case_close(&run.opened);
    free(run.items);
    run_description_done(&run.description);
    session_close(session);
    rules_done(&run.rules);
    return code == EXIT_DONE && refused ? EXIT_DAMAGE : code;
}

const Command investigate_command = {
    .name = "investigate",
    .summary = "everything: evidence into a case, and what it says",
    .usage = "[OPTION...] EVIDENCE... --case DIR",
    .about =
        "Reads files, folders and archives into the case: each item with its hashes, each event\n"
        "with its place, every step in a custody ledger; and writes report.en.html and\n"
        "report.fr.html there. An existing case gets what is new; items that it knows are only\n"
        "hashed. An interrupted run is taken up by the same command.\n"
        "Sigma rules, Constat's own or those of --rules, are held against all events of the case;\n"
        "what they find takes the place of what the run before found.\n",
    .examples = "constat investigate evidence/ --case CASE\ta new case\n"
                "constat investigate friday/ collection.zip --case CASE\tmore evidence\n"
                "constat investigate evidence/ --case CASE -r sigma/rules/ -r builtin\t"
                "with a folder of rules too\n"
                "constat investigate evidence/ --case CASE --json\tthe summary as one JSON object\n"
                "constat investigate evidence/ --case CASE --signing ledger.key --key my.key\t"
                "signed and encrypted\n",
    .set = FOR_INVESTIGATE,
    .run = run_investigate,
};
