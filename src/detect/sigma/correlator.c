#include "detect/sigma/correlator.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/extsort.h"
#include "base/hash.h"
#include "detect/sigma/correlate.h"
#include "detect/sigma/fold.h"
#include "detect/sigma/number.h"
#include "detect/sigma/program_parts.h"
#include "detect/sigma/tuple.h"

#define ROW_BYTES_MAX (64u * 1024 * 1024)

/* Keys: correlation, group, time, record number, citation, and the position counted down, so that
 * of one event a later step of a sequence is met before an earlier one. Big-endian. */
#define KEY_GROUP    4
#define KEY_TIME     20
#define KEY_CITATION 36 /* what stands before is the same in all keys */

struct Correlator {
    const Program *program;
    ExtSort **sorts; /* by level */
    CorrelatorCounts counts;
    Text *texts; /* of a tuple */
    Buf row, key, folded, citations;

    /* while running */
    bool (*alert)(void *ctx, const CorrelationAlert *alert, Err *err);
    void *ctx;
    Err *err;
    Correlate *correlate; /* of the present group */
    Buf group_key;        /* correlation and group of it */
    Buf group_texts;
    uint32_t rule; /* number of its correlation */
    Buf last_event;
    uint64_t event;
    bool stopped;
};

/* An event, or an alert, on its way into correlations. */
typedef struct Arrival {
    uint32_t rule;
    Time time;
    uint64_t record_id;
    const Text *texts; /* by the rule's names; absent: ptr NULL */
    Span citation;     /* of the first event: for order */
    Span citations;    /* each with its length */
    uint32_t citation_count;
} Arrival;

static bool no_memory(Err *err)
{
    return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "correlating");
}

static void put_u32(Buf *out, uint32_t v)
{
    uint8_t bytes[4];
    store_u32le(bytes, v);
    buf_add(out, bytes, sizeof bytes);
}

static void put_u64(Buf *out, uint64_t v)
{
    uint8_t bytes[8];
    store_u64le(bytes, v);
    buf_add(out, bytes, sizeof bytes);
}

static void put_u64_big(Buf *out, uint64_t v)
{
    for (unsigned i = 0; i < 8; i++)
        buf_add_char(out, (char)(v >> (56 - 8 * i)));
}

Correlator *correlator_create(const Program *program, size_t memory_bytes, const char *folder,
                              Err *err)
{
    Correlator *correlator = calloc(1, sizeof *correlator);
    unsigned levels = program->correlations.top_level;
    if (!correlator) {
        no_memory(err);
        return NULL;
    }
    correlator->program = program;
    Buf *const bufs[] = {&correlator->row,       &correlator->key,       &correlator->folded,
                         &correlator->citations, &correlator->group_key, &correlator->group_texts,
                         &correlator->last_event};
    for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
        buf_init(bufs[i], ROW_BYTES_MAX);
    correlator->sorts = calloc((size_t)levels + 1, sizeof *correlator->sorts);
    correlator->texts =
        calloc((size_t)program->correlations.names_most + 1, sizeof *correlator->texts);
    bool ok = (correlator->sorts && correlator->texts) || no_memory(err);
    for (unsigned level = 1; ok && level <= levels; level++) {
        correlator->sorts[level] = extsort_create(memory_bytes / levels, folder, err);
        ok = correlator->sorts[level] != NULL;
    }
    if (ok)
        return correlator;
    correlator_destroy(correlator);
    return NULL;
}

void correlator_destroy(Correlator *correlator)
{
    if (!correlator)
        return;
    for (unsigned i = 1; correlator->sorts && i <= correlator->program->correlations.top_level; i++)
        extsort_destroy(correlator->sorts[i]);
    free(correlator->sorts);
    free(correlator->texts);
    buf_done(&correlator->row);
    buf_done(&correlator->key);
    buf_done(&correlator->folded);
    buf_done(&correlator->citations);
    buf_done(&correlator->group_key);
    buf_done(&correlator->group_texts);
    buf_done(&correlator->last_event);
    correlate_destroy(correlator->correlate);
    free(correlator);
}

CorrelatorCounts correlator_counts(const Correlator *correlator)
{
    return correlator->counts;
}

/* ---- arrivals to rows ---- */

/* Values are the same whatever their case, as in rules. */
static void add_folded(Buf *out, Text text)
{
    put_u32(out, (uint32_t)text.len);
    char *room = buf_reserve(out, FOLD_ROOM(text.len));
    if (room)
        out->len += fold_text(text, room);
}

