#include "report/hunt_case.h"

#include <assert.h>
#include <stdlib.h>

#include "analysis/detected.h"
#include "base/cleanup.h"
#include "detect/sigma/matcher.h"
#include "format/format.h"
#include "report/detection.h"
#include "report/hunt.h"
#include "store/scan.h"

static_assert(DETECTED_EVENTS_MAX >= ALERT_CITATIONS_MAX, "all that a correlation cites is kept");

#define TUPLE_BYTES (64u * 1024 * 1024)
#define FLUSH_BYTES (256u * 1024)

/* What a child sends begins with what it is: detections of an item (u32, its rank), or counts. */
typedef enum FrameKind { FRAME_DETECTIONS = 1, FRAME_COUNTS = 2 } FrameKind;

typedef struct CaseHunt {
    const HuntCaseOptions *options;
    const RuleSet *set;
    Hunt *hunt; /* caller */
    const StoredItem *items;
    size_t item_count;
    /* child: */
    Matcher *matcher;
    DetectionWriter *writer;
    Buf tuple;
    uint8_t *times;
} CaseHunt;

static bool no_memory(Err *err)
{
    return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for detections");
}

/* ---- child ---- */

static bool begin(void *ctx, Err *err)
{
    CaseHunt *run = ctx;
    buf_init(&run->tuple, TUPLE_BYTES);
    run->times = malloc(8 * (size_t)BATCH_EVENTS_MAX);
    run->writer = detection_writer_create(run->options->schema);
    if (!run->writer || !run->times)
        return no_memory(err);
    run->matcher = matcher_create(run->options->program, err);
    return run->matcher != NULL;
}

/* A segment whose matches are being sent. */
typedef struct Segment {
    CaseHunt *run;
    const ScanSegment *scan;
    Buf *out;
} Segment;

static void frame_begin(const Segment *segment)
{
    uint8_t head[5] = {FRAME_DETECTIONS};
    store_u32le(head + 1, segment->scan->item->rank);
    buf_add(segment->out, head, sizeof head);
}

static bool send_detection(void *ctx, uint32_t row, uint32_t number, Err *err)
{
    const Segment *segment = ctx;
    CaseHunt *run = segment->run;
    const Rule *rule = ruleset_at(run->set, number);
    DetectionUse use = rule->silent || rule->muted ? DETECTION_CORRELATED_ONLY : DETECTION_SHOWN;
    buf_clear(&run->tuple);
    matcher_tuple(run->matcher, &run->tuple);
    if (use == DETECTION_CORRELATED_ONLY && run->tuple.len == 0)
        return true; /* it is counted */
    if (segment->out->len == 0)
        frame_begin(segment);
    if (run->tuple.failed ||
        !detection_writer_add(run->writer, row, number, use, buf_span(&run->tuple), segment->out))
        return no_memory(err);
    return segment->out->len < FLUSH_BYTES || scan_flush(segment->out, err);
}

/* The batch with the times that the case has for its events. */
static Batch with_case_times(CaseHunt *run, const ScanSegment *segment)
{
    Batch batch = segment->batch;
    if (!segment->item->shifted)
        return batch;
    for (uint32_t row = 0; row < batch.event_count; row++)
        store_u64le(run->times + 8 * (size_t)row, (uint64_t)scan_head(segment, row).time);
    batch.time = run->times;
    return batch;
}

static bool map(void *ctx, const ScanSegment *scan, Buf *out, Err *err)
{
    CaseHunt *run = ctx;
    Segment segment = {.run = run, .scan = scan, .out = out};
    const MatchOut to = {.match = send_detection, .ctx = &segment};
    const Format *format = format_by_name(scan->item->format);
    const Batch batch = with_case_times(run, scan);
    detection_writer_begin(run->writer, &batch, format ? format->computer_field : NULL,
                           scan->item->host);
    matcher_skip_rows(run->matcher, scan->skip);
    matcher_begin(run->matcher);
    return matcher_batch(run->matcher, &batch, &to, err);
}

static bool end(void *ctx, Buf *out, Err *err)
{
    CaseHunt *run = ctx;
    buf_add_char(out, FRAME_COUNTS);
    match_tally_write(matcher_tally(run->matcher), out);
    matcher_destroy(run->matcher);
    detection_writer_destroy(run->writer);
    buf_done(&run->tuple);
    free(run->times);
    return !out->failed || no_memory(err);
}

/* ---- caller: receiving ---- */

static bool receive(void *ctx, Span out, Err *err)
{
    const CaseHunt *run = ctx;
    Reader reader = reader_of(out, 0);
    FrameKind kind = (FrameKind)reader_u8(&reader);
    uint32_t rank = kind == FRAME_DETECTIONS ? reader_u32le(&reader) : 0;
    Span block = reader_take(&reader, reader_left(&reader));
    if (reader.failed || (kind != FRAME_COUNTS && rank >= run->item_count))
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET,
                       "a process that holds rules against the case sent nonsense");
    if (kind == FRAME_COUNTS)
        return hunt_receive_counts(run->hunt, block, err);
    const Item item = {.size = run->items[rank].size};
    return hunt_receive(run->hunt, &item, rank, block, err);
}

