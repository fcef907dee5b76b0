/* batch.h: the unit of everything. One flat, relocatable, bounds-checked block of events of one
 * item. A worker builds it, the pipe carries it, the case keeps it (event/segment.h).
 *
 * Events are columns: time, offset, record id, size, … and a layout. The cells of an event are
 * numbers of values, of which equal ones are stored once as a rule; its layout, shared by all
 * events of its kind, fields and action, says which name, role and ECS field each cell has.
 * docs/batch.md and batch_format.h have the bytes.
 *
 * A batch that batch_open accepts cannot make any accessor read outside it. Rows, layouts, kinds,
 * names and values are numbered from 0 to the counts below; the caller stays within them. */
#ifndef EVENT_BATCH_H
#define EVENT_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "event/event.h"
#include "event/value.h"

#define BATCH_EVENTS_MAX 16384               /* events in one batch */
#define BATCH_BYTES_MAX  (96u * 1024 * 1024) /* whole block */
#define BATCH_FULL_BYTES (3u * 1024 * 1024)  /* handed over when values or tables exceed it */

typedef struct Batch {
    Span bytes;
    uint32_t event_count, cell_count, value_count, name_count, kind_count, layout_count;
    const uint8_t *time, *offset, *record_id, *twin, *payload; /* u64 columns */
    const uint8_t *size, *sub, *layout, *first_cell;           /* u32 columns */
    const uint8_t *meaning, *quality, *class;                  /* u8 columns */
    const uint8_t *cells;
    const uint8_t *value_type, *value_start; /* starts: value_count + 1 */
    const uint8_t *kinds;
    const uint8_t *layout_start, *layout_words; /* starts: layout_count + 1, in words */
    const uint8_t *name_start;                  /* name_count + 1 */
    Span value_bytes, name_bytes;
    bool has_lists; /* some value is a list */
} Batch;

/* Check everything once: after success no accessor can fail. `bytes` must outlive the batch and
 * must not change: give the receiver's own copy. */
bool batch_open(Span bytes, Batch *ret, Err *err);

/* The same for a batch that this process has just built itself, with a sink: nothing in it is
 * looked at but its frame. Never for what came from another process or from a file. */
bool batch_open_own(Span bytes, Batch *ret, Err *err);

/* The same for a batch whose names, values, kinds and layouts are byte for byte those of
 * `dictionary`, a batch that was accepted (as a rule one without events, event/segment.h): that
 * they are is checked, and then only what concerns events. */
bool batch_open_events(const Batch *dictionary, Span bytes, Batch *ret, Err *err);

EventHead batch_head(const Batch *batch, uint32_t row);
uint64_t batch_payload(const Batch *batch, uint32_t row); /* fingerprint for twins */

/* What the cells of an event mean. Cells [0, native_count) are the native fields in their order,
 * those after it hold derived ECS values. */
typedef struct Layout {
    uint32_t kind;
    uint32_t action, outcome; /* names; UINT32_MAX: none */
    uint32_t cell_count, native_count, role_count, ecs_count;
    const uint8_t *names; /* u32 name per native cell */
    const uint8_t *roles; /* pairs role, cell */
    const uint8_t *ecs;   /* pairs name, cell */
} Layout;

uint32_t batch_layout_of(const Batch *batch, uint32_t row);
Layout batch_layout(const Batch *batch, uint32_t layout);
EventKind batch_kind(const Batch *batch, uint32_t kind);
Text batch_name(const Batch *batch, uint32_t name); /* empty for UINT32_MAX */

/* Value number of a cell of an event; UINT32_MAX when absent. */
uint32_t batch_cell(const Batch *batch, uint32_t row, uint32_t cell);
Value batch_value(const Batch *batch, uint32_t value);

/* Element `i` of a list value; count = bytes.len / 4. */
Value batch_list_at(const Batch *batch, Value list, size_t i);

/* Conveniences over the layout: absent gives false. An ECS field or a role that is empty counts as
 * absent, a role that is "-" too. Of fields of the same name: the first. */
bool batch_field(const Batch *batch, uint32_t row, Text native_name, Value *ret);
bool batch_ecs(const Batch *batch, uint32_t row, Text ecs_name, Value *ret);
bool batch_role(const Batch *batch, uint32_t row, Role role, Value *ret);

/* As value_write_text / value_write_json, and lists: comma-joined, or a JSON array. */
void batch_write_text(Buf *buf, const Batch *batch, Value v);
void batch_write_json(Buf *buf, const Batch *batch, Value v);

#endif
