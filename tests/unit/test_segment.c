/* Segments: the batch comes back byte for byte; damage is noticed and harmless. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <zstd.h>

#include "alloc_fail.h"
#include "batch_touch.h"
#include "base/hash.h"
#include "event/batch_format.h"
#include "event/segment.h"
#include "event/segment_code.h"
#include "event_fixture.h"

#define LIMIT (256u * 1024 * 1024)

typedef struct State {
    Schema *schema;
    Fixture fixture;
} State;

/* Batches with all types of value, several layouts, lists, one event, many events. */
static void fill(Sink *sink, uint64_t events)
{
    EventKind kind = {.product = TEXT("zeek"), .service = TEXT("dns"), .code = TEXT("dns")};
    NameId name = sink_name(sink, TEXT("value"));
    for (uint64_t i = 0; i < events; i++) {
        char user[32];
        int n = snprintf(user, sizeof user, "user%d", (int)(i * 7919 % 97));
        if (i % 3) {
            fixture_add_logon(sink, UINT64_MAX - 1 - i * 3, n > 0 ? user : "", "10.1.2.3");
            continue;
        }
        EventHead head = {.time = i % 2 ? TIME_NONE : INT64_MAX - (Time)i,
                          .offset = UINT64_MAX - i * i,
                          .record_id = RECORD_ID_NONE,
                          .size = (uint32_t)(0 - i)};
        for (unsigned type = VALUE_NULL; type < VALUE_LIST; type++)
            sink_add(sink, name,
                     (Value){.type = (ValueType)type, .bytes = span_of(user, type == 0 ? 0 : 8)});
        sink_add_u64(sink, name, VALUE_UINT, UINT64_MAX - i);
        sink_add_u64(sink, name, VALUE_INT, i * i);
        sink_add_u64(sink, name, VALUE_FILETIME, UINT64_C(132539328000000000) + i * 7);
        sink_list_begin(sink);
        sink_add_u64(sink, name, VALUE_TIME, i);
        sink_add_text(sink, name, TEXT("element"));
        sink_list_end(sink, name);
        sink_commit(sink, &head, &kind);
    }
}

static int set_up(void **state)
{
    static State s;
    static const uint64_t SIZES[] = {1, 2, 3000};
    s.schema = fixture_schema();
    fixture_init(&s.fixture);
    for (size_t i = 0; i < 3; i++) {
        Sink *sink = sink_create(s.schema, &s.fixture.owner, SINK_WANTS_ALL);
        if (!sink)
            return -1;
        fill(sink, SIZES[i]);
        bool ok = sink_flush(sink, NULL);
        sink_destroy(sink);
        if (!ok)
            return -1;
    }
    *state = &s;
    return s.fixture.batch_count == 3 ? 0 : -1;
}

static int tear_down(void **state)
{
    State *s = *state;
    fixture_done(&s->fixture);
    schema_destroy(s->schema);
    return 0;
}

static void test_round_trip(void **state)
{
    State *s = *state;
    for (size_t i = 0; i < 3; i++)
        for (int level = 1; level <= 19; level += 6) {
            Buf packed, back;
            Err err = {0};
            buf_init(&packed, LIMIT);
            buf_init(&back, LIMIT);
            BUF_LITERAL(&back, "before");
            assert_true(segment_pack(s->fixture.batches[i], level, &packed, &err));
            assert_true(packed.len < s->fixture.batches[i].len);
            assert_true(segment_unpack(buf_span(&packed), &back, &err));
            Span batch = {.ptr = (const uint8_t *)back.ptr + 6, .len = back.len - 6};
            assert_true(span_equal(batch, s->fixture.batches[i]));
            buf_done(&packed);
            buf_done(&back);
        }
}

static void test_empty_batch(void **state)
{
    (void)state;
    BatchCounts counts = {0};
    BatchMap map = batch_map(&counts);
    uint8_t *bytes = calloc(1, map.total);
    Buf packed, back;
    buf_init(&packed, LIMIT);
    buf_init(&back, LIMIT);
    batch_write_header(&counts, map.total, bytes);
    assert_true(segment_pack(span_of(bytes, map.total), SEGMENT_LEVEL, &packed, NULL));
    assert_true(segment_unpack(buf_span(&packed), &back, NULL));
    assert_true(span_equal(buf_span(&back), span_of(bytes, map.total)));
    buf_done(&packed);
    buf_done(&back);
    free(bytes);
}

/* Unpack a copy in a block of just its size. */
static bool unpacks(Span segment, Err *err)
{
    uint8_t *copy = malloc(segment.len ? segment.len : 1);
    Buf out;
    buf_init(&out, LIMIT);
    if (segment.len)
        memcpy(copy, segment.ptr, segment.len);
    bool ok = segment_unpack(span_of(copy, segment.len), &out, err);
    assert_true(ok || out.len == 0);
    free(copy);
    buf_done(&out);
    return ok;
}

