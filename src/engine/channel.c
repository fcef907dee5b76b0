#include "engine/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format/format.h"

bool channel_pipe(int ret_ends[2], Err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_DIRECT) != 0)
        return err_errno(err, errno, "a worker's pipe");
    int size = (int)WIRE_PIPE_PACKETS * (int)sysconf(_SC_PAGESIZE); /* a page for each */
    int got = fcntl(ends[0], F_SETPIPE_SZ, size);
    if (got == size && fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0) {
        ret_ends[0] = ends[0];
        ret_ends[1] = ends[1];
        return true;
    }
    err_errno(err, got < 0 ? errno : EINVAL, "a worker's pipe of %d bytes", size);
    close(ends[0]);
    close(ends[1]);
    return false;
}

void channel_open(Channel *channel, int fd, SlotMemory *memory)
{
    channel->fd = fd;
    channel->memory = memory;
    channel->parts_taken = 0;
    channel->in_payload = false;
    atomic_store(&memory->taken, 0);
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

static ChannelStep nonsense(Err *err, const char *text)
{
    err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "%s", text);
    return CHANNEL_NONSENSE;
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

/* One packet. *ret_size: its bytes, if the step is CHANNEL_BLOCK. */
static ChannelStep read_packet(const Channel *channel, uint8_t packet[WIRE_PACKET_BYTES],
                               size_t *ret_size, Err *err)
{
    ssize_t n;
    do
        n = read(channel->fd, packet, WIRE_PACKET_BYTES);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN)
        return CHANNEL_EMPTY;
    if (n < 0) {
        err_errno(err, errno, "a worker's results cannot be read");
        return CHANNEL_FAILED;
    }
    *ret_size = (size_t)n;
    return n ? CHANNEL_BLOCK : CHANNEL_END;
}

/* The next part of the current block, out of the worker's reach. */
static void copy_part(Channel *channel)
{
    const uint8_t *part = channel->memory->parts[channel->parts_taken % WIRE_PARTS];
    size_t left = (size_t)channel->current.length - channel->payload_have;
    size_t size = left < WIRE_PART_BYTES ? left : WIRE_PART_BYTES;
    memcpy(channel->payload + channel->payload_have, part, size);
    channel->payload_have += size;
    atomic_store(&channel->memory->taken, ++channel->parts_taken);
}

/* `packet` begins or continues a block. */
static ChannelStep take_packet(Channel *channel, Span packet, Err *err)
{
    BlockHeader header;
    if (packet.len < sizeof header)
        return nonsense(err, "a block begins with too few bytes");
    memcpy(&header, packet.ptr, sizeof header);
    if (channel->in_payload) {
        if (memcmp(&header, &channel->current, sizeof header) != 0)
            return nonsense(err, "a block within a block");
    } else {
        ChannelStep step = check_header(channel, &header, err);
        if (step != CHANNEL_BLOCK)
            return step;
        channel->current = header;
        channel->payload_have = 0;
    }
    size_t here = packet.len - sizeof header, length = (size_t)header.length;
    if (here != (length <= WIRE_INLINE_MAX ? length : 0))
        return nonsense(err, "a block of another size than it claims");
    if (length > WIRE_INLINE_MAX) {
        copy_part(channel);
    } else if (length) {
        memcpy(channel->payload, packet.ptr + sizeof header, length);
        channel->payload_have = length;
    }
    channel->in_payload = channel->payload_have < length;
    return CHANNEL_BLOCK;
}

ChannelStep channel_next(Channel *channel, BlockHeader *ret_header, Span *ret_payload, Err *err)
{
    do {
        uint8_t packet[WIRE_PACKET_BYTES];
        size_t size;
        ChannelStep step = read_packet(channel, packet, &size, err);
        if (step == CHANNEL_BLOCK)
            step = take_packet(channel, span_of(packet, size), err);
        if (step != CHANNEL_BLOCK)
            return step;
    } while (channel->in_payload);
    *ret_header = channel->current;
    *ret_payload = span_of(channel->payload, (size_t)channel->current.length);
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
