/* binxml.h: Binary XML of a chunk as a tree, and template instances as a table of values.
 *
 * Trees live in an arena that is cleared per chunk; texts and values are spans into the chunk.
 * A template definition is parsed once per chunk and found again by its offset (the same id may be
 * redefined in another chunk). */
#ifndef FORMAT_EVTX_BINXML_H
#define FORMAT_EVTX_BINXML_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "format/evtx/chunk.h"
#include "format/evtx/json_string.h"
#include "format/evtx/template_cache.h"
#include "format/evtx/value_table.h"

#define BINXML_DEPTH_MAX     64    /* elements within elements */
#define BINXML_NESTING_MAX   16    /* templates within values */
#define BINXML_NODES_MAX     65536 /* per tree */
#define BINXML_NO_DEPENDENCY 0xffff
#define DEFINITIONS_MAX      2048  /* of one chunk: each takes 33 bytes or more */
#define DEFINITION_SLOTS     4096u /* power of two */
#define BINXML_VALUES_MAX    16384 /* descriptors of one record: 4 bytes each, 64 KiB */

typedef enum NodeKind {
    NODE_ELEMENT,
    NODE_ATTRIBUTE,
    NODE_TEXT,   /* literal text or CDATA: UTF-16LE */
    NODE_CHAR,   /* character reference: `index` is the code */
    NODE_ENTITY, /* entity reference: `name` */
    NODE_VALUE,  /* substitution: `index`, `optional` */
    NODE_PI,     /* `name` is the target, `text` the data */
} NodeKind;

typedef struct Node {
    NodeKind kind;
    bool optional;
    bool name_damaged; /* the name's offset or hash is wrong; `name` is what could be read */
    uint16_t index;
    uint16_t dependency; /* element: the value whose absence removes it */
    uint32_t at;         /* offset of the token in the chunk */
    Text name;           /* UTF-8 */
    Span text;
    struct Node *attributes; /* of an element */
    struct Node *children;   /* of an element, an attribute, the document */
    struct Node *next;
} Node;

typedef struct Definition {
    uint32_t offset;
    uint32_t end;         /* first byte after its data */
    const Node *document; /* of a known template only on demand: binxml_document */
    const Err *damage;    /* NULL: the definition is whole */
    Template *template;
} Definition;

typedef struct Instance {
    Definition *definition;
    const ValueRef *values;
    uint32_t count;
    uint32_t value_bytes; /* of all values */
    uint32_t end;         /* first byte after the values */
} Instance;

/* The day of the FILETIME that was written last (plan_value.h). */
typedef struct DateMemo {
    uint64_t begin; /* in ticks */
    char text[16];  /* 1601-01-01T */
} DateMemo;

typedef struct Binxml {
    const EvtxChunk *chunk;
    Arena *arena;            /* trees of this chunk */
    Definition *definitions; /* of this chunk */
    uint32_t definition_count;
    uint16_t *slots;  /* hash of definition offset → index + 1 */
    ValueRef *values; /* BINXML_VALUES_MAX, used as a stack within one record */
    uint32_t values_used;
    bool values_missing; /* set by an instance that has fewer values than its template needs */
    uint32_t steps;      /* that dom_build has taken in this chunk; see DOM_STEPS_MAX */

    DateMemo date;
    JsonStrings strings; /* of this processor */
    TemplateCache *cache;
    NameField *fields; /* of the definition parsed last; NAME_FIELDS_MAX */
    uint32_t field_count;
    uint32_t highest_index; /* of the substitutions parsed last, plus one */
    bool names_sound;       /* all names parsed last have the right hash */
} Binxml;

bool binxml_init(Binxml *bx, Arena *arena, Err *err);
void binxml_done(Binxml *bx);

/* Start on another chunk: forgets all trees. */
void binxml_set_chunk(Binxml *bx, const EvtxChunk *chunk);

/* Parse tokens in [begin, end) of the chunk up to EOF or the end: the document node. Damage gives
 * what was read so far in *ret (never NULL on damage but for memory) and false with err.
 * `has_dependency`: elements carry the 16-bit dependency id. */
bool binxml_parse(Binxml *bx, Arena *arena, uint32_t begin, uint32_t end, bool has_dependency,
                  Node **ret, Err *err);

/* The tree of a definition; its children are the root elements, or what could be read of them.
 * NULL when there is no memory for it. */
const Node *binxml_document(Binxml *bx, Definition *definition);

/* Read the template instance whose token 0x0c stands at `at`; values must end before `end`.
 * The values stay valid until values_used is set back below them. */
bool binxml_instance(Binxml *bx, uint32_t at, uint32_t end, Instance *ret, Err *err);

/* Does [begin, end) begin with a template instance, with or without a fragment header before it?
 * Then *ret_at is the instance's token. */
static inline bool binxml_is_instance(const Binxml *bx, uint32_t begin, uint32_t end,
                                      uint32_t *ret_at)
{
    const uint8_t *bytes = bx->chunk->bytes;
    if (end - begin > 4 && load_u32le(bytes + begin) == 0x0001010F)
        begin += 4;
    *ret_at = begin;
    return begin < end && bytes[begin] == 0x0C;
}

#endif
