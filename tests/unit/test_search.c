/* Searching a case: the same events as asking every event of it slowly, in order, page by page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "case_fixture.h"
#include "event_fixture.h"
#include "query_plain.h"
#include "query_random.h"
#include "report/search.h"
#include "store/keys.h"

static Schema *schema;
static Store *store;

/* Copies of a log, logs of others, one whose host only its folder tells, one in local time beside
 * one that tells how local it is. */
static const MadeItem ITEMS[] = {
    {.path = "1/a.evtx", .host = "dc1", .first = 100, .events = 400, .pieces = 3, .batch = 40},
    {.path = "2/b.evtx", .host = "DC1", .first = 300, .events = 300, .batch = 90},
    {.path = "3/altered.evtx", .host = "dc1", .first = 400, .events = 60, .payload = 9},
    {.path = "4/other.evtx",
     .host = "rds2.court.example",
     .first = 100,
     .events = 300,
     .batch = 50},
    {.path = "5/nobody.evtx", .layout = "WS7", .first = 5000, .events = 100, .batch = 30},
    {.path = "6/carved", .host = "dc1", .first = 350, .events = 50, .recovered = true},
    {.path = "7/local.evtx",
     .host = "dc1",
     .channel = "System",
     .first = 200,
     .events = 200,
     .batch = 64,
     .local_hours = 2},
};

#define ITEM_COUNT (sizeof ITEMS / sizeof ITEMS[0])

static int set_up(void **state)
{
    static const MadeCase MADE = {.items = ITEMS, .count = ITEM_COUNT};
    (void)state;
    schema = fixture_schema();
    const char *folder = made_folder("case");
    (void)made_case(folder, schema, &MADE);
    store = made_open(folder, STORE_READ);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    store_close(store);
    schema_destroy(schema);
    return 0;
}

/* ---- lists of events ---- */

#define EVENTS_MAX 4096

typedef struct Events {
    EventId ids[EVENTS_MAX];
    size_t count;
} Events;

static void assert_same(const char *what, const Events *found, const Events *expected)
{
    for (size_t i = 0; i < found->count && i < expected->count; i++)
        if (memcmp(&found->ids[i], &expected->ids[i], sizeof(EventId)) != 0)
            fail_msg("%s: event %zu differs", what, i);
    if (found->count != expected->count)
        fail_msg("%s: %zu events instead of %zu", what, found->count, expected->count);
}

static bool take_line(void *ctx, Text line, Err *err)
{
    Events *events = ctx;
    (void)err;
    assert_true(text_starts(line, TEXT("{\"id\":\"")));
    Text rest = text_of(line.ptr + 7, line.len - 7);
    assert_true(events->count < EVENTS_MAX);
    memset(&events->ids[events->count], 0, sizeof(EventId));
    assert_true(event_id_parse(text_cut(&rest, '"'), &events->ids[events->count++]));
    assert_true(text_starts(rest, TEXT(",\"datetime\":")));
    return true;
}

static SearchPage page_of(const Query *query)
{
    return (SearchPage){.query = query,
                        .format = timeline_format_by_name(TEXT("jsonl")),
                        .filter = SCAN_ALL,
                        .with_ids = true,
                        .workers = 2};
}

static SearchStats run(const SearchPage *page, Events *ret)
{
    SearchCalls calls = {.row = take_line, .ctx = ret};
    SearchStats stats;
    Err err = {0};
    size_t before = ret->count;
    if (!search(store, schema, page, &calls, &stats, &err))
        fail_msg("%s", err.text);
    assert_int_equal(stats.rows, ret->count - before);
    if (stats.rows)
        assert_memory_equal(&stats.last.item, &ret->ids[ret->count - 1].item, sizeof(ItemId));
    return stats;
}

/* ---- the slow way ---- */

static bool slow_project(void *ctx, const ScanSegment *segment, uint32_t row, Buf *out, Err *err)
{
    EventHead head = scan_head(segment, row);
    (void)err;
    BUF_LITERAL(out, "x");
    return query_plain_matches(ctx, &segment->batch, row, &head, segment->item->path,
                               segment->item->host);
}

static Events *slow_events;

