#include "run_engine.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/hash.h"

#include "hostile.h"

#define SHOWN 200 /* larger blocks are logged by their fingerprint */

static const char *const STATES[ITEM_STATE_COUNT] = {
    "waiting", "done", "defective", "unreadable", "unknown", "not-taken", "known"};

/* The harness cannot go on: not a matter of what is tested. */
static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "test harness: %s: %s\n", what, strerror(errno));
    abort();
}

static bool on_prepare(void *ctx, Err *err)
{
    const EngineTest *test = ctx;
    return !test->prepare_fails ||
           err_set(err, ERR_USAGE, ERR_NO_OFFSET, "rule 7 cannot be compiled");
}

/* For the formats that can be cut: which part of the item this worker was given. */
static bool report_piece(const Piece *piece, WorkerPort *port, Err *err)
{
    char text[256];
    uint8_t first = 0;
    int n = snprintf(text, sizeof text, "%s %" PRIu64 "..%" PRIu64 " of %" PRIu64 " %d %.*s",
                     piece->format->name, piece->in.begin, piece->in.end, piece->in.size,
                     input_read(&piece->in, piece->in.begin, &first, 1, err) == 1 ? first : -1,
                     (int)piece->in.name.len, piece->in.name.ptr);
    return worker_send(port, HOSTILE_TEXT, span_of(text, (size_t)n), err);
}

static bool on_work(void *ctx, const Piece *piece, WorkerPort *port, Err *err)
{
    (void)ctx;
    return piece->format == &test_hostile_format ? hostile_act(piece, port, err)
                                                 : report_piece(piece, port, err);
}

/* scan-crash and scan-refuse do so; all others send a block "scanned SIZE". */
static bool on_scan(void *ctx, const Piece *piece, WorkerPort *port, Err *err)
{
    char text[64];
    (void)ctx;
    must(piece->format == NULL && input_is_whole(&piece->in), "a scan of a part");
    if (text_equal(piece->in.name, TEXT("scan-crash")))
        abort();
    if (text_equal(piece->in.name, TEXT("scan-refuse")))
        return err_set(err, ERR_FORMAT, 1, "a scan that was refused");
    int n = snprintf(text, sizeof text, "scanned %" PRIu64, piece->in.size);
    return worker_send(port, HOSTILE_TEXT, span_of(text, (size_t)n), err);
}

static bool on_takes(void *ctx, const Format *format)
{
    const EngineTest *test = ctx;
    return !test->takes_only || strcmp(format->name, test->takes_only) == 0;
}

static bool on_known(void *ctx, const Item *item)
{
    EngineTest *test = ctx;
    return test->known(test, item);
}

static bool on_wants(void *ctx, const Item *item, uint32_t item_index)
{
    EngineTest *test = ctx;
    must(&test->items.items[item_index] == item, "item and index disagree");
    return test->wants(test, item);
}

static bool on_wants_piece(void *ctx, uint32_t item_index, uint64_t begin, uint64_t end)
{
    EngineTest *test = ctx;
    return test->wants_piece(test, &test->items.items[item_index], begin, end);
}

static void add_name(EngineTest *test, const Item *item)
{
    Quoted name = quote(item->name.ptr, item->name.len);
    buf_printf(&test->log, " %s ", name.str);
}

static bool on_receive(void *ctx, const PieceAt *at, uint8_t type, Span block, Err *err)
{
    EngineTest *test = ctx;
    const Item *item = at->item;
    must(&test->items.items[at->index] == item, "item and index disagree");
    must(!test->hash || item->hashed || test->hash_may_fail, "a block before the item's hash");
    if (type == HOSTILE_REFUSED)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "type %u", (unsigned)type);
    test->blocks++;
    BUF_LITERAL(&test->log, "B");
    add_name(test, item);
    buf_printf(&test->log, "%u %zu ", (unsigned)type, block.len);
    if (block.len <= SHOWN)
        buf_add_text(&test->log, text_from_span(block));
    else
        buf_add_hex(&test->log, hash64(block.ptr, block.len, 0));
    BUF_LITERAL(&test->log, "\n");
    test->block = block;
    return !test->on_block || test->on_block(test, item, type, err);
}

