/* The batch as hostile input: what batch_open must refuse, and that nothing it accepts makes an
 * accessor read outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "batch_touch.h"
#include "event/batch_format.h"
#include "event_fixture.h"

typedef struct State {
    Schema *schema;
    Fixture fixture;
    uint8_t *bytes; /* a copy that a test may change, in a block of just its size */
    size_t size;
    BatchMap map;
} State;

static void fill(Sink *sink)
{
    EventKind kind = {.product = TEXT("zeek"), .service = TEXT("dns"), .code = TEXT("dns")};
    EventHead head = {.time = TIME_NONE,
                      .meaning = TIME_MEANS_UNKNOWN,
                      .quality = TIME_MISSING,
                      .class = EVENT_RECOVERED,
                      .sub = 3,
                      .record_id = RECORD_ID_NONE};
    fixture_add_logon(sink, 1, "adm-x", "10.1.2.3");
    fixture_add_logon(sink, 2, "-", "-");
    NameId answers = sink_name(sink, TEXT("answers"));
    sink_list_begin(sink);
    sink_add_text(sink, answers, TEXT("10.0.0.1"));
    sink_add_text(sink, answers, TEXT("10.0.0.2"));
    sink_list_end(sink, answers);
    sink_add(sink, sink_name(sink, TEXT("guid")),
             (Value){.type = VALUE_GUID, .bytes = span_of("0123456789abcdef", 16)});
    sink_add_u64(sink, sink_name(sink, TEXT("flag")), VALUE_BOOL, 1);
    sink_commit(sink, &head, &kind);
}

static int set_up(void **state)
{
    static State s;
    s.schema = fixture_schema();
    fixture_init(&s.fixture);
    Sink *sink = sink_create(s.schema, &s.fixture.owner, SINK_WANTS_ALL);
    if (!sink)
        return -1;
    fill(sink);
    bool ok = sink_flush(sink, NULL);
    sink_destroy(sink);
    s.size = s.fixture.batches[0].len;
    s.bytes = malloc(s.size);
    BatchCounts counts;
    ok = ok && s.bytes && batch_read_header(s.fixture.batches[0], &counts, &s.map);
    if (ok)
        memcpy(s.bytes, s.fixture.batches[0].ptr, s.size);
    *state = &s;
    return ok ? 0 : -1;
}

static int tear_down(void **state)
{
    State *s = *state;
    free(s->bytes);
    fixture_done(&s->fixture);
    schema_destroy(s->schema);
    return 0;
}

static bool opens(const State *s)
{
    Batch batch;
    Err err = {0};
    bool ok = batch_open(span_of(s->bytes, s->size), &batch, &err);
    assert_true(ok || err.code == ERR_FORMAT);
    return ok;
}

static void test_accepts_own(void **state)
{
    State *s = *state;
    Batch batch;
    Err err = {0};
    assert_true(batch_open(span_of(s->bytes, s->size), &batch, &err));
    assert_int_equal(batch.event_count, 3);
    assert_int_equal(batch.layout_count, 3); /* the two logons differ in their action */
    assert_true(batch_touch(&batch) != 0);
    EventHead head = batch_head(&batch, 2);
    assert_true(head.time == TIME_NONE && head.record_id == RECORD_ID_NONE);
    assert_int_equal(head.sub, 3);
    assert_int_equal(head.meaning, TIME_MEANS_UNKNOWN);
    assert_int_equal(head.quality, TIME_MISSING);
    assert_int_equal(head.class, EVENT_RECOVERED);
    assert_int_equal(batch_cell(&batch, 2, 100000), UINT32_MAX);
    assert_int_equal(batch_name(&batch, UINT32_MAX).len, 0);
}

static void test_empty(void **state)
{
    (void)state;
    BatchCounts counts = {0};
    BatchMap map = batch_map(&counts);
    uint8_t *bytes = calloc(1, map.total);
    Batch batch;
    batch_write_header(&counts, map.total, bytes);
    assert_true(batch_open(span_of(bytes, map.total), &batch, NULL));
    assert_int_equal(batch.event_count, 0);
    assert_true(batch_touch(&batch) == 0);
    free(bytes);
}

static void test_truncated(void **state)
{
    State *s = *state;
    for (size_t size = 0; size < s->size; size++) {
        uint8_t *part = malloc(size ? size : 1);
        Batch batch;
        memcpy(part, s->bytes, size);
        assert_false(batch_open(span_of(part, size), &batch, NULL));
        free(part);
    }
}

/* Every byte with every one of a few changes: refused, or readable throughout. */
static void test_flipped(void **state)
{
    State *s = *state;
    static const uint8_t CHANGES[] = {0x01, 0x02, 0x04, 0x10, 0x40, 0x80, 0xFF};
    size_t refused = 0, accepted = 0;
    for (size_t at = 0; at < s->size; at++)
        for (size_t c = 0; c < sizeof CHANGES; c++) {
            Batch batch;
            s->bytes[at] ^= CHANGES[c];
            if (batch_open(span_of(s->bytes, s->size), &batch, NULL)) {
                (void)batch_touch(&batch);
                accepted++;
            } else {
                refused++;
            }
            s->bytes[at] ^= CHANGES[c];
        }
    assert_true(opens(s));
    assert_true(refused > 1000 && accepted > 1000);
}

