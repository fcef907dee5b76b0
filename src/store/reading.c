/* Items and segments, read once. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/content.h"
#include "store/inside.h"
#include "store/twin_places.h"

#define READING_MEMORY (UINT64_C(4) << 30)
#define CLOCK_BYTES    8 /* of a row of DERIVED_CLOCK: what is added, nanoseconds */

typedef struct Growing {
    void *list;
    size_t count, cap;
} Growing;

/* Room for one more element of `size` bytes; NULL: no memory. */
static void *grow(Growing *growing, size_t size)
{
    if (growing->count == growing->cap) {
        size_t cap = growing->cap ? 2 * growing->cap : 64, bytes;
        if (!mul_size(cap, size, &bytes))
            return NULL;
        void *list = realloc(growing->list, bytes);
        if (!list)
            return NULL;
        growing->list = list;
        growing->cap = cap;
    }
    return (uint8_t *)growing->list + size * growing->count++;
}

/* ---- items ---- */

static bool copy_texts(Arena *arena, StoredItem *item)
{
    return arena_copy_text(arena, item->path, &item->path) &&
           arena_copy_text(arena, item->format, &item->format) &&
           arena_copy_text(arena, item->host, &item->host);
}

static bool take_item(Arena *arena, const ItemRow *row, StoredItem *ret)
{
    *ret = (StoredItem){
        .number = row->number,
        .parent = row->parent,
        .id = row->id,
        .path = row->path,
        .size = row->size,
        .hashed = row->sha256.len != 0,
        .format = row->format,
        .state = row->state < ITEM_STATE_COUNT ? (ItemState)row->state : ITEM_WAITING,
        .complete = row->complete,
        .host = row->host,
        .host_origin =
            row->host_origin < HOST_ORIGIN_COUNT ? (HostOrigin)row->host_origin : HOST_UNKNOWN,
        .events = row->events,
        .changed_ns = row->changed_ns};
    if (ret->hashed)
        memcpy(ret->sha256.bytes, row->sha256.ptr, sizeof ret->sha256.bytes);
    return copy_texts(arena, ret);
}

static int by_path(const void *a, const void *b)
{
    const StoredItem *x = a, *y = b;
    int order = text_compare(x->path, y->path);
    return order ? order : memcmp(x->id.bytes, y->id.bytes, sizeof x->id.bytes);
}

static int by_number(const void *a, const void *b)
{
    const StoredItem *x = *(const StoredItem *const *)a, *y = *(const StoredItem *const *)b;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* Into the order of ranks, with a list by number beside it. */
static bool arrange_items(Reading *reading, const Growing *found)
{
    size_t count = found->count;
    reading->items = ARENA_NEW(reading->arena, StoredItem, count + 1);
    reading->by_number =
        (const StoredItem **)arena_alloc_array(reading->arena, count + 1, sizeof(StoredItem *));
    if (!reading->items || !reading->by_number)
        return false;
    if (count) {
        memcpy(reading->items, found->list, count * sizeof *reading->items);
        qsort(reading->items, count, sizeof *reading->items, by_path);
    }
    for (size_t i = 0; i < count; i++) {
        reading->items[i].rank = (uint32_t)i;
        reading->by_number[i] = &reading->items[i];
    }
    qsort(reading->by_number, count, sizeof *reading->by_number, by_number);
    reading->item_count = count;
    return true;
}

static bool load_items(Store *store, Database *db, Err *err)
{
    Reading *reading = &store->reading;
    Growing found = {0};
    Err failure = {0};
    ItemRow row;
    Query query = query_on(db, SQL_ITEM_ALL);
    while (query_next(&query, &failure)) {
        bool ok = item_row(store, &query, &row);
        if (!ok)
            (void)(store->box.failed ? box_error(&store->box, &failure)
                                     : err_set(&failure, ERR_FORMAT, ERR_NO_OFFSET,
                                               "case.sqlite: an item's row is damaged"));
        StoredItem *item = ok ? grow(&found, sizeof *item) : NULL;
        if (ok && (!item || !take_item(reading->arena, &row, item)))
            ok = no_memory(&failure);
        if (!ok) {
            query_end(&query);
            break;
        }
    }
    bool ok = take_failure(err, &failure) && (arrange_items(reading, &found) || no_memory(err));
    free(found.list);
    return ok;
}

static const StoredItem *find_number(const Reading *reading, uint64_t number)
{
    StoredItem wanted = {.number = (uint32_t)number};
    const StoredItem *key = &wanted;
    if (number > UINT32_MAX || reading->item_count == 0)
        return NULL;
    const StoredItem *const *found = bsearch(&key, reading->by_number, reading->item_count,
                                             sizeof *reading->by_number, by_number);
    return found ? *found : NULL;
}

static bool load_clocks(Store *store, Database *db, Err *err)
{
    Err failure = {0};
    Query query = query_on(db, SQL_DERIVED_OF_KIND);
    query_u64(&query, DERIVED_CLOCK);
    while (query_next(&query, &failure)) {
        uint64_t number = query_get_u64(&query, 0);
        const StoredItem *item = find_number(&store->reading, number);
        box_row(&store->box);
        Span bytes =
            box_open(&store->box,
                     (BoxPlace){.column = "derived.bytes", .row = {number, DERIVED_CLOCK, 0, 0}},
                     query_get_bytes(&query, 3));
        if (!item || bytes.len < CLOCK_BYTES)
            continue; /* verify tells */
        StoredItem *changed = &store->reading.items[item->rank];
        changed->clock_shift_ns = (int64_t)load_u64le(bytes.ptr);
        changed->shifted = true;
    }
    return take_failure(err, &failure);
}

/* ---- segments ---- */

static bool take_segment(Store *store, const Query *query, SegmentRef *ret, Err *err)
{
    Text copy;
    uint64_t number = query_get_u64(query, 0);
    *ret = (SegmentRef){.item = find_number(&store->reading, number),
                        .piece = query_get_u64(query, 1),
                        .seq = (uint32_t)query_get_u64(query, 2),
                        .number = (uint32_t)query_get_u64(query, 3),
                        .events = (uint32_t)query_get_u64(query, 4)};
    box_row(&store->box);
    Span summary = open_cell(store, "segment.summary", number, ret->piece, ret->seq,
                             query_get_bytes(query, 5));
    if (store->box.failed)
        return box_error(&store->box, err);
    if (!ret->item)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "case.sqlite: a segment belongs to no item");
    if (!arena_copy_text(store->reading.arena, text_from_span(summary), &copy))
        return no_memory(err);
    return summary_open(text_span(copy), &ret->summary, err) || err_wrap(err, "case.sqlite");
}

