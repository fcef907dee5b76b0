#include "engine/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "engine/run.h"
#include "engine/zygote.h"

#define HANG_MS_DEFAULT      30000u
#define MEMORY_BYTES_DEFAULT (UINT64_C(512) * 1024 * 1024)
#define SPOOL_BYTES_DEFAULT  (UINT64_C(4) << 30)
#define UNPACK_BYTES_DEFAULT (UINT64_C(16) << 30)
#define FILES_ELSEWHERE      128u /* descriptors of the program outside the engine */

static unsigned processors(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return count > 0 ? (unsigned)count : 1;
}

/* So many workers that each slot can have all its items open at once: the soft limit of open files
 * is often 1024, the hard one far above. The number of workers never changes a result. */
static unsigned allowed_workers(unsigned wanted)
{
    if (wanted > ENGINE_WORKERS_MAX)
        wanted = ENGINE_WORKERS_MAX;
    const uint64_t each = WIRE_PIECES_MAX + 2 + 2 * ENGINE_DEPTH_MAX; /* items, pipe, spools */
    uint64_t need = ENGINE_SLOTS(wanted) * each + FILES_ELSEWHERE;
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return 1;
    if (files.rlim_cur < need) {
        files.rlim_cur = files.rlim_max < need ? files.rlim_max : need;
        if (setrlimit(RLIMIT_NOFILE, &files) != 0)
            getrlimit(RLIMIT_NOFILE, &files);
    }
    if (files.rlim_cur >= need)
        return wanted;
    uint64_t left = files.rlim_cur > FILES_ELSEWHERE ? files.rlim_cur - FILES_ELSEWHERE : 0;
    return left / each > ENGINE_SLOTS(1) ? (unsigned)(left / each - 1) / 2 : 1;
}

/* Sockets above the standard streams, whatever the program was started with. */
static bool make_sockets(int ends[2], Err *err)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return err_errno(err, errno, "a socket for the zygote");
    for (int i = 0; i < 2; i++)
        ends[i] = fcntl(pair[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int error = errno;
    close(pair[0]);
    close(pair[1]);
    if (ends[0] >= 0 && ends[1] >= 0)
        return true;
    for (int i = 0; i < 2; i++)
        if (ends[i] >= 0)
            close(ends[i]);
    return err_errno(err, error, "a socket for the zygote");
}

static bool fork_zygote(Engine *engine, Err *err)
{
    int ends[2] = {-1, -1};
    if (!make_sockets(ends, err))
        return false;
    ZygoteSetup setup = {
        .job = engine->job,
        .options = engine->options,
        .memory_bytes = engine->memory_bytes,
        .socket = ends[1],
        .slots = engine->slots,
        .slot_count = engine->slot_count,
        .coordinator = getpid(),
    };
    pid_t pid = fork();
    if (pid == 0)
        zygote_run(&setup);
    close(ends[1]);
    engine->socket = ends[0];
    if (pid < 0)
        return err_errno(err, errno, "the zygote cannot be started");
    engine->zygote = pid;
    return true;
}

static bool await_zygote(Engine *engine, Err *err)
{
    WireReport report;
    ssize_t n;
    do
        n = recv(engine->socket, &report, sizeof report, MSG_WAITALL);
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof report)
        return err_set(err, ERR_SANDBOX, ERR_NO_OFFSET,
                       "the process that starts workers ended while it was being prepared");
    engine->zygote_cpu_us = report.zygote_cpu_us;
    if (report.news == WIRE_READY)
        return true;
    if (err)
        *err = report.err;
    return false;
}

/* One beside the other, but each a memory object of its own: a worker may call mremap, and could
 * grow its slot into the next if they were parts of one. */
static SlotMemory *map_slots(uint32_t count)
{
    const size_t size = sizeof(SlotMemory);
    uint8_t *slots =
        mmap(NULL, count * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (slots == MAP_FAILED)
        return NULL;
    for (uint32_t i = 0; i < count; i++)
        if (mmap(slots + i * size, size, PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) {
            munmap(slots, count * size);
            return NULL;
        }
    return (SlotMemory *)(void *)slots;
}

static bool allocate(Engine *engine, Err *err)
{
    engine->visits = calloc(engine->slot_count, sizeof *engine->visits);
    engine->slots = map_slots(engine->slot_count);
    if (!engine->visits || !engine->slots)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the engine");
    for (uint32_t i = 0; i < engine->slot_count; i++) {
        engine->visits[i].slot = i;
        engine->visits[i].channel.fd = -1;
    }
    return true;
}

/* Of all processes. A worker lives for a few items and then gives everything back at once, what
 * waits in the coordinator comes and goes: keep freed memory for the next instead of faulting it in
 * again (a third of the time over many small files). */
static void keep_freed_memory(void)
{
    mallopt(M_MMAP_THRESHOLD, 32 << 20); /* the most that glibc takes */
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_TOP_PAD, 1 << 20);
}

Engine *engine_start(const Job *job, const EngineOptions *options, Err *err)
{
    CLEANUP(engine_stopp) Engine *engine = calloc(1, sizeof *engine);
    if (!engine) {
        err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the engine");
        return NULL;
    }
    keep_freed_memory();
    engine->job = job;
    engine->options = options;
    engine->socket = -1;
    engine->workers = allowed_workers(options->workers ? options->workers : processors());
    engine->slot_count = ENGINE_SLOTS(engine->workers);
    engine->memory_bytes = options->memory_bytes ? options->memory_bytes : MEMORY_BYTES_DEFAULT;
    engine->spool_bytes = options->spool_bytes ? options->spool_bytes : SPOOL_BYTES_DEFAULT;
    engine->unpack_bytes = options->unpack_bytes ? options->unpack_bytes : UNPACK_BYTES_DEFAULT;
    engine->hang_ms = options->hang_ms ? options->hang_ms : HANG_MS_DEFAULT;
    if (!allocate(engine, err) || !fork_zygote(engine, err) || !await_zygote(engine, err))
        return NULL;
    Engine *ready = engine;
    engine = NULL;
    return ready;
}

void engine_stop(Engine *engine)
{
    if (!engine)
        return;
    if (engine->socket >= 0)
        close(engine->socket); /* the zygote ends, and its workers with it */
    if (engine->zygote > 0)
        while (waitpid(engine->zygote, NULL, 0) < 0 && errno == EINTR)
            continue;
    for (uint32_t i = 0; engine->visits && i < engine->slot_count; i++) {
        channel_done(&engine->visits[i].channel);
        free(engine->visits[i].member_name);
    }
    free(engine->visits);
    if (engine->slots)
        munmap(engine->slots, engine->slot_count * sizeof *engine->slots);
    free(engine);
}

void engine_interrupt(Engine *engine)
{
    engine->interrupted = 1;
}
