/* picker.h: which row of actions.tsv an event is: the first of its kind whose conditions hold.
 * What a condition says of a value is remembered within a batch: values repeat. */
#ifndef EVENT_PICKER_H
#define EVENT_PICKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "event/builder.h"
#include "event/layout.h"

typedef struct PickedSlot {
    const Condition *condition; /* NULL: free */
    uint32_t value;             /* heap_lasting */
    bool holds;
} PickedSlot;

typedef struct Picker {
    PickedSlot *slots;
    Buf scratch; /* values as text */
} Picker;

bool picker_init(Picker *picker, size_t scratch_limit); /* false: no memory; picker_done is due */
void picker_done(Picker *picker);

/* Forget: when values have been rolled back that it has met, or lasting numbers start anew. */
void picker_clear(Picker *picker);

/* The number of the row for the event whose native cells stand at the end; the kind's row_count
 * when none applies. picker->scratch.failed: no memory. */
uint32_t picker_row(Picker *picker, const Builder *builder, const Layouts *layouts,
                    const Shape *shape);

#endif
