#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "engine/run.h"

bool run_fail(Run *run, const Err *err)
{
    if (!run->failed)
        run->err = *err;
    run->failed = true;
    return false;
}

static PieceAt piece_at(const Run *run, const PieceRun *piece)
{
    return (PieceAt){.item = &run->items->items[piece->item],
                     .index = piece->item,
                     .begin = piece->begin,
                     .end = piece->end,
                     .whole = piece->probe_only || piece->hash_only || piece->scan_only};
}

static void deliver_defect(Run *run, const Message *message, const PieceRun *piece)
{
    ItemRun *item_run = &run->item_runs[piece->item];
    if (message->kind == MESSAGE_CHANGED) {
        if (item_run->changed_told)
            return;
        item_run->changed_told = true;
    }
    if (message->defect == DEFECT_DAMAGE) {
        item_run->damaged = true;
        run->stats.defects++;
    } else {
        run->stats.notes++;
    }
    if (!run->job->defect)
        return;
    progress_erase(&run->line); /* the job may print */
    PieceAt at = piece_at(run, piece);
    Err err = {.offset = ERR_NO_OFFSET};
    if (!run->job->defect(run->job->ctx, &at, message->defect, message->offset, message->size,
                          text_from_span(message->bytes), &err))
        run_fail(run, &err);
}

/* All pieces of an item, and all members of it, are delivered. */
static void end_item(Run *run, uint32_t index)
{
    for (;;) {
        const ItemRun *item_run = &run->item_runs[index];
        Item *item = &run->items->items[index];
        item->state = item_run->state     ? item_run->state
                      : item_run->damaged ? ITEM_DEFECTIVE
                                          : ITEM_DONE;
        run->stats.items_by_state[item->state]++;
        Err err = {.offset = ERR_NO_OFFSET};
        if (run->job->finished && !run->failed &&
            !run->job->finished(run->job->ctx, item, index, item->state, item_run->format, &err))
            run_fail(run, &err);
        members_release(item);
        index = item->parent;
        if (index == ITEM_NO_PARENT || --run->item_runs[index].pieces_left > 0)
            return;
    }
}

static void deliver_end(Run *run, const Message *message, const PieceRun *piece)
{
    ItemRun *item_run = &run->item_runs[piece->item];
    bool worked = message->state == ITEM_DONE || message->state == ITEM_DEFECTIVE;
    run->stats.events += message->events;
    if (worked)
        run->stats.bytes_read += piece->end - piece->begin;
    if (message->state == ITEM_DEFECTIVE)
        item_run->damaged = true;
    else if (!worked && message->state != ITEM_WAITING)
        item_run->state = message->state;
    PieceAt at = piece_at(run, piece);
    Err err = {.offset = ERR_NO_OFFSET};
    if (worked && run->job->piece_done &&
        !run->job->piece_done(run->job->ctx, &at, message->events, &err))
        run_fail(run, &err);
    if (--item_run->pieces_left > 0)
        return;
    end_item(run, piece->item);
}

static bool receive(const Run *run, const PieceRun *piece, const Message *message, Err *err)
{
    PieceAt at = piece_at(run, piece);
    return run->job->receive(run->job->ctx, &at, message->type, message->bytes, err);
}

/* false: as run_emit. */
static bool deliver(Run *run, const Group *group, const Message *message, Err *err)
{
    const PieceRun *piece = &group->pieces[message->piece];
    if (run->failed)
        return false;
    if (message->kind == MESSAGE_END) {
        deliver_end(run, message, piece);
    } else if (message->kind != MESSAGE_BLOCK) {
        deliver_defect(run, message, piece);
    } else if (!receive(run, piece, message, err)) {
        return err->code == ERR_FORMAT ? false : run_fail(run, err);
    }
    return true;
}

bool run_emit(Run *run, Group *group, const Message *message, Channel *channel, Err *err)
{
    /* A container is told of after its members, however fast they are read. */
    bool wait = run->job->ordered && (run->groups != group || group->queue || group_opens(group));
    if (!wait)
        return deliver(run, group, message, err);
    size_t len = message->bytes.len;
    uint8_t *bytes = channel ? channel_take(channel, len) : malloc(len ? len : 1);
    if (bytes && !channel && len)
        memcpy(bytes, message->bytes.ptr, len);
    if (!bytes || !group_queue(group, message, bytes)) {
        free(bytes);
        err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory to keep results in order");
        return run_fail(run, err);
    }
    return true;
}

bool run_emit_text(Run *run, Group *group, uint32_t piece, DefectKind kind, uint64_t offset,
                   const char *text)
{
    Err err;
    Message message = {.kind = MESSAGE_DEFECT,
                       .piece = piece,
                       .defect = kind,
                       .offset = offset,
                       .bytes = text_span(text_from_z(text))};
    return run_emit(run, group, &message, NULL, &err);
}

bool run_emit_end(Run *run, Group *group, uint32_t piece, ItemState state, uint64_t events)
{
    Err err;
    Message message = {.kind = MESSAGE_END, .piece = piece, .state = state, .events = events};
    const PieceRun *p = &group->pieces[piece];
    if (state != ITEM_WAITING)
        run->passed_bytes += p->end - p->begin;
    run->passed_events += events;
    return run_emit(run, group, &message, NULL, &err);
}

