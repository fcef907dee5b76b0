#include "base/utf16.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* One code point from UTF-16LE at p[*pos], `n` bytes in all (even), stepping over it. A surrogate
 * without partner is returned as it is. */
static uint32_t utf16_next(const uint8_t *p, size_t n, size_t *pos)
{
    uint32_t c = load_u16le(p + *pos);
    *pos += 2;
    if (c < 0xD800 || c > 0xDBFF || n - *pos < 2)
        return c;
    uint32_t low = load_u16le(p + *pos);
    if (low < 0xDC00 || low > 0xDFFF)
        return c;
    *pos += 2;
    return 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
}

size_t utf16_narrow_plain(Span units, char *out)
{
    size_t n = units.len & ~(size_t)1;
    char *start = out;
    for (size_t pos = 0; pos < n;)
        out += utf8_put(out, utf16_next(units.ptr, n, &pos));
    return (size_t)(out - start);
}

bool utf16_is_ascii_plain(Span units, const char *text)
{
    for (size_t i = 0; i < units.len / 2; i++) {
        uint16_t unit = load_u16le(units.ptr + 2 * i);
        if (unit >= 0x80 || unit != (unsigned char)text[i])
            return false;
    }
    return true;
}

#if defined(__SSE2__)

static inline bool all_ascii(__m128i units)
{
    __m128i high = _mm_and_si128(units, _mm_set1_epi16((short)0xFF80));
    return _mm_movemask_epi8(_mm_cmpeq_epi8(high, _mm_setzero_si128())) == 0xFFFF;
}

static inline __m128i load_units(const uint8_t *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* The characters of [*pos, stop), one by one. */
static char *narrow_each(const uint8_t *p, size_t n, size_t stop, size_t *pos, char *out)
{
    while (*pos < stop) {
        uint16_t unit = load_u16le(p + *pos);
        if (unit < 0x80) {
            *out++ = (char)unit;
            *pos += 2;
        } else {
            out += utf8_put(out, utf16_next(p, n, pos));
        }
    }
    return out;
}

size_t utf16_narrow(Span units, char *out)
{
    size_t n = units.len & ~(size_t)1, pos = 0;
    const uint8_t *p = units.ptr;
    char *start = out;
    for (;;) {
        while (n - pos >= 32) { /* sixteen characters a step while all are ASCII */
            __m128i a = load_units(p + pos), b = load_units(p + pos + 16);
            if (!all_ascii(_mm_or_si128(a, b)))
                break;
            _mm_storeu_si128((__m128i *)(void *)out, _mm_packus_epi16(a, b));
            out += 16;
            pos += 32;
        }
        if (n - pos >= 16 && all_ascii(load_units(p + pos))) {
            __m128i a = load_units(p + pos);
            _mm_storel_epi64((__m128i *)(void *)out, _mm_packus_epi16(a, a));
            out += 8;
            pos += 16;
        }
        if (pos >= n)
            return (size_t)(out - start);
        /* The rest, or up to sixteen characters that hold something else. */
        out = narrow_each(p, n, n - pos > 32 ? pos + 32 : n, &pos, out);
    }
}

bool utf16_is_ascii(Span units, const char *text)
{
    size_t n = units.len / 2, i = 0;
    const uint8_t *p = units.ptr, *q = (const uint8_t *)text;
    for (; n - i >= 8; i += 8) {
        __m128i wide = _mm_unpacklo_epi8(_mm_loadl_epi64((const __m128i *)(const void *)(q + i)),
                                         _mm_setzero_si128());
        __m128i v = load_units(p + 2 * i);
        if (!all_ascii(v) || _mm_movemask_epi8(_mm_cmpeq_epi16(v, wide)) != 0xFFFF)
            return false;
    }
    return utf16_is_ascii_plain(span_of(p + 2 * i, 2 * (n - i)), text + i);
}

#else

size_t utf16_narrow(Span units, char *out)
{
    return utf16_narrow_plain(units, out);
}

bool utf16_is_ascii(Span units, const char *text)
{
    return utf16_is_ascii_plain(units, text);
}

#endif
