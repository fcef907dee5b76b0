/* event_lines.h: run a format over bytes in memory and write every event as one line of JSON, with
 * everything a format decides: for golden files that a person can read.
 *
 * {"offset":0,"size":10,"time":"…","means":"…","quality":"…","id":1,"twin":true,"channel":"…",
 *  "provider":"…","code":"…","fields":[["name",value],…]}        and, in place of an event,
 * {"damage":"text","offset":5,"size":3}   {"note":"text","offset":5}   {"error":"text","offset":5}
 */
#ifndef EVENT_LINES_H
#define EVENT_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "format/format.h"

typedef struct EventLines {
    Buf text; /* events in order, then damage, notes and the error in order */
    uint64_t events;
    unsigned damages, notes;
    bool ok;        /* what parse returned */
    bool bad_batch; /* a batch that batch_open refused: always an error of ours */
} EventLines;

/* The item in pieces of `piece` bytes (0: whole). Free with event_lines_done. */
EventLines event_lines_run(const Format *format, Span item, const FormatOptions *options,
                           uint64_t piece);
void event_lines_done(EventLines *lines);

/* The events of one batch, which touches every byte of it. false: it is not sound. */
bool event_lines_batch(Buf *out, Span batch);

#endif
