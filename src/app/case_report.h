/* case_report.h: the reports of a case, made and noted: what `investigate` does at its end, and
 * `report` again. */
#ifndef APP_CASE_REPORT_H
#define APP_CASE_REPORT_H

#include <stdbool.h>

#include "app/settings.h"
#include "base/err.h"
#include "report/report.h"
#include "store/store.h"

typedef struct CaseReport {
    const Settings *settings; /* tables, workers, folder for what does not fit in memory */
    const RunInfo *info;      /* of the run */
    const char *language;     /* NULL: every language */
    bool (*progress)(void *ctx, uint64_t segments_done, uint64_t segments);
    void *progress_ctx;
} CaseReport;

#define DETECTION_TOP_MAX 5

/* What the reports say, in numbers, for the panel. */
typedef struct CaseFigures {
    uint64_t findings;
    uint64_t detections, by_level[RULE_LEVEL_COUNT];
    uint32_t rules_by_level[RULE_LEVEL_COUNT]; /* that matched */
    uint64_t rules_by_state[RULE_STATE_COUNT], evaluated, matched;
    struct {
        Label title;
        RuleLevel level;
        uint64_t count;
    } top[DETECTION_TOP_MAX]; /* rules of the highest levels with the most detections */
    size_t top_count;
} CaseFigures;

/* After store_run_end: report.LANG.html in the case's folder, with their hashes in the ledger, but
 * none of an encrypted case. *result is renewed (store_note_files) in any case. */
bool case_report_write(Store *store, const CaseReport *options, RunResult *result, CaseFigures *ret,
                       Err *err);

/* One report through `write`, of a case that is only read: it cannot tell the ledger's last hash.
 */
bool case_report_stream(Store *store, const CaseReport *options, HtmlWrite write, void *ctx,
                        Err *err);

#endif
