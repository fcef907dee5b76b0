/* Segments: the batch comes back byte for byte, whole or in parts; damage is noticed and harmless.
 */
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
    SegmentCodec *codec;
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
    s.codec = segment_codec_create();
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
    segment_codec_destroy(s->codec);
    schema_destroy(s->schema);
    return 0;
}

/* ---- helpers ---- */

typedef struct Packed {
    Buf bufs[SEGMENT_PARTS];
    Span parts[SEGMENT_PARTS];
} Packed;

static Packed pack(SegmentCodec *codec, Span batch, int level)
{
    Packed packed;
    Err err = {0};
    for (unsigned p = 0; p < SEGMENT_PARTS; p++) {
        buf_init(&packed.bufs[p], LIMIT);
        if (!segment_pack(codec, batch, (SegmentPart)p, level, &packed.bufs[p], &err))
            fail_msg("part %u: %s", p, err.text);
        packed.parts[p] = buf_span(&packed.bufs[p]);
    }
    return packed;
}

static void packed_done(Packed *packed)
{
    for (unsigned p = 0; p < SEGMENT_PARTS; p++)
        buf_done(&packed->bufs[p]);
}

/* The batch of these parts, of which that of twins may be empty, into `out`. */
static bool unpack(SegmentCodec *codec, const Span parts[SEGMENT_PARTS], Buf *out, Err *err)
{
    Buf dictionary;
    buf_init(&dictionary, LIMIT);
    bool ok = segment_unpack(codec, parts, &dictionary, out, err);
    buf_done(&dictionary);
    return ok;
}

/* ---- what is whole ---- */

static void test_round_trip(void **state)
{
    State *s = *state;
    for (size_t i = 0; i < 3; i++)
        for (int level = 1; level <= 19; level += 6) {
            Packed packed = pack(s->codec, s->fixture.batches[i], level);
            Buf back;
            Err err = {0};
            buf_init(&back, LIMIT);
            BUF_LITERAL(&back, "before");
            assert_true(unpack(s->codec, packed.parts, &back, &err));
            Span batch = {.ptr = (const uint8_t *)back.ptr + 6, .len = back.len - 6};
            assert_true(span_equal(batch, s->fixture.batches[i]));
            buf_done(&back);
            packed_done(&packed);
        }
}

/* Values alone: every name, layout and value of the batch, and no event. */
static void test_values_alone(void **state)
{
    State *s = *state;
    for (size_t i = 0; i < 3; i++) {
        Packed packed = pack(s->codec, s->fixture.batches[i], SEGMENT_LEVEL);
        Batch whole = fixture_batch(&s->fixture, i), alone;
        Buf out;
        Err err = {0};
        buf_init(&out, LIMIT);
        assert_true(segment_unpack_values(s->codec, packed.parts[SEGMENT_VALUES], &out, &err));
        assert_true(batch_open(buf_span(&out), &alone, &err));
        assert_int_equal(alone.event_count, 0);
        assert_int_equal(alone.cell_count, 0);
        assert_int_equal(alone.value_count, whole.value_count);
        assert_int_equal(alone.layout_count, whole.layout_count);
        assert_true(span_equal(alone.value_bytes, whole.value_bytes));
        assert_true(span_equal(alone.name_bytes, whole.name_bytes));
        (void)batch_touch(&alone);
        buf_done(&out);
        packed_done(&packed);
    }
}

/* Without the twins only their two columns are 0. */
static void test_without_twins(void **state)
{
    State *s = *state;
    for (size_t i = 0; i < 3; i++) {
        Packed packed = pack(s->codec, s->fixture.batches[i], SEGMENT_LEVEL);
        Span batch = s->fixture.batches[i];
        BatchCounts counts;
        BatchMap map;
        Buf out;
        buf_init(&out, LIMIT);
        packed.parts[SEGMENT_TWINS] = (Span){0};
        assert_true(unpack(s->codec, packed.parts, &out, NULL));
        assert_true(batch_read_header(batch, &counts, &map));
        uint8_t *expected = malloc(batch.len);
        memcpy(expected, batch.ptr, batch.len);
        memset(expected + map.at[SECTION_TWIN], 0, map.at[SECTION_SIZE] - map.at[SECTION_TWIN]);
        assert_int_equal(out.len, batch.len);
        assert_memory_equal(out.ptr, expected, batch.len);
        free(expected);
        buf_done(&out);
        packed_done(&packed);
    }
}

