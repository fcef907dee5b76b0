/* report_case.h: a small case in which every kind of finding occurs, for the tests of reports. */
#ifndef REPORT_CASE_H
#define REPORT_CASE_H

#include "analysis/detections.h"
#include "analysis/finding.h"
#include "analysis/survey.h"
#include "base/buf.h"
#include "report/report.h"
#include "told_case.h"

/* Tell the story. `backwards`: items in the other order, and other batches: the same content. */
void report_case_make(const char *folder, const Schema *schema, bool backwards);

/* Hold rules against it: one of every kind and state. report_case_make has done it. */
void report_case_detect(const char *folder, const Schema *schema, unsigned workers);

/* A case with everything that a report needs. */
typedef struct ReportCase {
    Store *store;
    Survey *survey;
    Findings findings;
    Detections *detections;
    ReportRun run;
    Report report;
} ReportCase;

void report_case_open(ReportCase *ret, const char *folder);
void report_case_close(ReportCase *report_case);

/* The page in a language, from the catalogues in `tables`; buf_done is due. */
Buf report_case_page(const ReportCase *report_case, const char *tables, const char *language);

/* The knowledge folder of the repository. */
const char *report_case_tables(void);

/* Without what stands from `begin` to `end`, each time, markers included. */
void cut_between(Buf *page, const char *begin, const char *end);

#endif
