#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/csv.h"
#include "report/timeline.h"
#include "report/timeline_format.h"

static const char *temp_folder(void)
{
    const char *folder = getenv("TMPDIR");
    return folder ? folder : "/tmp";
}

/* ---- cells ---- */

static const struct {
    const char *name;
    Text text;
    const char *cell;
} CELLS[] = {
    {"empty", {"", 0}, ""},
    {"plain", {"logon by adm-x", 14}, "logon by adm-x"},
    {"comma", {"a,b", 3}, "\"a,b\""},
    {"quotes", {"say \"hi\"", 8}, "\"say \"\"hi\"\"\""},
    {"only quotes", {"\"\"", 2}, "\"\"\"\"\"\""},
    {"line feed", {"a\nb", 3}, "a\\nb"},
    {"CR LF", {"a\r\nb", 4}, "a\\r\\nb"},
    {"tab", {"a\tb", 3}, "a\\tb"},
    {"NUL", {"a\0b", 3}, "a\\x00b"},
    {"terminal code", {"\x1b[2Jx", 5}, "\\x1b[2Jx"},
    {"delete", {"a\x7f", 2}, "a\\x7f"},
    {"gap byte", {"a\1b", 3}, "a\\x01b"},
    {"C1 control",
     {"a\xc2\x9b"
      "2J",
      5},
     "a\\u009b2J"},
    {"right to left",
     {"a\xe2\x80\xae"
      "exe",
      7},
     "a\\u202eexe"},
    {"tag character", {"\xf3\xa0\x81\x81", 4}, "\\udb40\\udc41"},
    {"lone surrogate", {"\xed\xa0\x80", 3}, "\\ud800"},
    {"not UTF-8", {"\xff\xfe,", 3}, "\"\\xff\\xfe,\""},
    {"accents", {"caf\xc3\xa9", 5}, "caf\xc3\xa9"},
    {"formula =", {"=cmd|' /C calc'!A0", 18}, "'=cmd|' /C calc'!A0"},
    {"formula +", {"+1", 2}, "'+1"},
    {"formula -", {"-1", 2}, "'-1"},
    {"formula @", {"@SUM(A1)", 8}, "'@SUM(A1)"},
    {"formula with comma", {"=A1,B1", 6}, "\"'=A1,B1\""},
    {"formula with quotes", {"=\"x\"", 4}, "\"'=\"\"x\"\"\""},
    {"formula after blanks", {"  \t=1", 5}, "'  \\t=1"},
    {"formula after CR", {"\r\n=1", 4}, "'\\r\\n=1"},
    {"formula after no-break space", {"\xc2\xa0=1", 4}, "'\xc2\xa0=1"},
    {"full-width formula",
     {"\xef\xbc\x9d"
      "1",
      4},
     "'\xef\xbc\x9d"
     "1"},
    {"dash inside", {"a-b=c", 5}, "a-b=c"},
};

static void test_cells(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CELLS / sizeof CELLS[0]; i++) {
        Buf buf;
        buf_init(&buf, 1024);
        BUF_LITERAL(&buf, "\"before\",");
        csv_cell(&buf, CELLS[i].text);
        buf_add_char(&buf, '\0');
        assert_false(buf.failed);
        if (strcmp(buf.ptr + 9, CELLS[i].cell) != 0)
            fail_msg("%s: %s, expected %s", CELLS[i].name, buf.ptr + 9, CELLS[i].cell);
        assert_memory_equal(buf.ptr, "\"before\",", 9);
        buf_done(&buf);
    }
}

/* ---- lines of the formats that need no batch ---- */

static TimelineEvent sample_event(void)
{
    Time time;
    assert_true(time_parse(TEXT("2026-03-04T09:12:00.1234567Z"), &time, NULL));
    return (TimelineEvent){
        .head = {.time = time,
                 .offset = 4608,
                 .size = 312,
                 .record_id = 77,
                 .meaning = TIME_MEANS_LOGGED,
                 .quality = TIME_EXACT,
                 .class = EVENT_LIVE},
        .kind = {.product = TEXT("windows"),
                 .service = TEXT("security"),
                 .channel = TEXT("Security")},
        .format = TEXT("evtx"),
        .message = TEXT("logon: type 3, from 10.1.2.3"),
        .host = TEXT("FS01"),
        .user = TEXT("=adm|x"),
        .action = TEXT("logon"),
        .source = TEXT("windows/security"),
    };
}

