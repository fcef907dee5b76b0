/* twin_filter.h: which rows of a timeline are the same record seen in other places.
 *
 * Works by sorting, so memory is bounded whatever the evidence holds: rows are noted as they come,
 * grouped by (twin id, payload, time of writing), and the decisions sorted into the order of the
 * timeline, where they are read beside the rows. A row whose source does not tell the time of
 * writing (an export) belongs to the first group with its twin id and payload. */
#ifndef REPORT_TWIN_FILTER_H
#define REPORT_TWIN_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "event/event.h"
#include "report/timeline_format.h"

/* Where a row stands in the timeline: bytes that sort by (time, item, offset, sub). */
#define ROW_KEY_SIZE 24

typedef struct RowKey {
    uint8_t bytes[ROW_KEY_SIZE];
} RowKey;

typedef struct RowPlace {
    Time time;
    uint32_t item;
    uint64_t offset;
    uint32_t sub;
} RowPlace;

RowKey row_key(const RowPlace *place);
RowPlace row_place(const RowKey *key);
void row_key_renumber(uint8_t *key, const uint32_t *new_item);

typedef struct TwinFilter TwinFilter;

TwinFilter *twin_filter_create(size_t memory_bytes, const char *folder, Err *err);
void twin_filter_destroy(TwinFilter *filter); /* NULL is fine */

/* Note a row; one whose twin id is 0 has no twins and is not kept. */
bool twin_filter_add(TwinFilter *filter, const RowPlace *place, const RowHead *head, Err *err);

/* All rows are known, and item i of their places is from now on new_item[i]. */
bool twin_filter_renumber(TwinFilter *filter, const uint32_t *new_item, Err *err);

/* All rows are known: decide. */
bool twin_filter_finish(TwinFilter *filter, Err *err);

typedef enum TwinVerdict { TWIN_KEEP, TWIN_DROP } TwinVerdict;

/* The verdict on a row. Ask in the order of the timeline. */
bool twin_filter_verdict(TwinFilter *filter, const RowKey *key, TwinVerdict *ret, Err *err);

/* After TWIN_KEEP: the next of the places that were dropped for this row. false: no more, or a
 * failure if err->code is set. Places not asked for are passed over. */
bool twin_filter_place(TwinFilter *filter, const RowKey *key, uint32_t *ret_item,
                       uint64_t *ret_offset, Err *err);

uint64_t twin_filter_dropped(const TwinFilter *filter);
uint64_t twin_filter_spilled(const TwinFilter *filter);

#endif
