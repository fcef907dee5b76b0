#include "detect/indicator/matcher.h"

#include <stdlib.h>

#include "detect/indicator/scan.h"
#include "detect/sigma/fold.h"
#include "event/grow.h"

#define BINARY_MAX 64 /* bytes: hashes are written so, too */

struct IndicatorMatcher {
    const IndicatorSet *set;
    TermScan scan;
    Time from, to;
    Buf text, folded;
    uint32_t *found; /* per value: where its terms are in `pool` + 1; 0: none */
    size_t found_cap;
    uint32_t *pool; /* count, then terms */
    size_t pool_count, pool_cap;
    uint32_t *stamps, *seen; /* per clause: the event, and how many of its terms it has */
    uint32_t serial;
    uint32_t *term_stamps;
    uint32_t *matches; /* indicators of the event */
    size_t match_count, match_cap;
};

static bool no_memory(Err *err)
{
    return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "matching the indicators");
}

IndicatorMatcher *indicator_matcher_create(const IndicatorSet *set, Err *err)
{
    IndicatorMatcher *matcher = calloc(1, sizeof *matcher);
    bool ok = false;
    if (matcher) {
        matcher->set = set;
        matcher->from = TIME_NONE;
        matcher->to = INT64_MAX;
        buf_init(&matcher->text, BATCH_BYTES_MAX);
        buf_init(&matcher->folded, FOLD_ROOM((size_t)BATCH_BYTES_MAX) + LITERALS_PADDING);
        matcher->stamps = calloc(set->clause_count + 1, sizeof *matcher->stamps);
        matcher->seen = calloc(set->clause_count + 1, sizeof *matcher->seen);
        matcher->term_stamps = calloc(set->term_count + 1, sizeof *matcher->term_stamps);
        ok = term_scan_init(&matcher->scan, set) && matcher->stamps && matcher->seen &&
             matcher->term_stamps;
    }
    if (ok)
        return matcher;
    no_memory(err);
    indicator_matcher_destroy(matcher);
    return NULL;
}

void indicator_matcher_destroy(IndicatorMatcher *matcher)
{
    if (!matcher)
        return;
    void *const all[] = {matcher->found, matcher->pool,        matcher->stamps,
                         matcher->seen,  matcher->term_stamps, matcher->matches};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
    term_scan_done(&matcher->scan);
    buf_done(&matcher->text);
    buf_done(&matcher->folded);
    free(matcher);
}

void indicator_matcher_set_window(IndicatorMatcher *matcher, Time from, Time to)
{
    matcher->from = from;
    matcher->to = to;
}

/* ---- values ---- */

/* The text of a value, if it has one that an indicator could be in. */
static bool text_of_value(IndicatorMatcher *matcher, Value value, Text *ret)
{
    if (value.type == VALUE_TEXT) {
        *ret = value_text(value);
        return ret->len >= 2;
    }
    if (value.type != VALUE_BINARY || value.bytes.len > BINARY_MAX || value.bytes.len < 2)
        return false;
    buf_clear(&matcher->text);
    value_write_text(&matcher->text, value);
    *ret = buf_text(&matcher->text);
    return true;
}

static bool keep_terms(IndicatorMatcher *matcher, uint32_t value)
{
    const TermScan *scan = &matcher->scan;
    uint32_t *grown = grow_array(matcher->pool, &matcher->pool_cap,
                                 matcher->pool_count + scan->count + 1, sizeof *grown);
    if (!grown || matcher->pool_count >= UINT32_MAX - 1)
        return false;
    matcher->pool = grown;
    matcher->found[value] = (uint32_t)matcher->pool_count + 1;
    grown[matcher->pool_count] = (uint32_t)scan->count;
    memcpy(grown + matcher->pool_count + 1, scan->found, scan->count * sizeof *grown);
    matcher->pool_count += scan->count + 1;
    return true;
}

static bool look_at_value(IndicatorMatcher *matcher, Value value, uint32_t number)
{
    Text text;
    matcher->found[number] = 0;
    if (!text_of_value(matcher, value, &text))
        return true;
    buf_clear(&matcher->folded);
    char *place = buf_reserve(&matcher->folded, FOLD_ROOM(text.len) + LITERALS_PADDING);
    if (!place || matcher->text.failed)
        return false;
    size_t len = fold_text(text, place);
    memset(place + len, 0, LITERALS_PADDING);
    term_scan_value(&matcher->scan, text_of(place, len));
    return !matcher->scan.failed && (matcher->scan.count == 0 || keep_terms(matcher, number));
}

