#include "engine/visit_blocks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <utlist.h>

#include "base/printable.h"

/* Text from a worker, made fit for terminals: what is not printable becomes "?". */
static size_t clean_text(Span text, char *out, size_t room)
{
    Text in = text_from_span(text);
    size_t len = 0;
    for (size_t pos = 0; pos < in.len;) {
        size_t at = pos;
        uint32_t c = utf8_next(in, &pos);
        bool bad = c == UTF8_INVALID || c < 0x20 || c == 0x7F || (c >= 0xD800 && c <= 0xDFFF) ||
                   printable_is_deceptive(c);
        size_t size = bad ? 1 : pos - at;
        if (size > room - len)
            break;
        memcpy(out + len, bad ? "?" : in.ptr + at, size);
        len += size;
    }
    return len;
}

/* A reader that ends before its work is ours to mend, unless somebody else killed it. */
#define PLEASE_REPORT " (a defect of Constat: please report it)"

static const Format *piece_format(const Run *run, const Group *group, uint32_t piece)
{
    const PieceRun *p = &group->pieces[piece];
    return p->format ? p->format : p->identified ? run->item_runs[p->item].format : NULL;
}

void run_hashed(Run *run, uint32_t item_index)
{
    const Job *job = run->job;
    ItemRun *item_run = &run->item_runs[item_index];
    if (item_run->asked)
        return;
    item_run->asked = true;
    item_run->unwanted =
        job->wants && !job->wants(job->ctx, &run->items->items[item_index], item_index);
}

/* A piece whose bytes could not be had: the item's state depends on what is known of it. */
static ItemState failed_state(const Run *run, const Group *group, uint32_t piece)
{
    if (group->pieces[piece].scan_only)
        return ITEM_WAITING; /* the defect says enough */
    return piece_format(run, group, piece) ? ITEM_DEFECTIVE : ITEM_UNREADABLE;
}

void visit_skip_pieces(Run *run, Group *group)
{
    for (; group->current < group->piece_count && !run->failed; group->current++) {
        uint32_t piece = group->current;
        const char *failure = group->pieces[piece].failure;
        if (group->pieces[piece].held)
            return;
        if (run_item_run(run, group, piece)->unwanted) {
            run_emit_end(run, group, piece, ITEM_KNOWN, 0);
        } else if (failure) {
            run_emit_text(run, group, piece, DEFECT_DAMAGE, ERR_NO_OFFSET, failure);
            run_emit_end(run, group, piece, failed_state(run, group, piece), 0);
        } else {
            run_emit_text(run, group, piece, DEFECT_NOTE, ERR_NO_OFFSET, "the file is empty");
            run_emit_end(run, group, piece, ITEM_DONE, 0);
        }
    }
}

static uint64_t output_budget(uint64_t size, uint64_t ratio, uint64_t base)
{
    uint64_t budget;
    if (__builtin_mul_overflow(size, ratio, &budget) ||
        __builtin_add_overflow(budget, base, &budget))
        return UINT64_MAX;
    return budget;
}

uint64_t run_unpack_budget(const Run *run, uint64_t size)
{
    return output_budget(size, WIRE_OPEN_RATIO, run->engine->unpack_bytes);
}

void visit_begin_piece(const Run *run, Visit *visit)
{
    const PieceRun *piece = &visit->group->pieces[visit->group->current];
    visit->opening = piece->format && piece->format->open;
    visit->in_member = false;
    uint64_t size = piece->end - piece->begin;
    visit->channel.budget = visit->opening
                                ? run_unpack_budget(run, size)
                                : output_budget(size, WIRE_OUTPUT_RATIO, WIRE_OUTPUT_BASE);
    visit->sent = (Reached){.known = true, .offset = piece->begin};
}

Reached visit_plausible(const PieceRun *piece, uint64_t offset, uint64_t events)
{
    return (Reached){
        .known = true,
        .offset = offset < piece->begin ? piece->begin
                  : offset > piece->end ? piece->end
                                        : offset,
        .events = events < VISIT_EVENTS_MAX ? events : VISIT_EVENTS_MAX,
    };
}

