#include "detect/sigma/matcher.h"

#include <stdlib.h>

#include "detect/sigma/match_parts.h"
#include "event/grow.h"

#define JOINED_MAX (256u * 1024 * 1024)

static bool no_memory(Err *err)
{
    return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "matching the rules");
}

static bool hits_init(Hits *hits, uint32_t atoms)
{
    hits->bits = calloc((size_t)atoms / 64 + 1, sizeof *hits->bits);
    hits->list = calloc((size_t)atoms + 1, sizeof *hits->list);
    return hits->bits && hits->list;
}

static bool create_parts(Matcher *matcher)
{
    const Program *program = matcher->program;
    size_t names = (size_t)program->name_count + 1, rules = (size_t)program->plan_rules_most + 1;
    matcher->pool_room = POOL_WORDS_LEAST;
    if (matcher->pool_room < 2 * program->result_most + 2)
        matcher->pool_room = 2 * program->result_most + 2;
    matcher->tally = match_tally_create(program);
    matcher->regex = regex_scratch_create();
    matcher->overflow = calloc((size_t)1 << OVERFLOW_BITS, sizeof *matcher->overflow);
    matcher->native_cell = calloc(names, sizeof(uint32_t));
    matcher->ecs_cell = calloc(names, sizeof(uint32_t));
    matcher->native_stamp = calloc(names, sizeof(uint32_t));
    matcher->ecs_stamp = calloc(names, sizeof(uint32_t));
    matcher->results = calloc((size_t)program->slots_most + 1, sizeof(uint32_t));
    matcher->rule_stamps = calloc(rules, sizeof(uint32_t));
    matcher->candidates = calloc(rules, sizeof(uint32_t));
    matcher->pool = malloc(matcher->pool_room * sizeof *matcher->pool);
    bool ok = atom_scratch_init(&matcher->atoms, program->literals_most);
    ok = atom_scratch_init(&matcher->other, 0) && ok;
    ok = hits_init(&matcher->hits, program->atoms_most) && ok;
    ok = hits_init(&matcher->joined_hits, program->atoms_most) && ok;
    return ok && matcher->tally && matcher->regex && matcher->overflow && matcher->native_cell &&
           matcher->ecs_cell && matcher->native_stamp && matcher->ecs_stamp && matcher->results &&
           matcher->rule_stamps && matcher->candidates && matcher->pool;
}

Matcher *matcher_create(const Program *program, Err *err)
{
    Matcher *matcher = calloc(1, sizeof *matcher);
    if (matcher) {
        matcher->program = program;
        buf_init(&matcher->joined, JOINED_MAX);
        matcher_set_window(matcher, TIME_NONE, INT64_MAX);
    }
    if (matcher && create_parts(matcher))
        return matcher;
    no_memory(err);
    matcher_destroy(matcher);
    return NULL;
}

void matcher_destroy(Matcher *matcher)
{
    if (!matcher)
        return;
    void *const all[] = {matcher->names,
                         matcher->dotted,
                         matcher->cache,
                         matcher->overflow,
                         matcher->first_route,
                         matcher->routes,
                         matcher->route_slots,
                         matcher->indices,
                         matcher->cells,
                         matcher->native_cell,
                         matcher->ecs_cell,
                         matcher->native_stamp,
                         matcher->ecs_stamp,
                         matcher->next_cell,
                         matcher->pool,
                         matcher->results,
                         matcher->hits.bits,
                         matcher->hits.list,
                         matcher->joined_hits.bits,
                         matcher->joined_hits.list,
                         matcher->rule_stamps,
                         matcher->candidates,
                         matcher->matches,
                         matcher->marks};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
    match_tally_destroy(matcher->tally);
    atom_scratch_done(&matcher->atoms);
    atom_scratch_done(&matcher->other);
    regex_scratch_destroy(matcher->regex);
    buf_done(&matcher->joined);
    free(matcher);
}

void matcher_set_window(Matcher *matcher, Time from, Time to)
{
    matcher->from = from;
    matcher->to = to;
}

void matcher_skip_rows(Matcher *matcher, const uint8_t *skip)
{
    matcher->skip = skip;
}

void matcher_begin(Matcher *matcher)
{
    regex_scratch_begin(matcher->regex);
}

const MatchTally *matcher_tally(const Matcher *matcher)
{
    return matcher->tally;
}

void matcher_tally_clear(Matcher *matcher)
{
    match_tally_clear(matcher->tally);
}

/* ---- the rules of a plan against the present event ---- */

