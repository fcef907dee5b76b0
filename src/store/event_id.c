#include "store/event_id.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/digits.h"
#include "store/map.h"

size_t event_id_write(const EventId *id, char out[EVENT_ID_ROOM])
{
    char *at = out + ITEM_ID_TEXT;
    item_id_text(&id->item, out);
    *at++ = '-';
    at = digits_put_u64(at, id->offset);
    if (id->sub) {
        *at++ = '-';
        at = digits_put_u64(at, id->sub);
    }
    return (size_t)(at - out);
}

static bool parse_item(Text hex, ItemId *ret)
{
    static const char DIGITS[] = "0123456789abcdef";
    if (hex.len != ITEM_ID_TEXT)
        return false;
    for (size_t i = 0; i < ITEM_ID_TEXT; i++) {
        const char *digit = memchr(DIGITS, ascii_lower(hex.ptr[i]), 16);
        if (!digit)
            return false;
        uint8_t *byte = &ret->bytes[i / 2];
        *byte = (uint8_t)(*byte << 4 | (digit - DIGITS));
    }
    return true;
}

bool event_id_parse(Text text, EventId *ret)
{
    EventId id = {0};
    uint64_t sub = 0;
    bool has_offset = text_find(text, '-') < text.len;
    Text item = text_cut(&text, '-');
    bool has_sub = text_find(text, '-') < text.len;
    Text offset = text_cut(&text, '-');
    if (!has_offset || !parse_item(item, &id.item) || !text_to_u64(offset, &id.offset) ||
        (has_sub && (!text_to_u64(text, &sub) || sub > UINT32_MAX)))
        return false;
    id.sub = (uint32_t)sub;
    *ret = id;
    return true;
}

/* ---- where it stands ---- */

typedef struct Seeking {
    const EventId *id;
    bool found; /* caller */
    Time time;
} Seeking;

static bool seek_in_segment(void *ctx, const ScanSegment *segment, Buf *out, Err *err)
{
    const Seeking *seeking = ctx;
    (void)err;
    for (uint32_t row = 0; row < segment->batch.event_count; row++) {
        EventHead head = scan_head(segment, row);
        if (head.offset != seeking->id->offset || head.sub != seeking->id->sub)
            continue;
        uint8_t time[8];
        store_u64le(time, (uint64_t)head.time);
        buf_add(out, time, sizeof time);
        return true;
    }
    return true;
}

static bool take_time(void *ctx, Span out, Err *err)
{
    Seeking *seeking = ctx;
    if (out.len != 8)
        return err_set(err, ERR_SANDBOX, ERR_NO_OFFSET,
                       "a process that reads the case sent nonsense");
    seeking->time = (Time)load_u64le(out.ptr);
    seeking->found = true;
    return true;
}

/* Segments of the item: those of the piece that should hold the offset first, then all others. */
static size_t list_segments(const Reading *reading, const StoredItem *item, uint64_t offset,
                            uint32_t *list, size_t *ret_likely)
{
    size_t count = 0, first = SIZE_MAX, end = 0;
    for (size_t i = 0; i < reading->segment_count; i++) {
        const SegmentRef *segment = &reading->segments[i];
        if (segment->item != item)
            continue;
        if (first == SIZE_MAX)
            first = i;
        end = i + 1;
    }
    uint64_t piece = 0;
    for (size_t i = first; i < end; i++)
        if (reading->segments[i].piece <= offset && reading->segments[i].piece >= piece)
            piece = reading->segments[i].piece;
    for (size_t i = first; i < end; i++)
        if (reading->segments[i].piece == piece)
            list[count++] = (uint32_t)i;
    *ret_likely = count;
    for (size_t i = first; i < end; i++)
        if (reading->segments[i].piece != piece)
            list[count++] = (uint32_t)i;
    return count;
}

static bool seek(Store *store, Seeking *seeking, const uint32_t *list, size_t count, Err *err)
{
    ScanFilter filter = SCAN_ALL;
    filter.with_twins = true;
    ScanJob job = {.map = seek_in_segment, .reduce = take_time, .ctx = seeking};
    MapPlan plan = {.filter = &filter, .job = &job, .workers = 1, .order = list, .count = count};
    return count == 0 || seeking->found || map_run(store, &plan, NULL, err);
}

static const StoredItem *find_item(const Reading *reading, const ItemId *id)
{
    for (size_t i = 0; i < reading->item_count; i++)
        if (memcmp(reading->items[i].id.bytes, id->bytes, sizeof id->bytes) == 0)
            return &reading->items[i];
    return NULL;
}

bool store_event_place(Store *store, const EventId *id, ScanPlace *ret, Err *err)
{
    if ((store->writer && !store_commit(store, err)) || !reading_load(store, err))
        return false;
    char text[EVENT_ID_ROOM];
    int len = (int)event_id_write(id, text);
    const StoredItem *item = find_item(&store->reading, &id->item);
    if (!item)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "no item of the case has an event %.*s", len,
                       text);
    CLEANUP(freep)
    uint32_t *list = calloc(store->reading.segment_count + 1, sizeof *list);
    if (!list)
        return no_memory(err);
    size_t likely, count = list_segments(&store->reading, item, id->offset, list, &likely);
    Seeking seeking = {.id = id};
    if (!seek(store, &seeking, list, likely, err) ||
        !seek(store, &seeking, list + likely, count - likely, err))
        return false;
    if (!seeking.found)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "the case has no event %.*s", len, text);
    *ret =
        (ScanPlace){.time = seeking.time, .rank = item->rank, .offset = id->offset, .sub = id->sub};
    return true;
}
