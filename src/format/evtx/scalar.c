#include "format/evtx/scalar.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/digits.h"
#include "base/utf16.h"
#include "event/value.h"
#include "format/evtx/ansi.h"
#include "format/evtx/json_string.h"

static uint64_t load_int(const uint8_t *p, size_t size)
{
    uint64_t v = 0;
    for (size_t i = 0; i < size; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

static uint64_t load_uint(const uint8_t *p, size_t size)
{
    switch (size) {
    case 1:
        return p[0];
    case 2:
        return load_u16le(p);
    case 4:
        return load_u32le(p);
    case 8:
        return load_u64le(p);
    default:
        return load_int(p, size < 8 ? size : 8);
    }
}

/* Sign extension from `size` bytes. */
static uint64_t load_sint(const uint8_t *p, size_t size)
{
    uint64_t v = load_uint(p, size);
    unsigned shift = size < 8 ? (unsigned)(64 - 8 * size) : 0;
    return (uint64_t)((int64_t)(v << shift) >> shift);
}

/* A float of 4 or 8 bytes. */
static double load_float(const uint8_t *p, size_t size)
{
    uint64_t bits = load_uint(p, size);
    double v;
    if (size == 4) {
        uint32_t narrow = (uint32_t)bits;
        float f;
        memcpy(&f, &narrow, sizeof f);
        return (double)f;
    }
    memcpy(&v, &bits, sizeof v);
    return v;
}

typedef enum Shape {
    SHAPE_BYTES, /* nothing known: keep the bytes */
    SHAPE_STRING,
    SHAPE_ANSI,
    SHAPE_UINT,
    SHAPE_SINT,
    SHAPE_FLOAT,
    SHAPE_BOOL,
    SHAPE_GUID,
    SHAPE_HEX,
    SHAPE_FILETIME,
    SHAPE_SYSTEMTIME,
    SHAPE_SID
} Shape;

static const struct {
    uint8_t shape;
    uint8_t size; /* 0: any */
} TYPES[0x16] = {
    [EVTX_STRING] = {SHAPE_STRING, 0},     [EVTX_ANSI] = {SHAPE_ANSI, 0},
    [EVTX_INT8] = {SHAPE_SINT, 1},         [EVTX_UINT8] = {SHAPE_UINT, 1},
    [EVTX_INT16] = {SHAPE_SINT, 2},        [EVTX_UINT16] = {SHAPE_UINT, 2},
    [EVTX_INT32] = {SHAPE_SINT, 4},        [EVTX_UINT32] = {SHAPE_UINT, 4},
    [EVTX_INT64] = {SHAPE_SINT, 8},        [EVTX_UINT64] = {SHAPE_UINT, 8},
    [EVTX_FLOAT] = {SHAPE_FLOAT, 4},       [EVTX_DOUBLE] = {SHAPE_FLOAT, 8},
    [EVTX_BOOL] = {SHAPE_BOOL, 4},         [EVTX_BINARY] = {SHAPE_BYTES, 0},
    [EVTX_GUID] = {SHAPE_GUID, 16},        [EVTX_SIZE] = {SHAPE_HEX, 8},
    [EVTX_FILETIME] = {SHAPE_FILETIME, 8}, [EVTX_SYSTEMTIME] = {SHAPE_SYSTEMTIME, 16},
    [EVTX_SID] = {SHAPE_SID, 0},           [EVTX_HEX32] = {SHAPE_HEX, 4},
    [EVTX_HEX64] = {SHAPE_HEX, 8},
};

/* What the bytes can be taken for. Integers, hex and booleans of another power-of-two width than
 * their type's are read as they are; other misfits are kept as bytes, and counted. */
static Shape shape_of(uint8_t type, const uint8_t *bytes, size_t size, unsigned *faults)
{
    if (type >= sizeof TYPES / sizeof TYPES[0] || type == EVTX_NULL) {
        (*faults)++;
        return SHAPE_BYTES;
    }
    Shape shape = (Shape)TYPES[type].shape;
    size_t expected = TYPES[type].size;
    if (shape == SHAPE_STRING && size % 2)
        (*faults)++;
    if (shape == SHAPE_SID && !sid_valid(span_of(bytes, size))) {
        (*faults)++;
        return SHAPE_BYTES;
    }
    if (expected == 0 || size == expected)
        return shape;
    bool integer =
        shape == SHAPE_UINT || shape == SHAPE_SINT || shape == SHAPE_HEX || shape == SHAPE_BOOL;
    if (integer && (size == 1 || size == 2 || size == 4 || size == 8))
        return shape;
    (*faults)++;
    return SHAPE_BYTES;
}

static char *put_hex(char *out, uint64_t v)
{
    memcpy(out, "0x", 2);
    return digits_put_hex(out + 2, v);
}

/* Shortest digits that read back equal at the value's own width; always with a point or an
 * exponent, so that a float is not mistaken for an integer. */
static char *put_float(char *out, const uint8_t *bytes, size_t size)
{
    double v = load_float(bytes, size);
    if (!isfinite(v)) {
        const char *word = isnan(v) ? "NaN" : v > 0 ? "inf" : "-inf";
        size_t n = strlen(word);
        memcpy(out, word, n);
        return out + n;
    }
    char text[40];
    int n = 0;
    for (int digits = 1; digits <= 17; digits++) {
        n = snprintf(text, sizeof text, "%.*g", digits, v);
        if (size == 4 ? strtof(text, NULL) == (float)v : strtod(text, NULL) == v)
            break;
    }
    size_t len = n > 0 && n < (int)sizeof text ? (size_t)n : 0;
    memcpy(out, text, len);
    if (!memchr(text, '.', len) && !memchr(text, 'e', len)) {
        memcpy(out + len, ".0", 2);
        len += 2;
    }
    return out + len;
}

static char *put_bytes(char *out, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        memcpy(out + 2 * i, HEX_PAIRS_UPPER + 2 * (size_t)bytes[i], 2);
    return out + 2 * size;
}

/* Everything but strings: plain ASCII that needs no escape. */
static char *put_plain(char *out, Shape shape, const uint8_t *bytes, size_t size)
{
    switch (shape) {
    case SHAPE_UINT:
        return digits_put_u64(out, load_uint(bytes, size));
    case SHAPE_SINT:
        return digits_put_i64(out, load_sint(bytes, size));
    case SHAPE_HEX:
        return put_hex(out, load_uint(bytes, size));
    case SHAPE_BOOL: {
        uint64_t v = load_sint(bytes, size);
        if (v > 1)
            return digits_put_i64(out, v);
        memcpy(out, v ? "true" : "false", 5);
        return out + (v ? 4 : 5);
    }
    case SHAPE_FLOAT:
        return put_float(out, bytes, size);
    case SHAPE_GUID:
        return out + guid_format(bytes, out);
    case SHAPE_FILETIME:
        return out + filetime_format(load_u64le(bytes), 7, out);
    case SHAPE_SYSTEMTIME: {
        size_t n = systemtime_format(bytes, out);
        memcpy(out + n - 1, "0000Z", 5); /* 7 decimals, as for every other time */
        return out + n + 4;
    }
    case SHAPE_SID:
        return out + sid_format(span_of(bytes, size), out);
    case SHAPE_BYTES:
    case SHAPE_STRING:
    case SHAPE_ANSI:
        break;
    }
    return put_bytes(out, bytes, size);
}

static bool is_bare(Shape shape)
{
    return shape == SHAPE_UINT || shape == SHAPE_SINT || shape == SHAPE_BOOL;
}

/* Any type and size: what the fast cases below do not cover. */
static char *json_value_slowly(char *out, uint8_t type, const uint8_t *bytes, size_t size,
                               unsigned *faults)
{
    Shape shape = shape_of(type, bytes, size, faults);
    if (is_bare(shape))
        return put_plain(out, shape, bytes, size);
    *out++ = '"';
    if (shape == SHAPE_STRING)
        out = evtx_json_units(out, bytes, size);
    else if (shape == SHAPE_ANSI)
        out = evtx_json_ansi(out, bytes, evtx_ansi_trim(bytes, size));
    else
        out = put_plain(out, shape, bytes, size);
    *out++ = '"';
    return out;
}

/* The ordinary types at their own size, one jump away. */
char *evtx_json_value(char *out, uint8_t type, const uint8_t *bytes, size_t size, unsigned *faults)
{
    switch (type) {
    case EVTX_STRING:
        if (size % 2)
            break;
        *out++ = '"';
        out = evtx_json_units(out, bytes, size);
        *out++ = '"';
        return out;
    case EVTX_UINT8:
        if (size != 1)
            break;
        return digits_put_u64(out, bytes[0]);
    case EVTX_UINT16:
        if (size != 2)
            break;
        return digits_put_u64(out, load_u16le(bytes));
    case EVTX_UINT32:
        if (size != 4)
            break;
        return digits_put_u64(out, load_u32le(bytes));
    case EVTX_UINT64:
        if (size != 8)
            break;
        return digits_put_u64(out, load_u64le(bytes));
    case EVTX_HEX32:
    case EVTX_HEX64:
        if (size != 4 && size != 8)
            break;
        *out++ = '"';
        out = put_hex(out, size == 4 ? load_u32le(bytes) : load_u64le(bytes));
        *out++ = '"';
        return out;
    case EVTX_GUID:
        if (size != 16)
            break;
        *out++ = '"';
        out += guid_format(bytes, out);
        *out++ = '"';
        return out;
    case EVTX_FILETIME:
        if (size != 8)
            break;
        *out++ = '"';
        out += filetime_format(load_u64le(bytes), 7, out);
        *out++ = '"';
        return out;
    default:
        break;
    }
    return json_value_slowly(out, type, bytes, size, faults);
}

void evtx_text_value(Buf *buf, uint8_t type, const uint8_t *bytes, size_t size, unsigned *faults)
{
    if (size == 0 || type == EVTX_NULL)
        return;
    char *out = buf_reserve(buf, EVTX_JSON_ROOM(size));
    if (!out)
        return;
    Shape shape = shape_of(type, bytes, size, faults);
    if (shape == SHAPE_STRING)
        buf->len += utf16_narrow(span_of(bytes, size), out);
    else if (shape == SHAPE_ANSI)
        buf->len += evtx_ansi_to_utf8(bytes, evtx_ansi_trim(bytes, size), out);
    else
        buf->len += (size_t)(put_plain(out, shape, bytes, size) - out);
}

static void sink_ansi(Sink *sink, NameId name, const uint8_t *bytes, size_t size)
{
    size_t text_size = evtx_ansi_trim(bytes, size);
    CLEANUP(freep) char *out = malloc(text_size * 3 + 1);
    if (out)
        sink_add_text(sink, name, text_of(out, evtx_ansi_to_utf8(bytes, text_size, out)));
    else /* no memory: at least its bytes */
        sink_add(sink, name, (Value){VALUE_BINARY, span_of(bytes, size)});
}

void evtx_sink_value(Sink *sink, NameId name, uint8_t type, const uint8_t *bytes, size_t size,
                     unsigned *faults)
{
    if (size == 0 || type == EVTX_NULL) {
        bool text = type == EVTX_STRING || type == EVTX_ANSI;
        sink_add(sink, name, (Value){.type = text ? VALUE_TEXT : VALUE_NULL});
        return;
    }
    switch (shape_of(type, bytes, size, faults)) {
    case SHAPE_STRING:
        sink_add_utf16(sink, name, span_of(bytes, size));
        return;
    case SHAPE_ANSI:
        sink_ansi(sink, name, bytes, size);
        return;
    case SHAPE_UINT:
        sink_add_u64(sink, name, VALUE_UINT, load_uint(bytes, size));
        return;
    case SHAPE_SINT: {
        uint64_t v = load_sint(bytes, size);
        sink_add_u64(sink, name, VALUE_INT, v);
        return;
    }
    case SHAPE_HEX:
        sink_add_u64(sink, name, VALUE_HEX, load_uint(bytes, size));
        return;
    case SHAPE_BOOL: {
        uint64_t v = load_sint(bytes, size);
        sink_add_u64(sink, name, v > 1 ? VALUE_INT : VALUE_BOOL, v);
        return;
    }
    case SHAPE_FLOAT: {
        double v = load_float(bytes, size);
        uint64_t bits;
        memcpy(&bits, &v, sizeof bits);
        sink_add_u64(sink, name, VALUE_FLOAT, bits);
        return;
    }
    case SHAPE_GUID:
        sink_add(sink, name, (Value){VALUE_GUID, span_of(bytes, size)});
        return;
    case SHAPE_FILETIME:
        sink_add_u64(sink, name, VALUE_FILETIME, load_u64le(bytes));
        return;
    case SHAPE_SYSTEMTIME:
        sink_add(sink, name, (Value){VALUE_SYSTEMTIME, span_of(bytes, size)});
        return;
    case SHAPE_SID:
        sink_add(sink, name, (Value){VALUE_SID, span_of(bytes, size)});
        return;
    case SHAPE_BYTES:
        break;
    }
    sink_add(sink, name, (Value){VALUE_BINARY, span_of(bytes, size)});
}

bool evtx_array_next(uint8_t array_type, Span value, size_t *pos, Span *ret_item, unsigned *faults)
{
    uint8_t type = array_type & (uint8_t)~EVTX_ARRAY;
    const uint8_t *p = value.ptr + *pos;
    size_t left = value.len - *pos;
    if (left == 0)
        return false;
    size_t size, step;
    if (type == EVTX_STRING || type == EVTX_ANSI) {
        size_t unit = type == EVTX_STRING ? 2 : 1;
        for (size = 0; left - size >= unit; size += unit)
            if (p[size] == 0 && (unit == 1 || p[size + 1] == 0))
                break;
        step = left - size >= unit ? size + unit : left;
    } else {
        size = type < sizeof TYPES / sizeof TYPES[0] ? TYPES[type].size : 0;
        if (type == EVTX_SID && left >= 8)
            size = 8 + 4 * (size_t)p[1];
        if (size == 0 || size > left) { /* arrays of unknown items: kept in one piece */
            (*faults)++;
            size = left;
        }
        step = size;
    }
    *ret_item = (Span){.ptr = size ? p : NULL, .len = size};
    *pos += step;
    return true;
}
