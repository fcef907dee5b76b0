#include "report/timeline_format.h"

#include <string.h>

#include "base/printable.h"
#include "report/csv.h"

extern const TimelineFormat csv_timeline, jsonl_timeline, timesketch_timeline, l2tcsv_timeline,
    bodyfile_timeline;

const TimelineFormat *const TIMELINE_FORMATS[] = {
    &csv_timeline, &jsonl_timeline, &timesketch_timeline, &l2tcsv_timeline, &bodyfile_timeline,
};
const size_t TIMELINE_FORMAT_COUNT = sizeof TIMELINE_FORMATS / sizeof TIMELINE_FORMATS[0];

const TimelineFormat *timeline_format_by_name(Text name)
{
    if (text_equal(name, TEXT("json")))
        name = TEXT("jsonl");
    for (size_t i = 0; i < TIMELINE_FORMAT_COUNT; i++)
        if (text_equal(name, text_from_z(TIMELINE_FORMATS[i]->name)))
            return TIMELINE_FORMATS[i];
    return NULL;
}

void timeline_write_time(Buf *buf, Time time, unsigned decimals)
{
    char *out = buf_reserve(buf, TIME_TEXT_ROOM);
    if (out)
        buf->len += time_format(time, decimals, out);
}

void timeline_describe_time(Buf *buf, const EventHead *head)
{
    buf_add_text(buf, TIME_MEANING_TEXT[head->meaning]);
    if (head->class == EVENT_LIVE)
        return;
    BUF_LITERAL(buf, " (");
    buf_add_text(buf, EVENT_CLASS_TEXT[head->class]);
    buf_add_char(buf, ')');
}

void row_head_write(uint8_t out[ROW_HEAD_SIZE], const RowHead *head)
{
    store_u64le(out, (uint64_t)head->time);
    store_u64le(out + 8, head->offset);
    store_u64le(out + 16, head->twin);
    store_u64le(out + 24, head->payload);
    store_u64le(out + 32, head->written);
    store_u32le(out + 40, head->sub);
    store_u32le(out + 44, (uint32_t)head->class);
    store_u32le(out + 48, head->line_size);
    store_u32le(out + 52, 0);
}

/* Every gap of the format once, in order, and no other. */
static bool gaps_fit(Text line, unsigned gaps)
{
    const char *at = line.ptr, *end = line.ptr + line.len;
    for (Gap gap = GAP_ITEM; gap < GAP_END; gap++) {
        const char *first = memchr(line.ptr, (int)gap, line.len);
        if (!(gaps & 1u << gap)) {
            if (first)
                return false;
            continue;
        }
        if (!first || first < at)
            return false;
        at = first + 1;
        if (memchr(at, (int)gap, (size_t)(end - at)))
            return false;
    }
    return true;
}

const char *timeline_line_fault(Text line, const TimelineFormat *format)
{
    static const uint32_t ALLOWED =
        PRINTABLE_ALLOW(GAP_ITEM) | PRINTABLE_ALLOW(GAP_SHA256) | PRINTABLE_ALLOW(GAP_TWINS);
    if (line.len == 0 || line.ptr[line.len - 1] != '\n')
        return "a line without its end";
    Text inner = text_of(line.ptr, line.len - 1);
    if (printable_prefix(inner, ALLOWED) != inner.len)
        return "bytes that are not printable text";
    if (!gaps_fit(inner, format->gaps))
        return "a line of the wrong shape";
    if (format->cells && !csv_row_is_safe(inner, format->cells, (char)GAP_ITEM))
        return "a row that is no safe CSV";
    return NULL;
}

bool row_take(Reader *block, const TimelineFormat *format, RowHead *ret, Text *ret_line,
              const char **why)
{
    RowHead head = {.time = (Time)reader_u64le(block)};
    head.offset = reader_u64le(block);
    head.twin = reader_u64le(block);
    head.payload = reader_u64le(block);
    head.written = reader_u64le(block);
    head.sub = reader_u32le(block);
    uint32_t class = reader_u32le(block);
    head.line_size = reader_u32le(block);
    uint32_t zero = reader_u32le(block);
    Text line = text_from_span(reader_take(block, head.line_size));
    *why = NULL;
    if (block->failed)
        *why = "a row that is cut short";
    else if (class >= EVENT_CLASS_COUNT || zero != 0)
        *why = "a row head that cannot be";
    else
        *why = timeline_line_fault(line, format);
    if (*why)
        return false;
    head.class = (EventClass) class;
    *ret = head;
    *ret_line = line;
    return true;
}
