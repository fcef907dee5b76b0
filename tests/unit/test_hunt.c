/* Detections of workers to rows: order whatever the order of arrival and the memory, correlations,
 * hostile blocks. */
#include "report/hunt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "detect/sigma/matcher.h"
#include "report/detection.h"
#include "sigma_fixture.h"

static const char RULES[] =
    "title: B\nid: b\nlevel: high\nlogsource: {product: windows}\n"
    "detection: {s: {X: '*'}, condition: s}\n"
    "---\ntitle: A\nid: a\nname: a\nlogsource: {product: windows}\n"
    "detection: {s: {X|contains: v}, condition: s}\n"
    "---\ntitle: Three of A\nid: c\nlevel: critical\ncorrelation:\n"
    "  {type: event_count, rules: [a], group-by: [Y], timespan: 1h, condition: {gte: 3},"
    " generate: true}\n";

typedef struct HuntTest {
    SigmaRun run;
    Schema *schema;
    DetectionWriter *writer;
    ItemList items;
    Item item[3];
    Buf block, out;
} HuntTest;

typedef struct Sent {
    HuntTest *test;
    Buf tuple;
} Sent;

static bool send_match(void *ctx, uint32_t row, uint32_t rule, Err *err)
{
    (void)err;
    Sent *sent = ctx;
    buf_clear(&sent->tuple);
    matcher_tuple(sent->test->run.matcher, &sent->tuple);
    return detection_writer_add(sent->test->writer, row, rule, DETECTION_SHOWN,
                                buf_span(&sent->tuple), &sent->test->block);
}

/* The block that a worker sends for some events. */
static void make_block(HuntTest *test, const char *const *events, size_t count)
{
    Err err = {0};
    Sent sent = {.test = test};
    MatchOut out = {.match = send_match, .ctx = &sent};
    buf_init(&sent.tuple, 1 << 20);
    for (size_t i = 0; i < count; i++)
        assert_true(sigma_add_event(&test->run, text_from_z(events[i])));
    Batch batch = sigma_batch(&test->run);
    buf_clear(&test->block);
    detection_writer_begin(test->writer, &batch, NULL, TEXT("HOST"));
    assert_true(matcher_batch(test->run.matcher, &batch, &out, &err));
    buf_done(&sent.tuple);
}

static int open_test(void **state)
{
    HuntTest *test = calloc(1, sizeof *test);
    assert_non_null(test);
    sigma_open(&test->run, text_from_z(RULES), NULL);
    const char *source = getenv("CONSTAT_SOURCE");
    char folder[4096];
    assert_true(snprintf(folder, sizeof folder, "%s/knowledge", source ? source : ".") > 0);
    const char *folders[] = {folder};
    Err err = {0};
    test->schema = schema_load(folders, 1, &err);
    assert_non_null(test->schema);
    test->writer = detection_writer_create(test->schema);
    assert_non_null(test->writer);
    static const char *const PATHS[] = {"a", "b", "c"};
    for (size_t i = 0; i < 3; i++)
        test->item[i] =
            (Item){.path = text_from_z(PATHS[i]), .size = 1 << 20, .parent = ITEM_NO_PARENT};
    test->items = (ItemList){.items = test->item, .count = 3, .room = 3, .file_count = 3};
    buf_init(&test->block, 64u << 20);
    buf_init(&test->out, 256u << 20);
    *state = test;
    return 0;
}

static int close_test(void **state)
{
    HuntTest *test = *state;
    detection_writer_destroy(test->writer);
    schema_destroy(test->schema);
    sigma_close(&test->run);
    buf_done(&test->block);
    buf_done(&test->out);
    free(test);
    return 0;
}

static bool collect(void *ctx, Span bytes, Err *err)
{
    (void)err;
    buf_add(ctx, bytes.ptr, bytes.len);
    return true;
}

static Hunt *create(HuntTest *test, const char *format, size_t memory)
{
    Err err = {0};
    HuntOptions options = {.program = test->run.program,
                           .format = detection_format_by_name(text_from_z(format)),
                           .memory_bytes = memory,
                           .folder = "."};
    Hunt *hunt = hunt_create(&options, &err);
    assert_non_null(hunt);
    return hunt;
}

static const char *finish(HuntTest *test, Hunt *hunt)
{
    Err err = {0};
    buf_clear(&test->out);
    assert_true(hunt_write(hunt, &test->items, collect, &test->out, &err));
    buf_add_char(&test->out, '\0');
    assert_false(test->out.failed);
    return test->out.ptr;
}

static void receive(HuntTest *test, Hunt *hunt, uint32_t item)
{
    Err err = {0};
    assert_true(hunt_receive(hunt, &test->item[item], item, buf_span(&test->block), &err));
}

static const char *const EVENTS[] = {"X=v1 ;; Y=g ;; @at=2026-01-01T00:00:02Z",
                                     "X=v2 ;; Y=G ;; @at=2026-01-01T00:00:01Z",
                                     "X=w ;; Y=g ;; @at=2026-01-01T00:00:03Z", "X=v3 ;; Y=other",
                                     "X=v4 ;; Y=g ;; @at=2026-01-01T00:20:00Z"};

