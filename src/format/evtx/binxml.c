/* binxml.c: tokens to tree. Source: checklist sections 4 and 5 (libevtx documentation,
 * measured). Token layouts: docs/formats/evtx.md. */
#include "format/evtx/binxml.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/utf16.h"

enum {
    TOKEN_EOF = 0x00,
    TOKEN_OPEN = 0x01,
    TOKEN_CLOSE_START = 0x02,
    TOKEN_CLOSE_EMPTY = 0x03,
    TOKEN_END = 0x04,
    TOKEN_VALUE = 0x05,
    TOKEN_ATTRIBUTE = 0x06,
    TOKEN_CDATA = 0x07,
    TOKEN_CHAR_REF = 0x08,
    TOKEN_ENTITY_REF = 0x09,
    TOKEN_PI_TARGET = 0x0a,
    TOKEN_PI_DATA = 0x0b,
    TOKEN_TEMPLATE = 0x0c,
    TOKEN_NORMAL_VALUE = 0x0d,
    TOKEN_OPTIONAL_VALUE = 0x0e,
    TOKEN_FRAGMENT = 0x0f,
    TOKEN_MORE = 0x40, /* flag: more data follows */
    TYPE_STRING = 0x01,
};

typedef struct Parser {
    Binxml *bx;
    Arena *arena;
    Reader r;
    uint32_t nodes;
    bool has_dependency;
    Err *err;
} Parser;

bool binxml_init(Binxml *bx, Arena *arena, Err *err)
{
    *bx = (Binxml){
        .arena = arena,
        .definitions = malloc(DEFINITIONS_MAX * sizeof *bx->definitions),
        .slots = calloc(DEFINITION_SLOTS, sizeof *bx->slots),
        .values = malloc((BINXML_VALUES_MAX + VALUE_TABLE_SLACK) * sizeof *bx->values),
        .fields = malloc(NAME_FIELDS_MAX * sizeof *bx->fields),
        .cache = template_cache_create(),
        .date = {.text = "1601-01-01T"},
        .strings = json_strings_best(),
    };
    if (bx->definitions && bx->slots && bx->values && bx->fields && bx->cache)
        return true;
    binxml_done(bx);
    return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the EVTX reader");
}

void binxml_done(Binxml *bx)
{
    free(bx->definitions);
    free(bx->slots);
    free(bx->values);
    free(bx->fields);
    template_cache_destroy(bx->cache);
    *bx = (Binxml){0};
}

void binxml_set_chunk(Binxml *bx, const EvtxChunk *chunk)
{
    bx->chunk = chunk;
    if (bx->definition_count)
        memset(bx->slots, 0, DEFINITION_SLOTS * sizeof *bx->slots);
    bx->definition_count = 0;
    bx->values_used = 0;
    bx->steps = 0;
    arena_clear(bx->arena);
}

static uint32_t here(const Parser *p)
{
    return (uint32_t)reader_at(&p->r);
}

__attribute__((format(printf, 3, 4))) static bool damaged(Parser *p, uint32_t at,
                                                          const char *format, ...)
{
    char text[160];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return err_set(p->err, ERR_FORMAT, p->bx->chunk->origin + at, "%s", n > 0 ? text : "damage");
}

static Node *new_node(Parser *p, NodeKind kind, uint32_t at)
{
    if (p->nodes >= BINXML_NODES_MAX) {
        err_set(p->err, ERR_LIMIT, p->bx->chunk->origin + at, "more than %u XML nodes",
                BINXML_NODES_MAX);
        return NULL;
    }
    Node *node = ARENA_NEW(p->arena, Node, 1);
    if (!node) {
        err_set(p->err, ERR_NO_MEMORY, ERR_NO_OFFSET, "XML tree");
        return NULL;
    }
    p->nodes++;
    node->kind = kind;
    node->at = at;
    node->dependency = BINXML_NO_DEPENDENCY;
    return node;
}

static bool narrow(Parser *p, Span units, Text *ret)
{
    char *out = arena_alloc(p->arena, UTF16_NARROW_ROOM(units.len));
    if (!out)
        return err_set(p->err, ERR_NO_MEMORY, ERR_NO_OFFSET, "XML name");
    *ret = text_of(out, utf16_narrow(units, out));
    return true;
}

/* h = h * 65599 + unit over all units; the low 16 bits are stored. */
static uint16_t name_hash(Span units)
{
    uint32_t h = 0;
    for (size_t i = 0; i + 1 < units.len; i += 2)
        h = h * 65599u + load_u16le(units.ptr + i);
    return (uint16_t)h;
}

