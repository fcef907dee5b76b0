#include "query_plain.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/fold.h"
#include "event/event_json.h"

#define TEXT_MAX (512u * 1024 * 1024)

/* ---- patterns ---- */

static uint32_t *folded(Text text, size_t *ret_count)
{
    uint32_t *chars = calloc(text.len + 1, sizeof *chars);
    size_t n = 0;
    if (!chars)
        abort();
    for (size_t pos = 0; pos < text.len;)
        chars[n++] = fold_char(utf8_next(text, &pos));
    *ret_count = n;
    return chars;
}

/* reach[i]: the pattern so far can end before character i. */
bool pattern_plain_matches(const Pattern *pattern, Text text)
{
    size_t count;
    CLEANUP(freep) uint32_t *chars = folded(text, &count);
    CLEANUP(freep) bool *reach = calloc(count + 1, sizeof *reach);
    if (!reach)
        abort();
    bool floats = pattern->ends == PATTERN_WITHIN;
    for (size_t i = 0; i <= count; i++)
        reach[i] = floats || i == 0;
    for (size_t p = 0; p < pattern->count; p++) {
        uint32_t c = pattern->chars[p];
        if (c == PATTERN_MANY) {
            for (size_t i = 1; i <= count; i++)
                reach[i] |= reach[i - 1];
            continue;
        }
        for (size_t i = count; i > 0; i--)
            reach[i] = reach[i - 1] && (c == PATTERN_ONE || c == chars[i - 1]);
        reach[0] = false;
    }
    for (size_t i = 0; i < count; i++)
        if (floats && reach[i])
            return true;
    return reach[count];
}

/* ---- one written value ---- */

static bool spells_number(Text t, long double *ret)
{
    char z[64], *end;
    size_t digits = 0, points = 0, at = 0;
    if (t.len == 0 || t.len > NUMBER_TEXT_MAX)
        return false;
    memcpy(z, t.ptr, t.len);
    z[t.len] = '\0';
    if (t.len > 2 && t.len <= 18 && z[0] == '0' && (z[1] == 'x' || z[1] == 'X')) {
        for (at = 2; at < t.len; at++)
            if (!strchr("0123456789abcdefABCDEF", z[at]))
                return false;
        *ret = (long double)strtoull(z, &end, 16);
        return true;
    }
    if (z[0] == '-' || z[0] == '+')
        at = 1;
    for (; at < t.len; at++) {
        digits += z[at] >= '0' && z[at] <= '9';
        points += z[at] == '.';
    }
    size_t sign = z[0] == '-' || z[0] == '+';
    if (digits == 0 || points > 1 || digits + points + sign != t.len)
        return false;
    *ret = strtold(z, &end);
    return true;
}

static long double as_long(Number n)
{
    if (n.is_real)
        return (long double)n.real;
    return n.negative ? -(long double)n.size : (long double)n.size;
}

static bool in_range(const NumberRange *range, long double number)
{
    long double low = as_long(range->low), high = as_long(range->high);
    if (range->has_low && (number < low || (range->low_open && number <= low)))
        return false;
    return !range->has_high || number < high || (!range->high_open && number <= high);
}

static bool in_net(const Net *net, Text text)
{
    char z[64];
    uint8_t bytes[16] = {[10] = 0xFF, [11] = 0xFF};
    if (text.len >= 46 || memchr(text.ptr ? text.ptr : "", '\0', text.len))
        return false;
    if (text.len)
        memcpy(z, text.ptr, text.len);
    z[text.len] = '\0';
    if (inet_pton(AF_INET, z, bytes + 12) != 1 && inet_pton(AF_INET6, z, bytes) != 1)
        return false;
    for (unsigned bit = 0; bit < net->bits; bit++)
        if ((bytes[bit / 8] ^ net->address[bit / 8]) >> (7 - bit % 8) & 1)
            return false;
    return true;
}