typedef struct LineCase {
    const char *format, *line;
} LineCase;

static void check_lines(const TimelineEvent *event, const LineCase *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const TimelineFormat *format = timeline_format_by_name(text_from_z(cases[i].format));
        assert_non_null(format);
        Buf buf;
        buf_init(&buf, 4096);
        format->line(&buf, event);
        buf_add_char(&buf, '\0');
        if (strcmp(buf.ptr, cases[i].line) != 0)
            fail_msg("%s:\n%s, expected\n%s", cases[i].format, buf.ptr, cases[i].line);
        buf_done(&buf);
    }
}

static void test_lines(void **state)
{
    (void)state;
    static const LineCase CASES[] = {
        {"csv", "2026-03-04T09:12:00.1234567Z,Event Logged,exact,\"logon: type 3, from 10.1.2.3\","
                "FS01,'=adm|x,logon,windows/security,\1,4608,77,\2\n"},
        {"timesketch", "\"logon: type 3, from 10.1.2.3\",2026-03-04T09:12:00.123456+00:00,"
                       "Event Logged,exact,FS01,'=adm|x,logon,windows/security,\1,4608,77,\2\n"},
        {"l2tcsv", "03/04/2026,09:12:00,UTC,...B,EVT,windows/security,Event Logged,'=adm|x,FS01,"
                   "\"logon: type 3, from 10.1.2.3\",\"logon: type 3, from 10.1.2.3\",2,\1,,logon,"
                   "evtx,offset: 4608; record_id: 77; time_quality: exact; sha256: \2\n"},
        {"bodyfile", "0|logon: type 3, from 10.1.2.3 [host FS01] [\1 @4608]|0|----------|0|0|312|"
                     "0|0|0|1772615520\n"},
    };
    TimelineEvent event = sample_event();
    check_lines(&event, CASES, sizeof CASES / sizeof CASES[0]);
}

static void test_lines_without_time(void **state)
{
    (void)state;
    static const LineCase CASES[] = {
        {"csv", ",Not a time (recovered),missing,a|b,,,,zeek/conn,\1,0,,\2\n"},
        {"timesketch", "a|b,1970-01-01T00:00:00.000000+00:00,Not a time (recovered),missing,,,,"
                       "zeek/conn,\1,0,,\2\n"},
        {"l2tcsv", "00/00/0000,00:00:00,UTC,....,LOG,zeek/conn,Not a time (recovered),,,a|b,a|b,"
                   "2,\1,,,zeek,offset: 0; time_quality: missing; sha256: \2\n"},
        {"bodyfile", "0|a\\x7cb (recovered) [\1 @0]|0|----------|0|0|0|0|0|0|0\n"},
    };
    TimelineEvent event = {.head = {.time = TIME_NONE,
                                    .record_id = RECORD_ID_NONE,
                                    .meaning = TIME_MEANS_UNKNOWN,
                                    .quality = TIME_MISSING,
                                    .class = EVENT_RECOVERED},
                           .kind = {.product = TEXT("zeek"), .service = TEXT("conn")},
                           .format = TEXT("zeek"),
                           .message = TEXT("a|b"),
                           .source = TEXT("zeek/conn")};
    check_lines(&event, CASES, sizeof CASES / sizeof CASES[0]);
}

/* Every format's row has as many columns as its header. */
static void test_columns(void **state)
{
    (void)state;
    TimelineEvent event = sample_event();
    event.message = TEXT("no commas");
    for (size_t i = 0; i < TIMELINE_FORMAT_COUNT; i++) {
        const TimelineFormat *format = TIMELINE_FORMATS[i];
        size_t in_header = 0, in_line = 0;
        for (const char *c = format->header; *c; c++)
            in_header += *c == ',';
        if (in_header == 0)
            continue; /* bodyfile, jsonl */
        Buf buf;
        buf_init(&buf, 4096);
        format->line(&buf, &event);
        for (size_t k = 0; k < buf.len; k++)
            in_line += buf.ptr[k] == ',';
        assert_int_equal(in_line, in_header);
        buf_done(&buf);
    }
}

