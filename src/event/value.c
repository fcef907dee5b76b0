#include "event/value.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/hash.h"
#include "base/json.h"

#define TICKS_PER_SECOND        UINT64_C(10000000)
#define SECONDS_1601_TO_1970    INT64_C(11644473600)
#define SID_SUB_AUTHORITIES_MAX 15

TicksStatus filetime_status(uint64_t ticks)
{
    Time ignored;
    if (ticks == 0)
        return TICKS_ZERO;
    if (ticks == UINT64_C(0x7fffffffffffffff) || ticks == UINT64_MAX)
        return TICKS_NEVER;
    return time_from_filetime(ticks, &ignored) ? TICKS_ORDINARY : TICKS_OUT_OF_RANGE;
}

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

static char *put_hex_byte(char *out, uint8_t b, const char digits[16])
{
    out[0] = digits[b >> 4];
    out[1] = digits[b & 15];
    return out + 2;
}

size_t guid_format(const uint8_t bytes[16], char *out)
{
    static const uint8_t ORDER[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    char *at = out;
    *at++ = '{';
    for (unsigned i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        at = put_hex_byte(at, bytes[ORDER[i]], "0123456789abcdef");
    }
    *at++ = '}';
    return (size_t)(at - out);
}

bool sid_valid(Span sid)
{
    return sid.len >= 8 && sid.ptr[0] == 1 && sid.ptr[1] <= SID_SUB_AUTHORITIES_MAX &&
           sid.len == 8 + 4 * (size_t)sid.ptr[1];
}

static char *put_u64(char *out, uint64_t v)
{
    char digits[20];
    size_t n = 0;
    do {
        digits[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    while (n)
        *out++ = digits[--n];
    return out;
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
    at = put_u64(at, authority);
    for (size_t i = 8; i < sid.len; i += 4) {
        *at++ = '-';
        at = put_u64(at, load_u32le(sid.ptr + i));
    }
    return (size_t)(at - out);
}

static char *put_padded(char *out, uint64_t v, unsigned width)
{
    for (unsigned i = width; i-- > 0; v /= 10)
        out[i] = (char)('0' + v % 10);
    return out + width;
}

/* "yyyy-mm-ddThh:mm:ss"; years past 9999 take as many digits as they need. */
static char *put_civil(char *out, const CivilTime *c)
{
    out = c->year > 9999 ? put_u64(out, (uint64_t)c->year)
                         : put_padded(out, (uint64_t)(c->year < 0 ? 0 : c->year), 4);
    *out++ = '-';
    out = put_padded(out, c->month, 2);
    *out++ = '-';
    out = put_padded(out, c->day, 2);
    *out++ = 'T';
    out = put_padded(out, c->hour, 2);
    *out++ = ':';
    out = put_padded(out, c->minute, 2);
    *out++ = ':';
    return put_padded(out, c->second, 2);
}

size_t filetime_format(uint64_t ticks, unsigned decimals, char *out)
{
    static const uint32_t SCALE[] = {10000000, 1000000, 100000, 10000, 1000, 100, 10, 1};
    CivilTime c = civil_from_seconds((int64_t)(ticks / TICKS_PER_SECOND) - SECONDS_1601_TO_1970);
    char *at = put_civil(out, &c);
    if (decimals) {
        unsigned shown = decimals < 7 ? decimals : 7;
        *at++ = '.';
        at = put_padded(at, ticks % TICKS_PER_SECOND / SCALE[shown], shown);
    }
    *at++ = 'Z';
    return (size_t)(at - out);
}

size_t systemtime_format(const uint8_t bytes[16], char *out)
{
    char *at = put_padded(out, load_u16le(bytes), 4); /* year, month, (day of week), day, … */
    *at++ = '-';
    at = put_padded(at, load_u16le(bytes + 2), 2);
    *at++ = '-';
    at = put_padded(at, load_u16le(bytes + 6), 2);
    *at++ = 'T';
    at = put_padded(at, load_u16le(bytes + 8), 2);
    *at++ = ':';
    at = put_padded(at, load_u16le(bytes + 10), 2);
    *at++ = ':';
    at = put_padded(at, load_u16le(bytes + 12), 2);
    *at++ = '.';
    at = put_padded(at, load_u16le(bytes + 14), 3);
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
        return (size_t)(put_u64(out, value_u64(v)) - out);
    case VALUE_INT: {
        uint64_t bits = value_u64(v);
        char *at = out;
        if (bits >> 63) {
            *at++ = '-';
            bits = 0 - bits;
        }
        return (size_t)(put_u64(at, bits) - out);
    }
    case VALUE_HEX: {
        int n = snprintf(out, SID_TEXT_ROOM, "0x%" PRIx64, value_u64(v));
        return n > 0 ? (size_t)n : 0;
    }
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
        out = put_hex_byte(out, bytes.ptr[i], "0123456789ABCDEF");
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
    char *end = hex;
    for (size_t i = 0; i < bytes.len; i++)
        end = put_hex_byte(end, bytes.ptr[i], "0123456789ABCDEF");
    return fingerprint_text(text_of(hex, (size_t)(end - hex)));
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
