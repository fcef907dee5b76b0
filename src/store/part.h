/* part.h: segments out of the database: fetched, opened, unpacked, checked. Memory is kept from one
 * to the next. */
#ifndef STORE_PART_H
#define STORE_PART_H

#include "event/segment.h"
#include "store/inside.h"

typedef struct PartReader PartReader;

PartReader *part_reader_create(Store *store, Err *err);
void part_reader_destroy(PartReader *reader); /* NULL is fine */

/* The bytes of a part as segment.h knows them. Valid until the next call. ERR_FORMAT: there is
 * none, or it cannot be opened. */
bool part_read(PartReader *reader, uint32_t segment, SegmentPart part, Span *ret, Err *err);

/* From now on a part that SQLite does not find by its number is looked for among all: for verify.
 * part_was_astray: was the last one found so? */
void part_reader_search(PartReader *reader);
bool part_was_astray(const PartReader *reader);
/* True also when SQLite cannot tell. */
bool part_exists(PartReader *reader, uint32_t segment, SegmentPart part);

/* The values of a segment as a batch without events. Valid until the next segment's. */
bool part_read_values(PartReader *reader, uint32_t segment, Batch *ret, Err *err);

/* The batch, after its values. Valid until the next one. */
bool part_read_events(PartReader *reader, uint32_t segment, const Batch *dictionary,
                      bool with_twins, Batch *ret, Err *err);

bool part_read_twins(PartReader *reader, uint32_t segment, SegmentTwins *ret, Err *err);

#endif
