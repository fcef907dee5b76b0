#include "format/evtx_json_time.h"

#include <string.h>

/* Digits before the point tell the unit: seconds have 11 until the year 5138. */
static bool from_number(Text text, Time *ret)
{
    static const struct {
        size_t digits;
        int64_t per_second;
    } UNITS[] = {{11, 1}, {14, 1000}, {17, 1000000}, {19, NANOSECONDS_PER_SECOND}};
    Text whole = text;
    int64_t count;
    size_t point = text_find(text, '.');
    whole.len = point;
    size_t digits = whole.len - (whole.len && whole.ptr[0] == '-');
    if (!text_to_i64(whole, &count))
        return false;
    for (size_t i = 0; i < sizeof UNITS / sizeof UNITS[0]; i++) {
        if (digits > UNITS[i].digits)
            continue;
        int64_t scale = NANOSECONDS_PER_SECOND / UNITS[i].per_second;
        Time t;
        if (__builtin_mul_overflow(count, scale, &t))
            return false;
        for (size_t at = point + 1; at < text.len && scale > 1; at++) {
            if (text.ptr[at] < '0' || text.ptr[at] > '9')
                return false;
            scale /= 10;
            int64_t part = (text.ptr[at] - '0') * scale;
            if (__builtin_add_overflow(t, count < 0 ? -part : part, &t))
                return false;
        }
        *ret = t;
        return true;
    }
    return false;
}

/* "2031-01-02 03:04:05 -0800" as "…05-08:00". false: it does not end so. */
static bool with_plain_zone(Text text, char out[TIME_TEXT_ROOM], Text *ret)
{
    if (text.len < 6 || text.len > TIME_TEXT_ROOM - 2)
        return false;
    Text zone = text_of(text.ptr + text.len - 5, 5);
    if (*zone.ptr != '+' && *zone.ptr != '-')
        return false;
    uint64_t ignored;
    if (!text_to_u64(text_of(zone.ptr + 1, 4), &ignored))
        return false;
    Text before = text_trim(text_of(text.ptr, text.len - 5));
    memcpy(out, before.ptr, before.len);
    memcpy(out + before.len, zone.ptr, 3);
    out[before.len + 3] = ':';
    memcpy(out + before.len + 4, zone.ptr + 3, 2);
    *ret = text_of(out, before.len + 6);
    return true;
}

bool json_time(Text text, bool number, Time *ret, bool *ret_zone_known)
{
    static const Text OPEN = {"/Date(", 6}, CLOSE = {")/", 2};
    *ret_zone_known = true;
    if (number)
        return from_number(text, ret);
    if (!text_starts(text, OPEN) || !text_ends(text, CLOSE)) {
        char room[TIME_TEXT_ROOM];
        if (time_parse(text, ret, ret_zone_known))
            return true;
        return with_plain_zone(text, room, &text) && time_parse(text, ret, ret_zone_known);
    }
    Text inside = text_of(text.ptr + OPEN.len, text.len - OPEN.len - CLOSE.len);
    size_t zone = 1; /* "+0200" may follow: how it was shown, not what it means */
    while (zone < inside.len && inside.ptr[zone] != '+' && inside.ptr[zone] != '-')
        zone++;
    int64_t milliseconds;
    return text_to_i64(text_of(inside.ptr, zone < inside.len ? zone : inside.len), &milliseconds) &&
           !__builtin_mul_overflow(milliseconds, NANOSECONDS_PER_SECOND / 1000, ret);
}
