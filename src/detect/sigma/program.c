#include <stdlib.h>

#include "base/hash.h"
#include "detect/sigma/fold.h"
#include "detect/sigma/number.h"
#include "detect/sigma/program_parts.h"

void program_destroy(Program *program)
{
    if (!program)
        return;
    for (uint32_t i = 0; i < program->field_count; i++)
        atom_set_destroy(program->fields[i].atoms);
    for (uint32_t i = 0; i < program->lazy_count; i++)
        regex_destroy(program->lazies[i].regex);
    free(program->fields);
    free(program->lazies);
    free(program->steps);
    free(program->lazy_uses);
    free(program->slots);
    free(program->plan_rules);
    free(program->filters);
    free(program->always);
    free(program->name_slots);
    free(program->plans);
    id_map_done(&program->rows_by_channel);
    id_map_done(&program->name_map);
    arena_destroy(program->arena);
    free(program);
}

const RuleSet *program_rules(const Program *program)
{
    return program->set;
}

uint64_t program_channel_hash(Text channel)
{
    char folded[FOLD_ROOM(256)];
    size_t n = channel.len < 256 ? channel.len : 256;
    size_t len = fold_text(text_of(channel.ptr, n), folded);
    return hash64(folded, len, channel.len);
}

/* Groups that a row leads to, if the event fits their other rows too. */
static uint32_t add_groups(const Program *program, uint32_t row, const EventKind *kind,
                           uint32_t *ret, uint32_t count)
{
    if (!source_entry_fits(logsources_at(program->sources, row), kind))
        return count;
    for (const uint32_t *group = program->groups_of_row[row]; *group != NONE; group++) {
        bool fits = true;
        for (unsigned i = 0; i < 3 && fits; i++) {
            uint32_t other = program->groups[*group].rows[i];
            fits = other == NONE || other == row ||
                   source_entry_fits(logsources_at(program->sources, other), kind);
        }
        if (!fits)
            continue;
        if (count >= PROGRAM_GROUPS_MAX)
            return PROGRAM_GROUPS_MAX + 1;
        ret[count++] = *group;
    }
    return count;
}

uint32_t program_groups(const Program *program, const EventKind *kind,
                        uint32_t ret[PROGRAM_GROUPS_MAX])
{
    uint32_t count = 0, row;
    uint64_t hash = program_channel_hash(kind->channel);
    for (size_t cursor = id_map_start(&program->rows_by_channel, hash);
         (row = id_map_next(&program->rows_by_channel, hash, &cursor)) != ID_NONE;)
        count = add_groups(program, row, kind, ret, count);
    for (uint32_t i = 0; i < program->row_anywhere_count; i++)
        count = add_groups(program, program->rows_anywhere[i], kind, ret, count);
    return count;
}

uint32_t program_name(const Program *program, Text name)
{
    uint64_t hash = hash64(name.ptr, name.len, 0);
    uint32_t found;
    for (size_t cursor = id_map_start(&program->name_map, hash);
         (found = id_map_next(&program->name_map, hash, &cursor)) != ID_NONE;)
        if (text_equal(program->names[found], name))
            return found;
    return NONE;
}

uint32_t group_plan(const Group *group, Text code)
{
    Number number;
    if (!number_parse(code, &number) || number.kind != NUMBER_POSITIVE)
        return group->other_plan;
    size_t low = 0, high = group->code_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (group->codes[middle].code == number.bits)
            return group->codes[middle].plan;
        if (group->codes[middle].code < number.bits)
            low = middle + 1;
        else
            high = middle;
    }
    return group->other_plan;
}

/* Calls `each` for the plans of a kind. */
static void each_plan(const Program *program, const EventKind *kind,
                      void (*each)(void *ctx, const Plan *plan), void *ctx)
{
    uint32_t groups[PROGRAM_GROUPS_MAX];
    uint32_t count = program_groups(program, kind, groups);
    for (uint32_t i = 0; i < count && i < PROGRAM_GROUPS_MAX; i++) {
        uint32_t plan = group_plan(&program->groups[groups[i]], kind->code);
        if (plan != NONE)
            each(ctx, &program->plans[plan]);
    }
}

static void note_keyword(void *ctx, const Plan *plan)
{
    *(bool *)ctx |= plan->has_keyword;
}

bool program_wants_all(const Program *program, const EventKind *kind)
{
    bool all = false;
    each_plan(program, kind, note_keyword, &all);
    return all;
}

typedef struct Wants {
    const Program *program;
    void (*each)(void *ctx, const FieldPlace *place);
    void *ctx;
} Wants;

static void each_place(void *ctx, const Plan *plan)
{
    const Wants *wants = ctx;
    for (uint32_t i = 0; i < plan->slot_count; i++) {
        const Slot *slot = &wants->program->slots[plan->first_slot + i];
        const Field *field = &wants->program->fields[slot->field];
        for (uint32_t k = 0; k < field->place_count; k++)
            wants->each(wants->ctx, &field->places[k]);
    }
}

void program_wants(const Program *program, const EventKind *kind,
                   void (*each)(void *ctx, const FieldPlace *place), void *ctx)
{
    Wants wants = {.program = program, .each = each, .ctx = ctx};
    each_plan(program, kind, each_place, &wants);
}

/* Fields of a rule that are found natively have capitals, or no dot. */
static bool may_be_ecs(Text name)
{
    bool dot = false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_' && c != '.')
            return false;
        dot = dot || c == '.';
    }
    return dot;
}

bool program_wants_ecs(const Program *program)
{
    for (uint32_t i = 0; i < program->name_count; i++)
        if (may_be_ecs(program->names[i]))
            return true;
    return false;
}

bool program_ignores(const Program *program, Text name)
{
    for (uint32_t i = 0; i < program->field_count; i++) {
        const Field *field = &program->fields[i];
        if (field->keyword && (field->lazy || !atom_set_is_words(field->atoms)))
            return false;
    }
    return program_name(program, name) == NONE;
}

bool program_correlates(const Program *program)
{
    return program->correlations.top_level > 0;
}

ProgramSize program_size(const Program *program)
{
    ProgramSize size = {.groups = program->group_count,
                        .plans = program->plan_count,
                        .slots = program->slot_count,
                        .fields = program->field_count,
                        .steps = program->step_count,
                        .bytes = arena_used(program->arena)};
    for (uint32_t i = 0; i < program->field_count; i++) {
        size.atoms += atom_set_count(program->fields[i].atoms);
        size.literals += atom_set_literals(program->fields[i].atoms);
        size.bytes += atom_set_bytes(program->fields[i].atoms);
    }
    for (uint32_t i = 0; i < program->lazy_count; i++)
        size.expressions += program->lazies[i].regex != NULL;
    size.bytes += program->step_count * sizeof(Step) + program->slot_count * sizeof(Slot) +
                  program->plan_rule_count * sizeof(PlanRule) + program->plan_count * sizeof(Plan);
    return size;
}
