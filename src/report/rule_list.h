/* rule_list.h: the rules of a set, for a person and for programs (constat rules). */
#ifndef REPORT_RULE_LIST_H
#define REPORT_RULE_LIST_H

#include "base/buf.h"
#include "detect/sigma/ruleset.h"

/* Rules that are not loaded, by their reason; remarks on others; counts. */
void rule_list_check(Buf *buf, const RuleSet *set);
/* One object a line and rule: file, id, title, status, reason, line. */
void rule_list_check_json(Buf *buf, const RuleSet *set);

/* One line a rule. */
void rule_list_table(Buf *buf, const RuleSet *set);

/* A layer of the ATT&CK Navigator (format 4.5): each technique of rules that run, its score their
 * number. */
void rule_list_coverage(Buf *buf, const RuleSet *set);

#endif
