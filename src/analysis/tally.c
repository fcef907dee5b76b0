#include "analysis/tally.h"

#include <assert.h>

#define EXTENT_BYTES 48
#define SIGN         (UINT64_C(1) << 63)
#define SEND_HEAD    4

/* What rows of a kind hold: so many numbers, and an extent. */
static const struct {
    uint8_t numbers;
    bool extent;
} SHAPES[TALLY_KIND_COUNT] = {
    [TALLY_HOST] = {2, true},    [TALLY_HOUR] = {1, false},   [TALLY_ITEM] = {TALLY_NUMBERS, true},
    [TALLY_ACTION] = {1, true},  [TALLY_STRIP] = {1, true},   [TALLY_CHANNEL] = {1, true},
    [TALLY_ACCOUNT] = {3, true}, [TALLY_QUALITY] = {1, true}, [TALLY_RECOVERED] = {2, true},
};

void tally_add(Tally *to, const Tally *from)
{
    for (unsigned i = 0; i < TALLY_NUMBERS; i++)
        to->n[i] += from->n[i];
    extent_join(&to->extent, &from->extent);
}

/* ---- keys ---- */

static void key_add(TallyKey *key, const void *bytes, size_t n)
{
    assert(n <= TALLY_KEY_MAX - key->len); /* the longest key has six labels and little else */
    memcpy(key->bytes + key->len, bytes, n);
    key->len += n;
}

void tally_key_begin(TallyKey *key, TallyKind kind)
{
    key->len = 0;
    tally_key_byte(key, (uint8_t)kind);
}

void tally_key_byte(TallyKey *key, uint8_t v)
{
    key_add(key, &v, 1);
}

void tally_key_label(TallyKey *key, const Label *label)
{
    tally_key_byte(key, label->len);
    key_add(key, label->bytes, label->len);
}

void tally_key_u32(TallyKey *key, uint32_t v)
{
    uint8_t bytes[4];
    store_u32le(bytes, __builtin_bswap32(v));
    key_add(key, bytes, sizeof bytes);
}

void tally_key_u64(TallyKey *key, uint64_t v)
{
    uint8_t bytes[8];
    store_u64le(bytes, __builtin_bswap64(v));
    key_add(key, bytes, sizeof bytes);
}

void tally_key_i64(TallyKey *key, int64_t v)
{
    tally_key_u64(key, (uint64_t)v ^ SIGN);
}

Label tally_take_label(Reader *reader)
{
    Label label = {.len = 0};
    uint8_t len = reader_u8(reader);
    if (len > LABEL_MAX)
        reader->failed = true;
    Span bytes = reader_take(reader, len);
    if (reader->failed)
        return label;
    if (len)
        memcpy(label.bytes, bytes.ptr, len);
    label.len = len;
    return label;
}

uint32_t tally_take_u32(Reader *reader)
{
    return __builtin_bswap32(reader_u32le(reader));
}

uint64_t tally_take_u64(Reader *reader)
{
    return __builtin_bswap64(reader_u64le(reader));
}

int64_t tally_take_i64(Reader *reader)
{
    return (int64_t)(tally_take_u64(reader) ^ SIGN);
}

static bool host_stands_last(TallyKind kind)
{
    return kind == TALLY_CHANNEL || kind == TALLY_ACCOUNT || kind == TALLY_QUALITY;
}

bool tally_rekey(TallyKind kind, Span rest, uint32_t host, TallyKey *ret)
{
    if (rest.len > TALLY_KEY_MAX - 5)
        return false;
    tally_key_begin(ret, kind);
    if (!host_stands_last(kind))
        tally_key_u32(ret, host);
    if (rest.len)
        key_add(ret, rest.ptr, rest.len);
    if (host_stands_last(kind))
        tally_key_u32(ret, host);
    return true;
}

/* ---- rows ---- */

static uint8_t *put_ref(uint8_t *out, const EventRef *ref)
{
    store_u32le(out, ref->item);
    store_u32le(out + 4, ref->sub);
    store_u64le(out + 8, ref->offset);
    return out + 16;
}

static EventRef take_ref(Reader *reader)
{
    EventRef ref = {.item = reader_u32le(reader)};
    ref.sub = reader_u32le(reader);
    ref.offset = reader_u64le(reader);
    return ref;
}

void tally_row_write(TallyKind kind, const Tally *tally, Buf *out)
{
    uint8_t bytes[8 * TALLY_NUMBERS + EXTENT_BYTES], *at = bytes;
    for (unsigned i = 0; i < SHAPES[kind].numbers; i++, at += 8)
        store_u64le(at, tally->n[i]);
    if (SHAPES[kind].extent) {
        store_u64le(at, (uint64_t)tally->extent.first);
        store_u64le(at + 8, (uint64_t)tally->extent.last);
        at = put_ref(at + 16, &tally->extent.first_at);
        at = put_ref(at, &tally->extent.last_at);
    }
    buf_add(out, bytes, (size_t)(at - bytes));
}

bool tally_row_read(TallyKind kind, Span row, Tally *ret)
{
    Reader reader = reader_of(row, 0);
    Tally tally;
    tally_clear(&tally);
    for (unsigned i = 0; i < SHAPES[kind].numbers; i++)
        tally.n[i] = reader_u64le(&reader);
    if (SHAPES[kind].extent) {
        tally.extent.first = (Time)reader_u64le(&reader);
        tally.extent.last = (Time)reader_u64le(&reader);
        tally.extent.first_at = take_ref(&reader);
        tally.extent.last_at = take_ref(&reader);
    }
    if (reader.failed || reader_left(&reader))
        return false;
    *ret = tally;
    return true;
}

void tally_send(Span key, Span row, Buf *out)
{
    assert(key.len <= TALLY_KEY_MAX && row.len <= TALLY_ROW_MAX);
    uint8_t head[SEND_HEAD] = {(uint8_t)key.len, (uint8_t)(key.len >> 8), (uint8_t)row.len,
                               (uint8_t)(row.len >> 8)};
    buf_add(out, head, sizeof head);
    buf_add(out, key.ptr, key.len);
    buf_add(out, row.ptr, row.len);
}

bool tally_receive(Reader *reader, Span *ret_key, Span *ret_row)
{
    if (reader->failed || !reader_left(reader))
        return false;
    uint16_t key_len = reader_u16le(reader), row_len = reader_u16le(reader);
    Span key = reader_take(reader, key_len), row = reader_take(reader, row_len);
    if (key_len == 0 || key_len > TALLY_KEY_MAX || row_len > TALLY_ROW_MAX)
        reader->failed = true;
    if (reader->failed || key.ptr[0] >= TALLY_KIND_COUNT) {
        reader->failed = true;
        return false;
    }
    *ret_key = key;
    *ret_row = row;
    return true;
}
