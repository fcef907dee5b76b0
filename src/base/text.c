#include "base/text.h"

void text_lower_plain(Text t, char *out)
{
    for (size_t i = 0; i < t.len; i++)
        out[i] = ascii_lower(t.ptr[i]);
}

void text_lower(Text t, char *out)
{
    size_t done = 0;
#if defined(__SSE2__)
    for (; t.len - done >= 16; done += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(t.ptr + done));
        __m128i letter = _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8('A' - 1)),
                                       _mm_cmplt_epi8(v, _mm_set1_epi8('Z' + 1)));
        v = _mm_or_si128(v, _mm_and_si128(letter, _mm_set1_epi8(0x20)));
        _mm_storeu_si128((__m128i *)(void *)(out + done), v);
    }
#endif
    if (done < t.len)
        text_lower_plain(text_of(t.ptr + done, t.len - done), out + done);
}

bool text_equal_nocase(Text a, Text b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (ascii_lower(a.ptr[i]) != ascii_lower(b.ptr[i]))
            return false;
    return true;
}

size_t text_find(Text t, char c)
{
    const char *hit = t.len ? memchr(t.ptr, c, t.len) : NULL;
    return hit ? (size_t)(hit - t.ptr) : t.len;
}

size_t text_find_text(Text t, Text needle)
{
    if (needle.len == 0)
        return 0;
    if (t.len < needle.len)
        return SIZE_MAX;
    const char *hit = memmem(t.ptr, t.len, needle.ptr, needle.len);
    return hit ? (size_t)(hit - t.ptr) : SIZE_MAX;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

Text text_trim(Text t)
{
    while (t.len && is_blank(t.ptr[0])) {
        t.ptr++;
        t.len--;
    }
    while (t.len && is_blank(t.ptr[t.len - 1]))
        t.len--;
    return t;
}

Text text_cut(Text *rest, char c)
{
    size_t at = text_find(*rest, c);
    Text head = text_of(rest->ptr, at);
    size_t step = at < rest->len ? at + 1 : at;
    *rest = text_of(step ? rest->ptr + step : rest->ptr, rest->len - step);
    return head;
}

int text_compare(Text a, Text b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n ? memcmp(a.ptr, b.ptr, n) : 0;
    if (order)
        return order;
    return a.len < b.len ? -1 : a.len > b.len;
}

bool text_to_u64(Text t, uint64_t *ret)
{
    if (t.len == 0 || t.len > 20)
        return false;
    size_t safe = t.len < 20 ? t.len : 19; /* so many digits cannot overflow */
    uint64_t v = 0;
    for (size_t i = 0; i < safe; i++) {
        unsigned digit = (unsigned)((unsigned char)t.ptr[i] - '0');
        if (digit > 9)
            return false;
        v = v * 10 + digit;
    }
    if (safe < t.len) {
        unsigned digit = (unsigned)((unsigned char)t.ptr[safe] - '0');
        if (digit > 9 || __builtin_mul_overflow(v, 10u, &v) || __builtin_add_overflow(v, digit, &v))
            return false;
    }
    *ret = v;
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool text_to_u64_any(Text t, uint64_t *ret)
{
    if (t.len < 3 || t.ptr[0] != '0' || (t.ptr[1] != 'x' && t.ptr[1] != 'X'))
        return text_to_u64(t, ret);
    if (t.len > 18)
        return false;
    uint64_t v = 0;
    for (size_t i = 2; i < t.len; i++) {
        int digit = hex_digit(t.ptr[i]);
        if (digit < 0)
            return false;
        v = v << 4 | (uint64_t)digit;
    }
    *ret = v;
    return true;
}

bool text_to_i64(Text t, int64_t *ret)
{
    bool negative = t.len && t.ptr[0] == '-';
    uint64_t v = 0;
    if (!text_to_u64(negative ? text_of(t.ptr + 1, t.len - 1) : t, &v))
        return false;
    if (v > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return false;
    *ret = negative ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}

/* Smallest code point for each length: shorter forms of the same character are invalid. */
static const uint32_t UTF8_MINIMUM[] = {0, 0, 0x80, 0x800, 0x10000};

uint32_t utf8_next(Text t, size_t *pos)
{
    const unsigned char *p = (const unsigned char *)t.ptr + *pos;
    size_t left = t.len - *pos;
    unsigned lead = p[0];
    (*pos)++;
    if (lead < 0x80)
        return lead;
    size_t n = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || left < n)
        return UTF8_INVALID;
    uint32_t c = lead & (0xFFu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return UTF8_INVALID;
        c = c << 6 | (p[i] & 0x3Fu);
    }
    if (c < UTF8_MINIMUM[n] || c > 0x10FFFF)
        return UTF8_INVALID;
    *pos += n - 1;
    return c;
}

size_t utf8_put(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

/* Position of the first byte that is not ASCII at or after `pos`; t.len if there is none. The last
 * step may overlap the one before it. */
static size_t ascii_run(Text t, size_t pos)
{
    const uint64_t high = UINT64_C(0x8080808080808080);
    const uint8_t *p = (const uint8_t *)t.ptr;
#if defined(__SSE2__)
    for (; t.len - pos >= 64; pos += 64) {
        const __m128i *v = (const __m128i *)(const void *)(p + pos);
        __m128i a = _mm_or_si128(_mm_loadu_si128(v), _mm_loadu_si128(v + 1));
        __m128i b = _mm_or_si128(_mm_loadu_si128(v + 2), _mm_loadu_si128(v + 3));
        if (_mm_movemask_epi8(_mm_or_si128(a, b)))
            break;
    }
#endif
    while (t.len - pos >= 16 && !((load_u64le(p + pos) | load_u64le(p + pos + 8)) & high))
        pos += 16;
    size_t left = t.len - pos;
    if (left < 16 && t.len >= 8) {
        uint64_t first = left >= 8 ? load_u64le(p + pos) : 0;
        if (!((first | load_u64le(p + t.len - 8)) & high))
            return t.len;
    }
    while (pos < t.len && p[pos] < 0x80)
        pos++;
    return pos;
}

bool text_is_utf8(Text t, Utf8Rule rule)
{
    size_t pos = 0;
    for (;;) {
        pos = ascii_run(t, pos);
        if (pos >= t.len)
            return true;
        uint32_t c = utf8_next(t, &pos);
        if (c == UTF8_INVALID)
            return false;
        if (rule == UTF8_STRICT && c >= 0xD800 && c <= 0xDFFF)
            return false;
    }
}
