/* The line for a person, and the JSON of an event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "alloc_fail.h"
#include "event/event_json.h"
#include "event/message.h"
#include "event_fixture.h"

typedef struct State {
    Schema *schema;
    Fixture fixture;
    Sink *sink;
} State;

static int set_up(void **state)
{
    static State s;
    s.schema = fixture_schema();
    fixture_init(&s.fixture);
    s.sink = sink_create(s.schema, &s.fixture.owner, SINK_WANTS_ALL);
    *state = &s;
    return s.sink ? 0 : -1;
}

static int tear_down(void **state)
{
    State *s = *state;
    sink_destroy(s->sink);
    fixture_done(&s->fixture);
    schema_destroy(s->schema);
    return 0;
}

#define KIND(code_text)                                                                            \
    (EventKind)                                                                                    \
    {                                                                                              \
        .product = TEXT("windows"), .channel = TEXT("Security"),                                   \
        .provider = TEXT("Microsoft-Windows-Security-Auditing"), .code = TEXT(code_text)           \
    }

static void add(Sink *sink, const char *name, const char *text)
{
    sink_add_text(sink, sink_name(sink, text_from_z(name)), text_from_z(text));
}

static Batch commit_and_flush(State *s, EventKind kind)
{
    EventHead head = {.time = TIME_NONE, .record_id = RECORD_ID_NONE};
    assert_true(sink_commit(s->sink, &head, &kind));
    assert_true(sink_flush(s->sink, NULL));
    return fixture_batch(&s->fixture, s->fixture.batch_count - 1);
}

static void assert_message(State *s, EventKind kind, const char *expected)
{
    Batch batch = commit_and_flush(s, kind);
    Buf buf;
    buf_init(&buf, 1 << 20);
    BUF_LITERAL(&buf, ">");
    message_write(&buf, s->schema, &batch, 0);
    assert_false(buf.failed);
    Text line = text_of(buf.ptr + 1, buf.len - 1);
    if (buf.ptr[0] != '>' || !text_equal(line, text_from_z(expected)))
        fail_msg("\n   found %.*s\nexpected %s", (int)line.len, line.ptr, expected);
    buf_done(&buf);
}

static void test_template(void **state)
{
    State *s = *state;
    fixture_add_logon(s->sink, 1, "adm-x", "10.1.2.3");
    assert_true(sink_flush(s->sink, NULL));
    Batch batch = fixture_batch(&s->fixture, 0);
    Buf buf;
    buf_init(&buf, 4096);
    message_write(&buf, s->schema, &batch, 0);
    buf_add_char(&buf, '\0');
    assert_string_equal(buf.ptr, "remote logon: An account was logged on: COURT\\adm-x, type 3 "
                                 "(network), from 10.1.2.3 on DC1.Court.Example");
    buf_done(&buf);
}

static void test_template_gaps(void **state)
{
    State *s = *state;
    add(s->sink, "TargetUserName", "a\nb\tc \x1b[31m\xE2\x80\xAE \xFF");
    add(s->sink, "logontype", "99");
    add(s->sink, "IpAddress", " ");
    assert_message(s, KIND("4624"),
                   "logon: An account was logged on: -\\610A620963201B5B33316DE280AE20FF, "
                   "type 99, from - on -"); /* not UTF-8: kept as bytes */
    add(s->sink, "TargetUserName", "  a\r\n\tb\xC2\xA0 c \x1b[31m \xE2\x80\xAE\xED\xA0\x80\x7F  ");
    add(s->sink, "LogonType", "0xA");
    assert_message(s, KIND("4624"),
                   "remote logon: An account was logged on: -\\a b c \\u{1b}[31m "
                   "\\u{202e}\\u{d800}\\u{7f}, type 0xA (remote desktop), from - on -");
}

