#include "store/twin_places.h"

#include <stdlib.h>
#include <string.h>

#include "store/content.h"
#include "store/scan.h"

#define BLOCK_ENTRIES 4096
#define BLOCK_MAX     (256u * 1024 * 1024)
#define VARINT_MAX    10

/* ---- numbers ---- */

static void put_varint(Buf *out, uint64_t v)
{
    uint8_t bytes[VARINT_MAX];
    size_t n = 0;
    for (; v >= 0x80; v >>= 7)
        bytes[n++] = (uint8_t)(v | 0x80);
    bytes[n++] = (uint8_t)v;
    buf_add(out, bytes, n);
}

static uint64_t take_varint(Reader *reader)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 7 * VARINT_MAX; shift += 7) {
        uint8_t byte = reader_u8(reader);
        v |= (uint64_t)(byte & 0x7f) << (shift < 63 ? shift : 63);
        if (!(byte & 0x80))
            return v;
    }
    reader->failed = true;
    return 0;
}

static uint64_t zigzag(uint64_t difference)
{
    return difference << 1 ^ (0 - (difference >> 63));
}

static uint64_t unzigzag(uint64_t v)
{
    return v >> 1 ^ (0 - (v & 1));
}

/* ---- writing ---- */

void place_writer_init(PlaceWriter *writer, Store *store)
{
    *writer = (PlaceWriter){.store = store};
    buf_init(&writer->bytes, BLOCK_MAX);
}

void place_writer_done(PlaceWriter *writer)
{
    free(writer->entries);
    buf_done(&writer->bytes);
}

static int by_item(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* The numbers of all items in the block, sorted, each once. NULL: no memory. */
static uint32_t *block_items(const PlaceWriter *writer, size_t *ret_count)
{
    uint32_t *items = calloc(writer->count + 1, sizeof *items);
    size_t kept = 0;
    if (!items)
        return NULL;
    for (size_t i = 0; i < writer->count; i++)
        items[i] = writer->entries[i].item;
    qsort(items, writer->count, sizeof *items, by_item);
    for (size_t i = 0; i < writer->count; i++)
        if (i == 0 || items[i] != items[kept - 1])
            items[kept++] = items[i];
    *ret_count = kept;
    return items;
}

static bool encode(PlaceWriter *writer)
{
    size_t item_count;
    uint8_t word[4];
    uint32_t *items = block_items(writer, &item_count);
    if (!items)
        return false;
    Buf *out = &writer->bytes;
    buf_clear(out);
    store_u32le(word, (uint32_t)writer->count);
    buf_add(out, word, sizeof word);
    store_u32le(word, (uint32_t)item_count);
    buf_add(out, word, sizeof word);
    for (size_t i = 0; i < item_count; i++) {
        store_u32le(word, items[i]);
        buf_add(out, word, sizeof word);
    }
    uint64_t last = writer->first;
    for (size_t i = 0; i < writer->count; i++) {
        const TwinPlace *entry = &writer->entries[i];
        const uint32_t *item = bsearch(&entry->item, items, item_count, sizeof *items, by_item);
        put_varint(out, entry->kept_offset - last);
        put_varint(out, entry->kept_sub);
        put_varint(out, (uint64_t)(item - items));
        put_varint(out, zigzag(entry->offset - entry->kept_offset));
        put_varint(out, entry->sub);
        last = entry->kept_offset;
    }
    free(items);
    return !out->failed;
}

void places_canonical(Canon *canon, const TwinPlace *entries, size_t count,
                      const ItemId *(*id_of)(void *ctx, uint32_t number), void *ctx)
{
    static const ItemId NOBODY;
    for (size_t i = 0; i < count; i++) {
        const ItemId *id = id_of(ctx, entries[i].item);
        canon_u64(canon, entries[i].kept_offset);
        canon_u64(canon, entries[i].kept_sub);
        canon_raw(canon, span_of((id ? id : &NOBODY)->bytes, sizeof NOBODY.bytes));
        canon_u64(canon, entries[i].offset);
        canon_u64(canon, entries[i].sub);
    }
}

static const ItemId *id_of_number(void *ctx, uint32_t number)
{
    const StoredItem *item = store_item_by_number(ctx, number);
    return item ? &item->id : NULL;
}

bool place_writer_end(PlaceWriter *writer, Err *err)
{
    if (writer->count == 0)
        return true;
    Store *store = writer->store;
    const ItemId *id = id_of_number(store, writer->item);
    RowDigest digest;
    if (!id || !encode(writer))
        return no_memory(err);
    digest_derived(&store->canon, id, DERIVED_TWIN_PLACES, writer->first, 0);
    places_canonical(&store->canon, writer->entries, writer->count, id_of_number, store);
    if (!canon_end_row(&store->canon, &digest))
        return digest_failed(err);
    writer->count = 0;
    return derived_add(store, writer->item, DERIVED_TWIN_PLACES, writer->first, 0,
                       buf_span(&writer->bytes), &digest, err);
}

bool place_writer_add(PlaceWriter *writer, uint32_t kept_item, const TwinPlace *place, Err *err)
{
    /* Blocks of an item are told apart by their first offset: an offset never stands in two. */
    bool full = writer->count >= BLOCK_ENTRIES &&
                writer->entries[writer->count - 1].kept_offset != place->kept_offset;
    if ((writer->item != kept_item || full) && !place_writer_end(writer, err))
        return false;
    if (writer->count == writer->cap) {
        size_t cap = writer->cap ? 2 * writer->cap : BLOCK_ENTRIES;
        TwinPlace *entries = realloc(writer->entries, cap * sizeof *entries);
        if (!entries)
            return no_memory(err);
        writer->entries = entries;
        writer->cap = cap;
    }
    if (writer->count == 0) {
        writer->item = kept_item;
        writer->first = place->kept_offset;
    }
    writer->entries[writer->count++] = *place;
    return true;
}

/* ---- reading ---- */

bool places_read(Span block, uint64_t first, TwinPlace **ret, size_t *ret_count, Err *err)
{
    Reader reader = reader_of(block, 0);
    uint32_t count = reader_u32le(&reader), item_count = reader_u32le(&reader);
    Span items = reader_take(&reader, 4 * (size_t)item_count);
    if (reader.failed || count > reader_left(&reader))
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "case.sqlite: places of twins are damaged");
    TwinPlace *entries = calloc((size_t)count + 1, sizeof *entries);
    if (!entries)
        return no_memory(err);
    uint64_t last = first;
    for (uint32_t i = 0; i < count && !reader.failed; i++) {
        TwinPlace *entry = &entries[i];
        entry->kept_offset = last + take_varint(&reader);
        entry->kept_sub = (uint32_t)take_varint(&reader);
        uint64_t item = take_varint(&reader);
        entry->offset = entry->kept_offset + unzigzag(take_varint(&reader));
        entry->sub = (uint32_t)take_varint(&reader);
        last = entry->kept_offset;
        if (item >= item_count)
            reader.failed = true;
        else
            entry->item = load_u32le(items.ptr + 4 * item);
    }
    if (!reader.failed && reader_left(&reader) == 0) {
        *ret = entries;
        *ret_count = count;
        return true;
    }
    free(entries);
    return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "case.sqlite: places of twins are damaged");
}

