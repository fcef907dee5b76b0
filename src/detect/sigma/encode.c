#include "detect/sigma/encode.h"

/* UTF-16 of a text, byte by byte. Bytes that are not UTF-8 are units of their own. */
static bool utf16_text(Arena *arena, bool big_endian, Text t, Text *ret)
{
    char *out = ARENA_NEW(arena, char, 2 * t.len + 1);
    if (!out)
        return false;
    size_t len = 0;
    for (size_t i = 0; i < t.len;) {
        size_t at = i;
        uint32_t c = utf8_next(t, &i);
        if (c == UTF8_INVALID)
            c = (unsigned char)t.ptr[at];
        uint32_t units[2] = {c, 0};
        unsigned count = 1;
        if (c > 0xFFFF) {
            units[0] = 0xD800 + ((c - 0x10000) >> 10);
            units[1] = 0xDC00 + ((c - 0x10000) & 0x3FF);
            count = 2;
        }
        for (unsigned k = 0; k < count; k++) {
            out[len++] = (char)(big_endian ? units[k] >> 8 : units[k] & 0xFF);
            out[len++] = (char)(big_endian ? units[k] & 0xFF : units[k] >> 8);
        }
    }
    *ret = text_of(out, len);
    return true;
}

bool encode_utf16(Arena *arena, bool big_endian, RuleValue *value)
{
    Part *parts = ARENA_NEW(arena, Part, (size_t)value->pattern.count + 1);
    if (!parts)
        return false;
    for (uint32_t i = 0; i < value->pattern.count; i++) {
        parts[i] = value->pattern.parts[i];
        if (parts[i].kind == PART_TEXT &&
            !utf16_text(arena, big_endian, parts[i].text, &parts[i].text))
            return false;
    }
    value->pattern.parts = parts;
    return true;
}

/* The bytes that Base64 encodes, `before` spaces first. */
static bool plain_bytes(Arena *arena, bool mark, size_t before, const RuleValue *value, Text *ret)
{
    Text text = pattern_literal(value->pattern);
    char *out = ARENA_NEW(arena, char, before + 2 + text.len);
    if (!out)
        return false;
    size_t len = 0;
    while (len < before)
        out[len++] = ' ';
    if (mark) {
        out[len++] = '\xFF';
        out[len++] = '\xFE';
    }
    if (text.len)
        memcpy(out + len, text.ptr, text.len);
    *ret = text_of(out, len + text.len);
    return true;
}

static bool base64(Arena *arena, Text in, Text *ret)
{
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *out = ARENA_NEW(arena, char, (in.len + 2) / 3 * 4 + 1);
    if (!out)
        return false;
    size_t len = 0;
    for (size_t i = 0; i < in.len; i += 3) {
        size_t have = in.len - i < 3 ? in.len - i : 3;
        uint32_t group = 0;
        for (size_t k = 0; k < 3; k++)
            group = group << 8 | (k < have ? (unsigned char)in.ptr[i + k] : 0);
        for (unsigned k = 0; k < 4; k++)
            out[len++] = k <= have ? DIGITS[group >> (18 - 6 * k) & 63] : '=';
    }
    *ret = text_of(out, len);
    return true;
}

bool encode_base64(Arena *arena, bool mark, RuleValue *value)
{
    Text bytes, encoded;
    return plain_bytes(arena, mark, 0, value, &bytes) && base64(arena, bytes, &encoded) &&
           pattern_of_text(arena, encoded, &value->pattern);
}

static bool encode_at(Arena *arena, bool mark, size_t offset, RuleValue *value)
{
    static const size_t SKIP[] = {0, 2, 3}; /* characters that hold bits of what stands before */
    static const size_t CUT[] = {0, 3, 2};  /* … and behind, by the length modulo 3 */
    Text bytes, encoded;
    if (!plain_bytes(arena, mark, offset, value, &bytes) || !base64(arena, bytes, &encoded))
        return false;
    size_t end = encoded.len - CUT[bytes.len % 3];
    Text middle =
        SKIP[offset] < end ? text_of(encoded.ptr + SKIP[offset], end - SKIP[offset]) : (Text){0};
    return pattern_of_text(arena, middle, &value->pattern);
}

bool encode_base64_offsets(Arena *arena, bool mark, ValueGroup *group)
{
    RuleValue *values = ARENA_NEW(arena, RuleValue, (size_t)group->count * 3 + 1);
    if (!values)
        return false;
    uint32_t n = 0;
    for (uint32_t i = 0; i < group->count; i++) {
        for (size_t offset = 0; offset < 3; offset++) {
            values[n] = group->values[i];
            if (!encode_at(arena, mark, offset, &values[n++]))
                return false;
        }
    }
    *group = (ValueGroup){.values = values, .count = n};
    return true;
}

