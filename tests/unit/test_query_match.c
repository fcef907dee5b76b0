/* Queries against events: a table of examples, and random queries against random events beside the
 * plain twin (query_plain.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "alloc_fail.h"
#include "base/cleanup.h"
#include "query_plain.h"
#include "query_random.h"
#include "sink_fixture.h"
#include "store/query_match.h"

#define PATH TEXT("case/One.evtx")
#define HOST TEXT("RDS01")

static void query_matcher_destroyp(QueryMatcher **matcher)
{
    query_matcher_destroy(*matcher);
}

/* By the summary alone. */
static bool wants(const Query *query, const Batch *batch, Text path, Text host)
{
    Summary summary;
    Buf bytes;
    buf_init(&bytes, 1 << 20);
    assert_true(summary_write(batch, &bytes, NULL));
    assert_true(summary_open(buf_span(&bytes), &summary, NULL));
    bool wanted = query_wants_segment(query, &summary, path, host);
    buf_done(&bytes);
    return wanted;
}

/* Bit per row, of at most 64. */
static uint64_t rows_that_match(const char *text, const Batch *batch)
{
    Err err = {0};
    CLEANUP(query_destroyp) Query *query = query_parse(text_from_z(text), &err);
    if (!query)
        fail_msg("%s: %s", text, err.text);
    CLEANUP(query_matcher_destroyp) QueryMatcher *matcher = query_matcher_create(query);
    assert_non_null(matcher);
    bool could = query_matcher_values(matcher, batch) && wants(query, batch, PATH, HOST);
    query_matcher_events(matcher, batch, PATH, HOST);
    uint64_t rows = 0;
    for (uint32_t row = 0; row < batch->event_count; row++) {
        EventHead head = batch_head(batch, row);
        bool matches = query_matcher_row(matcher, row, &head);
        if (matches != query_plain_matches(query, batch, row, &head, PATH, HOST))
            fail_msg("%s: the plain twin thinks otherwise of row %u", text, row);
        rows |= (uint64_t)matches << row;
    }
    if (rows && !could)
        fail_msg("%s: could not match, and does", text);
    return rows;
}

/* Rows: 0 a logon; 1 the same with other names; 2 Sysmon; 3 Zeek, without a host. */
static Batch examples(State *s)
{
    const EventKind sysmon = {.product = TEXT("windows"),
                              .channel = TEXT("Microsoft-Windows-Sysmon/Operational"),
                              .provider = TEXT("Microsoft-Windows-Sysmon"),
                              .code = TEXT("1")};
    const EventKind zeek = {.product = TEXT("zeek"), .service = TEXT("conn")};
    EventHead head = {.time =
                          INT64_C(1772615520) * NANOSECONDS_PER_SECOND, /* 2026-03-04T09:12:00Z */
                      .record_id = 77,
                      .quality = TIME_ZONE_ASSUMED};
    fixture_add_logon(s->sink, 1, "alice", "10.0.0.5");
    fixture_add_logon(s->sink, 2, "Administrateur \xC3\x89t\xC3\xA9", "::ffff:192.168.7.1");
    add(s->sink, "System.Computer", "ws7");
    add(s->sink, "User", "COURT\\Bob");
    add(s->sink, "Image", "C:\\Users\\bob\\AppData\\m.exe");
    add(s->sink, "CommandLine", "m.exe \"sekurlsa::logonpasswords\" (x)");
    add(s->sink, "Hashes", "MD5=0123456789ABCDEF0123456789ABCDEF");
    add(s->sink, "Data", "one");
    add(s->sink, "Data", "two");
    add(s->sink, "Empty", "");
    assert_true(sink_commit(s->sink, &head, &sysmon));
    head.class = EVENT_RECOVERED;
    head.record_id = RECORD_ID_NONE;
    head.time = TIME_NONE;
    head.quality = TIME_MISSING;
    add(s->sink, "id.orig_h", "fe80::1");
    add(s->sink, "host", "web.example");
    sink_add_u64(s->sink, sink_name(s->sink, TEXT("bytes")), VALUE_INT, (uint64_t)-5);
    sink_list_begin(s->sink);
    sink_add_text(s->sink, 0, TEXT("SMB"));
    sink_add_text(s->sink, 0, TEXT("Krb"));
    sink_list_end(s->sink, sink_name(s->sink, TEXT("service")));
    assert_true(sink_commit(s->sink, &head, &zeek));
    return flush(s);
}

