#include "store/query_test.h"

#include <string.h>

#define TYPE(type) (UINT32_C(1) << (type))
#define TYPES_ALL  (TYPE(VALUE_TYPE_COUNT) - 1)

#define TYPES_NUMBER (TYPE(VALUE_UINT) | TYPE(VALUE_INT) | TYPE(VALUE_HEX) | TYPE(VALUE_FLOAT))
#define TYPES_TIME   (TYPE(VALUE_FILETIME) | TYPE(VALUE_SYSTEMTIME) | TYPE(VALUE_TIME))

/* ---- making ---- */

/* The characters of each type's text; all for NULL. */
static const char *const ALPHABETS[VALUE_TYPE_COUNT] = {
    [VALUE_NULL] = "",
    [VALUE_UINT] = "0123456789",
    [VALUE_INT] = "0123456789-",
    [VALUE_HEX] = "0123456789abcdefx",
    [VALUE_FLOAT] = "0123456789+-.einfa",
    [VALUE_BOOL] = "truefals",
    [VALUE_BINARY] = "0123456789abcdef",
    [VALUE_GUID] = "0123456789abcdef{-}",
    [VALUE_SID] = "0123456789s-",
    [VALUE_FILETIME] = "0123456789-t:.z",
    [VALUE_SYSTEMTIME] = "0123456789-t:.z",
    [VALUE_TIME] = "0123456789-t:.z",
};

/* A list's text is its elements with commas between them: what is sought within a text and holds
 * no comma is in an element already. */
static bool needs_list_text(const Pattern *pattern)
{
    if (pattern->ends == PATTERN_WHOLE || pattern->wild)
        return true;
    for (size_t i = 0; i < pattern->count; i++)
        if (pattern->chars[i] == ',')
            return true;
    return false;
}

static uint32_t text_types(const Pattern *pattern)
{
    uint32_t types = TYPE(VALUE_TEXT);
    for (unsigned type = 0; type < VALUE_TYPE_COUNT; type++)
        if (ALPHABETS[type] && !pattern_is_beyond(pattern, char_set(ALPHABETS[type])))
            types |= TYPE(type);
    if (needs_list_text(pattern))
        types |= TYPE(VALUE_LIST);
    return types;
}

void test_init(QueryTest *test, Ask ask)
{
    test->ask = ask;
    if (ask == ASK_PRESENT)
        test->as_other = TYPES_ALL & ~TYPE(VALUE_NULL);
    else if (ask == ASK_NUMBERS)
        test->as_other = TYPE(VALUE_TEXT) | TYPES_NUMBER;
    else if (ask == ASK_TIMES)
        test->as_other = TYPE(VALUE_TEXT) | TYPES_TIME;
}

bool test_init_text(QueryTest *test, const uint32_t *chars, size_t count, PatternEnds ends,
                    Text literal, Arena *arena)
{
    *test = (QueryTest){.ask = ASK_TEXT};
    if (!pattern_init(&test->pattern, chars, count, ends, arena))
        return false;
    test->as_text = text_types(&test->pattern);
    if (ends == PATTERN_WITHIN || test->pattern.wild)
        return true;
    test->has_number = number_from_text(literal, &test->number);
    test->has_time = span_from_text(literal, &test->times);
    test->has_net = net_from_text(literal, &test->net);
    if (test->has_number) /* a whole number's text is the number's: no need to look at both */
        test->as_text &= ~(TYPE(VALUE_UINT) | TYPE(VALUE_INT) | TYPE(VALUE_HEX));
    test->as_other = (test->has_number ? TYPE(VALUE_TEXT) | TYPES_NUMBER : 0) |
                     (test->has_time ? TYPE(VALUE_TEXT) | TYPES_TIME : 0) |
                     (test->has_net ? TYPE(VALUE_TEXT) : 0);
    return true;
}

/* ---- one value ---- */

