/* survey.h: what a case holds, counted in one parallel pass over its events: the ground on which
 * reports and findings stand.
 *
 * Every record counts once: twins (store.h) are counted apart, and so are recovered records, which
 * add to no other number. The same content of a case gives the same survey, whatever the number of
 * workers. Counts are exact however much evidence holds; lists have the limits below, keep what
 * matters most (the order is said beside each), and say how much more there was (Further).
 *
 * docs/report.md tells the rules in words: when two names are one host, when record numbers are
 * missing, when a source is silent. */
#ifndef ANALYSIS_SURVEY_H
#define ANALYSIS_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/extent.h"
#include "analysis/label.h"
#include "analysis/mark.h"
#include "analysis/run.h"
#include "base/arena.h"
#include "base/err.h"
#include "store/store.h"

#define SURVEY_HOST_NAMES_MAX 4096 /* names with the most events */
#define SURVEY_SPELLINGS_MAX  4    /* of a name, the most frequent */
#define SURVEY_SOURCES_MAX    4096 /* pairs of host and source with the most events */
#define SURVEY_CHANNELS_MAX   2048 /* with the most events */
#define SURVEY_ACTIONS_MAX    1024 /* with the most events */
#define SURVEY_ACCOUNTS_MAX   4096 /* names that did something before names that were only tried */
#define SURVEY_QUALITIES_MAX  512  /* pairs of source and quality with the most events */
#define SURVEY_RECOVERED_MAX  1024 /* pairs of host and source with the most recovered records */
#define SURVEY_MARKS_MAX      4096 /* by kind (log clears first), then by time */
#define SURVEY_SERIES_MAX     4096 /* of record numbers: those that miss the most */
#define SURVEY_GAPS_MAX       4096 /* the widest */
#define SURVEY_SILENCES_MAX   2048 /* those with the most usual hours */
#define SURVEY_DEFECTS_MAX    2048 /* in the order of items … */
#define SURVEY_DEFECTS_ITEM   10   /* … and so many of each */
#define SURVEY_BINS_MAX       360  /* steps of the time axis */

#define SURVEY_NONE UINT32_MAX /* no such host, item, … */

/* What a list does not hold. */
typedef struct Further {
    uint64_t rows, events;
} Further;

typedef struct SurveyItem {
    const StoredItem *stored; /* the store's: until it is closed or written to */
    uint32_t container;       /* index; SURVEY_NONE */
    uint64_t events;          /* live, counted here */
    uint64_t twins;           /* the same records are counted in another item, or place */
    uint64_t recovered, fragments, timeless;
    uint64_t quality[TIME_QUALITY_COUNT];
    uint64_t damages, notes;
    Time first, last;
} SurveyItem;

/* ---- hosts ---- */

typedef struct SurveyHost {
    Label name; /* the most frequent spelling of its fullest name; empty: records that name none */
    Label spellings[SURVEY_SPELLINGS_MAX]; /* all names, the most frequent first */
    uint32_t spelling_count;
    uint32_t spellings_further;
    bool ambiguous; /* its short name could also be that of another host, so they stay apart */
    uint64_t events, recovered;
    Extent extent;
    uint32_t items; /* that belong to it */
    uint32_t sources;
} SurveyHost;

/* What people call it: the name up to its first dot, unless that could be another host too. */
Text survey_host_short(const SurveyHost *host);

/* ---- time ---- */

/* The axis of all plots: `count` steps from `begin`. Outliers (at most one event in a thousand at
 * each end) are left out if that makes it less than half as long, and are counted. */
typedef struct SurveyAxis {
    Time begin;
    int64_t step_ns; /* 0: no event has a time */
    uint32_t count;
    uint64_t before, after; /* events beyond its ends */
    uint64_t events[SURVEY_BINS_MAX];
    uint64_t most; /* in one step */
} SurveyAxis;

/* A stretch between two events of a source, or from its last event to the last one of its host. */
typedef struct Stretch {
    Time from, to;
    EventRef from_at, to_at; /* to_at: not if `open` */
    bool open;
    uint32_t hours;       /* whole hours without an event */
    uint32_t usual_hours; /* of these: hours in which the source otherwise is active, see habit.h */
} Stretch;

typedef struct SurveySource {
    uint32_t host;
    Label source;
    uint64_t events;
    Extent extent;
    uint32_t active_hours, span_hours; /* hours with events; from the first to the last of them */
    uint32_t habit_hours;              /* hours of the week for which a habit is known, 0..168 */
    Stretch longest;                   /* between events; hours 0: none */
    uint8_t bins[SURVEY_BINS_MAX];     /* 0: no events; else 1 + log2(events), at most 255 */
} SurveySource;

typedef struct SurveySilence {
    uint32_t host;
    Label source;
    Stretch stretch;
} SurveySilence;

/* ---- who and what ---- */

typedef enum AccountClass {
    ACCOUNT_ORDINARY,
    ACCOUNT_MACHINE, /* name ends in $ */
    ACCOUNT_SYSTEM,  /* a well-known identity of the system */
    ACCOUNT_TRIED,   /* only refused logons: a name that somebody typed, perhaps no account */
    ACCOUNT_CLASS_COUNT
} AccountClass;

