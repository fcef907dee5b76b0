/* ruleset_parts.h: the inside of a rule set, shared by the files that build it. */
#ifndef DETECT_SIGMA_RULESET_PARTS_H
#define DETECT_SIGMA_RULESET_PARTS_H

#include "base/arena.h"
#include "detect/sigma/ruleset.h"
#include "event/id_map.h"

struct RuleSet {
    Arena *arena;
    Rule *rules;
    size_t count, cap;
    uint64_t *digests; /* of the document of each rule */
    size_t digest_cap;
    IdMap by_id, by_name; /* the first rule of each id and name that is not refused */
};

/* Say why a rule does not run; keeps the first reason. false: no memory. */
__attribute__((format(printf, 5, 6))) bool
rule_give_reason(RuleSet *set, Rule *rule, RuleState state, uint32_t line, const char *format, ...);

/* ruleset_links.c: the same rule twice; what correlations and filters refer to. */
bool ruleset_index(RuleSet *set);
bool ruleset_link(RuleSet *set);

/* Base rules that loaded correlations need run too; those without `generate` are silent. */
bool ruleset_activate(RuleSet *set);

/* selection.c: what the person chose, and tuning. */
bool ruleset_select(RuleSet *set, const RuleSelection *selection);
bool ruleset_tune(RuleSet *set, const RuleSelection *selection);

#endif