/* A text that was the value of a type. */
static bool text_passes(const QueryTest *test, ValueType type, Text text)
{
    bool numeric = type == VALUE_TEXT || type == VALUE_UINT || type == VALUE_INT ||
                   type == VALUE_HEX || type == VALUE_FLOAT;
    bool timely = type == VALUE_TEXT || type == VALUE_TIME || type == VALUE_FILETIME ||
                  type == VALUE_SYSTEMTIME;
    long double number = 0;
    Time time = TIME_NONE;
    numeric = numeric && spells_number(text, &number);
    timely = timely && time_parse(text, &time, NULL);
    bool in_span = timely && time >= test->times.low && time <= test->times.high;
    switch (test->ask) {
    case ASK_PRESENT:
        return text.len > 0;
    case ASK_NUMBERS:
        return numeric && in_range(&test->numbers, number);
    case ASK_TIMES:
        return in_span;
    case ASK_TEXT:
        return pattern_plain_matches(&test->pattern, text) ||
               (test->has_number && numeric && number == as_long(test->number)) ||
               (test->has_time && in_span) ||
               (test->has_net && type == VALUE_TEXT && in_net(&test->net, text));
    }
    return false;
}

static bool value_passes(const QueryTest *test, const Batch *batch, Value value)
{
    Buf buf;
    buf_init(&buf, TEXT_MAX);
    batch_write_text(&buf, batch, value);
    if (buf.failed)
        abort();
    bool passes = text_passes(test, value.type, buf_text(&buf));
    buf_done(&buf);
    if (value.type == VALUE_LIST) {
        if (test->ask == ASK_PRESENT)
            return value.bytes.len > 0;
        for (size_t i = 0; i < value.bytes.len / 4 && !passes; i++)
            passes = value_passes(test, batch, batch_list_at(batch, value, i));
    }
    return passes;
}

/* ---- one event ---- */

typedef struct Plain {
    const Query *query;
    const Batch *batch;
    uint32_t row;
    const EventHead *head;
    Text path, host;
} Plain;

static uint32_t word_at(const uint8_t *words, uint32_t i)
{
    return load_u32le(words + 4 * (size_t)i);
}

static bool cell_passes(const Plain *plain, const QueryLeaf *leaf, uint32_t cell, bool may_be_empty,
                        bool may_be_dash)
{
    uint32_t number = batch_cell(plain->batch, plain->row, cell);
    if (number == UINT32_MAX)
        return false;
    Value value = batch_value(plain->batch, number);
    if (!may_be_empty && value.bytes.len == 0)
        return false;
    if (!may_be_dash && value.type == VALUE_TEXT && text_equal(value_text(value), TEXT("-")))
        return false;
    return value_passes(&leaf->test, plain->batch, value);
}

static bool named(Text wanted, Text also, Text name)
{
    return fold_equal(wanted, name) || (also.len && fold_equal(also, name));
}

static bool field_passes(const Plain *plain, const QueryLeaf *leaf)
{
    const Batch *batch = plain->batch;
    Layout layout = batch_layout(batch, batch_layout_of(batch, plain->row));
    bool any = leaf->field.len == 0;
    for (uint32_t i = 0; i < layout.native_count; i++)
        if ((any ||
             named(leaf->field, leaf->native, batch_name(batch, word_at(layout.names, i)))) &&
            cell_passes(plain, leaf, i, true, true))
            return true;
    for (uint32_t i = 0; i < layout.ecs_count; i++)
        if ((any || named(leaf->field, leaf->ecs, batch_name(batch, word_at(layout.ecs, 2 * i)))) &&
            cell_passes(plain, leaf, word_at(layout.ecs, 2 * i + 1), false, true))
            return true;
    for (uint32_t i = 0; i < layout.role_count; i++)
        if (fold_equal(leaf->field, ROLE_TEXT[word_at(layout.roles, 2 * i)]) &&
            cell_passes(plain, leaf, word_at(layout.roles, 2 * i + 1), false, false))
            return true;
    return false;
}