/* A name: at `r` itself when its offset is the current position (then `r` steps over it), else
 * anywhere in the chunk. Layout: next u32, hash u16, characters u16, text, NUL u16. */
static bool read_name(Parser *p, Node *node)
{
    uint32_t at = here(p);
    uint32_t offset = reader_u32le(&p->r);
    if (p->r.failed)
        return damaged(p, at, "name offset runs past its data");
    Span chunk = span_of(p->bx->chunk->bytes, EVTX_CHUNK_SIZE);
    Span head, units;
    bool is_inline = offset == here(p);
    if (offset < EVTX_CHUNK_HEADER || !span_slice(chunk, offset, 8, &head) ||
        !span_slice(chunk, (uint64_t)offset + 8, 2 * (uint64_t)load_u16le(head.ptr + 6), &units))
        return damaged(p, at, "name offset 0x%x lies outside the chunk's data", offset);
    if (is_inline) {
        reader_skip(&p->r, 8 + units.len + 2);
        if (p->r.failed)
            return damaged(p, at, "inline name of %zu bytes runs past its data", units.len);
    }
    node->name_damaged = name_hash(units) != load_u16le(head.ptr + 4);
    p->bx->names_sound &= !node->name_damaged;
    if (p->bx->field_count < NAME_FIELDS_MAX)
        p->bx->fields[p->bx->field_count] =
            (NameField){.at = at - (uint32_t)p->r.origin,
                        .is_inline = is_inline,
                        .name = span_of(head.ptr + 4, 4 + units.len)};
    p->bx->field_count++;
    return narrow(p, units, &node->name);
}

static bool read_counted_text(Parser *p, Span *ret)
{
    uint32_t at = here(p);
    uint16_t count = reader_u16le(&p->r);
    Span units = reader_take(&p->r, (size_t)count * 2);
    if (p->r.failed)
        return damaged(p, at, "text of %u characters runs past its data", count);
    *ret = units;
    return true;
}

/* One piece of content that is not an element. `token` has been consumed. */
static bool read_piece(Parser *p, uint8_t token, uint32_t at, Node **ret)
{
    static const NodeKind KINDS[] = {
        [TOKEN_VALUE] = NODE_TEXT,           [TOKEN_CDATA] = NODE_TEXT,
        [TOKEN_CHAR_REF] = NODE_CHAR,        [TOKEN_ENTITY_REF] = NODE_ENTITY,
        [TOKEN_PI_TARGET] = NODE_PI,         [TOKEN_NORMAL_VALUE] = NODE_VALUE,
        [TOKEN_OPTIONAL_VALUE] = NODE_VALUE,
    };
    Node *node = new_node(p, KINDS[token], at);
    if (!node)
        return false;
    *ret = node;
    switch (token) {
    case TOKEN_VALUE: {
        uint8_t type = reader_u8(&p->r);
        if (!p->r.failed && type != TYPE_STRING)
            return damaged(p, at, "literal value has type 0x%02x, expected 0x01", type);
        return read_counted_text(p, &node->text);
    }
    case TOKEN_CDATA:
        return read_counted_text(p, &node->text);
    case TOKEN_CHAR_REF:
        node->index = reader_u16le(&p->r);
        return !p->r.failed || damaged(p, at, "character reference is cut");
    case TOKEN_ENTITY_REF:
        return read_name(p, node);
    case TOKEN_PI_TARGET:
        if (!read_name(p, node))
            return false;
        if (reader_peek(&p->r) == TOKEN_PI_DATA) {
            reader_skip(&p->r, 1);
            return read_counted_text(p, &node->text);
        }
        return true;
    default: /* a substitution */
        node->index = reader_u16le(&p->r);
        node->optional = token == TOKEN_OPTIONAL_VALUE;
        if (node->index >= p->bx->highest_index)
            p->bx->highest_index = node->index + 1u;
        reader_skip(&p->r, 1); /* declared type: the value descriptor decides */
        return !p->r.failed || damaged(p, at, "substitution is cut");
    }
}

static bool is_piece(uint8_t token)
{
    return token == TOKEN_VALUE || token == TOKEN_CDATA || token == TOKEN_CHAR_REF ||
           token == TOKEN_ENTITY_REF || token == TOKEN_PI_TARGET || token == TOKEN_NORMAL_VALUE ||
           token == TOKEN_OPTIONAL_VALUE;
}