static bool load_segments(Store *store, Database *db, Err *err)
{
    Growing found = {0};
    Err failure = {0};
    Query query = query_on(db, SQL_SEGMENT_COMPLETE);
    while (query_next(&query, &failure)) {
        SegmentRef *segment = grow(&found, sizeof *segment);
        bool ok = segment || no_memory(&failure);
        if (!ok || !take_segment(store, &query, segment, &failure)) {
            query_end(&query);
            break;
        }
    }
    Reading *reading = &store->reading;
    bool ok = take_failure(err, &failure);
    if (ok) {
        reading->segments = ARENA_NEW(reading->arena, SegmentRef, found.count + 1);
        ok = reading->segments || no_memory(err);
    }
    if (ok && found.count)
        memcpy(reading->segments, found.list, found.count * sizeof *reading->segments);
    reading->segment_count = ok ? found.count : 0;
    free(found.list);
    return ok;
}

/* <0: the segment stands before the row. Both are sorted alike. */
static int place_order(const SegmentRef *segment, uint64_t item, uint64_t piece, uint64_t seq)
{
    if (segment->item->number != item)
        return segment->item->number < item ? -1 : 1;
    if (segment->piece != piece)
        return (int64_t)segment->piece < (int64_t)piece ? -1 : 1;
    return segment->seq < seq ? -1 : segment->seq > seq;
}

static bool load_twin_bits(Store *store, Database *db, Err *err)
{
    Reading *reading = &store->reading;
    Err failure = {0};
    size_t next = 0;
    Query query = query_on(db, SQL_DERIVED_OF_KIND);
    query_u64(&query, DERIVED_TWIN_BITS);
    while (query_next(&query, &failure)) {
        uint64_t item = query_get_u64(&query, 0), piece = query_get_u64(&query, 1),
                 seq = query_get_u64(&query, 2);
        box_row(&store->box);
        BoxPlace place = {.column = "derived.bytes", .row = {item, DERIVED_TWIN_BITS, piece, seq}};
        Span bits = box_open(&store->box, place, query_get_bytes(&query, 3));
        while (next < reading->segment_count &&
               place_order(&reading->segments[next], item, piece, seq) < 0)
            next++;
        SegmentRef *segment = &reading->segments[next];
        if (next == reading->segment_count || place_order(segment, item, piece, seq) != 0 ||
            bits.len != (segment->events + (size_t)7) / 8)
            continue; /* verify tells */
        Text copy;
        if (!arena_copy_text(reading->arena, text_from_span(bits), &copy)) {
            (void)no_memory(&failure);
            query_end(&query);
            break;
        }
        segment->twin_bits = text_span(copy);
    }
    return take_failure(err, &failure);
}

