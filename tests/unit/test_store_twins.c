/* Twins over a whole case: the same decisions as `timeline` makes (report/twin_filter.h), whatever
 * the order of adding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "case_fixture.h"
#include "event_fixture.h"
#include "report/twin_filter.h"
#include "store/scan.h"

static Schema *schema;

static int set_up(void **state)
{
    (void)state;
    schema = fixture_schema();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    schema_destroy(schema);
    return 0;
}

/* Overlapping copies of one log: Monday's, Friday's, an export, recovered records, one that was
 * altered, one in which records were written at another time, and logs of others. */
static const MadeItem COPIES[] = {
    {.path = "1/a.evtx", .host = "dc1", .first = 100, .events = 400, .pieces = 2, .batch = 70},
    {.path = "2/b.evtx", .host = "DC1", .first = 300, .events = 400, .batch = 90},
    {.path = "2/c.json", .host = "dc1", .first = 50, .events = 700, .batch = 110, .exported = true},
    {.path = "0/carved",
     .host = "dc1",
     .first = 350,
     .events = 100,
     .batch = 30,
     .recovered = true},
    {.path = "3/altered.evtx", .host = "dc1", .first = 400, .events = 60, .payload = 9},
    {.path = "3/again.evtx", .host = "dc1", .first = 380, .events = 200, .batch = 50, .written = 1},
    {.path = "4/other.evtx", .host = "dc2", .first = 100, .events = 500, .batch = 100},
    {.path = "5/nobody.evtx", .first = 100, .events = 500, .batch = 100},
    {.path = "6/export2.json", .host = "dc1", .first = 600, .events = 300, .exported = true},
};
#define COPY_COUNT (sizeof COPIES / sizeof COPIES[0])
#define ROWS_MAX   4096

typedef struct Row {
    RowPlace place;
    bool kept;      /* by the case */
    uint64_t twins; /* of the case: how many, and a sum over their places */
    uint64_t twins_hash;
} Row;

typedef struct Reference {
    TwinFilter *filter;
    Row rows[ROWS_MAX];
    size_t count;
    uint32_t rank;
} Reference;

static bool note_batch(void *ctx, uint64_t piece, const Batch *batch, Err *err)
{
    Reference *ref = ctx;
    (void)piece;
    for (uint32_t row = 0; row < batch->event_count; row++) {
        EventHead head = batch_head(batch, row);
        Value written;
        bool tells = batch_field(batch, row, TEXT("System.TimeWritten"), &written);
        RowPlace place = {
            .time = head.time, .item = ref->rank, .offset = head.offset, .sub = head.sub};
        RowHead row_head = {.time = head.time,
                            .offset = head.offset,
                            .twin = head.twin,
                            .payload = batch_payload(batch, row),
                            .written = tells ? value_u64(written) : 0,
                            .sub = head.sub,
                            .class = head.class};
        assert_true(ref->count < ROWS_MAX);
        ref->rows[ref->count++] = (Row){.place = place};
        if (!twin_filter_add(ref->filter, &place, &row_head, err))
            return false;
    }
    return true;
}

static int by_key(const void *a, const void *b)
{
    RowKey x = row_key(&((const Row *)a)->place), y = row_key(&((const Row *)b)->place);
    return memcmp(x.bytes, y.bytes, ROW_KEY_SIZE);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const MadeItem *)a)->path, ((const MadeItem *)b)->path);
}

static uint64_t place_hash(uint32_t item, uint64_t offset)
{
    return (item + 1) * UINT64_C(1000003) * (offset + 7);
}

/* ---- the case ---- */

static bool nothing(void *ctx, const ScanSegment *segment, uint32_t row, Buf *out, Err *err)
{
    (void)ctx, (void)segment, (void)row, (void)out, (void)err;
    return true;
}

static void add_place(void *ctx, const ScanPlace *twin)
{
    Row *row = ctx;
    row->twins++;
    row->twins_hash += place_hash(twin->rank, twin->offset);
}

typedef struct Looking {
    Store *store;
    Reference *ref;
} Looking;

static Row *find_row(Reference *ref, const ScanPlace *place)
{
    Row wanted = {
        .place = {
            .time = place->time, .item = place->rank, .offset = place->offset, .sub = place->sub}};
    return bsearch(&wanted, ref->rows, ref->count, sizeof wanted, by_key);
}

static bool look(void *ctx, const ScanKey *key, Span projected, Err *err)
{
    const Looking *looking = ctx;
    (void)projected;
    ScanPlace place = scan_place(key);
    Row *row = find_row(looking->ref, &place);
    assert_non_null(row);
    row->kept = true;
    return store_twins(looking->store, &place, add_place, row, err);
}

