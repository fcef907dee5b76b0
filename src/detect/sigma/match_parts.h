/* match_parts.h: the inside of a matcher.
 *
 * A *route* says, for the events of one layout and one plan, in which cells the fields of the
 * plan's slots are. A *result* says what a value satisfies of a slot: its atoms, and the rules of
 * the plan that they trigger. Results of a slot and a value are computed once and kept for the
 * batch, in a pool that is emptied when it is full, between two events. */
#ifndef DETECT_SIGMA_MATCH_PARTS_H
#define DETECT_SIGMA_MATCH_PARTS_H

#include "detect/sigma/matcher.h"
#include "detect/sigma/program_parts.h"
#include "detect/sigma/match_tally_parts.h"

/* Words of the pool: number of atoms, number of rules, atoms (rising), rules. Result 0: nothing. */
#define POOL_WORDS_LEAST (1u << 20)
#define OVERFLOW_BITS    15
#define WORD_RUN         (64u * 1024) /* bytes of values that are searched together */

/* A slot whose field the layout has. */
typedef struct RouteSlot {
    uint16_t slot;
    bool single;           /* one cell, taken as it is */
    uint8_t kind;          /* FieldPlaceKind */
    uint32_t place;        /* of the program's places: for its part */
    uint32_t first, count; /* in the matcher's cells */
} RouteSlot;

typedef struct Route {
    uint32_t group;
    uint32_t plan;         /* NONE: no rule of the group can match */
    uint32_t first, count; /* in the matcher's route slots */
    uint32_t first_index;  /* per slot of the plan: place in the route + 1, 0: not there */
    uint64_t need;         /* words of the pool that an event may take */
    bool cached;           /* fields of several cells go through the pool */
    uint32_t next;         /* route of the same layout, or NONE */
} Route;

typedef struct CacheCell {
    uint32_t slot_plus_1;
    uint32_t result;
} CacheCell;

typedef struct OverflowCell {
    uint32_t slot, value, result, epoch;
} OverflowCell;

/* Atoms of one slot that hold: a list, and a bit for each in it. */
typedef struct Hits {
    uint64_t *bits;
    uint32_t *list;
    uint32_t count;
} Hits;

/* What came of a rule for the present event. */
typedef struct Match {
    uint32_t rule; /* with MATCH_UNDECIDED or without */
    uint32_t route;
    const PlanRule *plan_rule;
} Match;
#define MATCH_UNDECIDED UINT32_C(0x80000000)

struct Matcher {
    const Program *program;
    MatchTally *tally;
    AtomScratch atoms, other; /* `other`: of the second field that a rule compares */
    RegexScratch *regex;
    const uint8_t *skip; /* bit per row; NULL: none */
    Time from, to;       /* events in [from, to) and those without a time */

    /* of the batch */
    const Batch *batch;
    uint32_t *names; /* per name: wanted name of the program, or NONE */
    bool *dotted;    /* per name: may be a field of UserData */
    size_t names_cap, dotted_cap;
    CacheCell *cache; /* per value */
    size_t cache_cap;
    OverflowCell *overflow;
    uint32_t epoch;
    uint8_t *marks; /* per value: it has a word of … */
    size_t marks_cap;
    uint32_t marks_field; /* … this field, which stands for all; NONE: not looked for yet */
    bool has_marks;
    uint32_t *first_route; /* per layout; NONE - 1: not made yet */
    size_t first_route_cap;
    Route *routes;
    size_t route_count, route_cap;
    RouteSlot *route_slots;
    size_t route_slot_count, route_slot_cap;
    uint32_t *indices;
    size_t index_count, index_cap;
    uint32_t *cells;
    size_t cell_count, cell_cap;

    /* of a layout, while its routes are made: by wanted name */
    uint32_t *native_cell, *ecs_cell; /* the first cell */
    uint32_t *native_stamp, *ecs_stamp;
    uint32_t *next_cell; /* per native cell: the next of the same name, or NONE */
    size_t next_cell_cap;
    uint32_t stamp;

    /* of an event */
    uint32_t row;
    uint32_t *pool;
    size_t pool_used, pool_room;
    uint32_t *results;      /* per slot */
    Hits hits, joined_hits; /* of one value, of all values of a slot */
    uint32_t *rule_stamps;  /* per rule of a plan */
    uint32_t rule_stamp;
    uint32_t *candidates;
    uint32_t candidate_count;
    Match *matches;
    size_t match_count, match_cap;
    const Match *told; /* while it is told */
    Buf joined;        /* a value made of two fields */
};

#define ROUTE_UNKNOWN (UINT32_MAX - 1)

/* match_route.c */
bool routes_begin(Matcher *matcher); /* a new batch; false: no memory */
/* The first route of a layout, or NONE. *ret_failed: no memory, or too many groups. */
uint32_t route_of_layout(Matcher *matcher, uint32_t layout, bool *ret_failed);

/* match_value.c: the values of a slot. */
typedef bool (*EachValue)(void *ctx, Value value); /* false stops */
/* NULL types too; nothing if the event has no such field. */
void slot_values(Matcher *matcher, const Route *route, uint32_t slot, EachValue each, void *ctx);
/* The result of a slot for the present event; 0: no atom holds. */
uint32_t slot_result(Matcher *matcher, const Route *route, const RouteSlot *at);

/* match_words.c: no atom of the slot can hold for the present event: its values have no word. */
bool slot_is_idle(Matcher *matcher, const RouteSlot *at, const Slot *slot);

/* match_truth.c */
Truth step_truth(Matcher *matcher, const Route *route, uint32_t step);

static inline uint32_t matcher_cell(const Batch *batch, uint32_t row, uint32_t cell)
{
    uint32_t first = load_u32le(batch->first_cell + 4 * (size_t)row);
    return load_u32le(batch->cells + 4 * ((size_t)first + cell)) - 1;
}

#endif
