#include "event/deriver.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "event/derive.h"

#define SLOT_BITS 13

static_assert((uint64_t)HEAP_LASTING_MAX * DERIVE_OP_COUNT < UINT32_MAX, "keys of results");

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

/* The number that an operation makes of a value plus one; 0: nothing. false: no memory. */
static bool derive_cell(Deriver *deriver, Heap *heap, uint32_t source, DeriveOp op, uint32_t *ret)
{
    Value value;
    uint32_t slot = 0, number;
    switch (derive_value(heap_value(heap, source), op, &deriver->scratch, &value)) {
    case DERIVE_SAME:
        *ret = source + 1;
        break;
    case DERIVE_NEW:
        number = heap_add(heap, value.type, value.bytes.ptr, value.bytes.len, &slot);
        if (number == HEAP_NONE)
            return false;
        *ret = number + 1;
        break;
    default:
        *ret = 0;
        break;
    }
    return !deriver->scratch.failed;
}

/* What one step gives; NULL: no memory. */
static const DerivedSlot *run_step(Deriver *deriver, Builder *builder, const DeriveStep *step)
{
    uint32_t source = builder->cells.list[builder->event_cells + step->cell] - 1;
    /* Which results share a slot decides which values a batch holds twice: not the lasting number.
     */
    uint32_t place = source * DERIVE_OP_COUNT + step->op + 1;
    uint32_t key = place + heap_lasting(&builder->heap, 0) * DERIVE_OP_COUNT;
    DerivedSlot *slot = &deriver->slots[(place * UINT32_C(2654435761)) >> (32 - SLOT_BITS)];
    if (slot->key == key)
        return slot;
    uint32_t cell;
    if (!derive_cell(deriver, &builder->heap, source, step->op, &cell))
        return NULL;
    uint32_t weight = cell == source + 1 ? builder->weights.list[step->cell]
                      : cell             ? (uint32_t)heap_len(&builder->heap, cell - 1)
                                         : 0;
    *slot = (DerivedSlot){.key = key, .cell = cell, .weight = weight};
    return slot;
}

bool deriver_run(Deriver *deriver, Builder *builder, const LayoutEntry *layout)
{
    static const DerivedSlot NOTHING = {.cell = 0};
    for (uint32_t i = 0; i < layout->derived_count; i++) {
        const DerivedCell *derived = &layout->derived[i];
        const DerivedSlot *found = &NOTHING;
        for (uint32_t s = 0; found->cell == 0 && s < derived->step_count; s++) {
            found = run_step(deriver, builder, &derived->steps[s]);
            if (!found)
                return false;
        }
        if (!builder_add_cell(builder, found->cell, found->weight))
            return false;
    }
    return true;
}
