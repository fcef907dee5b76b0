/* program_parts.h: the inside of a program, shared by the files that build and run it. All arrays
 * live in the program's arena and are never changed after program_compile; what refers to something
 * else does so by its number. */
#ifndef DETECT_SIGMA_PROGRAM_PARTS_H
#define DETECT_SIGMA_PROGRAM_PARTS_H

#include "base/arena.h"
#include "detect/sigma/atom_set.h"
#include "detect/sigma/correlation_index.h"
#include "detect/sigma/program.h"
#include "detect/sigma/regex.h"
#include "event/id_map.h"

#define NONE UINT32_MAX

/* A place where a field may be, with the numbers of the names it asks for. */
typedef struct Place {
    FieldPlace what;
    uint32_t name, part; /* names of the program; NONE */
} Place;

/* A field that rules ask for, as it is found in events of its product. */
typedef struct Field {
    Text product;
    const FieldPlace *places; /* the first that an event has */
    uint32_t place_count;
    uint32_t first_place; /* the same in the program's places */
    bool keyword;         /* every field of the event */
    bool lazy;            /* some rule asks its values one by one */
    bool is_code;         /* the event's code: decided when a plan is made */
    AtomSet *atoms;
} Field;

/* What only a rule that may match asks, value by value. */
typedef struct Lazy {
    const RuleValue *value;
    Regex *regex;   /* of RULE_REGEX */
    uint32_t other; /* field of RULE_FIELD, else NONE */
} Lazy;

typedef enum StepKind {
    STEP_FALSE,
    STEP_TRUE,
    STEP_ATOM,   /* slot, number: atom of its field */
    STEP_NULL,   /* slot */
    STEP_EXISTS, /* slot */
    STEP_LAZY,   /* slot, number: of the plan's lazy uses */
    STEP_NOT,    /* the step behind it, turned round */
    STEP_AND,    /* all of the steps up to `end` */
    STEP_OR,
} StepKind;

/* One step of a condition. Its operands follow it. */
typedef struct Step {
    uint8_t kind;
    uint16_t slot;
    uint32_t number;
    uint32_t end; /* the step behind it and its operands */
} Step;

typedef struct LazyUse {
    uint32_t lazy;
    uint32_t other_slot; /* or NONE */
} LazyUse;

/* A field of a plan. */
typedef struct Slot {
    uint32_t field;
    const uint64_t *keep;          /* bit per atom: the plan asks for it; NULL: for none */
    const uint32_t *trigger_start; /* per atom and one more, in `triggers` */
    const uint32_t *triggers;      /* rules of the plan that may match when the atom holds */
    uint64_t need;                 /* words that a result may take */
} Slot;

typedef struct PlanFilter {
    uint32_t rule; /* number of the filter */
    uint32_t root;
} PlanFilter;

typedef struct PlanRule {
    uint32_t rule;
    uint32_t root;                       /* first step */
    uint32_t first_filter, filter_count; /* in the program's filters */
    uint32_t first_name;                 /* slots of the names that correlations ask for */
} PlanRule;

typedef struct Plan {
    uint32_t group;
    uint32_t first_slot, slot_count;     /* in the program's slots */
    uint32_t first_rule, rule_count;     /* in the program's plan rules; rising numbers */
    uint32_t first_always, always_count; /* rules, by place in the plan, that no atom triggers */
    uint32_t first_lazy;                 /* in the program's lazy uses */
    bool has_keyword;
} Plan;

typedef struct CodePlan {
    uint64_t code;
    uint32_t plan; /* NONE: no rule can match */
} CodePlan;

typedef struct Group {
    uint32_t rows[3];      /* of logsources.tsv, all of which must fit; NONE: not asked */
    const uint32_t *rules; /* numbers of all rules */
    uint32_t rule_count;
    const CodePlan *codes; /* sorted */
    uint32_t code_count;
    uint32_t other_plan; /* for all other codes; NONE: no rule can match */
} Group;

struct Program {
    Arena *arena;
    const RuleSet *set;
    const LogSources *sources;
    Field *fields;
    uint32_t field_count;
    Lazy *lazies;
    uint32_t lazy_count;
    Step *steps;
    uint32_t step_count;
    LazyUse *lazy_uses;
    uint32_t lazy_use_count;
    Slot *slots;
    uint32_t slot_count;
    PlanRule *plan_rules;
    uint32_t plan_rule_count;
    PlanFilter *filters;
    uint32_t filter_count;
    uint32_t *always;
    uint32_t always_count;
    uint16_t *name_slots;
    uint32_t name_slot_count;
    CorrelationIndex correlations;
    Plan *plans;
    uint32_t plan_count;
    Group *groups;
    uint32_t group_count;
    Place *places;
    uint32_t place_count;
    Text *names; /* that places ask for */
    uint32_t name_count;
    IdMap name_map;
    /* rows that a group begins with, by channel */
    IdMap rows_by_channel;   /* hash of the folded channel → row */
    uint32_t *rows_anywhere; /* rows that name no channel */
    uint32_t row_anywhere_count;
    uint32_t **groups_of_row; /* per row: groups whose last row it is; ends with NONE */
    /* largest of each, for scratch */
    uint32_t atoms_most, literals_most, slots_most, plan_rules_most;
    uint64_t result_most; /* words of all results of an event */
};

/* The groups that events of this kind belong to; their number. More than fit: PROGRAM_GROUPS_MAX
 * + 1.
 */
#define PROGRAM_GROUPS_MAX 64
uint32_t program_groups(const Program *program, const EventKind *kind,
                        uint32_t ret[PROGRAM_GROUPS_MAX]);

uint64_t program_channel_hash(Text channel);

/* The number of a name that places ask for; NONE. */
uint32_t program_name(const Program *program, Text name);

/* The plan of a group for a code; NONE. */
uint32_t group_plan(const Group *group, Text code);

#endif