static uint32_t next_to_hash(const Group *group)
{
    uint32_t i = group->current;
    while (i < group->piece_count && !group->pieces[i].wants_hash)
        i++;
    return i;
}

static bool keep_hashes(Run *run, Item *item, const BlockHash *block, Span blocks)
{
    Hash128 *copy = malloc(blocks.len);
    if (!copy) {
        Err err;
        err_set(&err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the hashes of an item");
        return run_fail(run, &err);
    }
    memcpy(copy, blocks.ptr, blocks.len);
    free(item->blocks);
    item->blocks = copy;
    memcpy(item->sha256.bytes, block->sha256, sizeof item->sha256.bytes);
    item->hashed = true;
    return true;
}

static bool take_hash(Run *run, Visit *visit, const BlockHeader *header, Span payload, Err *err)
{
    Group *group = visit->group;
    BlockHash block;
    if (!visit->hashing || header->piece != next_to_hash(group) || payload.len < sizeof block)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "a hash out of place");
    memcpy(&block, payload.ptr, sizeof block);
    uint32_t piece = header->piece;
    Item *item = run_item(run, group, piece);
    Span blocks = span_of(payload.ptr + sizeof block, payload.len - sizeof block);
    uint64_t count = block.error ? 0 : item_block_count(item->size);
    if (blocks.len % sizeof(Hash128) || blocks.len / sizeof(Hash128) != count)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "%zu bytes of hashes", blocks.len);
    group->pieces[piece].wants_hash = false;
    if (block.error == 0) {
        if (!keep_hashes(run, item, &block, blocks))
            return false;
        run_hashed(run, group->pieces[piece].item);
        return true;
    }
    run_item_run(run, group, piece)->hash_failed = true;
    run_hashed(run, group->pieces[piece].item);
    Err text;
    if (block.error == ENODATA)
        err_set(&text, ERR_IO, block.offset,
                "ends at byte %" PRIu64 " of %" PRIu64 " and has no SHA-256", block.offset,
                item->size);
    else
        err_errno(&text, block.error < 4096 ? (int)block.error : EIO,
                  "has no SHA-256: byte %" PRIu64 " cannot be read", block.offset);
    return run_emit_text(run, group, piece, DEFECT_DAMAGE, block.offset, text.text);
}

static bool take_format(Run *run, Visit *visit, Span payload, Err *err)
{
    Group *group = visit->group;
    PieceRun *piece = &group->pieces[group->current];
    BlockFormat block;
    if (piece->format || piece->identified || piece->scan_only || payload.len != sizeof block)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "a format out of place");
    memcpy(&block, payload.ptr, sizeof block);
    if (block.format != WIRE_FORMAT_UNKNOWN && block.format >= FORMAT_COUNT)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "format number %" PRIu32, block.format);
    const Format *format = block.format < FORMAT_COUNT ? FORMATS[block.format] : NULL;
    piece->identified = true;
    piece->may_split = block.may_split;
    run->item_runs[piece->item].format = format;
    if (!format || block.tie >= FORMAT_COUNT)
        return true;
    Err text;
    err_set(&text, ERR_NONE, ERR_NO_OFFSET, "could as well be %s: read as %s",
            FORMATS[block.tie]->name, format->name);
    return run_emit_text(run, group, group->current, DEFECT_NOTE, ERR_NO_OFFSET, text.text);
}

static bool take_result(Run *run, Visit *visit, uint32_t type, Span payload, Err *err)
{
    Group *group = visit->group;
    const Format *format = piece_format(run, group, group->current);
    const PieceRun *piece = &group->pieces[group->current];
    bool read = format && !piece->probe_only && !format->open && job_takes(run->job, format);
    if (!read && !piece->scan_only)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "a result before or without its time");
    if (run->item_runs[piece->item].unwanted)
        return true;
    Message message = {.kind = MESSAGE_BLOCK,
                       .piece = group->current,
                       .type = (uint8_t)type,
                       .offset = visit->sent.offset,
                       .events = visit->sent.events,
                       .bytes = payload};
    return run_emit(run, group, &message, &visit->channel, err);
}

