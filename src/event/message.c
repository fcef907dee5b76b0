#include "event/message.h"

#include "event/derive.h"
#include "event/fair_line.h"
#include "event/meaning.h"

#define PLACEHOLDER_MAX 200 /* bytes of a field name in a template */
#define SEPARATOR       TEXT(" \xC2\xA6 ")

typedef struct Message {
    FairLine line;
    const Batch *batch;
    uint32_t row;
    Layout layout;
    MeaningContext meanings;
} Message;

/* ---- fields ---- */

static Text field_name(const Message *message, uint32_t cell)
{
    return batch_name(message->batch, load_u32le(message->layout.names + 4 * (size_t)cell));
}

/* The cell of a native field; UINT32_MAX if there is none. */
static uint32_t find_field(const Message *message, Text name)
{
    for (uint32_t i = 0; i < message->layout.native_count; i++)
        if (text_equal_nocase(field_name(message, i), name))
            return i;
    return UINT32_MAX;
}

static bool cell_value(const Message *message, uint32_t cell, Value *ret)
{
    uint32_t number =
        cell == UINT32_MAX ? UINT32_MAX : batch_cell(message->batch, message->row, cell);
    if (number == UINT32_MAX)
        return false;
    *ret = batch_value(message->batch, number);
    return true;
}

/* The event's ObjectType, if that is a text. */
static Text object_type(const Message *message)
{
    Value value;
    if (!cell_value(message, find_field(message, TEXT("ObjectType")), &value) ||
        value.type != VALUE_TEXT)
        return TEXT("");
    return value_text(value);
}

/* ---- values ---- */

/* " (first, second)"; nothing for no meanings. */
static void put_meanings(FairLine *line, const Text *meanings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fair_line_text(line, i ? TEXT(", ") : TEXT(" ("));
        fair_line_text(line, meanings[i]);
    }
    if (count)
        fair_line_text(line, TEXT(")"));
}

/* Text, with the %%nnnn that stand for words of Windows each followed by its meaning. */
static void put_text(Message *message, Text t)
{
    while (t.len && !fair_line_enough(&message->line)) {
        size_t at = text_find_text(t, TEXT("%%"));
        size_t end = at == SIZE_MAX ? t.len : at + 2;
        while (at != SIZE_MAX && end < t.len && t.ptr[end] >= '0' && t.ptr[end] <= '9')
            end++;
        fair_line_text(&message->line, text_of(t.ptr, end));
        if (at != SIZE_MAX && end > at + 2) {
            Text meaning =
                meaning_of_word(&message->meanings, text_of(t.ptr + at + 2, end - at - 2));
            put_meanings(&message->line, &meaning, meaning.len > 0);
        }
        t = text_of(t.ptr + end, t.len - end);
    }
}

static void put_single(Message *message, Value value)
{
    if (value.type == VALUE_TEXT)
        put_text(message, value_text(value));
    else
        fair_line_value(&message->line, value);
}

static void put_list(Message *message, Value list)
{
    for (size_t i = 0; i < list.bytes.len / 4 && !fair_line_enough(&message->line); i++) {
        if (i)
            fair_line_text(&message->line, TEXT(", "));
        put_single(message, batch_list_at(message->batch, list, i));
    }
}

static void add_value(Message *message, Text field, Value value)
{
    Text meanings[MEANINGS_MAX];
    if (!fair_line_open(&message->line, PART_VALUE))
        return;
    if (value.type == VALUE_LIST) {
        put_list(message, value);
    } else {
        put_single(message, value);
        size_t n = meaning_find(&message->meanings, field, value, meanings);
        put_meanings(&message->line, meanings, n);
    }
    if (fair_line_is_empty(&message->line))
        fair_line_text(&message->line, TEXT("-"));
    fair_line_close(&message->line);
}

/* ---- what the message says ---- */

