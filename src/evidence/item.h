/* item.h: an item is a named run of bytes with provenance: a plain file, or a member of a container
 * (an archive, later a disk image), whose bytes lie in a spool while they are needed. */
#ifndef EVIDENCE_ITEM_H
#define EVIDENCE_ITEM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/text.h"
#include "evidence/spool.h"
#include "format/input.h"

/* How an item ended. Stored in cases: numbers never change. */
typedef enum ItemState {
    ITEM_WAITING = 0,
    ITEM_DONE = 1,       /* an empty file too, with a note */
    ITEM_DEFECTIVE = 2,  /* some bytes could not be read; the rest is in the result */
    ITEM_UNREADABLE = 3, /* could not be opened or identified */
    ITEM_UNKNOWN = 4,    /* no format knows it */
    ITEM_NOT_TAKEN = 5,  /* known, but not what this job reads */
    ITEM_KNOWN = 6,      /* of a run only: its results are there already, as the job has said */
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

#define ITEM_NO_PARENT UINT32_MAX

typedef struct Item {
    Text path;   /* as given, or the given folder's path + "/" + the way down; of a member: the
                  * container's path + "!" + its name there. Raw bytes */
    Text name;   /* last part of path */
    Text folder; /* path without the name: items of one folder may share a worker */
    uint64_t size;
    uint64_t device, inode; /* of a file */
    int64_t changed_ns;     /* of a file: mtime when listed */
    uint32_t parent;        /* index of the container in the list; ITEM_NO_PARENT: a file */
    uint32_t depth;         /* containers around it */
    Spool *spool;           /* of a member: where its bytes are (a reference of its own) … */
    uint64_t spool_at;      /* … and from which byte on. NULL: not any more */
    bool hashed;
    Sha256 sha256;
    Hash128 *blocks; /* malloc'ed: of each ITEM_BLOCK_BYTES, when `hashed`; NULL when size is 0 */
    ItemState state; /* how the last run left it */
} Item;

typedef struct ItemList {
    Item *items; /* files first, sorted by path, bytewise; the same file is listed once. Members
                  * follow in the order in which they were found */
    size_t count, room;
    size_t file_count;
    uint64_t bytes;
    Arena *arena; /* of the texts */
} ItemList;

/* Append a copy of `item`, whose texts must live as long as the list. Items move. */
bool item_list_add(ItemList *list, const Item *item, Err *err);
/* Only the files stay, as listed. */
void item_list_drop_members(ItemList *list);
void item_list_done(ItemList *list);

/* Indices of all items, sorted by path, those of one path by their place in the containers: the
 * order in which they are shown, whatever the order in which members were found. malloc'ed; NULL:
 * no memory. */
uint32_t *item_list_order(const ItemList *list, Err *err);

/* Blocks of an item of that size. */
static inline uint64_t item_block_count(uint64_t size)
{
    return size / ITEM_BLOCK_BYTES + (size % ITEM_BLOCK_BYTES != 0);
}

/* What could not be taken, and remarks (a link not followed, a pipe or device passed over, a
 * second name of the same file). `lost`: evidence that was asked for is missing. `path` and `text`
 * are valid during the call. */
typedef void (*CollectNote)(void *ctx, Text path, bool lost, const char *text);

/* Folders nested deeper than this are noted as lost: each level holds a descriptor. */
#define COLLECT_DEPTH_MAX 256

/* A folder that is no evidence: the case itself. */
typedef struct FolderId {
    uint64_t device, inode;
} FolderId;

/* List every regular file at and below `paths`, but for what is in `except` (NULL: no exception). A
 * path that is itself a link is followed, because a person named it; links met on the way down are
 * noted and not followed. A path that cannot be listed is a note with lost = true and the rest goes
 * on; false only when memory is exhausted. The texts live in `arena`; item_list_done frees the
 * rest. `note` may be NULL. */
bool evidence_collect(Arena *arena, const char *const *paths, size_t path_count,
                      const FolderId *except, CollectNote note, void *note_ctx, ItemList *ret,
                      Err *err);

/* Open for reading without changing anything (access time included, where the system lets us);
 * checks that it still is the regular file that was listed (device and inode), so that a link put
 * in its place leads nowhere. A member: its spool. -1 with err: ERR_IO, or ERR_LIMIT when this
 * process has no descriptor left, which is not the item's fault. */
int item_open(const Item *item, Err *err);

/* The whole item behind a descriptor of item_open. */
Input item_input(const Item *item, int fd);

/* Is the file behind `fd` still as it was listed (size, mtime)? If not, *ret_size is its size now
 * (may be NULL; UINT64_MAX when even that cannot be known). Members do not change. */
bool item_unchanged(const Item *item, int fd, uint64_t *ret_size);

/* SHA-256 of a whole item, and the hashes of its blocks into `blocks` (item_block_count of them;
 * NULL: not wanted). All bytes are to be there: a short file or a read error is ERR_IO with its
 * offset and errno. Only pread once `stream` exists, so it works in a sandbox. `step` (may be NULL)
 * hears how far it is. */
bool hash_input(Sha256Stream *stream, const Input *in, void (*step)(void *ctx, uint64_t offset),
                void *step_ctx, Sha256 *ret, Hash128 *blocks, Err *err);

/* The hashes of the whole item into `item`. `fd` may be -1 for an empty item. */
bool item_hash(Item *item, int fd, Err *err);

#endif
