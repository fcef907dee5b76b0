/* The survey of logs: which record numbers are missing, which sources are silent, and what records
 * say of the logs themselves. */
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

#define EVENTLOG "Microsoft-Windows-Eventlog"
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

static void cleared(ToldCase *told, const char *host, const char *time, uint64_t record)
{
    told_event(told, &(ToldEvent){.time = time,
                                  .host = host,
                                  .channel = "Security",
                                  .provider = EVENTLOG,
                                  .code = "1102",
                                  .record = record,
                                  .fields = {{"LogFileCleared.SubjectUserName", "adm-x"},
                                             {"LogFileCleared.SubjectDomainName", "COURT"}}});
}

/* ---- record numbers ---- */

static void numbers(ToldCase *told, const char *host, int64_t day, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i <= to; i++)
        told_logon(told, host, told_time(day * DAY + (int64_t)i * 10), i, "alice");
}

static void test_gaps(void **state)
{
    (void)state;
    const char *folder = made_folder("gaps");
    ToldCase *told = told_open(folder, schema, NULL, NULL);
    /* Two gaps; the second is closed by the log clear with which the log goes on. */
    told_item(told, &(ToldItem){.path = "a.evtx"});
    numbers(told, "a", 0, 1, 50);
    numbers(told, "a", 0, 61, 100);
    cleared(told, "a", told_time(1100), 110);
    numbers(told, "a", 0, 111, 120);
    told_event(told, &(ToldEvent){.time = told_time(1),
                                  .host = "a",
                                  .channel = "Security",
                                  .code = "4624",
                                  .record = 55,
                                  .class = EVENT_RECOVERED});
    /* Another copy with other contents, that has what the first misses. */
    told_item(told, &(ToldItem){.path = "b1.evtx"});
    numbers(told, "b", 0, 1, 50);
    told_batch(told);
    numbers(told, "b", 0, 60, 100);
    told_item(told, &(ToldItem){.path = "b2.jsonl"});
    for (uint64_t i = 40; i <= 70; i++)
        told_logon(told, "b", told_time((int64_t)i * 10), i, "written otherwise");
    /* Numbering began anew: low numbers at a later time, with a gap of their own. */
    told_item(told, &(ToldItem){.path = "c1.evtx"});
    numbers(told, "c", 0, 1, 100);
    told_batch(told);
    numbers(told, "c", 0, 101, 200);
    told_item(told, &(ToldItem){.path = "c2.evtx"});
    numbers(told, "c", 9, 1, 20);
    numbers(told, "c", 9, 31, 40);
    /* From last to first, as exports are. */
    told_item(told, &(ToldItem){.path = "d.jsonl"});
    for (uint64_t i = 30; i >= 1; i--)
        told_logon(told, "d", told_time((int64_t)i * 10), i, "alice");
    (void)told_close(told);
    Looked looked = look(folder, 2);
    const Survey *survey = looked.survey;
    assert_int_equal(survey->totals.gaps, 3);
    assert_int_equal(survey->gaps_count, 3);
    const SurveyGap *gap = survey->gaps;
    assert_int_equal(gap[0].before.number, 50);
    assert_int_equal(gap[0].after.number, 61);
    assert_int_equal(gap[0].missing, 10);
    assert_int_equal(gap[0].recovered, 1);
    assert_false(gap[0].cleared);
    assert_int_equal(gap[1].missing, 9);
    assert_true(gap[1].cleared);
    assert_int_equal(gap[2].before.number, 20);
    assert_int_equal(gap[2].sequence, 2);
    assert_int_equal(survey->series_count, 5);
    assert_int_equal(survey->series[1].missing, 0); /* b */
    assert_int_equal(survey->series[1].present, 100);
    assert_int_equal(survey->series[2].present, 200); /* c */
    assert_int_equal(survey->series[3].present, 30);
    assert_int_equal(survey->series[4].present, 30); /* d */
    look_done(&looked);
}