static void test_fields(void **state)
{
    State *s = *state;
    add(s->sink, "System.Computer", "DC1");
    add(s->sink, "Export.Host", "collector");
    add(s->sink, "Other", "first");
    add(s->sink, "Empty", "-");
    add(s->sink, "LogonId", "0x0");
    add(s->sink, "Sid", "S-1-0-0");
    NameId list = sink_name(s->sink, TEXT("List"));
    sink_list_begin(s->sink);
    sink_add_text(s->sink, list, TEXT("x"));
    sink_add_u64(s->sink, list, VALUE_UINT, 5);
    sink_list_end(s->sink, list);
    sink_add(s->sink, sink_name(s->sink, TEXT("Bytes")),
             (Value){.type = VALUE_BINARY, .bytes = span_of("\x01\xAB", 2)});
    assert_message(s, KIND("9999"),
                   "security 9999: Other: first \xC2\xA6 List: x, 5 \xC2\xA6 Bytes: 01AB");
    EventKind sysmon = {.product = TEXT("windows"),
                        .channel = TEXT("Microsoft-Windows-Sysmon/Operational"),
                        .provider = TEXT("Microsoft-Windows-Sysmon"),
                        .code = TEXT("1")};
    add(s->sink, "Image", "C:\\cmd.exe");
    add(s->sink, "User", "COURT\\adm");
    assert_message(s, sysmon, "process start: User: COURT\\adm \xC2\xA6 Image: C:\\cmd.exe");
    assert_message(s, sysmon, "process start");
    assert_message(s, (EventKind){.product = TEXT("linux")}, "linux");
    assert_message(s, (EventKind){.product = TEXT("p"), .provider = TEXT("v")}, "v");
}

static void test_meanings(void **state)
{
    State *s = *state;
    add(s->sink, "TokenElevationType", "%%1936");
    add(s->sink, "AccessList", "%%1537\n\t\t\t\t%%9999 %% %%");
    sink_add_u64(s->sink, sink_name(s->sink, TEXT("Status")), VALUE_HEX, 0xc000006d);
    sink_add_u64(s->sink, sink_name(s->sink, TEXT("SubStatus")), VALUE_INT,
                 UINT64_MAX - 0x3fffff92);
    assert_message(s, KIND("4625"),
                   "security 4625: TokenElevationType: %%1936 (full token) \xC2\xA6 AccessList: "
                   "%%1537 (delete) %%9999 %% %% \xC2\xA6 Status: 0xc000006d (bad user name or "
                   "password) \xC2\xA6 SubStatus: -1073741715 (bad user name or password)");
    add(s->sink, "Status", "0x6");
    assert_message(s, KIND("4771"), "security 4771: Status: 0x6 (account not found)");
    add(s->sink, "ObjectType", "File");
    add(s->sink, "AccessMask", "0x10001");
    assert_message(s, KIND("4663"),
                   "security 4663: ObjectType: File \xC2\xA6 AccessMask: 0x10001 "
                   "(read data, delete)");
    add(s->sink, "ObjectType", "Key");
    add(s->sink, "AccessMask", "0x10001");
    assert_message(s, KIND("4663"), "security 4663: ObjectType: Key \xC2\xA6 AccessMask: 0x10001");
}

/* Characters of valid UTF-8. */
static size_t count_characters(Text t)
{
    size_t n = 0;
    assert_true(text_is_utf8(t, UTF8_STRICT));
    for (size_t i = 0; i < t.len; i++)
        n += ((unsigned char)t.ptr[i] & 0xC0) != 0x80;
    return n;
}

