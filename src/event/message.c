#include "event/message.h"

#include "base/printable.h"
#include "event/derive.h"
#include "event/meaning.h"

#define PARTS_MAX       96  /* pieces of a message; what comes after is left out, with "…" */
#define PLACEHOLDER_MAX 200 /* bytes of a field name in a template */
#define BINARY_SHOWN    256 /* bytes */
#define ELLIPSIS        TEXT("\xE2\x80\xA6")
#define SEPARATOR       TEXT(" \xC2\xA6 ")

typedef enum PartKind {
    PART_WORDS, /* stay whole */
    PART_VALUE, /* may be shortened */
} PartKind;

typedef struct Part {
    size_t start, end; /* in the buf */
    size_t characters;
    PartKind kind;
    bool blank; /* one is due before the next character */
} Part;

/* A message while it is put together: its parts stand in `buf`, one behind the other. */
typedef struct Message {
    Buf *buf;
    const Batch *batch;
    uint32_t row;
    Layout layout;
    MeaningContext meanings;
    Part parts[PARTS_MAX];
    size_t part_count;
    bool left_out; /* there were more parts */
} Message;

/* ---- characters ---- */

/* What a terminal or a reader would take for something else, or not see. */
static bool is_hidden(uint32_t c)
{
    return c < 0x20 || c == 0x7F || c == UTF8_INVALID || (c >= 0xD800 && c <= 0xDFFF) ||
           printable_is_deceptive(c);
}

static bool is_blank(uint32_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == 0xA0 || c == 0x85 ||
           c == 0x2028 || c == 0x2029;
}

static void put_hidden(Part *part, Buf *buf, uint32_t c, char first_byte)
{
    size_t before = buf->len;
    if (c == UTF8_INVALID)
        buf_printf(buf, "\\x%02x", (unsigned)(unsigned char)first_byte);
    else
        buf_printf(buf, "\\u{%x}", (unsigned)c);
    part->characters += buf->len - before;
}

static void put_due_blank(Part *part, Buf *buf)
{
    if (!part->blank)
        return;
    part->blank = false;
    if (part->kind == PART_VALUE && part->characters == 0)
        return;
    buf_add_char(buf, ' ');
    part->characters++;
}

/* Length of the leading run of ASCII that is neither blank nor hidden. */
static size_t plain_run(const char *p, size_t n)
{
    size_t i = 0;
    while (i < n && p[i] > ' ' && p[i] < 0x7F)
        i++;
    return i;
}

static void put_character(Part *part, Buf *buf, Text t, size_t *pos)
{
    size_t at = *pos;
    uint32_t c = utf8_next(t, pos);
    if (is_blank(c)) {
        part->blank = true;
        return;
    }
    put_due_blank(part, buf);
    if (is_hidden(c)) {
        put_hidden(part, buf, c, t.ptr[at]);
    } else {
        buf_add(buf, t.ptr + at, *pos - at);
        part->characters++;
    }
}

/* Text into a part: a run of blanks and line ends becomes one blank, what is hidden is spelt out.
 * What would be cut away in any case is not looked at. */
static void put_text(Part *part, Buf *buf, Text t)
{
    for (size_t pos = 0; pos < t.len && part->characters <= MESSAGE_CHARACTERS;) {
        size_t left = t.len - pos;
        size_t run = plain_run(t.ptr + pos, left < MESSAGE_CHARACTERS ? left : MESSAGE_CHARACTERS);
        if (run == 0) {
            put_character(part, buf, t, &pos);
            continue;
        }
        put_due_blank(part, buf);
        buf_add(buf, t.ptr + pos, run);
        part->characters += run;
        pos += run;
    }
}

/* ---- parts ---- */

static Part *begin_part(Message *message, PartKind kind)
{
    if (message->part_count == PARTS_MAX) {
        message->left_out = true;
        return NULL;
    }
    Part *part = &message->parts[message->part_count++];
    *part = (Part){.start = message->buf->len, .kind = kind};
    return part;
}