static void test_damaged(void **state)
{
    State *s = *state;
    Buf packed;
    buf_init(&packed, LIMIT);
    assert_true(segment_pack(s->fixture.batches[1], SEGMENT_LEVEL, &packed, NULL));
    for (size_t len = 0; len < packed.len; len++) {
        Err err = {0};
        assert_false(unpacks(span_of(packed.ptr, len), &err));
        assert_int_equal(err.code, ERR_FORMAT);
    }
    for (size_t at = 0; at < packed.len; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            Err err = {0};
            packed.ptr[at] = (char)(packed.ptr[at] ^ 1 << bit);
            /* A few bits of a zstd frame header mean nothing: then the batch must be the same. */
            (void)(unpacks(buf_span(&packed), &err) || err.code == ERR_FORMAT);
            assert_true(err.code == ERR_NONE || err.code == ERR_FORMAT);
            packed.ptr[at] = (char)(packed.ptr[at] ^ 1 << bit);
        }
    assert_true(unpacks(buf_span(&packed), NULL));
    buf_done(&packed);
}

/* A segment around any content, with a right checksum for nothing: what is checked before it. */
static Buf wrap(uint64_t total, Span content)
{
    Buf out;
    buf_init(&out, LIMIT);
    size_t bound = ZSTD_compressBound(content.len);
    uint8_t *to = (uint8_t *)buf_reserve(&out, 24 + bound);
    memcpy(to, "CONSTAS1", 8);
    store_u64le(to + 8, total);
    store_u64le(to + 16, 0);
    out.len = 24 + ZSTD_compress(to + 24, bound, content.ptr, content.len, 1);
    return out;
}

/* Content whose every byte was changed once: decoding stays within its bounds. */
static void test_hostile_content(void **state)
{
    State *s = *state;
    Span batch = s->fixture.batches[1];
    BatchCounts counts;
    BatchMap map;
    assert_true(batch_read_header(batch, &counts, &map));
    size_t size = segment_content_size(&map);
    uint8_t *content = malloc(size), *back = malloc(map.total);
    assert_true(segment_encode(batch, content, NULL));
    size_t refused = 0;
    for (size_t at = BATCH_HEADER_BYTES; at < size; at++)
        for (unsigned change = 1; change < 256; change += 50) {
            Err err = {0};
            Batch opened;
            content[at] ^= (uint8_t)change;
            if (!segment_decode(span_of(content, size), &counts, &map, back, &err))
                refused++;
            else if (batch_open(span_of(back, map.total), &opened, NULL))
                (void)batch_touch(&opened);
            content[at] ^= (uint8_t)change;
        }
    assert_true(refused > 100);
    assert_false(segment_decode(span_of(content, size - 1), &counts, &map, back, NULL));
    assert_true(segment_decode(span_of(content, size), &counts, &map, back, NULL));
    assert_memory_equal(back, batch.ptr, batch.len);
    free(content);
    free(back);
}

static void test_hostile_sizes(void **state)
{
    State *s = *state;
    static const uint64_t TOTALS[] = {0, 47, 48, BATCH_BYTES_MAX + 1, UINT64_MAX};
    Err err = {0};
    for (size_t i = 0; i < 5; i++) {
        Buf segment = wrap(TOTALS[i], s->fixture.batches[0]);
        assert_false(unpacks(buf_span(&segment), &err));
        buf_done(&segment);
    }
    /* Zeros without end in a few bytes: no more is unpacked than a batch may have. */
    uint8_t *zeros = calloc(1, BATCH_BYTES_MAX + 1);
    Buf bomb = wrap(BATCH_BYTES_MAX, span_of(zeros, BATCH_BYTES_MAX + 1));
    assert_true(bomb.len < 100000);
    assert_false(unpacks(buf_span(&bomb), &err));
    buf_done(&bomb);
    free(zeros);
    Buf small;
    buf_init(&small, 100); /* the caller's own limit */
    Buf packed;
    buf_init(&packed, LIMIT);
    assert_true(segment_pack(s->fixture.batches[0], SEGMENT_LEVEL, &packed, NULL));
    assert_false(segment_unpack(buf_span(&packed), &small, &err));
    assert_int_equal(err.code, ERR_NO_MEMORY);
    buf_done(&small);
    buf_done(&packed);
}

static void test_not_a_batch(void **state)
{
    (void)state;
    Buf out;
    Err err = {0};
    buf_init(&out, LIMIT);
    assert_false(segment_pack(span_of("CONSTAB1", 8), SEGMENT_LEVEL, &out, &err));
    assert_int_equal(err.code, ERR_FORMAT);
    assert_int_equal(out.len, 0);
    buf_done(&out);
}

static void test_no_memory(void **state)
{
    State *s = *state;
    Buf packed;
    buf_init(&packed, LIMIT);
    assert_true(segment_pack(s->fixture.batches[1], SEGMENT_LEVEL, &packed, NULL));
    for (size_t number = 1;; number++) {
        Buf again, back;
        Err err = {0};
        buf_init(&again, LIMIT);
        buf_init(&back, LIMIT);
        alloc_fail_at(number);
        bool ok = segment_pack(s->fixture.batches[1], SEGMENT_LEVEL, &again, &err) &&
                  segment_unpack(buf_span(&packed), &back, &err);
        bool refused = alloc_fail_over();
        buf_done(&again);
        buf_done(&back);
        if (!refused) {
            assert_true(ok);
            break;
        }
        assert_false(ok);
        assert_int_equal(err.code, ERR_NO_MEMORY);
    }
    buf_done(&packed);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_round_trip),
        TEST(test_damaged),
        TEST(test_hostile_content),
        TEST(test_hostile_sizes),
        TEST(test_no_memory),
        cmocka_unit_test(test_empty_batch),
        cmocka_unit_test(test_not_a_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
