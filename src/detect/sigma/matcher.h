/* matcher.h: events against a program, a batch at a time. One matcher for each process; it borrows
 * the program, allocates when it is made and when a batch is larger than any before, never while it
 * matches events. */
#ifndef DETECT_SIGMA_MATCHER_H
#define DETECT_SIGMA_MATCHER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "detect/sigma/program.h"
#include "detect/sigma/match_tally.h"
#include "event/batch.h"

typedef struct Matcher Matcher;

Matcher *matcher_create(const Program *program, Err *err); /* NULL: no memory */
void matcher_destroy(Matcher *matcher);
static inline void matcher_destroyp(Matcher **matcher)
{
    matcher_destroy(*matcher);
}

/* What becomes of a row. Rows in their order, within one by rule number; each rule once. Muted and
 * silent rules are told too: the caller knows them by their Rule. NULL functions: not told. */
typedef struct MatchOut {
    /* false stops, with err set. */
    bool (*match)(void *ctx, uint32_t row, uint32_t rule, Err *err);
    /* The rule would have matched, but `filter` (a rule number) says no. */
    bool (*suppressed)(void *ctx, uint32_t row, uint32_t rule, uint32_t filter, Err *err);
    /* An expression reached a limit, so that nobody knows. */
    bool (*undecided)(void *ctx, uint32_t row, uint32_t rule, Err *err);
    void *ctx;
} MatchOut;

/* Only events from `from` on and before `to`, and those without a time, are matched and counted.
 * Without this call: all. */
void matcher_set_window(Matcher *matcher, Time from, Time to);

/* Bit per row of the batches that follow: 1 is neither matched nor counted; it must stay. NULL, and
 * without this call: none is left out. */
void matcher_skip_rows(Matcher *matcher, const uint8_t *skip);

/* A new piece of evidence begins: expressions have their allowance of time anew. */
void matcher_begin(Matcher *matcher);

/* `batch` is one that batch_open has accepted. false: no memory, or `out` stopped. */
bool matcher_batch(Matcher *matcher, const Batch *batch, const MatchOut *out, Err *err);

/* What correlations need to know of a match: one tuple, appended to `out` (correlator.h); nothing
 * if none refers to the rule. Only within MatchOut.match, for its row and rule. */
void matcher_tuple(Matcher *matcher, Buf *out);

/* Counts of all batches so far. */
const MatchTally *matcher_tally(const Matcher *matcher);
void matcher_tally_clear(Matcher *matcher);

#endif
