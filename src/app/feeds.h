/* feeds.h: the indicators of --indicators and the rules of --yara, read before the zygote is forked
 * as rules are (app/rules.h), and what is said about what cannot be used. */
#ifndef APP_FEEDS_H
#define APP_FEEDS_H

#include <stdbool.h>

#include "app/console.h"
#include "app/options.h"
#include "detect/indicator/indicator.h"
#include "detect/yara/yara_rules.h"

/* *ret NULL: the option was not given. false: a file cannot be used; nothing is to be freed. */
bool feeds_load(const Arguments *arguments, RuleLevel min_level, IndicatorSet **ret, Err *err);

/* Name what cannot be used; how many entries were refused. `set` may be NULL. */
size_t feeds_tell(const IndicatorSet *set, Console *console);

/* The same of the rules of --yara; how many files were refused. */
bool feeds_load_yara(const Arguments *arguments, RuleLevel min_level, YaraSet **ret, Err *err);
size_t feeds_tell_yara(const YaraSet *set, Console *console);

#endif
