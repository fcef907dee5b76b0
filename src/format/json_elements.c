#include "format/json_elements.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf16.h"
#include "format/json_reader.h"
#include "format/json_scan.h"

#define BLOCK   (256u * 1024)
#define KEY_MAX 64 /* bytes of a first key that is remembered, with its quotes */

struct JsonElements {
    const Input *in;
    uint8_t *text; /* UTF-8; text[pos..have) is not yet consumed */
    size_t cap, have, pos;
    size_t mark;          /* text[mark) lies at … */
    uint64_t mark_offset; /* … this offset in the item */
    uint64_t read_offset; /* next byte to read from the item */
    uint8_t *raw;         /* UTF-16 only: a block before conversion */
    bool in_array, only_array;
    bool done;       /* the one array that was asked for has ended */
    bool want_comma; /* an element of the array has just ended */
    bool line_start; /* text[pos) is the first that is not blank in its line … */
    size_t indent;   /* … behind so many blanks */
    uint8_t key[KEY_MAX];
    size_t key_len; /* first key of the last object, with quotes; 0: none */
    char why[160];
};

void json_elements_close(JsonElements *e)
{
    if (!e)
        return;
    free(e->text);
    free(e->raw);
    free(e);
}

/* UTF-16 units that gave these bytes. */
static uint64_t utf16_units(const uint8_t *p, size_t n)
{
    uint64_t units = 0;
    for (size_t i = 0; i < n; i++)
        units += ((p[i] & 0xC0) != 0x80) + (uint64_t)(p[i] >= 0xF0);
    return units;
}

static uint64_t bytes_in_item(const JsonElements *e, const uint8_t *p, size_t n)
{
    return e->raw ? 2 * utf16_units(p, n) : n;
}

/* Offset of text[at) in the item; positions are asked for in rising order, so the mark moves along.
 */
static uint64_t offset_of(JsonElements *e, size_t at)
{
    if (at < e->mark)
        return e->mark_offset - bytes_in_item(e, e->text + at, e->mark - at);
    e->mark_offset += bytes_in_item(e, e->text + e->mark, at - e->mark);
    e->mark = at;
    return e->mark_offset;
}

uint64_t json_item_offset(bool wide, Span text, uint64_t begin, uint64_t pos)
{
    size_t n = pos < text.len ? (size_t)pos : text.len;
    return begin + (wide ? 2 * utf16_units(text.ptr, n) : n);
}

JsonElements *json_elements_open(const Input *in, uint64_t at, Err *err)
{
    JsonElements *e = calloc(1, sizeof *e);
    if (e)
        e->text = malloc(BLOCK);
    uint8_t mark[3];
    Err why = {.code = ERR_NONE};
    size_t got = e ? input_read(in, 0, mark, sizeof mark, &why) : 0;
    uint64_t first = 0;
    bool wide = got >= 2 && mark[0] == 0xFF && mark[1] == 0xFE;
    if (wide)
        first = 2;
    else if (got == 3 && memcmp(mark, "\xEF\xBB\xBF", 3) == 0)
        first = 3;
    if (e && wide)
        e->raw = malloc(BLOCK);
    if (!e || !e->text || (wide && !e->raw))
        err_set(&why, ERR_NO_MEMORY, ERR_NO_OFFSET, "reading JSON");
    if (why.code != ERR_NONE) {
        if (err)
            *err = why;
        json_elements_close(e);
        return NULL;
    }
    e->in = in;
    e->cap = BLOCK;
    e->only_array = at > 0;
    e->mark_offset = e->read_offset = at > first ? at : first;
    e->line_start = true;
    return e;
}

/* Forget text[0, pos). */
static void drop_consumed(JsonElements *e)
{
    if (e->pos == 0)
        return;
    (void)offset_of(e, e->pos);
    memmove(e->text, e->text + e->pos, e->have - e->pos);
    e->have -= e->pos;
    e->mark -= e->pos; /* pos <= mark now */
    e->pos = 0;
}

static bool make_room(JsonElements *e, size_t room, Err *err)
{
    size_t cap = e->cap;
    while (cap - e->have < room)
        cap *= 2; /* have is limited by JSON_ELEMENT_MAX and one block */
    if (cap == e->cap)
        return true;
    uint8_t *text = realloc(e->text, cap);
    if (!text)
        return err_set(err, ERR_NO_MEMORY, e->read_offset, "a JSON value of %zu bytes", cap);
    e->text = text;
    e->cap = cap;
    return true;
}

