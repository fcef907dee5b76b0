#include "format/evtx_csv_row.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/windows_fields.h"

#define COLUMN_NAME_MAX 64u /* bytes of a header that is kept as a name */
#define NAME_LIMIT      512u

static const Text SECURITY = {"Microsoft-Windows-Security-Auditing", 35};

/* ---- names ---- */

static Text meaning_of_column(const CsvHead *head, size_t column)
{
    uint32_t row = head->row[column];
    return row == LABEL_NONE ? (Text){0} : LABEL_ROWS[row].meaning;
}

/* "Export." and a header; "Export.Column7" for one that cannot be a name. */
static NameId export_name(Sink *sink, Text header, size_t column)
{
    char name[NAME_LIMIT];
    int n;
    size_t len = header.len;
    if (len == 0 || len > COLUMN_NAME_MAX || !text_is_utf8(header, UTF8_STRICT))
        n = snprintf(name, sizeof name, "Export.Column%zu", column + 1);
    else
        n = snprintf(name, sizeof name, "Export.%.*s", (int)len, header.ptr);
    return sink_name(sink, text_of(name, n > 0 ? (size_t)n : 0));
}

/* What a System column's text is kept as, in one language. */
static NameId raw_name(Sink *sink, const CsvHead *head, size_t column)
{
    static const struct {
        Text field, name;
    } NAMES[] = {
        {{"System.Level", 12}, {"Level", 5}},
        {{"System.Keywords", 15}, {"Keywords", 8}},
        {{"System.TimeCreated.SystemTime", 29}, {"DateAndTime", 11}},
        {{"System.Security.UserID", 22}, {"User", 4}},
    };
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if (head->shape == CSV_SHAPE_VIEWER &&
            text_equal(meaning_of_column(head, column), NAMES[i].field))
            return export_name(sink, NAMES[i].name, column);
    return export_name(sink, head->name[column], column);
}

bool csv_rows_init(CsvRows *rows, const CsvHead *head, const FormatOptions *options, Sink *sink)
{
    *rows = (CsvRows){.head = head, .options = options, .sink = sink};
    rows->clock = (CsvClock){.zone = options->zone, .utc = head->shape == CSV_SHAPE_EVTXECMD};
    record_init(&rows->record);
    json_init(&rows->json);
    bool ok = labels_init(&rows->labels);
    ok = csv_messages_init(&rows->messages, &rows->labels, sink) && ok;
    ok = paths_init(&rows->paths, sink) && ok;
    for (size_t i = 0; i < head->count; i++) {
        Text meaning = meaning_of_column(head, i);
        rows->names[i] =
            meaning.len ? sink_name(sink, meaning) : export_name(sink, head->name[i], i);
        rows->raw_names[i] = raw_name(sink, head, i);
    }
    for (int i = 0; i < WINDOWS_FIELD_COUNT; i++)
        rows->system_names[i] = sink_name(sink, WINDOWS_FIELD_TEXT[i]);
    rows->message_name = sink_name(sink, TEXT("Export.Message"));
    return ok;
}

void csv_rows_done(CsvRows *rows)
{
    csv_messages_done(&rows->messages);
    labels_done(&rows->labels);
    paths_done(&rows->paths);
    record_done(&rows->record);
    json_done(&rows->json);
}

/* ---- cells ---- */

static Text cell(const CsvRow *row, size_t column)
{
    return column < row->count ? row->cells[column] : (Text){0};
}

static void remark(CsvRemark *remark, const CsvRow *row)
{
    if (remark->count++ == 0) {
        remark->offset = row->offset;
        remark->size = row->size;
    }
}

static void add_system_text(CsvRows *rows, WindowsEvent *event, WindowsField field, Text text)
{
    windows_add_system(rows->sink, event, field, rows->system_names[field], text);
}

/* The name of a level, in any language; or of an audit result, which Get-EventLog writes there.
 * Audit events have level 0, which Windows shows as the one for information. */
static void add_level(CsvRows *rows, WindowsEvent *event, size_t column, Text text)
{
    char digits[4];
    uint64_t number;
    uint32_t known = labels_find(&rows->labels, LABEL_LEVEL, text);
    if (text_to_u64(text, &number)) {
        add_system_text(rows, event, WINDOWS_LEVEL, text);
        return;
    }
    sink_add_text(rows->sink, rows->raw_names[column], text);
    if (known == LABEL_NONE)
        known = labels_find_nocase(LABEL_LEVEL, text);
    if (known == LABEL_NONE || !text_to_u64(LABEL_ROWS[known].meaning, &number))
        return;
    if (number == 4 && text_equal(event->provider, SECURITY))
        number = 0;
    int n = snprintf(digits, sizeof digits, "%u", (unsigned)(number % 100));
    add_system_text(rows, event, WINDOWS_LEVEL, text_of(digits, n > 0 ? (size_t)n : 0));
}

