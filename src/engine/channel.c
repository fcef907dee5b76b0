#include "engine/channel.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "format/format.h"

void channel_open(Channel *channel, int fd)
{
    channel->fd = fd;
    channel->header_have = 0;
    channel->in_payload = false;
}

void channel_close(Channel *channel)
{
    if (channel->fd >= 0)
        close(channel->fd);
    channel->fd = -1;
}

void channel_done(Channel *channel)
{
    channel_close(channel);
    free(channel->payload);
    channel->payload = NULL;
    channel->capacity = 0;
}

/* Room for a payload. Grows to what is needed: a length is only believed up to WIRE_BLOCK_MAX. */
static bool make_room(Channel *channel, size_t len)
{
    if (len <= channel->capacity)
        return true;
    size_t capacity = channel->capacity ? channel->capacity : 64 * 1024;
    while (capacity < len)
        capacity *= 2;
    free(channel->payload); /* nothing in it is needed any more: no copying by realloc */
    channel->payload = malloc(capacity);
    channel->capacity = channel->payload ? capacity : 0;
    return channel->payload != NULL;
}

static uint64_t length_most(uint32_t type)
{
    if (type <= BLOCK_HASH) /* the hashes of all blocks of an item */
        return WIRE_BLOCK_MAX;
    return type == BLOCK_MEMBER         ? sizeof(BlockMember) + MEMBER_NAME_MAX
           : type == BLOCK_MEMBER_BYTES ? WIRE_MEMBER_MAX
                                        : WIRE_CONTROL_MAX;
}

static ChannelStep check_header(Channel *channel, const BlockHeader *header, Err *err)
{
    if (header->magic != BLOCK_MAGIC || header->unused != 0 || header->type > BLOCK_DONE) {
        err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "a block begins with %08" PRIx32 ", type %" PRIu32,
                header->magic, header->type);
        return CHANNEL_NONSENSE;
    }
    if (header->length > length_most(header->type)) {
        err_set(err, ERR_FORMAT, ERR_NO_OFFSET,
                "a block of type %" PRIu32 " claims %" PRIu64 " bytes", header->type,
                header->length);
        return CHANNEL_NONSENSE;
    }
    uint64_t cost = header->length + sizeof *header; /* so that empty blocks come to an end too */
    if (cost > channel->budget) {
        err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "more results than can be right for its size");
        return CHANNEL_OVER;
    }
    channel->budget -= cost;
    if (!make_room(channel, (size_t)header->length)) {
        err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for a block of %" PRIu64 " bytes",
                header->length);
        return CHANNEL_FAILED;
    }
    return CHANNEL_BLOCK;
}

/* Read up to what `iov` holds. *ret_count: the bytes, if the step is CHANNEL_BLOCK. */
static ChannelStep receive(const Channel *channel, const struct iovec *iov, int iov_count,
                           size_t *ret_count, Err *err)
{
    ssize_t n;
    do
        n = readv(channel->fd, iov, iov_count);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN)
        return CHANNEL_EMPTY;
    if (n < 0) {
        err_errno(err, errno, "a worker's results cannot be read");
        return CHANNEL_FAILED;
    }
    *ret_count = (size_t)n;
    return n ? CHANNEL_BLOCK : CHANNEL_END;
}

static ChannelStep next_header(Channel *channel, Err *err)
{
    while (channel->header_have < sizeof channel->header) {
        struct iovec iov = {.iov_base = channel->header + channel->header_have,
                            .iov_len = sizeof channel->header - channel->header_have};
        size_t n;
        ChannelStep step = receive(channel, &iov, 1, &n, err);
        if (step != CHANNEL_BLOCK)
            return step;
        channel->header_have += n;
    }
    memcpy(&channel->current, channel->header, sizeof channel->current);
    channel->header_have = 0;
    channel->payload_have = 0;
    return check_header(channel, &channel->current, err);
}

ChannelStep channel_next(Channel *channel, BlockHeader *ret_header, Span *ret_payload, Err *err)
{
    if (!channel->in_payload) {
        ChannelStep step = next_header(channel, err);
        if (step != CHANNEL_BLOCK)
            return step;
        channel->in_payload = true;
    }
    size_t length = (size_t)channel->current.length;
    while (channel->payload_have < length) {
        size_t want = length - channel->payload_have, n;
        struct iovec iov[2] = {
            {.iov_base = channel->payload + channel->payload_have, .iov_len = want},
            {.iov_base = channel->header, .iov_len = sizeof channel->header}};
        ChannelStep step = receive(channel, iov, 2, &n, err);
        if (step != CHANNEL_BLOCK)
            return step;
        channel->payload_have += n < want ? n : want;
        channel->header_have = n < want ? 0 : n - want;
    }
    channel->in_payload = false;
    *ret_header = channel->current;
    *ret_payload = span_of(channel->payload, length);
    return CHANNEL_BLOCK;
}

uint8_t *channel_take(Channel *channel, size_t len)
{
    if (len && len * 2 >= channel->capacity) {
        uint8_t *taken = channel->payload;
        channel->payload = NULL;
        channel->capacity = 0;
        return taken;
    }
    uint8_t *copy = malloc(len ? len : 1);
    if (copy && len)
        memcpy(copy, channel->payload, len);
    return copy;
}
