/* channel.h: the coordinator's end of one worker's result pipe: blocks out of a stream of bytes.
 *
 * Cheap for large blocks: the payload is read straight into the channel's buffer, and the header
 * after it comes with the same system call. A block is the coordinator's own copy; nothing that
 * the worker does later changes it. */
#ifndef ENGINE_CHANNEL_H
#define ENGINE_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "engine/wire.h"

typedef struct Channel {
    int fd;                              /* -1: closed */
    uint8_t header[sizeof(BlockHeader)]; /* of the next block, as far as it has come */
    size_t header_have;
    bool in_payload; /* `current` is checked, its payload is coming */
    BlockHeader current;
    uint8_t *payload;
    size_t capacity, payload_have;
    uint64_t budget; /* bytes that may still come; the owner sets it anew for each piece */
} Channel;

typedef enum ChannelStep {
    CHANNEL_BLOCK,    /* *ret_header and *ret_payload are set, until the next call */
    CHANNEL_EMPTY,    /* nothing more for now */
    CHANNEL_END,      /* the worker has closed its end, perhaps within a block */
    CHANNEL_NONSENSE, /* not a block: err */
    CHANNEL_OVER,     /* more than the budget: err */
    CHANNEL_FAILED,   /* our own trouble (memory, the system): err */
} ChannelStep;

/* `fd` becomes the channel's own; it is to be non-blocking. */
void channel_open(Channel *channel, int fd);
void channel_close(Channel *channel); /* keeps the buffer for the next worker */
void channel_done(Channel *channel);

ChannelStep channel_next(Channel *channel, BlockHeader *ret_header, Span *ret_payload, Err *err);

/* Take the last block's bytes out of the channel: malloc'ed, the caller's. NULL: no memory. */
uint8_t *channel_take(Channel *channel, size_t len);

#endif
