/* csv: the columns of CLI.md. timesketch: the three columns that Timesketch demands first, then
 * the others under its rules (ISO 8601 with an offset, microseconds, every event has a time). */
#include "report/csv.h"
#include "report/timeline_format.h"

#include "base/time.h"

static void comma(Buf *buf)
{
    buf_add_char(buf, ',');
}

/* time_quality,message,host.name,user.name,event.action,source,item,offset,record_id,sha256 but
 * for the message, which stands where the format wants it. */
static void write_who(Buf *buf, const TimelineEvent *event)
{
    csv_cell(buf, event->host);
    comma(buf);
    csv_cell(buf, event->user);
    comma(buf);
    csv_cell(buf, event->action);
    comma(buf);
    csv_cell(buf, event->source);
    comma(buf);
}

static void write_where(Buf *buf, const TimelineEvent *event)
{
    buf_add_char(buf, GAP_ITEM);
    comma(buf);
    buf_add_u64(buf, event->head.offset);
    comma(buf);
    if (event->head.record_id != RECORD_ID_NONE)
        buf_add_u64(buf, event->head.record_id);
    comma(buf);
    buf_add_char(buf, GAP_SHA256);
    buf_add_char(buf, '\n');
}

static void csv_line(Buf *buf, const TimelineEvent *event)
{
    timeline_write_time(buf, event->head.time, 7);
    comma(buf);
    timeline_describe_time(buf, &event->head);
    comma(buf);
    buf_add_text(buf, TIME_QUALITY_TEXT[event->head.quality]);
    comma(buf);
    csv_cell(buf, event->message);
    comma(buf);
    write_who(buf, event);
    write_where(buf, event);
}

const TimelineFormat csv_timeline = {
    .name = "csv",
    .summary = "one row an event, safe to open in a spreadsheet (the default)",
    .header = "datetime,timestamp_desc,time_quality,message,host.name,user.name,event.action,"
              "source,item,offset,record_id,sha256\n",
    .cells = 12,
    .gaps = 1u << GAP_ITEM | 1u << GAP_SHA256,
    .line = csv_line,
    .path = csv_cell,
    .sha256 = csv_cell,
};

/* Timesketch drops rows without a time; Plaso's convention for them is the epoch, "Not a time". */
static void timesketch_time(Buf *buf, Time time)
{
    char text[TIME_TEXT_ROOM];
    size_t len = time_format(time == TIME_NONE ? 0 : time, 6, text);
    buf_add(buf, text, len - 1); /* without Z */
    BUF_LITERAL(buf, "+00:00");
}

static void timesketch_line(Buf *buf, const TimelineEvent *event)
{
    csv_cell(buf, event->message);
    comma(buf);
    timesketch_time(buf, event->head.time);
    comma(buf);
    timeline_describe_time(buf, &event->head);
    comma(buf);
    buf_add_text(buf, TIME_QUALITY_TEXT[event->head.quality]);
    comma(buf);
    write_who(buf, event);
    write_where(buf, event);
}

const TimelineFormat timesketch_timeline = {
    .name = "timesketch",
    .summary = "CSV as Timesketch imports it",
    .header = "message,datetime,timestamp_desc,time_quality,host.name,user.name,event.action,"
              "source,item,offset,record_id,sha256\n",
    .ending = ".csv",
    .cells = 12,
    .gaps = 1u << GAP_ITEM | 1u << GAP_SHA256,
    .line = timesketch_line,
    .path = csv_cell,
    .sha256 = csv_cell,
};
