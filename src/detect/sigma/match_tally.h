/* match_tally.h: how often each rule was asked, matched, was suppressed, could not be decided.
 * Workers count, write what is not zero, and the coordinator adds. */
#ifndef DETECT_SIGMA_MATCH_TALLY_H
#define DETECT_SIGMA_MATCH_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "detect/sigma/program.h"

typedef struct RuleTally {
    uint64_t evaluated;  /* events of its log source */
    uint64_t matched;    /* not counting suppressed ones */
    uint64_t suppressed; /* by filters; of a filter: what it suppressed */
    uint64_t undecided;
} RuleTally;

typedef struct MatchTally MatchTally;

MatchTally *match_tally_create(const Program *program); /* NULL: no memory */
void match_tally_destroy(MatchTally *tally);
void match_tally_clear(MatchTally *tally);

RuleTally match_tally_rule(const MatchTally *tally, uint32_t rule);
uint64_t match_tally_events(const MatchTally *tally); /* all that were matched against anything */

/* What is not zero, as bytes; and bytes of another process, which are checked. */
void match_tally_write(const MatchTally *tally, Buf *out);
bool match_tally_add(MatchTally *tally, Span bytes, Err *err);

#endif
