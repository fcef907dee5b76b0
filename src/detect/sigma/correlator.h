/* correlator.h: correlations over the matches of a run.
 *
 *     worker       in MatchOut.match: matcher_tuple(matcher, row, rule, &buf)     (matcher.h)
 *     coordinator  correlator_add(correlator, tuple, citation), in any order
 *                  correlator_run(correlator, …): alerts
 *
 * Tuples are sorted outside memory by correlation, group and time, so that neither the order of
 * files nor the number of workers changes anything, and memory holds one window of one group. What
 * a window is: docs/sigma.md. */
#ifndef DETECT_SIGMA_CORRELATOR_H
#define DETECT_SIGMA_CORRELATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "base/time.h"
#include "detect/sigma/program.h"

#define CITATION_BYTES_MAX  256  /* of one event, as the caller writes it */
#define ALERT_CITATIONS_MAX 1000 /* told of one alert: the first ones */
#define GROUP_TEXT_MAX      256  /* bytes of a group's value that are told */
#define WINDOW_BYTES_MAX    (128u * 1024 * 1024)

typedef struct CorrelationAlert {
    uint32_t rule;     /* number of the correlation; it may be silent, as rules may */
    Time time;         /* when the condition was first fulfilled */
    Time first, last;  /* of the events in the window */
    uint64_t count;    /* events, also those not cited */
    double value;      /* what the condition was asked of: a count, a sum, … */
    const Text *group; /* values of group-by, in its order */
    uint32_t group_count;
    const Span *citations; /* in order of time */
    uint32_t citation_count;
} CorrelationAlert;

typedef struct CorrelatorCounts {
    uint64_t tuples;        /* matches that went to correlations */
    uint64_t without_group; /* left out: a field of group-by is absent */
    uint64_t without_value; /* left out: the field of the condition is absent, or no number */
    uint64_t without_time;
    uint64_t too_large; /* windows of more than WINDOW_BYTES_MAX: what they say is not known */
} CorrelatorCounts;

typedef struct Correlator Correlator;

/* `memory_bytes` and `folder` as for extsort_create. */
Correlator *correlator_create(const Program *program, size_t memory_bytes, const char *folder,
                              Err *err);
void correlator_destroy(Correlator *correlator);
static inline void correlator_destroyp(Correlator **correlator)
{
    correlator_destroy(*correlator);
}

/* `citation`: bytes that name the event; equal times are ordered by record number, then by them.
 * ERR_FORMAT: bytes that no matcher wrote. */
bool correlator_add(Correlator *correlator, Span tuple, Span citation, Err *err);

/* Could a matcher have written this tuple for this rule? What comes from another process is asked
 * before it is kept. `scratch` is overwritten. */
bool correlator_accepts(const Program *program, Span tuple, uint32_t rule, Buf *scratch);

/* All tuples are in. Alerts by correlation, group and time; chains after what they are made of. */
bool correlator_run(Correlator *correlator,
                    bool (*alert)(void *ctx, const CorrelationAlert *alert, Err *err), void *ctx,
                    Err *err);

CorrelatorCounts correlator_counts(const Correlator *correlator);

#endif
