/* kinds.h: the kinds of record a sink has met, each with what the schema says about it. */
#ifndef EVENT_KINDS_H
#define EVENT_KINDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "event/derive.h"
#include "event/event.h"
#include "event/field_set.h"
#include "event/id_map.h"
#include "event/names.h"
#include "event/schema.h"

enum { KIND_PRODUCT, KIND_SERVICE, KIND_CHANNEL, KIND_PROVIDER, KIND_CODE, KIND_TEXTS };

/* An operation of a row of ecs.tsv: fills the ECS field `name`, which is number `target` among
 * those of the kind, from native field `field`. */
typedef struct KindStep {
    uint32_t field, target, name;
    DeriveOp op;
} KindStep;

typedef struct Kind {
    EventKind given;            /* as the format gave it; texts of Names */
    uint32_t names[KIND_TEXTS]; /* as stored: with the service filled in */
    const ActionRow *const *rows;
    uint32_t row_count;               /* those whose provider agrees */
    FieldSet fields;                  /* that the rows ask for */
    const uint32_t *condition_fields; /* of all conditions of all rows, in order */
    const uint32_t *role_fields;      /* ROLE_COUNT for each row; ID_NONE: nobody */
    const KindStep *steps;            /* in order of precedence */
    uint32_t step_count, target_count;
    uint32_t batch;  /* serial of the batch that last used it … */
    uint32_t number; /* … and its number there */
} Kind;

#define KIND_CACHE_SLOTS 64

typedef struct Kinds {
    Kind *list;
    size_t count, cap;
    IdMap map;
    uint32_t cache[KIND_CACHE_SLOTS]; /* kind + 1 by a cheap hash of the code */
    FieldSetRoom room;                /* scratch: fields of a new kind … */
    KindStep *steps;                  /* … its steps … */
    size_t step_count, step_cap;
    Buf name; /* … and an ECS name with its suffix */
} Kinds;

bool kinds_init(Kinds *kinds); /* false: no memory; kinds_done is still due */
void kinds_done(Kinds *kinds);
void kinds_clear(Kinds *kinds);

/* The number of a kind; ID_NONE when memory is exhausted. Arrays of new kinds live in `arena`,
 * which is cleared together with `kinds`. */
uint32_t kinds_find(Kinds *kinds, const EventKind *kind, const Schema *schema, Names *names,
                    Arena *arena);

#endif