static void test_twins_alone(void **state)
{
    State *s = *state;
    for (size_t i = 0; i < 3; i++) {
        Packed packed = pack(s->codec, s->fixture.batches[i], SEGMENT_LEVEL);
        Batch whole = fixture_batch(&s->fixture, i);
        SegmentTwins twins;
        assert_true(segment_unpack_twins(s->codec, packed.parts[SEGMENT_TWINS], &twins, NULL));
        assert_int_equal(twins.events, whole.event_count);
        assert_memory_equal(twins.twin, whole.twin, 8 * (size_t)twins.events);
        assert_memory_equal(twins.payload, whole.payload, 8 * (size_t)twins.events);
        packed_done(&packed);
    }
}

static void test_empty_batch(void **state)
{
    State *s = *state;
    BatchCounts counts = {0};
    BatchMap map = batch_map(&counts);
    uint8_t *bytes = calloc(1, map.total);
    Buf back;
    buf_init(&back, LIMIT);
    batch_write_header(&counts, map.total, bytes);
    Packed packed = pack(s->codec, span_of(bytes, map.total), SEGMENT_LEVEL);
    assert_true(unpack(s->codec, packed.parts, &back, NULL));
    assert_true(span_equal(buf_span(&back), span_of(bytes, map.total)));
    buf_done(&back);
    packed_done(&packed);
    free(bytes);
}

/* ---- what belongs together ---- */

static void test_foreign_parts(void **state)
{
    State *s = *state;
    Packed one = pack(s->codec, s->fixture.batches[0], SEGMENT_LEVEL);
    Packed two = pack(s->codec, s->fixture.batches[1], SEGMENT_LEVEL);
    for (unsigned p = 0; p < SEGMENT_PARTS; p++)
        for (unsigned q = 0; q < SEGMENT_PARTS; q++) {
            Span parts[SEGMENT_PARTS] = {one.parts[0], one.parts[1], one.parts[2]};
            parts[p] = two.parts[q];
            Buf out;
            Err err = {0};
            buf_init(&out, LIMIT);
            assert_false(unpack(s->codec, parts, &out, &err));
            assert_int_equal(err.code, ERR_FORMAT);
            assert_int_equal(out.len, 0);
            buf_done(&out);
        }
    packed_done(&one);
    packed_done(&two);
}

/* batch_open_events takes what batch_open takes, beside the right dictionary only. */
static void test_open_events(void **state)
{
    State *s = *state;
    Batch whole[2], dictionary[2], opened;
    Buf values[2];
    for (size_t i = 0; i < 2; i++) {
        Packed packed = pack(s->codec, s->fixture.batches[i + 1], SEGMENT_LEVEL);
        buf_init(&values[i], LIMIT);
        whole[i] = fixture_batch(&s->fixture, i + 1);
        assert_true(
            segment_unpack_values(s->codec, packed.parts[SEGMENT_VALUES], &values[i], NULL));
        assert_true(batch_open(buf_span(&values[i]), &dictionary[i], NULL));
        packed_done(&packed);
    }
    for (size_t i = 0; i < 2; i++) {
        Err err = {0};
        assert_true(batch_open_events(&dictionary[i], whole[i].bytes, &opened, &err));
        assert_int_equal(batch_touch(&opened), batch_touch(&whole[i]));
        assert_false(batch_open_events(&dictionary[1 - i], whole[i].bytes, &opened, &err));
        assert_int_equal(err.code, ERR_FORMAT);
    }
    /* Events are checked. */
    uint8_t *copy = malloc(whole[0].bytes.len);
    memcpy(copy, whole[0].bytes.ptr, whole[0].bytes.len);
    store_u32le(copy + (whole[0].cells - whole[0].bytes.ptr), whole[0].value_count + 1);
    assert_false(
        batch_open_events(&dictionary[0], span_of(copy, whole[0].bytes.len), &opened, NULL));
    free(copy);
    buf_done(&values[0]);
    buf_done(&values[1]);
}

