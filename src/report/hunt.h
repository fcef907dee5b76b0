/* hunt.h: what rules and indicators found, in order, in bounded memory, and what it comes to.
 *
 * The coordinator's half of `hunt`: it takes detections that workers send, evaluates correlations
 * over all of them, sorts everything by (time, file, record number, rule id) and writes rows. What
 * comes out depends on the detections and the paths of the items only.
 *
 * A record in two files is two rows: each says what its file holds. Correlations count it once
 * (event/twin.h), because it happened once.
 *
 * Memory: HUNT_MEMORY, what extsort.h says about merging, a window of a correlation
 * (detect/sigma/correlator.h), and the names of at most HUNT_HOSTS_MAX hosts. */
#ifndef REPORT_HUNT_H
#define REPORT_HUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "detect/sigma/correlator.h"
#include "detect/sigma/match_tally.h"
#include "detect/sigma/program.h"
#include "detect/signatures.h"
#include "evidence/item.h"
#include "report/detection.h"
#include "report/detection_format.h"

#define HUNT_MEMORY    (128u * 1024 * 1024)
#define HUNT_HOSTS_MAX 100000

typedef struct Hunt Hunt;

typedef struct HuntOptions {
    const Program *program;
    const IndicatorSet *indicators; /* NULL: none */
    const YaraSet *yara;            /* NULL: none */
    const DetectionFormat *format;  /* of hunt_write */
    bool color;                     /* of the rows of a table */
    size_t memory_bytes;            /* 0: HUNT_MEMORY */
    const char *folder;             /* for what does not fit; must outlive the hunt */
} HuntOptions;

Hunt *hunt_create(const HuntOptions *options, Err *err); /* NULL: no memory */
void hunt_destroy(Hunt *hunt);                           /* NULL is fine */

/* One block of detections of an item, or of counts (match_tally.h), as received: checked as
 * hostile. ERR_FORMAT: it is nonsense; anything else: the run cannot go on. */
bool hunt_receive(Hunt *hunt, const Item *item, uint32_t item_index, Span block, Err *err);
bool hunt_receive_counts(Hunt *hunt, Span block, Err *err);

/* A detection of an item as a whole: it has no time and stands at offset 0. `signature` as
 * signatures.h numbers them. */
bool hunt_add_item(Hunt *hunt, uint32_t item_index, uint32_t signature, Text computer, Text details,
                   Err *err);

typedef bool (*HuntWrite)(void *ctx, Span bytes, Err *err);

/* Everything received, through `write`. `items`: the list that the indices were of. Once. */
bool hunt_write(Hunt *hunt, const ItemList *items, HuntWrite write, void *ctx, Err *err);

/* Instead of hunt_write, for those who keep rows: they come in the same order, items in that of
 * their numbers. Once. */
typedef struct HuntCited {
    uint32_t item, sub;
    uint64_t offset, record_id;
    Time time;
} HuntCited;

/* What an alert of a correlation is about. */
typedef struct HuntAlert {
    uint64_t count;   /* events, also those that are not cited */
    Time first, last; /* of all of them */
    Text facts;       /* "Field: value ¦ …", without words of ours */
} HuntAlert;

typedef struct HuntRow {
    const Detection *detection; /* its tuple is none */
    uint32_t item;
    const HuntAlert *alert;  /* of a correlation; NULL: a rule on an event */
    const HuntCited *events; /* that it is made of */
    size_t event_count;
} HuntRow;

bool hunt_rows(Hunt *hunt, bool (*each)(void *ctx, const HuntRow *row, Err *err), void *ctx,
               Err *err);

/* After hunt_write or hunt_rows: what became of a rule. */
typedef struct HuntRule {
    bool evaluated; /* there were events of its log source; of a correlation: of one of its rules */
    uint64_t shown; /* rows */
    uint64_t muted; /* matches, of a correlation alerts, that are not shown */
    uint64_t suppressed, undecided;
} HuntRule;
HuntRule hunt_rule(const Hunt *hunt, uint32_t rule);
CorrelatorCounts hunt_correlated(const Hunt *hunt);

/* After hunt_write or hunt_rows: detections by level, rules, hosts, days, tactics, and what became
 * of the rules; lines for a person. */
void hunt_summarise(const Hunt *hunt, bool color, Buf *out);

#endif
