/* query_match.h: a query held against the events of batches.
 *
 * Per batch, each term is answered once per layout, and each value is looked at once per term
 * (query_test.h); per event what is left are a few look-ups of bits. Answers are worked out when
 * they are first asked for, so a term whose answer does not matter costs nothing. */
#ifndef STORE_QUERY_MATCH_H
#define STORE_QUERY_MATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "event/batch.h"
#include "store/query.h"
#include "store/summary.h"

/* May a segment with this summary, of an item with this path and host, hold an event that matches?
 */
bool query_wants_segment(const Query *query, const Summary *summary, Text path, Text host);

typedef struct QueryMatcher QueryMatcher;

/* `query` must outlive it. NULL: no memory. */
QueryMatcher *query_matcher_create(const Query *query);
void query_matcher_destroy(QueryMatcher *matcher); /* NULL is fine */

/* May an event of a batch match, judged by all but its events (which may be there or not)? The
 * batch must stay until query_matcher_events or the next call. */
bool query_matcher_values(QueryMatcher *matcher, const Batch *dictionary);

/* Rows of this batch follow; its values are those that query_matcher_values was asked about. It
 * must stay until the last of them, as must the texts: path and host of the item. */
void query_matcher_events(QueryMatcher *matcher, const Batch *batch, Text path, Text host);

/* `head`: of the row, with the time that counts. */
bool query_matcher_row(QueryMatcher *matcher, uint32_t row, const EventHead *head);

/* There was no memory to write out some value, which was taken not to match. */
bool query_matcher_failed(const QueryMatcher *matcher);

#endif
