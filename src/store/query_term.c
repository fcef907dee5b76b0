/* Terms: words, fields, ranges, comparisons. */
#include "store/query_parser.h"

enum { COST_KIND = 1, COST_HEAD = 2, COST_FIELD = 4, COST_WILD = 6, COST_ANY = 16 };

static uint32_t leaf_cost(const QueryLeaf *leaf)
{
    if (leaf->field.len == 0)
        return COST_ANY;
    if (leaf->basic != BASIC_NONE)
        return leaf->basic < BASIC_TIME ? COST_KIND : COST_HEAD;
    return leaf->test.ask == ASK_TEXT && leaf->test.pattern.wild ? COST_WILD : COST_FIELD;
}

static uint32_t add_leaf(Parser *p, Text field, const QueryTest *test)
{
    Query *query = p->query;
    if (query->leaf_count == QUERY_TERMS_MAX) {
        (void)words_error(&p->words, p->words.at, p->err, "more than %d terms", QUERY_TERMS_MAX);
        return NO_NODE;
    }
    QueryLeaf *leaf = &query->leaves[query->leaf_count];
    *leaf = (QueryLeaf){.field = field, .test = *test};
    query_name(leaf);
    QueryNode node = {.op = QUERY_LEAF, .leaf = query->leaf_count++, .cost = leaf_cost(leaf)};
    return parser_add(p, node);
}

static bool only_stars(const Words *words)
{
    const uint32_t *chars = (const uint32_t *)(const void *)words->chars.ptr;
    size_t count = words_char_count(words);
    for (size_t i = 0; i < count; i++)
        if (chars[i] != PATTERN_MANY)
            return false;
    return count > 0;
}

static bool text_test(Parser *p, PatternEnds ends, QueryTest *ret)
{
    const Words *words = &p->words;
    const uint32_t *chars = (const uint32_t *)(const void *)words->chars.ptr;
    return test_init_text(ret, chars, words_char_count(words), ends, buf_text(&words->literal),
                          p->query->arena);
}

/* A word by itself. */
static uint32_t any_field_term(Parser *p)
{
    static const char *const LIKE_OPERATORS[] = {"and", "or", "not", "&&", "||", "!"};
    QueryTest test;
    Text word = buf_text(&p->words.literal);
    if (words_char_count(&p->words) == 0) {
        (void)words_error(&p->words, p->words.at, p->err, "an empty word");
        return NO_NODE;
    }
    for (size_t i = 0; p->words.bare && i < sizeof LIKE_OPERATORS / sizeof *LIKE_OPERATORS; i++)
        if (text_equal_nocase(word, text_from_z(LIKE_OPERATORS[i])))
            p->query->hint = "operators are AND, OR, NOT in capitals; other words are searched for";
    if (only_stars(&p->words))
        return parser_add(p, (QueryNode){.op = QUERY_ALL});
    return text_test(p, PATTERN_WITHIN, &test) ? add_leaf(p, TEXT(""), &test) : parser_no_memory(p);
}

static bool names_time(Text field)
{
    QueryLeaf leaf = {.field = field};
    query_name(&leaf);
    return leaf.basic == BASIC_TIME;
}

static uint32_t word_value(Parser *p, Text field)
{
    QueryTest test = {0};
    if (parser_sees(p, "AND") || parser_sees(p, "OR") || parser_sees(p, "NOT")) {
        (void)words_error(&p->words, p->words.pos, p->err,
                          "a value was expected here (the words AND, OR, NOT as text are quoted)");
        return NO_NODE;
    }
    if (!words_read(&p->words, WORD_VALUE, p->err))
        return NO_NODE;
    if (only_stars(&p->words)) {
        test_init(&test, ASK_PRESENT);
        return add_leaf(p, field, &test);
    }
    if (!text_test(p, PATTERN_WHOLE, &test))
        return parser_no_memory(p);
    if (names_time(field) && !test.has_time && !test.pattern.wild) {
        (void)words_error(&p->words, p->words.at, p->err,
                          "a time was expected, as 2026-03-04 or 2026-03-04T09:12:00Z");
        return NO_NODE;
    }
    return add_leaf(p, field, &test);
}

/* ---- ranges ---- */

typedef enum BoundKind { BOUND_OPEN, BOUND_NUMBER, BOUND_TIME } BoundKind;

typedef struct Bound {
    BoundKind kind;
    Number number;
    TimeSpan time;
} Bound;

static bool read_bound(Parser *p, Text field, WordUse use, Bound *ret)
{
    Bound bound = {0};
    if (!words_read(&p->words, use, p->err))
        return false;
    Text text = buf_text(&p->words.literal);
    if (use == WORD_BOUND && only_stars(&p->words))
        bound.kind = BOUND_OPEN;
    else if (!p->words.wild && span_from_text(text, &bound.time))
        bound.kind = BOUND_TIME;
    else if (!p->words.wild && !names_time(field) && number_from_text(text, &bound.number))
        bound.kind = BOUND_NUMBER;
    else
        return words_error(&p->words, p->words.at, p->err, "%s was expected here",
                           names_time(field) ? "a time, as 2026-03-04T09:12:00Z,"
                                             : "a number or a time");
    *ret = bound;
    return true;
}

