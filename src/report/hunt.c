#include "report/hunt.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "report/hunt_inside.h"

#define LINE_MAX_SIZE (64u * 1024 * 1024)
#define WRITE_BYTES   (64 * 1024)

bool hunt_no_memory(Err *err)
{
    return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for detections");
}

static int by_id(const void *a, const void *b, void *ids)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    const Text *texts = ids;
    int order = text_compare(texts[x], texts[y]);
    return order ? order : (x > y) - (x < y);
}

static bool rank_rules(Hunt *hunt)
{
    uint32_t count = signatures_count(&hunt->signatures);
    CLEANUP(freep) uint32_t *order = malloc(((size_t)count + 1) * sizeof *order);
    CLEANUP(freep) Text *ids = malloc(((size_t)count + 1) * sizeof *ids);
    hunt->rank = malloc(((size_t)count + 1) * sizeof *hunt->rank);
    if (!order || !ids || !hunt->rank)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        Rule room;
        order[i] = i;
        ids[i] = signatures_at(&hunt->signatures, i, &room)->id;
    }
    qsort_r(order, count, sizeof *order, by_id, ids);
    for (uint32_t i = 0; i < count; i++)
        hunt->rank[order[i]] = i;
    return true;
}

Hunt *hunt_create(const HuntOptions *options, Err *err)
{
    Hunt *hunt = calloc(1, sizeof *hunt);
    if (!hunt) {
        hunt_no_memory(err);
        return NULL;
    }
    hunt->program = options->program;
    hunt->set = program_rules(options->program);
    hunt->signatures =
        (Signatures){.rules = hunt->set, .indicators = options->indicators, .yara = options->yara};
    hunt->format = options->format;
    hunt->color = options->color;
    hunt->folder = options->folder;
    hunt->memory_bytes = options->memory_bytes ? options->memory_bytes : HUNT_MEMORY;
    buf_init(&hunt->line, LINE_MAX_SIZE);
    buf_init(&hunt->scratch, LINE_MAX_SIZE);
    buf_init(&hunt->text, LINE_MAX_SIZE);
    hunt->tally = match_tally_create(options->program);
    bool ok = hunt_counts_init(&hunt->counts, signatures_count(&hunt->signatures));
    ok = (ok && hunt->tally && rank_rules(hunt)) || hunt_no_memory(err);
    if (ok)
        hunt->rows = extsort_create(hunt->memory_bytes / 2, hunt->folder, err);
    if (hunt->rows)
        hunt->tuples = extsort_create(hunt->memory_bytes / 4, hunt->folder, err);
    if (hunt->tuples)
        return hunt;
    hunt_destroy(hunt);
    return NULL;
}

void hunt_destroy(Hunt *hunt)
{
    if (!hunt)
        return;
    extsort_destroy(hunt->rows);
    extsort_destroy(hunt->tuples);
    match_tally_destroy(hunt->tally);
    hunt_counts_done(&hunt->counts);
    free(hunt->rank);
    free(hunt->order);
    free(hunt->new_item);
    buf_done(&hunt->line);
    buf_done(&hunt->scratch);
    buf_done(&hunt->text);
    free(hunt);
}

/* ---- receiving ---- */

