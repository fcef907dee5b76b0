/* Zones inferred from what happened at the same time: found when there is enough to show it, not
 * found when there is not; applied to what scans see. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "case_fixture.h"
#include "event_fixture.h"
#include "store/clock.h"
#include "store/scan.h"

#define BEGIN   INT64_C(1772323200) /* 2026-03-01, seconds */
#define QUARTER 900

static const char ACTIONS[] =
    "product\tservice\tprovider\tcode\tcondition\taction\toutcome\tprocess\tobject\n"
    "windows\tsysmon\t\t1\t\tprocess-start\t\tImage\t\n"
    "windows\tsecurity\t\t4688\t\tprocess-start\t\tNewProcessName\t\n"
    "windows\tsecurity\t\t4698\t\ttask-create\t\t\tTaskName\n";

static Schema *schema;

static int set_up(void **state)
{
    (void)state;
    schema_destroy(fixture_schema());
    fixture_write_file("actions.tsv", ACTIONS);
    const char *folders[] = {fixture_folder()};
    schema = schema_load(folders, 1, NULL);
    return schema ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    schema_destroy(schema);
    return 0;
}

/* ---- items of processes that start ---- */

typedef struct Log {
    const char *path, *host; /* host NULL: events do not say */
    TimeQuality quality;
    int64_t east_s;   /* what the clock is ahead of UTC */
    unsigned names;   /* different processes */
    unsigned repeats; /* of each, `every_s` apart */
    unsigned every_s;
    unsigned late_ms; /* this log is late by so much */
    bool tasks;       /* tasks that are made, instead of processes */
} Log;

typedef struct Adding {
    Store *store;
    uint32_t item;
} Adding;

static bool take_batch(void *ctx, Span bytes, Err *err)
{
    const Adding *adding = ctx;
    Batch batch;
    return batch_open(bytes, &batch, err) &&
           store_batch(adding->store, adding->item, 0, &batch, err);
}

static void no_progress(void *ctx, uint64_t offset)
{
    (void)ctx, (void)offset;
}

static void add_start(Sink *sink, const Log *log, unsigned name, unsigned repeat)
{
    bool sysmon = log->quality != TIME_ZONE_ASSUMED;
    EventKind kind = {.product = TEXT("windows"),
                      .channel =
                          sysmon ? TEXT("Microsoft-Windows-Sysmon/Operational") : TEXT("Security"),
                      .code = sysmon       ? TEXT("1")
                              : log->tasks ? TEXT("4698")
                                           : TEXT("4688")};
    if (sysmon && log->tasks) {
        kind.channel = TEXT("Security");
        kind.code = TEXT("4698");
    }
    /* Starts are minutes apart, and no distance between two of them is a step. */
    int64_t seconds = BEGIN + name * 1237 + repeat * (int64_t)log->every_s + log->east_s;
    EventHead head = {.time = seconds * NANOSECONDS_PER_SECOND + log->late_ms * INT64_C(1000000),
                      .offset = name * 1000 + repeat,
                      .size = 1,
                      .record_id = RECORD_ID_NONE,
                      .quality = log->quality};
    char image[64];
    int n = snprintf(image, sizeof image,
                     sysmon ? "C:\\Windows\\PROG%u.EXE" : "%%root%%\\prog%u.exe", name);
    if (log->tasks)
        n = snprintf(image, sizeof image, "\\Task%u", name);
    assert_true(n > 0);
    const char *field = log->tasks ? "TaskName" : sysmon ? "Image" : "NewProcessName";
    sink_add_text(sink, sink_name(sink, text_from_z(field)), text_from_z(image));
    if (log->host)
        sink_add_text(sink, sink_name(sink, TEXT("System.Computer")), text_from_z(log->host));
    sink_commit(sink, &head, &kind);
}