static void test_sparse(void **state)
{
    (void)state;
    const char *folder = made_folder("sparse");
    ToldCase *told = told_open(folder, schema, NULL, NULL);
    told_item(told, &(ToldItem){.path = "export.jsonl"});
    for (uint64_t i = 1; i <= 100; i += i % 3 ? 1 : 3)
        told_logon(told, "a", told_time((int64_t)i), i, "alice");
    (void)told_close(told);
    Looked looked = look(folder, 1);
    const Survey *survey = looked.survey;
    Findings findings;
    assert_true(findings_init(&findings, NULL) && observe(survey, &findings, NULL));
    assert_int_equal(survey->series_count, 1);
    assert_true(survey->totals.gaps > 20);
    assert_true(survey->series[0].sparse);
    assert_int_equal(survey->gaps_count, 5);
    assert_int_equal(survey->gaps_further.rows, survey->totals.gaps - 5);
    assert_int_equal(findings.count, 1);
    assert_int_equal(findings.list[0].kind, FINDING_NUMBERS_SPARSE);
    findings_done(&findings);
    look_done(&looked);
}

/* ---- silences ---- */

/* Every hour of so many days from Monday on, from one hour of the day to another. */
static void hours(ToldCase *told, const char *host, int64_t first_day, int64_t last_day, int from,
                  int to)
{
    for (int64_t day = first_day; day <= last_day; day++)
        for (int hour = from; hour < to && (from == 0 || day % 7 < 5); hour++)
            told_logon(told, host, told_time(day * DAY + hour * HOUR + 60), 0, "alice");
}

static void test_silences(void **state)
{
    (void)state;
    const char *folder = made_folder("silences");
    ToldCase *told = told_open(folder, schema, NULL, NULL);
    told_item(told, &(ToldItem){.path = "server.evtx"}); /* day and night, but for eight hours */
    hours(told, "server", 0, 8, 0, 24);
    hours(told, "server", 9, 9, 0, 3);
    hours(told, "server", 9, 9, 11, 24);
    hours(told, "server", 10, 13, 0, 24);
    told_item(told, &(ToldItem){.path = "office.evtx"}); /* at office hours; one day off */
    hours(told, "office", 0, 8, 8, 18);
    hours(told, "office", 10, 13, 8, 18);
    told_item(told, &(ToldItem){.path = "ends.evtx"}); /* ends, while its host goes on */
    hours(told, "ends", 0, 9, 0, 24);
    for (int64_t day = 0; day < 14; day++)
        status(told, "ends", told_time(day * DAY), 0);
    told_item(told, &(ToldItem){.path = "short.evtx"}); /* too few days for a habit */
    hours(told, "short", 0, 1, 0, 24);
    hours(told, "short", 3, 3, 0, 24);
    told_item(told, &(ToldItem){.path = "seldom.evtx"}); /* without a rhythm */
    for (int64_t day = 0; day < 14; day += 3)
        told_logon(told, "seldom", told_time(day * DAY + day * 5 * HOUR), 0, "alice");
    (void)told_close(told);
    Looked looked = look(folder, 2);
    const Survey *survey = looked.survey;
    assert_int_equal(survey->silences_count, 3);
    const SurveySilence *silences = survey->silences; /* ends, office, server */
    assert_true(silences[0].stretch.open);
    assert_int_equal(silences[0].stretch.hours, 72);
    assert_true(text_equal(survey_host_short(&survey->hosts[silences[1].host]), TEXT("office")));
    assert_int_equal(silences[1].stretch.usual_hours, 10);
    assert_int_equal(silences[2].stretch.usual_hours, 8);
    assert_int_equal(silences[2].stretch.hours, 8);
    assert_false(silences[2].stretch.open);
    look_done(&looked);
}

/* ---- marks ---- */