/* Names of keywords with commas between them. What is not known leaves the field out. */
static void add_keywords(CsvRows *rows, WindowsEvent *event, size_t column, Text text)
{
    uint64_t bits = 0, one;
    int64_t ignored;
    Text rest = text;
    if (text_to_i64(text, &ignored) || text_to_u64(text, &one)) {
        add_system_text(rows, event, WINDOWS_KEYWORDS, text);
        return;
    }
    if (text_to_u64_any(text, &bits)) {
        sink_add_u64(rows->sink, rows->system_names[WINDOWS_KEYWORDS], VALUE_HEX, bits);
        return;
    }
    sink_add_text(rows->sink, rows->raw_names[column], text);
    while (rest.len) {
        Text name = text_trim(text_cut(&rest, ','));
        uint32_t known = labels_find(&rows->labels, LABEL_KEYWORD, name);
        if (known == LABEL_NONE)
            known = labels_find_nocase(LABEL_KEYWORD, name);
        if (known == LABEL_NONE || !text_to_u64_any(LABEL_ROWS[known].meaning, &one))
            return;
        bits |= one;
    }
    sink_add_u64(rows->sink, rows->system_names[WINDOWS_KEYWORDS], VALUE_HEX, bits);
}

static void add_user(CsvRows *rows, WindowsEvent *event, size_t column, Text text)
{
    uint32_t known = labels_find(&rows->labels, LABEL_SID, text);
    if (known != LABEL_NONE)
        add_system_text(rows, event, WINDOWS_USER_ID, LABEL_ROWS[known].meaning);
    else if (text_starts(text, TEXT("S-1-")))
        add_system_text(rows, event, WINDOWS_USER_ID, text);
    if (!text_starts(text, TEXT("S-1-")))
        sink_add_text(rows->sink, rows->raw_names[column], text);
}

/* EvtxECmd writes UTC with all digits: the same as in the file it read. */
static void add_time(CsvRows *rows, WindowsEvent *event, const CsvRow *row, Time sysmon)
{
    Text text = text_trim(cell(row, rows->head->date));
    Time time;
    bool zone_known, understood = csv_clock_set(&rows->clock, text, sysmon, event);
    if (!understood && text.len)
        remark(&rows->no_time, row);
    if (understood && rows->clock.utc && time_parse(text, &time, &zone_known))
        add_system_text(rows, event, WINDOWS_SYSTEM_TIME, text);
    else if (text.len)
        sink_add_text(rows->sink, rows->raw_names[rows->head->date], text);
}

/* .NET writes the name of a type where it has no text for a value. */
static bool is_type_name(Text text)
{
    return text_starts(text, TEXT("System.Collections.")) ||
           text_starts(text, TEXT("System.Diagnostics.Eventing.")) ||
           text_equal(text, TEXT("System.UInt32[]")) || text_equal(text, TEXT("System.Byte[]")) ||
           text_equal(text, TEXT("System.String[]"));
}

static void add_cell(CsvRows *rows, WindowsEvent *event, size_t column, Text text)
{
    const CsvHead *head = rows->head;
    WindowsField field =
        column < head->count ? windows_field(meaning_of_column(head, column)) : WINDOWS_FIELD_OTHER;
    Text trimmed = text_trim(text);
    if (trimmed.len == 0 || is_type_name(trimmed))
        return;
    switch (field) {
    case WINDOWS_LEVEL:
        add_level(rows, event, column, trimmed);
        break;
    case WINDOWS_KEYWORDS:
        add_keywords(rows, event, column, trimmed);
        break;
    case WINDOWS_USER_ID:
        add_user(rows, event, column, trimmed);
        break;
    case WINDOWS_FIELD_OTHER:
        if (column >= head->count)
            sink_add_text(rows->sink, export_name(rows->sink, (Text){0}, column), text);
        else if (text_starts(meaning_of_column(head, column), TEXT("System.")))
            windows_add_system(rows->sink, event, field, rows->names[column], trimmed);
        else
            sink_add_text(rows->sink, rows->names[column], text);
        break;
    default:
        windows_add_system(rows->sink, event, field, rows->names[column], trimmed);
        break;
    }
}

/* ---- what the exporter rendered ---- */

static void add_message(CsvRows *rows, const WindowsEvent *event, const CsvRow *row)
{
    Text message = cell(row, rows->head->message);
    if (message.len == 0)
        return;
    sink_add_text(rows->sink, rows->message_name, message);
    unsigned added = csv_messages_add(&rows->messages, event->provider, event->code, message);
    if (added >= CSV_MESSAGE_FIELDS_MAX)
        remark(&rows->many_fields, row);
}

/* EventData or UserData as JSON. */
static void add_payload(CsvRows *rows, const CsvRow *row)
{
    Text payload = cell(row, rows->head->payload);
    WindowsEvent ignored_event;
    RecordClock ignored_clock;
    if (text_trim(payload).len == 0)
        return;
    paths_begin(&rows->paths);
    json_begin(&rows->json, text_span(payload), 0);
    if (!record_read(&rows->record, &rows->json, &rows->paths, NULL)) {
        remark(&rows->bad_payload, row);
        sink_add_text(rows->sink, rows->names[rows->head->payload], payload);
        return;
    }
    windows_event_begin(&ignored_event, row->offset, row->size);
    rows->record.shape = SHAPE_TREE;
    record_map(&rows->record, &rows->paths, rows->options, rows->sink, &ignored_event,
               &ignored_clock);
}

