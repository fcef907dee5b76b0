#include "detect/sigma/match_parts.h"
#include "event/grow.h"

/* Room for `need` items of a per-batch array. */
static bool reserve(void *array_pointer, size_t *cap, size_t need, size_t size)
{
    void *array;
    memcpy(&array, array_pointer, sizeof array);
    void *grown = grow_array(array, cap, need + 1, size);
    if (grown)
        memcpy(array_pointer, &grown, sizeof grown);
    return grown != NULL;
}

static bool is_dotted(Text name)
{
    return text_find(name, '.') < name.len && !text_starts(name, TEXT("System.")) &&
           !text_starts(name, TEXT("Export."));
}

bool routes_begin(Matcher *matcher)
{
    const Batch *batch = matcher->batch;
    matcher->route_count = matcher->route_slot_count = 0;
    matcher->index_count = matcher->cell_count = 0;
    if (!reserve(&matcher->names, &matcher->names_cap, batch->name_count, sizeof(uint32_t)) ||
        !reserve(&matcher->dotted, &matcher->dotted_cap, batch->name_count, sizeof(bool)) ||
        !reserve(&matcher->first_route, &matcher->first_route_cap, batch->layout_count,
                 sizeof(uint32_t)))
        return false;
    for (uint32_t i = 0; i < batch->name_count; i++) {
        Text name = batch_name(batch, i);
        matcher->names[i] = program_name(matcher->program, name);
        matcher->dotted[i] = is_dotted(name);
    }
    for (uint32_t i = 0; i < batch->layout_count; i++)
        matcher->first_route[i] = ROUTE_UNKNOWN;
    return true;
}

/* Where each wanted name is in a layout. */
static bool map_cells(Matcher *matcher, const Layout *layout)
{
    if (!reserve(&matcher->next_cell, &matcher->next_cell_cap, layout->native_count,
                 sizeof(uint32_t)))
        return false;
    if (++matcher->stamp == 0) {
        uint32_t names = matcher->program->name_count;
        memset(matcher->native_stamp, 0, names * sizeof(uint32_t));
        memset(matcher->ecs_stamp, 0, names * sizeof(uint32_t));
        matcher->stamp = 1;
    }
    for (uint32_t i = layout->native_count; i > 0; i--) {
        uint32_t name = matcher->names[load_u32le(layout->names + 4 * (size_t)(i - 1))];
        if (name == NONE)
            continue;
        bool again = matcher->native_stamp[name] == matcher->stamp;
        matcher->next_cell[i - 1] = again ? matcher->native_cell[name] : NONE;
        matcher->native_cell[name] = i - 1;
        matcher->native_stamp[name] = matcher->stamp;
    }
    for (uint32_t i = layout->ecs_count; i > 0; i--) {
        const uint8_t *pair = layout->ecs + 8 * (size_t)(i - 1);
        uint32_t name = matcher->names[load_u32le(pair)];
        if (name == NONE)
            continue;
        matcher->ecs_cell[name] = load_u32le(pair + 4);
        matcher->ecs_stamp[name] = matcher->stamp;
    }
    return true;
}

static bool add_cell(Matcher *matcher, uint32_t cell)
{
    if (!reserve(&matcher->cells, &matcher->cell_cap, matcher->cell_count, sizeof(uint32_t)))
        return false;
    matcher->cells[matcher->cell_count++] = cell;
    return true;
}

static bool add_named(Matcher *matcher, uint32_t name)
{
    if (name == NONE)
        return true;
    if (matcher->native_stamp[name] == matcher->stamp) {
        for (uint32_t cell = matcher->native_cell[name]; cell != NONE;
             cell = matcher->next_cell[cell])
            if (!add_cell(matcher, cell))
                return false;
        return true;
    }
    return matcher->ecs_stamp[name] != matcher->stamp || add_cell(matcher, matcher->ecs_cell[name]);
}

/* Cells whose names fit a beginning or an end. */
static bool add_fitting(Matcher *matcher, const Layout *layout, const Place *place)
{
    bool prefix = place->what.kind == PLACE_PREFIX;
    for (uint32_t i = 0; i < layout->native_count; i++) {
        uint32_t number = load_u32le(layout->names + 4 * (size_t)i);
        if (!prefix && !matcher->dotted[number])
            continue;
        Text name = batch_name(matcher->batch, number);
        if ((prefix ? field_has_prefix(name, place->what.name)
                    : field_has_suffix(name, place->what.name)) &&
            !add_cell(matcher, i))
            return false;
    }
    return true;
}

