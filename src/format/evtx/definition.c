/* definition.c: template definitions of a chunk, and instances of them. Layouts:
 * docs/formats/evtx.md, "Templates". */
#include "format/evtx/binxml.h"

#include <string.h>

/* The definition's data begins behind: next u32, GUID, size u32. */
#define DEFINITION_HEAD 24u

static bool parse_definition(Binxml *bx, uint32_t offset, uint32_t size, Node **ret, Err *err)
{
    bx->highest_index = 0;
    bx->field_count = 0;
    bx->names_sound = true;
    uint32_t begin = offset + DEFINITION_HEAD;
    return binxml_parse(bx, bx->arena, begin, begin + size, true, ret, err) ||
           err_wrap(err, "template at 0x%x", offset);
}

const Node *binxml_document(Binxml *bx, Definition *definition)
{
    Node *document = NULL;
    Err ignored; /* a known template is whole; a damaged one has its document from the start */
    if (!definition->document) {
        uint32_t size = definition->end - definition->offset - DEFINITION_HEAD;
        (void)parse_definition(bx, definition->offset, size, &document, &ignored);
        definition->document = document;
    }
    return definition->document;
}

/* A template of its own for a definition that just was parsed: in the cache if it is whole and
 * there is room, else for this chunk only. */
static Template *new_template(Binxml *bx, uint32_t offset, uint32_t size, bool whole)
{
    Template *template = NULL;
    if (whole && bx->names_sound && bx->field_count <= NAME_FIELDS_MAX) {
        for (uint32_t i = 0; i < bx->field_count; i++)
            bx->fields[i].at += DEFINITION_HEAD; /* the parser counts from the data */
        template = template_cache_add(bx->cache, bx->chunk, offset, DEFINITION_HEAD + size,
                                      bx->fields, bx->field_count);
    }
    if (!template && (template = ARENA_NEW(bx->arena, Template, 1)))
        template->arena = bx->arena;
    if (template)
        template->values_needed = bx->highest_index;
    return template;
}

static bool load_definition(Binxml *bx, uint32_t offset, Definition *ret, Err *err)
{
    Span head;
    if (offset < EVTX_CHUNK_HEADER ||
        !span_slice(span_of(bx->chunk->bytes, EVTX_CHUNK_SIZE), offset, DEFINITION_HEAD, &head))
        return err_set(err, ERR_FORMAT, bx->chunk->origin + offset,
                       "template at 0x%x lies outside the chunk's data", offset);
    uint32_t size = load_u32le(head.ptr + 20);
    if (size > EVTX_CHUNK_SIZE - offset - DEFINITION_HEAD)
        return err_set(err, ERR_FORMAT, bx->chunk->origin + offset,
                       "template of %u bytes runs past the chunk", size);
    *ret = (Definition){.offset = offset, .end = offset + DEFINITION_HEAD + size};
    ret->template = template_cache_find(bx->cache, bx->chunk, offset, DEFINITION_HEAD + size);
    if (ret->template)
        return true;
    Node *document = NULL;
    bool whole = parse_definition(bx, offset, size, &document, err);
    if (!document)
        return false;
    if (!whole) {
        Err *damage = ARENA_NEW(bx->arena, Err, 1);
        if (!damage)
            return false;
        *damage = *err;
        ret->damage = damage;
    }
    ret->document = document;
    ret->template = new_template(bx, offset, size, whole);
    return ret->template || err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "template");
}

/* The definition at `offset`, loaded on first use. */
static Definition *find_definition(Binxml *bx, uint32_t offset, Err *err)
{
    uint32_t slot = (offset * 2654435761u) >> 20;
    while (bx->slots[slot]) {
        Definition *known = &bx->definitions[bx->slots[slot] - 1];
        if (known->offset == offset)
            return known;
        slot = (slot + 1) & (DEFINITION_SLOTS - 1);
    }
    if (bx->definition_count == DEFINITIONS_MAX) {
        err_set(err, ERR_LIMIT, bx->chunk->origin + offset, "more than %u templates in a chunk",
                DEFINITIONS_MAX);
        return NULL;
    }
    Definition *made = &bx->definitions[bx->definition_count];
    if (!load_definition(bx, offset, made, err))
        return NULL;
    bx->slots[slot] = (uint16_t)++bx->definition_count;
    return made;
}

bool binxml_instance(Binxml *bx, uint32_t at, uint32_t end, Instance *ret, Err *err)
{
    const uint8_t *bytes = bx->chunk->bytes;
    uint64_t origin = bx->chunk->origin;
    if (end > EVTX_CHUNK_SIZE || at > end || end - at < 10)
        return err_set(err, ERR_FORMAT, origin + at, "template instance is cut");
    uint32_t offset = load_u32le(bytes + at + 6);
    uint32_t pos = at + 10;
    Definition *definition = find_definition(bx, offset, err);
    if (!definition)
        return false;
    if (offset == pos)
        pos = definition->end;
    if (pos > end || end - pos < 4)
        return err_set(err, ERR_FORMAT, origin + at, "values of the template instance are cut");
    uint32_t count = load_u32le(bytes + pos);
    pos += 4;
    if (count > (end - pos) / 4 || count > BINXML_VALUES_MAX - bx->values_used)
        return err_set(err, ERR_FORMAT, origin + pos - 4, "%u values do not fit the record", count);
    ValueRef *values = bx->values + bx->values_used;
    uint32_t begin = pos + 4 * count;
    pos = value_table_read(values, bytes + pos, count, bytes, begin, end);
    if (pos > end)
        return err_set(err, ERR_FORMAT, origin + at, "values run %u bytes past the record",
                       pos - end);
    bx->values_used += count;
    bx->values_missing |= count < definition->template->values_needed;
    *ret = (Instance){.definition = definition,
                      .values = values,
                      .count = count,
                      .value_bytes = pos - begin,
                      .end = pos};
    return true;
}
