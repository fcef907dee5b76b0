/* date_part.h: minute, hour, day, week, month, year of a value that is a time. UTC as stored: no
 * zone is applied. Weeks are those of ISO 8601. */
#ifndef DETECT_SIGMA_DATE_PART_H
#define DETECT_SIGMA_DATE_PART_H

#include <stdbool.h>
#include <stdint.h>

#include "detect/sigma/value.h"
#include "event/value.h"

/* false: the value is no time. */
bool date_part_of(Value value, DatePart part, int64_t *ret);

/* Week 1..53 of a day. */
unsigned iso_week(int32_t year, unsigned month, unsigned day);

#endif
