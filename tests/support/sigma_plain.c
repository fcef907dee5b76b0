#include "sigma_plain.h"

#include <math.h>
#include <stdlib.h>

#include "base/buf.h"
#include "detect/sigma/fold.h"

/* ---- text, one code point after the other ---- */

typedef struct Points {
    uint32_t *list;
    size_t count;
} Points;

static Points points_of(Text t, bool fold)
{
    Points points = {.list = calloc(t.len + 1, sizeof(uint32_t))};
    for (size_t i = 0; points.list && i < t.len;) {
        size_t at = i;
        uint32_t c = utf8_next(t, &i);
        if (c == UTF8_INVALID)
            c = 0x80000000u | (unsigned char)t.ptr[at];
        points.list[points.count++] = fold && !(c & 0x80000000u) ? fold_character(c) : c;
    }
    return points;
}

/* A pattern as points; * and ? are numbers that no point has. */
#define MANY 0x90000000u
#define ONE  0x90000001u

static Points pattern_points(Pattern pattern, bool fold)
{
    size_t room = 1;
    for (uint32_t i = 0; i < pattern.count; i++)
        room += pattern.parts[i].text.len + 1;
    Points points = {.list = calloc(room, sizeof(uint32_t))};
    for (uint32_t i = 0; points.list && i < pattern.count; i++) {
        if (pattern.parts[i].kind != PART_TEXT) {
            points.list[points.count++] = pattern.parts[i].kind == PART_MANY ? MANY : ONE;
            continue;
        }
        Points part = points_of(pattern.parts[i].text, fold);
        for (size_t k = 0; k < part.count; k++)
            points.list[points.count++] = part.list[k];
        free(part.list);
    }
    return points;
}

/* All prefixes of the text that the pattern so far may fit. */
static bool fits(Points pattern, Points text)
{
    bool *now = calloc(text.count + 1, 1), *next = calloc(text.count + 1, 1);
    now[0] = true;
    for (size_t p = 0; p < pattern.count; p++) {
        bool seen = false;
        for (size_t i = 0; i <= text.count; i++) {
            if (pattern.list[p] == MANY) {
                seen = seen || now[i];
                next[i] = seen;
            } else {
                next[i] = i > 0 && now[i - 1] &&
                          (pattern.list[p] == ONE || pattern.list[p] == text.list[i - 1]);
            }
        }
        bool *other = now;
        now = next;
        next = other;
    }
    bool result = now[text.count];
    free(now);
    free(next);
    return result;
}

static bool string_fits(const RuleValue *value, Pattern pattern, Text text)
{
    Points p = pattern_points(pattern, !value->cased), t = points_of(text, !value->cased);
    bool result = fits(p, t);
    free(p.list);
    free(t.list);
    return result;
}

/* ---- numbers ---- */

/* A long double has 64 bits of mantissa at least: integers are exact. */
static bool number_of(Text t, long double *ret)
{
    char z[64];
    char *end;
    size_t sign = t.len && t.ptr[0] == '-' ? 1 : 0;
    bool hex = t.len > sign + 2 && t.ptr[sign] == '0' && (t.ptr[sign + 1] | 32) == 'x';
    if (t.len == 0 || t.len >= sizeof z || sign == t.len || t.ptr[sign] < '0' ||
        t.ptr[sign] > '9' || (hex && (sign || t.len > 18)))
        return false;
    if (!hex && t.len > sign + 1 && t.ptr[sign] == '0' && t.ptr[sign + 1] >= '0' &&
        t.ptr[sign + 1] <= '9')
        return false;
    for (size_t i = 0; i < t.len; i++)
        if (!hex && (t.ptr[i] == '\0' || !strchr("0123456789.eE+-", t.ptr[i])))
            return false;
    memcpy(z, t.ptr, t.len);
    z[t.len] = '\0';
    *ret = hex ? (long double)strtoull(z, &end, 16) : strtold(z, &end);
    const char *point = strchr(z, '.');
    bool digit_behind = !point || (point[1] >= '0' && point[1] <= '9');
    return *end == '\0' && digit_behind && isfinite((double)*ret);
}