/* ---- sorting and twins, with a format of the test's own ---- */

static void write_path(Buf *buf, Text path)
{
    buf_add_text(buf, path);
}

static const TimelineFormat TEST_FORMAT = {
    .name = "test",
    .header = "begin\n",
    .gaps = 1u << GAP_ITEM | 1u << GAP_TWINS,
    .path = write_path,
};

typedef struct TestRow {
    Time time;
    uint32_t item;
    uint64_t offset;
    uint32_t sub;
    EventClass class;
    uint64_t twin, payload, written;
} TestRow;

static void add_row(Buf *block, const TestRow *row)
{
    char line[64];
    int n =
        snprintf(line, sizeof line, "\1 %llu.%u\3\n", (unsigned long long)row->offset, row->sub);
    assert_in_range(n, 1, sizeof line - 1);
    RowHead head = {.time = row->time,
                    .offset = row->offset,
                    .sub = row->sub,
                    .class = row->class,
                    .twin = row->twin,
                    .payload = row->payload,
                    .written = row->written,
                    .line_size = (uint32_t)n};
    uint8_t bytes[ROW_HEAD_SIZE];
    row_head_write(bytes, &head);
    buf_add(block, bytes, sizeof bytes);
    buf_add(block, line, (size_t)n);
}

static bool collect(void *ctx, Span bytes, Err *err)
{
    (void)err;
    buf_add_text(ctx, text_from_span(bytes));
    return true;
}

static Item ITEMS[] = {
    {.path = {"a", 1}, .size = 1000000},
    {.path = {"b", 1}, .size = 1000000},
    {.path = {"c", 1}, .size = 1000000},
};
static const ItemList LIST = {.items = ITEMS, .count = 3};

static Timeline *make_timeline(size_t memory)
{
    TimelineOptions options = {
        .format = &TEST_FORMAT, .memory_bytes = memory, .folder = temp_folder()};
    Err err = {0};
    Timeline *timeline = timeline_create(&options, &err);
    assert_non_null(timeline);
    return timeline;
}

/* The rows in the order given, one block each. */
static void write_rows(const TestRow *rows, size_t count, size_t memory, Buf *out,
                       TimelineStats *stats)
{
    Timeline *timeline = make_timeline(memory);
    Err err = {0};
    for (size_t i = 0; i < count; i++) {
        Buf block;
        buf_init(&block, 1024);
        add_row(&block, &rows[i]);
        if (!timeline_receive(timeline, &ITEMS[rows[i].item], rows[i].item, buf_span(&block), &err))
            fail_msg("%s", err.text);
        buf_done(&block);
    }
    if (!timeline_write(timeline, &LIST, collect, out, stats, &err))
        fail_msg("%s", err.text);
    timeline_destroy(timeline);
}

static void check_rows(const TestRow *rows, size_t count, const char *expected, uint64_t twins)
{
    Buf out;
    TimelineStats stats;
    buf_init(&out, 1 << 20);
    write_rows(rows, count, 0, &out, &stats);
    buf_add_char(&out, '\0');
    if (strcmp(out.ptr, expected) != 0)
        fail_msg("\n%s, expected\n%s", out.ptr, expected);
    assert_int_equal(stats.rows, count);
    assert_int_equal(stats.twins, twins);
    buf_done(&out);
}

