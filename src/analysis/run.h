/* run.h: record numbers that follow one another without a gap, in one segment, of one host and
 * channel. What is missing between runs is found when all are known: numbers.h. */
#ifndef ANALYSIS_RUN_H
#define ANALYSIS_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/extent.h"
#include "analysis/label.h"
#include "analysis/tally.h"
#include "base/buf.h"

typedef struct RunEnd {
    uint64_t number;
    Time time; /* TIME_NONE: not known */
    EventRef at;
} RunEnd;

typedef struct Run {
    RunEnd low, high;  /* the records with the lowest and the highest number */
    bool recovered;    /* not live records */
    bool starts_clear; /* the lowest one tells that this log was cleared */
} Run;

/* A run to a row of TALLY_RUN, and back. */
void run_write(const Run *run, const Label *host, const Label *channel, Buf *out);
/* `key`: what follows the number of the host. false: not what run_write made. */
bool run_read(Span key, Span row, Label *ret_channel, Run *ret);

#endif
