#include "event/layout.h"

#include <stdlib.h>
#include <string.h>

#include "event/grow.h"

#define LAYOUTS_BYTES_MAX (256u * 1024 * 1024)

/* An ECS field while its layout is made: the steps that may fill it, in order of precedence. */
typedef struct Target {
    uint32_t name;
    uint32_t step_count;
    uint32_t first, last; /* in the chain of steps */
} Target;

typedef struct ChainStep {
    DeriveStep step;
    uint32_t next;
} ChainStep;

struct LayoutMaker {
    Target *targets;
    size_t target_count, target_cap;
    ChainStep *steps;
    size_t step_count, step_cap;
    uint32_t *cells; /* by the kind's fields: where the shape has them */
    size_t cell_cap;
    uint32_t *target_of; /* by the kind's targets: number of the Target + 1 */
    size_t target_of_cap;
};

bool layouts_init(Layouts *layouts, const Schema *schema, Names *names, bool with_ecs)
{
    *layouts = (Layouts){.schema = schema, .names = names, .with_ecs = with_ecs};
    layouts->arena = arena_create(LAYOUTS_BYTES_MAX);
    layouts->maker = calloc(1, sizeof *layouts->maker);
    bool kinds = kinds_init(&layouts->kinds);
    return id_map_init(&layouts->shape_map) && kinds && layouts->arena && layouts->maker;
}

void layouts_done(Layouts *layouts)
{
    if (layouts->maker) {
        free(layouts->maker->targets);
        free(layouts->maker->steps);
        free(layouts->maker->cells);
        free(layouts->maker->target_of);
    }
    free(layouts->maker);
    free(layouts->shapes);
    free(layouts->list);
    kinds_done(&layouts->kinds);
    id_map_done(&layouts->shape_map);
    arena_destroy(layouts->arena);
    *layouts = (Layouts){0};
}

void layouts_trim(Layouts *layouts)
{
    if (layouts->kinds.count <= LAYOUTS_MAX && layouts->shape_count <= LAYOUTS_MAX &&
        layouts->count <= LAYOUTS_MAX && arena_used(layouts->arena) <= LAYOUTS_BYTES_KEPT)
        return;
    kinds_clear(&layouts->kinds);
    id_map_clear(&layouts->shape_map);
    layouts->shape_count = 0;
    layouts->count = 0;
    arena_clear(layouts->arena);
}

uint32_t layouts_kind(Layouts *layouts, const EventKind *kind)
{
    return kinds_find(&layouts->kinds, kind, layouts->schema, layouts->names, layouts->arena);
}

/* The first cells of the shape whose names are those of the kind's fields, by their numbers;
 * ID_NONE where there is none. NULL: no memory. */
static const uint32_t *cells_of_fields(Layouts *layouts, const Shape *shape)
{
    LayoutMaker *maker = layouts->maker;
    const FieldSet *fields = &layouts->kinds.list[shape->kind].fields;
    uint32_t *cells =
        grow_array(maker->cells, &maker->cell_cap, (size_t)fields->count + 1, sizeof *cells);
    if (!cells)
        return NULL;
    maker->cells = cells;
    for (uint32_t i = 0; i < fields->count; i++)
        cells[i] = ID_NONE;
    for (uint32_t i = shape->name_count; fields->count && i-- > 0;) {
        const Name *name = &layouts->names->list[shape->names[i]];
        uint32_t field = field_set_find(fields, name->text, name->fold);
        if (field != ID_NONE)
            cells[field] = i;
    }
    return cells;
}

static bool resolve_conditions(Layouts *layouts, Shape *shape)
{
    const Kind *kind = &layouts->kinds.list[shape->kind];
    size_t n = 0;
    for (uint32_t r = 0; r < kind->row_count; r++)
        n += kind->rows[r]->condition_count;
    uint32_t *cells = ARENA_NEW(layouts->arena, uint32_t, n + 1);
    const uint32_t *of_fields = n ? cells_of_fields(layouts, shape) : cells;
    if (!cells || !of_fields)
        return false;
    for (size_t i = 0; i < n; i++)
        cells[i] = of_fields[kind->condition_fields[i]];
    shape->condition_cells = cells;
    return true;
}

