/* buf.h: a growing run of bytes with a limit, for building output.
 *
 * `failed` is sticky: once memory or the limit is exhausted every further call is a no-op and
 * the owner checks once at the end. buf_reserve gives room to write into directly; the hot
 * paths reserve generously once per record and then use plain stores. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/span.h"
#include "base/text.h"

typedef struct Buf {
    char *ptr;
    size_t len;
    size_t cap;
    size_t limit; /* never grows past this many bytes */
    bool failed;
    bool lent; /* `ptr` is somebody else's */
} Buf;

void buf_init(Buf *buf, size_t limit);
void buf_done(Buf *buf);

static inline void buf_clear(Buf *buf)
{
    buf->len = 0;
    buf->failed = false;
}

/* Empty the buffer, to go on in memory of somebody else. When that is full the bytes move to the
 * buffer's own. */
void buf_lend(Buf *buf, char *memory, size_t size);

/* Slow path of buf_reserve. */
char *buf_grow(Buf *buf, size_t n);

/* Room for `n` more bytes at the returned address; NULL on failure. Advance buf->len yourself. */
static inline char *buf_reserve(Buf *buf, size_t n)
{
    if (buf->ptr && !buf->failed && buf->cap - buf->len >= n)
        return buf->ptr + buf->len;
    return buf_grow(buf, n);
}

static inline void buf_add(Buf *buf, const void *bytes, size_t n)
{
    char *out = buf_reserve(buf, n);
    if (out && n) {
        memcpy(out, bytes, n);
        buf->len += n;
    }
}

static inline void buf_add_text(Buf *buf, Text t)
{
    buf_add(buf, t.ptr, t.len);
}

static inline void buf_add_char(Buf *buf, char c)
{
    char *out = buf_reserve(buf, 1);
    if (out) {
        *out = c;
        buf->len++;
    }
}

#define BUF_LITERAL(buf, literal) buf_add((buf), "" literal "", sizeof(literal) - 1)

void buf_add_u64(Buf *buf, uint64_t v);
void buf_add_i64(Buf *buf, int64_t v);
void buf_add_hex(Buf *buf, uint64_t v); /* lower case, no prefix, no leading zeros */
__attribute__((format(printf, 2, 3))) void buf_printf(Buf *buf, const char *format, ...);

static inline Span buf_span(const Buf *buf)
{
    return (Span){.ptr = (const uint8_t *)buf->ptr, .len = buf->len};
}

static inline Text buf_text(const Buf *buf)
{
    return (Text){.ptr = buf->ptr, .len = buf->len};
}

#endif