#define ACCOUNT_HOSTS_SHOWN 6

typedef struct SurveyAccount {
    AccountClass class;
    Label sid, domain, name; /* each may be empty */
    uint32_t further_names;  /* other domains or names with this SID */
    uint64_t events, logons, failed;
    Extent extent;
    uint32_t hosts[ACCOUNT_HOSTS_SHOWN];
    uint32_t host_count; /* all; the first of them are in hosts[] */
} SurveyAccount;

typedef struct SurveyChannel {
    Label source, channel;
    uint64_t events;
    Extent extent;
    uint32_t hosts;
} SurveyChannel;

typedef struct SurveyAction {
    Label action;                      /* empty: records without one */
    uint64_t events, success, failure; /* the rest: not known */
    Extent extent;
} SurveyAction;

typedef struct SurveyQuality {
    Label source;
    TimeQuality quality;
    uint64_t events;
    uint32_t hosts;
    Extent extent;
} SurveyQuality;

typedef struct SurveyRecovered {
    uint32_t host;
    Label source;
    uint64_t events, fragments; /* fragments are among the events */
    Extent extent;
} SurveyRecovered;

/* ---- integrity ---- */

typedef struct SurveyMark {
    uint32_t host;
    bool at_shutdown; /* MARK_LOG_STOP: the system stopped or started within ten minutes */
    Mark mark;
} SurveyMark;

/* Record numbers of a host and channel that rise together. Where numbering began anew there are
 * several. */
typedef struct SurveySeries {
    uint32_t host;
    Label channel;
    uint32_t sequence; /* 1, 2, …, by first number, then time */
    RunEnd low, high;
    uint64_t present, missing; /* numbers */
    uint64_t gaps;
    uint64_t recovered;    /* missing ones that were recovered */
    uint64_t cleared_gaps; /* gaps that a log clear explains */
    bool starts_clear;     /* its first record says that the log was cleared */
    bool sparse;           /* so many gaps that the records are a selection */
} SurveySeries;

typedef struct SurveyGap {
    uint32_t host;
    Label channel;
    uint32_t sequence;
    RunEnd before, after; /* the records on both sides */
    uint64_t missing, recovered;
    bool sparse;       /* one of the widest of a series that is a selection */
    bool cleared;      /* a log clear explains it … */
    EventRef clear_at; /* … this one */
} SurveyGap;

typedef struct SurveyDefect {
    uint32_t item;
    DefectKind kind;
    uint64_t offset, size; /* offset ERR_NO_OFFSET: none */
    Text text;
} SurveyDefect;

/* ---- all of it ---- */

typedef struct SurveyTotals {
    uint64_t events; /* live, each record once */
    uint64_t twins, recovered, fragments, timeless;
    uint64_t quality[TIME_QUALITY_COUNT];
    Extent extent;
    uint64_t items_by_state[ITEM_STATE_COUNT];
    uint64_t containers, bytes; /* bytes: of items that lie in no container */
    uint64_t damages, notes;
    uint64_t marks[MARK_KIND_COUNT];
    uint64_t stops_unexplained; /* MARK_LOG_STOP, not at_shutdown */
    uint64_t series, gaps, missing, gaps_cleared;
    uint64_t silences;
    uint64_t shifted_items;
} SurveyTotals;

#define SURVEY_LIST(Type, name)                                                                    \
    Type *name;                                                                                    \
    size_t name##_count;                                                                           \
    Further name##_further

typedef struct Survey {
    Arena *arena;
    SurveyTotals totals;
    SurveyAxis axis;
    SurveyItem *items; /* by rank: all */
    size_t item_count;
    SURVEY_LIST(SurveyHost, hosts);          /* by name; `further` are names, not yet hosts */
    SURVEY_LIST(SurveySource, sources);      /* by host, then by events */
    SURVEY_LIST(SurveySilence, silences);    /* by host, source, time */
    SURVEY_LIST(SurveyAccount, accounts);    /* by class, then by events */
    SURVEY_LIST(SurveyChannel, channels);    /* by events */
    SURVEY_LIST(SurveyAction, actions);      /* by events */
    SURVEY_LIST(SurveyQuality, qualities);   /* by quality, then by events; no exact ones */
    SURVEY_LIST(SurveyRecovered, recovered); /* by host, then by events */
    SURVEY_LIST(SurveyMark, marks);          /* by time, host */
    SURVEY_LIST(SurveySeries, series);  /* by host, channel, sequence; those without gaps too */
    SURVEY_LIST(SurveyGap, gaps);       /* by host, channel, sequence, number */
    SURVEY_LIST(SurveyDefect, defects); /* by item, offset */
} Survey;

typedef struct SurveyOptions {
    unsigned workers;
    const char *folder; /* for what does not fit in memory */
    /* How far it is; NULL: not interested. false: stop. */
    bool (*progress)(void *ctx, uint64_t segments_done, uint64_t segments);
    void *progress_ctx;
} SurveyOptions;

/* NULL with err. The survey borrows the items of the store. */
Survey *survey_make(Store *store, const SurveyOptions *options, Err *err);
void survey_destroy(Survey *survey); /* NULL is fine */
static inline void survey_destroyp(Survey **survey)
{
    survey_destroy(*survey);
}

#endif
