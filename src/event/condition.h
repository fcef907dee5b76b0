/* condition.h: the conditions of actions.tsv.
 *
 *     Field=value        is one of the values: Field=a|b
 *     Field!=value       is none of them; a field that is absent is none of them
 *     Field~text         contains one of the texts
 * several joined by " & ", all of which must hold. ASCII case does not matter. The empty value
 * stands for absent, empty and "-": Field= or Field!= */
#ifndef EVENT_CONDITION_H
#define EVENT_CONDITION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"
#include "event/schema.h"
#include "event/value.h"

/* Parse; the parts borrow from `text`, arrays live in `arena`. false: ERR_FORMAT or no memory. */
bool condition_parse(Arena *arena, Text text, const Condition **ret, uint32_t *ret_count, Err *err);

/* Does it hold for a value (NULL: the field is absent)? `scratch` is for rendering. */
bool condition_holds(const Condition *condition, const Value *value, Buf *scratch);

#endif