/* A hash of values of the event, in their order; false: one is absent. */
static bool hash_values(Correlator *correlator, const Arrival *arrival, const uint32_t *names,
                        uint32_t count, Hash128 *ret)
{
    buf_clear(&correlator->folded);
    for (uint32_t i = 0; i < count; i++) {
        if (!arrival->texts[names[i]].ptr)
            return false;
        add_folded(&correlator->folded, arrival->texts[names[i]]);
    }
    *ret = hash128(buf_span(&correlator->folded));
    return true;
}

static void write_key(Correlator *correlator, const Arrival *arrival, const CorrelationUse *use,
                      const Hash128 *group)
{
    Buf *key = &correlator->key;
    buf_clear(key);
    for (unsigned i = 0; i < 4; i++)
        buf_add_char(key, (char)(use->correlation >> (24 - 8 * i)));
    buf_add(key, group->bytes, sizeof group->bytes);
    put_u64_big(key, (uint64_t)arrival->time ^ UINT64_C(1) << 63); /* negative times first */
    put_u64_big(key, arrival->record_id);
    buf_add(key, arrival->citation.ptr, arrival->citation.len);
    for (unsigned i = 0; i < 4; i++)
        buf_add_char(key, (char)(~use->position >> (24 - 8 * i)));
}

static void write_group(Buf *out, const Arrival *arrival, const CorrelationUse *use, uint32_t count)
{
    put_u32(out, count);
    for (uint32_t i = 0; i < count; i++) {
        Text text = arrival->texts[use->group_names[i]];
        size_t len = text.len < GROUP_TEXT_MAX ? text.len : GROUP_TEXT_MAX;
        while (len < text.len && len > 0 && ((unsigned char)text.ptr[len] & 0xC0) == 0x80)
            len--;
        put_u32(out, (uint32_t)len);
        buf_add(out, text.ptr, len);
    }
}

static bool asks_number(CorrelationType type)
{
    return type == CORRELATION_VALUE_SUM || type == CORRELATION_VALUE_AVG ||
           type == CORRELATION_VALUE_PERCENTILE || type == CORRELATION_VALUE_MEDIAN;
}

/* What the condition asks of the event; false: it has no such value. */
static bool read_values(Correlator *correlator, const Arrival *arrival, const CorrelationUse *use,
                        const Correlation *correlation, Hash128 *ret_value, double *ret_number)
{
    Number number;
    *ret_value = (Hash128){{0}};
    *ret_number = 0;
    if (correlation->type == CORRELATION_VALUE_COUNT)
        return hash_values(correlator, arrival, use->field_names, correlation->fields.count,
                           ret_value);
    if (!asks_number(correlation->type))
        return true;
    Text text = arrival->texts[use->field_names[0]];
    if (!text.ptr || !number_parse(text, &number))
        return false;
    *ret_number = number_to_double(number);
    return true;
}

static bool add_row(Correlator *correlator, const Arrival *arrival, const CorrelationUse *use,
                    Err *err)
{
    const Correlation *correlation =
        ruleset_at(correlator->program->set, use->correlation)->correlation;
    Hash128 group, value;
    double number;
    uint64_t bits;
    if (!hash_values(correlator, arrival, use->group_names, correlation->group_by.count, &group)) {
        correlator->counts.without_group++;
        return true;
    }
    if (!read_values(correlator, arrival, use, correlation, &value, &number)) {
        correlator->counts.without_value++;
        return true;
    }
    memcpy(&bits, &number, sizeof bits);
    write_key(correlator, arrival, use, &group);
    Buf *row = &correlator->row;
    buf_clear(row);
    put_u64(row, (uint64_t)arrival->time);
    put_u32(row, use->position);
    put_u64(row, bits);
    buf_add(row, value.bytes, sizeof value.bytes);
    write_group(row, arrival, use, correlation->group_by.count);
    put_u32(row, arrival->citation_count);
    buf_add(row, arrival->citations.ptr, arrival->citations.len);
    if (row->failed || correlator->key.failed || correlator->folded.failed)
        return no_memory(err);
    unsigned level = correlator->program->correlations.levels[use->correlation];
    return extsort_add(correlator->sorts[level], buf_span(&correlator->key), buf_span(row), err);
}

static bool arrive(Correlator *correlator, const Arrival *arrival, Err *err)
{
    const CorrelationUses *uses = &correlator->program->correlations.rules[arrival->rule];
    for (uint32_t i = 0; i < uses->count; i++)
        if (!add_row(correlator, arrival, &uses->list[i], err))
            return false;
    return true;
}

bool correlator_accepts(const Program *program, Span tuple, uint32_t rule, Buf *scratch)
{
    TupleHead head;
    size_t room = ((size_t)program->correlations.names_most + 1) * sizeof(Text);
    buf_clear(scratch);
    char *texts = buf_reserve(scratch, room); /* of malloc: aligned for anything */
    return texts &&
           tuple_read(tuple, &program->correlations, ruleset_count(program->set), &head,
                      (Text *)(void *)texts) &&
           head.rule == rule;
}

