/* The sink: what comes out of the batches is what was put in, with the meaning that the tables
 * give it. Limits and failures: test_sink_limits.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "sink_fixture.h"

static void test_logon(void **state)
{
    State *s = *state;
    fixture_add_logon(s->sink, 7, "adm-x", "::ffff:10.1.2.3");
    assert_int_equal(sink_count(s->sink), 1);
    Batch batch = flush(s);
    assert_int_equal(batch.event_count, 1);
    EventHead head = batch_head(&batch, 0);
    assert_int_equal(head.time, 7 * INT64_C(1000000007));
    assert_int_equal(head.offset, 512 + 7 * 1024);
    assert_int_equal(head.size, 1024);
    assert_int_equal(head.record_id, 7);
    assert_true(head.twin != 0);
    assert_true(batch_payload(&batch, 0) != 0);
    EventKind kind = batch_kind(&batch, batch_layout(&batch, 0).kind);
    assert_text(kind.product, "windows");
    assert_text(kind.service, "security"); /* from sources.tsv */
    assert_text(kind.channel, "Security");
    assert_text(kind.code, "4624");
    assert_action(&batch, 0, "remote logon", "success");
    assert_role(&batch, 0, ROLE_USER, "adm-x");
    assert_role(&batch, 0, ROLE_USER_DOMAIN, "COURT");
    assert_role(&batch, 0, ROLE_SOURCE_IP, "::ffff:10.1.2.3"); /* roles are native */
    assert_role(&batch, 0, ROLE_SESSION, "0x3ee");
    assert_role(&batch, 0, ROLE_OBJECT, "(absent)");
    assert_ecs(&batch, 0, "host.name", "dc1.court.example");
    assert_ecs(&batch, 0, "event.code", "4624");
    assert_ecs(&batch, 0, "user.name", "adm-x");
    assert_ecs(&batch, 0, "source.ip", "10.1.2.3");
    assert_ecs(&batch, 0, "source.port", "(absent)");
    assert_ecs(&batch, 0, "process.pid", "708");
    assert_ecs(&batch, 0, "process.name", "lsass.exe");
    assert_ecs(&batch, 0, "process.executable", "C:\\Windows\\System32\\lsass.exe");
    assert_ecs(&batch, 0, "no.such.field", "(absent)");
    Value value;
    assert_true(batch_field(&batch, 0, TEXT("LogonType"), &value));
    assert_int_equal(value.type, VALUE_UINT);
    assert_int_equal(value_u64(value), 3);
    assert_false(batch_field(&batch, 0, TEXT("LogonTyp"), &value));
}

/* Which action row is taken; fields that are not there, and those that are empty. */
static void test_rows(void **state)
{
    static const struct {
        const char *user, *type, *action;
    } CASES[] = {
        {"adm", "3", "remote logon"},
        {"adm", "10", "remote logon"},
        {"adm", "0xa", "remote logon"},
        {"adm", "2", "logon"},
        {"-", "3", "logon"},
        {"", "3", "logon"},
        {NULL, "3", "logon"},
        {"the system account", "5", "logon of a service"},
        {"SYSTEM", "3", "remote logon"},
        {"adm", NULL, "logon"},
    };
    State *s = *state;
    const size_t n = sizeof CASES / sizeof CASES[0];
    for (size_t i = 0; i < n; i++) {
        if (CASES[i].user)
            add(s->sink, "TargetUserName", CASES[i].user);
        if (CASES[i].type)
            add(s->sink, "LogonType", CASES[i].type);
        commit(s->sink, &LOGON);
    }
    Batch batch = flush(s);
    for (uint32_t i = 0; i < n; i++)
        assert_action(&batch, i, CASES[i].action, "success");
}

