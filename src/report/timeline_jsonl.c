/* jsonl: one JSON object a line: the columns of csv, then class (if not live), fields, ecs, twins.
 */
#include "report/timeline_format.h"

#include "base/json.h"
#include "event/event_json.h"

static void text_or_null(Buf *buf, Text text)
{
    if (text.len)
        json_text(buf, text);
    else
        BUF_LITERAL(buf, "null");
}

static void jsonl_line(Buf *buf, const TimelineEvent *event)
{
    if (event->head.time == TIME_NONE) {
        BUF_LITERAL(buf, "{\"datetime\":null");
    } else {
        BUF_LITERAL(buf, "{\"datetime\":\"");
        timeline_write_time(buf, event->head.time, 7);
        buf_add_char(buf, '"');
    }
    BUF_LITERAL(buf, ",\"timestamp_desc\":\"");
    timeline_describe_time(buf, &event->head);
    BUF_LITERAL(buf, "\",\"time_quality\":\"");
    buf_add_text(buf, TIME_QUALITY_TEXT[event->head.quality]);
    BUF_LITERAL(buf, "\",\"message\":");
    json_text(buf, event->message);
    BUF_LITERAL(buf, ",\"host.name\":");
    text_or_null(buf, event->host);
    BUF_LITERAL(buf, ",\"user.name\":");
    text_or_null(buf, event->user);
    BUF_LITERAL(buf, ",\"event.action\":");
    text_or_null(buf, event->action);
    BUF_LITERAL(buf, ",\"source\":");
    json_text(buf, event->source);
    BUF_LITERAL(buf, ",\"item\":");
    buf_add_char(buf, GAP_ITEM);
    BUF_LITERAL(buf, ",\"offset\":");
    buf_add_u64(buf, event->head.offset);
    BUF_LITERAL(buf, ",\"record_id\":");
    if (event->head.record_id == RECORD_ID_NONE)
        BUF_LITERAL(buf, "null");
    else
        buf_add_u64(buf, event->head.record_id);
    BUF_LITERAL(buf, ",\"sha256\":");
    buf_add_char(buf, GAP_SHA256);
    if (event->head.class != EVENT_LIVE) {
        BUF_LITERAL(buf, ",\"class\":\"");
        buf_add_text(buf, EVENT_CLASS_TEXT[event->head.class]);
        buf_add_char(buf, '"');
    }
    BUF_LITERAL(buf, ",\"fields\":");
    event_write_fields(buf, event->batch, event->row);
    BUF_LITERAL(buf, ",\"ecs\":");
    event_write_ecs(buf, event->batch, event->row);
    buf_add_char(buf, GAP_TWINS);
    BUF_LITERAL(buf, "}\n");
}

const TimelineFormat jsonl_timeline = {
    .name = "jsonl",
    .summary = "one JSON object a line, with every native field and the ECS fields",
    .header = "",
    .is_json = true,
    .gaps = 1u << GAP_ITEM | 1u << GAP_SHA256 | 1u << GAP_TWINS,
    .line = jsonl_line,
    .path = json_name,
    .sha256 = text_or_null,
};
