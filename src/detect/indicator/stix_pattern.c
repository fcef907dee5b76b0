#include "detect/indicator/stix_pattern.h"

#define PATH_MAX_BYTES 256

typedef struct PathRow {
    Text path;
    IndicatorType type;
} PathRow;

#define STIX_PATH(path, type) {{path, sizeof(path) - 1}, INDICATOR_##type},
static const PathRow PATHS[] = {
#include "detect/indicator/stix_paths.def"
};
#undef STIX_PATH

typedef struct Parser {
    IndicatorSet *set;
    FeedPlace place;
    Text text;
    size_t at;
    unsigned depth;
    Err *err;
} Parser;

bool stix_path_type(Text path, IndicatorType *ret)
{
    for (size_t i = 0; i < sizeof PATHS / sizeof PATHS[0]; i++)
        if (text_equal(PATHS[i].path, path)) {
            *ret = PATHS[i].type;
            return true;
        }
    return false;
}

/* ---- words ---- */

static bool expected(Parser *p, const char *what)
{
    return err_set(p->err, ERR_FORMAT, p->at, "expected %s", what);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static char peek(Parser *p)
{
    while (p->at < p->text.len && is_blank(p->text.ptr[p->at]))
        p->at++;
    return p->at < p->text.len ? p->text.ptr[p->at] : '\0';
}

static bool is_letter(char c)
{
    c = ascii_lower(c);
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static bool take(Parser *p, Text sign)
{
    (void)peek(p);
    if (!text_starts(text_of(p->text.ptr + p->at, p->text.len - p->at), sign))
        return false;
    p->at += sign.len;
    return true;
}

static bool take_word(Parser *p, Text word)
{
    (void)peek(p);
    Text rest = text_of(p->text.ptr + p->at, p->text.len - p->at);
    if (rest.len < word.len || !text_equal_nocase(text_of(rest.ptr, word.len), word) ||
        (rest.len > word.len && is_letter(rest.ptr[word.len])))
        return false;
    p->at += word.len;
    return true;
}

/* A string without its quotes and escapes, in the scratch. */
static bool take_string(Parser *p, Text *ret)
{
    if (peek(p) != '\'')
        return expected(p, "a string in single quotes");
    char *out = ARENA_NEW(p->set->scratch, char, p->text.len - p->at + 1);
    size_t len = 0;
    if (!out) {
        p->set->failed = true;
        return err_set(p->err, ERR_NO_MEMORY, p->at, "no memory for a string");
    }
    for (p->at++; p->at < p->text.len && p->text.ptr[p->at] != '\''; p->at++) {
        if (p->text.ptr[p->at] == '\\' && p->at + 1 < p->text.len)
            p->at++;
        out[len++] = p->text.ptr[p->at];
    }
    if (p->at >= p->text.len)
        return expected(p, "the end of a string: '");
    p->at++;
    *ret = text_of(out, len);
    return true;
}

/* file:hashes.'SHA-256', email-message:to_refs[*].value: lower case, without quotes and indices. */
static bool take_path(Parser *p, char *out, Text *ret)
{
    size_t len = 0;
    bool colon = false;
    (void)peek(p);
    while (p->at < p->text.len && len < PATH_MAX_BYTES) {
        char c = p->text.ptr[p->at];
        if (c == '[') {
            while (p->at < p->text.len && p->text.ptr[p->at] != ']')
                p->at++;
        } else if (is_letter(c) || c == ':' || c == '.') {
            out[len++] = ascii_lower(c);
            colon = colon || c == ':';
        } else if (c != '\'' && c != '"') {
            break;
        }
        p->at++;
    }
    *ret = text_of(out, len);
    return (colon && len < PATH_MAX_BYTES) || expected(p, "an object path as file:name");
}

/* ---- values ---- */

static bool skip_value(Parser *p)
{
    Text ignored;
    char c = peek(p);
    if (c == '(') {
        for (p->at++; peek(p) != ')'; (void)take(p, TEXT(",")))
            if (!skip_value(p))
                return false;
        p->at++;
        return true;
    }
    if ((c == 't' || c == 'b' || c == 'h') && p->at + 1 < p->text.len &&
        p->text.ptr[p->at + 1] == '\'')
        p->at++;
    if (peek(p) == '\'')
        return take_string(p, &ignored);
    size_t start = p->at;
    while (p->at < p->text.len && (is_letter(p->text.ptr[p->at]) || p->text.ptr[p->at] == '.' ||
                                   p->text.ptr[p->at] == '+'))
        p->at++;
    return p->at > start || expected(p, "a value");
}

static bool unusable(Parser *p, const char *why, Text what, Expression *ret)
{
    indicator_note(p->set, INDICATOR_UNUSABLE, p->place, why, what);
    *ret = (Expression){0};
    return true;
}

static bool has_folder(Text t)
{
    return text_find(t, '\\') < t.len || text_find(t, '/') < t.len;
}

static bool one_value(Parser *p, IndicatorType type, TermUse use, Expression *ret)
{
    Text value;
    if (!take_string(p, &value))
        return false;
    IndicatorType is = type == INDICATOR_NAME && has_folder(value) ? INDICATOR_PATH : type;
    *ret = expression_term(p->set, p->place, is, use, value);
    return true;
}

static bool values_in(Parser *p, IndicatorType type, Expression *ret)
{
    *ret = (Expression){0};
    if (!take(p, TEXT("(")))
        return expected(p, "( and a list of values");
    do {
        Expression one;
        if (!one_value(p, type, TERM_IS, &one))
            return false;
        *ret = expression_or(p->set, p->place, *ret, one);
    } while (take(p, TEXT(",")));
    return take(p, TEXT(")")) || expected(p, ", or )");
}

/* ---- comparisons ---- */

static bool is_network_type(IndicatorType type)
{
    return type == INDICATOR_ADDRESS || type == INDICATOR_NETWORK;
}

/* Operators whose values are read over. */
static bool take_unused(Parser *p, Text *ret)
{
    static const Text SIGNS[] = {{"!=", 2}, {"<>", 2}, {"<=", 2}, {">=", 2}, {"<", 1}, {">", 1}};
    static const Text WORDS[] = {{"MATCHES", 7}, {"ISSUPERSET", 10}};
    for (size_t i = 0; i < sizeof SIGNS / sizeof SIGNS[0]; i++)
        if (take(p, SIGNS[i])) {
            *ret = SIGNS[i];
            return true;
        }
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++)
        if (take_word(p, WORDS[i])) {
            *ret = WORDS[i];
            return true;
        }
    return false;
}

static bool compare(Parser *p, Text path, Expression *ret)
{
    IndicatorType type = INDICATOR_MD5;
    bool known = stix_path_type(path, &type);
    bool negated = take_word(p, TEXT("NOT"));
    bool equal = false, in = false, like = false, subset = false;
    Text operator= {0};
    if (take(p, TEXT("==")) || take(p, TEXT("=")))
        equal = true;
    else if (take_word(p, TEXT("IN")))
        in = true;
    else if (take_word(p, TEXT("LIKE")))
        like = true;
    else if (take_word(p, TEXT("ISSUBSET")))
        subset = true;
    else if (!take_unused(p, &operator))
        return expected(p, "=, IN, LIKE, ISSUBSET or another comparison");
    if (operator.len || negated || !known) {
        if (!skip_value(p))
            return false;
        return !known    ? unusable(p, "this object path is not compared", path, ret)
               : negated ? unusable(p, "negations are not compared", path, ret)
                         : unusable(p, "this comparison is not made", operator, ret);
    }
    if (in)
        return values_in(p, type, ret);
    if (subset && !is_network_type(type))
        return expected(p, "ISSUBSET on addresses only");
    (void)equal;
    return one_value(p, type, like ? TERM_LIKE : TERM_IS, ret);
}

static bool comparison_or(Parser *p, Expression *ret);

static bool proposition(Parser *p, Expression *ret)
{
    char room[PATH_MAX_BYTES];
    Text path;
    if (take(p, TEXT("("))) {
        if (++p->depth > STIX_DEPTH_MAX)
            return err_set(p->err, ERR_LIMIT, p->at, "more than 32 brackets within each other");
        if (!comparison_or(p, ret))
            return false;
        p->depth--;
        return take(p, TEXT(")")) || expected(p, "AND, OR or )");
    }
    if (take_word(p, TEXT("NOT")) || take_word(p, TEXT("EXISTS")))
        return take_path(p, room, &path) && unusable(p, "EXISTS is not asked", path, ret);
    return take_path(p, room, &path) && compare(p, path, ret);
}

static bool comparison_and(Parser *p, Expression *ret)
{
    if (!proposition(p, ret))
        return false;
    while (take_word(p, TEXT("AND"))) {
        Expression next;
        if (!proposition(p, &next))
            return false;
        *ret = expression_and(p->set, p->place, *ret, next);
    }
    return true;
}

static bool comparison_or(Parser *p, Expression *ret)
{
    if (!comparison_and(p, ret))
        return false;
    while (take_word(p, TEXT("OR"))) {
        Expression next;
        if (!comparison_and(p, &next))
            return false;
        *ret = expression_or(p->set, p->place, *ret, next);
    }
    return true;
}

/* ---- observations ---- */

static bool observations(Parser *p, Expression *ret);

/* WITHIN 5 SECONDS, REPEATS 2 TIMES, START t'…' STOP t'…'. *ret_any: there was one. */
static bool take_qualifiers(Parser *p, bool *ret_any)
{
    static const Text ENDS[] = {{"SECONDS", 7}, {"TIMES", 5}};
    static const Text STARTS[] = {{"WITHIN", 6}, {"REPEATS", 7}};
    *ret_any = false;
    for (;;) {
        bool found = false;
        for (size_t i = 0; i < 2; i++) {
            if (!take_word(p, STARTS[i]))
                continue;
            found = true;
            if (!skip_value(p) || !(take_word(p, ENDS[i]) || expected(p, "SECONDS or TIMES")))
                return false;
        }
        if (take_word(p, TEXT("START"))) {
            found = true;
            if (!skip_value(p) || !(take_word(p, TEXT("STOP")) || expected(p, "STOP")) ||
                !skip_value(p))
                return false;
        }
        if (!found)
            return true;
        *ret_any = true;
    }
}

static bool observation(Parser *p, Expression *ret)
{
    bool qualified;
    if (take(p, TEXT("("))) {
        if (++p->depth > STIX_DEPTH_MAX)
            return err_set(p->err, ERR_LIMIT, p->at, "more than 32 brackets within each other");
        if (!observations(p, ret) || !(take(p, TEXT(")")) || expected(p, "OR or )")))
            return false;
        p->depth--;
    } else if (!(take(p, TEXT("[")) || expected(p, "[ and a comparison")) ||
               !comparison_or(p, ret) || !(take(p, TEXT("]")) || expected(p, "AND, OR or ]"))) {
        return false;
    }
    if (!take_qualifiers(p, &qualified))
        return false;
    return !qualified ||
           unusable(p, "WITHIN, REPEATS and START speak of several events", TEXT(""), ret);
}

static bool observations(Parser *p, Expression *ret)
{
    if (!observation(p, ret))
        return false;
    for (;;) {
        Expression next;
        bool either = take_word(p, TEXT("OR"));
        if (!either && !take_word(p, TEXT("AND")) && !take_word(p, TEXT("FOLLOWEDBY")))
            return true;
        if (!observation(p, &next))
            return false;
        if (either)
            *ret = expression_or(p->set, p->place, *ret, next);
        else
            (void)unusable(p, "AND and FOLLOWEDBY between observations speak of several events",
                           TEXT(""), ret);
    }
}

bool stix_pattern_read(IndicatorSet *set, FeedPlace place, Text pattern, Expression *ret, Err *err)
{
    Parser parser = {.set = set, .place = place, .text = pattern, .err = err};
    if (pattern.len > STIX_PATTERN_BYTES)
        return err_set(err, ERR_LIMIT, 0, "a pattern is at most 1 MiB long");
    if (!observations(&parser, ret))
        return false;
    (void)peek(&parser);
    return parser.at == pattern.len || expected(&parser, "OR, or the end of the pattern");
}
