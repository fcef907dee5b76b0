/* rule_expression.h: conditions in words of temporal correlations: `rule_a and not rule_b`. */
#ifndef DETECT_SIGMA_RULE_EXPRESSION_H
#define DETECT_SIGMA_RULE_EXPRESSION_H

#include "detect/sigma/correlation.h"

/* Fills correlation->expression, and correlation->references if that is empty; else the rules of
 * both must be the same. false: *context->problem. */
bool rule_expression_read(ReadContext *context, Text text, uint32_t line, Correlation *correlation);

/* Does it hold when `seen[position]` says which rules matched? */
bool rule_expression_holds(const RuleExpression *expression, const uint32_t *seen);
bool rule_expression_has_not(const RuleExpression *expression);
bool rule_expression_is_all(const RuleExpression *expression); /* rule_a and rule_b and … */

#endif
