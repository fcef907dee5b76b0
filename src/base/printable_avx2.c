/* printable_avx2.c: printable_prefix by 64 bytes a step. */
#include "base/printable.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,bmi")))

/* Bit per byte that is not plain ASCII: compared as signed, 0x80..0xFF are below 0x20 as well. */
AVX2 static inline uint32_t special_mask(const char *p)
{
    __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);
    __m256i low = _mm256_cmpgt_epi8(_mm256_set1_epi8(0x20), v);
    __m256i del = _mm256_cmpeq_epi8(v, _mm256_set1_epi8(0x7F));
    return (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(low, del));
}

AVX2 static size_t prefix(Text t, uint32_t allowed)
{
    size_t pos = 0;
    while (t.len - pos >= 64) {
        uint64_t special = special_mask(t.ptr + pos) | (uint64_t)special_mask(t.ptr + pos + 32)
                                                           << 32;
        if (!special) {
            pos += 64;
            continue;
        }
        pos += (size_t)__builtin_ctzll(special);
        do /* characters that are not ASCII come in runs */
            if (!printable_step(t, &pos, allowed))
                return pos;
        while (pos < t.len && (unsigned char)t.ptr[pos] >= 0x80);
    }
    return pos + printable_prefix_narrow(text_of(t.ptr + pos, t.len - pos), allowed);
}

PrintablePrefix *printable_prefix_avx2(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") ? prefix : NULL;
}

#else

PrintablePrefix *printable_prefix_avx2(void)
{
    return NULL;
}

#endif
