#include "case_fixture.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "event/sink.h"
#include "event/twin.h"
#include "event_fixture.h"
#include "store/analysis.h"

#define MADE_BEGIN (INT64_C(1772323200) * NANOSECONDS_PER_SECOND) /* 2026-03-01 */

const RunInfo MADE_RUN = {.command = {.ptr = "constat investigate", .len = 19},
                          .version = {.ptr = "0", .len = 1},
                          .workers = 1,
                          .person = {.ptr = "tester", .len = 6},
                          .machine = {.ptr = "here", .len = 4},
                          .settings = {.ptr = "made", .len = 4}};

static void give_up(const char *what, const Err *err)
{
    fprintf(stderr, "made case: %s: %s\n", what, err->text);
    abort();
}

/* ---- items ---- */

uint64_t made_size(const MadeItem *made)
{
    return (uint64_t)made->events * MADE_RECORD_BYTES;
}

uint8_t *made_bytes(const MadeItem *made)
{
    size_t size = (size_t)made_size(made);
    uint8_t *bytes = malloc(size + 1);
    if (!bytes)
        abort();
    for (size_t i = 0; i < size; i++) {
        size_t record = i / MADE_RECORD_BYTES;
        bytes[i] = (uint8_t)(i * 31 + (made->first + record) * 7 + made->payload * 13);
    }
    return bytes;
}

static void describe(const MadeItem *made, Item *ret)
{
    uint8_t *bytes = made_bytes(made);
    size_t size = (size_t)made_size(made);
    size_t blocks = (size + ITEM_BLOCK_BYTES - 1) / ITEM_BLOCK_BYTES;
    Sha256Stream *stream = sha256_create();
    *ret = (Item){.path = text_from_z(made->path), .size = size, .hashed = true, .changed_ns = 7};
    ret->blocks = calloc(blocks + 1, sizeof *ret->blocks);
    if (!stream || !ret->blocks || !sha256_update(stream, span_of(bytes, size)) ||
        !sha256_final(stream, &ret->sha256))
        abort();
    for (size_t i = 0; i < blocks; i++) {
        size_t at = i * ITEM_BLOCK_BYTES;
        size_t left = size - at;
        ret->blocks[i] =
            hash128(span_of(bytes + at, left < ITEM_BLOCK_BYTES ? left : ITEM_BLOCK_BYTES));
    }
    sha256_destroy(stream);
    free(bytes);
}

/* ---- events ---- */

static void add_text(Sink *sink, const char *name, const char *text)
{
    sink_add_text(sink, sink_name(sink, text_from_z(name)), text_from_z(text));
}

static void add_number(Sink *sink, const char *format, uint32_t number, const char *name)
{
    char text[64];
    int n = snprintf(text, sizeof text, "%s%u", format, number);
    if (n > 0)
        add_text(sink, name, text);
}

