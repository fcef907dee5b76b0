/* fair_line.h: a line of words and values for a person, shortened fairly when it is too long: the
 * longest values first, words last. Runs of blanks and line ends become one blank; control
 * characters and others that deceive are spelt out.
 *
 *     fair_line_begin(&line, buf, 1000);
 *     fair_line_words(&line, TEXT("from "));
 *     if (fair_line_open(&line, PART_VALUE)) {
 *         fair_line_text(&line, value);         any number of times
 *         fair_line_close(&line);
 *     }
 *     fair_line_end(&line);
 *
 * While at work the parts stand in `buf`, one behind the other. Failure is the buf's. */
#ifndef EVENT_FAIR_LINE_H
#define EVENT_FAIR_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/text.h"
#include "event/value.h"

#define FAIR_LINE_PARTS 96 /* what comes after is left out, with "…" */

typedef enum PartKind {
    PART_WORDS, /* stay whole */
    PART_VALUE, /* may be shortened */
} PartKind;

typedef struct Part {
    size_t start, end; /* in the buf */
    size_t characters;
    PartKind kind;
    bool blank; /* one is due before the next character */
} Part;

typedef struct FairLine {
    Buf *buf;
    size_t start; /* of the line in the buf */
    size_t limit; /* characters */
    Part parts[FAIR_LINE_PARTS];
    size_t part_count;
    bool left_out; /* there were more parts */
} FairLine;

void fair_line_begin(FairLine *line, Buf *buf, size_t limit);

/* Begin a part; false when there are too many. One is open at a time. */
bool fair_line_open(FairLine *line, PartKind kind);
void fair_line_text(FairLine *line, Text t);
void fair_line_value(FairLine *line, Value value); /* not a text, not a list */
void fair_line_close(FairLine *line);

/* Is the open part longer than can be shown? Then more need not be added. */
bool fair_line_enough(const FairLine *line);
bool fair_line_is_empty(const FairLine *line); /* the open part */

/* A part of its own. */
void fair_line_words(FairLine *line, Text words);
void fair_line_plain_value(FairLine *line, Text text);

void fair_line_end(FairLine *line);

#endif
