#include "event/batch.h"

#include "event/batch_format.h"
#include "event/derive.h"

static uint32_t word_at(const uint8_t *words, uint32_t i)
{
    return load_u32le(words + 4 * (size_t)i);
}

static uint64_t long_at(const uint8_t *longs, uint32_t i)
{
    return load_u64le(longs + 8 * (size_t)i);
}

EventHead batch_head(const Batch *batch, uint32_t row)
{
    return (EventHead){.time = (Time)long_at(batch->time, row),
                       .offset = long_at(batch->offset, row),
                       .size = word_at(batch->size, row),
                       .sub = word_at(batch->sub, row),
                       .record_id = long_at(batch->record_id, row),
                       .twin = long_at(batch->twin, row),
                       .meaning = (TimeMeaning)batch->meaning[row],
                       .quality = (TimeQuality)batch->quality[row],
                       .class = (EventClass)batch->class[row]};
}

uint64_t batch_payload(const Batch *batch, uint32_t row)
{
    return long_at(batch->payload, row);
}

uint32_t batch_layout_of(const Batch *batch, uint32_t row)
{
    return word_at(batch->layout, row);
}

Layout batch_layout(const Batch *batch, uint32_t layout)
{
    const uint8_t *words = batch->layout_words + 4 * (size_t)word_at(batch->layout_start, layout);
    Layout ret = {.kind = word_at(words, LAYOUT_KIND),
                  .action = word_at(words, LAYOUT_ACTION),
                  .outcome = word_at(words, LAYOUT_OUTCOME),
                  .cell_count = word_at(words, LAYOUT_CELLS),
                  .native_count = word_at(words, LAYOUT_NATIVE),
                  .role_count = word_at(words, LAYOUT_ROLES),
                  .ecs_count = word_at(words, LAYOUT_ECS)};
    ret.names = words + 4 * (size_t)LAYOUT_HEAD_WORDS;
    ret.roles = ret.names + 4 * (size_t)ret.native_count;
    ret.ecs = ret.roles + 8 * (size_t)ret.role_count;
    return ret;
}

EventKind batch_kind(const Batch *batch, uint32_t kind)
{
    const uint8_t *words = batch->kinds + 4 * KIND_WORDS * (size_t)kind;
    return (EventKind){.product = batch_name(batch, word_at(words, 0)),
                       .service = batch_name(batch, word_at(words, 1)),
                       .channel = batch_name(batch, word_at(words, 2)),
                       .provider = batch_name(batch, word_at(words, 3)),
                       .code = batch_name(batch, word_at(words, 4))};
}

Text batch_name(const Batch *batch, uint32_t name)
{
    if (name == UINT32_MAX)
        return TEXT("");
    uint32_t start = word_at(batch->name_start, name);
    uint32_t end = word_at(batch->name_start, name + 1);
    return text_of((const char *)batch->name_bytes.ptr + start, end - start);
}

uint32_t batch_cell(const Batch *batch, uint32_t row, uint32_t cell)
{
    uint64_t at = (uint64_t)word_at(batch->first_cell, row) + cell;
    if (at >= batch->cell_count)
        return UINT32_MAX;
    return load_u32le(batch->cells + 4 * at) - 1; /* 0, absent, becomes UINT32_MAX */
}

Value batch_value(const Batch *batch, uint32_t value)
{
    uint32_t start = word_at(batch->value_start, value);
    uint32_t end = word_at(batch->value_start, value + 1);
    return (Value){.type = (ValueType)batch->value_type[value],
                   .bytes = span_of(batch->value_bytes.ptr + start, end - start)};
}

Value batch_list_at(const Batch *batch, Value list, size_t i)
{
    return batch_value(batch, load_u32le(list.bytes.ptr + 4 * i));
}

static bool present(const Batch *batch, uint32_t row, uint32_t cell, Value *ret)
{
    uint32_t number = batch_cell(batch, row, cell);
    if (number == UINT32_MAX)
        return false;
    *ret = batch_value(batch, number);
    return true;
}

bool batch_field(const Batch *batch, uint32_t row, Text native_name, Value *ret)
{
    Layout layout = batch_layout(batch, batch_layout_of(batch, row));
    for (uint32_t i = 0; i < layout.native_count; i++)
        if (text_equal(batch_name(batch, word_at(layout.names, i)), native_name))
            return present(batch, row, i, ret);
    return false;
}

bool batch_ecs(const Batch *batch, uint32_t row, Text ecs_name, Value *ret)
{
    Layout layout = batch_layout(batch, batch_layout_of(batch, row));
    Value value;
    for (uint32_t i = 0; i < layout.ecs_count; i++) {
        if (!text_equal(batch_name(batch, word_at(layout.ecs, 2 * i)), ecs_name))
            continue;
        if (!present(batch, row, word_at(layout.ecs, 2 * i + 1), &value) || value.bytes.len == 0)
            return false;
        *ret = value;
        return true;
    }
    return false;
}

bool batch_role(const Batch *batch, uint32_t row, Role role, Value *ret)
{
    Layout layout = batch_layout(batch, batch_layout_of(batch, row));
    Value value;
    for (uint32_t i = 0; i < layout.role_count; i++) {
        if (word_at(layout.roles, 2 * i) != (uint32_t)role)
            continue;
        if (!present(batch, row, word_at(layout.roles, 2 * i + 1), &value) || value_is_blank(value))
            return false;
        *ret = value;
        return true;
    }
    return false;
}

void batch_write_text(Buf *buf, const Batch *batch, Value v)
{
    if (v.type != VALUE_LIST) {
        value_write_text(buf, v);
        return;
    }
    for (size_t i = 0; i < v.bytes.len / 4; i++) {
        if (i)
            buf_add_char(buf, ',');
        value_write_text(buf, batch_list_at(batch, v, i));
    }
}

void batch_write_json(Buf *buf, const Batch *batch, Value v)
{
    if (v.type != VALUE_LIST) {
        value_write_json(buf, v);
        return;
    }
    buf_add_char(buf, '[');
    for (size_t i = 0; i < v.bytes.len / 4; i++) {
        if (i)
            buf_add_char(buf, ',');
        value_write_json(buf, batch_list_at(batch, v, i));
    }
    buf_add_char(buf, ']');
}
