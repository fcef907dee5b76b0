/* chunk.h: one 64 KiB chunk of an EVTX file, copied into our own memory. Format notes:
 * docs/formats/evtx.md. Every offset inside a chunk is relative to its start. */
#ifndef FORMAT_EVTX_CHUNK_H
#define FORMAT_EVTX_CHUNK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

#define EVTX_FILE_HEADER  4096u
#define EVTX_CHUNK_SIZE   65536u
#define EVTX_CHUNK_HEADER 512u /* with its two tables; records follow */
#define EVTX_RECORD_MIN   28u
#define EVTX_PADDING      64u /* readable bytes behind a chunk, for vector loads */

typedef struct EvtxChunk {
    const uint8_t *bytes; /* EVTX_CHUNK_SIZE + EVTX_PADDING */
    uint64_t origin;      /* of bytes[0] in the item */
    uint64_t first_id, last_id;
    uint32_t free_offset; /* end of used data, at most EVTX_CHUNK_SIZE */
    bool has_signature;
    bool header_sum_ok, data_sum_ok;
} EvtxChunk;

typedef struct EvtxRecord {
    uint32_t offset; /* in the chunk */
    uint32_t size;
    uint64_t id;
    uint64_t written; /* FILETIME ticks */
} EvtxRecord;

/* Read the header fields of a chunk whose bytes are in place. */
void chunk_read_header(EvtxChunk *chunk, const uint8_t *bytes, uint64_t origin);

typedef enum RecordState {
    RECORD_GOOD,
    RECORD_NONE,     /* no signature there */
    RECORD_BAD_SIZE, /* signature, but a size that cannot be */
    RECORD_BAD_COPY, /* size and its copy at the end disagree: *ret is filled */
} RecordState;

/* What stands at `offset`. *ret is filled for GOOD and BAD_COPY. */
RecordState chunk_record_at(const EvtxChunk *chunk, uint32_t offset, EvtxRecord *ret);

/* Offset of the next record at or after `offset` and below `limit` whose size and copy agree;
 * `limit` when there is none. */
uint32_t chunk_find_record(const EvtxChunk *chunk, uint32_t offset, uint32_t limit,
                           EvtxRecord *ret);

bool chunk_is_zero(const uint8_t *bytes, size_t len);

#endif
