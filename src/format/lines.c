/* lines.c: the LineReader of input.h.
 *
 * One buffer slides over the item: it holds the line being read and what was read ahead. It starts
 * with LINES_BLOCK bytes and grows to LINE_MAX_BYTES for a long line. Lines are found in the raw
 * bytes; UTF-16 is converted line by line, so offsets need no bookkeeping. */
#include "format/input.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf16.h"

#define LINES_BLOCK (256u * 1024)

struct LineReader {
    const Input *in;
    uint8_t *raw;
    size_t cap, have, pos; /* raw[pos..have): not yet given out */
    uint64_t raw_offset;   /* of raw[0] in the item */
    size_t unit;           /* bytes of a character's unit: 1, or 2 for UTF-16LE */
    uint64_t number;
    bool in_long_line; /* the next part continues a line over the limit */
    char *text;        /* converted line */
    size_t text_cap;
};

void lines_close(LineReader *lines)
{
    if (!lines)
        return;
    free(lines->raw);
    free(lines->text);
    free(lines);
}

static uint64_t next_offset(const LineReader *lines)
{
    return lines->raw_offset + lines->pos;
}

/* Read on behind raw[have), making room first. *ret_got: bytes added; 0 at the end of the item.
 * false: no memory, or a read error. */
static bool fill(LineReader *lines, size_t *ret_got, Err *err)
{
    if (lines->pos > 0) {
        memmove(lines->raw, lines->raw + lines->pos, lines->have - lines->pos);
        lines->raw_offset += lines->pos;
        lines->have -= lines->pos;
        lines->pos = 0;
    }
    if (lines->have == lines->cap) {
        size_t cap = lines->cap * 2;
        uint8_t *raw = realloc(lines->raw, cap);
        if (!raw)
            return err_set(err, ERR_NO_MEMORY, lines->raw_offset, "a line of %zu bytes", cap);
        lines->raw = raw;
        lines->cap = cap;
    }
    Err why = {.code = ERR_NONE};
    size_t room = lines->cap - lines->have;
    *ret_got = input_read(lines->in, lines->raw_offset + lines->have, lines->raw + lines->have,
                          room, &why);
    lines->have += *ret_got;
    if (why.code == ERR_NONE)
        return true;
    if (err)
        *err = why;
    return false;
}

/* Position of the line feed at or after raw[from), or have if there is none. Units of UTF-16 are
 * counted from raw[pos), where a line begins. */
static size_t find_line_feed(const LineReader *lines, size_t from)
{
    while (from < lines->have) {
        const uint8_t *at = memchr(lines->raw + from, '\n', lines->have - from);
        if (!at)
            return lines->have;
        size_t i = (size_t)(at - lines->raw);
        if (lines->unit == 1)
            return i;
        if ((i - lines->pos) % 2 == 0 && i + 1 < lines->have && lines->raw[i + 1] == 0)
            return i;
        from = i + 1;
    }
    return lines->have;
}

/* Go to the first line that begins in the piece: behind the first line feed from one unit before
 * it. The bytes before that belong to a line of the piece before. */
static bool skip_to_own_line(LineReader *lines, uint64_t from, Err *err)
{
    lines->raw_offset = from;
    lines->have = lines->pos = 0;
    for (;;) {
        size_t at = find_line_feed(lines, lines->pos);
        if (at < lines->have) {
            lines->pos = at + lines->unit;
            return true;
        }
        /* An odd byte at the end may be half of a line feed. */
        lines->pos = lines->have - lines->have % lines->unit;
        size_t got;
        if (next_offset(lines) >= lines->in->end)
            return true;
        if (!fill(lines, &got, err))
            return false;
        if (got == 0) {
            lines->pos = lines->have;
            return true;
        }
    }
}

