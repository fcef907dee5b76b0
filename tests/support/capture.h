/* capture.h: run a format over bytes in memory and keep everything it gives, for comparison. */
#ifndef CAPTURE_H
#define CAPTURE_H

#include "base/buf.h"
#include "event/sink.h"
#include "format/format.h"

#include <stdbool.h>

typedef struct Capture {
    Buf output;       /* lines, or the events as text, one a line */
    Buf defects;      /* one line each: "damage 4096: text" or "note 4096: text" */
    unsigned damages; /* of kind DEFECT_DAMAGE */
    unsigned notes;   /* of kind DEFECT_NOTE */
    uint64_t events;  /* committed, or lines */
    bool ok;          /* what parse or lines returned */
    bool bad_batch;   /* a batch that batch_open refused: always an error of ours */
    Err err;
    char place[2048]; /* lent for lines: too small for some, so that they move out of it */
    uint64_t counted; /* lines of the next write, as told */
} Capture;

typedef bool (*CaptureParse)(const Input *in, const FormatOptions *options, Sink *sink, Err *err);
typedef bool (*CaptureLines)(const Input *in, const FormatOptions *options, Sink *sink,
                             const LineOut *out, Err *err);

/* Exactly one of `parse` and `lines`. `schema` may be NULL. Free with capture_done. */
Capture capture_run(CaptureParse parse, CaptureLines lines, const Schema *schema, const Input *in,
                    const FormatOptions *options);
void capture_done(Capture *capture);

/* Same output, same defects. */
bool capture_equal(const Capture *a, const Capture *b);

/* A batch as text, one line an event: every accessor is read. false: batch_open refused it. */
bool capture_write_batch(Buf *out, Span batch);

#endif
