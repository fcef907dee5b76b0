/* run.h: one engine_run, in the coordinator. Private to the engine.
 *
 *   coordinator.c   the loop: what has come, who has hung
 *   schedule.c      what to start, what to listen to
 *   visit.c         one worker: opening its items, taking its blocks, judging its end
 *   members.c       what is in containers
 *   deliver.c       messages to the job, in order; items' ends; statistics
 *
 * Two clocks, so to say. What a worker sends is *received* and checked for protocol at once; it is
 * *delivered* to the job at once too, unless `ordered` makes it wait in its group's queue for the
 * groups before. Statistics and items' states belong to delivery. */
#ifndef ENGINE_RUN_H
#define ENGINE_RUN_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine/channel.h"
#include "engine/engine.h"
#include "engine/group.h"
#include "engine/progress.h"
#include "engine/wire.h"

/* A slot for each worker, one for each that has ended while we still take what it sent, and the
 * spare one. */
#define ENGINE_WORKERS_MAX    256u
#define ENGINE_SLOTS(workers) (2 * (workers) + 1)
#define ENGINE_SLOTS_MAX      ENGINE_SLOTS(ENGINE_WORKERS_MAX)

/* How far a worker was with a piece, made plausible. */
typedef struct Reached {
    bool known;      /* it had begun with the piece */
    uint64_t offset; /* within the piece */
    uint64_t events;
} Reached;

/* Why we ended a worker. */
typedef enum Fault {
    FAULT_NONE,     /* we did not: it ended by itself */
    FAULT_HANG,     /* no progress */
    FAULT_NONSENSE, /* sent what cannot be: fault_text */
    FAULT_REFUSED,  /* what it opens cannot be taken in: fault_text */
    FAULT_STOPPED,  /* the run is over; nobody is to blame */
} Fault;

/* A slot, and the worker that has it. */
typedef struct Visit {
    Group *group; /* NULL: the slot is free */
    uint32_t slot, generation;
    Channel channel;
    bool hashing; /* no block but BLOCK_HASH has come yet */
    bool ended;   /* the zygote has reported it; its pipe may still hold blocks */
    int32_t status;
    uint64_t memory_bytes; /* at most, resident */
    uint32_t cpu_seconds;  /* its limit */
    Fault fault;
    char fault_text[sizeof(((Err *)0)->text)];
    bool opening;   /* the current piece is a container … */
    bool in_member; /* … and a member of it is coming: */
    char *member_name;
    size_t member_name_len;
    uint64_t member_begin; /* in the spool */
    Reached sent;          /* as its last block said */
    uint64_t idle_ms;      /* since it last did anything, not counting when we did not listen */
    bool heard;            /* it has sent something since last looked at */
    uint64_t seen;         /* mixture of its progress word when last looked at */
} Visit;

struct Engine {
    const Job *job;
    const EngineOptions *options;
    unsigned workers;
    uint64_t memory_bytes;
    uint64_t spool_bytes;
    uint64_t unpack_bytes;
    uint32_t hang_ms;
    volatile sig_atomic_t interrupted;
    pid_t zygote;
    int socket;
    SlotMemory *slots;
    uint32_t slot_count; /* ENGINE_SLOTS; the last is for the first group in order alone */
    Visit *visits;
    uint64_t zygote_cpu_us;
};

/* An item in the run. */
typedef struct ItemRun {
    const Format *format;
    int fd; /* open while `users` groups work on it */
    uint32_t users;
    uint32_t pieces_left; /* not delivered; members of a container count as well */
    Spool *spool;         /* of a container that is being opened */
    Group *filling;       /* of its members: not full yet */
    uint64_t out_bytes;   /* of a file: what has come out of it, at all depths … */
    uint64_t out_names;   /* … bytes of paths … */
    uint32_t out_members; /* … and members */
    bool asked;           /* the job has been asked whether it wants it */
    bool unwanted;        /* it does not: it has its results already */
    ItemState state;      /* ITEM_WAITING: nothing special yet */
    bool damaged;         /* delivered damage */
    bool hash_failed;
    bool scan_follows; /* Job.scan has a group that it is in */
    bool changed_told;
} ItemRun;

