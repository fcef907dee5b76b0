/* wire.h: what the engine's processes say to each other.
 *
 * coordinator → zygote   WireRequest, and for a spawn the descriptors (SCM_RIGHTS: the result pipe,
 *                        then the items), WirePiece × piece_count and the paths' bytes
 * zygote → coordinator   WireReport
 * worker → coordinator   blocks: packets on the result pipe, large ones by the slot's memory
 *
 * All are images of one program on one machine, so structs travel as they are. Coordinator and
 * zygote trust each other; everything on a result pipe and in a SlotMemory is hostile, because a
 * worker may be under the control of the evidence it read. */
#ifndef ENGINE_WIRE_H
#define ENGINE_WIRE_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/err.h"
#include "base/veil.h"

/* Limits of one worker's visit. */
#define WIRE_PIECES_MAX   128u                          /* pieces, and so items */
#define WIRE_BLOCK_MAX    (UINT64_C(128) * 1024 * 1024) /* bytes in a block */
#define WIRE_CONTROL_MAX  4096u          /* bytes in a block of the engine's own … */
#define WIRE_MEMBER_MAX   (1024u * 1024) /* … but of a member's bytes */
#define WIRE_OUTPUT_BASE  (UINT64_C(64) * 1024 * 1024) /* bytes a piece may send: this … */
#define WIRE_OUTPUT_RATIO 256u                         /* … and so many times its own size */
#define WIRE_OPEN_RATIO   256u /* of a container; beside EngineOptions.unpack_bytes */
#define WIRE_TEXT_MAX     (64u * 1024 * 1024) /* bytes of paths in a request */
#define WIRE_DEFECT_TEXT  512u                /* bytes of a defect's text */

/* Descriptors of a worker: the pipe first, the items anywhere above it. */
#define WIRE_PIPE_FD 3

/* One write is one packet, and the pipe holds so many (O_DIRECT, F_SETPIPE_SZ). */
#define WIRE_PACKET_BYTES 4096u /* PIPE_BUF */
#define WIRE_PIPE_PACKETS 16u

/* Large blocks: one packet a part, the part itself in the slot's memory. The pipe is what holds a
 * worker back, no other call is needed: when it has taken a packet, at most WIRE_PIPE_PACKETS are
 * in it, so the coordinator has read all before these, and has copied the part of each but the
 * last. That one, those in the pipe, and one that the worker fills meanwhile: */
#define WIRE_PART_BYTES (256u * 1024)
#define WIRE_PARTS      (WIRE_PIPE_PACKETS + 2)

typedef enum WireCommand { WIRE_SPAWN = 1, WIRE_KILL = 2 } WireCommand;

typedef struct WireRequest {
    uint32_t command;
    uint32_t slot;       /* whose memory, and by what name reports speak of the worker */
    uint32_t generation; /* tells this worker from others that had the slot */
    uint32_t piece_count;
    uint32_t fd_count; /* pipe and items */
    uint32_t cpu_seconds;
    uint64_t text_bytes;
} WireRequest;

#define WIRE_FORMAT_UNKNOWN                                                                        \
    UINT32_MAX /* of a piece: probe it. In BLOCK_FORMAT: no format knows it */

typedef enum WirePieceFlag {
    WIRE_HASH = 1 << 0,       /* SHA-256 of the item before anything is parsed */
    WIRE_PROBE_ONLY = 1 << 1, /* identify; parsing comes later, perhaps in pieces */
    WIRE_HASH_ONLY = 1 << 2,  /* nothing but the hash */
    WIRE_NO_OPEN = 1 << 3,    /* a container is not to be opened: it lies too deep in others */
    WIRE_VEILED = 1 << 4,     /* `veil` hides its bytes */
    WIRE_SCAN = 1 << 5,       /* Job.scan, nothing else */
} WirePieceFlag;

typedef struct WirePiece {
    uint32_t id;   /* what blocks call it: its number in the coordinator's group */
    uint32_t item; /* in the item list */
    uint32_t fd;   /* which of the request's descriptors, 1-based: 0 is the pipe */
    uint32_t format;
    uint32_t flags;
    uint32_t path_len; /* paths stand one after the other in the request's text */
    uint32_t name_len; /* the last bytes of the path */
    uint32_t unused;
    uint64_t begin, end, size; /* the piece, and the whole item */
    uint64_t base;             /* of the item's first byte behind the descriptor */
    Veil veil;
} WirePiece;

