/* Rules against a case: a record counts once and has the time of the case; what is kept is read
 * back as it was, is refused when it is not what was written, and is not shown for other evidence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "analysis/detections.h"
#include "case_fixture.h"
#include "event_fixture.h"
#include "report/hunt_case.h"
#include "sigma_fixture.h"
#include "store/analysis.h"
#include "told_case.h"

#define SECURITY "Microsoft-Windows-Security-Auditing"
#define SYSMON   "Microsoft-Windows-Sysmon"
#define EAST     7200

static const char RULES[] =
    "title: Seventh\nid: a\nname: seventh\nlevel: high\n"
    "logsource: {product: windows, service: security}\n"
    "detection: {s: {EventID: 4688, NewProcessName|endswith: 'p7.exe'}, condition: s}\n"
    "---\ntitle: Any\nid: b\nname: any\nlevel: low\n"
    "logsource: {product: windows, service: security}\n"
    "detection: {s: {EventID: 4688}, condition: s}\n"
    "---\ntitle: All forty\nid: c\nlevel: critical\ncorrelation: {type: event_count, rules: [any],"
    " group-by: [Computer], timespan: 30d, condition: {eq: 40}, generate: true}\n";

static Schema *schema;
static SigmaRun rules;

static int set_up(void **state)
{
    (void)state;
    schema = told_schema();
    sigma_open(&rules, text_from_z(RULES), NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sigma_close(&rules);
    schema_destroy(schema);
    return 0;
}

/* ---- cases ---- */

/* Forty processes that start minutes apart. */
static void starts(ToldCase *told, const char *path, bool sysmon, int64_t east)
{
    told_item(told, &(ToldItem){.path = path, .format = "evtx"});
    for (int64_t i = 0; i < 40; i++) {
        char image[64];
        (void)snprintf(image, sizeof image, "C:\\tools\\p%d.exe", (int)i);
        told_event(told, &(ToldEvent){.time = told_time(i * 1237 + east),
                                      .quality = east ? TIME_ZONE_ASSUMED : TIME_EXACT,
                                      .host = "pc1.example",
                                      .channel = sysmon ? "Microsoft-Windows-Sysmon/Operational"
                                                        : "Security",
                                      .provider = sysmon ? SYSMON : SECURITY,
                                      .code = sysmon ? "1" : "4688",
                                      .record = (uint64_t)i + 1,
                                      .fields = {{sysmon ? "Image" : "NewProcessName", image}}});
    }
}

static RunResult hunt(const char *folder)
{
    Err err = {0};
    RunResult result = {.items = 0};
    HuntCaseOptions options = {
        .program = rules.program, .schema = schema, .workers = 2, .folder = fixture_folder()};
    Store *store = made_open(folder, STORE_WRITE);
    if (!store_run_begin(store, &MADE_RUN, &err) || !store_run_end(store, 2, &result, &err) ||
        !hunt_case(store, &options, &result, &err))
        fail_msg("%s", err.text);
    store_close(store);
    return result;
}

typedef struct Opened {
    Store *store;
    Survey *survey;
    Detections *detections;
} Opened;

static Opened open_detections(const char *folder, Err *err)
{
    Sha256 content;
    Opened ret = {.store = made_open(folder, STORE_READ)};
    SurveyOptions options = {.workers = 1, .folder = fixture_folder()};
    ret.survey = survey_make(ret.store, &options, err);
    assert_non_null(ret.survey);
    assert_true(store_content_digest(ret.store, &content, err));
    ret.detections = detections_make(ret.store, ret.survey, &content, err);
    return ret;
}

static void close_detections(Opened *opened)
{
    detections_destroy(opened->detections);
    survey_destroy(opened->survey);
    store_close(opened->store);
}

static const DetectionRule *rule_titled(const Detections *detections, const char *title)
{
    for (size_t i = 0; i < detections->matched_count; i++)
        if (text_equal(detections->matched_rules[i]->title, text_from_z(title)))
            return detections->matched_rules[i];
    fail_msg("no detection of %s", title);
    return NULL;
}

/* ---- what is found ---- */

static void test_once(void **state)
{
    (void)state;
    const char *folder = made_folder("once");
    Err err = {0};
    ToldCase *told = told_open(folder, schema, NULL, NULL);
    starts(told, "a/Security.evtx", false, 0);
    starts(told, "b/Security.evtx", false, 0); /* the same records again */
    (void)told_close(told);
    (void)hunt(folder);
    Opened opened = open_detections(folder, &err);
    const Detections *found = opened.detections;
    assert_non_null(found);
    assert_int_equal(found->state, DETECTIONS_PRESENT);
    assert_int_equal(rule_titled(found, "Any")->count, 40);
    assert_int_equal(rule_titled(found, "Seventh")->count, 1);
    assert_int_equal(rule_titled(found, "Seventh")->events[0].item, 0);
    assert_int_equal(rule_titled(found, "Seventh")->events[0].record_id, 8);
    const DetectionRule *all = rule_titled(found, "All forty");
    assert_int_equal(all->count, 1);
    assert_int_equal(all->alerts[0].count, 40);
    assert_int_equal(all->alerts[0].event_count, DETECTIONS_ALERT_EVENTS);
    assert_int_equal(found->count, 42);
    assert_int_equal(found->by_level[RULE_LOW], 40);
    assert_int_equal(found->host_count, 1);
    close_detections(&opened);
}

