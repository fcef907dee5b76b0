/* The engine's parts by themselves: blocks out of a stream, cutting, the progress line, the panel.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <utlist.h>

#include "engine/channel.h"
#include "engine/group.h"
#include "engine/panel.h"
#include "engine/progress.h"

#define MIB UINT64_C(1048576)

typedef struct Pipe {
    Channel channel;
    int write_end;
} Pipe;

static void pipe_open(Pipe *p)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    *p = (Pipe){.channel = {.fd = -1, .budget = UINT64_MAX}, .write_end = ends[1]};
    channel_open(&p->channel, ends[0]);
}

static void pipe_done(Pipe *p)
{
    if (p->write_end >= 0)
        close(p->write_end);
    channel_done(&p->channel);
}

static size_t make_block(uint8_t *out, uint32_t type, uint32_t piece, const char *text)
{
    BlockHeader header = {
        .magic = BLOCK_MAGIC, .type = type, .piece = piece, .length = strlen(text)};
    memcpy(out, &header, sizeof header);
    memcpy(out + sizeof header, text, strlen(text));
    return sizeof header + strlen(text);
}

static void expect_block(Pipe *p, uint32_t piece, const char *text)
{
    BlockHeader header;
    Span payload;
    assert_int_equal(channel_next(&p->channel, &header, &payload, NULL), CHANNEL_BLOCK);
    assert_int_equal(header.piece, piece);
    assert_int_equal(payload.len, strlen(text));
    assert_memory_equal(payload.ptr, text, payload.len);
}

static void expect_step(Pipe *p, ChannelStep step)
{
    BlockHeader header;
    Span payload;
    Err err;
    assert_int_equal(channel_next(&p->channel, &header, &payload, &err), step);
}

/* Three blocks in portions of every size. */
static void test_blocks_in_portions(void **state)
{
    (void)state;
    uint8_t bytes[512];
    size_t len = make_block(bytes, 1, 5, "first");
    len += make_block(bytes + len, 2, 6, "");
    len += make_block(bytes + len, 3, 7, "the third and last block");
    static const char *const TEXTS[] = {"first", "", "the third and last block"};
    for (size_t portion = 1; portion <= len; portion++) {
        Pipe p;
        pipe_open(&p);
        uint32_t got = 0;
        for (size_t at = 0; at < len; at += portion) {
            size_t n = len - at < portion ? len - at : portion;
            assert_int_equal(write(p.write_end, bytes + at, n), n);
            BlockHeader header;
            Span payload;
            while (channel_next(&p.channel, &header, &payload, NULL) == CHANNEL_BLOCK) {
                assert_int_equal(header.piece, 5 + got);
                assert_int_equal(payload.len, strlen(TEXTS[got]));
                if (payload.len)
                    assert_memory_equal(payload.ptr, TEXTS[got], payload.len);
                got++;
            }
        }
        assert_int_equal(got, 3);
        expect_step(&p, CHANNEL_EMPTY);
        close(p.write_end);
        p.write_end = -1;
        expect_step(&p, CHANNEL_END);
        pipe_done(&p);
    }
}

static void test_taken_blocks_stay(void **state)
{
    (void)state;
    Pipe p;
    pipe_open(&p);
    uint8_t bytes[512];
    size_t len = make_block(bytes, 1, 0, "one");
    len += make_block(bytes + len, 1, 1, "two");
    assert_int_equal(write(p.write_end, bytes, len), len);
    expect_block(&p, 0, "one");
    uint8_t *taken = channel_take(&p.channel, 3);
    expect_block(&p, 1, "two");
    assert_memory_equal(taken, "one", 3);
    free(taken);
    pipe_done(&p);
}

static void test_block_that_never_ends(void **state)
{
    (void)state;
    Pipe p;
    pipe_open(&p);
    uint8_t bytes[128];
    size_t len = make_block(bytes, 1, 0, "cut short");
    assert_int_equal(write(p.write_end, bytes, len - 1), len - 1);
    expect_step(&p, CHANNEL_EMPTY);
    close(p.write_end);
    p.write_end = -1;
    expect_step(&p, CHANNEL_END);
    pipe_done(&p);
}