/* Read another block behind text[have). Positions before shift down by the old pos. *ret_got: bytes
 * added, 0 at the end of the item. */
static bool fill(JsonElements *e, size_t *ret_got, Err *err)
{
    drop_consumed(e);
    size_t block = e->raw ? BLOCK / 2 : BLOCK; /* converted UTF-16 may grow by half */
    if (!make_room(e, BLOCK, err))
        return false;
    Err why = {.code = ERR_NONE};
    uint8_t *to = e->raw ? e->raw : e->text + e->have;
    size_t got = input_read(e->in, e->read_offset, to, block, &why);
    if (why.code != ERR_NONE) {
        if (err)
            *err = why;
        return false;
    }
    if (e->raw) {
        got -= got % 2;
        bool more = e->read_offset + got + 2 <= e->in->size;
        if (got >= 4 && more && (e->raw[got - 1] & 0xFC) == 0xD8)
            got -= 2; /* its partner may follow */
        *ret_got = utf16_narrow(span_of(e->raw, got), (char *)e->text + e->have);
    } else {
        *ret_got = got;
    }
    e->read_offset += got;
    e->have += *ret_got;
    return true;
}

/* Step over blanks. *ret_end: the item ends. */
static bool skip_blanks(JsonElements *e, bool *ret_end, Err *err)
{
    *ret_end = false;
    for (;;) {
        for (; e->pos < e->have; e->pos++) {
            uint8_t c = e->text[e->pos];
            if (c == '\n') {
                e->line_start = true;
                e->indent = 0;
            } else if (c == ' ' || c == '\t' || c == '\r') {
                e->indent++;
            } else {
                return true;
            }
        }
        size_t got;
        if (!fill(e, &got, err))
            return false;
        if (got == 0) {
            *ret_end = true;
            return true;
        }
    }
}

typedef enum Extent { EXTENT_WHOLE, EXTENT_BAD, EXTENT_FAILED } Extent;

/* Where the next byte of a value is, and what is open there. */
typedef struct Walk {
    size_t at;
    uint64_t objects; /* bit d: an object is open at depth d */
    unsigned depth;
    bool in_string;
    const char *bad;
} Walk;

/* A bracket or quote outside strings. */
static void walk_structure(Walk *w, uint8_t c)
{
    if (c == '"') {
        w->in_string = true;
    } else if (c == '{' || c == '[') {
        if (w->depth == JSON_DEPTH_MAX) {
            w->bad = "objects and arrays are nested too deep";
            return;
        }
        uint64_t bit = UINT64_C(1) << w->depth++;
        w->objects = c == '{' ? w->objects | bit : w->objects & ~bit;
    } else {
        bool object = w->objects >> (w->depth - 1) & 1;
        if (object != (c == '}')) {
            w->bad = "brackets do not match";
            return;
        }
        w->depth--;
    }
    w->at++;
}

/* A special byte inside a string. false: more bytes are needed. */
static bool walk_string(Walk *w, const uint8_t *text, size_t have)
{
    uint8_t c = text[w->at];
    if (c == '"') {
        w->in_string = false;
        w->at++;
    } else if (c == '\\') {
        if (have - w->at < 2)
            return false;
        w->at += 2;
    } else {
        w->bad = "a control character or line end inside a string";
    }
    return true;
}

/* As far as the text at hand reaches. true: the value has ended, or is bad. */
static bool walk_on(Walk *w, const uint8_t *text, size_t have)
{
    const uint8_t *end = text + have;
    while (w->at < have) {
        const uint8_t *p = text + w->at;
        p = w->in_string ? json_scan_string(p, end) : json_scan_structure(p, end);
        w->at = (size_t)(p - text);
        if (p == end)
            return false;
        if (w->in_string) {
            if (!walk_string(w, text, have))
                return false;
        } else {
            walk_structure(w, *p);
        }
        if (w->bad || w->depth == 0)
            return true;
    }
    return false;
}

/* Find the end of the value that opens at text[pos): text[pos, *ret_end). On EXTENT_BAD, *ret_end
 * is where it went wrong and *ret_bad says how. */