/* The word number `i` of a section becomes `value`; it must be refused; then it is put back. */
static void refuse_word(State *s, Section section, size_t i, uint32_t value)
{
    uint8_t *at = s->bytes + s->map.at[section] + 4 * i;
    uint32_t old = load_u32le(at);
    assert_true(4 * i + 4 <= s->map.size[section]);
    store_u32le(at, value);
    if (opens(s))
        fail_msg("section %d word %zu = %u was accepted", (int)section, i, (unsigned)value);
    store_u32le(at, old);
}

static void refuse_byte(State *s, Section section, size_t i, uint8_t value)
{
    uint8_t *at = s->bytes + s->map.at[section] + i;
    uint8_t old = *at;
    *at = value;
    if (opens(s))
        fail_msg("section %d byte %zu = %u was accepted", (int)section, i, (unsigned)value);
    *at = old;
}

static void test_refuses(void **state)
{
    State *s = *state;
    Batch b = fixture_batch(&s->fixture, 0);
    refuse_byte(s, SECTION_MEANING, 0, TIME_MEANING_COUNT);
    refuse_byte(s, SECTION_QUALITY, 1, TIME_QUALITY_COUNT);
    refuse_byte(s, SECTION_CLASS, 2, EVENT_CLASS_COUNT);
    refuse_byte(s, SECTION_VALUE_TYPE, 0, VALUE_TYPE_COUNT);
    refuse_word(s, SECTION_LAYOUT, 0, b.layout_count);
    refuse_word(s, SECTION_LAYOUT, 0, UINT32_MAX);
    refuse_word(s, SECTION_LAYOUT, 0, 2); /* it has another number of cells */
    refuse_word(s, SECTION_FIRST_CELL, 0, 1);
    refuse_word(s, SECTION_FIRST_CELL, 2, UINT32_MAX);
    refuse_word(s, SECTION_CELLS, 3, b.value_count + 1);
    refuse_word(s, SECTION_CELLS, 3, UINT32_MAX);
    refuse_word(s, SECTION_CELLS, 0, 0); /* a native field needs a value */
    refuse_word(s, SECTION_VALUE_START, 0, 1);
    refuse_word(s, SECTION_VALUE_START, 1, UINT32_MAX);
    refuse_word(s, SECTION_VALUE_START, b.value_count, (uint32_t)b.value_bytes.len + 1);
    refuse_word(s, SECTION_VALUE_START, b.value_count, (uint32_t)b.value_bytes.len - 1);
    refuse_word(s, SECTION_NAME_START, 0, 1);
    refuse_word(s, SECTION_NAME_START, 1, UINT32_MAX);
    refuse_word(s, SECTION_NAME_START, b.name_count, 0);
    refuse_word(s, SECTION_KINDS, 4, b.name_count);
    refuse_word(s, SECTION_LAYOUT_START, 1, 3);
    refuse_word(s, SECTION_LAYOUT_START, 1, UINT32_MAX);
    refuse_word(s, SECTION_LAYOUT_WORDS, LAYOUT_KIND, b.kind_count);
    refuse_word(s, SECTION_LAYOUT_WORDS, LAYOUT_ACTION, b.name_count);
    refuse_word(s, SECTION_LAYOUT_WORDS, LAYOUT_OUTCOME, b.name_count);
    refuse_word(s, SECTION_LAYOUT_WORDS, LAYOUT_CELLS, 0);
    refuse_word(s, SECTION_LAYOUT_WORDS, LAYOUT_CELLS, UINT32_MAX);
    refuse_word(s, SECTION_LAYOUT_WORDS, LAYOUT_NATIVE, UINT32_MAX);
    refuse_word(s, SECTION_LAYOUT_WORDS, LAYOUT_ROLES, UINT32_MAX);
    refuse_word(s, SECTION_LAYOUT_WORDS, LAYOUT_ECS, UINT32_MAX);
    Layout layout = batch_layout(&b, 0);
    size_t names = LAYOUT_HEAD_WORDS, roles = names + layout.native_count;
    size_t ecs = roles + 2 * layout.role_count;
    refuse_word(s, SECTION_LAYOUT_WORDS, names, b.name_count);
    refuse_word(s, SECTION_LAYOUT_WORDS, roles, ROLE_COUNT);
    refuse_word(s, SECTION_LAYOUT_WORDS, roles + 1, layout.cell_count);
    refuse_word(s, SECTION_LAYOUT_WORDS, ecs, b.name_count);
    refuse_word(s, SECTION_LAYOUT_WORDS, ecs + 1, layout.cell_count);
    refuse_byte(s, SECTION_NAME_BYTES, 0, 0xFF);
    for (unsigned i = 2; i < BATCH_HEADER_BYTES / 4; i++) {
        uint32_t old = load_u32le(s->bytes + 4 * i);
        for (uint32_t change = 1; change; change <<= 1) { /* the total, and all counts */
            store_u32le(s->bytes + 4 * i, old ^ change);
            if (change < 8) /* small changes may vanish in the padding of a section */
                continue;
            assert_false(opens(s));
        }
        store_u32le(s->bytes + 4 * i, old);
    }
    assert_true(opens(s));
}