static void rows_are_in_order(void **state)
{
    HuntTest *test = *state;
    Hunt *hunt = create(test, "csv", 0);
    make_block(test, EVENTS + 2, 3);
    receive(test, hunt, 1);
    make_block(test, EVENTS, 2);
    receive(test, hunt, 0);
    const char *out = finish(test, hunt);
    static const char *const WANTED[] = {
        ",A,informational,HOST,",          ",B,high,HOST,",
        "2026-01-01T00:00:01.0000000Z,A,", "2026-01-01T00:00:01.0000000Z,B,",
        "2026-01-01T00:00:02.0000000Z,A,", "2026-01-01T00:00:02.0000000Z,B,",
        "2026-01-01T00:00:03.0000000Z,B,", "2026-01-01T00:20:00.0000000Z,Three of A,critical,HOST,",
        "2026-01-01T00:20:00.0000000Z,A,", "2026-01-01T00:20:00.0000000Z,B,"};
    const char *at = strchr(out, '\n') + 1;
    for (size_t i = 0; i < sizeof WANTED / sizeof WANTED[0]; i++) {
        if (strncmp(at, WANTED[i], strlen(WANTED[i])) != 0)
            fail_msg("row %zu is not %s but %.60s", i, WANTED[i], at);
        at = strchr(at, '\n') + 1;
    }
    assert_string_equal(at, "");
    hunt_destroy(hunt);
}

#define BLOCKS 300

/* Many rows, little memory, blocks in another order: the same bytes. */
static void memory_and_arrival_change_nothing(void **state)
{
    HuntTest *test = *state;
    static Buf blocks[BLOCKS];
    for (uint32_t i = 0; i < BLOCKS; i++) {
        char lines[8][64];
        const char *events[8];
        for (uint32_t k = 0; k < 8; k++) {
            (void)snprintf(lines[k], sizeof lines[k],
                           "X=v%u ;; Y=y%u ;; @at=2026-01-%02uT%02u:%02u:%02uZ", i * 8 + k, k % 3,
                           i % 28 + 1, k, i % 60, (i * 7 + k) % 60);
            events[k] = lines[k];
        }
        make_block(test, events, 8);
        buf_init(&blocks[i], 1 << 20);
        buf_add(&blocks[i], test->block.ptr, test->block.len);
    }
    Buf first;
    buf_init(&first, 256u << 20);
    for (unsigned pass = 0; pass < 2; pass++) {
        Err err = {0};
        Hunt *hunt = create(test, "jsonl", pass ? 1 : 0);
        for (uint32_t n = 0; n < BLOCKS; n++) {
            uint32_t i = pass ? BLOCKS - 1 - n : n;
            assert_true(hunt_receive(hunt, &test->item[i % 3], i % 3, buf_span(&blocks[i]), &err));
        }
        const char *out = finish(test, hunt);
        if (pass == 0)
            buf_add(&first, out, test->out.len);
        else
            assert_true(test->out.len == first.len && memcmp(out, first.ptr, first.len) == 0);
        hunt_destroy(hunt);
    }
    assert_true(first.len > 100000);
    buf_done(&first);
    for (uint32_t i = 0; i < BLOCKS; i++)
        buf_done(&blocks[i]);
}

/* Whatever a worker sends: taken or refused, and what is taken can be written. */
static void hostile_blocks(void **state)
{
    HuntTest *test = *state;
    make_block(test, EVENTS, 2);
    Buf whole;
    buf_init(&whole, 1 << 20);
    buf_add(&whole, test->block.ptr, test->block.len);
    Hunt *hunt = create(test, "json", 0);
    unsigned refused = 0;
    for (size_t i = 0; i < whole.len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            Err err = {0};
            whole.ptr[i] ^= (char)(1u << bit);
            if (!hunt_receive(hunt, &test->item[0], 0, buf_span(&whole), &err)) {
                assert_int_equal(err.code, ERR_FORMAT);
                refused++;
            }
            whole.ptr[i] ^= (char)(1u << bit);
        }
        Err err = {0};
        Span cut = span_of((const uint8_t *)whole.ptr, i);
        (void)hunt_receive(hunt, &test->item[0], 0, cut, &err);
    }
    assert_true(refused > 100);
    Err err = {0};
    assert_false(hunt_receive_counts(hunt, span_of((const uint8_t *)"junk", 4), &err));
    assert_int_equal(err.code, ERR_FORMAT);
    (void)finish(test, hunt);
    Buf summary;
    buf_init(&summary, 1 << 20);
    hunt_summarise(hunt, true, &summary);
    assert_false(summary.failed);
    buf_done(&summary);
    buf_done(&whole);
    hunt_destroy(hunt);
}

static void nothing_is_fine(void **state)
{
    HuntTest *test = *state;
    static const struct {
        const char *format, *out;
    } CASES[] = {{"json", "[\n\n]\n"}, {"jsonl", ""}};
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        Hunt *hunt = create(test, CASES[i].format, 0);
        assert_string_equal(finish(test, hunt), CASES[i].out);
        hunt_destroy(hunt);
    }
    assert_null(detection_format_by_name(TEXT("xml")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_are_in_order, open_test, close_test),
        cmocka_unit_test_setup_teardown(memory_and_arrival_change_nothing, open_test, close_test),
        cmocka_unit_test_setup_teardown(hostile_blocks, open_test, close_test),
        cmocka_unit_test_setup_teardown(nothing_is_fine, open_test, close_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
