/* deriver.h: fills the derived cells of an event (event/layout.h says from what). Results are
 * remembered per value and operation within a batch: values repeat. */
#ifndef EVENT_DERIVER_H
#define EVENT_DERIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "event/builder.h"
#include "event/layout.h"

/* Result of an operation on a value. */
typedef struct DerivedSlot {
    uint32_t key;    /* heap_lasting of the value * DERIVE_OP_COUNT + op + 1; 0 free */
    uint32_t cell;   /* the result as it stands in a cell; 0: nothing */
    uint32_t weight; /* of that cell: event/builder.h */
} DerivedSlot;

typedef struct Deriver {
    DerivedSlot *slots;
    Buf scratch;
} Deriver;

bool deriver_init(Deriver *deriver); /* false: no memory; deriver_done is still due */
void deriver_done(Deriver *deriver);

/* Forget: when values have been rolled back that it may have met, or lasting numbers start anew. */
void deriver_clear(Deriver *deriver);

/* Append the derived cells of the event whose native cells stand at the end. false: no memory. */
bool deriver_run(Deriver *deriver, Builder *builder, const LayoutEntry *layout);

#endif
