/* event_json.h: one event as one JSON object: a line of `dump --format jsonl`. Its shape is
 * docs/event.schema.json. */
#ifndef EVENT_EVENT_JSON_H
#define EVENT_EVENT_JSON_H

#include <stdint.h>

#include "base/buf.h"
#include "base/text.h"
#include "event/batch.h"

/* Where the event stands; empty texts are left out. */
typedef struct EventSource {
    Text item;   /* path as given; need not be UTF-8 */
    Text sha256; /* of the item, hexadecimal */
} EventSource;

/* The object, without a line end. Failure (memory, limit) is the buf's. */
void event_write_json(Buf *buf, const Batch *batch, uint32_t row, const EventSource *source);

/* Parts of it, for other outputs: `{"Name":value,…}`. Repeated names become one array. ECS values
 * and roles that are empty are left out; of roles also "-". */
void event_write_fields(Buf *buf, const Batch *batch, uint32_t row);
void event_write_ecs(Buf *buf, const Batch *batch, uint32_t row);
void event_write_roles(Buf *buf, const Batch *batch, uint32_t row);

/* Where records of a kind come from: product/service, the channel where no service is known. No
 * JSON. */
void event_write_source(Buf *buf, const EventKind *kind);

/* RFC 3339 in quotes with 7 decimals, or 9 if the time has them; null for TIME_NONE. */
void event_write_time(Buf *buf, Time time);

#endif
