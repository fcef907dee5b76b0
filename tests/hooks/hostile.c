#include "hostile.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "engine/wire.h"
#include "engine/worker.h"

#define MIB ((size_t)1024 * 1024)

bool hostile_say(const Hostile *hostile, Err *err, const char *format, ...)
{
    char text[4096];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    return worker_send(hostile->port, HOSTILE_TEXT, span_of(text, len), err);
}

void hostile_fill(uint8_t *out, size_t size, uint64_t n)
{
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)((i * 2654435761u >> 7) + n);
}

/* Bytes as they are into the pipe, past worker_send: one packet, or several if they are many. */
static void raw(const void *bytes, size_t size)
{
    if (write(WIRE_PIPE_FD, bytes, size) != (ssize_t)size)
        _exit(1);
}

/* One packet: a header, and what is claimed to be its payload. */
static void raw_packet(const Hostile *hostile, uint32_t type, uint32_t piece_step, uint64_t length,
                       Span payload)
{
    uint8_t packet[256];
    BlockHeader header = {.magic = BLOCK_MAGIC,
                          .type = type,
                          .piece = hostile->port->piece + piece_step,
                          .length = length};
    memcpy(packet, &header, sizeof header);
    if (payload.len)
        memcpy(packet + sizeof header, payload.ptr, payload.len);
    raw(packet, sizeof header + payload.len);
}

static bool act_text(const Hostile *hostile, Err *err)
{
    for (uint64_t i = 0; i < hostile->number; i++) {
        if (!hostile_say(hostile, err, "%" PRIu64, i))
            return false;
        worker_count(hostile->port, i + 1);
    }
    worker_progress(hostile->port, hostile->piece->in.end);
    return true;
}

static bool act_fill(const Hostile *hostile, Err *err)
{
    uint8_t *block = malloc(MIB);
    if (!block)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "a block");
    bool ok = true;
    for (uint64_t i = 0; ok && i < hostile->number; i++) {
        hostile_fill(block, MIB, i);
        ok = worker_send(hostile->port, HOSTILE_FILL, span_of(block, MIB), err);
    }
    free(block);
    return ok;
}

static bool act_crash(const Hostile *hostile, Err *err)
{
    (void)err;
    worker_progress(hostile->port, hostile->number);
    *(volatile int *)(uintptr_t)(hostile->number & 0) = 1;
    return true;
}

/* Some results first: they are to be kept. */
static bool act_text_then_crash(const Hostile *hostile, Err *err)
{
    return act_text(hostile, err) && act_crash(hostile, err);
}

static bool act_abort(const Hostile *hostile, Err *err)
{
    (void)hostile;
    (void)err;
    abort();
}

static bool act_exit(const Hostile *hostile, Err *err)
{
    (void)err;
    _exit((int)hostile->number);
}

/* A function that calls itself until the stack is full. */
__attribute__((noinline)) static uint64_t descend(volatile const uint8_t *above, uint64_t depth)
{
    volatile uint8_t room[4096];
    room[depth % sizeof room] = above[0];
    return depth == UINT64_MAX ? room[1] : descend(room, depth + 1) + room[0];
}

static bool act_overflow_stack(const Hostile *hostile, Err *err)
{
    uint8_t start = 1;
    return descend(&start, hostile->number) == 0 &&
           err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "the stack has no end");
}

static bool act_sleep(const Hostile *hostile, Err *err)
{
    (void)hostile;
    (void)err;
    for (volatile bool forever = true; forever;)
        nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    return true;
}

static bool act_spin(const Hostile *hostile, Err *err)
{
    (void)err;
    for (volatile uint64_t i = hostile->number; i != UINT64_MAX; i++)
        continue;
    return true;
}

static bool act_eat_memory(const Hostile *hostile, Err *err)
{
    (void)hostile;
    for (size_t eaten = 0; eaten < 4096; eaten++) {
        uint8_t *volatile block = malloc(MIB); /* volatile: not to be left out by the compiler */
        if (!block)
            return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no more after %zu MiB", eaten);
        memset(block, 1, MIB); /* never freed: that is the point */
    }
    return true;
}

static bool act_garbage(const Hostile *hostile, Err *err)
{
    (void)err;
    uint8_t bytes[8192];
    hostile_fill(bytes, sizeof bytes, hostile->number);
    raw(bytes, sizeof bytes);
    return true;
}

static bool act_huge_length(const Hostile *hostile, Err *err)
{
    (void)err;
    raw_packet(hostile, HOSTILE_TEXT, 0, hostile->number, (Span){0});
    return true;
}

/* Less, or more, than the header claims. */
static bool act_other_length(const Hostile *hostile, Err *err)
{
    (void)err;
    raw_packet(hostile, HOSTILE_TEXT, 0, hostile->number, span_of("half", 4));
    return true;
}

