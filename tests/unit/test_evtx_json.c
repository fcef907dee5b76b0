/* evtx_json: every shape gives the fields and times that its golden file says; damage is told and
 * stepped over; pieces give what the whole gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "alloc_fail.h"
#include "event_lines.h"
#include "format/evtx_json_time.h"
#include "format/format.h"
#include "format/windows_fields.h"
#include "golden_files.h"
#include "mutate.h"

extern const Format evtx_json_format;

static const FormatOptions OPTIONS = {.recover = false};

static Span span_z(const char *text)
{
    return span_of(text, strlen(text));
}

static void gives_what_is_expected(void **state)
{
    (void)state;
    GoldenFiles files;
    golden_open(&files, "evtx_json");
    for (size_t i = 0; i < files.count; i++) {
        EventLines lines = event_lines_run(&evtx_json_format, files.list[i].input, &OPTIONS, 0);
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
    golden_open(&files, "evtx_json");
    for (size_t i = 0; i < files.count; i++) {
        Confidence confidence =
            evtx_json_format.probe(files.list[i].input, files.list[i].input.len);
        if (confidence < CONFIDENCE_LIKELY)
            fail_msg("%s is not recognised", files.list[i].name);
    }
    golden_close(&files);
}

static void leaves_others_alone(void **state)
{
    (void)state;
    static const char *const OTHERS[] = {
        "",
        "{",
        "[]",
        "plain text",
        "{\"EventID\":1}",
        "{\"eventID\":\"x\",\"eventName\":\"AssumeRole\",\"eventSource\":\"sts.amazonaws.com\"}\n",
        "{\"Event\":null}\n",
        "{\"Id\":\"1\",\"Operation\":\"MailItemsAccessed\",\"Workload\":\"Exchange\"}\n",
        "{\"ts\":1.5,\"id.orig_h\":\"192.0.2.1\"}\n",
        "<Event><System><EventID>1</EventID></System></Event>",
        "{\"event_id\":4}\n",
        "{\"a\":{\"winlog\":{\"event_id\":1}}}\n",
    };
    for (size_t i = 0; i < sizeof OTHERS / sizeof OTHERS[0]; i++)
        if (evtx_json_format.probe(span_z(OTHERS[i]), strlen(OTHERS[i])) != CONFIDENCE_NONE)
            fail_msg("taken for Windows events: %s", OTHERS[i]);
}

#define LINE(id)                                                                                   \
    "{\"Event\":{\"System\":{\"EventID\":" #id ",\"Channel\":\"Security\",\"EventRecordID\":" #id  \
    "},\"EventData\":{\"A\":\"v\"}}}"

static void says_what_may_be_cut(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        bool may_split;
    } CASES[] = {
        {LINE(1) "\n" LINE(2) "\n", true},
        {"\xEF\xBB\xBF" LINE(1) "\r\n" LINE(2) "\r\n", true},
        {"\n\n" LINE(1) "\n", true},
        {"{\"index\":{}}\n" LINE(1) "\n", true},
        {"[" LINE(1) ",\n" LINE(2) "]", false},
        {"Record 1\n" LINE(1) "\n", false},
        {"{\n\"Event\":{\"System\":{\"EventID\":1}}}\n", false},
        {LINE(1), false}, /* the line may go on */
        {LINE(1) LINE(2) "\n", false},
        {"{\"hits\":[" LINE(1) "]}\n", false},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        if (evtx_json_format.may_split(span_z(CASES[i].head)) != CASES[i].may_split)
            fail_msg("wrong about: %s", CASES[i].head);
}

/* The event lines without what follows them. */
static Text events_of(const EventLines *lines)
{
    Text rest = buf_text(&lines->text), all = rest;
    while (rest.len) {
        Text before = rest;
        if (!text_starts(text_cut(&rest, '\n'), TEXT("{\"offset\"")))
            return text_of(all.ptr, (size_t)(before.ptr - all.ptr));
    }
    return all;
}

static void gives_the_same_in_pieces(void **state)
{
    (void)state;
    GoldenFiles files;
    golden_open(&files, "evtx_json");
    size_t tried = 0;
    for (size_t i = 0; i < files.count; i++) {
        Span input = files.list[i].input;
        if (!evtx_json_format.may_split(input))
            continue;
        EventLines whole = event_lines_run(&evtx_json_format, input, &OPTIONS, 0);
        for (uint64_t piece = 1; piece <= input.len; piece += 1 + piece / 3) {
            EventLines lines = event_lines_run(&evtx_json_format, input, &OPTIONS, piece);
            if (!text_equal(events_of(&lines), events_of(&whole)))
                fail_msg("%s in pieces of %llu", files.list[i].name, (unsigned long long)piece);
            event_lines_done(&lines);
            tried++;
        }
        event_lines_done(&whole);
    }
    golden_close(&files);
    assert_true(tried > 100);
}

