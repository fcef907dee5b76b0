#include "base/hash.h"
#include "detect/sigma/compile.h"
#include "detect/sigma/regex_literals.h"
#include "event/grow.h"

static Branch *no_memory(Compiler *compiler)
{
    compile_no_memory(compiler);
    return NULL;
}

static Branch *new_branch(Compiler *compiler, StepKind kind)
{
    Branch *branch = ARENA_NEW(compiler->scratch, Branch, 1);
    if (!branch)
        return no_memory(compiler);
    *branch = (Branch){.kind = kind, .field = NONE, .need = NONE};
    return branch;
}

/* ---- atoms ---- */

static void key_pattern(Buf *key, Pattern pattern)
{
    for (uint32_t i = 0; i < pattern.count; i++) {
        buf_printf(key, "%d:%zu:", (int)pattern.parts[i].kind, pattern.parts[i].text.len);
        buf_add_text(key, pattern.parts[i].text);
    }
}

/* Bytes that are equal for equal lists of values. */
static void write_key(Buf *key, uint32_t field, const RuleValue *const *values, uint32_t count)
{
    buf_clear(key);
    buf_printf(key, "%u;", field);
    for (uint32_t i = 0; i < count; i++) {
        const RuleValue *value = values[i];
        buf_printf(key, "|%d%d", (int)value->kind, (int)value->cased);
        switch (value->kind) {
        case RULE_STRING:
            key_pattern(key, value->pattern);
            break;
        case RULE_CIDR:
            buf_add(key, value->network.address.bytes, sizeof value->network.address.bytes);
            buf_printf(key, "/%u", value->network.bits);
            break;
        default:
            buf_add_text(key, value->number.text);
        }
    }
}

/* The atom of a field that these values are; equal lists are one atom. NONE: no memory. */
static uint32_t intern_atom(Compiler *compiler, uint32_t field, const RuleValue *const *values,
                            uint32_t count)
{
    write_key(&compiler->key, field, values, count);
    Text key = buf_text(&compiler->key);
    uint64_t hash = hash64(key.ptr, key.len, 0);
    uint32_t found;
    for (size_t cursor = id_map_start(&compiler->atom_map, hash);
         (found = id_map_next(&compiler->atom_map, hash, &cursor)) != ID_NONE;)
        if (text_equal(compiler->atom_keys[found].bytes, key))
            return compiler->atom_keys[found].atom;
    AtomKey *keys = grow_array(compiler->atom_keys, &compiler->atom_key_cap,
                               compiler->atom_key_count + 1, sizeof *keys);
    if (!keys || compiler->key.failed)
        return NONE;
    compiler->atom_keys = keys;
    AtomKey *made = &keys[compiler->atom_key_count];
    *made = (AtomKey){.field = field};
    made->atom = atom_set_add(compile_field_at(compiler, field)->atoms, values, count);
    if (made->atom == NONE || !arena_copy_text(compiler->scratch, key, &made->bytes) ||
        !id_map_add(&compiler->atom_map, hash, (uint32_t)compiler->atom_key_count))
        return NONE;
    compiler->atom_key_count++;
    return made->atom;
}

/* The codes that a group's rules name: they get plans of their own. */
static bool note_codes(OpenGroup *group, uint32_t field, const RuleValue *const *values,
                       uint32_t count)
{
    group->code_field = field;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t code;
        if (!atom_is_code(values[i], &code)) {
            group->codes_plain = false;
            continue;
        }
        uint64_t *codes =
            grow_array(group->codes, &group->code_cap, group->code_count + 1, sizeof *codes);
        if (!codes)
            return false;
        group->codes = codes;
        codes[group->code_count++] = code;
    }
    return true;
}

static Branch *atom_branch(Compiler *compiler, OpenGroup *group, uint32_t field,
                           const RuleValue *const *values, uint32_t count)
{
    Branch *branch = new_branch(compiler, STEP_ATOM);
    if (!branch)
        return NULL;
    if (compile_field_at(compiler, field)->is_code && !note_codes(group, field, values, count))
        return no_memory(compiler);
    branch->field = field;
    branch->number = intern_atom(compiler, field, values, count);
    branch->likely = atom_likelihood(values, count);
    return branch->number == NONE ? no_memory(compiler) : branch;
}

/* A keyword stands anywhere in any field: its pattern is open at both ends. */
static const RuleValue *keyword_value(Compiler *compiler, const RuleValue *value)
{
    Arena *arena = compiler->program->arena;
    RuleValue *open = ARENA_NEW(arena, RuleValue, 1);
    if (!open)
        return NULL;
    *open = *value;
    open->kind = RULE_STRING;
    bool ok = true;
    if (value->kind != RULE_STRING)
        ok = pattern_of_text(arena, value->number.text, &open->pattern);
    return ok && pattern_open(arena, open->pattern, OPEN_START | OPEN_END, &open->pattern) ? open
                                                                                           : NULL;
}

