/* The rule of a zone for the years after its table: POSIX TZ, as RFC 8536 3.3 extends it.
 *     std offset [dst [offset] , start [/time] , end [/time]]
 * Offsets count west of UTC as positive. */
#include "base/zone.h"

#include "base/time.h"

#define HOUR 3600

typedef struct Cursor {
    Text left;
    bool failed;
} Cursor;

typedef struct Switch {
    char kind; /* 'J': day 1..365, never 29 February; 'n': day 0..365; 'M' */
    uint32_t month, week, day;
    int32_t time; /* seconds after local midnight */
} Switch;

static bool next_is(Cursor *c, char wanted)
{
    if (c->failed || c->left.len == 0 || c->left.ptr[0] != wanted)
        return false;
    c->left = text_of(c->left.ptr + 1, c->left.len - 1);
    return true;
}

static void skip_name(Cursor *c)
{
    size_t n = 0;
    if (next_is(c, '<')) {
        n = text_find(c->left, '>');
        c->failed = c->failed || n == c->left.len;
        n += n < c->left.len;
    } else {
        while (n < c->left.len && ascii_lower(c->left.ptr[n]) >= 'a' &&
               ascii_lower(c->left.ptr[n]) <= 'z')
            n++;
        c->failed = c->failed || n < 3;
    }
    c->left = text_of(c->left.ptr + n, c->left.len - n);
}

static uint32_t take_number(Cursor *c, uint32_t most)
{
    uint32_t v = 0;
    size_t n = 0;
    while (n < c->left.len && n < 4 && c->left.ptr[n] >= '0' && c->left.ptr[n] <= '9')
        v = v * 10 + (uint32_t)(c->left.ptr[n++] - '0');
    c->left = text_of(c->left.ptr + n, c->left.len - n);
    if (n == 0 || v > most)
        c->failed = true;
    return c->failed ? 0 : v;
}

/* [+-]hh[:mm[:ss]]; hours to 167, for switches on another day. */
static int32_t take_clock(Cursor *c)
{
    bool minus = next_is(c, '-');
    if (!minus)
        (void)next_is(c, '+');
    uint32_t seconds = take_number(c, 167) * HOUR;
    if (next_is(c, ':'))
        seconds += take_number(c, 59) * 60;
    if (next_is(c, ':'))
        seconds += take_number(c, 59);
    return minus ? -(int32_t)seconds : (int32_t)seconds;
}

static Switch take_switch(Cursor *c)
{
    Switch s = {.kind = 'n', .time = 2 * HOUR};
    if (!next_is(c, ','))
        c->failed = true;
    if (next_is(c, 'M')) {
        s.kind = 'M';
        s.month = take_number(c, 12);
        c->failed = c->failed || !next_is(c, '.');
        s.week = take_number(c, 5);
        c->failed = c->failed || !next_is(c, '.') || s.month == 0 || s.week == 0;
        s.day = take_number(c, 6);
    } else {
        if (next_is(c, 'J'))
            s.kind = 'J';
        s.day = take_number(c, 365);
        c->failed = c->failed || (s.kind == 'J' && s.day == 0);
    }
    if (next_is(c, '/'))
        s.time = take_clock(c);
    return s;
}

static int64_t day_seconds(int32_t year, uint32_t month, uint32_t day)
{
    CivilTime civil = {.year = year, .month = (uint8_t)month, .day = (uint8_t)day};
    return civil_to_seconds(&civil);
}

/* Local seconds of the switch in a year. */
static int64_t switch_in(const Switch *s, int32_t year)
{
    const int64_t day = 24 * HOUR;
    int64_t new_year = day_seconds(year, 1, 1);
    if (s->kind != 'M') {
        bool leap = day_seconds(year, 3, 1) - day_seconds(year, 2, 1) == 29 * day;
        int64_t index = s->kind == 'J' ? (int64_t)s->day - 1 + (leap && s->day > 59) : s->day;
        return new_year + index * day + s->time;
    }
    int64_t first = day_seconds(year, s->month, 1);
    int64_t next_month =
        s->month == 12 ? day_seconds(year + 1, 1, 1) : day_seconds(year, s->month + 1, 1);
    int64_t weekday = (first / day + 4) % 7; /* 1970-01-01 was a Thursday; years here are later */
    int64_t found = first + ((int64_t)s->day + 7 - weekday) % 7 * day + (s->week - 1) * 7 * day;
    while (found >= next_month)
        found -= 7 * day;
    return found + s->time;
}

static bool add_change(Zone *zone, int64_t at, int32_t east)
{
    if (zone->count && at <= zone->at[zone->count - 1])
        return true; /* the table already tells */
    if (zone->count == ZONE_CHANGES_MAX)
        return false;
    zone->at[zone->count] = at;
    zone->east[zone->count++] = east;
    return true;
}

bool zone_add_rule(Zone *zone, Text rule, int32_t from_year, Err *err)
{
    Cursor c = {.left = rule};
    skip_name(&c);
    int32_t standard = -take_clock(&c);
    bool constant = c.left.len == 0;
    int32_t summer = standard + HOUR;
    Switch start = {0}, end = {0};
    if (!constant) {
        skip_name(&c);
        if (c.left.len && c.left.ptr[0] != ',')
            summer = -take_clock(&c);
        start = take_switch(&c);
        end = take_switch(&c);
    }
    if (c.failed || c.left.len || from_year < 1970)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "time zone rule \"%s\" is not understood",
                       quote(rule.ptr, rule.len).str);
    if (zone->count == 0)
        zone->first_east = standard;
    for (int32_t year = from_year; !constant && year < ZONE_LAST_YEAR; year++) {
        int64_t on = switch_in(&start, year) - standard, off = switch_in(&end, year) - summer;
        bool south = off < on;
        if (!add_change(zone, south ? off : on, south ? standard : summer) ||
            !add_change(zone, south ? on : off, south ? summer : standard))
            return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "the time zone has too many changes");
    }
    return true;
}