typedef struct Run {
    Engine *engine;
    const Job *job;
    ItemList *items;
    ItemRun *item_runs;
    size_t item_room;
    Group *groups; /* utlist: not yet fully delivered, in order */
    uint32_t next_item;
    uint32_t active[2]; /* groups that have started and are in the list: [group_opens()] */
    uint64_t spool_used;
    uint32_t listened; /* slot that was listened to last */
    EngineStats stats;
    ProgressLine line;
    uint64_t passed_bytes, passed_events; /* received, for the progress line */
    bool failed;                          /* the run cannot go on: err */
    Err err;
} Run;

/* Set the reason why the run cannot go on; the first one counts. Always false. */
bool run_fail(Run *run, const Err *err);

/* deliver.c: tell the job now or queue. `message` borrows its bytes; if they are the channel's last
 * block, pass the channel and they are taken over rather than copied. false: the job refuses the
 * block as nonsense (err says why; the piece is not to go on) or the run has failed. */
bool run_emit(Run *run, Group *group, const Message *message, Channel *channel, Err *err);
/* `ordered`: deliver what the first groups have queued and drop those that are done. */
void run_settle(Run *run);
/* The group has no worker any more: it waits for another one, or is done. */
void run_leave(Run *run, Group *group);
/* Before something that takes its time: workers that have ended have successors. */
void run_refill(Run *run);
/* The item of a piece that ends is to be scanned, unless it is already. false: the run has failed.
 */
bool run_follow_scan(Run *run, Group *group, uint32_t piece);
/* What is found in the current piece of a group goes to work after it. */
void run_follow(Run *run, Group *group, Group *found);
/* A defect text that says how far the piece was. */
bool run_emit_text(Run *run, Group *group, uint32_t piece, DefectKind kind, uint64_t offset,
                   const char *text);
bool run_emit_end(Run *run, Group *group, uint32_t piece, ItemState state, uint64_t events);

/* members.c: a block of a container. false as visit_take_block; ERR_LIMIT and ERR_IO: it cannot be
 * taken in, which is not the worker's fault. */
bool members_take(Run *run, Visit *visit, uint32_t type, Span payload, Err *err);
/* The container's piece ends, well or not: what has come of its members goes to work. `visit` may
 * be NULL if no member can be coming. */
void members_end(Run *run, Visit *visit, Group *group, uint32_t piece);
/* A member that is worked on: its room is given back. Any other item: nothing. */
void members_release(Item *item);

/* visit.c */
/* Put `group` to work in a free slot. Ends it at once if there is nothing for a worker to do. */
void visit_start(Run *run, Visit *visit, Group *group);
/* Take what is in the pipe, up to a fair share: true if it was as much. */
bool visit_receive(Run *run, Visit *visit);
/* End the worker; what it was at will be blamed on `fault`. */
void visit_end_worker(Run *run, Visit *visit, Fault fault, const char *text);
/* Both its end and its last block are known: judge, and free the slot. */
void visit_finish(Run *run, Visit *visit);
/* What its progress word says of the piece. */
Reached visit_reached(const Run *run, const Visit *visit, uint32_t piece);

/* visit_blocks.c: the item's hash is known, or it will have none: does the job want it? Asked once
 * an item. */
void run_hashed(Run *run, uint32_t item_index);
/* The group's current piece is lost because a block of it is nonsense (`reason`). `visit`: who sent
 * it; NULL if that is over. */
void visit_blame_nonsense(Run *run, Visit *visit, Group *group, const char *reason,
                          Reached reached);
/* How much may come out of a container, or out of a file at all depths. */
uint64_t run_unpack_budget(const Run *run, uint64_t size);
/* Numbers from a worker, made plausible for this piece. */
Reached visit_plausible(const PieceRun *piece, uint64_t offset, uint64_t events);

static inline ProgressWord *engine_word(const Engine *engine, uint32_t slot)
{
    return &engine->slots[slot].progress;
}

static inline Item *run_item(const Run *run, const Group *group, uint32_t piece)
{
    return &run->items->items[group->pieces[piece].item];
}

static inline ItemRun *run_item_run(const Run *run, const Group *group, uint32_t piece)
{
    return &run->item_runs[group->pieces[piece].item];
}

#endif