static void end_part(Message *message, Part *part)
{
    if (part->kind == PART_WORDS)
        put_due_blank(part, message->buf);
    part->end = message->buf->len;
}

static void add_plain(Message *message, Text text, PartKind kind)
{
    Part *part = text.len ? begin_part(message, kind) : NULL;
    if (!part)
        return;
    put_text(part, message->buf, text);
    end_part(message, part);
}

static void add_words(Message *message, Text words)
{
    add_plain(message, words, PART_WORDS);
}

/* " (first, second)"; nothing for no meanings. */
static void put_meanings(Message *message, Part *part, const Text *meanings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        put_text(part, message->buf, i ? TEXT(", ") : TEXT(" ("));
        put_text(part, message->buf, meanings[i]);
    }
    if (count)
        put_text(part, message->buf, TEXT(")"));
}

/* Text, with the %%nnnn that stand for words of Windows each followed by its meaning. */
static void put_value_text(Message *message, Part *part, Text t)
{
    while (t.len && part->characters <= MESSAGE_CHARACTERS) {
        size_t at = text_find_text(t, TEXT("%%"));
        size_t end = at == SIZE_MAX ? t.len : at + 2;
        while (at != SIZE_MAX && end < t.len && t.ptr[end] >= '0' && t.ptr[end] <= '9')
            end++;
        put_text(part, message->buf, text_of(t.ptr, end));
        if (at != SIZE_MAX && end > at + 2) {
            Text meaning =
                meaning_of_word(&message->meanings, text_of(t.ptr + at + 2, end - at - 2));
            put_meanings(message, part, &meaning, meaning.len > 0);
        }
        t = text_of(t.ptr + end, t.len - end);
    }
}

static void put_value(Message *message, Part *part, Value value)
{
    if (value.type == VALUE_TEXT) {
        put_value_text(message, part, value_text(value));
        return;
    }
    if (value.type == VALUE_BINARY && value.bytes.len > BINARY_SHOWN)
        value.bytes.len = BINARY_SHOWN;
    size_t before = message->buf->len;
    put_due_blank(part, message->buf);
    value_write_text(message->buf, value);
    part->characters += message->buf->len - before; /* all ASCII */
}

static void put_list(Message *message, Part *part, Value list)
{
    for (size_t i = 0; i < list.bytes.len / 4 && part->characters <= MESSAGE_CHARACTERS; i++) {
        if (i)
            put_text(part, message->buf, TEXT(", "));
        put_value(message, part, batch_list_at(message->batch, list, i));
    }
}

static void add_value(Message *message, Text field, Value value)
{
    Text meanings[MEANINGS_MAX];
    Part *part = begin_part(message, PART_VALUE);
    if (!part)
        return;
    if (value.type == VALUE_LIST) {
        put_list(message, part, value);
    } else {
        put_value(message, part, value);
        size_t n = meaning_find(&message->meanings, field, value, meanings);
        put_meanings(message, part, meanings, n);
    }
    if (part->characters == 0)
        put_text(part, message->buf, TEXT("-"));
    end_part(message, part);
}

/* ---- what the message says ---- */

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
        add_words(message, text_of(text.ptr, open));
        if (open == text.len)
            return;
        text = text_of(text.ptr + open, text.len - open);
        size_t close = text_find(text, '}');
        if (close == text.len || close > PLACEHOLDER_MAX) {
            add_words(message, text);
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
        add_words(message, SEPARATOR);
    *first = false;
    add_plain(message, field_name(message, cell), PART_VALUE);
    add_words(message, TEXT(": "));
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
    for (uint32_t i = 0; i < message->layout.native_count && !message->left_out; i++) {
        Text name = field_name(message, i);
        if (!has_role(message, i) && !text_starts(name, TEXT("System.")) &&
            !text_starts(name, TEXT("Export.")))
            add_named_field(message, i, &first);
    }
}