static void add_log(Store *store, const Log *log)
{
    Adding adding = {.store = store};
    bool known;
    Err err = {0};
    Item item = {.path = text_from_z(log->path), .size = 1000000, .hashed = true};
    SinkOwner owner = {.batch = take_batch, .progress = no_progress, .ctx = &adding};
    assert_true(store_item(store, &item, 0, &adding.item, &known, &err));
    Sink *sink = sink_create(schema, &owner, SINK_WANTS_ALL);
    for (unsigned name = 0; name < log->names; name++)
        for (unsigned repeat = 0; repeat < (log->repeats ? log->repeats : 1); repeat++)
            add_start(sink, log, name, repeat);
    if (!sink_flush(sink, &err))
        fail_msg("%s", err.text);
    sink_destroy(sink);
    ItemEnd end = {.state = ITEM_DONE, .format = TEXT("evtx")};
    assert_true(store_piece_done(store, adding.item, 0, item.size, log->names, &err));
    assert_true(store_item_done(store, adding.item, &end, &err));
}

static void make(const char *folder, const Log *logs, size_t count)
{
    RunResult result;
    Err err = {0};
    Store *store = made_open(folder, STORE_WRITE);
    assert_true(store_run_begin(store, &MADE_RUN, &err));
    for (size_t i = 0; i < count && logs[i].path; i++)
        add_log(store, &logs[i]);
    if (!store_run_end(store, 2, &result, &err))
        fail_msg("%s", err.text);
    store_close(store);
}

/* ---- found and not found ---- */

#define LOCAL   TIME_ZONE_ASSUMED
#define EXACT   TIME_EXACT
#define NOTHING INT64_MAX
#define LOG(path_, host_, quality_, east, names_, ...)                                             \
    {                                                                                              \
        .path = (path_), .host = (host_), .quality = (quality_), .east_s = (east),                 \
        .names = (names_), __VA_ARGS__                                                             \
    }

