#include "detect/sigma/date_part.h"
#include "detect/sigma/fold.h"
#include "detect/sigma/match_parts.h"
#include "detect/sigma/number.h"

static bool has_atom(const Matcher *matcher, uint32_t slot, uint32_t atom)
{
    uint32_t result = matcher->results[slot];
    if (result == 0)
        return false;
    const uint32_t *atoms = matcher->pool + result + 2;
    size_t low = 0, high = matcher->pool[result];
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (atoms[middle] == atom)
            return true;
        if (atoms[middle] < atom)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

typedef struct Presence {
    bool any, null;
} Presence;

static bool note_presence(void *ctx, Value value)
{
    Presence *presence = ctx;
    presence->any = true;
    presence->null |= value.type == VALUE_NULL;
    return true;
}

static Presence presence_of(Matcher *matcher, const Route *route, uint32_t slot)
{
    Presence presence = {0};
    slot_values(matcher, route, slot, note_presence, &presence);
    return presence;
}

/* A value tried against one lazy question; the first true ends it. */
typedef struct Try {
    Matcher *matcher;
    const Route *route;
    const Lazy *lazy;
    uint32_t other_slot;
    Truth truth;
    Text folded; /* of the first field, while the second is walked */
} Try;

static void merge(Try *attempt, Truth truth)
{
    if (truth == TRUTH_TRUE || attempt->truth == TRUTH_FALSE)
        attempt->truth = truth;
}

static bool try_regex(void *ctx, Value value)
{
    Try *attempt = ctx;
    Matcher *matcher = attempt->matcher;
    if (value.type == VALUE_NULL)
        return true;
    if (value.type == VALUE_BINARY)
        merge(attempt, regex_search(attempt->lazy->regex, matcher->regex, value_text(value)));
    if (attempt->truth != TRUTH_TRUE)
        merge(attempt, regex_search(attempt->lazy->regex, matcher->regex,
                                    atom_text(&matcher->atoms, value)));
    return attempt->truth != TRUTH_TRUE;
}

static bool compare_holds(CompareOp op, int order)
{
    switch (op) {
    case COMPARE_LT:
        return order < 0;
    case COMPARE_LTE:
        return order <= 0;
    case COMPARE_GT:
        return order > 0;
    case COMPARE_GTE:
        return order >= 0;
    }
    return false;
}

static bool try_compare(void *ctx, Value value)
{
    Try *attempt = ctx;
    const RuleValue *rule = attempt->lazy->value;
    Number number;
    Number bound = number_of_yaml(&rule->number);
    if (number_of_value(value, &number) &&
        compare_holds(rule->compare, number_order(number, bound)))
        merge(attempt, TRUTH_TRUE);
    return attempt->truth != TRUTH_TRUE;
}

static bool try_date_part(void *ctx, Value value)
{
    Try *attempt = ctx;
    int64_t part;
    if (date_part_of(value, attempt->lazy->value->part, &part) &&
        part == attempt->lazy->value->number.integer)
        merge(attempt, TRUTH_TRUE);
    return attempt->truth != TRUTH_TRUE;
}

static bool texts_fit(Text a, Text b, unsigned open)
{
    switch (open & (OPEN_START | OPEN_END)) {
    case OPEN_START | OPEN_END:
        return text_find_text(a, b) != SIZE_MAX;
    case OPEN_START:
        return text_ends(a, b);
    case OPEN_END:
        return text_starts(a, b);
    default:
        return text_equal(a, b);
    }
}

static bool try_second(void *ctx, Value value)
{
    Try *attempt = ctx;
    const RuleValue *rule = attempt->lazy->value;
    if (value.type == VALUE_NULL)
        return true;
    AtomScratch *scratch = &attempt->matcher->other;
    Text text = atom_text(scratch, value);
    if (!rule->cased)
        text = text_of(scratch->folded, fold_text(text, scratch->folded));
    if (texts_fit(attempt->folded, text, rule->open))
        merge(attempt, TRUTH_TRUE);
    return attempt->truth != TRUTH_TRUE;
}

static bool try_first(void *ctx, Value value)
{
    Try *attempt = ctx;
    if (value.type == VALUE_NULL)
        return true;
    AtomScratch *scratch = &attempt->matcher->atoms;
    Text text = atom_text(scratch, value);
    size_t len = text.len;
    if (!attempt->lazy->value->cased)
        len = fold_text(text, scratch->folded);
    else if (len)
        memcpy(scratch->folded, text.ptr, len); /* the other field may be written where this is */
    attempt->folded = text_of(scratch->folded, len);
    slot_values(attempt->matcher, attempt->route, attempt->other_slot, try_second, attempt);
    return attempt->truth != TRUTH_TRUE;
}

static Truth lazy_truth(Matcher *matcher, const Route *route, const Step *step)
{
    const Plan *plan = &matcher->program->plans[route->plan];
    const LazyUse *use = &matcher->program->lazy_uses[plan->first_lazy + step->number];
    Try attempt = {.matcher = matcher,
                   .route = route,
                   .lazy = &matcher->program->lazies[use->lazy],
                   .other_slot = use->other_slot,
                   .truth = TRUTH_FALSE};
    EachValue each = try_compare;
    if (attempt.lazy->regex)
        each = try_regex;
    else if (attempt.lazy->value->kind == RULE_DATE_PART)
        each = try_date_part;
    else if (attempt.lazy->value->kind == RULE_FIELD)
        each = try_first;
    slot_values(matcher, route, step->slot, each, &attempt);
    return attempt.truth;
}

static Truth joined_truth(Matcher *matcher, const Route *route, uint32_t first)
{
    const Step *step = &matcher->program->steps[first];
    Truth decides = step->kind == STEP_AND ? TRUTH_FALSE : TRUTH_TRUE;
    Truth all = step->kind == STEP_AND ? TRUTH_TRUE : TRUTH_FALSE;
    for (uint32_t child = first + 1; child < step->end;
         child = matcher->program->steps[child].end) {
        Truth one = step_truth(matcher, route, child);
        if (one == decides)
            return decides;
        if (one == TRUTH_UNDECIDED)
            all = TRUTH_UNDECIDED;
    }
    return all;
}

static Truth negated(Truth truth)
{
    return truth == TRUTH_UNDECIDED ? truth : truth == TRUTH_TRUE ? TRUTH_FALSE : TRUTH_TRUE;
}

static Truth truth_of(bool holds)
{
    return holds ? TRUTH_TRUE : TRUTH_FALSE;
}

Truth step_truth(Matcher *matcher, const Route *route, uint32_t number)
{
    const Step *step = &matcher->program->steps[number];
    Presence presence;
    switch ((StepKind)step->kind) {
    case STEP_FALSE:
    case STEP_TRUE:
        return truth_of(step->kind == STEP_TRUE);
    case STEP_ATOM:
        return truth_of(has_atom(matcher, step->slot, step->number));
    case STEP_NULL:
        presence = presence_of(matcher, route, step->slot);
        return truth_of(!presence.any || presence.null);
    case STEP_EXISTS:
        return truth_of(presence_of(matcher, route, step->slot).any);
    case STEP_LAZY:
        return lazy_truth(matcher, route, step);
    case STEP_NOT:
        return negated(step_truth(matcher, route, number + 1));
    case STEP_AND:
    case STEP_OR:
        break;
    }
    return joined_truth(matcher, route, number);
}
