#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "engine/run.h"
#include "engine/sandbox.h"
#include "engine/visit_blocks.h"

#define RECEIVE_SHARE (1024u * 1024) /* bytes from one pipe before the others have their turn */

/* Processor time of a visit, a last resort against a worker that pretends to make progress: so
 * much, and a second for so many bytes more. Sanitizers slow readers down. */
#define CPU_SECONDS_BASE (SANDBOX_SANITIZED ? 600u : 60u)
#define CPU_BYTES_SECOND (UINT64_C(256) * 1024)

/* The descriptor of the item, opened if no other group has it open. */
static bool hold_item(Run *run, PieceRun *piece)
{
    ItemRun *item_run = &run->item_runs[piece->item];
    if (item_run->users == 0) {
        Err err = {.offset = ERR_NO_OFFSET};
        item_run->fd = item_open(&run->items->items[piece->item], &err);
        if (item_run->fd < 0 && err.code == ERR_LIMIT)
            return run_fail(run, &err);
        if (item_run->fd < 0) {
            piece->failure = strdup(err.text);
            if (piece->failure)
                return true;
            err_set(&err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for a message");
            return run_fail(run, &err);
        }
    }
    item_run->users++;
    piece->held = true;
    return true;
}

static void release_items(Run *run, Group *group)
{
    for (uint32_t i = 0; i < group->piece_count; i++) {
        PieceRun *piece = &group->pieces[i];
        ItemRun *item_run = &run->item_runs[piece->item];
        if (piece->held && --item_run->users == 0)
            close(item_run->fd);
        piece->held = false;
    }
}

/* What no worker gets: it is empty, or the job has its results, or it cannot be opened. */
static bool prepare_piece(Run *run, Group *group, uint32_t i)
{
    PieceRun *piece = &group->pieces[i];
    Item *item = run_item(run, group, i);
    ItemRun *item_run = run_item_run(run, group, i);
    const Job *job = run->job;
    piece->defects = 0;
    piece->identified = false;
    piece->wants_hash = false;
    bool hash = job->hash_items && !item->hashed && !item_run->hash_failed;
    if (hash && item->size == 0) {
        Err err;
        if (!item_hash(item, -1, &err))
            return run_fail(run, &err);
        hash = false;
    }
    if (job->hash_items && item->hashed)
        run_hashed(run, piece->item);
    if (item->size == 0 || item_run->unwanted || piece->failure)
        return true;
    piece->hash_only = hash && job->known && job->known(job->ctx, item);
    if (!hold_item(run, piece))
        return false;
    piece->wants_hash = hash && !piece->failure;
    return true;
}

/* Open what is to be read, and mark what must be hashed first. */
static bool prepare_pieces(Run *run, Group *group)
{
    for (uint32_t i = group->current; i < group->piece_count; i++)
        if (!prepare_piece(run, group, i))
            return false;
    return true;
}

static void fill_piece(const Run *run, const Group *group, uint32_t id, WirePiece *ret)
{
    const PieceRun *piece = &group->pieces[id];
    const Item *item = &run->items->items[piece->item];
    uint32_t format = WIRE_FORMAT_UNKNOWN;
    for (size_t i = 0; piece->format && i < FORMAT_COUNT; i++)
        if (FORMATS[i] == piece->format)
            format = (uint32_t)i;
    *ret = (WirePiece){
        .id = id,
        .item = piece->item,
        .format = format,
        .flags = (piece->wants_hash ? WIRE_HASH : 0u) | (piece->probe_only ? WIRE_PROBE_ONLY : 0u) |
                 (piece->hash_only ? WIRE_HASH_ONLY : 0u) | (piece->scan_only ? WIRE_SCAN : 0u) |
                 (item->depth >= ENGINE_DEPTH_MAX ? WIRE_NO_OPEN : 0u) |
                 (item->spool ? WIRE_VEILED : 0u),
        .path_len = (uint32_t)item->path.len,
        .name_len = (uint32_t)item->name.len,
        .begin = piece->begin,
        .end = piece->end,
        .size = item->size,
        .base = item->spool ? item->spool_at : 0,
    };
    if (item->spool)
        ret->veil = *spool_veil(item->spool);
}

typedef struct Order {
    WireRequest request;
    WirePiece pieces[WIRE_PIECES_MAX];
    int fds[WIRE_PIECES_MAX + 1];
    Buf text;
} Order;

static void order_donep(Order *order)
{
    buf_done(&order->text);
}

static bool fill_order(const Run *run, const Visit *visit, const Group *group, int pipe_fd,
                       Order *order)
{
    uint64_t bytes = 0;
    uint32_t count = 0;
    order->fds[0] = pipe_fd;
    for (uint32_t i = group->current; i < group->piece_count; i++) {
        const PieceRun *piece = &group->pieces[i];
        if (!piece->held)
            continue;
        fill_piece(run, group, i, &order->pieces[count]);
        order->pieces[count].fd = count + 1;
        order->fds[++count] = run->item_runs[piece->item].fd;
        buf_add_text(&order->text, run->items->items[piece->item].path);
        bytes += piece->end - piece->begin;
    }
    uint64_t seconds = CPU_SECONDS_BASE + bytes / CPU_BYTES_SECOND;
    order->request = (WireRequest){
        .command = WIRE_SPAWN,
        .slot = visit->slot,
        .generation = visit->generation,
        .piece_count = count,
        .fd_count = count + 1,
        .cpu_seconds = seconds < UINT32_MAX / 2 ? (uint32_t)seconds : UINT32_MAX / 2,
        .text_bytes = order->text.len,
    };
    return !order->text.failed;
}

static bool send_all(int fd, const void *bytes, size_t size)
{
    for (size_t sent = 0; sent < size;) {
        ssize_t n = send(fd, (const char *)bytes + sent, size - sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        sent += (size_t)n;
    }
    return true;
}

/* The request and its descriptors in one message, what belongs to it after. */
static bool send_order(int fd, const Order *order)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof order->fds)];
    } control = {0};
    size_t fds_bytes = order->request.fd_count * sizeof(int);
    WireRequest request = order->request;
    struct iovec iov = {.iov_base = &request, .iov_len = sizeof request};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = CMSG_SPACE(fds_bytes)};
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
    cmsg->cmsg_level = SOL_SOCKET;
    cmsg->cmsg_type = SCM_RIGHTS;
    cmsg->cmsg_len = CMSG_LEN(fds_bytes);
    memcpy(CMSG_DATA(cmsg), order->fds, fds_bytes);
    ssize_t n;
    do
        n = sendmsg(fd, &msg, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof request &&
           send_all(fd, order->pieces, order->request.piece_count * sizeof *order->pieces) &&
           send_all(fd, order->text.ptr, order->text.len);
}

