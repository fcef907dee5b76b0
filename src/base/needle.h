/* needle.h: a text to be found in others whatever its case (fold.h), made once, sought often.
 *
 * Nearly every character and its other case have the same number of bytes in UTF-8. That form of
 * the needle is sought sixteen bytes a step, by two of its bytes that are rare in logs. The few
 * characters whose other case is longer or shorter (the Kelvin sign for k, the long s for s, the
 * final sigma's relatives) are *strangers*: needle_stranger finds them, so that a text that holds
 * one can be compared slowly. needle_next and needle_stranger have plain twins for tests. */
#ifndef BASE_NEEDLE_H
#define BASE_NEEDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

#define NEEDLE_CHARS_MAX 4096
#define STRANGER_BYTES   4

typedef struct Stranger {
    uint8_t bytes[STRANGER_BYTES];
    size_t len; /* 2..4 */
} Stranger;

typedef struct Needle {
    const uint32_t *chars; /* folded */
    size_t char_count;
    const uint8_t *one, *other; /* each byte of the usual form is one of these two */
    size_t len;                 /* bytes of the usual form */
    size_t rare, rarer;         /* places in it of the two bytes to look for */
    const Stranger *strangers;
    size_t stranger_count;
    size_t shortest, longest; /* bytes of all its forms */
    bool ascii;
} Needle;

/* `chars`: folded, 1 to NEEDLE_CHARS_MAX of them; they must live as long as the needle, whose own
 * memory is the arena's. false: no memory. */
bool needle_init(Needle *needle, const uint32_t *chars, size_t count, Arena *arena);

#define NEEDLE_NOWHERE SIZE_MAX

/* The first place at or after `from` where the usual form of the needle stands in `hay`, any bytes;
 * NEEDLE_NOWHERE: none. It is needle->len bytes long there. */
size_t needle_next(const Needle *needle, Text hay, size_t from);
size_t needle_next_plain(const Needle *needle, Text hay, size_t from);

/* The first place at or after `from` of a stranger. */
size_t needle_stranger(const Needle *needle, Text hay, size_t from);
size_t needle_stranger_plain(const Needle *needle, Text hay, size_t from);

/* Is the needle in `text`, in any form? For one text at a time. */
bool needle_in(const Needle *needle, Text text);

/* Is `text` the needle, in any form? */
bool needle_is(const Needle *needle, Text text);

#endif
