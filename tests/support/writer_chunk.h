/* writer_chunk.h: one EVTX chunk under construction: 64 KiB, with its name and template tables.

   offset  size  meaning (checklist section 2)
        0     8  "ElfChnk\0"
        8    32  first and last record number, first and last record identifier
       40     4  128
       44     4  offset of the last record
       48     4  offset of free space
       52     4  CRC-32 of the record area
      120     4  flags, 1
      124     4  CRC-32 of bytes 0..119 and 128..511
      128   256  64 name buckets
      384   128  32 template buckets
      512        records

   The struct holds no pointers: copying it saves the state, copying back undoes what did not fit.
   `full` is sticky. */
#ifndef WRITER_CHUNK_H
#define WRITER_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WRITER_CHUNK_SIZE = 65536,
    WRITER_CHUNK_HEADER = 512,
};

typedef struct WriterChunk {
    uint8_t bytes[WRITER_CHUNK_SIZE];
    size_t used;        /* next free byte */
    size_t last_record; /* offset; 0: none */
    uint64_t count;
    uint64_t first_id;
    uint64_t last_id;
    bool full; /* something did not fit */
} WriterChunk;

/* Empty the chunk. With keep_slack the bytes of the records before stay where the new ones do not
   reach, as the event log service leaves them. */
void writer_chunk_reset(WriterChunk *chunk, bool keep_slack);

void writer_chunk_add(WriterChunk *chunk, const void *data, size_t size);
void writer_chunk_number(WriterChunk *chunk, uint64_t value, size_t size);
void writer_chunk_poke(WriterChunk *chunk, size_t at, uint64_t value,
                       size_t size); /* over bytes already added */

/* A name offset, followed by the name itself if the chunk has it not yet (or always, if
 * inline_always). */
void writer_chunk_name(WriterChunk *chunk, const char *utf8, bool inline_always);

/* Offset of the template with this GUID, 0 if there is none. */
size_t writer_chunk_find_template(const WriterChunk *chunk, const uint8_t guid[16]);

/* Begin a definition at the end of the used part: chain field and GUID. The caller adds size and
 * data. */
void writer_chunk_begin_template(WriterChunk *chunk, const uint8_t guid[16]);

/* Fill in the header but for its checksums. `first_number` is that of the chunk's first record in
 * the log. */
void writer_chunk_close(WriterChunk *chunk, uint64_t first_number);

/* Both checksums, for any 64 KiB that begin like a chunk; a free-space offset that is no such is
 * taken as the end. */
void writer_chunk_seal(uint8_t bytes[WRITER_CHUNK_SIZE]);

#endif
