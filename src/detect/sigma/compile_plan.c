#include <stdlib.h>

#include "base/hash.h"
#include "detect/sigma/compile.h"
#include "detect/sigma/number.h"
#include "event/grow.h"

#define CODES_MAX     4096    /* of one group that have a plan of their own */
#define FOLDS_MAX     4000000 /* rules times codes of one group; beyond it all codes share a plan */
#define ALWAYS_LIKELY 2.0

/* A plan under construction. */
typedef struct Draft {
    Compiler *compiler;
    const OpenGroup *group;
    Plan plan;
    uint32_t *slot_of;      /* per field of the program; NONE */
    bool folds;             /* the code is known: */
    const uint64_t *truths; /* atoms of the code's field that hold, as bits */
    uint32_t code_field;
    uint64_t need; /* of all slots */
} Draft;

static Slot *slot_at(Draft *draft, uint32_t slot)
{
    return (Slot *)draft->compiler->slots.items + draft->plan.first_slot + slot;
}

static uint32_t slot_for(Draft *draft, uint32_t field)
{
    if (draft->slot_of[field] != NONE)
        return draft->slot_of[field];
    if (draft->plan.slot_count == UINT16_MAX) {
        err_set(draft->compiler->err, ERR_LIMIT, ERR_NO_OFFSET,
                "the rules of one log source ask for more than %d fields", UINT16_MAX);
        return NONE;
    }
    Slot *slot = grow_next(draft->compiler, &draft->compiler->slots);
    if (!slot)
        return NONE;
    *slot = (Slot){.field = field};
    draft->plan.has_keyword |= compile_field_at(draft->compiler, field)->keyword;
    draft->slot_of[field] = draft->plan.slot_count;
    return draft->plan.slot_count++;
}

/* ---- what the code decides ---- */

static StepKind fold_kind(const Draft *draft, const Branch *branch)
{
    if (!draft->folds || branch->field != draft->code_field)
        return branch->kind;
    if (branch->kind != STEP_ATOM)
        return branch->kind;
    return draft->truths[branch->number / 64] >> branch->number % 64 & 1 ? STEP_TRUE : STEP_FALSE;
}

/* The kind that a branch is once the code is known: STEP_TRUE, STEP_FALSE, or something else. */
static StepKind folded(const Draft *draft, const Branch *branch)
{
    if (branch->kind == STEP_NOT) {
        StepKind of = folded(draft, branch->children[0]);
        return of == STEP_TRUE ? STEP_FALSE : of == STEP_FALSE ? STEP_TRUE : STEP_NOT;
    }
    if (branch->kind != STEP_AND && branch->kind != STEP_OR)
        return fold_kind(draft, branch);
    StepKind decides = branch->kind == STEP_AND ? STEP_FALSE : STEP_TRUE;
    StepKind neutral = branch->kind == STEP_AND ? STEP_TRUE : STEP_FALSE;
    bool all_neutral = true;
    for (uint32_t i = 0; i < branch->count; i++) {
        StepKind kind = folded(draft, branch->children[i]);
        if (kind == decides)
            return decides;
        all_neutral &= kind == neutral;
    }
    return all_neutral ? neutral : branch->kind;
}

/* ---- what may trigger a rule ---- */

/* Atoms of which one holds whenever the branch does, and how likely that is. */
typedef struct Trigger {
    double likely; /* ALWAYS_LIKELY: no such atoms */
    const Branch *branch;
} Trigger;

static double trigger_likelihood(const Draft *draft, const Branch *branch)
{
    StepKind kind = folded(draft, branch);
    if (kind == STEP_ATOM)
        return branch->likely;
    if (kind == STEP_LAZY)
        return branch->need != NONE ? branch->likely : ALWAYS_LIKELY;
    if (kind == STEP_FALSE)
        return 0;
    if (kind != STEP_AND && kind != STEP_OR)
        return ALWAYS_LIKELY;
    double best = ALWAYS_LIKELY, sum = 0;
    for (uint32_t i = 0; i < branch->count; i++) {
        double one = trigger_likelihood(draft, branch->children[i]);
        if (folded(draft, branch->children[i]) == STEP_TRUE)
            continue;
        best = one < best ? one : best;
        sum += one;
    }
    if (kind == STEP_AND)
        return best;
    return sum < ALWAYS_LIKELY ? sum : ALWAYS_LIKELY;
}

/* One pair for each atom that triggers a rule. */
typedef struct Pair {
    uint32_t slot, atom, rule;
} Pair;