static bool zygote_gone(Run *run)
{
    Err err;
    err_set(&err, ERR_SANDBOX, ERR_NO_OFFSET, "the process that starts workers has ended");
    return run_fail(run, &err);
}

static bool start_worker(Run *run, Visit *visit, Group *group)
{
    int ends[2];
    Err err;
    if (!channel_pipe(ends, &err))
        return run_fail(run, &err);
    channel_open(&visit->channel, ends[0], &run->engine->slots[visit->slot]);
    CLEANUP(fd_closep) int write_end = ends[1];
    CLEANUP(order_donep) Order order;
    buf_init(&order.text, WIRE_TEXT_MAX);
    if (!fill_order(run, visit, group, write_end, &order)) {
        err_set(&err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory to start a worker");
        return run_fail(run, &err);
    }
    visit->cpu_seconds = order.request.cpu_seconds;
    return send_order(run->engine->socket, &order) || zygote_gone(run);
}

void visit_start(Run *run, Visit *visit, Group *group)
{
    if (!group->started)
        run->active[group_opens(group)]++;
    group->started = true;
    group->state = GROUP_RUNNING;
    bool prepared = prepare_pieces(run, group);
    if (prepared)
        visit_skip_pieces(run, group);
    if (!prepared || group->current == group->piece_count) {
        release_items(run, group);
        run_leave(run, group);
        return;
    }
    visit->group = group;
    visit->generation++;
    visit->hashing = true;
    visit->ended = false;
    visit->fault = FAULT_NONE;
    visit->fault_text[0] = '\0';
    visit->idle_ms = 0;
    visit->heard = true; /* forking takes time */
    ProgressWord *word = engine_word(run->engine, visit->slot);
    atomic_store_explicit(&word->piece, UINT64_MAX, memory_order_relaxed); /* none yet */
    visit_begin_piece(run, visit);
    if (start_worker(run, visit, group))
        return;
    channel_close(&visit->channel);
    release_items(run, group);
    visit->group = NULL;
}

void visit_end_worker(Run *run, Visit *visit, Fault fault, const char *text)
{
    if (visit->fault == FAULT_STOPPED)
        return;
    visit->fault = fault;
    /* Both are as long as an Err's text: nothing is cut. */
    (void)snprintf(visit->fault_text, sizeof visit->fault_text, "%s", text);
    channel_close(&visit->channel);
    if (visit->ended)
        return;
    WireRequest request = {
        .command = WIRE_KILL, .slot = visit->slot, .generation = visit->generation};
    if (!send_all(run->engine->socket, &request, sizeof request))
        zygote_gone(run);
}

bool visit_receive(Run *run, Visit *visit)
{
    uint64_t taken = 0;
    visit->heard = true;
    while (taken < RECEIVE_SHARE && !run->failed) {
        BlockHeader header;
        Span payload;
        Err err = {.offset = ERR_NO_OFFSET};
        switch (channel_next(&visit->channel, &header, &payload, &err)) {
        case CHANNEL_BLOCK:
            taken += sizeof header + payload.len;
            if (payload.len > WIRE_INLINE_MAX)
                run_refill(run);
            if (visit_take_block(run, visit, &header, payload, &err))
                continue;
            if (!run->failed) {
                bool refused = err.code == ERR_IO || err.code == ERR_LIMIT;
                visit_end_worker(run, visit, refused ? FAULT_REFUSED : FAULT_NONSENSE, err.text);
            }
            return false;
        case CHANNEL_EMPTY:
            return false;
        case CHANNEL_END:
            channel_close(&visit->channel);
            return false;
        case CHANNEL_NONSENSE:
        case CHANNEL_OVER:
            visit_end_worker(run, visit, FAULT_NONSENSE, err.text);
            return false;
        case CHANNEL_FAILED:
            run_fail(run, &err);
            return false;
        }
    }
    return true;
}

Reached visit_reached(const Run *run, const Visit *visit, uint32_t piece)
{
    const ProgressWord *word = engine_word(run->engine, visit->slot);
    const PieceRun *p = &visit->group->pieces[piece];
    uint64_t offset = atomic_load_explicit(&word->offset, memory_order_relaxed);
    uint64_t events = atomic_load_explicit(&word->events, memory_order_relaxed);
    if (atomic_load_explicit(&word->piece, memory_order_relaxed) != piece)
        return (Reached){.offset = p->begin};
    return visit_plausible(p, offset, events);
}

/* The next worker must not see what this one had: the slot's memory becomes zeros. A worker that
 * seems not to have used all of it, as most that send little, gives its pages back. */
static void clear_memory(SlotMemory *memory, uint64_t parts_taken)
{
    if (parts_taken >= WIRE_PARTS || madvise(memory, sizeof *memory, MADV_REMOVE) != 0)
        memset(memory, 0, sizeof *memory);
}

void visit_finish(Run *run, Visit *visit)
{
    Group *group = visit->group;
    bool well = WIFEXITED(visit->status) && WEXITSTATUS(visit->status) == WORKER_EXIT_DONE;
    if (visit->fault != FAULT_STOPPED) {
        if (visit->fault != FAULT_NONE || !well || group->current < group->piece_count)
            run->stats.workers_lost++;
        if (WIFEXITED(visit->status) && WEXITSTATUS(visit->status) == WORKER_EXIT_SANDBOX) {
            Err err;
            err_set(&err, ERR_SANDBOX, ERR_NO_OFFSET, "a worker's sandbox could not be set up");
            run_fail(run, &err);
        } else if (group->current < group->piece_count) {
            visit_blame(run, visit);
        }
    }
    release_items(run, group);
    clear_memory(&run->engine->slots[visit->slot], visit->channel.parts_taken);
    visit->group = NULL;
    run_leave(run, group);
}
