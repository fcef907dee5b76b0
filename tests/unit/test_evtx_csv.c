/* evtx_csv: every exporter and language gives the fields and times that its golden file says;
 * damage is told and costs one row; clock readings and messages in all their forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "alloc_fail.h"
#include "event_lines.h"
#include "format/evtx_csv_labels.h"
#include "format/evtx_csv_message.h"
#include "format/evtx_csv_reader.h"
#include "format/evtx_csv_time.h"
#include "format/format.h"
#include "golden_files.h"
#include "mutate.h"

#define HEADER  "Level,Date and Time,Source,Event ID,Task Category\n"
#define SYSMON  "Microsoft-Windows-Sysmon"
#define AUDIT   "Microsoft-Windows-Security-Auditing"
#define QUIET   "Information,2026/03/04 10:00:00,X,1,None,"
#define KEEP(x) (x), sizeof(x) - 1

extern const Format evtx_csv_format;

static const FormatOptions OPTIONS = {.recover = false};

static Span span_z(const char *text)
{
    return span_of(text, strlen(text));
}

static bool has(const EventLines *lines, const char *what)
{
    return text_find_text(buf_text(&lines->text), text_from_z(what)) != SIZE_MAX;
}

static void assert_has(const EventLines *lines, const char *what)
{
    if (!has(lines, what))
        fail_msg("no %s in:\n%.*s", what, (int)lines->text.len, lines->text.ptr);
}

/* ---- whole files ---- */

static void gives_what_is_expected(void **state)
{
    (void)state;
    GoldenFiles files;
    golden_open(&files, "evtx_csv");
    for (size_t i = 0; i < files.count; i++) {
        EventLines lines = event_lines_run(&evtx_csv_format, files.list[i].input, &OPTIONS, 0);
        assert_true(lines.ok);
        assert_false(lines.bad_batch);
        golden_check(&files, i, buf_text(&lines.text));
        event_lines_done(&lines);
    }
    golden_close(&files);
}

static void knows_its_own(void **state)
{
    (void)state;
    GoldenFiles files;
    golden_open(&files, "evtx_csv");
    for (size_t i = 0; i < files.count; i++) {
        const Format *tie = NULL;
        Span input = files.list[i].input;
        bool by_place = strcmp(files.list[i].name, "cp932.csv") == 0 ||
                        strcmp(files.list[i].name, "unknown_language.csv") == 0;
        Confidence confidence = evtx_csv_format.probe(input, input.len);
        if (by_place ? confidence != CONFIDENCE_POSSIBLE : confidence != CONFIDENCE_CERTAIN)
            fail_msg("%s: confidence %d", files.list[i].name, (int)confidence);
        assert_ptr_equal(format_identify(input, input.len, &tie), &evtx_csv_format);
        assert_null(tie);
    }
    golden_close(&files);
}

static void leaves_others_alone(void **state)
{
    (void)state;
    static const char *const OTHERS[] = {
        "",
        "\n",
        "Level,Date and Time\n",
        "a,b,c\n1,2,3\n",
        "{\"Event ID\":1,\"Level\":2,\"Date and Time\":3}",
        "<Level,Date and Time,Source,Event ID>",
        "TimeGenerated,UserId,ClientIP,Operation,Parameters\n",
        "Timestamp,RuleTitle,Level,Computer,Channel,EventID,RecordID,Details\n", /* detections */
        "place,user,password\n",
        /* five headers, but no rows of Event Viewer's */
        "a,b,c,d,e\nx,2026/03/04 10:00:00,y,1,z\n",
        "a,b,c,d,e\nx,2026/03/04,y,1,z,u\n",
        "a,b,c,d,e\nx,2026/03/04 10:00:00,y,one,z,u\n",
    };
    for (size_t i = 0; i < sizeof OTHERS / sizeof OTHERS[0]; i++)
        if (evtx_csv_format.probe(span_z(OTHERS[i]), strlen(OTHERS[i])) != CONFIDENCE_NONE)
            fail_msg("taken for events: %s", OTHERS[i]);
}