static bool take_defect(Run *run, Visit *visit, Span payload, Err *err)
{
    Group *group = visit->group;
    PieceRun *piece = &group->pieces[group->current];
    BlockDefect block;
    if (payload.len < sizeof block || payload.len > sizeof block + WIRE_DEFECT_TEXT)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "a defect of %zu bytes", payload.len);
    memcpy(&block, payload.ptr, sizeof block);
    if (block.kind > DEFECT_DAMAGE)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "a defect of kind %" PRIu32, block.kind);
    if (run->item_runs[piece->item].unwanted)
        return true; /* they were told when it was read */
    if (++piece->defects > VISIT_DEFECTS_MAX)
        return true; /* counted; told when the piece ends */
    char text[WIRE_DEFECT_TEXT];
    Span raw = span_of(payload.ptr + sizeof block, payload.len - sizeof block);
    uint64_t size = run->items->items[piece->item].size;
    Message message = {
        .kind = MESSAGE_DEFECT,
        .piece = group->current,
        .defect = block.kind == DEFECT_NOTE ? DEFECT_NOTE : DEFECT_DAMAGE,
        .offset = block.offset == ERR_NO_OFFSET || block.offset <= size ? block.offset : size,
        .size = block.size <= size ? block.size : size,
        .bytes = span_of(text, clean_text(raw, text, sizeof text)),
    };
    return run_emit(run, group, &message, NULL, err);
}

/* A file that changes under our hands: what was read may be of both states. */
static void tell_change(Run *run, Group *group, uint32_t piece)
{
    const Item *item = run_item(run, group, piece);
    uint64_t size;
    if (!group->pieces[piece].held ||
        item_unchanged(item, run_item_run(run, group, piece)->fd, &size))
        return;
    Err text, err;
    if (size == item->size)
        err_set(&text, ERR_NONE, ERR_NO_OFFSET, "was written to while it was being read");
    else
        err_set(&text, ERR_NONE, ERR_NO_OFFSET,
                "changed while it was being read: %" PRIu64 " bytes when listed, %" PRIu64 " now",
                item->size, size);
    Message message = {.kind = MESSAGE_CHANGED,
                       .piece = piece,
                       .defect = DEFECT_DAMAGE,
                       .offset = ERR_NO_OFFSET,
                       .bytes = text_span(text_from_z(text.text))};
    run_emit(run, group, &message, NULL, &err);
}

static void tell_unlisted(Run *run, Group *group, uint32_t piece)
{
    uint32_t defects = group->pieces[piece].defects;
    if (defects <= VISIT_DEFECTS_MAX)
        return;
    Err text;
    err_set(&text, ERR_NONE, ERR_NO_OFFSET, "%" PRIu32 " more defects are not listed",
            defects - VISIT_DEFECTS_MAX);
    run_emit_text(run, group, piece, DEFECT_DAMAGE, ERR_NO_OFFSET, text.text);
}

/* A large item is known now: its pieces follow this group. */
static bool add_cuts(Run *run, Group *group, const PieceRun *probe, const Format *format, Err *err)
{
    uint32_t count;
    Group *cuts =
        group_cut(&run->items->items[probe->item], probe->item, format, probe->may_split, &count);
    if (!cuts) {
        err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the pieces of an item");
        return run_fail(run, err);
    }
    Group *cut, *next;
    DL_FOREACH_SAFE(cuts, cut, next)
    {
        DL_DELETE(cuts, cut);
        const PieceRun *piece = &cut->pieces[0];
        if (!format->open && run->job->wants_piece &&
            !run->job->wants_piece(run->job->ctx, piece->item, piece->begin, piece->end)) {
            group_destroy(cut);
            continue;
        }
        run_follow(run, group, cut);
    }
    return true;
}

static void tell_failure(Run *run, Group *group, const BlockDone *done, Span raw)
{
    const Item *item = run_item(run, group, group->current);
    char reason[sizeof(Err) + 1];
    reason[clean_text(raw, reason, sizeof reason - 1)] = '\0';
    Err text;
    if (done->code == ERR_NO_MEMORY)
        err_set(&text, ERR_NONE, ERR_NO_OFFSET, "needed more than %" PRIu64 " MiB of memory: %s",
                run->engine->memory_bytes >> 20, reason);
    else
        err_set(&text, ERR_NONE, ERR_NO_OFFSET, "%s", *reason ? reason : "cannot be read on");
    uint64_t offset = done->offset <= item->size ? done->offset : ERR_NO_OFFSET;
    run_emit_text(run, group, group->current, DEFECT_DAMAGE, offset, text.text);
}

