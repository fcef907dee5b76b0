/* The survey: what is counted, which names are one; and that the same content gives the same
 * survey.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "analysis/observe.h"
#include "analysis/survey.h"
#include "analysis/tally.h"
#include "case_fixture.h"
#include "event_fixture.h"
#include "survey_text.h"
#include "told_case.h"

#define AUDITING "Microsoft-Windows-Security-Auditing"
#define HOUR     3600
#define DAY      86400

static Schema *schema;

static int set_up(void **state)
{
    (void)state;
    schema = told_schema();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    schema_destroy(schema);
    return 0;
}

static void status(ToldCase *told, const char *host, const char *time, uint64_t record)
{
    told_event(told, &(ToldEvent){.time = time,
                                  .host = host,
                                  .channel = "System",
                                  .provider = "Service Control Manager",
                                  .code = "7036",
                                  .record = record});
}

/* ---- counts ---- */

static void test_counts(void **state)
{
    (void)state;
    const char *folder = made_folder("counts");
    ToldCase *told = told_open(folder, schema, NULL, NULL);
    told_item(told, &(ToldItem){.path = "a/Security.evtx", .format = "evtx"});
    for (uint64_t i = 0; i < 10; i++)
        told_logon(told, "fs01", told_time((int64_t)i * 60), 100 + i, i % 2 ? "alice" : "bob");
    told_event(told, &(ToldEvent){.host = "fs01", .channel = "Security", .code = "9999"});
    told_item(told, &(ToldItem){.path = "b/Security.evtx", .format = "evtx"});
    for (uint64_t i = 5; i < 12; i++)
        told_logon(told, "fs01", told_time((int64_t)i * 60), 100 + i, i % 2 ? "alice" : "bob");
    told_event(told, &(ToldEvent){.time = told_time(-DAY),
                                  .host = "fs01",
                                  .channel = "Security",
                                  .code = "4624",
                                  .record = 7,
                                  .class = EVENT_RECOVERED});
    told_defect(told, DEFECT_DAMAGE, 512, "record cut off");
    (void)told_close(told);
    Looked looked = look(folder, 2);
    const Survey *survey = looked.survey;
    const SurveyTotals *totals = &survey->totals;
    assert_int_equal(totals->events, 13);
    assert_int_equal(totals->twins, 5);
    assert_int_equal(totals->recovered, 1);
    assert_int_equal(totals->timeless, 1);
    assert_int_equal(totals->damages, 1);
    assert_int_equal(survey->items[0].events, 11);
    assert_int_equal(survey->items[1].events, 2);
    assert_int_equal(survey->items[1].twins, 5);
    assert_int_equal(survey->items[1].recovered, 1);
    /* The recovered record is older than all others, and moves no beginning. */
    assert_int_equal(survey->hosts_count, 1);
    assert_int_equal(survey->hosts[0].events, 13);
    assert_int_equal(survey->hosts[0].recovered, 1);
    assert_true(survey->totals.extent.first == survey->axis.begin);
    assert_int_equal(survey->recovered_count, 1);
    assert_int_equal(survey->accounts_count, 2);
    assert_int_equal(survey->accounts[0].events, 6);
    assert_int_equal(survey->accounts[0].logons, 6);
    assert_int_equal(survey->actions_count, 2);
    look_done(&looked);
}

/* ---- names ---- */

static const SurveyHost *host_named(const Survey *survey, const char *name)
{
    for (size_t i = 0; i < survey->hosts_count; i++)
        if (text_equal(label_text(&survey->hosts[i].name), text_from_z(name)))
            return &survey->hosts[i];
    fail_msg("no host %s", name);
    return NULL;
}

