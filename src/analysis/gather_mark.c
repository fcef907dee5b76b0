/* Events about the evidence itself. */
#include "analysis/gather_inside.h"

static uint32_t cell_value(const Gather *gather, uint32_t row, uint32_t cell)
{
    return cell == NO_NUMBER ? NO_NUMBER : batch_cell(gather->batch, row, cell);
}

/* A moment in any writing that sources use for the old and the new time of a clock. */
static bool value_time(Value v, Time *ret)
{
    char text[FILETIME_TEXT_ROOM];
    switch (v.type) {
    case VALUE_TIME:
        *ret = (Time)value_u64(v);
        return *ret != TIME_NONE;
    case VALUE_FILETIME:
        return time_from_filetime(value_u64(v), ret);
    case VALUE_SYSTEMTIME:
        return v.bytes.len == 16 &&
               time_parse(text_of(text, systemtime_format(v.bytes.ptr, text)), ret, NULL);
    case VALUE_TEXT:
        return time_parse(value_text(v), ret, NULL);
    default:
        return false;
    }
}

/* How far the clock was moved; false: the record does not say, or it is the daily work of a time
 * service. */
static bool clock_step(const Gather *gather, const View *view, uint32_t row, int64_t *ret)
{
    uint32_t before = cell_value(gather, row, view->object),
             after = cell_value(gather, row, view->detail);
    Time from, to;
    if (before == NO_NUMBER || after == NO_NUMBER ||
        !value_time(batch_value(gather->batch, before), &from) ||
        !value_time(batch_value(gather->batch, after), &to) ||
        __builtin_sub_overflow(to, from, ret))
        return false;
    return *ret >= MARK_CLOCK_STEP_MIN || *ret <= -MARK_CLOCK_STEP_MIN;
}

/* What the record says, but for when and of which host. */
static Mark mark_of(Gather *gather, const View *view, uint32_t row)
{
    const Batch *batch = gather->batch;
    Layout layout = batch_layout(batch, batch_layout_of(batch, row));
    EventKind kind = batch_kind(batch, layout.kind);
    return (Mark){
        .kind = view->mark,
        .class = (EventClass)batch->class[row],
        .failed = text_equal(batch_name(batch, layout.outcome), TEXT("failure")),
        .at = row_ref(gather, row),
        .record_id = load_u64le(batch->record_id + 8 * (size_t)row),
        .source = source_label(gather, &kind),
        .channel = label_of(kind.channel),
        .code = label_of(kind.code),
        .object = value_label(gather, cell_value(gather, row, view->object)),
        .user = value_label(gather, cell_value(gather, row, view->user)),
        .domain = value_label(gather, cell_value(gather, row, view->domain)),
    };
}

void mark_take(Gather *gather, const View *view, const Cell *cell, uint32_t row, Time time)
{
    int64_t step = 0;
    if (view->mark == MARK_CLOCK_SET && !clock_step(gather, view, row, &step))
        return;
    Mark mark = mark_of(gather, view, row);
    Label host = host_label(gather, cell->host);
    mark.time = time;
    mark.step_ns = step;
    mark_write(&mark, &host, gather->out);
}

bool mark_clears(Gather *gather, uint32_t row, const Label *channel)
{
    const View *view = &gather->views[batch_layout_of(gather->batch, row)];
    if (view->mark != MARK_LOG_CLEAR)
        return false;
    Mark mark = mark_of(gather, view, row);
    const Label *cleared = mark_cleared_channel(&mark);
    return cleared && text_equal_nocase(label_text(cleared), label_text(channel));
}
