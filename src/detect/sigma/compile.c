#include "detect/sigma/compile.h"

#include <stdlib.h>

#include "base/hash.h"
#include "event/grow.h"

#define SCRATCH_BYTES_MAX (2048ull * 1024 * 1024)
#define KEY_BYTES_MAX     (256u * 1024 * 1024)

bool compile_no_memory(Compiler *compiler)
{
    return err_set(compiler->err, ERR_NO_MEMORY, ERR_NO_OFFSET, "compiling the rules");
}

void *grow_next(Compiler *compiler, Grow *grow)
{
    void *items = grow_array(grow->items, &grow->cap, grow->count + 1, grow->size);
    if (!items) {
        compile_no_memory(compiler);
        return NULL;
    }
    grow->items = items;
    return (char *)items + grow->count++ * grow->size;
}

static bool compiler_init(Compiler *compiler, Program *program, Err *err)
{
    *compiler = (Compiler){.program = program,
                           .err = err,
                           .scratch = arena_create(SCRATCH_BYTES_MAX),
                           .fields = {.size = sizeof(Field)},
                           .lazies = {.size = sizeof(Lazy)},
                           .steps = {.size = sizeof(Step)},
                           .lazy_uses = {.size = sizeof(LazyUse)},
                           .slots = {.size = sizeof(Slot)},
                           .plan_rules = {.size = sizeof(PlanRule)},
                           .filters = {.size = sizeof(PlanFilter)},
                           .always = {.size = sizeof(uint32_t)},
                           .name_slots = {.size = sizeof(uint16_t)},
                           .plans = {.size = sizeof(Plan)}};
    buf_init(&compiler->key, KEY_BYTES_MAX);
    bool ok = id_map_init(&compiler->group_map);
    ok = id_map_init(&compiler->field_map) && ok;
    ok = id_map_init(&compiler->atom_map) && ok;
    return (ok && compiler->scratch) || compile_no_memory(compiler);
}

/* What has not been moved into the program. */
static void compiler_done(Compiler *compiler)
{
    Grow *all[] = {&compiler->fields,    &compiler->lazies, &compiler->steps,
                   &compiler->lazy_uses, &compiler->slots,  &compiler->plan_rules,
                   &compiler->filters,   &compiler->always, &compiler->name_slots,
                   &compiler->plans};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]->items);
    for (size_t i = 0; i < compiler->group_count; i++) {
        free(compiler->groups[i].rules);
        free(compiler->groups[i].codes);
    }
    free(compiler->groups);
    free(compiler->atom_keys);
    id_map_done(&compiler->group_map);
    id_map_done(&compiler->field_map);
    id_map_done(&compiler->atom_map);
    buf_done(&compiler->key);
    arena_destroy(compiler->scratch);
}

/* The array becomes the program's, which frees it. */
static uint32_t take(Grow *grow, void *ret_items)
{
    memcpy(ret_items, &grow->items, sizeof grow->items);
    grow->items = NULL;
    return (uint32_t)grow->count;
}

static void move_arrays(Compiler *compiler)
{
    Program *program = compiler->program;
    program->field_count = take(&compiler->fields, &program->fields);
    program->lazy_count = take(&compiler->lazies, &program->lazies);
    program->step_count = take(&compiler->steps, &program->steps);
    program->lazy_use_count = take(&compiler->lazy_uses, &program->lazy_uses);
    program->slot_count = take(&compiler->slots, &program->slots);
    program->plan_rule_count = take(&compiler->plan_rules, &program->plan_rules);
    program->filter_count = take(&compiler->filters, &program->filters);
    program->always_count = take(&compiler->always, &program->always);
    program->name_slot_count = take(&compiler->name_slots, &program->name_slots);
    program->plan_count = take(&compiler->plans, &program->plans);
}

static bool finish_fields(Compiler *compiler)
{
    Program *program = compiler->program;
    for (size_t i = 0; i < compiler->fields.count; i++) {
        AtomSet *atoms = compile_field_at(compiler, (uint32_t)i)->atoms;
        if (!atom_set_finish(atoms))
            return compile_no_memory(compiler);
        if (program->atoms_most < atom_set_count(atoms))
            program->atoms_most = atom_set_count(atoms);
        if (program->literals_most < atom_set_literals(atoms))
            program->literals_most = atom_set_literals(atoms);
    }
    return true;
}

static bool number_name(Program *program, Text name, uint32_t *ret)
{
    *ret = program_name(program, name);
    if (*ret != NONE)
        return true;
    *ret = program->name_count;
    program->names[program->name_count++] = name;
    return id_map_add(&program->name_map, hash64(name.ptr, name.len, 0), *ret);
}

