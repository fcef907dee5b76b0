/* query_pattern.h: a text to look for, perhaps with * (any characters, also none) and ? (one
 * character), whatever its case. */
#ifndef STORE_QUERY_PATTERN_H
#define STORE_QUERY_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/needle.h"
#include "base/text.h"

/* Beside folded characters: no character has these numbers. */
#define PATTERN_MANY UINT32_C(0x110001) /* * */
#define PATTERN_ONE  UINT32_C(0x110002) /* ? */

typedef enum PatternEnds {
    PATTERN_WHOLE,  /* the whole text */
    PATTERN_WITHIN, /* somewhere in the text */
} PatternEnds;

typedef struct Pattern {
    const uint32_t *chars; /* folded characters and wildcards */
    size_t count;
    PatternEnds ends;
    bool wild;       /* has wildcards, those for PATTERN_WITHIN not counted */
    Needle needle;   /* the longest run of characters; of all texts that match it is a part … */
    bool has_needle; /* … unless there is none */
} Pattern;

/* `chars` is copied; all of the pattern is the arena's. At most NEEDLE_CHARS_MAX characters.
 * false: no memory. */
bool pattern_init(Pattern *pattern, const uint32_t *chars, size_t count, PatternEnds ends,
                  Arena *arena);

bool pattern_matches(const Pattern *pattern, Text text);

/* Is every text that has only these ASCII characters (folded) sure not to match? */
typedef struct CharSet {
    uint64_t low, high;
} CharSet;
CharSet char_set(const char *chars);
bool pattern_is_beyond(const Pattern *pattern, CharSet set);

#endif