bool correlator_add(Correlator *correlator, Span tuple, Span citation, Err *err)
{
    TupleHead head;
    if (!tuple_read(tuple, &correlator->program->correlations,
                    ruleset_count(correlator->program->set), &head, correlator->texts))
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET,
                       "a match for correlations that makes no sense");
    if (citation.len > CITATION_BYTES_MAX)
        return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "a citation of more than %d bytes",
                       CITATION_BYTES_MAX);
    correlator->counts.tuples++;
    if (head.time == TIME_NONE) {
        correlator->counts.without_time++;
        return true;
    }
    Buf *citations = &correlator->citations;
    buf_clear(citations);
    put_u32(citations, (uint32_t)citation.len);
    buf_add(citations, citation.ptr, citation.len);
    Arrival arrival = {.rule = head.rule,
                       .time = head.time,
                       .record_id = head.record_id,
                       .texts = correlator->texts,
                       .citation = citation,
                       .citations = buf_span(citations),
                       .citation_count = 1};
    return citations->failed ? no_memory(err) : arrive(correlator, &arrival, err);
}

/* ---- rows to alerts ---- */

/* The first citations of a window, one behind the other, and where each is. */
static uint32_t list_citations(const Window *window, Buf *bytes, Span *ret)
{
    uint32_t count = 0;
    buf_clear(bytes);
    for (size_t i = 0; i < window_count(window) && count < ALERT_CITATIONS_MAX; i++) {
        const WindowEvent *event = window_at(window, i);
        Reader r = reader_of(event->citations, 0);
        for (uint32_t k = 0; k < event->citation_count && count < ALERT_CITATIONS_MAX; k++) {
            Span one = reader_take(&r, reader_u32le(&r));
            bool again = count > 0 && span_equal(ret[count - 1], one);
            if (r.failed || again)
                continue;
            put_u32(bytes, (uint32_t)one.len);
            buf_add(bytes, one.ptr, one.len);
            ret[count++] = one; /* of the window, which stays as it is */
        }
    }
    return count;
}

/* The value that a chain's correlation asks of an alert: one of its group. */
static void alert_texts(Correlator *correlator, const CorrelationAlert *alert)
{
    const CorrelationUses *uses = &correlator->program->correlations.rules[alert->rule];
    TextList group_by = ruleset_at(correlator->program->set, alert->rule)->correlation->group_by;
    for (uint32_t i = 0; i < uses->name_count; i++) {
        correlator->texts[i] = (Text){0};
        for (uint32_t k = 0; k < group_by.count && k < alert->group_count; k++)
            if (text_equal(group_by.list[k], uses->names[i]))
                correlator->texts[i] = alert->group[k];
    }
}

static bool pass_on(Correlator *correlator, const CorrelationAlert *alert)
{
    if (correlator->program->correlations.rules[alert->rule].count == 0)
        return true;
    alert_texts(correlator, alert);
    Arrival arrival = {.rule = alert->rule,
                       .time = alert->time,
                       .record_id = UINT64_MAX, /* behind the events of that time */
                       .texts = correlator->texts,
                       .citation = alert->citation_count ? alert->citations[0] : (Span){0},
                       .citations = buf_span(&correlator->citations),
                       .citation_count = alert->citation_count};
    return arrive(correlator, &arrival, correlator->err);
}

static uint32_t read_group(Correlator *correlator, Text *ret)
{
    Reader r = reader_of(buf_span(&correlator->group_texts), 0);
    uint32_t count = reader_u32le(&r);
    for (uint32_t i = 0; i < count && i < CORRELATION_FIELDS_MAX; i++) {
        Span text = reader_take(&r, reader_u32le(&r));
        ret[i] = text_of(text.ptr ? (const char *)text.ptr : "", text.len);
    }
    return count < CORRELATION_FIELDS_MAX ? count : CORRELATION_FIELDS_MAX;
}

static bool on_alert(void *ctx, const WindowAlert *found, const Window *window)
{
    Correlator *correlator = ctx;
    Span citations[ALERT_CITATIONS_MAX];
    Text group[CORRELATION_FIELDS_MAX];
    CorrelationAlert alert = {.rule = correlator->rule,
                              .time = found->time,
                              .first = found->first,
                              .last = found->last,
                              .count = found->count,
                              .value = found->value,
                              .group = group,
                              .citations = citations};
    alert.group_count = read_group(correlator, group);
    alert.citation_count = list_citations(window, &correlator->citations, citations);
    bool ok = !correlator->citations.failed || no_memory(correlator->err);
    ok = ok && pass_on(correlator, &alert) &&
         correlator->alert(correlator->ctx, &alert, correlator->err);
    correlator->stopped = !ok;
    return ok;
}

