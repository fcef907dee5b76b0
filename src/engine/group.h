/* group.h: what one worker is given: pieces that are worked on one after the other.
 *
 * Cutting depends on the items only (their order, folders, sizes, formats), never on the number of
 * workers or on time, so the same evidence gives the same pieces. */
#ifndef ENGINE_GROUP_H
#define ENGINE_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"
#include "engine/wire.h"

#define GROUP_BYTES                                                                                \
    (UINT64_C(8) * 1024 * 1024) /* small items share a worker up to this; a larger item is cut */
#define GROUP_CUTS      32u     /* pieces of a large item, until they have … */
#define GROUP_CUT_BYTES (UINT64_C(32) * 1024 * 1024)
#define GROUP_CUTS_MAX  4096u /* of a very large one; beyond, pieces grow again */

typedef struct PieceRun {
    uint32_t item;
    const Format *format; /* NULL: not known yet */
    bool probe_only;      /* identify, and end: the item is large and may be cut */
    bool scan_only;       /* Job.scan on the whole item: it is known, or being read elsewhere */
    bool hash_only;       /* nothing but the hash: the job may have its results already */
    uint64_t begin, end;
    uint32_t defects; /* listed in this visit */
    char *failure;    /* why no worker gets it (any more), malloc'ed; NULL: nothing is wrong */
    bool identified;  /* in this visit */
    bool held;        /* this visit holds the item open */
    bool wants_hash;  /* its worker is to hash the item, and has not yet */
    bool may_split;   /* as identified */
} PieceRun;

/* What happened to a piece, in the order in which it is to be told. */
typedef enum MessageKind {
    MESSAGE_BLOCK,
    MESSAGE_DEFECT,
    MESSAGE_CHANGED, /* a defect that is told once an item */
    MESSAGE_END,     /* of the piece */
} MessageKind;

typedef struct Message {
    struct Message *prev, *next; /* utlist */
    MessageKind kind;
    uint32_t piece;
    uint8_t type; /* of the block */
    DefectKind defect;
    uint64_t offset, size; /* of the defect. BLOCK: offset reached */
    ItemState state;       /* END: ITEM_WAITING if the item goes on in other groups */
    uint64_t events;       /* END: of the piece. BLOCK: counted so far */
    Span bytes;            /* the block, or the defect's text */
} Message;

typedef enum GroupState { GROUP_WAITING, GROUP_RUNNING, GROUP_DONE } GroupState;

typedef struct Group {
    struct Group *prev, *next; /* utlist, in the order of the items */
    GroupState state;
    bool started;            /* it has had a worker, or needed none */
    uint32_t current;        /* the first piece that is not finished */
    Message *queue;          /* not delivered yet */
    struct Group *followers; /* utlist: what is to follow it in the list when it is delivered */
    size_t queued_bytes;     /* in the queue */
    uint32_t piece_count;
    uint32_t room; /* pieces that it could have */
    PieceRun pieces[];
} Group;

/* The next group of the files of a list, beginning with *next_item, which moves on. NULL: no
 * memory. */
Group *group_next(const ItemList *items, bool recover, uint32_t *next_item);

/* Does its worker open a container? Such a group has one piece. */
static inline bool group_opens(const Group *group)
{
    return group->pieces[0].format && group->pieces[0].format->open;
}

/* An empty group with room for `room` pieces. NULL: no memory. */
Group *group_create(uint32_t room);
/* Does the item still fit, by size and folder? */
bool group_fits(const ItemList *items, const Group *group, const Item *item);
void group_add(Group *group, const ItemList *items, uint32_t index, bool recover);
/* Give back the room that it does not use. It must not be in a list; it moves. */
Group *group_shrink(Group *group);

/* The pieces of a large item whose format is known: a list of groups with one piece each, in
 * order. NULL: no memory. *ret_count: how many. */
Group *group_cut(const Item *item, uint32_t item_index, const Format *format, bool may_split,
                 uint32_t *ret_count);

void group_destroy(Group *group); /* with its queue */

/* Append a message; `bytes` must be the queue's own (malloc'ed) from now on. */
bool group_queue(Group *group, const Message *message, uint8_t *bytes);
/* Take the first message out; free it with message_free. */
Message *group_unqueue(Group *group);
void group_clear_queue(Group *group);
void message_free(Message *message);

#endif
