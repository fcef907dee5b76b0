/* writer.h: what a run that writes keeps in memory: which items the case knows, how far each piece
 * is, the transaction, the end of the ledger. */
#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include "event/id_map.h"
#include "event/segment.h"
#include "store/analysis_writer.h"
#include "store/inside.h"
#include "store/ledger.h"

#define PARTS_STEP 4 /* numbers of parts: 4 times the segment's, plus the part */

typedef struct KnownItem {
    ItemId id;
    uint64_t size;
    bool complete;
    bool open; /* being added by this run */
} KnownItem;

typedef struct OpenPiece {
    uint32_t item;
    uint64_t piece;
    uint32_t next; /* number of its next batch */
} OpenPiece;

struct Writer {
    KnownItem *items; /* by number - 1 */
    size_t item_count, item_cap;
    IdMap items_by_id;
    OpenPiece *pieces;
    size_t piece_count, piece_cap;
    IdMap pieces_by_place;
    uint32_t next_segment;
    uint64_t next_defect;
    LedgerTail ledger;
    SegmentCodec *codec;
    Buf packed[SEGMENT_PARTS], summary;
    uint64_t pending_bytes; /* since the last commit */
    int64_t began_ns;       /* of the transaction; monotonic */
    uint64_t items_new;
    bool other_settings;      /* than the run before */
    bool ended;               /* store_run_end was called */
    AnalysisWriter *analysis; /* begun and not ended; NULL: none */
    Err broken;               /* the first failure: nothing more is written */
};

Writer *writer_create(void); /* NULL: no memory */
void writer_destroy(Writer *writer);

/* The item of that number; NULL when there is none. */
KnownItem *writer_item(const Writer *writer, uint64_t number);
bool writer_know(Writer *writer, const KnownItem *item); /* the next number; false: no memory */

/* Begin a transaction if there is none; commit it (with the ledger signed). */
bool writer_begin(Store *store, Err *err);
bool writer_commit(Store *store, Err *err);

/* What the run's result says of the ledger. */
void writer_tell(const Store *store, RunResult *ret);

/* The writer, if it can go on; else NULL with the failure that stopped it. */
Writer *writer_of(Store *store, Err *err);
/* Remember the failure. Always false. */
bool writer_break(Store *store, const Err *failure, Err *err);

#endif