/* `open`: the bound itself is outside. */
static uint32_t add_range(Parser *p, Text field, const Bound *low, bool low_open, const Bound *high,
                          bool high_open)
{
    QueryTest test = {0};
    if (low->kind == BOUND_OPEN && high->kind == BOUND_OPEN) {
        test_init(&test, ASK_PRESENT);
    } else if (low->kind == BOUND_NUMBER || high->kind == BOUND_NUMBER) {
        test_init(&test, ASK_NUMBERS);
        test.numbers = (NumberRange){.has_low = low->kind == BOUND_NUMBER,
                                     .has_high = high->kind == BOUND_NUMBER,
                                     .low_open = low_open,
                                     .high_open = high_open,
                                     .low = low->number,
                                     .high = high->number};
    } else {
        test_init(&test, ASK_TIMES);
        test.times = (TimeSpan){.low = TIME_NONE + 1, .high = INT64_MAX};
        if (low->kind == BOUND_TIME)
            test.times.low =
                low_open ? low->time.high + (low->time.high < INT64_MAX) : low->time.low;
        if (high->kind == BOUND_TIME)
            test.times.high = high_open ? high->time.low - 1 : high->time.high;
    }
    return add_leaf(p, field, &test);
}

static uint32_t range_value(Parser *p, Text field)
{
    Bound low, high;
    bool low_open = words_peek(&p->words) == '{';
    p->words.pos++;
    if (!read_bound(p, field, WORD_BOUND, &low))
        return NO_NODE;
    if (!words_take(&p->words, "TO")) {
        (void)words_error(&p->words, p->words.pos, p->err,
                          "TO was expected here (a range is [a TO b]; other texts that begin with "
                          "[ are quoted)");
        return NO_NODE;
    }
    if (!read_bound(p, field, WORD_BOUND, &high))
        return NO_NODE;
    bool high_open = words_take_byte(&p->words, '}');
    if (!high_open && !words_take_byte(&p->words, ']')) {
        (void)words_error(&p->words, p->words.pos, p->err, "] or } was expected here");
        return NO_NODE;
    }
    if (low.kind != BOUND_OPEN && high.kind != BOUND_OPEN && low.kind != high.kind) {
        (void)words_error(&p->words, p->words.at, p->err,
                          "both ends of a range are numbers, or both are times");
        return NO_NODE;
    }
    return add_range(p, field, &low, low_open, &high, high_open);
}

static uint32_t comparison_value(Parser *p, Text field)
{
    const Bound open = {.kind = BOUND_OPEN};
    Bound bound;
    bool greater = words_peek(&p->words) == '>';
    p->words.pos++;
    bool equal = p->words.pos < p->words.text.len && p->words.text.ptr[p->words.pos] == '=';
    p->words.pos += equal;
    if (!read_bound(p, field, WORD_VALUE, &bound))
        return NO_NODE;
    return greater ? add_range(p, field, &bound, !equal, &open, false)
                   : add_range(p, field, &open, false, &bound, !equal);
}

/* ---- fields ---- */

/* Behind "field:". */
static uint32_t parse_value(Parser *p, Text field)
{
    switch (words_peek(&p->words)) {
    case '[':
    case '{':
        return range_value(p, field);
    case '<':
    case '>':
        return comparison_value(p, field);
    case '(': {
        p->words.pos++;
        p->field = field;
        uint32_t node = parser_group(p);
        p->field = TEXT("");
        return node;
    }
    default:
        return word_value(p, field);
    }
}

/* C:\… and http://… are values more often than fields. */
static bool check_field(Parser *p, Text field)
{
    Words *words = &p->words;
    Text rest = text_of(words->text.ptr + words->pos, words->text.len - words->pos);
    if (words->wild)
        return words_error(words, words->at, p->err, "the name of a field has no wildcards");
    if (field.len == 0)
        return words_error(words, words->at, p->err,
                           "the name of a field was expected before the :");
    if (words->bare && field.len == 1 && text_starts(rest, TEXT("\\")) && rest.len > 1 &&
        !strchr("\"*?():[]{}<> ", rest.ptr[1]))
        return words_error(words, words->at, p->err,
                           "a path with a drive letter is quoted: \"%.1s:\\...\"", field.ptr);
    if (words->bare && text_starts(rest, TEXT("//")))
        return words_error(words, words->at, p->err,
                           "an address with :// is quoted: \"%.*s://...\"",
                           (int)(field.len < 16 ? field.len : 16), field.ptr);
    int next = words_peek(words);
    if (next < 0 || next == ')')
        return words_error(words, words->pos, p->err, "a value was expected here, after the field");
    return true;
}

uint32_t parser_term(Parser *p)
{
    if (p->field.len)
        return parse_value(p, p->field);
    if (!words_read(&p->words, WORD_TERM, p->err))
        return NO_NODE;
    if (!p->words.ends_colon)
        return any_field_term(p);
    Text field;
    if (!arena_copy_text(p->query->arena, buf_text(&p->words.literal), &field))
        return parser_no_memory(p);
    return check_field(p, field) ? parse_value(p, field) : NO_NODE;
}
