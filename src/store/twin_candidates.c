#include "store/twin_candidates.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/extsort.h"
#include "store/part.h"

#define TABLE_BITS_MIN 16 /* slots, as a power of two */
#define TABLE_BITS_MAX 27
#define SORT_MEMORY    (24u * 1024 * 1024)
#define WORTH_SORTING  8 /* at most one in so many events */
#define KEY_BYTES_     16
#define ROW_BYTES      8 /* segment, row (u32 each) */

/* ---- bits ---- */

bool row_bits_init(RowBits *bits, size_t segments)
{
    *bits = (RowBits){.list = calloc(segments + 1, sizeof *bits->list), .count = segments};
    return bits->list != NULL;
}

void row_bits_done(RowBits *bits)
{
    for (size_t i = 0; bits->list && i < bits->count; i++)
        free(bits->list[i]);
    free(bits->list);
    *bits = (RowBits){0};
}

bool row_bits_set(RowBits *bits, const SegmentRef *ref, size_t segment, uint32_t row)
{
    uint8_t **rows = &bits->list[segment];
    if (!*rows)
        *rows = calloc(1, (size_t)ref->events / 8 + 1);
    if (!*rows)
        return false;
    bits->set += !row_bits_has(bits, segment, row);
    (*rows)[row / 8] |= (uint8_t)(1 << (row % 8));
    return true;
}

/* ---- the table ---- */

typedef struct Search {
    Store *store;
    PartReader *parts;
    uint8_t *table;
    unsigned table_bits;
    uint64_t events;
    bool any; /* some slot was seen again */
    ExtSort *sort;
    uint64_t found;
    RowBits *ret;
} Search;

/* Both are hashes already; the product spreads what of them agrees. */
static uint64_t slot_of(const Search *search, uint64_t twin, uint64_t payload)
{
    uint64_t h = (twin ^ (payload << 32 | payload >> 32)) * UINT64_C(0x9e3779b97f4a7c15);
    return h >> (64 - search->table_bits);
}

static bool make_table(Search *search)
{
    const Reading *reading = &search->store->reading;
    for (size_t i = 0; i < reading->segment_count; i++)
        search->events += reading->segments[i].events;
    search->table_bits = TABLE_BITS_MIN;
    while (search->table_bits < TABLE_BITS_MAX &&
           UINT64_C(1) << search->table_bits < 16 * search->events)
        search->table_bits++;
    search->table = calloc(1, (size_t)1 << (search->table_bits - 2));
    return search->table != NULL;
}

typedef bool (*EachKey)(Search *search, size_t segment, uint32_t row, uint64_t twin,
                        uint64_t payload, Err *err);

/* Every key of the case. */
static bool for_each_key(Search *search, EachKey each, Err *err)
{
    const Reading *reading = &search->store->reading;
    for (size_t i = 0; i < reading->segment_count; i++) {
        const SegmentRef *ref = &reading->segments[i];
        SegmentTwins columns;
        if (!part_read_twins(search->parts, ref->number, &columns, err))
            return err_wrap(err, "segment %u of %s", (unsigned)ref->number,
                            quote(ref->item->path.ptr, ref->item->path.len).str);
        uint32_t rows = columns.events < ref->events ? columns.events : ref->events;
        for (uint32_t row = 0; row < rows; row++) {
            uint64_t twin = load_u64le(columns.twin + 8 * (size_t)row);
            uint64_t payload = load_u64le(columns.payload + 8 * (size_t)row);
            if (twin && !each(search, i, row, twin, payload, err))
                return false;
        }
    }
    return true;
}

static bool mark(Search *search, size_t segment, uint32_t row, uint64_t twin, uint64_t payload,
                 Err *err)
{
    (void)segment, (void)row, (void)err;
    uint64_t slot = slot_of(search, twin, payload);
    uint8_t *byte = &search->table[slot / 4];
    unsigned shift = (unsigned)(slot % 4) * 2, seen = *byte >> shift & 3;
    if (seen < 2)
        *byte = (uint8_t)(*byte + (1u << shift));
    search->any = search->any || seen;
    return true;
}

static bool seen_again(const Search *search, uint64_t twin, uint64_t payload)
{
    uint64_t slot = slot_of(search, twin, payload);
    return (search->table[slot / 4] >> (slot % 4) * 2 & 3) >= 2;
}

static bool count_again(Search *search, size_t segment, uint32_t row, uint64_t twin,
                        uint64_t payload, Err *err)
{
    if (!seen_again(search, twin, payload))
        return true;
    search->found++;
    return row_bits_set(search->ret, &search->store->reading.segments[segment], segment, row) ||
           no_memory(err);
}

/* ---- sorting ---- */

static bool add_again(Search *search, size_t segment, uint32_t row, uint64_t twin, uint64_t payload,
                      Err *err)
{
    uint8_t key[KEY_BYTES_], place[ROW_BYTES];
    if (!row_bits_has(search->ret, segment, row))
        return true;
    store_u64le(key, twin);
    store_u64le(key + 8, payload);
    store_u32le(place, (uint32_t)segment);
    store_u32le(place + 4, row);
    return extsort_add(search->sort, span_of(key, sizeof key), span_of(place, sizeof place), err);
}

static bool keep(Search *search, const uint8_t place[ROW_BYTES], Err *err)
{
    uint32_t segment = load_u32le(place), row = load_u32le(place + 4);
    return row_bits_set(search->ret, &search->store->reading.segments[segment], segment, row) ||
           no_memory(err);
}

/* Of the rows in order those that have the key of the one before or after them. */
static bool keep_groups(Search *search, Err *err)
{
    uint8_t last_key[KEY_BYTES_] = {0}, last_place[ROW_BYTES] = {0};
    bool any = false;
    Err failure = {0};
    Span key, place;
    while (extsort_next(search->sort, &key, &place, &failure)) {
        bool same = any && memcmp(key.ptr, last_key, KEY_BYTES_) == 0;
        if (same && (!keep(search, last_place, err) || !keep(search, place.ptr, err)))
            return false;
        memcpy(last_key, key.ptr, KEY_BYTES_);
        memcpy(last_place, place.ptr, ROW_BYTES);
        any = true;
    }
    return take_failure(err, &failure);
}

static bool sort_out(Search *search, Err *err)
{
    CLEANUP(extsort_destroyp)
    ExtSort *sort = extsort_create(SORT_MEMORY, search->store->temporary, err);
    search->sort = sort;
    if (!sort || !for_each_key(search, add_again, err) || !extsort_finish(sort, err))
        return false;
    size_t segments = search->ret->count;
    row_bits_done(search->ret);
    return (row_bits_init(search->ret, segments) || no_memory(err)) && keep_groups(search, err);
}

static bool search_all(Search *search, Err *err)
{
    if (!make_table(search))
        return no_memory(err);
    if (!for_each_key(search, mark, err))
        return false;
    if (!search->any)
        return true;
    if (!for_each_key(search, count_again, err))
        return false;
    free(search->table);
    search->table = NULL;
    return search->found > search->events / WORTH_SORTING || sort_out(search, err);
}

bool twin_candidates(Store *store, RowBits *ret, Err *err)
{
    Search search = {.store = store, .ret = ret};
    search.parts = part_reader_create(store, err);
    bool ok = search.parts && search_all(&search, err);
    part_reader_destroy(search.parts);
    free(search.table);
    return ok;
}
