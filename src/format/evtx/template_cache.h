/* template_cache.h: compiled templates that outlive their chunk.
 *
 * Every chunk defines its templates anew, with the same bytes but for the offsets of names. The
 * cache knows a definition again by comparing all of it — every byte outside the name fields, and
 * every name it refers to — so a definition that only pretends to be the same never matches. What
 * was compiled for the first one serves all. */
#ifndef FORMAT_EVTX_TEMPLATE_CACHE_H
#define FORMAT_EVTX_TEMPLATE_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "format/evtx/chunk.h"

/* Compiled forms, made on first use; see plan.h. */
typedef struct JsonPlan JsonPlan;
typedef struct FieldPlan FieldPlan;

typedef struct Template {
    const JsonPlan *json;
    const FieldPlan *fields;
    uint32_t values_needed; /* one more than the highest value index it refers to */
    Arena *arena;           /* where its plans live, as long as the template */
} Template;

/* A name offset within a definition. */
typedef struct NameField {
    uint32_t at;    /* of the 32-bit offset, from the definition's start */
    bool is_inline; /* the name follows right there */
    Span name;      /* hash, count, characters: what stands behind a name's "next" field */
} NameField;

#define NAME_FIELDS_MAX 2048 /* of one definition; one with more is not cached */

typedef struct TemplateCache TemplateCache;

TemplateCache *template_cache_create(void); /* NULL: no memory */
void template_cache_destroy(TemplateCache *cache);

/* The template of the definition of `size` bytes at `offset` of the chunk, when it is known. The
 * caller has checked that the definition lies within the chunk. */
Template *template_cache_find(const TemplateCache *cache, const EvtxChunk *chunk, uint32_t offset,
                              uint32_t size);

/* Remember a definition that was just parsed without damage. NULL when the cache is full. */
Template *template_cache_add(TemplateCache *cache, const EvtxChunk *chunk, uint32_t offset,
                             uint32_t size, const NameField *fields, uint32_t field_count);

#endif
