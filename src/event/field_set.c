#include "event/field_set.h"

#include <stdlib.h>
#include <string.h>

#include "event/grow.h"
#include "event/id_map.h"

#define SLOTS_FIRST 16

static size_t slots_for(size_t count)
{
    size_t slots = SLOTS_FIRST;
    while (slots < 2 * count)
        slots *= 2;
    return slots;
}

bool field_set_begin(FieldSet *set, FieldSetRoom *room, size_t most)
{
    size_t slot_count = slots_for(most);
    FieldName *list = grow_array(room->list, &room->list_cap, most + 1, sizeof *list);
    if (list)
        room->list = list;
    uint32_t *slots = grow_array(room->slots, &room->slot_cap, slot_count, sizeof *slots);
    if (slots)
        room->slots = slots;
    if (!list || !slots)
        return false;
    memset(slots, 0, slot_count * sizeof *slots);
    *set = (FieldSet){.list = list, .slots = slots, .mask = (uint32_t)(slot_count - 1)};
    return true;
}

void field_set_room_done(FieldSetRoom *room)
{
    free(room->list);
    free(room->slots);
    *room = (FieldSetRoom){0};
}

/* The slot that has the name, or the free one where it belongs. */
static uint32_t *slot_of(const FieldSet *set, Text name, uint32_t fold)
{
    uint32_t at = fold & set->mask;
    for (; set->slots[at]; at = (at + 1) & set->mask) {
        const FieldName *other = &set->list[set->slots[at] - 1];
        if (other->fold == fold && text_equal_nocase(other->name, name))
            break;
    }
    return &set->slots[at];
}

uint32_t field_set_add(FieldSet *set, Text name, uint32_t fold)
{
    uint32_t *slot = slot_of(set, name, fold);
    if (!*slot) {
        set->list[set->count++] = (FieldName){.name = name, .fold = fold};
        *slot = set->count;
    }
    return *slot - 1;
}

bool field_set_keep(const FieldSet *set, Arena *arena, FieldSet *ret)
{
    size_t slot_count = slots_for(set->count);
    FieldSet kept = {.list = ARENA_NEW(arena, FieldName, (size_t)set->count + 1),
                     .slots = ARENA_NEW(arena, uint32_t, slot_count),
                     .mask = (uint32_t)(slot_count - 1)};
    if (!kept.list || !kept.slots)
        return false;
    for (uint32_t i = 0; i < set->count; i++)
        (void)field_set_add(&kept, set->list[i].name, set->list[i].fold);
    *ret = kept;
    return true;
}

uint32_t field_set_find(const FieldSet *set, Text name, uint32_t fold)
{
    uint32_t *slot = slot_of(set, name, fold);
    return *slot ? *slot - 1 : ID_NONE;
}