static void survives_damage(void **state)
{
    (void)state;
    GoldenFiles files;
    golden_open(&files, "evtx_csv");
    for (size_t i = 0; i < files.count; i++) {
        MutateResult result = mutate_all(&evtx_csv_format, files.list[i].name, files.list[i].input);
        assert_true(result.runs > files.list[i].input.len);
    }
    golden_close(&files);
}

static void survives_without_memory(void **state)
{
    (void)state;
    const char *input = HEADER "Information,2026/03/04 10:00:00," SYSMON ",1,None,\"Process Create:"
                               "\nUser: a\"\"b\n\"\nX\n";
    for (size_t n = 1;; n++) {
        alloc_fail_at(n);
        EventLines lines = event_lines_run(&evtx_csv_format, span_z(input), &OPTIONS, 0);
        bool refused = alloc_fail_over();
        if (!refused)
            assert_true(lines.ok);
        assert_false(lines.bad_batch);
        event_lines_done(&lines);
        if (!refused)
            break;
        assert_true(n < 10000);
    }
}

/* ---- rows ---- */

static void cuts_rows_at_lost_quotation_marks(void **state)
{
    (void)state;
    static const struct {
        const char *input;
        unsigned events, damages;
        const char *found;
    } CASES[] = {
        {HEADER QUIET "\"a\"\n" QUIET "\"b\"\n", 2, 0, "b"},
        {HEADER QUIET "\"a\n" QUIET "\"b\"\n", 2, 1, "\"Export.Message\",\"a\""},
        {HEADER QUIET "\"a\n" QUIET "\"b\n" QUIET "\"c\n", 3, 2, "\"Export.Message\",\"c\""},
        {HEADER QUIET "\"a\n" QUIET "b\n", 2, 1, "\"Export.Message\",\"b\""},
        {HEADER QUIET "\"x \"a\" y\"\n" QUIET "b\n", 2, 1, "x \\\"a\\\" y"},
        {HEADER QUIET "\"x \"\"a\"\" y\"\n", 1, 0, "x \\\"a\\\" y"},
        /* what looks like a row in a message that is sound is part of the message */
        {HEADER QUIET "\"a\n" QUIET "\"\"b\"\"\n\"\n", 1, 0, "a\\nInformation"},
        {HEADER "junk\n" QUIET "b\n", 1, 1, "no row"},
        {HEADER "junk\n\"more\njunk\"\n" QUIET "b\n", 1, 1, "\"offset\":50,\"size\":17"},
        {HEADER QUIET "a,b,c\n", 1, 1, "\"Export.Column7\",\"b\""},
        {HEADER "Information,then,X,1,None,a\n", 1, 1, "\"time\":\"\""},
        {HEADER "Information,2026/03/04 10:00:00,X,one,None,a\n", 0, 1, "no row"},
        {HEADER QUIET "a", 1, 0, "\"size\":42"},
        {HEADER QUIET "\"a", 1, 1, "up to the end of the item"},
        {HEADER "\r\n\n\r\n" QUIET "a\r\n\r\n", 1, 0, "\"size\":44"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        EventLines lines = event_lines_run(&evtx_csv_format, span_z(CASES[i].input), &OPTIONS, 0);
        assert_true(lines.ok);
        if (lines.events != CASES[i].events || lines.damages != CASES[i].damages)
            fail_msg("case %zu: %u events, %u damages in\n%.*s", i, (unsigned)lines.events,
                     lines.damages, (int)lines.text.len, lines.text.ptr);
        assert_has(&lines, CASES[i].found);
        event_lines_done(&lines);
    }
}

static char *repeat(const char *before, const char *unit, size_t count, const char *behind)
{
    size_t b = strlen(before), u = strlen(unit), e = strlen(behind);
    char *text = malloc(b + u * count + e + 1);
    assert_non_null(text);
    memcpy(text, before, b);
    for (size_t i = 0; i < count; i++)
        memcpy(text + b + u * i, unit, u);
    memcpy(text + b + u * count, behind, e + 1);
    return text;
}

static void reads_long_messages(void **state)
{
    (void)state;
    static const struct {
        size_t count; /* of units of 16 bytes */
        unsigned events, damages;
    } CASES[] = {{1024 * 1024, 2, 0}, {1200 * 1024, 1, 1}};
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char *text =
            repeat(HEADER QUIET "\"", "0123456789,\n\"\"ab", CASES[i].count, "\"\n" QUIET "last\n");
        EventLines lines = event_lines_run(&evtx_csv_format, span_z(text), &OPTIONS, 0);
        assert_true(lines.ok);
        assert_int_equal(lines.events, CASES[i].events);
        assert_int_equal(lines.damages, CASES[i].damages);
        assert_has(&lines, "\"Export.Message\",\"last\"");
        event_lines_done(&lines);
        free(text);
    }
}