static void test_shortened(void **state)
{
    State *s = *state;
    const size_t size = 3000;
    char *text = malloc(2 * size + 1);
    for (size_t i = 0; i < size; i++) {
        text[2 * i] = '\xC3';
        text[2 * i + 1] = '\xA9';
    }
    text[2 * size] = '\0';
    add(s->sink, "Short", "whole");
    add(s->sink, "Long", text);
    add(s->sink, "Longer", text);
    add(s->sink, "Last", "whole too");
    free(text);
    Batch batch = commit_and_flush(s, KIND("9999"));
    Buf buf;
    buf_init(&buf, 1 << 20);
    message_write(&buf, s->schema, &batch, 0);
    Text line = buf_text(&buf);
    size_t n = count_characters(line);
    assert_true(n <= MESSAGE_CHARACTERS && n >= MESSAGE_CHARACTERS - 2);
    assert_true(text_find_text(line, TEXT("Short: whole \xC2\xA6 Long: \xC3\xA9")) != SIZE_MAX);
    assert_true(text_ends(line, TEXT("\xE2\x80\xA6 \xC2\xA6 Last: whole too")));
    buf_done(&buf);
}

static void test_many_fields(void **state)
{
    State *s = *state;
    char name[16];
    for (int i = 0; i < 500; i++) {
        int n = snprintf(name, sizeof name, "F%d", i);
        sink_add_u64(s->sink, sink_name(s->sink, text_of(name, (size_t)n)), VALUE_UINT, 7);
    }
    Batch batch = commit_and_flush(s, KIND("9999"));
    Buf buf;
    buf_init(&buf, 1 << 20);
    message_write(&buf, s->schema, &batch, 0);
    assert_true(count_characters(buf_text(&buf)) <= MESSAGE_CHARACTERS);
    assert_true(text_starts(buf_text(&buf), TEXT("security 9999: F0: 7 \xC2\xA6 F1: 7")));
    assert_true(text_ends(buf_text(&buf), TEXT("\xE2\x80\xA6")));
    buf_done(&buf);
}

static void test_message_no_memory(void **state)
{
    State *s = *state;
    fixture_add_logon(s->sink, 1, "adm-x", "10.1.2.3");
    assert_true(sink_flush(s->sink, NULL));
    Batch batch = fixture_batch(&s->fixture, 0);
    for (size_t limit = 0; limit < 256; limit++) {
        Buf buf;
        EventSource source = {0};
        buf_init(&buf, limit);
        message_write(&buf, s->schema, &batch, 0);
        event_write_json(&buf, &batch, 0, &source);
        assert_true(buf.failed);
        buf_done(&buf);
    }
    char name[16];
    for (int i = 0; i < 100; i++)
        sink_add_u64(
            s->sink,
            sink_name(s->sink, text_of(name, (size_t)snprintf(name, sizeof name, "F%d", i))),
            VALUE_UINT, 7);
    batch = commit_and_flush(s, KIND("9999"));
    for (size_t number = 1;; number++) {
        Buf buf;
        buf_init(&buf, 1 << 20);
        alloc_fail_at(number);
        event_write_fields(&buf, &batch, 0);
        bool refused = alloc_fail_over();
        assert_int_equal(buf.failed, refused);
        buf_done(&buf);
        if (!refused)
            break;
    }
}

/* ---- JSON ---- */

static void assert_json(const Batch *batch, EventSource source, const char *expected)
{
    Buf buf;
    buf_init(&buf, 1 << 20);
    event_write_json(&buf, batch, 0, &source);
    if (!text_equal(buf_text(&buf), text_from_z(expected)))
        fail_msg("\n   found %.*s\nexpected %s", (int)buf.len, buf.ptr, expected);
    buf_done(&buf);
}

