#include "detect/signatures.h"

uint32_t signatures_indicator(const Signatures *signatures)
{
    return ruleset_count(signatures->rules);
}

uint32_t signatures_yara(const Signatures *signatures)
{
    return signatures_indicator(signatures) + indicators_count(signatures->indicators);
}

uint32_t signatures_count(const Signatures *signatures)
{
    return signatures_yara(signatures) + yara_count(signatures->yara);
}

const Rule *signatures_at(const Signatures *signatures, uint32_t number, Rule *room)
{
    uint32_t indicator = signatures_indicator(signatures), yara = signatures_yara(signatures);
    if (number < indicator)
        return ruleset_at(signatures->rules, number);
    *room = number < yara ? indicators_rule(signatures->indicators, number - indicator)
                          : yara_rule(signatures->yara, number - yara);
    return room;
}

RuleLevel signatures_level(const Signatures *signatures, uint32_t number)
{
    Rule room;
    return rule_level(signatures_at(signatures, number, &room));
}
