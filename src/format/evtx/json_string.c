#include "format/evtx/json_string.h"

#include "base/text.h"
#include "format/evtx/ansi.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

static char *put_unicode_escape(char *out, uint32_t c)
{
    *out++ = '\\';
    *out++ = 'u';
    for (int shift = 12; shift >= 0; shift -= 4)
        *out++ = "0123456789ABCDEF"[c >> shift & 15];
    return out;
}

/* Characters with a two-character escape in JSON. */
static const char SHORT_ESCAPE[0x60] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
                                        ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\'};

/* One code point inside a JSON string. */
static char *put_json_char(char *out, uint32_t c)
{
    if (c < sizeof SHORT_ESCAPE && SHORT_ESCAPE[c]) {
        *out++ = '\\';
        *out++ = SHORT_ESCAPE[c];
        return out;
    }
    if (c >= 0x20 && c != 0x7F && (c < 0xD800 || c > 0xDFFF))
        return out + utf8_put(out, c);
    return put_unicode_escape(out, c);
}

char *evtx_json_unit(char *out, const uint8_t *units, size_t size, size_t *pos)
{
    uint32_t c = load_u16le(units + *pos);
    *pos += 2;
    if (c >= 0xD800 && c <= 0xDBFF && size - *pos >= 2) {
        uint32_t low = load_u16le(units + *pos);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            *pos += 2;
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        }
    }
    return put_json_char(out, c);
}

char *evtx_json_ansi_char(char *out, uint8_t byte)
{
    return put_json_char(out, evtx_ansi_code_point(byte));
}

char *evtx_json_units_plain(char *out, const uint8_t *units, size_t size)
{
    size &= ~(size_t)1;
    for (size_t pos = 0; pos < size;)
        out = evtx_json_unit(out, units, size, &pos);
    return out;
}

char *evtx_json_ansi_plain(char *out, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        out = evtx_json_ansi_char(out, bytes[i]);
    return out;
}

#if defined(__SSE2__)

/* Which of sixteen ASCII candidates cannot stand in a JSON string as they are: controls, quote,
 * backslash, delete, and what is not ASCII (negative as a signed byte). */
static unsigned odd_mask(__m128i chars)
{
    __m128i odd = _mm_or_si128(_mm_cmplt_epi8(chars, _mm_set1_epi8(0x20)),
                               _mm_cmpeq_epi8(chars, _mm_set1_epi8('"')));
    odd = _mm_or_si128(odd, _mm_cmpeq_epi8(chars, _mm_set1_epi8('\\')));
    odd = _mm_or_si128(odd, _mm_cmpeq_epi8(chars, _mm_set1_epi8(0x7F)));
    return (unsigned)_mm_movemask_epi8(odd);
}

/* Sixteen characters a step. Saturating to bytes makes every unit that is not ASCII either
 * negative (0x80 to 0x7fff) or zero (0x8000 and above); both count as odd. */
char *evtx_json_units(char *out, const uint8_t *units, size_t size)
{
    size &= ~(size_t)1;
    size_t pos = 0;
    while (pos < size) {
        const uint8_t *p = units + pos;
        __m128i low = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i high = _mm_loadu_si128((const __m128i *)(const void *)(p + 16));
        __m128i chars = _mm_packus_epi16(low, high);
        unsigned mask = odd_mask(chars);
        size_t left = (size - pos) / 2;
        size_t plain = mask ? (size_t)__builtin_ctz(mask) : 16;
        _mm_storeu_si128((__m128i *)(void *)out, chars);
        if (plain >= left)
            return out + left;
        out += plain;
        pos += plain * 2;
        if (plain == 16)
            continue;
        uint16_t unit = load_u16le(units + pos);
        if (unit < sizeof SHORT_ESCAPE && SHORT_ESCAPE[unit]) { /* paths are full of them */
            *out++ = '\\';
            *out++ = SHORT_ESCAPE[unit];
            pos += 2;
        } else {
            out = evtx_json_unit(out, units, size, &pos);
        }
    }
    return out;
}

char *evtx_json_ansi(char *out, const uint8_t *bytes, size_t size)
{
    size_t pos = 0;
    while (pos < size) {
        __m128i chars = _mm_loadu_si128((const __m128i *)(const void *)(bytes + pos));
        unsigned mask = odd_mask(chars);
        size_t plain = mask ? (size_t)__builtin_ctz(mask) : 16;
        _mm_storeu_si128((__m128i *)(void *)out, chars);
        if (plain >= size - pos)
            return out + (size - pos);
        out += plain;
        pos += plain;
        if (plain < 16)
            out = put_json_char(out, evtx_ansi_code_point(bytes[pos++]));
    }
    return out;
}

#else

char *evtx_json_units(char *out, const uint8_t *units, size_t size)
{
    return evtx_json_units_plain(out, units, size);
}

char *evtx_json_ansi(char *out, const uint8_t *bytes, size_t size)
{
    return evtx_json_ansi_plain(out, bytes, size);
}

#endif

JsonStrings json_strings_best(void)
{
    JsonStrings best = json_strings_avx512();
    return best.units ? best : (JsonStrings){.units = evtx_json_units, .ansi = evtx_json_ansi};
}
