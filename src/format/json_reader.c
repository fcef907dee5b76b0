#include "format/json_reader.h"

#include <stdlib.h>
#include <string.h>

#include "format/json_scan.h"

#define COPY_STEP 32 /* bytes; copying a run of a string may write so many past it */

enum {
    EXPECT_VALUE,         /* at the start, after ':' */
    EXPECT_FIRST_KEY,     /* after '{' */
    EXPECT_FIRST_ELEMENT, /* after '[' */
    EXPECT_NEXT,          /* after a value in an object or array: ',' or its end */
    EXPECT_END,           /* after the value: blanks only */
    EXPECT_NOTHING,       /* all is read, or damaged */
};

void json_init(JsonReader *reader)
{
    *reader = (JsonReader){
        .expect = EXPECT_NOTHING, .find_marks = json_marks_choose(), .err.offset = ERR_NO_OFFSET};
}

void json_done(JsonReader *reader)
{
    free(reader->scratch);
    json_init(reader);
}

void json_begin(JsonReader *reader, Span value, uint64_t origin)
{
    static const uint8_t nothing[1];
    reader->start = value.len ? value.ptr : nothing;
    reader->end = reader->start + value.len;
    reader->at = reader->start + (span_starts_with(value, "\xEF\xBB\xBF", 3) ? 3 : 0);
    reader->origin = origin;
    reader->objects = 0;
    reader->depth = 0;
    reader->expect = EXPECT_VALUE;
    reader->scratch_used = 0;
    reader->marked = reader->start;
    reader->marked_len = 0;
    reader->ascii = true;
    reader->err = (Err){.code = ERR_NONE, .offset = ERR_NO_OFFSET};
}

static uint64_t offset_of(const JsonReader *r, const uint8_t *p)
{
    return r->origin + (uint64_t)(p - r->start);
}

static bool damage(JsonReader *r, const uint8_t *p, const char *expected)
{
    r->expect = EXPECT_NOTHING;
    if (p >= r->end)
        return err_set(&r->err, ERR_FORMAT, offset_of(r, r->end),
                       "JSON: expected %s, found the end of the text", expected);
    size_t left = (size_t)(r->end - p);
    return err_set(&r->err, ERR_FORMAT, offset_of(r, p), "JSON: expected %s, found '%s'", expected,
                   quote(p, left < 12 ? left : 12).str);
}

static bool over_limit(JsonReader *r, const uint8_t *p, const char *what, unsigned limit)
{
    r->expect = EXPECT_NOTHING;
    return err_set(&r->err, ERR_LIMIT, offset_of(r, p), "JSON: %s (limit %u)", what, limit);
}

static const uint8_t *skip_blanks(const uint8_t *p, const uint8_t *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    return p;
}

static bool in_object(const JsonReader *r)
{
    return r->objects >> (r->depth - 1) & 1;
}

/* What may follow when a value has ended. */
static void value_ended(JsonReader *r, const uint8_t *p)
{
    r->at = p;
    r->expect = r->depth ? EXPECT_NEXT : EXPECT_END;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits at p; UINT32_MAX if they are not four digits. */
static uint32_t hex4(const uint8_t *p, const uint8_t *end)
{
    if (end - p < 4)
        return UINT32_MAX;
    uint32_t code = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(p[i]);
        if (digit < 0)
            return UINT32_MAX;
        code = code << 4 | (uint32_t)digit;
    }
    return code;
}

/* What \uXXXX, perhaps a pair of them, at p stands for; *ret_len: its bytes. UINT32_MAX if it is no
 * such escape. */
static uint32_t unicode_escape(const uint8_t *p, const uint8_t *end, size_t *ret_len)
{
    uint32_t code = end - p >= 2 && p[1] == 'u' ? hex4(p + 2, end) : UINT32_MAX;
    *ret_len = 6;
    if (code >= 0xD800 && code < 0xDC00 && end - p >= 12 && p[6] == '\\' && p[7] == 'u') {
        uint32_t low = hex4(p + 8, end);
        if (low >= 0xDC00 && low < 0xE000) {
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            *ret_len = 12;
        }
    }
    return code;
}