/* Hostile files of a few megabytes are read about as fast as honest ones: every row here could be
 * read to the limit and be cut again behind its first line. The test's time limit is the check. */
static void is_not_slowed_down(void **state)
{
    (void)state;
    static const char *const UNITS[] = {
        QUIET "\"\"x\n", QUIET "\"x\"\"\n", QUIET "\"x\n", "\"\n",
        "\"\"\n",        "\"x\n\"\"\"x\n",  "\n",          ",\"\n",
        "x\n",           "\" \"\n",         "\r",
    };
    for (size_t i = 0; i < sizeof UNITS / sizeof UNITS[0]; i++) {
        char *text = repeat(HEADER QUIET "\"a", UNITS[i], 4000000 / strlen(UNITS[i]), "");
        EventLines lines = event_lines_run(&evtx_csv_format, span_z(text), &OPTIONS, 0);
        assert_true(lines.ok);
        assert_false(lines.bad_batch);
        event_lines_done(&lines);
        free(text);
    }
}

static bool any_row(void *ctx, const Text *cells, size_t count, CsvLook look)
{
    (void)ctx;
    (void)cells;
    (void)look;
    return count > 0;
}

static void keeps_the_cells_that_are_too_many(void **state)
{
    (void)state;
    Err err;
    CsvRow row;
    char *text = repeat("", "a,", CSV_CELLS_MAX + 10, "z\nb\n");
    Input in = input_from_memory(span_z(text));
    CsvReader *csv = csv_open(&in, ',', any_row, NULL, &err);
    assert_non_null(csv);
    assert_int_equal(csv_next(csv, &row, &err), CSV_ROW);
    assert_int_equal(row.count, CSV_CELLS_MAX);
    assert_true(text_ends(row.cells[CSV_CELLS_MAX - 1], TEXT("a,a,z")));
    assert_int_equal(csv_next(csv, &row, &err), CSV_ROW);
    assert_int_equal(row.count, 1);
    assert_int_equal(csv_next(csv, &row, &err), CSV_END);
    csv_close(csv);
    free(text);
}

static void tells_half_a_character(void **state)
{
    (void)state;
    static const char ITEM[] =
        "\xFF\xFEL\0e\0v\0e\0l\0,\0S\0o\0u\0r\0c\0e\0,\0I\0d\0,\0T\0i\0m\0e\0C\0r\0e\0a\0t\0e\0d\0"
        "\n\0i\0,\0s\0,\0"
        "7\0,\0x\0\n\0y";
    EventLines lines = event_lines_run(&evtx_csv_format, span_of(KEEP(ITEM)), &OPTIONS, 0);
    assert_int_equal(lines.events, 1);
    assert_has(&lines, "half a UTF-16 character");
    event_lines_done(&lines);
}

/* ---- time ---- */

