/* heap.h: the values of a batch under construction. Each value has a number; equal values (type
 * and bytes) are stored once as a rule: a direct-mapped cache of the recent ones decides, which
 * costs little and depends on content only. */
#ifndef EVENT_HEAP_H
#define EVENT_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "event/value.h"

#define HEAP_CACHE_SLOTS 16384
#define HEAP_NONE        UINT32_MAX

/* A slot repeats start, length and type of its value, so that a look-up touches the slot and the
 * bytes only. */
typedef struct HeapSlot {
    uint32_t value; /* number + 1; 0 free */
    uint32_t tag;   /* upper half of the hash */
    uint32_t start;
    uint32_t shape; /* length and type */
} HeapSlot;

typedef struct Heap {
    Buf bytes;
    uint8_t *types;
    uint32_t *starts; /* count + 1 of them */
    size_t count, type_cap, start_cap;
    uint64_t *fingerprints; /* memo of value_fingerprint, 0 = not asked yet; count or fewer */
    size_t fingerprint_count, fingerprint_cap;
    HeapSlot *cache;
    bool has_lists; /* some value of the batch is, or was, a list */
} Heap;

bool heap_init(Heap *heap, size_t limit_bytes); /* false: no memory; heap_done is still due */
void heap_done(Heap *heap);
void heap_clear(Heap *heap); /* for the next batch */

/* Store a value or find it; HEAP_NONE when memory or the limit is exhausted. */
uint32_t heap_add(Heap *heap, ValueType type, const void *bytes, size_t len);

/* UTF-16LE as VALUE_TEXT. An odd last byte is ignored. */
uint32_t heap_add_utf16(Heap *heap, Span units);

/* Forget the values from number `count` on. */
void heap_roll_back(Heap *heap, size_t count);

static inline size_t heap_len(const Heap *heap, uint32_t value)
{
    return heap->starts[value + 1] - heap->starts[value];
}

/* Valid until the next addition. */
static inline Value heap_value(const Heap *heap, uint32_t value)
{
    return (Value){.type = (ValueType)heap->types[value],
                   .bytes = span_of(heap->bytes.ptr + heap->starts[value], heap_len(heap, value))};
}

/* value_fingerprint, computed once per value. 0 also when memory is exhausted: bytes.failed. */
uint64_t heap_fingerprint(Heap *heap, uint32_t value);

#endif