static Extent find_end(JsonElements *e, size_t *ret_end, const char **ret_bad, Err *err)
{
    Walk w = {.at = e->pos};
    while (!walk_on(&w, e->text, e->have)) {
        if (e->have - e->pos > JSON_ELEMENT_MAX) {
            w.bad = "a value is too long";
            break;
        }
        size_t got;
        w.at -= e->pos;
        if (!fill(e, &got, err))
            return EXTENT_FAILED;
        if (got == 0) {
            w.at = e->have;
            w.bad = "the item ends inside a value";
            break;
        }
    }
    if (!w.bad && w.at - e->pos > JSON_ELEMENT_MAX)
        w.bad = "a value is too long";
    *ret_end = w.at;
    *ret_bad = w.bad;
    return w.bad ? EXTENT_BAD : EXTENT_WHOLE;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Remember the first key of the object at text[pos), for finding its like after damage. */
static void note_key(JsonElements *e)
{
    size_t at = e->pos + 1;
    while (at < e->have && is_blank(e->text[at]))
        at++;
    if (at >= e->have || e->text[at] != '"')
        return;
    size_t limit = e->have - at < KEY_MAX ? e->have - at : KEY_MAX;
    const uint8_t *end = limit > 1 ? memchr(e->text + at + 1, '"', limit - 1) : NULL;
    if (!end)
        return;
    e->key_len = (size_t)(end - (e->text + at)) + 1;
    memcpy(e->key, e->text + at, e->key_len);
}

/* Does an object with the remembered first key open at text[at)? *ret_more: not enough text to
 * tell. */
static bool opens_like_last(const JsonElements *e, size_t at, bool *ret_more)
{
    size_t i = at + 1;
    while (i < e->have && i - at < KEY_MAX && is_blank(e->text[i]))
        i++;
    *ret_more = e->have - i < e->key_len;
    return !*ret_more && e->key_len > 0 && memcmp(e->text + i, e->key, e->key_len) == 0;
}

/* What a search for the next element has seen so far. */
typedef struct Search {
    bool by_key;   /* elements do not start lines: go by the first key too */
    size_t indent; /* deepest indentation of an element */
    bool fresh;    /* only blanks since the last line end … */
    size_t blanks; /* … so many */
    bool last;     /* the item holds no more text */
} Search;

/* Look for an element's beginning in text[*at..have). true: *at is one. false: *at is where to go
 * on with more text. */
static bool find_opening(const JsonElements *e, Search *s, size_t *at)
{
    for (; *at < e->have; ++*at) {
        uint8_t c = e->text[*at];
        bool more = false;
        if ((c == '{' || c == '[') && s->fresh && s->blanks <= s->indent)
            return true;
        if (c == '{' && s->by_key && opens_like_last(e, *at, &more))
            return true;
        if (more && !s->last)
            return false;
        s->blanks = c == '\n' ? 0 : s->blanks + 1;
        s->fresh = c == '\n' || (s->fresh && is_blank(c));
    }
    return false;
}

/* Move pos to where the next element may begin, or to the end of the item. */
static bool resynchronise(JsonElements *e, Err *err)
{
    Search s = {.by_key = !e->line_start, .indent = e->line_start ? e->indent : 0};
    size_t at = e->pos + 1;
    for (;;) {
        if (find_opening(e, &s, &at)) {
            e->pos = at;
            e->line_start = s.fresh;
            e->indent = s.blanks;
            return true;
        }
        size_t got;
        bool was_last = s.last;
        e->pos = at;
        if (was_last)
            return true;
        if (!fill(e, &got, err))
            return false;
        at = 0;
        s.last = got == 0;
    }
}

/* What begins at text[pos) is bad: step over it, and say so. `bad_at`: where it shows. */
static JsonElementKind step_over(JsonElements *e, size_t bad_at, const char *bad, JsonElement *ret,
                                 Err *err)
{
    uint64_t shows = offset_of(e, bad_at);
    uint64_t begin = offset_of(e, e->pos);
    if (bad_at == e->pos)
        (void)snprintf(e->why, sizeof e->why, "JSON: %s", bad);
    else
        (void)snprintf(e->why, sizeof e->why, "JSON: %s; it shows at byte %" PRIu64 " of the item",
                       bad, shows);
    e->mark = e->pos; /* back: resynchronise drops text from here on */
    e->mark_offset = begin;
    if (!resynchronise(e, err))
        return JSON_ELEMENT_FAILED;
    e->want_comma = false;
    *ret = (JsonElement){.offset = begin, .size = offset_of(e, e->pos) - begin, .why = e->why};
    return JSON_ELEMENT_DAMAGE;
}

static JsonElementKind take_value(JsonElements *e, JsonElement *ret, Err *err)
{
    size_t end;
    const char *bad;
    uint64_t begin = offset_of(e, e->pos);
    Extent extent = find_end(e, &end, &bad, err);
    if (extent == EXTENT_FAILED)
        return JSON_ELEMENT_FAILED;
    if (e->text[e->pos] == '{')
        note_key(e);
    if (extent == EXTENT_BAD)
        return step_over(e, end, bad, ret, err);
    *ret = (JsonElement){.bytes = span_of(e->text + e->pos, end - e->pos), .offset = begin};
    ret->size = offset_of(e, end) - begin;
    e->pos = end;
    e->want_comma = e->in_array;
    e->line_start = false;
    return JSON_ELEMENT_VALUE;
}

/* A line "Record 17" at text[pos), as evtx_dump prints: its length, or 0. */
static size_t record_line(const JsonElements *e)
{
    static const char WORD[] = "Record ";
    const size_t word = sizeof WORD - 1;
    size_t left = e->have - e->pos, n = word;
    const uint8_t *p = e->text + e->pos;
    if (!e->line_start || left <= word || memcmp(p, WORD, word) != 0)
        return 0;
    while (n < left && p[n] >= '0' && p[n] <= '9')
        n++;
    bool ends = n == left || p[n] == '\n' || p[n] == '\r';
    return n > word && ends ? n : 0;
}

/* The item ends. An array that was not closed is told once. */
static JsonElementKind at_end(JsonElements *e, JsonElement *ret)
{
    if (!e->in_array)
        return JSON_ELEMENT_END;
    e->in_array = false;
    *ret =
        (JsonElement){.offset = offset_of(e, e->pos), .why = "JSON: the item ends inside an array"};
    return JSON_ELEMENT_DAMAGE;
}

/* Step over what may stand between elements. false: *ret_kind is the answer. */
static bool skip_between(JsonElements *e, JsonElement *ret, JsonElementKind *ret_kind, Err *err)
{
    for (;;) {
        bool end;
        *ret_kind = JSON_ELEMENT_FAILED;
        if (!skip_blanks(e, &end, err))
            return false;
        if (end) {
            *ret_kind = at_end(e, ret);
            return false;
        }
        uint8_t c = e->text[e->pos];
        if (c == ',' && (e->want_comma || !e->in_array)) {
            e->want_comma = false;
        } else if (c == '[' && !e->in_array) {
            e->in_array = true;
        } else if (c == ']' && e->in_array) {
            e->in_array = e->want_comma = false;
            if (e->only_array) {
                e->done = true;
                *ret_kind = JSON_ELEMENT_END;
                return false;
            }
        } else if (!e->in_array && c == 'R') {
            size_t got;
            if (e->have - e->pos < KEY_MAX && !fill(e, &got, err))
                return false;
            size_t n = record_line(e);
            if (n == 0)
                return true;
            e->pos += n - 1;
        } else {
            return true;
        }
        e->pos++;
        e->line_start = false;
    }
}

JsonElementKind json_elements_next(JsonElements *e, JsonElement *ret, Err *err)
{
    JsonElementKind kind;
    if (e->done)
        return JSON_ELEMENT_END;
    if (!skip_between(e, ret, &kind, err))
        return kind;
    uint8_t c = e->text[e->pos];
    if (e->want_comma && (c == '{' || c == '[')) {
        e->want_comma = false;
        *ret = (JsonElement){.offset = offset_of(e, e->pos),
                             .why = "JSON: no comma between two elements"};
        return JSON_ELEMENT_DAMAGE;
    }
    if (c == '{' || c == '[')
        return take_value(e, ret, err);
    return step_over(e, e->pos, "neither an object nor an array", ret, err);
}
