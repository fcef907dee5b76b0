/* evtx_csv_clock.h: from clock readings to UTC, for a whole file.
 *
 * Exports say neither their time zone nor, in many countries, which number is the day. What the
 * rows tell decides: a number over 12; the UtcTime in Sysmon's messages, which Sysmon takes when
 * it logs (but for network events, whose times come from the kernel). The file is read through
 * once for that, as far as needed, before its events are made. */
#ifndef FORMAT_EVTX_CSV_CLOCK_H
#define FORMAT_EVTX_CSV_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "base/time.h"
#include "base/zone.h"
#include "format/evtx_csv_labels.h"
#include "format/evtx_csv_time.h"
#include "format/windows_fields.h"

typedef struct CsvClock {
    const Zone *zone;              /* given by the person, or NULL */
    bool utc;                      /* the exporter writes UTC */
    DateOrder order;               /* of readings that do not tell */
    bool order_needed, order_told; /* some reading did not tell; a row has told it */
    bool order_doubtful;           /* nothing told it, nor does the language */
    bool twelve_hours;
    bool zone_needed, zone_found; /* from Sysmon: */
    int32_t east_seconds;
    bool disagrees;        /* Sysmon says another time than the given zone … */
    int64_t ahead_seconds; /* … by so many seconds */
} CsvClock;

/* Sysmon's UtcTime in an event's message; TIME_NONE if it has none or may be off. */
Time csv_sysmon_time(Text provider, Text code, Text message);

/* Learn from one row. true: more rows can tell nothing new. */
bool csv_clock_learn(CsvClock *clock, Text reading, Time sysmon);

/* All rows are seen: settle what none of them told, by the language of the headers. */
void csv_clock_settle(CsvClock *clock, LabelLocale locale);

/* Set time and quality of the event. false: the reading is not understood, there is no time. */
bool csv_clock_set(CsvClock *clock, Text reading, Time sysmon, WindowsEvent *event);

#endif
