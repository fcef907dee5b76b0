/* case_summary.h: what a run has made of a case, in a few lines for a person or one JSON object. */
#ifndef APP_CASE_SUMMARY_H
#define APP_CASE_SUMMARY_H

#include <stdint.h>

#include "app/case_report.h"
#include "base/buf.h"
#include "engine/engine.h"
#include "store/store.h"

typedef struct CaseSummary {
    const char *folder;
    const EngineStats *stats;
    const RunResult *result;
    const CaseFigures *figures;
    bool reported;          /* there are reports: not of an encrypted case */
    uint64_t damaged_known; /* items that an earlier run could not read to their end */
} CaseSummary;

/* Lines of the panel. */
void case_summary_text(Buf *buf, const CaseSummary *summary);

/* {"case":PATH, "items":{"total","new","read","known","not_supported","defective","unreadable"},
 *  "events", "twins", "defects", "findings",
 *  "detections":{"critical","high","medium","low","informational"},
 *  "rules":{"loaded","off","refused","not_applicable","evaluated","matched"}, "content":SHA-256,
 *  "ledger":{"entries","sha256","signed_by":KEY or null}, "reports":[PATH…], "seconds"}, a line.
 * items.total and new are of the case, the others of what this run was given: defective items may
 * be known ones, defects are those met now. */
void case_summary_json(Buf *buf, const CaseSummary *summary);

#endif