static void test_kinds(void **state)
{
    State *s = *state;
    EventKind sysmon = {.product = TEXT("windows"),
                        .channel = TEXT("microsoft-windows-sysmon/operational"),
                        .provider = TEXT("microsoft-windows-sysmon"),
                        .code = TEXT("1")};
    EventKind other = sysmon;
    other.provider = TEXT("Another");
    EventKind conn = {.product = TEXT("zeek"), .service = TEXT("conn"), .code = TEXT("conn")};
    EventKind unknown = {.product = TEXT("windows"), .channel = TEXT("Unheard"), .code = TEXT("1")};
    EventKind mssql = {.product = TEXT("windows"),
                       .channel = TEXT("Application"),
                       .provider = TEXT("MSSQLSERVER"),
                       .code = TEXT("18456")};
    const EventKind *kinds[] = {&sysmon, &other, &conn, &unknown, &mssql, &sysmon};
    for (size_t i = 0; i < 6; i++) {
        add(s->sink, "User", "COURT\\adm");
        add(s->sink, "Hashes", "MD5=AA,sha256=0BCD,IMPHASH=00000000");
        commit(s->sink, kinds[i]);
    }
    Batch batch = flush(s);
    static const char *const SERVICES[] = {"sysmon", "sysmon", "conn", "", "mssql", "sysmon"};
    static const char *const ACTIONS[] = {"process start", "", "connection", "", "",
                                          "process start"};
    for (uint32_t i = 0; i < 6; i++) {
        Layout layout = batch_layout(&batch, batch_layout_of(&batch, i));
        assert_text(batch_kind(&batch, layout.kind).service, SERVICES[i]);
        assert_action(&batch, i, ACTIONS[i], "");
    }
    assert_int_equal(batch.kind_count, 5);
    assert_ecs(&batch, 0, "user.domain", "COURT");
    assert_ecs(&batch, 0, "user.name", "adm");
    assert_ecs(&batch, 0, "process.hash.md5", "aa");
    assert_ecs(&batch, 0, "process.hash.sha256", "0bcd");
    assert_ecs(&batch, 0, "process.hash.sha1", "(absent)");
    assert_ecs(&batch, 0, "process.pe.imphash", "(absent)");
    assert_ecs(&batch, 2, "user.name", "(absent)");
}

/* Of several rows for one ECS field the first that gives something counts. */
static void test_first_ecs_wins(void **state)
{
    State *s = *state;
    static const char *const USERS[][3] = {
        {"target", "subject", "target"}, {"-", "subject", "subject"},  {"", "subject", "subject"},
        {"-", "-", "(absent)"},          {NULL, "subject", "subject"}, {"target", NULL, "target"},
    };
    for (size_t i = 0; i < 6; i++) {
        if (USERS[i][1])
            add(s->sink, "SubjectUserName", USERS[i][1]);
        if (USERS[i][0])
            add(s->sink, "TargetUserName", USERS[i][0]);
        commit(s->sink, &LOGON);
    }
    Batch batch = flush(s);
    for (uint32_t i = 0; i < 6; i++)
        assert_ecs(&batch, i, "user.name", USERS[i][2]);
}

static void test_values(void **state)
{
    State *s = *state;
    NameId name = sink_name(s->sink, TEXT("Name"));
    static const uint8_t UTF16[] = {'a', 0, 0xE9, 0, 0x3D, 0xD8, 0x00, 0xDE, 0x00, 0xD8, 'z'};
    sink_add_text(s->sink, name, TEXT("caf\xC3\xA9"));
    sink_add_text(s->sink, name, TEXT("bad \xFF"));
    sink_add_utf16(s->sink, name, span_of(UTF16, sizeof UTF16));
    sink_add_utf16(s->sink, name, (Span){0});
    sink_add_text(s->sink, name, (Text){0});
    sink_add_u64(s->sink, name, VALUE_INT, UINT64_MAX);
    sink_add_u64(s->sink, name, VALUE_BOOL, 1);
    sink_add_u64(s->sink, name, VALUE_BOOL, 2);
    sink_add(s->sink, name, (Value){.type = VALUE_NULL});
    sink_add(s->sink, name, (Value){.type = VALUE_GUID, .bytes = span_of("short", 5)});
    sink_add(s->sink, name, (Value){.type = VALUE_LIST, .bytes = span_of("\0\0\0", 4)});
    static const ValueType TYPES[] = {VALUE_TEXT, VALUE_BINARY, VALUE_TEXT,  VALUE_TEXT,
                                      VALUE_TEXT, VALUE_INT,    VALUE_BOOL,  VALUE_INT,
                                      VALUE_NULL, VALUE_BINARY, VALUE_BINARY};
    static const char *const TEXTS[] = {"caf\xC3\xA9",
                                        "62616420FF",
                                        "a\xC3\xA9\xF0\x9F\x98\x80\xED\xA0\x80",
                                        "",
                                        "",
                                        "-1",
                                        "true",
                                        "2",
                                        "",
                                        "73686F7274",
                                        "00000000"};
    Value value;
    assert_true(sink_pending(s->sink, name, &value));
    assert_text(value_text(value), "caf\xC3\xA9");
    assert_false(sink_pending(s->sink, sink_name(s->sink, TEXT("Other")), &value));
    commit(s->sink, &LOGON);
    Batch batch = flush(s);
    Layout layout = batch_layout(&batch, 0);
    assert_int_equal(layout.native_count, 11);
    for (uint32_t i = 0; i < 11; i++) {
        value = batch_value(&batch, batch_cell(&batch, 0, i));
        assert_int_equal(value.type, TYPES[i]);
        assert_value(&batch, true, value, TEXTS[i]);
        assert_text(batch_name(&batch, load_u32le(layout.names + 4 * (size_t)i)), "Name");
    }
    assert_int_equal(batch_cell(&batch, 0, 3), batch_cell(&batch, 0, 4)); /* stored once */
}