static const struct {
    const char *name;
    Log logs[3];
    int64_t shift_s; /* of the first log; NOTHING: none is found */
} CASES[] = {
    {"Japan",
     {LOG("a/S.csv", "h", LOCAL, 9 * 3600, 12, .repeats = 1),
      LOG("a/s.evtx", "H", EXACT, 0, 12, .repeats = 1)},
     -9 * 3600},
    {"west, half an hour",
     {LOG("a/S.csv", "h", LOCAL, -3 * 3600 - 1800, 12, .repeats = 1),
      LOG("a/s.evtx", "h", EXACT, 0, 12, .repeats = 1)},
     3 * 3600 + 1800},
    {"Nepal",
     {LOG("a/S.csv", "h", LOCAL, 5 * 3600 + 2700, 12, .repeats = 1),
      LOG("a/s.evtx", "h", EXACT, 0, 12, .repeats = 1)},
     -5 * 3600 - 2700},
    {"really UTC",
     {LOG("a/S.csv", "h", LOCAL, 0, 12, .repeats = 1),
      LOG("a/s.evtx", "h", EXACT, 0, 12, .repeats = 1)},
     0},
    {"the farthest zone",
     {LOG("a/S.csv", "h", LOCAL, 14 * 3600, 12, .repeats = 1),
      LOG("a/s.evtx", "h", EXACT, 0, 12, .repeats = 1)},
     -14 * 3600},
    {"no zone is so far",
     {LOG("a/S.csv", "h", LOCAL, 14 * 3600 + 900, 12, .repeats = 1),
      LOG("a/s.evtx", "h", EXACT, 0, 12, .repeats = 1)},
     NOTHING},
    {"as many as needed",
     {LOG("a/S.csv", "h", LOCAL, 3600, 5, .repeats = 1),
      LOG("a/s.evtx", "h", EXACT, 0, 5, .repeats = 1)},
     -3600},
    {"one less",
     {LOG("a/S.csv", "h", LOCAL, 3600, 4, .repeats = 1),
      LOG("a/s.evtx", "h", EXACT, 0, 4, .repeats = 1)},
     NOTHING},
    {"a little late",
     {LOG("a/S.csv", "h", LOCAL, 3600, 12, .late_ms = 2900),
      LOG("a/s.evtx", "h", EXACT, 0, 12, .repeats = 1)},
     -3600},
    {"too late",
     {LOG("a/S.csv", "h", LOCAL, 3600, 12, .late_ms = 3100),
      LOG("a/s.evtx", "h", EXACT, 0, 12, .repeats = 1)},
     NOTHING},
    {"another host",
     {LOG("a/S.csv", "h", LOCAL, 3600, 12, .repeats = 1),
      LOG("a/s.evtx", "other", EXACT, 0, 12, .repeats = 1)},
     NOTHING},
    {"hosts not known, one folder",
     {LOG("a/S.csv", NULL, LOCAL, 3600, 12, .repeats = 1),
      LOG("a/s.csv", NULL, TIME_ZONE_INFERRED, 0, 12, .repeats = 1)},
     -3600},
    {"hosts not known, two folders",
     {LOG("a/S.csv", NULL, LOCAL, 3600, 12, .repeats = 1),
      LOG("b/s.csv", NULL, TIME_ZONE_INFERRED, 0, 12, .repeats = 1)},
     NOTHING},
    {"the other is assumed too",
     {LOG("a/S.csv", "h", LOCAL, 3600, 12, .repeats = 1),
      LOG("a/s.csv", "h", LOCAL, 0, 12, .repeats = 1)},
     NOTHING},
    {"the other is doubtful",
     {LOG("a/S.csv", "h", LOCAL, 3600, 12, .repeats = 1),
      LOG("a/s.csv", "h", TIME_CLOCK_DOUBTFUL, 0, 12, .repeats = 1)},
     NOTHING},
    {"every hour anew",
     {LOG("a/S.csv", "h", LOCAL, 3600, 12, .repeats = 10, .every_s = 3600),
      LOG("a/s.evtx", "h", EXACT, 0, 12, .repeats = 10, .every_s = 3600)},
     NOTHING},
    {"at odd distances",
     {LOG("a/S.csv", "h", LOCAL, 3600, 12, .repeats = 10, .every_s = 4001),
      LOG("a/s.evtx", "h", EXACT, 0, 12, .repeats = 10, .every_s = 4001)},
     -3600},
    {"too often",
     {LOG("a/S.csv", "h", LOCAL, 3600, 12, .repeats = 65, .every_s = 4001),
      LOG("a/s.evtx", "h", EXACT, 0, 12, .repeats = 1)},
     NOTHING},
    {"too often on the other side",
     {LOG("a/S.csv", "h", LOCAL, 3600, 12, .repeats = 1),
      LOG("a/s.evtx", "h", EXACT, 0, 12, .repeats = 65, .every_s = 4001)},
     NOTHING},
    {"two references that agree",
     {LOG("a/S.csv", "h", LOCAL, 3600, 12, .repeats = 1),
      LOG("a/s.evtx", "h", EXACT, 0, 12, .repeats = 1),
      LOG("b/s.evtx", "h", EXACT, 0, 6, .repeats = 1)},
     -3600},
    {"two references that do not",
     {LOG("a/S.csv", "h", LOCAL, 3600, 12, .repeats = 1),
      LOG("a/s.evtx", "h", EXACT, 0, 12, .repeats = 1),
      LOG("b/s.evtx", "h", EXACT, 7200, 6, .repeats = 1)},
     NOTHING},
    {"a weak one against it",
     {LOG("a/S.csv", "h", LOCAL, 3600, 12, .repeats = 1),
      LOG("a/s.evtx", "h", EXACT, 0, 12, .repeats = 1),
      LOG("b/s.evtx", "h", EXACT, 7200, 4, .repeats = 1)},
     -3600},
    {"by objects",
     {LOG("a/S.csv", "h", LOCAL, -3600, 7, .tasks = true),
      LOG("a/s.evtx", "h", EXACT, 0, 7, .tasks = true)},
     3600},
    {"nothing to compare with", {LOG("a/S.csv", "h", LOCAL, 3600, 12, .repeats = 1)}, NOTHING},
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const char *folder = made_folder("clock");
        make(folder, CASES[i].logs, 3);
        Store *store = made_open(folder, STORE_READ);
        const StoredItem *item = store_item_by_path(store, text_from_z(CASES[i].logs[0].path));
        assert_non_null(item);
        bool found = CASES[i].shift_s != NOTHING;
        if (item->shifted != found ||
            (found && item->clock_shift_ns != CASES[i].shift_s * NANOSECONDS_PER_SECOND))
            fail_msg("%s: shifted %d by %lld s", CASES[i].name, item->shifted,
                     (long long)(item->clock_shift_ns / NANOSECONDS_PER_SECOND));
        for (size_t k = 1; k < 3 && CASES[i].logs[k].path; k++)
            if (CASES[i].logs[k].quality != LOCAL)
                assert_false(
                    store_item_by_path(store, text_from_z(CASES[i].logs[k].path))->shifted);
        store_close(store);
    }
}

