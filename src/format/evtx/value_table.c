#include "format/evtx/value_table.h"

#include <stdbool.h>

#include "base/span.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define TYPE_STRING 1

static inline void trim_string(ValueRef *v, const uint8_t *chunk, uint32_t limit)
{
    uint32_t size = v->size, end = v->offset + size;
    if (size % 2 || end > limit)
        return; /* faults: the one is shown as it is, the other ends the record */
    const uint8_t *last = chunk + end - 2;
    while (size && load_u16le(last) == 0) {
        size -= 2;
        last -= 2;
    }
    v->size = (uint16_t)size;
}

uint32_t value_table_read_plain(ValueRef *out, const uint8_t *descriptors, uint32_t count,
                                const uint8_t *chunk, uint32_t begin, uint32_t limit)
{
    uint32_t at = begin;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t descriptor = load_u32le(descriptors + 4 * (size_t)i);
        out[i] = (ValueRef){.offset = at,
                            .size = (uint16_t)descriptor,
                            .type = (uint8_t)(descriptor >> 16),
                            .unused = (uint8_t)(descriptor >> 24)};
        at += out[i].size; /* cannot wrap: 16384 * 65535 < 2^32 */
        if (out[i].type == TYPE_STRING)
            trim_string(&out[i], chunk, limit);
    }
    return at;
}

#if defined(__SSE2__)

/* Four a step: sizes are summed up within a vector, and each sum stands before its descriptor. */
uint32_t value_table_read(ValueRef *out, const uint8_t *descriptors, uint32_t count,
                          const uint8_t *chunk, uint32_t begin, uint32_t limit)
{
    const __m128i size_mask = _mm_set1_epi32(0xFFFF);
    const __m128i type_mask = _mm_set1_epi32(0xFF << 16);
    const __m128i string = _mm_set1_epi32(TYPE_STRING << 16);
    uint32_t at = begin;
    for (uint32_t i = 0; i < count; i += 4) {
        __m128i descriptor =
            _mm_loadu_si128((const __m128i *)(const void *)(descriptors + 4 * (size_t)i));
        if (count - i < 4) { /* those behind the last have no size */
            __m128i number = _mm_set_epi32(3, 2, 1, 0);
            __m128i there = _mm_cmplt_epi32(number, _mm_set1_epi32((int)(count - i)));
            descriptor = _mm_and_si128(descriptor, there);
        }
        __m128i size = _mm_and_si128(descriptor, size_mask);
        __m128i sum = _mm_add_epi32(size, _mm_slli_si128(size, 4));
        sum = _mm_add_epi32(sum, _mm_slli_si128(sum, 8));
        __m128i ends = _mm_add_epi32(sum, _mm_set1_epi32((int)at));
        __m128i begins = _mm_sub_epi32(ends, size);
        _mm_storeu_si128((__m128i *)(void *)(out + i), _mm_unpacklo_epi32(begins, descriptor));
        _mm_storeu_si128((__m128i *)(void *)(out + i + 2), _mm_unpackhi_epi32(begins, descriptor));
        __m128i strings = _mm_cmpeq_epi32(_mm_and_si128(descriptor, type_mask), string);
        unsigned mask = (unsigned)_mm_movemask_ps(_mm_castsi128_ps(strings));
        for (; mask; mask &= mask - 1)
            trim_string(&out[i + (unsigned)__builtin_ctz(mask)], chunk, limit);
        at = (uint32_t)_mm_cvtsi128_si32(_mm_shuffle_epi32(ends, _MM_SHUFFLE(3, 3, 3, 3)));
    }
    return at;
}

#else

uint32_t value_table_read(ValueRef *out, const uint8_t *descriptors, uint32_t count,
                          const uint8_t *chunk, uint32_t begin, uint32_t limit)
{
    return value_table_read_plain(out, descriptors, count, chunk, begin, limit);
}

#endif