static const struct {
    const char *query;
    uint64_t rows;
} CASES[] = {
    {"*", 15},
    {"NOT *", 0},
    /* words: anywhere in any value */
    {"alice", 1},
    {"ALI", 1},
    {"court", 7},
    {"sekurlsa\\:\\:logon", 4},
    {"\"sekurlsa::logon\"", 4},
    {"\"c:\\users\\bob\"", 4},
    {"appdata*exe", 4},
    {"exe*appdata", 0},
    {"\xC3\xA9T\xC3\x89", 2},
    {"4624", 3},
    {"nothing", 0},
    {"NOT nothing", 15},
    {"smb,krb", 8},
    /* fields: native, ECS, roles, whatever their case */
    {"TargetUserName:alice", 1},
    {"targetusername:ALICE", 1},
    {"TargetUserName:ali", 0},
    {"TargetUserName:ali*", 1},
    {"TargetUserName:*lic?", 1},
    {"user.name:alice", 1},
    {"ecs.user.name:alice", 1},
    {"fields.user.name:alice", 0},
    {"user:alice", 1},
    {"user:bob", 4},        /* ECS, without the domain */
    {"user:court\\bob", 4}, /* the role, as found */
    {"source_ip:*", 11},
    {"session:999", 0},
    {"session:1000", 1}, /* 0x3e8 */
    {"session:(0x3e8 OR 0x3e9)", 3},
    {"Data:one", 4},
    {"Data:two", 4},
    {"Data:three", 0},
    {"Empty:*", 0},
    {"Empty:\"\"", 4},
    {"Image:* NOT Image:x", 4},
    {"SubjectUserName:-", 3},
    {"service:smb", 8},
    {"service:\"smb,krb\"", 8},
    {"process.hash.md5:0123456789abcdef*", 4},
    /* numbers */
    {"LogonType:3", 3},
    {"LogonType:0x3", 3},
    {"LogonType:3.0", 3},
    {"code:4624", 3},
    {"code:0x1210", 3},
    {"code:>=4624", 3},
    {"code:>4624", 0},
    {"code:[1 TO 4624}", 4},
    {"EventID:1", 4},
    {"bytes:<0", 8},
    {"bytes:-5", 8},
    {"bytes:[-5 TO 0]", 8},
    {"bytes:{-5 TO 0]", 0},
    {"record_id:77", 4},
    {"record_id:<3", 3},
    {"record_id:7*", 4},
    {"record_id:*", 7},
    /* addresses */
    {"source.ip:10.0.0.0/8", 1},
    {"source.ip:192.168.0.0/16", 2},
    {"IpAddress:192.168.7.1", 2},
    {"id.orig_h:fe80::/10", 8},
    {"id.orig_h:fe80:0:0::1", 8},
    {"IpAddress:10.0.0.0/33", 0},
    /* times */
    {"time:2026-03-04", 4},
    {"time:2026-03-04T09:12", 4},
    {"time:2026-03-04T09:13", 0},
    {"time:>=2026-03-04T09:12:00Z", 4},
    {"time:>2026-03-04", 0},
    {"time:[2026-03-01 TO 2026-03-04]", 4},
    {"time:2026-03-04T09*", 4},
    {"time:*", 7},
    {"NOT time:*", 8},
    /* what else an event has */
    {"action:\"remote logon\"", 3},
    {"action:*logon*", 3},
    {"outcome:success", 3},
    {"NOT action:*", 0},
    {"channel:security", 3},
    {"provider:*sysmon", 4},
    {"source:windows/security", 3},
    {"source:windows/*", 7},
    {"source:zeek/conn", 8},
    {"host:dc1.court.example", 3},
    {"host:rds01", 8},
    {"host:web.example", 0},
    {"fields.host:web.example", 8},
    {"host.name:rds01", 0},
    {"class:recovered", 8},
    {"quality:\"zone assumed\"", 4},
    {"item:*one.evtx", 15},
    {"item:one.evtx", 0},
    /* operators */
    {"alice OR bob", 5},
    {"code:4624 AND NOT alice", 2},
    {"NOT (alice OR host:dc1*)", 12},
    {"user:(alice OR bob) channel:security", 1},
};

