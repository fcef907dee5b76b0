#include "event/event_json.h"

#include <stdlib.h>

#include "base/json.h"
#include "event/derive.h"

#define FEW_FIELDS 64 /* so many are compared with each other; more are sorted */
#define NO_FIELD   UINT32_MAX

static uint32_t word_at(const uint8_t *words, uint32_t i)
{
    return load_u32le(words + 4 * (size_t)i);
}

static void write_key(Buf *buf, bool *first, Text name)
{
    if (!*first)
        buf_add_char(buf, ',');
    *first = false;
    json_text(buf, name);
    buf_add_char(buf, ':');
}

void event_write_time(Buf *buf, Time time)
{
    char text[TIME_TEXT_ROOM];
    if (time == TIME_NONE) {
        BUF_LITERAL(buf, "null");
        return;
    }
    buf_add_char(buf, '"');
    buf_add(buf, text, time_format(time, time % 100 ? 9 : 7, text));
    buf_add_char(buf, '"');
}

/* ---- native fields ---- */

typedef struct NamedField {
    uint32_t name, field;
} NamedField;

static int by_name(const void *a, const void *b)
{
    const NamedField *x = a, *y = b;
    if (x->name != y->name)
        return x->name < y->name ? -1 : 1;
    return x->field < y->field ? -1 : x->field > y->field;
}

/* For each field the next one of the same name (or NO_FIELD), and whether it is the first. */
typedef struct Repeats {
    uint32_t next[FEW_FIELDS];
    bool first[FEW_FIELDS];
    uint32_t *many_next; /* instead of the above when there are more */
    bool *many_first;
} Repeats;

static void find_few(const Layout *layout, Repeats *ret)
{
    for (uint32_t i = 0; i < layout->native_count; i++) {
        ret->next[i] = NO_FIELD;
        ret->first[i] = true;
    }
    for (uint32_t i = 0; i < layout->native_count; i++)
        for (uint32_t k = i + 1; k < layout->native_count; k++)
            if (word_at(layout->names, i) == word_at(layout->names, k)) {
                ret->next[i] = k;
                ret->first[k] = false;
                break;
            }
}

static bool find_many(const Layout *layout, Repeats *ret)
{
    uint32_t n = layout->native_count;
    NamedField *sorted = malloc(n * sizeof *sorted);
    ret->many_next = malloc(n * sizeof *ret->many_next);
    ret->many_first = malloc(n * sizeof *ret->many_first);
    if (!sorted || !ret->many_next || !ret->many_first) {
        free(sorted);
        return false;
    }
    for (uint32_t i = 0; i < n; i++)
        sorted[i] = (NamedField){.name = word_at(layout->names, i), .field = i};
    qsort(sorted, n, sizeof *sorted, by_name);
    for (uint32_t i = 0; i < n; i++) {
        bool more = i + 1 < n && sorted[i + 1].name == sorted[i].name;
        ret->many_next[sorted[i].field] = more ? sorted[i + 1].field : NO_FIELD;
        ret->many_first[sorted[i].field] = i == 0 || sorted[i - 1].name != sorted[i].name;
    }
    free(sorted);
    return true;
}

static void write_cell(Buf *buf, const Batch *batch, uint32_t row, uint32_t cell)
{
    uint32_t number = batch_cell(batch, row, cell);
    if (number == UINT32_MAX)
        BUF_LITERAL(buf, "null");
    else
        batch_write_json(buf, batch, batch_value(batch, number));
}

static void write_fields(Buf *buf, const Batch *batch, uint32_t row, const Layout *layout,
                         const uint32_t *next, const bool *is_first)
{
    bool first = true;
    for (uint32_t i = 0; i < layout->native_count; i++) {
        if (!is_first[i])
            continue;
        write_key(buf, &first, batch_name(batch, word_at(layout->names, i)));
        if (next[i] == NO_FIELD) {
            write_cell(buf, batch, row, i);
            continue;
        }
        char open = '[';
        for (uint32_t k = i; k != NO_FIELD; k = next[k]) {
            buf_add_char(buf, open);
            write_cell(buf, batch, row, k);
            open = ',';
        }
        buf_add_char(buf, ']');
    }
}

void event_write_fields(Buf *buf, const Batch *batch, uint32_t row)
{
    Layout layout = batch_layout(batch, batch_layout_of(batch, row));
    Repeats repeats;
    buf_add_char(buf, '{');
    if (layout.native_count <= FEW_FIELDS) {
        find_few(&layout, &repeats);
        write_fields(buf, batch, row, &layout, repeats.next, repeats.first);
    } else {
        if (find_many(&layout, &repeats))
            write_fields(buf, batch, row, &layout, repeats.many_next, repeats.many_first);
        else
            buf->failed = true;
        free(repeats.many_next);
        free(repeats.many_first);
    }
    buf_add_char(buf, '}');
}

/* ---- roles and ECS ---- */

