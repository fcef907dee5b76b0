/* query_plain.h: the slow twin of query_match.h. It writes out every field of an event as text and
 * compares characters one by one: no tables of values, no layouts, no vector code, no short cuts.
 */
#ifndef QUERY_PLAIN_H
#define QUERY_PLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "event/batch.h"
#include "store/query.h"

bool query_plain_matches(const Query *query, const Batch *batch, uint32_t row,
                         const EventHead *head, Text path, Text host);

/* Does the pattern fit the text? By trying everything. */
bool pattern_plain_matches(const Pattern *pattern, Text text);

#endif
