/* id_map.h: from a 64-bit hash to the numbers of things that have it. The things themselves live
 * with the caller, who compares them:
 *
 *     for (size_t cursor = id_map_start(map, hash);
 *          (id = id_map_next(map, hash, &cursor)) != ID_NONE;)
 *         if (equal(things[id], wanted)) return id;
 *
 * Nothing is removed singly. */
#ifndef EVENT_ID_MAP_H
#define EVENT_ID_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ID_NONE UINT32_MAX

typedef struct IdSlot {
    uint64_t hash;
    uint32_t id_plus_1; /* 0: free */
} IdSlot;

typedef struct IdMap {
    IdSlot *slots;
    size_t slot_count; /* a power of two */
    size_t count;
} IdMap;

bool id_map_init(IdMap *map); /* false: no memory; id_map_done is still due */
void id_map_done(IdMap *map);
void id_map_clear(IdMap *map); /* keeps the memory */

/* false: no memory; the map is unchanged. */
bool id_map_add(IdMap *map, uint64_t hash, uint32_t id);

static inline size_t id_map_start(const IdMap *map, uint64_t hash)
{
    return (size_t)hash & (map->slot_count - 1);
}

static inline uint32_t id_map_next(const IdMap *map, uint64_t hash, size_t *cursor)
{
    for (;;) {
        const IdSlot *slot = &map->slots[*cursor];
        if (!slot->id_plus_1)
            return ID_NONE;
        *cursor = (*cursor + 1) & (map->slot_count - 1);
        if (slot->hash == hash)
            return slot->id_plus_1 - 1;
    }
}

#endif