static void test_lists(void **state)
{
    State *s = *state;
    NameId name = sink_name(s->sink, TEXT("Answers"));
    for (int i = 0; i < 2; i++) {
        sink_list_begin(s->sink);
        sink_add_text(s->sink, name, TEXT("10.0.0.1"));
        sink_add_u64(s->sink, name, VALUE_UINT, 5);
        sink_add_text(s->sink, name, TEXT("10.0.0.1"));
        sink_list_end(s->sink, name);
        sink_list_begin(s->sink);
        sink_list_end(s->sink, name);
        commit(s->sink, &LOGON);
    }
    Batch batch = flush(s);
    Value list = batch_value(&batch, batch_cell(&batch, 0, 0));
    assert_int_equal(list.type, VALUE_LIST);
    assert_int_equal(list.bytes.len, 12);
    assert_int_equal(batch_list_at(&batch, list, 1).type, VALUE_UINT);
    assert_value(&batch, true, list, "10.0.0.1,5,10.0.0.1");
    assert_value(&batch, true, batch_value(&batch, batch_cell(&batch, 1, 1)), "");
    assert_int_equal(batch_cell(&batch, 0, 0), batch_cell(&batch, 1, 0));
    assert_int_equal(batch.value_count, 4); /* two elements, two lists */
}

static void test_drop(void **state)
{
    State *s = *state;
    add(s->sink, "A", "kept");
    commit(s->sink, &LOGON);
    add(s->sink, "A", "dropped");
    add(s->sink, "B", "dropped too");
    sink_drop(s->sink);
    add(s->sink, "A", "dropped too");
    add(s->sink, "B", "kept");
    commit(s->sink, &LOGON);
    add(s->sink, "C", "left over");
    Batch batch = flush(s); /* the pending event goes */
    assert_int_equal(batch.event_count, 2);
    assert_int_equal(batch.value_count, 2);
    Value value;
    assert_true(batch_field(&batch, 1, TEXT("A"), &value));
    assert_text(value_text(value), "dropped too");
    assert_true(batch_field(&batch, 1, TEXT("B"), &value));
    assert_text(value_text(value), "kept");
    size_t batches = s->fixture.batch_count;
    assert_true(sink_flush(s->sink, NULL)); /* nothing to hand over */
    assert_int_equal(s->fixture.batch_count, batches);
}

static uint64_t payload_of(State *s)
{
    commit(s->sink, &LOGON);
    Batch batch = flush(s);
    return batch_payload(&batch, 0);
}

static void test_payload(void **state)
{
    State *s = *state;
    add(s->sink, "A", "1");
    add(s->sink, "B", "2");
    uint64_t plain = payload_of(s);
    add(s->sink, "System.Computer", "any");
    add(s->sink, "b", "2");
    add(s->sink, "a", "1");
    add(s->sink, "Empty", "");
    add(s->sink, "export.host", "who exported it");
    assert_true(payload_of(s) == plain);
    sink_add_u64(s->sink, sink_name(s->sink, TEXT("A")), VALUE_UINT, 1);
    sink_add_u64(s->sink, sink_name(s->sink, TEXT("B")), VALUE_INT, 2);
    assert_true(payload_of(s) == plain); /* an export writes numbers as text */
    add(s->sink, "A", "2");
    add(s->sink, "B", "1");
    assert_true(payload_of(s) != plain);
    add(s->sink, "A", "1");
    assert_true(payload_of(s) != plain);
    add(s->sink, "Data", "x");
    add(s->sink, "Data", "y");
    uint64_t repeated = payload_of(s);
    NameId data = sink_name(s->sink, TEXT("Data"));
    sink_list_begin(s->sink);
    sink_add_text(s->sink, data, TEXT("y"));
    sink_add_text(s->sink, data, TEXT("x"));
    sink_list_end(s->sink, data);
    assert_true(payload_of(s) == repeated);
}

