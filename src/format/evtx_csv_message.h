/* evtx_csv_message.h: from the message of an event, as Windows shows it, back to the fields that
 * were put into it. */
#ifndef FORMAT_EVTX_CSV_MESSAGE_H
#define FORMAT_EVTX_CSV_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/text.h"
#include "event/sink.h"
#include "format/evtx_csv_labels.h"

#define CSV_MESSAGE_FIELDS_MAX 512 /* no event has more; what follows stays in the message */

typedef struct CsvMessages {
    const Labels *labels;
    Sink *sink;
    NameId *names; /* of the rows of kind LABEL_FIELD; 0: not yet asked for, else name + 1 */
    Buf scratch;
} CsvMessages;

/* Both outlive it. false: no memory; csv_messages_done is due all the same. */
bool csv_messages_init(CsvMessages *messages, const Labels *labels, Sink *sink);
void csv_messages_done(CsvMessages *messages);

/* Add the fields found in a message to the sink: labelled lines, or a sentence that is known.
 * Returns how many; CSV_MESSAGE_FIELDS_MAX: there may be more. */
unsigned csv_messages_add(CsvMessages *messages, Text provider, Text code, Text message);

/* The value behind "Label:" at the beginning of a line; false if there is none. */
bool csv_message_line(Text message, Text label, Text *ret);

#endif
