/* bench_case.c: what a case costs: adding, closing, looking at all of it.
 *
 *   bench_case KNOWLEDGE-FOLDER CASE-FOLDER EVENTS TWINS-PERCENT FILE…
 *
 * The files are parsed once into memory. Then their batches are added again and again as items of
 * their own, each round with times and twin keys of its own, until there are EVENTS; of these
 * TWINS-PERCENT are added with the keys of the round before, so that they are twins of it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "event/schema.h"
#include "event/sink.h"
#include "format/format.h"
#include "store/scan.h"

#define BATCHES_MAX 100000
#define DAY         (INT64_C(86400) * NANOSECONDS_PER_SECOND)

typedef struct Kept {
    uint8_t *bytes;
    size_t len;
    uint32_t file;
} Kept;

static Kept kept[BATCHES_MAX];
static size_t kept_count;
static uint32_t file_now;
static uint64_t kept_events, kept_bytes;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu(int who)
{
    struct rusage u;
    getrusage(who, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void die(const char *what, const Err *err)
{
    fprintf(stderr, "%s: %s\n", what, err->text);
    exit(2);
}

static bool keep_batch(void *ctx, Span bytes, Err *err)
{
    Batch batch;
    (void)ctx;
    if (!batch_open(bytes, &batch, err) || kept_count == BATCHES_MAX)
        return false;
    Kept *k = &kept[kept_count++];
    *k = (Kept){.bytes = malloc(bytes.len), .len = bytes.len, .file = file_now};
    memcpy(k->bytes, bytes.ptr, bytes.len);
    kept_events += batch.event_count;
    kept_bytes += bytes.len;
    return true;
}

static void no_defect(void *ctx, DefectKind kind, uint64_t offset, uint64_t size, Text text)
{
    (void)ctx, (void)kind, (void)offset, (void)size, (void)text;
}

static void no_progress(void *ctx, uint64_t offset)
{
    (void)ctx, (void)offset;
}

static void parse(const char *name, const Schema *schema)
{
    FILE *in = fopen(name, "rb");
    struct stat st;
    if (!in || fstat(fileno(in), &st) != 0 || st.st_size == 0)
        return;
    uint8_t *bytes = malloc((size_t)st.st_size);
    size_t len = fread(bytes, 1, (size_t)st.st_size, in);
    fclose(in);
    const Format *tie,
        *format = format_identify(
            span_of(bytes, len < FORMAT_PROBE_BYTES ? len : FORMAT_PROBE_BYTES), len, &tie);
    if (format && format->parse) {
        SinkOwner owner = {.batch = keep_batch, .defect = no_defect, .progress = no_progress};
        FormatOptions options = {.recover = false};
        Input input = input_from_memory(span_of(bytes, len));
        Err err = {0};
        Sink *sink = sink_create(schema, &owner, SINK_WANTS_ALL);
        (void)format->parse(&input, &options, sink, &err);
        (void)sink_flush(sink, &err);
        sink_destroy(sink);
    }
    free(bytes);
}

/* The batch of this round: other times, other keys. */
static void turn(Kept *k, uint64_t round, bool twin, uint8_t *to, Batch *ret)
{
    Err err = {0};
    memcpy(to, k->bytes, k->len);
    if (!batch_open(span_of(to, k->len), ret, &err))
        die("batch", &err);
    uint64_t key = (twin ? round - 1 : round) * UINT64_C(0x9e3779b97f4a7c15);
    for (uint32_t row = 0; row < ret->event_count; row++) {
        uint8_t *at = to + (ret->time - to) + 8 * (size_t)row;
        int64_t time = (int64_t)load_u64le(at);
        if (time != TIME_NONE)
            store_u64le(at, (uint64_t)(time + (int64_t)(round % 1000) * DAY));
        at = to + (ret->twin - to) + 8 * (size_t)row;
        if (load_u64le(at))
            store_u64le(at, (load_u64le(at) ^ key) | 1);
    }
}

static void add_round(Store *store, uint64_t round, unsigned twins, double *spent)
{
    static uint8_t *room;
    Err err = {0};
    if (!room)
        room = malloc(BATCH_BYTES_MAX);
    for (size_t i = 0; i < kept_count;) {
        char path[64];
        int n = snprintf(path, sizeof path, "round%" PRIu64 "/%u.evtx", round, kept[i].file);
        Item item = {.path = text_of(path, (size_t)n), .size = UINT64_C(1) << 40, .hashed = true};
        store_u64le(item.sha256.bytes, round);
        store_u32le(item.sha256.bytes + 8, kept[i].file);
        uint32_t number, file = kept[i].file;
        bool known, twin = round && file % 100 < twins;
        double start = now();
        if (!store_item(store, &item, 0, &number, &known, &err))
            die("item", &err);
        *spent += now() - start;
        uint64_t events = 0;
        for (; i < kept_count && kept[i].file == file && !known; i++) {
            Batch batch;
            turn(&kept[i], round, twin, room, &batch);
            start = now();
            if (!store_batch(store, number, 0, &batch, &err))
                die("batch", &err);
            *spent += now() - start;
            events += batch.event_count;
        }
        ItemEnd end = {.state = ITEM_DONE, .format = TEXT("evtx")};
        start = now();
        if (!store_piece_done(store, number, 0, 1, events, &err) ||
            !store_item_done(store, number, &end, &err))
            die("done", &err);
        *spent += now() - start;
    }
}

/* ---- reading ---- */

static bool nothing(void *ctx, const ScanSegment *segment, Buf *out, Err *err)
{
    (void)ctx, (void)segment, (void)out, (void)err;
    return true;
}

