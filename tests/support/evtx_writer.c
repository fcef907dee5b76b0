#include "evtx_writer.h"

#include <libdeflate.h>

#include <stdlib.h>
#include <string.h>

enum {
    RECORD_ALIGN = 8,
    CHUNK_RESERVE = 8,
    RECORD_MAGIC = 0x2a2a,
    FLAG_DIRTY = 1,
    FLAG_FULL = 2,
    FILE_DAMAGE = EVTX_DAMAGE_FILE_SIGNATURE | EVTX_DAMAGE_FILE_CRC | EVTX_DAMAGE_DIRTY |
                  EVTX_DAMAGE_FULL | EVTX_DAMAGE_CHUNK_COUNT,
};

EvtxWriter *evtx_writer_create(EvtxWriterOptions options)
{
    EvtxWriter *writer = calloc(1, sizeof(*writer));
    if (!writer)
        return NULL;
    writer->options = options;
    writer->chunk = calloc(1, sizeof(*writer->chunk));
    writer->undo = calloc(1, sizeof(*writer->undo));
    writer_bytes_fill(&writer->file, 0, EVTX_WRITER_FILE_HEADER);
    if (!writer->chunk || !writer->undo || writer->file.failed) {
        evtx_writer_destroy(writer);
        return NULL;
    }
    writer_chunk_reset(writer->chunk, false);
    return writer;
}

void evtx_writer_destroy(EvtxWriter *writer)
{
    if (!writer)
        return;
    writer_bytes_done(&writer->file);
    free(writer->chunk);
    free(writer->undo);
    free(writer);
}

/* Write the record at the end of the open chunk; chunk->full if it does not fit. */
static void put_record(EvtxWriter *writer, WriterTree *tree, EvtxRecordSpec spec)
{
    WriterChunk *chunk = writer->chunk;
    size_t start = chunk->used;
    writer_chunk_number(chunk, spec.damage & EVTX_RECORD_SIGNATURE ? 0x2b2b : RECORD_MAGIC, 4);
    writer_chunk_number(chunk, 0, 4);
    writer_chunk_number(chunk, spec.id, 8);
    writer_chunk_number(chunk, spec.written, 8);
    if (spec.damage & EVTX_RECORD_NO_DATA)
        writer_chunk_number(chunk, 0, 1);
    else
        writer_binxml(chunk, writer_tree_root(tree), writer->options.sharing);
    while (!chunk->full && (chunk->used + 4 - start) % RECORD_ALIGN != 0)
        writer_chunk_number(chunk, 0, 1);
    size_t size = chunk->used + 4 - start;
    writer_chunk_number(chunk, spec.damage & EVTX_RECORD_SIZE_COPY ? size + RECORD_ALIGN : size, 4);
    writer_chunk_poke(chunk, start + 4, spec.damage & EVTX_RECORD_SIZE ? 0x7ffffff8 : size, 4);
    if (!writer->options.fill && chunk->used > WRITER_CHUNK_SIZE - CHUNK_RESERVE)
        chunk->full = true;
    if (chunk->full)
        return;
    chunk->last_record = start;
    if (chunk->count++ == 0)
        chunk->first_id = spec.id;
    chunk->last_id = spec.id;
}

bool evtx_writer_add(EvtxWriter *writer, WriterTree *tree, EvtxRecordSpec spec)
{
    if (writer_tree_failed(tree))
        return false;
    memcpy(writer->undo, writer->chunk, sizeof(*writer->chunk));
    put_record(writer, tree, spec);
    if (writer->chunk->full) {
        memcpy(writer->chunk, writer->undo, sizeof(*writer->chunk));
        if (writer->chunk->count == 0)
            return false;
        evtx_writer_end_chunk(writer);
        put_record(writer, tree, spec);
        if (writer->chunk->full) {
            writer_chunk_reset(writer->chunk, writer->options.keep_slack);
            return false;
        }
    }
    if (writer->next_number == 0)
        writer->next_number = spec.id;
    writer->last_id = spec.id;
    return true;
}

void evtx_writer_damage(EvtxWriter *writer, unsigned damage)
{
    writer->damage |= damage & ~(unsigned)FILE_DAMAGE;
    writer->file_damage |= damage & (unsigned)FILE_DAMAGE;
}

