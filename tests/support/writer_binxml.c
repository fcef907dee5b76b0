#include "writer_binxml.h"

#include "writer_bytes.h"

#include <string.h>

enum {
    TOKEN_EOF = 0x00,
    TOKEN_OPEN = 0x01,
    TOKEN_CLOSE_START = 0x02,
    TOKEN_CLOSE_EMPTY = 0x03,
    TOKEN_END = 0x04,
    TOKEN_TEXT = 0x05,
    TOKEN_ATTRIBUTE = 0x06,
    TOKEN_CDATA = 0x07,
    TOKEN_CHARACTER = 0x08,
    TOKEN_ENTITY = 0x09,
    TOKEN_TARGET = 0x0a,
    TOKEN_TARGET_DATA = 0x0b,
    TOKEN_TEMPLATE = 0x0c,
    TOKEN_NORMAL = 0x0d,
    TOKEN_OPTIONAL = 0x0e,
    TOKEN_FRAGMENT = 0x0f,
    TOKEN_MORE = 0x40,
    SLOTS_MAX = 1024, /* values of one template; more fail */
};

/* What is being written into. Elements carry a dependency id within definitions only: real logs
   have none in elements that stand directly in a record (forwarded events) or in a value (CAPI2).
 */
typedef struct Encoder {
    WriterChunk *chunk;
    WriterSharing sharing;
    bool in_definition;
    uint16_t slots; /* next free slot of the definition */
} Encoder;

static void put_fragment(Encoder *encoder, const WriterNode *fragment);

static void put(Encoder *encoder, uint64_t value, size_t size)
{
    writer_chunk_number(encoder->chunk, value, size);
}

static void put_counted_text(Encoder *encoder, const char *utf8)
{
    WriterBytes units = {0};
    writer_bytes_utf16(&units, utf8);
    if (units.failed || units.len / 2 > UINT16_MAX)
        encoder->chunk->full = true;
    put(encoder, units.len / 2, 2);
    writer_chunk_add(encoder->chunk, units.ptr, units.len);
    writer_bytes_done(&units);
}

static bool takes_slot(const WriterNode *node)
{
    return node->kind == WRITER_KIND_VALUE || node->kind == WRITER_KIND_FRAGMENT;
}

/* The slot of a value: its own, or the next free one. Called in document order, both when the
   definition is written and when the values are collected. */
static uint16_t next_slot(uint16_t *slots, const WriterNode *node)
{
    if (node->slot != WRITER_NO_SLOT)
        return node->slot;
    return (*slots)++;
}

/* Slot of the element's only child, if that is optional: without a value there is no element
 * either. */
static uint16_t dependency_of(const Encoder *encoder, const WriterNode *element)
{
    const WriterNode *child = element->children;
    if (element->slot != WRITER_NO_SLOT)
        return element->slot;
    if (!child || child->next || !takes_slot(child) || child->mode != WRITER_OPTIONAL)
        return WRITER_NO_SLOT;
    if (child->slot != WRITER_NO_SLOT)
        return child->slot;
    uint16_t slot = encoder->slots; /* attributes of the element come first */
    for (const WriterNode *a = element->attributes; a; a = a->next)
        for (const WriterNode *part = a->children; part; part = part->next)
            if (takes_slot(part) && part->slot == WRITER_NO_SLOT)
                slot++;
    return slot;
}

static void put_element(Encoder *encoder, const WriterNode *element);

static void put_name(Encoder *encoder, const char *name)
{
    writer_chunk_name(encoder->chunk, name, encoder->sharing.inline_names);
}

/* Contents of an element or attribute. A text that is followed by more of its kind says so in its
 * token. */
