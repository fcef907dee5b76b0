#include "event/heap.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/utf16.h"
#include "event/grow.h"

/* More than the values of one batch: one event has at most 64 MiB, at nine bytes for each. */
#define HEAP_COUNT_MAX (UINT32_C(1) << 24)

bool heap_init(Heap *heap, size_t limit_bytes)
{
    *heap = (Heap){0};
    buf_init(&heap->bytes, limit_bytes);
    heap->cache = calloc(HEAP_CACHE_SLOTS, sizeof *heap->cache);
    heap->starts = grow_array(NULL, &heap->start_cap, 1, sizeof *heap->starts);
    if (!heap->cache || !heap->starts || !buf_reserve(&heap->bytes, 1))
        return false;
    heap->starts[0] = 0;
    return true;
}

void heap_done(Heap *heap)
{
    buf_done(&heap->bytes);
    free(heap->types);
    free(heap->starts);
    free(heap->fingerprints);
    free(heap->cache);
    *heap = (Heap){0};
}

static void truncate_values(Heap *heap, size_t count)
{
    heap->count = count;
    heap->bytes.len = heap->starts[count];
    if (heap->fingerprint_count > count)
        heap->fingerprint_count = count;
}

bool heap_clear(Heap *heap)
{
    bool anew = heap->base + heap->count > HEAP_LASTING_MAX - HEAP_COUNT_MAX;
    if (anew)
        memset(heap->cache, 0, HEAP_CACHE_SLOTS * sizeof *heap->cache);
    heap->base = anew ? 0 : heap->base + (uint32_t)heap->count;
    truncate_values(heap, 0);
    heap->has_lists = false;
    return anew;
}

static uint32_t slot_of(uint64_t hash)
{
    return hash & (HEAP_CACHE_SLOTS - 1);
}

void heap_roll_back(Heap *heap, size_t count)
{
    for (size_t i = count; i < heap->count; i++) {
        Value value = heap_value(heap, (uint32_t)i);
        uint64_t hash = hash64(value.bytes.ptr, value.bytes.len, value.type);
        HeapSlot *slot = &heap->cache[slot_of(hash)];
        if (slot->value > heap->base + count)
            slot->value = 0;
    }
    truncate_values(heap, count);
}

/* The number of a value if the cache has it, else HEAP_NONE. *ret_slot: where it is or belongs. */
static inline uint32_t look_up(const Heap *heap, ValueType type, const void *bytes, size_t len,
                               uint32_t *ret_slot, uint32_t *ret_tag)
{
    uint64_t hash = hash64(bytes, len, type);
    const HeapSlot *slot = &heap->cache[slot_of(hash)];
    *ret_slot = slot_of(hash);
    *ret_tag = (uint32_t)(hash >> 32);
    return slot->tag == *ret_tag && heap_slot_holds(heap, slot, heap_shape(type, len), bytes, len)
               ? slot->value - heap->base - 1
               : HEAP_NONE;
}

/* Make the bytes up to `end` the next value. */
static uint32_t push_value(Heap *heap, HeapSlot *slot, uint32_t tag, ValueType type, size_t end)
{
    if (heap->count >= heap->type_cap || heap->count + 2 > heap->start_cap) {
        uint8_t *types = grow_array(heap->types, &heap->type_cap, heap->count + 1, 1);
        if (types)
            heap->types = types;
        uint32_t *starts =
            grow_array(heap->starts, &heap->start_cap, heap->count + 2, sizeof *starts);
        if (starts)
            heap->starts = starts;
        if (!types || !starts)
            return HEAP_NONE;
    }
    uint32_t value = (uint32_t)heap->count++;
    heap->types[value] = (uint8_t)type;
    heap->starts[value + 1] = (uint32_t)end;
    heap->bytes.len = end;
    heap->has_lists |= type == VALUE_LIST;
    *slot = (HeapSlot){.value = heap->base + value + 1,
                       .tag = tag,
                       .start = heap->starts[value],
                       .shape = heap_shape(type, end - heap->starts[value])};
    return value;
}

uint32_t heap_add_by_hash(Heap *heap, ValueType type, const void *bytes, size_t len, uint32_t *slot)
{
    uint32_t tag, found = look_up(heap, type, bytes, len, slot, &tag);
    if (found != HEAP_NONE)
        return found;
    char *out = buf_reserve(&heap->bytes, len);
    if (!out)
        return HEAP_NONE;
    if (len)
        memcpy(out, bytes, len);
    return push_value(heap, &heap->cache[*slot], tag, type, heap->bytes.len + len);
}

uint32_t heap_add_utf16(Heap *heap, Span units, uint32_t *slot)
{
    const HeapSlot *recent = &heap->cache[*slot];
    if (recent->shape == heap_shape(VALUE_TEXT, units.len / 2) && recent->value > heap->base &&
        utf16_is_ascii(units, heap->bytes.ptr + recent->start))
        return recent->value - heap->base - 1;
    char *out = buf_reserve(&heap->bytes, UTF16_NARROW_ROOM(units.len));
    if (!out)
        return HEAP_NONE;
    size_t len = utf16_narrow(units, out);
    uint32_t tag, found = look_up(heap, VALUE_TEXT, out, len, slot, &tag);
    return found != HEAP_NONE
               ? found
               : push_value(heap, &heap->cache[*slot], tag, VALUE_TEXT, heap->bytes.len + len);
}

uint64_t heap_fingerprint(Heap *heap, uint32_t value)
{
    if (value >= heap->fingerprint_count) {
        uint64_t *memo =
            grow_array(heap->fingerprints, &heap->fingerprint_cap, heap->count, sizeof *memo);
        if (!memo) {
            heap->bytes.failed = true;
            return 0;
        }
        heap->fingerprints = memo;
        memset(memo + heap->fingerprint_count, 0,
               (heap->count - heap->fingerprint_count) * sizeof *memo);
        heap->fingerprint_count = heap->count;
    }
    uint64_t *memo = &heap->fingerprints[value];
    if (!*memo)
        *memo = value_fingerprint(heap_value(heap, value));
    return *memo;
}
