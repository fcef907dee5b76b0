#include "query_random.h"

#include <string.h>

Dice dice_of_seed(uint64_t seed)
{
    return (Dice){.state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1};
}

Dice dice_of_bytes(Span bytes)
{
    return (Dice){.bytes = bytes};
}

uint32_t dice_below(Dice *dice, uint32_t n)
{
    if (n == 0)
        return 0;
    if (dice->state) {
        dice->state ^= dice->state << 13;
        dice->state ^= dice->state >> 7;
        dice->state ^= dice->state << 17;
        return (uint32_t)(dice->state >> 32) % n;
    }
    return dice->pos < dice->bytes.len ? dice->bytes.ptr[dice->pos++] % n : 0;
}

#define COUNT(array)       ((uint32_t)(sizeof(array) / sizeof((array)[0])))
#define ONE_OF(dice, list) ((list)[dice_below(dice, COUNT(list))])

/* Texts whose cases differ in length, that read as numbers, times, addresses, that look alike. */
static const char *const TEXTS[] = {
    "admin",
    "Admin",
    "ADMINISTRATOR",
    "a",
    "A",
    "k",
    "K",
    "\xE2\x84\xAA",
    "s",
    "\xC5\xBF",
    "S",
    "ks",
    "task",
    "TASK",
    "ta\xC5\xBF\xE2\x84\xAA",
    "Stra\xC3\x9F"
    "e",
    "STRA\xE1\xBA\x9E"
    "E",
    "\xCE\xA3\xCE\x91\xCE\xA3",
    "\xCF\x83\xCE\xB1\xCF\x82", /* sigma, final sigma */
    "\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82",
    "\xD0\xBF\xD0\xA0\xD0\x98\xD0\x92\xD0\x95\xD0\xA2",
    "\xD0\x80",
    "\xD1\xA0",
    "\xC3\x89t\xC3\xA9",
    "\xC3\xA9T\xC3\x89",
    "\xE6\x9D\xB1\xE4\xBA\xAC",
    "\xC8\xBA",
    "\xE2\xB1\xA5",
    "\xC4\xB0",
    "\xC4\xB1",
    "i",
    "\xF0\x90\x90\x80",
    "\xF0\x90\x90\xA8",
    "\xED\xA0\x80", /* a lone surrogate */
    "4624",
    "0x1210",
    "04624",
    "-1",
    "3",
    "3.0",
    "3.5",
    "0x3e7",
    "999",
    "1e3",
    "18446744073709551615",
    "10.0.0.5",
    "10.1.0.0",
    "::ffff:10.0.0.5",
    "fe80::1",
    "FE80:0:0::1",
    "192.168.1.1",
    "2026-03-04T09:12:00Z",
    "2026-03-04",
    "2026-03-04 09:12",
    "2026-03-05T00:00:00.5+01:00",
    "-",
    "",
    " ",
    "*",
    "?",
    "a*b",
    "a,b",
    "C:\\Windows\\System32\\cmd.exe",
    "cmd.exe /c \"whoami\"",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxadminxxxxxxxxxxxxxxxxx",
};

static const char *const NAMES[] = {
    "System.Computer",
    "TargetUserName",
    "SubjectUserName",
    "IpAddress",
    "IpPort",
    "LogonType",
    "Hashes",
    "User",
    "user",
    "host",
    "fields.host",
    "action",
    "Threat Name",
    "Client SID:",
    "\xC3\x89tat",
    "id.orig_h",
    "Data",
    "ProcessName",
    "event.code",
};

/* ---- events ---- */

static void random_text(Dice *dice, Buf *out)
{
    buf_clear(out);
    for (uint32_t n = dice_below(dice, 8) ? 1 : 1 + dice_below(dice, 4); n > 0; n--)
        buf_add_text(out, text_from_z(ONE_OF(dice, TEXTS)));
    if (dice_below(dice, 40) == 0) /* beyond a vector, beyond a block */
        for (uint32_t n = dice_below(dice, 200); n > 0; n--)
            buf_add_text(out, TEXT("xyz"));
}

static uint64_t random_number(Dice *dice)
{
    static const uint64_t NUMBERS[] = {0,    1,   3,   4624,       4625,      999,
                                       1000, 445, 512, UINT64_MAX, INT64_MAX, UINT64_C(1) << 63};
    return ONE_OF(dice, NUMBERS);
}

static void add_bytes(Dice *dice, Sink *sink, NameId name, ValueType type)
{
    uint8_t bytes[32];
    size_t len = type == VALUE_SID ? 12 : type == VALUE_BINARY ? dice_below(dice, 8) : 16;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(0x10 * dice_below(dice, 3) + 4);
    if (type == VALUE_SID)
        memcpy(bytes, "\1\1\0\0\0\0\0\5", 8);
    if (type == VALUE_SYSTEMTIME) /* 2026-03-04, some hour of it */
        memcpy(bytes, "\xEA\7\3\0\3\0\4\0\x09\0\x0C\0\0\0\5\0", 16);
    sink_add(sink, name, (Value){.type = type, .bytes = span_of(bytes, len)});
}

