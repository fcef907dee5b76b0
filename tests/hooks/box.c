#include "box.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "engine/wire.h"
#include "engine/worker.h"
#include "event/sink.h"

#define MIB ((size_t)1024 * 1024)

/* ---- building ---- */

void box_begin(Buf *box)
{
    buf_init(box, SIZE_MAX / 2);
    BUF_LITERAL(box, BOX_MARK);
}

void box_member(Buf *box, const char *name, Span bytes)
{
    buf_printf(box, "= %s %zu\n", name, bytes.len);
    buf_add(box, bytes.ptr, bytes.len);
}

void box_text(Buf *box, const char *name, const char *text)
{
    box_member(box, name, span_of(text, strlen(text)));
}

void box_act(Buf *box, const char *verb, unsigned long long number)
{
    buf_printf(box, "! %s %llu\n", verb, number);
}

/* ---- opening ---- */

typedef struct Box {
    const Input *in;
    Sink *sink;
    const MemberOut *out;
    uint64_t at;
    uint64_t number; /* of the verb */
} Box;

static bool begin(const Box *box, Text name, Err *err)
{
    MemberHead head = {.name = name, .size = UINT64_MAX};
    return box->out->begin(box->out->ctx, &head, err);
}

static bool bytes(const Box *box, Span content, Err *err)
{
    return box->out->bytes(box->out->ctx, content, err);
}

static bool end(const Box *box, Err *err)
{
    return box->out->end(box->out->ctx, err);
}

/* A block past all that the worker's own code would send: one packet. */
static bool raw(const Box *box, uint32_t type, const void *payload, size_t size)
{
    const WorkerPort *port = box->out->ctx;
    BlockHeader header = {.magic = BLOCK_MAGIC, .type = type, .piece = port->piece, .length = size};
    struct iovec packet[] = {{&header, sizeof header}, {(void *)(uintptr_t)payload, size}};
    return writev(WIRE_PIPE_FD, packet, 2) == (ssize_t)(sizeof header + size);
}

static bool act_crash(const Box *box, Err *err)
{
    (void)err;
    sink_progress(box->sink, box->number);
    *(volatile int *)(uintptr_t)(box->number & 0) = 1;
    return true;
}

static bool act_spin(const Box *box, Err *err)
{
    (void)err;
    for (volatile uint64_t i = box->number; i != UINT64_MAX; i++)
        continue;
    return true;
}

static bool act_exit(const Box *box, Err *err)
{
    (void)err;
    _exit((int)box->number);
}

static bool act_fail(const Box *box, Err *err)
{
    return err_set(err, ERR_FORMAT, box->number, "the box is broken");
}

static bool act_defects(const Box *box, Err *err)
{
    (void)err;
    for (uint64_t i = 0; i < box->number; i++)
        sink_defect(box->sink, i, 1, "a dent");
    return true;
}

/* A member of NUMBER MiB. */
static bool act_large(const Box *box, Err *err)
{
    uint8_t *block = calloc(1, MIB);
    bool ok = block && begin(box, TEXT("large"), err);
    for (uint64_t i = 0; ok && i < box->number; i++)
        ok = bytes(box, span_of(block, MIB), err);
    free(block);
    return ok && end(box, err);
}

/* Half a member, then what `act` does. */
static bool within(const Box *box, bool (*act)(const Box *, Err *), Err *err)
{
    return begin(box, TEXT("half"), err) && bytes(box, span_of("CONSTAT-TEST text 2\n", 20), err) &&
           act(box, err);
}

static bool act_crash_within(const Box *box, Err *err)
{
    return within(box, act_crash, err);
}

static bool act_fail_within(const Box *box, Err *err)
{
    return within(box, act_fail, err);
}

static bool act_done(const Box *box, Err *err)
{
    (void)err;
    BlockDone done = {.ok = 1, .offset = ERR_NO_OFFSET};
    return raw(box, BLOCK_DONE, &done, sizeof done);
}

static bool act_end_within(const Box *box, Err *err)
{
    return within(box, act_done, err);
}

static bool act_bytes_of_no_member(const Box *box, Err *err)
{
    return bytes(box, span_of("lost", 4), err);
}

static bool act_end_of_no_member(const Box *box, Err *err)
{
    return end(box, err);
}

static bool act_begin_twice(const Box *box, Err *err)
{
    return begin(box, TEXT("one"), err) && begin(box, TEXT("two"), err) && end(box, err);
}

static bool act_member_after_the_end(const Box *box, Err *err)
{
    return act_done(box, err) && begin(box, TEXT("late"), err) && end(box, err);
}

static bool act_huge_name(const Box *box, Err *err)
{
    char *name = malloc(box->number + 1);
    if (!name)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "a name");
    memset(name, 'n', box->number);
    bool ok = begin(box, text_of(name, box->number), err) && end(box, err);
    free(name);
    return ok;
}

static bool act_no_name(const Box *box, Err *err)
{
    return begin(box, (Text){0}, err) && end(box, err);
}

static bool act_event(const Box *box, Err *err)
{
    EventHead head = {.record_id = RECORD_ID_NONE};
    EventKind kind = {.product = TEXT("p"), .service = TEXT("s")};
    sink_add_text(box->sink, sink_name(box->sink, TEXT("f")), TEXT("v"));
    return sink_commit(box->sink, &head, &kind) && sink_flush(box->sink, err);
}