static const Text DASHES[] = {
    {.ptr = "-", .len = 1},
    {.ptr = "/", .len = 1},
    {.ptr = "\xE2\x80\x93", .len = 3},
    {.ptr = "\xE2\x80\x94", .len = 3},
    {.ptr = "\xE2\x80\x95", .len = 3},
};
#define DASH_COUNT (sizeof DASHES / sizeof DASHES[0])

static bool is_dash(uint32_t c)
{
    return c == '-' || c == '/' || (c >= 0x2013 && c <= 0x2015);
}

/* Letters, digits, underscore; beyond ASCII all but Latin-1 signs and punctuation. */
static bool is_word(uint32_t c)
{
    if (c < 0x80)
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '_';
    return c >= 0xC0 && !(c >= 0x2000 && c <= 0x206F) && !(c >= 0x3000 && c <= 0x303F) &&
           c != UTF8_INVALID;
}

typedef struct Dash {
    uint32_t part;
    size_t at, len;
} Dash;

/* The dashes of a pattern that begin a word; their number, DASHES_MAX + 1 for more. */
static unsigned find_dashes(Pattern pattern, Dash found[DASHES_MAX])
{
    unsigned n = 0;
    for (uint32_t p = 0; p < pattern.count; p++) {
        Text t = pattern.parts[p].text;
        uint32_t before = ' ';
        for (size_t i = 0; pattern.parts[p].kind == PART_TEXT && i < t.len;) {
            size_t at = i;
            uint32_t c = utf8_next(t, &i);
            size_t next = i;
            uint32_t after = i < t.len ? utf8_next(t, &next) : ' ';
            if (is_dash(c) && !is_word(before) && is_word(after)) {
                if (n == DASHES_MAX)
                    return DASHES_MAX + 1;
                found[n++] = (Dash){.part = p, .at = at, .len = i - at};
            }
            before = c;
        }
    }
    return n;
}

/* The text of part `p` with dash number `d` written as the digit `d` of `choice` (base 5). */
static bool write_part(Arena *arena, Text t, uint32_t p, const Dash *dashes, unsigned count,
                       unsigned choice, Text *ret)
{
    char *out = ARENA_NEW(arena, char, t.len + 3 * (size_t)DASHES_MAX + 1);
    if (!out)
        return false;
    size_t len = 0, from = 0;
    for (unsigned d = 0; d < count; d++, choice /= DASH_COUNT) {
        if (dashes[d].part != p)
            continue;
        memcpy(out + len, t.ptr + from, dashes[d].at - from);
        len += dashes[d].at - from;
        Text dash = DASHES[choice % DASH_COUNT];
        memcpy(out + len, dash.ptr, dash.len);
        len += dash.len;
        from = dashes[d].at + dashes[d].len;
    }
    memcpy(out + len, t.ptr + from, t.len - from);
    *ret = text_of(out, len + t.len - from);
    return true;
}

static bool write_choice(Arena *arena, const Dash *dashes, unsigned count, unsigned choice,
                         RuleValue *value)
{
    Part *parts = ARENA_NEW(arena, Part, (size_t)value->pattern.count + 1);
    if (!parts)
        return false;
    for (uint32_t p = 0; p < value->pattern.count; p++) {
        parts[p] = value->pattern.parts[p];
        if (parts[p].kind == PART_TEXT &&
            !write_part(arena, parts[p].text, p, dashes, count, choice, &parts[p].text))
            return false;
    }
    value->pattern.parts = parts;
    return true;
}

bool expand_dashes(Arena *arena, ValueGroup *group, bool *ret_too_many)
{
    static const uint32_t WAYS[DASHES_MAX + 1] = {1, 5, 25, 125};
    size_t total = 0;
    for (uint32_t i = 0; i < group->count; i++) {
        Dash dashes[DASHES_MAX];
        unsigned n = find_dashes(group->values[i].pattern, dashes);
        if (n > DASHES_MAX) {
            *ret_too_many = true;
            return false;
        }
        total += WAYS[n];
    }
    RuleValue *values = ARENA_NEW(arena, RuleValue, total + 1);
    if (!values)
        return false;
    uint32_t out = 0;
    for (uint32_t i = 0; i < group->count; i++) {
        Dash dashes[DASHES_MAX];
        unsigned n = find_dashes(group->values[i].pattern, dashes);
        for (unsigned choice = 0; choice < WAYS[n]; choice++) {
            values[out] = group->values[i];
            if (!write_choice(arena, dashes, n, choice, &values[out++]))
                return false;
        }
    }
    *group = (ValueGroup){.values = values, .count = out};
    return true;
}
