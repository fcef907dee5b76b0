#include "analysis/mark.h"

#include <assert.h>

static const Text ACTIONS[] = {
    [MARK_LOG_CLEAR] = {"log-clear", 9},        [MARK_LOG_LOSS] = {"log-loss", 8},
    [MARK_LOG_STOP] = {"log-service-stop", 16}, [MARK_SENSOR_STOP] = {"sensor-stop", 11},
    [MARK_AUDIT_CHANGE] = {"audit-change", 12}, [MARK_CLOCK_SET] = {"time-change", 11},
    [MARK_SYSTEM_STOP] = {"system-stop", 11},   [MARK_SYSTEM_START] = {"system-start", 12},
};
static_assert(sizeof ACTIONS / sizeof ACTIONS[0] == MARK_KIND_COUNT, "one action each");

MarkKind mark_kind_of(Text action)
{
    for (unsigned kind = 0; kind < MARK_KIND_COUNT; kind++)
        if (text_equal(action, ACTIONS[kind]))
            return (MarkKind)kind;
    return MARK_KIND_COUNT;
}

const Label *mark_cleared_channel(const Mark *mark)
{
    Text source = label_text(&mark->source);
    if (text_equal(source, TEXT("windows/security"))) /* 1102 tells of its own log */
        return &mark->channel;
    if (text_equal(source, TEXT("windows/system")) && mark->object.len) /* 104 names it */
        return &mark->object;
    return NULL;
}

static void put_u64(Buf *out, uint64_t v)
{
    uint8_t bytes[8];
    store_u64le(bytes, v);
    buf_add(out, bytes, sizeof bytes);
}

static void put_label(Buf *out, const Label *label)
{
    buf_add_char(out, (char)label->len);
    buf_add(out, label->bytes, label->len);
}

void mark_write(const Mark *mark, const Label *host, Buf *out)
{
    TallyKey key;
    tally_key_begin(&key, TALLY_MARK);
    tally_key_label(&key, host);
    tally_key_i64(&key, mark->time);
    tally_key_u32(&key, mark->at.item);
    tally_key_u64(&key, mark->at.offset);
    tally_key_u32(&key, mark->at.sub);
    char room[TALLY_ROW_MAX];
    Buf row = {.ptr = room, .cap = sizeof room, .limit = sizeof room};
    buf_add_char(&row, (char)mark->kind);
    buf_add_char(&row, (char)mark->class);
    buf_add_char(&row, (char)mark->failed);
    put_u64(&row, mark->record_id);
    put_u64(&row, (uint64_t)mark->step_ns);
    put_label(&row, &mark->source);
    put_label(&row, &mark->channel);
    put_label(&row, &mark->code);
    put_label(&row, &mark->object);
    put_label(&row, &mark->user);
    put_label(&row, &mark->domain);
    assert(row.ptr == room && !row.failed); /* six labels fit */
    tally_send(tally_key_span(&key), buf_span(&row), out);
}

bool mark_read(Span key, Span row, Mark *ret)
{
    Reader at = reader_of(key, 0), reader = reader_of(row, 0);
    Mark mark = {.time = tally_take_i64(&at)};
    mark.at.item = tally_take_u32(&at);
    mark.at.offset = tally_take_u64(&at);
    mark.at.sub = tally_take_u32(&at);
    uint8_t kind = reader_u8(&reader), class = reader_u8(&reader);
    mark.failed = reader_u8(&reader) != 0;
    mark.record_id = reader_u64le(&reader);
    mark.step_ns = (int64_t)reader_u64le(&reader);
    mark.source = tally_take_label(&reader);
    mark.channel = tally_take_label(&reader);
    mark.code = tally_take_label(&reader);
    mark.object = tally_take_label(&reader);
    mark.user = tally_take_label(&reader);
    mark.domain = tally_take_label(&reader);
    if (at.failed || reader_left(&at) || reader.failed || reader_left(&reader) ||
        kind >= MARK_KIND_COUNT || class >= EVENT_CLASS_COUNT)
        return false;
    mark.kind = (MarkKind)kind;
    mark.class = (EventClass) class;
    *ret = mark;
    return true;
}
