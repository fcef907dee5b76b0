#include "format/evtx_csv_clock.h"

#include <stdlib.h>

#include "format/evtx_csv_message.h"

#define ZONE_STEP        900 /* every zone since 1972 is a multiple of 15 minutes */
#define ZONE_WIDEST      (14 * 3600)
#define ZONE_SLACK       60  /* seconds between Sysmon's time and the log's */
#define SYSMON_TOLERANCE 600 /* the same before a given zone is called wrong */

static int64_t seconds_of(Time t)
{
    int64_t seconds = t / NANOSECONDS_PER_SECOND;
    return seconds - (t % NANOSECONDS_PER_SECOND < 0);
}

Time csv_sysmon_time(Text provider, Text code, Text message)
{
    Text text;
    Time time;
    bool zone_known;
    if (!text_equal(provider, TEXT("Microsoft-Windows-Sysmon")) || text_equal(code, TEXT("3")) ||
        text_equal(code, TEXT("22")) || !csv_message_line(message, TEXT("UtcTime"), &text) ||
        !time_parse(text, &time, &zone_known))
        return TIME_NONE;
    return time;
}

/* The distance from UTC of a clock that shows `local`; false if no zone has it. */
static bool zone_between(int64_t local, Time sysmon, int32_t *ret_east)
{
    int64_t apart = local - seconds_of(sysmon);
    int64_t zone = (apart + (apart < 0 ? -ZONE_STEP / 2 : ZONE_STEP / 2)) / ZONE_STEP * ZONE_STEP;
    if (llabs(apart - zone) > ZONE_SLACK || llabs(zone) > ZONE_WIDEST)
        return false;
    *ret_east = (int32_t)zone;
    return true;
}

static bool fits_sysmon(const ClockReading *reading, DateOrder order, Time sysmon)
{
    int64_t local;
    int32_t east;
    return clock_seconds(reading, order, &local) && zone_between(local, sysmon, &east);
}

static void learn_order(CsvClock *clock, const ClockReading *reading, Time sysmon)
{
    int64_t ignored;
    bool day = clock_seconds(reading, DATE_DAY_FIRST, &ignored);
    bool month = clock_seconds(reading, DATE_MONTH_FIRST, &ignored);
    if (day && month && sysmon != TIME_NONE) {
        day = fits_sysmon(reading, DATE_DAY_FIRST, sysmon);
        month = fits_sysmon(reading, DATE_MONTH_FIRST, sysmon);
    }
    clock->twelve_hours = clock->twelve_hours || reading->twelve_hours;
    clock->order_needed = true;
    if (day != month) {
        clock->order = day ? DATE_DAY_FIRST : DATE_MONTH_FIRST;
        clock->order_told = true;
    }
}

bool csv_clock_learn(CsvClock *clock, Text text, Time sysmon)
{
    ClockReading reading;
    int64_t local;
    if (!clock_read(text, &reading))
        return false;
    if (!clock->order_told && reading.order == DATE_ORDER_UNKNOWN)
        learn_order(clock, &reading, sysmon);
    if (!reading.zone_known && !clock->utc && !clock->zone) {
        clock->zone_needed = true;
        if (!clock->zone_found && sysmon != TIME_NONE &&
            clock_seconds(&reading, clock->order, &local))
            clock->zone_found = zone_between(local, sysmon, &clock->east_seconds);
    }
    return (clock->order_told || !clock->order_needed) &&
           (clock->zone_found || !clock->zone_needed);
}

void csv_clock_settle(CsvClock *clock, LabelLocale locale)
{
    if (clock->order_told || !clock->order_needed)
        return;
    switch (locale) {
    case LOCALE_DE:
    case LOCALE_FR:
    case LOCALE_ES:
        clock->order = DATE_DAY_FIRST;
        break;
    case LOCALE_EN: /* the United States write AM and PM, most others do not */
        clock->order = clock->twelve_hours ? DATE_MONTH_FIRST : DATE_DAY_FIRST;
        clock->order_doubtful = !clock->twelve_hours;
        break;
    default:
        clock->order = clock->twelve_hours ? DATE_MONTH_FIRST : DATE_DAY_FIRST;
        clock->order_doubtful = true;
        break;
    }
}

/* Clock reading to UTC by the given zone. */
static int64_t by_zone(CsvClock *clock, int64_t local, Time sysmon, WindowsEvent *event)
{
    int64_t utc;
    event->quality =
        zone_to_utc(clock->zone, local, &utc) == ZONE_ONCE ? TIME_EXACT : TIME_ZONE_ASSUMED;
    int64_t ahead = sysmon == TIME_NONE ? 0 : seconds_of(sysmon) - utc;
    if (llabs(ahead) > SYSMON_TOLERANCE) {
        event->quality = TIME_CLOCK_DOUBTFUL;
        clock->disagrees = true;
        clock->ahead_seconds = ahead;
    }
    return utc;
}

bool csv_clock_set(CsvClock *clock, Text text, Time sysmon, WindowsEvent *event)
{
    ClockReading reading;
    int64_t seconds;
    if (!clock_read(text, &reading))
        return false;
    bool doubtful = reading.order == DATE_ORDER_UNKNOWN && clock->order_doubtful;
    if (!clock_seconds(&reading, clock->order, &seconds)) { /* not in the order of the file */
        doubtful = true;
        DateOrder other = clock->order == DATE_DAY_FIRST ? DATE_MONTH_FIRST : DATE_DAY_FIRST;
        if (!clock_seconds(&reading, other, &seconds))
            return false;
    }
    event->meaning = TIME_MEANS_LOGGED;
    event->quality = TIME_EXACT;
    if (reading.zone_known) {
        seconds -= reading.east_seconds;
    } else if (clock->zone && !clock->utc) {
        seconds = by_zone(clock, seconds, sysmon, event);
    } else if (!clock->utc) {
        bool own = sysmon != TIME_NONE && zone_between(seconds, sysmon, &clock->east_seconds);
        clock->zone_found = clock->zone_found || own; /* clocks change twice a year */
        seconds -= clock->zone_found ? clock->east_seconds : 0;
        event->quality = own ? TIME_ZONE_INFERRED : TIME_ZONE_ASSUMED;
    }
    if (doubtful)
        event->quality = TIME_CLOCK_DOUBTFUL;
    if (time_from_unix(seconds, reading.nanosecond, &event->time))
        return true;
    event->time = TIME_NONE;
    return false;
}
