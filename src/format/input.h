/* input.h: the bytes of one item, or of a piece of it, as a format sees them.
 *
 * Reading copies into the format's own memory: evidence that changes underneath cannot change a
 * value between its check and its use. A short read is never silent: the format is told and
 * reports a defect. */
#ifndef FORMAT_INPUT_H
#define FORMAT_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "base/text.h"
#include "base/veil.h"

typedef struct Input {
    int fd; /* -1: `memory` holds the item */
    Span memory;
    uint64_t base; /* of the item's first byte behind `fd`: members lie one after the other … */
    const Veil *veil; /* … and are veiled; NULL: they are not */
    uint64_t size;    /* of the whole item */
    uint64_t begin;   /* the piece: [begin, end) in the item */
    uint64_t end;
    Text name; /* file name without folders; a hint only, content decides */
} Input;

/* The whole item in memory. */
Input input_from_memory(Span item);

/* Bytes [offset, offset + size) into `out`. Returns how many could be read: fewer at the end of
 * the item, or after a read error, which sets err. */
size_t input_read(const Input *in, uint64_t offset, void *out, size_t size, Err *err);

static inline bool input_is_whole(const Input *in)
{
    return in->begin == 0 && in->end == in->size;
}

/* Line by line through a piece. A line is given without its end ("\n" or "\r\n"); one longer than
 * LINE_MAX_BYTES is cut in parts, each flagged. A piece of SPLIT_LINES owns the lines that begin
 * in it. UTF-16LE with a byte order mark is converted to UTF-8 (offsets stay those of the item);
 * a UTF-8 byte order mark is skipped. */
#define LINE_MAX_BYTES (16u * 1024 * 1024)

typedef struct LineReader LineReader;

typedef struct Line {
    Text text;       /* valid until the next call */
    uint64_t offset; /* of its first byte in the item */
    uint32_t size;   /* bytes in the item, with the line end */
    uint64_t number; /* 1-based within the piece */
    bool too_long;   /* part of a line that exceeds the limit */
} Line;

LineReader *lines_open(const Input *in, Err *err); /* `in` must outlive it */
void lines_close(LineReader *lines);
static inline void lines_closep(LineReader **lines)
{
    lines_close(*lines);
}

/* false: end of piece, or a read error if err->code is set. */
bool lines_next(LineReader *lines, Line *ret, Err *err);

#endif
