/* encode.h: values that modifiers write in another way: UTF-16, Base64, other dashes. */
#ifndef DETECT_SIGMA_ENCODE_H
#define DETECT_SIGMA_ENCODE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "detect/sigma/value.h"

/* What one written value has become. Several are alternatives, also under `all`. */
typedef struct ValueGroup {
    RuleValue *values;
    uint32_t count;
} ValueGroup;

enum { UTF16_LITTLE, UTF16_BIG, UTF16_WITH_MARK };

/* The functions change strings (RULE_STRING). false: no memory. */

/* The texts of the pattern as the bytes of UTF-16; wildcards stay. */
bool encode_utf16(Arena *arena, bool big_endian, RuleValue *value);

/* The pattern, without wildcards, as Base64 of its bytes; with the byte order mark FF FE before
 * them if `mark`. */
bool encode_base64(Arena *arena, bool mark, RuleValue *value);

/* Each value of the group becomes three: what its Base64 looks like within other text, 0, 1 or 2
 * bytes into a group of three; without the characters that depend on the neighbours. */
bool encode_base64_offsets(Arena *arena, bool mark, ValueGroup *group);

/* Each - / – — ― that stands before a word and not behind one becomes each of these five.
 * *ret_too_many: more than DASHES_MAX in one value. */
#define DASHES_MAX 3
bool expand_dashes(Arena *arena, ValueGroup *group, bool *ret_too_many);

#endif