static bool place_payload(Layouts *layouts, Shape *shape)
{
    PayloadField *fields = ARENA_NEW(layouts->arena, PayloadField, (size_t)shape->name_count + 1);
    if (!fields)
        return false;
    shape->payload = fields;
    for (uint32_t i = 0; i < shape->name_count; i++) {
        uint64_t name = layouts->names->list[shape->names[i]].payload_hash;
        if (name)
            fields[shape->payload_count++] = (PayloadField){.name = name, .cell = i};
    }
    return true;
}

static uint32_t add_shape(Layouts *layouts, Shape shape, const uint32_t *names, uint64_t hash)
{
    uint32_t rows = layouts->kinds.list[shape.kind].row_count;
    Shape *list =
        grow_array(layouts->shapes, &layouts->shape_cap, layouts->shape_count + 1, sizeof *list);
    if (!list)
        return ID_NONE;
    layouts->shapes = list;
    uint32_t id = (uint32_t)layouts->shape_count;
    uint32_t *kept = ARENA_NEW(layouts->arena, uint32_t, (size_t)shape.name_count + 1);
    shape.layouts = ARENA_NEW(layouts->arena, uint32_t, (size_t)rows + 1);
    if (!kept || !shape.layouts)
        return ID_NONE;
    if (shape.name_count)
        memcpy(kept, names, shape.name_count * sizeof *kept);
    shape.names = kept;
    for (uint32_t i = 0; i <= rows; i++)
        shape.layouts[i] = ID_NONE;
    if (!resolve_conditions(layouts, &shape) || !place_payload(layouts, &shape) ||
        !id_map_add(&layouts->shape_map, hash, id))
        return ID_NONE;
    layouts->shapes[layouts->shape_count++] = shape;
    return id;
}

uint32_t layouts_shape(Layouts *layouts, uint32_t kind, const uint32_t *names, size_t name_count,
                       uint64_t hash)
{
    uint32_t id;
    hash += kind * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 29;
    for (size_t cursor = id_map_start(&layouts->shape_map, hash);
         (id = id_map_next(&layouts->shape_map, hash, &cursor)) != ID_NONE;) {
        const Shape *shape = &layouts->shapes[id];
        if (shape->kind == kind && shape->name_count == name_count &&
            (name_count == 0 || memcmp(shape->names, names, name_count * sizeof *names) == 0))
            return id;
    }
    Shape shape = {.kind = kind, .name_count = (uint32_t)name_count};
    return add_shape(layouts, shape, names, hash);
}

/* The ECS field that a step fills, made if it is new; NULL when memory is exhausted. */
static Target *find_target(LayoutMaker *maker, const KindStep *step)
{
    uint32_t *number = &maker->target_of[step->target];
    if (*number)
        return &maker->targets[*number - 1];
    Target *list =
        grow_array(maker->targets, &maker->target_cap, maker->target_count + 1, sizeof *list);
    if (!list)
        return NULL;
    maker->targets = list;
    list[maker->target_count] = (Target){.name = step->name, .first = ID_NONE, .last = ID_NONE};
    *number = (uint32_t)++maker->target_count;
    return &list[maker->target_count - 1];
}

static bool add_step(LayoutMaker *maker, Target *target, DeriveStep step)
{
    for (uint32_t i = target->first; i != ID_NONE; i = maker->steps[i].next)
        if (maker->steps[i].step.cell == step.cell && maker->steps[i].step.op == step.op)
            return true;
    ChainStep *list =
        grow_array(maker->steps, &maker->step_cap, maker->step_count + 1, sizeof *list);
    if (!list)
        return false;
    maker->steps = list;
    uint32_t id = (uint32_t)maker->step_count++;
    list[id] = (ChainStep){.step = step, .next = ID_NONE};
    if (target->last == ID_NONE)
        target->first = id;
    else
        list[target->last].next = id;
    target->last = id;
    target->step_count++;
    return true;
}

static bool collect_targets(Layouts *layouts, const Kind *kind, const uint32_t *cells)
{
    LayoutMaker *maker = layouts->maker;
    size_t count = kind->target_count;
    uint32_t *target_of =
        grow_array(maker->target_of, &maker->target_of_cap, count + 1, sizeof *target_of);
    if (!target_of)
        return false;
    maker->target_of = target_of;
    memset(target_of, 0, count * sizeof *target_of);
    maker->target_count = 0;
    maker->step_count = 0;
    for (uint32_t i = 0; layouts->with_ecs && i < kind->step_count; i++) {
        const KindStep *step = &kind->steps[i];
        uint32_t cell = cells[step->field];
        if (cell == ID_NONE)
            continue;
        Target *target = find_target(maker, step);
        if (!target || !add_step(maker, target, (DeriveStep){.cell = cell, .op = step->op}))
            return false;
    }
    return true;
}

