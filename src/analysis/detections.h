/* detections.h: what rules found in a case, counted: the ground of what a report says of it. Read
 * from the case alone; the rules need not be at hand.
 *
 * Memory grows with the rules that matched, not with what they found. Counts are exact; of the
 * events of a rule the first ones are kept. */
#ifndef ANALYSIS_DETECTIONS_H
#define ANALYSIS_DETECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/detected.h"
#include "analysis/survey.h"
#include "detect/attack.h"

#define DETECTIONS_EVENTS       3   /* of a rule: the first ones in time */
#define DETECTIONS_ALERTS       5   /* of a correlation: the first ones in time … */
#define DETECTIONS_ALERT_EVENTS 8   /* … and of each its first events */
#define DETECTIONS_DETAILS_MAX  600 /* bytes of an alert's text; a longer one ends in "…" */

typedef enum DetectionsState {
    DETECTIONS_NONE,  /* no run has held rules against this case */
    DETECTIONS_STALE, /* of an earlier state of its evidence: not shown */
    DETECTIONS_PRESENT,
} DetectionsState;

typedef struct DetectionAlert {
    Time time;
    uint32_t host; /* of the survey; SURVEY_NONE: several, or not known */
    Text facts;    /* values that its events share */
    DetectedEvent events[DETECTIONS_ALERT_EVENTS];
    uint32_t event_count;
    uint64_t count;   /* of all its events */
    Time first, last; /* of all its events */
} DetectionAlert;

typedef struct DetectionRule {
    uint32_t number;
    RuleKind kind;
    RuleState state;
    RuleLevel level, level_given;
    bool silent, muted;
    uint64_t count; /* detections */
    uint64_t muted_matches, suppressed, undecided;
    uint32_t line;
    Text id, title, file, reason;
    const Text *tags;
    uint32_t tag_count;
    Time first, last; /* TIME_NONE: no detection has a time */
    uint8_t *hosts;   /* bit for each host of the survey */
    uint32_t host_count;
    DetectedEvent events[DETECTIONS_EVENTS];
    uint32_t event_count;
    DetectionAlert *alerts; /* of a correlation */
    uint32_t alert_count;
} DetectionRule;

typedef struct DetectionHost {
    uint32_t host; /* of the survey; SURVEY_NONE: records of none, or of several */
    uint64_t by_level[RULE_LEVEL_COUNT], count;
    uint32_t rules;
    Time first, last;
} DetectionHost;

typedef struct DetectionTechnique {
    char id[ATTACK_TECHNIQUE_ROOM];
    RuleLevel level; /* the highest of its rules that matched */
    uint64_t count;
    uint32_t rules, hosts;
    Time first, last;
} DetectionTechnique;

typedef struct DetectionTactic {
    uint64_t count;
    uint32_t rules, hosts;
} DetectionTactic;

typedef struct Detections {
    DetectionsState state; /* DETECTIONS_PRESENT: and then: */
    Arena *arena;
    DetectedHead head;
    uint64_t count, by_level[RULE_LEVEL_COUNT];
    uint32_t rules_by_level[RULE_LEVEL_COUNT]; /* that matched and are shown */
    uint64_t by_state[RULE_STATE_COUNT], evaluated, matched;
    Time first, last;
    uint64_t timeless, beyond; /* detections without a time; outside the axis of the survey */
    uint64_t bins[RULE_LEVEL_COUNT][SURVEY_BINS_MAX];
    uint64_t most; /* in one step, of all levels */
    /* Rules to be told of, by number, and lists of them. */
    DetectionRule *rules;
    size_t rule_count;
    const DetectionRule **matched_rules; /* by level, count, title */
    size_t matched_count;
    const DetectionRule **refused; /* by number */
    size_t refused_count;
    const DetectionRule **excepted; /* muted, suppressed by filters, undecided; by number */
    size_t excepted_count;
    DetectionHost *hosts; /* those with the most detections of the highest levels first */
    size_t host_count;
    DetectionTechnique *techniques; /* by level, count, id */
    size_t technique_count;
    DetectionTactic tactics[ATTACK_TACTICS];
} Detections;

/* `content`: the digest of the case's content. NULL with err. The survey must outlive it. */
Detections *detections_make(Store *store, const Survey *survey, const Sha256 *content, Err *err);
void detections_destroy(Detections *detections); /* NULL is fine */

/* Did it match on this host of the survey? */
static inline bool detection_rule_has_host(const DetectionRule *rule, uint32_t host)
{
    return rule->hosts && (rule->hosts[host / 8] >> (host % 8) & 1);
}

#endif
