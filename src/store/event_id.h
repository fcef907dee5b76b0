/* event_id.h: how an event is named outside a case: the id of its item, the offset of its record,
 * and the number within the record if that is not 0: "0f3a…-1048576" or "0f3a…-1048576-2". It stays
 * the same whatever is added to the case. */
#ifndef STORE_EVENT_ID_H
#define STORE_EVENT_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "store/scan.h"
#include "store/store.h"

typedef struct EventId {
    ItemId item;
    uint64_t offset;
    uint32_t sub;
} EventId;

#define EVENT_ID_ROOM (ITEM_ID_TEXT + 32)
/* Returns the length, no NUL. */
size_t event_id_write(const EventId *id, char out[EVENT_ID_ROOM]);
bool event_id_parse(Text text, EventId *ret);

/* Where the event stands among all. Reads the segments of its item, if possible only those around
 * the offset. ERR_USAGE: the case has no such event. */
bool store_event_place(Store *store, const EventId *id, ScanPlace *ret, Err *err);

#endif