static void forget_results(Matcher *matcher)
{
    memset(matcher->cache, 0, matcher->batch->value_count * sizeof *matcher->cache);
    matcher->pool_used = 1; /* 0 stands for nothing */
    if (++matcher->epoch == 0) {
        memset(matcher->overflow, 0, sizeof(OverflowCell) << OVERFLOW_BITS);
        matcher->epoch = 1;
    }
}

static void add_candidate(Matcher *matcher, uint32_t rule)
{
    if (matcher->rule_stamps[rule] == matcher->rule_stamp)
        return;
    matcher->rule_stamps[rule] = matcher->rule_stamp;
    matcher->candidates[matcher->candidate_count++] = rule;
}

static void find_candidates(Matcher *matcher, const Route *route, const Plan *plan)
{
    matcher->candidate_count = 0;
    if (++matcher->rule_stamp == 0) {
        memset(matcher->rule_stamps, 0, matcher->program->plan_rules_most * sizeof(uint32_t));
        matcher->rule_stamp = 1;
    }
    memset(matcher->results, 0, plan->slot_count * sizeof *matcher->results);
    if (matcher->pool_room - matcher->pool_used < route->need)
        forget_results(matcher);
    for (uint32_t i = 0; i < route->count; i++) {
        const RouteSlot *at = &matcher->route_slots[route->first + i];
        const Slot *slot = &matcher->program->slots[plan->first_slot + at->slot];
        if (!slot->keep || slot_is_idle(matcher, at, slot))
            continue;
        uint32_t result = slot_result(matcher, route, at);
        if (result == 0)
            continue;
        matcher->results[at->slot] = result;
        const uint32_t *words = matcher->pool + result;
        for (uint32_t k = 0; k < words[1]; k++)
            add_candidate(matcher, words[2 + words[0] + k]);
    }
    for (uint32_t i = 0; i < plan->always_count; i++)
        add_candidate(matcher, matcher->program->always[plan->first_always + i]);
}

static bool add_match(Matcher *matcher, const Route *route, const PlanRule *rule, uint32_t flags)
{
    Match *grown =
        grow_array(matcher->matches, &matcher->match_cap, matcher->match_count + 1, sizeof *grown);
    if (!grown)
        return false;
    matcher->matches = grown;
    matcher->matches[matcher->match_count++] = (Match){.rule = rule->rule | flags,
                                                       .route = (uint32_t)(route - matcher->routes),
                                                       .plan_rule = rule};
    return true;
}

/* The filter that says no; NONE. A filter that cannot be decided lets the match through. */
static uint32_t filtered_by(Matcher *matcher, const Route *route, const PlanRule *rule)
{
    for (uint32_t i = 0; i < rule->filter_count; i++) {
        const PlanFilter *filter = &matcher->program->filters[rule->first_filter + i];
        if (step_truth(matcher, route, filter->root) == TRUTH_FALSE)
            return filter->rule;
    }
    return NONE;
}

static bool try_rule(Matcher *matcher, const Route *route, const PlanRule *rule,
                     const MatchOut *out, Err *err)
{
    Truth truth = step_truth(matcher, route, rule->root);
    if (truth == TRUTH_FALSE)
        return true;
    if (truth == TRUTH_UNDECIDED)
        return add_match(matcher, route, rule, MATCH_UNDECIDED) || no_memory(err);
    uint32_t filter = filtered_by(matcher, route, rule);
    if (filter == NONE)
        return add_match(matcher, route, rule, 0) || no_memory(err);
    matcher->tally->suppressed[rule->rule]++;
    matcher->tally->suppressed[filter]++;
    return !out->suppressed || out->suppressed(out->ctx, matcher->row, rule->rule, filter, err);
}

static bool run_plan(Matcher *matcher, const Route *route, const MatchOut *out, Err *err)
{
    matcher->tally->groups[route->group]++;
    if (route->plan == NONE)
        return true;
    const Plan *plan = &matcher->program->plans[route->plan];
    find_candidates(matcher, route, plan);
    for (uint32_t i = 0; i < matcher->candidate_count; i++) {
        uint32_t rule = plan->first_rule + matcher->candidates[i];
        if (!try_rule(matcher, route, &matcher->program->plan_rules[rule], out, err))
            return false;
    }
    return true;
}

/* ---- what came of an event ---- */

