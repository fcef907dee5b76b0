/* json_reader.h: pull parser for JSON, made for log lines by the gigabyte.
 *
 * One JsonReader reads one value after another from memory (a line, an element of an array: see
 * json_elements.h). Its tokens are RFC 8259 to the letter, with these differences:
 *   - a UTF-8 byte order mark before the value is skipped;
 *   - \ud800 without its partner is kept: the surrogate in three bytes (base/text.h);
 *   - bytes that are not UTF-8 pass as they are; whoever takes the text looks (sinks do);
 *   - numbers are given as written, of any size; duplicate keys are given as they come.
 * Control characters in a string, comments, trailing commas, NaN are errors.
 *
 * Use:
 *     json_begin(&reader, line, line_offset);
 *     while (json_next(&reader, &token)) …
 *     if (json_damaged(&reader)) report reader.err
 *
 * Texts of tokens stay valid until the next json_begin: they point into the input, or, when the
 * string had escapes, into a buffer of the reader. */
#ifndef FORMAT_JSON_READER_H
#define FORMAT_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "base/text.h"
#include "format/json_marks.h"

#define JSON_DEPTH_MAX  64                  /* objects and arrays within each other */
#define JSON_STRING_MAX (16u * 1024 * 1024) /* bytes of one string or number as written */

typedef enum JsonKind {
    JSON_OBJECT,
    JSON_OBJECT_END,
    JSON_ARRAY,
    JSON_ARRAY_END,
    JSON_KEY,    /* its value follows */
    JSON_STRING, /* `text` without quotes and escapes */
    JSON_NUMBER, /* `text` as written */
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL,
} JsonKind;

typedef struct JsonToken {
    JsonKind kind;
    bool integer; /* JSON_NUMBER: no fraction and no exponent */
    bool utf8;    /* `text` is known to be UTF-8 (base/text.h, surrogates allowed); else it was
                     not looked at */
    Text text;    /* of a key, string or number */
    size_t pos;   /* of its first byte in the input */
} JsonToken;

typedef struct JsonReader {
    const uint8_t *start, *at, *end; /* the value, and the next byte to read */
    uint64_t origin;                 /* offset of start in the evidence, for messages */
    uint64_t objects;                /* bit d: the container at depth d is an object */
    unsigned depth;
    int expect;
    char *scratch; /* room for all strings of the value without their escapes */
    size_t scratch_cap, scratch_used;
    JsonMarks *find_marks;
    const uint8_t *marked;            /* the text that the marks are of … */
    size_t marked_len;                /* … and its length */
    bool ascii;                       /* all text marked so far */
    uint64_t marks[JSON_MARKS_WORDS]; /* format/json_marks.h */
    Err err;
} JsonReader;

void json_init(JsonReader *reader);
void json_done(JsonReader *reader);

/* Start on a value. `origin`: offset of its first byte in the evidence. */
void json_begin(JsonReader *reader, Span value, uint64_t origin);

/* The next token. false: the value is complete, or damaged; nothing but blanks may follow a value.
 * After damage every call is false. */
bool json_next(JsonReader *reader, JsonToken *ret);

/* For who knows what comes next without reading it: the text from *at on is where a string, number
 * or word stands, whatever surrounds it. false: it is none of these, or damaged. Do not mix with
 * json_next on the same value. */
bool json_scalar(JsonReader *reader, JsonToken *ret);

/* ERR_FORMAT, ERR_LIMIT or ERR_NO_MEMORY with the offset of the first byte that does not fit. */
static inline bool json_damaged(const JsonReader *reader)
{
    return reader->err.code != ERR_NONE;
}

/* After JSON_OBJECT, JSON_ARRAY or JSON_KEY: read to the end of that object, array or value, and
 * check it on the way. false on damage. */
bool json_skip(JsonReader *reader, const JsonToken *token);

#endif