/* An item that could not be hashed has no hash, in the way of each format, and not 64 zeros. */
static void test_without_hash(void **state)
{
    (void)state;
    static const struct {
        const char *format, *line, *whole, *none;
    } CASES[] = {
        {"csv", ",,,,,,,,\1,,,\2\n", "a,,,0101", "a,,,\n"},
        {"timesketch", ",,,,,,,,\1,,,\2\n", "a,,,0101", "a,,,\n"},
        {"l2tcsv", ",,,,,,,,,,,,\1,,,,sha256: \2\n", "sha256: 0101", "sha256: \n"},
        {"jsonl", "{\"item\":\1,\"sha256\":\2\3}\n", ":\"0101", ":null}"},
    };
    for (size_t i = 0; i < 2 * sizeof CASES / sizeof CASES[0]; i++) {
        const char *expected = i % 2 ? CASES[i / 2].whole : CASES[i / 2].none;
        Item item = {.path = TEXT("a"), .size = 10, .hashed = i % 2};
        if (item.hashed)
            memset(item.sha256.bytes, 1, sizeof item.sha256.bytes);
        const ItemList list = {.items = &item, .count = 1};
        TimelineOptions options = {.format =
                                       timeline_format_by_name(text_from_z(CASES[i / 2].format)),
                                   .folder = temp_folder()};
        Err err = {0};
        Timeline *timeline = timeline_create(&options, &err);
        assert_non_null(timeline);
        const char *line = CASES[i / 2].line;
        RowHead head = {.line_size = (uint32_t)strlen(line)};
        uint8_t bytes[ROW_HEAD_SIZE];
        row_head_write(bytes, &head);
        Buf block, out;
        TimelineStats stats;
        buf_init(&block, 1024);
        buf_init(&out, 4096);
        buf_add(&block, bytes, sizeof bytes);
        buf_add_text(&block, text_from_z(line));
        if (!timeline_receive(timeline, &item, 0, buf_span(&block), &err) ||
            !timeline_write(timeline, &list, collect, &out, &stats, &err))
            fail_msg("%s", err.text);
        buf_add_char(&out, '\0');
        if (!strstr(out.ptr, expected))
            fail_msg("%s:\n%s, expected\n%s", options.format->name, out.ptr, expected);
        buf_done(&block);
        buf_done(&out);
        timeline_destroy(timeline);
    }
}

static void test_order(void **state)
{
    (void)state;
    static const TestRow ROWS[] = {
        {.time = 5, .item = 1, .offset = 10},
        {.time = -5, .item = 2, .offset = 10},
        {.time = 5, .item = 0, .offset = 300},
        {.time = 5, .item = 0, .offset = 20, .sub = 1},
        {.time = 5, .item = 0, .offset = 20, .sub = 0},
        {.time = TIME_NONE, .item = 2, .offset = 7},
        {.time = INT64_MAX, .item = 0, .offset = 0},
    };
    check_rows(ROWS, sizeof ROWS / sizeof ROWS[0],
               "begin\nc 7.0\nc 10.0\na 20.0\na 20.1\na 300.0\nb 10.0\na 0.0\n", 0);
}

static void test_twins(void **state)
{
    (void)state;
    static const TestRow ROWS[] = {
        {.time = 3, .item = 2, .offset = 1, .twin = 9, .payload = 1},  /* twin of the next two */
        {.time = 2, .item = 1, .offset = 50, .twin = 9, .payload = 1}, /* stays: first item */
        {.time = 2, .item = 1, .offset = 90, .twin = 9, .payload = 1}, /* same item, other place */
        {.time = 2, .item = 2, .offset = 2, .twin = 9, .payload = 2},  /* altered: stays */
        {.time = 4, .item = 0, .offset = 5, .twin = 0, .payload = 1},  /* no twin id */
        {.time = 4, .item = 0, .offset = 6, .twin = 0, .payload = 1},
    };
    check_rows(ROWS, sizeof ROWS / sizeof ROWS[0],
               "begin\n"
               "b 50.0,\"twins\":[{\"item\":b,\"offset\":90},{\"item\":c,\"offset\":1}]\n"
               "c 2.0\n"
               "a 5.0\n"
               "a 6.0\n",
               2);
}

static void test_twins_prefer_live(void **state)
{
    (void)state;
    static const TestRow ROWS[] = {
        {.time = 1, .item = 0, .offset = 1, .class = EVENT_RECOVERED, .twin = 9, .payload = 1},
        {.time = 1, .item = 2, .offset = 2, .class = EVENT_LIVE, .twin = 9, .payload = 1},
    };
    check_rows(ROWS, sizeof ROWS / sizeof ROWS[0],
               "begin\nc 2.0,\"twins\":[{\"item\":a,\"offset\":1}]\n", 1);
}