static void reads_clocks_of_many_countries(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        DateOrder order; /* that the reading tells */
        bool twelve;
        const char *day_first, *month_first; /* NULL: impossible */
    } CASES[] = {
        {"2019/11/07 17:58:48", true, DATE_MONTH_FIRST, false, "2019-11-07T17:58:48Z",
         "2019-11-07T17:58:48Z"},
        {"2019/11/7 7:58:48", true, DATE_MONTH_FIRST, false, "2019-11-07T07:58:48Z", NULL},
        {"11/7/2019 5:58:48 PM", true, DATE_ORDER_UNKNOWN, true, "2019-07-11T17:58:48Z",
         "2019-11-07T17:58:48Z"},
        {"11/7/2019 12:58:48 AM", true, DATE_ORDER_UNKNOWN, true, "2019-07-11T00:58:48Z", NULL},
        {"11/7/2019 12:58:48 pm", true, DATE_ORDER_UNKNOWN, true, "2019-07-11T12:58:48Z", NULL},
        {"11/7/2019 5:58:48\xE2\x80\xAFPM", true, DATE_ORDER_UNKNOWN, true, "2019-07-11T17:58:48Z",
         NULL},
        {"11/7/2019 5:58:48 p. m.", true, DATE_ORDER_UNKNOWN, true, "2019-07-11T17:58:48Z", NULL},
        {"2019/11/07 \xE5\x8D\x88\xE5\xBE\x8C 05:58:48", true, DATE_MONTH_FIRST, true, NULL,
         "2019-11-07T17:58:48Z"},
        {"25/12/2019 17:58:48", true, DATE_ORDER_UNKNOWN, false, "2019-12-25T17:58:48Z", NULL},
        {"12/25/2019, 17:58", true, DATE_ORDER_UNKNOWN, false, NULL, "2019-12-25T17:58:00Z"},
        {"7.11.2019 17:58:48", true, DATE_DAY_FIRST, false, "2019-11-07T17:58:48Z",
         "2019-11-07T17:58:48Z"},
        {"7. 11. 2019 17.58.48", true, DATE_DAY_FIRST, false, "2019-11-07T17:58:48Z", NULL},
        {"07-11-2019 17:58:48", true, DATE_ORDER_UNKNOWN, false, "2019-11-07T17:58:48Z",
         "2019-07-11T17:58:48Z"},
        {"2019-11-07T17:58:48.1234567+09:00", true, DATE_MONTH_FIRST, false, NULL,
         "2019-11-07T17:58:48Z"},
        {"2019-11-07 17:58:48Z", true, DATE_MONTH_FIRST, false, NULL, "2019-11-07T17:58:48Z"},
        {"\xE2\x80\x8E"
         "11/7/2019 5:58:48",
         true, DATE_ORDER_UNKNOWN, false, "2019-07-11T05:58:48Z", NULL},
        {"13/13/2019 5:58:48", false, 0, false, NULL, NULL},
        {"30/2/2019 5:58:48", false, 0, false, NULL, NULL},
        {"11/7/2019 25:58:48", false, 0, false, NULL, NULL},
        {"11/7/2019 13:58:48 PM", false, 0, false, NULL, NULL},
        {"11/7/2019 5:60:48", false, 0, false, NULL, NULL},
        {"11/7/2019", false, 0, false, NULL, NULL},
        {"11/7/19 5:58:48", false, 0, false, NULL, NULL},
        {"11/7-2019 5:58:48", false, 0, false, NULL, NULL},
        {"11/7/2019 5:58:48 X", false, 0, false, NULL, NULL},
        {"11/7/2019 5:58:48+", false, 0, false, NULL, NULL},
        {"11/7/2019 5:58:48+16:00", false, 0, false, NULL, NULL},
        {"2019/123/07 17:58:48", false, 0, false, NULL, NULL},
        {"", false, 0, false, NULL, NULL},
        {"yesterday", false, 0, false, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        ClockReading clock;
        bool ok = clock_read(text_from_z(CASES[i].text), &clock);
        if (ok != CASES[i].ok)
            fail_msg("%s: %s", CASES[i].text, ok ? "read" : "not read");
        if (!ok)
            continue;
        assert_int_equal(clock.order, CASES[i].order);
        assert_int_equal(clock.twelve_hours, CASES[i].twelve);
        for (int order = DATE_DAY_FIRST; order <= DATE_MONTH_FIRST; order++) {
            const char *want = order == DATE_DAY_FIRST ? CASES[i].day_first : CASES[i].month_first;
            int64_t seconds;
            Time time;
            bool zone_known;
            if (!want)
                continue;
            assert_true(clock_seconds(&clock, (DateOrder)order, &seconds));
            assert_true(time_parse(text_from_z(want), &time, &zone_known));
            if (seconds != time / NANOSECONDS_PER_SECOND)
                fail_msg("%s is not %s", CASES[i].text, want);
        }
    }
    ClockReading clock;
    assert_true(clock_read(TEXT("2019-11-07T17:58:48.1234567-03:30"), &clock));
    assert_true(clock.zone_known);
    assert_int_equal(clock.east_seconds, -12600);
    assert_int_equal(clock.nanosecond, 123456700);
}

