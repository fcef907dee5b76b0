/* detection.h: a rule that matched an event, on its way from a worker to the coordinator.
 *
 * A worker sends a head and texts; what only the coordinator vouches for (rule, item) it adds when
 * it writes the rows. Texts are as in the evidence, not escaped: formats do that. */
#ifndef REPORT_DETECTION_H
#define REPORT_DETECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"
#include "base/text.h"
#include "base/time.h"
#include "event/batch.h"
#include "event/schema.h"

#define DETECTION_TEXT_MAX 65536 /* bytes of each text: longer ones are cut */

typedef struct Detection {
    uint32_t rule; /* number in the rule set */
    Time time;
    uint64_t offset, record_id; /* RECORD_ID_NONE: it has none */
    uint32_t sub;
    uint64_t twin, payload; /* event/twin.h; 0: not asked for */
    Text computer, channel, code, details;
    Span tuple; /* for correlations (detect/sigma/correlator.h); empty: none asks */
} Detection;

/* Take the next detection from a block that may be hostile; its texts and tuple are parts of the
 * block. false: no whole one stands there, or it is of no rule below `rule_count`. */
bool detection_take(Reader *block, uint32_t rule_count, Detection *ret);
void detection_put(Buf *block, const Detection *detection);

/* ---- in the worker ---- */

typedef struct DetectionWriter DetectionWriter;

/* `schema` must outlive it. NULL: no memory. */
DetectionWriter *detection_writer_create(const Schema *schema);
void detection_writer_destroy(DetectionWriter *writer); /* NULL is fine */
static inline void detection_writer_destroyp(DetectionWriter **writer)
{
    detection_writer_destroy(*writer);
}

/* Events of this batch follow; it must outlive them. `computer_field`: Format.computer_field.
 * `host`: of events that do not name theirs. */
void detection_writer_begin(DetectionWriter *writer, const Batch *batch, const char *computer_field,
                            Text host);

/* Append a detection to `block`. `tuple` may be empty; `texts`: is it to be shown, or only for
 * correlations? false: no memory; `block` is then as before. */
typedef enum DetectionUse { DETECTION_SHOWN, DETECTION_CORRELATED_ONLY } DetectionUse;
bool detection_writer_add(DetectionWriter *writer, uint32_t row, uint32_t rule, DetectionUse use,
                          Span tuple, Buf *block);

#endif
