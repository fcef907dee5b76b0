/* compile.h: what program_compile works with. Temporary memory is in `scratch`. */
#ifndef DETECT_SIGMA_COMPILE_H
#define DETECT_SIGMA_COMPILE_H

#include "base/buf.h"
#include "detect/sigma/program_parts.h"

/* A condition whose fields are those of one group. Lives in scratch memory. */
typedef struct Branch Branch;
struct Branch {
    StepKind kind;
    uint32_t field;
    uint32_t number; /* atom, or lazy */
    uint32_t need;   /* of STEP_LAZY: an atom without which it does not hold; or NONE */
    bool negated;    /* of STEP_EXISTS: must not be there */
    double likely;
    uint32_t count;
    Branch **children;
};

typedef struct BranchFilter {
    uint32_t rule;
    Branch *tree;
} BranchFilter;

typedef struct GroupRule {
    uint32_t rule;
    Branch *tree;
    BranchFilter *filters;
    uint32_t filter_count;
    uint32_t *names; /* fields that correlations ask for */
} GroupRule;

typedef struct OpenGroup {
    uint32_t rows[3]; /* category, service, product */
    GroupRule *rules;
    size_t count, cap;
    uint32_t code_field; /* of the codes that its rules name; NONE: no rule asks for the code */
    uint64_t *codes;
    size_t code_count, code_cap;
    bool codes_plain; /* its rules ask for codes by number only */
} OpenGroup;

/* A growing array of the program: moved into its arena at the end. */
typedef struct Grow {
    void *items;
    size_t count, cap, size;
} Grow;

typedef struct AtomKey {
    Text bytes;
    uint32_t field, atom;
} AtomKey;

typedef struct Compiler {
    Program *program;
    Arena *scratch;
    Err *err;
    OpenGroup *groups;
    size_t group_count, group_cap;
    IdMap group_map;
    Grow fields, lazies, steps, lazy_uses, slots, plan_rules, filters, always, name_slots, plans;
    IdMap field_map, atom_map;
    AtomKey *atom_keys;
    size_t atom_key_count, atom_key_cap;
    Buf key; /* scratch */
} Compiler;

bool compile_no_memory(Compiler *compiler);

/* The next item of a growing array; NULL: no memory (and said). */
void *grow_next(Compiler *compiler, Grow *grow);

/* compile_groups.c */
bool compile_groups(Compiler *compiler);

/* compile_field.c: the number of the field that `name` is in events of the group; NONE: no memory.
 */
uint32_t compile_field(Compiler *compiler, const OpenGroup *group, Text name);
Field *compile_field_at(Compiler *compiler, uint32_t field);

/* compile_tree.c: a rule's condition with fields and atoms of the group. NULL: no memory. */
Branch *compile_tree(Compiler *compiler, OpenGroup *group, const Node *node);
Branch *branch_join(Compiler *compiler, StepKind kind, Branch **children, uint32_t count);
/* Holds when the conditions of a row of logsources.tsv do. NULL: no memory. */
Branch *compile_conditions(Compiler *compiler, OpenGroup *group, const SourceEntry *entry);

/* compile_plan.c: the plans of a group. */
bool compile_plans(Compiler *compiler, uint32_t group);

#endif