static bool add_place(Matcher *matcher, const Layout *layout, const Place *place)
{
    if (place->what.kind == PLACE_PREFIX || place->what.kind == PLACE_SUFFIX)
        return add_fitting(matcher, layout, place);
    size_t before = matcher->cell_count;
    if (!add_named(matcher, place->name))
        return false;
    /* a path of two fields: the second cell is that of the value, or NONE */
    if (place->what.kind != PLACE_REGISTRY || matcher->cell_count == before)
        return true;
    matcher->cell_count = before + 1;
    if (!add_named(matcher, place->part))
        return false;
    if (matcher->cell_count == before + 1)
        return add_cell(matcher, NONE);
    matcher->cell_count = before + 2;
    return true;
}

static bool add_all_cells(Matcher *matcher, const Layout *layout)
{
    for (uint32_t i = 0; i < layout->native_count; i++)
        if (!add_cell(matcher, i))
            return false;
    return true;
}

/* The cells of a slot's field: of the first place that the layout has. */
static bool find_cells(Matcher *matcher, const Layout *layout, const Field *field, RouteSlot *at)
{
    at->first = (uint32_t)matcher->cell_count;
    at->kind = PLACE_NAME;
    if (field->keyword && !add_all_cells(matcher, layout))
        return false;
    for (uint32_t i = 0; i < field->place_count && matcher->cell_count == at->first; i++) {
        at->place = field->first_place + i;
        const Place *place = &matcher->program->places[at->place];
        at->kind = (uint8_t)place->what.kind;
        if (!add_place(matcher, layout, place))
            return false;
    }
    at->count = (uint32_t)matcher->cell_count - at->first;
    at->single = at->count == 1 && at->kind != PLACE_REGISTRY;
    return true;
}

static bool add_slot(Matcher *matcher, Route *route, const Layout *layout, uint32_t number)
{
    const Plan *plan = &matcher->program->plans[route->plan];
    const Slot *slot = &matcher->program->slots[plan->first_slot + number];
    RouteSlot at = {.slot = (uint16_t)number};
    if (!find_cells(matcher, layout, &matcher->program->fields[slot->field], &at))
        return false;
    matcher->indices[route->first_index + number] = 0;
    if (at.count == 0)
        return true;
    if (!reserve(&matcher->route_slots, &matcher->route_slot_cap, matcher->route_slot_count,
                 sizeof at))
        return false;
    matcher->route_slots[matcher->route_slot_count++] = at;
    matcher->indices[route->first_index + number] = ++route->count;
    /* a field of several cells: a result for each, and one for all */
    route->need += slot->need * (at.single ? 1 : (uint64_t)at.count + 1);
    return true;
}

static bool make_route(Matcher *matcher, const Layout *layout, uint32_t group, uint32_t plan,
                       uint32_t *first)
{
    uint32_t slots = plan == NONE ? 0 : matcher->program->plans[plan].slot_count;
    Route route = {.group = group,
                   .plan = plan,
                   .first = (uint32_t)matcher->route_slot_count,
                   .first_index = (uint32_t)matcher->index_count,
                   .next = *first};
    if (!reserve(&matcher->indices, &matcher->index_cap, matcher->index_count + slots,
                 sizeof(uint32_t)) ||
        !reserve(&matcher->routes, &matcher->route_cap, matcher->route_count, sizeof route))
        return false;
    matcher->index_count += slots;
    for (uint32_t i = 0; i < slots; i++)
        if (!add_slot(matcher, &route, layout, i))
            return false;
    route.cached = route.need <= matcher->pool_room / 2;
    if (!route.cached)
        route.need = matcher->program->result_most;
    *first = (uint32_t)matcher->route_count;
    matcher->routes[matcher->route_count++] = route;
    return true;
}

uint32_t route_of_layout(Matcher *matcher, uint32_t number, bool *ret_failed)
{
    Layout layout = batch_layout(matcher->batch, number);
    EventKind kind = batch_kind(matcher->batch, layout.kind);
    uint32_t groups[PROGRAM_GROUPS_MAX], first = NONE;
    uint32_t count = program_groups(matcher->program, &kind, groups);
    *ret_failed = count > PROGRAM_GROUPS_MAX;
    for (uint32_t i = 0; i < count && !*ret_failed; i++) {
        const Group *group = &matcher->program->groups[groups[i]];
        if (i == 0)
            *ret_failed = !map_cells(matcher, &layout);
        /* events of the group are counted also where none of its rules can match */
        *ret_failed = *ret_failed || !make_route(matcher, &layout, groups[i],
                                                 group_plan(group, kind.code), &first);
    }
    matcher->first_route[number] = first;
    return first;
}
