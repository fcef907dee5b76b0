/* planes.h: numbers as planes of bytes: all lowest bytes first, then all second ones, and so on. Of
 * numbers that differ little the upper planes are nearly constant, which compresses well.
 *
 * A run moves numbers between an array and its planes, block by block. With `delta` the planes hold
 * differences to the number before, zigzag: 0, -1, 1, -2, … become 0, 1, 2, 3, … */
#ifndef EVENT_PLANES_H
#define EVENT_PLANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLANES_BLOCK 128 /* numbers that are moved at once */

/* The planes of n numbers of 4 bytes: byte b of number i at planes[b * stride + i]. */
void planes_split(const uint32_t *in, size_t n, uint8_t *planes, size_t stride);
void planes_join(const uint8_t *planes, size_t stride, size_t n, uint32_t *out);

/* A difference as a small number, whether it is a little above or below zero; and back. */
static inline uint32_t planes_zigzag(uint32_t difference)
{
    return difference << 1 ^ (0 - (difference >> 31));
}

static inline uint32_t planes_unzigzag(uint32_t v)
{
    return v >> 1 ^ (0 - (v & 1));
}

/* What the two are tested against. */
void planes_split_plain(const uint32_t *in, size_t n, uint8_t *planes, size_t stride);
void planes_join_plain(const uint8_t *planes, size_t stride, size_t n, uint32_t *out);

/* Numbers of 4 bytes on their way to their planes, or back. */
typedef struct Run32 {
    uint8_t *planes; /* of the numbers that come */
    size_t stride;   /* numbers in the whole run */
    size_t left;     /* of them still in the planes */
    size_t fill;     /* numbers in the block … */
    size_t taken;    /* … of which so many were taken */
    bool delta;
    uint32_t last;
    uint32_t block[PLANES_BLOCK];
} Run32;

/* The same of 8 bytes. */
typedef struct Run64 {
    uint8_t *planes;
    size_t stride, left, fill, taken;
    bool delta;
    uint64_t last;
    uint64_t block[PLANES_BLOCK];
} Run64;

/* `planes`: room for `count` numbers, or those of as many. Then exactly so many are put, or taken;
 * end: after the last one. */
void run32_begin(Run32 *run, uint8_t *planes, size_t count, bool delta);
void run32_end(Run32 *run);
/* Taking `count` numbers from the midst of a run of `stride` ones; `last`: the number before. */
void run32_begin_within(Run32 *run, const uint8_t *planes, size_t stride, size_t count,
                        uint32_t last);
void run64_begin(Run64 *run, uint8_t *planes, size_t count, bool delta);
void run64_end(Run64 *run);

void run32_flush(Run32 *run); /* the block, to the planes */
void run32_fill(Run32 *run);  /* the next block, from the planes */
void run64_flush(Run64 *run);
void run64_fill(Run64 *run);

static inline void run32_put(Run32 *run, uint32_t v)
{
    run->block[run->fill++] = v;
    if (run->fill == PLANES_BLOCK)
        run32_flush(run);
}

static inline uint32_t run32_take(Run32 *run)
{
    if (run->taken == run->fill)
        run32_fill(run);
    return run->block[run->taken++];
}

static inline void run64_put(Run64 *run, uint64_t v)
{
    run->block[run->fill++] = v;
    if (run->fill == PLANES_BLOCK)
        run64_flush(run);
}

static inline uint64_t run64_take(Run64 *run)
{
    if (run->taken == run->fill)
        run64_fill(run);
    return run->block[run->taken++];
}

#endif
