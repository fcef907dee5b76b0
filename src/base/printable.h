/* printable.h: may these bytes stand in an output that people open and terminals show?
 *
 * Used on every block of text that a worker sends, so it must be fast: runs of ASCII are checked
 * by vectors of 16 bytes (SSE2), 64 (AVX2) or 128 (AVX-512); printable_prefix_plain is the tested
 * twin. */
#ifndef BASE_PRINTABLE_H
#define BASE_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* A control byte below 0x20 as a member of an `allowed` set. */
#define PRINTABLE_ALLOW(byte) (UINT32_C(1) << (byte))

/* How many leading bytes are fine: strict UTF-8 without the control bytes 0x00..0x1F (but those of
 * `allowed`) and 0x7F. t.len when all are; a character that is cut short at the end is not. */
typedef size_t PrintablePrefix(Text t, uint32_t allowed);
PrintablePrefix printable_prefix;
PrintablePrefix printable_prefix_plain, printable_prefix_narrow;
/* NULL: not on this processor. */
PrintablePrefix *printable_prefix_avx2(void);
PrintablePrefix *printable_prefix_avx512(void);

/* Step over one character at *pos < t.len, if it is fine. */
bool printable_step(Text t, size_t *pos, uint32_t allowed);

/* Characters that make a terminal act or a reader see something else than is there: C1 controls,
 * zero-width and bidirectional controls, line separators, tags, byte order marks. */
bool printable_is_deceptive(uint32_t code_point);

#endif
