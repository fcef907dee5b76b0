/* correlation_index.h: which correlations each rule's matches go to, and which of their fields
 * these ask for. Made from a rule set, part of a program. */
#ifndef DETECT_SIGMA_CORRELATION_INDEX_H
#define DETECT_SIGMA_CORRELATION_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "detect/sigma/correlation.h"
#include "detect/sigma/ruleset.h"

/* A rule's part in a correlation. */
typedef struct CorrelationUse {
    uint32_t correlation;        /* rule number */
    uint32_t position;           /* in its rules */
    const uint32_t *group_names; /* per field of group-by: which of the rule's names */
    const uint32_t *field_names; /* per field of the condition */
} CorrelationUse;

typedef struct CorrelationUses {
    const CorrelationUse *list;
    uint32_t count;
    const Text *names; /* fields of the rule that its correlations ask for, each once */
    uint32_t name_count;
} CorrelationUses;

typedef struct CorrelationIndex {
    const CorrelationUses *rules; /* by rule number */
    const uint8_t *levels;        /* by rule number: of a correlation, 1 if it has rules only */
    uint32_t names_most;          /* of a rule */
    uint8_t top_level;            /* 0: there are no correlations that run */
} CorrelationIndex;

/* false: no memory. */
bool correlation_index_build(Arena *arena, const RuleSet *set, CorrelationIndex *ret);

#endif
