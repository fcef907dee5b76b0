/* parse.h: one piece of an item to batches, in the worker, for commands that render events there.
 */
#ifndef APP_PARSE_H
#define APP_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "app/session.h"
#include "base/buf.h"
#include "base/err.h"
#include "engine/engine.h"
#include "event/batch.h"

#define PARSE_BLOCK_BYTES (256 * 1024)         /* sent when this is reached */
#define PARSE_LINE_BYTES  (100u * 1024 * 1024) /* at most in a block, and so in a line */

typedef struct Parse Parse;

struct Parse {
    const Session *session;
    const Piece *piece;
    WorkerPort *port;
    unsigned wants;        /* SinkWants */
    const Text *leave_out; /* fields whose numbers are not wanted (sink_leave_out) */
    size_t leave_out_count;
    uint8_t block_type;
    /* A batch of the piece follows. */
    bool (*begin)(Parse *parse, const Batch *batch, Err *err);
    /* Append what is to be sent of an event to parse->block; false: it cannot be rendered, and
     * parse->block is as before. NULL: `begin` has done all there is to do with the batch. */
    bool (*render)(Parse *parse, const Batch *batch, uint32_t row);
    void *ctx;        /* of the two */
    Buf block;        /* parse_events: what is sent next */
    uint64_t lines;   /* parse_lines: so far … */
    uint64_t counted; /* … and in the next write, if the format knows */
};

/* Parse the whole piece; the rest is called back. Events outside --from and --to are left out. */
bool parse_events(Parse *parse, Err *err);

/* Send parse->block if that is due. */
bool parse_send_full(Parse *parse, Err *err);

/* The piece's batches as they are, one a block. */
bool parse_batches(Parse *parse, Err *err);

/* The piece as the format's lines (Format.lines). */
bool parse_lines(Parse *parse, Err *err);

#endif
