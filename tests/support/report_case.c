#include "report_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/observe.h"
#include "report/hunt_case.h"
#include "sigma_fixture.h"
#include "case_fixture.h"
#include "event_fixture.h"

#define EVENTLOG "Microsoft-Windows-Eventlog"
#define AUDITING "Microsoft-Windows-Security-Auditing"
#define SYSMON   "Microsoft-Windows-Sysmon"
#define HOUR     3600
#define DAY      86400

static void give_up(const char *what, const Err *err)
{
    fprintf(stderr, "report case: %s: %s\n", what, err->text);
    abort();
}

static void logon(ToldCase *told, const char *host, int64_t second, uint64_t record,
                  const char *user, const char *sid, bool refused)
{
    told_event(told, &(ToldEvent){.time = told_time(second),
                                  .host = host,
                                  .channel = "Security",
                                  .provider = AUDITING,
                                  .code = refused ? "4625" : "4624",
                                  .record = record,
                                  .fields = {{"TargetUserName", user},
                                             {"TargetDomainName", "COURT"},
                                             {"TargetUserSid", sid},
                                             {"LogonType", "3"}}});
}

/* A file server that works day and night: it falls silent for eight hours, numbers are missing, and
 * its log is cleared. */
static void file_server(ToldCase *told)
{
    uint64_t record = 500;
    told_item(told, &(ToldItem){.path = "disk/FS01/Security.evtx", .format = "evtx"});
    for (int64_t hour = 0; hour < 12 * 24; hour++) {
        if (hour >= 9 * 24 + 1 && hour < 9 * 24 + 9)
            continue;
        record += hour == 100 ? 8 : 1;
        logon(told, hour % 2 ? "FS01.court.example" : "fs01", hour * HOUR + 60, record,
              hour % 3 ? "mweber" : "adm-kovac",
              hour % 3 ? "S-1-5-21-1-2-3-1104" : "S-1-5-21-1-2-3-1120", false);
    }
    told_event(told, &(ToldEvent){.time = told_time(12 * DAY),
                                  .host = "FS01.court.example",
                                  .channel = "Security",
                                  .provider = EVENTLOG,
                                  .code = "1102",
                                  .record = record + 40,
                                  .fields = {{"LogFileCleared.SubjectUserName", "adm-kovac"},
                                             {"LogFileCleared.SubjectDomainName", "COURT"}}});
    told_event(told, &(ToldEvent){.time = told_time(-DAY),
                                  .host = "FS01.court.example",
                                  .channel = "Security",
                                  .provider = AUDITING,
                                  .code = "4624",
                                  .record = 17,
                                  .class = EVENT_RECOVERED});
    told_defect(told, DEFECT_DAMAGE, 69632, "chunk header checksum is 0x1 instead of 0x2");
    told_defect(told, DEFECT_NOTE, 0, "the log was not closed");
    /* The second collection has some of it again. */
    told_item(told, &(ToldItem){.path = "friday/FS01/Security.evtx", .format = "evtx"});
    for (int64_t hour = 0; hour < 20; hour++)
        logon(told, hour % 2 ? "FS01.court.example" : "fs01", hour * HOUR + 60,
              501 + (uint64_t)hour, hour % 3 ? "mweber" : "adm-kovac",
              hour % 3 ? "S-1-5-21-1-2-3-1104" : "S-1-5-21-1-2-3-1120", false);
}