/* A logon, or every fifth time something that has no action and no time. */
static void add_event(Sink *sink, const MadeItem *made, uint32_t i)
{
    uint32_t record = made->first + i;
    const char *channel = made->channel ? made->channel : "Security";
    EventKind kind = {.product = TEXT("windows"),
                      .channel = text_from_z(channel),
                      .provider = TEXT("Microsoft-Windows-Security-Auditing"),
                      .code = record % 5 ? TEXT("4624") : TEXT("5000")};
    EventHead head = {.time = MADE_BEGIN + (Time)record * NANOSECONDS_PER_SECOND,
                      .offset = (uint64_t)i * MADE_RECORD_BYTES,
                      .size = MADE_RECORD_BYTES,
                      .record_id = record,
                      .class = made->recovered ? EVENT_RECOVERED : EVENT_LIVE};
    if (made->host)
        head.twin =
            twin_windows(text_from_z(made->host), kind.channel, record, kind.code, head.time);
    if (record % 5 == 0) {
        head.time = TIME_NONE;
        head.meaning = TIME_MEANS_UNKNOWN;
        head.quality = TIME_MISSING;
    } else if (made->local_hours) {
        head.time += made->local_hours * INT64_C(3600) * NANOSECONDS_PER_SECOND;
        head.quality = TIME_ZONE_ASSUMED;
    }
    sink_add_u64(sink, sink_name(sink, TEXT("System.EventID")), VALUE_UINT, 4624);
    if (made->host)
        add_text(sink, "System.Computer", made->host);
    if (!made->exported)
        sink_add_u64(sink, sink_name(sink, TEXT("System.TimeWritten")), VALUE_FILETIME,
                     UINT64_C(133000000000000000) + record + made->written * 1000003);
    add_number(sink, "user", record % 17, "TargetUserName");
    add_number(sink, "10.0.0.", record % 200, "IpAddress");
    add_number(sink, "C:\\tools\\program", record * 7 % 1009, "ProcessName");
    sink_add_u64(sink, sink_name(sink, TEXT("LogonType")), VALUE_UINT, record % 3 ? 3 : 10);
    sink_add_u64(sink, sink_name(sink, TEXT("TargetLogonId")), VALUE_HEX, record);
    if (made->payload)
        add_number(sink, "altered ", made->payload, "Comment");
    sink_commit(sink, &head, &kind);
}

/* ---- batches ---- */

typedef struct Making {
    MadeBatch each;
    void *ctx;
    uint64_t piece;
} Making;

static bool take_batch(void *ctx, Span bytes, Err *err)
{
    const Making *making = ctx;
    Batch batch;
    return batch_open(bytes, &batch, err) && making->each(making->ctx, making->piece, &batch, err);
}

static void no_defect(void *ctx, DefectKind kind, uint64_t offset, uint64_t size, Text text)
{
    (void)ctx, (void)kind, (void)offset, (void)size, (void)text;
}

static void no_progress(void *ctx, uint64_t offset)
{
    (void)ctx, (void)offset;
}

/* Records of a piece. */
static uint32_t piece_begin(const MadeItem *made, uint32_t number)
{
    uint32_t pieces = made->pieces ? made->pieces : 1;
    return (uint32_t)((uint64_t)made->events * number / pieces);
}

bool made_batches(const Schema *schema, const MadeItem *made, uint32_t piece, MadeBatch each,
                  void *ctx, Err *err)
{
    uint32_t begin = piece_begin(made, piece), end = piece_begin(made, piece + 1);
    uint32_t batch = made->batch ? made->batch : 1000;
    Making making = {.each = each, .ctx = ctx, .piece = (uint64_t)begin * MADE_RECORD_BYTES};
    SinkOwner owner = {
        .batch = take_batch, .defect = no_defect, .progress = no_progress, .ctx = &making};
    Sink *sink = sink_create(schema, &owner, SINK_WANTS_ALL);
    bool ok = sink != NULL;
    for (uint32_t i = begin; i < end && ok; i++) {
        add_event(sink, made, i);
        if ((i - begin) % batch == batch - 1)
            ok = sink_flush(sink, err);
    }
    ok = ok && sink_flush(sink, err);
    sink_destroy(sink);
    return ok;
}

/* ---- adding ---- */

typedef struct Adding {
    Store *store;
    uint32_t item;
    uint64_t events;
} Adding;

static bool add_batch(void *ctx, uint64_t piece, const Batch *batch, Err *err)
{
    Adding *adding = ctx;
    adding->events += batch->event_count;
    return store_batch(adding->store, adding->item, piece, batch, err);
}

static bool add_piece(Adding *adding, const Schema *schema, const MadeItem *made, uint32_t number,
                      Err *err)
{
    uint32_t pieces = made->pieces ? made->pieces : 1;
    uint64_t from = (uint64_t)piece_begin(made, number) * MADE_RECORD_BYTES;
    uint64_t to = (uint64_t)piece_begin(made, number + 1) * MADE_RECORD_BYTES;
    if (store_has_piece(adding->store, adding->item, from, to))
        return true;
    adding->events = 0;
    bool ok = made_batches(schema, made, number, add_batch, adding, err);
    for (uint32_t d = number; d < made->defects && ok; d += pieces)
        ok = store_defect(adding->store, adding->item, from, d % 2 ? DEFECT_NOTE : DEFECT_DAMAGE,
                          from + d, 3, TEXT("made damage"), err);
    return ok && store_piece_done(adding->store, adding->item, from, to, adding->events, err);
}

