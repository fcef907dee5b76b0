/* bench_sink.c: how fast the sink takes events and batch_open checks them.
 *
 *   bench_sink KNOWLEDGE-FOLDER [EVENTS]
 *
 * Not part of the build; in a release build's folder:
 *
 *   cc -O2 -std=c17 -D_GNU_SOURCE -I SRC tests/bench/bench_sink.c libconstat_event.a \
 *      libconstat_base.a -lcrypto -ldeflate -lzstd -lxxhash -lm -o bench_sink
 *
 * The events look like process creations of the Security log: 14 System fields and 15 of their
 * own, as UTF-16 and as binary values, with the repetition that logs have. One core; each line is
 * the best of three runs. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "event/batch.h"
#include "event/schema.h"
#include "event/segment.h"
#include "event/sink.h"
#include "event/twin.h"

#define FIELD_MAX 40
#define RUNS      3

typedef struct Totals {
    uint64_t batches, bytes, events;
    double check_seconds;
    uint64_t packed;
    double pack_seconds, unpack_seconds;
    bool pack;
} Totals;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void pack(Totals *totals, Span bytes)
{
    static SegmentCodec *codec;
    static Buf packed[SEGMENT_PARTS], dictionary, back;
    Span parts[SEGMENT_PARTS];
    Err err = {0};
    if (!codec) {
        codec = segment_codec_create();
        buf_init(&dictionary, 128u * 1024 * 1024);
        buf_init(&back, 128u * 1024 * 1024);
        for (unsigned p = 0; p < SEGMENT_PARTS; p++)
            buf_init(&packed[p], 128u * 1024 * 1024);
    }
    buf_clear(&back);
    double start = now();
    for (unsigned p = 0; p < SEGMENT_PARTS; p++) {
        buf_clear(&packed[p]);
        if (!segment_pack(codec, bytes, (SegmentPart)p, SEGMENT_LEVEL, &packed[p], &err))
            abort();
        parts[p] = buf_span(&packed[p]);
        totals->packed += packed[p].len;
    }
    double middle = now();
    if (!segment_unpack(codec, parts, &dictionary, &back, &err) ||
        !span_equal(buf_span(&back), bytes))
        abort();
    totals->unpack_seconds += now() - middle;
    totals->pack_seconds += middle - start;
}

static bool take_batch(void *ctx, Span bytes, Err *err)
{
    Totals *totals = ctx;
    Batch batch;
    double start = now();
    if (!batch_open(bytes, &batch, err))
        return false;
    totals->check_seconds += now() - start;
    totals->batches++;
    totals->bytes += bytes.len;
    totals->events += batch.event_count;
    if (totals->pack)
        pack(totals, bytes);
    return true;
}

/* The text of a field in an event, as UTF-16LE: of `variety` different ones. */
typedef struct Field {
    const char *name;
    const char *text;
    unsigned variety;
} Field;

static const Field FIELDS[] = {
    {"System.Provider.Name", "Microsoft-Windows-Security-Auditing", 1},
    {"System.Provider.Guid", "{54849625-5478-4994-A5BA-3E3B0328C30D}", 1},
    {"System.Channel", "Security", 1},
    {"System.Computer", "ws%u.court.example.org", 3},
    {"SubjectUserSid", "S-1-5-21-3623811015-3361044348-30300820-%u", 40},
    {"SubjectUserName", "user%u", 40},
    {"SubjectDomainName", "COURT", 1},
    {"SubjectLogonId", "0x%x", 300},
    {"NewProcessId", "0x%x", 1000000},
    {"NewProcessName", "C:\\Windows\\System32\\program%u.exe", 200},
    {"TokenElevationType", "%%1936", 1},
    {"ProcessId", "0x%x", 2000},
    {"CommandLine", "\"C:\\Windows\\System32\\program%u.exe\" /quiet /run:all -k netsvcs", 3000},
    {"TargetUserSid", "S-1-0-0", 1},
    {"TargetUserName", "-", 1},
    {"TargetDomainName", "-", 1},
    {"TargetLogonId", "0x0", 1},
    {"ParentProcessName", "C:\\Windows\\explorer%u.exe", 60},
    {"MandatoryLabel", "S-1-16-%u", 4},
    {"IpAddress", "10.1.2.%u", 200},
};
#define FIELD_COUNT (sizeof FIELDS / sizeof FIELDS[0])

/* The values of STREAM_EVENTS events one behind the other, as a log holds them: two bytes of
 * length, then UTF-16LE. */
#define STREAM_EVENTS 8192
#define STREAM_BYTES  (STREAM_EVENTS * FIELD_COUNT * 256)

