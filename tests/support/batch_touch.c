#include "batch_touch.h"

#include "event/event_json.h"

/* A batch may say the same long value many times: enough is enough. */
#define RENDERED_MAX (4u * 1024 * 1024)

static uint64_t touch_bytes(const void *bytes, size_t len)
{
    const uint8_t *p = bytes;
    uint64_t sum = len;
    for (size_t i = 0; i < len; i++)
        sum = sum * 31 + p[i];
    return sum;
}

static uint64_t touch_text(Text t)
{
    return touch_bytes(t.ptr, t.len);
}

static uint64_t touch_value(const Batch *batch, Value value, Buf *buf)
{
    uint64_t sum = touch_bytes(value.bytes.ptr, value.bytes.len) + (uint64_t)value.type;
    for (size_t i = 0; value.type == VALUE_LIST && i < value.bytes.len / 4; i++) {
        Value element = batch_list_at(batch, value, i);
        sum += touch_bytes(element.bytes.ptr, element.bytes.len);
    }
    uint64_t number = 0;
    (void)value_to_u64(value, &number);
    sum += number + value_fingerprint(value) + value_equals_text(value, TEXT("0x1"));
    buf_clear(buf);
    batch_write_text(buf, batch, value);
    batch_write_json(buf, batch, value);
    return sum + buf->len;
}

static uint64_t touch_layout(const Batch *batch, uint32_t number)
{
    Layout layout = batch_layout(batch, number);
    EventKind kind = batch_kind(batch, layout.kind);
    uint64_t sum = touch_text(kind.product) + touch_text(kind.service) + touch_text(kind.channel) +
                   touch_text(kind.provider) + touch_text(kind.code) +
                   touch_text(batch_name(batch, layout.action)) +
                   touch_text(batch_name(batch, layout.outcome));
    for (uint32_t i = 0; i < layout.native_count; i++)
        sum += touch_text(batch_name(batch, load_u32le(layout.names + 4 * (size_t)i)));
    for (uint32_t i = 0; i < layout.role_count; i++)
        sum += touch_text(ROLE_TEXT[load_u32le(layout.roles + 8 * (size_t)i)]);
    for (uint32_t i = 0; i < layout.ecs_count; i++)
        sum += touch_text(batch_name(batch, load_u32le(layout.ecs + 8 * (size_t)i)));
    return sum;
}

static uint64_t touch_event(const Batch *batch, uint32_t row, Buf *buf)
{
    EventHead head = batch_head(batch, row);
    Layout layout = batch_layout(batch, batch_layout_of(batch, row));
    uint64_t sum = (uint64_t)head.time + head.offset + head.size + head.sub + head.record_id +
                   head.twin + batch_payload(batch, row) + TIME_MEANING_TEXT[head.meaning].len +
                   TIME_QUALITY_TEXT[head.quality].len + EVENT_CLASS_TEXT[head.class].len;
    for (uint32_t cell = 0; cell < layout.cell_count; cell++) {
        uint32_t number = batch_cell(batch, row, cell);
        if (number != UINT32_MAX)
            sum += batch_value(batch, number).bytes.len;
    }
    for (uint32_t i = 0; i < layout.role_count; i++) {
        Value value;
        uint32_t role = load_u32le(layout.roles + 8 * (size_t)i);
        if (batch_role(batch, row, (Role)role, &value))
            sum += value.bytes.len;
    }
    Value value;
    if (batch_ecs(batch, row, TEXT("host.name"), &value) ||
        batch_field(batch, row, TEXT("System.Computer"), &value))
        sum += value.bytes.len;
    EventSource source = {.item = TEXT("item")};
    buf_clear(buf);
    event_write_json(buf, batch, row, &source);
    return sum + buf->len;
}

uint64_t batch_touch(const Batch *batch)
{
    Buf buf;
    uint64_t sum = 0;
    buf_init(&buf, RENDERED_MAX);
    for (uint32_t i = 0; i < batch->name_count; i++)
        sum += touch_text(batch_name(batch, i));
    for (uint32_t i = 0; i < batch->value_count; i++)
        sum += touch_value(batch, batch_value(batch, i), &buf);
    for (uint32_t i = 0; i < batch->kind_count; i++)
        sum += touch_text(batch_kind(batch, i).code);
    for (uint32_t i = 0; i < batch->layout_count; i++)
        sum += touch_layout(batch, i);
    for (uint32_t row = 0; row < batch->event_count; row++)
        sum += touch_event(batch, row, &buf);
    buf_done(&buf);
    return sum;
}
