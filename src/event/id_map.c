#include "event/id_map.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 256

bool id_map_init(IdMap *map)
{
    *map = (IdMap){.slots = calloc(FIRST_SLOTS, sizeof *map->slots)};
    map->slot_count = map->slots ? FIRST_SLOTS : 0;
    return map->slots != NULL;
}

void id_map_done(IdMap *map)
{
    free(map->slots);
    *map = (IdMap){0};
}

void id_map_clear(IdMap *map)
{
    if (map->count)
        memset(map->slots, 0, map->slot_count * sizeof *map->slots);
    map->count = 0;
}

static void put(IdSlot *slots, size_t slot_count, IdSlot slot)
{
    size_t at = (size_t)slot.hash & (slot_count - 1);
    while (slots[at].id_plus_1)
        at = (at + 1) & (slot_count - 1);
    slots[at] = slot;
}

static bool grow(IdMap *map)
{
    size_t slot_count = map->slot_count * 2;
    IdSlot *slots = calloc(slot_count, sizeof *slots);
    if (!slots)
        return false;
    for (size_t i = 0; i < map->slot_count; i++)
        if (map->slots[i].id_plus_1)
            put(slots, slot_count, map->slots[i]);
    free(map->slots);
    map->slots = slots;
    map->slot_count = slot_count;
    return true;
}

bool id_map_add(IdMap *map, uint64_t hash, uint32_t id)
{
    if (map->count + 1 > map->slot_count / 2 && !grow(map))
        return false;
    put(map->slots, map->slot_count, (IdSlot){.hash = hash, .id_plus_1 = id + 1});
    map->count++;
    return true;
}