typedef struct Pairs {
    Pair *list;
    size_t count, cap;
} Pairs;

static bool add_pair(Draft *draft, Pairs *pairs, uint32_t field, uint32_t atom, uint32_t rule)
{
    uint32_t slot = slot_for(draft, field);
    if (slot == NONE)
        return false;
    Pair *grown = grow_array(pairs->list, &pairs->cap, pairs->count + 1, sizeof *grown);
    if (!grown)
        return compile_no_memory(draft->compiler);
    pairs->list = grown;
    pairs->list[pairs->count++] = (Pair){.slot = slot, .atom = atom, .rule = rule};
    return true;
}

static bool add_triggers(Draft *draft, Pairs *pairs, const Branch *branch, uint32_t rule)
{
    StepKind kind = folded(draft, branch);
    if (kind == STEP_ATOM)
        return add_pair(draft, pairs, branch->field, branch->number, rule);
    if (kind == STEP_LAZY)
        return add_pair(draft, pairs, branch->field, branch->need, rule);
    if (kind == STEP_FALSE)
        return true;
    const Branch *best = NULL;
    double least = ALWAYS_LIKELY;
    for (uint32_t i = 0; i < branch->count; i++) {
        const Branch *child = branch->children[i];
        if (folded(draft, child) == STEP_TRUE)
            continue;
        if (kind == STEP_OR && !add_triggers(draft, pairs, child, rule))
            return false;
        double likely = trigger_likelihood(draft, child);
        if (likely < least) {
            least = likely;
            best = child;
        }
    }
    return kind == STEP_OR || add_triggers(draft, pairs, best, rule);
}

/* ---- steps ---- */

static Step *step_at(Draft *draft, uint32_t step)
{
    return (Step *)draft->compiler->steps.items + step;
}

static uint32_t next_step(Draft *draft, StepKind kind)
{
    uint32_t number = (uint32_t)draft->compiler->steps.count;
    if (draft->compiler->steps.count >= UINT32_MAX - 1) {
        err_set(draft->compiler->err, ERR_LIMIT, ERR_NO_OFFSET, "the rules have too many steps");
        return NONE;
    }
    Step *step = grow_next(draft->compiler, &draft->compiler->steps);
    if (!step)
        return NONE;
    *step = (Step){.kind = (uint8_t)kind};
    return number;
}

/* Also the atom that stands for an expression must be kept. */
static bool add_atom_step(Draft *draft, Pairs *kept, uint32_t field, uint32_t atom)
{
    uint32_t step = next_step(draft, STEP_ATOM);
    if (step == NONE || !add_pair(draft, kept, field, atom, NONE))
        return false;
    step_at(draft, step)->slot = (uint16_t)slot_for(draft, field);
    step_at(draft, step)->number = atom;
    step_at(draft, step)->end = step + 1;
    return true;
}

static bool add_lazy_step(Draft *draft, Pairs *kept, const Branch *branch)
{
    const Lazy *lazy = (const Lazy *)draft->compiler->lazies.items + branch->number;
    uint32_t other = lazy->other == NONE ? NONE : slot_for(draft, lazy->other);
    if (lazy->other != NONE && other == NONE)
        return false;
    uint32_t both = NONE;
    if (branch->need != NONE) {
        both = next_step(draft, STEP_AND);
        if (both == NONE || !add_atom_step(draft, kept, branch->field, branch->need))
            return false;
    }
    uint32_t step = next_step(draft, STEP_LAZY), slot = slot_for(draft, branch->field);
    if (step == NONE || slot == NONE)
        return false;
    LazyUse *use = grow_next(draft->compiler, &draft->compiler->lazy_uses);
    if (!use)
        return false;
    *use = (LazyUse){.lazy = branch->number, .other_slot = other};
    Step *made = step_at(draft, step);
    made->slot = (uint16_t)slot;
    made->number = (uint32_t)draft->compiler->lazy_uses.count - 1 - draft->plan.first_lazy;
    made->end = step + 1;
    if (both != NONE)
        step_at(draft, both)->end = step + 1;
    return true;
}

static bool add_presence_step(Draft *draft, const Branch *branch)
{
    uint32_t negation = branch->negated ? next_step(draft, STEP_NOT) : NONE;
    uint32_t step = next_step(draft, branch->kind), slot = slot_for(draft, branch->field);
    if (step == NONE || slot == NONE || (branch->negated && negation == NONE))
        return false;
    step_at(draft, step)->slot = (uint16_t)slot;
    step_at(draft, step)->end = step + 1;
    if (negation != NONE)
        step_at(draft, negation)->end = step + 1;
    return true;
}

