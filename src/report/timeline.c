#include "report/timeline.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/extsort.h"
#include "report/timeline_fill.h"
#include "report/twin_filter.h"

#define LINE_MAX_SIZE (256u * 1024 * 1024)

struct Timeline {
    const TimelineFormat *format;
    ExtSort *rows;
    TwinFilter *twins;
    size_t memory_bytes;
    const char *folder;
    uint64_t row_count;
    /* while writing */
    const ItemList *items;
    uint32_t *order; /* number of an item in the rows' keys → its index */
    ItemText *texts;
    Buf out, places;
};

Timeline *timeline_create(const TimelineOptions *options, Err *err)
{
    size_t memory = options->memory_bytes ? options->memory_bytes : TIMELINE_MEMORY;
    Timeline *timeline = calloc(1, sizeof *timeline);
    if (!timeline) {
        (void)err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the timeline");
        return NULL;
    }
    timeline->format = options->format;
    timeline->memory_bytes = memory;
    timeline->folder = options->folder;
    buf_init(&timeline->out, LINE_MAX_SIZE);
    buf_init(&timeline->places, LINE_MAX_SIZE);
    timeline->rows = extsort_create(memory / 2, options->folder, err);
    timeline->twins = twin_filter_create(memory / 2, options->folder, err);
    if (!timeline->rows || !timeline->twins) {
        timeline_destroy(timeline);
        return NULL;
    }
    return timeline;
}

void timeline_destroy(Timeline *timeline)
{
    if (!timeline)
        return;
    for (size_t i = 0; timeline->texts && i < timeline->items->count; i++)
        item_text_done(&timeline->texts[i]);
    free(timeline->texts);
    free(timeline->order);
    extsort_destroy(timeline->rows);
    twin_filter_destroy(timeline->twins);
    buf_done(&timeline->out);
    buf_done(&timeline->places);
    free(timeline);
}

bool timeline_receive(Timeline *timeline, const Item *item, uint32_t item_index, Span block,
                      Err *err)
{
    Reader reader = reader_of(block, 0);
    while (reader_left(&reader)) {
        RowHead head;
        Text line;
        const char *why;
        if (!row_take(&reader, timeline->format, &head, &line, &why))
            return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "the worker sent %s", why);
        if (head.offset > item->size)
            return err_set(err, ERR_FORMAT, ERR_NO_OFFSET,
                           "the worker sent an event at byte %" PRIu64 ", beyond the item's end",
                           head.offset);
        RowPlace place = {
            .time = head.time, .item = item_index, .offset = head.offset, .sub = head.sub};
        RowKey key = row_key(&place);
        if (!extsort_add(timeline->rows, span_of(key.bytes, ROW_KEY_SIZE), text_span(line), err) ||
            !twin_filter_add(timeline->twins, &place, &head, err))
            return false;
        timeline->row_count++;
    }
    return true;
}

/* ---- writing ---- */

static bool no_memory(Err *err)
{
    return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory to write the timeline");
}

static const ItemText *item_text(Timeline *timeline, uint32_t number)
{
    ItemText *text = &timeline->texts[number];
    const Item *item = &timeline->items->items[timeline->order[number]];
    bool ok =
        item_text_make(text, timeline->format, item->path, item->hashed ? &item->sha256 : NULL);
    return ok ? text : NULL;
}

/* The other places of a row's record, into timeline->places. */
static bool list_twins(Timeline *timeline, const RowKey *key, Err *err)
{
    Err failure = {0};
    uint32_t item, count = 0;
    uint64_t offset;
    buf_clear(&timeline->places);
    if (!(timeline->format->gaps & 1u << GAP_TWINS))
        return true;
    while (twin_filter_place(timeline->twins, key, &item, &offset, &failure)) {
        const ItemText *text = item_text(timeline, item);
        if (!text)
            return no_memory(err);
        timeline_add_twin(&timeline->places, text, offset, count++);
    }
    timeline_end_twins(&timeline->places, count);
    if (failure.code && err)
        *err = failure;
    return failure.code == ERR_NONE;
}

/* The line with its gaps filled, into timeline->out. */
static bool fill_line(Timeline *timeline, const RowKey *key, Text line, Err *err)
{
    const ItemText *item = item_text(timeline, row_place(key).item);
    if (!item)
        return no_memory(err);
    if (!list_twins(timeline, key, err))
        return false;
    Buf *out = &timeline->out;
    timeline_fill(out, timeline->format, line, item, buf_text(&timeline->places));
    return (!out->failed && !timeline->places.failed) || no_memory(err);
}

static bool write_rows(Timeline *timeline, TimelineWrite write, void *ctx, Err *err)
{
    Span key_bytes, line;
    Err failure = {0};
    while (extsort_next(timeline->rows, &key_bytes, &line, &failure)) {
        RowKey key;
        memcpy(key.bytes, key_bytes.ptr, ROW_KEY_SIZE);
        TwinVerdict verdict;
        if (!twin_filter_verdict(timeline->twins, &key, &verdict, err))
            return false;
        if (verdict == TWIN_DROP)
            continue;
        buf_clear(&timeline->out);
        if (!fill_line(timeline, &key, text_from_span(line), err) ||
            !write(ctx, buf_span(&timeline->out), err))
            return false;
    }
    if (failure.code && err)
        *err = failure;
    return failure.code == ERR_NONE;
}

static void renumber_row(void *new_item, uint8_t *key, size_t len)
{
    (void)len;
    row_key_renumber(key, new_item);
}

/* Rows were noted with the index of their item in the list, where members stand as they were found.
 * The timeline has items in order of their paths. */
static bool order_items(Timeline *timeline, Err *err)
{
    const ItemList *items = timeline->items;
    timeline->order = item_list_order(items, err);
    if (!timeline->order || items->count == items->file_count)
        return timeline->order != NULL;
    CLEANUP(freep) uint32_t *new_item = malloc(items->count * sizeof *new_item);
    if (!new_item)
        return no_memory(err);
    for (size_t i = 0; i < items->count; i++)
        new_item[timeline->order[i]] = (uint32_t)i;
    CLEANUP(extsort_destroyp) ExtSort *old = timeline->rows;
    timeline->rows = extsort_create(timeline->memory_bytes / 2, timeline->folder, err);
    return timeline->rows && extsort_move(old, timeline->rows, renumber_row, new_item, err) &&
           twin_filter_renumber(timeline->twins, new_item, err);
}

bool timeline_write(Timeline *timeline, const ItemList *items, TimelineWrite write, void *ctx,
                    TimelineStats *ret, Err *err)
{
    timeline->items = items;
    timeline->texts = calloc(items->count + 1, sizeof *timeline->texts);
    if (!timeline->texts)
        return no_memory(err);
    Text header = text_from_z(timeline->format->header);
    if (header.len && !write(ctx, text_span(header), err))
        return false;
    if (!order_items(timeline, err) || !twin_filter_finish(timeline->twins, err) ||
        !extsort_finish(timeline->rows, err) || !write_rows(timeline, write, ctx, err))
        return false;
    *ret = (TimelineStats){.rows = timeline->row_count,
                           .twins = twin_filter_dropped(timeline->twins),
                           .spilled_bytes = extsort_stats(timeline->rows).spilled_bytes +
                                            twin_filter_spilled(timeline->twins)};
    return true;
}
