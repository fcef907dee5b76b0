/* csv and table: the columns of CLI.md, one row a line. */
#include "report/csv.h"
#include "report/detection_format.h"
#include "report/timeline_format.h"
#include "report/visible.h"

#define TABLE_BAR "\xE2\x94\x82" /* │ */

/* One cell: csv_cell or table_cell. */
typedef void (*WriteCell)(Buf *buf, Text text);

static void write_tags(Buf *buf, const Rule *rule, WriteCell cell)
{
    Buf list;
    buf_init(&list, 1024 * 1024);
    for (uint32_t i = 0; i < rule->tags.count; i++) {
        if (i)
            BUF_LITERAL(&list, " \xC2\xA6 ");
        buf_add_text(&list, rule->tags.list[i]);
    }
    cell(buf, buf_text(&list));
    buf->failed = buf->failed || list.failed;
    buf_done(&list);
}

/* FILE#RECORD, or FILE@OFFSET where there are no record numbers. */
static void write_events(Buf *buf, const DetectionRow *row, WriteCell cell)
{
    Buf list;
    buf_init(&list, 16 * 1024 * 1024);
    for (size_t i = 0; i < row->event_count; i++) {
        const Cited *event = &row->events[i];
        if (i)
            BUF_LITERAL(&list, " \xC2\xA6 ");
        buf_add_text(&list, event->file);
        buf_add_char(&list, event->record_id == RECORD_ID_NONE ? '@' : '#');
        buf_add_u64(&list, event->record_id == RECORD_ID_NONE ? event->offset : event->record_id);
    }
    cell(buf, buf_text(&list));
    buf->failed = buf->failed || list.failed;
    buf_done(&list);
}

static void write_record_id(Buf *buf, const DetectionRow *row)
{
    if (row->record_id != RECORD_ID_NONE)
        buf_add_u64(buf, row->record_id);
}

static void csv_row(Buf *buf, const DetectionRow *row, bool color)
{
    const Text first[] = {row->rule->title, detection_level(row->rule), row->computer, row->channel,
                          row->code};
    const Text last[] = {row->details, row->rule->id, row->rule->file, row->file};
    (void)color;
    timeline_write_time(buf, row->time, 7);
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
        buf_add_char(buf, ',');
        csv_cell(buf, first[i]);
    }
    buf_add_char(buf, ',');
    write_record_id(buf, row);
    for (size_t i = 0; i < sizeof last / sizeof last[0]; i++) {
        buf_add_char(buf, ',');
        csv_cell(buf, last[i]);
    }
    buf_add_char(buf, ',');
    write_tags(buf, row->rule, csv_cell);
    buf_add_char(buf, ',');
    write_events(buf, row, csv_cell);
    buf_add_char(buf, '\n');
}

const DetectionFormat csv_detections = {
    .name = "csv",
    .summary = "one row a detection, safe to open in a spreadsheet",
    .header = "Timestamp,RuleTitle,Level,Computer,Channel,EventID,RecordID,Details,RuleID,RuleFile,"
              "EvidenceFile,Tags,Events\n",
    .between = "",
    .footer = "",
    .row = csv_row,
};

/* ---- table ---- */

static void bar(Buf *buf)
{
    BUF_LITERAL(buf, " " TABLE_BAR " ");
}

static void write_level(Buf *buf, const Rule *rule, bool color)
{
    const char *start = color ? level_color(rule_level(rule)) : "";
    Text word = detection_level(rule);
    buf_add_text(buf, text_from_z(start));
    buf_add_text(buf, word);
    if (start[0])
        BUF_LITERAL(buf, "\033[0m");
    for (size_t i = word.len; i < sizeof "informational" - 1; i++)
        buf_add_char(buf, ' ');
}

static void table_row(Buf *buf, const DetectionRow *row, bool color)
{
    const Text middle[] = {row->computer, row->channel, row->code};
    const Text last[] = {row->details, row->rule->id, row->rule->file, row->file};
    if (row->time == TIME_NONE)
        buf_printf(buf, "%28s", "");
    timeline_write_time(buf, row->time, 7);
    bar(buf);
    visible_text(buf, row->rule->title);
    bar(buf);
    write_level(buf, row->rule, color);
    for (size_t i = 0; i < sizeof middle / sizeof middle[0]; i++) {
        bar(buf);
        visible_text(buf, middle[i]);
    }
    bar(buf);
    write_record_id(buf, row);
    for (size_t i = 0; i < sizeof last / sizeof last[0]; i++) {
        bar(buf);
        visible_text(buf, last[i]);
    }
    bar(buf);
    write_tags(buf, row->rule, visible_text);
    if (row->events) {
        bar(buf);
        write_events(buf, row, visible_text);
    }
    buf_add_char(buf, '\n');
}

#define BAR " " TABLE_BAR " "

const DetectionFormat table_detections = {
    .name = "table",
    .summary = "for eyes: one line a detection, then what it comes to (the default)",
    .is_table = true,
    .header = "Timestamp                   " BAR "RuleTitle" BAR "Level        " BAR "Computer" BAR
              "Channel" BAR "EventID" BAR "RecordID" BAR "Details" BAR "RuleID" BAR "RuleFile" BAR
              "EvidenceFile" BAR "Tags" BAR "Events\n",
    .between = "",
    .footer = "",
    .row = table_row,
};