static void test_headers_that_are_nonsense(void **state)
{
    (void)state;
    static const struct {
        BlockHeader header;
        uint64_t budget;
        ChannelStep step;
    } CASES[] = {
        {{.magic = BLOCK_MAGIC + 1}, UINT64_MAX, CHANNEL_NONSENSE},
        {{.magic = BLOCK_MAGIC, .unused = 1}, UINT64_MAX, CHANNEL_NONSENSE},
        {{.magic = BLOCK_MAGIC, .type = BLOCK_DONE + 1}, UINT64_MAX, CHANNEL_NONSENSE},
        {{.magic = BLOCK_MAGIC, .length = WIRE_BLOCK_MAX + 1}, UINT64_MAX, CHANNEL_NONSENSE},
        {{.magic = BLOCK_MAGIC, .type = BLOCK_DEFECT, .length = WIRE_CONTROL_MAX + 1},
         UINT64_MAX,
         CHANNEL_NONSENSE},
        {{.magic = BLOCK_MAGIC, .type = BLOCK_MEMBER_BYTES, .length = WIRE_MEMBER_MAX + 1},
         UINT64_MAX,
         CHANNEL_NONSENSE},
        {{.magic = BLOCK_MAGIC, .length = 100}, 100, CHANNEL_OVER},
        {{.magic = BLOCK_MAGIC, .length = 100}, 100 + sizeof(BlockHeader), CHANNEL_EMPTY},
        {{.magic = BLOCK_MAGIC, .length = WIRE_BLOCK_MAX}, UINT64_MAX, CHANNEL_EMPTY},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        Pipe p;
        pipe_open(&p);
        p.channel.budget = CASES[i].budget;
        assert_int_equal(write(p.write_end, &CASES[i].header, sizeof(BlockHeader)),
                         sizeof(BlockHeader));
        expect_step(&p, CASES[i].step);
        pipe_done(&p);
    }
}

/* Groups as text: "first+count first+count …" */
static void describe_groups(const ItemList *items, Buf *out)
{
    for (uint32_t next = 0; next < items->file_count;) {
        Group *group = group_next(items, false, &next);
        assert_non_null(group);
        buf_printf(out, "%u+%u%s ", (unsigned)group->pieces[0].item, (unsigned)group->piece_count,
                   group->pieces[0].probe_only ? "p" : "");
        group_destroy(group);
    }
    buf_add_char(out, '\0');
}

static void test_grouping(void **state)
{
    (void)state;
    static const struct {
        const char *folder;
        uint64_t size;
    } ITEMS[] = {
        {"a", 100},         {"a", 0},          {"b", 1},       {"b", 4 * MIB},
        {"b", 4 * MIB - 1}, {"b", 1},          {"b", 8 * MIB}, {"b", 8 * MIB + 1},
        {"b", 5},           {"b", UINT64_MAX}, {"c", 7},
    };
    Item items[sizeof ITEMS / sizeof *ITEMS] = {0};
    ItemList list = {.items = items,
                     .count = sizeof ITEMS / sizeof *ITEMS,
                     .file_count = sizeof ITEMS / sizeof *ITEMS};
    for (size_t i = 0; i < list.count; i++) {
        items[i].folder = text_from_z(ITEMS[i].folder);
        items[i].size = ITEMS[i].size;
    }
    Buf out;
    buf_init(&out, 4096);
    describe_groups(&list, &out);
    assert_string_equal(out.ptr, "0+2 2+3 5+1 6+1 7+1p 8+1 9+1p 10+1 ");
    buf_done(&out);

    Item many[300] = {0};
    ItemList small = {.items = many, .count = 300, .file_count = 300};
    buf_init(&out, 4096);
    describe_groups(&small, &out);
    assert_string_equal(out.ptr, "0+128 128+128 256+44 ");
    buf_done(&out);
}

/* Pieces touch, cover the item, and are cut where the format says. */
static void check_cuts(uint64_t size, const Format *format, bool may_split, uint32_t expected)
{
    Item item = {.size = size};
    uint32_t count;
    Group *cuts = group_cut(&item, 3, format, may_split, &count), *cut, *next;
    assert_non_null(cuts);
    assert_int_equal(count, expected);
    uint64_t at = 0;
    DL_FOREACH_SAFE(cuts, cut, next)
    {
        const PieceRun *piece = &cut->pieces[0];
        assert_true(piece->begin == at && piece->end > at && piece->item == 3);
        at = piece->end;
        if (format->split == SPLIT_UNITS && at < size)
            assert_int_equal((at - format->split_origin) % format->split_unit, 0);
        group_destroy(cut);
    }
    assert_true(at == size);
}

