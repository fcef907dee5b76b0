/* item.h: an item is a named run of bytes with provenance. Here: plain files and folders; openers
 * for archives and images add members later. */
#ifndef EVIDENCE_ITEM_H
#define EVIDENCE_ITEM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/text.h"

/* How an item ended. Stored in cases: numbers never change. */
typedef enum ItemState {
    ITEM_WAITING = 0,
    ITEM_DONE = 1,       /* an empty file too, with a note */
    ITEM_DEFECTIVE = 2,  /* some bytes could not be read; the rest is in the result */
    ITEM_UNREADABLE = 3, /* could not be opened or identified */
    ITEM_UNKNOWN = 4,    /* no format knows it */
    ITEM_NOT_TAKEN = 5,  /* known, but not what this job reads */
    ITEM_STATE_COUNT
} ItemState;

/* Where the name of an item's host comes from. Stored in cases. */
typedef enum HostOrigin {
    HOST_UNKNOWN = 0,
    HOST_FROM_CONTENT = 1, /* its events name it */
    HOST_FROM_LAYOUT = 2,  /* the collector's folders or file names do */
    HOST_GIVEN = 3,        /* a person did (--host) */
    HOST_ORIGIN_COUNT
} HostOrigin;

/* Hashes of an item's blocks say where an item was altered; its SHA-256 says whether. */
#define ITEM_BLOCK_BYTES (UINT64_C(1) << 20)

typedef struct Item {
    Text path;   /* as given, or the given folder's path + "/" + the way down; raw bytes */
    Text name;   /* last part of path */
    Text folder; /* path without the name: items of one folder may share a worker */
    uint64_t size;
    uint64_t device, inode;
    int64_t changed_ns; /* mtime when listed */
    bool hashed;
    Sha256 sha256;
    Hash128 *blocks; /* of each ITEM_BLOCK_BYTES, when `hashed`; NULL: not computed, or size 0 */
} Item;

typedef struct ItemList {
    Item *items; /* sorted by path, bytewise; the same file is listed once */
    size_t count;
    uint64_t bytes;
} ItemList;

/* What could not be taken, and remarks (a link not followed, a pipe or device passed over, a
 * second name of the same file). `lost`: evidence that was asked for is missing. `path` and `text`
 * are valid during the call. */
typedef void (*CollectNote)(void *ctx, Text path, bool lost, const char *text);

/* Folders nested deeper than this are noted as lost: each level holds a descriptor. */
#define COLLECT_DEPTH_MAX 256

/* List every regular file at and below `paths`. A path that is itself a link is followed, because
 * a person named it; links met on the way down are noted and not followed. A path that cannot be
 * listed is a note with lost = true and the rest goes on; false only when memory is exhausted.
 * Everything lives in `arena`. `note` may be NULL. */
bool evidence_collect(Arena *arena, const char *const *paths, size_t path_count, CollectNote note,
                      void *note_ctx, ItemList *ret, Err *err);

/* Open for reading without changing anything (access time included, where the system lets us);
 * checks that it still is the regular file that was listed (device and inode), so that a link put
 * in its place leads nowhere. -1 with err: ERR_IO, or ERR_LIMIT when this process has no
 * descriptor left, which is not the item's fault. */
int item_open(const Item *item, Err *err);

/* Is the file behind `fd` still as it was listed (size, mtime)? If not, *ret_size is its size now
 * (may be NULL; UINT64_MAX when even that cannot be known). */
bool item_unchanged(const Item *item, int fd, uint64_t *ret_size);

/* SHA-256 of the first `size` bytes behind `fd`, which are all to be there: a short file or a read
 * error is ERR_IO with its offset. Uses pread and no other system call once `stream` exists, so it
 * works in a sandbox. `step` (may be NULL) hears how far it is. */
bool hash_descriptor(Sha256Stream *stream, int fd, uint64_t size,
                     void (*step)(void *ctx, uint64_t offset), void *step_ctx, Sha256 *ret,
                     Err *err);

/* SHA-256 of the whole item into item->sha256. `fd` may be -1 for an empty item. */
bool item_hash(Item *item, int fd, Err *err);

#endif