/* What decides soonest comes first: expressions last, then by how likely each is. */
typedef struct Operand {
    const Branch *branch;
    double order;
    uint32_t place;
} Operand;

static int by_order(const void *a, const void *b)
{
    const Operand *x = a, *y = b;
    if (x->order < y->order || x->order > y->order)
        return x->order < y->order ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static bool has_lazy(const Branch *branch)
{
    bool found = branch->kind == STEP_LAZY;
    for (uint32_t i = 0; i < branch->count && !found; i++)
        found = has_lazy(branch->children[i]);
    return found;
}

static bool add_steps(Draft *draft, Pairs *kept, const Branch *branch);

static bool add_operands(Draft *draft, Pairs *kept, const Branch *branch)
{
    Operand *operands = ARENA_NEW(draft->compiler->scratch, Operand, (size_t)branch->count + 1);
    uint32_t count = 0;
    if (!operands)
        return compile_no_memory(draft->compiler);
    for (uint32_t i = 0; i < branch->count; i++) {
        const Branch *child = branch->children[i];
        StepKind kind = folded(draft, child);
        if (kind == STEP_TRUE || kind == STEP_FALSE)
            continue; /* the others decide */
        double order = branch->kind == STEP_AND ? child->likely : 1 - child->likely;
        operands[count] = (Operand){.branch = child, .order = order, .place = i};
        operands[count++].order += has_lazy(child) ? 2 : 0;
    }
    qsort(operands, count, sizeof *operands, by_order);
    if (count == 1)
        return add_steps(draft, kept, operands[0].branch);
    uint32_t step = next_step(draft, branch->kind);
    if (step == NONE)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!add_steps(draft, kept, operands[i].branch))
            return false;
    step_at(draft, step)->end = (uint32_t)draft->compiler->steps.count;
    return true;
}

static bool add_steps(Draft *draft, Pairs *kept, const Branch *branch)
{
    StepKind kind = folded(draft, branch);
    uint32_t step;
    switch (kind) {
    case STEP_TRUE:
    case STEP_FALSE:
        step = next_step(draft, kind);
        if (step == NONE)
            return false;
        step_at(draft, step)->end = step + 1;
        return true;
    case STEP_ATOM:
        return add_atom_step(draft, kept, branch->field, branch->number);
    case STEP_NULL:
    case STEP_EXISTS:
        return add_presence_step(draft, branch);
    case STEP_LAZY:
        return add_lazy_step(draft, kept, branch);
    case STEP_NOT:
        step = next_step(draft, kind);
        if (step == NONE || !add_steps(draft, kept, branch->children[0]))
            return false;
        step_at(draft, step)->end = (uint32_t)draft->compiler->steps.count;
        return true;
    case STEP_AND:
    case STEP_OR:
        break;
    }
    return add_operands(draft, kept, branch);
}

/* ---- plans ---- */

static bool add_names(Draft *draft, const GroupRule *rule)
{
    Compiler *compiler = draft->compiler;
    uint32_t count = compiler->program->correlations.rules[rule->rule].name_count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t slot = slot_for(draft, rule->names[i]);
        uint16_t *name = slot == NONE ? NULL : grow_next(compiler, &compiler->name_slots);
        if (!name)
            return false;
        *name = (uint16_t)slot;
    }
    return true;
}

static bool add_rule(Draft *draft, Pairs *pairs, const GroupRule *rule)
{
    Compiler *compiler = draft->compiler;
    if (folded(draft, rule->tree) == STEP_FALSE)
        return true;
    uint32_t place = draft->plan.rule_count++;
    PlanRule made = {.rule = rule->rule,
                     .root = (uint32_t)compiler->steps.count,
                     .first_filter = (uint32_t)compiler->filters.count,
                     .filter_count = rule->filter_count,
                     .first_name = (uint32_t)compiler->name_slots.count};
    if (!add_steps(draft, pairs, rule->tree) || !add_names(draft, rule))
        return false;
    for (uint32_t i = 0; i < rule->filter_count; i++) {
        PlanFilter *filter = grow_next(compiler, &compiler->filters);
        if (!filter)
            return false;
        *filter =
            (PlanFilter){.rule = rule->filters[i].rule, .root = (uint32_t)compiler->steps.count};
        if (!add_steps(draft, pairs, rule->filters[i].tree))
            return false;
    }
    PlanRule *out = grow_next(compiler, &compiler->plan_rules);
    if (!out)
        return false;
    *out = made;
    if (trigger_likelihood(draft, rule->tree) < ALWAYS_LIKELY)
        return add_triggers(draft, pairs, rule->tree, place);
    uint32_t *always = grow_next(compiler, &compiler->always);
    if (!always)
        return false;
    *always = place;
    draft->plan.always_count++;
    return true;
}

