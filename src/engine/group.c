#include "engine/group.h"

#include <stdlib.h>
#include <utlist.h>

#define MIB (UINT64_C(1024) * 1024)

Group *group_create(uint32_t room)
{
    Group *group = calloc(1, sizeof(Group) + room * sizeof(PieceRun));
    if (group)
        group->room = room;
    return group;
}

bool group_fits(const ItemList *items, const Group *group, const Item *item)
{
    if (group->piece_count == 0)
        return true;
    uint64_t bytes = item->size;
    for (uint32_t i = 0; i < group->piece_count; i++)
        bytes += group->pieces[i].end;
    const Item *first = &items->items[group->pieces[0].item];
    return group->piece_count < WIRE_PIECES_MAX && bytes >= item->size && bytes <= GROUP_BYTES &&
           text_equal(item->folder, first->folder);
}

void group_add(Group *group, const ItemList *items, uint32_t index, bool recover)
{
    uint64_t size = items->items[index].size;
    group->pieces[group->piece_count++] =
        (PieceRun){.item = index, .end = size, .probe_only = size > GROUP_BYTES && !recover};
}

Group *group_shrink(Group *group)
{
    Group *small = realloc(group, sizeof *group + group->piece_count * sizeof *group->pieces);
    if (!small)
        return group;
    small->room = small->piece_count;
    return small;
}

/* How many files from `first` on make one group. */
static uint32_t group_extent(const ItemList *items, uint32_t first)
{
    const Item *head = &items->items[first];
    if (head->size > GROUP_BYTES)
        return 1;
    uint64_t bytes = head->size;
    uint32_t count = 1;
    while (count < WIRE_PIECES_MAX && first + count < items->file_count) {
        const Item *item = &items->items[first + count];
        if (item->size > GROUP_BYTES - bytes || !text_equal(item->folder, head->folder))
            break;
        bytes += item->size;
        count++;
    }
    return count;
}

Group *group_next(const ItemList *items, bool recover, uint32_t *next_item)
{
    uint32_t count = group_extent(items, *next_item);
    Group *group = group_create(count);
    for (uint32_t i = 0; group && i < count; i++)
        group_add(group, items, (*next_item)++, recover);
    return group;
}

/* Bytes of one piece, in whole units: GROUP_BYTES, more for large items, because a worker costs
 * some milliseconds until it is warm. */
static uint64_t cut_bytes(const Item *item, const Format *format)
{
    uint64_t bytes = item->size / GROUP_CUTS / MIB * MIB;
    bytes = bytes < GROUP_BYTES ? GROUP_BYTES : bytes > GROUP_CUT_BYTES ? GROUP_CUT_BYTES : bytes;
    if (item->size / GROUP_CUTS_MAX >= bytes)
        bytes = (item->size / GROUP_CUTS_MAX / MIB + 1) * MIB;
    uint64_t unit = format->split == SPLIT_UNITS && format->split_unit ? format->split_unit : 1;
    return bytes < unit ? unit : bytes / unit * unit;
}

Group *group_cut(const Item *item, uint32_t item_index, const Format *format, bool may_split,
                 uint32_t *ret_count)
{
    bool cut = may_split && format->split != SPLIT_NEVER;
    uint64_t origin = format->split == SPLIT_UNITS ? format->split_origin : 0;
    uint64_t bytes = cut ? cut_bytes(item, format) : item->size;
    Group *list = NULL;
    uint32_t count = 0;
    for (uint64_t begin = 0; begin < item->size; count++) {
        uint64_t from = begin ? begin : origin; /* cuts stand at origin + n * bytes */
        uint64_t end =
            !cut || from >= item->size || item->size - from <= bytes ? item->size : from + bytes;
        Group *group = group_create(1);
        if (!group) {
            Group *next;
            DL_FOREACH_SAFE(list, group, next)
            group_destroy(group);
            return NULL;
        }
        group->piece_count = 1;
        group->pieces[0] =
            (PieceRun){.item = item_index, .format = format, .begin = begin, .end = end};
        DL_APPEND(list, group);
        begin = end;
    }
    *ret_count = count;
    return list;
}

void group_destroy(Group *group)
{
    if (!group)
        return;
    group_clear_queue(group);
    Group *follower, *next;
    DL_FOREACH_SAFE(group->followers, follower, next)
    group_destroy(follower);
    for (uint32_t i = 0; i < group->piece_count; i++)
        free(group->pieces[i].failure);
    free(group);
}

bool group_queue(Group *group, const Message *message, uint8_t *bytes)
{
    Message *entry = malloc(sizeof *entry);
    if (!entry)
        return false;
    *entry = *message;
    entry->bytes.ptr = bytes;
    DL_APPEND(group->queue, entry);
    group->queued_bytes += sizeof *entry + entry->bytes.len;
    return true;
}

Message *group_unqueue(Group *group)
{
    Message *first = group->queue;
    if (!first)
        return NULL;
    DL_DELETE(group->queue, first);
    group->queued_bytes -= sizeof *first + first->bytes.len;
    return first;
}

void message_free(Message *message)
{
    if (!message)
        return;
    free((void *)(uintptr_t)message->bytes.ptr); /* malloc'ed by group_queue's caller */
    free(message);
}

void group_clear_queue(Group *group)
{
    Message *message;
    while ((message = group_unqueue(group)))
        message_free(message);
}
