#include "base/printable.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

bool printable_is_deceptive(uint32_t c)
{
    return (c >= 0x80 && c < 0xA0) || c == 0x61C || (c >= 0x200B && c <= 0x200F) ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF ||
           (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE007F);
}

bool printable_step(Text t, size_t *pos, uint32_t allowed)
{
    unsigned char lead = (unsigned char)t.ptr[*pos];
    if (lead < 0x20 ? !(allowed & PRINTABLE_ALLOW(lead)) : lead == 0x7F)
        return false;
    if (lead < 0x80) {
        (*pos)++;
        return true;
    }
    size_t next = *pos;
    uint32_t c = utf8_next(t, &next);
    if (c == UTF8_INVALID || (c >= 0xD800 && c <= 0xDFFF))
        return false;
    *pos = next;
    return true;
}

size_t printable_prefix_plain(Text t, uint32_t allowed)
{
    size_t pos = 0;
    while (pos < t.len && printable_step(t, &pos, allowed))
        continue;
    return pos;
}

#if defined(__SSE2__)

/* Bit per byte that is not plain ASCII: compared as signed, 0x80..0xFF are below 0x20 as well. */
static inline unsigned special_mask(const char *p)
{
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i low = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20));
    __m128i del = _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7F));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(low, del));
}

size_t printable_prefix_narrow(Text t, uint32_t allowed)
{
    size_t pos = 0;
    while (pos < t.len) {
        if (t.len - pos >= 16) {
            unsigned special = special_mask(t.ptr + pos);
            if (!special) {
                pos += 16;
                continue;
            }
            pos += (size_t)__builtin_ctz(special);
        }
        if (!printable_step(t, &pos, allowed))
            return pos;
    }
    return pos;
}

#else

size_t printable_prefix_narrow(Text t, uint32_t allowed)
{
    return printable_prefix_plain(t, allowed);
}

#endif

size_t printable_prefix(Text t, uint32_t allowed)
{
    PrintablePrefix *wide = printable_prefix_avx512();
    if (!wide)
        wide = printable_prefix_avx2();
    return wide ? wide(t, allowed) : printable_prefix_narrow(t, allowed);
}
