/* tally_parts.h: the counters themselves, for those who count. */
#ifndef DETECT_SIGMA_TALLY_PARTS_H
#define DETECT_SIGMA_TALLY_PARTS_H

#include "detect/sigma/tally.h"

struct Tally {
    const Program *program;
    uint64_t events;
    uint64_t *groups;                           /* events of each group */
    uint64_t *matched, *suppressed, *undecided; /* by rule */
    uint32_t group_count, rule_count;
};

#endif
