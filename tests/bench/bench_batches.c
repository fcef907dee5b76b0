/* bench_batches.c: what it costs to make batches of evidence, part by part.
 *
 *   bench_batches [-d|-p] [-r RUNS] KNOWLEDGE-FOLDER FILE…
 *
 * Built when asked for: cmake --build --preset release --target bench_batches
 *
 * Files that no format knows are left out. All are read into memory first. Each of RUNS (5) rounds
 * goes through all files for each part in turn; the figures are medians of processor time of one
 * core. -p: parsing with everything on and batch_open only, for a profiler. -d: instead digests of
 * all batches and defects, and of all segments, of each file, by which two builds are compared. */
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "event/batch.h"
#include "event/schema.h"
#include "event/segment.h"
#include "event/sink.h"
#include "format/format.h"

#define RUNS_MAX    99
#define SEGMENT_MAX (128u * 1024 * 1024)

typedef struct File {
    const char *name;
    Span bytes;
    const Format *format;
} File;

typedef enum Part {
    PART_SHA256, /* of the bytes */
    PART_BARE,   /* parsing to batches of native fields only */
    PART_ALL,    /* … with actions, ECS and twins */
    PART_CHECK,  /* batch_open of these batches */
    PART_PACK_1, /* segments of them, at two levels of zstd */
    PART_PACK_3,
    PART_UNPACK,
    PART_COUNT
} Part;

static const char *const PART_TEXT[PART_COUNT] = {
    [PART_SHA256] = "SHA-256 of the items",  [PART_BARE] = "parsing, native fields only",
    [PART_ALL] = "parsing, everything on",   [PART_CHECK] = "batch_open",
    [PART_PACK_1] = "segment_pack, level 1", [PART_PACK_3] = "segment_pack, level 3",
    [PART_UNPACK] = "segment_unpack",
};

typedef struct Run {
    bool extras; /* time the parts after PART_ALL too */
    double seconds[PART_COUNT];
    double away; /* seconds spent outside the parser */
    uint64_t events, batches, batch_bytes, packed_1, packed_3;
    uint64_t digest, segments; /* of batches and defects; of segments */
    uint64_t defects;
} Run;

/* What packing needs, kept over all segments. */
static struct {
    SegmentCodec *codec;
    Buf parts[SEGMENT_PARTS], dictionary, back;
} packer;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void init_packer(void)
{
    packer.codec = segment_codec_create();
    if (!packer.codec)
        abort();
    for (unsigned p = 0; p < SEGMENT_PARTS; p++)
        buf_init(&packer.parts[p], SEGMENT_MAX);
    buf_init(&packer.dictionary, SEGMENT_MAX);
    buf_init(&packer.back, SEGMENT_MAX);
}

static void done_packer(void)
{
    segment_codec_destroy(packer.codec);
    for (unsigned p = 0; p < SEGMENT_PARTS; p++)
        buf_done(&packer.parts[p]);
    buf_done(&packer.dictionary);
    buf_done(&packer.back);
}

static void pack(Run *run, Span batch, int level, Part part, uint64_t *packed)
{
    Err err = {.code = ERR_NONE};
    double start = now();
    for (unsigned p = 0; p < SEGMENT_PARTS; p++)
        buf_clear(&packer.parts[p]);
    if (!segment_pack_all(packer.codec, batch, level, packer.parts, &err))
        abort();
    run->seconds[part] += now() - start;
    for (unsigned p = 0; p < SEGMENT_PARTS; p++) {
        *packed += packer.parts[p].len;
        run->segments = hash64(packer.parts[p].ptr, packer.parts[p].len, run->segments);
    }
}

static void unpack(Run *run, Span batch)
{
    Err err = {.code = ERR_NONE};
    Span parts[SEGMENT_PARTS];
    for (unsigned p = 0; p < SEGMENT_PARTS; p++)
        parts[p] = buf_span(&packer.parts[p]);
    double start = now();
    buf_clear(&packer.back);
    if (!segment_unpack(packer.codec, parts, &packer.dictionary, &packer.back, &err) ||
        !span_equal(buf_span(&packer.back), batch))
        abort();
    run->seconds[PART_UNPACK] += now() - start;
}

static bool take_batch(void *ctx, Span bytes, Err *err)
{
    Run *run = ctx;
    Batch batch;
    double start = now();
    if (!batch_open(bytes, &batch, err))
        abort();
    double opened = now();
    run->seconds[PART_CHECK] += opened - start;
    run->batches++;
    run->events += batch.event_count;
    run->batch_bytes += bytes.len;
    run->digest = hash64(bytes.ptr, bytes.len, run->digest);
    if (run->extras) {
        pack(run, bytes, 1, PART_PACK_1, &run->packed_1);
        pack(run, bytes, 3, PART_PACK_3, &run->packed_3);
        unpack(run, bytes);
    }
    run->away += now() - start;
    return true;
}

static void take_defect(void *ctx, DefectKind kind, uint64_t offset, uint64_t size, Text text)
{
    Run *run = ctx;
    uint64_t head[3] = {(uint64_t)kind, offset, size};
    run->defects++;
    run->digest = hash64(head, sizeof head, run->digest);
    run->digest = hash64(text.ptr, text.len, run->digest);
}

