/* time.h: one type for time. Time = signed 64-bit nanoseconds since 1970-01-01T00:00:00 UTC,
 * which spans the years 1677 to 2262. Leap seconds are not counted, as in POSIX. */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

typedef int64_t Time;

#define TIME_NONE              INT64_MIN /* no time known; sorts first */
#define NANOSECONDS_PER_SECOND INT64_C(1000000000)

typedef struct CivilTime {
    int32_t year;
    uint8_t month; /* 1..12 */
    uint8_t day;   /* 1..31 */
    uint8_t hour, minute, second;
    uint32_t nanosecond;
} CivilTime;

/* FILETIME to Time. `ticks`: 100 ns units since 1601-01-01 UTC. false outside 1677..2262, the
 * years that signed 64-bit nanoseconds can hold; *ret is then untouched. [MS-DTYP] 2.3.3. */
bool time_from_filetime(uint64_t ticks, Time *ret);

/* Whole seconds since 1970 and nanoseconds 0..999,999,999. */
bool time_from_unix(int64_t seconds, uint32_t nanoseconds, Time *ret);

/* Proleptic Gregorian calendar; false for fields out of range (month 13, 30 February, …). */
bool time_from_civil(const CivilTime *civil, Time *ret);
CivilTime time_to_civil(Time t);

/* Seconds since 1970 (may be beyond Time's range) to calendar fields without the fraction. */
CivilTime civil_from_seconds(int64_t seconds_since_1970);
int64_t civil_to_seconds(const CivilTime *civil);

/* RFC 3339 / ISO 8601: 2026-03-04T09:12:00[.fraction][Z|+hh[:mm]]; a blank may replace T.
 * Without zone letter `zone_known` is false and the text is taken as UTC. The fraction may have
 * 1 to 9 digits, more are cut. A date alone is midnight. */
bool time_parse(Text t, Time *ret, bool *ret_zone_known);

/* "2026-03-04T09:12:00.1234567Z" with 0, 3, 6, 7 or 9 decimals. `out` needs TIME_TEXT_ROOM bytes;
 * returns the length, without NUL. TIME_NONE gives an empty text. */
#define TIME_TEXT_ROOM 40
size_t time_format(Time t, unsigned decimals, char *out);

#endif
