/* engine.h: evidence through sandboxed workers.
 *
 * Three kinds of process (DESIGN: "Processes"). The zygote is forked by engine_start, the first
 * thing a command does; it prepares the job (tables, rules) and forks every worker. A worker
 * inherits the descriptors of its items and its result pipe, nothing else; it works on its pieces
 * one after the other and ends. The coordinator (the caller) opens plain files, schedules,
 * receives blocks, and validates its own copy of each.
 *
 * Work is cut into pieces: an item, or a range of one whose format may be cut (format.h). Cuts and
 * groups depend on sizes and names only, never on the number of workers, so the same input gives
 * the same blocks. With `ordered` the blocks arrive in item and piece order; otherwise as they
 * come, but those of one piece in their order.
 *
 * A worker that crashes, hangs, exceeds a limit or sends nonsense costs the piece it was at: what
 * it had sent before is kept, the defect names the offset it had reached, and the pieces after it
 * go to a fresh worker.
 *
 * A container (archive, image) is opened by a worker too: it sends the members' bytes, which the
 * coordinator puts into a spool; each member becomes an item of its own, read by another worker. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "event/sink.h"
#include "evidence/item.h"
#include "format/format.h"

/* Containers within containers that are opened. */
#define ENGINE_DEPTH_MAX 8

typedef struct Engine Engine;
typedef struct WorkerPort WorkerPort;

/* One piece, in the worker. */
typedef struct Piece {
    const Format *format;
    Input in;
    FormatOptions options;
    uint32_t item; /* index in the item list */
    Text path;     /* of the item, for messages and rows */
} Piece;

/* One piece, in the coordinator. */
typedef struct PieceAt {
    const Item *item;
    uint32_t index;      /* of the item in the list */
    uint64_t begin, end; /* in the item */
    bool whole;          /* said of the item as a whole, before it was cut in pieces */
} PieceAt;

/* In the worker: send one result block. `type` is the job's own, 0..127. Waits while the
 * coordinator is busy. false when it is gone. */
bool worker_send(WorkerPort *port, uint8_t type, Span block, Err *err);
/* Where the next large block is best built: worker_send does not copy what begins there. Until the
 * next worker_send. *ret_size: bytes there. */
uint8_t *worker_place(WorkerPort *port, size_t *ret_size);
void worker_defect(WorkerPort *port, DefectKind kind, uint64_t offset, uint64_t size, Text text);
void worker_progress(WorkerPort *port, uint64_t offset); /* cheap: one store */
void worker_count(WorkerPort *port, uint64_t events);    /* events so far in this piece */

typedef struct Job {
    /* Zygote: load tables, compile rules. NULL: nothing to prepare. */
    bool (*prepare)(void *ctx, Err *err);
    /* Worker: all the work on one piece. false: the piece is defective, err says why. */
    bool (*work)(void *ctx, const Piece *piece, WorkerPort *port, Err *err);
    /* Worker: the whole item as bytes, whatever it is; `piece->format` is NULL. In a visit of its
     * own after the item was identified or read, so that nothing else is lost with it. false: the
     * item is defective, err says why. NULL: nothing is done so. */
    bool (*scan)(void *ctx, const Piece *piece, WorkerPort *port, Err *err);
    /* Which formats this job reads; NULL: all. An item of another format counts as "not read".
     * Containers are always opened. */
    bool (*takes)(void *ctx, const Format *format);

    /* Coordinator, for a job that keeps results over runs (NULL: every item is read; needs
     * `hash_items`). `known`: the item looks like one whose results are there: it is only hashed.
     * `wants`, once the hash is known (or cannot be had): is the item to be read? If not, it ends
     * as ITEM_KNOWN. `wants_piece`: is this part of a large item to be read? */
    bool (*known)(void *ctx, const Item *item);
    bool (*wants)(void *ctx, const Item *item, uint32_t item_index);
    bool (*wants_piece)(void *ctx, uint32_t item_index, uint64_t begin, uint64_t end);

    /* Coordinator. Each false with err: the run cannot go on (disk full). All but `receive` may be
     * NULL. */

    /* One block. It must be checked as hostile input; false with ERR_FORMAT: the block is nonsense
     * (the worker is ended and the piece is defective). */
    bool (*receive)(void *ctx, const PieceAt *at, uint8_t type, Span block, Err *err);
    /* A defect or note; offset ERR_NO_OFFSET if there is none. */
    bool (*defect)(void *ctx, const PieceAt *at, DefectKind kind, uint64_t offset, uint64_t size,
                   Text text, Err *err);
    /* A piece that was read, or as much of it as could be, is finished. */
    bool (*piece_done)(void *ctx, const PieceAt *at, uint64_t events, Err *err);
    /* An item is finished; everything of it was given before. `format` is NULL when it is not
     * known. */
    bool (*finished)(void *ctx, const Item *item, uint32_t item_index, ItemState state,
                     const Format *format, Err *err);
    void *ctx; /* the same pointer everywhere; each process has its own copy of what is behind */

    bool ordered;
    /* SHA-256 of every item that can be read (and is not `hashed` yet), before its first block is
     * received. Its first worker computes it before it parses a byte, when it can still be trusted.
     * If a byte cannot be read, the item stays without, and a defect says so. */
    bool hash_items;
} Job;