#define SYSMON_ROW(time, utc)                                                                      \
    "Information," time "," SYSMON ",5,None,\"Process terminated:\nUtcTime: " utc "\"\n"

static void settles_dates_and_zones(void **state)
{
    (void)state;
    static const struct {
        const char *input, *zone;          /* NULL: not given */
        const char *time, *quality, *note; /* of the first event; NULL: no note */
    } CASES[] = {
        {HEADER QUIET "a\n", "+09:00", "2026-03-04T01:00:00", "exact", NULL},
        {HEADER QUIET "a\n", NULL, "2026-03-04T10:00:00", "zone assumed", "UTC is assumed"},
        {HEADER "Information,2026-03-04T10:00:00-05:00,X,1,None,a\n", "+09:00",
         "2026-03-04T15:00:00", "exact", NULL},
        {HEADER "Information,3/4/2026 1:00:00 PM,X,1,None,a\n", "UTC", "2026-03-04T13:00:00",
         "exact", "month/day: no row tells it, but the language"},
        {HEADER "Information,3/4/2026 13:00:00,X,1,None,a\n", "UTC", "2026-04-03T13:00:00",
         "clock doubtful", "day/month: no row tells it, and it may be wrong"},
        {HEADER "Information,3/4/2026 13:00:00,X,1,None,a\nInformation,3/13/2026 13:00:00,X,1,,a\n",
         "UTC", "2026-03-04T13:00:00", "exact", "month/day: a row of this file tells it"},
        {HEADER "Information,3/4/2026 1:00:00 PM,X,1,,a\nInformation,13/3/2026 1:00:00 PM,X,1,,a\n",
         "UTC", "2026-04-03T13:00:00", "exact", "day/month: a row of this file tells it"},
        {HEADER SYSMON_ROW("3/4/2026 10:00:00", "2026-03-04 01:00:00.5"), NULL,
         "2026-03-04T01:00:00", "zone inferred", "UTC+09:00 by Sysmon"},
        {HEADER SYSMON_ROW("2026/03/04 10:00:00", "2026-03-04 15:29:59.5"), NULL,
         "2026-03-04T15:30:00", "zone inferred", "UTC-05:30 by Sysmon"},
        {HEADER SYSMON_ROW("2026/03/04 10:00:00", "2026-03-04 01:07:00"), NULL,
         "2026-03-04T10:00:00", "zone assumed", "UTC is assumed"}, /* no zone: 8:53 */
        {HEADER QUIET "a\n" SYSMON_ROW("2026/03/04 10:00:00", "2026-03-04 01:00:00"), NULL,
         "2026-03-04T01:00:00", "zone assumed", "UTC+09:00 by Sysmon"},
        {HEADER SYSMON_ROW("2026/03/04 10:00:00", "2026-03-04 01:00:00"), "UTC",
         "2026-03-04T10:00:00", "clock doubtful", "the time zone given seems wrong"},
        {HEADER SYSMON_ROW("2026/03/04 10:00:00", "2026-03-04 01:00:00"), "+09:00",
         "2026-03-04T01:00:00", "exact", NULL},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char want[128];
        Zone zone;
        FormatOptions options = {.zone = CASES[i].zone ? &zone : NULL};
        if (CASES[i].zone)
            assert_true(zone_load(text_from_z(CASES[i].zone), NULL, &zone, NULL));
        EventLines lines = event_lines_run(&evtx_csv_format, span_z(CASES[i].input), &options, 0);
        Text first = buf_text(&lines.text), rest = first;
        first = text_cut(&rest, '\n');
        assert_true(snprintf(want, sizeof want,
                             "\"time\":\"%s.0000000Z\",\"means\":\"Event Logged\","
                             "\"quality\":\"%s\"",
                             CASES[i].time, CASES[i].quality) > 0);
        if (text_find_text(first, text_from_z(want)) == SIZE_MAX)
            fail_msg("case %zu: no %s in %.*s", i, want, (int)first.len, first.ptr);
        if (CASES[i].note)
            assert_has(&lines, CASES[i].note);
        else
            assert_int_equal(lines.notes, 0);
        assert_int_equal(lines.damages, 0);
        event_lines_done(&lines);
    }
}