/* As something else than text. The type is one of test->as_other. */
static bool fits_otherwise(const QueryTest *test, Value value)
{
    Number number;
    Time time;
    if (test->ask == ASK_PRESENT)
        return value.bytes.len > 0;
    if (test->ask == ASK_NUMBERS)
        return number_from_value(value, &number) && number_in(&test->numbers, number);
    if ((test->ask == ASK_TIMES || test->has_time) && time_from_value(value, &time) &&
        time >= test->times.low && time <= test->times.high)
        return true;
    if (test->has_number && number_from_value(value, &number) &&
        number_compare(number, test->number) == 0)
        return true;
    return test->has_net && value.type == VALUE_TEXT && net_has_text(&test->net, value_text(value));
}

static bool fits_as_text(const QueryTest *test, const Batch *batch, Value value, Buf *scratch)
{
    if (value.type == VALUE_TEXT)
        return pattern_matches(&test->pattern, value_text(value));
    scratch->len = 0; /* a failure stays, for the owner to see */
    batch_write_text(scratch, batch, value);
    return !scratch->failed && pattern_matches(&test->pattern, buf_text(scratch));
}

bool test_text(const QueryTest *test, Text text)
{
    Value value = {.type = VALUE_TEXT, .bytes = text_span(text)};
    return (test->as_text & TYPE(VALUE_TEXT) && pattern_matches(&test->pattern, text)) ||
           (test->as_other & TYPE(VALUE_TEXT) && fits_otherwise(test, value));
}

static bool test_single(const QueryTest *test, const Batch *batch, Value value, Buf *scratch)
{
    return (test->as_text & TYPE(value.type) && fits_as_text(test, batch, value, scratch)) ||
           (test->as_other & TYPE(value.type) && fits_otherwise(test, value));
}

bool test_value(const QueryTest *test, const Batch *batch, Value value, Buf *scratch)
{
    if (test_single(test, batch, value, scratch))
        return true;
    for (size_t i = 0; value.type == VALUE_LIST && i < value.bytes.len / 4; i++)
        if (test_single(test, batch, batch_list_at(batch, value, i), scratch))
            return true;
    return false;
}

/* ---- all values ---- */

/* Bytes of whole lists that are written out for one test of a batch. Lists are short; a batch that
 * was made to fill a disk with them is compared element by element beyond this. */
#define LISTS_BYTES_MAX (64u * 1024 * 1024)

typedef struct Marking {
    const QueryTest *test;
    const Batch *batch;
    uint64_t *bits;
    Buf *scratch;
    size_t list_bytes; /* written out so far */
    bool any;
} Marking;

static void mark(Marking *m, uint32_t value)
{
    m->bits[value / 64] |= UINT64_C(1) << (value % 64);
    m->any = true;
}

static bool is_marked(const Marking *m, uint32_t value)
{
    return m->bits[value / 64] >> (value % 64) & 1;
}

static uint32_t start_of(const Batch *batch, uint32_t value)
{
    return load_u32le(batch->value_start + 4 * (size_t)value);
}

/* Whole texts: only those of the right length are compared. */
static void mark_whole(Marking *m)
{
    const Needle *needle = &m->test->pattern.needle;
    const Batch *batch = m->batch;
    uint32_t start = 0, spread = (uint32_t)(needle->longest - needle->shortest);
    for (uint32_t i = 0; i < batch->value_count; i++) {
        uint32_t end = start_of(batch, i + 1), len = end - start;
        if (len - (uint32_t)needle->shortest <= spread && batch->value_type[i] == VALUE_TEXT &&
            needle_is(needle, text_of((const char *)batch->value_bytes.ptr + start, len)))
            mark(m, i);
        start = end;
    }
}

/* Texts at which `seek` finds something. They lie one behind the other, so that all are sought
 * through at once; what stands in a value of another type, or in two values, does not count. */
typedef size_t (*Seek)(const Needle *needle, Text hay, size_t from);