static void fill_stream(uint8_t *out)
{
    uint32_t random = 1;
    for (size_t i = 0; i < STREAM_EVENTS * FIELD_COUNT; i++) {
        const Field *field = &FIELDS[i % FIELD_COUNT];
        char text[120];
        random = random * 1664525 + 1013904223;
        const char *at = strstr(field->text, "%u");
        const char *hex = strstr(field->text, "%x");
        const char *mark = at ? at : hex;
        unsigned number = (random >> 8) % field->variety;
        int n = mark ? snprintf(text, sizeof text, "%.*s%.*u%s", (int)(mark - field->text),
                                field->text, hex ? 4 : 1, number, mark + 2)
                     : snprintf(text, sizeof text, "%s", field->text);
        if (n < 0 || n >= (int)sizeof text)
            abort();
        *out++ = (uint8_t)(2 * n);
        *out++ = 0;
        for (int c = 0; c < n; c++) {
            *out++ = (uint8_t)text[c];
            *out++ = 0;
        }
    }
}

static double run(const Schema *schema, unsigned wants, const uint8_t *stream, uint64_t count,
                  Totals *totals)
{
    SinkOwner owner = {.batch = take_batch, .ctx = totals};
    Sink *sink = sink_create(schema, &owner, wants);
    NameId names[FIELD_COUNT], numbers[4];
    EventKind kind = {.product = TEXT("windows"),
                      .channel = TEXT("Security"),
                      .provider = TEXT("Microsoft-Windows-Security-Auditing"),
                      .code = TEXT("4688")};
    for (size_t f = 0; f < FIELD_COUNT; f++)
        names[f] = sink_name(sink, text_from_z(FIELDS[f].name));
    numbers[0] = sink_name(sink, TEXT("System.EventID"));
    numbers[1] = sink_name(sink, TEXT("System.EventRecordID"));
    numbers[2] = sink_name(sink, TEXT("System.TimeCreated"));
    numbers[3] = sink_name(sink, TEXT("System.Execution.ProcessID"));
    const uint8_t *at = stream;
    double start = now();
    for (uint64_t i = 0; i < count; i++) {
        sink_add_u64(sink, numbers[0], VALUE_UINT, 4688);
        sink_add_u64(sink, numbers[1], VALUE_UINT, i);
        sink_add_u64(sink, numbers[2], VALUE_FILETIME, UINT64_C(132539328000000000) + i * 1234567);
        sink_add_u64(sink, numbers[3], VALUE_UINT, 4);
        if (i % STREAM_EVENTS == 0)
            at = stream;
        for (size_t f = 0; f < FIELD_COUNT; f++) {
            size_t len = load_u16le(at);
            sink_add_utf16(sink, names[f], span_of(at + 2, len));
            at += 2 + len;
        }
        Time time = (Time)(i * 1000000);
        EventHead head = {.time = time, .offset = 512 + i * 1400, .size = 1400, .record_id = i};
        head.twin = twin_windows(TEXT("ws1.court.example.org"), kind.channel, i, kind.code, time);
        sink_commit(sink, &head, &kind);
    }
    if (!sink_flush(sink, NULL))
        abort();
    double seconds = now() - start;
    sink_destroy(sink);
    return seconds;
}

static void measure(const char *label, const Schema *schema, unsigned wants, const uint8_t *stream,
                    uint64_t count, bool with_pack)
{
    double best = 0, check = 0;
    Totals totals = {0};
    for (int i = 0; i < RUNS; i++) {
        totals = (Totals){.pack = with_pack};
        double seconds = run(schema, wants, stream, count, &totals) - totals.check_seconds -
                         totals.pack_seconds - totals.unpack_seconds;
        if (i == 0 || seconds < best)
            best = seconds;
        if (i == 0 || totals.check_seconds < check)
            check = totals.check_seconds;
    }
    double megabytes = (double)totals.bytes / 1e6;
    printf("%-22s %10.0f events/s %8.1f bytes/event  check %8.0f MB/s\n", label,
           (double)count / best, (double)totals.bytes / (double)count, megabytes / check);
    if (with_pack)
        printf("%-22s %10.1f bytes/event  ratio %.1f  pack %.0f MB/s  unpack %.0f MB/s\n",
               "segment", (double)totals.packed / (double)count,
               (double)totals.bytes / (double)totals.packed, megabytes / totals.pack_seconds,
               megabytes / totals.unpack_seconds);
}

int main(int argc, char **argv)
{
    Err err = {0};
    uint64_t count = 1000000;
    if (argc < 2 || (argc > 2 && !text_to_u64(text_from_z(argv[2]), &count))) {
        fprintf(stderr, "usage: bench_sink KNOWLEDGE-FOLDER [EVENTS]\n");
        return 2;
    }
    const char *folders[] = {argv[1]};
    Schema *schema = schema_load(folders, 1, &err);
    if (!schema) {
        fprintf(stderr, "%s\n", err.text);
        return 2;
    }
    uint8_t *stream = malloc(STREAM_BYTES);
    if (!stream)
        return 2;
    fill_stream(stream);
    measure("bare", schema, SINK_NO_ECS | SINK_NO_TWINS, stream, count, false);
    measure("twins", schema, SINK_NO_ECS, stream, count, false);
    measure("ecs", schema, SINK_NO_TWINS, stream, count, false);
    measure("all", schema, SINK_WANTS_ALL, stream, count, true);
    free(stream);
    schema_destroy(schema);
    return 0;
}
