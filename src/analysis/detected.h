/* detected.h: what rules found in a case, and what became of each rule, as it lies in the case
 * (store/analysis.h, kinds 1 to 3). Written by the run that had the rules; read without them.
 *
 * Integers are little-endian, texts and lists behind their lengths; many detections or rules share
 * a row of the store. A later shape gets kinds of its own. */
#ifndef ANALYSIS_DETECTED_H
#define ANALYSIS_DETECTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/time.h"
#include "detect/sigma/rule.h"
#include "store/store.h"

#define DETECTED_TEXT_MAX   65536 /* bytes of each text: what is longer is cut */
#define DETECTED_TAGS_MAX   256   /* of a rule: the first ones, … */
#define DETECTED_TAG_MAX    256   /* … those of more bytes left out */
#define DETECTED_EVENTS_MAX 1000  /* that a correlation cites */

/* An event, by the rank of its item: the place in a case with this content. */
typedef struct DetectedEvent {
    uint32_t item, sub;
    uint64_t offset, record_id; /* RECORD_ID_NONE: none */
    Time time;
} DetectedEvent;

typedef struct Detected {
    uint32_t rule; /* its place among the rules */
    DetectedEvent
        event; /* of a correlation: when it was fulfilled, in the item of the first event */
    Text computer, channel, code;
    Text details;   /* of an event: its line in the timeline; of a correlation: values */
    uint64_t count; /* of a correlation: its events, also those not cited; else 0 … */
    Time span_first, span_last;  /* … and from when to when they are */
    const DetectedEvent *events; /* those cited */
    size_t event_count;
} Detected;

typedef struct DetectedRule {
    RuleKind kind;
    RuleState state;
    RuleLevel level, level_given; /* after tuning; as its author has it */
    bool silent, muted;
    bool evaluated; /* there were events of its log source */
    uint64_t shown, muted_matches, suppressed, undecided;
    uint32_t line; /* in its file: of the rule, or of what is wrong with it */
    Text id, title, file, reason;
    Text tags[DETECTED_TAGS_MAX];
    uint32_t tag_count;
} DetectedRule;

typedef struct DetectedHead {
    Sha256 content; /* of the case that the rules were held against */
    uint64_t rules, detections;
    /* matches that correlations left out, and windows too large to be judged */
    uint64_t without_group, without_value, without_time, too_large;
} DetectedHead;

/* ---- writing: detections by time, then rules by number, then the head ---- */

typedef struct DetectedWriter DetectedWriter;

DetectedWriter *detected_writer_create(Store *store, Err *err); /* begins an analysis */
void detected_writer_destroy(DetectedWriter *writer);           /* NULL is fine */
static inline void detected_writer_destroyp(DetectedWriter **writer)
{
    detected_writer_destroy(*writer);
}

bool detected_put(DetectedWriter *writer, const Detected *detected, Err *err);
bool detected_put_rule(DetectedWriter *writer, const DetectedRule *rule, Err *err);
/* What was put is counted for the head. Ends the analysis. */
bool detected_end(DetectedWriter *writer, const DetectedHead *head, RunResult *result, Err *err);

/* ---- reading: texts and lists are valid during the call ---- */

typedef struct DetectedReader {
    bool (*rule)(void *ctx, const DetectedRule *rule, Err *err);
    bool (*detected)(void *ctx, const Detected *detected, Err *err);
    void *ctx;
} DetectedReader;

/* *ret_any: does the case hold detections at all? Head alone, and everything. ERR_FORMAT: what
 * stands there is none. */
bool detected_head(Store *store, DetectedHead *ret, bool *ret_any, Err *err);
bool detected_read(Store *store, const DetectedHead *head, const DetectedReader *reader, Err *err);

#endif