/* What the byte after a backslash stands for; 0: not one by itself. */
/* clang-format off */
static const char PLAIN_ESCAPES[256] = {
    ['"'] = '"', ['\\'] = '\\', ['/'] = '/',
    ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t',
};
/* clang-format on */

/* next_special where the word of marks that p is in has no more, or there is none for p yet. */
static const uint8_t *search_special(JsonReader *r, const uint8_t *p)
{
    for (;;) {
        size_t at = (size_t)(p - r->marked);
        if (at < r->marked_len) {
            size_t word = at / 64;
            uint64_t bits = r->marks[word] >> at % 64 << at % 64;
            while (!bits)
                bits = r->marks[++word];
            at = 64 * word + (unsigned)__builtin_ctzll(bits);
            p = r->marked + at;
            if (at < r->marked_len)
                return p;
        }
        if (p == r->end)
            return p;
        size_t left = (size_t)(r->end - p);
        r->marked = p;
        r->marked_len = left < JSON_MARKS_BYTES ? left : JSON_MARKS_BYTES;
        r->ascii &= r->find_marks(p, r->marked_len, r->marks);
    }
}

/* The next special byte of a string at or after p; end if there is none. Searches go forward. */
static inline const uint8_t *next_special(JsonReader *r, const uint8_t *p)
{
    size_t at = (size_t)(p - r->marked);
    if (at < r->marked_len) {
        uint64_t bits = r->marks[at / 64] >> at % 64;
        size_t found = at + (unsigned)__builtin_ctzll(bits | UINT64_C(1) << 63);
        if (bits && found < r->marked_len)
            return r->marked + found;
    }
    return search_special(r, p);
}

/* Copy the part [p, stop) of a string; returns its end. Writes less than COPY_STEP too much, and
 * reads no further than `end`. */
static inline char *copy_run(const uint8_t *p, const uint8_t *stop, const uint8_t *end, char *out)
{
    size_t n = (size_t)(stop - p);
    if ((size_t)(end - stop) < COPY_STEP) {
        memcpy(out, p, n);
        return out + n;
    }
    for (size_t done = 0; done < n; done += COPY_STEP)
        memcpy(out + done, p + done, COPY_STEP); /* of a known size: no call */
    return out + n;
}

/* Plain escapes from p on, and the text between them, by the marks that are there. Returns the
 * first byte that is not in *out yet: what is special and no such escape, or where marks or text
 * end. */
static const uint8_t *unescape_run(const JsonReader *r, const uint8_t *p, char **out)
{
    const uint8_t *text = r->marked;
    size_t left = (size_t)(r->end - text), from = (size_t)(p - text);
    size_t limit = left > COPY_STEP + 2 ? left - COPY_STEP - 2 : 0; /* for copying in steps */
    limit = limit < r->marked_len ? limit : r->marked_len - !!r->marked_len;
    if (from >= limit)
        return p;
    size_t word = from / 64;
    uint64_t bits = r->marks[word] >> from % 64 << from % 64;
    char *to = *out;
    for (;;) {
        while (!bits)
            bits = r->marks[++word];
        size_t at = 64 * word + (unsigned)__builtin_ctzll(bits);
        if (at >= limit)
            break;
        for (size_t done = from; done < at; done += COPY_STEP)
            memcpy(to + (done - from), text + done, COPY_STEP);
        to += at - from;
        from = at;
        char escaped = text[at] == '\\' ? PLAIN_ESCAPES[text[at + 1]] : 0;
        if (!escaped)
            break;
        *to++ = escaped;
        from = at + 2;
        bits &= bits - 1;
        if (escaped == '"' || escaped == '\\') { /* has a mark of its own */
            if (!bits)
                bits = r->marks[++word];
            bits &= bits - 1;
        }
    }
    *out = to;
    return text + from;
}

/* Room for every string of this value at once, so that none has to move. */
static bool scratch_ready(JsonReader *r)
{
    size_t need = (size_t)(r->end - r->start) + COPY_STEP;
    if (r->scratch_cap >= need)
        return true;
    free(r->scratch);
    r->scratch_cap = 0;
    r->scratch = malloc(need);
    if (!r->scratch) {
        r->expect = EXPECT_NOTHING;
        return err_set(&r->err, ERR_NO_MEMORY, r->origin, "JSON: a value of %zu bytes", need);
    }
    r->scratch_cap = need;
    return true;
}

