/* Correlations of a hunt: matches to the correlator, its alerts to rows. */
#include <inttypes.h>
#include <string.h>

#include "report/hunt_inside.h"
#include "report/timeline_format.h"

#define COMPUTER_MAX 200 /* bytes of its name in a citation */

/* A citation: bytes that sort as items, offsets and sub-indices do. Big-endian: number of the item,
 * offset, sub-index, record number, time; then the computer. */
#define CITATION_HEAD 32

static uint64_t take_big(Reader *r, unsigned bytes)
{
    uint64_t v = 0;
    Span in = reader_take(r, bytes);
    for (size_t i = 0; i < in.len; i++)
        v = v << 8 | in.ptr[i];
    return v;
}

static void put_big(Buf *out, uint64_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        buf_add_char(out, (char)(v >> (8 * (bytes - 1 - i))));
}

/* ---- matches in ---- */

static bool pass_match(Hunt *hunt, Correlator *correlator, Span key, Span row, Err *err)
{
    Detection match;
    Reader reader = reader_of(row, 0), place = reader_of(key, 0);
    reader_skip(&place, TUPLE_KEY_ITEM);
    uint32_t item = (uint32_t)take_big(&place, 4);
    if (!detection_take(&reader, ruleset_count(hunt->set), &match))
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "a match for correlations");
    Buf *citation = &hunt->scratch;
    buf_clear(citation);
    put_big(citation, item, 4);
    put_big(citation, match.offset, 8);
    put_big(citation, match.sub, 4);
    put_big(citation, match.record_id, 8);
    put_big(citation, (uint64_t)match.time, 8);
    buf_add(citation, match.computer.ptr,
            match.computer.len < COMPUTER_MAX ? match.computer.len : COMPUTER_MAX);
    if (citation->failed)
        return hunt_no_memory(err);
    return correlator_add(correlator, match.tuple, buf_span(citation), err);
}

/* Of a record that is in several files, the first. */
static bool is_copy(const uint8_t last[TUPLE_KEY_ITEM], Span key)
{
    static const uint8_t NO_TWIN[8] = {0};
    return memcmp(key.ptr + 4, NO_TWIN, sizeof NO_TWIN) != 0 &&
           memcmp(last, key.ptr, TUPLE_KEY_ITEM) == 0;
}

static bool pass_matches(Hunt *hunt, Correlator *correlator, Err *err)
{
    Span key, row;
    Err failure = {0};
    uint8_t last[TUPLE_KEY_ITEM] = {0};
    if (!extsort_finish(hunt->tuples, err))
        return false;
    while (extsort_next(hunt->tuples, &key, &row, &failure)) {
        if (is_copy(last, key)) {
            hunt->twins++;
            continue;
        }
        memcpy(last, key.ptr, sizeof last);
        if (!pass_match(hunt, correlator, key, row, err))
            return false;
    }
    if (failure.code && err)
        *err = failure;
    return failure.code == ERR_NONE;
}

/* ---- alerts out ---- */

static void write_mark(Buf *out)
{
    if (out->len)
        BUF_LITERAL(out, " \xC2\xA6 ");
}

/* What its condition was asked of, and the values that its events share: "Field: value ¦ …". */
static void write_facts(Buf *out, const Rule *rule, const CorrelationAlert *alert)
{
    const Correlation *correlation = rule->correlation;
    if (correlation->type >= CORRELATION_VALUE_COUNT && correlation->type != CORRELATION_TEMPORAL &&
        correlation->type != CORRELATION_TEMPORAL_ORDERED) {
        write_mark(out);
        buf_add_text(out, CORRELATION_TYPE_TEXT[correlation->type]);
        for (uint32_t i = 0; i < correlation->fields.count; i++) {
            buf_add_char(out, i ? ',' : ' ');
            buf_add_text(out, correlation->fields.list[i]);
        }
        buf_printf(out, ": %g", alert->value);
    }
    for (uint32_t i = 0; i < alert->group_count && i < correlation->group_by.count; i++) {
        write_mark(out);
        buf_add_text(out, correlation->group_by.list[i]);
        BUF_LITERAL(out, ": ");
        buf_add_text(out, alert->group[i]);
    }
}

