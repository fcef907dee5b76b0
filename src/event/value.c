#include "event/value.h"

#include <stdio.h>

#include "base/digits.h"
#include "base/hash.h"
#include "base/json.h"

#define TICKS_PER_SECOND        UINT64_C(10000000)
#define SECONDS_1601_TO_1970    INT64_C(11644473600)
#define SID_SUB_AUTHORITIES_MAX 15

bool value_well_formed(Value v)
{
    switch (v.type) {
    case VALUE_NULL:
        return v.bytes.len == 0;
    case VALUE_TEXT:
        return text_is_utf8(text_from_span(v.bytes), UTF8_ALLOW_SURROGATES);
    case VALUE_UINT:
    case VALUE_INT:
    case VALUE_HEX:
    case VALUE_FLOAT:
    case VALUE_FILETIME:
    case VALUE_TIME:
        return v.bytes.len == 8;
    case VALUE_BOOL:
        return v.bytes.len == 8 && load_u64le(v.bytes.ptr) <= 1;
    case VALUE_BINARY:
        return true;
    case VALUE_GUID:
    case VALUE_SYSTEMTIME:
        return v.bytes.len == 16;
    case VALUE_SID:
        return sid_valid(v.bytes);
    case VALUE_LIST:
        return v.bytes.len % 4 == 0;
    case VALUE_TYPE_COUNT:
        break;
    }
    return false;
}