static bool no_values(void *ctx, const Batch *dictionary)
{
    (void)ctx;
    return memmem(dictionary->value_bytes.ptr, dictionary->value_bytes.len, "qqzzqqzz", 8) != NULL;
}

static void measure_map(Store *store, const char *what, const ScanFilter *filter,
                        bool (*values)(void *, const Batch *), unsigned workers)
{
    ScanJob job = {.map = nothing, .wants_values = values};
    ScanStats stats;
    Err err = {0};
    double start = now(), before = cpu(RUSAGE_CHILDREN);
    if (!store_map(store, filter, &job, workers, &stats, &err))
        die("map", &err);
    double wall = now() - start;
    printf("%-34s %7.2f s wall %7.2f s cpu %10" PRIu64 " events, %" PRIu64 " segments, %" PRIu64
           " + %" PRIu64 " passed over\n",
           what, wall, cpu(RUSAGE_CHILDREN) - before, stats.events, stats.segments,
           stats.skipped_by_summary, stats.skipped_by_values);
}

static bool project(void *ctx, const ScanSegment *segment, uint32_t row, Buf *out, Err *err)
{
    (void)ctx, (void)segment, (void)row, (void)err;
    BUF_LITERAL(out, "x");
    return true;
}

static bool each(void *ctx, const ScanKey *key, Span projected, Err *err)
{
    (void)key, (void)projected, (void)err;
    ++*(uint64_t *)ctx;
    return true;
}

static void measure_scan(Store *store, const char *what, uint64_t limit)
{
    uint64_t count = 0;
    ScanOrder order = {.project = project, .each = each, .ctx = &count, .limit = limit};
    ScanStats stats;
    Err err = {0};
    double start = now();
    if (!store_scan(store, NULL, &order, 2, &stats, &err))
        die("scan", &err);
    printf("%-34s %7.2f s wall %10" PRIu64 " given, %" PRIu64 " of %" PRIu64
           " segments passed over\n",
           what, now() - start, count, stats.skipped_by_summary, stats.segments);
}

int main(int argc, char **argv)
{
    Err err = {0};
    uint64_t wanted, twins;
    if (argc < 6 || !text_to_u64(text_from_z(argv[3]), &wanted) ||
        !text_to_u64(text_from_z(argv[4]), &twins)) {
        fprintf(stderr, "usage: bench_case KNOWLEDGE CASE EVENTS TWINS-PERCENT FILE...\n");
        return 2;
    }
    const char *folders[] = {argv[1]};
    Schema *schema = schema_load(folders, 1, &err);
    if (!schema)
        die("tables", &err);
    for (int i = 5; i < argc; i++, file_now++)
        parse(argv[i], schema);
    printf("%u files, %" PRIu64 " events, %zu batches, %.1f bytes an event\n", file_now,
           kept_events, kept_count, (double)kept_bytes / (double)kept_events);
    StoreOptions options = {.mode = STORE_WRITE};
    RunInfo info = {.command = TEXT("bench")};
    Store *store = store_open(argv[2], &options, &err);
    if (!store || !store_run_begin(store, &info, &err))
        die("open", &err);
    uint64_t events = 0;
    double spent = 0, cpu_before = cpu(RUSAGE_SELF), start = now();
    for (uint64_t round = 0; events < wanted; round++, events += kept_events)
        add_round(store, round, (unsigned)twins, &spent);
    if (!store_commit(store, &err))
        die("commit", &err);
    printf("adding: %" PRIu64 " events, %.2f s in the store, %.0f events/s, %.0f ns an event "
           "(all: %.2f s wall, %.2f s cpu)\n",
           events, spent, (double)events / spent, spent * 1e9 / (double)events, now() - start,
           cpu(RUSAGE_SELF) - cpu_before);
    RunResult result;
    double children = cpu(RUSAGE_CHILDREN);
    cpu_before = cpu(RUSAGE_SELF);
    start = now();
    if (!store_run_end(store, 2, &result, &err))
        die("end", &err);
    printf("closing: %.2f s wall, %.2f + %.2f s cpu, %" PRIu64 " twins\n", now() - start,
           cpu(RUSAGE_SELF) - cpu_before, cpu(RUSAGE_CHILDREN) - children, result.twins);
    store_close(store);
    struct stat st;
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/case.sqlite", argv[2]);
    if (n > 0 && stat(path, &st) == 0)
        printf("case: %.1f MB, %.1f bytes an event\n", (double)st.st_size / 1e6,
               (double)st.st_size / (double)events);
    options.mode = STORE_READ;
    store = store_open(argv[2], &options, &err);
    if (!store)
        die("open", &err);
    const StoredItem *items;
    size_t count;
    start = now();
    if (!store_items(store, &items, &count, &err))
        die("items", &err);
    printf("items and summaries: %.3f s\n", now() - start);
    measure_map(store, "map over all, 1 process", NULL, NULL, 1);
    measure_map(store, "map over all, 2 processes", NULL, NULL, 2);
    measure_map(store, "values alone, 2 processes", NULL, no_values, 2);
    ScanFilter day = {.from = INT64_C(1590000000) * NANOSECONDS_PER_SECOND};
    day.to = day.from + 3 * DAY;
    measure_map(store, "values alone, three days", &day, no_values, 2);
    measure_map(store, "map, three days", &day, NULL, 2);
    measure_scan(store, "first 100 in order", 100);
    measure_scan(store, "all in order", 0);
    store_close(store);
    schema_destroy(schema);
    return 0;
}
