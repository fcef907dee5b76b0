/* summary.h: what a segment holds, in a few hundred bytes: first and last time, and how often each
 * host, service, action and channel occurs. It lets a scan pass over segments without reading them,
 * and a report count without unpacking. Twins are counted. docs/store.md has the bytes. */
#ifndef STORE_SUMMARY_H
#define STORE_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "base/text.h"
#include "event/batch.h"

typedef enum SummaryKind {
    SUMMARY_HOST,    /* host.name, lower case */
    SUMMARY_SERVICE, /* product/service; product alone where no service is known */
    SUMMARY_ACTION,
    SUMMARY_CHANNEL,
    SUMMARY_KIND_COUNT
} SummaryKind;

typedef struct Summary {
    Span bytes; /* borrowed */
    uint32_t events;
    Time first, last; /* of events that have one; TIME_NONE: none has */
    uint32_t timeless;
    bool zone_assumed; /* some event's zone is only assumed: its time may be shifted */
    uint32_t count[SUMMARY_KIND_COUNT]; /* different texts */
    uint32_t at[SUMMARY_KIND_COUNT];    /* the first of them among all entries */
} Summary;

typedef struct SummaryEntry {
    Text text; /* empty: the events that have none */
    uint32_t events;
} SummaryEntry;

/* Append the summary of a batch to `out`. */
bool summary_write(const Batch *batch, Buf *out, Err *err);
bool summary_open(Span bytes, Summary *ret, Err *err); /* checks all of it */
SummaryEntry summary_at(const Summary *summary, SummaryKind kind, uint32_t i); /* sorted by text */
bool summary_has(const Summary *summary, SummaryKind kind, Text text); /* ASCII case ignored */

/* The service of a kind as SUMMARY_SERVICE writes it, appended. */
void summary_write_service(Buf *out, const EventKind *kind);

#endif