static ItemState done_state(const Run *run, const Group *group, uint32_t at, bool ok)
{
    const PieceRun *piece = &group->pieces[at];
    const Format *format = piece_format(run, group, at);
    if (run->item_runs[piece->item].unwanted)
        return ITEM_KNOWN;
    if (!ok)
        return failed_state(run, group, at);
    if (piece->hash_only || piece->scan_only)
        return ITEM_WAITING;
    if (!format)
        return ITEM_UNKNOWN;
    if (!job_takes(run->job, format))
        return ITEM_NOT_TAKEN;
    bool container_found = format->open && !piece->format; /* it is opened in a visit of its own */
    return piece->probe_only || container_found ? ITEM_WAITING : ITEM_DONE;
}

/* The item has not been read yet: in pieces, if it is large; or after all, if it is not what the
 * job took it for. */
static bool go_on(Run *run, Group *group, const PieceRun *piece, Err *err)
{
    const Format *format = piece_format(run, group, group->current);
    if (!piece->hash_only)
        return add_cuts(run, group, piece, format, err);
    Group *again = group_create(1);
    if (!again) {
        err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory to read an item");
        return run_fail(run, err);
    }
    group_add(again, run->items, piece->item, run->engine->options->format.recover);
    run_follow(run, group, again);
    return true;
}

static bool take_done(Run *run, Visit *visit, Span payload, Err *err)
{
    Group *group = visit->group;
    uint32_t at = group->current;
    const PieceRun *piece = &group->pieces[at];
    BlockDone done;
    if (payload.len < sizeof done || payload.len > sizeof done + sizeof err->text)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "an end of %zu bytes", payload.len);
    memcpy(&done, payload.ptr, sizeof done);
    if (done.ok && !piece->format && !piece->identified && !piece->hash_only && !piece->scan_only)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "an end without a format");
    if (visit->in_member && done.ok)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "an end within a member");
    ItemState state = done_state(run, group, at, done.ok);
    if (state == ITEM_WAITING && !piece->scan_only && !go_on(run, group, piece, err))
        return false;
    if (!piece->hash_only && !run_follow_scan(run, group, at))
        return false;
    members_end(run, visit, group, at);
    tell_unlisted(run, group, at);
    tell_change(run, group, at);
    if (!done.ok && state != ITEM_KNOWN)
        tell_failure(run, group, &done,
                     span_of(payload.ptr + sizeof done, payload.len - sizeof done));
    run_emit_end(run, group, at, state,
                 done.events < VISIT_EVENTS_MAX ? done.events : VISIT_EVENTS_MAX);
    group->current++;
    visit_skip_pieces(run, group);
    if (group->current < group->piece_count)
        visit_begin_piece(run, visit);
    return !run->failed;
}

bool visit_take_block(Run *run, Visit *visit, const BlockHeader *header, Span payload, Err *err)
{
    Group *group = visit->group;
    if (header->type == BLOCK_HASH)
        return take_hash(run, visit, header, payload, err);
    if (next_to_hash(group) < group->piece_count)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "results before the hash");
    visit->hashing = false;
    if (group->current >= group->piece_count || header->piece != group->current)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET,
                       "a block of piece %" PRIu32 " when %" PRIu32 " is due", header->piece,
                       group->current);
    visit->sent = visit_plausible(&group->pieces[group->current], header->offset, header->events);
    switch (header->type) {
    case BLOCK_FORMAT:
        return take_format(run, visit, payload, err);
    case BLOCK_DEFECT:
        return take_defect(run, visit, payload, err);
    case BLOCK_MEMBER:
    case BLOCK_MEMBER_BYTES:
    case BLOCK_MEMBER_END:
        return members_take(run, visit, header->type, payload, err);
    case BLOCK_DONE:
        return take_done(run, visit, payload, err);
    default:
        return take_result(run, visit, header->type, payload, err);
    }
}

