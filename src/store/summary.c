/* The summary:
 *
 *   offset  size  meaning
 *        0     4  events
 *        4     4  events without a time
 *        8     8  first time (Time; TIME_NONE: no event has one)
 *       16     8  last time
 *       24     4  1: the zone of some event is only assumed
 *       28     4  number of hosts; 32: of services; 36: of actions; 40: of channels
 *       44    12  each entry, hosts first: start of its text, bytes of its text, events (u32 each)
 *                 texts, one behind the other in the order of the entries
 *
 * Entries of a kind are sorted by their text, each text once. */
#include "store/summary.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define HEAD_BYTES  44
#define ENTRY_BYTES 12
#define TEXT_MAX    (BATCH_BYTES_MAX)
#define CELL_NONE   UINT32_MAX

/* ---- writing ---- */

typedef struct Entry {
    uint32_t start, len, events;
} Entry;

/* Entries of one kind, not yet sorted. */
typedef struct Tally {
    Buf text;
    Entry *list;
    size_t count, cap;
    bool failed;
} Tally;

static void tally_done(Tally *tally)
{
    buf_done(&tally->text);
    free(tally->list);
}

/* The text that was appended to tally->text since `start` stands for `events` events. */
static void tally_add(Tally *tally, size_t start, uint32_t events)
{
    if (tally->count == tally->cap) {
        size_t cap = tally->cap ? 2 * tally->cap : 16;
        Entry *list = realloc(tally->list, cap * sizeof *list);
        if (!list) {
            tally->failed = true;
            return;
        }
        tally->list = list;
        tally->cap = cap;
    }
    tally->list[tally->count++] = (Entry){
        .start = (uint32_t)start, .len = (uint32_t)(tally->text.len - start), .events = events};
}

static Text entry_text(const Tally *tally, const Entry *entry)
{
    return entry->len ? text_of(tally->text.ptr + entry->start, entry->len) : (Text){0};
}

static int by_text(const void *a, const void *b, void *ctx)
{
    return text_compare(entry_text(ctx, a), entry_text(ctx, b));
}

/* Each text once. */
static void tally_sort(Tally *tally)
{
    size_t kept = 0;
    if (tally->count == 0)
        return;
    qsort_r(tally->list, tally->count, sizeof *tally->list, by_text, tally);
    for (size_t i = 1; i < tally->count; i++) {
        if (text_equal(entry_text(tally, &tally->list[i]), entry_text(tally, &tally->list[kept])))
            tally->list[kept].events += tally->list[i].events;
        else
            tally->list[++kept] = tally->list[i];
    }
    tally->count = kept + 1;
}

static void lower_from(Buf *text, size_t start)
{
    for (size_t i = start; i < text->len; i++)
        text->ptr[i] = ascii_lower(text->ptr[i]);
}

static uint32_t host_cell(const Batch *batch, uint32_t layout)
{
    Layout l = batch_layout(batch, layout);
    for (uint32_t i = 0; i < l.ecs_count; i++)
        if (text_equal(batch_name(batch, load_u32le(l.ecs + 8 * (size_t)i)), TEXT("host.name")))
            return load_u32le(l.ecs + 8 * (size_t)i + 4);
    return CELL_NONE;
}

/* Rows by layout, and by the value that is their host; at the end: without one. */
typedef struct Counts {
    uint32_t *by_layout, *host_cells, *by_host;
} Counts;

static void counts_done(Counts *counts)
{
    free(counts->by_layout);
    free(counts->host_cells);
    free(counts->by_host);
}

static bool count_rows(const Batch *batch, Counts *counts)
{
    counts->by_layout = calloc((size_t)batch->layout_count + 1, sizeof *counts->by_layout);
    counts->host_cells = calloc((size_t)batch->layout_count + 1, sizeof *counts->host_cells);
    counts->by_host = calloc((size_t)batch->value_count + 1, sizeof *counts->by_host);
    if (!counts->by_layout || !counts->host_cells || !counts->by_host)
        return false;
    for (uint32_t i = 0; i < batch->layout_count; i++)
        counts->host_cells[i] = host_cell(batch, i);
    for (uint32_t row = 0; row < batch->event_count; row++) {
        uint32_t layout = batch_layout_of(batch, row);
        uint32_t cell = counts->host_cells[layout];
        uint32_t value = cell == CELL_NONE ? UINT32_MAX : batch_cell(batch, row, cell);
        counts->by_layout[layout]++;
        counts->by_host[value == UINT32_MAX ? batch->value_count : value]++;
    }
    return true;
}