static int by_slot_and_atom(const void *a, const void *b)
{
    const Pair *x = a, *y = b;
    if (x->slot != y->slot)
        return x->slot < y->slot ? -1 : 1;
    if (x->atom != y->atom)
        return x->atom < y->atom ? -1 : 1;
    return (x->rule > y->rule) - (x->rule < y->rule);
}

/* The pairs of one slot: which atoms are kept, which rules each triggers. */
static bool finish_slot(Draft *draft, Slot *slot, const Pair *pairs, size_t count)
{
    Arena *arena = draft->compiler->program->arena;
    uint32_t atoms = atom_set_count(compile_field_at(draft->compiler, slot->field)->atoms);
    uint64_t *keep = ARENA_NEW(arena, uint64_t, (size_t)atoms / 64 + 1);
    uint32_t *start = ARENA_NEW(arena, uint32_t, (size_t)atoms + 1);
    uint32_t *triggers = ARENA_NEW(arena, uint32_t, count);
    if (!keep || !start || !triggers)
        return compile_no_memory(draft->compiler);
    uint32_t n = 0, kept = 0;
    size_t at = 0;
    for (uint32_t atom = 0; atom < atoms; atom++) {
        start[atom] = n;
        for (; at < count && pairs[at].atom == atom; at++) {
            kept += !(keep[atom / 64] >> atom % 64 & 1);
            keep[atom / 64] |= UINT64_C(1) << atom % 64;
            bool again =
                at > 0 && pairs[at - 1].atom == atom && pairs[at - 1].rule == pairs[at].rule;
            if (pairs[at].rule != NONE && !again)
                triggers[n++] = pairs[at].rule;
        }
    }
    start[atoms] = n;
    slot->keep = keep;
    slot->trigger_start = start;
    slot->triggers = triggers;
    slot->need = (uint64_t)n + kept + 2;
    draft->need += slot->need;
    return true;
}

static bool finish_slots(Draft *draft, Pairs *pairs)
{
    if (pairs->count)
        qsort(pairs->list, pairs->count, sizeof *pairs->list, by_slot_and_atom);
    size_t at = 0;
    for (uint32_t i = 0; i < draft->plan.slot_count; i++) {
        size_t first = at;
        while (at < pairs->count && pairs->list[at].slot == i)
            at++;
        if (at > first && !finish_slot(draft, slot_at(draft, i), pairs->list + first, at - first))
            return false;
    }
    return true;
}

/* The plan for one code (truths) or for those not listed; *ret NONE: no rule can match. */
static bool make_plan(Compiler *compiler, uint32_t number, uint32_t code_field,
                      const uint64_t *truths, uint32_t *ret)
{
    Draft draft = {.compiler = compiler,
                   .group = &compiler->groups[number],
                   .plan = {.group = number,
                            .first_slot = (uint32_t)compiler->slots.count,
                            .first_rule = (uint32_t)compiler->plan_rules.count,
                            .first_always = (uint32_t)compiler->always.count,
                            .first_lazy = (uint32_t)compiler->lazy_uses.count},
                   .slot_of = malloc(compiler->fields.count * sizeof(uint32_t)),
                   .folds = truths != NULL,
                   .truths = truths,
                   .code_field = code_field};
    if (!draft.slot_of)
        return compile_no_memory(compiler);
    for (size_t i = 0; i < compiler->fields.count; i++)
        draft.slot_of[i] = NONE;
    Pairs pairs = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < draft.group->count; i++)
        ok = add_rule(&draft, &pairs, &draft.group->rules[i]);
    ok = ok && finish_slots(&draft, &pairs);
    free(pairs.list);
    free(draft.slot_of);
    *ret = NONE;
    if (!ok || draft.plan.rule_count == 0)
        return ok;
    *ret = (uint32_t)compiler->plans.count;
    Plan *plan = grow_next(compiler, &compiler->plans);
    if (!plan)
        return false;
    *plan = draft.plan;
    Program *program = compiler->program;
    if (program->slots_most < draft.plan.slot_count)
        program->slots_most = draft.plan.slot_count;
    if (program->result_most < draft.need)
        program->result_most = draft.need;
    if (program->plan_rules_most < draft.plan.rule_count)
        program->plan_rules_most = draft.plan.rule_count;
    return true;
}

