/* evtx_json_record.h: one JSON record as a flat list of values, and from there to an event. */
#ifndef FORMAT_EVTX_JSON_RECORD_H
#define FORMAT_EVTX_JSON_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "base/time.h"
#include "event/sink.h"
#include "format/evtx_json_paths.h"
#include "format/evtx_json_tracks.h"
#include "format/format.h"
#include "format/json_reader.h"
#include "format/windows_fields.h"

#define JSON_LEAVES_MAX 65535u /* values of one record: no event holds more */

typedef struct Leaf {
    JsonToken value; /* JSON_STRING, JSON_NUMBER, JSON_TRUE, JSON_FALSE or JSON_NULL */
    uint32_t node;
    bool fits; /* for record_map: it can be the System field that it claims to be … */
    const Meaning *meaning; /* … and what it is */
} Leaf;

typedef struct JsonRecord {
    Leaf *leaves; /* in the record's order; {} and [] count as null */
    size_t count, cap;
    uint32_t marks;
    JsonShape shape;
    Tracks tracks;
    uint32_t generation; /* of the paths that the tracks know */
} JsonRecord;

void record_init(JsonRecord *record);
void record_done(JsonRecord *record);

/* Read the value that `reader` stands before. false: damage, or more than the limits, in *err;
 * what was read up to there is kept. Texts live as long as the reader's. */
bool record_read(JsonRecord *record, JsonReader *reader, Paths *paths, Err *err);

/* How the event's time was made into UTC. */
typedef enum ClockSource {
    CLOCK_UTC,           /* the record says its zone, or has no time */
    CLOCK_ZONE_GIVEN,    /* local time; the zone was given by the person */
    CLOCK_ZONE_INFERRED, /* from NXLog's time of reception against the next collector's UTC */
    CLOCK_ZONE_UNKNOWN,  /* UTC assumed */
} ClockSource;

typedef struct RecordClock {
    ClockSource source;
    int32_t zone_seconds; /* CLOCK_ZONE_INFERRED: east of UTC */
    /* An event of Sysmon that is not about the network: its UtcTime was compared with the event's
     * time, and is ahead by so many seconds (0: they agree). */
    bool compared;
    int64_t ahead_seconds;
} RecordClock;

/* Add the record's fields to the sink and fill *event, ready for windows_commit. The record has a
 * shape. */
void record_map(JsonRecord *record, Paths *paths, const FormatOptions *options, Sink *sink,
                WindowsEvent *event, RecordClock *ret_clock);

#endif
