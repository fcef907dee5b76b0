/* json and jsonl: the columns of CLI.md as objects. */
#include "base/json.h"
#include "report/detection_format.h"
#include "report/timeline_format.h"

static void write_time(Buf *buf, Time time)
{
    if (time == TIME_NONE) {
        BUF_LITERAL(buf, "null");
        return;
    }
    buf_add_char(buf, '"');
    timeline_write_time(buf, time, 7);
    buf_add_char(buf, '"');
}

static void write_record_id(Buf *buf, uint64_t record_id)
{
    if (record_id == RECORD_ID_NONE)
        BUF_LITERAL(buf, "null");
    else
        buf_add_u64(buf, record_id);
}

static void write_events(Buf *buf, const DetectionRow *row)
{
    BUF_LITERAL(buf, ",\"Events\":[");
    for (size_t i = 0; i < row->event_count; i++) {
        const Cited *event = &row->events[i];
        if (i)
            buf_add_char(buf, ',');
        BUF_LITERAL(buf, "{\"EvidenceFile\":");
        json_name(buf, event->file);
        BUF_LITERAL(buf, ",\"Offset\":");
        buf_add_u64(buf, event->offset);
        BUF_LITERAL(buf, ",\"RecordID\":");
        write_record_id(buf, event->record_id);
        BUF_LITERAL(buf, ",\"Timestamp\":");
        write_time(buf, event->time);
        buf_add_char(buf, '}');
    }
    buf_add_char(buf, ']');
}

static void write_object(Buf *buf, const DetectionRow *row)
{
    BUF_LITERAL(buf, "{\"Timestamp\":");
    write_time(buf, row->time);
    BUF_LITERAL(buf, ",\"RuleTitle\":");
    json_text(buf, row->rule->title);
    BUF_LITERAL(buf, ",\"Level\":");
    json_text(buf, detection_level(row->rule));
    BUF_LITERAL(buf, ",\"Computer\":");
    json_text(buf, row->computer);
    BUF_LITERAL(buf, ",\"Channel\":");
    json_text(buf, row->channel);
    BUF_LITERAL(buf, ",\"EventID\":");
    if (detection_code_is_number(row->code))
        buf_add_text(buf, row->code);
    else
        BUF_LITERAL(buf, "null");
    BUF_LITERAL(buf, ",\"RecordID\":");
    write_record_id(buf, row->record_id);
    BUF_LITERAL(buf, ",\"Details\":");
    json_text(buf, row->details);
    BUF_LITERAL(buf, ",\"RuleID\":");
    json_text(buf, row->rule->id);
    BUF_LITERAL(buf, ",\"RuleFile\":");
    json_name(buf, row->rule->file);
    BUF_LITERAL(buf, ",\"EvidenceFile\":");
    json_name(buf, row->file);
    BUF_LITERAL(buf, ",\"Tags\":[");
    for (uint32_t i = 0; i < row->rule->tags.count; i++) {
        if (i)
            buf_add_char(buf, ',');
        json_text(buf, row->rule->tags.list[i]);
    }
    buf_add_char(buf, ']');
    if (row->events)
        write_events(buf, row);
    buf_add_char(buf, '}');
}

static void json_row(Buf *buf, const DetectionRow *row, bool color)
{
    (void)color;
    write_object(buf, row);
}

static void jsonl_row(Buf *buf, const DetectionRow *row, bool color)
{
    (void)color;
    write_object(buf, row);
    buf_add_char(buf, '\n');
}

const DetectionFormat json_detections = {
    .name = "json",
    .summary = "one array of objects",
    .header = "[\n",
    .between = ",\n",
    .footer = "\n]\n",
    .row = json_row,
};

const DetectionFormat jsonl_detections = {
    .name = "jsonl",
    .summary = "one object a line",
    .header = "",
    .between = "",
    .footer = "",
    .row = jsonl_row,
};
