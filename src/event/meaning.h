/* meaning.h: what a code in a field stands for, by the sets of parameters.tsv: logon types,
 * status numbers, bits of access masks, and the %%nnnn that stand for words of Windows. */
#ifndef EVENT_MEANING_H
#define EVENT_MEANING_H

#include <stddef.h>

#include "base/text.h"
#include "event/event.h"
#include "event/schema.h"
#include "event/value.h"

#define MEANINGS_MAX 32 /* one for each bit of a mask */

typedef struct MeaningContext {
    const Schema *schema;
    EventKind kind;
    Text object_type; /* the event's ObjectType, which says what its AccessMask means; or empty */
} MeaningContext;

/* The meanings of a field's value: one for a code, one for each known bit of a mask; 0 when none
 * is known. The texts are the schema's. */
size_t meaning_find(const MeaningContext *context, Text field, Value value, Text ret[MEANINGS_MAX]);

/* What %%nnnn stands for, given its digits; empty when not known. */
Text meaning_of_word(const MeaningContext *context, Text digits);

#endif
