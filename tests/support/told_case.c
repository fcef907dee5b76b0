#include "told_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event/sink.h"
#include "event/twin.h"

#define RECORD_BYTES 4096

struct ToldCase {
    Store *store;
    const Schema *schema;
    Sink *sink; /* NULL: no item yet */
    ToldItem item;
    uint32_t number;
    uint64_t events;
};

static void give_up(const char *what, const Err *err)
{
    fprintf(stderr, "told case: %s: %s\n", what, err->text);
    abort();
}

Schema *told_schema(void)
{
    char folder[4096];
    const char *source = getenv("CONSTAT_SOURCE"), *folders[] = {folder};
    Err err = {0};
    int n = snprintf(folder, sizeof folder, "%s/knowledge", source ? source : ".");
    Schema *schema = n > 0 && n < (int)sizeof folder ? schema_load(folders, 1, &err) : NULL;
    if (!schema)
        give_up("tables", &err);
    return schema;
}

ToldCase *told_open(const char *folder, const Schema *schema, const RunInfo *run,
                    const StoreOptions *options)
{
    static const RunInfo RUN = {.command = {"constat investigate evidence --case case", 40},
                                .version = {"0", 1},
                                .workers = 2,
                                .person = {"A. Examiner", 11},
                                .machine = {"laboratory", 10},
                                .settings = {"told", 4}};
    static const StoreOptions OPTIONS = {.mode = STORE_WRITE};
    Err err = {0};
    ToldCase *told = calloc(1, sizeof *told);
    if (!told)
        abort();
    told->schema = schema;
    told->store = store_open(folder, options ? options : &OPTIONS, &err);
    if (!told->store || !store_run_begin(told->store, run ? run : &RUN, &err))
        give_up(folder, &err);
    return told;
}

/* ---- items ---- */

static bool take_batch(void *ctx, Span bytes, Err *err)
{
    ToldCase *told = ctx;
    Batch batch;
    return batch_open(bytes, &batch, err) && store_batch(told->store, told->number, 0, &batch, err);
}

static void take_defect(void *ctx, DefectKind kind, uint64_t offset, uint64_t size, Text text)
{
    ToldCase *told = ctx;
    Err err = {0};
    if (!store_defect(told->store, told->number, 0, kind, offset, size, text, &err))
        give_up("defect", &err);
}

static void no_progress(void *ctx, uint64_t offset)
{
    (void)ctx;
    (void)offset;
}

static uint64_t item_size(const ToldItem *item)
{
    return item->size ? item->size : RECORD_BYTES * UINT64_C(100000);
}

static void end_item(ToldCase *told)
{
    Err err = {0};
    const ToldItem *item = &told->item;
    ItemEnd end = {.state = item->state ? item->state : ITEM_DONE,
                   .format = text_from_z(item->format),
                   .layout_host = text_from_z(item->layout_host),
                   .layout_origin = item->layout_host ? HOST_FROM_LAYOUT : HOST_UNKNOWN};
    if (!told->sink)
        return;
    if (!sink_flush(told->sink, &err) ||
        !store_piece_done(told->store, told->number, 0, item_size(item), told->events, &err) ||
        !store_item_done(told->store, told->number, &end, &err))
        give_up(item->path, &err);
    sink_destroy(told->sink);
    told->sink = NULL;
}

void told_item(ToldCase *told, const ToldItem *item)
{
    Err err = {0};
    bool known;
    end_item(told);
    told->item = *item;
    told->events = 0;
    Item stored = {.path = text_from_z(item->path), .size = item_size(item)};
    stored.hashed = item->state != ITEM_UNREADABLE;
    uint64_t hash = hash64(item->path, strlen(item->path), 0);
    for (size_t i = 0; i < sizeof stored.sha256.bytes; i++)
        stored.sha256.bytes[i] = (uint8_t)(hash >> (i % 8 * 8)) ^ (uint8_t)(i * 29);
    size_t blocks = (size_t)item_block_count(stored.size);
    stored.blocks = calloc(blocks + 1, sizeof *stored.blocks);
    uint32_t parent = 0;
    if (item->parent) {
        const StoredItem *container = store_item_by_path(told->store, text_from_z(item->parent));
        parent = container ? container->number : 1; /* the first item that was told */
    }
    if (!stored.blocks || !store_item(told->store, &stored, parent, &told->number, &known, &err))
        give_up(item->path, &err);
    free(stored.blocks);
    SinkOwner owner = {
        .batch = take_batch, .defect = take_defect, .progress = no_progress, .ctx = told};
    told->sink = sink_create(told->schema, &owner, SINK_WANTS_ALL);
    if (!told->sink)
        abort();
}

RunResult told_close(ToldCase *told)
{
    Err err = {0};
    RunResult result;
    end_item(told);
    if (!store_run_end(told->store, 1, &result, &err))
        give_up("end of the run", &err);
    store_close(told->store);
    free(told);
    return result;
}

/* ---- events ---- */

static void add(Sink *sink, const char *name, const char *value)
{
    if (value)
        sink_add_text(sink, sink_name(sink, text_from_z(name)), text_from_z(value));
}

void told_event(ToldCase *told, const ToldEvent *event)
{
    Sink *sink = told->sink;
    EventKind kind = {.product = TEXT("windows"),
                      .channel = text_from_z(event->channel),
                      .provider = text_from_z(event->provider),
                      .code = text_from_z(event->code)};
    EventHead head = {.time = TIME_NONE,
                      .meaning = TIME_MEANS_UNKNOWN,
                      .quality = TIME_MISSING,
                      .class = event->class,
                      .offset = told->events * RECORD_BYTES,
                      .size = RECORD_BYTES,
                      .record_id = event->record ? event->record : RECORD_ID_NONE};
    if (event->time) {
        if (!time_parse(text_from_z(event->time), &head.time, NULL))
            abort();
        head.meaning = TIME_MEANS_LOGGED;
        head.quality = event->quality;
    }
    if (event->host)
        head.twin = twin_windows(text_from_z(event->host), kind.channel, head.record_id, kind.code,
                                 head.time);
    add(sink, "System.Computer", event->host);
    for (size_t i = 0; i < TOLD_FIELDS_MAX && event->fields[i].name; i++)
        add(sink, event->fields[i].name, event->fields[i].value);
    if (!sink_commit(sink, &head, &kind))
        give_up("event", sink_error(sink));
    told->events++;
}

void told_logon(ToldCase *told, const char *host, const char *time, uint64_t record,
                const char *user)
{
    told_event(told, &(ToldEvent){.time = time,
                                  .host = host,
                                  .channel = "Security",
                                  .provider = "Microsoft-Windows-Security-Auditing",
                                  .code = "4624",
                                  .record = record,
                                  .fields = {{"TargetUserName", user},
                                             {"TargetDomainName", "COURT"},
                                             {"LogonType", "3"}}});
}

void told_batch(ToldCase *told)
{
    Err err = {0};
    if (!sink_flush(told->sink, &err))
        give_up("batch", &err);
}

void told_defect(ToldCase *told, DefectKind kind, uint64_t offset, const char *text)
{
    take_defect(told, kind, offset, 16, text_from_z(text));
}

const char *told_time(int64_t seconds)
{
    static char room[8][TIME_TEXT_ROOM + 1];
    static unsigned next;
    char *text = room[next++ % 8];
    Time monday;
    if (!time_parse(TEXT("2026-03-02T00:00:00Z"), &monday, NULL))
        abort();
    text[time_format(monday + seconds * NANOSECONDS_PER_SECOND, 3, text)] = '\0';
    return text;
}
