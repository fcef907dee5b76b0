/* fold.h: text without the difference of upper and lower case, for comparison. Simple folding of
 * Unicode: one character for one character, so ß stays and ẞ becomes ß. Bytes that are not UTF-8
 * stay as they are. */
#ifndef DETECT_SIGMA_FOLD_H
#define DETECT_SIGMA_FOLD_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* Room for the folded form of `n` bytes: two bytes may become three; and a vector store of slack.
 */
#define FOLD_ROOM(n) ((n) + (n) / 2 + 64)

/* Fold into `out`, which has FOLD_ROOM(t.len) bytes; returns the length. */
size_t fold_text(Text t, char *out);
size_t fold_text_plain(Text t, char *out); /* its tested twin, without vectors */

uint32_t fold_character(uint32_t c);

#endif