static void survives_damage(void **state)
{
    (void)state;
    GoldenFiles files;
    golden_open(&files, "evtx_json");
    MutateResult sum = {0};
    for (size_t i = 0; i < files.count; i++) {
        MutateResult one = mutate_all(&evtx_json_format, files.list[i].name, files.list[i].input);
        sum.runs += one.runs;
        sum.fewer += one.fewer;
    }
    golden_close(&files);
    print_message("%zu damaged files, %zu gave fewer events\n", sum.runs, sum.fewer);
    assert_true(sum.fewer > 0);
}

typedef struct Written {
    Buf lines;
    unsigned notes;
} Written;

static bool take_lines(void *ctx, Span lines, Err *err)
{
    Written *written = ctx;
    (void)err;
    buf_add(&written->lines, lines.ptr, lines.len);
    return true;
}

static void count_notes(void *ctx, DefectKind kind, uint64_t offset, uint64_t size, Text text)
{
    Written *written = ctx;
    (void)offset;
    (void)size;
    (void)text;
    written->notes += kind == DEFECT_NOTE;
}

static bool no_batch(void *ctx, Span batch, Err *err)
{
    (void)ctx;
    (void)batch;
    return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "lines give no events");
}

static void assert_lines(const char *input, const char *expected, unsigned notes)
{
    Written written = {.notes = 0};
    buf_init(&written.lines, 1 << 20);
    const SinkOwner owner = {.batch = no_batch, .defect = count_notes, .ctx = &written};
    const LineOut out = {.write = take_lines, .ctx = &written};
    Input in = input_from_memory(span_z(input));
    Err err = {.code = ERR_NONE};
    Sink *sink = sink_create(NULL, &owner, SINK_NO_ECS);
    assert_non_null(sink);
    assert_true(evtx_json_format.lines(&in, &OPTIONS, sink, &out, &err));
    assert_true(sink_flush(sink, &err));
    if (!text_equal(buf_text(&written.lines), text_from_z(expected)))
        fail_msg("found %.*s", (int)written.lines.len, written.lines.ptr);
    assert_int_equal(written.notes, notes);
    sink_destroy(sink);
    buf_done(&written.lines);
}

static void copies_lines_of_evtx_dump(void **state)
{
    (void)state;
    assert_lines(LINE(1) "\n" LINE(2) "\n", LINE(1) "\n" LINE(2) "\n", 0);
    assert_lines("Record 1\n{ \"Event\" : {\n\t\"System\": {\"EventID\": 1, \"A\": \" \\\" \\u00e4 "
                 "\"}\r\n}}",
                 "{\"Event\":{\"System\":{\"EventID\":1,\"A\":\" \\\" \\u00e4 \"}}}\n", 0);
    /* other shapes, and what is no event, are left out with a word */
    assert_lines(LINE(1) "\n{\"System\":{\"EventID\":{\"Value\":1}}}\n" LINE(2) "\n{\"a\":1}\n",
                 LINE(1) "\n" LINE(2) "\n", 2);
    assert_lines("{\"Event\":{\"@xmlns\":\"x\",\"System\":{\"EventID\":\"1\"}}}\n", "", 1);
    assert_lines("{\"_source\":" LINE(1) ",\"_id\":1}\n", "", 1);
}

static void uses_the_zone_that_is_given(void **state)
{
    (void)state;
    Zone zone;
    assert_true(zone_load(TEXT("-04:00"), NULL, &zone, NULL));
    const FormatOptions options = {.zone = &zone};
    const char *input =
        "{\"EventID\":2,\"Channel\":\"Application\",\"TimeCreated\":\"2030-10-18 03:38:05\"}\n";
    EventLines lines = event_lines_run(&evtx_json_format, span_z(input), &options, 0);
    assert_true(text_find_text(buf_text(&lines.text), TEXT("\"2030-10-18T07:38:05.0000000Z\"")) !=
                SIZE_MAX);
    assert_true(text_find_text(buf_text(&lines.text), TEXT("\"quality\":\"exact\"")) != SIZE_MAX);
    assert_int_equal(lines.notes, 0);
    event_lines_done(&lines);
}

static void limits_one_record(void **state)
{
    (void)state;
    Buf input;
    buf_init(&input, 1 << 24);
    BUF_LITERAL(&input, LINE(1) "\n{\"Event\":{\"System\":{\"EventID\":2},\"EventData\":{");
    for (int i = 0; i < 70000; i++)
        buf_printf(&input, "%s\"k%d\":%d", i ? "," : "", i, i);
    BUF_LITERAL(&input, "}}}\n" LINE(3) "\n");
    EventLines lines = event_lines_run(&evtx_json_format, buf_span(&input), &OPTIONS, 0);
    assert_true(lines.ok);
    assert_int_equal(lines.events, 2);
    assert_int_equal(lines.damages, 1);
    event_lines_done(&lines);
    buf_done(&input);
}

