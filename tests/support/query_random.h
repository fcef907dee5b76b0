/* query_random.h: random queries and random events that have much in common, so that matches are
 * frequent: for the property test and the fuzz target of query_match.h. */
#ifndef QUERY_RANDOM_H
#define QUERY_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"
#include "event/sink.h"

/* Numbers from given bytes, and zeros when they are used up; or from a seed without end. */
typedef struct Dice {
    Span bytes;
    size_t pos;
    uint64_t state; /* 0: bytes */
} Dice;

Dice dice_of_seed(uint64_t seed);
Dice dice_of_bytes(Span bytes);
uint32_t dice_below(Dice *dice, uint32_t n); /* 0 when n is 0 */

/* Some events, committed. The sink's schema is that of event_fixture.h. */
void random_events(Dice *dice, Sink *sink, unsigned count);

/* Appends a query that parses. */
void random_query(Dice *dice, Buf *out);

#endif