/* What was found in pieces from this one on will be found again. */
static void forget_followers(Run *run, Group *group, uint32_t piece)
{
    Group *follower, *next;
    DL_FOREACH_SAFE(group->followers, follower, next)
    {
        uint32_t i = piece;
        while (i < group->piece_count && group->pieces[i].item != follower->pieces[0].item)
            i++;
        if (i == group->piece_count)
            continue;
        DL_DELETE(group->followers, follower);
        run->item_runs[follower->pieces[0].item].pieces_left--;
        if (follower->pieces[0].scan_only)
            run->item_runs[follower->pieces[0].item].scan_follows = false;
        group_destroy(follower);
    }
}

/* The job says that a block which had to wait is nonsense. Its worker has gone on since, or has
 * ended; nothing that it sent later is believed, and the pieces after this one are done again. */
static void refuse(Run *run, Group *group, uint32_t piece, Reached reached, const Err *err)
{
    group_clear_queue(group);
    group->current = piece;
    forget_followers(run, group, piece);
    for (uint32_t i = piece + 1; i < group->piece_count; i++)
        run_item_run(run, group, i)->hash_failed = false; /* to be found and told again */
    for (uint32_t slot = 0; slot < run->engine->slot_count; slot++) {
        Visit *visit = &run->engine->visits[slot];
        if (visit->group == group) {
            visit->hashing = false;
            visit->sent = reached;
            visit_end_worker(run, visit, FAULT_NONSENSE, err->text);
            return;
        }
    }
    run->stats.workers_lost++;
    visit_blame_nonsense(run, NULL, group, err->text, reached);
    run_leave(run, group);
}

static void flush(Run *run, Group *group)
{
    Message *message;
    while (!run->failed && (message = group_unqueue(group))) {
        Err err = {.offset = ERR_NO_OFFSET};
        uint32_t piece = message->piece;
        Reached reached = visit_plausible(&group->pieces[piece], message->offset, message->events);
        bool ok = deliver(run, group, message, &err);
        message_free(message);
        if (!ok && !run->failed)
            refuse(run, group, piece, reached, &err);
    }
}

/* While the group waits to be delivered, all its pieces after a block that is refused are done
 * again (refuse): what was found in them must not have gone to work. A group of one piece has no
 * blocks when it finds something. */
void run_follow(Run *run, Group *group, Group *found)
{
    run->item_runs[found->pieces[0].item].pieces_left++;
    if (run->job->ordered && group->piece_count > 1) {
        DL_APPEND(group->followers, found);
        return;
    }
    Group *after = group; /* and what it has found before */
    while (after->next && after->next->pieces[0].item == found->pieces[0].item)
        after = after->next;
    DL_APPEND_ELEM(run->groups, after, found);
}

/* Small items of a group are scanned together, too, as long as their scan has not begun. */
static bool joins_scan(const Run *run, const Group *scan, const Item *item)
{
    return scan && scan->state == GROUP_WAITING && !scan->started && scan->piece_count &&
           scan->pieces[0].scan_only && scan->piece_count < scan->room &&
           group_fits(run->items, scan, item);
}

bool run_follow_scan(Run *run, Group *group, uint32_t piece)
{
    const PieceRun *done = &group->pieces[piece];
    const Item *item = &run->items->items[done->item];
    ItemRun *item_run = &run->item_runs[done->item];
    if (!run->job->scan || done->scan_only || item_run->scan_follows || item_run->unwanted ||
        done->failure || item->size == 0)
        return true;
    PieceRun scan = {.item = done->item, .scan_only = true, .end = item->size};
    item_run->scan_follows = true;
    if (!run->job->ordered && joins_scan(run, group->next, item)) {
        group->next->pieces[group->next->piece_count++] = scan;
        item_run->pieces_left++;
        return true;
    }
    Group *found = group_create(run->job->ordered ? 1 : group->piece_count);
    if (!found) {
        Err err;
        err_set(&err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory to scan an item");
        return run_fail(run, &err);
    }
    found->pieces[found->piece_count++] = scan;
    run_follow(run, group, found);
    return true;
}

static void drop(Run *run, Group *group)
{
    Group *after = group, *follower, *next;
    DL_FOREACH_SAFE(group->followers, follower, next)
    {
        DL_DELETE(group->followers, follower);
        DL_APPEND_ELEM(run->groups, after, follower);
        after = follower;
    }
    DL_DELETE(run->groups, group);
    run->active[group_opens(group)]--;
    group_destroy(group);
}

void run_leave(Run *run, Group *group)
{
    group->state = group->current < group->piece_count ? GROUP_WAITING : GROUP_DONE;
    if (group->state == GROUP_DONE && !run->job->ordered)
        drop(run, group);
}

void run_settle(Run *run)
{
    while (run->job->ordered && run->groups && !run->failed) {
        Group *first = run->groups;
        if (!group_opens(first) || first->state == GROUP_DONE)
            flush(run, first);
        if (run->failed || first->state != GROUP_DONE)
            return;
        drop(run, first);
    }
}
