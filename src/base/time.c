#include "base/time.h"

#define FILETIME_PER_SECOND  INT64_C(10000000)
#define SECONDS_1601_TO_1970 INT64_C(11644473600)
#define SECONDS_PER_DAY      INT64_C(86400)
#define WHOLE_LEN            19 /* "yyyy-mm-ddThh:mm:ss" */

bool time_from_unix(int64_t seconds, uint32_t nanoseconds, Time *ret)
{
    Time t;
    if (nanoseconds >= NANOSECONDS_PER_SECOND ||
        __builtin_mul_overflow(seconds, NANOSECONDS_PER_SECOND, &t) ||
        __builtin_add_overflow(t, (Time)nanoseconds, &t) || t == TIME_NONE)
        return false;
    *ret = t;
    return true;
}

bool time_from_filetime(uint64_t ticks, Time *ret)
{
    int64_t seconds = (int64_t)(ticks / FILETIME_PER_SECOND) - SECONDS_1601_TO_1970;
    return time_from_unix(seconds, (uint32_t)(ticks % FILETIME_PER_SECOND) * 100, ret);
}

/* Days since 1970-01-01 of a Gregorian date, by eras of 400 years that start in March. */
static int64_t days_from_civil(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, CivilTime *civil)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153; /* 0 = March */
    civil->day = (uint8_t)(day_of_year - (153 * month + 2) / 5 + 1);
    civil->month = (uint8_t)(month < 10 ? month + 3 : month - 9);
    civil->year = (int32_t)(year_of_era + era * 400 + (civil->month <= 2));
}

CivilTime civil_from_seconds(int64_t seconds)
{
    int64_t days = seconds / SECONDS_PER_DAY;
    int64_t rest = seconds % SECONDS_PER_DAY;
    if (rest < 0) {
        rest += SECONDS_PER_DAY;
        days--;
    }
    CivilTime civil = {.hour = (uint8_t)(rest / 3600),
                       .minute = (uint8_t)(rest / 60 % 60),
                       .second = (uint8_t)(rest % 60)};
    civil_from_days(days, &civil);
    return civil;
}

int64_t civil_to_seconds(const CivilTime *civil)
{
    return days_from_civil(civil->year, civil->month, civil->day) * SECONDS_PER_DAY +
           civil->hour * 3600 + civil->minute * 60 + civil->second;
}

static unsigned days_in_month(int32_t year, unsigned month)
{
    static const uint8_t DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : DAYS[month - 1];
}

bool time_from_civil(const CivilTime *civil, Time *ret)
{
    if (civil->month < 1 || civil->month > 12 || civil->day < 1 ||
        civil->day > days_in_month(civil->year, civil->month) || civil->hour > 23 ||
        civil->minute > 59 || civil->second > 59)
        return false;
    return time_from_unix(civil_to_seconds(civil), civil->nanosecond, ret);
}

/* Seconds, rounded down, and the nanoseconds above them. */
static int64_t split_seconds(Time t, uint32_t *nanosecond)
{
    int64_t seconds = t / NANOSECONDS_PER_SECOND;
    int64_t rest = t % NANOSECONDS_PER_SECOND;
    if (rest < 0) {
        rest += NANOSECONDS_PER_SECOND;
        seconds--;
    }
    *nanosecond = (uint32_t)rest;
    return seconds;
}

CivilTime time_to_civil(Time t)
{
    uint32_t nanosecond;
    CivilTime civil = civil_from_seconds(split_seconds(t, &nanosecond));
    civil.nanosecond = nanosecond;
    return civil;
}

/* `width` decimal digits at *pos; false when something else stands there. */
static bool take_digits(Text t, size_t *pos, size_t width, uint32_t *ret)
{
    if (t.len - *pos < width)
        return false;
    uint32_t v = 0;
    for (size_t i = 0; i < width; i++) {
        unsigned digit = (unsigned)((unsigned char)t.ptr[*pos + i] - '0');
        if (digit > 9)
            return false;
        v = v * 10 + digit;
    }
    *pos += width;
    *ret = v;
    return true;
}

static bool take_char(Text t, size_t *pos, char c)
{
    if (*pos >= t.len || t.ptr[*pos] != c)
        return false;
    (*pos)++;
    return true;
}

/* 10 to the power of 9 - i: nanoseconds of a unit in the place of decimal i. */
static const uint32_t SCALE[] = {1000000000, 100000000, 10000000, 1000000, 100000,
                                 10000,      1000,      100,      10,      1};

static bool parse_fraction(Text t, size_t *pos, uint32_t *nanosecond)
{
    uint32_t value = 0;
    size_t digits = 0;
    for (; *pos < t.len && (unsigned char)(t.ptr[*pos] - '0') <= 9; (*pos)++, digits++)
        if (digits < 9)
            value = value * 10 + (uint32_t)(t.ptr[*pos] - '0');
    if (digits == 0)
        return false;
    *nanosecond = digits < 9 ? value * SCALE[digits] : value;
    return true;
}

