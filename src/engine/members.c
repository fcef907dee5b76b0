/* members.c: what is in containers. A member's bytes go into the spool of its container as they
 * come; when it is whole, it is an item of the list like any other. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "engine/run.h"

/* Of what comes out of one file, at all depths: so that the coordinator's memory has an end. */
#define FILE_MEMBERS_MAX 4000000u
#define FILE_NAMES_MAX   (256u * 1024 * 1024)

static bool no_memory(Run *run, Err *err)
{
    err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for what is in containers");
    return run_fail(run, err);
}

/* The file that the container lies in, however deep; or is. */
static uint32_t file_of(const Run *run, uint32_t container)
{
    while (run->items->items[container].parent != ITEM_NO_PARENT)
        container = run->items->items[container].parent;
    return container;
}

/* What comes out of one file has limits, however it is spread over containers in containers. Which
 * of several that are open meets one of them first is a matter of time. */
static bool count_out(Run *run, uint32_t container, uint64_t bytes, Err *err)
{
    uint32_t file = file_of(run, container);
    ItemRun *out = &run->item_runs[file];
    out->out_bytes += bytes;
    if (out->out_bytes <= run_unpack_budget(run, run->items->items[file].size))
        return true;
    return err_set(err, ERR_LIMIT, ERR_NO_OFFSET,
                   "not read on: more comes out of the file than can be right for its size, as "
                   "from a decompression bomb");
}

static bool count_member(Run *run, uint32_t container, size_t path_len, Err *err)
{
    ItemRun *out = &run->item_runs[file_of(run, container)];
    out->out_members++;
    out->out_names += path_len;
    if (out->out_members > FILE_MEMBERS_MAX)
        return err_set(err, ERR_LIMIT, ERR_NO_OFFSET,
                       "not read on: more than %u members come out of the file", FILE_MEMBERS_MAX);
    if (out->out_names > FILE_NAMES_MAX)
        return err_set(err, ERR_LIMIT, ERR_NO_OFFSET,
                       "not read on: the paths of what comes out of the file take more than %u MiB",
                       FILE_NAMES_MAX >> 20);
    return true;
}

static bool begin(Run *run, Visit *visit, uint32_t container, Span payload, Err *err)
{
    ItemRun *item_run = &run->item_runs[container];
    BlockMember block;
    if (visit->in_member || payload.len <= sizeof block)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "a member out of place or without a name");
    size_t len = payload.len - sizeof block;
    if (!count_member(run, container, run->items->items[container].path.len + 1 + len, err))
        return false;
    if (!item_run->spool) {
        const char *folder = run->engine->options->spool;
        item_run->spool = spool_create(folder ? folder : "/tmp", &run->spool_used);
        if (!item_run->spool)
            return no_memory(run, err);
    }
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
static bool put(Run *run, const Visit *visit, uint32_t container, Span bytes, Err *err)
{
    if (!visit->in_member)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "bytes of no member");
    if (!count_out(run, container, bytes.len, err))
        return false;
    if (spool_append(run->item_runs[container].spool, bytes, err))
        return true;
    err->code = ERR_IO;
    return false;
}

/* The arena of texts has a limit, too. */
static bool member_texts(Run *run, const Item *container, Text name, Item *member, Err *err)
{
    size_t len = container->path.len + 1 + name.len;
    char *path = arena_alloc(run->items->arena, len);
    if (!path)
        return err_set(err, ERR_LIMIT, ERR_NO_OFFSET,
                       "not read on: no memory for the paths of what is in containers");
    memcpy(path, container->path.ptr, container->path.len);
    path[container->path.len] = '!';
    memcpy(path + container->path.len + 1, name.ptr, name.len);
    member->path = text_of(path, len);
    size_t start = container->path.len + 1; /* of the way inside */
    const char *slash = memrchr(path + start, '/', len - start);
    size_t at = slash ? (size_t)(slash - path) + 1 : start;
    member->folder = text_of(path, at - 1);
    member->name = text_of(path + at, len - at);
    return true;
}

/* Room for one more. */
static bool grow_runs(Run *run)
{
    if (run->items->count < run->item_room)
        return true;
    size_t room = run->item_room * 2 + 64;
    ItemRun *grown = realloc(run->item_runs, room * sizeof *grown);
    if (!grown)
        return false;
    run->item_runs = grown;
    run->item_room = room;
    return true;
}

/* A full group goes to work. */
static void seal(Run *run, Group *container, ItemRun *item_run)
{
    if (!item_run->filling)
        return;
    Group *full = group_shrink(item_run->filling);
    item_run->filling = NULL;
    DL_PREPEND_ELEM(run->groups, container, full);
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

/* What has come of the member is an item. */
static bool add_member(Run *run, Visit *visit, uint32_t container, Err *err)
{
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
    if (!grow_runs(run)) /* first: each item in the list has its run */
        return no_memory(run, err);
    if (!item_list_add(run->items, &member, err))
        return run_fail(run, err);
    spool_ref(spool);
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
    if (!visit->in_member)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "the end of no member");
    return add_member(run, visit, container, err);
}

/* A member that was coming is kept as far as it came. */
static void cut_short(Run *run, Visit *visit, Group *group, uint32_t piece)
{
    uint32_t container = group->pieces[piece].item;
    uint64_t bytes = spool_end(run->item_runs[container].spool) - visit->member_begin;
    Err text, err;
    err_set(&text, ERR_NONE, ERR_NO_OFFSET, "%s is cut short after %" PRIu64 " bytes",
            quote(visit->member_name, visit->member_name_len).str, bytes);
    if (bytes && !add_member(run, visit, container, &err)) {
        if (!run->failed)
            run_emit_text(run, group, piece, DEFECT_DAMAGE, ERR_NO_OFFSET, err.text);
        return;
    }
    run_emit_text(run, group, piece, DEFECT_DAMAGE, visit->sent.offset, text.text);
}

void members_end(Run *run, Visit *visit, Group *group, uint32_t piece)
{
    if (group->pieces[piece].scan_only) /* its members come in another visit, perhaps just now */
        return;
    if (visit && visit->in_member)
        cut_short(run, visit, group, piece);
    ItemRun *item_run = run_item_run(run, group, piece);
    if (visit && visit->in_member) /* a container that is not read on loses the member it was at */
        spool_release(item_run->spool, visit->member_begin, spool_end(item_run->spool));
    if (visit)
        visit->opening = visit->in_member = false;
    seal(run, group, item_run);
    spool_unref(item_run->spool); /* its members have references of their own */
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
