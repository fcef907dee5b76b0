/* The case: what goes in comes out; the same evidence gives the same content however it is added.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "case_fixture.h"
#include "event_fixture.h"
#include "store/scan.h"

static const MadeItem ITEMS[] = {
    {.path = "b/Security.evtx",
     .host = "FS01.court.example",
     .first = 100,
     .events = 900,
     .pieces = 3,
     .batch = 120,
     .defects = 4},
    {.path = "a/Security.evtx", .host = "ws1", .first = 1, .events = 50, .batch = 1000},
    {.path = "c/System.evtx",
     .layout = "ws9",
     .channel = "Application",
     .first = 500,
     .events = 333,
     .pieces = 2,
     .batch = 50},
    {.path = "a/empty.evtx", .layout = "ws1", .first = 0, .events = 0},
};
#define ITEM_COUNT (sizeof ITEMS / sizeof ITEMS[0])

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

/* ---- what is in the case ---- */

static void test_items(void **state)
{
    (void)state;
    const char *folder = made_folder("items");
    RunResult result = made_case(folder, schema, &(MadeCase){.items = ITEMS, .count = ITEM_COUNT});
    assert_int_equal(result.items, ITEM_COUNT);
    assert_int_equal(result.items_new, ITEM_COUNT);
    assert_int_equal(result.events, 900 + 50 + 333);
    assert_true(result.sealed);
    Store *store = made_open(folder, STORE_READ);
    const StoredItem *items;
    size_t count;
    assert_true(store_items(store, &items, &count, NULL));
    assert_int_equal(count, ITEM_COUNT);
    static const struct {
        const char *path, *host;
        HostOrigin origin;
        uint64_t events;
        ItemState state;
    } EXPECTED[] = {
        {"a/Security.evtx", "ws1", HOST_FROM_CONTENT, 50, ITEM_DONE},
        {"a/empty.evtx", "ws1", HOST_FROM_LAYOUT, 0, ITEM_DONE},
        {"b/Security.evtx", "fs01.court.example", HOST_FROM_CONTENT, 900, ITEM_DEFECTIVE},
        {"c/System.evtx", "ws9", HOST_FROM_LAYOUT, 333, ITEM_DONE},
    };
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(items[i].rank, i);
        assert_true(text_equal(items[i].path, text_from_z(EXPECTED[i].path)));
        assert_true(text_equal(items[i].host, text_from_z(EXPECTED[i].host)));
        assert_int_equal(items[i].host_origin, EXPECTED[i].origin);
        assert_int_equal(items[i].events, EXPECTED[i].events);
        assert_int_equal(items[i].state, EXPECTED[i].state);
        assert_true(items[i].complete && items[i].hashed);
        assert_true(text_equal(items[i].format, TEXT("evtx")));
        assert_ptr_equal(store_item_by_path(store, items[i].path), &items[i]);
        assert_ptr_equal(store_item_by_number(store, items[i].number), &items[i]);
        ItemId id = item_id(&items[i].sha256, items[i].path);
        assert_memory_equal(id.bytes, items[i].id.bytes, sizeof id.bytes);
    }
    assert_null(store_item_by_path(store, TEXT("b")));
    assert_null(store_item_by_number(store, 99));
    store_close(store);
}

/* ---- order of adding ---- */

static void assert_same(const Sha256 *a, const Sha256 *b)
{
    assert_memory_equal(a->bytes, b->bytes, sizeof a->bytes);
}

