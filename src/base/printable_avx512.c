/* printable_avx512.c: printable_prefix by 128 bytes a step, without a stop at the end of lines. */
#include "base/printable.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX512 __attribute__((target("avx512bw")))

/* Bit per byte that is neither plain ASCII nor `fine`. One more, and compared as signed: 0x7F..0xFF
 * come before 0x20 as well. */
AVX512 static inline uint64_t special_mask(const char *p, __m512i fine)
{
    __m512i v = _mm512_loadu_si512(p);
    return _mm512_mask_cmplt_epi8_mask(_mm512_cmpneq_epi8_mask(v, fine),
                                       _mm512_add_epi8(v, _mm512_set1_epi8(1)),
                                       _mm512_set1_epi8(0x21));
}

AVX512 static size_t prefix(Text t, uint32_t allowed)
{
    const __m512i fine = _mm512_set1_epi8(allowed & PRINTABLE_ALLOW('\n') ? '\n' : 'a');
    size_t pos = 0;
    while (t.len - pos >= 128) {
        uint64_t first = special_mask(t.ptr + pos, fine);
        uint64_t second = special_mask(t.ptr + pos + 64, fine);
        if (!(first | second)) {
            pos += 128;
            continue;
        }
        pos += (size_t)(first ? __builtin_ctzll(first) : 64 + __builtin_ctzll(second));
        do /* characters that are not ASCII come in runs */
            if (!printable_step(t, &pos, allowed))
                return pos;
        while (pos < t.len && (unsigned char)t.ptr[pos] >= 0x80);
    }
    return pos + printable_prefix_narrow(text_of(t.ptr + pos, t.len - pos), allowed);
}

PrintablePrefix *printable_prefix_avx512(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512bw") ? prefix : NULL;
}

#else

PrintablePrefix *printable_prefix_avx512(void)
{
    return NULL;
}

#endif
