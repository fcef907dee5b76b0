/* worker_open.c: in the worker: a container's members as blocks for the coordinator. */
#include "engine/worker.h"

#include "base/cleanup.h"

static bool gone(Err *err)
{
    return err_set(err, ERR_INTERRUPTED, ERR_NO_OFFSET, "nobody receives the members");
}

static bool begin_member(void *ctx, const MemberHead *head, Err *err)
{
    BlockMember block = {.size = head->size};
    return worker_send_own(ctx, BLOCK_MEMBER, span_of(&block, sizeof block),
                           text_span(head->name)) ||
           gone(err);
}

static bool member_bytes(void *ctx, Span bytes, Err *err)
{
    while (bytes.len) {
        size_t n = bytes.len < WIRE_MEMBER_MAX ? bytes.len : WIRE_MEMBER_MAX;
        if (!worker_send_own(ctx, BLOCK_MEMBER_BYTES, span_of(bytes.ptr, n), (Span){0}))
            return gone(err);
        bytes = span_of(bytes.ptr + n, bytes.len - n);
    }
    return true;
}

static bool end_member(void *ctx, Err *err)
{
    return worker_send_own(ctx, BLOCK_MEMBER_END, (Span){0}, (Span){0}) || gone(err);
}

static bool no_batch(void *ctx, Span batch, Err *err)
{
    (void)ctx;
    (void)batch;
    return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "a container has no events");
}

static void take_defect(void *ctx, DefectKind kind, uint64_t offset, uint64_t size, Text text)
{
    worker_defect(ctx, kind, offset, size, text);
}

static void take_progress(void *ctx, uint64_t offset)
{
    worker_progress(ctx, offset);
}

bool worker_open(WorkerPort *port, const Format *format, const Input *in,
                 const FormatOptions *options, Err *err)
{
    const SinkOwner owner = {
        .batch = no_batch, .defect = take_defect, .progress = take_progress, .ctx = port};
    CLEANUP(sink_destroyp) Sink *sink = sink_create(NULL, &owner, SINK_NO_ECS | SINK_NO_TWINS);
    if (!sink)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory to open a container");
    const MemberOut out = {
        .begin = begin_member, .bytes = member_bytes, .end = end_member, .ctx = port};
    return format->open(in, options, sink, &out, err);
}
