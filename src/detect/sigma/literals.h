/* literals.h: many texts searched in one value at once. Each may be anywhere, at the start, at the
 * end, or be the whole value.
 *
 * Whole values: a hash. Starts and ends: a hash of up to eight bytes there, one look-up for each
 * length that occurs. Anywhere: of each text a run of four bytes that is rare, and shared with few
 * others, is looked for at every place of the value in a table of bits, which fits the first cache;
 * only where it may stand is anything compared. Texts of one to three bytes have tables of their
 * own. Long texts are compared with one linear search.
 *
 * What matching costs stands in docs/PERFORMANCE.md. Immutable once built; a search
 * writes to its scratch only. */
#ifndef DETECT_SIGMA_LITERALS_H
#define DETECT_SIGMA_LITERALS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

typedef enum LiteralPlace {
    LITERAL_ANYWHERE = 0,
    LITERAL_AT_START = 1,
    LITERAL_AT_END = 2,
    LITERAL_WHOLE = 3,
} LiteralPlace;

typedef struct Literal {
    Text text; /* folded; may be empty only with LITERAL_WHOLE */
    uint8_t place;
} Literal;

typedef struct Literals Literals;

/* A table of `count` literals; their texts must live as long. Everything is made in `arena`. NULL:
 * no memory. */
const Literals *literals_build(Arena *arena, const Literal *literals, uint32_t count);

/* Bytes that a search may read, and never uses, behind a value. */
#define LITERALS_PADDING 16

/* What a search writes to; one for each process, for any set. */
typedef struct LiteralScratch {
    uint32_t
        *stamps;     /* of a literal: the search that has dealt with it; room for the largest set */
    uint32_t serial; /* of the present search */
    uint32_t room;
} LiteralScratch;

bool literal_scratch_init(LiteralScratch *scratch, uint32_t literals); /* false: no memory */
void literal_scratch_done(LiteralScratch *scratch);

/* Calls `hit` once for each literal that stands in `value` (folded; LITERALS_PADDING readable
 * bytes behind it). */
typedef void (*LiteralHit)(void *ctx, uint32_t literal);
void literals_search(const Literals *set, LiteralScratch *scratch, Text value, LiteralHit hit,
                     void *ctx);

/* The same, one literal after the other: the tested twin. */
void literals_search_plain(const Literal *literals, uint32_t count, Text value, LiteralHit hit,
                           void *ctx);

/* How likely a value is to have the text, by its letters and length: 0 never … 1 always. Only for
 * choosing what to ask first. */
double literal_likelihood(Text text, LiteralPlace place);

#endif
