/* feeds.h: the indicators of --indicators, read before the zygote is forked as rules are
 * (app/rules.h), and what is said about their entries. */
#ifndef APP_FEEDS_H
#define APP_FEEDS_H

#include <stdbool.h>

#include "app/console.h"
#include "app/options.h"
#include "detect/indicator/indicator.h"

/* *ret NULL: the option was not given. false: a file cannot be used; nothing is to be freed. */
bool feeds_load(const Arguments *arguments, RuleLevel min_level, IndicatorSet **ret, Err *err);

/* Name what cannot be used; how many entries were refused. `set` may be NULL. */
size_t feeds_tell(const IndicatorSet *set, Console *console);

#endif