static void add_placeholder(Message *message, Text field)
{
    Value value = {.type = VALUE_NULL};
    (void)cell_value(message, find_field(message, field), &value);
    add_value(message, field, value);
}

static void add_template(Message *message, Text text)
{
    while (text.len) {
        size_t open = text_find(text, '{');
        fair_line_words(&message->line, text_of(text.ptr, open));
        if (open == text.len)
            return;
        text = text_of(text.ptr + open, text.len - open);
        size_t close = text_find(text, '}');
        if (close == text.len || close > PLACEHOLDER_MAX) {
            fair_line_words(&message->line, text);
            return;
        }
        add_placeholder(message, text_of(text.ptr + 1, close - 1));
        text = text_of(text.ptr + close + 1, text.len - close - 1);
    }
}

/* Values that say nothing: not shown where there is no template to fill. */
static bool is_void(Value value)
{
    return value_is_blank(value) || value_equals_text(value, TEXT("0x0")) ||
           value_equals_text(value, TEXT("S-1-0-0")) ||
           value_equals_text(value, TEXT("{00000000-0000-0000-0000-000000000000}"));
}

static void add_named_field(Message *message, uint32_t cell, bool *first)
{
    Value value;
    if (!cell_value(message, cell, &value) || is_void(value))
        return;
    if (!*first)
        fair_line_words(&message->line, SEPARATOR);
    *first = false;
    fair_line_plain_value(&message->line, field_name(message, cell));
    fair_line_words(&message->line, TEXT(": "));
    add_value(message, field_name(message, cell), value);
}

static bool has_role(const Message *message, uint32_t cell)
{
    for (uint32_t i = 0; i < message->layout.role_count; i++)
        if (load_u32le(message->layout.roles + 8 * (size_t)i + 4) == cell)
            return true;
    return false;
}

/* Fields that play a role first, then the others in the record's order. */
static void add_telling_fields(Message *message)
{
    bool first = true;
    for (uint32_t i = 0; i < message->layout.native_count; i++)
        if (has_role(message, i))
            add_named_field(message, i, &first);
    for (uint32_t i = 0; i < message->layout.native_count && !message->line.left_out; i++) {
        Text name = field_name(message, i);
        if (!has_role(message, i) && !text_starts(name, TEXT("System.")) &&
            !text_starts(name, TEXT("Export.")))
            add_named_field(message, i, &first);
    }
}

/* The action in words, or else the kind of record: "security 4624". */
static void add_lead(Message *message)
{
    FairLine *line = &message->line;
    Text action = batch_name(message->batch, message->layout.action);
    const EventKind *kind = &message->meanings.kind;
    while (action.len) {
        fair_line_words(line, text_cut(&action, '-'));
        if (action.len == 0)
            return;
        fair_line_words(line, TEXT(" "));
    }
    fair_line_words(line, kind->service.len    ? kind->service
                          : kind->provider.len ? kind->provider
                                               : kind->product);
    if (kind->code.len) {
        fair_line_words(line, TEXT(" "));
        fair_line_words(line, kind->code);
    }
}

void message_write(Buf *buf, const Schema *schema, const Batch *batch, uint32_t row)
{
    Message message;
    fair_line_begin(&message.line, buf, MESSAGE_CHARACTERS);
    message.batch = batch;
    message.row = row;
    message.layout = batch_layout(batch, batch_layout_of(batch, row));
    message.meanings.schema = schema;
    message.meanings.kind = batch_kind(batch, message.layout.kind);
    message.meanings.object_type = object_type(&message);
    add_lead(&message);
    fair_line_words(&message.line, TEXT(": "));
    size_t lead = message.line.part_count;
    Text text = schema_message(schema, &message.meanings.kind);
    if (text.len)
        add_template(&message, text);
    else
        add_telling_fields(&message);
    if (message.line.part_count == lead) /* nothing to say: no colon either */
        message.line.part_count--;
    fair_line_end(&message.line);
}