static void tally_hosts(const Batch *batch, const Counts *counts, Tally *hosts)
{
    for (uint32_t value = 0; value <= batch->value_count; value++) {
        size_t start = hosts->text.len;
        if (counts->by_host[value] == 0)
            continue;
        if (value < batch->value_count && batch->value_type[value] == VALUE_TEXT) /* as scan_host */
            buf_add_text(&hosts->text, value_text(batch_value(batch, value)));
        lower_from(&hosts->text, start);
        tally_add(hosts, start, counts->by_host[value]);
    }
}

void summary_write_service(Buf *out, const EventKind *kind)
{
    buf_add_text(out, kind->product);
    if (kind->service.len)
        buf_add_char(out, '/');
    buf_add_text(out, kind->service);
}

static void tally_layouts(const Batch *batch, const Counts *counts, Tally *tallies)
{
    for (uint32_t i = 0; i < batch->layout_count; i++) {
        uint32_t rows = counts->by_layout[i];
        if (rows == 0)
            continue;
        Layout layout = batch_layout(batch, i);
        EventKind kind = batch_kind(batch, layout.kind);
        Tally *service = &tallies[SUMMARY_SERVICE], *action = &tallies[SUMMARY_ACTION],
              *channel = &tallies[SUMMARY_CHANNEL];
        size_t starts[] = {service->text.len, action->text.len, channel->text.len};
        summary_write_service(&service->text, &kind);
        buf_add_text(&action->text, batch_name(batch, layout.action));
        buf_add_text(&channel->text, kind.channel);
        tally_add(service, starts[0], rows);
        tally_add(action, starts[1], rows);
        tally_add(channel, starts[2], rows);
    }
}

static void write_head(const Batch *batch, const Tally *tallies, uint8_t out[HEAD_BYTES])
{
    Time first = TIME_NONE, last = TIME_NONE;
    uint32_t timeless = 0, assumed = 0;
    for (uint32_t row = 0; row < batch->event_count; row++) {
        Time time = (Time)load_u64le(batch->time + 8 * (size_t)row);
        assumed |= batch->quality[row] == TIME_ZONE_ASSUMED;
        if (time == TIME_NONE) {
            timeless++;
            continue;
        }
        first = first == TIME_NONE || time < first ? time : first;
        last = time > last ? time : last; /* TIME_NONE is the least */
    }
    store_u32le(out, batch->event_count);
    store_u32le(out + 4, timeless);
    store_u64le(out + 8, (uint64_t)first);
    store_u64le(out + 16, (uint64_t)last);
    store_u32le(out + 24, assumed);
    for (unsigned kind = 0; kind < SUMMARY_KIND_COUNT; kind++)
        store_u32le(out + 28 + 4 * kind, (uint32_t)tallies[kind].count);
}

static void write_entries(const Tally *tallies, Buf *out)
{
    uint8_t entry[ENTRY_BYTES];
    uint32_t start = 0;
    for (unsigned kind = 0; kind < SUMMARY_KIND_COUNT; kind++) {
        for (size_t i = 0; i < tallies[kind].count; i++) {
            const Entry *e = &tallies[kind].list[i];
            store_u32le(entry, start);
            store_u32le(entry + 4, e->len);
            store_u32le(entry + 8, e->events);
            buf_add(out, entry, sizeof entry);
            start += e->len;
        }
    }
    for (unsigned kind = 0; kind < SUMMARY_KIND_COUNT; kind++)
        for (size_t i = 0; i < tallies[kind].count; i++)
            buf_add_text(out, entry_text(&tallies[kind], &tallies[kind].list[i]));
}

