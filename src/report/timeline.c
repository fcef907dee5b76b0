#include "report/timeline.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/extsort.h"
#include "base/json.h"
#include "report/twin_filter.h"

#define LINE_MAX_SIZE (256u * 1024 * 1024)

/* An item as lines show it. */
typedef struct ItemText {
    char *path; /* NULL: not yet rendered */
    size_t path_len;
    char sha256[64];
    size_t sha256_len; /* 0: the item could not be hashed, as a defect has told */
} ItemText;

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
    Buf out;
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
        free(timeline->texts[i].path);
    free(timeline->texts);
    free(timeline->order);
    extsort_destroy(timeline->rows);
    twin_filter_destroy(timeline->twins);
    buf_done(&timeline->out);
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
    if (text->path)
        return text;
    Buf path;
    buf_init(&path, LINE_MAX_SIZE);
    timeline->format->path(&path, item->path);
    buf_add_char(&path, '\0'); /* never empty, so never NULL */
    if (path.failed) {
        buf_done(&path);
        return NULL;
    }
    text->path = path.ptr;
    text->path_len = path.len - 1;
    sha256_hex(&item->sha256, text->sha256);
    text->sha256_len = item->hashed ? sizeof text->sha256 : 0;
    return text;
}

/* ,"twins":[{"item":…,"offset":…},…] */
static bool add_twins(Timeline *timeline, const RowKey *key, Err *err)
{
    Buf *out = &timeline->out;
    Err failure = {0};
    uint32_t item;
    uint64_t offset;
    bool any = false;
    while (twin_filter_place(timeline->twins, key, &item, &offset, &failure)) {
        const ItemText *text = item_text(timeline, item);
        if (!text)
            return no_memory(err);
        if (any)
            BUF_LITERAL(out, ",{\"item\":");
        else
            BUF_LITERAL(out, ",\"twins\":[{\"item\":");
        buf_add(out, text->path, text->path_len);
        BUF_LITERAL(out, ",\"offset\":");
        buf_add_u64(out, offset);
        buf_add_char(out, '}');
        any = true;
    }
    if (any)
        buf_add_char(out, ']');
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
    Buf *out = &timeline->out;
    for (Gap gap = GAP_ITEM; gap < GAP_END; gap++) {
        if (!(timeline->format->gaps & 1u << gap))
            continue;
        Text before = text_cut(&line, (char)gap);
        buf_add_text(out, before);
        if (gap == GAP_ITEM)
            buf_add(out, item->path, item->path_len);
        else if (gap == GAP_SHA256)
            timeline->format->sha256(out, text_of(item->sha256, item->sha256_len));
        else if (!add_twins(timeline, key, err))
            return false;
    }
    buf_add_text(out, line);
    return !out->failed || no_memory(err);
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
