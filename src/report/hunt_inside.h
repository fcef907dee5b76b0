/* hunt_inside.h: the inside of a hunt, shared by its files. */
#ifndef REPORT_HUNT_INSIDE_H
#define REPORT_HUNT_INSIDE_H

#include "base/arena.h"
#include "base/extsort.h"
#include "detect/sigma/correlation.h"
#include "detect/sigma/correlator.h"
#include "detect/sigma/match_tally.h"
#include "event/id_map.h"
#include "report/detection.h"
#include "report/hunt.h"

/* Keys of rows, big-endian: time, number of the item, record number, place of the rule by its id,
 * offset, sub-index. */
#define ROW_KEY_BYTES 36
#define ROW_KEY_ITEM  8

/* Keys of matches for correlations: rule, twin, payload, number of the item, offset, sub-index. */
#define TUPLE_KEY_BYTES 36
#define TUPLE_KEY_ITEM  20

#define HUNT_TOP_MAX 5

typedef struct DayCount {
    int64_t day; /* since 1970 */
    uint64_t count;
} DayCount;

typedef struct HostCounts {
    Text name;
    uint64_t by_level[RULE_LEVEL_COUNT];
} HostCounts;

/* What the rows come to. */
typedef struct HuntCounts {
    uint64_t *shown, *muted; /* by signature */
    uint64_t by_level[RULE_LEVEL_COUNT];
    Time first, last;               /* TIME_NONE: no row has a time */
    DayCount day[RULE_LEVEL_COUNT]; /* the present one: rows come in order of time */
    DayCount top_days[RULE_LEVEL_COUNT][HUNT_TOP_MAX];
    Arena *names;
    IdMap host_map;
    HostCounts *hosts;
    size_t host_count, host_cap;
    uint64_t without_host; /* rows of hosts beyond HUNT_HOSTS_MAX */
} HuntCounts;

bool hunt_counts_init(HuntCounts *counts, size_t rules);
void hunt_counts_done(HuntCounts *counts);
bool hunt_counts_row(HuntCounts *counts, RuleLevel level, const Detection *detection);

struct Hunt {
    const Program *program;
    const RuleSet *set;
    Signatures signatures; /* the rules of `set`, and what else is hunted for */
    const DetectionFormat *format;
    bool color;
    size_t memory_bytes;
    const char *folder;
    uint32_t *rank; /* by signature: its place in the order of ids */
    ExtSort *rows, *tuples;
    MatchTally *tally;
    HuntCounts counts;
    CorrelatorCounts correlated;
    uint64_t twins; /* copies of records that correlations did not count again */
    Buf line, scratch, text;
    /* while writing */
    const ItemList *items;
    uint32_t *order;    /* number of an item → its index */
    uint32_t *new_item; /* and back */
};

/* Add a row to hunt->rows under the number of its item. `events`: what stands behind it. */
bool hunt_add_row(Hunt *hunt, const Detection *detection, uint32_t item, Span events, Err *err);

/* hunt_correlate.c: alerts over hunt->tuples become rows. */
bool hunt_correlate(Hunt *hunt, Err *err);

/* Behind the row of a correlation: first and last time, events, bytes of its facts (u64, u64, u64,
 * u32), the facts; then its events: item, sub-index (u32), offset, record number, time (u64),
 * little-endian. */
void hunt_put_alert(Buf *out, const HuntAlert *alert);
void hunt_put_cited(Buf *out, const HuntCited *cited);

bool hunt_no_memory(Err *err);

#endif
