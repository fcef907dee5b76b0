/* regex.h: expressions of rules, run by PCRE2 within limits.
 *
 * An expression is searched anywhere in the value, with case, unless flags say otherwise. Text is
 * UTF-8; bytes that are not match nothing but are stepped over. What a search may cost is limited
 * twice: backtracking steps (the same on every machine), and processor time for values so long that
 * steps alone would not bound it. A search that reaches a limit is undecided, never "no". */
#ifndef DETECT_SIGMA_REGEX_H
#define DETECT_SIGMA_REGEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "detect/sigma/value.h"

#define REGEX_BYTES_MAX   32768          /* of an expression */
#define REGEX_STEPS       1000000        /* backtracking steps from one place of a value */
#define REGEX_STACK       (1024u * 1024) /* of compiled expressions */
#define REGEX_FREE_BYTES  2048           /* shorter values are not timed */
#define REGEX_ONE_MS      1000           /* processor time for one value … */
#define REGEX_ALL_MS      10000 /* … for all long values of a piece of evidence, and … */
#define REGEX_ALL_NS_BYTE 1000  /* … more for each byte of its values */

typedef struct Regex Regex;

/* NULL: *ret_why says what is wrong and where (room for 128 bytes), or is empty: no memory.
 * flags: RegexFlag. */
Regex *regex_compile(Text pattern, unsigned flags, char ret_why[128]);
void regex_destroy(Regex *regex);

typedef enum Truth { TRUTH_FALSE, TRUTH_TRUE, TRUTH_UNDECIDED } Truth;

/* What searching needs beside expressions; one for each process that matches. */
typedef struct RegexScratch RegexScratch;
RegexScratch *regex_scratch_create(void); /* NULL: no memory */
void regex_scratch_destroy(RegexScratch *scratch);

/* A new piece of evidence begins: its allowance of time. */
void regex_scratch_begin(RegexScratch *scratch);
/* Values of so many bytes are about to be matched: more time. */
void regex_scratch_allow(RegexScratch *scratch, uint64_t bytes);

Truth regex_search(const Regex *regex, RegexScratch *scratch, Text value);

#endif
