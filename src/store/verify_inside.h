/* verify_inside.h: what the files of verify share. */
#ifndef STORE_VERIFY_INSIDE_H
#define STORE_VERIFY_INSIDE_H

#include "store/content.h"
#include "store/inside.h"
#include "store/ledger.h"
#include "store/part.h"
#include "store/seal_file.h"
#include "store/verify.h"

/* What the ledger says of an item. */
typedef struct Commitment {
    ItemId id;
    Sha256 digest;
    uint64_t entry;
    bool sound; /* the entry's hash fits */
    bool met;   /* the item is in the case */
    bool has_sha256;
    Sha256 sha256; /* of its bytes */
    Text path;     /* as the entry has it */
} Commitment;

/* A file beside the database that the ledger knows. */
typedef struct NotedHash {
    char *name;
    Sha256 hash;
    uint64_t entry;
} NotedHash;

typedef struct LedgerFacts {
    Commitment *items; /* the last of each item; sorted by id */
    size_t item_count, item_cap;
    NotedHash *files;
    size_t file_count, file_cap;
    bool has_end; /* of the last end whose hash fits: */
    Sha256 content, derived;
    uint64_t end_entry;
    bool has_analysis; /* of the last analysis, if its hash fits: */
    Sha256 analysis;
    uint64_t analysis_entry;
    bool has_meta;
    Sha256 meta;
    bool unfinished; /* the last run did not come to its end */
    bool whole;      /* every entry was read and fits */
    uint64_t entries;
    Sha256 last;
    uint64_t sealed_entry; /* whose hash is that of case.seal; 0: none */
} LedgerFacts;

/* What was found out of an item, for the evidence. */
typedef struct VerifiedItem {
    ItemId id;
    Sha256 digest; /* of its rows, computed anew */
    Text path;
    uint32_t number, parent;
    uint64_t size;
    bool hashed;
    Sha256 sha256;
    Hash128 *blocks;
    size_t block_count;
    bool rows_read;     /* all of its rows could be read */
    RowDigest *derived; /* of its derived rows, in order, computed anew */
    size_t derived_count, derived_cap;
} VerifiedItem;

/* A row whose stored digest is not that of what it says: which of the two was altered shows when
 * all rows are compared with what the ledger commits. */
typedef struct Suspect {
    VerifyPlace place;
    const char *what;
    Text item;
    uint64_t number;
} Suspect;

typedef struct Verify {
    const VerifyOptions *options;
    void (*each)(void *ctx, const VerifyFinding *finding);
    void *ctx;
    VerifyResult *result;
    Store *store;
    bool has_database; /* it can be asked */
    bool can_open;     /* cells can be opened: not encrypted, or with its key */
    Seal seal;
    bool has_seal;
    Seal measured; /* case.sqlite as it is */
    bool file_equal;
    LedgerFacts ledger;
    Arena *arena;
    VerifiedItem *items; /* by number */
    size_t item_count, item_cap;
    Suspect *suspects, *derived_suspects; /* of the item at hand; of all derived rows */
    size_t suspect_count, suspect_cap, derived_suspect_count, derived_suspect_cap;
    PartReader *parts;
    bool salvaging;     /* items are tried that no table listed */
    bool torn;          /* some row could not be read: what is missing follows from that */
    uint32_t *segments; /* numbers that were met */
    size_t segment_count, segment_cap;
    uint64_t done_bytes, all_bytes;
} Verify;

/* Tell one. */
void verify_tell(Verify *verify, const VerifyFinding *finding);

/* false with err when the caller wants to stop. */
bool verify_progress(Verify *verify, uint64_t bytes, Err *err);

/* Did a query fail because of damage, which is a finding and not the end? */
static inline bool is_damage(const Err *err)
{
    return err->code == ERR_FORMAT || err->code == ERR_IO || err->code == ERR_LIMIT;
}

/* The steps; false with err: it cannot go on. */
bool verify_seal(Verify *verify, Err *err);   /* case.seal; whether the file is as it was */
void verify_file_blocks(Verify *verify);      /* where it is not */
bool verify_ledger(Verify *verify, Err *err); /* chain, signatures; gathers the facts */
bool verify_rows(Verify *verify, Err *err);   /* every row and segment */
/* A file of the case's folder for reading; -1 with errno: also if it is no file (EINVAL), for a
 * device or a pipe would never end. */
int verify_open_file(const char *path);
const char *verify_open_error(void);               /* why, from errno */
bool verify_content(Verify *verify, Err *err);     /* derived rows, content digest */
bool verify_analysis(Verify *verify, Err *err);    /* rows of analyses */
bool verify_evidence(Verify *verify, Err *err);    /* items against files */
bool verify_noted_files(Verify *verify, Err *err); /* reports */

void ledger_facts_done(LedgerFacts *facts);
Commitment *find_commitment(const LedgerFacts *facts, const ItemId *id);

#endif
