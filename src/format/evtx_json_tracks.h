/* evtx_json_tracks.h: reading a record by what earlier records of the file had.
 *
 * Nearly every line of an export has the same keys in the same order as some line before it; only
 * the values differ. A track is such a sequence: what stands between two values (brackets, commas,
 * keys, as bytes) and the place of the value that follows. Where the next bytes are those of a
 * track, nothing between the values need be read, looked up or checked again. A record that leaves
 * all tracks is read from its beginning as always, and its sequence is kept for the next. */
#ifndef FORMAT_EVTX_JSON_TRACKS_H
#define FORMAT_EVTX_JSON_TRACKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "format/json_reader.h"

/* A value and what stands before it. Tracks that begin alike share that beginning. */
typedef struct Track {
    const uint8_t *gap;
    uint32_t gap_len;
    uint32_t node;  /* of the value; TRACK_END: the record has ended */
    uint32_t first; /* of the steps that were seen after this one; 0: none */
    uint32_t next;  /* of those that were seen instead of it */
    uint32_t marks; /* of the whole record, in its last step */
} Track;

#define TRACK_START 0u
#define TRACK_END   UINT32_MAX

typedef struct TrackGap {
    uint32_t begin, end, node;
} TrackGap;

typedef struct Tracks {
    Arena *arena; /* gaps */
    Track *list;
    uint32_t count, cap;
    TrackGap *gaps; /* of the record that is being read as always */
    uint32_t gap_count, gap_cap;
    uint32_t gap_begin; /* where the last value ended */
    bool unfit;         /* that record makes no track */
    bool full;          /* no more room … */
    uint32_t full_for;  /* … since so many records */
    uint32_t learned;   /* records that were read as always */
} Tracks;

void tracks_init(Tracks *tracks);
void tracks_done(Tracks *tracks);
void tracks_clear(Tracks *tracks); /* the nodes' numbers have become void */

/* The step after `from` (TRACK_START: at the beginning) that the reader's next bytes make; they are
 * stepped over. NULL: it was not seen before. */
const Track *tracks_follow(Tracks *tracks, uint32_t from, JsonReader *reader);

static inline uint32_t tracks_number(const Tracks *tracks, const Track *track)
{
    return (uint32_t)(track - tracks->list);
}

/* Learning, while a record is read as always: begin; each value, once it is read; end, if the
 * whole record was sound. */
void tracks_begin(Tracks *tracks, const JsonReader *reader);
void tracks_value(Tracks *tracks, const JsonReader *reader, size_t pos, uint32_t node);
void tracks_end(Tracks *tracks, const JsonReader *reader, uint32_t marks);

#endif
