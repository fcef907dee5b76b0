/* matcher.h: batches against a set of indicators. One matcher for each process; it borrows the set.
 * Values are looked at once for each batch, however many events have them. */
#ifndef DETECT_INDICATOR_MATCHER_H
#define DETECT_INDICATOR_MATCHER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/time.h"
#include "detect/indicator/indicator.h"
#include "event/batch.h"

typedef struct IndicatorMatcher IndicatorMatcher;

/* The set is finished. NULL: no memory. */
IndicatorMatcher *indicator_matcher_create(const IndicatorSet *set, Err *err);
void indicator_matcher_destroy(IndicatorMatcher *matcher); /* NULL is fine */
static inline void indicator_matcher_destroyp(IndicatorMatcher **matcher)
{
    indicator_matcher_destroy(*matcher);
}

/* Only events from `from` on and before `to`, and those without a time. Without this call: all. */
void indicator_matcher_set_window(IndicatorMatcher *matcher, Time from, Time to);

/* Calls `match` for each indicator that an event fulfils: rows in their order, within one by
 * number, each once. false: no memory, or `match` stopped. */
typedef bool (*IndicatorMatch)(void *ctx, uint32_t row, uint32_t indicator, Err *err);
bool indicator_matcher_batch(IndicatorMatcher *matcher, const Batch *batch, IndicatorMatch match,
                             void *ctx, Err *err);

#endif
