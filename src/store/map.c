/* Children that look at segments.
 *
 *   parent   forks; takes frames from each child's pipe; ends them all at the first failure
 *   child    takes the next segment's place in the list from a counter that all share; reads,
 *            unpacks, checks and looks at it; writes frames
 *
 * A frame: u32 type, u32 zero, u64 bytes, then the bytes. What a child was at stands in shared
 * memory, so that its death can be told with the segment that caused it. */
#include "store/map.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "event/segment.h"
#include "store/filter.h"
#include "store/part.h"

#define CHILDREN_MAX 256
#define FRAME_HEAD   16
#define FRAME_MAX    (UINT64_C(1) << 31)
#define PIPE_BYTES   (1024 * 1024)
#define READ_BYTES   (256 * 1024)
#define PROGRESS_MS  100
#define PLACE_NONE   UINT32_MAX

typedef enum FrameType { FRAME_RESULT = 1, FRAME_ERROR, FRAME_DONE } FrameType;

typedef struct Shared {
    _Atomic uint32_t next; /* place in the list that nobody has taken */
    _Atomic uint32_t done;
    _Atomic uint32_t at[CHILDREN_MAX]; /* place that a child is at; PLACE_NONE: none */
} Shared;

/* ---- child ---- */

typedef struct Child {
    Store *store;
    const MapPlan *plan;
    const ScanFilter *filter;
    const ScanJob *job;
    Shared *shared;
    int out;
    PartReader *parts;
    FilterRoom room;
    Buf result;
    ScanStats stats;
} Child;

static bool write_all(int fd, const void *bytes, size_t size)
{
    for (const uint8_t *at = bytes; size;) {
        ssize_t n = write(fd, at, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        size -= (size_t)n;
    }
    return true;
}

static bool send_frame(int fd, FrameType type, Span bytes)
{
    uint8_t head[FRAME_HEAD] = {0};
    store_u32le(head, (uint32_t)type);
    store_u64le(head + 8, bytes.len);
    return write_all(fd, head, sizeof head) && write_all(fd, bytes.ptr, bytes.len);
}

static bool send_result(Child *child, Err *err)
{
    if (child->result.failed)
        return no_memory(err);
    if (child->result.len && !send_frame(child->out, FRAME_RESULT, buf_span(&child->result)))
        return err_set(err, ERR_IO, ERR_NO_OFFSET, "the process that reads results is gone");
    buf_clear(&child->result);
    return true;
}

bool scan_flush(Buf *out, Err *err)
{
    void *at = (uint8_t *)out - offsetof(Child, result);
    return send_result(at, err);
}

static bool look_at_rows(Child *child, const SegmentRef *ref, ScanSegment *segment, Err *err)
{
    uint32_t rows;
    if (!filter_rows(child->filter, ref, &child->room, segment, &rows))
        return no_memory(err);
    child->stats.events += rows;
    if (rows == 0 || !child->job->map)
        return true;
    /* The job sees an empty buffer each time; what it left goes at once. */
    return child->job->map(child->job->ctx, segment, &child->result, err) &&
           send_result(child, err);
}

static bool look_at(Child *child, const SegmentRef *ref, Err *err)
{
    const ScanJob *job = child->job;
    ScanSegment segment = {.item = ref->item, .segment = ref->number, .ref = ref};
    Batch dictionary;
    if (!filter_wants_segment(child->filter, ref) ||
        (job->wants_summary && !job->wants_summary(job->ctx, ref->item, &ref->summary))) {
        child->stats.skipped_by_summary++;
        return true;
    }
    if (!part_read_values(child->parts, ref->number, &dictionary, err))
        return false;
    if (job->wants_values && !job->wants_values(job->ctx, &dictionary)) {
        child->stats.skipped_by_values++;
        return true;
    }
    if (!part_read_events(child->parts, ref->number, &dictionary, child->plan->twin_columns,
                          &segment.batch, err))
        return false;
    if (segment.batch.event_count != ref->events || ref->summary.events != ref->events)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "it has not as many events as is said");
    return look_at_rows(child, ref, &segment, err);
}