/* ---- looking up ---- */

#define CACHE_SLOTS 64

typedef struct CacheSlot {
    uint32_t item;       /* number; 0: empty */
    uint64_t begin, end; /* what is known: offsets [begin, end) */
    TwinPlace *entries;
    size_t count;
} CacheSlot;

struct PlaceCache {
    CacheSlot slots[CACHE_SLOTS];
};

void place_cache_destroy(PlaceCache *cache)
{
    for (size_t i = 0; cache && i < CACHE_SLOTS; i++)
        free(cache->slots[i].entries);
    free(cache);
}

/* The block that would hold an offset, if there is one, and where the next begins. */
static bool fetch(Store *store, uint32_t item, uint64_t offset, CacheSlot *ret, Err *err)
{
    Database *db = store_database(store, err);
    if (!db)
        return false;
    Err failure = {0};
    Query query = query_on(db, SQL_DERIVED_BEFORE);
    query_u64(&query, item);
    query_u64(&query, DERIVED_TWIN_PLACES);
    query_u64(&query, offset);
    *ret = (CacheSlot){.item = item, .end = UINT64_MAX};
    if (query_next(&query, &failure)) {
        ret->begin = query_get_u64(&query, 0);
        box_row(&store->box);
        BoxPlace place = {.column = "derived.bytes",
                          .row = {item, DERIVED_TWIN_PLACES, ret->begin, 0}};
        Span bytes = box_open(&store->box, place, query_get_bytes(&query, 2));
        if (store->box.failed)
            (void)box_error(&store->box, &failure);
        else
            (void)places_read(bytes, ret->begin, &ret->entries, &ret->count, &failure);
        query_end(&query);
    }
    if (failure.code)
        return take_failure(err, &failure);
    query = query_on(db, SQL_DERIVED_AFTER);
    query_u64(&query, item);
    query_u64(&query, DERIVED_TWIN_PLACES);
    query_u64(&query, offset);
    if (query_next(&query, &failure)) {
        ret->end = query_get_u64(&query, 0);
        query_end(&query);
    }
    return take_failure(err, &failure);
}

static CacheSlot *slot_for(Store *store, uint32_t item, uint64_t offset, Err *err)
{
    if (!store->places)
        store->places = calloc(1, sizeof *store->places);
    if (!store->places) {
        (void)no_memory(err);
        return NULL;
    }
    CacheSlot *slot = &store->places->slots[item % CACHE_SLOTS], fetched = {0};
    if (slot->item == item && offset >= slot->begin && offset < slot->end)
        return slot;
    if (!fetch(store, item, offset, &fetched, err)) {
        free(fetched.entries);
        return NULL;
    }
    free(slot->entries);
    *slot = fetched;
    return slot;
}

bool store_twins(Store *store, const ScanPlace *kept,
                 void (*each)(void *ctx, const ScanPlace *twin), void *ctx, Err *err)
{
    if (!reading_load(store, err))
        return false;
    if (kept->rank >= store->reading.item_count)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "there is no item of that rank");
    uint32_t number = store->reading.items[kept->rank].number;
    const CacheSlot *slot = slot_for(store, number, kept->offset, err);
    if (!slot)
        return false;
    size_t low = 0, high = slot->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const TwinPlace *entry = &slot->entries[middle];
        if (entry->kept_offset < kept->offset ||
            (entry->kept_offset == kept->offset && entry->kept_sub < kept->sub))
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < slot->count; low++) {
        const TwinPlace *entry = &slot->entries[low];
        if (entry->kept_offset != kept->offset || entry->kept_sub != kept->sub)
            break;
        const StoredItem *item = store_item_by_number(store, entry->item);
        ScanPlace twin = {.time = TIME_NONE,
                          .rank = item ? item->rank : UINT32_MAX,
                          .offset = entry->offset,
                          .sub = entry->sub};
        if (item)
            each(ctx, &twin);
    }
    return true;
}