/* A sensor that ends before its host does, and stops once before. */
static void sensor(ToldCase *told)
{
    told_item(told, &(ToldItem){.path = "disk/DC1/Sysmon.evtx", .format = "evtx"});
    for (int64_t hour = 0; hour < 9 * 24; hour++)
        told_event(told, &(ToldEvent){.time = told_time(hour * HOUR + 5),
                                      .host = "dc1.court.example",
                                      .channel = "Microsoft-Windows-Sysmon/Operational",
                                      .provider = SYSMON,
                                      .code = "1",
                                      .record = 1 + (uint64_t)hour});
    told_event(told, &(ToldEvent){.time = told_time(4 * DAY + 7),
                                  .host = "dc1.court.example",
                                  .channel = "Microsoft-Windows-Sysmon/Operational",
                                  .provider = SYSMON,
                                  .code = "4",
                                  .record = 9 * 24 + 1,
                                  .fields = {{"State", "Stopped"}, {"SchemaVersion", "4.50"}}});
}

/* What the logs of a host say about themselves. */
static void marks(ToldCase *told)
{
    static const struct {
        int64_t second;
        const char *channel, *provider, *code;
        ToldField fields[2];
    } EVENTS[] = {
        {5 * HOUR, "Security", EVENTLOG, "1100", {{NULL, NULL}}},
        {6 * HOUR, "Security", EVENTLOG, "1101", {{NULL, NULL}}},
        {7 * HOUR, "Security", AUDITING, "4719", {{"SubcategoryId", "%%14081"}}},
        {8 * HOUR, "System", EVENTLOG, "104", {{"LogFileCleared.Channel", "Application"}}},
        {9 * HOUR, "System", EVENTLOG, "104", {{NULL, NULL}}},
        {10 * HOUR,
         "Microsoft-Windows-Ntfs/Operational",
         "Microsoft-Windows-Ntfs",
         "501",
         {{"VolumeName", "C:"}}},
        {11 * HOUR, "Security", EVENTLOG, "1100", {{NULL, NULL}}},
        {11 * HOUR + 30, "System", "EventLog", "6006", {{NULL, NULL}}},
        {12 * HOUR,
         "System",
         "Microsoft-Windows-Kernel-General",
         "1",
         {{"OldTime", "2026-03-02T12:00:00Z"}, {"NewTime", "2026-03-02T13:30:00Z"}}},
        {13 * HOUR,
         "System",
         "Microsoft-Windows-Kernel-General",
         "1",
         {{"OldTime", "2026-03-02T13:00:00Z"}, {"NewTime", "2026-03-01T12:00:00Z"}}},
        {11 * DAY, "System", "Service Control Manager", "7036", {{NULL, NULL}}},
    };
    told_item(told, &(ToldItem){.path = "disk/DC1/System.evtx", .format = "evtx"});
    for (size_t i = 0; i < sizeof EVENTS / sizeof EVENTS[0]; i++)
        told_event(told, &(ToldEvent){.time = told_time(EVENTS[i].second),
                                      .host = "DC1.court.example",
                                      .channel = EVENTS[i].channel,
                                      .provider = EVENTS[i].provider,
                                      .code = EVENTS[i].code,
                                      .fields = {EVENTS[i].fields[0], EVENTS[i].fields[1]}});
}

/* An export that holds a selection, and a log whose numbering began anew. */
static void numbers(ToldCase *told)
{
    told_item(told, &(ToldItem){.path = "export/WS9.jsonl", .format = "evtx_json"});
    for (uint64_t i = 1; i <= 120; i += i % 3 ? 1 : 3)
        logon(told, "WS9", (int64_t)i * 60, i, "guess", "S-1-0-0", true);
    told_item(told, &(ToldItem){.path = "export/WS7-old.evtx", .format = "evtx"});
    for (uint64_t i = 1; i <= 30; i++)
        logon(told, "WS7", (int64_t)i * 60, i, "WS7$", "S-1-5-18", false);
    told_item(told, &(ToldItem){.path = "export/WS7-new.evtx", .format = "evtx"});
    for (uint64_t i = 1; i <= 20; i++)
        logon(told, "WS7", 6 * DAY + (int64_t)i * 60, i, "WS7$", "S-1-5-18", false);
}