static void test_examples(void **state)
{
    Batch batch = examples(*state);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        uint64_t rows = rows_that_match(CASES[i].query, &batch);
        if (rows != CASES[i].rows)
            fail_msg("%s: rows %llx instead of %llx", CASES[i].query, (unsigned long long)rows,
                     (unsigned long long)CASES[i].rows);
    }
}

/* What is empty, and for roles "-", is absent but for native fields. */
static void test_blank(void **state)
{
    State *s = *state;
    fixture_add_logon(s->sink, 1, "-", "");
    Batch batch = flush(s);
    assert_int_equal(rows_that_match("TargetUserName:- IpAddress:\"\"", &batch), 1);
    assert_int_equal(rows_that_match("user:- OR user:*", &batch), 0);
    assert_int_equal(rows_that_match("source_ip:\"\" OR source.ip:\"\"", &batch), 0);
}

/* A host that is no text is none. */
static void test_strange_host(void **state)
{
    State *s = *state;
    sink_add_u64(s->sink, sink_name(s->sink, TEXT("System.Computer")), VALUE_UINT, 7);
    commit(s->sink, &LOGON);
    Batch batch = flush(s);
    assert_int_equal(rows_that_match("host:rds01", &batch), 1);
    assert_int_equal(rows_that_match("host:7", &batch), 0);
    assert_int_equal(rows_that_match("host.name:7", &batch), 1);
}

/* A name that a layout has more often than is noted. */
static void test_many_fields(void **state)
{
    State *s = *state;
    for (int i = 0; i < 700; i++)
        add(s->sink, "Data", i == 690 ? "wanted" : "other");
    commit(s->sink, &LOGON);
    Batch batch = flush(s);
    assert_int_equal(rows_that_match("Data:wanted", &batch), 1);
    assert_int_equal(rows_that_match("Data:nothing OR Data:other", &batch), 1);
    assert_int_equal(rows_that_match("Data:nothing", &batch), 0);
}

/* More layouts than there are slots: rows are answered alternately. */
static void test_many_layouts(void **state)
{
    State *s = *state;
    char name[32];
    for (int i = 0; i < 3000; i++) {
        assert_true(snprintf(name, sizeof name, "Field%d", i) > 0);
        add(s->sink, name, i % 7 ? "other" : "wanted");
        commit(s->sink, &LOGON);
    }
    Batch batch = flush(s);
    assert_true(batch.layout_count >= 3000);
    CLEANUP(query_destroyp) Query *query = query_parse(TEXT("wanted OR Field1:other"), NULL);
    CLEANUP(query_matcher_destroyp) QueryMatcher *matcher = query_matcher_create(query);
    assert_true(query_matcher_values(matcher, &batch));
    query_matcher_events(matcher, &batch, PATH, HOST);
    for (int round = 0; round < 2; round++) {
        for (uint32_t row = 0; row < batch.event_count; row++) {
            EventHead head = batch_head(&batch, row);
            assert_int_equal(query_matcher_row(matcher, row, &head), row % 7 == 0 || row == 1);
        }
    }
}

/* ---- random ---- */

/* Two batches, in a sink of their own. */
static void random_batches(State *s, Dice *dice, Batch ret[2])
{
    fixture_done(&s->fixture);
    fixture_init(&s->fixture);
    sink_destroy(s->sink);
    s->sink = sink_create(s->schema, &s->fixture.owner, SINK_WANTS_ALL);
    for (size_t i = 0; i < 2; i++) {
        random_events(dice, s->sink, 1 + dice_below(dice, 30));
        assert_true(sink_flush(s->sink, NULL));
        ret[i] = fixture_batch(&s->fixture, i);
    }
}

