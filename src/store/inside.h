/* inside.h: what the files of src/store share: the open case and its columns. Nobody else includes
 * it. */
#ifndef STORE_INSIDE_H
#define STORE_INSIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "store/box.h"
#include "store/canon.h"
#include "store/database.h"
#include "store/store.h"
#include "store/summary.h"

#define STORE_APPLICATION_ID 1131376243 /* "Cons" */
#define STORE_FORMAT_VERSION 2          /* 1: without the table `analysis` */
#define STORE_FILE           "case.sqlite"
#define STORE_LOCK_FILE      "case.lock"
#define STORE_SEAL_FILE      "case.seal"

/* Kinds of derived rows. Stored. */
typedef enum DerivedKind {
    DERIVED_TWIN_BITS = 1,   /* of a segment: bit per row, 1: it is a twin that was left out */
    DERIVED_TWIN_PLACES = 2, /* of an item: where twins of its events are (twin_places.h) */
    DERIVED_CLOCK = 3,       /* of an item: what is added to times whose zone was assumed */
} DerivedKind;

/* A segment of a complete piece, as scans see it. */
typedef struct SegmentRef {
    uint32_t number;
    const StoredItem *item;
    uint64_t piece;
    uint32_t seq;
    uint32_t events;
    Summary summary;
    Span twin_bits; /* empty: none is left out */
} SegmentRef;

/* What was read from the case once, until it is written to. */
typedef struct Reading {
    Arena *arena;
    StoredItem *items; /* by rank */
    size_t item_count;
    const StoredItem **by_number; /* the same, by number */
    SegmentRef *segments;         /* by item number, piece, seq */
    size_t segment_count;
} Reading;

typedef struct Writer Writer;         /* writer.h */
typedef struct PlaceCache PlaceCache; /* twin_places.h */

struct Store {
    char *folder, *path;
    char *temporary;
    StoreMode mode;
    DatabaseMode access;
    int lock;     /* descriptor; -1: none */
    Database *db; /* NULL: not open at the moment, see store_database */
    Box box;
    Canon canon;
    const SigningKey *signing;
    int level;
    Reading reading;
    PlaceCache *places;
    Writer *writer; /* between store_run_begin and store_close */
};

/* The connection, opened if need be; NULL with err. */
Database *store_database(Store *store, Err *err);
/* Close it: before a fork, because SQLite's connections and locks must not cross one. Nothing may
 * be uncommitted. */
void store_release(Store *store);

/* Cells of a case: sealed and opened at their place. */
static inline Span seal_cell(Store *store, const char *column, uint64_t a, uint64_t b, uint64_t c,
                             Span plain)
{
    return box_seal(&store->box, (BoxPlace){.column = column, .row = {a, b, c}}, plain);
}
static inline Span open_cell(Store *store, const char *column, uint64_t a, uint64_t b, uint64_t c,
                             Span stored)
{
    return box_open(&store->box, (BoxPlace){.column = column, .row = {a, b, c}}, stored);
}

/* Items and segments as of one moment; what was read before stays as it is. */
bool reading_load(Store *store, Err *err);
/* Forget them: the case was written to. A run that writes sees items as they were when it first
 * asked, until it maps or ends. */
void reading_forget(Store *store);
/* While a run writes: commit, and forget. */
bool store_refresh(Store *store, Err *err);

bool no_memory(Err *err);                        /* "no memory for the case" */
bool digest_failed(Err *err);                    /* the hash library */
bool take_failure(Err *err, const Err *failure); /* true if there was none */

#endif
