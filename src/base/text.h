/* text.h: UTF-8 text that knows its length, and the few things every text needs.
 *
 * Text from evidence may hold surrogates that had no partner in their UTF-16 source. They are
 * kept in the three-byte form that generalised UTF-8 (WTF-8) gives them, so nothing is lost;
 * writers escape them (JSON \udXXX). */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/span.h"

typedef struct Text {
    const char *ptr; /* not NUL-terminated; may be NULL when len is 0 */
    size_t len;
} Text;

#define TEXT(literal) ((Text){.ptr = "" literal "", .len = sizeof(literal) - 1})

static inline Text text_of(const char *ptr, size_t len)
{
    return (Text){.ptr = ptr, .len = len};
}

static inline Text text_from_z(const char *z)
{
    return (Text){.ptr = z, .len = z ? strlen(z) : 0};
}

static inline Text text_from_span(Span s)
{
    return (Text){.ptr = (const char *)s.ptr, .len = s.len};
}

static inline Span text_span(Text t)
{
    return (Span){.ptr = (const uint8_t *)t.ptr, .len = t.len};
}

static inline bool text_equal(Text a, Text b)
{
    return a.len == b.len && bytes_equal(a.ptr, b.ptr, a.len);
}

static inline bool text_starts(Text t, Text prefix)
{
    return t.len >= prefix.len && (prefix.len == 0 || memcmp(t.ptr, prefix.ptr, prefix.len) == 0);
}

static inline bool text_ends(Text t, Text suffix)
{
    return t.len >= suffix.len &&
           (suffix.len == 0 || memcmp(t.ptr + t.len - suffix.len, suffix.ptr, suffix.len) == 0);
}

static inline char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* The text with its ASCII letters in lower case into `out`, which has t.len bytes. */
void text_lower(Text t, char *out);
void text_lower_plain(Text t, char *out); /* what it is tested against */

/* Equality that ignores the case of ASCII letters only. */
bool text_equal_nocase(Text a, Text b);

/* Position of the first `c`, or t.len. */
size_t text_find(Text t, char c);

/* Position of the first `needle`, or SIZE_MAX. */
size_t text_find_text(Text t, Text needle);

/* Spaces, tabs, CR and LF removed at both ends. */
Text text_trim(Text t);

/* Cut `*rest` at the first `c`: the part before it is returned, *rest becomes what follows.
 * Without `c`: everything is returned and *rest becomes empty. */
Text text_cut(Text *rest, char c);

/* bytewise order, shorter first: <0, 0, >0 */
int text_compare(Text a, Text b);

/* Strict decimal, whole text, no sign, no overflow. */
bool text_to_u64(Text t, uint64_t *ret);
/* Decimal, or hexadecimal with 0x. */
bool text_to_u64_any(Text t, uint64_t *ret);
bool text_to_i64(Text t, int64_t *ret);

/* Is it UTF-8? `allow_surrogates`: also the three-byte form of lone surrogates. */
typedef enum Utf8Rule { UTF8_STRICT, UTF8_ALLOW_SURROGATES } Utf8Rule;
bool text_is_utf8(Text t, Utf8Rule rule);

/* Decode one code point at t.ptr[*pos] and step over it. Bytes that are not UTF-8 give
 * UTF8_INVALID and step one byte. Surrogates in three bytes are returned as they are. */
#define UTF8_INVALID UINT32_MAX
uint32_t utf8_next(Text t, size_t *pos);

/* Encode; returns the number of bytes written (1..4). Surrogates are written in three bytes. */
size_t utf8_put(char *out, uint32_t code_point);

#endif
