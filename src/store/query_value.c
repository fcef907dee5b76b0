#include "store/query_value.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers ---- */

static double as_double(Number n)
{
    if (n.is_real)
        return n.real;
    return n.negative ? -(double)n.size : (double)n.size;
}

int number_compare(Number a, Number b)
{
    if (a.is_real || b.is_real) {
        double x = as_double(a), y = as_double(b);
        return x < y ? -1 : x > y;
    }
    if (a.negative != b.negative)
        return a.negative ? -1 : 1;
    int order = a.size < b.size ? -1 : a.size > b.size;
    return a.negative ? -order : order;
}

/* digits[.digits] or .digits: no exponent, because texts as 12e4 are hashes more often than
 * numbers. */
static bool is_decimal(const char *z)
{
    size_t whole = strspn(z, "0123456789"), fraction = 0;
    z += whole;
    if (*z == '.')
        z += 1 + (fraction = strspn(z + 1, "0123456789"));
    return whole + fraction > 0 && *z == '\0';
}

bool number_from_text(Text t, Number *ret)
{
    char z[NUMBER_TEXT_MAX + 1];
    if (t.len == 0 || t.len > NUMBER_TEXT_MAX)
        return false;
    bool sign = t.ptr[0] == '-' || t.ptr[0] == '+';
    bool negative = t.ptr[0] == '-';
    if (sign)
        t = text_of(t.ptr + 1, t.len - 1);
    uint64_t size;
    if (sign ? text_to_u64(t, &size) : text_to_u64_any(t, &size)) {
        *ret = (Number){.negative = negative && size, .size = size};
        return true;
    }
    if (t.len == 0 || !(t.ptr[0] == '.' || (t.ptr[0] >= '0' && t.ptr[0] <= '9')))
        return false;
    memcpy(z, t.ptr, t.len);
    z[t.len] = '\0';
    if (!is_decimal(z))
        return false;
    double real = strtod(z, NULL);
    if (!isfinite(real))
        return false;
    *ret = (Number){.is_real = true, .real = negative ? -real : real};
    return true;
}

bool number_from_value(Value v, Number *ret)
{
    uint64_t bits = v.type == VALUE_TEXT ? 0 : value_u64(v);
    switch (v.type) {
    case VALUE_TEXT:
        return number_from_text(value_text(v), ret);
    case VALUE_UINT:
    case VALUE_HEX:
        *ret = (Number){.size = bits};
        return true;
    case VALUE_INT:
        *ret = (Number){.negative = bits >> 63, .size = bits >> 63 ? 0 - bits : bits};
        return true;
    case VALUE_FLOAT: {
        Number n = {.is_real = true};
        memcpy(&n.real, &bits, sizeof n.real);
        if (!isfinite(n.real))
            return false;
        *ret = n;
        return true;
    }
    default:
        return false;
    }
}

bool number_in(const NumberRange *range, Number number)
{
    if (range->has_low) {
        int order = number_compare(number, range->low);
        if (order < 0 || (order == 0 && range->low_open))
            return false;
    }
    if (range->has_high) {
        int order = number_compare(number, range->high);
        if (order > 0 || (order == 0 && range->high_open))
            return false;
    }
    return true;
}

/* ---- times ---- */

static bool could_be_time(Text t)
{
    return t.len >= 10 && t.len <= TIME_TEXT_MAX && t.ptr[4] == '-' && t.ptr[7] == '-';
}

/* Nanoseconds that the last written part of a time stands for. */
static Time precision(Text t)
{
    if (t.len == 10)
        return 86400 * NANOSECONDS_PER_SECOND;
    if (t.len < 19 || t.ptr[16] != ':')
        return 60 * NANOSECONDS_PER_SECOND;
    Time step = NANOSECONDS_PER_SECOND;
    if (t.len > 19 && (t.ptr[19] == '.' || t.ptr[19] == ','))
        for (size_t i = 20; i < t.len && t.ptr[i] >= '0' && t.ptr[i] <= '9' && step > 1; i++)
            step /= 10;
    return step;
}

bool span_from_text(Text t, TimeSpan *ret)
{
    Time low;
    if (!could_be_time(t) || !time_parse(t, &low, NULL))
        return false;
    ret->low = low;
    if (__builtin_add_overflow(low, precision(t) - 1, &ret->high))
        ret->high = INT64_MAX;
    return true;
}

static bool time_from_systemtime(const uint8_t bytes[16], Time *ret)
{
    unsigned month = load_u16le(bytes + 2), day = load_u16le(bytes + 6),
             hour = load_u16le(bytes + 8), minute = load_u16le(bytes + 10),
             second = load_u16le(bytes + 12), millisecond = load_u16le(bytes + 14);
    if (month > 12 || day > 31 || hour > 23 || minute > 59 || second > 59 || millisecond > 999)
        return false;
    CivilTime civil = {.year = load_u16le(bytes),
                       .month = (uint8_t)month,
                       .day = (uint8_t)day,
                       .hour = (uint8_t)hour,
                       .minute = (uint8_t)minute,
                       .second = (uint8_t)second,
                       .nanosecond = millisecond * 1000000};
    return time_from_civil(&civil, ret);
}

bool time_from_value(Value v, Time *ret)
{
    switch (v.type) {
    case VALUE_TEXT:
        return could_be_time(value_text(v)) && time_parse(value_text(v), ret, NULL);
    case VALUE_TIME:
        *ret = (Time)value_u64(v);
        return *ret != TIME_NONE;
    case VALUE_FILETIME:
        return time_from_filetime(value_u64(v), ret);
    case VALUE_SYSTEMTIME:
        return time_from_systemtime(v.bytes.ptr, ret);
    default:
        return false;
    }
}

/* ---- addresses ---- */

#define IPV4_BITS 96 /* of the prefix that maps IPv4 */

static bool address_from_text(Text t, uint8_t ret[16], bool *ret_is_ipv4)
{
    char z[INET6_ADDRSTRLEN + 1];
    if (t.len < 2 || t.len >= sizeof z || memchr(t.ptr, '\0', t.len))
        return false;
    char c = t.ptr[0];
    if (c != ':' && !(c >= '0' && c <= '9') && !(ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f'))
        return false;
    memcpy(z, t.ptr, t.len);
    z[t.len] = '\0';
    memset(ret, 0, 10);
    ret[10] = ret[11] = 0xFF;
    *ret_is_ipv4 = inet_pton(AF_INET, z, ret + 12) == 1;
    return *ret_is_ipv4 || inet_pton(AF_INET6, z, ret) == 1;
}

bool net_from_text(Text t, Net *ret)
{
    if (t.len > NET_TEXT_MAX)
        return false;
    Net net = {.bits = 128};
    bool is_ipv4;
    uint64_t bits;
    bool has_bits = text_find(t, '/') < t.len;
    Text address = text_cut(&t, '/');
    if (!address_from_text(address, net.address, &is_ipv4))
        return false;
    if (has_bits) {
        if (!text_to_u64(t, &bits) || bits > (is_ipv4 ? 32 : 128))
            return false;
        net.bits = (unsigned)bits + (is_ipv4 ? IPV4_BITS : 0);
    }
    *ret = net;
    return true;
}

bool net_has_text(const Net *net, Text address)
{
    uint8_t bytes[16];
    bool is_ipv4;
    if (!address_from_text(address, bytes, &is_ipv4))
        return false;
    unsigned whole = net->bits / 8, rest = net->bits % 8;
    if (memcmp(bytes, net->address, whole) != 0)
        return false;
    return rest == 0 || (bytes[whole] ^ net->address[whole]) >> (8 - rest) == 0;
}