static bool slow_each(void *ctx, const ScanKey *key, Span projected, Err *err)
{
    const StoredItem *items;
    size_t count;
    ScanPlace place = scan_place(key);
    (void)ctx, (void)projected;
    assert_true(store_items(store, &items, &count, err));
    EventId *id = &slow_events->ids[slow_events->count++];
    memset(id, 0, sizeof *id);
    *id = (EventId){.item = items[place.rank].id, .offset = place.offset, .sub = place.sub};
    return true;
}

static void search_slowly(Query *query, Events *ret)
{
    ScanOrder order = {.project = slow_project, .each = slow_each, .ctx = query};
    Err err = {0};
    slow_events = ret;
    if (!store_scan(store, NULL, &order, 2, NULL, &err))
        fail_msg("%s", err.text);
}

static Query *parse(const char *text)
{
    Err err = {0};
    Query *query = query_parse(text_from_z(text), &err);
    if (!query)
        fail_msg("%s: %s", text, err.text);
    return query;
}

/* ---- tests ---- */

static const char *const QUERIES[] = {
    "user7",
    "TargetUserName:user7",
    "user:user1*",
    "IpAddress:10.0.0.3",
    "source.ip:10.0.0.0/30",
    "program77",
    "\"altered 9\"",
    "host:dc1",
    "host:DC1",
    "host:WS7",
    "host:rds2*",
    "host.name:dc1",
    "item:1/a.evtx",
    "item:*.evtx",
    "item:6/*",
    "class:recovered",
    "quality:\"zone inferred\"",
    "quality:missing",
    "time:*",
    "time:[2026-03-01T00:02:00 TO 2026-03-01T00:03:59]",
    "time:>2026-03-01T01:00:00",
    "time:<=2026-03-01T00:02:10",
    "action:\"remote logon\"",
    "action:logon*",
    "channel:System",
    "channel:security",
    "source:windows/security",
    "source:windows/system",
    "source:windows*",
    "code:5000",
    "code:(4624 OR 5000)",
    "LogonType:10",
    "session:[100 TO 0x100]",
    "record_id:>700",
    "nothing",
    "Comment:*",
    "*",
};
#define QUERY_COUNT (sizeof QUERIES / sizeof QUERIES[0])

static void compare(const char *text, uint64_t *skipped)
{
    static Events fast, slow;
    CLEANUP(query_destroyp) Query *query = parse(text);
    SearchPage page = page_of(query);
    fast.count = slow.count = 0;
    SearchStats stats = run(&page, &fast);
    search_slowly(query, &slow);
    assert_same(text, &fast, &slow);
    *skipped += stats.scan.skipped_by_summary + stats.scan.skipped_by_values;
}

static void test_queries(void **state)
{
    uint64_t skipped = 0;
    (void)state;
    for (size_t i = 0; i < QUERY_COUNT; i++)
        compare(QUERIES[i], &skipped);
    assert_true(skipped > 100); /* or nothing was tested */
}

static void test_random_queries(void **state)
{
    static const char *const BETWEEN[] = {" ", " OR ", " AND NOT ", " OR NOT ", ") OR (NOT "};
    Dice dice = dice_of_seed(3);
    uint64_t skipped = 0;
    Buf text;
    (void)state;
    buf_init(&text, 1 << 16);
    for (int round = 0; round < 60; round++) {
        buf_clear(&text);
        BUF_LITERAL(&text, "NOT (");
        if (dice_below(&dice, 2))
            text.len = 0, BUF_LITERAL(&text, "(");
        for (uint32_t n = 1 + dice_below(&dice, 3); n > 0; n--) {
            buf_add_text(&text, text_from_z(QUERIES[dice_below(&dice, QUERY_COUNT - 1)]));
            if (n > 1)
                buf_add_text(&text, text_from_z(BETWEEN[dice_below(&dice, 5)]));
        }
        BUF_LITERAL(&text, ")");
        buf_add_char(&text, '\0');
        compare(text.ptr, &skipped);
    }
    buf_done(&text);
    assert_true(skipped > 100);
}