static bool look_at_values(IndicatorMatcher *matcher, const Batch *batch)
{
    uint32_t *grown = grow_array(matcher->found, &matcher->found_cap,
                                 (size_t)batch->value_count + 1, sizeof *grown);
    if (!grown)
        return false;
    matcher->found = grown;
    matcher->pool_count = 0;
    for (uint32_t i = 0; i < batch->value_count; i++)
        if (!look_at_value(matcher, batch_value(batch, i), i))
            return false;
    return true;
}

/* ---- events ---- */

static bool add_match(IndicatorMatcher *matcher, uint32_t indicator)
{
    uint32_t *grown =
        grow_array(matcher->matches, &matcher->match_cap, matcher->match_count + 1, sizeof *grown);
    if (!grown)
        return false;
    matcher->matches = grown;
    matcher->matches[matcher->match_count++] = indicator;
    return true;
}

/* The event has the term: which clauses are complete with it? */
static bool take_term(IndicatorMatcher *matcher, uint32_t number)
{
    const Term *term = &matcher->set->terms[number];
    if (matcher->term_stamps[number] == matcher->serial)
        return true;
    matcher->term_stamps[number] = matcher->serial;
    for (uint32_t i = 0; i < term->uses; i++) {
        uint32_t at = matcher->set->in_clauses[term->first + i];
        const Clause *clause = &matcher->set->clauses[at];
        if (matcher->stamps[at] != matcher->serial)
            matcher->seen[at] = 0;
        matcher->stamps[at] = matcher->serial;
        if (++matcher->seen[at] == clause->count && !add_match(matcher, clause->indicator))
            return false;
    }
    return true;
}

static bool take_value(IndicatorMatcher *matcher, uint32_t number)
{
    uint32_t found = matcher->found[number];
    if (found == 0)
        return true;
    uint32_t count = matcher->pool[found - 1];
    for (uint32_t i = 0; i < count; i++)
        if (!take_term(matcher, matcher->pool[found + i]))
            return false;
    return true;
}

static bool take_cell(IndicatorMatcher *matcher, const Batch *batch, uint32_t number)
{
    if (!batch->has_lists || batch->value_type[number] != VALUE_LIST)
        return take_value(matcher, number);
    Span list = batch_value(batch, number).bytes;
    for (size_t i = 0; i < list.len / 4; i++)
        if (!take_value(matcher, load_u32le(list.ptr + 4 * i)))
            return false;
    return true;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static bool tell(IndicatorMatcher *matcher, uint32_t row, IndicatorMatch match, void *ctx, Err *err)
{
    if (matcher->match_count > 1)
        qsort(matcher->matches, matcher->match_count, sizeof *matcher->matches, by_number);
    uint32_t last = UINT32_MAX;
    for (size_t i = 0; i < matcher->match_count; i++) {
        if (matcher->matches[i] != last && !match(ctx, row, matcher->matches[i], err))
            return false;
        last = matcher->matches[i];
    }
    return true;
}

static bool match_row(IndicatorMatcher *matcher, const Batch *batch, uint32_t row,
                      IndicatorMatch match, void *ctx, Err *err)
{
    Layout layout = batch_layout(batch, batch_layout_of(batch, row));
    matcher->match_count = 0;
    if (++matcher->serial == 0) {
        memset(matcher->stamps, 0, matcher->set->clause_count * sizeof *matcher->stamps);
        memset(matcher->term_stamps, 0, matcher->set->term_count * sizeof *matcher->term_stamps);
        matcher->serial = 1;
    }
    for (uint32_t cell = 0; cell < layout.native_count; cell++) {
        uint32_t value = batch_cell(batch, row, cell);
        if (value != UINT32_MAX && !take_cell(matcher, batch, value))
            return no_memory(err);
    }
    return matcher->match_count == 0 || tell(matcher, row, match, ctx, err);
}

bool indicator_matcher_batch(IndicatorMatcher *matcher, const Batch *batch, IndicatorMatch match,
                             void *ctx, Err *err)
{
    if (!look_at_values(matcher, batch))
        return no_memory(err);
    for (uint32_t row = 0; matcher->pool_count && row < batch->event_count; row++) {
        Time time = (Time)load_u64le(batch->time + 8 * (size_t)row);
        bool in_window = time == TIME_NONE || (time >= matcher->from && time < matcher->to);
        if (in_window && !match_row(matcher, batch, row, match, ctx, err))
            return false;
    }
    return true;
}