static bool basic_text(const Plain *plain, Basic basic, Buf *out)
{
    const Batch *batch = plain->batch;
    Layout layout = batch_layout(batch, batch_layout_of(batch, plain->row));
    EventKind kind = batch_kind(batch, layout.kind);
    Value host;
    switch (basic) {
    case BASIC_ACTION:
        buf_add_text(out, batch_name(batch, layout.action));
        break;
    case BASIC_OUTCOME:
        buf_add_text(out, batch_name(batch, layout.outcome));
        break;
    case BASIC_CHANNEL:
        buf_add_text(out, kind.channel);
        break;
    case BASIC_PROVIDER:
        buf_add_text(out, kind.provider);
        break;
    case BASIC_CODE:
        buf_add_text(out, kind.code);
        break;
    case BASIC_SOURCE:
        event_write_source(out, &kind);
        break;
    case BASIC_RECORD_ID:
        if (plain->head->record_id != RECORD_ID_NONE)
            buf_add_u64(out, plain->head->record_id);
        break;
    case BASIC_CLASS:
        buf_add_text(out, EVENT_CLASS_TEXT[plain->head->class]);
        break;
    case BASIC_QUALITY:
        buf_add_text(out, TIME_QUALITY_TEXT[plain->head->quality]);
        break;
    case BASIC_ITEM:
        buf_add_text(out, plain->path);
        break;
    case BASIC_HOST:
        if (batch_ecs(batch, plain->row, TEXT("host.name"), &host) && host.type == VALUE_TEXT)
            buf_add_text(out, value_text(host));
        else
            buf_add_text(out, plain->host);
        break;
    case BASIC_TIME:
    case BASIC_NONE:
        return false;
    }
    return out->len > 0;
}

static bool time_passes(const Plain *plain, const QueryTest *test)
{
    char text[TIME_TEXT_ROOM];
    Time time = plain->head->time;
    size_t len = time_format(time, 7, text);
    if (len == 0)
        return false;
    if (test->ask == ASK_TEXT && pattern_plain_matches(&test->pattern, text_of(text, len)))
        return true;
    if (test->ask == ASK_TIMES || (test->ask == ASK_TEXT && test->has_time))
        return time >= test->times.low && time <= test->times.high;
    return test->ask == ASK_PRESENT;
}

static bool leaf_passes(const Plain *plain, const QueryLeaf *leaf)
{
    if (leaf->basic == BASIC_NONE)
        return field_passes(plain, leaf);
    if (leaf->basic == BASIC_TIME)
        return time_passes(plain, &leaf->test);
    Buf buf;
    buf_init(&buf, TEXT_MAX);
    bool passes = basic_text(plain, leaf->basic, &buf) &&
                  text_passes(&leaf->test, VALUE_TEXT, buf_text(&buf));
    buf_done(&buf);
    return passes;
}

static bool node_passes(const Plain *plain, uint32_t number)
{
    const QueryNode *node = &plain->query->nodes[number];
    const uint32_t *children = plain->query->children + node->first;
    bool any = false, all = true;
    if (node->op == QUERY_ALL)
        return true;
    if (node->op == QUERY_LEAF)
        return leaf_passes(plain, &plain->query->leaves[node->leaf]);
    for (uint32_t i = 0; i < node->children; i++) {
        bool child = node_passes(plain, children[i]);
        any |= child;
        all &= child;
    }
    return node->op == QUERY_OR ? any : node->op == QUERY_AND ? all : !any;
}

bool query_plain_matches(const Query *query, const Batch *batch, uint32_t row,
                         const EventHead *head, Text path, Text host)
{
    Plain plain = {
        .query = query, .batch = batch, .row = row, .head = head, .path = path, .host = host};
    return node_passes(&plain, query->root);
}
