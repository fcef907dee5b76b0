#include "format/evtx/template_cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define CACHE_BYTES   (24u * 1024 * 1024)
#define CACHE_ENTRIES 4096u
#define CACHE_SLOTS   1024u /* power of two */

typedef struct Entry {
    Template template;
    struct Entry *next; /* in its slot */
    Span bytes;         /* of the whole definition */
    const NameField *fields;
    uint32_t field_count;
} Entry;

struct TemplateCache {
    Arena *arena;
    Entry *slots[CACHE_SLOTS];
    uint32_t count;
};

TemplateCache *template_cache_create(void)
{
    TemplateCache *cache = calloc(1, sizeof *cache);
    if (cache && !(cache->arena = arena_create(CACHE_BYTES))) {
        free(cache);
        return NULL;
    }
    return cache;
}

void template_cache_destroy(TemplateCache *cache)
{
    if (!cache)
        return;
    arena_destroy(cache->arena);
    free(cache);
}

/* By GUID and size: those of one kind of event in all chunks of a log. */
static uint32_t slot_of(const uint8_t *definition, uint32_t size)
{
    return (uint32_t)hash64(definition + 4, 16, size) & (CACHE_SLOTS - 1);
}

/* The name at `offset` without its "next" field, when it has the bytes of `name`. */
static bool same_name(const EvtxChunk *chunk, uint32_t offset, Span name)
{
    return offset >= EVTX_CHUNK_HEADER && offset <= EVTX_CHUNK_SIZE - 4 &&
           name.len <= EVTX_CHUNK_SIZE - 4 - offset &&
           memcmp(chunk->bytes + offset + 4, name.ptr, name.len) == 0;
}

static bool same_definition(const Entry *entry, const EvtxChunk *chunk, uint32_t offset)
{
    const uint8_t *definition = chunk->bytes + offset;
    const uint8_t *known = entry->bytes.ptr;
    uint32_t pos = 4; /* "next in bucket" differs from chunk to chunk */
    for (uint32_t i = 0; i < entry->field_count; i++) {
        const NameField *field = &entry->fields[i];
        if (memcmp(definition + pos, known + pos, field->at - pos) != 0)
            return false;
        uint32_t name = load_u32le(definition + field->at);
        pos = field->at + 4;
        bool is_inline = name == offset + pos;
        if (is_inline != field->is_inline || !same_name(chunk, name, field->name))
            return false;
        if (is_inline)
            pos += 4; /* its "next" field; the name itself is compared twice, which is cheap */
    }
    return memcmp(definition + pos, known + pos, entry->bytes.len - pos) == 0;
}

Template *template_cache_find(const TemplateCache *cache, const EvtxChunk *chunk, uint32_t offset,
                              uint32_t size)
{
    const uint8_t *definition = chunk->bytes + offset;
    for (Entry *entry = cache->slots[slot_of(definition, size)]; entry; entry = entry->next)
        if (entry->bytes.len == size && same_definition(entry, chunk, offset))
            return &entry->template;
    return NULL;
}

static bool copy_fields(Arena *arena, Entry *entry, const NameField *fields, uint32_t count)
{
    NameField *copy = ARENA_NEW(arena, NameField, count + 1);
    if (!copy)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        Text name;
        copy[i] = fields[i];
        if (!arena_copy_text(arena, text_from_span(fields[i].name), &name))
            return false;
        copy[i].name = text_span(name);
    }
    entry->fields = copy;
    entry->field_count = count;
    return true;
}

Template *template_cache_add(TemplateCache *cache, const EvtxChunk *chunk, uint32_t offset,
                             uint32_t size, const NameField *fields, uint32_t field_count)
{
    Entry *entry = cache->count < CACHE_ENTRIES ? ARENA_NEW(cache->arena, Entry, 1) : NULL;
    Text bytes;
    if (!entry || !copy_fields(cache->arena, entry, fields, field_count) ||
        !arena_copy_text(cache->arena, text_of((const char *)chunk->bytes + offset, size), &bytes))
        return NULL;
    entry->bytes = text_span(bytes);
    entry->template.arena = cache->arena;
    Entry **slot = &cache->slots[slot_of(chunk->bytes + offset, size)];
    entry->next = *slot;
    *slot = entry;
    cache->count++;
    return &entry->template;
}