/* As the rule has it. */
static long double rule_number(const YamlValue *value)
{
    long double number;
    return number_of(value->text, &number) ? number : (long double)value->real;
}

static bool is_number_type(ValueType type)
{
    return type == VALUE_UINT || type == VALUE_INT || type == VALUE_HEX || type == VALUE_FLOAT;
}

static bool value_number(Value value, Text text, long double *ret)
{
    uint64_t bits;
    double real;
    if (value.type == VALUE_FLOAT) {
        bits = value_u64(value);
        memcpy(&real, &bits, sizeof bits);
        *ret = real;
        return isfinite(real);
    }
    if (value.type == VALUE_INT) {
        *ret = (int64_t)value_u64(value);
        return true;
    }
    if (is_number_type(value.type)) {
        *ret = value_u64(value);
        return true;
    }
    return value.type == VALUE_TEXT && number_of(text, ret);
}

/* ---- one value ---- */

static bool keyword_fits(const RuleValue *value, Text text)
{
    Arena *arena = arena_create(1 << 24);
    Pattern pattern = value->pattern;
    bool ok = value->kind == RULE_STRING || pattern_of_text(arena, value->number.text, &pattern);
    ok = ok && pattern_open(arena, pattern, OPEN_START | OPEN_END, &pattern) &&
         string_fits(value, pattern, text);
    arena_destroy(arena);
    return ok;
}

static bool text_holds(const RuleValue *value, Text text, Value whole, bool keyword)
{
    long double number, other;
    Ip ip;
    if (keyword)
        return keyword_fits(value, text);
    switch (value->kind) {
    case RULE_STRING:
        if (string_fits(value, value->pattern, text))
            return true;
        return !value->cased && value->pattern.count == 1 &&
               value->pattern.parts[0].kind == PART_TEXT &&
               number_of(value->pattern.parts[0].text, &other) &&
               value_number(whole, text, &number) && number == other;
    case RULE_NUMBER:
        return text_equal(text, value->number.text) ||
               (value_number(whole, text, &number) && number == rule_number(&value->number));
    case RULE_BOOL:
        return text_equal_nocase(text, value->number.boolean ? TEXT("true") : TEXT("false")) ||
               (value_number(whole, text, &number) && number == value->number.boolean);
    case RULE_CIDR:
        return (whole.type == VALUE_TEXT || whole.type == VALUE_BINARY) && ip_parse(text, &ip) &&
               ip_in_network(&ip, &value->network);
    case RULE_COMPARE:
        if (!value_number(whole, text, &number))
            return false;
        other = rule_number(&value->number);
        return value->compare == COMPARE_LT    ? number < other
               : value->compare == COMPARE_LTE ? number <= other
               : value->compare == COMPARE_GT  ? number > other
                                               : number >= other;
    default:
        return false;
    }
}

static bool value_holds(const RuleValue *rule, Value value, bool keyword)
{
    if (value.type == VALUE_NULL || value.type == VALUE_LIST)
        return false;
    if (value.type == VALUE_TEXT)
        return text_holds(rule, value_text(value), value, keyword);
    if (value.type == VALUE_BINARY && text_holds(rule, value_text(value), value, keyword))
        return true;
    Buf text;
    buf_init(&text, 1u << 28);
    value_write_text(&text, value);
    Value written = value;
    if (value.type == VALUE_BINARY)
        written.type = VALUE_GUID; /* digits are neither a number nor an address */
    bool result = text_holds(rule, buf_text(&text), written, keyword);
    buf_done(&text);
    return result;
}

/* ---- the event ---- */

typedef bool (*Visit)(void *ctx, Value value);

