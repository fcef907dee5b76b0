/* evtx_writer.h: makes Windows event logs (EVTX 3.1) for the tests, undamaged or damaged on
   purpose.

   EvtxWriter *writer = evtx_writer_create((EvtxWriterOptions){0});
   evtx_writer_add(writer, tree, (EvtxRecordSpec){.id = 1, .written = filetime});   // any number of
   times if (evtx_writer_finish(writer)) ... writer->file.ptr, writer->file.len
   evtx_writer_destroy(writer);

   A new chunk begins when a record does not fit. The same calls give the same bytes. Links:
   libdeflate. Trees: writer_tree.h; values: writer_value.h; the usual System part: writer_event.h.
 */
#ifndef EVTX_WRITER_H
#define EVTX_WRITER_H

#include "writer_binxml.h"
#include "writer_bytes.h"
#include "writer_chunk.h"
#include "writer_tree.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EVTX_WRITER_FILE_HEADER = 4096 };

/* Damage of the file header, or of the chunk that is open when evtx_writer_damage() is called. */
typedef enum EvtxDamage {
    EVTX_DAMAGE_FILE_SIGNATURE = 1 << 0,
    EVTX_DAMAGE_FILE_CRC = 1 << 1,
    EVTX_DAMAGE_DIRTY =
        1 << 2, /* flag 0x1, and the header lags behind: it knows the first chunk only */
    EVTX_DAMAGE_FULL = 1 << 3,        /* flag 0x2 */
    EVTX_DAMAGE_CHUNK_COUNT = 1 << 4, /* states three chunks more than there are */
    EVTX_DAMAGE_CHUNK_SIGNATURE = 1 << 5,
    EVTX_DAMAGE_CHUNK_CRC = 1 << 6,
    EVTX_DAMAGE_DATA_CRC = 1 << 7,
    EVTX_DAMAGE_FREE_OFFSET = 1 << 8, /* states the chunk's end, as archived logs do */
} EvtxDamage;

typedef enum EvtxRecordDamage {
    EVTX_RECORD_SIGNATURE = 1 << 0,
    EVTX_RECORD_SIZE_COPY = 1 << 1, /* the copy at the end differs from the size */
    EVTX_RECORD_SIZE = 1 << 2,      /* the size points far past the chunk */
    EVTX_RECORD_NO_DATA =
        1 << 3, /* only an EOF token; not damage proper, the service writes such records */
} EvtxRecordDamage;

typedef struct EvtxRecordSpec {
    uint64_t id;
    uint64_t written; /* FILETIME of the record header */
    unsigned damage;  /* EvtxRecordDamage */
} EvtxRecordSpec;

typedef struct EvtxWriterOptions {
    bool keep_slack; /* new chunks begin over the bytes of the one before */
    bool fill; /* use chunks to the last byte; Windows left 8 or more in all of 438 nearly full ones
                */
    WriterSharing sharing;
} EvtxWriterOptions;

typedef struct EvtxWriter {
    EvtxWriterOptions options; /* may be changed between records */
    WriterBytes file;          /* complete after evtx_writer_finish */
    WriterChunk *chunk;
    WriterChunk *undo;
    uint64_t next_number; /* of the next record in the log, counted from the first identifier */
    uint64_t last_id;
    unsigned damage; /* of the open chunk */
    unsigned file_damage;
    bool failed;
} EvtxWriter;

EvtxWriter *evtx_writer_create(EvtxWriterOptions options); /* NULL: out of memory */
void evtx_writer_destroy(EvtxWriter *writer);

/* false: the tree failed or is too large for a chunk; the writer is unchanged and can go on. */
bool evtx_writer_add(EvtxWriter *writer, WriterTree *tree, EvtxRecordSpec spec);

void evtx_writer_damage(EvtxWriter *writer, unsigned damage);
void evtx_writer_end_chunk(EvtxWriter *writer);  /* close the open chunk even if it is empty */
void evtx_writer_zero_chunk(EvtxWriter *writer); /* an all-zero slot after the chunks so far */

/* Close the last chunk, if it has records or there is no other, and write the file header. false:
 * out of memory. */
bool evtx_writer_finish(EvtxWriter *writer);

/* Recompute all checksums of a file that was changed by hand, so that only the change is wrong. */
void evtx_writer_seal(uint8_t *file, size_t size);

#endif
