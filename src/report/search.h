/* search.h: the events of a case as lines of a timeline, in order: those that a query finds, or
 * all; a page of them, or to the end. For the commands `search` and `timeline --case`, and for the
 * page.
 *
 * Matching and rendering are done by child processes (store/scan.h), which keep no more rows than
 * are asked for; the caller's process sorts and fills in what it vouches for. */
#ifndef REPORT_SEARCH_H
#define REPORT_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "event/schema.h"
#include "report/timeline_format.h"
#include "store/event_id.h"
#include "store/query.h"
#include "store/scan.h"

typedef struct SearchPage {
    const Query *query; /* NULL: every event */
    const TimelineFormat *format;
    ScanFilter filter;
    Text after;     /* id of an event: only those behind it; empty: from the first */
    uint64_t limit; /* rows; 0: all */
    bool with_ids;  /* JSON lines begin with the id of their event */
    unsigned workers;
    size_t memory_bytes; /* for sorting; 0: as store_scan */
    const char *folder;  /* for what does not fit; NULL: that of the store */
} SearchPage;

typedef struct SearchStats {
    uint64_t rows;      /* given */
    bool more;          /* there are more behind them */
    EventId last;       /* of the last row, if there is one */
    uint64_t too_large; /* events that are too large to be a line, and were left out */
    ScanStats scan;
} SearchStats;

typedef struct SearchCalls {
    /* A line with its '\n', valid during the call. */
    bool (*row)(void *ctx, Text line, Err *err);
    /* How far the scan is; false: stop (ERR_INTERRUPTED). NULL: not interested. */
    bool (*progress)(void *ctx, uint64_t segments_done, uint64_t segments);
    void *ctx;
} SearchCalls;

/* `schema`: for messages. The header of the format is the caller's. ERR_USAGE: `after` is no id, or
 * names no event of the case. */
bool search(Store *store, const Schema *schema, const SearchPage *page, const SearchCalls *calls,
            SearchStats *ret, Err *err);

#endif