bool made_add_pieces(Store *store, const Schema *schema, const MadeItem *made, uint32_t from,
                     uint32_t to, Err *err)
{
    uint32_t pieces = made->pieces ? made->pieces : 1;
    bool all = from == 0 && to == 0, known;
    Adding adding = {.store = store};
    Item item;
    describe(made, &item);
    bool ok = store_item(store, &item, 0, &adding.item, &known, err);
    free(item.blocks);
    if (!ok || known)
        return ok;
    for (uint32_t number = from; number < (all ? pieces : to) && ok; number++)
        ok = add_piece(&adding, schema, made, number, err);
    if (!ok || !all)
        return ok;
    if (made->defects && !store_defect(store, adding.item, STORE_NO_PIECE, DEFECT_NOTE,
                                       ERR_NO_OFFSET, 0, TEXT("made note"), err))
        return false;
    ItemEnd end = {.state = made->defects ? ITEM_DEFECTIVE : ITEM_DONE,
                   .format = TEXT("evtx"),
                   .layout_host = made->layout ? text_from_z(made->layout) : TEXT(""),
                   .layout_origin = made->layout ? HOST_FROM_LAYOUT : HOST_UNKNOWN};
    return store_item_done(store, adding.item, &end, err);
}

bool made_add(Store *store, const Schema *schema, const MadeItem *made, Err *err)
{
    return made_add_pieces(store, schema, made, 0, 0, err);
}

/* ---- cases ---- */

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

const char *made_folder(const char *name)
{
    static char paths[8][4096];
    static unsigned next;
    char *path = paths[next++ % 8];
    int n = snprintf(path, sizeof paths[0], "%s/%s", fixture_folder(), name);
    if (n < 0 || n >= (int)sizeof paths[0])
        abort();
    (void)nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    return path;
}

Store *made_open(const char *folder, StoreMode mode)
{
    StoreOptions options = {.mode = mode};
    Err err = {0};
    Store *store = store_open(folder, &options, &err);
    if (!store)
        give_up(folder, &err);
    return store;
}

bool made_analysis(Store *store, uint32_t rows, uint32_t seed, RunResult *result, Err *err)
{
    bool ok = store_analysis_begin(store, err);
    for (uint32_t i = 0; i < rows && ok; i++) {
        char text[200];
        int n = snprintf(text, sizeof text, "row %u of %u: a thing that somebody found, %u", i,
                         rows, (i + 1) * (seed + 7919));
        ok = store_analysis_add(store, i < rows / 2 ? 1 : 2,
                                text_span(text_of(text, n > 0 ? (size_t)n : 0)), err);
    }
    return ok && store_analysis_end(store, result, err);
}

RunResult made_case(const char *folder, const Schema *schema, const MadeCase *made)
{
    StoreOptions options = {.mode = STORE_WRITE, .key = made->key, .signing = made->signing};
    RunResult result;
    Err err = {0};
    Store *store = store_open(folder, &options, &err);
    if (!store || !store_run_begin(store, &MADE_RUN, &err))
        give_up("begin", &err);
    for (size_t i = 0; i < made->count; i++)
        if (!made_add(store, schema, &made->items[i], &err))
            give_up(made->items[i].path, &err);
    if (!store_run_end(store, 2, &result, &err) ||
        (made->analysis && (!made_analysis(store, made->analysis, 0, &result, &err) ||
                            !store_note_files(store, NULL, 0, &result, &err))))
        give_up("end", &err);
    store_close(store);
    return result;
}
