#include "detect/signatures.h"

uint32_t signatures_indicator(const Signatures *signatures)
{
    return ruleset_count(signatures->rules);
}

uint32_t signatures_count(const Signatures *signatures)
{
    return signatures_indicator(signatures) + indicators_count(signatures->indicators);
}

const Rule *signatures_at(const Signatures *signatures, uint32_t number, Rule *room)
{
    uint32_t first = signatures_indicator(signatures);
    if (number < first)
        return ruleset_at(signatures->rules, number);
    *room = indicators_rule(signatures->indicators, number - first);
    return room;
}

RuleLevel signatures_level(const Signatures *signatures, uint32_t number)
{
    Rule room;
    return rule_level(signatures_at(signatures, number, &room));
}