void evtx_writer_end_chunk(EvtxWriter *writer)
{
    WriterChunk *chunk = writer->chunk;
    uint8_t *header = chunk->bytes;
    writer_chunk_close(chunk, writer->next_number);
    if (writer->damage & EVTX_DAMAGE_FREE_OFFSET)
        writer_poke(header + 48, WRITER_CHUNK_SIZE, 4);
    if (writer->damage & EVTX_DAMAGE_CHUNK_SIGNATURE)
        header[0] ^= 0x20;
    writer_chunk_seal(header);
    if (writer->damage & EVTX_DAMAGE_DATA_CRC) {
        header[52] ^= 0xff; /* the header's own checksum stays right */
        uint32_t crc = libdeflate_crc32(0, header, 120);
        writer_poke(header + 124, libdeflate_crc32(crc, header + 128, WRITER_CHUNK_HEADER - 128),
                    4);
    }
    if (writer->damage & EVTX_DAMAGE_CHUNK_CRC)
        header[124] ^= 0xff;
    writer_bytes_add(&writer->file, chunk->bytes, sizeof(chunk->bytes));
    writer->next_number += chunk->count;
    writer->damage = 0;
    writer_chunk_reset(chunk, writer->options.keep_slack);
}

void evtx_writer_zero_chunk(EvtxWriter *writer)
{
    if (writer->chunk->count)
        evtx_writer_end_chunk(writer);
    writer_bytes_fill(&writer->file, 0, WRITER_CHUNK_SIZE);
}

static void seal_file_header(uint8_t *file)
{
    writer_poke(file + 124, libdeflate_crc32(0, file, 120), 4);
}

bool evtx_writer_finish(EvtxWriter *writer)
{
    if (writer->chunk->count || writer->file.len == EVTX_WRITER_FILE_HEADER)
        evtx_writer_end_chunk(writer);
    if (writer->file.failed)
        return false;
    unsigned damage = writer->file_damage;
    uint8_t *file = writer->file.ptr;
    size_t slots = (writer->file.len - EVTX_WRITER_FILE_HEADER) / WRITER_CHUNK_SIZE;
    size_t chunks = 0; /* up to the last slot in use; pre-allocated slots do not count */
    uint64_t next_id = writer->last_id + 1;
    for (size_t i = 0; i < slots; i++)
        if (file[EVTX_WRITER_FILE_HEADER + i * WRITER_CHUNK_SIZE])
            chunks = i + 1;
    if (damage & EVTX_DAMAGE_DIRTY && chunks > 1) {
        chunks = 1;
        next_id = writer_peek(file + EVTX_WRITER_FILE_HEADER + 32, 8) + 1;
    }
    memcpy(file, "ElfFile", 8);
    writer_poke(file + 16, chunks ? chunks - 1 : 0, 8);
    writer_poke(file + 24, next_id, 8);
    writer_poke(file + 32, 128, 4);
    writer_poke(file + 36, 1, 2); /* 3.1 */
    writer_poke(file + 38, 3, 2);
    writer_poke(file + 40, EVTX_WRITER_FILE_HEADER, 2);
    writer_poke(file + 42, chunks + (damage & EVTX_DAMAGE_CHUNK_COUNT ? 3 : 0), 2);
    writer_poke(file + 120,
                (damage & EVTX_DAMAGE_DIRTY ? FLAG_DIRTY : 0) |
                    (damage & EVTX_DAMAGE_FULL ? FLAG_FULL : 0),
                4);
    if (damage & EVTX_DAMAGE_FILE_SIGNATURE)
        file[0] ^= 0x20;
    seal_file_header(file);
    if (damage & EVTX_DAMAGE_FILE_CRC)
        file[124] ^= 0xff;
    return true;
}

void evtx_writer_seal(uint8_t *file, size_t size)
{
    if (size < EVTX_WRITER_FILE_HEADER)
        return;
    seal_file_header(file);
    for (size_t at = EVTX_WRITER_FILE_HEADER; size - at >= WRITER_CHUNK_SIZE;
         at += WRITER_CHUNK_SIZE)
        if (memcmp(file + at, "ElfChnk", 8) == 0)
            writer_chunk_seal(file + at);
}