static void parse(const File *file, const Schema *schema, unsigned wants, Run *run, Part part)
{
    SinkOwner owner = {.batch = take_batch, .defect = take_defect, .ctx = run};
    FormatOptions options = {.recover = false};
    Input in = input_from_memory(file->bytes);
    Err err = {.code = ERR_NONE};
    run->away = 0;
    double start = now();
    Sink *sink = sink_create(schema, &owner, wants);
    bool ok = sink && file->format->parse(&in, &options, sink, &err) && sink_flush(sink, &err);
    sink_destroy(sink);
    run->seconds[part] += now() - start - run->away;
    if (!ok)
        fprintf(stderr, "%s: %s\n", file->name, err.text);
}

static void hash_item(const File *file, Run *run)
{
    Sha256 hash;
    double start = now();
    Sha256Stream *stream = sha256_create();
    if (!stream || !sha256_update(stream, file->bytes) || !sha256_final(stream, &hash))
        abort();
    sha256_destroy(stream);
    run->seconds[PART_SHA256] += now() - start;
}

static bool load(const char *name, File *ret)
{
    FILE *in = fopen(name, "rb");
    if (!in || fseek(in, 0, SEEK_END) != 0)
        return false;
    long size = ftell(in);
    uint8_t *bytes = size > 0 ? malloc((size_t)size) : NULL;
    rewind(in);
    bool ok = bytes && fread(bytes, 1, (size_t)size, in) == (size_t)size;
    fclose(in);
    if (!ok)
        return false;
    Span span = span_of(bytes, (size_t)size);
    Span head = span_of(bytes, span.len < FORMAT_PROBE_BYTES ? span.len : FORMAT_PROBE_BYTES);
    const Format *tie;
    *ret = (File){name, span, format_identify(head, span.len, &tie)};
    if (!ret->format || !ret->format->parse)
        free(bytes);
    return ret->format && ret->format->parse;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, compare);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static void print_digests(const File *files, size_t count, const Schema *schema)
{
    for (size_t i = 0; i < count; i++) {
        Run run = {.extras = true};
        parse(&files[i], schema, SINK_WANTS_ALL, &run, PART_ALL);
        printf("%016" PRIx64 " %016" PRIx64 " %8" PRIu64 " events %4" PRIu64 " batches %4" PRIu64
               " defects  %s\n",
               run.digest, run.segments, run.events, run.batches, run.defects, files[i].name);
    }
}

static void print_figures(double seconds[PART_COUNT][RUNS_MAX], size_t runs, const Run *last,
                          uint64_t bytes, size_t files)
{
    double events = (double)last->events;
    printf("%zu files, %.1f MB, %.0f events of %.0f bytes, %" PRIu64 " batches, %zu runs\n", files,
           (double)bytes / 1e6, events, (double)bytes / events, last->batches, runs);
    for (unsigned part = 0; part < PART_COUNT; part++) {
        double s = median(seconds[part], runs);
        if (s == 0)
            continue;
        printf("%-28s %8.0f ns/event %11.0f events/s, best %8.0f ns\n", PART_TEXT[part],
               s * 1e9 / events, events / s, seconds[part][0] * 1e9 / events);
    }
    printf("%-28s %8.1f bytes/event; segments %.1f at level 1, %.1f at level 3\n", "batches",
           (double)last->batch_bytes / events, (double)last->packed_1 / events,
           (double)last->packed_3 / events);
}

static void measure(const File *files, size_t count, const Schema *schema, size_t runs, bool extras)
{
    static double seconds[PART_COUNT][RUNS_MAX];
    Run run = {.extras = extras};
    uint64_t bytes = 0;
    for (size_t r = 0; r < runs; r++) {
        Run bare = {.extras = false};
        run = (Run){.extras = extras};
        bytes = 0;
        for (size_t i = 0; i < count; i++)
            bytes += files[i].bytes.len;
        for (size_t i = 0; extras && i < count; i++) {
            hash_item(&files[i], &run);
            parse(&files[i], NULL, SINK_NO_ECS | SINK_NO_TWINS, &bare, PART_BARE);
        }
        for (size_t i = 0; i < count; i++)
            parse(&files[i], schema, SINK_WANTS_ALL, &run, PART_ALL);
        run.seconds[PART_BARE] = bare.seconds[PART_BARE];
        for (unsigned part = 0; part < PART_COUNT; part++)
            seconds[part][r] = run.seconds[part];
    }
    print_figures(seconds, runs, &run, bytes, count);
}

/* As a worker does: freed memory is kept. */
static void keep_freed_memory(void)
{
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_TOP_PAD, 1 << 20);
}

int main(int argc, char **argv)
{
    bool digests = false, extras = true;
    uint64_t runs = 5;
    Err err = {.code = ERR_NONE};
    for (int option; (option = getopt(argc, argv, "dpr:")) != -1;) {
        if (option == 'd')
            digests = true;
        else if (option == 'p')
            extras = false;
        else if (option != 'r' || !text_to_u64(text_from_z(optarg), &runs) || runs < 1 ||
                 runs > RUNS_MAX)
            optind = argc;
    }
    if (argc - optind < 2) {
        fprintf(stderr, "usage: bench_batches [-d|-p] [-r RUNS] KNOWLEDGE-FOLDER FILE...\n");
        return 2;
    }
    keep_freed_memory();
    init_packer();
    const char *folders[] = {argv[optind]};
    Schema *schema = schema_load(folders, 1, &err);
    File *files = calloc((size_t)argc, sizeof *files);
    if (!schema || !files) {
        fprintf(stderr, "%s\n", err.text);
        return 2;
    }
    size_t count = 0;
    for (int i = optind + 1; i < argc; i++)
        count += load(argv[i], &files[count]);
    if (digests)
        print_digests(files, count, schema);
    else if (count)
        measure(files, count, schema, (size_t)runs, extras);
    schema_destroy(schema);
    done_packer();
    return 0;
}
