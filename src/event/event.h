/* event.h: the event. One fact, at one time, from one item.
 *
 * Identity = (item, offset of the record in the item, sub-index): a citation survives added
 * evidence, any order and any split. The item is known to whoever holds the batch. */
#ifndef EVENT_EVENT_H
#define EVENT_EVENT_H

#include <stdint.h>

#include "base/text.h"
#include "base/time.h"

/* What the time of an event says. Stored in batches: numbers never change. */
typedef enum TimeMeaning {
    TIME_MEANS_LOGGED = 0,  /* the source says the fact happened then */
    TIME_MEANS_WRITTEN = 1, /* only the time of writing the record is known */
    TIME_MEANS_UNKNOWN = 2, /* the record has no usable time */
    TIME_MEANING_COUNT
} TimeMeaning;

/* How sure the time is. Stored in batches. */
typedef enum TimeQuality {
    TIME_EXACT = 0,
    TIME_ZONE_ASSUMED = 1, /* local time, zone not in the record */
    TIME_YEAR_INFERRED = 2,
    TIME_CLOCK_DOUBTFUL = 3,
    TIME_MISSING = 4,
    TIME_ZONE_INFERRED = 5, /* local time; what the evidence says elsewhere tells its zone */
    TIME_QUALITY_COUNT
} TimeQuality;

/* How the record was found. A recovered record never changes counts of live ones. */
typedef enum EventClass {
    EVENT_LIVE = 0,
    EVENT_RECOVERED = 1, /* complete, from slack or a chunk whose header is bad */
    EVENT_FRAGMENT = 2,  /* parts only: names or template are lost */
    EVENT_CLASS_COUNT
} EventClass;

extern const Text TIME_MEANING_TEXT[TIME_MEANING_COUNT];
extern const Text TIME_QUALITY_TEXT[TIME_QUALITY_COUNT];
extern const Text EVENT_CLASS_TEXT[EVENT_CLASS_COUNT];

#define RECORD_ID_NONE UINT64_MAX

typedef struct EventHead {
    Time time;          /* TIME_NONE when missing */
    uint64_t offset;    /* of the record in the item */
    uint32_t size;      /* bytes of the record in the item */
    uint32_t sub;       /* when one record gives several events */
    uint64_t record_id; /* the record's own number, or RECORD_ID_NONE */
    uint64_t twin;      /* event/twin.h; 0: cannot have a twin */
    TimeMeaning meaning;
    TimeQuality quality;
    EventClass class;
} EventHead;

/* Which kind of record it is. Texts borrow. `service` may be empty: it is then found from channel
 * and provider in knowledge/sources.tsv. `code` is the event id or the record's own type. */
typedef struct EventKind {
    Text product; /* windows, linux, zeek, m365, … */
    Text service; /* security, sysmon, auditd, conn, … */
    Text channel;
    Text provider;
    Text code;
} EventKind;

/* The parts an action's roles can be played by. Stored in batches: numbers never change; columns
 * of knowledge/actions.tsv have the names of ROLE_TEXT. */
typedef enum Role {
    ROLE_USER,
    ROLE_USER_DOMAIN,
    ROLE_USER_SID,
    ROLE_USER_TARGET,
    ROLE_USER_TARGET_DOMAIN,
    ROLE_USER_TARGET_SID,
    ROLE_SESSION,
    ROLE_SESSION_TARGET,
    ROLE_SOURCE_HOST,
    ROLE_SOURCE_IP,
    ROLE_SOURCE_PORT,
    ROLE_DESTINATION_HOST,
    ROLE_DESTINATION_IP,
    ROLE_DESTINATION_PORT,
    ROLE_PROCESS,
    ROLE_PROCESS_ID,
    ROLE_PROCESS_GUID,
    ROLE_PROCESS_COMMAND_LINE,
    ROLE_PARENT_PROCESS,
    ROLE_PARENT_PROCESS_ID,
    ROLE_PARENT_PROCESS_GUID,
    ROLE_PARENT_COMMAND_LINE,
    ROLE_OBJECT,
    ROLE_OBJECT_DETAIL,
    ROLE_HASH,
    ROLE_COUNT
} Role;

extern const Text ROLE_TEXT[ROLE_COUNT];

#endif
