#include "engine/worker.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/cleanup.h"

/* One packet: header, then up to two spans, which fit. Waits while the pipe is full. */
static bool send_packet(WorkerPort *port, BlockHeader *header, Span first, Span second)
{
    struct iovec iov[3] = {{.iov_base = header, .iov_len = sizeof *header}};
    int count = 1;
    /* writev does not change what it is given; its struct has no const for that. */
    if (first.len)
        iov[count++] = (struct iovec){(void *)(uintptr_t)first.ptr, first.len};
    if (second.len)
        iov[count++] = (struct iovec){(void *)(uintptr_t)second.ptr, second.len};
    ssize_t n;
    do
        n = writev(port->fd, iov, count);
    while (n < 0 && errno == EINTR);
    port->gone = n != (ssize_t)(sizeof *header + first.len + second.len);
    return !port->gone;
}

uint8_t *worker_place(WorkerPort *port, size_t *ret_size)
{
    /* The pipe sees to that (wire.h): what is there has been copied. */
    assert(port->parts_sent < WIRE_PARTS + atomic_load(&port->memory->taken));
    *ret_size = WIRE_PART_BYTES;
    return port->memory->parts[port->parts_sent % WIRE_PARTS];
}

/* Bytes from the front of *from to `place`, unless they were built there. */
static size_t put(uint8_t *place, size_t room, Span *from)
{
    size_t n = from->len < room ? from->len : room;
    if (n && from->ptr != place)
        memcpy(place, from->ptr, n);
    *from = span_of(from->ptr + n, from->len - n);
    return n;
}

static bool send_parts(WorkerPort *port, BlockHeader *header, Span first, Span second)
{
    while (first.len || second.len) {
        size_t room;
        uint8_t *place = worker_place(port, &room);
        size_t n = put(place, room, &first);
        put(place + n, room - n, &second);
        if (!send_packet(port, header, (Span){0}, (Span){0}))
            return false;
        port->parts_sent++;
    }
    return true;
}

bool worker_send_own(WorkerPort *port, uint32_t type, Span first, Span second)
{
    if (port->gone)
        return false;
    BlockHeader header = {.magic = BLOCK_MAGIC,
                          .type = type,
                          .piece = port->piece,
                          .length = (uint64_t)first.len + second.len,
                          .offset = port->offset,
                          .events = port->events};
    return header.length <= WIRE_INLINE_MAX ? send_packet(port, &header, first, second)
                                            : send_parts(port, &header, first, second);
}

bool worker_send(WorkerPort *port, uint8_t type, Span block, Err *err)
{
    if (type >= BLOCK_HASH || block.len > WIRE_BLOCK_MAX)
        return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "a result of %zu bytes is too large",
                       block.len);
    if (!worker_send_own(port, type, block, (Span){0}))
        return err_set(err, ERR_INTERRUPTED, ERR_NO_OFFSET, "nobody receives the results");
    return true;
}

static size_t text_prefix(Text text, size_t most)
{
    if (text.len <= most)
        return text.len;
    while (most > 0 && ((unsigned char)text.ptr[most] & 0xC0) == 0x80)
        most--;
    return most;
}

void worker_defect(WorkerPort *port, DefectKind kind, uint64_t offset, uint64_t size, Text text)
{
    BlockDefect defect = {.kind = kind, .offset = offset, .size = size};
    text.len = text_prefix(text, WIRE_DEFECT_TEXT);
    (void)worker_send_own(port, BLOCK_DEFECT, span_of(&defect, sizeof defect), text_span(text));
}

void worker_progress(WorkerPort *port, uint64_t offset)
{
    port->offset = offset;
    atomic_store_explicit(&port->memory->progress.offset, offset, memory_order_relaxed);
}

void worker_count(WorkerPort *port, uint64_t events)
{
    port->events = events;
    atomic_store_explicit(&port->memory->progress.events, events, memory_order_relaxed);
}

static void begin_piece(WorkerPort *port, uint32_t id, uint64_t offset)
{
    port->piece = id;
    atomic_store_explicit(&port->memory->progress.piece, id, memory_order_relaxed);
    worker_progress(port, offset);
    worker_count(port, 0);
}

