/* Events in order: each child keeps what the caller wants of its segments, or of a page of events
 * only the first; the caller's process sorts. */
#include "store/scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/extsort.h"
#include "store/filter.h"
#include "store/map.h"
#include "store/page.h"

#define SORT_MEMORY (64u * 1024 * 1024)
#define PAGE_MAX    65536 /* a larger page is cut from a whole sort */
#define FLUSH_BYTES (256 * 1024)

/* ---- keys ---- */

#define SIGN UINT64_C(0x8000000000000000) /* turned, signed times sort as unsigned */

static void put_u64be(uint8_t *out, uint64_t v)
{
    store_u64le(out, __builtin_bswap64(v));
}

static void put_u32be(uint8_t *out, uint32_t v)
{
    store_u32le(out, __builtin_bswap32(v));
}

static uint64_t get_u64be(const uint8_t *p)
{
    return __builtin_bswap64(load_u64le(p));
}

ScanKey scan_key(const ScanPlace *place)
{
    ScanKey key;
    put_u64be(key.bytes, (uint64_t)place->time ^ SIGN);
    put_u32be(key.bytes + 8, place->rank);
    put_u64be(key.bytes + 12, place->offset);
    put_u32be(key.bytes + 20, place->sub);
    return key;
}

ScanPlace scan_place(const ScanKey *key)
{
    return (ScanPlace){.time = (Time)(get_u64be(key->bytes) ^ SIGN),
                       .rank = __builtin_bswap32(load_u32le(key->bytes + 8)),
                       .offset = get_u64be(key->bytes + 12),
                       .sub = __builtin_bswap32(load_u32le(key->bytes + 20))};
}

/* Behind a key when it is sorted: where the row stands, so that rows with the same key, which
 * hostile evidence may have, come in the same order each time. */
static PageKey page_key(const ScanSegment *segment, uint32_t row)
{
    EventHead head = scan_head(segment, row);
    ScanPlace place = {
        .time = head.time, .rank = segment->item->rank, .offset = head.offset, .sub = head.sub};
    ScanKey key = scan_key(&place);
    PageKey ret;
    memcpy(ret.bytes, key.bytes, sizeof key.bytes);
    put_u64be(ret.bytes + SCAN_KEY_SIZE, segment->ref->piece);
    put_u32be(ret.bytes + SCAN_KEY_SIZE + 8, segment->ref->seq);
    put_u32be(ret.bytes + SCAN_KEY_SIZE + 12, row);
    return ret;
}

/* ---- child ---- */

typedef struct Scan {
    const ScanOrder *order;
    const Reading *reading;
    Page page;  /* child; of its events the first `limit` */
    bool pages; /* is it used? */
    Buf projected;
    ExtSort *sort; /* caller */
} Scan;

static bool scan_wants_summary(void *ctx, const StoredItem *item, const Summary *summary)
{
    const Scan *scan = ctx;
    return !scan->order->wants_summary ||
           scan->order->wants_summary(scan->order->ctx, item, summary);
}

static bool scan_wants_values(void *ctx, const Batch *dictionary)
{
    const Scan *scan = ctx;
    return !scan->order->wants_values || scan->order->wants_values(scan->order->ctx, dictionary);
}

/* A segment whose events all stand before the page, or after the last of a full one. */
static bool scan_wants(void *ctx, uint32_t index)
{
    const Scan *scan = ctx;
    const SegmentRef *ref = &scan->reading->segments[index];
    Time first, last;
    filter_times(ref, &first, &last);
    if (scan->order->after && scan_place(scan->order->after).time > last)
        return false;
    if (!scan->pages || ref->summary.timeless)
        return true;
    const PageKey *worst = page_worst(&scan->page);
    return !worst || first <= (Time)(get_u64be(worst->bytes) ^ SIGN);
}

static bool scan_begin(void *ctx, Err *err)
{
    Scan *scan = ctx;
    if (scan->pages && !page_init(&scan->page, (size_t)scan->order->limit))
        return no_memory(err);
    return !scan->order->begin || scan->order->begin(scan->order->ctx, err);
}

static void add_row(Buf *out, const PageKey *key, Span row)
{
    uint8_t len[4];
    store_u32le(len, (uint32_t)row.len);
    buf_add(out, len, sizeof len);
    buf_add(out, key->bytes, sizeof key->bytes);
    buf_add(out, row.ptr, row.len);
}

static bool project_row(Scan *scan, const ScanSegment *segment, uint32_t row, Buf *out, Err *err)
{
    const ScanOrder *order = scan->order;
    bool early = order->after || scan->pages; /* else most rows are never asked for their key */
    PageKey key;
    if (early)
        key = page_key(segment, row);
    if (order->after && memcmp(key.bytes, order->after->bytes, SCAN_KEY_SIZE) <= 0)
        return true;
    if (scan->pages && !page_wants(&scan->page, &key))
        return true;
    Err failure = {0};
    buf_clear(&scan->projected);
    if (!order->project(order->ctx, segment, row, &scan->projected, &failure))
        return take_failure(err, &failure);
    if (scan->projected.failed)
        return no_memory(err);
    if (!early)
        key = page_key(segment, row);
    if (!scan->pages)
        add_row(out, &key, buf_span(&scan->projected));
    else if (!page_add(&scan->page, &key, buf_span(&scan->projected)))
        return no_memory(err);
    return true;
}

