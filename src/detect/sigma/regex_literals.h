/* regex_literals.h: texts without which an expression cannot match: any match contains at least one
 * of them, upper and lower case aside. What the reader does not understand for certain gives none,
 * and the expression is then tried on every value. */
#ifndef DETECT_SIGMA_REGEX_LITERALS_H
#define DETECT_SIGMA_REGEX_LITERALS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

#define REGEX_LITERALS_MAX 32

typedef struct RegexLiterals {
    Text list[REGEX_LITERALS_MAX]; /* folded */
    uint32_t count;                /* 0: nothing is certain */
} RegexLiterals;

/* false: no memory. */
bool regex_literals(Arena *arena, Text expression, RegexLiterals *ret);

#endif
