/* layout.h: what the cells of an event mean, worked out once per shape and action row.
 *
 * A shape is a kind of record with a sequence of field names; records of one kind mostly have the
 * same. Conditions of the action rows pick the row of an event; shape and row give its layout:
 * which cell plays which role, which ECS field is which cell, and the steps that compute derived
 * cells. Tables persist over batches and are cleared together at a flush when they are large. */
#ifndef EVENT_LAYOUT_H
#define EVENT_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"
#include "event/derive.h"
#include "event/id_map.h"
#include "event/kinds.h"
#include "event/names.h"
#include "event/schema.h"

#define LAYOUTS_MAX        65536               /* shapes or layouts kept over a flush … */
#define LAYOUTS_BYTES_KEPT (32u * 1024 * 1024) /* … and memory for them */

/* A field that counts for the fingerprint of its event: Name.payload_hash, and its cell. */
typedef struct PayloadField {
    uint64_t name;
    uint32_t cell;
} PayloadField;

typedef struct Shape {
    uint32_t kind;
    uint32_t name_count;
    const uint32_t *names;
    const uint32_t *condition_cells; /* of all conditions of all rows of the kind, in order */
    const PayloadField *payload;
    uint32_t payload_count;
    uint32_t *layouts; /* per row, and one for "no row"; ID_NONE: not made yet */
} Shape;

typedef struct CellPair {
    uint32_t what; /* role, or name of an ECS field */
    uint32_t cell;
} CellPair;

typedef struct DeriveStep {
    uint32_t cell;
    DeriveOp op;
} DeriveStep;

/* The first of these steps that gives a value fills the cell. */
typedef struct DerivedCell {
    const DeriveStep *steps;
    uint32_t step_count;
} DerivedCell;

typedef struct LayoutEntry {
    uint32_t kind, shape;
    uint32_t action, outcome; /* names, or ID_NONE */
    uint32_t native_count, derived_count, role_count, ecs_count;
    const CellPair *roles, *ecs;
    const DerivedCell *derived; /* cell native_count + i */
    uint32_t batch;             /* serial of the batch that last used it … */
    uint32_t number;            /* … and its number there */
} LayoutEntry;

typedef struct LayoutMaker LayoutMaker;

typedef struct Layouts {
    const Schema *schema;
    Names *names;
    Kinds kinds;
    Shape *shapes;
    size_t shape_count, shape_cap;
    IdMap shape_map;
    LayoutEntry *list;
    size_t count, cap;
    Arena *arena;
    LayoutMaker *maker; /* scratch */
    bool with_ecs;
} Layouts;

/* `names` must outlive the layouts. false: no memory; layouts_done is still due. */
bool layouts_init(Layouts *layouts, const Schema *schema, Names *names, bool with_ecs);
void layouts_done(Layouts *layouts);

/* Forget everything if the tables have grown large. Not while a batch is under construction. */
void layouts_trim(Layouts *layouts);

/* Each gives a number, or ID_NONE when memory is exhausted. `hash` covers the names. */
uint32_t layouts_kind(Layouts *layouts, const EventKind *kind);
uint32_t layouts_shape(Layouts *layouts, uint32_t kind, const uint32_t *names, size_t name_count,
                       uint64_t hash);
/* `row`: of the kind; its row_count for none. */
uint32_t layouts_get(Layouts *layouts, uint32_t shape, uint32_t row);

#endif