static void test_cutting(void **state)
{
    (void)state;
    const Format evtx = {.split = SPLIT_UNITS, .split_origin = 4096, .split_unit = 65536};
    const Format odd = {.split = SPLIT_UNITS, .split_origin = 1000, .split_unit = 3 * MIB};
    const Format vast = {.split = SPLIT_UNITS, .split_origin = 9 * MIB, .split_unit = 20 * MIB};
    const Format lines = {.split = SPLIT_LINES};
    const Format whole = {.split = SPLIT_NEVER};
    check_cuts(20 * MIB, &whole, true, 1);
    check_cuts(20 * MIB, &lines, true, 3);
    check_cuts(20 * MIB, &lines, false, 1);
    check_cuts(16 * MIB, &lines, true, 2);
    check_cuts(16 * MIB + 4096, &evtx, true, 2);
    check_cuts(16 * MIB + 4097, &evtx, true, 3);
    check_cuts(20 * MIB, &odd, true, 4);
    check_cuts(8 * MIB, &vast, true, 1);
    check_cuts(70 * MIB, &vast, true, 4);
    check_cuts(32 * 1024 * MIB - 1, &lines, true, 4096);
    check_cuts(32 * 1024 * MIB, &lines, true, 2048); /* twice as large from here on */
    check_cuts((UINT64_C(1) << 50) + 5, &lines, true, 4096);
}

static const char *rendered(Buf *buf, const ProgressState *state, unsigned columns, bool color)
{
    buf_clear(buf);
    progress_render(buf, state, columns, color);
    buf_add_char(buf, '\0');
    assert_false(buf->failed);
    return buf->ptr;
}

static void test_progress_line(void **state)
{
    (void)state;
    ProgressState s = {.items_done = 12,
                       .items = 340,
                       .bytes_done = 250000000,
                       .bytes = 1000000000,
                       .events = 1234567,
                       .seconds = 10,
                       .name = TEXT("Secu\x1b[31mrity.evtx")};
    Buf buf;
    buf_init(&buf, 4096);
    assert_string_equal(rendered(&buf, &s, 200, false),
                        "[#####>..............]  25%  0:30 left  12/340 items  250 MB/1.00 GB  "
                        "1.23 M events  25.0 MB/s  Secu\\x1b[31mrity.evtx");
    assert_string_equal(rendered(&buf, &s, 80, false),
                        "[#####>..............]  25%  0:30 left  12/340 items  250 MB/1.00 GB");
    assert_string_equal(rendered(&buf, &s, 55, false),
                        "[#####>..............]  25%  0:30 left  12/340 items");
    assert_string_equal(rendered(&buf, &s, 54, false),
                        "[#####>..............]  25%  0:30 left  12/340 items");
    assert_string_equal(rendered(&buf, &s, 53, false),
                        "[#####>..............]  25%  0:30 left  12/340 items");
    assert_string_equal(rendered(&buf, &s, 52, false), "[#####>..............]  25%  0:30 left");
    assert_string_equal(rendered(&buf, &s, 20, false), "");
    assert_non_null(strstr(rendered(&buf, &s, 80, true), "\x1b[32m["));
    s = (ProgressState){.items = 1, .name = TEXT("\xc3\xa9t\xc3\xa9.log")};
    assert_string_equal(rendered(&buf, &s, 54, false),
                        "[>...................]   0%  0/1 items  0 B/0 B  \xc3\xa9t\xc3\xa9.");
    buf_done(&buf);
}