static bool cell_value(const Batch *batch, uint32_t row, uint32_t cell, Value *ret)
{
    uint32_t number = batch_cell(batch, row, cell);
    if (number == UINT32_MAX)
        return false;
    *ret = batch_value(batch, number);
    return ret->bytes.len > 0;
}

void event_write_ecs(Buf *buf, const Batch *batch, uint32_t row)
{
    Layout layout = batch_layout(batch, batch_layout_of(batch, row));
    bool first = true;
    Value value;
    buf_add_char(buf, '{');
    for (uint32_t i = 0; i < layout.ecs_count; i++) {
        if (!cell_value(batch, row, word_at(layout.ecs, 2 * i + 1), &value))
            continue;
        write_key(buf, &first, batch_name(batch, word_at(layout.ecs, 2 * i)));
        batch_write_json(buf, batch, value);
    }
    buf_add_char(buf, '}');
}

void event_write_roles(Buf *buf, const Batch *batch, uint32_t row)
{
    Layout layout = batch_layout(batch, batch_layout_of(batch, row));
    bool first = true;
    Value value;
    buf_add_char(buf, '{');
    for (uint32_t i = 0; i < layout.role_count; i++) {
        if (!cell_value(batch, row, word_at(layout.roles, 2 * i + 1), &value) ||
            value_is_blank(value))
            continue;
        write_key(buf, &first, ROLE_TEXT[word_at(layout.roles, 2 * i)]);
        batch_write_json(buf, batch, value);
    }
    buf_add_char(buf, '}');
}

void event_write_source(Buf *buf, const EventKind *kind)
{
    buf_add_text(buf, kind->product);
    Text detail = kind->service.len ? kind->service : kind->channel;
    if (kind->product.len && detail.len)
        buf_add_char(buf, '/');
    buf_add_text(buf, detail);
}

/* ---- the whole ---- */

static void write_text_member(Buf *buf, bool *first, Text key, Text text)
{
    if (text.len == 0)
        return;
    write_key(buf, first, key);
    json_text(buf, text);
}

static void write_number_member(Buf *buf, bool *first, Text key, uint64_t number)
{
    write_key(buf, first, key);
    buf_add_u64(buf, number);
}

static void write_source(Buf *buf, bool *first, const EventSource *source)
{
    if (source->item.len) {
        write_key(buf, first, TEXT("item"));
        json_name(buf, source->item);
    }
    write_text_member(buf, first, TEXT("sha256"), source->sha256);
}

/* An object member that is left out when the object is empty. */
static void write_object_member(Buf *buf, bool *first, Text key, const Batch *batch, uint32_t row,
                                void (*write)(Buf *, const Batch *, uint32_t))
{
    size_t before = buf->len;
    bool was_first = *first;
    write_key(buf, first, key);
    size_t start = buf->len;
    write(buf, batch, row);
    if (buf->len == start + 2 && !buf->failed) { /* {} */
        buf->len = before;
        *first = was_first;
    }
}

void event_write_json(Buf *buf, const Batch *batch, uint32_t row, const EventSource *source)
{
    EventHead head = batch_head(batch, row);
    Layout layout = batch_layout(batch, batch_layout_of(batch, row));
    EventKind kind = batch_kind(batch, layout.kind);
    bool first = true;
    buf_add_char(buf, '{');
    write_key(buf, &first, TEXT("time"));
    event_write_time(buf, head.time);
    write_text_member(buf, &first, TEXT("time_meaning"), TIME_MEANING_TEXT[head.meaning]);
    write_text_member(buf, &first, TEXT("time_quality"), TIME_QUALITY_TEXT[head.quality]);
    write_text_member(buf, &first, TEXT("product"), kind.product);
    write_text_member(buf, &first, TEXT("service"), kind.service);
    write_text_member(buf, &first, TEXT("channel"), kind.channel);
    write_text_member(buf, &first, TEXT("provider"), kind.provider);
    write_text_member(buf, &first, TEXT("code"), kind.code);
    if (head.record_id != RECORD_ID_NONE)
        write_number_member(buf, &first, TEXT("record_id"), head.record_id);
    write_number_member(buf, &first, TEXT("offset"), head.offset);
    if (head.size)
        write_number_member(buf, &first, TEXT("size"), head.size);
    if (head.sub)
        write_number_member(buf, &first, TEXT("sub"), head.sub);
    write_text_member(buf, &first, TEXT("class"), EVENT_CLASS_TEXT[head.class]);
    write_text_member(buf, &first, TEXT("action"), batch_name(batch, layout.action));
    write_text_member(buf, &first, TEXT("outcome"), batch_name(batch, layout.outcome));
    write_source(buf, &first, source);
    write_object_member(buf, &first, TEXT("roles"), batch, row, event_write_roles);
    write_key(buf, &first, TEXT("fields"));
    event_write_fields(buf, batch, row);
    write_object_member(buf, &first, TEXT("ecs"), batch, row, event_write_ecs);
    buf_add_char(buf, '}');
}