static void compare(const char *text, Query *query, QueryMatcher *matcher, const Batch *batch,
                    Text path, uint64_t *matches, uint64_t *skipped)
{
    Text host = path.len ? HOST : TEXT("");
    bool could = wants(query, batch, path, host);
    *skipped += !could;
    could = query_matcher_values(matcher, batch) && could;
    query_matcher_events(matcher, batch, path, host);
    for (uint32_t row = 0; row < batch->event_count; row++) {
        EventHead head = batch_head(batch, row);
        bool fast = query_matcher_row(matcher, row, &head);
        bool slow = query_plain_matches(query, batch, row, &head, path, host);
        if (fast != slow)
            fail_msg("row %u: %s: %d instead of %d", row, text, fast, slow);
        if (slow && !could)
            fail_msg("row %u: %s: could not match, and does", row, text);
        *matches += slow;
    }
}

static void test_random(void **state)
{
    State *s = *state;
    uint64_t matches = 0, rows = 0, skipped = 0;
    Buf text;
    buf_init(&text, 1 << 20);
    for (uint64_t seed = 1; seed <= 60; seed++) {
        Dice dice = dice_of_seed(seed);
        Batch batches[2];
        random_batches(s, &dice, batches);
        for (int i = 0; i < 200; i++) {
            buf_clear(&text);
            random_query(&dice, &text);
            buf_add_char(&text, '\0');
            Err err = {0};
            CLEANUP(query_destroyp) Query *query = query_parse(text_from_z(text.ptr), &err);
            if (!query)
                fail_msg("%s: %s", text.ptr, err.text);
            CLEANUP(query_matcher_destroyp) QueryMatcher *matcher = query_matcher_create(query);
            compare(text.ptr, query, matcher, &batches[0], PATH, &matches, &skipped);
            compare(text.ptr, query, matcher, &batches[1], TEXT(""), &matches, &skipped);
            rows += batches[0].event_count + batches[1].event_count;
        }
    }
    buf_done(&text);
    print_message("%llu of %llu rows match\n", (unsigned long long)matches,
                  (unsigned long long)rows);
    assert_true(skipped > 100);
    assert_true(matches > rows / 20 && matches < rows - rows / 20);
}

/* Without memory for its tables a matcher asks each value by itself, with the same answers. */
static void test_no_memory(void **state)
{
    State *s = *state;
    Batch batch = examples(s);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        CLEANUP(query_destroyp) Query *query = query_parse(text_from_z(CASES[i].query), NULL);
        if (!query)
            continue;
        for (size_t n = 1, over = 0; !over; n++) {
            alloc_fail_at(n);
            uint64_t rows = 0;
            QueryMatcher *matcher = query_matcher_create(query);
            if (matcher) {
                (void)query_matcher_values(matcher, &batch);
                query_matcher_events(matcher, &batch, PATH, HOST);
            }
            for (uint32_t row = 0; matcher && row < batch.event_count; row++) {
                EventHead head = batch_head(&batch, row);
                rows |= (uint64_t)query_matcher_row(matcher, row, &head) << row;
            }
            over = !alloc_fail_over();
            if (matcher && !query_matcher_failed(matcher))
                if (rows != CASES[i].rows)
                    fail_msg("%s, allocation %zu: rows %llx", CASES[i].query, n,
                             (unsigned long long)rows);
            query_matcher_destroy(matcher);
        }
    }
}

static void test_no_memory_to_parse(void **state)
{
    (void)state;
    for (size_t n = 1, over = 0; !over; n++) {
        Err err = {0};
        alloc_fail_at(n);
        Query *query = query_parse(TEXT("user:(alice OR \"b c\") NOT x:[1 TO 2] a*b"), &err);
        over = !alloc_fail_over();
        assert_true(over ? query != NULL : !query && err.code == ERR_NO_MEMORY);
        query_destroy(query);
    }
}

#define WITH_SINK(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SINK(test_examples),     WITH_SINK(test_blank),
        WITH_SINK(test_many_fields),  WITH_SINK(test_strange_host),
        WITH_SINK(test_many_layouts), WITH_SINK(test_random),
        WITH_SINK(test_no_memory),    cmocka_unit_test(test_no_memory_to_parse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