/* ---- rows ---- */

static Time sysmon_time(const CsvRows *rows, const CsvRow *row)
{
    const CsvHead *head = rows->head;
    return csv_sysmon_time(text_trim(cell(row, head->source)), text_trim(cell(row, head->id)),
                           cell(row, head->message));
}

bool csv_rows_learn(CsvRows *rows, const CsvRow *row)
{
    return csv_clock_learn(&rows->clock, text_trim(cell(row, rows->head->date)),
                           sysmon_time(rows, row));
}

static void check_utf8(CsvRows *rows, const CsvRow *row)
{
    for (size_t i = 0; i < row->count; i++)
        if (!text_is_utf8(row->cells[i], UTF8_ALLOW_SURROGATES)) {
            remark(&rows->not_utf8, row);
            return;
        }
}

bool csv_rows_add(CsvRows *rows, const CsvRow *row)
{
    const CsvHead *head = rows->head;
    WindowsEvent event;
    windows_event_begin(&event, row->offset, row->size);
    event.provider = text_trim(cell(row, head->source)); /* what others mean depends on it */
    check_utf8(rows, row);
    if (row->count > head->count + (head->message == head->count))
        remark(&rows->many_cells, row);
    for (size_t i = 0; i < row->count; i++) {
        if (i == head->date)
            add_time(rows, &event, row, sysmon_time(rows, row));
        else if (i != head->message && i != head->payload)
            add_cell(rows, &event, i, row->cells[i]);
    }
    if (event.channel.len == 0) {
        Text channel = labels_channel(&rows->labels, event.provider, event.code);
        add_system_text(rows, &event, WINDOWS_CHANNEL, channel);
    }
    add_message(rows, &event, row);
    add_payload(rows, row);
    return windows_commit(rows->sink, &event);
}

/* ---- remarks ---- */

static void tell_order(const CsvRows *rows, uint64_t offset)
{
    const CsvClock *clock = &rows->clock;
    if (!clock->order_needed)
        return;
    sink_note(rows->sink, offset, "dates without a name for the month are read as %s: %s",
              clock->order == DATE_DAY_FIRST ? "day/month" : "month/day",
              clock->order_told       ? "a row of this file tells it"
              : clock->order_doubtful ? "no row tells it, and it may be wrong"
                                      : "no row tells it, but the language of the headers does");
}

static void tell_zone(const CsvRows *rows, uint64_t offset)
{
    const CsvClock *clock = &rows->clock;
    int32_t minutes = abs(clock->east_seconds) / 60;
    if (clock->zone_needed && clock->zone_found)
        sink_note(rows->sink, offset,
                  "local times without zone: UTC%c%02d:%02d by Sysmon's own UtcTime",
                  clock->east_seconds < 0 ? '-' : '+', minutes / 60, minutes % 60);
    else if (clock->zone_needed)
        sink_note(rows->sink, offset, "local times without zone: UTC is assumed");
    if (clock->disagrees)
        sink_note(rows->sink, offset,
                  "the time zone given seems wrong: Sysmon's own UtcTime is %" PRId64
                  " seconds ahead of the event's time",
                  clock->ahead_seconds);
}

static const char *rows_have(const CsvRemark *remark)
{
    return remark->count == 1 ? "row has" : "rows have";
}

void csv_rows_tell(const CsvRows *rows, uint64_t offset)
{
    Sink *sink = rows->sink;
    tell_order(rows, offset);
    tell_zone(rows, offset);
    if (rows->no_time.count)
        sink_defect(sink, rows->no_time.offset, rows->no_time.size,
                    "%" PRIu64 " %s a time in a form that is not known; the first is here",
                    rows->no_time.count, rows_have(&rows->no_time));
    if (rows->not_utf8.count)
        sink_defect(sink, rows->not_utf8.offset, rows->not_utf8.size,
                    "%" PRIu64 " %s text that is not UTF-8, as an 8-bit code page like "
                    "Shift_JIS gives it; it is kept as bytes. Convert the file to UTF-8 to read "
                    "it",
                    rows->not_utf8.count, rows_have(&rows->not_utf8));
    if (rows->many_cells.count)
        sink_defect(sink, rows->many_cells.offset, rows->many_cells.size,
                    "%" PRIu64 " %s more cells than the table has columns: a delimiter "
                    "without quotation marks around it, or two rows in one; the first is here",
                    rows->many_cells.count, rows_have(&rows->many_cells));
    if (rows->bad_payload.count)
        sink_defect(sink, rows->bad_payload.offset, rows->bad_payload.size,
                    "%" PRIu64 " %s a Payload that is not JSON; the first is here",
                    rows->bad_payload.count, rows_have(&rows->bad_payload));
    if (rows->many_fields.count)
        sink_note(sink, rows->many_fields.offset,
                  "%" PRIu64 " %s more than %u fields in the message; the rest stands in "
                  "Export.Message only",
                  rows->many_fields.count, rows_have(&rows->many_fields), CSV_MESSAGE_FIELDS_MAX);
}