static void test_decision(void **state)
{
    (void)state;
    static const struct {
        uint32_t best, next;
        bool found;
    } TABLE[] = {{0, 0, false}, {4, 0, false}, {5, 0, true},       {5, 1, true},
                 {5, 2, false}, {6, 2, true},  {8, 2, true},       {8, 3, false},
                 {9, 3, true},  {9, 9, false}, {3000, 1000, true}, {3000, 1001, false}};
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        uint32_t counts[CLOCK_STEPS] = {0};
        counts[CLOCK_STEPS / 2 + 4] = TABLE[i].best;
        counts[3] = TABLE[i].next;
        ClockShift shift = clock_decide(counts);
        if (shift.found != TABLE[i].found)
            fail_msg("%u against %u", (unsigned)TABLE[i].best, (unsigned)TABLE[i].next);
        if (shift.found)
            assert_int_equal(shift.shift_ns, 3600 * NANOSECONDS_PER_SECOND);
    }
}

/* ---- what scans see of it ---- */

typedef struct Seen {
    unsigned count, inferred;
    Time first, last;
} Seen;

static bool quality(void *ctx, const ScanSegment *segment, uint32_t row, Buf *out, Err *err)
{
    (void)ctx, (void)err;
    buf_add_char(out, (char)scan_head(segment, row).quality);
    return true;
}

static bool see(void *ctx, const ScanKey *key, Span projected, Err *err)
{
    Seen *seen = ctx;
    (void)err;
    Time time = scan_place(key).time;
    seen->first = seen->count ? seen->first : time;
    seen->last = time;
    seen->count++;
    seen->inferred += projected.ptr[0] == TIME_ZONE_INFERRED;
    return true;
}

static Seen scan(Store *store, int64_t from_s, int64_t to_s)
{
    Seen seen = {.count = 0};
    ScanFilter filter = {.from = from_s * NANOSECONDS_PER_SECOND,
                         .to = to_s * NANOSECONDS_PER_SECOND};
    ScanOrder order = {.project = quality, .each = see, .ctx = &seen};
    assert_true(store_scan(store, &filter, &order, 1, NULL, NULL));
    return seen;
}

static void test_scans(void **state)
{
    (void)state;
    static const Log LOGS[] = {LOG("a/S.csv", "h", LOCAL, 9 * 3600, 12, .repeats = 1),
                               LOG("a/s.evtx", "h", EXACT, 0, 12, .repeats = 1)};
    const char *folder = made_folder("scans");
    make(folder, LOGS, 2);
    Store *store = made_open(folder, STORE_READ);
    Seen seen = scan(store, BEGIN, BEGIN + 12 * 1237);
    assert_int_equal(seen.count, 24);
    assert_int_equal(seen.inferred, 12);
    assert_true(seen.first == BEGIN * NANOSECONDS_PER_SECOND);
    assert_true(seen.last == (BEGIN + 11 * 1237) * NANOSECONDS_PER_SECOND);
    assert_int_equal(scan(store, BEGIN + 1, BEGIN + 1237 * 2).count, 2);
    /* Where they stood before there is nothing. */
    assert_int_equal(scan(store, BEGIN + 9 * 3600, BEGIN + 9 * 3600 + 11 * 1237).count, 0);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_decision),
        cmocka_unit_test(test_scans),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
