/* tuple.h: a match as correlations see it. Bytes, all integers little-endian:
 *
 *   4  rule number      8  time      8  record number
 *   then for each name that correlations ask for of the rule (correlation_index.h):
 *   4  length of its text, all ones: the event has no such value      the text */
#ifndef DETECT_SIGMA_TUPLE_H
#define DETECT_SIGMA_TUPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"
#include "base/time.h"
#include "detect/sigma/correlation_index.h"

#define TUPLE_TEXT_MAX 65536 /* longer values are told from others by a hash at their end */

typedef struct TupleHead {
    uint32_t rule;
    Time time;
    uint64_t record_id;
} TupleHead;

/* A text that may be absent (ptr NULL). */
void tuple_write_head(Buf *out, const TupleHead *head);
void tuple_write_text(Buf *out, const Text *text);

/* The texts go to `ret`, which has room for the names of any rule; absent ones have a NULL ptr.
 * false: the bytes are no tuple. */
bool tuple_read(Span bytes, const CorrelationIndex *index, uint32_t rule_count, TupleHead *ret_head,
                Text *ret);

#endif
