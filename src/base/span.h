/* span.h: borrowed bytes and checked reading. Everything that touches evidence goes through here.
 *
 * A Span never owns its bytes. A Reader walks a Span and remembers the first read past its end
 * (`failed` is sticky), so a header can be read as straight lines and checked once, before any
 * value is used. All integers in evidence are read byte by byte: no alignment or byte-order
 * assumption, one load instruction after optimisation. */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

typedef struct Span {
    const uint8_t *ptr; /* may be NULL when len is 0 */
    size_t len;
} Span;

typedef struct Reader {
    Span in;         /* the region; never changes */
    size_t pos;      /* next byte to read; always <= in.len */
    uint64_t origin; /* offset of in.ptr[0] in the evidence file, for messages */
    bool failed;     /* set by the first read past the end; stays set */
} Reader;

/* Unchecked loads: the caller has proven that the bytes are there. */
static inline uint16_t load_u16le(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t load_u32le(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t load_u64le(const uint8_t *p)
{
    return (uint64_t)load_u32le(p) | (uint64_t)load_u32le(p + 4) << 32;
}

static inline void store_u32le(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
    p[2] = (uint8_t)(v >> 16);
    p[3] = (uint8_t)(v >> 24);
}

static inline void store_u64le(uint8_t *p, uint64_t v)
{
    store_u32le(p, (uint32_t)v);
    store_u32le(p + 4, (uint32_t)(v >> 32));
}

/* Are n bytes the same, 4 <= n <= 8, 8 <= n <= 16, 16 <= n <= 32? Two loads of each that may
 * overlap cover any such number. */
static inline bool bytes_equal_8(const uint8_t *a, const uint8_t *b, size_t n)
{
    return ((load_u32le(a) ^ load_u32le(b)) | (load_u32le(a + n - 4) ^ load_u32le(b + n - 4))) == 0;
}

static inline bool bytes_equal_16(const uint8_t *a, const uint8_t *b, size_t n)
{
    return ((load_u64le(a) ^ load_u64le(b)) | (load_u64le(a + n - 8) ^ load_u64le(b + n - 8))) == 0;
}

static inline bool bytes_equal_32(const uint8_t *a, const uint8_t *b, size_t n)
{
#if defined(__SSE2__)
    __m128i first = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)a),
                                   _mm_loadu_si128((const __m128i *)(const void *)b));
    __m128i last = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)(a + n - 16)),
                                  _mm_loadu_si128((const __m128i *)(const void *)(b + n - 16)));
    return _mm_movemask_epi8(_mm_and_si128(first, last)) == 0xFFFF;
#else
    return bytes_equal_16(a, b, 16) && bytes_equal_16(a + n - 16, b + n - 16, 16);
#endif
}

/* memcmp(a, b, n) == 0 without a call for what is short, as nearly all names and values are. */
static inline bool bytes_equal(const void *a, const void *b, size_t n)
{
    const uint8_t *p = (const uint8_t *)a, *q = (const uint8_t *)b;
    if (n > 32)
        return memcmp(p, q, n) == 0;
    if (n >= 16)
        return bytes_equal_32(p, q, n);
    if (n >= 8)
        return bytes_equal_16(p, q, n);
    if (n >= 4)
        return bytes_equal_8(p, q, n);
    return n == 0 || (p[0] == q[0] && p[n / 2] == q[n / 2] && p[n - 1] == q[n - 1]);
}

static inline Span span_of(const void *ptr, size_t len)
{
    return (Span){.ptr = ptr, .len = len};
}

/* The part [offset, offset + size) of `in`; false (and *ret untouched) when it does not fit. */
__attribute__((warn_unused_result)) static inline bool span_slice(Span in, uint64_t offset,
                                                                  uint64_t size, Span *ret)
{
    if (offset > in.len || size > in.len - offset)
        return false;
    *ret = (Span){.ptr = size ? in.ptr + offset : NULL, .len = (size_t)size};
    return true;
}

static inline bool span_equal(Span a, Span b)
{
    return a.len == b.len && bytes_equal(a.ptr, b.ptr, a.len);
}

static inline bool span_starts_with(Span s, const void *prefix, size_t len)
{
    return s.len >= len && memcmp(s.ptr, prefix, len) == 0;
}

static inline Reader reader_of(Span in, uint64_t origin)
{
    return (Reader){.in = in, .origin = origin};
}

static inline size_t reader_left(const Reader *r)
{
    return r->failed ? 0 : r->in.len - r->pos;
}

/* Offset of the next byte in the evidence file. */
static inline uint64_t reader_at(const Reader *r)
{
    return r->origin + r->pos;
}

/* The next `n` bytes; an empty span after a failure. */
static inline Span reader_take(Reader *r, size_t n)
{
    if (r->failed || n > r->in.len - r->pos) { /* cannot wrap: pos <= len */
        r->failed = true;
        return (Span){0};
    }
    Span out = {.ptr = n ? r->in.ptr + r->pos : NULL, .len = n};
    r->pos += n;
    return out;
}

static inline void reader_skip(Reader *r, size_t n)
{
    (void)reader_take(r, n);
}

/* The integers below are 0 after a failure. */
static inline uint8_t reader_u8(Reader *r)
{
    Span s = reader_take(r, 1);
    return s.len ? s.ptr[0] : 0;
}

static inline uint16_t reader_u16le(Reader *r)
{
    Span s = reader_take(r, 2);
    return s.len ? load_u16le(s.ptr) : 0;
}

static inline uint32_t reader_u32le(Reader *r)
{
    Span s = reader_take(r, 4);
    return s.len ? load_u32le(s.ptr) : 0;
}

static inline uint64_t reader_u64le(Reader *r)
{
    Span s = reader_take(r, 8);
    return s.len ? load_u64le(s.ptr) : 0;
}

/* The next byte without consuming it; -1 at the end. */
static inline int reader_peek(const Reader *r)
{
    return !r->failed && r->pos < r->in.len ? r->in.ptr[r->pos] : -1;
}

/* Arithmetic on values from evidence. false on overflow; *ret is then unspecified. */
__attribute__((warn_unused_result)) static inline bool add_size(size_t a, size_t b, size_t *ret)
{
    return !__builtin_add_overflow(a, b, ret);
}

__attribute__((warn_unused_result)) static inline bool mul_size(size_t a, size_t b, size_t *ret)
{
    return !__builtin_mul_overflow(a, b, ret);
}

#endif