/* Written at another time: another record. A source that does not tell belongs to the first. */
static void test_twins_written(void **state)
{
    (void)state;
    static const TestRow ROWS[] = {
        {.time = 1, .item = 0, .offset = 1, .twin = 9, .payload = 1},
        {.time = 1, .item = 1, .offset = 2, .twin = 9, .payload = 1, .written = 70},
        {.time = 1, .item = 1, .offset = 3, .twin = 9, .payload = 1, .written = 80},
        {.time = 1, .item = 2, .offset = 4, .twin = 9, .payload = 1, .written = 80},
        {.time = 2, .item = 0, .offset = 5, .twin = 8, .payload = 1},
        {.time = 2, .item = 1, .offset = 6, .twin = 8, .payload = 1},
    };
    check_rows(ROWS, sizeof ROWS / sizeof ROWS[0],
               "begin\n"
               "b 2.0,\"twins\":[{\"item\":a,\"offset\":1}]\n"
               "b 3.0,\"twins\":[{\"item\":c,\"offset\":4}]\n"
               "a 5.0,\"twins\":[{\"item\":b,\"offset\":6}]\n",
               3);
}

/* Several events of one record are not each other's twins. */
static void test_twins_same_place(void **state)
{
    (void)state;
    static const TestRow ROWS[] = {
        {.time = 1, .item = 0, .offset = 1, .sub = 0, .twin = 9, .payload = 1},
        {.time = 1, .item = 0, .offset = 1, .sub = 1, .twin = 9, .payload = 1},
        {.time = 1, .item = 1, .offset = 8, .sub = 0, .twin = 9, .payload = 1},
        {.time = 1, .item = 1, .offset = 8, .sub = 1, .twin = 9, .payload = 1},
    };
    check_rows(
        ROWS, sizeof ROWS / sizeof ROWS[0],
        "begin\na 1.0,\"twins\":[{\"item\":b,\"offset\":8},{\"item\":b,\"offset\":8}]\na 1.1\n", 2);
}

/* Neither the order of arrival nor the memory at hand changes a byte. */
static void test_deterministic(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    TestRow *rows = calloc(COUNT, sizeof *rows);
    assert_non_null(rows);
    uint64_t random = 7;
    for (uint32_t i = 0; i < COUNT; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        rows[i] = (TestRow){.time = (Time)(random >> 33 & 1023),
                            .item = i % 3,
                            .offset = i * 40,
                            .class = (random >> 20 & 15) == 0 ? EVENT_RECOVERED : EVENT_LIVE,
                            .twin = random >> 45 & 4095,
                            .payload = random >> 30 & 1};
    }
    Buf first, second;
    TimelineStats one, two;
    buf_init(&first, 64 << 20);
    buf_init(&second, 64 << 20);
    write_rows(rows, COUNT, 0, &first, &one);
    for (uint32_t i = 0; i < COUNT; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        uint32_t other = (uint32_t)((random >> 33) % COUNT);
        TestRow swapped = rows[i];
        rows[i] = rows[other];
        rows[other] = swapped;
    }
    write_rows(rows, COUNT, 1 << 18, &second, &two);
    assert_int_equal(one.spilled_bytes, 0);
    assert_true(two.spilled_bytes > 0);
    assert_true(one.twins > 1000 && one.twins == two.twins);
    assert_int_equal(first.len, second.len);
    assert_memory_equal(first.ptr, second.ptr, first.len);
    buf_done(&first);
    buf_done(&second);
    free(rows);
}

/* Members are found in any order; the timeline is that of the items sorted by path: the same bytes
 * as from files of those paths. */