static void test_units(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *bytes, *count, *duration;
    } CASES[] = {
        {0, "0 B", "0", "0:00"},
        {999, "999 B", "999", "16:39"},
        {1000, "1.00 kB", "1000", "16:40"},
        {9999, "10.0 kB", "9999", "2:46:39"},
        {12345, "12.3 kB", "12.3 k", "3:25:45"},
        {999999, "1.00 MB", "1.00 M", "277:46:39"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        Buf buf;
        buf_init(&buf, 4096);
        progress_bytes(&buf, CASES[i].value);
        buf_add_char(&buf, '|');
        progress_count(&buf, CASES[i].value);
        buf_add_char(&buf, '|');
        progress_duration(&buf, CASES[i].value);
        buf_add_char(&buf, '\0');
        char expected[128];
        snprintf(expected, sizeof expected, "%s|%s|%s", CASES[i].bytes, CASES[i].count,
                 CASES[i].duration);
        assert_string_equal(buf.ptr, expected);
        buf_done(&buf);
    }
}

/* On a real terminal: drawn, taken away, not more than ten times a second. */
static void test_progress_on_a_terminal(void **state)
{
    (void)state;
    int master;
    struct winsize size = {.ws_row = 25, .ws_col = 60};
    fflush(NULL);
    pid_t pid = forkpty(&master, NULL, NULL, &size);
    if (pid < 0)
        skip(); /* no pseudo-terminals here */
    if (pid == 0) {
        ProgressLine line;
        ProgressState s = {.items = 2, .bytes = 10, .bytes_done = 5};
        progress_init(&line, true, false);
        unsigned drawn = 0;
        for (uint64_t ms = 1000; ms < 2000; ms++)
            if (progress_due(&line, ms) && ++drawn)
                progress_draw(&line, &s);
        progress_erase(&line);
        _exit(drawn == 10 && !line.shown ? 0 : 1);
    }
    Buf seen;
    buf_init(&seen, 65536);
    char bytes[1024];
    for (ssize_t n; (n = read(master, bytes, sizeof bytes)) > 0;)
        buf_add(&seen, bytes, (size_t)n);
    buf_add_char(&seen, '\0');
    int status;
    waitpid(pid, &status, 0);
    close(master);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_non_null(strstr(seen.ptr, "\r[##########>.........]  50%  0/2 items  5 B/10 B\x1b[K"));
    assert_string_equal(seen.ptr + seen.len - 1 - 4, "\r\x1b[K");
    buf_done(&seen);
}

static void test_no_progress_without_a_terminal(void **state)
{
    (void)state;
    int ends[2], saved = dup(STDERR_FILENO);
    assert_true(saved >= 0 && pipe(ends) == 0);
    dup2(ends[1], STDERR_FILENO);
    ProgressLine line;
    progress_init(&line, true, true);
    bool due = progress_due(&line, 1000);
    dup2(saved, STDERR_FILENO);
    assert_false(due);
    close(saved);
    close(ends[0]);
    close(ends[1]);
}

static void test_panel(void **state)
{
    (void)state;
    EngineStats stats = {
        .items_by_state =
            {[ITEM_WAITING] = 1, [ITEM_DONE] = 20, [ITEM_DEFECTIVE] = 2, [ITEM_UNKNOWN] = 3},
        .bytes_read = 500000000,
        .events = 1000000,
        .defects = 1,
        .notes = 4,
        .workers_started = 70,
        .workers_lost = 2,
        .peak_worker_bytes = 41000000,
        .peak_coordinator_bytes = 12000000,
        .seconds = 2.5,
        .cpu_seconds = 4.75,
    };
    Buf buf;
    buf_init(&buf, 4096);
    engine_panel(&buf, &stats, false);
    buf_add_char(&buf, '\0');
    assert_string_equal(buf.ptr,
                        "Duration  2.5 s (4.8 s of processor time)\n"
                        "Read      500 MB, 200 MB/s; 1000000 events, 400 k/s\n"
                        "Items     20 done, 2 defective, 3 of no known format, 1 not reached\n"
                        "Damage    1 defect, 4 notes\n"
                        "Workers   70 started, 2 lost\n"
                        "Memory    41.0 MB at most in a worker, 12.0 MB in the coordinator\n");
    buf_done(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_in_portions),
        cmocka_unit_test(test_taken_blocks_stay),
        cmocka_unit_test(test_block_that_never_ends),
        cmocka_unit_test(test_headers_that_are_nonsense),
        cmocka_unit_test(test_grouping),
        cmocka_unit_test(test_cutting),
        cmocka_unit_test(test_progress_line),
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_progress_on_a_terminal),
        cmocka_unit_test(test_no_progress_without_a_terminal),
        cmocka_unit_test(test_panel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
