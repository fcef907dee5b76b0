/* evtx_json_map.c: from the values of a JSON record to the fields of an event.
 *
 * In SHAPE_TREE a value's place says all. In the other shapes several keys may claim the same
 * System field (Hostname, Computer, MachineName): a first walk finds the best claim to each, a
 * second one adds the fields; who lost keeps its own name. */
#include "format/evtx_json_record.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "format/evtx_json_time.h"

#define NO_RANK          UINT8_MAX
#define SYSMON_TOLERANCE 600 /* seconds that UtcTime and the record's time may differ */

/* A value that is a time. */
typedef struct LeafTime {
    const Leaf *leaf; /* NULL: there is none */
    Time time;
    bool zone_known;
} LeafTime;

typedef struct Mapper {
    JsonRecord *record;
    Paths *paths;
    const FormatOptions *options;
    Sink *sink;
    WindowsEvent *event;
    RecordClock *clock;
    uint8_t best[WINDOWS_FIELD_COUNT]; /* best rank of a claim to each field */
    uint8_t time_rank;
    LeafTime time, stamp;
    const Leaf *received, *sysmon, *user_element;
    uint32_t params;
    NameId data_name; /* of the Data whose text comes next … */
    bool named;       /* … if there is one */
} Mapper;

static bool is_number_field(unsigned field)
{
    const uint32_t numbers = 1u << WINDOWS_EVENT_ID | 1u << WINDOWS_QUALIFIERS |
                             1u << WINDOWS_VERSION | 1u << WINDOWS_LEVEL | 1u << WINDOWS_TASK |
                             1u << WINDOWS_OPCODE | 1u << WINDOWS_RECORD_ID |
                             1u << WINDOWS_PROCESS_ID | 1u << WINDOWS_THREAD_ID;
    return numbers >> field & 1;
}

/* Does the value spell a number without a sign that 64 bits hold? */
static bool is_u64(const Leaf *leaf)
{
    uint64_t number;
    const JsonToken *value = &leaf->value;
    if (value->integer && value->text.len < 20) /* JSON's integers are digits, but for the sign */
        return *value->text.ptr != '-';
    return text_to_u64(value->text, &number);
}

/* Can this value be that System field? */
static bool fits(const Leaf *leaf, unsigned field)
{
    uint64_t number;
    int64_t negative;
    if ((leaf->value.kind != JSON_STRING && leaf->value.kind != JSON_NUMBER) ||
        leaf->value.text.len == 0)
        return false;
    if (field == WINDOWS_KEYWORDS)
        return text_to_u64_any(leaf->value.text, &number) ||
               text_to_i64(leaf->value.text, &negative);
    return !is_number_field(field) || is_u64(leaf);
}

/* A number with fraction or exponent: as such if that loses nothing of its writing. */
static bool add_fraction(Sink *sink, NameId name, Text text)
{
    char z[64], again[64];
    if (text.len >= sizeof z)
        return false;
    memcpy(z, text.ptr, text.len);
    z[text.len] = '\0';
    double v = strtod(z, NULL);
    int n = snprintf(again, sizeof again, "%.17g", v);
    if (n <= 0 || (size_t)n >= sizeof again)
        return false;
    for (int digits = 1; digits < 17; digits++) {
        n = snprintf(again, sizeof again, "%.*g", digits, v);
        if (n > 0 && strtod(again, NULL) == v) /* NOLINT: exact on purpose */
            break;
    }
    if ((size_t)n != text.len || memcmp(again, z, text.len) != 0)
        return false;
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    sink_add_u64(sink, name, VALUE_FLOAT, bits);
    return true;
}

static void add_value(Sink *sink, NameId name, const Leaf *leaf)
{
    switch (leaf->value.kind) {
    case JSON_STRING:
        if (leaf->value.utf8)
            sink_add_utf8(sink, name, leaf->value.text);
        else
            sink_add_text(sink, name, leaf->value.text);
        break;
    case JSON_NUMBER:
        if (!(leaf->value.integer ? windows_add_number(sink, name, leaf->value.text)
                                  : add_fraction(sink, name, leaf->value.text)))
            sink_add_text(sink, name, leaf->value.text);
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        sink_add_u64(sink, name, VALUE_BOOL, leaf->value.kind == JSON_TRUE);
        break;
    default:
        sink_add(sink, name, (Value){.type = VALUE_NULL});
        break;
    }
}