static bool on_defect(void *ctx, const PieceAt *at, DefectKind kind, uint64_t offset, uint64_t size,
                      Text text, Err *err)
{
    (void)size;
    (void)err;
    EngineTest *test = ctx;
    BUF_LITERAL(&test->log, "D");
    add_name(test, at->item);
    buf_printf(&test->log, "%s ", kind == DEFECT_NOTE ? "note" : "damage");
    if (offset == ERR_NO_OFFSET)
        BUF_LITERAL(&test->log, "-");
    else
        buf_add_u64(&test->log, offset);
    BUF_LITERAL(&test->log, " ");
    buf_add_text(&test->log, text);
    BUF_LITERAL(&test->log, "\n");
    return true;
}

static bool on_finished(void *ctx, const Item *item, uint32_t item_index, ItemState state,
                        const Format *format, Err *err)
{
    EngineTest *test = ctx;
    (void)err;
    must(&test->items.items[item_index] == item && item->state == state, "the states disagree");
    BUF_LITERAL(&test->log, "E");
    add_name(test, item);
    buf_printf(&test->log, "%s %s\n", STATES[state], format ? format->name : "-");
    return true;
}

void engine_test_init(EngineTest *test)
{
    /* cmocka's handlers would make a worker's crash go on as a test. */
    static const int FAULTS[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS};
    for (size_t i = 0; i < sizeof FAULTS / sizeof *FAULTS; i++)
        signal(FAULTS[i], SIG_DFL);
    *test = (EngineTest){.options = {.workers = 2, .hang_ms = 20000}};
    const char *base = getenv("TMPDIR");
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/engine-XXXXXX", base ? base : ".");
    must(n > 0 && (size_t)n < sizeof path && mkdtemp(path), "a folder for the test");
    test->folder = strdup(path);
    must(test->folder != NULL, "memory");
    buf_init(&test->log, SIZE_MAX / 2);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void engine_test_done(EngineTest *test)
{
    engine_stop(test->engine);
    nftw(test->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(test->folder);
    item_list_done(&test->items);
    arena_destroy(test->arena);
    buf_done(&test->log);
}

char *engine_test_path(const EngineTest *test, const char *name)
{
    char *path = NULL;
    must(asprintf(&path, "%s/%s", test->folder, name) > 0, "memory");
    return path;
}

void engine_test_bytes(EngineTest *test, const char *name, Span bytes, uint64_t size)
{
    char *path = engine_test_path(test, name);
    for (char *at = path + strlen(test->folder) + 1; (at = strchr(at, '/')); at++) {
        *at = '\0';
        must(mkdir(path, 0700) == 0 || errno == EEXIST, path);
        *at = '/';
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    must(fd >= 0, path);
    while (bytes.len) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        must(n > 0, path);
        bytes = span_of(bytes.ptr + n, bytes.len - (size_t)n);
    }
    must(!size || ftruncate(fd, (off_t)size) == 0, path);
    close(fd);
    free(path);
}

void engine_test_large(EngineTest *test, const char *name, const char *text, uint64_t size)
{
    size_t len = strlen(text);
    engine_test_bytes(test, name, span_of(text, len), size > len ? size : 0);
}

void engine_test_box(EngineTest *test, const char *name, Buf *box)
{
    must(!box->failed, "memory");
    engine_test_bytes(test, name, buf_span(box), 0);
    buf_done(box);
}

void engine_test_file(EngineTest *test, const char *name, const char *text)
{
    engine_test_large(test, name, text, 0);
}

void engine_test_mixture(EngineTest *test)
{
    for (int folder = 0; folder < 4; folder++) {
        for (int i = 0; i < 6; i++) {
            char name[64], text[64];
            snprintf(name, sizeof name, "d%d/f%d", folder, i);
            snprintf(text, sizeof text, "CONSTAT-TEST text %d\n", i);
            engine_test_file(test, name, text);
        }
    }
    engine_test_file(test, "d0/f2", "CONSTAT-TEST text-then-crash 3\n");
    engine_test_file(test, "d1/f3", "CONSTAT-TEST refused 2\n");
    engine_test_file(test, "d2/f0", "CONSTAT-TEST fill 30\n");
    engine_test_file(test, "d2/f4", "");
    engine_test_file(test, "d3/f1", "something else\n");
    engine_test_file(test, "d3/f2", "TRAP");
    engine_test_file(test, "d3/f3", "EITHER");
    engine_test_large(test, "e/lines", "LINES\n", (20 << 20) + 5);
    engine_test_large(test, "e/uncut", "LINES of one piece\n", 9 << 20);
    engine_test_large(test, "e/units", "UNITS\n", (20 << 20) + 100);
    engine_test_large(test, "e/whole", "WHOLE\n", 30 << 20);
    engine_test_large(test, "e/strange", "no format\n", 10 << 20);
    engine_test_file(test, "f/fill", "CONSTAT-TEST fill 40\n");
    engine_test_file(test, "g/fill", "CONSTAT-TEST fill 40\n");
}

bool engine_test_collect(EngineTest *test)
{
    item_list_done(&test->items);
    arena_destroy(test->arena);
    test->arena = arena_create((size_t)64 * 1024 * 1024);
    const char *paths[] = {test->folder};
    return test->arena &&
           evidence_collect(test->arena, paths, 1, NULL, NULL, NULL, &test->items, &test->err);
}

bool engine_test_run_listed(EngineTest *test)
{
    buf_clear(&test->log);
    test->blocks = 0;
    test->err = (Err){.offset = ERR_NO_OFFSET};
    if (!test->engine) {
        test->job = (Job){.prepare = on_prepare,
                          .work = on_work,
                          .takes = on_takes,
                          .receive = on_receive,
                          .defect = on_defect,
                          .finished = on_finished,
                          .scan = test->scan ? on_scan : NULL,
                          .ctx = test,
                          .known = test->known ? on_known : NULL,
                          .wants = test->wants ? on_wants : NULL,
                          .wants_piece = test->wants_piece ? on_wants_piece : NULL,
                          .ordered = test->ordered,
                          .hash_items = test->hash};
        test->engine = engine_start(&test->job, &test->options, &test->err);
    }
    if (!test->engine)
        return false;
    bool ok = engine_run(test->engine, &test->items, &test->stats, &test->err);
    if (!test->keep_engine) {
        engine_stop(test->engine);
        test->engine = NULL;
    }
    must(!test->log.failed, "memory");
    return ok;
}

bool engine_test_run(EngineTest *test)
{
    return engine_test_collect(test) && engine_test_run_listed(test);
}

const char *engine_test_log(EngineTest *test)
{
    buf_add_char(&test->log, '\0');
    must(!test->log.failed, "memory");
    test->log.len--;
    return test->log.ptr;
}

unsigned engine_test_count(const EngineTest *test, const char *prefix, const char *part)
{
    unsigned count = 0;
    Text rest = buf_text(&test->log);
    while (rest.len) {
        Text line = text_cut(&rest, '\n');
        if (text_starts(line, text_from_z(prefix)) &&
            (!*part || text_find_text(line, text_from_z(part)) != SIZE_MAX))
            count++;
    }
    return count;
}

static int compare_lines(const void *a, const void *b)
{
    return text_compare(*(const Text *)a, *(const Text *)b);
}

char *engine_test_sorted(const EngineTest *test)
{
    Text rest = buf_text(&test->log);
    Text *lines = calloc(rest.len + 1, sizeof *lines);
    char *out = malloc(rest.len + 1);
    must(lines && out, "memory");
    size_t count = 0, len = 0;
    while (rest.len)
        lines[count++] = text_cut(&rest, '\n');
    if (count)
        qsort(lines, count, sizeof *lines, compare_lines);
    for (size_t i = 0; i < count; i++) {
        if (lines[i].len)
            memcpy(out + len, lines[i].ptr, lines[i].len);
        len += lines[i].len;
        out[len++] = '\n';
    }
    out[len] = '\0';
    free(lines);
    return out;
}

ItemState engine_test_state(const EngineTest *test, const char *name)
{
    for (size_t i = 0; i < test->items.count; i++)
        if (text_equal(test->items.items[i].name, text_from_z(name)))
            return test->items.items[i].state;
    must(false, name);
    return ITEM_WAITING;
}
