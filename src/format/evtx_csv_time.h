/* evtx_csv_time.h: clock readings as exporters write them, in the short forms of many countries:
 *
 *   2019/11/07 17:58:48    ja, zh          7.11.2019 17:58:48     de, fi
 *   11/7/2019 5:58:48 PM   en-US           07/11/2019 17:58:48    fr, es, en-GB
 *   2019-11-07 17:58:48.1234567+09:00      07-11-2019 17:58:48    nl
 *
 * Three numbers with / . or - between them, the year first or last; hours, minutes, seconds with :
 * or . between them, a fraction; AM, PM and relatives before or behind; Z or a distance from UTC.
 * With / and - and the year last, day and month cannot be told apart: the file must decide. */
#ifndef FORMAT_EVTX_CSV_TIME_H
#define FORMAT_EVTX_CSV_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "base/time.h"

typedef enum DateOrder {
    DATE_ORDER_UNKNOWN,
    DATE_DAY_FIRST,
    DATE_MONTH_FIRST,
} DateOrder;

typedef struct ClockReading {
    int32_t year;
    uint8_t first, second; /* day and month, as they stand; when the year is first: month, day */
    DateOrder order;       /* of these two, if the reading itself tells */
    uint8_t hour, minute, clock_second;
    uint32_t nanosecond;
    bool twelve_hours; /* AM or PM stood there; `hour` is 0..23 all the same */
    bool zone_known;
    int32_t east_seconds; /* zone_known: of UTC */
} ClockReading;

/* false: it is none of the forms, or impossible in any order. */
bool clock_read(Text text, ClockReading *ret);

/* Seconds since 1970 of the reading as if it were UTC. `order` is for a reading that does not tell
 * its own; false if the date is not possible so. */
bool clock_seconds(const ClockReading *clock, DateOrder order, int64_t *ret);

#endif