static bool scan_map(void *ctx, const ScanSegment *segment, Buf *out, Err *err)
{
    Scan *scan = ctx;
    for (uint32_t row = 0; row < segment->batch.event_count; row++) {
        if (scan_skips(segment, row))
            continue;
        if (!project_row(scan, segment, row, out, err) ||
            (out->len >= FLUSH_BYTES && !scan_flush(out, err)))
            return false;
    }
    return true;
}

static bool scan_end(void *ctx, Buf *out, Err *err)
{
    Scan *scan = ctx;
    (void)err;
    for (size_t i = 0; scan->pages && i < scan->page.count; i++)
        add_row(out, &scan->page.rows[i]->key, page_row(scan->page.rows[i]));
    return true;
}

/* ---- caller ---- */

static bool scan_reduce(void *ctx, Span out, Err *err)
{
    Scan *scan = ctx;
    Reader reader = reader_of(out, 0);
    while (reader_left(&reader)) {
        uint32_t len = reader_u32le(&reader);
        Span key = reader_take(&reader, sizeof(PageKey));
        Span row = reader_take(&reader, len);
        if (reader.failed)
            return err_set(err, ERR_SANDBOX, ERR_NO_OFFSET,
                           "a process that reads the case sent nonsense");
        if (!extsort_add(scan->sort, key, row, err))
            return false;
    }
    return true;
}

static bool scan_progress(void *ctx, uint64_t done, uint64_t all)
{
    const Scan *scan = ctx;
    return !scan->order->progress || scan->order->progress(scan->order->ctx, done, all);
}

static bool give_out(Scan *scan, Err *err)
{
    const ScanOrder *order = scan->order;
    Err failure = {0};
    Span key, row;
    if (!extsort_finish(scan->sort, err))
        return false;
    for (uint64_t n = 0; order->limit == 0 || n < order->limit; n++) {
        if (!extsort_next(scan->sort, &key, &row, &failure))
            return take_failure(err, &failure);
        ScanKey public_key;
        memcpy(public_key.bytes, key.ptr, SCAN_KEY_SIZE);
        if (!order->each(order->ctx, &public_key, row, err))
            return false;
    }
    return true;
}

static int by_first(const void *a, const void *b, void *ctx)
{
    const Reading *reading = ctx;
    const SegmentRef *x = &reading->segments[*(const uint32_t *)a],
                     *y = &reading->segments[*(const uint32_t *)b];
    Time first[2], last;
    filter_times(x, &first[0], &last);
    filter_times(y, &first[1], &last);
    if (x->summary.timeless)
        first[0] = TIME_NONE;
    if (y->summary.timeless)
        first[1] = TIME_NONE;
    if (first[0] != first[1])
        return first[0] < first[1] ? -1 : 1;
    return x < y ? -1 : x > y;
}

/* Segments by their first time: a page is full early, and the rest is passed over. */
static uint32_t *order_by_time(Reading *reading)
{
    uint32_t *order = calloc(reading->segment_count + 1, sizeof *order);
    for (size_t i = 0; order && i < reading->segment_count; i++)
        order[i] = (uint32_t)i;
    if (order)
        qsort_r(order, reading->segment_count, sizeof *order, by_first, reading);
    return order;
}

static bool run_scan(Store *store, const ScanFilter *filter, Scan *scan, unsigned workers,
                     ScanStats *ret, Err *err)
{
    CLEANUP(freep) uint32_t *order = scan->pages ? order_by_time(&store->reading) : NULL;
    if (scan->pages && !order)
        return no_memory(err);
    ScanJob job = {.wants_summary = scan_wants_summary,
                   .wants_values = scan_wants_values,
                   .begin = scan_begin,
                   .map = scan_map,
                   .end = scan_end,
                   .reduce = scan_reduce,
                   .progress = scan_progress,
                   .ctx = scan};
    MapPlan plan = {.filter = filter,
                    .job = &job,
                    .workers = workers,
                    .order = order,
                    .count = store->reading.segment_count,
                    .wants = scan_wants};
    return map_run(store, &plan, ret, err) && give_out(scan, err);
}

bool store_scan(Store *store, const ScanFilter *filter, const ScanOrder *order, unsigned workers,
                ScanStats *ret, Err *err)
{
    if (!store_refresh(store, err))
        return false;
    if (!reading_load(store, err))
        return false;
    CLEANUP(extsort_destroyp)
    ExtSort *sort = extsort_create(order->memory_bytes ? order->memory_bytes : SORT_MEMORY,
                                   order->folder ? order->folder : store->temporary, err);
    if (!sort)
        return false;
    Scan scan = {.order = order,
                 .reading = &store->reading,
                 .pages = order->limit && order->limit <= PAGE_MAX,
                 .sort = sort};
    buf_init(&scan.projected, EXTSORT_ROW_MAX);
    return run_scan(store, filter, &scan, workers, ret, err);
}