/* Why the worker ended, as a sentence up to "at byte". */
static void describe_end(const Run *run, const Visit *visit, Err *ret)
{
    int status = visit->status;
    int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    const char *name = number ? sigdescr_np(number) : NULL;
    if (visit->fault == FAULT_HANG)
        err_set(ret, ERR_NONE, 0, "the reader made no progress for %.3g s and was ended",
                run->engine->hang_ms / 1000.0);
    else if (number == SIGXCPU)
        err_set(ret, ERR_NONE, 0, "the reader used more than %" PRIu32 " s of processor time",
                visit->cpu_seconds);
    else if (number == SIGSYS)
        err_set(ret, ERR_NONE, 0, "the reader tried what its sandbox forbids");
    else if (number == SIGKILL)
        err_set(ret, ERR_NONE, 0, "the reader was killed from outside (is memory short?)");
    else if (number)
        err_set(ret, ERR_NONE, 0, "the reader was ended by signal %d (%s)", number,
                name ? name : "unknown");
    else
        err_set(ret, ERR_NONE, 0, "the reader ended by itself with status %d", WEXITSTATUS(status));
}

/* `*text` so far says what happened: add where, and what to do. */
static void add_place(const Run *run, const Group *group, uint32_t piece, Reached reached,
                      const char *advice, Err *text)
{
    Err what = *text;
    if (reached.known)
        err_set(text, ERR_NONE, 0, "%s at byte %" PRIu64 " of %" PRIu64 "%s", what.text,
                reached.offset, run_item(run, group, piece)->size, advice);
    else
        err_set(text, ERR_NONE, 0, "%s before it began%s", what.text, advice);
}

/* The current piece ends here. */
static void lose_piece(Run *run, Visit *visit, Group *group, const char *text, Reached reached)
{
    uint32_t piece = group->current;
    if (run_item_run(run, group, piece)->unwanted) { /* nothing was to be had from it */
        run_emit_end(run, group, piece, ITEM_KNOWN, 0);
        group->current++;
        return;
    }
    if (!run_follow_scan(run, group, piece))
        return;
    members_end(run, visit, group, piece);
    tell_unlisted(run, group, piece);
    tell_change(run, group, piece);
    run_emit_text(run, group, piece, DEFECT_DAMAGE, reached.known ? reached.offset : ERR_NO_OFFSET,
                  text);
    run_emit_end(run, group, piece, failed_state(run, group, piece), reached.events);
    group->current++;
}

void visit_blame_nonsense(Run *run, Visit *visit, Group *group, const char *reason, Reached reached)
{
    Err text;
    err_set(&text, ERR_NONE, 0, "the reader sent what cannot be right (%s) and was ended", reason);
    add_place(run, group, group->current, reached, PLEASE_REPORT, &text);
    lose_piece(run, visit, group, text.text, reached);
}

void visit_blame(Run *run, Visit *visit)
{
    Group *group = visit->group;
    if (visit->fault == FAULT_REFUSED) {
        lose_piece(run, visit, group, visit->fault_text, visit->sent);
        return;
    }
    if (visit->fault == FAULT_NONSENSE) {
        visit_blame_nonsense(run, visit, group, visit->fault_text, visit->sent);
        return;
    }
    uint32_t to_hash = next_to_hash(group);
    bool hashing = visit->hashing && to_hash < group->piece_count;
    uint32_t piece = hashing ? to_hash : group->current;
    Reached reached = visit_reached(run, visit, piece);
    bool killed = visit->fault == FAULT_NONE && WIFSIGNALED(visit->status) &&
                  WTERMSIG(visit->status) == SIGKILL;
    Err text;
    describe_end(run, visit, &text);
    add_place(run, group, piece, reached, killed ? "" : PLEASE_REPORT, &text);
    if (!hashing) {
        lose_piece(run, visit, group, text.text, reached);
        return;
    }
    /* The pieces before it have not begun: only this one is passed over, in its turn. */
    group->pieces[piece].wants_hash = false;
    group->pieces[piece].failure = strdup(text.text);
    if (!group->pieces[piece].failure) {
        err_set(&text, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for a message");
        run_fail(run, &text);
    }
}
