/* progress.h: one line on a terminal that says how far a run is. */
#ifndef ENGINE_PROGRESS_H
#define ENGINE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/text.h"

typedef struct ProgressState {
    uint64_t items_done, items;
    uint64_t bytes_done, bytes;
    uint64_t events;
    double seconds; /* since the start */
    Text name;      /* of an item that is being worked on; raw bytes */
} ProgressState;

typedef struct ProgressLine {
    bool enabled, color;
    bool shown;          /* there is a line on the terminal */
    uint64_t redrawn_ms; /* clock of progress_due */
} ProgressLine;

/* Enabled only if standard error is a terminal. */
void progress_init(ProgressLine *line, bool wanted, bool color);

/* Is it time to draw again (at most ten times a second)? */
bool progress_due(ProgressLine *line, uint64_t now_ms);
void progress_draw(ProgressLine *line, const ProgressState *state);
/* Take the line away: before anything else is printed, and at the end. */
void progress_erase(ProgressLine *line);

/* The line for a terminal of so many columns, without control sequences but colour; at most
 * `columns` - 1 characters. */
void progress_render(Buf *buf, const ProgressState *state, unsigned columns, bool color);

/* "1.2 GB", "340 kB": decimal units, three digits or so. */
void progress_bytes(Buf *buf, double bytes);
/* "12.3 k", "4.56 M", or the number itself below 10,000. */
void progress_count(Buf *buf, double count);
/* "0:07", "12:34", "1:02:03" */
void progress_duration(Buf *buf, double seconds);

#endif