/* ---- codes ---- */

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Each once, rising. None if that would be too much work: then all share one plan. */
static void settle_codes(OpenGroup *group)
{
    if (group->code_count)
        qsort(group->codes, group->code_count, sizeof *group->codes, by_value);
    size_t n = 0;
    for (size_t i = 0; i < group->code_count; i++)
        if (i == 0 || group->codes[i] != group->codes[i - 1])
            group->codes[n++] = group->codes[i];
    group->code_count = n;
    if (n > CODES_MAX || n * group->count > FOLDS_MAX) {
        group->code_count = 0;
        group->codes_plain = false;
    }
}

static void set_truth(void *ctx, uint32_t atom)
{
    uint64_t *truths = ctx;
    truths[atom / 64] |= UINT64_C(1) << atom % 64;
}

/* Rows say for which codes the group is at all. */
static bool rows_allow(const Compiler *compiler, const OpenGroup *group, uint64_t code)
{
    for (unsigned i = 0; i < 3; i++) {
        if (group->rows[i] == NONE)
            continue;
        TextSet codes = logsources_at(compiler->program->sources, group->rows[i])->codes;
        bool found = codes.count == 0;
        for (uint32_t k = 0; k < codes.count && !found; k++) {
            uint64_t other;
            found = text_to_u64(codes.list[k], &other) && other == code;
        }
        if (!found)
            return false;
    }
    return true;
}

/* Which atoms of the code's field hold for a code. */
static void find_truths(const AtomSet *atoms, AtomScratch *scratch, uint64_t code, uint64_t *truths)
{
    uint8_t bytes[8];
    store_u64le(bytes, code);
    memset(truths, 0, ((size_t)atom_set_count(atoms) / 64 + 1) * sizeof *truths);
    Value value = {.type = VALUE_UINT, .bytes = span_of(bytes, sizeof bytes)};
    atom_set_search(atoms, scratch, value, set_truth, truths);
}

static bool plan_codes(Compiler *compiler, uint32_t number, Group *group)
{
    const OpenGroup *open = &compiler->groups[number];
    const AtomSet *atoms = compile_field_at(compiler, open->code_field)->atoms;
    CodePlan *plans = ARENA_NEW(compiler->program->arena, CodePlan, open->code_count + 1);
    uint64_t *truths =
        ARENA_NEW(compiler->scratch, uint64_t, (size_t)atom_set_count(atoms) / 64 + 1);
    AtomScratch scratch;
    if (!plans || !truths)
        return compile_no_memory(compiler);
    bool ok = atom_scratch_init(&scratch, atom_set_literals(atoms)) || compile_no_memory(compiler);
    for (size_t i = 0; ok && i < open->code_count; i++) {
        if (!rows_allow(compiler, open, open->codes[i]))
            continue;
        find_truths(atoms, &scratch, open->codes[i], truths);
        CodePlan *plan = &plans[group->code_count++];
        plan->code = open->codes[i];
        ok = make_plan(compiler, number, open->code_field, truths, &plan->plan);
    }
    atom_scratch_done(&scratch);
    group->codes = plans;
    if (!ok)
        return false;
    /* A code that no rule names satisfies none, if they name whole numbers only. */
    memset(truths, 0, ((size_t)atom_set_count(atoms) / 64 + 1) * sizeof *truths);
    return make_plan(compiler, number, open->code_field, open->codes_plain ? truths : NULL,
                     &group->other_plan);
}

bool compile_plans(Compiler *compiler, uint32_t number)
{
    OpenGroup *open = &compiler->groups[number];
    Group *group = &compiler->program->groups[number];
    uint32_t *rules = ARENA_NEW(compiler->program->arena, uint32_t, open->count + 1);
    if (!rules)
        return compile_no_memory(compiler);
    for (size_t i = 0; i < open->count; i++)
        rules[i] = open->rules[i].rule;
    *group = (Group){.rules = rules, .rule_count = (uint32_t)open->count};
    memcpy(group->rows, open->rows, sizeof group->rows);
    settle_codes(open);
    if (open->code_field != NONE)
        return plan_codes(compiler, number, group);
    return make_plan(compiler, number, NONE, NULL, &group->other_plan);
}
