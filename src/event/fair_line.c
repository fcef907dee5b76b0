#include "event/fair_line.h"

#include "base/printable.h"

#define ELLIPSIS TEXT("\xE2\x80\xA6")

void fair_line_begin(FairLine *line, Buf *buf, size_t limit)
{
    line->buf = buf;
    line->start = buf->len;
    line->limit = limit;
    line->part_count = 0;
    line->left_out = false;
}

static Part *open_part(FairLine *line)
{
    return &line->parts[line->part_count];
}

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

/* ---- parts ---- */

bool fair_line_open(FairLine *line, PartKind kind)
{
    if (line->part_count == FAIR_LINE_PARTS) {
        line->left_out = true;
        return false;
    }
    *open_part(line) = (Part){.start = line->buf->len, .kind = kind};
    return true;
}

void fair_line_close(FairLine *line)
{
    Part *part = open_part(line);
    if (part->kind == PART_WORDS)
        put_due_blank(part, line->buf);
    part->end = line->buf->len;
    line->part_count++;
}

bool fair_line_enough(const FairLine *line)
{
    return line->parts[line->part_count].characters > line->limit;
}

bool fair_line_is_empty(const FairLine *line)
{
    return line->parts[line->part_count].characters == 0;
}

void fair_line_text(FairLine *line, Text t)
{
    Part *part = open_part(line);
    for (size_t pos = 0; pos < t.len && part->characters <= line->limit;) {
        size_t left = t.len - pos;
        size_t run = plain_run(t.ptr + pos, left < line->limit ? left : line->limit);
        if (run == 0) {
            put_character(part, line->buf, t, &pos);
            continue;
        }
        put_due_blank(part, line->buf);
        buf_add(line->buf, t.ptr + pos, run);
        part->characters += run;
        pos += run;
    }
}

void fair_line_value(FairLine *line, Value value)
{
    Part *part = open_part(line);
    size_t room = line->limit / 2 + 1; /* two digits for each byte */
    if (value.type == VALUE_BINARY && value.bytes.len > room)
        value.bytes.len = room;
    put_due_blank(part, line->buf);
    size_t before = line->buf->len;
    value_write_text(line->buf, value);
    part->characters += line->buf->len - before; /* all ASCII */
}

static void add_plain(FairLine *line, Text text, PartKind kind)
{
    if (text.len == 0 || !fair_line_open(line, kind))
        return;
    fair_line_text(line, text);
    fair_line_close(line);
}

void fair_line_words(FairLine *line, Text words)
{
    add_plain(line, words, PART_WORDS);
}

void fair_line_plain_value(FairLine *line, Text text)
{
    add_plain(line, text, PART_VALUE);
}

/* ---- putting the parts together ---- */

/* How many characters a value may have so that all fit: short ones keep theirs, the long ones
 * share what is left. */
static size_t fair_share(const FairLine *line)
{
    size_t low = 1, high = line->limit + 1;
    while (high - low > 1) {
        size_t share = low + (high - low) / 2, total = line->left_out;
        for (size_t i = 0; i < line->part_count; i++) {
            const Part *part = &line->parts[i];
            total +=
                part->kind == PART_VALUE && part->characters > share ? share : part->characters;
        }
        if (total <= line->limit)
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

void fair_line_end(FairLine *line)
{
    Buf *buf = line->buf;
    size_t share = fair_share(line), left = line->limit - line->left_out;
    size_t end_of_parts = buf->len;
    for (size_t i = 0; i < line->part_count && !buf->failed; i++) {
        const Part *part = &line->parts[i];
        size_t room = part->kind == PART_VALUE && share < left ? share : left;
        left -= append_part(buf, part, room);
    }
    if (line->left_out)
        buf_add_text(buf, ELLIPSIS);
    if (buf->failed)
        return;
    memmove(buf->ptr + line->start, buf->ptr + end_of_parts, buf->len - end_of_parts);
    buf->len -= end_of_parts - line->start;
}
