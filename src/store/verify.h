/* verify.h: is the case what it was, and the evidence what it was read from? Everything is computed
 * anew, and what differs is named by its place. SQLite may find damage anywhere: that is a finding,
 * and what can be read is verified further. */
#ifndef STORE_VERIFY_H
#define STORE_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/text.h"
#include "evidence/item.h"
#include "store/store.h"

typedef enum VerifyWeight {
    VERIFY_NOTE,    /* worth saying: evidence that is not there and was not asked for */
    VERIFY_FILE,    /* bytes differ, what they say does not */
    VERIFY_ALTERED, /* content, evidence, ledger or reports are altered or missing */
    VERIFY_WEIGHT_COUNT
} VerifyWeight;

typedef enum VerifyPlace {
    PLACE_CASE,     /* case.sqlite: a range of bytes, or as a whole */
    PLACE_TABLE,    /* a row of a table: `what` is the table */
    PLACE_SEGMENT,  /* a part of a segment: `what` is the part, `number` the segment */
    PLACE_DERIVED,  /* a derived row: `what` is its kind */
    PLACE_LEDGER,   /* entry `number` */
    PLACE_SEAL,     /* case.seal */
    PLACE_REPORT,   /* a file beside the database: `what` is its name */
    PLACE_EVIDENCE, /* an item: a range of bytes, or as a whole */
    PLACE_COUNT
} VerifyPlace;

extern const char *const VERIFY_WEIGHT_TEXT[VERIFY_WEIGHT_COUNT]; /* "note", … */
extern const char *const VERIFY_PLACE_TEXT[PLACE_COUNT];          /* "case", … */

typedef struct VerifyFinding {
    VerifyWeight weight;
    VerifyPlace place;
    Text item;           /* path of the item concerned; empty: none */
    Text what;           /* see the places; empty: nothing */
    uint64_t number;     /* of a ledger entry, a segment; 0: none */
    uint64_t begin, end; /* bytes [begin, end); both 0: the whole */
    const char *text;    /* a few words */
} VerifyFinding;

typedef enum VerifyVerdict {
    VERDICT_INTACT,
    VERDICT_CONTENT_EQUAL, /* files differ, content does not */
    VERDICT_ALTERED,
    VERDICT_COUNT
} VerifyVerdict;

extern const char *const VERIFY_VERDICT_TEXT[VERDICT_COUNT];

typedef struct VerifyOptions {
    const CaseKey *key;          /* of an encrypted case; NULL: only what can be checked without */
    const uint8_t *public_key;   /* 32 bytes: who must have signed the ledger; NULL: not asked */
    const Sha256 *ledger_hash;   /* a hash that was once printed; NULL: not asked */
    const char *const *evidence; /* files and folders to compare with */
    size_t evidence_count;
    /* `true` to go on. May be NULL. */
    bool (*progress)(void *ctx, uint64_t done_bytes, uint64_t all_bytes);
} VerifyOptions;

typedef struct VerifyResult {
    VerifyVerdict verdict;
    uint64_t findings[VERIFY_WEIGHT_COUNT];
    uint64_t items, evidence_checked, segments, ledger_entries;
    bool without_key; /* content was not looked at: the case is encrypted */
} VerifyResult;

/* `each` hears every finding as it is made. false with err: it cannot be done (no case there, made
 * by a newer Constat, interrupted, no memory). */
bool case_verify(const char *folder, const VerifyOptions *options,
                 void (*each)(void *ctx, const VerifyFinding *finding), void *ctx,
                 VerifyResult *ret, Err *err);

#endif