#define MARCH_4 INT64_C(1772615520) /* 2026-03-04T09:12:00Z */

static void random_value(Dice *dice, Sink *sink, NameId name, Buf *text)
{
    static const ValueType TYPES[] = {VALUE_TEXT, VALUE_TEXT,     VALUE_TEXT,       VALUE_TEXT,
                                      VALUE_UINT, VALUE_INT,      VALUE_HEX,        VALUE_FLOAT,
                                      VALUE_BOOL, VALUE_NULL,     VALUE_BINARY,     VALUE_GUID,
                                      VALUE_SID,  VALUE_FILETIME, VALUE_SYSTEMTIME, VALUE_TIME};
    ValueType type = ONE_OF(dice, TYPES);
    double real = (double)dice_below(dice, 10) / 2;
    uint64_t bits;
    switch (type) {
    case VALUE_TEXT:
        random_text(dice, text);
        sink_add_text(sink, name, buf_text(text));
        break;
    case VALUE_NULL:
        sink_add(sink, name, (Value){.type = VALUE_NULL});
        break;
    case VALUE_BOOL:
        sink_add_u64(sink, name, type, dice_below(dice, 2));
        break;
    case VALUE_FLOAT:
        memcpy(&bits, &real, sizeof bits);
        sink_add_u64(sink, name, type, bits);
        break;
    case VALUE_TIME:
        sink_add_u64(sink, name, type,
                     (uint64_t)((MARCH_4 + dice_below(dice, 3)) * NANOSECONDS_PER_SECOND) + 1);
        break;
    case VALUE_FILETIME:
        sink_add_u64(sink, name, type,
                     (uint64_t)(MARCH_4 + INT64_C(11644473600)) * 10000000 + dice_below(dice, 3));
        break;
    case VALUE_UINT:
    case VALUE_INT:
    case VALUE_HEX:
        sink_add_u64(sink, name, type, random_number(dice));
        break;
    default:
        add_bytes(dice, sink, name, type);
    }
}

static void random_field(Dice *dice, Sink *sink, Buf *text)
{
    NameId name = sink_name(sink, text_from_z(ONE_OF(dice, NAMES)));
    if (dice_below(dice, 12)) {
        random_value(dice, sink, name, text);
        return;
    }
    sink_list_begin(sink);
    for (uint32_t n = dice_below(dice, 4); n > 0; n--)
        random_value(dice, sink, name, text);
    sink_list_end(sink, name);
}

void random_events(Dice *dice, Sink *sink, unsigned count)
{
    static const EventKind KINDS[] = {
        {{"windows", 7},
         {NULL, 0},
         {"Security", 8},
         {"Microsoft-Windows-Security-Auditing", 35},
         {"4624", 4}},
        {{"windows", 7},
         {NULL, 0},
         {"Microsoft-Windows-Sysmon/Operational", 36},
         {"Microsoft-Windows-Sysmon", 24},
         {"1", 1}},
        {{"windows", 7}, {NULL, 0}, {"Other", 5}, {NULL, 0}, {"0x1210", 6}},
        {{"zeek", 4}, {"conn", 4}, {NULL, 0}, {NULL, 0}, {NULL, 0}},
    };
    Buf text;
    buf_init(&text, 1 << 20);
    for (unsigned i = 0; i < count; i++) {
        EventHead head = {
            .time = dice_below(dice, 8) ? (MARCH_4 + dice_below(dice, 4)) * NANOSECONDS_PER_SECOND +
                                              100 * (Time)dice_below(dice, 3)
                                        : TIME_NONE,
            .offset = i,
            .record_id = dice_below(dice, 4) ? 4620 + dice_below(dice, 8) : RECORD_ID_NONE,
            .quality = (TimeQuality)dice_below(dice, TIME_QUALITY_COUNT),
            .class = (EventClass)dice_below(dice, EVENT_CLASS_COUNT)};
        for (uint32_t n = dice_below(dice, 10); n > 0; n--)
            random_field(dice, sink, &text);
        sink_commit(sink, &head, &ONE_OF(dice, KINDS));
    }
    buf_done(&text);
}

/* ---- queries ---- */

static void add_word(Dice *dice, Buf *out)
{
    Text word = text_from_z(ONE_OF(dice, TEXTS));
    if (!text_is_utf8(word, UTF8_STRICT) || word.len == 0)
        word = TEXT("admin");
    size_t from = 0, to = word.len;
    if (dice_below(dice, 3) == 0) { /* a part of it, of whole characters */
        for (uint32_t n = dice_below(dice, 4); n > 0 && from < to; n--)
            (void)utf8_next(word, &from);
        to = from;
        for (uint32_t n = dice_below(dice, 8); n > 0 && to < word.len; n--)
            (void)utf8_next(word, &to);
    }
    if (from == to)
        buf_add_char(out, 'a');
    static const char *const WILD[] = {"*", "?", "**", "?*"};
    if (dice_below(dice, 5) == 0)
        buf_add_text(out, text_from_z(ONE_OF(dice, WILD)));
    for (size_t pos = from; pos < to;) {
        size_t start = pos;
        (void)utf8_next(word, &pos);
        if (word.ptr[start] == '"' || word.ptr[start] == '\\' || word.ptr[start] == '*' ||
            word.ptr[start] == '?')
            buf_add_char(out, '\\');
        if (dice_below(dice, 16) == 0)
            buf_add_text(out, text_from_z(ONE_OF(dice, WILD)));
        else
            buf_add(out, word.ptr + start, pos - start);
    }
    if (dice_below(dice, 5) == 0)
        buf_add_text(out, text_from_z(ONE_OF(dice, WILD)));
}

