/* ruleset.h: all rules of a run, each with what became of it. Nothing is left out silently: a file
 * that cannot be read is in the set as a refused rule.
 *
 * Rules are numbered in the order of their sources, within a folder by path, within a file by
 * document. The same sources give the same numbers. */
#ifndef DETECT_SIGMA_RULESET_H
#define DETECT_SIGMA_RULESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "detect/logsource.h"
#include "detect/sigma/rule.h"
#include "detect/sigma/value_lists.h"

#define RULESET_FILES_MAX 1000000
#define RULESET_BYTES_MAX (3072ull * 1024 * 1024) /* memory of all rules */

/* A folder (all .yml and .yaml below it; links are not followed), one file, or text in memory. */
typedef struct RuleSource {
    const char *path; /* with text: the name to show */
    Text text;        /* ptr NULL: read `path` */
} RuleSource;

/* What the person chose. Everything empty: all but deprecated and unsupported rules. */
typedef struct TuneRow {
    Text rule; /* id, name or title */
    bool mute;
    RuleLevel level; /* if it is not muted */
} TuneRow;

typedef struct RuleSelection {
    RuleLevel min_level;
    bool by_status;                   /* only … */
    bool statuses[RULE_STATUS_COUNT]; /* … these */
    const Text *tags, *include,
        *exclude; /* tags and patterns, any of them; * and ? are wildcards */
    size_t tag_count, include_count, exclude_count;
    const TuneRow *tune;
    size_t tune_count;
} RuleSelection;

typedef struct RuleSetInput {
    const RuleSource *sources;
    size_t source_count;
    const LogSources *logsources;
    const ValueLists *lists;        /* NULL: no placeholders */
    const RuleSelection *selection; /* NULL: everything empty */
} RuleSetInput;

typedef struct RuleSet RuleSet;

/* NULL: no memory, a source is not there, or a limit was reached. The inputs may go afterwards. */
RuleSet *ruleset_load(const RuleSetInput *input, Err *err);
void ruleset_destroy(RuleSet *set);
static inline void ruleset_destroyp(RuleSet **set)
{
    ruleset_destroy(*set);
}

uint32_t ruleset_count(const RuleSet *set);
const Rule *ruleset_at(const RuleSet *set, uint32_t number);

/* By id or name; UINT32_MAX: none. */
uint32_t ruleset_find(const RuleSet *set, Text id_or_name);

typedef struct RuleCounts {
    uint32_t rules, correlations, filters;
    uint32_t by_state[RULE_STATE_COUNT];
    uint32_t active; /* run, also those that only correlations need */
} RuleCounts;
RuleCounts ruleset_counts(const RuleSet *set);

/* The lines of a tune file: RULE <tab> LEVEL or `mute` <tab> reason (not read). Texts borrow from
 * `lines`; *ret is to be freed. */
bool tune_parse(Text lines, TuneRow **ret, size_t *ret_count, Err *err);

#endif