static void times(ToldCase *told)
{
    static const TimeQuality QUALITIES[] = {TIME_ZONE_ASSUMED, TIME_YEAR_INFERRED,
                                            TIME_CLOCK_DOUBTFUL, TIME_ZONE_INFERRED};
    told_item(told, &(ToldItem){.path = "linux/auth.log", .layout_host = "prx01"});
    for (size_t i = 0; i < sizeof QUALITIES / sizeof QUALITIES[0]; i++)
        told_event(told, &(ToldEvent){.time = told_time((int64_t)i * 100),
                                      .quality = QUALITIES[i],
                                      .channel = "auth",
                                      .code = "session"});
    told_event(told, &(ToldEvent){.channel = "auth", .code = "session"});
}

static void others(ToldCase *told)
{
    told_item(told, &(ToldItem){.path = "disk/broken.evtx", .state = ITEM_UNREADABLE, .size = 9});
    told_item(told, &(ToldItem){.path = "disk/FS01/NTUSER.DAT",
                                .state = ITEM_UNKNOWN,
                                .layout_host = "FS01",
                                .size = 3500000});
    told_item(told, &(ToldItem){.path = "nobody/x.evtx", .format = "evtx"});
    told_event(told, &(ToldEvent){.time = told_time(50), .channel = "Setup", .code = "1"});
}

/* Rules of every kind and state, as far as a set has them. */
static const char RULES[] =
    "title: A log was cleared\nid: 10000000-0000-4000-8000-000000000001\nlevel: critical\n"
    "logsource: {product: windows, service: security}\n"
    "tags: [attack.defense-evasion, attack.t1070.001, attack.t1070]\n"
    "detection: {s: {EventID: 1102}, condition: s}\n"
    "---\ntitle: Logon of an administrator\nid: 10000000-0000-4000-8000-000000000002\n"
    "name: admin\nlevel: low\nlogsource: {product: windows, service: security}\n"
    "tags: [attack.t1078, attack.initial_access, detection.rule]\n"
    "detection: {s: {EventID: 4624, TargetUserName|startswith: adm-}, condition: s}\n"
    "---\ntitle: Many of these\nid: 10000000-0000-4000-8000-000000000003\nlevel: high\n"
    "tags: [attack.t1078]\ncorrelation: {type: event_count, rules: [admin],"
    " group-by: [TargetUserName], timespan: 12h, condition: {gte: 4}, generate: true}\n"
    "---\ntitle: Refused <b>logon</b>\nlevel: medium\n"
    "logsource: {product: windows, service: security}\n"
    "detection: {s: {EventID: 4625}, condition: s}\n"
    "---\ntitle: All of it\nid: 10000000-0000-4000-8000-000000000005\nname: all\n"
    "logsource: {product: windows, service: sysmon}\n"
    "detection: {s: {EventID: [1, 4]}, condition: s}\n"
    "---\ntitle: Not these\nlogsource: {product: windows, service: sysmon}\nfilter: {rules: [all], "
    "s: {EventID: 1}, condition: not s}\n"
    "---\ntitle: No such selection\nlogsource: {product: windows}\n"
    "detection: {s: {X: 1}, condition: t}\n"
    "---\ntitle: Old\nstatus: deprecated\nlogsource: {product: windows}\n"
    "detection: {s: {X: 1}, condition: s}\n"
    "---\ntitle: Elsewhere\nlogsource: {product: toaster}\n"
    "detection: {s: {X: 1}, condition: s}\n";

/* As an investigation does at its end. */
void report_case_detect(const char *folder, const Schema *schema, unsigned workers)
{
    Err err = {0};
    SigmaRun rules;
    RunResult result;
    sigma_open(&rules, text_from_z(RULES), NULL);
    HuntCaseOptions options = {
        .program = rules.program, .schema = schema, .workers = workers, .folder = fixture_folder()};
    Store *store = made_open(folder, STORE_WRITE);
    if (!store_run_begin(store, &MADE_RUN, &err) || !store_run_end(store, workers, &result, &err) ||
        !hunt_case(store, &options, &result, &err) ||
        !store_note_files(store, NULL, 0, &result, &err))
        give_up("rules", &err);
    store_close(store);
    sigma_close(&rules);
}

