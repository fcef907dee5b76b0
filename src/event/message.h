/* message.h: an event as one line for a person. The line leads with the action in words:
 *
 *   logon: An account was logged on: COURT\adm-x, type 3 (network), from 10.1.2.3
 *
 * The rest is the text of messages.tsv with {Field} replaced by native fields, or, where there is
 * none, the most telling fields as "Name: value" joined by " ¦ ". Codes that parameters.tsv knows
 * are followed by their meaning. No control characters and no characters that reorder text; at
 * most MESSAGE_CHARACTERS characters: the longest values are shortened first, with "…". */
#ifndef EVENT_MESSAGE_H
#define EVENT_MESSAGE_H

#include <stdint.h>

#include "base/buf.h"
#include "event/batch.h"
#include "event/schema.h"

#define MESSAGE_CHARACTERS 1000

/* Append the line, without a line end. Uses room behind it while at work. Failure is the buf's. */
void message_write(Buf *buf, const Schema *schema, const Batch *batch, uint32_t row);

#endif