static void test_hosts(void **state)
{
    (void)state;
    const char *folder = made_folder("hosts");
    static const char *const NAMES[] = {
        "fs01",          "FS01.court.example", "FS01.court.example",   "fs01.COURT.example.",
        "DC1",           "dc1.court.example",  "dc1.annex.example",    "10.0.0.5",
        "10.0.0.5.evil", "localhost",          "localhost.localdomain"};
    ToldCase *told = told_open(folder, schema, NULL, NULL);
    told_item(told, &(ToldItem){.path = "x.evtx"});
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        status(told, NAMES[i], told_time((int64_t)i), 0);
    told_item(told, &(ToldItem){.path = "x.log"}); /* nothing names its host */
    told_event(told, &(ToldEvent){.time = told_time(0), .channel = "System", .code = "1"});
    told_item(told, &(ToldItem){.path = "y/NTUSER.DAT", .layout_host = "ws9"});
    told_item(told, &(ToldItem){.path = "y/SYSTEM", .layout_host = "FS01"});
    (void)told_close(told);
    Looked looked = look(folder, 1);
    const Survey *survey = looked.survey;
    const SurveyHost *fs01 = host_named(survey, "FS01.court.example");
    assert_int_equal(fs01->events, 4);
    assert_int_equal(fs01->spelling_count, 3);
    assert_false(fs01->ambiguous);
    assert_int_equal(fs01->items, 2);
    assert_true(text_equal(survey_host_short(fs01), TEXT("FS01")));
    assert_true(host_named(survey, "DC1")->ambiguous);
    assert_true(host_named(survey, "dc1.court.example")->ambiguous);
    assert_true(host_named(survey, "dc1.annex.example")->ambiguous);
    assert_true(text_equal(survey_host_short(host_named(survey, "dc1.annex.example")),
                           TEXT("dc1.annex.example")));
    assert_int_equal(host_named(survey, "10.0.0.5")->events, 1);
    assert_int_equal(host_named(survey, "localhost")->events, 1);
    assert_int_equal(host_named(survey, "ws9")->events, 0);
    assert_int_equal(host_named(survey, "ws9")->items, 1);
    assert_int_equal(host_named(survey, "")->events, 1);
    assert_int_equal(survey->hosts_count, 10);
    look_done(&looked);
}

static void account_event(ToldCase *told, const char *sid, const char *domain, const char *name,
                          const char *code)
{
    static int64_t second;
    told_event(told, &(ToldEvent){.time = told_time(second++),
                                  .host = "ws1",
                                  .channel = "Security",
                                  .provider = AUDITING,
                                  .code = code,
                                  .fields = {{"TargetUserName", name},
                                             {"TargetDomainName", domain},
                                             {"TargetUserSid", sid},
                                             {"LogonType", "3"}}});
}

static void test_accounts(void **state)
{
    (void)state;
    const char *folder = made_folder("accounts");
    ToldCase *told = told_open(folder, schema, NULL, NULL);
    told_item(told, &(ToldItem){.path = "x.evtx"});
    account_event(told, "S-1-5-21-1-2-3-1001", "COURT", "alice", "4624");
    account_event(told, "S-1-5-21-1-2-3-1001", "COURT", "alice", "4624");
    account_event(told, "S-1-5-21-1-2-3-1001", "court", "ALICE", "4624");
    account_event(told, "S-1-5-21-1-2-3-1001", "court.example", "alice.renamed", "4624");
    account_event(told, NULL, "Court", "Alice", "4624"); /* hers: only one of that name */
    account_event(told, NULL, NULL, "alice", "4624");    /* of no domain: not known */
    account_event(told, "S-1-5-21-1-2-3-1002", "COURT", "bob", "4624");
    account_event(told, "S-1-5-21-9-9-9-1002", "COURT", "bob", "4624");
    account_event(told, NULL, "COURT", "bob", "4624");        /* of two: not known */
    account_event(told, "S-1-0-0", "COURT", "guess", "4625"); /* the null SID is none */
    account_event(told, "S-1-5-18", "COURT", "WS1$", "4624");
    account_event(told, NULL, "COURT", "WS2$", "4624");
    account_event(told, NULL, "-", "-", "4624"); /* nobody */
    (void)told_close(told);
    Looked looked = look(folder, 1);
    const Survey *survey = looked.survey;
    static const struct {
        AccountClass class;
        const char *name, *sid;
        uint64_t events;
    } EXPECTED[] = {
        {ACCOUNT_ORDINARY, "alice", "S-1-5-21-1-2-3-1001", 5},
        {ACCOUNT_ORDINARY, "alice", "", 1},
        {ACCOUNT_ORDINARY, "bob", "", 1},
        {ACCOUNT_ORDINARY, "bob", "S-1-5-21-1-2-3-1002", 1},
        {ACCOUNT_ORDINARY, "bob", "S-1-5-21-9-9-9-1002", 1},
        {ACCOUNT_MACHINE, "WS2$", "", 1},
        {ACCOUNT_SYSTEM, "WS1$", "S-1-5-18", 1},
        {ACCOUNT_TRIED, "guess", "", 1},
    };
    assert_int_equal(survey->accounts_count, sizeof EXPECTED / sizeof EXPECTED[0]);
    for (size_t i = 0; i < survey->accounts_count; i++) {
        const SurveyAccount *account = &survey->accounts[i];
        assert_int_equal(account->class, EXPECTED[i].class);
        assert_true(text_equal(label_text(&account->name), text_from_z(EXPECTED[i].name)));
        assert_true(text_equal(label_text(&account->sid), text_from_z(EXPECTED[i].sid)));
        assert_int_equal(account->events, EXPECTED[i].events);
    }
    assert_int_equal(survey->accounts[0].further_names, 1);
    look_done(&looked);
}

