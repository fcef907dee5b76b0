/* survey_text.h: surveys of the cases of tests; and a survey as text, a line for each thing in it,
 * for comparison. */
#ifndef SURVEY_TEXT_H
#define SURVEY_TEXT_H

#include "analysis/finding.h"
#include "analysis/survey.h"
#include "base/buf.h"

typedef struct Looked {
    Store *store;
    Survey *survey;
} Looked;

Looked look(const char *folder, unsigned workers); /* ends the test if it fails */
void look_done(Looked *looked);

void survey_write_text(const Survey *survey, Buf *out);
void findings_write_text(const Findings *findings, Buf *out);

#endif
