/* finding.h: statements about what happened, or about what the evidence can and cannot show.
 *
 * A finding is language-neutral: a kind, parameters, how sure it is, and the evidence that it
 * cites. Reports render it with the texts "finding.<kind>.title" and "finding.<kind>.text" of a
 * catalogue, where {name} stands for a parameter; English and French cannot disagree. Its id is a
 * hash of the kind and of the parameters that make it this finding and no other (PARAM_IDENTITY),
 * so that it stays the same when evidence is added and only numbers in it change.
 *
 * A new kind is a row in finding.def, its texts in the catalogues, and the code that finds it. */
#ifndef ANALYSIS_FINDING_H
#define ANALYSIS_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/extent.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "base/time.h"

typedef enum FindingKind {
#define FINDING(id, name) FINDING_##id,
#include "analysis/finding.def"
#undef FINDING
    FINDING_KIND_COUNT
} FindingKind;

extern const Text FINDING_NAME[FINDING_KIND_COUNT];

typedef enum FindingConfidence {
    FINDING_HIGH,     /* the evidence itself says so, or it is a matter of counting */
    FINDING_MODERATE, /* it follows by a rule that has exceptions */
    FINDING_LOW,
    FINDING_CONFIDENCE_COUNT
} FindingConfidence;

typedef enum ParamType {
    PARAM_TEXT,
    PARAM_NUMBER, /* so many */
    PARAM_RECORD, /* the number of a record: a name, not an amount */
    PARAM_TIME,
    PARAM_DURATION,
} ParamType;

typedef enum ParamUse { PARAM_DETAIL, PARAM_IDENTITY } ParamUse;

typedef struct Param {
    const char *name; /* static */
    ParamType type;
    ParamUse use;
    Text text;       /* PARAM_TEXT: of the findings' arena */
    uint64_t number; /* PARAM_NUMBER, PARAM_RECORD */
    int64_t time;    /* PARAM_TIME, and nanoseconds of PARAM_DURATION */
} Param;

/* A whole item, or an event in it. */
typedef struct Citation {
    EventRef event; /* `item` alone counts for a whole item */
    bool whole_item;
    uint64_t record_id; /* RECORD_ID_NONE: it has none, or it is not known here */
} Citation;

#define FINDING_PARAMS_MAX    10
#define FINDING_CITATIONS_MAX 8
#define FINDINGS_KIND_MAX     500 /* findings of one kind; more are counted */

typedef struct Finding {
    uint64_t id;
    FindingKind kind;
    FindingConfidence confidence;
    Param params[FINDING_PARAMS_MAX];
    size_t param_count;
    Citation citations[FINDING_CITATIONS_MAX];
    size_t citation_count;
    uint64_t citations_further;
} Finding;

typedef struct Findings {
    Arena *arena;
    Finding *list; /* by kind, then in the order in which they were added */
    size_t count, room;
    uint64_t further[FINDING_KIND_COUNT];
    bool failed; /* no memory */
} Findings;

bool findings_init(Findings *findings, Err *err); /* findings_done is due in any case */
void findings_done(Findings *findings);

/* With those that were only counted. */
uint64_t findings_total(const Findings *findings);

/* ---- making one: open, say, cite, close. Kinds are opened in their order. ---- */

/* NULL: there are enough of this kind (it is counted), or no memory (findings->failed). */
Finding *finding_open(Findings *findings, FindingKind kind, FindingConfidence confidence);

void finding_text(Findings *findings, Finding *finding, const char *name, ParamUse use, Text text);
void finding_number(Finding *finding, const char *name, ParamUse use, uint64_t number);
void finding_record(Finding *finding, const char *name, ParamUse use, uint64_t number);
void finding_time(Finding *finding, const char *name, ParamUse use, Time time);
void finding_duration(Finding *finding, const char *name, int64_t ns);
void finding_cite(Finding *finding, const EventRef *event, uint64_t record_id);
void finding_cite_item(Finding *finding, uint32_t item);

/* Its id; nothing can be said or cited after that. If another finding has this id already, it is
 * the same one: that one gets the citations too. */
void finding_close(Findings *findings, Finding *finding);

const Param *finding_param(const Finding *finding, Text name); /* NULL: none of that name */

#endif
