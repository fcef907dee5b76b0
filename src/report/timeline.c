#include "report/timeline.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

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
    uint64_t row_count;
    /* while writing */
    const ItemList *items;
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

static const ItemText *item_text(Timeline *timeline, uint32_t index)
{
    ItemText *text = &timeline->texts[index];
    const Item *item = &timeline->items->items[index];
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
    if (!twin_filter_finish(timeline->twins, err) || !extsort_finish(timeline->rows, err) ||
        !write_rows(timeline, write, ctx, err))
        return false;
    *ret = (TimelineStats){.rows = timeline->row_count,
                           .twins = twin_filter_dropped(timeline->twins),
                           .spilled_bytes = extsort_stats(timeline->rows).spilled_bytes +
                                            twin_filter_spilled(timeline->twins)};
    return true;
}
