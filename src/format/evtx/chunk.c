#include "format/evtx/chunk.h"

#include <string.h>

#include "base/hash.h"

void chunk_read_header(EvtxChunk *chunk, const uint8_t *bytes, uint64_t origin)
{
    uint32_t stated_free = load_u32le(bytes + 48);
    *chunk = (EvtxChunk){
        .bytes = bytes,
        .origin = origin,
        .first_id = load_u64le(bytes + 24),
        .last_id = load_u64le(bytes + 32),
        .free_offset = stated_free,
        .has_signature = memcmp(bytes, "ElfChnk", 8) == 0,
    };
    if (stated_free < EVTX_CHUNK_HEADER || stated_free > EVTX_CHUNK_SIZE)
        chunk->free_offset = EVTX_CHUNK_SIZE; /* the records' own signatures decide */
    else
        chunk->data_sum_ok =
            crc32_ieee(0, span_of(bytes + EVTX_CHUNK_HEADER, stated_free - EVTX_CHUNK_HEADER)) ==
            load_u32le(bytes + 52);
    uint32_t sum = crc32_ieee(crc32_ieee(0, span_of(bytes, 120)),
                              span_of(bytes + 128, EVTX_CHUNK_HEADER - 128));
    chunk->header_sum_ok = sum == load_u32le(bytes + 124);
}

RecordState chunk_record_at(const EvtxChunk *chunk, uint32_t offset, EvtxRecord *ret)
{
    if (offset > EVTX_CHUNK_SIZE - EVTX_RECORD_MIN || memcmp(chunk->bytes + offset, "**\0", 4) != 0)
        return RECORD_NONE;
    const uint8_t *p = chunk->bytes + offset;
    EvtxRecord record = {.offset = offset,
                         .size = load_u32le(p + 4),
                         .id = load_u64le(p + 8),
                         .written = load_u64le(p + 16)};
    if (record.size < EVTX_RECORD_MIN || record.size > EVTX_CHUNK_SIZE - offset)
        return RECORD_BAD_SIZE;
    *ret = record;
    return load_u32le(p + record.size - 4) == record.size ? RECORD_GOOD : RECORD_BAD_COPY;
}

uint32_t chunk_find_record(const EvtxChunk *chunk, uint32_t offset, uint32_t limit, EvtxRecord *ret)
{
    while (offset < limit && limit - offset >= EVTX_RECORD_MIN) {
        const uint8_t *hit = memmem(chunk->bytes + offset, limit - offset, "**\0", 4);
        if (!hit)
            return limit;
        offset = (uint32_t)(hit - chunk->bytes);
        if (chunk_record_at(chunk, offset, ret) == RECORD_GOOD)
            return offset;
        offset++;
    }
    return limit;
}

bool chunk_is_zero(const uint8_t *bytes, size_t len)
{
    return len == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0);
}