typedef enum WireNews {
    WIRE_READY = 1,   /* prepared; the sandbox was tried and works */
    WIRE_FAILED,      /* it does not: err */
    WIRE_NOT_STARTED, /* a worker could not be forked: err */
    WIRE_ENDED,       /* a worker ended: status and what it used */
} WireNews;

typedef struct WireReport {
    uint32_t news;
    uint32_t slot, generation;
    int32_t status; /* of waitpid */
    uint64_t peak_bytes;
    uint64_t cpu_us;
    uint64_t zygote_cpu_us; /* the zygote's own so far */
    Err err;
} WireReport;

/* Exit statuses of a worker that did not come to its work. */
#define WORKER_EXIT_DONE    0
#define WORKER_EXIT_GONE    81 /* the coordinator does not listen any more */
#define WORKER_EXIT_SANDBOX 82 /* the sandbox could not be set up */

#define BLOCK_MAGIC 0x4B4C4243u /* "CBLK" */

/* A block of up to WIRE_INLINE_MAX bytes is one packet: header and payload. A longer one has a
 * packet with just the header for each WIRE_PART_BYTES begun; they stand in the slot's next parts.
 * Types 0..127 are the job's. */
typedef enum BlockType {
    BLOCK_HASH = 128,   /* BlockHash and the hashes of the item's blocks; for all pieces that ask,
                         * before any other block */
    BLOCK_FORMAT,       /* BlockFormat; once, for a piece that came without a format */
    BLOCK_DEFECT,       /* BlockDefect and its text */
    BLOCK_MEMBER,       /* of a container: BlockMember and its name; then */
    BLOCK_MEMBER_BYTES, /* its bytes, and */
    BLOCK_MEMBER_END,   /* that it is whole, or as whole as it could be had */
    BLOCK_DONE,         /* BlockDone and its text; the piece's last block */
} BlockType;

typedef struct BlockHeader {
    uint32_t magic;
    uint32_t type;
    uint32_t piece;
    uint32_t unused;
    uint64_t length;
    uint64_t offset, events; /* progress when it was sent: unlike the progress word, the same in
                              * every run */
} BlockHeader;

#define WIRE_INLINE_MAX (WIRE_PACKET_BYTES - sizeof(BlockHeader))

typedef struct BlockHash {
    uint64_t error;  /* 0, or an errno: the item could not be read … */
    uint64_t offset; /* … at this byte */
    uint8_t sha256[32];
} BlockHash;

typedef struct BlockFormat {
    uint32_t format; /* index in FORMATS, or WIRE_FORMAT_UNKNOWN */
    uint32_t tie;    /* another one that is as sure, or WIRE_FORMAT_UNKNOWN */
    uint32_t may_split;
    uint32_t unused;
} BlockFormat;

typedef struct BlockDefect {
    uint32_t kind;
    uint32_t unused;
    uint64_t offset, size;
} BlockDefect;

typedef struct BlockMember {
    uint64_t size; /* as the container states it; UINT64_MAX: it does not */
} BlockMember;

typedef struct BlockDone {
    uint32_t ok;
    uint32_t code; /* ErrCode */
    uint64_t offset;
    uint64_t events;
} BlockDone;

/* How far a worker is. */
typedef struct ProgressWord {
    _Atomic uint64_t piece; /* id */
    _Atomic uint64_t offset;
    _Atomic uint64_t events;
} ProgressWord;

#define SLOT_HEAD_BYTES (64u * 1024) /* the largest page there is */

/* Shared by the coordinator and the worker that has the slot, and by no other worker: each finds it
 * zeroed. The coordinator believes nothing in it and looks at its own copies only. */
typedef struct SlotMemory {
    ProgressWord progress;  /* the worker's */
    _Atomic uint64_t taken; /* the coordinator's: parts that it has copied */
    uint8_t unused[SLOT_HEAD_BYTES - 4 * sizeof(uint64_t)];
    uint8_t parts[WIRE_PARTS][WIRE_PART_BYTES]; /* filled in turn */
} SlotMemory;

_Static_assert(sizeof(SlotMemory) == SLOT_HEAD_BYTES + WIRE_PARTS * WIRE_PART_BYTES,
               "whole pages, so that a worker can give up its neighbours' memory");

#endif