/* The targets as ECS pairs: a field that is one native cell as it stands needs no cell of its
 * own. */
static bool place_targets(Layouts *layouts, LayoutEntry *layout)
{
    const LayoutMaker *maker = layouts->maker;
    CellPair *ecs = ARENA_NEW(layouts->arena, CellPair, maker->target_count + 1);
    DerivedCell *derived = ARENA_NEW(layouts->arena, DerivedCell, maker->target_count + 1);
    DeriveStep *steps = ARENA_NEW(layouts->arena, DeriveStep, maker->step_count + 1);
    if (!ecs || !derived || !steps)
        return false;
    layout->ecs = ecs;
    layout->derived = derived;
    for (size_t i = 0; i < maker->target_count; i++) {
        const Target *target = &maker->targets[i];
        const DeriveStep *only = &maker->steps[target->first].step;
        CellPair *pair = &ecs[layout->ecs_count++];
        pair->what = target->name;
        if (target->step_count == 1 && only->op == DERIVE_COPY) {
            pair->cell = only->cell;
            continue;
        }
        pair->cell = layout->native_count + layout->derived_count;
        derived[layout->derived_count++] =
            (DerivedCell){.steps = steps, .step_count = target->step_count};
        for (uint32_t s = target->first; s != ID_NONE; s = maker->steps[s].next)
            *steps++ = maker->steps[s].step;
    }
    return true;
}

/* `fields`: of the row's roles; NULL: there is no row. */
static bool place_roles(Layouts *layouts, const uint32_t *fields, const uint32_t *cells,
                        LayoutEntry *layout)
{
    CellPair *roles = ARENA_NEW(layouts->arena, CellPair, ROLE_COUNT);
    if (!roles)
        return false;
    layout->roles = roles;
    for (uint32_t r = 0; fields && layouts->with_ecs && r < ROLE_COUNT; r++) {
        uint32_t cell = fields[r] == ID_NONE ? ID_NONE : cells[fields[r]];
        if (cell != ID_NONE)
            roles[layout->role_count++] = (CellPair){.what = r, .cell = cell};
    }
    return true;
}

static bool place_action(Layouts *layouts, const ActionRow *row, LayoutEntry *layout)
{
    layout->action = layout->outcome = ID_NONE;
    if (!row)
        return true;
    layout->action = names_intern(layouts->names, NAME_OWN, row->action);
    if (row->outcome.len == 0)
        return layout->action != ID_NONE;
    layout->outcome = names_intern(layouts->names, NAME_OWN, row->outcome);
    return layout->action != ID_NONE && layout->outcome != ID_NONE;
}

uint32_t layouts_get(Layouts *layouts, uint32_t shape_id, uint32_t row_number)
{
    const Shape *shape = &layouts->shapes[shape_id];
    if (shape->layouts[row_number] != ID_NONE)
        return shape->layouts[row_number];
    const Kind *kind = &layouts->kinds.list[shape->kind];
    bool has_row = row_number < kind->row_count;
    const ActionRow *row = has_row ? kind->rows[row_number] : NULL;
    const uint32_t *roles = has_row ? kind->role_fields + (size_t)row_number * ROLE_COUNT : NULL;
    const uint32_t *cells = cells_of_fields(layouts, shape);
    LayoutEntry layout = {
        .kind = shape->kind, .shape = shape_id, .native_count = shape->name_count};
    LayoutEntry *list = grow_array(layouts->list, &layouts->cap, layouts->count + 1, sizeof *list);
    if (!list)
        return ID_NONE;
    layouts->list = list;
    if (!cells || !place_action(layouts, row, &layout) ||
        !place_roles(layouts, roles, cells, &layout) || !collect_targets(layouts, kind, cells) ||
        !place_targets(layouts, &layout))
        return ID_NONE;
    uint32_t id = (uint32_t)layouts->count++;
    list[id] = layout;
    shape->layouts[row_number] = id;
    return id;
}
