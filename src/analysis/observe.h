/* observe.h: the findings that follow from the survey alone: what the evidence itself says about
 * its completeness and its clocks. */
#ifndef ANALYSIS_OBSERVE_H
#define ANALYSIS_OBSERVE_H

#include "analysis/finding.h"
#include "analysis/survey.h"

/* Add them to `findings`, which have been initialised. */
bool observe(const Survey *survey, Findings *findings, Err *err);

#endif