/* ---- both ---- */

static bool load_all(Store *store, Database *db, Err *err)
{
    bool own = !database_in_transaction(db);
    if (own && !database_run(db, SQL_BEGIN_READ, err))
        return false;
    bool ok = load_items(store, db, err) && load_clocks(store, db, err) &&
              load_segments(store, db, err) && load_twin_bits(store, db, err);
    if (own && !database_run(db, ok ? SQL_COMMIT : SQL_ROLLBACK, ok ? err : NULL))
        return false;
    return ok;
}

bool reading_load(Store *store, Err *err)
{
    if (store->reading.arena)
        return true;
    Database *db = store_database(store, err);
    if (!db)
        return false;
    store->reading.arena = arena_create(READING_MEMORY);
    if (!store->reading.arena)
        return no_memory(err);
    if (load_all(store, db, err))
        return true;
    reading_forget(store);
    return false;
}

void reading_forget(Store *store)
{
    arena_destroy(store->reading.arena);
    store->reading = (Reading){0};
    place_cache_destroy(store->places);
    store->places = NULL;
}

/* ---- for everybody ---- */

bool store_items(Store *store, const StoredItem **ret, size_t *ret_count, Err *err)
{
    if (!reading_load(store, err))
        return false;
    *ret = store->reading.items;
    *ret_count = store->reading.item_count;
    return true;
}

const StoredItem *store_item_by_path(Store *store, Text path)
{
    if (!reading_load(store, NULL))
        return NULL;
    size_t low = 0, high = store->reading.item_count;
    const StoredItem *items = store->reading.items;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (text_compare(items[middle].path, path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < store->reading.item_count && text_equal(items[low].path, path);
    return found ? &items[low] : NULL;
}

const StoredItem *store_item_by_number(Store *store, uint32_t number)
{
    return reading_load(store, NULL) ? find_number(&store->reading, number) : NULL;
}

/* ---- defects ---- */

static int by_place(const void *a, const void *b)
{
    const StoredDefect *x = a, *y = b;
    if (x->item->rank != y->item->rank)
        return x->item->rank < y->item->rank ? -1 : 1;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return text_compare(x->text, y->text);
}

static bool load_defects(Store *store, Database *db, Arena *arena, Growing *found, Err *err)
{
    Err failure = {0};
    Query query = query_on(db, SQL_DEFECT_ALL);
    while (query_next(&query, &failure)) {
        uint64_t number = query_get_u64(&query, 0), piece = query_get_u64(&query, 1),
                 seq = query_get_u64(&query, 2);
        StoredDefect defect = {.item = find_number(&store->reading, number),
                               .kind = query_get_u64(&query, 3) ? DEFECT_DAMAGE : DEFECT_NOTE,
                               .offset = query_get_u64(&query, 4),
                               .size = query_get_u64(&query, 5)};
        box_row(&store->box);
        Span text = open_cell(store, "defect.text", number, piece, seq, query_get_bytes(&query, 6));
        if (!defect.item)
            continue; /* of an item that came after this was read, or verify tells */
        StoredDefect *to = store->box.failed ? NULL : grow(found, sizeof *to);
        bool ok = to && arena_copy_text(arena, text_from_span(text), &defect.text);
        if (!ok) {
            (void)(store->box.failed ? box_error(&store->box, &failure) : no_memory(&failure));
            query_end(&query);
            break;
        }
        *to = defect;
    }
    return take_failure(err, &failure);
}

bool store_defects(Store *store, bool (*each)(void *ctx, const StoredDefect *defect, Err *err),
                   void *ctx, Err *err)
{
    if (!reading_load(store, err))
        return false;
    Database *db = store_database(store, err);
    CLEANUP(arena_destroyp) Arena *arena = db ? arena_create(READING_MEMORY) : NULL;
    if (!arena)
        return db ? no_memory(err) : false;
    Growing found = {0};
    bool ok = load_defects(store, db, arena, &found, err);
    if (ok && found.count)
        qsort(found.list, found.count, sizeof(StoredDefect), by_place);
    const StoredDefect *defects = found.list;
    for (size_t i = 0; i < found.count && ok; i++)
        ok = each(ctx, &defects[i], err);
    free(found.list);
    return ok;
}
