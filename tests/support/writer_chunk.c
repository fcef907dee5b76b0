#include "writer_chunk.h"

#include "writer_bytes.h"

#include <libdeflate.h>

#include <string.h>

enum {
    NAME_TABLE = 128,
    NAME_BUCKETS = 64,
    NAME_HEADER = 8,
    TEMPLATE_TABLE = 384,
    TEMPLATE_BUCKETS = 32,
    HASH_FACTOR = 65599,
};

void writer_chunk_reset(WriterChunk *chunk, bool keep_slack)
{
    size_t wiped = keep_slack ? WRITER_CHUNK_HEADER : sizeof(chunk->bytes);
    memset(chunk->bytes, 0, wiped);
    chunk->used = WRITER_CHUNK_HEADER;
    chunk->last_record = 0;
    chunk->count = chunk->first_id = chunk->last_id = 0;
    chunk->full = false;
}

/* Where `size` more bytes go; NULL if they do not fit. */
static uint8_t *claim(WriterChunk *chunk, size_t size)
{
    if (chunk->full || size > WRITER_CHUNK_SIZE - chunk->used) {
        chunk->full = true;
        return NULL;
    }
    uint8_t *at = chunk->bytes + chunk->used;
    chunk->used += size;
    return at;
}

void writer_chunk_add(WriterChunk *chunk, const void *data, size_t size)
{
    uint8_t *at = claim(chunk, size);
    if (at && size)
        memcpy(at, data, size);
}

void writer_chunk_number(WriterChunk *chunk, uint64_t value, size_t size)
{
    uint8_t *at = claim(chunk, size);
    if (at)
        writer_poke(at, value, size);
}

void writer_chunk_poke(WriterChunk *chunk, size_t at, uint64_t value, size_t size)
{
    if (!chunk->full)
        writer_poke(chunk->bytes + at, value, size);
}

/* The hash of names and of template GUIDs: over 16-bit units. For names the checklist has the
   measurement; for templates (bucket = hash mod 32) it agreed with all 3,010 definitions of
   format 3.1 in the sample logs. */
static uint32_t hash_units(const uint8_t *units, size_t size)
{
    uint32_t hash = 0;
    for (size_t i = 0; i + 1 < size; i += 2)
        hash = hash * HASH_FACTOR + (uint32_t)writer_peek(units + i, 2);
    return hash;
}

static size_t find_name(const WriterChunk *chunk, size_t bucket, const WriterBytes *units)
{
    size_t at = (size_t)writer_peek(chunk->bytes + bucket, 4);
    while (at) {
        const uint8_t *name = chunk->bytes + at;
        if (writer_peek(name + 6, 2) == units->len / 2 &&
            memcmp(name + NAME_HEADER, units->ptr, units->len) == 0)
            return at;
        at = (size_t)writer_peek(name, 4);
    }
    return 0;
}

void writer_chunk_name(WriterChunk *chunk, const char *utf8, bool inline_always)
{
    WriterBytes units = {0};
    writer_bytes_utf16(&units, utf8);
    writer_bytes_fill(&units, 0, 2);
    if (units.failed) {
        chunk->full = true;
        writer_bytes_done(&units);
        return;
    }
    units.len -= 2;
    uint16_t hash = (uint16_t)hash_units(units.ptr, units.len);
    size_t bucket = NAME_TABLE + 4 * (size_t)(hash % NAME_BUCKETS);
    size_t known = inline_always ? 0 : find_name(chunk, bucket, &units);
    if (known) {
        writer_chunk_number(chunk, known, 4);
    } else {
        uint64_t before = writer_peek(chunk->bytes + bucket, 4);
        writer_chunk_number(chunk, chunk->used + 4, 4);
        writer_chunk_poke(chunk, bucket, chunk->used, 4);
        writer_chunk_number(chunk, before, 4);
        writer_chunk_number(chunk, hash, 2);
        writer_chunk_number(chunk, units.len / 2, 2);
        writer_chunk_add(chunk, units.ptr, units.len + 2);
    }
    writer_bytes_done(&units);
}

static size_t template_bucket(const uint8_t guid[16])
{
    return TEMPLATE_TABLE + 4 * (size_t)(hash_units(guid, 16) % TEMPLATE_BUCKETS);
}

size_t writer_chunk_find_template(const WriterChunk *chunk, const uint8_t guid[16])
{
    size_t at = (size_t)writer_peek(chunk->bytes + template_bucket(guid), 4);
    while (at && memcmp(chunk->bytes + at + 4, guid, 16) != 0)
        at = (size_t)writer_peek(chunk->bytes + at, 4);
    return at;
}

void writer_chunk_begin_template(WriterChunk *chunk, const uint8_t guid[16])
{
    size_t bucket = template_bucket(guid);
    uint64_t before = writer_peek(chunk->bytes + bucket, 4);
    writer_chunk_poke(chunk, bucket, chunk->used, 4);
    writer_chunk_number(chunk, before, 4);
    writer_chunk_add(chunk, guid, 16);
}

void writer_chunk_close(WriterChunk *chunk, uint64_t first_number)
{
    uint8_t *header = chunk->bytes;
    bool empty = chunk->count == 0; /* an empty log: first number 1, the rest -1 */
    memcpy(header, "ElfChnk", 8);
    writer_poke(header + 8, empty ? 1 : first_number, 8);
    writer_poke(header + 16, empty ? UINT64_MAX : first_number + chunk->count - 1, 8);
    writer_poke(header + 24, empty ? UINT64_MAX : chunk->first_id, 8);
    writer_poke(header + 32, empty ? UINT64_MAX : chunk->last_id, 8);
    writer_poke(header + 40, 128, 4);
    writer_poke(header + 44, chunk->last_record, 4);
    writer_poke(header + 48, chunk->used, 4);
    writer_poke(header + 120, 1, 4);
}

void writer_chunk_seal(uint8_t bytes[WRITER_CHUNK_SIZE])
{
    uint64_t end = writer_peek(bytes + 48, 4);
    if (end < WRITER_CHUNK_HEADER || end > WRITER_CHUNK_SIZE)
        end = WRITER_CHUNK_SIZE;
    writer_poke(bytes + 52,
                libdeflate_crc32(0, bytes + WRITER_CHUNK_HEADER, (size_t)end - WRITER_CHUNK_HEADER),
                4);
    uint32_t crc = libdeflate_crc32(0, bytes, 120);
    writer_poke(bytes + 124, libdeflate_crc32(crc, bytes + 128, WRITER_CHUNK_HEADER - 128), 4);
}