static bool name_segment(const SegmentRef *ref, Err *err)
{
    return err_wrap(err, "segment %u of %s", (unsigned)ref->number,
                    quote(ref->item->path.ptr, ref->item->path.len).str);
}

static bool look_at_all(Child *child, unsigned number, Err *err)
{
    const MapPlan *plan = child->plan;
    const SegmentRef *segments = child->store->reading.segments;
    if (child->job->begin && !child->job->begin(child->job->ctx, err))
        return false;
    for (uint32_t place; (place = atomic_fetch_add(&child->shared->next, 1)) < plan->count;) {
        uint32_t index = plan->order ? plan->order[place] : place;
        atomic_store(&child->shared->at[number], index);
        child->stats.segments++;
        if (plan->wants && !plan->wants(child->job->ctx, index))
            child->stats.skipped_by_summary++;
        else if (!look_at(child, &segments[index], err))
            return err->code == ERR_INTERRUPTED ? false : name_segment(&segments[index], err);
        atomic_fetch_add(&child->shared->done, 1);
    }
    atomic_store(&child->shared->at[number], PLACE_NONE);
    if (child->job->end && !child->job->end(child->job->ctx, &child->result, err))
        return false;
    return send_result(child, err);
}

_Noreturn static void be_child(Child *child, unsigned number)
{
    Err err = {0};
    Store *store = child->store;
    /* A person's Ctrl-C reaches all of us; the parent decides. It may not outlive the parent. */
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGTERM, SIG_DFL);
    (void)signal(SIGHUP, SIG_DFL);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* Our copy of it: what reads segments must not be able to sign. */
    signing_key_destroy((SigningKey *)(uintptr_t)store->signing);
    store->signing = NULL;
    if (store->lock >= 0)
        close(store->lock); /* the lock is the parent's */
    store->lock = -1;
    if (store->access == DATABASE_WRITE)
        store->access = DATABASE_READ;
    child->parts = part_reader_create(store, &err);
    bool ok = child->parts && look_at_all(child, number, &err);
    if (ok)
        ok = send_frame(child->out, FRAME_DONE, span_of(&child->stats, sizeof child->stats));
    else
        (void)send_frame(child->out, FRAME_ERROR, span_of(&err, sizeof err));
    store_release(store); /* SQLite takes away what it laid beside the file */
    _exit(ok ? 0 : 1);
}

/* ---- parent ---- */

typedef struct Worker {
    pid_t pid;
    int in; /* -1: closed */
    uint8_t head[FRAME_HEAD];
    size_t got; /* of head and body */
    Buf body;
    bool done; /* its last frame has come */
} Worker;

typedef struct Map {
    Store *store;
    const MapPlan *plan;
    Shared *shared;
    Worker workers[CHILDREN_MAX];
    unsigned count, open;
    ScanStats stats;
} Map;