/* Keys without end: the table of paths starts anew, and nothing is lost. */
static void bears_many_different_keys(void **state)
{
    (void)state;
    Buf input;
    buf_init(&input, 1 << 24);
    for (int line = 0; line < 60; line++) {
        BUF_LITERAL(&input, "{\"Event\":{\"System\":{\"EventID\":1},\"EventData\":{");
        for (int i = 0; i < 1000; i++)
            buf_printf(&input, "%s\"k%d\":%d", i ? "," : "", line * 1000 + i, i);
        BUF_LITERAL(&input, "}}}\n");
    }
    EventLines lines = event_lines_run(&evtx_json_format, buf_span(&input), &OPTIONS, 0);
    assert_true(lines.ok);
    assert_int_equal(lines.events, 60);
    assert_int_equal(lines.damages, 0);
    assert_true(text_find_text(buf_text(&lines.text), TEXT("[\"k59999\",999]")) != SIZE_MAX);
    event_lines_done(&lines);
    buf_done(&input);
}

static void survives_without_memory(void **state)
{
    (void)state;
    const char *input = LINE(1) "\n{\"Event\":{\"System\":{\"EventID\":2},\"EventData\":{\"x\\n\":"
                                "\"a\\tb\"}}}\n";
    for (size_t n = 1;; n++) {
        alloc_fail_at(n);
        EventLines lines = event_lines_run(&evtx_json_format, span_z(input), &OPTIONS, 0);
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

static void reads_every_way_to_write_a_time(void **state)
{
    (void)state;
    const Time base = INT64_C(1609459200) * NANOSECONDS_PER_SECOND; /* 2021-01-01 */
    static const struct {
        const char *text;
        bool number, ok, zone_known;
        int64_t extra; /* nanoseconds */
    } CASES[] = {
        {"2021-01-01T00:00:00Z", false, true, true, 0},
        {"2021-01-01 00:00:00", false, true, false, 0},
        {"2021-01-01T02:00:00.5+02:00", false, true, true, 500000000},
        {"2021-01-01T02:00:00.5+0200", false, true, true, 500000000},
        {"2020-12-31 16:00:00 -0800", false, true, true, 0},
        {"2020-12-31 16:00:00 -08x0", false, false, false, 0},
        {"-0800", false, false, false, 0},
        {"/Date(1609459200123)/", false, true, true, 123000000},
        {"/Date(1609459200000+0200)/", false, true, true, 0},
        {"1609459200", true, true, true, 0},
        {"1609459200.25", true, true, true, 250000000},
        {"1609459200001", true, true, true, 1000000},
        {"1609459200000002", true, true, true, 2000},
        {"1609459200000000003", true, true, true, 3},
        {"1609459200.1234567891", true, true, true, 123456789},
        {"1609459200", false, false, false, 0},
        {"/Date()/", false, false, false, 0},
        {"/Date(9999999999999999999)/", false, false, false, 0},
        {"99999999999999999999", true, false, false, 0},
        {"1e9", true, false, false, 0},
        {"1.x", true, false, false, 0},
        {"", false, false, false, 0},
        {"", true, false, false, 0},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        Time time = 0;
        bool zone_known;
        bool ok = json_time(text_from_z(CASES[i].text), CASES[i].number, &time, &zone_known);
        if (ok != CASES[i].ok)
            fail_msg("%s: %s", CASES[i].text, ok ? "taken" : "refused");
        if (!ok)
            continue;
        if (time != base + CASES[i].extra)
            fail_msg("%s: %lld", CASES[i].text, (long long)time);
        assert_int_equal(zone_known, CASES[i].zone_known);
    }
}

static void spells_channels_as_windows_does(void **state)
{
    (void)state;
    static const struct {
        const char *found, *spelt;
    } CASES[] = {
        {"security", "Security"},
        {"microsoft-windows-sysmon/operational", "Microsoft-Windows-Sysmon/Operational"},
        {"windows powershell", "Windows PowerShell"},
        {"Security", "Security"},
        {"SECURITY", "SECURITY"}, /* nobody's lower-casing */
        {"own channel", "own channel"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        Text spelt = windows_channel(text_from_z(CASES[i].found));
        assert_true(text_equal(spelt, text_from_z(CASES[i].spelt)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_what_is_expected),
        cmocka_unit_test(knows_its_own),
        cmocka_unit_test(leaves_others_alone),
        cmocka_unit_test(says_what_may_be_cut),
        cmocka_unit_test(gives_the_same_in_pieces),
        cmocka_unit_test(survives_damage),
        cmocka_unit_test(copies_lines_of_evtx_dump),
        cmocka_unit_test(uses_the_zone_that_is_given),
        cmocka_unit_test(limits_one_record),
        cmocka_unit_test(bears_many_different_keys),
        cmocka_unit_test(survives_without_memory),
        cmocka_unit_test(reads_every_way_to_write_a_time),
        cmocka_unit_test(spells_channels_as_windows_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
