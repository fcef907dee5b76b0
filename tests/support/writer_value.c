#include "writer_value.h"

#include "writer_bytes.h"

#include <string.h>

enum { SID_MAX_PARTS = 15, FILETIME_TICKS = 10000000 };

WriterValue writer_bytes_value(WriterTree *tree, uint8_t type, const void *bytes, size_t size)
{
    uint8_t *copy = writer_tree_alloc(tree, size ? size : 1);
    if (!copy)
        return writer_null();
    if (size)
        memcpy(copy, bytes, size);
    return (WriterValue){.type = type, .size = size, .bytes = copy};
}

WriterValue writer_string(WriterTree *tree, const char *utf8)
{
    WriterBytes units = {0};
    writer_bytes_utf16(&units, utf8);
    if (units.failed)
        writer_tree_fail(tree);
    WriterValue value = writer_bytes_value(tree, WRITER_STRING, units.ptr, units.len);
    writer_bytes_done(&units);
    return value;
}

WriterValue writer_ansi(WriterTree *tree, const char *text)
{
    return writer_bytes_value(tree, WRITER_ANSI, text, strlen(text));
}

static size_t size_of_type(WriterType type)
{
    switch (type) {
    case WRITER_INT8:
    case WRITER_UINT8:
        return 1;
    case WRITER_INT16:
    case WRITER_UINT16:
        return 2;
    case WRITER_INT32:
    case WRITER_UINT32:
    case WRITER_BOOLEAN:
    case WRITER_HEX32:
        return 4;
    default:
        return 8;
    }
}

WriterValue writer_number(WriterTree *tree, WriterType type, uint64_t value)
{
    uint8_t bytes[8];
    writer_poke(bytes, value, sizeof(bytes));
    return writer_bytes_value(tree, (uint8_t)type, bytes, size_of_type(type));
}

WriterValue writer_float(WriterTree *tree, float value)
{
    uint32_t bits;
    uint8_t bytes[sizeof(bits)];
    memcpy(&bits, &value, sizeof(bits));
    writer_poke(bytes, bits, sizeof(bytes));
    return writer_bytes_value(tree, WRITER_FLOAT, bytes, sizeof(bytes));
}

WriterValue writer_double(WriterTree *tree, double value)
{
    uint64_t bits;
    uint8_t bytes[sizeof(bits)];
    memcpy(&bits, &value, sizeof(bits));
    writer_poke(bytes, bits, sizeof(bytes));
    return writer_bytes_value(tree, WRITER_DOUBLE, bytes, sizeof(bytes));
}

static bool hex_digit(char c, uint8_t *ret)
{
    if (c >= '0' && c <= '9')
        *ret = (uint8_t)(c - '0');
    else if (c >= 'a' && c <= 'f')
        *ret = (uint8_t)(c - 'a' + 10);
    else if (c >= 'A' && c <= 'F')
        *ret = (uint8_t)(c - 'A' + 10);
    else
        return false;
    return true;
}

