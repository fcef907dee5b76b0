/* fold.h: letters without their case, for comparing texts as a person would: simple case folding of
 * Unicode (one character to one), all scripts. Full folding (ß to ss) and the Turkish i are not
 * done: a character stays one character. */
#ifndef BASE_FOLD_H
#define BASE_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

uint32_t fold_char_table(uint32_t c);

/* The character that stands for all that differ from `c` in case only. UTF8_INVALID and lone
 * surrogates are themselves. */
static inline uint32_t fold_char(uint32_t c)
{
    if (c < 0x80)
        return c - 'A' <= 'Z' - 'A' ? c + ('a' - 'A') : c;
    return fold_char_table(c);
}

/* All characters that fold to `folded`, which folds to itself: first itself, then the others.
 * Returns their number. */
#define FOLD_VARIANTS_MAX 4
size_t fold_variants(uint32_t folded, uint32_t out[FOLD_VARIANTS_MAX]);

/* The next character of `t` at *pos, folded; as utf8_next. */
static inline uint32_t fold_next(Text t, size_t *pos)
{
    unsigned char lead = (unsigned char)t.ptr[*pos];
    if (lead < 0x80) {
        (*pos)++;
        return fold_char(lead);
    }
    return fold_char_table(utf8_next(t, pos));
}

/* Are the texts equal but for case? */
bool fold_equal(Text a, Text b);

#endif
