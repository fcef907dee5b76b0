#include "format/json_marks.h"

#if defined(__AVX2__)

#include <immintrin.h>
#include <string.h>

/* The marks of 32 bytes; *seen gathers all bytes. */
static inline uint32_t marks_of_32(const uint8_t *p, __m256i *seen)
{
    __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);
    *seen = _mm256_or_si256(*seen, v);
    __m256i hit = _mm256_or_si256(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('"')),
                                  _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\')));
    __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(0x1F)), v);
    return (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(hit, control));
}

static inline uint64_t marks_of_64(const uint8_t *p, __m256i *seen)
{
    return marks_of_32(p, seen) | (uint64_t)marks_of_32(p + 32, seen) << 32;
}

bool json_marks_avx2(const uint8_t *p, size_t n, uint64_t ret[JSON_MARKS_WORDS])
{
    __m256i seen = _mm256_setzero_si256();
    uint8_t rest[64];
    size_t whole = n / 64;
    for (size_t i = 0; i < whole; i++)
        ret[i] = marks_of_64(p + 64 * i, &seen);
    memset(rest, ' ', sizeof rest);
    memcpy(rest, p + 64 * whole, n % 64);
    ret[whole] = marks_of_64(rest, &seen) | UINT64_C(1) << n % 64;
    return _mm256_movemask_epi8(seen) == 0;
}

#endif