/* Attributes until the list's stated length is used up. */
static bool read_attributes(Parser *p, Node *element)
{
    uint32_t at = here(p);
    uint32_t length = reader_u32le(&p->r);
    if (p->r.failed || length > reader_left(&p->r))
        return damaged(p, at, "attribute list of %u bytes runs past its element", length);
    size_t stop = p->r.pos + length;
    Node **link = &element->attributes;
    while (p->r.pos < stop) {
        uint32_t attribute_at = here(p);
        uint8_t token = reader_u8(&p->r) & (uint8_t)~TOKEN_MORE;
        if (token != TOKEN_ATTRIBUTE)
            return damaged(p, attribute_at, "expected an attribute, found token 0x%02x", token);
        Node *attribute = new_node(p, NODE_ATTRIBUTE, attribute_at);
        if (!attribute || !read_name(p, attribute))
            return false;
        *link = attribute;
        link = &attribute->next;
        Node **piece = &attribute->children;
        while (p->r.pos < stop) {
            uint32_t piece_at = here(p);
            uint8_t next = (uint8_t)reader_peek(&p->r) & (uint8_t)~TOKEN_MORE;
            if (!is_piece(next))
                break;
            reader_skip(&p->r, 1);
            if (!read_piece(p, next, piece_at, piece))
                return false;
            piece = &(*piece)->next;
        }
    }
    return true;
}

static bool read_element(Parser *p, uint8_t token, uint32_t at, unsigned depth, Node **ret);

/* Content up to END (`in_element`) or EOF / end of data. A template instance stands at the top of
 * a document only, where the caller meets it first; within content it is damage. */
static bool read_content(Parser *p, Node *parent, unsigned depth, bool in_element)
{
    Node **link = &parent->children;
    for (;;) {
        uint32_t at = here(p);
        int byte = reader_peek(&p->r);
        if (byte < 0)
            return !in_element || damaged(p, at, "data ends within <%.*s>",
                                          (int)(parent->name.len < 40 ? parent->name.len : 40),
                                          parent->name.ptr ? parent->name.ptr : "");
        reader_skip(&p->r, 1);
        uint8_t token = (uint8_t)byte & (uint8_t)~TOKEN_MORE;
        if (in_element && token == TOKEN_END)
            return true;
        if (!in_element && token == TOKEN_EOF)
            return true;
        if (token == TOKEN_OPEN) {
            if (!read_element(p, (uint8_t)byte, at, depth + 1, link))
                return false;
            link = &(*link)->next;
        } else if (is_piece(token)) {
            if (!read_piece(p, token, at, link))
                return false;
            link = &(*link)->next;
        } else if (token == TOKEN_FRAGMENT) {
            reader_skip(&p->r, 3);
        } else {
            return damaged(p, at, "unexpected token 0x%02x", (unsigned)byte);
        }
    }
}

static bool read_element(Parser *p, uint8_t token, uint32_t at, unsigned depth, Node **ret)
{
    if (depth > BINXML_DEPTH_MAX)
        return damaged(p, at, "elements nested deeper than %d", BINXML_DEPTH_MAX);
    Node *element = new_node(p, NODE_ELEMENT, at);
    if (!element)
        return false;
    *ret = element;
    if (p->has_dependency)
        element->dependency = reader_u16le(&p->r);
    uint32_t size = reader_u32le(&p->r);
    if (p->r.failed || size > reader_left(&p->r))
        return damaged(p, at, "element of %u bytes runs past its data", size);
    if (!read_name(p, element))
        return false;
    if ((token & TOKEN_MORE) && !read_attributes(p, element))
        return false;
    uint32_t close_at = here(p);
    uint8_t close = reader_u8(&p->r);
    if (close == TOKEN_CLOSE_EMPTY)
        return true;
    if (p->r.failed || close != TOKEN_CLOSE_START)
        return damaged(p, close_at, "expected the end of a start tag, found token 0x%02x", close);
    return read_content(p, element, depth, true);
}

bool binxml_parse(Binxml *bx, Arena *arena, uint32_t begin, uint32_t end, bool has_dependency,
                  Node **ret, Err *err)
{
    Span in;
    if (begin > end ||
        !span_slice(span_of(bx->chunk->bytes, EVTX_CHUNK_SIZE), begin, end - begin, &in))
        return err_set(err, ERR_FORMAT, bx->chunk->origin + begin, "XML data outside the chunk");
    Parser p = {.bx = bx,
                .arena = arena,
                .r = reader_of(in, begin),
                .has_dependency = has_dependency,
                .err = err};
    *ret = new_node(&p, NODE_ELEMENT, begin);
    return *ret && read_content(&p, *ret, 0, false);
}
