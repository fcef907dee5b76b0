#include "detect/sigma/fold.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

typedef struct FoldRow {
    uint32_t first, last;
    uint32_t step;
    int32_t distance;
} FoldRow;

#define FOLD(first, last, step, distance) {first, last, step, distance},
static const FoldRow ROWS[] = {
#include "detect/sigma/fold_rows.def"
};
#undef FOLD

uint32_t fold_character(uint32_t c)
{
    if (c < 0x80)
        return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
    size_t low = 0, high = sizeof ROWS / sizeof ROWS[0];
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (ROWS[middle].last < c)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == sizeof ROWS / sizeof ROWS[0] || c < ROWS[low].first ||
        (c - ROWS[low].first) % ROWS[low].step)
        return c;
    return (uint32_t)((int32_t)c + ROWS[low].distance);
}

/* One character at t.ptr[*at]. */
static char *fold_one(Text t, size_t *at, char *out)
{
    unsigned char first = (unsigned char)t.ptr[*at];
    if (first < 0x80) {
        *out = ascii_lower((char)first);
        (*at)++;
        return out + 1;
    }
    uint32_t c = utf8_next(t, at);
    if (c == UTF8_INVALID) {
        *out = (char)first;
        return out + 1;
    }
    return out + utf8_put(out, fold_character(c));
}

size_t fold_text_plain(Text t, char *out)
{
    char *end = out;
    for (size_t i = 0; i < t.len;)
        end = fold_one(t, &i, end);
    return (size_t)(end - out);
}

#ifdef __SSE2__

/* Sixteen bytes in lower case; -1 if all are ASCII, else which are not. */
static int fold_sixteen(const char *in, char *out)
{
    __m128i bytes;
    memcpy(&bytes, in, sizeof bytes);
    __m128i upper = _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8('A' - 1)),
                                  _mm_cmplt_epi8(bytes, _mm_set1_epi8('Z' + 1)));
    __m128i lower = _mm_or_si128(bytes, _mm_and_si128(upper, _mm_set1_epi8(0x20)));
    memcpy(out, &lower, sizeof lower);
    return _mm_movemask_epi8(bytes);
}

size_t fold_text(Text t, char *out)
{
    char *end = out;
    size_t i = 0;
    while (i + 16 <= t.len) {
        int other = fold_sixteen(t.ptr + i, end);
        if (other == 0) {
            i += 16;
            end += 16;
            continue;
        }
        size_t ascii = (size_t)__builtin_ctz((unsigned)other);
        i += ascii;
        end += ascii;
        while (i < t.len && (unsigned char)t.ptr[i] >= 0x80)
            end = fold_one(t, &i, end);
    }
    while (i < t.len)
        end = fold_one(t, &i, end);
    return (size_t)(end - out);
}

#else

size_t fold_text(Text t, char *out)
{
    return fold_text_plain(t, out);
}

#endif
