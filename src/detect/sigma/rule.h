/* rule.h: one document of a rule file: a rule, a correlation or a filter, with all that is said
 * about it. Owned by its rule set (ruleset.h); read only after loading. */
#ifndef DETECT_SIGMA_RULE_H
#define DETECT_SIGMA_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "detect/logsource.h"
#include "detect/sigma/read_context.h"
#include "detect/sigma/tree.h"

typedef enum RuleKind { RULE_EVENT, RULE_CORRELATION, RULE_FILTER } RuleKind;

/* What became of it. */
typedef enum RuleState {
    RULE_LOADED,         /* runs */
    RULE_OFF,            /* could run, but its status or the person's choice says no */
    RULE_REFUSED,        /* cannot run: a mistake in it, or something it needs is not there */
    RULE_NOT_APPLICABLE, /* fine, but nothing that Constat reads has its log source */
    RULE_STATE_COUNT
} RuleState;
extern const Text RULE_STATE_TEXT[RULE_STATE_COUNT]; /* loaded, off, refused, not-applicable */

typedef enum RuleStatus {
    RULE_STATUS_NONE,
    RULE_STABLE,
    RULE_TEST,
    RULE_EXPERIMENTAL,
    RULE_DEPRECATED,
    RULE_UNSUPPORTED,
    RULE_STATUS_COUNT
} RuleStatus;
extern const Text RULE_STATUS_TEXT[RULE_STATUS_COUNT];

typedef enum RuleLevel {
    RULE_LEVEL_NONE, /* not said: treated as informational */
    RULE_INFORMATIONAL,
    RULE_LOW,
    RULE_MEDIUM,
    RULE_HIGH,
    RULE_CRITICAL,
    RULE_LEVEL_COUNT
} RuleLevel;
extern const Text RULE_LEVEL_TEXT[RULE_LEVEL_COUNT];
bool rule_level_find(Text word, RuleLevel *ret);   /* also info, med, crit; any case */
bool rule_status_find(Text word, RuleStatus *ret); /* any case */

typedef struct TextList {
    const Text *list;
    uint32_t count;
} TextList;

typedef struct Correlation Correlation; /* correlation.h */

/* Which rules a filter is for. */
typedef struct FilterTarget {
    bool any;
    TextList rules; /* ids or names */
} FilterTarget;

typedef struct Rule {
    RuleKind kind;
    RuleState state;
    bool active;   /* runs: RULE_LOADED, or needed by a correlation that is */
    bool silent;   /* a correlation uses it and does not say `generate` */
    bool muted;    /* by the tune file: it runs, its matches are counted, not shown */
    Text file;     /* as given, and its place below the folder that was given */
    uint32_t line; /* where the document begins */
    Text reason;   /* why it is not RULE_LOADED; empty: it is */
    uint32_t reason_line;
    const RuleNote *notes;

    Text id, name, title, description, author, date, modified, license, taxonomy;
    RuleStatus status;
    RuleLevel level;       /* after tuning */
    RuleLevel level_given; /* as the author has it */
    TextList tags, references, false_positives, fields;
    LogSource logsource;

    Node *tree;               /* of a rule or filter */
    Correlation *correlation; /* of a correlation */
    FilterTarget target;      /* of a filter */
    const uint32_t *filters;  /* of a rule: numbers of the filters that apply to it */
    uint32_t filter_count;
} Rule;

/* The level for sorting and thresholds: none is informational. */
static inline RuleLevel rule_level(const Rule *rule)
{
    return rule->level == RULE_LEVEL_NONE ? RULE_INFORMATIONAL : rule->level;
}

#endif
