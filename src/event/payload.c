/* The payload fingerprint of an event under construction: declared in builder.h. */
#include "event/builder.h"
#include "event/twin.h"

/* A list counts like its elements under the same name, one by one: some sources repeat a field
 * where others write a list. */
static uint64_t list_payload(Heap *heap, uint64_t name, uint32_t list)
{
    uint64_t sum = 0;
    for (size_t at = 0; at < heap_len(heap, list); at += 4) {
        const uint8_t *refs = (const uint8_t *)heap->bytes.ptr + heap->starts[list];
        sum += twin_field(name, heap_fingerprint(heap, load_u32le(refs + at)));
    }
    return sum;
}

uint64_t builder_payload(Builder *builder, const Shape *shape)
{
    Heap *heap = &builder->heap;
    const uint32_t *cells = builder->cells.list + builder->event_cells;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < shape->payload_count; i++) {
        const PayloadField *field = &shape->payload[i];
        uint32_t value = cells[field->cell] - 1;
        if (heap->has_lists && heap->types[value] == VALUE_LIST)
            sum += list_payload(heap, field->name, value);
        else
            sum += twin_field(field->name, heap_fingerprint(heap, value));
    }
    return sum;
}
