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
    uint32_t value; /* heap->base + number + 1; free if it is not above the base */
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
    uint32_t base;  /* values of earlier batches, which slots may still tell of */
    bool has_lists; /* some value of the batch is, or was, a list */
} Heap;

bool heap_init(Heap *heap, size_t limit_bytes); /* false: no memory; heap_done is still due */
void heap_done(Heap *heap);

/* For the next batch. true: lasting numbers start anew, what is remembered of them must go. */
bool heap_clear(Heap *heap);

/* The number of a value among those of all batches: what is remembered of a value by it need not be
 * forgotten with each batch. Below HEAP_LASTING_MAX. */
#define HEAP_LASTING_MAX (UINT32_C(1) << 28)
static inline uint32_t heap_lasting(const Heap *heap, uint32_t value)
{
    return heap->base + value;
}

/* Store a value or find it; HEAP_NONE when memory or the limit is exhausted. *slot: any slot of the
 * cache, best the one that this call left there for the last value of the same field: as fields
 * repeat their values, it often holds just this one, which saves the hash. */
static inline uint32_t heap_add(Heap *heap, ValueType type, const void *bytes, size_t len,
                                uint32_t *slot);

/* UTF-16LE as VALUE_TEXT. An odd last byte is ignored. */
uint32_t heap_add_utf16(Heap *heap, Span units, uint32_t *slot);

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

/* Values are shorter than 2^28: the limit of the heap says so. */
static inline uint32_t heap_shape(ValueType type, size_t len)
{
    return (uint32_t)len << 4 | (uint32_t)type;
}

/* Does the slot hold just this value? */
static inline bool heap_slot_holds(const Heap *heap, const HeapSlot *slot, uint32_t shape,
                                   const void *bytes, size_t len)
{
    return slot->shape == shape && slot->value > heap->base &&
           bytes_equal(heap->bytes.ptr + slot->start, bytes, len);
}

uint32_t heap_add_by_hash(Heap *heap, ValueType type, const void *bytes, size_t len,
                          uint32_t *slot);

static inline uint32_t heap_add(Heap *heap, ValueType type, const void *bytes, size_t len,
                                uint32_t *slot)
{
    const HeapSlot *recent = &heap->cache[*slot];
    return heap_slot_holds(heap, recent, heap_shape(type, len), bytes, len)
               ? recent->value - heap->base - 1
               : heap_add_by_hash(heap, type, bytes, len, slot);
}

/* value_fingerprint, computed once per value. 0 also when memory is exhausted: bytes.failed. */
uint64_t heap_fingerprint(Heap *heap, uint32_t value);

#endif