static bool act_few_bytes(const Hostile *hostile, Err *err)
{
    (void)hostile;
    (void)err;
    raw("few", 3);
    return true;
}

/* The first part of two. */
static bool act_half_block(const Hostile *hostile, Err *err)
{
    raw_packet(hostile, HOSTILE_FILL, 0, WIRE_PART_BYTES + 1, (Span){0});
    return act_crash(hostile, err);
}

/* A block that begins before the one before it has ended. */
static bool act_block_in_block(const Hostile *hostile, Err *err)
{
    raw_packet(hostile, HOSTILE_FILL, 0, WIRE_PART_BYTES + 1, (Span){0});
    return hostile_say(hostile, err, "within");
}

/* In the name of another piece. */
static bool act_other_piece(const Hostile *hostile, Err *err)
{
    (void)err;
    raw_packet(hostile, HOSTILE_TEXT, 1, 3, span_of("lie", 3));
    return true;
}

/* A hash that arrives when the item has been parsed. */
static bool act_late_hash(const Hostile *hostile, Err *err)
{
    (void)err;
    BlockHash hash = {0};
    raw_packet(hostile, BLOCK_HASH, 0, sizeof hash, span_of(&hash, sizeof hash));
    return true;
}

static bool act_other_format(const Hostile *hostile, Err *err)
{
    (void)err;
    BlockFormat format = {.format = 0, .tie = WIRE_FORMAT_UNKNOWN};
    raw_packet(hostile, BLOCK_FORMAT, 0, sizeof format, span_of(&format, sizeof format));
    return true;
}

static bool act_unknown_type(const Hostile *hostile, Err *err)
{
    (void)err;
    raw_packet(hostile, 200, 0, 0, (Span){0});
    return true;
}

/* Milliseconds since `start`. */
static uint64_t elapsed_ms(const struct timespec *start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)((now.tv_sec - start->tv_sec) * 1000 +
                      (now.tv_nsec - start->tv_nsec) / 1000000);
}

/* Go on writing into all memory that the coordinator sees, for `number` ms from the sending on. */
static bool act_change_after_sending(const Hostile *hostile, Err *err)
{
    WorkerPort *port = hostile->port;
    size_t size;
    uint8_t *place = worker_place(port, &size);
    memset(place, 'a', size);
    if (!worker_send(port, HOSTILE_SHAKEN, span_of(place, size), err))
        return false;
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (uint8_t step = 0; elapsed_ms(&start) < hostile->number; step++) {
        memset(port->memory->parts, step, sizeof port->memory->parts);
        atomic_store(&port->memory->taken, step);
        worker_progress(port, step % 2);
    }
    return true;
}

/* What a worker finds in the memory that it shares with the coordinator, before it uses it. */
static bool act_look_at_memory(const Hostile *hostile, Err *err)
{
    const uint8_t *parts = hostile->port->memory->parts[0];
    size_t size = sizeof hostile->port->memory->parts;
    bool zero = parts[0] == 0 && memcmp(parts, parts + 1, size - 1) == 0;
    return hostile_say(hostile, err, zero ? "fresh" : "ESCAPED: what another worker had");
}

static bool act_too_much_output(const Hostile *hostile, Err *err)
{
    uint8_t *block = calloc(1, MIB);
    if (!block)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "a block");
    while (worker_send(hostile->port, HOSTILE_FILL, span_of(block, MIB), err))
        continue;
    free(block);
    return false;
}

/* Blocks of nothing, for ever. */
static bool act_empty_blocks(const Hostile *hostile, Err *err)
{
    while (worker_send(hostile->port, HOSTILE_FILL, (Span){0}, err))
        continue;
    return false;
}

static bool act_refused(const Hostile *hostile, Err *err)
{
    for (uint64_t i = 0; i < hostile->number; i++)
        if (!hostile_say(hostile, err, "before"))
            return false;
    return worker_send(hostile->port, HOSTILE_REFUSED, span_of("no", 2), err) &&
           hostile_say(hostile, err, "after");
}

static bool act_fail(const Hostile *hostile, Err *err)
{
    return err_set(err, ERR_FORMAT, hostile->number, "cannot \x1b[31mgo on");
}

static bool act_defects(const Hostile *hostile, Err *err)
{
    (void)err;
    for (uint64_t i = 0; i < hostile->number; i++)
        worker_defect(hostile->port, DEFECT_DAMAGE, i, 1, TEXT("bad\x1b]0;title\x07 byte \xff"));
    return true;
}

static bool act_note(const Hostile *hostile, Err *err)
{
    (void)err;
    worker_defect(hostile->port, DEFECT_NOTE, hostile->number, 0, TEXT("only a remark"));
    return true;
}

/* Stop speaking without ending. */
static bool act_close_pipe(const Hostile *hostile, Err *err)
{
    close(WIRE_PIPE_FD);
    return act_spin(hostile, err);
}