static void add_quoted(Dice *dice, Buf *out)
{
    buf_add_char(out, '"');
    add_word(dice, out);
    buf_add_char(out, '"');
}

static const char *const FIELDS[] = {
    "System.Computer",
    "targetusername",
    "user",
    "user.name",
    "host",
    "host.name",
    "action",
    "source_ip",
    "source.ip",
    "\"Threat Name\"",
    "\"Client SID:\"",
    "Client\\ SID\\:",
    "\xC3\xA9TAT",
    "fields.host",
    "ecs.user.name",
    "fields.action",
    "session",
    "code",
    "EventID",
    "channel",
    "provider",
    "source",
    "class",
    "quality",
    "record_id",
    "item",
    "Data",
    "IpAddress",
    "event.code",
    "outcome",
    "process.hash.md5",
    "hash",
    "nothing",
};

static void add_field_term(Dice *dice, Buf *out)
{
    static const char *const VALUES[] = {"*",
                                         "**",
                                         "\"\"",
                                         "4624",
                                         "0x1210",
                                         "3",
                                         "3.0",
                                         "\"-1\"",
                                         "10.0.0.0/8",
                                         "fe80::/10",
                                         "10.0.0.5",
                                         "fe80::1",
                                         "::ffff:10.0.0.5",
                                         "2026-03-04",
                                         "2026-03-04T09:12",
                                         "2026-03-04T09:12:00.0000001Z",
                                         ">3",
                                         ">=3",
                                         "<4624",
                                         "<=0x1210",
                                         ">-1",
                                         ">2026-03-04",
                                         "<=2026-03-04T09:12:01",
                                         "[3 TO 999]",
                                         "{3 TO 4624]",
                                         "[* TO 4624}",
                                         "[4624 TO *]",
                                         "[* TO *]",
                                         "[2026-03-04 TO 2026-03-05]",
                                         "{2026-03-04T09:12:00 TO 2026-03-04T09:12:02}",
                                         "(admin OR 4624)",
                                         "(NOT admin)",
                                         "(a* AND *n)",
                                         "live",
                                         "exact",
                                         "\"zone assumed\"",
                                         "windows/*",
                                         "windows/security",
                                         "zeek/conn",
                                         "Security",
                                         "\"remote logon\"",
                                         "logon*",
                                         "case/one.evtx",
                                         "*one*",
                                         "dc*",
                                         "rds01",
                                         "success",

                                         "S-1-5-*",
                                         "true",
                                         "\\-",
                                         "4*",
                                         "*1210"};
    static const char *const TIMES[] = {"2026-03-04",
                                        "*",
                                        "2026-03-04T09:12*",
                                        ">2026-03-04T09:12:00",
                                        "<=2026-03-04T09:12:02Z",
                                        "[2026-03-04T09:12:01 TO *]",
                                        "\"2026-03-04 09:12:01.0000001\""};
    if (dice_below(dice, 8) == 0) {
        buf_add_text(out, TEXT("time:"));
        buf_add_text(out, text_from_z(ONE_OF(dice, TIMES)));
        return;
    }
    buf_add_text(out, text_from_z(ONE_OF(dice, FIELDS)));
    buf_add_char(out, ':');
    if (dice_below(dice, 2))
        buf_add_text(out, text_from_z(ONE_OF(dice, VALUES)));
    else
        add_quoted(dice, out);
}

static void add_query(Dice *dice, Buf *out, unsigned depth)
{
    static const char *const BETWEEN[] = {" ", " AND ", " OR ", " AND NOT ", " OR NOT "};
    for (uint32_t n = 1 + dice_below(dice, 3); n > 0; n--) {
        uint32_t kind = dice_below(dice, depth ? 8 : 6);
        if (kind >= 6) {
            buf_add_text(out, kind == 6 ? TEXT("(") : TEXT("NOT ("));
            add_query(dice, out, depth - 1);
            buf_add_char(out, ')');
        } else if (kind >= 3) {
            add_field_term(dice, out);
        } else {
            add_quoted(dice, out);
        }
        if (n > 1)
            buf_add_text(out, text_from_z(ONE_OF(dice, BETWEEN)));
    }
}

void random_query(Dice *dice, Buf *out)
{
    add_query(dice, out, 3);
}