static int by_rule(const void *a, const void *b)
{
    const Match *x = a, *y = b;
    uint32_t first = x->rule & ~MATCH_UNDECIDED, second = y->rule & ~MATCH_UNDECIDED;
    if (first != second)
        return first < second ? -1 : 1;
    if (x->rule != y->rule)
        return x->rule < y->rule ? -1 : 1; /* a match before undecided */
    return (x->route > y->route) - (x->route < y->route);
}

static bool tell(Matcher *matcher, const Match *match, const MatchOut *out, Err *err)
{
    uint32_t rule = match->rule & ~MATCH_UNDECIDED;
    bool undecided = match->rule & MATCH_UNDECIDED;
    if (undecided)
        matcher->tally->undecided[rule]++;
    else
        matcher->tally->matched[rule]++;
    bool (*function)(void *, uint32_t, uint32_t, Err *) = undecided ? out->undecided : out->match;
    matcher->told = match;
    return !function || function(out->ctx, matcher->row, rule, err);
}

/* By rule number; a rule that two log sources gave is told once. */
static bool tell_matches(Matcher *matcher, const MatchOut *out, Err *err)
{
    if (matcher->match_count > 1)
        qsort(matcher->matches, matcher->match_count, sizeof *matcher->matches, by_rule);
    uint32_t last = NONE;
    for (size_t i = 0; i < matcher->match_count; i++) {
        uint32_t rule = matcher->matches[i].rule & ~MATCH_UNDECIDED;
        if (rule != last && !tell(matcher, &matcher->matches[i], out, err))
            return false;
        last = rule;
    }
    matcher->match_count = 0;
    return true;
}

/* ---- a batch ---- */

/* The longest values, so that nothing needs to grow while events are matched. */
static bool reserve_values(Matcher *matcher)
{
    const Batch *batch = matcher->batch;
    size_t longest = 0, binary = 0, total = 0;
    for (uint32_t i = 0; i < batch->value_count; i++) {
        uint32_t start = load_u32le(batch->value_start + 4 * (size_t)i);
        uint32_t end = load_u32le(batch->value_start + 4 * (size_t)i + 4);
        size_t len = end - start;
        total += len;
        if (len > longest)
            longest = len;
        if (len > binary && batch->value_type[i] == VALUE_BINARY)
            binary = len;
    }
    regex_scratch_allow(matcher->regex, total);
    CacheCell *cache = grow_array(matcher->cache, &matcher->cache_cap,
                                  (size_t)batch->value_count + 1, sizeof *cache);
    if (!cache)
        return false;
    matcher->cache = cache;
    buf_clear(&matcher->joined);
    uint8_t *marks = grow_array(matcher->marks, &matcher->marks_cap, (size_t)batch->value_count + 1,
                                sizeof *marks);
    if (!marks)
        return false;
    matcher->marks = marks;
    matcher->marks_field = NONE;
    if (longest < WORD_RUN)
        longest = WORD_RUN;
    return atom_scratch_reserve(&matcher->atoms, longest, binary) &&
           atom_scratch_reserve(&matcher->other, longest, binary) &&
           buf_reserve(&matcher->joined, 2 * longest + 64);
}

static bool is_wanted(const Matcher *matcher, uint32_t row)
{
    if (matcher->skip && matcher->skip[row / 8] >> (row % 8) & 1)
        return false;
    Time time = (Time)load_u64le(matcher->batch->time + 8 * (size_t)row);
    return time == TIME_NONE || (time >= matcher->from && time < matcher->to);
}

static bool run_row(Matcher *matcher, uint32_t row, const MatchOut *out, Err *err)
{
    uint32_t layout = batch_layout_of(matcher->batch, row);
    uint32_t route = matcher->first_route[layout];
    bool failed = false;
    matcher->row = row;
    if (route == ROUTE_UNKNOWN)
        route = route_of_layout(matcher, layout, &failed);
    if (failed)
        return no_memory(err);
    if (route == NONE)
        return true;
    matcher->tally->events++;
    for (; route != NONE; route = matcher->routes[route].next)
        if (!run_plan(matcher, &matcher->routes[route], out, err))
            return false;
    return matcher->match_count == 0 || tell_matches(matcher, out, err);
}

bool matcher_batch(Matcher *matcher, const Batch *batch, const MatchOut *out, Err *err)
{
    matcher->batch = batch;
    matcher->match_count = 0;
    if (!reserve_values(matcher) || !routes_begin(matcher))
        return no_memory(err);
    forget_results(matcher);
    for (uint32_t row = 0; row < batch->event_count; row++)
        if (is_wanted(matcher, row) && !run_row(matcher, row, out, err))
            return false;
    return true;
}
