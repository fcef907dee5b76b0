/* report.h: the report of a case as one HTML file: no other file, no network, readable without
 * scripts, fit to be printed and signed.
 *
 * Everything but the section "data of this run" follows from the content of the case and the rules
 * held against it: the same evidence and rules give the same bytes. What stands where:
 * docs/report.md. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdbool.h>

#include "analysis/detections.h"
#include "analysis/finding.h"
#include "analysis/survey.h"
#include "base/err.h"
#include "base/hash.h"
#include "report/catalogue.h"
#include "report/html.h"
#include "store/store.h"

/* What differs from run to run. */
typedef struct ReportRun {
    Time when;
    Text person, machine, version, command; /* may be empty */
    unsigned workers;
    bool has_ledger;
    Sha256 ledger; /* hash of the last entry before the report */
    uint64_t ledger_entries;
    bool is_signed;
    uint8_t public_key[32];
} ReportRun;

typedef struct Report {
    const Survey *survey;
    const Findings *findings;
    const Detections *detections;
    Sha256 content; /* digest of the case's content */
    const ReportRun *run;
} Report;

/* The page, from first to last byte, through `write`. */
bool report_write(const Report *report, const Catalogue *catalogue, HtmlWrite write, void *ctx,
                  Err *err);

/* Limits of what a page shows; each place says how much it leaves out. */
#define REPORT_ROWS_MAX         500  /* of a table without a limit of its own */
#define REPORT_HOST_SOURCES_MAX 12   /* sources of one host … */
#define REPORT_SOURCES_MAX      1000 /* … and of all */
#define REPORT_ACCOUNTS_MAX     200  /* of each class */
#define REPORT_FINDINGS_MAX     20   /* of each kind */
#define REPORT_RULES_MAX        300  /* that matched; that are not as they should be */
#define REPORT_ALERTS_MAX       100  /* of correlations */
#define REPORT_ITEMS_MAX        5000 /* and all that are cited */

#define REPORT_LANGUAGES 2
extern const char *const REPORT_LANGUAGE[REPORT_LANGUAGES]; /* "en", "fr" */
extern const char *const REPORT_FILE[REPORT_LANGUAGES];     /* in the case's folder */

/* The page as PATH.part; *ret: its hash. It takes the place of PATH when the ledger knows it. */
bool report_write_part(const Report *report, const Catalogue *catalogue, const char *path,
                       Sha256 *ret, Err *err);
bool report_name_part(const char *path, Err *err);

#endif
