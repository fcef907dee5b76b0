/* case_fixture.h: cases of made-up evidence, for the tests of src/store. An item is described in a
 * few numbers; its events, its bytes and its hash follow from them alone. */
#ifndef CASE_FIXTURE_H
#define CASE_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "event/schema.h"
#include "store/store.h"

typedef struct MadeItem {
    const char *path;
    const char *host;    /* System.Computer of its events; NULL: they have none */
    const char *layout;  /* host by the collector's folders; NULL: none */
    const char *channel; /* NULL: Security */
    uint32_t first; /* number of its first record; the time is 2026-03-01 plus that in seconds */
    uint32_t events;
    uint32_t pieces;     /* equal parts */
    uint32_t batch;      /* events in a batch */
    uint32_t defects;    /* spread over its pieces, and one of the whole */
    uint32_t payload;    /* another number, another content of the same records */
    int32_t local_hours; /* not 0: times are local, so many hours east, and the zone is assumed */
    bool exported;       /* its records do not tell their time of writing */
    bool recovered;
    uint32_t written; /* another number, another time of writing */
} MadeItem;

/* A piece is cut at multiples of this. */
#define MADE_RECORD_BYTES 1024

uint64_t made_size(const MadeItem *made);
/* Its bytes, which hashes are of, in a heap block that the caller frees. */
uint8_t *made_bytes(const MadeItem *made);

/* Its batches, piece by piece. */
typedef bool (*MadeBatch)(void *ctx, uint64_t piece, const Batch *batch, Err *err);
bool made_batches(const Schema *schema, const MadeItem *made, uint32_t piece, MadeBatch each,
                  void *ctx, Err *err);

/* Add pieces [from, to) of an item, or all of it when both are 0 (then store_item_done). Pieces
 * that the case has already are passed over. */
bool made_add_pieces(Store *store, const Schema *schema, const MadeItem *made, uint32_t from,
                     uint32_t to, Err *err);
bool made_add(Store *store, const Schema *schema, const MadeItem *made, Err *err);

/* A case with these items, by one run, in `folder`. Ends the test if it cannot be made. */
typedef struct MadeCase {
    const MadeItem *items;
    size_t count;
    const CaseKey *key;
    const SigningKey *signing;
    uint32_t analysis; /* rows of an analysis, see made_analysis */
} MadeCase;
RunResult made_case(const char *folder, const Schema *schema, const MadeCase *made);

/* Rows of an analysis, in two kinds (1 and 2), different with another `seed`. After store_run_end.
 */
bool made_analysis(Store *store, uint32_t rows, uint32_t seed, RunResult *result, Err *err);

/* As an argument of store_run_begin. */
extern const RunInfo MADE_RUN;

Store *made_open(const char *folder, StoreMode mode); /* ends the test if it cannot */

/* A folder of that name below the test's, empty; static memory for the last eight. */
const char *made_folder(const char *name);

#endif
