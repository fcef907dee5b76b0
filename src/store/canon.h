/* canon.h: the canonical writing of what a case holds, from which its digests are made.
 *
 * A digest is over a tag and fields in a fixed order: the tag's bytes and a zero; numbers as 8
 * bytes little-endian; bytes as their length (8 bytes) and themselves. docs/store.md has the fields
 * of each tag. Row numbers, which depend on the order of adding, never take part. */
#ifndef STORE_CANON_H
#define STORE_CANON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/span.h"
#include "base/text.h"

/* SHA-256 cut to 16 bytes: of a row. */
#define ROW_DIGEST_BYTES 16
typedef struct RowDigest {
    uint8_t bytes[ROW_DIGEST_BYTES];
} RowDigest;

typedef struct Canon {
    Sha256Stream *stream;
    bool failed; /* sticky */
} Canon;

bool canon_init(Canon *canon); /* false: no memory; canon_done is still due */
void canon_done(Canon *canon);

/* Everything of a digest stands between canon_begin and one of the two ends. */
void canon_begin(Canon *canon, const char *tag);
void canon_u64(Canon *canon, uint64_t v);
void canon_bytes(Canon *canon, Span bytes);
void canon_raw(Canon *canon, Span bytes); /* without a length: of a size that is fixed or told */
static inline void canon_text(Canon *canon, Text text)
{
    canon_bytes(canon, text_span(text));
}

/* false: the library failed somewhere in between (memory). */
bool canon_end(Canon *canon, Sha256 *ret);
bool canon_end_row(Canon *canon, RowDigest *ret);

#endif
