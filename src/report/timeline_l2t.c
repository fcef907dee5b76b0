/* l2tcsv: the 17 columns of log2timeline. bodyfile: version 3 of The Sleuth Kit, for mactime. */
#include "report/csv.h"
#include "report/timeline_format.h"
#include "report/visible.h"

#include <inttypes.h>

#include "base/time.h"

static void comma(Buf *buf)
{
    buf_add_char(buf, ',');
}

/* MM/DD/YYYY,HH:MM:SS; zeros where there is no time. Others write dashes there and for what is
 * empty, but a cell of ours never begins with one. */
static void l2t_time(Buf *buf, Time time)
{
    if (time == TIME_NONE) {
        BUF_LITERAL(buf, "00/00/0000,00:00:00");
        return;
    }
    CivilTime c = time_to_civil(time);
    buf_printf(buf, "%02u/%02u/%04" PRId32 ",%02u:%02u:%02u", c.month, c.day, c.year, c.hour,
               c.minute, c.second);
}

/* The fact's own time is its birth; of a record only written, the last change. */
static const char *macb(TimeMeaning meaning)
{
    static const char *const TEXTS[TIME_MEANING_COUNT] = {
        [TIME_MEANS_LOGGED] = "...B", [TIME_MEANS_WRITTEN] = "M...", [TIME_MEANS_UNKNOWN] = "...."};
    return TEXTS[meaning];
}

/* Templates that colour such tables know EVT; others are named by what they are. */
static void l2t_source(Buf *buf, const TimelineEvent *event)
{
    bool windows_log = text_equal(event->kind.product, TEXT("windows")) && event->kind.channel.len;
    if (windows_log)
        BUF_LITERAL(buf, "EVT");
    else
        BUF_LITERAL(buf, "LOG");
    comma(buf);
    csv_cell(buf, event->source);
}

#define SHORT_BYTES 80

static Text shorten(Text message)
{
    if (message.len <= SHORT_BYTES)
        return message;
    size_t len = SHORT_BYTES;
    while (len && ((unsigned char)message.ptr[len] & 0xC0) == 0x80)
        len--; /* not in the middle of a character */
    return text_of(message.ptr, len);
}

/* "name: value; …": only what cannot be mistaken for CSV. */
static void l2t_extra(Buf *buf, const TimelineEvent *event)
{
    buf_printf(buf, "offset: %" PRIu64 "; ", event->head.offset);
    if (event->head.record_id != RECORD_ID_NONE)
        buf_printf(buf, "record_id: %" PRIu64 "; ", event->head.record_id);
    BUF_LITERAL(buf, "time_quality: ");
    buf_add_text(buf, TIME_QUALITY_TEXT[event->head.quality]);
    BUF_LITERAL(buf, "; sha256: ");
    buf_add_char(buf, GAP_SHA256);
}

static void l2t_line(Buf *buf, const TimelineEvent *event)
{
    l2t_time(buf, event->head.time);
    BUF_LITERAL(buf, ",UTC,");
    buf_add_text(buf, text_from_z(macb(event->head.meaning)));
    comma(buf);
    l2t_source(buf, event);
    comma(buf);
    timeline_describe_time(buf, &event->head);
    comma(buf);
    csv_cell(buf, event->user);
    comma(buf);
    csv_cell(buf, event->host);
    comma(buf);
    csv_cell(buf, shorten(event->message));
    comma(buf);
    csv_cell(buf, event->message);
    BUF_LITERAL(buf, ",2,");
    buf_add_char(buf, GAP_ITEM);
    BUF_LITERAL(buf, ",,");
    csv_cell(buf, event->action);
    comma(buf);
    csv_cell(buf, event->format);
    comma(buf);
    l2t_extra(buf, event);
    buf_add_char(buf, '\n');
}

const TimelineFormat l2tcsv_timeline = {
    .name = "l2tcsv",
    .summary = "the 17 columns of log2timeline; times are cut to seconds",
    .header = "date,time,timezone,MACB,source,sourcetype,type,user,host,short,desc,version,"
              "filename,inode,notes,format,extra\n",
    .cells = 17,
    .gaps = 1u << GAP_ITEM | 1u << GAP_SHA256,
    .line = l2t_line,
    .path = csv_cell,
    .sha256 = csv_cell,
};

static void body_path(Buf *buf, Text path)
{
    visible_text_but(buf, path, '|');
}

static int64_t whole_seconds(Time time)
{
    int64_t seconds = time / NANOSECONDS_PER_SECOND;
    return time % NANOSECONDS_PER_SECOND < 0 ? seconds - 1 : seconds;
}

/* MD5|name|inode|mode|UID|GID|size|atime|mtime|ctime|crtime, times in seconds, 0 for none. */
static void body_line(Buf *buf, const TimelineEvent *event)
{
    BUF_LITERAL(buf, "0|");
    visible_text_but(buf, event->message, '|');
    if (event->head.class != EVENT_LIVE) {
        BUF_LITERAL(buf, " (");
        buf_add_text(buf, EVENT_CLASS_TEXT[event->head.class]);
        buf_add_char(buf, ')');
    }
    if (event->host.len) {
        BUF_LITERAL(buf, " [host ");
        visible_text_but(buf, event->host, '|');
        buf_add_char(buf, ']');
    }
    BUF_LITERAL(buf, " [");
    buf_add_char(buf, GAP_ITEM);
    buf_printf(buf, " @%" PRIu64 "]|0|----------|0|0|%" PRIu32 "|", event->head.offset,
               event->head.size);
    int64_t seconds = event->head.time == TIME_NONE ? 0 : whole_seconds(event->head.time);
    bool written = event->head.meaning == TIME_MEANS_WRITTEN;
    buf_printf(buf, "0|%" PRId64 "|0|%" PRId64 "\n", written ? seconds : 0, written ? 0 : seconds);
}

const TimelineFormat bodyfile_timeline = {
    .name = "bodyfile",
    .summary = "version 3, for mactime; times are cut to seconds",
    .header = "",
    .gaps = 1u << GAP_ITEM,
    .line = body_line,
    .path = body_path,
};
