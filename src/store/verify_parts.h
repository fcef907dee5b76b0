/* verify_parts.h: the parts of segments against the digests in the segments' rows. */
#ifndef STORE_VERIFY_PARTS_H
#define STORE_VERIFY_PARTS_H

#include "store/verify_inside.h"

typedef struct PartPlace {
    const ItemId *item;
    Text path;
    uint32_t segment;
    uint64_t piece;
    uint32_t seq;
    const RowDigest *expected; /* of each part; NULL: the row does not tell */
    unsigned differs;          /* bit of each part that has another digest */
} PartPlace;

bool verify_parts(Verify *verify, PartPlace *place, Err *err);

/* Parts that belong to no segment. After all segments. */
bool verify_stray_parts(Verify *verify, Err *err);

#endif