/* Batches end by their content alone, and what is in one does not depend on those before. */
static void test_full(void **state)
{
    State *s = *state;
    for (uint64_t i = 0; i < 2 * BATCH_EVENTS_MAX; i++) {
        char user[32];
        assert_true(snprintf(user, sizeof user, "user%d", (int)(i % BATCH_EVENTS_MAX / 3)) > 0);
        add(s->sink, "TargetUserName", user);
        add(s->sink, "IpAddress", "10.1.1.1");
        commit(s->sink, &LOGON);
    }
    assert_int_equal(s->fixture.batch_count, 2);
    assert_true(span_equal(s->fixture.batches[0], s->fixture.batches[1]));
    Batch batch = fixture_batch(&s->fixture, 1);
    assert_int_equal(batch.event_count, BATCH_EVENTS_MAX);
    assert_ecs(&batch, 3000, "user.name", "user1000");

    char *large = malloc(100001);
    memset(large, 'x', 100000);
    large[100000] = '\0';
    for (int i = 0; i < 32; i++) {
        large[i] = 'y';
        add(s->sink, "Big", large);
        commit(s->sink, &LOGON);
    }
    free(large);
    assert_int_equal(s->fixture.batch_count, 3);
    assert_true(fixture_batch(&s->fixture, 2).value_bytes.len > BATCH_FULL_BYTES);
}

static void test_wants(void **state)
{
    State *s = *state;
    Sink *bare = sink_create(NULL, &s->fixture.owner, SINK_NO_ECS | SINK_NO_TWINS);
    assert_non_null(bare);
    fixture_add_logon(bare, 1, "adm", "10.0.0.1");
    assert_true(sink_flush(bare, NULL));
    sink_destroy(bare);
    Batch batch = fixture_batch(&s->fixture, 0);
    assert_action(&batch, 0, "", "");
    assert_role(&batch, 0, ROLE_USER, "(absent)");
    assert_ecs(&batch, 0, "user.name", "(absent)");
    assert_true(batch_payload(&batch, 0) == 0);
    Layout layout = batch_layout(&batch, 0);
    assert_int_equal(layout.ecs_count + layout.role_count, 0);
    assert_int_equal(layout.cell_count, layout.native_count);
}

/* Numbers and identifiers go, text stays; elements of lists have no name. */
static void test_leave_out(void **state)
{
    State *s = *state;
    static const uint8_t GUID[16] = {1};
    sink_leave_out(s->sink, TEXT("A"));
    NameId a = sink_name(s->sink, TEXT("A")), b = sink_name(s->sink, TEXT("B"));
    sink_add_u64(s->sink, a, VALUE_UINT, 1);
    sink_add(s->sink, a, (Value){.type = VALUE_GUID, .bytes = span_of(GUID, sizeof GUID)});
    sink_add_u64(s->sink, b, VALUE_UINT, 2);
    sink_list_begin(s->sink);
    sink_add_u64(s->sink, a, VALUE_UINT, 3);
    sink_list_end(s->sink, b);
    sink_add_text(s->sink, a, TEXT("text"));
    commit(s->sink, &LOGON);
    Batch batch = flush(s);
    assert_int_equal(batch_layout(&batch, 0).native_count, 3);
    Value value;
    assert_true(batch_field(&batch, 0, TEXT("A"), &value));
    assert_value(&batch, true, value, "text");
    assert_true(batch_field(&batch, 0, TEXT("B"), &value));
    assert_value(&batch, true, value, "2");
}

/* A batch of one's own is opened as one that is checked. */
static void test_open_own(void **state)
{
    State *s = *state;
    fixture_add_logon(s->sink, 7, "adm-x", "10.1.2.3");
    Batch checked = flush(s), own;
    Err err = {0};
    assert_true(batch_open_own(checked.bytes, &own, &err));
    assert_memory_equal(&own, &checked, offsetof(Batch, has_lists)); /* padding follows it */
    assert_true(own.has_lists == checked.has_lists);
    assert_false(batch_open_own(span_of(checked.bytes.ptr, checked.bytes.len - 1), &own, &err));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_logon),  TEST(test_rows),  TEST(test_kinds),     TEST(test_first_ecs_wins),
        TEST(test_values), TEST(test_lists), TEST(test_drop),      TEST(test_payload),
        TEST(test_full),   TEST(test_wants), TEST(test_leave_out), TEST(test_open_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