static void test_time_of_the_case(void **state)
{
    (void)state;
    const char *folder = made_folder("time");
    Err err = {0};
    ToldCase *told = told_open(folder, schema, NULL, NULL);
    starts(told, "Security.evtx", false, EAST);
    starts(told, "Sysmon.evtx", true, 0);
    (void)told_close(told);
    (void)hunt(folder);
    Opened opened = open_detections(folder, &err);
    assert_int_equal(opened.survey->totals.shifted_items, 1);
    Time first = opened.survey->totals.extent.first;
    assert_true(rule_titled(opened.detections, "Any")->first == first);
    assert_true(rule_titled(opened.detections, "Seventh")->first ==
                first + 7 * 1237 * NANOSECONDS_PER_SECOND);
    close_detections(&opened);
}

/* A case that nobody held rules against, and one that got more evidence after that. */
static void test_states(void **state)
{
    (void)state;
    const char *folder = made_folder("states");
    Err err = {0};
    ToldCase *told = told_open(folder, schema, NULL, NULL);
    starts(told, "a/Security.evtx", false, 0);
    (void)told_close(told);
    Opened opened = open_detections(folder, &err);
    assert_int_equal(opened.detections->state, DETECTIONS_NONE);
    close_detections(&opened);
    (void)hunt(folder);
    told = told_open(folder, schema, NULL, NULL);
    starts(told, "Sysmon.evtx", true, 0);
    (void)told_close(told);
    opened = open_detections(folder, &err);
    assert_int_equal(opened.detections->state, DETECTIONS_STALE);
    assert_int_equal(opened.detections->count, 0);
    close_detections(&opened);
    (void)hunt(folder);
    opened = open_detections(folder, &err);
    assert_int_equal(opened.detections->state, DETECTIONS_PRESENT);
    assert_int_equal(opened.detections->count, 42);
    close_detections(&opened);
}

/* ---- rows that nobody wrote ---- */

#define KINDS 3

static bool keep_row(void *ctx, Span row, Err *err)
{
    (void)err;
    buf_add(ctx, row.ptr, row.len);
    return true;
}

static bool ignore_rule(void *ctx, const DetectedRule *rule, Err *err)
{
    (void)ctx, (void)rule, (void)err;
    return true;
}

static bool ignore_detected(void *ctx, const Detected *detected, Err *err)
{
    (void)ctx, (void)detected, (void)err;
    return true;
}

/* With the rows of a case, one byte of one of them changed or one cut short. false: refused. */
static bool read_changed(Store *store, Buf rows[KINDS], unsigned kind, size_t at, bool cut)
{
    static const DetectedReader READER = {.rule = ignore_rule, .detected = ignore_detected};
    Err err = {0};
    RunResult result = {.items = 0};
    DetectedHead head;
    bool any;
    assert_true(store_analysis_begin(store, &err));
    for (unsigned k = 0; k < KINDS; k++) {
        Span row = buf_span(&rows[k]);
        if (k == kind && cut)
            row.len = at;
        if (k == kind && !cut)
            rows[k].ptr[at] ^= (char)(1 << (at % 8));
        assert_true(store_analysis_add(store, k + 1, row, &err));
        if (k == kind && !cut)
            rows[k].ptr[at] ^= (char)(1 << (at % 8));
    }
    assert_true(store_analysis_end(store, &result, &err));
    bool ok = detected_head(store, &head, &any, &err) &&
              (head.rules > 1000000 || detected_read(store, &head, &READER, &err));
    assert_true(ok || err.code == ERR_FORMAT);
    return ok;
}

static void test_hostile(void **state)
{
    (void)state;
    const char *folder = made_folder("hostile");
    Err err = {0};
    RunResult result = {.items = 0};
    Buf rows[KINDS];
    size_t refused = 0;
    ToldCase *told = told_open(folder, schema, NULL, NULL);
    starts(told, "a/Security.evtx", false, 0);
    (void)told_close(told);
    (void)hunt(folder);
    Store *store = made_open(folder, STORE_WRITE);
    assert_true(store_run_begin(store, &MADE_RUN, &err));
    assert_true(store_run_end(store, 1, &result, &err));
    for (uint32_t k = 0; k < KINDS; k++) {
        buf_init(&rows[k], ANALYSIS_ROW_MAX);
        assert_true(store_analysis_each(store, k + 1, keep_row, &rows[k], &err));
        assert_true(rows[k].len > 50);
    }
    for (unsigned k = 0; k < KINDS; k++)
        for (size_t at = 0; at < rows[k].len; at += 1 + rows[k].len / 150) {
            refused += !read_changed(store, rows, k, at, false);
            assert_true(at == 0 || !read_changed(store, rows, k, at, true));
        }
    assert_true(refused > 20);
    for (unsigned k = 0; k < KINDS; k++)
        buf_done(&rows[k]);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once),
        cmocka_unit_test(test_time_of_the_case),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