/* The action in words, or else the kind of record: "security 4624". */
static void add_lead(Message *message)
{
    Text action = batch_name(message->batch, message->layout.action);
    const EventKind *kind = &message->meanings.kind;
    while (action.len) {
        add_words(message, text_cut(&action, '-'));
        if (action.len == 0)
            return;
        add_words(message, TEXT(" "));
    }
    add_words(message, kind->service.len    ? kind->service
                       : kind->provider.len ? kind->provider
                                            : kind->product);
    if (kind->code.len) {
        add_words(message, TEXT(" "));
        add_words(message, kind->code);
    }
}

/* Its ObjectType, if that is a text. */
static Text object_type(const Message *message)
{
    Value value;
    if (!cell_value(message, find_field(message, TEXT("ObjectType")), &value) ||
        value.type != VALUE_TEXT)
        return TEXT("");
    return value_text(value);
}

/* ---- putting the parts together ---- */

/* How many characters a value may have so that all fit: short ones keep theirs, the long ones
 * share what is left. */
static size_t fair_share(const Message *message)
{
    size_t low = 1, high = MESSAGE_CHARACTERS + 1;
    while (high - low > 1) {
        size_t share = low + (high - low) / 2, total = message->left_out;
        for (size_t i = 0; i < message->part_count; i++) {
            const Part *part = &message->parts[i];
            total +=
                part->kind == PART_VALUE && part->characters > share ? share : part->characters;
        }
        if (total <= MESSAGE_CHARACTERS)
            low = share;
        else
            high = share;
    }
    return low;
}

/* The leading `characters` characters of valid UTF-8. */
static Text leading(Text t, size_t characters)
{
    size_t pos = 0;
    while (pos < t.len && characters--)
        (void)utf8_next(t, &pos);
    return text_of(t.ptr, pos);
}

/* Append the first `room` characters of a part; "…" is the last of them if it has more. */
static size_t append_part(Buf *buf, const Part *part, size_t room)
{
    size_t size = part->end - part->start;
    if (!buf_reserve(buf, size + ELLIPSIS.len) || room == 0)
        return 0;
    Text text = text_of(buf->ptr + part->start, size);
    if (part->characters <= room) {
        buf_add_text(buf, text);
        return part->characters;
    }
    buf_add_text(buf, leading(text, room - 1));
    buf_add_text(buf, ELLIPSIS);
    return room;
}

static void assemble(Message *message, size_t start)
{
    Buf *buf = message->buf;
    size_t share = fair_share(message), left = MESSAGE_CHARACTERS - message->left_out;
    size_t line = buf->len;
    for (size_t i = 0; i < message->part_count && !buf->failed; i++) {
        const Part *part = &message->parts[i];
        size_t room = part->kind == PART_VALUE && share < left ? share : left;
        left -= append_part(buf, part, room);
    }
    if (message->left_out)
        buf_add_text(buf, ELLIPSIS);
    if (buf->failed)
        return;
    memmove(buf->ptr + start, buf->ptr + line, buf->len - line);
    buf->len = start + (buf->len - line);
}

void message_write(Buf *buf, const Schema *schema, const Batch *batch, uint32_t row)
{
    Message message;
    size_t start = buf->len;
    message.buf = buf;
    message.batch = batch;
    message.row = row;
    message.layout = batch_layout(batch, batch_layout_of(batch, row));
    message.meanings.schema = schema;
    message.meanings.kind = batch_kind(batch, message.layout.kind);
    message.meanings.object_type = object_type(&message);
    message.part_count = 0;
    message.left_out = false;
    add_lead(&message);
    add_words(&message, TEXT(": "));
    size_t lead = message.part_count;
    Text text = schema_message(schema, &message.meanings.kind);
    if (text.len)
        add_template(&message, text);
    else
        add_telling_fields(&message);
    if (message.part_count == lead) /* nothing to say: no colon either */
        message.part_count--;
    assemble(&message, start);
}
