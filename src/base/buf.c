#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/digits.h"

#define BUF_FIRST 256

void buf_init(Buf *buf, size_t limit)
{
    *buf = (Buf){.limit = limit};
}

void buf_done(Buf *buf)
{
    if (!buf->lent)
        free(buf->ptr);
    *buf = (Buf){.limit = buf->limit};
}

void buf_lend(Buf *buf, char *memory, size_t size)
{
    buf_done(buf);
    buf->ptr = memory;
    buf->cap = size < buf->limit ? size : buf->limit;
    buf->lent = true;
}

char *buf_grow(Buf *buf, size_t n)
{
    if (buf->failed)
        return NULL;
    size_t need;
    if (!add_size(buf->len, n, &need) || need > buf->limit) {
        buf->failed = true;
        return NULL;
    }
    size_t cap = buf->cap ? buf->cap : BUF_FIRST;
    while (cap < need)
        cap = cap > buf->limit / 2 ? buf->limit : cap * 2;
    if (cap > buf->limit)
        cap = buf->limit;
    char *grown = realloc(buf->lent ? NULL : buf->ptr, cap);
    if (!grown) {
        buf->failed = true;
        return NULL;
    }
    if (buf->lent && buf->len)
        memcpy(grown, buf->ptr, buf->len);
    buf->lent = false;
    buf->ptr = grown;
    buf->cap = cap;
    return buf->ptr + buf->len;
}

void buf_add_u64(Buf *buf, uint64_t v)
{
    char digits[DIGITS_U64_ROOM];
    buf_add(buf, digits, (size_t)(digits_put_u64(digits, v) - digits));
}

void buf_add_i64(Buf *buf, int64_t v)
{
    char digits[DIGITS_I64_ROOM];
    buf_add(buf, digits, (size_t)(digits_put_i64(digits, (uint64_t)v) - digits));
}

void buf_add_hex(Buf *buf, uint64_t v)
{
    char digits[DIGITS_HEX_ROOM];
    buf_add(buf, digits, (size_t)(digits_put_hex(digits, v) - digits));
}

void buf_printf(Buf *buf, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *out = n >= 0 ? buf_reserve(buf, (size_t)n + 1) : NULL;
    if (out) {
        (void)vsnprintf(out, (size_t)n + 1, format, again);
        buf->len += (size_t)n;
    }
    va_end(again);
}