static void tells_readings_that_occur_twice(void **state)
{
    (void)state;
    Zone zone;
    FormatOptions options = {.zone = &zone};
    zone = (Zone){.count = 1, .first_east = 7200, .at = {1793408400}, .east = {3600}};
    const char *input = HEADER "Information,2026/10/31 02:30:00,X,1,None,a\n";
    EventLines lines = event_lines_run(&evtx_csv_format, span_z(input), &options, 0);
    assert_has(&lines, "\"quality\":\"zone assumed\"");
    event_lines_done(&lines);
}

/* ---- messages ---- */

static void finds_fields_in_messages(void **state)
{
    (void)state;
    static const struct {
        const char *provider, *code, *message;
        const char *fields; /* behind Export.Message */
    } CASES[] = {
        {AUDIT, "4624", "x\n\nSubject:\n\tAccount Name:\t\ta\nNew Logon:\n\tAccount Name:\t\tb\n",
         "[\"SubjectUserName\",\"a\"],[\"TargetUserName\",\"b\"]"},
        {AUDIT, "4634", "Subject:\n\tAccount Name:\t\ta\n\tLogon ID:\t\t0x3E7\n",
         "[\"TargetUserName\",\"a\"],[\"TargetLogonId\",\"0x3e7\"]"},
        {AUDIT, "9999", "Subject:\n\tAccount Name:\t\ta\n", "[\"SubjectUserName\",\"a\"]"},
        {"Else", "4624", "Subject:\n\tAccount Name:\t\ta\n", ""},
        {AUDIT, "4624", "Subject:\n\tSecurity ID:\t\tS-1-5-18\n",
         "[\"SubjectUserSid\",\"S-1-5-18\"]"},
        {AUDIT, "4624", "Subject:\n\tSecurity ID:\t\tNETWORK SERVICE\n",
         "[\"SubjectUserSid\",\"S-1-5-20\"]"},
        {AUDIT, "4624", "Subject:\n\tSecurity ID:\t\tHOF\\a\n",
         "[\"Export.SubjectUserSid\",\"HOF\\\\a\"]"},
        /* labels that are not known end a value; what is indented deeper goes on with it */
        {AUDIT, "4672", "Privileges:\t\tSeA\n\t\t\tSeB: c\nNews:\tx\nmore\n",
         "[\"PrivilegeList\",\"SeA\\n\\t\\t\\tSeB: c\"]"},
        {AUDIT, "4672", "Privileges:\t\tSeA\n\nThis event is generated\n",
         "[\"PrivilegeList\",\"SeA\"]"},
        {AUDIT, "4720", "Additional Information:\n\tPrivileges\t\t-\n",
         "[\"PrivilegeList\",\"-\"]"}, /* no colon in Windows' own text */
        {AUDIT, "4663",
         "Access Request Information:\n\tAccesses:\t\tDELETE\n\t\t\t\tOdd\n\t\t\t\t\n"
         "\tAccess Mask:\t\t0x1\n",
         "[\"AccessList\",\"%%1537\\n\\t\\t\\t\\tOdd\\n\\t\\t\\t\\t\"],[\"AccessMask\",\"0x1\"]"},
        {AUDIT, "4698",
         "Task Information:\n\tTask Content:\t<a>\n\n<b>Subject:</b>\n</a>\n"
         "Other Information:\n\tClientProcessId:\t7\n",
         "[\"TaskContent\",\"<a>\\n\\n<b>Subject:</b>\\n</a>\"],[\"ClientProcessId\",\"7\"]"},
        {AUDIT, "4688",
         "Process Information:\n\tNew Process Name:\tC:\\a: b\n"
         "\tProcess Command Line:\tx\ny\n\nType 1 is\n",
         "[\"NewProcessName\",\"C:\\\\a: b\"],[\"CommandLine\",\"x\\ny\"]"},
        {AUDIT, "5156", "Network Information:\n\tDirection:\t\tOutbound\n\tSource Port:\t\t1\n",
         "[\"Direction\",\"%%14593\"],[\"SourcePort\",\"1\"]"},
        {SYSMON, "1", "Process Create:\nRuleName: \nCommandLine: a\n\nb: c\nUser:  d\nUser: e",
         "[\"RuleName\",\"\"],[\"CommandLine\",\"a\\n\\nb: c\"],[\"User\",\" "
         "d\"],[\"User\",\"e\"]"},
        {"Service Control Manager", "7040",
         "The start type of the A to B service was changed from auto start to demand start.",
         "[\"param1\",\"A to B\"],[\"param2\",\"auto start\"],[\"param3\",\"demand start\"]"},
        {"Service Control Manager", "7036", "The A service left.", ""},
        {"Microsoft-Windows-PowerShell", "4104",
         "Creating Scriptblock text (1 of 2):\r\na\r\n\r\nScriptBlock ID: x\r\nPath: y\r\n\r\n"
         "ScriptBlock ID: z\r\nPath: ",
         "[\"MessageNumber\",\"1\"],[\"MessageTotal\",\"2\"],[\"ScriptBlockText\",\"a\\r\\n\\r\\n"
         "ScriptBlock ID: x\\r\\nPath: y\"],[\"ScriptBlockId\",\"z\"],[\"Path\",\"\"]"},
        {"PowerShell", "600", "Provider \"Registry\" is Started. \r\n\r\nDetails: \r\n\tA=b",
         "[\"param1\",\"Registry\"],[\"param2\",\"Started\"],[\"param3\",\"\\tA=b\"]"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char input[2048];
        Text quoted = text_from_z(CASES[i].message);
        int n =
            snprintf(input, sizeof input, HEADER "Information,2026/03/04 10:00:00,%s,%s,None,\"",
                     CASES[i].provider, CASES[i].code);
        assert_true(n > 0);
        size_t at = (size_t)n;
        for (size_t k = 0; k < quoted.len; k++) {
            input[at++] = quoted.ptr[k];
            if (quoted.ptr[k] == '"')
                input[at++] = '"';
        }
        input[at++] = '"';
        EventLines lines = event_lines_run(&evtx_csv_format, span_of(input, at), &OPTIONS, 0);
        Text first = buf_text(&lines.text), rest = first;
        assert_int_equal(lines.damages, 0);
        first = text_cut(&rest, '\n');
        size_t from = text_find_text(first, TEXT("[\"Export.Message\","));
        assert_true(from != SIZE_MAX);
        first = text_of(first.ptr + from + 18, first.len - from - 18);
        size_t begin = text_find_text(first, TEXT("\"],[\""));
        size_t len = begin == SIZE_MAX ? 0 : first.len - begin - 3 - 2; /* "]}" at the end */
        Text found = begin == SIZE_MAX ? (Text){0} : text_of(first.ptr + begin + 3, len);
        if (!text_equal(found, text_from_z(CASES[i].fields)))
            fail_msg("case %zu: expected\n%s\nfound\n%.*s", i, CASES[i].fields, (int)found.len,
                     found.ptr ? found.ptr : "");
        event_lines_done(&lines);
    }
}

static void limits_the_fields_of_a_message(void **state)
{
    (void)state;
    char *text = repeat(HEADER "Information,2026/03/04 10:00:00," SYSMON ",1,None,\"x:\n",
                        "User: a\n", 20000, "\"\n");
    EventLines lines = event_lines_run(&evtx_csv_format, span_z(text), &OPTIONS, 0);
    assert_int_equal(lines.events, 1);
    assert_int_equal(lines.damages, 0);
    assert_has(&lines, "more than 512 fields in the message");
    event_lines_done(&lines);
    free(text);
}

/* ---- the table ---- */

static void knows_what_words_mean(void **state)
{
    (void)state;
    Labels labels;
    assert_true(labels_init(&labels));
    assert_true(labels_find(&labels, LABEL_LEVEL, TEXT("\xE6\x83\x85\xE5\xA0\xB1")) != LABEL_NONE);
    assert_true(labels_find(&labels, LABEL_LEVEL, TEXT("information")) == LABEL_NONE);
    assert_true(labels_find_nocase(LABEL_LEVEL, TEXT("information")) != LABEL_NONE);
    assert_true(labels_is_section(&labels, TEXT("New Logon")));
    assert_false(labels_is_section(&labels, TEXT("Account Name")));
    assert_false(labels_is_section(&labels, TEXT("")));
    static const struct {
        const char *code, *section, *label, *field; /* NULL: none */
    } FIELDS[] = {
        {"4624", "Subject", "Account Name", "SubjectUserName"},
        {"4634", "Subject", "Account Name", "TargetUserName"},
        {"5156", "Application Information", "Process ID", "ProcessID"},
        {"5158", "Application Information", "Process ID", "ProcessId"},
        {"4625", "", "Logon Type", "LogonType"},
        {"4625", "Subject", "Logon Type", NULL},
    };
    for (size_t i = 0; i < sizeof FIELDS / sizeof FIELDS[0]; i++) {
        uint32_t row = labels_field(&labels, TEXT(AUDIT), text_from_z(FIELDS[i].code),
                                    text_from_z(FIELDS[i].section), text_from_z(FIELDS[i].label));
        if (!FIELDS[i].field)
            assert_true(row == LABEL_NONE);
        else
            assert_true(row != LABEL_NONE &&
                        text_equal(LABEL_ROWS[row].meaning, text_from_z(FIELDS[i].field)));
    }
    static const struct {
        const char *provider, *code, *channel;
    } CHANNELS[] = {
        {AUDIT, "1", "Security"},
        {"Microsoft-Windows-Eventlog", "1102", "Security"},
        {"Microsoft-Windows-Eventlog", "104", "System"},
        {"Microsoft-Windows-Eventlog", "9", ""},
        {"Nobody", "1", ""},
    };
    for (size_t i = 0; i < sizeof CHANNELS / sizeof CHANNELS[0]; i++)
        assert_true(text_equal(labels_channel(&labels, text_from_z(CHANNELS[i].provider),
                                              text_from_z(CHANNELS[i].code)),
                               text_from_z(CHANNELS[i].channel)));
    labels_done(&labels);
}

/* Every row can be found by its own key: none is hidden by another. */
static void finds_every_row(void **state)
{
    (void)state;
    Labels labels;
    assert_true(labels_init(&labels));
    for (uint32_t i = 0; i < LABEL_ROW_COUNT; i++) {
        const LabelRow *row = &LABEL_ROWS[i];
        size_t cursor = 0;
        uint32_t found = LABEL_NONE;
        if (row->kind == LABEL_MESSAGE) {
            do
                found = labels_message(&labels, row->provider, row->code, &cursor);
            while (found != LABEL_NONE && found != i);
        } else if (row->kind == LABEL_FIELD) {
            found = labels_field(&labels, row->provider, row->code, row->section, row->text);
        } else if (row->kind == LABEL_CHANNEL) {
            if (text_equal(labels_channel(&labels, row->text, row->code), row->meaning))
                found = i;
        } else {
            found = labels_find(&labels, (LabelKind)row->kind, row->text);
        }
        if (found == LABEL_NONE || !text_equal(LABEL_ROWS[found].meaning, row->meaning))
            fail_msg("row %u is not found: %.*s", i, (int)row->text.len, row->text.ptr);
    }
    labels_done(&labels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_what_is_expected),
        cmocka_unit_test(knows_its_own),
        cmocka_unit_test(leaves_others_alone),
        cmocka_unit_test(survives_damage),
        cmocka_unit_test(survives_without_memory),
        cmocka_unit_test(cuts_rows_at_lost_quotation_marks),
        cmocka_unit_test(reads_long_messages),
        cmocka_unit_test(is_not_slowed_down),
        cmocka_unit_test(keeps_the_cells_that_are_too_many),
        cmocka_unit_test(tells_half_a_character),
        cmocka_unit_test(reads_clocks_of_many_countries),
        cmocka_unit_test(settles_dates_and_zones),
        cmocka_unit_test(tells_readings_that_occur_twice),
        cmocka_unit_test(finds_fields_in_messages),
        cmocka_unit_test(limits_the_fields_of_a_message),
        cmocka_unit_test(knows_what_words_mean),
        cmocka_unit_test(finds_every_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
