/* worker.h: the inside of a worker process. */
#ifndef ENGINE_WORKER_H
#define ENGINE_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "engine/engine.h"
#include "engine/sandbox.h"
#include "engine/wire.h"

struct WorkerPort {
    int fd; /* the result pipe */
    uint32_t piece;
    uint64_t offset, events; /* how far this piece is */
    ProgressWord *progress;
    bool gone; /* the coordinator has closed its end */
};

/* What every worker has from the zygote. */
typedef struct WorkerSetup {
    const Job *job;
    FormatOptions format;
    Sandbox sandbox;
    uint64_t memory_bytes;
    Sha256Stream *hasher; /* made before the sandbox: OpenSSL reads files when it starts */
    uint8_t *pages;       /* progress words, one page a slot */
    uint32_t page_count;
    size_t page_bytes;
    int32_t zygote_pid;
} WorkerSetup;

/* One request as received: borrowed, valid for the worker's life. */
typedef struct WorkerTask {
    const WireRequest *request;
    const WirePiece *pieces;
    const char *text;
    const int *fds; /* request->fd_count, ascending without gaps; the first is the pipe */
} WorkerTask;

/* A block of the engine's own: a header, then up to two parts. false: nobody listens. */
bool worker_send_own(WorkerPort *port, uint32_t type, Span first, Span second);

/* worker_open.c: the members of a container as blocks. */
bool worker_open(WorkerPort *port, const Format *format, const Input *in,
                 const FormatOptions *options, Err *err);

/* Shut everything but the task's descriptors, enter the sandbox, work, end. */
_Noreturn void worker_run(const WorkerSetup *setup, const WorkerTask *task);

/* The same up to the sandbox, then end: does this machine let us? Exit status as wire.h. */
_Noreturn void worker_try_sandbox(const WorkerSetup *setup);

#endif
