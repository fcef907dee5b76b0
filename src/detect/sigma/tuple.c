#include "detect/sigma/tuple.h"

#include "base/hash.h"

#define ABSENT UINT32_MAX

static void put_u32(Buf *out, uint32_t v)
{
    uint8_t bytes[4];
    store_u32le(bytes, v);
    buf_add(out, bytes, sizeof bytes);
}

static void put_u64(Buf *out, uint64_t v)
{
    uint8_t bytes[8];
    store_u64le(bytes, v);
    buf_add(out, bytes, sizeof bytes);
}

void tuple_write_head(Buf *out, const TupleHead *head)
{
    put_u32(out, head->rule);
    put_u64(out, (uint64_t)head->time);
    put_u64(out, head->record_id);
}

void tuple_write_text(Buf *out, const Text *text)
{
    static const char HEX[] = "0123456789abcdef";
    if (!text) {
        put_u32(out, ABSENT);
        return;
    }
    if (text->len <= TUPLE_TEXT_MAX) {
        put_u32(out, (uint32_t)text->len);
        buf_add_text(out, *text);
        return;
    }
    Hash128 hash = hash128(text_span(*text));
    put_u32(out, TUPLE_TEXT_MAX);
    buf_add(out, text->ptr, TUPLE_TEXT_MAX - 2 * sizeof hash.bytes);
    for (size_t i = 0; i < sizeof hash.bytes; i++) {
        buf_add_char(out, HEX[hash.bytes[i] >> 4]);
        buf_add_char(out, HEX[hash.bytes[i] & 15]);
    }
}

bool tuple_read(Span bytes, const CorrelationIndex *index, uint32_t rule_count, TupleHead *ret_head,
                Text *ret)
{
    Reader r = reader_of(bytes, 0);
    TupleHead head = {
        .rule = reader_u32le(&r), .time = (Time)reader_u64le(&r), .record_id = reader_u64le(&r)};
    if (r.failed || head.rule >= rule_count || index->rules[head.rule].count == 0)
        return false;
    for (uint32_t i = 0; i < index->rules[head.rule].name_count; i++) {
        uint32_t len = reader_u32le(&r);
        ret[i] = (Text){0};
        if (len == ABSENT)
            continue;
        Span text = reader_take(&r, len);
        ret[i] = text_of(text.ptr ? (const char *)text.ptr : "", text.len);
    }
    *ret_head = head;
    return !r.failed && reader_left(&r) == 0;
}