/* Pages of every kind of size give the whole, one after the other. */
static void test_pages(void **state)
{
    static Events whole, pages;
    static const uint64_t SIZES[] = {1, 7, 100, 2000};
    CLEANUP(query_destroyp) Query *query = parse("user1* OR quality:missing");
    char id[EVENT_ID_ROOM];
    SearchPage page = page_of(query);
    (void)state;
    (void)run(&page, &whole);
    assert_true(whole.count > 500);
    for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++) {
        SearchStats stats;
        pages.count = 0;
        page.limit = SIZES[i];
        page.after = TEXT("");
        do {
            stats = run(&page, &pages);
            assert_true(stats.rows == page.limit || !stats.more);
            page.after = text_of(id, event_id_write(&stats.last, id));
        } while (stats.more && (page.limit > 1 || pages.count < 40));
        if (page.limit == 1)
            assert_memory_equal(pages.ids, whole.ids, pages.count * sizeof(EventId));
        else
            assert_same("pages", &pages, &whole);
    }
    page.limit = whole.count;
    page.after = TEXT("");
    pages.count = 0;
    assert_false(run(&page, &pages).more);
    assert_same("a page that is all", &pages, &whole);
}

static void test_window(void **state)
{
    static Events all, part;
    (void)state;
    SearchPage page = page_of(NULL);
    (void)run(&page, &all);
    assert_true(time_parse(TEXT("2026-03-01T00:02:00"), &page.filter.from, NULL));
    assert_true(time_parse(TEXT("2026-03-01T00:05:00"), &page.filter.to, NULL));
    (void)run(&page, &part);
    assert_true(part.count > 100 && part.count < all.count / 2);
}

static void test_ids(void **state)
{
    static Events all;
    static const char *const BAD[] = {
        "",
        "x",
        "0123456789abcdef0123456789abcdef",
        "0123456789abcdef0123456789abcdef-",
        "0123456789abcdef0123456789abcdef-1-",
        "0123456789abcdef0123456789abcdef-1-4294967296",
        "0123456789abcdef0123456789abcde-1",
        "0123456789abcdef0123456789abcdeg-1",
        "0123456789abcdef0123456789abcdef-x",
        "0123456789abcdef0123456789abcdef-1-2-3",
    };
    EventId id;
    ScanPlace place;
    Err err = {0};
    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++)
        assert_false(event_id_parse(text_from_z(BAD[i]), &id));
    assert_true(
        event_id_parse(TEXT("0123456789ABCDEF0123456789abcdef-18446744073709551615-7"), &id));
    char text[EVENT_ID_ROOM];
    assert_int_equal(event_id_write(&id, text), 32 + 1 + 20 + 2);
    assert_memory_equal(text, "0123456789abcdef0123456789abcdef-18446744073709551615-7", 55);
    assert_false(store_event_place(store, &id, &place, &err));
    assert_int_equal(err.code, ERR_USAGE);
    SearchPage page = page_of(NULL);
    (void)run(&page, &all);
    for (size_t i = 0; i < all.count; i += 37) {
        assert_true(store_event_place(store, &all.ids[i], &place, &err));
        assert_int_equal(place.offset, all.ids[i].offset);
    }
    id = all.ids[0];
    id.offset += 1;
    assert_false(store_event_place(store, &id, &place, &err));
    page.after = TEXT("nonsense");
    SearchCalls calls = {.row = take_line, .ctx = &all};
    SearchStats stats;
    assert_false(search(store, schema, &page, &calls, &stats, &err));
    assert_int_equal(err.code, ERR_USAGE);
}

/* An encrypted case gives the same to who has the key. */
static void test_encrypted(void **state)
{
    static Events plain, opened;
    const char *folder = made_folder("encrypted"), *path = made_folder("key");
    const KeyMaking making = {.kind = KEY_HOLDER, .quick = true};
    PublicKey public_key;
    Err err = {0};
    (void)state;
    assert_true(key_pair_make(path, &making, &public_key, &err));
    CaseKey *key = case_key_load(path, NULL, &err);
    assert_non_null(key);
    (void)made_case(folder, schema, &(MadeCase){.items = ITEMS, .count = ITEM_COUNT, .key = key});
    CLEANUP(query_destroyp) Query *query = parse("user7 OR host:ws7");
    SearchPage page = page_of(query);
    (void)run(&page, &plain);
    Store *before = store;
    StoreOptions options = {.mode = STORE_READ, .key = key};
    store = store_open(folder, &options, &err);
    assert_non_null(store);
    (void)run(&page, &opened);
    store_close(store);
    store = before;
    case_key_destroy(key);
    assert_same("encrypted", &opened, &plain);
    assert_true(plain.count > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queries), cmocka_unit_test(test_random_queries),
        cmocka_unit_test(test_pages),   cmocka_unit_test(test_window),
        cmocka_unit_test(test_ids),     cmocka_unit_test(test_encrypted),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
