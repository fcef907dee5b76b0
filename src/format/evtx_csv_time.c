#include "format/evtx_csv_time.h"

#include "format/evtx_csv_blanks.h"

#define READING_MAX 64 /* bytes of the longest reading */

typedef struct Walk {
    Text in;
    size_t at;
} Walk;

/* A blank, or one of the marks of direction that Windows puts into dates. */
static size_t blank_len(Text t, size_t at)
{
    static const Text LEFT_TO_RIGHT = {"\xE2\x80\x8E", 3}, RIGHT_TO_LEFT = {"\xE2\x80\x8F", 3};
    Text rest = text_of(t.ptr + at, t.len - at);
    if (text_starts(rest, LEFT_TO_RIGHT) || text_starts(rest, RIGHT_TO_LEFT))
        return 3;
    return blank_at(t, at);
}

static bool skip_blanks(Walk *w)
{
    size_t from = w->at, n;
    while ((n = blank_len(w->in, w->at)) > 0)
        w->at += n;
    return w->at > from;
}

static int peek(const Walk *w)
{
    return w->at < w->in.len ? (unsigned char)w->in.ptr[w->at] : -1;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

/* A number of at most `most` digits. *ret_digits: how many. */
static bool number(Walk *w, unsigned most, uint32_t *ret, unsigned *ret_digits)
{
    uint32_t value = 0;
    unsigned digits = 0;
    for (; is_digit(peek(w)) && digits < most; digits++)
        value = value * 10 + (uint32_t)(w->in.ptr[w->at++] - '0');
    *ret = value;
    *ret_digits = digits;
    return digits > 0 && !is_digit(peek(w));
}

static bool two_digits(Walk *w, uint8_t *ret)
{
    uint32_t value;
    unsigned digits;
    if (!number(w, 2, &value, &digits))
        return false;
    *ret = (uint8_t)value;
    return true;
}

static bool read_date(Walk *w, ClockReading *clock)
{
    uint32_t part[3];
    unsigned digits[3];
    char separator = 0;
    for (int i = 0; i < 3; i++) {
        if (!number(w, 4, &part[i], &digits[i]))
            return false;
        int c = peek(w);
        if (i == 2)
            break;
        if ((c != '/' && c != '.' && c != '-') || (separator && c != separator))
            return false;
        separator = (char)c;
        w->at++;
        (void)skip_blanks(w); /* "7. 11. 2019" */
    }
    bool year_first = digits[0] == 4;
    unsigned year = year_first ? 0 : 2, first = year_first ? 1 : 0;
    if (digits[year] != 4 || digits[first] > 2 || digits[first + 1] > 2)
        return false;
    clock->year = (int32_t)part[year];
    clock->first = (uint8_t)part[first];
    clock->second = (uint8_t)part[first + 1];
    clock->order = year_first         ? DATE_MONTH_FIRST
                   : separator == '.' ? DATE_DAY_FIRST
                                      : DATE_ORDER_UNKNOWN;
    return true;
}

/* AM or PM, in any of the writings known; 0 if there is none. */
static char half_of_day(Walk *w)
{
    static const struct {
        Text text;
        char half;
    } HALVES[] = {
        {{"AM", 2}, 'A'},
        {{"PM", 2}, 'P'},
        {{"A.M.", 4}, 'A'},
        {{"P.M.", 4}, 'P'},
        {{"a. m.", 5}, 'A'},
        {{"p. m.", 5}, 'P'},
        {{"a.\xC2\xA0m.", 6}, 'A'},
        {{"p.\xC2\xA0m.", 6}, 'P'},
        {{"\xE5\x8D\x88\xE5\x89\x8D", 6}, 'A'}, /* ja, zh-TW: before noon */
        {{"\xE5\x8D\x88\xE5\xBE\x8C", 6}, 'P'},
        {{"\xE4\xB8\x8A\xE5\x8D\x88", 6}, 'A'}, /* zh */
        {{"\xE4\xB8\x8B\xE5\x8D\x88", 6}, 'P'},
        {{"\xEC\x98\xA4\xEC\xA0\x84", 6}, 'A'}, /* ko */
        {{"\xEC\x98\xA4\xED\x9B\x84", 6}, 'P'},
    };
    for (size_t i = 0; i < sizeof HALVES / sizeof HALVES[0]; i++) {
        size_t len = HALVES[i].text.len;
        if (w->in.len - w->at >= len &&
            text_equal_nocase(text_of(w->in.ptr + w->at, len), HALVES[i].text)) {
            w->at += len;
            return HALVES[i].half;
        }
    }
    return 0;
}

static bool read_fraction(Walk *w, ClockReading *clock)
{
    uint32_t scale = 100000000;
    if (!is_digit(peek(w)))
        return false;
    for (; is_digit(peek(w)); w->at++) {
        clock->nanosecond += scale * (uint32_t)(w->in.ptr[w->at] - '0');
        scale /= 10;
    }
    return true;
}

static bool read_clock(Walk *w, ClockReading *clock)
{
    char half = half_of_day(w);
    (void)skip_blanks(w);
    if (!two_digits(w, &clock->hour))
        return false;
    int separator = peek(w);
    if (separator != ':' && separator != '.')
        return false;
    w->at++;
    if (!two_digits(w, &clock->minute))
        return false;
    if (peek(w) == separator) {
        w->at++;
        if (!two_digits(w, &clock->clock_second))
            return false;
        if (peek(w) == '.' || peek(w) == ',') {
            w->at++;
            if (!read_fraction(w, clock))
                return false;
        }
    }
    (void)skip_blanks(w);
    if (!half)
        half = half_of_day(w);
    clock->twelve_hours = half != 0;
    if (half && (clock->hour > 12 || (clock->hour == 0 && half == 'P')))
        return false;
    if (half)
        clock->hour = (uint8_t)(clock->hour % 12 + (half == 'P' ? 12 : 0));
    return clock->hour < 24 && clock->minute < 60 && clock->clock_second < 60;
}

static bool read_zone(Walk *w, ClockReading *clock)
{
    uint8_t hours, minutes = 0;
    (void)skip_blanks(w);
    int c = peek(w);
    if (c < 0)
        return true;
    w->at++;
    clock->zone_known = true;
    if (c == 'Z' || c == 'z')
        return peek(w) < 0;
    if ((c != '+' && c != '-') || !two_digits(w, &hours))
        return false;
    if (peek(w) == ':') {
        w->at++;
        if (!two_digits(w, &minutes))
            return false;
    }
    if (hours > 15 || minutes > 59 || peek(w) >= 0)
        return false;
    clock->east_seconds = (hours * 60 + minutes) * 60 * (c == '-' ? -1 : 1);
    return true;
}

bool clock_read(Text text, ClockReading *ret)
{
    ClockReading clock = {0};
    Walk w = {.in = text};
    if (text.len > READING_MAX)
        return false;
    (void)skip_blanks(&w);
    if (!read_date(&w, &clock))
        return false;
    if (peek(&w) == 'T' || peek(&w) == ',')
        w.at++;
    else if (blank_len(w.in, w.at) == 0)
        return false;
    (void)skip_blanks(&w);
    if (!read_clock(&w, &clock) || !read_zone(&w, &clock))
        return false;
    int64_t ignored;
    if (!clock_seconds(&clock, DATE_DAY_FIRST, &ignored) &&
        !clock_seconds(&clock, DATE_MONTH_FIRST, &ignored))
        return false;
    *ret = clock;
    return true;
}

bool clock_seconds(const ClockReading *clock, DateOrder order, int64_t *ret)
{
    if (clock->order != DATE_ORDER_UNKNOWN)
        order = clock->order;
    bool day_first = order == DATE_DAY_FIRST;
    CivilTime civil = {
        .year = clock->year,
        .month = day_first ? clock->second : clock->first,
        .day = day_first ? clock->first : clock->second,
        .hour = clock->hour,
        .minute = clock->minute,
        .second = clock->clock_second,
    };
    Time ignored;
    if (!time_from_civil(&civil, &ignored))
        return false;
    *ret = civil_to_seconds(&civil);
    return true;
}
