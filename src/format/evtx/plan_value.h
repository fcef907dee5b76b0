/* plan_value.h: a value as JSON, for the steps of plan_json.c: the types that make up nearly all
 * values, in line. It writes what evtx_json_value does, which takes the rest and is what the
 * general way uses: the tests that hold the two ways against each other compare these as well.
 *
 * Up to PLAN_VALUE_SLACK bytes behind the end of what is returned may be written. */
#ifndef FORMAT_EVTX_PLAN_VALUE_H
#define FORMAT_EVTX_PLAN_VALUE_H

#include "base/digits.h"
#include "base/span.h"
#include "event/value.h"
#include "format/evtx/ansi.h"
#include "format/evtx/scalar.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

#define PLAN_VALUE_SLACK JSON_STRING_SLACK

#define TICKS_PER_SECOND 10000000u
#define TICKS_PER_DAY    (UINT64_C(86400) * TICKS_PER_SECOND)
#define DATE_LEN         11 /* 1601-01-01T */
#define TIME_LEN         28 /* … of a year with four digits: 1601-01-01T00:00:00.0000000Z */

/* Most times are of the same day as the one before. */
static inline char *plan_put_filetime(char *out, uint64_t ticks, DateMemo *memo)
{
    uint64_t of_day = ticks - memo->begin;
    if (of_day >= TICKS_PER_DAY) {
        size_t n = filetime_format(ticks, 7, out);
        if (n == TIME_LEN) {
            memo->begin = ticks - ticks % TICKS_PER_DAY;
            memcpy(memo->text, out, DATE_LEN);
        }
        return out + n;
    }
    uint32_t seconds = (uint32_t)(of_day / TICKS_PER_SECOND);
    uint32_t fraction = (uint32_t)(of_day % TICKS_PER_SECOND);
    memcpy(out, memo->text, sizeof memo->text);
    digits_put_2(out + DATE_LEN, seconds / 3600);
    out[DATE_LEN + 2] = ':';
    digits_put_2(out + DATE_LEN + 3, seconds / 60 % 60);
    out[DATE_LEN + 5] = ':';
    digits_put_2(out + DATE_LEN + 6, seconds % 60);
    out[DATE_LEN + 8] = '.';
    store_u64le((uint8_t *)out + DATE_LEN + 9, digits_of_8(fraction * 10));
    out[TIME_LEN - 1] = 'Z'; /* in place of the eighth digit */
    return out + TIME_LEN;
}

#if defined(__x86_64__)

/* The 16 hexadecimal digits of v, the highest first. */
static inline __m128i plan_hex_digits(uint64_t v)
{
    __m128i bytes = _mm_cvtsi64_si128((long long)__builtin_bswap64(v));
    __m128i high = _mm_and_si128(_mm_srli_epi16(bytes, 4), _mm_set1_epi8(15));
    __m128i nibbles = _mm_unpacklo_epi8(high, _mm_and_si128(bytes, _mm_set1_epi8(15)));
    __m128i letters = _mm_cmpgt_epi8(nibbles, _mm_set1_epi8(9));
    return _mm_add_epi8(_mm_add_epi8(nibbles, _mm_set1_epi8('0')),
                        _mm_and_si128(letters, _mm_set1_epi8('a' - '0' - 10)));
}

static inline char *plan_put_hex(char *out, uint64_t v)
{
    unsigned zeros = v ? (unsigned)__builtin_clzll(v) / 4 : 15;
    memcpy(out, "0x", 2);
    _mm_storeu_si128((__m128i *)(void *)(out + 2), plan_hex_digits(v << 4 * zeros));
    return out + 18 - zeros;
}

/* {00112233-4455-6677-8899-aabbccddeeff}; the first three fields are little-endian. */
static inline char *plan_put_guid(char *out, const uint8_t *guid)
{
    uint64_t fields = (uint64_t)load_u32le(guid) << 32 | (uint64_t)load_u16le(guid + 4) << 16 |
                      load_u16le(guid + 6);
    __m128i first = plan_hex_digits(fields);
    __m128i second = plan_hex_digits(__builtin_bswap64(load_u64le(guid + 8)));
    uint8_t *to = (uint8_t *)out;
    uint64_t middle = (uint64_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(first, first));
    to[0] = '{';
    _mm_storel_epi64((__m128i *)(void *)(to + 1), first);
    to[9] = '-';
    store_u32le(to + 10, (uint32_t)middle);
    to[14] = '-';
    store_u32le(to + 15, (uint32_t)(middle >> 32));
    to[19] = '-';
    store_u32le(to + 20, (uint32_t)_mm_cvtsi128_si32(second));
    to[24] = '-';
    _mm_storeu_si128((__m128i *)(void *)(to + 25), _mm_srli_si128(second, 4));
    to[37] = '}';
    return out + GUID_TEXT_ROOM;
}

#else

static inline char *plan_put_hex(char *out, uint64_t v)
{
    memcpy(out, "0x", 2);
    return digits_put_hex(out + 2, v);
}

static inline char *plan_put_guid(char *out, const uint8_t *guid)
{
    return out + guid_format(guid, out);
}

#endif

/* Not empty. NULL for what is no scalar. In line wherever it stands: with a call for each value,
 * a tenth of the time would go there. */
__attribute__((always_inline)) static inline char *
plan_put_value(char *out, const ValueRef *v, const uint8_t *chunk, Binxml *bx, unsigned *faults)
{
    const uint8_t *bytes = chunk + v->offset;
    size_t size = v->size;
    switch (v->type) {
    case EVTX_STRING:
        if (size % 2)
            break;
        *out++ = '"';
        out = bx->strings.units(out, bytes, size);
        *out++ = '"';
        return out;
    case EVTX_ANSI:
        *out++ = '"';
        out = bx->strings.ansi(out, bytes, evtx_ansi_trim(bytes, size));
        *out++ = '"';
        return out;
    case EVTX_UINT8:
        if (size != 1)
            break;
        return digits_put_u64(out, bytes[0]);
    case EVTX_UINT16:
        if (size != 2)
            break;
        return digits_put_u64(out, load_u16le(bytes));
    case EVTX_UINT32:
        if (size != 4)
            break;
        return digits_put_u64(out, load_u32le(bytes));
    case EVTX_UINT64:
        if (size != 8)
            break;
        return digits_put_u64(out, load_u64le(bytes));
    case EVTX_HEX32:
    case EVTX_HEX64:
        if (size != 4 && size != 8)
            break;
        *out++ = '"';
        out = plan_put_hex(out, size == 4 ? load_u32le(bytes) : load_u64le(bytes));
        *out++ = '"';
        return out;
    case EVTX_GUID:
        if (size != 16)
            break;
        *out++ = '"';
        out = plan_put_guid(out, bytes);
        *out++ = '"';
        return out;
    case EVTX_FILETIME:
        if (size != 8)
            break;
        *out++ = '"';
        out = plan_put_filetime(out, load_u64le(bytes), &bx->date);
        *out++ = '"';
        return out;
    case EVTX_SID:
        if (!sid_valid(span_of(bytes, size)))
            break;
        *out++ = '"';
        out += sid_format(span_of(bytes, size), out);
        *out++ = '"';
        return out;
    default:
        break;
    }
    if (v->type & EVTX_ARRAY || v->type == EVTX_BINXML)
        return NULL;
    return evtx_json_value(out, v->type, bytes, size, faults);
}

#endif
