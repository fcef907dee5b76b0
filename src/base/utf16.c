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

#if defined(__SSE2__)

size_t utf16_narrow(Span units, char *out)
{
    size_t n = units.len & ~(size_t)1;
    const uint8_t *p = units.ptr;
    const __m128i not_ascii = _mm_set1_epi16((short)0xFF80);
    char *start = out;
    size_t pos = 0;
    for (;;) {
        while (n - pos >= 32) { /* sixteen characters a step while all are ASCII */
            __m128i a = _mm_loadu_si128((const __m128i *)(const void *)(p + pos));
            __m128i b = _mm_loadu_si128((const __m128i *)(const void *)(p + pos + 16));
            __m128i high = _mm_and_si128(_mm_or_si128(a, b), not_ascii);
            if (_mm_movemask_epi8(_mm_cmpeq_epi8(high, _mm_setzero_si128())) != 0xFFFF)
                break;
            _mm_storeu_si128((__m128i *)(void *)out, _mm_packus_epi16(a, b));
            out += 16;
            pos += 32;
        }
        if (pos >= n)
            return (size_t)(out - start);
        /* The rest, or up to sixteen characters that hold something else. */
        size_t stop = n - pos > 32 ? pos + 32 : n;
        while (pos < stop) {
            uint32_t c = utf16_next(p, n, &pos);
            if (c < 0x80)
                *out++ = (char)c;
            else
                out += utf8_put(out, c);
        }
    }
}

#else

size_t utf16_narrow(Span units, char *out)
{
    return utf16_narrow_plain(units, out);
}

#endif