size_t guid_format(const uint8_t bytes[16], char *out)
{
    static const uint8_t ORDER[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    static const uint8_t AT[16] = {1, 3, 5, 7, 10, 12, 15, 17, 20, 22, 25, 27, 29, 31, 33, 35};
    for (unsigned i = 0; i < 16; i++)
        memcpy(out + AT[i], HEX_PAIRS_LOWER + 2 * (size_t)bytes[ORDER[i]], 2);
    out[0] = '{';
    out[9] = out[14] = out[19] = out[24] = '-';
    out[37] = '}';
    return GUID_TEXT_ROOM;
}

bool sid_valid(Span sid)
{
    return sid.len >= 8 && sid.ptr[0] == 1 && sid.ptr[1] <= SID_SUB_AUTHORITIES_MAX &&
           sid.len == 8 + 4 * (size_t)sid.ptr[1];
}

size_t sid_format(Span sid, char *out)
{
    if (!sid_valid(sid))
        return 0;
    uint64_t authority = 0;
    for (size_t i = 2; i < 8; i++)
        authority = authority << 8 | sid.ptr[i];
    char *at = out;
    *at++ = 'S';
    *at++ = '-';
    *at++ = '1';
    *at++ = '-';
    at = digits_put_u64(at, authority);
    for (size_t i = 8; i < sid.len; i += 4) {
        *at++ = '-';
        at = digits_put_u64(at, load_u32le(sid.ptr + i));
    }
    return (size_t)(at - out);
}

/* "yyyy-mm-ddThh:mm:ss"; years past 9999 take as many digits as they need. */
static char *put_civil(char *out, const CivilTime *c)
{
    out = c->year > 9999 ? digits_put_u64(out, (uint64_t)c->year)
                         : digits_put_4(out, (unsigned)c->year);
    *out = '-';
    digits_put_2(out + 1, c->month);
    out[3] = '-';
    digits_put_2(out + 4, c->day);
    out[6] = 'T';
    digits_put_2(out + 7, c->hour);
    out[9] = ':';
    digits_put_2(out + 10, c->minute);
    out[12] = ':';
    return digits_put_2(out + 13, c->second);
}

size_t filetime_format(uint64_t ticks, unsigned decimals, char *out)
{
    CivilTime c = civil_from_seconds((int64_t)(ticks / TICKS_PER_SECOND) - SECONDS_1601_TO_1970);
    char *at = put_civil(out, &c);
    if (decimals) {
        unsigned fraction = (unsigned)(ticks % TICKS_PER_SECOND);
        *at++ = '.';
        digits_put_4(at, fraction / 1000);
        digits_put_2(at + 4, fraction / 10 % 100);
        at[6] = (char)('0' + fraction % 10);
        at += decimals < 7 ? decimals : 7;
    }
    *at++ = 'Z';
    return (size_t)(at - out);
}

/* A field of any value, at least `width` digits. */
static char *put_field(char *out, unsigned v, unsigned width)
{
    for (unsigned limit = width == 4   ? 1000
                          : width == 3 ? 100
                                       : 10;
         v < limit && limit > 1; limit /= 10)
        *out++ = '0';
    return digits_put_u64(out, v);
}

size_t systemtime_format(const uint8_t bytes[16], char *out)
{
    char *at = put_field(out, load_u16le(bytes), 4); /* year, month, (day of week), day, … */
    *at++ = '-';
    at = put_field(at, load_u16le(bytes + 2), 2);
    *at++ = '-';
    at = put_field(at, load_u16le(bytes + 6), 2);
    *at++ = 'T';
    at = put_field(at, load_u16le(bytes + 8), 2);
    *at++ = ':';
    at = put_field(at, load_u16le(bytes + 10), 2);
    *at++ = ':';
    at = put_field(at, load_u16le(bytes + 12), 2);
    *at++ = '.';
    at = put_field(at, load_u16le(bytes + 14), 3);
    *at++ = 'Z';
    return (size_t)(at - out);
}

static double load_double(Value v)
{
    uint64_t bits = value_u64(v);
    double d;
    memcpy(&d, &bits, sizeof d);
    return d;
}

/* Fixed-size types into `out` (SID_TEXT_ROOM bytes); returns the length. */
static size_t format_small(Value v, char *out)
{
    switch (v.type) {
    case VALUE_UINT:
        return (size_t)(digits_put_u64(out, value_u64(v)) - out);
    case VALUE_INT:
        return (size_t)(digits_put_i64(out, value_u64(v)) - out);
    case VALUE_HEX:
        memcpy(out, "0x", 2);
        return (size_t)(digits_put_hex(out + 2, value_u64(v)) - out);
    case VALUE_FLOAT: {
        int n = snprintf(out, SID_TEXT_ROOM, "%.17g", load_double(v));
        return n > 0 ? (size_t)n : 0;
    }
    case VALUE_BOOL: {
        Text t = value_u64(v) ? TEXT("true") : TEXT("false");
        memcpy(out, t.ptr, t.len);
        return t.len;
    }
    case VALUE_GUID:
        return guid_format(v.bytes.ptr, out);
    case VALUE_SID:
        return sid_format(v.bytes, out);
    case VALUE_FILETIME:
        return filetime_format(value_u64(v), 7, out);
    case VALUE_SYSTEMTIME:
        return systemtime_format(v.bytes.ptr, out);
    case VALUE_TIME:
        return time_format((Time)value_u64(v), 9, out);
    case VALUE_NULL:
    case VALUE_TEXT:
    case VALUE_BINARY:
    case VALUE_LIST:
    case VALUE_TYPE_COUNT:
        break;
    }
    return 0;
}

static void write_binary(Buf *buf, Span bytes)
{
    char *out = buf_reserve(buf, bytes.len * 2);
    if (!out)
        return;
    for (size_t i = 0; i < bytes.len; i++)
        memcpy(out + 2 * i, HEX_PAIRS_UPPER + 2 * (size_t)bytes.ptr[i], 2);
    buf->len += bytes.len * 2;
}

void value_write_text(Buf *buf, Value v)
{
    if (v.type == VALUE_TEXT) {
        buf_add(buf, v.bytes.ptr, v.bytes.len);
    } else if (v.type == VALUE_BINARY) {
        write_binary(buf, v.bytes);
    } else {
        char small[SID_TEXT_ROOM];
        buf_add(buf, small, format_small(v, small));
    }
}

void value_write_json(Buf *buf, Value v)
{
    switch (v.type) {
    case VALUE_NULL:
        BUF_LITERAL(buf, "null");
        return;
    case VALUE_TEXT:
        json_text(buf, value_text(v));
        return;
    case VALUE_FLOAT:
        json_double(buf, load_double(v));
        return;
    case VALUE_UINT:
    case VALUE_INT:
    case VALUE_BOOL:
        value_write_text(buf, v);
        return;
    default:
        buf_add_char(buf, '"');
        value_write_text(buf, v);
        buf_add_char(buf, '"');
    }
}

bool value_equals_text(Value v, Text t)
{
    if (v.type == VALUE_TEXT)
        return text_equal_nocase(value_text(v), t);
    if (v.type == VALUE_BINARY || v.type == VALUE_LIST)
        return false;
    char small[SID_TEXT_ROOM];
    return text_equal_nocase(text_of(small, format_small(v, small)), t);
}

bool value_to_u64(Value v, uint64_t *ret)
{
    switch (v.type) {
    case VALUE_UINT:
    case VALUE_HEX:
    case VALUE_BOOL:
        *ret = value_u64(v);
        return true;
    case VALUE_INT:
        *ret = value_u64(v);
        return !(*ret >> 63);
    case VALUE_TEXT:
        return text_to_u64_any(value_text(v), ret);
    default:
        return false;
    }
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A GUID in text, with or without braces, to the 16 bytes in textual order. */
static bool guid_from_text(Text t, uint8_t ret[16])
{
    if (t.len == 38 && t.ptr[0] == '{' && t.ptr[37] == '}')
        t = text_of(t.ptr + 1, 36);
    if (t.len != 36)
        return false;
    size_t n = 0;
    for (size_t i = 0; i < 36;) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (t.ptr[i++] != '-')
                return false;
            continue;
        }
        int high = hex_value(t.ptr[i]), low = hex_value(t.ptr[i + 1]);
        if (high < 0 || low < 0 || n == 16)
            return false;
        ret[n++] = (uint8_t)(high << 4 | low);
        i += 2;
    }
    return n == 16;
}

