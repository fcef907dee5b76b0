/* twin.h: when two records are the same record in two collections.
 *
 * A Windows event is known by computer, channel, record id, event id and second of creation
 * (exports round times differently); two such records are twins only if their payload
 * fingerprints agree too, so an altered copy is shown beside its original, never hidden by it.
 * Other formats make a twin key from the ids their records carry. */
#ifndef EVENT_TWIN_H
#define EVENT_TWIN_H

#include <stdint.h>

#include "base/text.h"
#include "base/time.h"

/* Never 0 for a record with an id; 0 (no twin) when `record_id` is RECORD_ID_NONE. ASCII case of
 * computer and channel does not matter. */
uint64_t twin_windows(Text computer, Text channel, uint64_t record_id, Text code, Time time);

/* What one field adds to the payload fingerprint of its event: the sum over all fields, modulo
 * 2^64, so that their order does not matter. `name`: hash of the lower-cased name; `value`:
 * value_fingerprint. Empty values (0) add nothing. */
uint64_t twin_field(uint64_t name, uint64_t value);

#endif
