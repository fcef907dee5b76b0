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
    Buf name; /* an ECS name with its suffix */
};

bool layouts_init(Layouts *layouts, const Schema *schema, Names *names, bool with_ecs)
{
    *layouts = (Layouts){.schema = schema, .names = names, .with_ecs = with_ecs};
    layouts->arena = arena_create(LAYOUTS_BYTES_MAX);
    layouts->maker = calloc(1, sizeof *layouts->maker);
    if (layouts->maker)
        buf_init(&layouts->maker->name, NAME_BYTES_MAX);
    bool kinds = kinds_init(&layouts->kinds);
    return id_map_init(&layouts->shape_map) && kinds && layouts->arena && layouts->maker;
}

void layouts_done(Layouts *layouts)
{
    if (layouts->maker) {
        free(layouts->maker->targets);
        free(layouts->maker->steps);
        buf_done(&layouts->maker->name);
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

/* The first cell of the shape whose name is `field`; ID_NONE when there is none. */
static uint32_t find_cell(const Layouts *layouts, const Shape *shape, Text field)
{
    for (uint32_t i = 0; i < shape->name_count; i++)
        if (text_equal_nocase(layouts->names->list[shape->names[i]].text, field))
            return i;
    return ID_NONE;
}

static bool resolve_conditions(Layouts *layouts, Shape *shape)
{
    const Kind *kind = &layouts->kinds.list[shape->kind];
    size_t n = 0;
    for (uint32_t r = 0; r < kind->row_count; r++)
        n += kind->rows[r]->condition_count;
    uint32_t *cells = ARENA_NEW(layouts->arena, uint32_t, n + 1);
    if (!cells)
        return false;
    shape->condition_cells = cells;
    for (uint32_t r = 0; r < kind->row_count; r++)
        for (uint32_t c = 0; c < kind->rows[r]->condition_count; c++)
            *cells++ = find_cell(layouts, shape, kind->rows[r]->conditions[c].field);
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

/* The ECS field with this name among the targets, made if it is new; NULL when memory is
 * exhausted. */
static Target *find_target(LayoutMaker *maker, uint32_t name)
{
    for (size_t i = 0; i < maker->target_count; i++)
        if (maker->targets[i].name == name)
            return &maker->targets[i];
    Target *list =
        grow_array(maker->targets, &maker->target_cap, maker->target_count + 1, sizeof *list);
    if (!list)
        return NULL;
    maker->targets = list;
    list[maker->target_count] = (Target){.name = name, .first = ID_NONE, .last = ID_NONE};
    return &list[maker->target_count++];
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

/* The name of an ECS field: that of the row, with the suffix of the operation. */
static uint32_t target_name(Layouts *layouts, Text ecs, Text suffix)
{
    Buf *name = &layouts->maker->name;
    const Text hash = TEXT(".hash");
    buf_clear(name);
    if (suffix.len && suffix.ptr[0] == '~') {
        if (text_ends(ecs, hash))
            ecs.len -= hash.len;
        suffix = text_of(suffix.ptr + 1, suffix.len - 1);
    }
    buf_add_text(name, ecs);
    buf_add_text(name, suffix);
    return name->failed ? ID_NONE : names_intern(layouts->names, NAME_OWN, buf_text(name));
}

static bool collect_targets(Layouts *layouts, const Shape *shape)
{
    LayoutMaker *maker = layouts->maker;
    const Kind *kind = &layouts->kinds.list[shape->kind];
    DeriveTarget ops[DERIVE_TARGETS_MAX];
    maker->target_count = 0;
    maker->step_count = 0;
    for (uint32_t r = 0; layouts->with_ecs && r < kind->ecs_count; r++) {
        const EcsRow *row = kind->ecs[r];
        uint32_t cell = find_cell(layouts, shape, row->field);
        size_t n = cell == ID_NONE ? 0 : derive_targets(row->transform, ops);
        for (size_t i = 0; i < n; i++) {
            uint32_t name = target_name(layouts, row->ecs, ops[i].suffix);
            Target *target = name == ID_NONE ? NULL : find_target(maker, name);
            if (!target || !add_step(maker, target, (DeriveStep){.cell = cell, .op = ops[i].op}))
                return false;
        }
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

static bool place_roles(Layouts *layouts, const Shape *shape, const ActionRow *row,
                        LayoutEntry *layout)
{
    CellPair *roles = ARENA_NEW(layouts->arena, CellPair, ROLE_COUNT);
    if (!roles)
        return false;
    layout->roles = roles;
    for (uint32_t r = 0; row && layouts->with_ecs && r < ROLE_COUNT; r++) {
        uint32_t cell = row->roles[r].len ? find_cell(layouts, shape, row->roles[r]) : ID_NONE;
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
    const ActionRow *row = row_number < kind->row_count ? kind->rows[row_number] : NULL;
    LayoutEntry layout = {
        .kind = shape->kind, .shape = shape_id, .native_count = shape->name_count};
    LayoutEntry *list = grow_array(layouts->list, &layouts->cap, layouts->count + 1, sizeof *list);
    if (!list)
        return ID_NONE;
    layouts->list = list;
    if (!place_action(layouts, row, &layout) || !place_roles(layouts, shape, row, &layout) ||
        !collect_targets(layouts, shape) || !place_targets(layouts, &layout))
        return ID_NONE;
    uint32_t id = (uint32_t)layouts->count++;
    list[id] = layout;
    shape->layouts[row_number] = id;
    return id;
}
