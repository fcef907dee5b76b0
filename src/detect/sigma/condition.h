/* condition.h: the language of conditions. Binding, tightest first: parentheses, `x of`, not, and,
 * or. Key words in any case. An identifier may be called like a key word where none can stand. */
#ifndef DETECT_SIGMA_CONDITION_H
#define DETECT_SIGMA_CONDITION_H

#include "detect/sigma/detection.h"

#define CONDITION_BYTES_MAX 65536
#define CONDITION_DEPTH_MAX 64

/* The tree of `text` over `identifiers`, which it marks as used. NULL: *context->problem. */
Node *condition_read(ReadContext *context, Text text, uint32_t line, Identifiers *identifiers);

/* Does `name` fit a pattern in which * is any run of characters? */
bool identifier_fits(Text pattern, Text name);

#endif