bool writer_parse_guid(const char *text, uint8_t ret[16])
{
    static const uint8_t PLACE[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    uint8_t guid[16];
    bool braces = *text == '{';
    text += braces;
    for (size_t i = 0; i < 16; i++) {
        uint8_t high = 0, low = 0;
        if ((i == 4 || i == 6 || i == 8 || i == 10) && *text++ != '-')
            return false;
        if (!hex_digit(text[0], &high) || !hex_digit(text[1], &low))
            return false;
        guid[PLACE[i]] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    if ((braces && *text++ != '}') || *text)
        return false;
    memcpy(ret, guid, sizeof(guid));
    return true;
}

WriterValue writer_guid(WriterTree *tree, const char *text)
{
    uint8_t guid[16];
    if (!writer_parse_guid(text, guid)) {
        writer_tree_fail(tree);
        return writer_null();
    }
    return writer_bytes_value(tree, WRITER_GUID, guid, sizeof(guid));
}

/* Decimal digits without sign; at most `max`. */
static bool parse_decimal(const char **text, uint64_t max, uint64_t *ret)
{
    uint64_t value = 0;
    const char *at = *text;
    if (*at < '0' || *at > '9')
        return false;
    for (; *at >= '0' && *at <= '9'; at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        if (value > (max - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *text = at;
    *ret = value;
    return true;
}

bool writer_parse_sid(const char *text, uint8_t ret[68], size_t *ret_size)
{
    uint64_t authority = 0;
    uint8_t sid[68] = {1};
    size_t parts = 0;
    if (strncmp(text, "S-1-", 4) != 0)
        return false;
    text += 4;
    if (!parse_decimal(&text, (UINT64_C(1) << 48) - 1, &authority))
        return false;
    for (size_t i = 0; i < 6; i++) /* the only big-endian number of the format */
        sid[2 + i] = (uint8_t)(authority >> (8 * (5 - i)));
    while (*text == '-') {
        uint64_t part = 0;
        text++;
        if (parts == SID_MAX_PARTS || !parse_decimal(&text, UINT32_MAX, &part))
            return false;
        writer_poke(sid + 8 + 4 * parts++, part, 4);
    }
    if (*text)
        return false;
    sid[1] = (uint8_t)parts;
    *ret_size = 8 + 4 * parts;
    memcpy(ret, sid, sizeof(sid));
    return true;
}

WriterValue writer_sid(WriterTree *tree, const char *text)
{
    uint8_t sid[68];
    size_t size = 0;
    if (!writer_parse_sid(text, sid, &size)) {
        writer_tree_fail(tree);
        return writer_null();
    }
    return writer_bytes_value(tree, WRITER_SID, sid, size);
}

typedef struct CivilTime {
    uint64_t year, month, day, hour, minute, second, ticks;
} CivilTime;

static bool parse_civil(const char *text, CivilTime *ret)
{
    CivilTime t = {0};
    uint64_t scale = FILETIME_TICKS;
    if (!parse_decimal(&text, 9999, &t.year) || *text++ != '-' ||
        !parse_decimal(&text, 12, &t.month) || *text++ != '-' ||
        !parse_decimal(&text, 31, &t.day) || *text++ != 'T' || !parse_decimal(&text, 23, &t.hour) ||
        *text++ != ':' || !parse_decimal(&text, 59, &t.minute) || *text++ != ':' ||
        !parse_decimal(&text, 59, &t.second))
        return false;
    if (*text == '.') {
        for (text++; *text >= '0' && *text <= '9' && scale > 1; text++) {
            scale /= 10;
            t.ticks += (uint64_t)(*text - '0') * scale;
        }
    }
    if (strcmp(text, "Z") != 0 || t.year < 1601 || t.month < 1 || t.day < 1)
        return false;
    *ret = t;
    return true;
}

/* Days since 1601-01-01; that year begins a cycle of 400. */
static uint64_t days_since_1601(const CivilTime *t)
{
    static const uint16_t BEFORE[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    uint64_t years = t->year - 1601;
    bool leap = (t->year % 4 == 0 && t->year % 100 != 0) || t->year % 400 == 0;
    return years * 365 + years / 4 - years / 100 + years / 400 + BEFORE[t->month - 1] +
           (leap && t->month > 2) + t->day - 1;
}

bool writer_parse_time(const char *text, uint64_t *ret_filetime)
{
    CivilTime t;
    if (!parse_civil(text, &t))
        return false;
    uint64_t seconds = ((days_since_1601(&t) * 24 + t.hour) * 60 + t.minute) * 60 + t.second;
    *ret_filetime = seconds * FILETIME_TICKS + t.ticks;
    return true;
}

WriterValue writer_filetime(WriterTree *tree, const char *text)
{
    uint64_t filetime = 0;
    if (!writer_parse_time(text, &filetime)) {
        writer_tree_fail(tree);
        return writer_null();
    }
    return writer_number(tree, WRITER_FILETIME, filetime);
}

WriterValue writer_systemtime(WriterTree *tree, const char *text)
{
    CivilTime t;
    if (!parse_civil(text, &t)) {
        writer_tree_fail(tree);
        return writer_null();
    }
    const uint64_t fields[8] = {
        t.year,
        t.month,
        (days_since_1601(&t) + 1) % 7, /* 1601-01-01 was a Monday; Sunday is 0 */
        t.day,
        t.hour,
        t.minute,
        t.second,
        t.ticks / (FILETIME_TICKS / 1000),
    };
    uint8_t bytes[16];
    for (size_t i = 0; i < 8; i++)
        writer_poke(bytes + 2 * i, fields[i], 2);
    return writer_bytes_value(tree, WRITER_SYSTEMTIME, bytes, sizeof(bytes));
}

WriterValue writer_array(WriterTree *tree, WriterType type, const WriterValue *items, size_t count)
{
    WriterBytes all = {0};
    for (size_t i = 0; i < count; i++) {
        writer_bytes_add(&all, items[i].bytes, items[i].size);
        if (type == WRITER_STRING || type == WRITER_ANSI)
            writer_bytes_fill(&all, 0, type == WRITER_STRING ? 2 : 1);
    }
    if (all.failed)
        writer_tree_fail(tree);
    WriterValue value = writer_bytes_value(tree, (uint8_t)(type | WRITER_ARRAY), all.ptr, all.len);
    writer_bytes_done(&all);
    return value;
}