static void test_members_in_any_order(void **state)
{
    (void)state;
    enum { COUNT = 5000, ITEM_COUNT = 6 };
    static const char *const PATHS[ITEM_COUNT] = {"a", "b", "b!d/x", "b!e", "c", "c!f"};
    static const uint32_t ORDERS[][ITEM_COUNT] = {
        /* files first, as the list has them; then members as they were found */
        {0, 1, 4, 2, 3, 5},
        {0, 1, 4, 5, 3, 2},
        {0, 1, 4, 3, 5, 2},
    };
    Buf expected;
    buf_init(&expected, 64 << 20);
    for (size_t o = 0; o <= sizeof ORDERS / sizeof *ORDERS; o++) {
        Item items[ITEM_COUNT] = {0};
        uint32_t place[ITEM_COUNT]; /* of each path in the list */
        for (uint32_t i = 0; i < ITEM_COUNT; i++) {
            uint32_t path = o ? ORDERS[o - 1][i] : i; /* first: all of them files */
            items[i] = (Item){.path = text_from_z(PATHS[path]),
                              .size = 1000000,
                              .parent = o && i > 2 ? 1 : ITEM_NO_PARENT,
                              .depth = o && i > 2};
            place[path] = i;
        }
        const ItemList list = {
            .items = items, .count = ITEM_COUNT, .file_count = o ? 3 : ITEM_COUNT};
        Timeline *timeline = make_timeline(o == 3 ? 1 << 18 : 0);
        Err err = {0};
        uint64_t random = 11;
        for (uint32_t i = 0; i < COUNT; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            uint32_t item = place[i % ITEM_COUNT];
            TestRow row = {.time = (Time)(random >> 33 & 63),
                           .item = item,
                           .offset = i,
                           .twin = random >> 45 & 511,
                           .payload = random >> 30 & 1,
                           .written = random >> 20 & 1};
            Buf block;
            buf_init(&block, 1024);
            add_row(&block, &row);
            if (!timeline_receive(timeline, &items[item], item, buf_span(&block), &err))
                fail_msg("%s", err.text);
            buf_done(&block);
        }
        Buf out;
        TimelineStats stats;
        buf_init(&out, 64 << 20);
        if (!timeline_write(timeline, &list, collect, o ? &out : &expected, &stats, &err))
            fail_msg("%s", err.text);
        assert_true(stats.twins > 1000);
        if (o) {
            assert_int_equal(out.len, expected.len);
            assert_memory_equal(out.ptr, expected.ptr, out.len);
        }
        buf_done(&out);
        timeline_destroy(timeline);
    }
    buf_done(&expected);
}

/* ---- hostile blocks ---- */

static void put_row(Buf *block, uint64_t offset, uint32_t class, uint32_t reserved, Text line,
                    uint32_t line_size)
{
    RowHead head = {.offset = offset, .line_size = line_size};
    uint8_t bytes[ROW_HEAD_SIZE];
    row_head_write(bytes, &head);
    store_u32le(bytes + 44, class);
    store_u32le(bytes + 52, reserved);
    buf_add(block, bytes, sizeof bytes);
    buf_add_text(block, line);
}

static const struct {
    const char *name;
    Text line;
    uint32_t line_size; /* 0: that of the line */
    uint64_t offset;
    uint32_t class, reserved;
    bool ok;
} BLOCKS[] = {
    {"fine", {"\1 x\3\n", 5}, 0, 0, 0, 0, true},
    {"at the item's end", {"\1\3\n", 3}, 0, 1000000, 0, 0, true},
    {"beyond the item", {"\1\3\n", 3}, 0, 1000001, 0, 0, false},
    {"empty line", {"", 0}, 0, 0, 0, 0, false},
    {"size too large", {"\1 x\3\n", 5}, 6, 0, 0, 0, false},
    {"size huge", {"\1 x\3\n", 5}, UINT32_MAX, 0, 0, 0, false},
    {"size too small", {"\1 x\3\n", 5}, 4, 0, 0, 0, false},
    {"no end", {"\1 x\3", 4}, 0, 0, 0, 0, false},
    {"two lines", {"\1\3\n\1\3\n", 6}, 0, 0, 0, 0, false},
    {"terminal code", {"\1\x1b[2J\3\n", 7}, 0, 0, 0, 0, false},
    {"NUL", {"\1\0\3\n", 4}, 0, 0, 0, 0, false},
    {"not UTF-8", {"\1\xff\3\n", 4}, 0, 0, 0, 0, false},
    {"surrogate", {"\1\xed\xa0\x80\3\n", 6}, 0, 0, 0, 0, false},
    {"no gap", {"x\3\n", 3}, 0, 0, 0, 0, false},
    {"gap twice", {"\1\1\3\n", 4}, 0, 0, 0, 0, false},
    {"gaps out of order", {"\3\1\n", 3}, 0, 0, 0, 0, false},
    {"gap of another format", {"\1\2\3\n", 4}, 0, 0, 0, 0, false},
    {"class unknown", {"\1\3\n", 3}, 0, 0, EVENT_CLASS_COUNT, 0, false},
    {"reserved not zero", {"\1\3\n", 3}, 0, 0, 0, 1, false},
};