static void end_worker(Worker *worker)
{
    if (worker->pid > 0) {
        (void)kill(worker->pid, SIGKILL);
        while (waitpid(worker->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    if (worker->in >= 0)
        close(worker->in);
    buf_done(&worker->body);
    *worker = (Worker){.in = -1};
}

static bool start_worker(Map *map, Child *child, Err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_errno(err, errno, "no pipe for a process that reads the case");
    (void)fcntl(ends[0], F_SETPIPE_SZ, PIPE_BYTES);
    atomic_store(&map->shared->at[map->count], PLACE_NONE);
    pid_t pid = fork();
    if (pid < 0) {
        int error = errno;
        close(ends[0]);
        close(ends[1]);
        return err_errno(err, error, "no process to read the case");
    }
    if (pid == 0) {
        close(ends[0]);
        for (unsigned i = 0; i < map->count; i++)
            close(map->workers[i].in);
        child->out = ends[1];
        be_child(child, map->count);
    }
    close(ends[1]);
    Worker *worker = &map->workers[map->count++];
    *worker = (Worker){.pid = pid, .in = ends[0]};
    buf_init(&worker->body, FRAME_MAX);
    map->open++;
    return true;
}

/* A worker closed its pipe without a last frame. */
static bool tell_death(const Map *map, Worker *worker, Err *err)
{
    int status = 0;
    while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR)
        ;
    worker->pid = 0;
    int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (number == SIGTERM || number == SIGHUP || number == SIGINT)
        return err_set(err, ERR_INTERRUPTED, ERR_NO_OFFSET, "interrupted");
    uint32_t at = atomic_load(&map->shared->at[worker - map->workers]);
    if (at >= map->store->reading.segment_count)
        return err_set(err, ERR_SANDBOX, ERR_NO_OFFSET,
                       "a process that reads the case died (signal %d)", number);
    const SegmentRef *ref = &map->store->reading.segments[at];
    return err_set(err, ERR_SANDBOX, ERR_NO_OFFSET,
                   "segment %u of %s: the process that read it died (signal %d)",
                   (unsigned)ref->number, quote(ref->item->path.ptr, ref->item->path.len).str,
                   number);
}

static void add_stats(ScanStats *to, const ScanStats *from)
{
    to->segments += from->segments;
    to->skipped_by_summary += from->skipped_by_summary;
    to->skipped_by_values += from->skipped_by_values;
    to->events += from->events;
}

static bool nonsense(Err *err)
{
    return err_set(err, ERR_SANDBOX, ERR_NO_OFFSET, "a process that reads the case sent nonsense");
}

static bool take_frame(Map *map, Worker *worker, Err *err)
{
    Span body = buf_span(&worker->body);
    const ScanJob *job = map->plan->job;
    switch (load_u32le(worker->head)) {
    case FRAME_RESULT:
        return job->reduce ? job->reduce(job->ctx, body, err) : nonsense(err);
    case FRAME_ERROR:
        if (body.len != sizeof(Err))
            return nonsense(err);
        if (err)
            memcpy(err, body.ptr, sizeof *err);
        return false;
    case FRAME_DONE: {
        ScanStats stats;
        if (body.len != sizeof stats)
            return nonsense(err);
        memcpy(&stats, body.ptr, sizeof stats);
        add_stats(&map->stats, &stats);
        worker->done = true;
        return true;
    }
    default:
        return nonsense(err);
    }
}

/* Where the next bytes go, and how many at most. */
static uint8_t *frame_room(Worker *worker, size_t *ret)
{
    if (worker->got < FRAME_HEAD) {
        *ret = FRAME_HEAD - worker->got;
        return worker->head + worker->got;
    }
    uint64_t left = load_u64le(worker->head + 8) - worker->body.len;
    *ret = left < READ_BYTES ? (size_t)left : READ_BYTES;
    return (uint8_t *)buf_reserve(&worker->body, *ret);
}

static bool frame_whole(const Worker *worker)
{
    return worker->got >= FRAME_HEAD && worker->body.len == load_u64le(worker->head + 8);
}

/* One read; a whole frame is taken in. */
static bool read_some(Map *map, Worker *worker, Err *err)
{
    size_t room;
    uint8_t *to = frame_room(worker, &room);
    if (!to)
        return no_memory(err);
    ssize_t n = read(worker->in, to, room);
    if (n < 0)
        return errno == EINTR || err_errno(err, errno, "results of a process cannot be read");
    if (n == 0) {
        if (!worker->done || worker->got)
            return tell_death(map, worker, err);
        close(worker->in);
        worker->in = -1;
        map->open--;
        return true;
    }
    if (worker->got < FRAME_HEAD) {
        worker->got += (size_t)n;
        if (worker->got == FRAME_HEAD && load_u64le(worker->head + 8) > FRAME_MAX)
            return nonsense(err);
    } else {
        worker->body.len += (size_t)n;
    }
    if (!frame_whole(worker))
        return true;
    bool ok = take_frame(map, worker, err);
    buf_clear(&worker->body);
    worker->got = 0;
    return ok;
}

static bool tell_progress(const Map *map, Err *err)
{
    const ScanJob *job = map->plan->job;
    if (!job->progress ||
        job->progress(job->ctx, atomic_load(&map->shared->done), map->plan->count))
        return true;
    return err_set(err, ERR_INTERRUPTED, ERR_NO_OFFSET, "interrupted");
}

static bool take_all(Map *map, Err *err)
{
    struct pollfd polls[CHILDREN_MAX];
    while (map->open) {
        for (unsigned i = 0; i < map->count; i++)
            polls[i] = (struct pollfd){.fd = map->workers[i].in, .events = POLLIN};
        int ready = poll(polls, map->count, PROGRESS_MS);
        if (ready < 0 && errno != EINTR)
            return err_errno(err, errno, "results of processes cannot be waited for");
        if (ready <= 0 && !tell_progress(map, err))
            return false;
        for (unsigned i = 0; i < map->count && ready > 0; i++)
            if (polls[i].revents && !read_some(map, &map->workers[i], err))
                return false;
    }
    return tell_progress(map, err);
}

static bool run_children(Map *map, Child *child, unsigned workers, Err *err)
{
    bool ok = true;
    store_release(map->store);
    for (unsigned i = 0; i < workers && ok; i++)
        ok = start_worker(map, child, err);
    ok = ok && take_all(map, err);
    for (unsigned i = 0; i < map->count; i++)
        end_worker(&map->workers[i]);
    return ok;
}

unsigned map_workers(unsigned workers)
{
    long processors = workers ? (long)workers : sysconf(_SC_NPROCESSORS_ONLN);
    if (processors < 1)
        return 1;
    return processors > CHILDREN_MAX ? CHILDREN_MAX : (unsigned)processors;
}

bool map_run(Store *store, const MapPlan *plan, ScanStats *ret, Err *err)
{
    unsigned workers = map_workers(plan->workers);
    ScanFilter filter = plan->filter ? *plan->filter : SCAN_ALL;
    if (filter.from == 0 && filter.to == 0) {
        filter.from = TIME_NONE;
        filter.to = INT64_MAX;
    }
    Shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    Map *map = calloc(1, sizeof *map);
    if (shared == MAP_FAILED || !map) {
        free(map);
        if (shared != MAP_FAILED)
            (void)munmap(shared, sizeof *shared);
        return no_memory(err);
    }
    *map = (Map){.store = store, .plan = plan, .shared = shared};
    Child child = {
        .store = store, .plan = plan, .filter = &filter, .job = plan->job, .shared = shared};
    buf_init(&child.result, FRAME_MAX);
    if (workers > plan->count)
        workers = plan->count ? (unsigned)plan->count : 1;
    Err failure = {0}; /* err may be NULL, and children's errors are looked at */
    bool ok = run_children(map, &child, workers, &failure);
    if (ret)
        *ret = map->stats;
    free(map);
    (void)munmap(shared, sizeof *shared);
    return ok || take_failure(err, &failure);
}

/* ---- for everybody ---- */

bool store_map(Store *store, const ScanFilter *filter, const ScanJob *job, unsigned workers,
               ScanStats *ret, Err *err)
{
    if (!store_refresh(store, err))
        return false;
    if (!reading_load(store, err))
        return false;
    MapPlan plan = {
        .filter = filter, .job = job, .workers = workers, .count = store->reading.segment_count};
    return map_run(store, &plan, ret, err);
}

bool store_summaries(Store *store,
                     bool (*each)(void *ctx, const StoredItem *item, const Summary *summary,
                                  Err *err),
                     void *ctx, Err *err)
{
    if (!reading_load(store, err))
        return false;
    for (size_t i = 0; i < store->reading.segment_count; i++) {
        const SegmentRef *ref = &store->reading.segments[i];
        if (!each(ctx, ref->item, &ref->summary, err))
            return false;
    }
    return true;
}
