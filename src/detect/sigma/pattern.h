/* pattern.h: a string of a rule, taken apart: literal text, wildcards, placeholders.
 *
 *   written   means
 *   *         any run of characters, also none, also line ends
 *   ?         exactly one character
 *   \* \? \\  the character itself
 *   \         before anything else, or at the end: a backslash
 *
 * One pass from left to right, as the reference does: C:\* is the text "C:*", C:\\* is "C:\" and a
 * wildcard. */
#ifndef DETECT_SIGMA_PATTERN_H
#define DETECT_SIGMA_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

typedef enum PartKind {
    PART_TEXT,
    PART_MANY,        /* * */
    PART_ONE,         /* ? */
    PART_PLACEHOLDER, /* %name%, after `expand`; never left in a rule that is loaded */
} PartKind;

typedef struct Part {
    PartKind kind;
    Text text; /* of PART_TEXT, never empty; name of PART_PLACEHOLDER */
} Part;

typedef struct Pattern {
    const Part *parts;
    uint32_t count; /* 0: the empty string */
} Pattern;

/* All give false (or NULL) when memory is exhausted; results live in `arena`. */
bool pattern_parse(Arena *arena, Text written, Pattern *ret);
bool pattern_of_text(Arena *arena, Text literal, Pattern *ret); /* nothing in it is special */

/* With * before and after it, unless it begins or ends so. */
typedef enum PatternOpen { OPEN_START = 1, OPEN_END = 2 } PatternOpen;
bool pattern_open(Arena *arena, Pattern pattern, unsigned ends, Pattern *ret);

/* %name% in its texts become placeholders; \% is a percent sign. */
bool pattern_expand(Arena *arena, Pattern pattern, Pattern *ret);

/* Part number `at` replaced by the parts of `by`; neighbouring texts are joined. */
bool pattern_replace(Arena *arena, Pattern pattern, uint32_t at, Pattern by, Pattern *ret);

bool pattern_has_wildcard(Pattern pattern);
uint32_t pattern_placeholder(Pattern pattern); /* the first one, or UINT32_MAX */

/* Its text if it has no wildcard (at most one part). */
Text pattern_literal(Pattern pattern);

#endif