static void put_content(Encoder *encoder, const WriterNode *first)
{
    for (const WriterNode *node = first; node; node = node->next) {
        unsigned more = node->next && node->next->kind != WRITER_KIND_ELEMENT ? TOKEN_MORE : 0;
        switch (node->kind) {
        case WRITER_KIND_ELEMENT:
            put_element(encoder, node);
            break;
        case WRITER_KIND_TEXT:
            put(encoder, TOKEN_TEXT | more, 1);
            put(encoder, WRITER_STRING, 1);
            put_counted_text(encoder, node->text);
            break;
        case WRITER_KIND_VALUE:
        case WRITER_KIND_FRAGMENT:
            put(encoder, node->mode == WRITER_OPTIONAL ? TOKEN_OPTIONAL : TOKEN_NORMAL, 1);
            put(encoder, next_slot(&encoder->slots, node), 2);
            put(encoder, node->declared, 1);
            break;
        case WRITER_KIND_CHARACTER:
            put(encoder, TOKEN_CHARACTER | more, 1);
            put(encoder, node->code, 2);
            break;
        case WRITER_KIND_ENTITY:
            put(encoder, TOKEN_ENTITY | more, 1);
            put_name(encoder, node->name);
            break;
        case WRITER_KIND_CDATA:
            put(encoder, TOKEN_CDATA | more, 1);
            put_counted_text(encoder, node->text);
            break;
        case WRITER_KIND_INSTRUCTION:
            put(encoder, TOKEN_TARGET, 1);
            put_name(encoder, node->name);
            put(encoder, TOKEN_TARGET_DATA, 1);
            put_counted_text(encoder, node->text);
            break;
        case WRITER_KIND_RAW:
            writer_chunk_add(encoder->chunk, node->value.bytes, node->value.size);
            break;
        case WRITER_KIND_ATTRIBUTE:
            break; /* stands in the element's attribute list */
        }
    }
}

static void put_attributes(Encoder *encoder, const WriterNode *first)
{
    size_t size_at = encoder->chunk->used;
    put(encoder, 0, 4);
    for (const WriterNode *node = first; node; node = node->next) {
        put(encoder, TOKEN_ATTRIBUTE | (node->next ? TOKEN_MORE : 0), 1);
        put_name(encoder, node->name);
        put_content(encoder, node->children);
    }
    writer_chunk_poke(encoder->chunk, size_at, encoder->chunk->used - size_at - 4, 4);
}

static void put_element(Encoder *encoder, const WriterNode *element)
{
    put(encoder, TOKEN_OPEN | (element->attributes ? TOKEN_MORE : 0), 1);
    if (encoder->in_definition)
        put(encoder, dependency_of(encoder, element), 2);
    size_t size_at = encoder->chunk->used;
    put(encoder, 0, 4);
    put_name(encoder, element->name);
    if (element->attributes)
        put_attributes(encoder, element->attributes);
    if (element->children) {
        put(encoder, TOKEN_CLOSE_START, 1);
        put_content(encoder, element->children);
        put(encoder, TOKEN_END, 1);
    } else {
        put(encoder, TOKEN_CLOSE_EMPTY, 1);
    }
    writer_chunk_poke(encoder->chunk, size_at, encoder->chunk->used - size_at - 4, 4);
}

/* Everything of a fragment that its definition holds, in one unambiguous run of bytes. */
static void shape_of(WriterBytes *key, const WriterNode *first)
{
    for (const WriterNode *node = first; node; node = node->next) {
        writer_bytes_number(key, (uint64_t)node->kind + 1, 1);
        writer_bytes_number(key, (uint64_t)node->mode, 1);
        writer_bytes_number(key, node->declared, 1);
        writer_bytes_number(key, node->slot, 2);
        writer_bytes_number(key, node->code, 2);
        if (node->name)
            writer_bytes_add(key, node->name, strlen(node->name) + 1);
        if (node->text)
            writer_bytes_add(key, node->text, strlen(node->text) + 1);
        if (node->kind == WRITER_KIND_RAW) {
            writer_bytes_number(key, node->value.size, 4);
            writer_bytes_add(key, node->value.bytes, node->value.size);
        }
        if (node->kind == WRITER_KIND_FRAGMENT)
            continue; /* its inside belongs to the value */
        shape_of(key, node->attributes);
        writer_bytes_number(key, 0, 1);
        shape_of(key, node->children);
        writer_bytes_number(key, 0, 1);
    }
}

