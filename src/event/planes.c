#include "event/planes.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

void planes_split_plain(const uint32_t *in, size_t n, uint8_t *planes, size_t stride)
{
    for (size_t i = 0; i < n; i++)
        for (size_t b = 0; b < 4; b++)
            planes[b * stride + i] = (uint8_t)(in[i] >> 8 * b);
}

void planes_join_plain(const uint8_t *planes, size_t stride, size_t n, uint32_t *out)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t v = 0;
        for (size_t b = 0; b < 4; b++)
            v |= (uint32_t)planes[b * stride + i] << 8 * b;
        out[i] = v;
    }
}

#if defined(__SSE2__)

/* Byte b of each of sixteen numbers. */
static inline __m128i plane_of(const __m128i v[4], int b)
{
    const __m128i byte = _mm_set1_epi32(0xFF);
    __m128i shift = _mm_cvtsi32_si128(8 * b), p[4];
    for (unsigned i = 0; i < 4; i++)
        p[i] = _mm_and_si128(_mm_srl_epi32(v[i], shift), byte);
    return _mm_packus_epi16(_mm_packs_epi32(p[0], p[1]), _mm_packs_epi32(p[2], p[3]));
}

void planes_split(const uint32_t *in, size_t n, uint8_t *planes, size_t stride)
{
    size_t i = 0;
    for (; n - i >= 16; i += 16) {
        __m128i v[4];
        for (size_t k = 0; k < 4; k++)
            v[k] = _mm_loadu_si128((const __m128i *)(const void *)(in + i + 4 * k));
        for (int b = 0; b < 4; b++)
            _mm_storeu_si128((__m128i *)(void *)(planes + (size_t)b * stride + i), plane_of(v, b));
    }
    planes_split_plain(in + i, n - i, planes + i, stride);
}

static inline void store_four(uint32_t *out, __m128i low, __m128i high)
{
    _mm_storeu_si128((__m128i *)(void *)out, _mm_unpacklo_epi16(low, high));
    _mm_storeu_si128((__m128i *)(void *)(out + 4), _mm_unpackhi_epi16(low, high));
}

void planes_join(const uint8_t *planes, size_t stride, size_t n, uint32_t *out)
{
    size_t i = 0;
    for (; n - i >= 16; i += 16) {
        __m128i p[4];
        for (size_t b = 0; b < 4; b++)
            p[b] = _mm_loadu_si128((const __m128i *)(const void *)(planes + b * stride + i));
        store_four(out + i, _mm_unpacklo_epi8(p[0], p[1]), _mm_unpacklo_epi8(p[2], p[3]));
        store_four(out + i + 8, _mm_unpackhi_epi8(p[0], p[1]), _mm_unpackhi_epi8(p[2], p[3]));
    }
    planes_join_plain(planes + i, stride, n - i, out + i);
}

#else

void planes_split(const uint32_t *in, size_t n, uint8_t *planes, size_t stride)
{
    planes_split_plain(in, n, planes, stride);
}

void planes_join(const uint8_t *planes, size_t stride, size_t n, uint32_t *out)
{
    planes_join_plain(planes, stride, n, out);
}

#endif

/* ---- runs ---- */

static inline uint64_t zigzag64(uint64_t difference)
{
    return difference << 1 ^ (0 - (difference >> 63));
}

void run32_begin(Run32 *run, uint8_t *planes, size_t count, bool delta)
{
    run->planes = planes;
    run->stride = run->left = count;
    run->fill = run->taken = 0;
    run->delta = delta;
    run->last = 0;
}

void run32_begin_within(Run32 *run, const uint8_t *planes, size_t stride, size_t count,
                        uint32_t last)
{
    run32_begin(run, (uint8_t *)(uintptr_t)planes, stride, true); /* only read from */
    run->left = count;
    run->last = last;
}

void run32_end(Run32 *run)
{
    if (run->taken == 0) /* numbers were put, if any */
        run32_flush(run);
}

void run32_flush(Run32 *run)
{
    uint32_t out[PLANES_BLOCK], last = run->last;
    const uint32_t *from = run->block;
    size_t n = run->fill;
    if (run->delta && n) {
        out[0] = planes_zigzag(from[0] - last);
        for (size_t i = 1; i < n; i++)
            out[i] = planes_zigzag(from[i] - from[i - 1]);
        run->last = from[n - 1];
        from = out;
    }
    planes_split(from, n, run->planes, run->stride);
    run->planes += n;
    run->fill = 0;
}

void run32_fill(Run32 *run)
{
    size_t n = run->left < PLANES_BLOCK ? run->left : PLANES_BLOCK;
    planes_join(run->planes, run->stride, n, run->block);
    uint32_t last = run->last;
    for (size_t i = 0; run->delta && i < n; i++)
        run->block[i] = last += planes_unzigzag(run->block[i]);
    run->last = last;
    run->planes += n;
    run->left -= n;
    run->fill = n;
    run->taken = 0;
}

void run64_begin(Run64 *run, uint8_t *planes, size_t count, bool delta)
{
    run->planes = planes;
    run->stride = run->left = count;
    run->fill = run->taken = 0;
    run->delta = delta;
    run->last = 0;
}

void run64_end(Run64 *run)
{
    if (run->taken == 0)
        run64_flush(run);
}

/* Eight planes are those of the lower halves, then those of the upper ones. */
void run64_flush(Run64 *run)
{
    uint32_t low[PLANES_BLOCK], high[PLANES_BLOCK];
    uint64_t last = run->last;
    for (size_t i = 0; i < run->fill; i++) {
        uint64_t v = run->block[i], out = run->delta ? zigzag64(v - last) : v;
        last = v;
        low[i] = (uint32_t)out;
        high[i] = (uint32_t)(out >> 32);
    }
    run->last = last;
    planes_split(low, run->fill, run->planes, run->stride);
    planes_split(high, run->fill, run->planes + 4 * run->stride, run->stride);
    run->planes += run->fill;
    run->fill = 0;
}

void run64_fill(Run64 *run)
{
    uint32_t low[PLANES_BLOCK], high[PLANES_BLOCK];
    size_t n = run->left < PLANES_BLOCK ? run->left : PLANES_BLOCK;
    planes_join(run->planes, run->stride, n, low);
    planes_join(run->planes + 4 * run->stride, run->stride, n, high);
    uint64_t last = run->last;
    for (size_t i = 0; i < n; i++) {
        uint64_t v = (uint64_t)high[i] << 32 | low[i];
        if (run->delta)
            v = last += v >> 1 ^ (0 - (v & 1));
        run->block[i] = v;
    }
    run->last = last;
    run->planes += n;
    run->left -= n;
    run->fill = n;
    run->taken = 0;
}
