#include "format/json_marks.h"

#include <string.h>

#include "base/cpu.h"
#include "format/json_scan.h"

bool json_marks_plain(const uint8_t *p, size_t n, uint64_t ret[JSON_MARKS_WORDS])
{
    uint8_t seen = 0;
    memset(ret, 0, (n / 64 + 1) * sizeof *ret);
    for (size_t i = 0; i < n; i++) {
        seen |= p[i];
        ret[i / 64] |= (uint64_t)json_special_in_string(p[i]) << i % 64;
    }
    ret[n / 64] |= UINT64_C(1) << n % 64;
    return seen < 0x80;
}

#if defined(__x86_64__)

/* The marks of 64 bytes; *seen gathers all bytes. */
static inline uint64_t marks_of_64(const uint8_t *p, __m128i *seen)
{
    uint64_t marks = 0;
    for (unsigned i = 0; i < 4; i++) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
        *seen = _mm_or_si128(*seen, v);
        marks |= (uint64_t)json_string_mask(v) << 16 * i;
    }
    return marks;
}

bool json_marks_sse2(const uint8_t *p, size_t n, uint64_t ret[JSON_MARKS_WORDS])
{
    __m128i seen = _mm_setzero_si128();
    uint8_t rest[64];
    size_t whole = n / 64;
    for (size_t i = 0; i < whole; i++)
        ret[i] = marks_of_64(p + 64 * i, &seen);
    memset(rest, ' ', sizeof rest);
    memcpy(rest, p + 64 * whole, n % 64);
    ret[whole] = marks_of_64(rest, &seen) | UINT64_C(1) << n % 64;
    return _mm_movemask_epi8(seen) == 0;
}

JsonMarks *json_marks_choose(void)
{
    return cpu_has_avx2() ? json_marks_avx2 : json_marks_sse2;
}

#else

JsonMarks *json_marks_choose(void)
{
    return json_marks_plain;
}

#endif