/* The places of all fields, and the names in them. */
static bool number_places(Compiler *compiler)
{
    Program *program = compiler->program;
    size_t count = 0;
    for (uint32_t i = 0; i < compiler->fields.count; i++)
        count += compile_field_at(compiler, i)->place_count;
    program->places = ARENA_NEW(program->arena, Place, count + 1);
    program->names = ARENA_NEW(program->arena, Text, 2 * count + 1);
    if (!program->places || !program->names)
        return compile_no_memory(compiler);
    for (uint32_t i = 0; i < compiler->fields.count; i++) {
        Field *field = compile_field_at(compiler, i);
        field->first_place = program->place_count;
        for (uint32_t k = 0; k < field->place_count; k++) {
            Place *place = &program->places[program->place_count++];
            *place = (Place){.what = field->places[k], .name = NONE, .part = NONE};
            bool by_name = place->what.kind != PLACE_PREFIX && place->what.kind != PLACE_SUFFIX;
            if ((by_name && !number_name(program, place->what.name, &place->name)) ||
                (place->what.kind == PLACE_REGISTRY &&
                 !number_name(program, place->what.part, &place->part)))
                return compile_no_memory(compiler);
        }
    }
    return true;
}

/* The row that a group is found by: its category, service or product. */
static uint32_t first_row(const Group *group)
{
    for (unsigned i = 0; i < 3; i++)
        if (group->rows[i] != NONE)
            return group->rows[i];
    return NONE;
}

static bool index_row(Program *program, uint32_t row)
{
    TextSet channels = logsources_at(program->sources, row)->channels;
    if (channels.count == 0)
        program->rows_anywhere[program->row_anywhere_count++] = row;
    for (uint32_t i = 0; i < channels.count; i++)
        if (!id_map_add(&program->rows_by_channel, program_channel_hash(channels.list[i]), row))
            return false;
    return true;
}

static bool index_groups(Compiler *compiler)
{
    Program *program = compiler->program;
    uint32_t rows = logsources_count(program->sources);
    program->groups_of_row = ARENA_NEW(program->arena, uint32_t *, (size_t)rows + 1);
    program->rows_anywhere = ARENA_NEW(program->arena, uint32_t, (size_t)rows + 1);
    uint32_t *counts = ARENA_NEW(compiler->scratch, uint32_t, (size_t)rows + 1);
    if (!program->groups_of_row || !program->rows_anywhere || !counts)
        return compile_no_memory(compiler);
    for (uint32_t i = 0; i < program->group_count; i++)
        counts[first_row(&program->groups[i])]++;
    for (uint32_t row = 0; row < rows; row++) {
        uint32_t *list = counts[row] ? ARENA_NEW(program->arena, uint32_t, counts[row] + 1) : NULL;
        if (counts[row] == 0)
            continue;
        if (!list || !index_row(program, row))
            return compile_no_memory(compiler);
        uint32_t n = 0;
        for (uint32_t i = 0; i < program->group_count; i++)
            if (first_row(&program->groups[i]) == row)
                list[n++] = i;
        list[n] = NONE;
        program->groups_of_row[row] = list;
    }
    return true;
}

static bool compile(Compiler *compiler)
{
    Program *program = compiler->program;
    if (!correlation_index_build(program->arena, program->set, &program->correlations))
        return compile_no_memory(compiler);
    if (!compile_groups(compiler) || !finish_fields(compiler) || !number_places(compiler))
        return false;
    program->groups = ARENA_NEW(program->arena, Group, compiler->group_count + 1);
    if (!program->groups)
        return compile_no_memory(compiler);
    program->group_count = (uint32_t)compiler->group_count;
    for (uint32_t i = 0; i < program->group_count; i++)
        if (!compile_plans(compiler, i))
            return false;
    return index_groups(compiler);
}

Program *program_compile(const RuleSet *set, const LogSources *sources, Err *err)
{
    Program *program = calloc(1, sizeof *program);
    if (!program) {
        err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "compiling the rules");
        return NULL;
    }
    program->set = set;
    program->sources = sources;
    program->arena = arena_create(PROGRAM_BYTES_MAX);
    bool map = id_map_init(&program->rows_by_channel);
    map = id_map_init(&program->name_map) && map;
    Compiler compiler;
    bool ok = compiler_init(&compiler, program, err);
    ok = ok && ((program->arena && map) || compile_no_memory(&compiler));
    ok = ok && compile(&compiler);
    move_arrays(&compiler);
    compiler_done(&compiler);
    if (ok)
        return program;
    program_destroy(program);
    return NULL;
}
