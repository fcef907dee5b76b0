#include "format/evtx/recover.h"

#include <stdlib.h>
#include <string.h>

typedef struct Key {
    uint64_t id, written;
} Key;

struct Recovery {
    EvtxReader *reader;
    Key *keys; /* open addressing; id 0 and written 0 together mark an empty slot */
    size_t count, slots;
};

static size_t slot_of(const Recovery *r, Key key)
{
    uint64_t h =
        (key.id ^ key.written * UINT64_C(0x9E3779B97F4A7C15)) * UINT64_C(0xD6E8FEB86659FD93);
    return (size_t)(h >> 32) & (r->slots - 1);
}

static bool is_free(Key key)
{
    return key.id == 0 && key.written == 0;
}

/* The slot that holds the key, or the free one where it belongs. */
static Key *find_slot(const Recovery *r, Key key)
{
    size_t at = slot_of(r, key);
    while (!is_free(r->keys[at]) &&
           !(r->keys[at].id == key.id && r->keys[at].written == key.written))
        at = (at + 1) & (r->slots - 1);
    return &r->keys[at];
}

static bool grow(Recovery *r)
{
    Recovery bigger = *r;
    bigger.slots = r->slots ? r->slots * 2 : 4096;
    bigger.keys = calloc(bigger.slots, sizeof *bigger.keys);
    if (!bigger.keys)
        return false;
    for (size_t i = 0; i < r->slots; i++)
        if (!is_free(r->keys[i]))
            *find_slot(&bigger, r->keys[i]) = r->keys[i];
    free(r->keys);
    *r = bigger;
    return true;
}

/* Remember a record. *ret_known: it was there already. */
static bool remember(Recovery *r, const EvtxRecord *record, bool *ret_known, Err *err)
{
    if (r->count * 2 >= r->slots && !grow(r))
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "list of record ids");
    Key key = {record->id, record->written};
    Key *slot = find_slot(r, key);
    *ret_known = !is_free(*slot);
    if (!*ret_known) {
        *slot = key;
        r->count++;
    }
    return true;
}

static bool remember_live(Recovery *r, const EvtxChunk *chunk, Err *err)
{
    EvtxRecord record;
    bool known;
    for (uint32_t offset = EVTX_CHUNK_HEADER; offset < chunk->free_offset; offset += record.size) {
        RecordState state = chunk_record_at(chunk, offset, &record);
        if (state == RECORD_NONE || state == RECORD_BAD_SIZE)
            return true;
        if (!remember(r, &record, &known, err))
            return false;
    }
    return true;
}

Recovery *recovery_create(EvtxReader *reader, uint64_t first_chunk, Err *err)
{
    Recovery *r = calloc(1, sizeof *r);
    if (!r || !(r->reader = reader, grow(r))) {
        recovery_destroy(r);
        err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "list of record ids");
        return NULL;
    }
    for (uint64_t at = first_chunk; at < reader->in->size; at += EVTX_CHUNK_SIZE) {
        EvtxChunk chunk;
        size_t got;
        const uint8_t *bytes = evtx_reader_load(reader, at, &got, NULL);
        sink_progress(reader->sink, at);
        chunk_read_header(&chunk, bytes, at);
        if (chunk.has_signature && !remember_live(r, &chunk, err)) {
            recovery_destroy(r);
            return NULL;
        }
    }
    return r;
}

void recovery_destroy(Recovery *recovery)
{
    if (!recovery)
        return;
    free(recovery->keys);
    free(recovery);
}

bool recovery_chunk(Recovery *r, const EvtxChunk *chunk, uint32_t live_end, Err *err)
{
    uint32_t offset = live_end;
    EvtxRecord record;
    while ((offset = chunk_find_record(chunk, offset, EVTX_CHUNK_SIZE, &record)) <
           EVTX_CHUNK_SIZE) {
        bool known;
        if (!remember(r, &record, &known, err))
            return false;
        if (known) {
            offset++; /* an older copy; another record may begin inside it */
            continue;
        }
        if (!evtx_reader_record(r->reader, chunk, &record, EVENT_RECOVERED, err))
            return false;
        offset += record.size;
    }
    return true;
}