/* The rest of the string that begins at `first`, from its first escape at p. */
static bool read_escaped(JsonReader *r, const uint8_t *first, const uint8_t *p, JsonToken *ret,
                         const uint8_t **ret_after)
{
    if (r->scratch_used == 0 && !scratch_ready(r))
        return false;
    char *text = r->scratch + r->scratch_used;
    size_t plain = (size_t)(p - first);
    memcpy(text, first, plain);
    char *out = text + plain;
    for (;;) {
        p = unescape_run(r, p, &out);
        const uint8_t *stop = next_special(r, p);
        out = copy_run(p, stop, r->end, out);
        p = stop;
        if (p >= r->end || *p != '\\')
            break;
        char escaped = r->end - p >= 2 ? PLAIN_ESCAPES[p[1]] : 0;
        size_t len = 2;
        uint32_t code = escaped ? (uint32_t)escaped : unicode_escape(p, r->end, &len);
        if (code == UINT32_MAX)
            return damage(r, p, "an escape");
        out += utf8_put(out, code); /* has room: escapes are longer than what they stand for */
        p += len;
    }
    if (p >= r->end || *p != '"')
        return damage(r, p,
                      p < r->end ? "no control character in a string" : "the end of a string");
    ret->text = text_of(text, (size_t)(out - text));
    ret->utf8 = r->ascii; /* escapes give nothing else */
    r->scratch_used += ret->text.len;
    *ret_after = p + 1;
    return true;
}

/* The string whose opening quote is at p. */
static inline bool read_string(JsonReader *r, const uint8_t *p, JsonToken *ret,
                               const uint8_t **ret_after)
{
    const uint8_t *first = p + 1;
    const uint8_t *stop = next_special(r, first);
    ret->pos = (size_t)(p - r->start);
    ret->integer = false;
    if (stop < r->end && *stop == '"') {
        ret->text = text_of((const char *)first, (size_t)(stop - first));
        ret->utf8 = r->ascii;
        *ret_after = stop + 1;
    } else if (stop < r->end && *stop == '\\') {
        if (!read_escaped(r, first, stop, ret, ret_after))
            return false;
    } else {
        return damage(r, stop,
                      stop < r->end ? "no control character in a string" : "the end of a string");
    }
    if ((size_t)(*ret_after - first) > JSON_STRING_MAX)
        return over_limit(r, p, "a string is too long", JSON_STRING_MAX);
    return true;
}

static const uint8_t *skip_digits(const uint8_t *p, const uint8_t *end)
{
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return p;
}

static bool read_number(JsonReader *r, const uint8_t *first, JsonToken *ret)
{
    const uint8_t *end = r->end;
    const uint8_t *p = first + (*first == '-');
    const uint8_t *digits = p;
    p = skip_digits(p, end);
    if (p == digits || (*digits == '0' && p - digits > 1))
        return damage(r, first, "a number");
    ret->integer = true;
    if (p < end && *p == '.') {
        digits = ++p;
        p = skip_digits(p, end);
        ret->integer = false;
        if (p == digits)
            return damage(r, p, "a digit");
    }
    if (p < end && (*p | 0x20) == 'e') {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        digits = p;
        p = skip_digits(p, end);
        ret->integer = false;
        if (p == digits)
            return damage(r, p, "a digit");
    }
    if ((size_t)(p - first) > JSON_STRING_MAX)
        return over_limit(r, first, "a number is too long", JSON_STRING_MAX);
    ret->kind = JSON_NUMBER;
    ret->utf8 = true;
    ret->text = text_of((const char *)first, (size_t)(p - first));
    ret->pos = (size_t)(first - r->start);
    value_ended(r, p);
    return true;
}

static bool read_word(JsonReader *r, const uint8_t *p, const char *word, size_t len, JsonKind kind,
                      JsonToken *ret)
{
    if ((size_t)(r->end - p) < len || memcmp(p, word, len) != 0)
        return damage(r, p, "a value");
    *ret = (JsonToken){.kind = kind, .pos = (size_t)(p - r->start)};
    value_ended(r, p + len);
    return true;
}