bool summary_write(const Batch *batch, Buf *out, Err *err)
{
    Tally tallies[SUMMARY_KIND_COUNT] = {0};
    Counts counts = {0};
    uint8_t head[HEAD_BYTES];
    bool failed = false;
    for (unsigned kind = 0; kind < SUMMARY_KIND_COUNT; kind++)
        buf_init(&tallies[kind].text, TEXT_MAX);
    if (count_rows(batch, &counts)) {
        tally_hosts(batch, &counts, &tallies[SUMMARY_HOST]);
        tally_layouts(batch, &counts, tallies);
    } else {
        failed = true;
    }
    for (unsigned kind = 0; kind < SUMMARY_KIND_COUNT; kind++) {
        failed = failed || tallies[kind].failed || tallies[kind].text.failed;
        if (!failed)
            tally_sort(&tallies[kind]);
    }
    if (!failed) {
        write_head(batch, tallies, head);
        buf_add(out, head, sizeof head);
        write_entries(tallies, out);
    }
    for (unsigned kind = 0; kind < SUMMARY_KIND_COUNT; kind++)
        tally_done(&tallies[kind]);
    counts_done(&counts);
    return (!failed && !out->failed) ||
           err_set(err, ERR_LIMIT, ERR_NO_OFFSET,
                   "the batch names more hosts, sources and channels than can be summed up");
}

/* ---- reading ---- */

static bool damaged(Err *err, const char *what)
{
    return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "summary of a segment: %s", what);
}

static const uint8_t *entry_at(const Summary *summary, SummaryKind kind, uint32_t i)
{
    return summary->bytes.ptr + HEAD_BYTES + ENTRY_BYTES * ((size_t)summary->at[kind] + i);
}

static size_t text_begin(const Summary *summary)
{
    unsigned last = SUMMARY_KIND_COUNT - 1;
    return HEAD_BYTES + ENTRY_BYTES * ((size_t)summary->at[last] + summary->count[last]);
}

/* Sorted, each once, and as many events as the segment has. */
static bool check_kind(const Summary *summary, SummaryKind kind)
{
    uint64_t events = 0;
    Text last = {0};
    for (uint32_t i = 0; i < summary->count[kind]; i++) {
        SummaryEntry entry = summary_at(summary, kind, i);
        if (i && text_compare(last, entry.text) >= 0)
            return false;
        last = entry.text;
        events += entry.events;
    }
    return events == summary->events;
}

/* Texts follow one another and fill the rest. */
static bool check_texts(const Summary *summary, uint64_t entries)
{
    uint64_t next = 0;
    for (uint64_t i = 0; i < entries; i++) {
        const uint8_t *entry = summary->bytes.ptr + HEAD_BYTES + ENTRY_BYTES * i;
        if (load_u32le(entry) != next)
            return false;
        next += load_u32le(entry + 4);
    }
    return next == summary->bytes.len - HEAD_BYTES - ENTRY_BYTES * entries;
}

bool summary_open(Span bytes, Summary *ret, Err *err)
{
    if (bytes.len < HEAD_BYTES)
        return damaged(err, "too short");
    Summary summary = {.bytes = bytes,
                       .events = load_u32le(bytes.ptr),
                       .timeless = load_u32le(bytes.ptr + 4),
                       .first = (Time)load_u64le(bytes.ptr + 8),
                       .last = (Time)load_u64le(bytes.ptr + 16),
                       .zone_assumed = load_u32le(bytes.ptr + 24) != 0};
    uint64_t entries = 0;
    for (unsigned kind = 0; kind < SUMMARY_KIND_COUNT; kind++) {
        summary.count[kind] = load_u32le(bytes.ptr + 28 + 4 * kind);
        summary.at[kind] = (uint32_t)entries;
        entries += summary.count[kind];
    }
    if (entries > (bytes.len - HEAD_BYTES) / ENTRY_BYTES || !check_texts(&summary, entries))
        return damaged(err, "entries do not fit");
    if (summary.first > summary.last || summary.timeless > summary.events)
        return damaged(err, "times do not fit");
    for (unsigned kind = 0; kind < SUMMARY_KIND_COUNT; kind++)
        if (!check_kind(&summary, (SummaryKind)kind))
            return damaged(err, "entries out of order");
    *ret = summary;
    return true;
}

SummaryEntry summary_at(const Summary *summary, SummaryKind kind, uint32_t i)
{
    const uint8_t *entry = entry_at(summary, kind, i);
    const uint8_t *texts = summary->bytes.ptr + text_begin(summary);
    return (SummaryEntry){
        .text = text_of((const char *)texts + load_u32le(entry), load_u32le(entry + 4)),
        .events = load_u32le(entry + 8)};
}

bool summary_has(const Summary *summary, SummaryKind kind, Text text)
{
    for (uint32_t i = 0; i < summary->count[kind]; i++)
        if (text_equal_nocase(summary_at(summary, kind, i).text, text))
            return true;
    return false;
}