#define MICROSECOND 1000

static uint64_t fingerprint_time(Time t)
{
    int64_t microseconds = t / MICROSECOND;
    return hash64(&microseconds, sizeof microseconds, VALUE_TIME);
}

static uint64_t fingerprint_text(Text t)
{
    uint8_t guid[16];
    Time time;
    if (t.len == 0)
        return 0;
    if ((t.len == 36 || t.len == 38) && guid_from_text(t, guid))
        return hash64(guid, sizeof guid, VALUE_GUID);
    if (t.len >= 20 && t.len <= 30 && t.ptr[t.len - 1] == 'Z' && time_parse(t, &time, NULL))
        return fingerprint_time(time);
    return hash64(t.ptr, t.len, VALUE_TEXT);
}

/* Exports write bytes as upper-case hexadecimal. */
#define BINARY_SHORT 2048

static uint64_t fingerprint_binary(Span bytes)
{
    char hex[2 * BINARY_SHORT];
    if (bytes.len > BINARY_SHORT)
        return hash64(bytes.ptr, bytes.len, VALUE_BINARY);
    for (size_t i = 0; i < bytes.len; i++)
        memcpy(hex + 2 * i, HEX_PAIRS_UPPER + 2 * (size_t)bytes.ptr[i], 2);
    return fingerprint_text(text_of(hex, 2 * bytes.len));
}

uint64_t value_fingerprint(Value v)
{
    Time time;
    if (v.type == VALUE_TEXT)
        return fingerprint_text(value_text(v));
    if (v.type == VALUE_NULL)
        return 0;
    if (v.type == VALUE_BINARY)
        return fingerprint_binary(v.bytes);
    if (v.type == VALUE_LIST) /* its elements are asked one by one */
        return 0;
    if (v.type == VALUE_FILETIME && time_from_filetime(value_u64(v), &time))
        return fingerprint_time(time);
    char small[SID_TEXT_ROOM];
    return fingerprint_text(text_of(small, format_small(v, small)));
}