LineReader *lines_open(const Input *in, Err *err)
{
    LineReader *lines = calloc(1, sizeof *lines);
    if (lines)
        lines->raw = malloc(LINES_BLOCK);
    if (!lines || !lines->raw) {
        lines_close(lines);
        err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "reading lines");
        return NULL;
    }
    lines->in = in;
    lines->cap = LINES_BLOCK;
    lines->unit = 1;

    uint8_t mark[3];
    Err why = {.code = ERR_NONE};
    size_t got = input_read(in, 0, mark, sizeof mark, &why);
    uint64_t first = 0; /* where the first line of the item begins */
    if (got >= 2 && mark[0] == 0xFF && mark[1] == 0xFE) {
        lines->unit = 2;
        first = 2;
    } else if (got == 3 && mark[0] == 0xEF && mark[1] == 0xBB && mark[2] == 0xBF) {
        first = 3;
    }
    bool ok = why.code == ERR_NONE;
    if (ok && in->begin <= first) {
        lines->raw_offset = first;
    } else if (ok) {
        uint64_t from = in->begin - lines->unit; /* begin > first >= unit, or unit is 1 */
        from += from % lines->unit;
        ok = skip_to_own_line(lines, from < first ? first : from, &why);
    }
    if (!ok) {
        if (err)
            *err = why;
        lines_close(lines);
        return NULL;
    }
    return lines;
}

/* The `size` bytes of raw text at raw[pos) as UTF-8. */
static bool convert(LineReader *lines, size_t size, Text *ret, Err *err)
{
    Span units = span_of(lines->raw + lines->pos, size);
    if (lines->unit == 1) {
        *ret = text_from_span(units);
        return true;
    }
    size_t room = UTF16_NARROW_ROOM(size);
    if (lines->text_cap < room) {
        char *text = realloc(lines->text, room);
        if (!text)
            return err_set(err, ERR_NO_MEMORY, next_offset(lines), "a line of %zu bytes", size);
        lines->text = text;
        lines->text_cap = room;
    }
    *ret = text_of(lines->text, utf16_narrow(units, lines->text));
    return true;
}

/* Length of raw[pos, pos + size) without a carriage return at its end. */
static size_t without_return(const LineReader *lines, size_t size)
{
    const uint8_t *line = lines->raw + lines->pos;
    if (size < lines->unit || line[size - lines->unit] != '\r')
        return size;
    if (lines->unit == 2 && line[size - 1] != 0)
        return size;
    return size - lines->unit;
}

/* Bytes from raw[pos) to the line feed, or to the end of the item (then *ret_feed is 0 instead of
 * its size). Reads no further than is needed to know that the line exceeds the limit. */
static bool measure(LineReader *lines, size_t *ret_size, size_t *ret_feed, Err *err)
{
    size_t searched = lines->pos;
    for (;;) {
        size_t feed = find_line_feed(lines, searched);
        size_t size = feed - lines->pos;
        *ret_feed = feed < lines->have ? lines->unit : 0;
        *ret_size = size;
        if (*ret_feed != 0 || size > LINE_MAX_BYTES)
            return true;
        size_t got;
        if (!fill(lines, &got, err))
            return false;
        if (got == 0)
            return true;
        searched = size - size % lines->unit; /* fill moved the line to raw[0) */
    }
}

bool lines_next(LineReader *lines, Line *ret, Err *err)
{
    bool continues = lines->in_long_line;
    if (!continues && next_offset(lines) >= lines->in->end)
        return false;
    size_t size, feed;
    if (!measure(lines, &size, &feed, err) || (size == 0 && feed == 0))
        return false; /* an error, or nothing behind the last line feed */
    bool cut = size > LINE_MAX_BYTES;
    if (cut) {
        size = LINE_MAX_BYTES;
        feed = 0;
    }
    Line line = {
        .offset = next_offset(lines),
        .size = (uint32_t)(size + feed),
        .number = continues ? lines->number : lines->number + 1,
        .too_long = cut || continues,
    };
    if (!convert(lines, cut || feed == 0 ? size : without_return(lines, size), &line.text, err))
        return false;
    lines->number = line.number;
    lines->in_long_line = cut;
    lines->pos += size + feed;
    *ret = line;
    return true;
}
