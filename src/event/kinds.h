/* kinds.h: the kinds of record a sink has met, each with what the schema says about it. */
#ifndef EVENT_KINDS_H
#define EVENT_KINDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "event/event.h"
#include "event/id_map.h"
#include "event/names.h"
#include "event/schema.h"

enum { KIND_PRODUCT, KIND_SERVICE, KIND_CHANNEL, KIND_PROVIDER, KIND_CODE, KIND_TEXTS };

typedef struct Kind {
    EventKind given;            /* as the format gave it; texts of Names */
    uint32_t names[KIND_TEXTS]; /* as stored: with the service filled in */
    const ActionRow *const *rows;
    uint32_t row_count; /* those whose provider agrees */
    const EcsRow *const *ecs;
    uint32_t ecs_count;
    uint32_t batch;  /* serial of the batch that last used it … */
    uint32_t number; /* … and its number there */
} Kind;

#define KIND_CACHE_SLOTS 64

typedef struct Kinds {
    Kind *list;
    size_t count, cap;
    IdMap map;
    uint32_t cache[KIND_CACHE_SLOTS]; /* kind + 1 by a cheap hash of the code */
} Kinds;

bool kinds_init(Kinds *kinds); /* false: no memory; kinds_done is still due */
void kinds_done(Kinds *kinds);
void kinds_clear(Kinds *kinds);

/* The number of a kind; ID_NONE when memory is exhausted. Arrays of new kinds live in `arena`,
 * which is cleared together with `kinds`. */
uint32_t kinds_find(Kinds *kinds, const EventKind *kind, const Schema *schema, Names *names,
                    Arena *arena);

#endif