static void write_details(Buf *out, Text facts, const CorrelationAlert *alert)
{
    buf_printf(out, "%" PRIu64 " event%s from ", alert->count, alert->count == 1 ? "" : "s");
    timeline_write_time(out, alert->first, 3);
    BUF_LITERAL(out, " to ");
    timeline_write_time(out, alert->last, 3);
    if (facts.len)
        write_mark(out);
    buf_add_text(out, facts);
    if (alert->citation_count == ALERT_CITATIONS_MAX)
        buf_printf(out, " \xC2\xA6 the first %d are cited", ALERT_CITATIONS_MAX);
}

typedef struct AlertPlace {
    uint32_t item; /* number of the first event's */
    Text computer; /* of all events; empty: not one */
} AlertPlace;

/* Citations to what stands behind a row. */
static AlertPlace write_cited(Buf *out, const CorrelationAlert *alert)
{
    AlertPlace place = {0};
    for (uint32_t i = 0; i < alert->citation_count; i++) {
        Reader r = reader_of(alert->citations[i], 0);
        HuntCited cited = {.item = (uint32_t)take_big(&r, 4)};
        cited.offset = take_big(&r, 8);
        cited.sub = (uint32_t)take_big(&r, 4);
        cited.record_id = take_big(&r, 8);
        cited.time = (Time)take_big(&r, 8);
        Span name = reader_take(&r, reader_left(&r));
        Text computer = text_of(name.ptr ? (const char *)name.ptr : "", name.len);
        hunt_put_cited(out, &cited);
        if (i == 0)
            place = (AlertPlace){.item = cited.item, .computer = computer};
        else if (!text_equal_nocase(place.computer, computer))
            place.computer = TEXT("");
    }
    return place;
}

static bool on_alert(void *ctx, const CorrelationAlert *alert, Err *err)
{
    Hunt *hunt = ctx;
    const Rule *rule = ruleset_at(hunt->set, alert->rule);
    if (rule->muted && !rule->silent)
        hunt->counts.muted[alert->rule]++;
    if (rule->muted || rule->silent)
        return true;
    Buf details, facts;
    buf_init(&details, DETECTION_TEXT_MAX * 4);
    buf_init(&facts, DETECTION_TEXT_MAX * 4);
    buf_clear(&hunt->scratch);
    write_facts(&facts, rule, alert);
    write_details(&details, buf_text(&facts), alert);
    hunt_put_alert(&hunt->scratch, &(HuntAlert){.count = alert->count,
                                                .first = alert->first,
                                                .last = alert->last,
                                                .facts = buf_text(&facts)});
    AlertPlace place = write_cited(&hunt->scratch, alert);
    Detection detection = {.rule = alert->rule,
                           .time = alert->time,
                           .record_id = RECORD_ID_NONE,
                           .computer = place.computer,
                           .channel = TEXT(""),
                           .code = TEXT(""),
                           .details = buf_text(&details)};
    bool ok = (!details.failed && !facts.failed && !hunt->scratch.failed) || hunt_no_memory(err);
    ok = ok && hunt_add_row(hunt, &detection, place.item, buf_span(&hunt->scratch), err);
    buf_done(&details);
    buf_done(&facts);
    return ok;
}

bool hunt_correlate(Hunt *hunt, Err *err)
{
    Correlator *correlator =
        correlator_create(hunt->program, hunt->memory_bytes / 4, hunt->folder, err);
    bool ok = correlator && pass_matches(hunt, correlator, err) &&
              correlator_run(correlator, on_alert, hunt, err);
    if (correlator)
        hunt->correlated = correlator_counts(correlator);
    correlator_destroy(correlator);
    return ok;
}
