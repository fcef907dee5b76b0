/* match_tally_parts.h: the counters themselves, for those who count. */
#ifndef DETECT_SIGMA_MATCH_TALLY_PARTS_H
#define DETECT_SIGMA_MATCH_TALLY_PARTS_H

#include "detect/sigma/match_tally.h"

struct MatchTally {
    const Program *program;
    uint64_t events;
    uint64_t *groups;                           /* events of each group */
    uint64_t *matched, *suppressed, *undecided; /* by rule */
    uint32_t group_count, rule_count;
};

#endif
