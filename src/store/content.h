/* content.h: digests of rows, items and the whole content. docs/store.md has the fields in their
 * order; this is the one place that writes them. */
#ifndef STORE_CONTENT_H
#define STORE_CONTENT_H

#include "event/segment.h"
#include "store/inside.h"

/* A row of `item` as it stands, opened. Texts and spans are borrowed. */
typedef struct ItemRow {
    uint32_t number, parent;
    ItemId id;
    Text path;
    uint64_t size;
    Span sha256; /* 32 bytes; none: the item could not be hashed */
    Span blocks;
    int64_t changed_ns;
    bool complete;
    unsigned state;
    Text format, layout_host, host;
    unsigned layout_origin, host_origin;
    uint64_t events;
    Span digest;
} ItemRow;

/* The row of ITEM_ALL or ITEM_ONE at hand. false: a cell cannot be opened, or has a size that it
 * cannot have. Valid until box_row or the query's next step. */
bool item_row(Store *store, const Query *query, ItemRow *ret);

bool digest_item(Canon *canon, const ItemRow *row, const ItemId *parent, RowDigest *ret);

typedef struct DefectRow {
    uint64_t piece;
    unsigned kind;
    uint64_t offset, size;
    Text text;
} DefectRow;
bool digest_defect(Canon *canon, const ItemId *item, const DefectRow *row, RowDigest *ret);

bool digest_piece(Canon *canon, const ItemId *item, uint64_t begin, uint64_t end, uint64_t events,
                  RowDigest *ret);

typedef struct SegmentRow {
    uint64_t piece;
    uint32_t seq, events;
    Time first, last;
    Span summary;
    Span parts; /* SEGMENT_PARTS digests */
} SegmentRow;
bool digest_segment(Canon *canon, const ItemId *item, const SegmentRow *row, RowDigest *ret);

/* One part of a segment: over the sections of the batch that it stands for, so that neither the
 * compression nor its version matter. */
bool digest_part(Canon *canon, const ItemId *item, uint64_t piece, uint32_t seq, SegmentPart part,
                 Span batch, RowDigest *ret);
/* The same of SEGMENT_VALUES, from a batch without events. */
bool digest_values(Canon *canon, const ItemId *item, uint64_t piece, uint32_t seq, Span dictionary,
                   RowDigest *ret);
/* … and of SEGMENT_TWINS, from its columns. */
bool digest_twins(Canon *canon, const ItemId *item, uint64_t piece, uint32_t seq,
                  const SegmentTwins *twins, RowDigest *ret);

/* Begin the digest of a derived row; what it says follows (canon_…), then canon_end_row. */
void digest_derived(Canon *canon, const ItemId *item, unsigned kind, uint64_t piece, uint32_t seq);

/* Write a derived row. */
bool derived_add(Store *store, uint32_t item, DerivedKind kind, uint64_t piece, uint32_t seq,
                 Span bytes, const RowDigest *digest, Err *err);

/* Of everything that belongs to an item, from its rows' digests. */
bool content_item(Store *store, uint32_t number, Sha256 *ret, Err *err);

typedef struct ContentDigest {
    Sha256 derived, content;
    uint64_t items, events;
} ContentDigest;
bool content_digest(Store *store, ContentDigest *ret, Err *err);

#endif