/* ---- lazies ---- */

/* An atom without which the expression cannot match; NONE if nothing is certain. */
static bool regex_need(Compiler *compiler, uint32_t field, Text expression, uint32_t *ret,
                       double *ret_likely)
{
    RegexLiterals literals;
    Arena *arena = compiler->program->arena;
    if (!regex_literals(arena, expression, &literals))
        return false;
    *ret = NONE;
    if (literals.count == 0)
        return true;
    RuleValue *values = ARENA_NEW(arena, RuleValue, literals.count);
    const RuleValue *list[REGEX_LITERALS_MAX];
    if (!values)
        return false;
    for (uint32_t i = 0; i < literals.count; i++) {
        values[i] = (RuleValue){.kind = RULE_STRING};
        list[i] = &values[i];
        if (!pattern_of_text(arena, literals.list[i], &values[i].pattern) ||
            !pattern_open(arena, values[i].pattern, OPEN_START | OPEN_END, &values[i].pattern))
            return false;
    }
    *ret = intern_atom(compiler, field, list, literals.count);
    *ret_likely = atom_likelihood(list, literals.count);
    return *ret != NONE;
}

static Branch *lazy_branch(Compiler *compiler, OpenGroup *group, const Node *leaf, uint32_t field)
{
    Branch *branch = new_branch(compiler, STEP_LAZY);
    if (!branch)
        return NULL;
    uint32_t number = (uint32_t)compiler->lazies.count;
    Lazy *lazy = grow_next(compiler, &compiler->lazies);
    if (!lazy)
        return NULL;
    *lazy = (Lazy){.value = leaf->value, .other = NONE};
    compile_field_at(compiler, field)->lazy = true;
    branch->field = field;
    branch->number = number;
    branch->likely = 0.3;
    if (leaf->value->kind == RULE_REGEX) {
        char why[128];
        lazy->regex = regex_compile(leaf->value->text, leaf->value->regex_flags, why);
        if (!lazy->regex ||
            !regex_need(compiler, field, leaf->value->text, &branch->need, &branch->likely))
            return no_memory(compiler);
    } else if (leaf->value->kind == RULE_FIELD) {
        uint32_t other = compile_field(compiler, group, leaf->value->text);
        if (other == NONE)
            return NULL;
        ((Lazy *)compiler->lazies.items)[number].other = other;
    }
    return branch;
}

static Branch *leaf_tree(Compiler *compiler, OpenGroup *group, const Node *leaf)
{
    uint32_t field = compile_field(compiler, group, leaf->field);
    if (field == NONE)
        return NULL;
    const RuleValue *value = leaf->value;
    if (leaf->field.len == 0 && atom_takes(value)) {
        value = keyword_value(compiler, value);
        if (!value)
            return no_memory(compiler);
    }
    if (atom_takes(value))
        return atom_branch(compiler, group, field, &value, 1);
    if (value->kind != RULE_NULL && value->kind != RULE_EXISTS)
        return lazy_branch(compiler, group, leaf, field);
    Branch *branch = new_branch(compiler, value->kind == RULE_NULL ? STEP_NULL : STEP_EXISTS);
    if (!branch)
        return NULL;
    branch->field = field;
    branch->negated = value->kind == RULE_EXISTS && !value->number.boolean;
    branch->likely = 0.5;
    return branch;
}

/* ---- and, or, not ---- */

static double joined_likelihood(StepKind kind, Branch *const *children, uint32_t count)
{
    double all = 1, none = 1;
    for (uint32_t i = 0; i < count; i++) {
        all *= children[i]->likely;
        none *= 1 - children[i]->likely;
    }
    return kind == STEP_AND ? all : 1 - none;
}

Branch *branch_join(Compiler *compiler, StepKind kind, Branch **children, uint32_t count)
{
    if (count == 1)
        return children[0];
    Branch *branch = new_branch(compiler, kind);
    if (!branch)
        return NULL;
    branch->children = ARENA_NEW(compiler->scratch, Branch *, (size_t)count + 1);
    if (!branch->children)
        return no_memory(compiler);
    for (uint32_t i = 0; i < count; i++)
        branch->children[i] = children[i];
    branch->count = count;
    branch->likely = joined_likelihood(kind, children, count);
    return branch;
}

static Branch *not_branch(Compiler *compiler, Branch *of)
{
    if (of->kind == STEP_NOT)
        return of->children[0];
    Branch *branch = new_branch(compiler, STEP_NOT);
    if (!branch)
        return NULL;
    branch->children = ARENA_NEW(compiler->scratch, Branch *, 1);
    if (!branch->children)
        return no_memory(compiler);
    branch->children[0] = of;
    branch->count = 1;
    branch->likely = 1 - of->likely;
    return branch;
}