/* Values that do not suit their type; lists in lists and beyond the values. */
static void test_refuses_values(void **state)
{
    State *s = *state;
    Batch b = fixture_batch(&s->fixture, 0);
    for (uint32_t i = 0; i < b.value_count; i++) {
        Value value = batch_value(&b, i);
        size_t at = (size_t)(value.bytes.ptr - b.value_bytes.ptr);
        if (value.type == VALUE_TEXT && value.bytes.len) {
            refuse_byte(s, SECTION_VALUE_BYTES, at, 0xFF);
            refuse_byte(s, SECTION_VALUE_TYPE, i, VALUE_NULL);
        } else if (value.type == VALUE_BOOL) {
            refuse_byte(s, SECTION_VALUE_BYTES, at, 2);
            refuse_byte(s, SECTION_VALUE_TYPE, i, VALUE_GUID);
        } else if (value.type == VALUE_GUID) {
            refuse_byte(s, SECTION_VALUE_TYPE, i, VALUE_SID);
            refuse_byte(s, SECTION_VALUE_TYPE, i, VALUE_TIME);
        } else if (value.type == VALUE_LIST) {
            uint8_t *ref = s->bytes + s->map.at[SECTION_VALUE_BYTES] + at;
            uint32_t old = load_u32le(ref);
            static const uint32_t BAD[] = {0, 1, 0x00FFFFFF, UINT32_MAX};
            for (size_t k = 0; k < 4; k++) {
                store_u32le(ref, k == 0 ? i : k == 1 ? b.value_count : BAD[k]);
                assert_false(opens(s));
            }
            store_u32le(ref, old);
        }
    }
    assert_true(opens(s));
}

/* A small block that stands for terabytes: refused. */
static void test_refuses_spread(void **state)
{
    (void)state;
    const uint32_t events = 2000, size = 1024 * 1024;
    BatchCounts counts = {.n = {[COUNT_EVENTS] = events,
                                [COUNT_CELLS] = events,
                                [COUNT_VALUES] = 1,
                                [COUNT_KINDS] = 1,
                                [COUNT_LAYOUTS] = 1,
                                [COUNT_LAYOUT_WORDS] = LAYOUT_HEAD_WORDS + 1,
                                [COUNT_NAMES] = 1,
                                [COUNT_VALUE_BYTES] = size}};
    BatchMap map = batch_map(&counts);
    uint8_t *bytes = calloc(1, map.total);
    Batch batch;
    batch_write_header(&counts, map.total, bytes);
    bytes[map.at[SECTION_VALUE_TYPE]] = VALUE_TEXT;
    store_u32le(bytes + map.at[SECTION_VALUE_START] + 4, size);
    store_u32le(bytes + map.at[SECTION_LAYOUT_START] + 4, LAYOUT_HEAD_WORDS + 1);
    uint8_t *words = bytes + map.at[SECTION_LAYOUT_WORDS];
    store_u32le(words + 4 * LAYOUT_ACTION, UINT32_MAX);
    store_u32le(words + 4 * LAYOUT_OUTCOME, UINT32_MAX);
    store_u32le(words + 4 * LAYOUT_CELLS, 1);
    store_u32le(words + 4 * LAYOUT_NATIVE, 1);
    for (uint32_t i = 0; i < events; i++) {
        store_u32le(bytes + map.at[SECTION_FIRST_CELL] + 4 * (size_t)i, i);
        store_u32le(bytes + map.at[SECTION_CELLS] + 4 * (size_t)i, 1);
    }
    Err err = {0};
    assert_false(batch_open(span_of(bytes, map.total), &batch, &err));
    assert_non_null(strstr(err.text, "1 GiB"));
    store_u32le(bytes + map.at[SECTION_VALUE_START], 0);
    store_u32le(bytes + 12, 1000); /* fewer events have another map: no longer this block */
    assert_false(batch_open(span_of(bytes, map.total), &batch, &err));
    free(bytes);
}

static void test_too_large(void **state)
{
    (void)state;
    uint8_t *bytes = calloc(1, (size_t)BATCH_BYTES_MAX + 8);
    Err err = {0};
    Batch batch;
    assert_false(batch_open(span_of(bytes, (size_t)BATCH_BYTES_MAX + 8), &batch, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    free(bytes);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_accepts_own),
        TEST(test_truncated),
        TEST(test_flipped),
        TEST(test_refuses),
        TEST(test_refuses_values),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_refuses_spread),
        cmocka_unit_test(test_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