static int compare_bytes(const void *a, const void *b)
{
    return *(const uint8_t *)a - *(const uint8_t *)b;
}

/* Library calls that readers need: large sorts and allocations that grow and shrink. */
static bool act_ordinary(const Hostile *hostile, Err *err)
{
    size_t size = 8 * MIB;
    uint8_t *bytes = malloc(size);
    uint8_t *grown = bytes ? realloc(bytes, 2 * size) : NULL;
    if (!grown) {
        free(bytes);
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "blocks");
    }
    hostile_fill(grown, size, hostile->number);
    qsort(grown, 65536, 1, compare_bytes);
    bool sorted = grown[0] <= grown[65535];
    struct timespec now;
    bool clock = clock_gettime(CLOCK_REALTIME, &now) == 0;
    free(grown);
    return hostile_say(hostile, err, "%s", sorted && clock ? "fine" : "wrong");
}

/* Stay for a moment with everything open, to be looked at from outside; making progress. */
static bool act_show(const Hostile *hostile, Err *err)
{
    if (!worker_send(hostile->port, HOSTILE_LOOK, (Span){0}, err))
        return false;
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (uint64_t steps = 0; elapsed_ms(&start) < hostile->number; steps++)
        worker_progress(hostile->port, steps % hostile->piece->in.size);
    return true;
}

static const HostileVerb VERBS[] = {
    {"text", act_text},
    {"fill", act_fill},
    {"crash", act_crash},
    {"text-then-crash", act_text_then_crash},
    {"abort", act_abort},
    {"exit", act_exit},
    {"overflow-stack", act_overflow_stack},
    {"hang", act_sleep},
    {"spin", act_spin},
    {"eat-memory", act_eat_memory},
    {"garbage", act_garbage},
    {"huge-length", act_huge_length},
    {"other-length", act_other_length},
    {"few-bytes", act_few_bytes},
    {"half-block", act_half_block},
    {"block-in-block", act_block_in_block},
    {"other-piece", act_other_piece},
    {"late-hash", act_late_hash},
    {"other-format", act_other_format},
    {"unknown-type", act_unknown_type},
    {"change-block-after-sending", act_change_after_sending},
    {"look-at-memory", act_look_at_memory},
    {"too-much-output", act_too_much_output},
    {"empty-blocks", act_empty_blocks},
    {"refused", act_refused},
    {"fail", act_fail},
    {"defects", act_defects},
    {"note", act_note},
    {"close-pipe", act_close_pipe},
    {"ordinary", act_ordinary},
    {"show", act_show},
};

static const HostileVerb *find_verb(Text name)
{
    for (size_t i = 0; i < sizeof VERBS / sizeof *VERBS; i++)
        if (text_equal(name, text_from_z(VERBS[i].name)))
            return &VERBS[i];
    for (const HostileVerb *verb = HOSTILE_ESCAPES; *verb->name; verb++)
        if (text_equal(name, text_from_z(verb->name)))
            return verb;
    return NULL;
}

bool hostile_act(const Piece *piece, WorkerPort *port, Err *err)
{
    char head[128];
    size_t want = piece->in.size < sizeof head ? (size_t)piece->in.size : sizeof head;
    Text line = text_of(head, input_read(&piece->in, 0, head, want, err));
    line.len = text_find(line, '\n');
    if (!text_starts(line, TEXT(HOSTILE_MARK)))
        return err_set(err, ERR_IO, 0, "the item is not what was probed");
    line = text_of(line.ptr + sizeof HOSTILE_MARK - 1, line.len - (sizeof HOSTILE_MARK - 1));
    const HostileVerb *verb = find_verb(text_cut(&line, ' '));
    Hostile hostile = {.piece = piece, .port = port};
    if (!verb || (line.len && !text_to_u64(line, &hostile.number)))
        return err_set(err, ERR_FORMAT, 0, "no such verb");
    return verb->act(&hostile, err);
}

static Confidence hostile_probe(Span head, uint64_t item_size)
{
    (void)item_size;
    return span_starts_with(head, HOSTILE_MARK, sizeof HOSTILE_MARK - 1) ? CONFIDENCE_CERTAIN
                                                                         : CONFIDENCE_NONE;
}

/* The verbs need a port, which only a job has; a job that calls parse gets an ordinary failure. */
static bool hostile_parse(const Input *in, const FormatOptions *options, Sink *sink, Err *err)
{
    (void)in;
    (void)options;
    (void)sink;
    return err_set(err, ERR_UNSUPPORTED, 0, "test_hostile has no events");
}

const Format test_hostile_format = {
    .name = "test_hostile",
    .summary = "tests: does what its content says",
    .doc = "docs/engine.md",
    .probe = hostile_probe,
    .parse = hostile_parse,
};
