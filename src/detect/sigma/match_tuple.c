#include "detect/sigma/match_parts.h"
#include "detect/sigma/tuple.h"

typedef struct First {
    Matcher *matcher;
    Buf *out;
    bool found;
} First;

/* The first value that is one. */
static bool take_first(void *ctx, Value value)
{
    First *first = ctx;
    if (value.type == VALUE_NULL)
        return true;
    Text text = atom_text(&first->matcher->atoms, value);
    tuple_write_text(first->out, &text);
    first->found = true;
    return false;
}

void matcher_tuple(Matcher *matcher, Buf *out)
{
    const Match *match = matcher->told;
    const CorrelationUses *uses = &matcher->program->correlations.rules[match->plan_rule->rule];
    if (uses->count == 0)
        return;
    EventHead event = batch_head(matcher->batch, matcher->row);
    TupleHead head = {
        .rule = match->plan_rule->rule, .time = event.time, .record_id = event.record_id};
    tuple_write_head(out, &head);
    for (uint32_t i = 0; i < uses->name_count; i++) {
        First first = {.matcher = matcher, .out = out};
        uint16_t slot = matcher->program->name_slots[match->plan_rule->first_name + i];
        slot_values(matcher, &matcher->routes[match->route], slot, take_first, &first);
        if (!first.found)
            tuple_write_text(out, NULL);
    }
}
