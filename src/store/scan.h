/* scan.h: reading the events of a case.
 *
 * Segments are looked at in parallel by child processes (map), each with its own connection; what
 * they send back is taken in by the caller (reduce) or sorted (store_scan). Everything that
 * analysis, search and reports do with events is one of the two. A segment is hostile bytes: it was
 * checked by batch_open when it came, and is again each time it is read. */
#ifndef STORE_SCAN_H
#define STORE_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "event/batch.h"
#include "store/store.h"
#include "store/summary.h"

typedef struct ScanFilter {
    Time from;         /* TIME_NONE: open. Events without a time always match */
    Time to;           /* exclusive; INT64_MAX: open. Both 0: open on both sides */
    const Text *hosts; /* host.name, else the item's host; ASCII case ignored. Count 0: all */
    size_t host_count;
    const Text *actions;
    size_t action_count;
    const Text *services; /* "product/service" or "product"; ASCII case ignored */
    size_t service_count;
    bool with_twins; /* also events that are kept in another place */
} ScanFilter;

#define SCAN_ALL ((ScanFilter){.from = TIME_NONE, .to = INT64_MAX})

/* A segment at hand, in a child process. The batch's columns `twin` and `payload` are 0. */
typedef struct ScanSegment {
    const StoredItem *item;
    uint32_t segment; /* number in this case file */
    Batch batch;
    const uint8_t *skip; /* bit per row: 1 not to be looked at (filtered, or twin); NULL: none */
    const uint32_t *host_cells;   /* of each layout, UINT32_MAX: none; for scan_host */
    const struct SegmentRef *ref; /* for the store */
} ScanSegment;

/* Time and quality with the item's clock shift applied. */
EventHead scan_head(const ScanSegment *segment, uint32_t row);
static inline bool scan_skips(const ScanSegment *segment, uint32_t row)
{
    return segment->skip && (segment->skip[row / 8] >> (row % 8) & 1);
}
/* host.name of the event, else the item's host. false: neither is known. */
bool scan_host(const ScanSegment *segment, uint32_t row, Text *ret);

typedef struct ScanJob {
    /* Child: is this segment to be looked at, judged by its item and summary, and then by its
     * dictionaries alone (a batch without events)? map follows at once. Each may be NULL. */
    bool (*wants_summary)(void *ctx, const StoredItem *item, const Summary *summary);
    bool (*wants_values)(void *ctx, const Batch *dictionary);
    /* Child: once before the first segment; NULL: nothing to do. */
    bool (*begin)(void *ctx, Err *err);
    /* Child: look at one segment; what is put into `out` goes to the caller's reduce. */
    bool (*map)(void *ctx, const ScanSegment *segment, Buf *out, Err *err);
    /* Child: once at its end; NULL: nothing to add. */
    bool (*end)(void *ctx, Buf *out, Err *err);
    /* Caller: what map or end put out; never empty. Order between segments: any. */
    bool (*reduce)(void *ctx, Span out, Err *err);
    /* Caller: how far it is, ten times a second and after signals. NULL: not interested. false:
     * stop (ERR_INTERRUPTED). */
    bool (*progress)(void *ctx, uint64_t segments_done, uint64_t segments);
    void *ctx; /* each child has its own copy of what is behind it */
} ScanJob;

/* In map or end: hand over what is in their `out` now, which is empty then; for results that would
 * otherwise grow large. */
bool scan_flush(Buf *out, Err *err);

typedef struct ScanStats {
    uint64_t segments, skipped_by_summary, skipped_by_values;
    uint64_t events; /* looked at */
} ScanStats;

/* `filter` NULL: all events but twins. `ret` may be NULL. `workers` 0: as many as processors. A
 * store that is being written is committed first: its connection must not be open while children
 * are made. Only segments of complete pieces are seen. */
bool store_map(Store *store, const ScanFilter *filter, const ScanJob *job, unsigned workers,
               ScanStats *ret, Err *err);

/* What all segments hold, without reading them: for counting. Twins are counted. */
bool store_summaries(Store *store,
                     bool (*each)(void *ctx, const StoredItem *item, const Summary *summary,
                                  Err *err),
                     void *ctx, Err *err);

/* ---- in order ---- */

/* Where an event stands: order of memcmp is the order of scans (time, rank of the item, offset,
 * sub). */
#define SCAN_KEY_SIZE 24
typedef struct ScanKey {
    uint8_t bytes[SCAN_KEY_SIZE];
} ScanKey;

typedef struct ScanPlace {
    Time time;
    uint32_t rank; /* of the item */
    uint64_t offset;
    uint32_t sub;
} ScanPlace;

ScanKey scan_key(const ScanPlace *place);
ScanPlace scan_place(const ScanKey *key);

typedef struct ScanOrder {
    bool (*wants_summary)(void *ctx, const StoredItem *item, const Summary *summary);
    bool (*wants_values)(void *ctx, const Batch *dictionary);
    bool (*begin)(void *ctx, Err *err);
    /* Child: what to keep of an event; false: nothing (not a match), or failure if err->code is
     * set. `out` is empty before. */
    bool (*project)(void *ctx, const ScanSegment *segment, uint32_t row, Buf *out, Err *err);
    /* Caller: the events in order. */
    bool (*each)(void *ctx, const ScanKey *key, Span projected, Err *err);
    bool (*progress)(void *ctx, uint64_t segments_done, uint64_t segments);
    const ScanKey *after; /* only events after it; NULL: from the start */
    uint64_t limit;       /* only the first so many; 0: all */
    size_t memory_bytes;  /* for sorting; 0: 64 MiB */
    const char *folder;   /* for what does not fit; NULL: that of the store */
    void *ctx;
} ScanOrder;

bool store_scan(Store *store, const ScanFilter *filter, const ScanOrder *order, unsigned workers,
                ScanStats *ret, Err *err);

/* Other places of a kept event, by (rank, offset, sub); its time does not matter. Calls `each` for
 * every twin that was left out, in the order of places; their times are TIME_NONE. */
bool store_twins(Store *store, const ScanPlace *kept,
                 void (*each)(void *ctx, const ScanPlace *twin), void *ctx, Err *err);

#endif