static void add_param(Mapper *m, const Leaf *leaf)
{
    char name[24];
    int n = snprintf(name, sizeof name, "param%" PRIu32, ++m->params);
    if (n > 0 && (size_t)n < sizeof name)
        add_value(m->sink, sink_name(m->sink, text_of(name, (size_t)n)), leaf);
}

static const Meaning *meaning_of(const Mapper *m, const Leaf *leaf)
{
    return paths_meaning(m->paths, leaf->node, m->record->shape);
}

/* ---- the first walk ---- */

static void claim(Mapper *m, Leaf *leaf, unsigned field, uint8_t rank)
{
    leaf->fits = rank <= m->best[field] && fits(leaf, field);
    if (leaf->fits)
        m->best[field] = rank;
}

static bool read_time(const Leaf *leaf, Time *ret, bool *ret_zone_known)
{
    return json_time(leaf->value.text, leaf->value.kind == JSON_NUMBER, ret, ret_zone_known);
}

/* A candidate for the event's time. */
static void claim_time(Mapper *m, const Leaf *leaf, uint8_t rank)
{
    LeafTime at = {.leaf = leaf};
    const LeafTime *same = &m->time; /* exporters like to write the same time twice */
    if (same->leaf && leaf->value.kind == JSON_STRING && same->leaf->value.kind == JSON_STRING &&
        text_equal(same->leaf->value.text, leaf->value.text))
        at = (LeafTime){.leaf = leaf, .time = same->time, .zone_known = same->zone_known};
    else if (!read_time(leaf, &at.time, &at.zone_known))
        return;
    if (text_equal(paths_node(m->paths, leaf->node)->key, TEXT("@timestamp")))
        m->stamp = at;
    if (rank < m->time_rank) {
        m->time_rank = rank;
        m->time = at;
    }
}

/* An event's own ProcessID is text, and no thread stands beside it. */
static bool is_logging_process(const Mapper *m, const Leaf *leaf)
{
    return leaf->value.integer && (m->record->marks & MARK_THREAD);
}

/* With NXLog the type of the account says it; else the thread, as for the process. */
static bool is_logging_user(const Mapper *m)
{
    uint32_t needed = m->record->shape == SHAPE_NXLOG ? MARK_ACCOUNT_TYPE : MARK_THREAD;
    return (m->record->marks & needed) != 0;
}

static void survey(Mapper *m)
{
    for (size_t i = 0; i < m->record->count; i++) {
        Leaf *leaf = &m->record->leaves[i];
        const Meaning *meaning = meaning_of(m, leaf);
        leaf->meaning = meaning;
        switch ((PathUse)meaning->use) {
        case USE_FIELD:
            break;
        case USE_SYSTEM:
            claim(m, leaf, meaning->field, meaning->rank);
            break;
        case USE_LOGGING_PROCESS:
            if (is_logging_process(m, leaf))
                claim(m, leaf, WINDOWS_PROCESS_ID, 1);
            break;
        case USE_TIME:
            claim_time(m, leaf, meaning->rank);
            break;
        case USE_TIME_RECEIVED:
            m->received = leaf;
            break;
        case USE_TIME_SYSMON:
            m->sysmon = leaf;
            break;
        case USE_USER_ELEMENT:
            m->user_element = leaf;
            break;
        default:
            break;
        }
    }
}

/* ---- time ---- */

/* East of UTC, from when NXLog received the record (its local time) and when the next collector
 * stamped it (UTC). Zones are multiples of a quarter of an hour. */