/* ---- the axis ---- */

static void test_axis(void **state)
{
    (void)state;
    const char *folder = made_folder("axis");
    ToldCase *told = told_open(folder, schema, NULL, NULL);
    told_item(told, &(ToldItem){.path = "a.evtx"});
    status(told, "a", "1980-01-01T00:00:00Z", 0);
    for (int64_t i = 0; i < 2000; i++)
        status(told, "a", told_time(i * 600), 0);
    status(told, "a", "2099-01-01T00:00:00Z", 0);
    (void)told_close(told);
    Looked looked = look(folder, 1);
    const SurveyAxis *axis = &looked.survey->axis;
    assert_int_equal(axis->before, 1);
    assert_int_equal(axis->after, 1);
    assert_int_equal(axis->step_ns / NANOSECONDS_PER_SECOND, HOUR);
    assert_int_equal(axis->count, 334);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < axis->count; i++)
        sum += axis->events[i];
    assert_int_equal(sum, 2000);
    look_done(&looked);
}

/* ---- same content, same survey ---- */

static void add_mixture(ToldCase *told, unsigned part)
{
    char path[32];
    int n = snprintf(path, sizeof path, "part%u/Security.evtx", part);
    assert_true(n > 0);
    told_item(told, &(ToldItem){.path = path, .format = "evtx"});
    for (uint64_t i = 0; i < 400; i++) {
        char host[16], user[16];
        n = snprintf(host, sizeof host, "%s%u", i % 3 ? "host" : "HOST", (unsigned)(i + part) % 7);
        n += snprintf(user, sizeof user, "user%u", (unsigned)(i * part) % 11);
        told_logon(told, host, told_time((int64_t)(i * 977 % 86400 * (part + 1))), i / 7 * 2, user);
        if (i % 50 == 49)
            told_batch(told);
    }
    told_defect(told, DEFECT_NOTE, part, "note");
}

static void write_all(const char *folder, unsigned workers, Buf *out)
{
    Looked looked = look(folder, workers);
    Findings findings;
    buf_init(out, 64 * 1024 * 1024);
    survey_write_text(looked.survey, out);
    assert_true(findings_init(&findings, NULL) && observe(looked.survey, &findings, NULL));
    findings_write_text(&findings, out);
    findings_done(&findings);
    look_done(&looked);
    assert_false(out->failed);
}

static void test_same(void **state)
{
    (void)state;
    const char *one = made_folder("same1"), *other = made_folder("same2");
    ToldCase *told = told_open(one, schema, NULL, NULL);
    for (unsigned part = 0; part < 5; part++)
        add_mixture(told, part);
    (void)told_close(told);
    told = told_open(other, schema, NULL, NULL);
    for (unsigned part = 5; part-- > 0;)
        add_mixture(told, part);
    (void)told_close(told);
    Buf expected, actual;
    write_all(one, 1, &expected);
    assert_true(expected.len > 10000);
    for (unsigned workers = 1; workers <= 3; workers += 2) {
        write_all(workers == 1 ? other : one, workers, &actual);
        assert_int_equal(expected.len, actual.len);
        assert_memory_equal(expected.ptr, actual.ptr, expected.len);
        buf_done(&actual);
    }
    buf_done(&expected);
}

/* ---- more names than lists hold ---- */