/* Operands of one kind, nested ones of it in place of their node. */
typedef struct Operands {
    const Node **list;
    size_t count, cap;
} Operands;

static bool collect(Operands *out, const Node *node, NodeKind kind)
{
    for (uint32_t i = 0; i < node->count; i++) {
        const Node *child = node->children[i];
        if (child->kind == kind) {
            if (!collect(out, child, kind))
                return false;
            continue;
        }
        const Node **grown = grow_array(out->list, &out->cap, out->count + 1, sizeof *grown);
        if (!grown)
            return false;
        out->list = grown;
        out->list[out->count++] = child;
    }
    return true;
}

static bool is_atom_of(const Node *node, Text field)
{
    return node && node->kind == NODE_LEAF && node->field.len && text_equal(node->field, field) &&
           atom_takes(node->value);
}

/* Values that a field may have, wherever they stand among the operands, are one atom. */
static Branch *merged_atom(Compiler *compiler, OpenGroup *group, Operands *operands, size_t first)
{
    Text name = operands->list[first]->field;
    const RuleValue **values =
        ARENA_NEW(compiler->scratch, const RuleValue *, operands->count - first);
    if (!values)
        return no_memory(compiler);
    uint32_t count = 0;
    for (size_t i = first; i < operands->count; i++) {
        if (!is_atom_of(operands->list[i], name))
            continue;
        values[count++] = operands->list[i]->value;
        operands->list[i] = NULL;
    }
    uint32_t field = compile_field(compiler, group, name);
    return field == NONE ? NULL : atom_branch(compiler, group, field, values, count);
}

static Branch *join_operands(Compiler *compiler, OpenGroup *group, Operands *operands,
                             StepKind kind)
{
    Branch **children = ARENA_NEW(compiler->scratch, Branch *, operands->count + 1);
    if (!children)
        return no_memory(compiler);
    uint32_t count = 0;
    for (size_t i = 0; i < operands->count; i++) {
        const Node *node = operands->list[i];
        if (!node)
            continue;
        bool merge = kind == STEP_OR && is_atom_of(node, node->field);
        children[count] =
            merge ? merged_atom(compiler, group, operands, i) : compile_tree(compiler, group, node);
        if (!children[count++])
            return NULL;
    }
    return branch_join(compiler, kind, children, count);
}

Branch *compile_tree(Compiler *compiler, OpenGroup *group, const Node *node)
{
    if (node->kind == NODE_LEAF)
        return leaf_tree(compiler, group, node);
    if (node->kind == NODE_NOT) {
        Branch *of = compile_tree(compiler, group, node->children[0]);
        return of ? not_branch(compiler, of) : NULL;
    }
    Operands operands = {0};
    Branch *branch = NULL;
    if (collect(&operands, node, node->kind))
        branch =
            join_operands(compiler, group, &operands, node->kind == NODE_AND ? STEP_AND : STEP_OR);
    else
        no_memory(compiler);
    free(operands.list);
    return branch;
}

/* ---- conditions of logsources.tsv ---- */

static Branch *condition_tree(Compiler *compiler, OpenGroup *group, const Condition *condition)
{
    Arena *arena = compiler->program->arena;
    RuleValue *values = ARENA_NEW(arena, RuleValue, condition->value_count);
    Node *leaves = ARENA_NEW(compiler->scratch, Node, condition->value_count);
    Node **list = ARENA_NEW(compiler->scratch, Node *, condition->value_count);
    if (!values || !leaves || !list)
        return no_memory(compiler);
    for (uint32_t i = 0; i < condition->value_count; i++) {
        values[i].kind = RULE_STRING;
        leaves[i] = (Node){.kind = NODE_LEAF, .field = condition->field, .value = &values[i]};
        list[i] = &leaves[i];
        if (!pattern_of_text(arena, condition->values[i], &values[i].pattern) ||
            (condition->op == CONDITION_CONTAINS &&
             !pattern_open(arena, values[i].pattern, OPEN_START | OPEN_END, &values[i].pattern)))
            return no_memory(compiler);
    }
    Node any = {.kind = NODE_OR, .count = condition->value_count, .children = list};
    Branch *branch = compile_tree(compiler, group, condition->value_count == 1 ? list[0] : &any);
    return branch && condition->op == CONDITION_IS_NOT ? not_branch(compiler, branch) : branch;
}

Branch *compile_conditions(Compiler *compiler, OpenGroup *group, const SourceEntry *entry)
{
    Branch *branches[64];
    uint32_t count = 0;
    while (count < entry->condition_count && count < sizeof branches / sizeof branches[0]) {
        branches[count] = condition_tree(compiler, group, &entry->conditions[count]);
        if (!branches[count++])
            return NULL;
    }
    return branch_join(compiler, STEP_AND, branches, count);
}