static bool progress(void *ctx, uint64_t done, uint64_t all)
{
    const CaseHunt *run = ctx;
    const HuntCaseOptions *options = run->options;
    return !options->progress || options->progress(options->progress_ctx, done, all);
}

static bool match_all(CaseHunt *run, Store *store, Err *err)
{
    const ScanJob job = {.begin = begin,
                         .map = map,
                         .end = end,
                         .reduce = receive,
                         .progress = progress,
                         .ctx = run};
    HuntOptions options = {.program = run->options->program, .folder = run->options->folder};
    run->hunt = hunt_create(&options, err);
    return run->hunt && store_items(store, &run->items, &run->item_count, err) &&
           store_map(store, NULL, &job, run->options->workers, NULL, err);
}

/* ---- caller: into the case ---- */

typedef struct Keeping {
    DetectedWriter *writer;
    DetectedEvent *events;
} Keeping;

static bool keep_row(void *ctx, const HuntRow *row, Err *err)
{
    const Keeping *keeping = ctx;
    const Detection *from = row->detection;
    for (size_t i = 0; i < row->event_count; i++) {
        const HuntCited *event = &row->events[i];
        keeping->events[i] = (DetectedEvent){.item = event->item,
                                             .sub = event->sub,
                                             .offset = event->offset,
                                             .record_id = event->record_id,
                                             .time = event->time};
    }
    Detected detected = {.rule = from->rule,
                         .event = {.item = row->item,
                                   .sub = from->sub,
                                   .offset = from->offset,
                                   .record_id = from->record_id,
                                   .time = from->time},
                         .computer = from->computer,
                         .channel = from->channel,
                         .code = from->code,
                         .details = from->details,
                         .span_first = TIME_NONE,
                         .span_last = TIME_NONE,
                         .events = keeping->events,
                         .event_count = row->event_count};
    if (row->alert) {
        detected.details = row->alert->facts;
        detected.count = row->alert->count;
        detected.span_first = row->alert->first;
        detected.span_last = row->alert->last;
    }
    return detected_put(keeping->writer, &detected, err);
}

static bool keep_rule(const CaseHunt *run, DetectedWriter *writer, uint32_t number, Err *err)
{
    const Rule *rule = ruleset_at(run->set, number);
    HuntRule became = hunt_rule(run->hunt, number);
    DetectedRule kept = {.kind = rule->kind,
                         .state = rule->state,
                         .level = rule_level(rule),
                         .level_given = rule->level_given,
                         .silent = rule->silent,
                         .muted = rule->muted,
                         .evaluated = became.evaluated,
                         .shown = became.shown,
                         .muted_matches = became.muted,
                         .suppressed = became.suppressed,
                         .undecided = became.undecided,
                         .line = rule->reason.len ? rule->reason_line : rule->line,
                         .id = rule->id,
                         .title = rule->title,
                         .file = rule->file,
                         .reason = rule->reason};
    for (uint32_t i = 0; i < rule->tags.count && kept.tag_count < DETECTED_TAGS_MAX; i++)
        if (rule->tags.list[i].len <= DETECTED_TAG_MAX)
            kept.tags[kept.tag_count++] = rule->tags.list[i];
    return detected_put_rule(writer, &kept, err);
}

static bool keep_rules(const CaseHunt *run, DetectedWriter *writer, Err *err)
{
    for (uint32_t i = 0; i < ruleset_count(run->set); i++)
        if (!keep_rule(run, writer, i, err))
            return false;
    return true;
}

static bool keep_all(const CaseHunt *run, Store *store, RunResult *result, Err *err)
{
    CLEANUP(freep) DetectedEvent *events = calloc(DETECTED_EVENTS_MAX, sizeof *events);
    CLEANUP(detected_writer_destroyp)
    DetectedWriter *writer = detected_writer_create(store, err);
    if (!events)
        return no_memory(err);
    Keeping keeping = {.writer = writer, .events = events};
    if (!writer || !hunt_rows(run->hunt, keep_row, &keeping, err) || !keep_rules(run, writer, err))
        return false;
    CorrelatorCounts correlated = hunt_correlated(run->hunt);
    DetectedHead head = {.content = result->content,
                         .without_group = correlated.without_group,
                         .without_value = correlated.without_value,
                         .without_time = correlated.without_time,
                         .too_large = correlated.too_large};
    return detected_end(writer, &head, result, err);
}

bool hunt_case(Store *store, const HuntCaseOptions *options, RunResult *result, Err *err)
{
    CaseHunt run = {.options = options, .set = program_rules(options->program)};
    bool ok = match_all(&run, store, err) && keep_all(&run, store, result, err);
    hunt_destroy(run.hunt);
    return ok;
}
