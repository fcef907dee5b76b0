#include "event/deriver.h"

#include <stdlib.h>
#include <string.h>

#include "event/derive.h"

#define SLOT_BITS 13

bool deriver_init(Deriver *deriver)
{
    *deriver = (Deriver){.slots = calloc((size_t)1 << SLOT_BITS, sizeof *deriver->slots)};
    buf_init(&deriver->scratch, DERIVE_BYTES_MAX);
    return deriver->slots != NULL;
}

void deriver_done(Deriver *deriver)
{
    free(deriver->slots);
    buf_done(&deriver->scratch);
    *deriver = (Deriver){0};
}

void deriver_clear(Deriver *deriver)
{
    memset(deriver->slots, 0, sizeof *deriver->slots << SLOT_BITS);
}

/* What one step gives, as it stands in a cell. */
static bool run_step(Deriver *deriver, Builder *builder, const DeriveStep *step, uint32_t *ret)
{
    Heap *heap = &builder->heap;
    uint32_t source = builder->cells.list[builder->event_cells + step->cell] - 1;
    uint32_t key = source * DERIVE_OP_COUNT + step->op + 1;
    DerivedSlot *slot = &deriver->slots[(key * UINT32_C(2654435761)) >> (32 - SLOT_BITS)];
    if (slot->key == key) {
        *ret = slot->cell;
        return true;
    }
    Value value;
    DeriveResult result =
        derive_value(heap_value(heap, source), step->op, &deriver->scratch, &value);
    uint32_t cell = 0;
    if (result == DERIVE_SAME) {
        cell = source + 1;
    } else if (result == DERIVE_NEW) {
        uint32_t number = heap_add(heap, value.type, value.bytes.ptr, value.bytes.len);
        if (number == HEAP_NONE)
            return false;
        cell = number + 1;
    }
    if (deriver->scratch.failed)
        return false;
    *slot = (DerivedSlot){.key = key, .cell = cell};
    *ret = cell;
    return true;
}

bool deriver_run(Deriver *deriver, Builder *builder, const LayoutEntry *layout)
{
    for (uint32_t i = 0; i < layout->derived_count; i++) {
        const DerivedCell *derived = &layout->derived[i];
        uint32_t cell = 0;
        for (uint32_t s = 0; !cell && s < derived->step_count; s++)
            if (!run_step(deriver, builder, &derived->steps[s], &cell))
                return false;
        if (!word_list_add(&builder->cells, cell))
            return false;
    }
    return true;
}
