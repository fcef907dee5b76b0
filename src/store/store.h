/* store.h: the case on disk. docs/store.md has the decisions. One Store is one connection; only one
 * process at a time can write (the case is locked), any number can read meanwhile. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/time.h"
#include "event/batch.h"
#include "event/sink.h"
#include "evidence/item.h"

typedef struct Store Store;
typedef struct CaseKey CaseKey;       /* store/keys.h: opens an encrypted case */
typedef struct SigningKey SigningKey; /* store/keys.h: signs the ledger */

typedef enum StoreMode {
    STORE_READ,  /* an existing case; works from a read-only folder */
    STORE_WRITE, /* the case, made if the folder holds none */
} StoreMode;

typedef struct StoreOptions {
    StoreMode mode;
    const CaseKey *key; /* NULL: a new case is not encrypted, an encrypted one cannot be opened */
    const uint8_t (*readers)[32]; /* further public keys that open a case made with `key` */
    size_t reader_count;
    const SigningKey *signing; /* NULL: the ledger is chained, not signed */
    int level;                 /* of zstd; 0: SEGMENT_LEVEL */
    const char *temporary;     /* folder for what does not fit in memory; NULL: the case's own */
} StoreOptions;

/* NULL with err: ERR_USAGE (no case there; made by a newer Constat; encrypted and no key; the key
 * is another one; another run is writing it; the signing key lies in the folder), ERR_IO (system,
 * full disk), ERR_FORMAT (the database is damaged). Keys must outlive the store. */
Store *store_open(const char *folder, const StoreOptions *options, Err *err);
void store_close(Store *store); /* NULL is fine. What is not committed is undone. */
static inline void store_closep(Store **store)
{
    store_close(*store);
}

const char *store_folder(const Store *store);
bool store_is_encrypted(const Store *store);

/* ---- reading: items ---- */

typedef struct ItemId {
    uint8_t bytes[16];
} ItemId;

#define ITEM_ID_TEXT 32
/* `content`: NULL for an item whose bytes could not be read. */
ItemId item_id(const Sha256 *content, Text path);
void item_id_text(const ItemId *id, char out[ITEM_ID_TEXT]); /* lower-case digits, no NUL */

typedef struct StoredItem {
    uint32_t number; /* in this case file only */
    uint32_t rank;   /* place among all items, sorted by path, then id: the order of scans */
    uint32_t parent; /* number of the container; 0: none */
    ItemId id;
    Text path;
    uint64_t size;
    bool hashed;
    Sha256 sha256;
    Text format; /* empty: not known */
    ItemState state;
    bool complete; /* everything of it is in the case */
    Text host;     /* empty: not known */
    HostOrigin host_origin;
    uint64_t events;        /* with twins; 0 while it is not complete */
    int64_t clock_shift_ns; /* added to times whose zone was assumed; see `shifted` */
    bool shifted;
    int64_t changed_ns; /* mtime when it was read: not content */
} StoredItem;

/* All items by rank, as they were when they were first asked for: a run that writes sees those of
 * its beginning until it has ended. Valid until then, or until the store is closed. */
bool store_items(Store *store, const StoredItem **ret, size_t *ret_count, Err *err);
/* NULL: none; also after a failure. Of several with that path: the first by rank. */
const StoredItem *store_item_by_path(Store *store, Text path);
const StoredItem *store_item_by_number(Store *store, uint32_t number);

typedef struct StoredDefect {
    const StoredItem *item;
    DefectKind kind;
    uint64_t offset; /* ERR_NO_OFFSET: none */
    uint64_t size;
    Text text;
} StoredDefect;

/* All defects and notes, by rank of the item, then offset, kind, text. */
bool store_defects(Store *store, bool (*each)(void *ctx, const StoredDefect *defect, Err *err),
                   void *ctx, Err *err);

/* ---- writing ---- */

typedef struct RunInfo {
    Text command; /* as typed */
    Text version;
    unsigned workers;
    Text person, machine; /* who, where; may be empty */
    /* What decides the content beside the evidence: options as --recover and --timezone, the digest
     * of the tables. Items left unfinished by a run with other ones are done from the start. Empty
     * for a run that reads no evidence. */
    Text settings;
} RunInfo;

/* Begin to write: cleans up after a run that did not end, notes the run in the ledger. */
bool store_run_begin(Store *store, const RunInfo *info, Err *err);

/* An item whose hash is known (or whose bytes cannot be read: `hashed` false). `parent`: number of
 * the container, 0 none. *ret_number: its number. *ret_known: it is complete already, or being
 * added; nothing needs to be added. */
bool store_item(Store *store, const Item *item, uint32_t parent, uint32_t *ret_number,
                bool *ret_known, Err *err);

/* Is the piece [begin, end) of this item complete already? */
bool store_has_piece(Store *store, uint32_t item, uint64_t begin, uint64_t end);

#define STORE_NO_PIECE ((uint64_t)INT64_MAX) /* a defect of the item as a whole */

/* The next batch of a piece, named by its beginning: one that batch_open has accepted. Batches of a
 * piece come in their order, pieces in any. ERR_FORMAT: it is nonsense (an event beyond the item's
 * end) and was not taken; after any other failure, here and below, nothing more can be written. */
bool store_batch(Store *store, uint32_t item, uint64_t piece, const Batch *batch, Err *err);
/* `offset` may be ERR_NO_OFFSET. */
bool store_defect(Store *store, uint32_t item, uint64_t piece, DefectKind kind, uint64_t offset,
                  uint64_t size, Text text, Err *err);
bool store_piece_done(Store *store, uint32_t item, uint64_t begin, uint64_t end, uint64_t events,
                      Err *err);

typedef struct ItemEnd {
    ItemState state;
    Text format;
    Text layout_host; /* what the collector's folders or a person's rule say; content decides over
                         both */
    HostOrigin layout_origin;
} ItemEnd;

/* Everything of the item has been given. */
bool store_item_done(Store *store, uint32_t item, const ItemEnd *end, Err *err);

/* Commit what is pending if it is time to (call often), or now. */
bool store_pulse(Store *store, Err *err);
bool store_commit(Store *store, Err *err);

typedef struct RunResult {
    uint64_t items, items_new, events, twins;
    bool other_settings; /* than the run before had: complete items keep what it made of them */
    Sha256 content;      /* content digest */
    Sha256 ledger;       /* hash of the last entry */
    uint64_t ledger_entries;
    bool is_signed;
    uint8_t public_key[32];
    bool sealed; /* case.seal describes the file; false: somebody was reading all the time */
} RunResult;

/* All evidence of this run is in: derive (twins, clocks), write the ledger's closing entry, make
 * the file whole (checkpoint, case.seal). `workers`: processes for the derivation. */
bool store_run_end(Store *store, unsigned workers, RunResult *ret, Err *err);

/* A file that the run made beside the database, as a report. */
typedef struct NotedFile {
    Text name; /* below the case's folder */
    Sha256 hash;
} NotedFile;

/* After store_run_end: the files' hashes go into the ledger, where verify finds them. Makes the
 * file whole again; what *result says of the ledger is renewed. (A report holds the hash of the
 * ledger as it was before it: any hash that was once the last one stays in the chain.) */
bool store_note_files(Store *store, const NotedFile *files, size_t count, RunResult *result,
                      Err *err);

/* The digest of all content, recomputed from the rows' digests. */
bool store_content_digest(Store *store, Sha256 *ret, Err *err);

#endif