/* ---- damage ---- */

/* Unpack with one part as a copy in a block of just its size. */
static bool unpacks(const State *s, const Packed *packed, unsigned part, Span bytes, Err *err)
{
    uint8_t *copy = malloc(bytes.len ? bytes.len : 1);
    Buf out;
    buf_init(&out, LIMIT);
    if (bytes.len)
        memcpy(copy, bytes.ptr, bytes.len);
    Span parts[SEGMENT_PARTS] = {packed->parts[0], packed->parts[1], packed->parts[2]};
    parts[part] = span_of(copy, bytes.len);
    bool ok = unpack(s->codec, parts, &out, err);
    assert_true(ok || out.len == 0);
    /* Whatever was changed: what comes out is the batch. */
    assert_true(!ok || (part == SEGMENT_TWINS && bytes.len == 0) ||
                span_equal(buf_span(&out), s->fixture.batches[1]));
    SegmentTwins twins;
    if (part == SEGMENT_TWINS && segment_unpack_twins(s->codec, parts[part], &twins, NULL))
        assert_memory_equal(twins.twin, fixture_batch(&s->fixture, 1).twin, 8);
    free(copy);
    buf_done(&out);
    return ok;
}

static void test_damaged(void **state)
{
    State *s = *state;
    Packed packed = pack(s->codec, s->fixture.batches[1], SEGMENT_LEVEL);
    for (unsigned p = 0; p < SEGMENT_PARTS; p++) {
        uint8_t *bytes = (uint8_t *)packed.bufs[p].ptr;
        size_t size = packed.bufs[p].len;
        for (size_t len = p == SEGMENT_TWINS; len < size; len++) {
            Err err = {0};
            assert_false(unpacks(s, &packed, p, span_of(bytes, len), &err));
            assert_int_equal(err.code, ERR_FORMAT);
        }
        for (size_t at = 0; at < size; at++)
            for (unsigned bit = 0; bit < 8; bit++) {
                Err err = {0};
                bytes[at] ^= (uint8_t)(1 << bit);
                /* A few bits of a zstd frame header mean nothing: then the batch is the same. */
                (void)unpacks(s, &packed, p, span_of(bytes, size), &err);
                assert_true(err.code == ERR_NONE || err.code == ERR_FORMAT);
                bytes[at] ^= (uint8_t)(1 << bit);
            }
        assert_true(unpacks(s, &packed, p, span_of(bytes, size), NULL));
    }
    packed_done(&packed);
}

/* A part around any content, with a wrong checksum: what is checked before it. */
static Buf wrap(SegmentPart part, uint32_t size, Span content)
{
    Buf out;
    buf_init(&out, LIMIT);
    size_t bound = ZSTD_compressBound(content.len);
    uint8_t *to = (uint8_t *)buf_reserve(&out, 32 + bound);
    memset(to, 0, 32);
    memcpy(to, "CONSTAS2", 8);
    store_u32le(to + 8, (uint32_t)part);
    store_u32le(to + 12, size);
    out.len = 32 + ZSTD_compress(to + 32, bound, content.ptr, content.len, 1);
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
    size_t refused = 0;
    for (unsigned p = SEGMENT_VALUES; p <= SEGMENT_EVENTS; p++) {
        size_t size = segment_content_size(&map, (SegmentPart)p);
        uint8_t *content = malloc(size), *back = malloc(map.total);
        memcpy(back, batch.ptr, batch.len);
        assert_true(segment_encode(batch, (SegmentPart)p, content, NULL));
        for (size_t at = BATCH_HEADER_BYTES; at < size; at++)
            for (unsigned change = 1; change < 256; change += 50) {
                Err err = {0};
                Batch opened;
                content[at] ^= (uint8_t)change;
                if (!segment_decode(span_of(content, size), (SegmentPart)p, &counts, &map, back,
                                    &err))
                    refused++;
                else if (batch_open(span_of(back, map.total), &opened, NULL))
                    (void)batch_touch(&opened);
                content[at] ^= (uint8_t)change;
            }
        assert_false(
            segment_decode(span_of(content, size - 1), (SegmentPart)p, &counts, &map, back, NULL));
        assert_true(
            segment_decode(span_of(content, size), (SegmentPart)p, &counts, &map, back, NULL));
        assert_memory_equal(back, batch.ptr, batch.len);
        free(content);
        free(back);
    }
    assert_true(refused > 100);
}