/* Every order of items, and every split into two runs. */
static void test_orders(void **state)
{
    (void)state;
    Sha256 content =
        made_case(made_folder("one"), schema, &(MadeCase){.items = ITEMS, .count = ITEM_COUNT})
            .content;
    for (size_t shift = 0; shift < ITEM_COUNT; shift++)
        for (size_t split = 0; split <= ITEM_COUNT; split++) {
            MadeItem turned[ITEM_COUNT];
            const char *folder = made_folder("turned");
            for (size_t i = 0; i < ITEM_COUNT; i++)
                turned[i] = ITEMS[(i + shift) % ITEM_COUNT];
            (void)made_case(folder, schema, &(MadeCase){.items = turned, .count = split});
            /* All of them the second time: those that are known are passed over. */
            RunResult result =
                made_case(folder, schema, &(MadeCase){.items = turned, .count = ITEM_COUNT});
            assert_int_equal(result.items_new, ITEM_COUNT - split);
            assert_same(&result.content, &content);
        }
}

/* ---- scanning ---- */

typedef struct Seen {
    uint64_t events, last_rank;
    ScanKey last;
    bool ordered;
} Seen;

static bool keep_offset(void *ctx, const ScanSegment *segment, uint32_t row, Buf *out, Err *err)
{
    (void)ctx, (void)err;
    EventHead head = scan_head(segment, row);
    uint8_t bytes[8];
    store_u64le(bytes, head.offset);
    buf_add(out, bytes, sizeof bytes);
    return true;
}

static bool see(void *ctx, const ScanKey *key, Span projected, Err *err)
{
    Seen *seen = ctx;
    (void)err;
    ScanPlace place = scan_place(key);
    seen->ordered = seen->ordered && projected.len == 8 &&
                    load_u64le(projected.ptr) == place.offset &&
                    (seen->events == 0 || memcmp(seen->last.bytes, key->bytes, SCAN_KEY_SIZE) < 0);
    seen->last = *key;
    seen->events++;
    return true;
}

static void test_scan(void **state)
{
    (void)state;
    const char *folder = made_folder("scan");
    (void)made_case(folder, schema, &(MadeCase){.items = ITEMS, .count = ITEM_COUNT});
    Store *store = made_open(folder, STORE_READ);
    for (unsigned workers = 1; workers <= 3; workers++) {
        Seen seen = {.ordered = true};
        ScanOrder order = {.project = keep_offset, .each = see, .ctx = &seen};
        ScanStats stats;
        Err err = {0};
        if (!store_scan(store, NULL, &order, workers, &stats, &err))
            fail_msg("%s", err.text);
        assert_int_equal(seen.events, 900 + 50 + 333);
        assert_int_equal(stats.events, 900 + 50 + 333);
        assert_true(seen.ordered);
    }
    /* In pages of 100, one after the other. */
    Seen pages = {.ordered = true};
    ScanKey after;
    for (bool first = true; pages.events < 900 + 50 + 333; first = false) {
        uint64_t before = pages.events;
        ScanOrder order = {.project = keep_offset,
                           .each = see,
                           .ctx = &pages,
                           .limit = 100,
                           .after = first ? NULL : &after};
        assert_true(store_scan(store, NULL, &order, 2, NULL, NULL));
        assert_true(pages.events > before);
        after = pages.last;
    }
    assert_true(pages.ordered);
    store_close(store);
}

/* What was read between two items is not what is there at the end. */
static void test_reading_while_writing(void **state)
{
    (void)state;
    const char *folder = made_folder("between");
    const MadeCase whole = {.items = ITEMS, .count = 2};
    RunResult expected = made_case(folder, schema, &whole), result;
    Err err = {0};
    Store *store = made_open(made_folder("between"), STORE_WRITE);
    assert_true(store_run_begin(store, &MADE_RUN, &err));
    assert_true(made_add(store, schema, &ITEMS[0], &err));
    assert_non_null(store_item_by_path(store, text_from_z(ITEMS[0].path)));
    assert_true(made_add(store, schema, &ITEMS[1], &err));
    assert_true(store_run_end(store, 1, &result, &err));
    assert_int_equal(result.events, expected.events);
    assert_memory_equal(&result.content, &expected.content, sizeof(Sha256));
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_items),
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_scan),
        cmocka_unit_test(test_reading_while_writing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