/* Does the job read items of this format? Containers are opened for every job. */
static inline bool job_takes(const Job *job, const Format *format)
{
    return format->open || !job->takes || job->takes(job->ctx, format);
}

typedef struct EngineOptions {
    unsigned workers; /* 0: as many as processors */
    FormatOptions format;
    const char *spool;    /* folder for the members of containers; NULL: /tmp */
    uint64_t spool_bytes; /* containers wait while members take so much there; 0: default (4 GiB) */
    uint64_t unpack_bytes; /* what may come out of one file, at all depths, beyond 256 times its
                            * size; 0: default (16 GiB) */
    bool progress;         /* show a progress line on standard error when it is a terminal */
    bool color;
    uint32_t hang_ms;      /* no progress for so long: the worker is ended; 0: default (30,000) */
    uint64_t memory_bytes; /* address space a worker may take beyond what the zygote prepared;
                            * 0: default (512 MiB) */
} EngineOptions;

typedef struct EngineStats {
    uint64_t items_by_state[ITEM_STATE_COUNT];
    uint64_t members;    /* of the items, how many were in containers */
    uint64_t bytes_read; /* of items worked on */
    uint64_t events;     /* as counted by workers */
    uint64_t defects, notes;
    uint64_t workers_started, workers_lost;
    uint64_t peak_worker_bytes, peak_coordinator_bytes; /* resident, from getrusage */
    double seconds, cpu_seconds;                        /* whole run, all processes */
} EngineStats;

/* Fork the zygote and wait until it is prepared. Call before anything that must stay out of
 * workers' memory is loaded. `job` and `options` must outlive the engine. NULL: the job could not
 * be prepared (its own err), or this system has no sandbox (ERR_SANDBOX). Raises the soft limit of
 * open files, if need be, so that every worker can have its items. */
Engine *engine_start(const Job *job, const EngineOptions *options, Err *err);
void engine_stop(Engine *engine); /* ends zygote and workers; NULL is fine */
static inline void engine_stopp(Engine **engine)
{
    engine_stop(*engine);
}

/* Work through the list; each item's `state` says how it ended. Members of containers are added to
 * the list as they are found, and a container ends after all its members. false: the run could not
 * go on (err), or was interrupted (ERR_INTERRUPTED after engine_interrupt); *ret then holds what
 * was done, and items that were not finished are ITEM_WAITING. May be called again, with another
 * list. */
bool engine_run(Engine *engine, ItemList *items, EngineStats *ret, Err *err);

/* Async-signal-safe: end the run soon, in order. */
void engine_interrupt(Engine *engine);

#endif