static void step_progress(void *ctx, uint64_t offset)
{
    worker_progress(ctx, offset);
}

static Input whole_item(const WirePiece *wire, int fd)
{
    return (Input){.fd = fd,
                   .base = wire->base,
                   .veil = wire->flags & WIRE_VEILED ? &wire->veil : NULL,
                   .size = wire->size,
                   .end = wire->size};
}

/* Before a byte is parsed the worker can still be trusted: an item cannot lie about its hash. */
static bool hash_piece(const WorkerSetup *setup, const WirePiece *wire, int fd, WorkerPort *port)
{
    begin_piece(port, wire->id, 0);
    size_t count = (size_t)item_block_count(wire->size);
    CLEANUP(freep) Hash128 *blocks = calloc(count ? count : 1, sizeof *blocks);
    BlockHash block = {0};
    Span tail = span_of(blocks, count * sizeof *blocks);
    Sha256 hash;
    Err err = {0};
    const Input in = whole_item(wire, fd);
    errno = 0;
    if (blocks && hash_input(setup->hasher, &in, step_progress, port, &hash, blocks, &err)) {
        memcpy(block.sha256, hash.bytes, sizeof block.sha256);
    } else {
        block.error = errno ? (uint64_t)errno : ENODATA;
        block.offset = err.offset;
        tail.len = 0;
    }
    return worker_send_own(port, BLOCK_HASH, span_of(&block, sizeof block), tail);
}

static uint32_t format_index(const Format *format)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        if (FORMATS[i] == format)
            return (uint32_t)i;
    return WIRE_FORMAT_UNKNOWN;
}

/* Identify an item from its beginning and tell. *ret NULL: no format knows it. */
static bool probe_piece(const WirePiece *wire, int fd, WorkerPort *port, const Format **ret,
                        Err *err)
{
    uint8_t head[FORMAT_PROBE_BYTES];
    const Input in = whole_item(wire, fd);
    size_t want = wire->size < sizeof head ? (size_t)wire->size : sizeof head;
    Err short_read = {0};
    size_t have = input_read(&in, 0, head, want, &short_read);
    if (have == 0 && short_read.code != ERR_NONE) {
        *err = short_read;
        return false;
    }
    const Format *tie = NULL;
    const Format *format = format_identify(span_of(head, have), wire->size, &tie);
    bool split = format && format->split != SPLIT_NEVER &&
                 (!format->may_split || format->may_split(span_of(head, have)));
    BlockFormat block = {
        .format = format_index(format), .tie = format_index(tie), .may_split = split};
    *ret = format;
    return worker_send_own(port, BLOCK_FORMAT, span_of(&block, sizeof block), (Span){0}) ||
           err_set(err, ERR_INTERRUPTED, ERR_NO_OFFSET, "nobody receives the results");
}

static bool scan_item(const WorkerSetup *setup, const WirePiece *wire, Text path, int fd,
                      WorkerPort *port, Err *err)
{
    Piece piece = {
        .in = whole_item(wire, fd), .options = setup->format, .item = wire->item, .path = path};
    piece.in.name = text_of(path.ptr + path.len - wire->name_len, wire->name_len);
    return setup->job->scan(setup->job->ctx, &piece, port, err);
}

static bool work_piece(const WorkerSetup *setup, const WirePiece *wire, Text path, int fd,
                       WorkerPort *port, Err *err)
{
    const Format *format = wire->format < FORMAT_COUNT ? FORMATS[wire->format] : NULL;
    if (wire->flags & WIRE_HASH_ONLY)
        return true;
    if (wire->flags & WIRE_SCAN)
        return scan_item(setup, wire, path, fd, port, err);
    if (!format && !probe_piece(wire, fd, port, &format, err))
        return false;
    const Job *job = setup->job;
    bool container_found = format && format->open && wire->format == WIRE_FORMAT_UNKNOWN;
    if (!format || wire->flags & WIRE_PROBE_ONLY || container_found || !job_takes(job, format))
        return true;
    Input in = whole_item(wire, fd);
    in.begin = wire->begin;
    in.end = wire->end;
    in.name = text_of(path.ptr + path.len - wire->name_len, wire->name_len);
    if (format->open)
        return wire->flags & WIRE_NO_OPEN ? err_set(err, ERR_LIMIT, ERR_NO_OFFSET,
                                                    "containers are nested too deep: not opened")
                                          : worker_open(port, format, &in, &setup->format, err);
    Piece piece = {
        .format = format, .in = in, .options = setup->format, .item = wire->item, .path = path};
    return job->work(job->ctx, &piece, port, err);
}

