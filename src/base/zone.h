/* zone.h: local time of a place to UTC, for evidence that does not say its zone.
 *
 * A Zone is a plain value: a table of the moments at which the distance from UTC changed. It is
 * read once, before any worker is forked (the sandbox has no files), and used without system
 * calls. Sources: RFC 8536 (TZif), POSIX TZ for the years after the table. */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

#define ZONE_CHANGES_MAX 512
#define ZONE_LAST_YEAR   2100 /* a rule for the future is written out up to here */

typedef struct Zone {
    uint32_t count;                 /* of changes; 0: the same distance always */
    int32_t first_east;             /* seconds east of UTC before the first change */
    int64_t at[ZONE_CHANGES_MAX];   /* UTC seconds since 1970, rising */
    int32_t east[ZONE_CHANGES_MAX]; /* seconds east of UTC from at[i] on */
} Zone;

/* "UTC", "Z", "+01:00", "-0330", or a name of the time zone database as "Europe/Luxembourg", found
 * in `folder` (NULL: $TZDIR, else the system's). *ret is untouched on failure. */
bool zone_load(Text name, const char *folder, Zone *ret, Err *err);

/* The parts of zone_load, for tests: a file's contents; a POSIX rule ("CET-1CEST,M3.5.0,M10.5.0/3")
 * written out from the year `from_year`, after the changes that *zone holds. */
bool zone_from_tzif(Span file, Zone *ret, Err *err);
bool zone_add_rule(Zone *zone, Text rule, int32_t from_year, Err *err);

typedef enum ZoneFit {
    ZONE_ONCE,  /* that clock reading occurred once */
    ZONE_TWICE, /* clocks were set back: twice; the first of them is given */
    ZONE_NEVER, /* clocks were set forward over it: reckoned by the distance before */
} ZoneFit;

/* `local_seconds`: the clock reading as if it were UTC, in seconds since 1970. */
ZoneFit zone_to_utc(const Zone *zone, int64_t local_seconds, int64_t *ret_utc_seconds);

/* Seconds east of UTC at a moment. */
int32_t zone_east_at(const Zone *zone, int64_t utc_seconds);

#endif
