/* json_marks.h: the bytes of JSON text that may not pass unseen inside a string, as bits: one
 * search over many bytes instead of one for each string.
 *
 * json_marks_plain is what the others are tested against; json_marks_choose gives the quickest that
 * the machine has. */
#ifndef FORMAT_JSON_MARKS_H
#define FORMAT_JSON_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_MARKS_BYTES 4096 /* of text at a time */
#define JSON_MARKS_WORDS (JSON_MARKS_BYTES / 64 + 1)

/* For n <= JSON_MARKS_BYTES: bit i of `ret` is set if p[i] is a quote, a backslash or a control
 * character. Bit n is set too, so that a search ends; those after it in its word are not. Reads
 * nothing but [p, p + n). Returns whether all bytes are ASCII. */
typedef bool JsonMarks(const uint8_t *p, size_t n, uint64_t ret[JSON_MARKS_WORDS]);

JsonMarks json_marks_plain;
#if defined(__x86_64__)
JsonMarks json_marks_sse2;
JsonMarks json_marks_avx2; /* only where the machine has AVX2 */
#endif

JsonMarks *json_marks_choose(void);

#endif
