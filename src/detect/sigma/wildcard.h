/* wildcard.h: does a whole text fit a pattern? * is any run of characters, ? one character: one
 * code point, or one byte that is not UTF-8. */
#ifndef DETECT_SIGMA_WILDCARD_H
#define DETECT_SIGMA_WILDCARD_H

#include <stdbool.h>

#include "base/text.h"
#include "detect/sigma/pattern.h"

/* Both folded, or both not. Time: at most the product of both lengths; in practice one pass. */
bool wildcard_fits(const Part *parts, uint32_t count, Text text);

#endif