static void mark_found(Marking *m, Seek seek, size_t len, bool sure)
{
    const Pattern *pattern = &m->test->pattern;
    const Batch *batch = m->batch;
    Text all = text_from_span(batch->value_bytes);
    uint32_t value = 0;
    for (size_t at = 0; (at = seek(&pattern->needle, all, at)) != NEEDLE_NOWHERE;) {
        while (start_of(batch, value + 1) <= at)
            value++;
        uint32_t start = start_of(batch, value), end = start_of(batch, value + 1);
        if (batch->value_type[value] != VALUE_TEXT || is_marked(m, value)) {
            at = end;
        } else if (at + len > end) {
            at = end; /* the next one that could count begins there */
        } else if (sure) {
            mark(m, value);
            at = end;
        } else {
            if (pattern_matches(pattern, text_of(all.ptr + start, end - start)))
                mark(m, value);
            at = end;
        }
    }
}

static void mark_texts(Marking *m)
{
    const Pattern *pattern = &m->test->pattern;
    const Batch *batch = m->batch;
    bool whole = pattern->ends == PATTERN_WHOLE && !pattern->wild;
    if (whole && pattern->has_needle) {
        mark_whole(m);
    } else if (pattern->has_needle) {
        mark_found(m, needle_next, pattern->needle.len, !pattern->wild);
        if (pattern->needle.stranger_count)
            mark_found(m, needle_stranger, 1, false);
    } else {
        for (uint32_t i = 0; i < batch->value_count; i++)
            if (batch->value_type[i] == VALUE_TEXT &&
                pattern_matches(pattern, value_text(batch_value(batch, i))))
                mark(m, i);
    }
}

/* Values one by one. Texts are too many to be looked at for nothing: they were sought as text. */
static void mark_others(Marking *m)
{
    const QueryTest *test = m->test;
    const Batch *batch = m->batch;
    uint32_t as_text = test->as_text & ~(TYPE(VALUE_TEXT) | TYPE(VALUE_LIST));
    uint32_t as_other = test->as_other & ~TYPE(VALUE_LIST);
    if (!(as_text | as_other))
        return;
    for (uint32_t i = 0; i < batch->value_count; i++) {
        uint32_t type = TYPE(batch->value_type[i]);
        if (!((as_text | as_other) & type) || is_marked(m, i))
            continue;
        Value value = batch_value(batch, i);
        if ((as_text & type && fits_as_text(test, batch, value, m->scratch)) ||
            (as_other & type && fits_otherwise(test, value)))
            mark(m, i);
    }
}

/* May the whole list be written out? At most that many bytes: those of binary values double. */
static bool list_is_affordable(Marking *m, Value list)
{
    for (size_t i = 0; i < list.bytes.len / 4 && m->list_bytes < LISTS_BYTES_MAX; i++)
        m->list_bytes += batch_list_at(m->batch, list, i).bytes.len + 1;
    return m->list_bytes < LISTS_BYTES_MAX;
}

/* A list whose element is marked, or which matches as a whole. */
static bool list_fits(Marking *m, Value list)
{
    for (size_t i = 0; i < list.bytes.len / 4; i++)
        if (is_marked(m, load_u32le(list.bytes.ptr + 4 * i)))
            return true;
    if (m->test->ask == ASK_PRESENT)
        return list.bytes.len > 0;
    return m->test->as_text & TYPE(VALUE_LIST) && list_is_affordable(m, list) &&
           fits_as_text(m->test, m->batch, list, m->scratch);
}

static void mark_lists(Marking *m)
{
    const uint8_t *types = m->batch->value_type;
    const uint8_t *end = types + m->batch->value_count;
    for (const uint8_t *at = types; at < end && (at = memchr(at, VALUE_LIST, (size_t)(end - at)));
         at++) {
        uint32_t value = (uint32_t)(at - types);
        if (list_fits(m, batch_value(m->batch, value)))
            mark(m, value);
    }
}

bool test_values(const QueryTest *test, const Batch *batch, uint64_t *bits, Buf *scratch)
{
    Marking m = {.test = test, .batch = batch, .bits = bits, .scratch = scratch};
    if (batch->value_count == 0)
        return false;
    if (test->as_text & TYPE(VALUE_TEXT))
        mark_texts(&m);
    mark_others(&m);
    mark_lists(&m);
    return m.any;
}
