/* rules.h: what the options about rules mean, and the rules that they give: read, chosen, compiled.
 *
 * This happens before the zygote is forked: the coordinator, which names rules and evaluates
 * correlations, and all workers then share one copy. Nothing of the evidence, no key and no case
 * is in memory yet; what a rule file may cost is limited (detect/sigma/ruleset.h, yaml.h). */
#ifndef APP_RULES_H
#define APP_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "app/console.h"
#include "app/options.h"
#include "app/settings.h"
#include "base/arena.h"
#include "detect/logsource.h"
#include "detect/sigma/program.h"
#include "detect/sigma/ruleset.h"

typedef struct Rules {
    Arena *arena; /* of the options' values */
    LogSources *sources;
    ValueLists *lists;
    RuleSet *set;
    Program *program;    /* rules_compile */
    RuleLevel min_level; /* --min-level */
    double seconds;      /* that loading and compiling took */
} Rules;

/* Read the rules of --rules and of `folders` (operands of `constat rules`); none at all: those that
 * come with Constat. false: with ERR_USAGE an option is wrong; rules_done is still due. */
bool rules_load(Rules *rules, const Arguments *arguments, const char *const *folders,
                size_t folder_count, const Settings *settings, Err *err);
bool rules_compile(Rules *rules, Err *err);
/* Both, for commands that need rules to match with: none at all is an error. */
bool rules_load_compiled(Rules *rules, const Arguments *arguments, const Settings *settings,
                         Err *err);
void rules_done(Rules *rules);

/* Name each refused rule, with its reason; how many there are. */
size_t rules_tell_refused(const Rules *rules, Console *console);

#endif
