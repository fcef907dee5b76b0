/* sigma_plain.h: a condition against an event in the plainest way: value by value, character by
 * character. The twin of the compiled program. Fields are found by their own names only, and no
 * expression may be in the condition. */
#ifndef SIGMA_PLAIN_H
#define SIGMA_PLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "detect/sigma/tree.h"
#include "event/batch.h"

bool sigma_plain_holds(const Node *node, const Batch *batch, uint32_t row);

/* Are there only questions that sigma_plain_holds answers? */
bool sigma_plain_can(const Node *node);

#endif