static bool open_container(JsonReader *r, const uint8_t *p, JsonToken *ret)
{
    if (r->depth == JSON_DEPTH_MAX)
        return over_limit(r, p, "objects and arrays nested too deep", JSON_DEPTH_MAX);
    bool object = *p == '{';
    uint64_t bit = UINT64_C(1) << r->depth;
    r->objects = object ? r->objects | bit : r->objects & ~bit;
    r->depth++;
    *ret = (JsonToken){.kind = object ? JSON_OBJECT : JSON_ARRAY, .pos = (size_t)(p - r->start)};
    r->expect = object ? EXPECT_FIRST_KEY : EXPECT_FIRST_ELEMENT;
    r->at = p + 1;
    return true;
}

static bool close_container(JsonReader *r, const uint8_t *p, JsonToken *ret)
{
    *ret = (JsonToken){.kind = *p == '}' ? JSON_OBJECT_END : JSON_ARRAY_END,
                       .pos = (size_t)(p - r->start)};
    r->depth--;
    value_ended(r, p + 1);
    return true;
}

static bool read_value(JsonReader *r, const uint8_t *p, JsonToken *ret)
{
    if (p >= r->end)
        return damage(r, p, "a value");
    switch (*p) {
    case '"': {
        const uint8_t *after;
        ret->kind = JSON_STRING;
        if (!read_string(r, p, ret, &after))
            return false;
        value_ended(r, after);
        return true;
    }
    case '{':
    case '[':
        return open_container(r, p, ret);
    case 't':
        return read_word(r, p, "true", 4, JSON_TRUE, ret);
    case 'f':
        return read_word(r, p, "false", 5, JSON_FALSE, ret);
    case 'n':
        return read_word(r, p, "null", 4, JSON_NULL, ret);
    default:
        if (*p == '-' || (*p >= '0' && *p <= '9'))
            return read_number(r, p, ret);
        return damage(r, p, "a value");
    }
}

static bool read_key(JsonReader *r, const uint8_t *p, JsonToken *ret)
{
    const uint8_t *after;
    if (p >= r->end || *p != '"')
        return damage(r, p, "a key");
    if (!read_string(r, p, ret, &after))
        return false;
    after = skip_blanks(after, r->end);
    if (after >= r->end || *after != ':')
        return damage(r, after, "':'");
    ret->kind = JSON_KEY;
    r->at = after + 1;
    r->expect = EXPECT_VALUE;
    return true;
}

bool json_scalar(JsonReader *r, JsonToken *ret)
{
    const uint8_t *p = r->at;
    if (p >= r->end || *p != '"')
        return read_value(r, p, ret) && ret->kind >= JSON_STRING;
    ret->kind = JSON_STRING;
    return read_string(r, p, ret, &r->at);
}

bool json_next(JsonReader *r, JsonToken *ret)
{
    const uint8_t *p = skip_blanks(r->at, r->end);
    switch (r->expect) {
    case EXPECT_NEXT: {
        bool object = in_object(r);
        if (p < r->end && *p == ',') {
            p = skip_blanks(p + 1, r->end);
            return object ? read_key(r, p, ret) : read_value(r, p, ret);
        }
        if (p < r->end && *p == (object ? '}' : ']'))
            return close_container(r, p, ret);
        return damage(r, p, object ? "',' or '}'" : "',' or ']'");
    }
    case EXPECT_VALUE:
        return read_value(r, p, ret);
    case EXPECT_FIRST_KEY:
        return p < r->end && *p == '}' ? close_container(r, p, ret) : read_key(r, p, ret);
    case EXPECT_FIRST_ELEMENT:
        return p < r->end && *p == ']' ? close_container(r, p, ret) : read_value(r, p, ret);
    case EXPECT_END:
        if (p < r->end)
            return damage(r, p, "nothing after the value");
        r->expect = EXPECT_NOTHING;
        return false;
    default:
        return false;
    }
}

bool json_skip(JsonReader *r, const JsonToken *token)
{
    JsonToken t = *token;
    if (t.kind == JSON_KEY && !json_next(r, &t))
        return false;
    if (t.kind != JSON_OBJECT && t.kind != JSON_ARRAY)
        return true;
    for (unsigned depth = r->depth; r->depth >= depth;) {
        if (!json_next(r, &t))
            return false;
    }
    return true;
}
