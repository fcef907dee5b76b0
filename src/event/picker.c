#include "event/picker.h"

#include <stdlib.h>
#include <string.h>

#include "event/condition.h"

#define SLOT_BITS 12

bool picker_init(Picker *picker, size_t scratch_limit)
{
    *picker = (Picker){.slots = calloc((size_t)1 << SLOT_BITS, sizeof *picker->slots)};
    buf_init(&picker->scratch, scratch_limit);
    return picker->slots != NULL;
}

void picker_done(Picker *picker)
{
    free(picker->slots);
    buf_done(&picker->scratch);
    *picker = (Picker){0};
}

void picker_clear(Picker *picker)
{
    memset(picker->slots, 0, sizeof *picker->slots << SLOT_BITS);
}

static bool holds_for(Picker *picker, const Builder *builder, const Condition *condition,
                      uint32_t number)
{
    uint32_t lasting = heap_lasting(&builder->heap, number);
    uint64_t key = ((uint64_t)(uintptr_t)condition / sizeof *condition) ^ (uint64_t)number << 32;
    PickedSlot *slot = &picker->slots[(key * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - SLOT_BITS)];
    if (slot->condition == condition && slot->value == lasting)
        return slot->holds;
    Value value = heap_value(&builder->heap, number);
    bool holds = condition_holds(condition, &value, &picker->scratch);
    *slot = (PickedSlot){.condition = condition, .value = lasting, .holds = holds};
    return holds;
}

static bool row_applies(Picker *picker, const Builder *builder, const ActionRow *row,
                        const uint32_t *condition_cells)
{
    const uint32_t *cells = builder->cells.list + builder->event_cells;
    for (uint32_t i = 0; i < row->condition_count; i++) {
        const Condition *condition = &row->conditions[i];
        uint32_t cell = condition_cells[i];
        bool holds = cell == ID_NONE ? condition_holds(condition, NULL, &picker->scratch)
                                     : holds_for(picker, builder, condition, cells[cell] - 1);
        if (!holds)
            return false;
    }
    return true;
}

uint32_t picker_row(Picker *picker, const Builder *builder, const Layouts *layouts,
                    const Shape *shape)
{
    const Kind *kind = &layouts->kinds.list[shape->kind];
    const uint32_t *condition_cells = shape->condition_cells;
    for (uint32_t r = 0; r < kind->row_count; r++) {
        if (row_applies(picker, builder, kind->rows[r], condition_cells))
            return r;
        condition_cells += kind->rows[r]->condition_count;
    }
    return kind->row_count;
}