static void test_marks(void **state)
{
    (void)state;
    const char *folder = made_folder("marks");
    ToldCase *told = told_open(folder, schema, NULL, NULL);
    told_item(told, &(ToldItem){.path = "a.evtx"});
    static const struct {
        int64_t second;
        const char *channel, *provider, *code;
    } EVENTS[] = {
        {100, "Security", EVENTLOG, "1100"},  /* stopped … */
        {110, "System", "EventLog", "6006"},  /* … as the system did */
        {5000, "Security", EVENTLOG, "1100"}, /* stopped while the system went on */
        {9000, "System", "EventLog", "6005"},
        {9100, "Security", EVENTLOG, "1100"}, /* stopped as the system began */
        {20000, "Security", EVENTLOG, "1102"},
    };
    for (size_t i = 0; i < sizeof EVENTS / sizeof EVENTS[0]; i++)
        told_event(told, &(ToldEvent){.time = told_time(EVENTS[i].second),
                                      .host = "a",
                                      .channel = EVENTS[i].channel,
                                      .provider = EVENTS[i].provider,
                                      .code = EVENTS[i].code});
    told_event(told, &(ToldEvent){.time = told_time(30000),
                                  .host = "a",
                                  .channel = "Security",
                                  .provider = AUDITING,
                                  .code = "4616",
                                  .fields = {{"PreviousTime", "2026-03-02T10:00:00.0000000Z"},
                                             {"NewTime", "2026-03-02T08:20:00.0000000Z"}}});
    told_event(told, &(ToldEvent){.time = told_time(30001),
                                  .host = "a",
                                  .channel = "System",
                                  .provider = "Microsoft-Windows-Kernel-General",
                                  .code = "1",
                                  .fields = {{"OldTime", "2026-03-02T10:00:00.0000000Z"},
                                             {"NewTime", "2026-03-02T08:20:00.0000000Z"}}});
    told_event(told, &(ToldEvent){.time = told_time(40000), /* daily work of a time service */
                                  .host = "a",
                                  .channel = "System",
                                  .provider = "Microsoft-Windows-Kernel-General",
                                  .code = "1",
                                  .fields = {{"OldTime", "2026-03-02T10:00:00.0000000Z"},
                                             {"NewTime", "2026-03-02T10:00:01.0000000Z"}}});
    (void)told_close(told);
    Looked looked = look(folder, 1);
    const Survey *survey = looked.survey;
    assert_int_equal(survey->totals.marks[MARK_LOG_STOP], 3);
    assert_int_equal(survey->totals.stops_unexplained, 1);
    assert_int_equal(survey->totals.marks[MARK_LOG_CLEAR], 1);
    assert_int_equal(survey->totals.marks[MARK_CLOCK_SET], 2);
    assert_int_equal(survey->marks_count, 6);
    Findings findings;
    assert_true(findings_init(&findings, NULL) && observe(survey, &findings, NULL));
    static const FindingKind KINDS[] = {FINDING_LOG_CLEARED, FINDING_LOG_STOPPED,
                                        FINDING_CLOCK_BACK};
    assert_int_equal(findings.count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(findings.list[i].kind, KINDS[i]);
    assert_int_equal(findings.list[2].citation_count, 2);
    assert_true(finding_param(&findings.list[2], TEXT("step"))->time ==
                6000 * NANOSECONDS_PER_SECOND);
    findings_done(&findings);
    look_done(&looked);
}

/* Records that say the same of the same moment are one finding; how it is spelt does not matter. */
static void test_one_finding(void **state)
{
    (void)state;
    Findings findings;
    assert_true(findings_init(&findings, NULL));
    for (uint64_t i = 0; i < 3; i++) {
        Finding *finding = finding_open(&findings, FINDING_LOG_CLEARED, FINDING_HIGH);
        EventRef at = {.item = 1, .offset = i};
        assert_non_null(finding);
        finding_text(&findings, finding, "host", PARAM_IDENTITY, i ? TEXT("FS01") : TEXT("fs01"));
        finding_time(finding, "time", PARAM_IDENTITY, i < 2 ? 5 : 6);
        finding_number(finding, "count", PARAM_DETAIL, i);
        finding_cite(finding, &at, RECORD_ID_NONE);
        finding_close(&findings, finding);
    }
    assert_int_equal(findings.count, 2);
    assert_int_equal(findings.list[0].citation_count, 2);
    assert_int_equal(findings.list[1].citation_count, 1);
    findings_done(&findings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gaps),        cmocka_unit_test(test_sparse),
        cmocka_unit_test(test_silences),    cmocka_unit_test(test_marks),
        cmocka_unit_test(test_one_finding),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
