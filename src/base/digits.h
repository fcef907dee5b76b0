/* digits.h: numbers to text, for the hot paths. Each function writes at `out` and returns the end
 * of what it wrote; the room that it needs stands beside it. */
#ifndef BASE_DIGITS_H
#define BASE_DIGITS_H

#include <stdint.h>
#include <string.h>

#define DIGITS_U64_ROOM 20
#define DIGITS_I64_ROOM 20
#define DIGITS_HEX_ROOM 16

extern const char DIGIT_PAIRS[201];     /* "000102…99" */
extern const char HEX_PAIRS_LOWER[513]; /* "000102…ff" */
extern const char HEX_PAIRS_UPPER[513];

/* Two decimal digits of v < 100. */
static inline char *digits_put_2(char *out, unsigned v)
{
    memcpy(out, DIGIT_PAIRS + 2 * (size_t)v, 2);
    return out + 2;
}

static inline char *digits_put_4(char *out, unsigned v)
{
    return digits_put_2(digits_put_2(out, v / 100), v % 100);
}

/* Eight decimal digits of v < 100,000,000 as ASCII, the first in the lowest byte: hundreds of
 * hundreds, then hundreds, then tens are split off in all lanes of one word at once. */
static inline uint64_t digits_of_8(uint32_t v)
{
    uint64_t halves = v / 10000 | (uint64_t)(v % 10000) << 32;
    uint64_t hundreds = (halves * 10486 >> 20) & UINT64_C(0x7F0000007F);
    uint64_t pairs = hundreds | (halves - 100 * hundreds) << 16;
    uint64_t tens = (pairs * 103 >> 10) & UINT64_C(0x000F000F000F000F);
    return (tens | (pairs - 10 * tens) << 8) + UINT64_C(0x3030303030303030);
}

char *digits_put_large(char *out, uint64_t v);

static inline char *digits_put_u64(char *out, uint64_t v)
{
    if (v >= 10000)
        return digits_put_large(out, v);
    unsigned n = (unsigned)v;
    if (n >= 1000)
        return digits_put_4(out, n);
    if (n >= 100) {
        *out = (char)('0' + n / 100);
        return digits_put_2(out + 1, n % 100);
    }
    if (n >= 10)
        return digits_put_2(out, n);
    *out = (char)('0' + n);
    return out + 1;
}

/* `bits` as two's complement. */
static inline char *digits_put_i64(char *out, uint64_t bits)
{
    if (bits >> 63) {
        *out++ = '-';
        bits = 0 - bits;
    }
    return digits_put_u64(out, bits);
}

/* Lower case, no prefix, no leading zeros. */
static inline char *digits_put_hex(char *out, uint64_t v)
{
    unsigned count = v ? (unsigned)(67 - __builtin_clzll(v)) / 4 : 1;
    for (unsigned i = count; i-- > 0; v >>= 4)
        out[i] = "0123456789abcdef"[v & 15];
    return out + count;
}

#endif