void report_case_make(const char *folder, const Schema *schema, bool backwards)
{
    static void (*const PARTS[])(ToldCase *) = {file_server, sensor, marks, numbers, times, others};
    size_t count = sizeof PARTS / sizeof PARTS[0];
    ToldCase *told = told_open(folder, schema, NULL, NULL);
    for (size_t i = 0; i < count; i++)
        PARTS[backwards ? count - 1 - i : i](told);
    (void)told_close(told);
    report_case_detect(folder, schema, backwards ? 1 : 3);
}

/* ---- pages ---- */

const char *report_case_tables(void)
{
    static char folder[4096];
    const char *source = getenv("CONSTAT_SOURCE");
    int n = snprintf(folder, sizeof folder, "%s/knowledge", source ? source : ".");
    if (n <= 0 || n >= (int)sizeof folder)
        abort();
    return folder;
}

void report_case_open(ReportCase *ret, const char *folder)
{
    Err err = {0};
    SurveyOptions options = {.workers = 2, .folder = fixture_folder()};
    *ret = (ReportCase){.store = made_open(folder, STORE_READ)};
    ret->survey = survey_make(ret->store, &options, &err);
    if (!ret->survey || !findings_init(&ret->findings, &err) ||
        !observe(ret->survey, &ret->findings, &err))
        give_up("survey", &err);
    ret->run = (ReportRun){.when = INT64_C(1774000000) * NANOSECONDS_PER_SECOND,
                           .person = TEXT("A. Examiner"),
                           .machine = TEXT("laboratory"),
                           .version = TEXT("0.0.0"),
                           .command = TEXT("constat investigate evidence --case case"),
                           .workers = 2,
                           .has_ledger = true,
                           .ledger_entries = 1234};
    ret->report = (Report){.survey = ret->survey, .findings = &ret->findings, .run = &ret->run};
    if (!store_content_digest(ret->store, &ret->report.content, &err))
        give_up("digest", &err);
    ret->detections = detections_make(ret->store, ret->survey, &ret->report.content, &err);
    if (!ret->detections)
        give_up("detections", &err);
    ret->report.detections = ret->detections;
}

void report_case_close(ReportCase *report_case)
{
    detections_destroy(report_case->detections);
    findings_done(&report_case->findings);
    survey_destroy(report_case->survey);
    store_close(report_case->store);
}

static bool append(void *ctx, Span bytes, Err *err)
{
    (void)err;
    buf_add(ctx, bytes.ptr, bytes.len);
    return true;
}

Buf report_case_page(const ReportCase *report_case, const char *tables, const char *language)
{
    Err err = {0};
    Buf page;
    buf_init(&page, 256 * 1024 * 1024);
    Catalogue *catalogue = catalogue_load(&tables, 1, language, &err);
    if (!catalogue || !report_write(&report_case->report, catalogue, append, &page, &err) ||
        page.failed)
        give_up("page", &err);
    catalogue_destroy(catalogue);
    return page;
}

void cut_between(Buf *page, const char *begin, const char *end)
{
    Text from = text_from_z(begin), to = text_from_z(end);
    for (size_t at = 0;;) {
        Text rest = text_of(page->ptr + at, page->len - at);
        size_t start = text_find_text(rest, from);
        if (start == SIZE_MAX)
            return;
        Text behind = text_of(rest.ptr + start + from.len, rest.len - start - from.len);
        size_t len = text_find_text(behind, to);
        if (len == SIZE_MAX)
            return;
        size_t cut = from.len + len + to.len;
        memmove(page->ptr + at + start, page->ptr + at + start + cut, page->len - at - start - cut);
        page->len -= cut;
        at += start;
    }
}
