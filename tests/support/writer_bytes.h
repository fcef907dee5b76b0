/* writer_bytes.h: a growing run of bytes, little-endian.

   Part of the EVTX writer of the tests. It shares no code with src/ on purpose: what reads and what
   writes must not make the same mistake. `failed` is sticky (out of memory): build first, check
   once. */
#ifndef WRITER_BYTES_H
#define WRITER_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct WriterBytes {
    uint8_t *ptr;
    size_t len;
    size_t room;
    bool failed;
} WriterBytes;

void writer_bytes_done(
    WriterBytes *bytes); /* frees; the struct is then empty and may be used again */

void writer_bytes_add(WriterBytes *bytes, const void *data, size_t size);
void writer_bytes_fill(WriterBytes *bytes, uint8_t value, size_t count);
void writer_bytes_number(WriterBytes *bytes, uint64_t value,
                         size_t size); /* the low `size` bytes, 1 to 8 */

/* UTF-8 to UTF-16LE, no byte order mark, no NUL. A surrogate written as three bytes
   ("\xed\xa0\x80") passes as a lone 16-bit unit, so that damaged strings can be made; other bad
   bytes become U+FFFD. */
void writer_bytes_utf16(WriterBytes *bytes, const char *utf8);

/* Store a number over bytes that are there already. */
static inline void writer_poke(uint8_t *at, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static inline uint64_t writer_peek(const uint8_t *at, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

#endif