/* Z, or +hh, +hhmm, +hh:mm: seconds east of UTC. */
static bool parse_zone(Text t, size_t *pos, int64_t *east)
{
    *east = 0;
    if (take_char(t, pos, 'Z') || take_char(t, pos, 'z'))
        return true;
    bool west = *pos < t.len && t.ptr[*pos] == '-';
    uint32_t hours, minutes = 0;
    if (!take_char(t, pos, west ? '-' : '+') || !take_digits(t, pos, 2, &hours))
        return false;
    if (take_char(t, pos, ':') || *pos < t.len) {
        if (!take_digits(t, pos, 2, &minutes))
            return false;
    }
    if (hours > 23 || minutes > 59)
        return false;
    *east = (int64_t)(hours * 3600 + minutes * 60) * (west ? -1 : 1);
    return true;
}

/* Two decimal digits; their value is 100 or more where one of them is none. */
static inline uint32_t two_digits(const char *p)
{
    uint32_t tens = (uint32_t)((unsigned char)p[0] - '0');
    uint32_t ones = (uint32_t)((unsigned char)p[1] - '0');
    return tens > 9 || ones > 9 ? 100 : tens * 10 + ones;
}

/* What nearly all texts begin with: "yyyy-mm-ddThh:mm:ss", the T perhaps a blank. false: they do
 * not; nothing is set. */
static bool parse_whole(Text t, CivilTime *ret)
{
    const char *p = t.ptr;
    if (t.len < WHOLE_LEN || p[4] != '-' || p[7] != '-' || (p[10] != 'T' && p[10] != ' ') ||
        p[13] != ':' || p[16] != ':')
        return false;
    uint32_t century = two_digits(p), year = two_digits(p + 2), month = two_digits(p + 5),
             day = two_digits(p + 8), hour = two_digits(p + 11), minute = two_digits(p + 14),
             second = two_digits(p + 17);
    if (century > 99 || year > 99 || month > 99 || day > 99 || hour > 99 || minute > 99 ||
        second > 99)
        return false;
    *ret = (CivilTime){.year = (int32_t)(century * 100 + year),
                       .month = (uint8_t)month,
                       .day = (uint8_t)day,
                       .hour = (uint8_t)hour,
                       .minute = (uint8_t)minute,
                       .second = (uint8_t)second};
    return true;
}

/* A date, alone or with a clock reading at least of minutes, at the beginning of `t`. *pos: behind
 * it. */
static bool parse_date(Text t, size_t *pos, CivilTime *ret)
{
    uint32_t year, month, day, hour = 0, minute = 0, second = 0;
    if (!take_digits(t, pos, 4, &year) || !take_char(t, pos, '-') ||
        !take_digits(t, pos, 2, &month) || !take_char(t, pos, '-') || !take_digits(t, pos, 2, &day))
        return false;
    if (*pos < t.len) {
        if (!take_char(t, pos, 'T') && !take_char(t, pos, ' ') && !take_char(t, pos, 't'))
            return false;
        if (!take_digits(t, pos, 2, &hour) || !take_char(t, pos, ':') ||
            !take_digits(t, pos, 2, &minute))
            return false;
        if (take_char(t, pos, ':') && !take_digits(t, pos, 2, &second))
            return false;
    }
    *ret = (CivilTime){.year = (int32_t)year,
                       .month = (uint8_t)month,
                       .day = (uint8_t)day,
                       .hour = (uint8_t)hour,
                       .minute = (uint8_t)minute,
                       .second = (uint8_t)second};
    return true;
}

bool time_parse(Text t, Time *ret, bool *ret_zone_known)
{
    CivilTime civil;
    int64_t east = 0;
    bool zone = false;
    size_t pos = 0;
    if (parse_whole(t, &civil))
        pos = WHOLE_LEN;
    else if (!parse_date(t, &pos, &civil))
        return false;
    if ((take_char(t, &pos, '.') || take_char(t, &pos, ',')) &&
        !parse_fraction(t, &pos, &civil.nanosecond))
        return false;
    if (pos < t.len) {
        (void)take_char(t, &pos, ' ');
        if (!parse_zone(t, &pos, &east))
            return false;
        zone = true;
    }
    Time local;
    if (pos != t.len || !time_from_civil(&civil, &local) ||
        __builtin_sub_overflow(local, east * NANOSECONDS_PER_SECOND, &local))
        return false;
    *ret = local;
    if (ret_zone_known)
        *ret_zone_known = zone;
    return true;
}

static char *put_digits(char *out, uint32_t value, unsigned width)
{
    for (unsigned i = width; i-- > 0; value /= 10)
        out[i] = (char)('0' + value % 10);
    return out + width;
}

size_t time_format(Time t, unsigned decimals, char *out)
{
    if (t == TIME_NONE)
        return 0;
    CivilTime c = time_to_civil(t);
    char *at = put_digits(out, (uint32_t)c.year, 4);
    *at++ = '-';
    at = put_digits(at, c.month, 2);
    *at++ = '-';
    at = put_digits(at, c.day, 2);
    *at++ = 'T';
    at = put_digits(at, c.hour, 2);
    *at++ = ':';
    at = put_digits(at, c.minute, 2);
    *at++ = ':';
    at = put_digits(at, c.second, 2);
    if (decimals) {
        *at++ = '.';
        at = put_digits(at, c.nanosecond / SCALE[decimals], decimals);
    }
    *at++ = 'Z';
    return (size_t)(at - out);
}