static void test_hostile_blocks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof BLOCKS / sizeof BLOCKS[0]; i++) {
        Timeline *timeline = make_timeline(1 << 20);
        Buf block;
        buf_init(&block, 1024);
        uint32_t size = BLOCKS[i].line_size ? BLOCKS[i].line_size : (uint32_t)BLOCKS[i].line.len;
        put_row(&block, BLOCKS[i].offset, BLOCKS[i].class, BLOCKS[i].reserved, BLOCKS[i].line,
                size);
        Err err = {0};
        bool ok = timeline_receive(timeline, &ITEMS[0], 0, buf_span(&block), &err);
        if (ok != BLOCKS[i].ok || (!ok && err.code != ERR_FORMAT))
            fail_msg("%s: %d %s", BLOCKS[i].name, (int)ok, err.text);
        buf_done(&block);
        timeline_destroy(timeline);
    }
}

static void test_hostile_csv(void **state)
{
    (void)state;
    static const struct {
        const char *row;
        bool ok;
    } ROWS[] = {
        {"a,\1,c", true},
        {"\"a,\"\"b\"\"\",\1,\"\"", true},
        {",\1,", true},
        {"'=a,\1,\"'=b,\"", true},
        {"a,\1", false},
        {"a,\1,c,d", false},
        {"=a,\1,c", false},
        {"a,\1,\"=c\"", false},
        {"a,\1, \xef\xbc\x9d", false},
        {"-\1,b,c", false},
        {"a,\"\1\",c", false},
        {"a,b\1,c", false},
        {"a,\1b,c", false},
        {"a\"b,\1,c", false},
        {"\"a,\1,c", false},
        {"\"a\"b,\1,c", false},
        {"\"a\"\"\",\1,c", true},
        {"\"a\"\"\"\",\1,c", false},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++)
        if (csv_row_is_safe(text_from_z(ROWS[i].row), 3, '\1') != ROWS[i].ok)
            fail_msg("row %zu: %s", i, ROWS[i].row);
    Timeline *timeline;
    TimelineOptions options = {.format = timeline_format_by_name(TEXT("csv")),
                               .folder = temp_folder()};
    Buf block;
    Err err = {0};
    Text forged = TEXT(",,,=cmd(),,,,,\1,,,\2\n");
    buf_init(&block, 1024);
    put_row(&block, 0, EVENT_LIVE, 0, forged, (uint32_t)forged.len);
    timeline = timeline_create(&options, &err);
    assert_non_null(timeline);
    assert_false(timeline_receive(timeline, &ITEMS[0], 0, buf_span(&block), &err));
    assert_int_equal(err.code, ERR_FORMAT);
    timeline_destroy(timeline);
    buf_done(&block);
}

/* A good block cut anywhere is refused, but between rows. */
static void test_cut_blocks(void **state)
{
    (void)state;
    Buf block;
    buf_init(&block, 4096);
    size_t ends[4] = {0};
    for (uint64_t i = 0; i < 3; i++) {
        add_row(&block, &(TestRow){.time = 1, .offset = i});
        ends[i + 1] = block.len;
    }
    for (size_t cut = 0; cut <= block.len; cut++) {
        Timeline *timeline = make_timeline(1 << 18);
        Err err = {0};
        bool whole = cut == ends[0] || cut == ends[1] || cut == ends[2] || cut == ends[3];
        bool ok = timeline_receive(timeline, &ITEMS[0], 0, span_of(block.ptr, cut), &err);
        assert_int_equal(ok, whole);
        timeline_destroy(timeline);
    }
    buf_done(&block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_lines_without_time),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_without_hash),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_twins),
        cmocka_unit_test(test_twins_prefer_live),
        cmocka_unit_test(test_twins_written),
        cmocka_unit_test(test_twins_same_place),
        cmocka_unit_test(test_deterministic),
        cmocka_unit_test(test_members_in_any_order),
        cmocka_unit_test(test_hostile_blocks),
        cmocka_unit_test(test_hostile_csv),
        cmocka_unit_test(test_cut_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
