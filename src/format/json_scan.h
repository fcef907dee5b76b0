/* json_scan.h: the searches that reading JSON spends its time in, sixteen bytes a step where
 * the machine has SSE2. The *_plain twins are what the vector code is tested against. None of them
 * reads outside [p, end). */
#ifndef FORMAT_JSON_SCAN_H
#define FORMAT_JSON_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* What may not pass unseen inside a string: its end, an escape, a control character. */
static inline bool json_special_in_string(uint8_t c)
{
    return c == '"' || c == '\\' || c < 0x20;
}

/* What decides where a value ends, outside strings. */
static inline bool json_is_structure(uint8_t c)
{
    return c == '"' || c == '{' || c == '}' || c == '[' || c == ']';
}

static inline const uint8_t *json_scan_string_plain(const uint8_t *p, const uint8_t *end)
{
    while (p < end && !json_special_in_string(*p))
        p++;
    return p;
}

static inline const uint8_t *json_scan_structure_plain(const uint8_t *p, const uint8_t *end)
{
    while (p < end && !json_is_structure(*p))
        p++;
    return p;
}

#if defined(__SSE2__)

static inline uint32_t json_string_mask(__m128i v)
{
    __m128i hit =
        _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1F)), v);
    return (uint32_t)_mm_movemask_epi8(_mm_or_si128(hit, control));
}

/* First special byte of a string at or after p; end if there is none. */
static inline const uint8_t *json_scan_string(const uint8_t *p, const uint8_t *end)
{
    while (end - p >= 16) {
        uint32_t mask = json_string_mask(_mm_loadu_si128((const __m128i *)(const void *)p));
        if (mask)
            return p + __builtin_ctz(mask);
        p += 16;
    }
    return json_scan_string_plain(p, end);
}

/* First quote or bracket at or after p; end if there is none. Brackets and braces differ in 0x20
 * only, and no other byte becomes one of them by setting that bit. */
static inline const uint8_t *json_scan_structure(const uint8_t *p, const uint8_t *end)
{
    while (end - p >= 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i folded = _mm_or_si128(v, _mm_set1_epi8(0x20));
        __m128i hit = _mm_or_si128(_mm_cmpeq_epi8(folded, _mm_set1_epi8('{')),
                                   _mm_cmpeq_epi8(folded, _mm_set1_epi8('}')));
        hit = _mm_or_si128(hit, _mm_cmpeq_epi8(v, _mm_set1_epi8('"')));
        uint32_t mask = (uint32_t)_mm_movemask_epi8(hit);
        if (mask)
            return p + __builtin_ctz(mask);
        p += 16;
    }
    return json_scan_structure_plain(p, end);
}

#else

static inline const uint8_t *json_scan_string(const uint8_t *p, const uint8_t *end)
{
    return json_scan_string_plain(p, end);
}

static inline const uint8_t *json_scan_structure(const uint8_t *p, const uint8_t *end)
{
    return json_scan_structure_plain(p, end);
}

#endif

#endif
