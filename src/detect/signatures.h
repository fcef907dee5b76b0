/* signatures.h: everything that a detection can be of, under one numbering: Sigma rules as their
 * set numbers them, then indicators, then rules of YARA. Each shows itself as a Rule, so that rows,
 * order, levels and counts need to know no difference. */
#ifndef DETECT_SIGNATURES_H
#define DETECT_SIGNATURES_H

#include <stdint.h>

#include "base/text.h"
#include "detect/indicator/indicator.h"
#include "detect/sigma/rule.h"
#include "detect/sigma/ruleset.h"
#include "detect/yara/yara_rules.h"

typedef struct Signatures {
    const RuleSet *rules;
    const IndicatorSet *indicators; /* NULL: none */
    const YaraSet *yara;            /* NULL: none */
} Signatures;

uint32_t signatures_count(const Signatures *signatures);

/* The number of the first of a kind. */
uint32_t signatures_indicator(const Signatures *signatures);
uint32_t signatures_yara(const Signatures *signatures);

/* `number` is below the count. The result is in the rule set, or *room. */
const Rule *signatures_at(const Signatures *signatures, uint32_t number, Rule *room);
RuleLevel signatures_level(const Signatures *signatures, uint32_t number);

#endif