static bool infer_zone(const Mapper *m, int32_t *ret_seconds)
{
    const int64_t quarter = 900, slack = 120, widest = 14 * 3600;
    Time received;
    bool received_zone;
    if (!m->received || !m->stamp.leaf || !m->stamp.zone_known ||
        !read_time(m->received, &received, &received_zone) || received_zone)
        return false;
    int64_t apart = received / NANOSECONDS_PER_SECOND - m->stamp.time / NANOSECONDS_PER_SECOND;
    int64_t zone = (apart + (apart < 0 ? -quarter / 2 : quarter / 2)) / quarter * quarter;
    if (llabs(apart - zone) > slack || llabs(zone) > widest)
        return false;
    *ret_seconds = (int32_t)zone;
    return true;
}

/* The event's time is a clock reading in the zone that the person gave. */
static void set_local_time(Mapper *m)
{
    Time *time = &m->event->time;
    int64_t local = *time / NANOSECONDS_PER_SECOND, utc;
    int64_t fraction = *time % NANOSECONDS_PER_SECOND;
    m->clock->source = CLOCK_ZONE_GIVEN;
    if (zone_to_utc(m->options->zone, local, &utc) != ZONE_ONCE)
        m->event->quality = TIME_ZONE_ASSUMED;
    if (__builtin_mul_overflow(utc, NANOSECONDS_PER_SECOND, time) ||
        __builtin_add_overflow(*time, fraction, time))
        *time = TIME_NONE;
}

static void set_unzoned_time(Mapper *m)
{
    RecordClock *clock = m->clock;
    bool inferred = infer_zone(m, &clock->zone_seconds);
    clock->source = inferred ? CLOCK_ZONE_INFERRED : CLOCK_ZONE_UNKNOWN;
    m->event->quality = TIME_ZONE_ASSUMED;
    if (__builtin_sub_overflow(m->event->time, clock->zone_seconds * NANOSECONDS_PER_SECOND,
                               &m->event->time))
        m->event->time = TIME_NONE;
}

static void set_time(Mapper *m)
{
    WindowsEvent *event = m->event;
    if (!m->time.leaf)
        return;
    bool collected = m->time.leaf == m->stamp.leaf && m->record->shape != SHAPE_BEATS;
    event->time = m->time.time;
    event->meaning = collected ? TIME_MEANS_WRITTEN : TIME_MEANS_LOGGED;
    event->quality = TIME_EXACT;
    if (m->time.zone_known)
        return;
    if (m->options->zone)
        set_local_time(m);
    else
        set_unzoned_time(m);
}

/* Sysmon takes UtcTime from the host's clock when the event happens, but for network events from
 * the kernel, whose clock may be days off. Where the two should agree and do not, the exporter's
 * time is wrong: local time written as UTC, or on a twelve-hour clock. */
static void check_against_sysmon(Mapper *m)
{
    const WindowsEvent *event = m->event;
    Time utc;
    bool ignored;
    if (!m->sysmon || event->time == TIME_NONE || event->meaning != TIME_MEANS_LOGGED ||
        !text_equal(event->channel, TEXT("Microsoft-Windows-Sysmon/Operational")) ||
        text_equal(event->code, TEXT("3")) || text_equal(event->code, TEXT("22")) ||
        !json_time(m->sysmon->value.text, false, &utc, &ignored))
        return;
    int64_t apart = utc / NANOSECONDS_PER_SECOND - event->time / NANOSECONDS_PER_SECOND;
    m->clock->compared = true;
    if (llabs(apart) < SYSMON_TOLERANCE)
        return;
    m->clock->ahead_seconds = apart;
    m->event->quality = TIME_CLOCK_DOUBTFUL;
}

/* ---- the second walk ---- */

static void add_system(Mapper *m, const Meaning *meaning, const Leaf *leaf)
{
    Time time;
    bool zone_known;
    if (meaning->field == WINDOWS_SYSTEM_TIME && leaf->value.kind == JSON_NUMBER &&
        json_time(leaf->value.text, true, &time,
                  &zone_known)) { /* Velociraptor: seconds since 1970 */
        m->event->time = time;
        sink_add_u64(m->sink, meaning->name, VALUE_TIME, (uint64_t)time);
    } else if (leaf->value.kind == JSON_STRING || leaf->value.kind == JSON_NUMBER) {
        windows_add_system(m->sink, m->event, (WindowsField)meaning->field, meaning->name,
                           leaf->value.text);
    } else if (leaf->value.kind != JSON_NULL) {
        add_value(m->sink, meaning->name, leaf);
    }
}

