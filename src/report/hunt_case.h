/* hunt_case.h: rules against the events of a case, and what they found into the case.
 *
 * One parallel pass over the segments (store/scan.h): twins are left out, so a record counts once,
 * and times are those of the case, clock shifts applied. What came of it replaces what the run
 * before had found (analysis/detected.h), all at once: other rules, other detections. */
#ifndef REPORT_HUNT_CASE_H
#define REPORT_HUNT_CASE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "detect/sigma/program.h"
#include "event/schema.h"
#include "store/store.h"

typedef struct HuntCaseOptions {
    const Program *program;
    const Schema *schema;
    unsigned workers;
    const char *folder; /* for what does not fit in memory */
    /* How far it is; NULL: not interested. false: stop. */
    bool (*progress)(void *ctx, uint64_t segments_done, uint64_t segments);
    void *progress_ctx;
} HuntCaseOptions;

/* After store_run_end. What *result says of the ledger is renewed. */
bool hunt_case(Store *store, const HuntCaseOptions *options, RunResult *result, Err *err);

#endif