static void test_hostile_sizes(void **state)
{
    State *s = *state;
    static const uint32_t SIZES[] = {0, 47, 48, BATCH_BYTES_MAX + 1, UINT32_MAX};
    Packed packed = pack(s->codec, s->fixture.batches[1], SEGMENT_LEVEL);
    uint8_t *zeros = calloc(1, BATCH_BYTES_MAX + 1);
    for (unsigned p = 0; p < SEGMENT_PARTS; p++) {
        Err err = {0};
        for (size_t i = 0; i < 5; i++) {
            Buf part = wrap((SegmentPart)p, SIZES[i], s->fixture.batches[0]);
            assert_false(unpacks(s, &packed, p, buf_span(&part), &err));
            buf_done(&part);
        }
        /* Zeros without end in a few bytes: no more is unpacked than a batch may have. */
        Buf bomb = wrap((SegmentPart)p, BATCH_BYTES_MAX, span_of(zeros, BATCH_BYTES_MAX + 1));
        assert_true(bomb.len < 100000);
        assert_false(unpacks(s, &packed, p, buf_span(&bomb), &err));
        buf_done(&bomb);
    }
    free(zeros);
    Buf small; /* the caller's own limit */
    Err err = {0};
    buf_init(&small, 100);
    assert_false(segment_unpack_values(s->codec, packed.parts[SEGMENT_VALUES], &small, &err));
    assert_int_equal(err.code, ERR_NO_MEMORY);
    buf_done(&small);
    packed_done(&packed);
}

static void test_not_a_batch(void **state)
{
    State *s = *state;
    Buf out;
    Err err = {0};
    buf_init(&out, LIMIT);
    assert_false(
        segment_pack(s->codec, span_of("CONSTAB1", 8), SEGMENT_VALUES, SEGMENT_LEVEL, &out, &err));
    assert_int_equal(err.code, ERR_FORMAT);
    assert_int_equal(out.len, 0);
    buf_done(&out);
}

static void test_no_memory(void **state)
{
    State *s = *state;
    Packed packed = pack(s->codec, s->fixture.batches[1], SEGMENT_LEVEL);
    for (size_t number = 1;; number++) {
        Buf again, back;
        Err err = {0};
        buf_init(&again, LIMIT);
        buf_init(&back, LIMIT);
        alloc_fail_at(number);
        SegmentCodec *codec = segment_codec_create();
        bool ok = codec &&
                  segment_pack(codec, s->fixture.batches[1], SEGMENT_EVENTS, SEGMENT_LEVEL, &again,
                               &err) &&
                  unpack(codec, packed.parts, &back, &err);
        bool refused = alloc_fail_over();
        assert_true(ok || !codec || err.code == ERR_NO_MEMORY);
        segment_codec_destroy(codec);
        buf_done(&again);
        buf_done(&back);
        if (!refused) {
            assert_true(ok);
            break;
        }
        assert_false(ok);
    }
    packed_done(&packed);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_round_trip),    TEST(test_damaged),     TEST(test_hostile_content),
        TEST(test_hostile_sizes), TEST(test_no_memory),   TEST(test_values_alone),
        TEST(test_without_twins), TEST(test_twins_alone), TEST(test_empty_batch),
        TEST(test_foreign_parts), TEST(test_open_events), TEST(test_not_a_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