/* Values of a field (empty: of all), lists taken apart, until `visit` says true. */
static bool any_value(const Batch *batch, uint32_t row, Text name, Visit visit, void *ctx)
{
    Layout layout = batch_layout(batch, batch_layout_of(batch, row));
    for (uint32_t i = 0; i < layout.native_count; i++) {
        uint32_t cell = batch_cell(batch, row, i);
        Text native = batch_name(batch, load_u32le(layout.names + 4 * (size_t)i));
        if (cell == UINT32_MAX || (name.len && !text_equal(name, native)))
            continue;
        Value value = batch_value(batch, cell);
        if (value.type != VALUE_LIST) {
            if (visit(ctx, value))
                return true;
            continue;
        }
        for (size_t k = 0; k < value.bytes.len / 4; k++)
            if (visit(ctx, batch_list_at(batch, value, k)))
                return true;
    }
    return false;
}

static bool is_there(void *ctx, Value value)
{
    (void)ctx, (void)value;
    return true;
}

static bool is_null(void *ctx, Value value)
{
    (void)ctx;
    return value.type == VALUE_NULL;
}

typedef struct Question {
    const RuleValue *rule;
    bool keyword;
    const Batch *batch;
    uint32_t row;
    Buf first;
} Question;

static bool answers(void *ctx, Value value)
{
    const Question *question = ctx;
    return value_holds(question->rule, value, question->keyword);
}

static bool equals_other(void *ctx, Value value)
{
    const Question *question = ctx;
    Buf text;
    if (value.type == VALUE_NULL)
        return false;
    buf_init(&text, 1u << 28);
    value_write_text(&text, value);
    Arena *arena = arena_create(1u << 28);
    Pattern pattern;
    bool ok = pattern_of_text(arena, buf_text(&text), &pattern) &&
              pattern_open(arena, pattern, question->rule->open, &pattern) &&
              string_fits(question->rule, pattern, buf_text(&question->first));
    arena_destroy(arena);
    buf_done(&text);
    return ok;
}

static bool compares_other(void *ctx, Value value)
{
    Question *question = ctx;
    if (value.type == VALUE_NULL)
        return false;
    buf_init(&question->first, 1u << 28);
    value_write_text(&question->first, value);
    bool result =
        any_value(question->batch, question->row, question->rule->text, equals_other, question);
    buf_done(&question->first);
    return result;
}

static bool leaf_holds(const Node *leaf, const Batch *batch, uint32_t row)
{
    Question question = {
        .rule = leaf->value, .keyword = leaf->field.len == 0, .batch = batch, .row = row};
    bool there = any_value(batch, row, leaf->field, is_there, NULL);
    switch (leaf->value->kind) {
    case RULE_NULL:
        return !there || any_value(batch, row, leaf->field, is_null, NULL);
    case RULE_EXISTS:
        return there == leaf->value->number.boolean;
    case RULE_FIELD:
        return any_value(batch, row, leaf->field, compares_other, &question);
    default:
        return any_value(batch, row, leaf->field, answers, &question);
    }
}

bool sigma_plain_holds(const Node *node, const Batch *batch, uint32_t row)
{
    switch (node->kind) {
    case NODE_LEAF:
        return leaf_holds(node, batch, row);
    case NODE_NOT:
        return !sigma_plain_holds(node->children[0], batch, row);
    case NODE_AND:
    case NODE_OR:
        break;
    }
    for (uint32_t i = 0; i < node->count; i++)
        if (sigma_plain_holds(node->children[i], batch, row) != (node->kind == NODE_AND))
            return node->kind == NODE_OR;
    return node->kind == NODE_AND;
}

bool sigma_plain_can(const Node *node)
{
    if (node->kind == NODE_LEAF)
        return node->value->kind != RULE_REGEX && node->value->kind != RULE_DATE_PART;
    for (uint32_t i = 0; i < node->count; i++)
        if (!sigma_plain_can(node->children[i]))
            return false;
    return true;
}
