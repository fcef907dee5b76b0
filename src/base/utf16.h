/* utf16.h: UTF-16LE from evidence to UTF-8.
 *
 * `units` is a byte span; an odd last byte is ignored (the caller reports it). Lone surrogates
 * survive in the generalised three-byte form (see text.h). ASCII is vectorised where the
 * machine has SSE2; the *_plain functions are the tested twins. */
#ifndef BASE_UTF16_H
#define BASE_UTF16_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "base/text.h"

/* Room that utf16_narrow may need for `n` bytes of UTF-16: three bytes a unit, and one vector
 * store of slack. */
#define UTF16_NARROW_ROOM(n) ((n) / 2 * 3 + 16)

/* Convert into `out`, which has UTF16_NARROW_ROOM(units.len) bytes; returns the bytes written. */
size_t utf16_narrow(Span units, char *out);
size_t utf16_narrow_plain(Span units, char *out);

/* Are these units ASCII, and just the units.len / 2 bytes at `text`? */
bool utf16_is_ascii(Span units, const char *text);
bool utf16_is_ascii_plain(Span units, const char *text);

#endif