/* A claim to a System field: won, lost, or not even fit. */
static void add_claim(Mapper *m, const Meaning *meaning, const Leaf *leaf)
{
    if (meaning->rank == m->best[meaning->field] && leaf->fits)
        add_system(m, meaning, leaf);
    else if (leaf->value.kind != JSON_NULL)
        add_value(m->sink, meaning->other, leaf);
}

static void add_logging(Mapper *m, WindowsField field, bool own, const Meaning *meaning,
                        const Leaf *leaf)
{
    NameId name = sink_name(m->sink, WINDOWS_FIELD_TEXT[field]);
    if (own)
        windows_add_system(m->sink, m->event, field, name, leaf->value.text);
    else
        add_value(m->sink, meaning->other, leaf);
}

static bool is_nxlog_severity(Text text)
{
    static const Text SEVERITIES[] = {
        {"INFO", 4},           {"WARNING", 7}, {"ERROR", 5},    {"AUDIT_SUCCESS", 13},
        {"AUDIT_FAILURE", 13}, {"VERBOSE", 7}, {"CRITICAL", 8},
    };
    for (size_t i = 0; i < sizeof SEVERITIES / sizeof SEVERITIES[0]; i++)
        if (text_equal(text, SEVERITIES[i]))
            return true;
    return false;
}

/* A key that an exporter uses for its own purpose and events use too. */
static void add_shared(Mapper *m, const Meaning *meaning, const Leaf *leaf)
{
    uint32_t marks = m->record->marks;
    bool own;
    switch ((PathUse)meaning->use) {
    case USE_LOGGING_PROCESS:
        own = is_logging_process(m, leaf) && m->best[WINDOWS_PROCESS_ID] == 1;
        add_logging(m, WINDOWS_PROCESS_ID, own, meaning, leaf);
        return;
    case USE_LOGGING_USER:
        own = is_logging_user(m) && leaf->value.kind == JSON_STRING;
        add_logging(m, WINDOWS_USER_ID, own, meaning, leaf);
        return;
    case USE_NXLOG_ACCOUNT:
        own = (marks & MARK_ACCOUNT_TYPE) != 0;
        break;
    default: /* USE_NXLOG_TYPE */
        own = is_nxlog_severity(leaf->value.text) && !(marks & MARK_OTHER_TYPE);
        break;
    }
    add_value(m->sink, own ? meaning->name : meaning->other, leaf);
}

static void add_time(Mapper *m, const Meaning *meaning, const Leaf *leaf)
{
    if (meaning->field != WINDOWS_SYSTEM_TIME)
        add_value(m->sink, meaning->name, leaf);
    else if (leaf == m->time.leaf && m->time.zone_known)
        sink_add_u64(m->sink, meaning->name, VALUE_TIME, (uint64_t)m->time.time);
    else if (leaf == m->time.leaf)
        add_value(m->sink, meaning->name, leaf);
    else if (leaf->value.kind != JSON_NULL)
        add_value(m->sink, meaning->other, leaf);
}

/* Winlogbeat flattens UserData and keeps the element's name beside its fields. */
static void add_user_data(Mapper *m, const Meaning *meaning, const Leaf *leaf)
{
    Text path = paths_node(m->paths, leaf->node)->path;
    size_t at = text_find_text(path, TEXT("user_data."));
    NameId name = meaning->name;
    if (m->user_element && m->user_element->value.text.len && at != SIZE_MAX) {
        Buf *buf = &m->paths->scratch;
        at += sizeof "user_data." - 1;
        buf_clear(buf);
        buf_add_text(buf, m->user_element->value.text);
        buf_add_char(buf, '.');
        buf_add(buf, path.ptr + at, path.len - at);
        if (!buf->failed)
            name = sink_name(m->sink, buf_text(buf));
    }
    add_value(m->sink, name, leaf);
}

