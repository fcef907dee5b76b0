/* channel.h: the coordinator's end of one worker's results: blocks out of packets and the slot's
 * memory (wire.h).
 *
 * A block is the coordinator's own copy, made before anything in it is looked at; nothing that the
 * worker does later changes it. */
#ifndef ENGINE_CHANNEL_H
#define ENGINE_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "engine/wire.h"

typedef struct Channel {
    int fd; /* of the packets; -1: closed */
    SlotMemory *memory;
    uint64_t parts_taken;
    bool in_payload; /* `current` is checked, more parts of it are coming */
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

/* The two ends of a pipe as wire.h wants it: ret_ends[0] for a channel, [1] for its worker. */
bool channel_pipe(int ret_ends[2], Err *err);

/* A new worker's. `fd` becomes the channel's own. */
void channel_open(Channel *channel, int fd, SlotMemory *memory);
void channel_close(Channel *channel); /* keeps the buffer for the next worker */
void channel_done(Channel *channel);

ChannelStep channel_next(Channel *channel, BlockHeader *ret_header, Span *ret_payload, Err *err);

/* Take the last block's bytes out of the channel: malloc'ed, the caller's. NULL: no memory. */
uint8_t *channel_take(Channel *channel, size_t len);

#endif