static uint8_t *put_big(uint8_t *out, uint64_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        out[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
    return out + bytes;
}

static uint32_t load_big(const uint8_t *in)
{
    return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}

bool hunt_add_row(Hunt *hunt, const Detection *detection, uint32_t item, Span events, Err *err)
{
    uint8_t key[ROW_KEY_BYTES], *out = key;
    out = put_big(out, (uint64_t)detection->time ^ UINT64_C(1) << 63, 8); /* TIME_NONE first */
    out = put_big(out, item, 4);
    out = put_big(out, detection->record_id, 8);
    out = put_big(out, hunt->rank[detection->rule], 4);
    out = put_big(out, detection->offset, 8);
    (void)put_big(out, detection->sub, 4);
    Detection row = *detection;
    row.tuple = events;
    buf_clear(&hunt->line);
    detection_put(&hunt->line, &row);
    if (hunt->line.failed)
        return hunt_no_memory(err);
    return extsort_add(hunt->rows, span_of(key, sizeof key), buf_span(&hunt->line), err);
}

static bool add_tuple(Hunt *hunt, const Detection *detection, uint32_t item, Err *err)
{
    uint8_t key[TUPLE_KEY_BYTES], *out = key;
    out = put_big(out, detection->rule, 4);
    out = put_big(out, detection->twin, 8);
    out = put_big(out, detection->payload, 8);
    out = put_big(out, item, 4);
    out = put_big(out, detection->offset, 8);
    (void)put_big(out, detection->sub, 4);
    Detection row = *detection;
    row.details = row.channel = row.code = TEXT("");
    buf_clear(&hunt->line);
    detection_put(&hunt->line, &row);
    if (hunt->line.failed)
        return hunt_no_memory(err);
    return extsort_add(hunt->tuples, span_of(key, sizeof key), buf_span(&hunt->line), err);
}

static bool is_event_rule(const Rule *rule)
{
    return rule->active && rule->kind == RULE_EVENT;
}

/* Only rules of Sigma are correlated. */
static bool tuple_fits(Hunt *hunt, const Detection *detection)
{
    return detection->tuple.len == 0 ||
           (detection->rule < ruleset_count(hunt->set) &&
            correlator_accepts(hunt->program, detection->tuple, detection->rule, &hunt->scratch));
}

bool hunt_receive(Hunt *hunt, const Item *item, uint32_t item_index, Span block, Err *err)
{
    Reader reader = reader_of(block, 0);
    while (reader_left(&reader)) {
        Detection detection;
        if (!detection_take(&reader, signatures_count(&hunt->signatures), &detection) ||
            detection.offset > item->size)
            return err_set(err, ERR_FORMAT, ERR_NO_OFFSET,
                           "the worker sent a detection that makes no sense");
        Rule room;
        const Rule *rule = signatures_at(&hunt->signatures, detection.rule, &room);
        if (!is_event_rule(rule) || !tuple_fits(hunt, &detection))
            return err_set(err, ERR_FORMAT, ERR_NO_OFFSET,
                           "the worker sent a detection that its rule cannot have");
        Detection shown = detection;
        shown.tuple = (Span){0};
        if ((!rule->silent && !rule->muted &&
             !hunt_add_row(hunt, &shown, item_index, (Span){0}, err)) ||
            (detection.tuple.len && !add_tuple(hunt, &detection, item_index, err)))
            return false;
    }
    return true;
}

bool hunt_add_item(Hunt *hunt, uint32_t item_index, uint32_t signature, Text computer, Text details,
                   Err *err)
{
    Detection detection = {.rule = signature,
                           .time = TIME_NONE,
                           .record_id = RECORD_ID_NONE,
                           .computer = computer,
                           .details = details};
    return hunt_add_row(hunt, &detection, item_index, (Span){0}, err);
}

bool hunt_receive_counts(Hunt *hunt, Span block, Err *err)
{
    return match_tally_add(hunt->tally, block, err);
}

/* ---- writing ---- */

static void renumber_row(void *new_item, uint8_t *key, size_t len)
{
    const uint32_t *numbers = new_item;
    (void)len;
    (void)put_big(key + ROW_KEY_ITEM, numbers[load_big(key + ROW_KEY_ITEM)], 4);
}

static void renumber_tuple(void *new_item, uint8_t *key, size_t len)
{
    const uint32_t *numbers = new_item;
    (void)len;
    (void)put_big(key + TUPLE_KEY_ITEM, numbers[load_big(key + TUPLE_KEY_ITEM)], 4);
}

static bool renumber(Hunt *hunt, ExtSort **sort, size_t memory,
                     void (*rekey)(void *, uint8_t *, size_t), Err *err)
{
    CLEANUP(extsort_destroyp) ExtSort *old = *sort;
    *sort = extsort_create(memory, hunt->folder, err);
    return *sort && extsort_move(old, *sort, rekey, hunt->new_item, err);
}

/* Detections were noted with the index of their item in the list, where members stand as they were
 * found. Rows have items in order of their paths. */
static bool order_items(Hunt *hunt, Err *err)
{
    const ItemList *items = hunt->items;
    hunt->order = item_list_order(items, err);
    if (!hunt->order)
        return false;
    hunt->new_item = malloc((items->count + 1) * sizeof *hunt->new_item);
    if (!hunt->new_item)
        return hunt_no_memory(err);
    for (size_t i = 0; i < items->count; i++)
        hunt->new_item[hunt->order[i]] = (uint32_t)i;
    return items->count == items->file_count ||
           (renumber(hunt, &hunt->rows, hunt->memory_bytes / 2, renumber_row, err) &&
            renumber(hunt, &hunt->tuples, hunt->memory_bytes / 4, renumber_tuple, err));
}

/* ---- events behind a row ---- */

void hunt_put_alert(Buf *out, const HuntAlert *alert)
{
    uint8_t bytes[28];
    store_u64le(bytes, (uint64_t)alert->first);
    store_u64le(bytes + 8, (uint64_t)alert->last);
    store_u64le(bytes + 16, alert->count);
    store_u32le(bytes + 24, (uint32_t)alert->facts.len);
    buf_add(out, bytes, sizeof bytes);
    buf_add_text(out, alert->facts);
}

static HuntAlert take_alert(Reader *row)
{
    HuntAlert alert;
    alert.first = (Time)reader_u64le(row);
    alert.last = (Time)reader_u64le(row);
    alert.count = reader_u64le(row);
    Span facts = reader_take(row, reader_u32le(row));
    alert.facts = text_of(facts.ptr ? (const char *)facts.ptr : "", facts.len);
    return alert;
}

void hunt_put_cited(Buf *out, const HuntCited *cited)
{
    uint8_t bytes[32];
    store_u32le(bytes, cited->item);
    store_u32le(bytes + 4, cited->sub);
    store_u64le(bytes + 8, cited->offset);
    store_u64le(bytes + 16, cited->record_id);
    store_u64le(bytes + 24, (uint64_t)cited->time);
    buf_add(out, bytes, sizeof bytes);
}

static HuntCited take_cited(Reader *row)
{
    HuntCited cited;
    cited.item = reader_u32le(row);
    cited.sub = reader_u32le(row);
    cited.offset = reader_u64le(row);
    cited.record_id = reader_u64le(row);
    cited.time = (Time)reader_u64le(row);
    return cited;
}

/* ---- rows ---- */

typedef bool (*EachRow)(void *ctx, const HuntRow *row, Err *err);

static bool give_row(Hunt *hunt, Span key, Span bytes, EachRow each, void *ctx, Err *err)
{
    HuntCited events[ALERT_CITATIONS_MAX];
    Detection detection;
    Reader reader = reader_of(bytes, 0);
    if (!detection_take(&reader, signatures_count(&hunt->signatures), &detection))
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "a row of the detections");
    Rule room;
    const Rule *rule = signatures_at(&hunt->signatures, detection.rule, &room);
    HuntRow row = {.detection = &detection, .item = load_big(key.ptr + ROW_KEY_ITEM)};
    Reader cited = reader_of(detection.tuple, 0);
    HuntAlert alert;
    if (rule->kind == RULE_CORRELATION) {
        alert = take_alert(&cited);
        row.alert = &alert;
        row.events = events;
    }
    while (reader_left(&cited) && row.event_count < ALERT_CITATIONS_MAX)
        events[row.event_count++] = take_cited(&cited);
    detection.tuple = (Span){0};
    return (hunt_counts_row(&hunt->counts, rule_level(rule), &detection) || hunt_no_memory(err)) &&
           each(ctx, &row, err);
}