/* Does EventData hold fields other than Data and Binary? */
static bool has_named_data(const Mapper *m)
{
    for (size_t i = 0; i < m->record->count; i++) {
        const Leaf *leaf = &m->record->leaves[i];
        const PathNode *node = paths_node(m->paths, leaf->node);
        if (node->parent == PATH_NONE || meaning_of(m, leaf)->use != USE_FIELD)
            continue;
        Text container = paths_node(m->paths, node->parent)->key;
        if (text_equal(container, TEXT("EventData")) && !text_equal(node->key, TEXT("Binary")))
            return true;
    }
    return false;
}

/* A Data of which only the name is known so far has no text. */
static void end_data(Mapper *m)
{
    if (m->named)
        sink_add(m->sink, m->data_name, (Value){.type = VALUE_NULL});
    m->named = false;
}

static void add_data(Mapper *m, const Meaning *meaning, const Leaf *leaf)
{
    switch ((PathUse)meaning->use) {
    case USE_DATA_NAME:
        end_data(m);
        m->named = leaf->value.text.len > 0;
        if (m->named)
            m->data_name = sink_name(m->sink, leaf->value.text);
        break;
    case USE_DATA_TEXT:
        if (m->named)
            add_value(m->sink, m->data_name, leaf);
        else
            add_param(m, leaf);
        m->named = false;
        break;
    default: /* USE_BARE_DATA */
        /* evtx_dump writes unnamed ones as {"#text":…}; others write them so. */
        if ((m->record->marks & MARK_ATTRIBUTES) || has_named_data(m))
            add_value(m->sink, meaning->name, leaf);
        else
            add_param(m, leaf);
        break;
    }
}

static void add_leaf(Mapper *m, const Meaning *meaning, const Leaf *leaf)
{
    if (m->named && meaning->use != USE_DATA_TEXT)
        end_data(m);
    switch ((PathUse)meaning->use) {
    case USE_SYSTEM:
        if (m->record->shape == SHAPE_TREE)
            add_system(m, meaning, leaf);
        else
            add_claim(m, meaning, leaf);
        break;
    case USE_NONEMPTY:
        if (leaf->value.kind != JSON_NULL &&
            !(leaf->value.kind == JSON_STRING && leaf->value.text.len == 0))
            add_value(m->sink, meaning->name, leaf);
        break;
    case USE_PARAM:
        add_param(m, leaf);
        break;
    case USE_BARE_DATA:
    case USE_DATA_NAME:
    case USE_DATA_TEXT:
        add_data(m, meaning, leaf);
        break;
    case USE_USER_DATA:
        add_user_data(m, meaning, leaf);
        break;
    case USE_TIME:
        add_time(m, meaning, leaf);
        break;
    case USE_LOGGING_PROCESS:
    case USE_LOGGING_USER:
    case USE_NXLOG_ACCOUNT:
    case USE_NXLOG_TYPE:
        add_shared(m, meaning, leaf);
        break;
    case USE_USER_ELEMENT:
    case USE_SKIP:
        break;
    default:
        add_value(m->sink, meaning->name, leaf);
        break;
    }
}

void record_map(JsonRecord *record, Paths *paths, const FormatOptions *options, Sink *sink,
                WindowsEvent *event, RecordClock *ret_clock)
{
    Mapper m = {
        .record = record,
        .paths = paths,
        .options = options,
        .sink = sink,
        .event = event,
        .clock = ret_clock,
        .time_rank = NO_RANK,
    };
    bool tree = record->shape == SHAPE_TREE;
    *ret_clock = (RecordClock){.source = CLOCK_UTC};
    if (!tree) {
        memset(m.best, NO_RANK, sizeof m.best);
        survey(&m);
    }
    for (size_t i = 0; i < record->count; i++) {
        const Leaf *leaf = &record->leaves[i];
        add_leaf(&m, tree ? meaning_of(&m, leaf) : leaf->meaning, leaf);
    }
    end_data(&m);
    if (!tree) {
        set_time(&m);
        check_against_sysmon(&m);
    }
}