static void test_floods(void **state)
{
    (void)state;
    const char *folder = made_folder("floods");
    ToldCase *told = told_open(folder, schema, NULL, NULL);
    told_item(told, &(ToldItem){.path = "flood.jsonl"});
    enum { MANY = 20000 };
    static char long_name[40000];
    memset(long_name, 'x', sizeof long_name - 1);
    for (uint64_t i = 0; i < MANY; i++) {
        char host[32], user[32];
        int n = snprintf(host, sizeof host, "h%05u.example", (unsigned)i);
        n += snprintf(user, sizeof user, "u%05u", (unsigned)i);
        assert_true(n > 0);
        told_logon(told, host, told_time((int64_t)i * 7200), i * 3, user);
    }
    for (uint64_t i = 0; i < 10; i++)
        told_logon(told, "real", told_time((int64_t)i), 100 + i, "alice");
    told_logon(told, long_name, told_time(0), 0, long_name);
    (void)told_close(told);
    Looked looked = look(folder, 2);
    const Survey *survey = looked.survey;
    assert_int_equal(survey->totals.events, MANY + 11);
    assert_int_equal(survey->hosts_count, SURVEY_HOST_NAMES_MAX);
    assert_int_equal(survey->hosts_further.rows, MANY + 2 - SURVEY_HOST_NAMES_MAX);
    assert_int_equal(survey->hosts_further.events, MANY + 2 - SURVEY_HOST_NAMES_MAX);
    assert_int_equal(host_named(survey, "real")->events, 10);
    assert_int_equal(survey->accounts_count, SURVEY_ACCOUNTS_MAX);
    uint64_t events = survey->accounts_further.events;
    for (size_t i = 0; i < survey->accounts_count; i++)
        events += survey->accounts[i].events;
    assert_int_equal(events, MANY + 11);
    events = survey->sources_further.events;
    for (size_t i = 0; i < survey->sources_count; i++)
        events += survey->sources[i].events;
    assert_int_equal(events, MANY + 11);
    assert_int_equal(
        survey->series_further.rows + survey->series_count + survey->hosts_further.rows, MANY + 1);
    look_done(&looked);
}

static void test_empty(void **state)
{
    (void)state;
    const char *folder = made_folder("empty");
    ToldCase *told = told_open(folder, schema, NULL, NULL);
    (void)told_close(told);
    Looked looked = look(folder, 2);
    assert_int_equal(looked.survey->item_count, 0);
    assert_int_equal(looked.survey->totals.events, 0);
    assert_int_equal(looked.survey->axis.count, 0);
    assert_true(extent_is_empty(&looked.survey->totals.extent));
    look_done(&looked);
}

/* ---- how far it is ---- */

static bool count_calls(void *ctx, uint64_t done, uint64_t all)
{
    unsigned *calls = ctx;
    assert_true(done <= all);
    return ++*calls < 2; /* then: stop */
}

static void test_progress(void **state)
{
    (void)state;
    const char *folder = made_folder("progress");
    Err err = {0};
    unsigned calls = 0;
    ToldCase *told = told_open(folder, schema, NULL, NULL);
    told_item(told, &(ToldItem){.path = "a.evtx"});
    for (int64_t i = 0; i < 200; i++) {
        status(told, "a", told_time(i), 0);
        told_batch(told);
    }
    (void)told_close(told);
    Store *store = made_open(folder, STORE_READ);
    SurveyOptions options = {
        .workers = 1, .folder = fixture_folder(), .progress = count_calls, .progress_ctx = &calls};
    Survey *survey = survey_make(store, &options, &err);
    assert_true(calls > 0);
    assert_true(survey ? calls == 1 : err.code == ERR_INTERRUPTED);
    survey_destroy(survey);
    store_close(store);
}

/* ---- rows that no process of ours sends ---- */

static void test_rows(void **state)
{
    (void)state;
    TallyKey key;
    Label name = label_of(TEXT("name"));
    Tally tally, back;
    tally_clear(&tally);
    tally.n[N_EVENTS] = 5;
    Buf row, sent;
    buf_init(&row, 4096);
    buf_init(&sent, 4096);
    tally_key_begin(&key, TALLY_ACTION);
    tally_key_label(&key, &name);
    tally_key_label(&key, &name);
    tally_row_write(TALLY_ACTION, &tally, &row);
    assert_true(tally_row_read(TALLY_ACTION, buf_span(&row), &back));
    assert_int_equal(back.n[N_EVENTS], 5);
    for (size_t len = 0; len < row.len; len++)
        assert_false(tally_row_read(TALLY_ACTION, span_of(row.ptr, len), &back));
    tally_send(tally_key_span(&key), buf_span(&row), &sent);
    for (size_t len = 1; len <= sent.len; len++) {
        Reader reader = reader_of(span_of(sent.ptr, len), 0);
        Span got_key, got_row;
        bool got = tally_receive(&reader, &got_key, &got_row);
        assert_int_equal(got, len == sent.len);
        assert_int_equal(reader.failed, len != sent.len);
    }
    sent.ptr[4] = (char)TALLY_KIND_COUNT;
    Reader reader = reader_of(buf_span(&sent), 0);
    Span got_key, got_row;
    assert_false(tally_receive(&reader, &got_key, &got_row));
    assert_true(reader.failed);
    buf_done(&row);
    buf_done(&sent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),   cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_accounts), cmocka_unit_test(test_axis),
        cmocka_unit_test(test_same),     cmocka_unit_test(test_floods),
        cmocka_unit_test(test_empty),    cmocka_unit_test(test_rows),
        cmocka_unit_test(test_progress),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