static void on_too_large(void *ctx)
{
    ((Correlator *)ctx)->counts.too_large++;
}

static bool end_group(Correlator *correlator)
{
    bool ok = !correlator->correlate || correlate_end(correlator->correlate) ||
              correlator->stopped || no_memory(correlator->err);
    correlate_destroy(correlator->correlate);
    correlator->correlate = NULL;
    return ok && !correlator->stopped;
}

/* The group of the row becomes the present one. */
static bool begin_group(Correlator *correlator, Span key, Span group_texts)
{
    if (!end_group(correlator))
        return false;
    correlator->rule = (uint32_t)key.ptr[0] << 24 | (uint32_t)key.ptr[1] << 16 |
                       (uint32_t)key.ptr[2] << 8 | key.ptr[3];
    buf_clear(&correlator->group_key);
    buf_add(&correlator->group_key, key.ptr, KEY_TIME);
    buf_clear(&correlator->group_texts);
    buf_add(&correlator->group_texts, group_texts.ptr, group_texts.len);
    buf_clear(&correlator->last_event);
    correlator->event = 0;
    CorrelateOut out = {.alert = on_alert, .too_large = on_too_large, .ctx = correlator};
    const Rule *rule = ruleset_at(correlator->program->set, correlator->rule);
    correlator->correlate = correlate_create(rule->correlation, &out);
    return (correlator->correlate && !correlator->group_key.failed &&
            !correlator->group_texts.failed) ||
           no_memory(correlator->err);
}

/* Events are numbered; what several rules matched has one number. */
static uint64_t number_event(Correlator *correlator, Span key)
{
    Span event = span_of(key.ptr + KEY_TIME, key.len - KEY_TIME - 4);
    if (correlator->event == 0 || !span_equal(buf_span(&correlator->last_event), event)) {
        buf_clear(&correlator->last_event);
        buf_add(&correlator->last_event, event.ptr, event.len);
        correlator->event++;
    }
    return correlator->event;
}

static bool take_row(Correlator *correlator, Span key, Span row)
{
    Reader r = reader_of(row, 0);
    WindowEvent event = {.time = (Time)reader_u64le(&r), .position = reader_u32le(&r)};
    uint64_t bits = reader_u64le(&r);
    memcpy(&event.number, &bits, sizeof bits);
    Span value = reader_take(&r, sizeof event.value.bytes);
    size_t group_start = r.pos;
    uint32_t groups = reader_u32le(&r);
    for (uint32_t i = 0; i < groups; i++)
        reader_skip(&r, reader_u32le(&r));
    Span group = span_of(row.ptr + group_start, r.pos - group_start);
    event.citation_count = reader_u32le(&r);
    event.citations = reader_take(&r, reader_left(&r));
    if (r.failed || value.len == 0)
        return err_set(correlator->err, ERR_FORMAT, ERR_NO_OFFSET, "a row of the correlations");
    memcpy(event.value.bytes, value.ptr, value.len);
    Span present = buf_span(&correlator->group_key);
    bool same = correlator->correlate && present.len == KEY_TIME &&
                memcmp(present.ptr, key.ptr, KEY_TIME) == 0;
    if (!same && !begin_group(correlator, key, group))
        return false;
    event.event = number_event(correlator, key);
    if (correlate_event(correlator->correlate, &event))
        return true;
    return !correlator->stopped && no_memory(correlator->err);
}

static bool run_level(Correlator *correlator, unsigned level)
{
    ExtSort *sort = correlator->sorts[level];
    Span key, row;
    Err own = {0}, *err = correlator->err ? correlator->err : &own;
    if (!extsort_finish(sort, err))
        return false;
    while (extsort_next(sort, &key, &row, err))
        if (key.len < KEY_CITATION + 4 || !take_row(correlator, key, row))
            return false;
    return err->code == ERR_NONE && end_group(correlator);
}

bool correlator_run(Correlator *correlator,
                    bool (*alert)(void *ctx, const CorrelationAlert *alert, Err *err), void *ctx,
                    Err *err)
{
    Err own = {0};
    correlator->alert = alert;
    correlator->ctx = ctx;
    correlator->err = err ? err : &own;
    correlator->err->code = ERR_NONE;
    for (unsigned level = 1; level <= correlator->program->correlations.top_level; level++)
        if (!run_level(correlator, level))
            return false;
    return true;
}
