/* survey_text.h: a survey as text, a line for each thing in it, for comparison. */
#ifndef SURVEY_TEXT_H
#define SURVEY_TEXT_H

#include "analysis/finding.h"
#include "analysis/survey.h"
#include "base/buf.h"

void survey_write_text(const Survey *survey, Buf *out);
void findings_write_text(const Findings *findings, Buf *out);

#endif
