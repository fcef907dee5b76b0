/* session.h: what every command that reads evidence does around its own work: settings, messages,
 * the engine, the list of items, the output, the panel and the exit code.
 *
 *     session_open      options understood, nothing touched
 *     session_fork      zygote forked: from now on keys may be read, a case opened
 *     session_list      items listed, output opened
 *     session_run       the engine has worked through the items
 *     session_end       panel, output complete, exit code
 *     session_close     always */
#ifndef APP_SESSION_H
#define APP_SESSION_H

#include <stdbool.h>

#include "app/command.h"
#include "app/console.h"
#include "app/output.h"
#include "app/settings.h"
#include "base/arena.h"
#include "engine/engine.h"
#include "event/schema.h"
#include "evidence/host_rules.h"
#include "evidence/item.h"

typedef struct Session {
    const char *command;
    const Arguments *arguments;
    Settings settings;
    Console *console;
    Schema *schema; /* in the zygote and its workers */
    HostRules *hosts;
    Engine *engine;
    Arena *arena;
    ItemList items;
    Output *output;
    EngineStats stats;
    double started;    /* monotonic seconds */
    double engine_cpu; /* processor seconds of this process when the engine was done */
    Buf summary;       /* lines that the command adds to the panel */
} Session;

/* false: a message was printed; session_close is still due, for each of these. */
bool session_open(Session *session, const char *command, const Arguments *arguments, Err *err);

/* `job` must outlive the session. Its prepare should call session_prepare. */
bool session_fork(Session *session, const Job *job, Err *err);
bool session_prepare(Session *session, Err *err);
/* `except`: a folder that is not evidence; NULL: none. */
bool session_list(Session *session, const FolderId *except, Err *err);

/* The host of an item that does not tell it: by where it lies, else as a person gave it. Part of
 * `path` or of the settings; empty: not known. */
Text session_host(const Session *session, Text path, HostOrigin *ret_origin);

bool session_run(Session *session, Err *err);

/* Figures of the run so far: those of the engine end with its work, the command's own (sorting,
 * writing) come on top. */
EngineStats session_stats(const Session *session);

/* A Job.defect that shows what it is told. Its ctx begins with the Session. */
bool session_defect(void *ctx, const PieceAt *at, DefectKind kind, uint64_t offset, uint64_t size,
                    Text text, Err *err);

/* `ok` and `err`: how all of it went. Prints why not, or the panel. */
ExitCode session_end(Session *session, bool ok, const Err *err);
void session_close(Session *session);

#endif