static uint64_t fnv1a(uint64_t hash, const WriterBytes *bytes)
{
    for (size_t i = 0; i < bytes->len; i++)
        hash = (hash ^ bytes->ptr[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static bool guid_of_shape(const WriterNode *fragment, uint8_t ret[16])
{
    WriterBytes key = {0};
    shape_of(&key, fragment->children);
    writer_poke(ret, fnv1a(UINT64_C(0xcbf29ce484222325), &key), 8);
    writer_poke(ret + 8, fnv1a(UINT64_C(0x9ae16a3b2f90404f), &key), 8);
    bool ok = !key.failed;
    writer_bytes_done(&key);
    return ok;
}

static void put_fragment_header(Encoder *encoder)
{
    put(encoder, TOKEN_FRAGMENT, 1);
    put(encoder, 0x000101, 3); /* version 1.1, flags 0 */
}

static void put_definition(Encoder *encoder, const WriterNode *fragment, const uint8_t guid[16])
{
    Encoder inner = {.chunk = encoder->chunk, .sharing = encoder->sharing, .in_definition = true};
    writer_chunk_begin_template(inner.chunk, guid);
    size_t size_at = inner.chunk->used;
    put(&inner, 0, 4);
    put_fragment_header(&inner);
    put_content(&inner, fragment->children);
    put(&inner, TOKEN_EOF, 1);
    writer_chunk_poke(inner.chunk, size_at, inner.chunk->used - size_at - 4, 4);
}

/* Fill nodes[slot] for every value below `first`; the first of several with one slot wins. */
static void collect(const WriterNode *first, uint16_t *slots, const WriterNode *nodes[SLOTS_MAX],
                    size_t *count)
{
    for (const WriterNode *node = first; node; node = node->next) {
        if (takes_slot(node)) {
            size_t slot = next_slot(slots, node);
            if (node->missing)
                continue;
            if (slot >= SLOTS_MAX) {
                *count = SIZE_MAX;
                return;
            }
            if (!nodes[slot])
                nodes[slot] = node;
            if (slot >= *count)
                *count = slot + 1;
        } else {
            for (const WriterNode *a = node->attributes; a; a = a->next)
                collect(a->children, slots, nodes, count);
            collect(node->children, slots, nodes, count);
        }
    }
}

static void put_values(Encoder *encoder, const WriterNode *fragment)
{
    const WriterNode *nodes[SLOTS_MAX] = {0};
    size_t count = 0;
    uint16_t slots = 0;
    collect(fragment->children, &slots, nodes, &count);
    if (count > SLOTS_MAX) {
        encoder->chunk->full = true;
        return;
    }
    put(encoder, count, 4);
    size_t descriptors = encoder->chunk->used;
    for (size_t i = 0; i < count; i++)
        put(encoder, 0, 4);
    for (size_t i = 0; i < count; i++) {
        const WriterNode *node = nodes[i];
        size_t start = encoder->chunk->used;
        if (!node || (node->kind == WRITER_KIND_FRAGMENT && !node->children))
            continue; /* null */
        if (node->kind == WRITER_KIND_FRAGMENT)
            put_fragment(encoder, node);
        else
            writer_chunk_add(encoder->chunk, node->value.bytes, node->value.size);
        size_t size = encoder->chunk->used - start;
        if (size > UINT16_MAX)
            encoder->chunk->full = true;
        writer_chunk_poke(encoder->chunk, descriptors + 4 * i, size, 2);
        writer_chunk_poke(encoder->chunk, descriptors + 4 * i + 2,
                          node->kind == WRITER_KIND_FRAGMENT ? WRITER_BINXML : node->value.type, 1);
    }
}

static void put_instance(Encoder *encoder, const WriterNode *fragment)
{
    uint8_t guid[16] = {0};
    if (!guid_of_shape(fragment, guid)) {
        encoder->chunk->full = true;
        return;
    }
    size_t known =
        encoder->sharing.inline_templates ? 0 : writer_chunk_find_template(encoder->chunk, guid);
    put(encoder, TOKEN_TEMPLATE, 1);
    put(encoder, 1, 1);
    writer_chunk_add(encoder->chunk, guid, 4);
    put(encoder, known ? known : encoder->chunk->used + 4, 4);
    if (!known)
        put_definition(encoder, fragment, guid);
    put_values(encoder, fragment);
}

static void put_fragment(Encoder *encoder, const WriterNode *fragment)
{
    Encoder inner = {.chunk = encoder->chunk, .sharing = encoder->sharing};
    bool is_template = fragment->style == WRITER_TEMPLATE || fragment->style == WRITER_INSTANCE;
    if (fragment->style == WRITER_TEMPLATE || fragment->style == WRITER_PLAIN)
        put_fragment_header(&inner);
    if (is_template)
        put_instance(&inner, fragment);
    else
        put_content(&inner, fragment->children);
    put(&inner, TOKEN_EOF, 1);
}

void writer_binxml(WriterChunk *chunk, const WriterNode *fragment, WriterSharing sharing)
{
    Encoder encoder = {.chunk = chunk, .sharing = sharing};
    put_fragment(&encoder, fragment);
}
