#include "app/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "app/interrupt.h"
#include "base/cleanup.h"
#include "engine/panel.h"

#define ITEMS_MEMORY (1024u * 1024 * 1024) /* for the list of files */
#define PANEL_BYTES  (64 * 1024)

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double own_cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool load_host_rules(Session *session, Err *err)
{
    CLEANUP(freep) char *path = settings_table(&session->settings, "layouts.tsv", err);
    session->hosts = path ? host_rules_load(path, err) : NULL;
    return session->hosts != NULL;
}

Text session_host(const Session *session, Text path, HostOrigin *ret_origin)
{
    Text host, collector;
    if (host_rules_find(session->hosts, path, &host, &collector)) {
        *ret_origin = HOST_FROM_LAYOUT;
        return host;
    }
    host = settings_host(&session->settings, path);
    *ret_origin = host.len ? HOST_GIVEN : HOST_UNKNOWN;
    return host;
}

bool session_open(Session *session, const char *command, const Arguments *arguments, Err *err)
{
    *session = (Session){.command = command, .arguments = arguments, .started = seconds_now()};
    buf_init(&session->summary, PANEL_BYTES);
    if (arguments->operand_count == 0)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET,
                       "no evidence given; constat %s --help says more", command);
    if (!settings_read(arguments, &session->settings, err))
        return false;
    session->console = console_create(session->settings.console);
    session->arena = arena_create(ITEMS_MEMORY);
    if (!session->console || !session->arena)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory to begin");
    return load_host_rules(session, err);
}

void session_close(Session *session)
{
    interrupt_watch(NULL);
    engine_stop(session->engine);
    output_close(session->output);
    schema_destroy(session->schema);
    host_rules_destroy(session->hosts);
    item_list_done(&session->items);
    arena_destroy(session->arena);
    console_destroy(session->console);
    settings_done(&session->settings);
    buf_done(&session->summary);
}

bool session_prepare(Session *session, Err *err)
{
    const Settings *settings = &session->settings;
    const char *folders[TABLES_MAX];
    for (size_t i = 0; i < settings->table_count; i++)
        folders[i] = settings->tables[i];
    session->schema = schema_load(folders, settings->table_count, err);
    return session->schema != NULL;
}

/* The output may lie among the evidence (`… . > timeline.csv`): then it is not read. Evidence that
 * would be overwritten stops the run. */
static bool part_from_output(Session *session, Err *err)
{
    ItemList *items = &session->items;
    size_t kept = 0;
    uint64_t bytes = 0;
    for (size_t i = 0; i < items->count; i++) {
        const Item *item = &items->items[i];
        OutputFile what = output_what_is(session->output, item->device, item->inode);
        if (what == OUTPUT_REPLACES)
            return err_set(err, ERR_USAGE, ERR_NO_OFFSET,
                           "%s is evidence of this run and will not be overwritten",
                           quote(item->path.ptr, item->path.len).str);
        if (what == OUTPUT_WRITES) {
            console_path(session->console, item->path, false, "is the output; not read");
            continue;
        }
        items->items[kept++] = *item;
        bytes += item->size;
    }
    items->count = items->file_count = kept;
    items->bytes = bytes;
    return true;
}

bool session_fork(Session *session, const Job *job, Err *err)
{
    session->engine = engine_start(job, &session->settings.engine, err);
    if (!session->engine)
        return false;
    interrupt_watch(session->engine);
    return true;
}

bool session_list(Session *session, const FolderId *except, Err *err)
{
    const Arguments *arguments = session->arguments;
    const Settings *settings = &session->settings;
    if (!evidence_collect(session->arena, arguments->operands, arguments->operand_count, except,
                          console_path, session->console, &session->items, err))
        return false;
    session->output = output_open(settings->output, settings->output_rule, err);
    if (!session->output || !part_from_output(session, err) || !output_begin(session->output, err))
        return false;
    console_set_items(session->console, &session->items);
    return true;
}

bool session_defect(void *ctx, const PieceAt *at, DefectKind kind, uint64_t offset, uint64_t size,
                    Text text, Err *err)
{
    const Session *session = ctx;
    (void)size;
    (void)err;
    console_defect(session->console, at->item, kind, offset, text);
    return true;
}

/* After the run and in order, so that the same ones are shown each time. */
static bool tell_of_items_not_read(const Session *session, Err *err)
{
    uint32_t *order = item_list_order(&session->items, err);
    if (!order)
        return false;
    for (size_t i = 0; i < session->items.count; i++) {
        const Item *item = &session->items.items[order[i]];
        if (item->state == ITEM_UNKNOWN)
            console_path(session->console, item->path, false, "not read: no known format");
        else if (item->state == ITEM_NOT_TAKEN)
            console_path(session->console, item->path, false,
                         "not read: its format has no such output");
    }
    free(order);
    return true;
}

bool session_run(Session *session, Err *err)
{
    if (interrupted())
        return interrupt_error(err);
    bool ok = engine_run(session->engine, &session->items, &session->stats, err);
    session->engine_cpu = own_cpu_seconds();
    return ok && tell_of_items_not_read(session, err);
}

EngineStats session_stats(const Session *session)
{
    EngineStats stats = session->stats;
    stats.seconds = seconds_now() - session->started;
    stats.cpu_seconds += own_cpu_seconds() - session->engine_cpu;
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        stats.peak_coordinator_bytes = (uint64_t)usage.ru_maxrss * 1024;
    return stats;
}

static void print_panel(const Session *session)
{
    if (session->settings.console & CONSOLE_QUIET)
        return;
    Buf panel;
    buf_init(&panel, PANEL_BYTES);
    EngineStats stats = session_stats(session);
    engine_panel(&panel, &stats, session->settings.engine.color);
    buf_add_text(&panel, buf_text(&session->summary));
    /* Nobody can be told that standard error is gone. */
    if (!panel.failed && write(STDERR_FILENO, panel.ptr, panel.len) < 0)
        buf_clear(&panel);
    buf_done(&panel);
}

static uint64_t lost_count(const Session *session)
{
    return console_lost(session->console) + session->stats.items_by_state[ITEM_UNREADABLE];
}

static bool nothing_read(const Session *session)
{
    const uint64_t *count = session->stats.items_by_state;
    return lost_count(session) && !count[ITEM_DONE] && !count[ITEM_DEFECTIVE] &&
           !count[ITEM_UNKNOWN] && !count[ITEM_NOT_TAKEN] && !count[ITEM_KNOWN];
}

/* Evidence of which nothing could be read gives no result, also not in the place of an older one.
 */
static bool finish_output(Session *session, Err *err)
{
    if (nothing_read(session))
        return err_set(err, ERR_IO, ERR_NO_OFFSET, "nothing of the evidence could be read");
    return output_finish(session->output, err);
}

ExitCode session_end(Session *session, bool ok, const Err *err)
{
    Err finish = {0};
    if (ok && !finish_output(session, &finish)) {
        ok = false;
        err = &finish;
    }
    if (session->console)
        console_finish(session->console);
    if (!ok) {
        console_fail("%s: %s", session->command, err->text);
        return err->code == ERR_INTERRUPTED ? EXIT_INTERRUPTED : EXIT_FAILED;
    }
    if (session->items.count == 0 && console_lost(session->console) == 0)
        console_note(session->console, "%s: there are no files in the evidence", session->command);
    print_panel(session);
    bool damage = lost_count(session) || session->stats.items_by_state[ITEM_DEFECTIVE] ||
                  session->stats.defects;
    return damage ? EXIT_DAMAGE : EXIT_DONE;
}
