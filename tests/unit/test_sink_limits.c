/* The sink at its limits: too much of everything, an owner that refuses, no memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "alloc_fail.h"
#include "event/batch_format.h"
#include "event/names.h"
#include "sink_fixture.h"

/* Equal values are stored once, however long; what they amount to is limited. */
static void test_spread(void **state)
{
    State *s = *state;
    const size_t size = 2 * 1024 * 1024;
    char *large = malloc(size);
    memset(large, 'x', size);
    NameId name = sink_name(s->sink, TEXT("TargetUserName"));
    for (int i = 0; i < 40; i++) {
        sink_add_text(s->sink, name, text_of(large, size));
        commit(s->sink, &LOGON);
    }
    free(large);
    Batch batch = flush(s);
    assert_true(s->fixture.batch_count >= 3);
    assert_true(batch.event_count < 20);
    assert_int_equal(batch.value_count, 1);
}

static void test_too_many_fields(void **state)
{
    State *s = *state;
    NameId name = sink_name(s->sink, TEXT("A"));
    EventHead head = {.offset = 4096, .size = 77, .record_id = RECORD_ID_NONE};
    for (uint32_t n = EVENT_FIELDS_MAX; n <= EVENT_FIELDS_MAX + 1; n++) {
        for (uint32_t i = 0; i < n; i++)
            sink_add_u64(s->sink, name, VALUE_UINT, i);
        assert_true(sink_commit(s->sink, &head, &LOGON));
    }
    assert_int_equal(sink_count(s->sink), 1);
    assert_int_equal(s->fixture.defect_count, 1);
    assert_int_equal(s->fixture.last_offset, 4096);
    assert_int_equal(s->fixture.last_size, 77);
    Batch batch = flush(s);
    assert_int_equal(batch_layout(&batch, 0).native_count, EVENT_FIELDS_MAX);
}

static void test_too_many_bytes(void **state)
{
    State *s = *state;
    const size_t size = 16 * 1024 * 1024;
    char *large = malloc(size);
    memset(large, 'x', size);
    NameId name = sink_name(s->sink, TEXT("A"));
    for (int i = 0; i < 3; i++) { /* three fit, whether equal or not … */
        large[i] = 'y';
        sink_add_text(s->sink, name, text_of(large, size));
    }
    commit(s->sink, &LOGON);
    assert_int_equal(s->fixture.batch_count, 1);
    for (int i = 0; i < 4; i++) /* … four do not, and neither does one as UTF-16 … */
        sink_add_text(s->sink, name, text_of(large, size));
    commit(s->sink, &LOGON);
    for (int i = 0; i < 3; i++)
        sink_add_utf16(s->sink, name, span_of(large, size));
    commit(s->sink, &LOGON);
    sink_list_begin(s->sink); /* … nor elements of a list */
    for (int i = 0; i < 4; i++)
        sink_add_text(s->sink, name, text_of(large, size));
    sink_list_end(s->sink, name);
    commit(s->sink, &LOGON);
    assert_int_equal(s->fixture.defect_count, 3);
    assert_int_equal(sink_count(s->sink), 1);
    free(large);
    add(s->sink, "A", "after");
    commit(s->sink, &LOGON);
    Batch batch = flush(s);
    assert_int_equal(batch.event_count, 1);
    assert_int_equal(batch.value_count, 1);
}

static void test_names(void **state)
{
    State *s = *state;
    NameId a = sink_name(s->sink, TEXT("a"));
    assert_int_equal(sink_name(s->sink, TEXT("a")), a);
    assert_true(sink_name(s->sink, TEXT("A")) != a);
    NameId odd = sink_name(s->sink, TEXT("odd\xFFname"));
    assert_int_equal(sink_name(s->sink, TEXT("odd\xFFname")), odd);
    sink_add_text(s->sink, odd, TEXT("v"));
    add(s->sink, "", "empty name");
    char *longest = malloc(2 * NAME_BYTES_MAX);
    memset(longest, 'n', 2 * NAME_BYTES_MAX);
    NameId cut = sink_name(s->sink, text_of(longest, 2 * NAME_BYTES_MAX));
    assert_int_equal(sink_name(s->sink, text_of(longest, NAME_BYTES_MAX)), cut);
    free(longest);
    commit(s->sink, &LOGON);
    Batch batch = flush(s);
    Value value;
    assert_true(batch_field(&batch, 0, TEXT("odd\\xffname"), &value));
    assert_true(batch_field(&batch, 0, TEXT(""), &value));
}

static void test_names_full(void **state)
{
    State *s = *state;
    NameId last = 0;
    for (int i = 0; i < NAMES_MAX + 10; i++) {
        char name[16];
        int n = snprintf(name, sizeof name, "%d", i);
        last = sink_name(s->sink, text_of(name, (size_t)n));
    }
    assert_false(sink_failed(s->sink));
    assert_int_equal(s->fixture.defect_count, 0);
    sink_add_text(s->sink, last, TEXT("v"));
    fixture_add_logon(s->sink, 1, "adm", "10.0.0.1");
    assert_int_equal(s->fixture.defect_count, 1); /* told with the first event after */
    fixture_add_logon(s->sink, 2, "adm", "10.0.0.1");
    assert_int_equal(s->fixture.defect_count, 1);
    Batch batch = flush(s);
    Value value;
    assert_true(batch_field(&batch, 0, TEXT(NAMES_OVERFLOW_TEXT), &value));
    assert_action(&batch, 1, "logon", "success"); /* its field names came too late */
    assert_ecs(&batch, 1, "process.pid", "(absent)");
}

