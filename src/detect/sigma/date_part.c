#include "detect/sigma/date_part.h"

#include "base/time.h"

#define SECONDS_PER_DAY 86400

static int64_t days_since_1970(int32_t year, unsigned month, unsigned day)
{
    CivilTime civil = {.year = year, .month = (uint8_t)month, .day = (uint8_t)day};
    return civil_to_seconds(&civil) / SECONDS_PER_DAY -
           (civil_to_seconds(&civil) % SECONDS_PER_DAY < 0);
}

/* Monday 0 … Sunday 6; 1970-01-01 was a Thursday. */
static unsigned weekday(int64_t days)
{
    return (unsigned)(((days + 3) % 7 + 7) % 7);
}

/* The Monday of week 1: that of the week with the year's first Thursday. */
static int64_t first_monday(int32_t year)
{
    int64_t fourth = days_since_1970(year, 1, 4);
    return fourth - weekday(fourth);
}

unsigned iso_week(int32_t year, unsigned month, unsigned day)
{
    int64_t days = days_since_1970(year, month, day), start = first_monday(year);
    if (days < start)
        start = first_monday(year - 1);
    else if (days >= first_monday(year + 1))
        return 1;
    return (unsigned)((days - start) / 7 + 1);
}

static bool civil_of(Value value, CivilTime *ret)
{
    Time time;
    bool zone_known;
    switch (value.type) {
    case VALUE_TIME:
        time = (Time)value_u64(value);
        if (time == TIME_NONE)
            return false;
        break;
    case VALUE_FILETIME:
        if (!time_from_filetime(value_u64(value), &time))
            return false;
        break;
    case VALUE_SYSTEMTIME:
        *ret = (CivilTime){.year = load_u16le(value.bytes.ptr),
                           .month = (uint8_t)load_u16le(value.bytes.ptr + 2),
                           .day = (uint8_t)load_u16le(value.bytes.ptr + 6),
                           .hour = (uint8_t)load_u16le(value.bytes.ptr + 8),
                           .minute = (uint8_t)load_u16le(value.bytes.ptr + 10)};
        return time_from_civil(ret, &time);
    case VALUE_TEXT:
        if (!time_parse(value_text(value), &time, &zone_known))
            return false;
        break;
    default:
        return false;
    }
    *ret = time_to_civil(time);
    return true;
}

bool date_part_of(Value value, DatePart part, int64_t *ret)
{
    CivilTime civil;
    if (!civil_of(value, &civil))
        return false;
    switch (part) {
    case DATE_MINUTE:
        *ret = civil.minute;
        return true;
    case DATE_HOUR:
        *ret = civil.hour;
        return true;
    case DATE_DAY:
        *ret = civil.day;
        return true;
    case DATE_WEEK:
        *ret = iso_week(civil.year, civil.month, civil.day);
        return true;
    case DATE_MONTH:
        *ret = civil.month;
        return true;
    case DATE_YEAR:
        *ret = civil.year;
        return true;
    }
    return false;
}
