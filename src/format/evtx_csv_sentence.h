/* evtx_csv_sentence.h: the values in a message that is a sentence.
 *
 * A pattern is the whole message with {Field} where values were put in. A blank in it stands for
 * one or more, "\\n" (two characters) for a line end with blanks before it; at the end of a message
 * both may be missing. A value ends where the text behind it first occurs. One field may be
 * {Field*}: its value is what remains when all that stands behind it has been found from the end.
 */
#ifndef FORMAT_EVTX_CSV_SENTENCE_H
#define FORMAT_EVTX_CSV_SENTENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

#define SENTENCE_FIELDS_MAX 8

typedef struct SentenceField {
    Text name;  /* points into the pattern */
    Text value; /* points into the message */
} SentenceField;

/* false: the message is another one. Fields are in the order of the pattern. */
bool sentence_match(Text pattern, Text message, SentenceField ret[SENTENCE_FIELDS_MAX],
                    size_t *ret_count);

#endif
