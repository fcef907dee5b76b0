/* placeholder.h: lists of values in the place of %names% (modifier expand). */
#ifndef DETECT_SIGMA_PLACEHOLDER_H
#define DETECT_SIGMA_PLACEHOLDER_H

#include <stdbool.h>
#include <stdint.h>

#include "detect/sigma/encode.h"
#include "detect/sigma/read_context.h"

#define ITEM_VALUES_MAX 100000 /* of one item, after all modifiers */

/* Each value with placeholders becomes one for each choice from their lists. false: a list is
 * missing (a rule must not be weaker than its author thinks), too many values, or no memory. */
bool placeholders_expand(ReadContext *context, uint32_t line, ValueGroup *group);

#endif
