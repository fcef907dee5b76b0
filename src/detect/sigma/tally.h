/* tally.h: how often each rule was asked, matched, was suppressed, could not be decided. Workers
 * count, write what is not zero, and the coordinator adds. */
#ifndef DETECT_SIGMA_TALLY_H
#define DETECT_SIGMA_TALLY_H

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

typedef struct Tally Tally;

Tally *tally_create(const Program *program); /* NULL: no memory */
void tally_destroy(Tally *tally);
void tally_clear(Tally *tally);

RuleTally tally_rule(const Tally *tally, uint32_t rule);
uint64_t tally_events(const Tally *tally); /* all that were matched against anything */

/* What is not zero, as bytes; and bytes of another process, which are checked. */
void tally_write(const Tally *tally, Buf *out);
bool tally_add(Tally *tally, Span bytes, Err *err);

#endif