static void test_json(void **state)
{
    State *s = *state;
    EventKind kind = {.product = TEXT("zeek"), .service = TEXT("conn"), .code = TEXT("conn")};
    EventHead head = {.time = INT64_C(1700000000123456700),
                      .offset = UINT64_MAX,
                      .size = 10,
                      .sub = 2,
                      .record_id = 0,
                      .quality = TIME_ZONE_ASSUMED,
                      .class = EVENT_FRAGMENT};
    add(s->sink, "id.orig_h", "10.1.2.3");
    add(s->sink, "note", "a");
    add(s->sink, "note", "\xED\xA0\x80\"");
    sink_add(s->sink, sink_name(s->sink, TEXT("none")), (Value){.type = VALUE_NULL});
    sink_add_u64(s->sink, sink_name(s->sink, TEXT("note")), VALUE_UINT, UINT64_MAX);
    assert_true(sink_commit(s->sink, &head, &kind));
    assert_true(sink_flush(s->sink, NULL));
    Batch batch = fixture_batch(&s->fixture, 0);
    assert_json(&batch, (EventSource){.item = TEXT("a\xFF"), .sha256 = TEXT("00ff")},
                "{\"time\":\"2023-11-14T22:13:20.1234567Z\",\"time_meaning\":\"Event Logged\","
                "\"time_quality\":\"zone assumed\",\"product\":\"zeek\",\"service\":\"conn\","
                "\"code\":\"conn\",\"record_id\":0,\"offset\":18446744073709551615,\"size\":10,"
                "\"sub\":2,\"class\":\"fragment\",\"action\":\"connection\","
                "\"item\":{\"bytes\":\"Yf8=\"},\"sha256\":\"00ff\","
                "\"roles\":{\"source_ip\":\"10.1.2.3\"},"
                "\"fields\":{\"id.orig_h\":\"10.1.2.3\",\"note\":[\"a\",\"\\uD800\\\"\","
                "18446744073709551615],\"none\":null}}");
}

static void test_json_least(void **state)
{
    State *s = *state;
    Batch batch = commit_and_flush(s, (EventKind){0});
    assert_json(&batch, (EventSource){0},
                "{\"time\":null,\"time_meaning\":\"Event Logged\",\"time_quality\":\"exact\","
                "\"offset\":0,\"class\":\"live\",\"fields\":{}}");
}

/* Few and many fields are told apart by how repeated names are found; the result is the same. */
static void test_json_repeated(void **state)
{
    State *s = *state;
    for (int total = 60; total <= 70; total++) {
        Buf expected, found;
        buf_init(&expected, 1 << 16);
        buf_init(&found, 1 << 16);
        NameId even = sink_name(s->sink, TEXT("even")), odd = sink_name(s->sink, TEXT("odd"));
        for (int i = 0; i < total; i++)
            sink_add_u64(s->sink, i % 2 ? odd : even, VALUE_UINT, (uint64_t)i);
        Batch batch = commit_and_flush(s, KIND("9999"));
        BUF_LITERAL(&expected, "{\"even\":[0");
        for (int i = 2; i < total; i += 2)
            buf_printf(&expected, ",%d", i);
        BUF_LITERAL(&expected, "],\"odd\":[1");
        for (int i = 3; i < total; i += 2)
            buf_printf(&expected, ",%d", i);
        BUF_LITERAL(&expected, "]}");
        event_write_fields(&found, &batch, 0);
        assert_true(text_equal(buf_text(&found), buf_text(&expected)));
        buf_done(&expected);
        buf_done(&found);
    }
}

static void test_time(void **state)
{
    static const struct {
        Time time;
        const char *expected;
    } CASES[] = {
        {TIME_NONE, "null"},
        {0, "\"1970-01-01T00:00:00.0000000Z\""},
        {-1, "\"1969-12-31T23:59:59.999999999Z\""},
        {INT64_C(1700000000123456789), "\"2023-11-14T22:13:20.123456789Z\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        Buf buf;
        buf_init(&buf, 100);
        event_write_time(&buf, CASES[i].time);
        assert_true(text_equal(buf_text(&buf), text_from_z(CASES[i].expected)));
        buf_done(&buf);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_template),
        TEST(test_template_gaps),
        TEST(test_fields),
        TEST(test_meanings),
        TEST(test_shortened),
        TEST(test_many_fields),
        TEST(test_message_no_memory),
        TEST(test_json),
        TEST(test_json_least),
        TEST(test_json_repeated),
        cmocka_unit_test(test_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