/* Far more kinds and shapes than are kept. */
static void test_many_kinds(void **state)
{
    State *s = *state;
    EventKind kind = LOGON;
    for (int i = 0; i < 100000; i++) {
        char code[16];
        kind.code = text_of(code, (size_t)snprintf(code, sizeof code, "%d", i));
        add(s->sink, "A", "v");
        commit(s->sink, &kind);
    }
    Batch batch = flush(s);
    EventKind last = batch_kind(
        &batch, batch_layout(&batch, batch_layout_of(&batch, batch.event_count - 1)).kind);
    assert_text(last.code, "99999");
    assert_text(last.service, "security");
}

static void test_refused(void **state)
{
    State *s = *state;
    Err err = {0};
    s->fixture.refuse_after = 0;
    fixture_add_logon(s->sink, 1, "adm", "10.0.0.1");
    assert_false(sink_flush(s->sink, &err));
    assert_int_equal(err.code, ERR_IO);
    assert_true(sink_failed(s->sink));
    assert_string_equal(sink_error(s->sink)->text, "no room");
    fixture_add_logon(s->sink, 2, "adm", "10.0.0.1");
    assert_int_equal(sink_count(s->sink), 1);
    assert_false(sink_flush(s->sink, NULL));
}

static void test_messages(void **state)
{
    State *s = *state;
    char text[700];
    sink_note(s->sink, 5, "chunk %d", 3);
    assert_int_equal(s->fixture.note_count, 1);
    assert_string_equal(s->fixture.last_text, "chunk 3");
    for (size_t i = 0; i < 500; i++)
        text[i] = 'x';
    for (size_t i = 500; i < 698; i += 2) {
        text[i] = '\xC3';
        text[i + 1] = '\xA9';
    }
    text[698] = '\0';
    sink_defect(s->sink, 9, 10, "%s", text);
    assert_int_equal(s->fixture.defect_count, 1);
    assert_int_equal(s->fixture.last_offset, 9);
    assert_int_equal(strlen(s->fixture.last_text), 510); /* not in the middle of a character */
    sink_progress(s->sink, 12345);
    assert_int_equal(s->fixture.progress, 12345);
}

static bool only_count(void *ctx, Span batch, Err *err)
{
    size_t *count = ctx;
    (void)batch;
    (void)err;
    ++*count;
    return true;
}

/* Once its buffers have grown, the sink allocates nothing, whatever kinds of event come. */
static void test_steady_state(void **state)
{
    State *s = *state;
    size_t batches = 0;
    SinkOwner owner = {.batch = only_count, .ctx = &batches};
    Sink *sink = sink_create(s->schema, &owner, SINK_WANTS_ALL);
    assert_non_null(sink);
    for (int round = 0; round < 3; round++) {
        if (round == 2)
            alloc_fail_at(1);
        for (uint64_t i = 0; i < 3 * BATCH_EVENTS_MAX; i++) {
            char user[32];
            int n = snprintf(user, sizeof user, "user%d", (int)(i * 7919 % 50021));
            fixture_add_logon(sink, i, n > 0 && i % 5 ? user : "-", "10.0.0.1");
        }
    }
    assert_false(alloc_fail_over());
    assert_false(sink_failed(sink));
    assert_true(batches >= 9);
    sink_destroy(sink);
}

/* Every allocation fails once: no crash, no leak, and an error that says so. */
static void test_no_memory(void **state)
{
    State *s = *state;
    size_t number = 1;
    for (;; number++) {
        Err err = {0};
        bool ok = false;
        alloc_fail_at(number);
        Sink *sink = sink_create(s->schema, &s->fixture.owner, SINK_WANTS_ALL);
        for (uint64_t i = 0; sink && i < 300; i++) {
            char user[32];
            int n = snprintf(user, sizeof user, "user%d", (int)i);
            fixture_add_logon(sink, i, n > 0 ? user : "", "10.0.0.1");
            NameId name = sink_name(sink, text_from_z(user));
            sink_list_begin(sink);
            sink_add_u64(sink, name, VALUE_UINT, i);
            sink_list_end(sink, name);
            EventHead head = {.offset = i, .twin = i};
            sink_commit(sink, &head, &LOGON);
        }
        ok = sink && sink_flush(sink, &err);
        bool refused = alloc_fail_over();
        sink_destroy(sink);
        fixture_done(&s->fixture);
        if (!refused) {
            assert_true(ok);
            break;
        }
        assert_false(ok);
        if (sink && err.code != ERR_NO_MEMORY)
            fail_msg("allocation %zu: %s", number, err.text);
    }
    assert_true(number > 20);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_spread),       TEST(test_too_many_fields), TEST(test_too_many_bytes),
        TEST(test_names),        TEST(test_names_full),      TEST(test_many_kinds),
        TEST(test_refused),      TEST(test_messages),        TEST(test_no_memory),
        TEST(test_steady_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