static void finish_piece(WorkerPort *port, bool ok, const Err *err)
{
    BlockDone done = {.ok = ok,
                      .code = ok ? ERR_NONE : err->code,
                      .offset = ok ? ERR_NO_OFFSET : err->offset,
                      .events = port->events};
    Text text = ok ? (Text){0} : text_from_z(err->text);
    (void)worker_send_own(port, BLOCK_DONE, span_of(&done, sizeof done), text_span(text));
}

static void work(const WorkerSetup *setup, const WorkerTask *task, const int *fds, WorkerPort *port)
{
    uint32_t count = task->request->piece_count;
    for (uint32_t i = 0; i < count; i++) {
        const WirePiece *wire = &task->pieces[i];
        if (wire->flags & WIRE_HASH && !hash_piece(setup, wire, fds[wire->fd], port))
            return;
    }
    const char *text = task->text;
    for (uint32_t i = 0; i < count && !port->gone; i++) {
        const WirePiece *wire = &task->pieces[i];
        Text path = text_of(text, wire->path_len);
        text += wire->path_len;
        begin_piece(port, wire->id, wire->begin);
        Err err = {.offset = ERR_NO_OFFSET};
        bool ok = work_piece(setup, wire, path, fds[wire->fd], port, &err);
        finish_piece(port, ok, &err);
    }
}

static void die_with_zygote(const WorkerSetup *setup)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != setup->zygote_pid) /* it was gone before we asked */
        _exit(WORKER_EXIT_GONE);
    prctl(PR_SET_NAME, "constat-worker");
}

static void enter_sandbox(const WorkerSetup *setup, uint32_t cpu_seconds)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    SandboxLimits limits = {.memory_bytes = setup->memory_bytes, .cpu_seconds = cpu_seconds};
    if (!sandbox_enter(&setup->sandbox, &limits))
        _exit(WORKER_EXIT_SANDBOX);
}

/* Keep the pipe as WIRE_PIPE_FD and the items, nothing else. The pipe takes the place of the
 * zygote's socket. Standard streams are closed: libraries that print find no one. */
static void keep_descriptors(const int *fds, uint32_t count)
{
    unsigned first_item = (unsigned)fds[0] + 1;
    if (dup2(fds[0], WIRE_PIPE_FD) != WIRE_PIPE_FD ||
        close_range(0, SANDBOX_SANITIZED ? STDOUT_FILENO : STDERR_FILENO, 0) != 0 ||
        close_range(WIRE_PIPE_FD + 1, first_item - 1, 0) != 0 ||
        close_range(first_item + count - 1, ~0u, 0) != 0)
        _exit(WORKER_EXIT_SANDBOX);
}

/* Of the slots' memory only our own stays. */
static SlotMemory *keep_memory(const WorkerSetup *setup, uint32_t slot)
{
    SlotMemory *own = &setup->slots[slot];
    uint32_t after = setup->slot_count - slot - 1;
    if ((slot && munmap(setup->slots, slot * sizeof *own) != 0) ||
        (after && munmap(own + 1, after * sizeof *own) != 0))
        _exit(WORKER_EXIT_SANDBOX);
    return own;
}

_Noreturn void worker_run(const WorkerSetup *setup, const WorkerTask *task)
{
    die_with_zygote(setup);
    keep_descriptors(task->fds, task->request->fd_count);
    WorkerPort port = {.fd = WIRE_PIPE_FD, .memory = keep_memory(setup, task->request->slot)};
    enter_sandbox(setup, task->request->cpu_seconds);
    work(setup, task, task->fds, &port);
    _exit(port.gone ? WORKER_EXIT_GONE : WORKER_EXIT_DONE);
}

_Noreturn void worker_try_sandbox(const WorkerSetup *setup)
{
    die_with_zygote(setup);
    enter_sandbox(setup, 60);
    _exit(WORKER_EXIT_DONE);
}