/* A result of the job, which a container has not. */
static bool act_result(const Box *box, Err *err)
{
    return worker_send(box->out->ctx, 1, span_of("result", 6), err);
}

static bool act_flood(const Box *box, Err *err)
{
    return act_large(&(Box){.in = box->in, .sink = box->sink, .out = box->out, .number = 1 << 20},
                     err);
}

static bool act_empty_bytes(const Box *box, Err *err)
{
    if (!begin(box, TEXT("nothing"), err))
        return false;
    const WorkerPort *port = box->out->ctx;
    BlockHeader header = {.magic = BLOCK_MAGIC, .type = BLOCK_MEMBER_BYTES, .piece = port->piece};
    while (write(WIRE_PIPE_FD, &header, sizeof header) == (ssize_t)sizeof header)
        continue;
    return false;
}

static bool act_many(const Box *box, Err *err)
{
    for (uint64_t i = 0; i < box->number; i++) {
        char name[32];
        int n = snprintf(name, sizeof name, "many/%06" PRIu64, i);
        if (!begin(box, text_of(name, (size_t)n), err) || !bytes(box, span_of("LINES\n", 6), err) ||
            !end(box, err))
            return false;
    }
    return true;
}

/* Descriptors of the container that are not its own; writing to it. */
static bool act_write_item(const Box *box, Err *err)
{
    (void)err;
    return write(box->in->fd, "x", 1) == 1;
}

static const struct {
    const char *name;
    bool (*act)(const Box *box, Err *err);
} VERBS[] = {
    {"crash", act_crash},
    {"spin", act_spin},
    {"exit", act_exit},
    {"fail", act_fail},
    {"defects", act_defects},
    {"large", act_large},
    {"crash-within", act_crash_within},
    {"fail-within", act_fail_within},
    {"end-within", act_end_within},
    {"bytes-of-no-member", act_bytes_of_no_member},
    {"end-of-no-member", act_end_of_no_member},
    {"begin-twice", act_begin_twice},
    {"member-after-the-end", act_member_after_the_end},
    {"huge-name", act_huge_name},
    {"no-name", act_no_name},
    {"event", act_event},
    {"result", act_result},
    {"flood", act_flood},
    {"empty-bytes", act_empty_bytes},
    {"many", act_many},
    {"write-item", act_write_item},
};

static bool act(Box *box, Text line, Err *err)
{
    Text verb = text_cut(&line, ' ');
    if (!text_to_u64(line, &box->number))
        return err_set(err, ERR_FORMAT, box->at, "a verb without a number");
    for (size_t i = 0; i < sizeof VERBS / sizeof *VERBS; i++)
        if (text_equal(verb, text_from_z(VERBS[i].name)))
            return VERBS[i].act(box, err);
    return err_set(err, ERR_FORMAT, box->at, "no such verb");
}

static bool put_member(Box *box, Text line, Err *err)
{
    const char *blank = memrchr(line.ptr, ' ', line.len);
    size_t len = blank ? (size_t)(blank - line.ptr) : 0;
    uint64_t size;
    if (!blank || !text_to_u64(text_of(blank + 1, line.len - len - 1), &size) ||
        size > box->in->size - box->at)
        return err_set(err, ERR_FORMAT, box->at, "no member");
    if (!begin(box, text_of(line.ptr, len), err))
        return false;
    uint8_t *room = malloc(MIB);
    bool ok = room;
    while (ok && size) {
        size_t want = size < MIB ? (size_t)size : MIB;
        ok = input_read(box->in, box->at, room, want, err) == want &&
             bytes(box, span_of(room, want), err);
        box->at += want;
        size -= want;
    }
    free(room);
    return ok && end(box, err);
}

static bool box_open(const Input *in, const FormatOptions *options, Sink *sink,
                     const MemberOut *out, Err *err)
{
    (void)options;
    Box box = {.in = in, .sink = sink, .out = out, .at = sizeof BOX_MARK - 1};
    while (box.at < in->size) {
        char head[512];
        size_t have = input_read(
            in, box.at, head,
            in->size - box.at < sizeof head ? (size_t)(in->size - box.at) : sizeof head, err);
        Text rest = text_of(head, have), line = text_cut(&rest, '\n');
        sink_progress(sink, box.at);
        box.at += line.len + 1;
        if (line.len < 2 || (line.ptr[0] != '=' && line.ptr[0] != '!'))
            return err_set(err, ERR_FORMAT, box.at, "no step");
        Text step = text_of(line.ptr + 2, line.len - 2);
        if (!(line.ptr[0] == '=' ? put_member(&box, step, err) : act(&box, step, err)))
            return false;
    }
    return true;
}

static Confidence box_probe(Span head, uint64_t item_size)
{
    (void)item_size;
    return span_starts_with(head, BOX_MARK, sizeof BOX_MARK - 1) ? CONFIDENCE_CERTAIN
                                                                 : CONFIDENCE_NONE;
}

const Format test_box_format = {
    .name = "test_box",
    .summary = "tests: a container that does what its content says",
    .doc = "docs/engine.md",
    .probe = box_probe,
    .open = box_open,
};
