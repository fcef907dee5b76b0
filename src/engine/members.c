/* members.c: what is in containers. A member's bytes go into the spool of its container as they
 * come; when it is whole, it is an item of the list like any other. */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "engine/run.h"

static bool no_memory(Run *run, Err *err)
{
    err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for what is in containers");
    return run_fail(run, err);
}

static bool begin(Run *run, Visit *visit, uint32_t container, Span payload, Err *err)
{
    ItemRun *item_run = &run->item_runs[container];
    BlockMember block;
    if (visit->in_member || payload.len <= sizeof block)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "a member out of place or without a name");
    if (!item_run->spool) {
        const char *folder = run->engine->options->spool;
        item_run->spool = spool_create(folder ? folder : "/tmp", &run->spool_used);
        if (!item_run->spool)
            return no_memory(run, err);
    }
    size_t len = payload.len - sizeof block;
    char *name = realloc(visit->member_name, len);
    if (!name)
        return no_memory(run, err);
    memcpy(name, payload.ptr + sizeof block, len);
    visit->member_name = name;
    visit->member_name_len = len;
    visit->member_begin = spool_end(item_run->spool);
    visit->in_member = true;
    return true;
}

/* A disk that is full is not the worker's fault, nor the end of the run: this container is not read
 * on. */
static bool put(Run *run, Visit *visit, uint32_t container, Span bytes, Err *err)
{
    if (!visit->in_member)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "bytes of no member");
    if (spool_append(run->item_runs[container].spool, bytes, err))
        return true;
    err->code = ERR_IO;
    return false;
}

static bool member_texts(Run *run, const Item *container, Text name, Item *member, Err *err)
{
    Buf path;
    buf_init(&path, container->path.len + name.len + 1);
    buf_add_text(&path, container->path);
    buf_add_char(&path, '!');
    buf_add_text(&path, name);
    bool ok = !path.failed && arena_copy_text(run->items->arena, buf_text(&path), &member->path);
    buf_done(&path);
    if (!ok)
        return no_memory(run, err);
    const Text whole = member->path;
    size_t start = container->path.len + 1; /* of the way inside */
    const char *slash = memrchr(whole.ptr + start, '/', whole.len - start);
    size_t at = slash ? (size_t)(slash - whole.ptr) + 1 : start;
    member->folder = text_of(whole.ptr, at - 1);
    member->name = text_of(whole.ptr + at, whole.len - at);
    return true;
}

static bool grow_runs(Run *run)
{
    if (run->items->count <= run->item_room)
        return true;
    size_t room = run->item_room * 2 + 64;
    ItemRun *grown = realloc(run->item_runs, room * sizeof *grown);
    if (!grown)
        return false;
    run->item_runs = grown;
    run->item_room = room;
    return true;
}

/* A full group goes to work: at once, or with `ordered` when its container is done. */
static void seal(Run *run, Group *group, ItemRun *item_run)
{
    Group *full = item_run->filling;
    item_run->filling = NULL;
    if (!full)
        return;
    if (run->job->ordered)
        DL_APPEND(group->members, full);
    else
        DL_APPEND(run->groups, full);
}

static bool enlist(Run *run, Group *group, uint32_t container, uint32_t index)
{
    ItemRun *item_run = &run->item_runs[container];
    if (item_run->filling && !group_fits(run->items, item_run->filling, &run->items->items[index]))
        seal(run, group, item_run);
    if (!item_run->filling)
        item_run->filling = group_create(WIRE_PIECES_MAX);
    if (!item_run->filling)
        return false;
    group_add(item_run->filling, run->items, index, run->engine->options->format.recover);
    item_run->pieces_left++;
    return true;
}

static bool end(Run *run, Visit *visit, uint32_t container, Err *err)
{
    if (!visit->in_member)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "the end of no member");
    visit->in_member = false;
    Spool *spool = run->item_runs[container].spool;
    const Item *parent = &run->items->items[container];
    Item member = {.size = spool_end(spool) - visit->member_begin,
                   .parent = container,
                   .depth = parent->depth + 1,
                   .spool = spool,
                   .spool_at = visit->member_begin};
    Text name = text_of(visit->member_name, visit->member_name_len);
    uint32_t index = (uint32_t)run->items->count;
    if (run->items->count >= UINT32_MAX - 1) {
        err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "too many items: %zu", run->items->count);
        return run_fail(run, err);
    }
    if (!member_texts(run, parent, name, &member, err))
        return false;
    if (!item_list_add(run->items, &member, err))
        return run_fail(run, err);
    spool_ref(spool);
    if (!grow_runs(run))
        return no_memory(run, err);
    run->item_runs[index] = (ItemRun){.fd = -1, .pieces_left = 1};
    run->stats.members++;
    return enlist(run, visit->group, container, index) || no_memory(run, err);
}

bool members_take(Run *run, Visit *visit, uint32_t type, Span payload, Err *err)
{
    uint32_t container = visit->group->pieces[visit->group->current].item;
    if (!visit->opening)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "a member of what is no container");
    if (run->item_runs[container].unwanted)
        return true;
    if (type == BLOCK_MEMBER)
        return begin(run, visit, container, payload, err);
    if (type == BLOCK_MEMBER_BYTES)
        return put(run, visit, container, payload, err);
    return end(run, visit, container, err);
}

void members_end(Run *run, Visit *visit, Group *group, uint32_t piece)
{
    ItemRun *item_run = run_item_run(run, group, piece);
    if (visit && visit->in_member) /* a container that is not read on loses the member it was at */
        spool_release(item_run->spool, visit->member_begin, spool_end(item_run->spool));
    if (visit)
        visit->opening = visit->in_member = false;
    seal(run, group, item_run);
    spool_unref(item_run->spool);
    item_run->spool = NULL;
}

void members_release(Item *item)
{
    if (!item->spool)
        return;
    spool_release(item->spool, item->spool_at, item->spool_at + item->size);
    spool_unref(item->spool);
    item->spool = NULL;
}