bool hunt_rows(Hunt *hunt, EachRow each, void *ctx, Err *err)
{
    Span key, row;
    Err failure = {0};
    if (!hunt_correlate(hunt, err) || !extsort_finish(hunt->rows, err))
        return false;
    while (extsort_next(hunt->rows, &key, &row, &failure))
        if (!give_row(hunt, key, row, each, ctx, err))
            return false;
    if (failure.code && err)
        *err = failure;
    return failure.code == ERR_NONE;
}

/* ---- rows as text ---- */

typedef struct Writing {
    Hunt *hunt;
    HuntWrite write;
    void *ctx;
    bool begun; /* a row stands before the next one */
} Writing;

static Text path_of(const Hunt *hunt, uint32_t number)
{
    return number < hunt->items->count ? hunt->items->items[hunt->order[number]].path : TEXT("");
}

static bool flush(const Writing *writing, size_t least, Err *err)
{
    Buf *out = &writing->hunt->text;
    if (out->failed)
        return hunt_no_memory(err);
    if (out->len < least)
        return true;
    bool ok = writing->write(writing->ctx, buf_span(out), err);
    buf_clear(out);
    return ok;
}

static bool write_row(void *ctx, const HuntRow *row, Err *err)
{
    Writing *writing = ctx;
    Hunt *hunt = writing->hunt;
    const Detection *detection = row->detection;
    Cited events[ALERT_CITATIONS_MAX];
    for (size_t i = 0; i < row->event_count; i++)
        events[i] = (Cited){.file = path_of(hunt, row->events[i].item),
                            .offset = row->events[i].offset,
                            .record_id = row->events[i].record_id,
                            .time = row->events[i].time};
    Rule room;
    DetectionRow text = {.rule = signatures_at(&hunt->signatures, detection->rule, &room),
                         .time = detection->time,
                         .computer = detection->computer,
                         .channel = detection->channel,
                         .code = detection->code,
                         .details = detection->details,
                         .file = path_of(hunt, row->item),
                         .record_id = detection->record_id,
                         .events = row->alert ? events : NULL,
                         .event_count = row->event_count};
    if (writing->begun)
        buf_add_text(&hunt->text, text_from_z(hunt->format->between));
    writing->begun = true;
    hunt->format->row(&hunt->text, &text, hunt->color);
    return flush(writing, WRITE_BYTES, err);
}

bool hunt_write(Hunt *hunt, const ItemList *items, HuntWrite write, void *ctx, Err *err)
{
    Writing writing = {.hunt = hunt, .write = write, .ctx = ctx};
    hunt->items = items;
    buf_add_text(&hunt->text, text_from_z(hunt->format->header));
    if (!order_items(hunt, err) || !hunt_rows(hunt, write_row, &writing, err))
        return false;
    buf_add_text(&hunt->text, text_from_z(hunt->format->footer));
    return flush(&writing, 0, err);
}
