/* timeline_row.h: batches to rows. Runs in the worker. */
#ifndef REPORT_TIMELINE_ROW_H
#define REPORT_TIMELINE_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/text.h"
#include "event/batch.h"
#include "event/schema.h"
#include "report/timeline_format.h"

typedef struct RowWriter RowWriter;

/* `schema` must outlive it. NULL: no memory. */
RowWriter *row_writer_create(const TimelineFormat *format, const Schema *schema);
void row_writer_destroy(RowWriter *writer); /* NULL is fine */
static inline void row_writer_destroyp(RowWriter **writer)
{
    row_writer_destroy(*writer);
}

/* The item that batches are of; its texts must outlive their rows. `host`: of events that do not
 * name theirs; may be empty. */
typedef struct RowItem {
    Text format;
    Text host;
} RowItem;

/* Rows of this batch follow; it must outlive them. false: no memory. */
bool row_writer_begin(RowWriter *writer, const Batch *batch, const RowItem *item);

/* Append the line of an event alone, under a head of the caller's (a case may know its time
 * better). false: as row_writer_add. */
bool row_writer_line(RowWriter *writer, uint32_t row, const EventHead *head, Buf *lines);

/* Append the row of an event to `rows`. false: no memory, or an event too large to be a line;
 * `rows` is then as before. */
bool row_writer_add(RowWriter *writer, uint32_t row, Buf *rows);

#endif