static void compare(const char *folder, Reference *ref, const RunResult *result)
{
    Store *store = made_open(folder, STORE_READ);
    Looking looking = {.store = store, .ref = ref};
    ScanOrder order = {.project = nothing, .each = look, .ctx = &looking};
    ScanStats stats;
    Err err = {0};
    if (!store_scan(store, NULL, &order, 2, &stats, &err))
        fail_msg("%s", err.text);
    assert_int_equal(stats.events, ref->count - result->twins);
    uint64_t dropped = 0;
    for (size_t i = 0; i < ref->count; i++) {
        Row *row = &ref->rows[i];
        RowKey key = row_key(&row->place);
        TwinVerdict verdict;
        uint32_t item;
        uint64_t offset, twins = 0, hash = 0;
        assert_true(twin_filter_verdict(ref->filter, &key, &verdict, &err));
        dropped += verdict == TWIN_DROP;
        if (row->kept != (verdict == TWIN_KEEP))
            fail_msg("item %u, offset %u: kept %d", (unsigned)row->place.item,
                     (unsigned)row->place.offset, row->kept);
        while (verdict == TWIN_KEEP && twin_filter_place(ref->filter, &key, &item, &offset, &err)) {
            twins++;
            hash += place_hash(item, offset);
        }
        assert_int_equal(row->twins, twins);
        assert_int_equal(row->twins_hash, hash);
    }
    assert_true(dropped > 500);
    assert_int_equal(result->twins, dropped);
    /* With twins: all. */
    ScanFilter all = SCAN_ALL;
    all.with_twins = true;
    ScanJob job = {.map = NULL};
    assert_true(store_map(store, &all, &job, 2, &stats, NULL));
    assert_int_equal(stats.events, ref->count);
    store_close(store);
}

static void make_reference(Reference *ref, const MadeItem *sorted, size_t count)
{
    Err err = {0};
    *ref = (Reference){.filter = twin_filter_create(1 << 20, fixture_folder(), &err)};
    assert_non_null(ref->filter);
    for (size_t i = 0; i < count; i++) {
        ref->rank = (uint32_t)i;
        for (uint32_t piece = 0; piece < (sorted[i].pieces ? sorted[i].pieces : 1); piece++)
            assert_true(made_batches(schema, &sorted[i], piece, note_batch, ref, &err));
    }
    qsort(ref->rows, ref->count, sizeof ref->rows[0], by_key);
    assert_true(twin_filter_finish(ref->filter, &err));
}

static void test_like_timeline(void **state)
{
    (void)state;
    static Reference ref;
    MadeItem sorted[COPY_COUNT];
    memcpy(sorted, COPIES, sizeof COPIES);
    qsort(sorted, COPY_COUNT, sizeof sorted[0], by_path);
    Sha256 content = {{0}};
    for (size_t shift = 0; shift < COPY_COUNT; shift += 2) {
        MadeItem turned[COPY_COUNT];
        for (size_t i = 0; i < COPY_COUNT; i++)
            turned[i] = COPIES[(i * 4 + shift) % COPY_COUNT];
        const char *folder = made_folder("twins");
        /* First a part of them: what is decided then is decided anew with the rest. */
        (void)made_case(folder, schema, &(MadeCase){.items = turned, .count = 1 + shift / 2});
        RunResult result =
            made_case(folder, schema, &(MadeCase){.items = turned, .count = COPY_COUNT});
        make_reference(&ref, sorted, COPY_COUNT);
        compare(folder, &ref, &result);
        twin_filter_destroy(ref.filter);
        if (shift)
            assert_memory_equal(content.bytes, result.content.bytes, sizeof content.bytes);
        content = result.content;
    }
}

/* More places of twins than one block holds, of one event and of many. */
static void test_many_places(void **state)
{
    (void)state;
    MadeItem items[24];
    char paths[24][16];
    for (size_t i = 0; i < 24; i++) {
        int n = snprintf(paths[i], sizeof paths[i], "%02zu.evtx", i);
        assert_true(n > 0);
        items[i] = (MadeItem){.path = paths[i], .host = "h", .first = 1, .events = 1000};
    }
    const char *folder = made_folder("many");
    RunResult result = made_case(folder, schema, &(MadeCase){.items = items, .count = 24});
    assert_int_equal(result.twins, 23 * 1000);
    Store *store = made_open(folder, STORE_READ);
    for (uint64_t record = 0; record < 1000; record += 37) {
        Row row = {.kept = true};
        ScanPlace place = {.rank = 0, .offset = record * MADE_RECORD_BYTES};
        assert_true(store_twins(store, &place, add_place, &row, NULL));
        assert_int_equal(row.twins, 23);
        Row none = {.kept = true};
        place.offset++;
        assert_true(store_twins(store, &place, add_place, &none, NULL));
        place.offset--;
        place.rank = 5;
        assert_true(store_twins(store, &place, add_place, &none, NULL));
        assert_int_equal(none.twins, 0);
    }
    ScanPlace nowhere = {.rank = 99};
    assert_false(store_twins(store, &nowhere, add_place, NULL, NULL));
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_like_timeline),
        cmocka_unit_test(test_many_places),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
