#include "report/visible.h"

#include "base/printable.h"

size_t visible_plain_run(Text t, char reserved)
{
    for (size_t i = 0; i < t.len; i++) {
        unsigned char c = (unsigned char)t.ptr[i];
        if (c < 0x20 || c >= 0x7F || c == '"' || c == ',' || c == (unsigned char)reserved)
            return i;
    }
    return t.len;
}

static void escape_byte(Buf *buf, unsigned char byte)
{
    char out[4] = {'\\', 'x', "0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
    buf_add(buf, out, sizeof out);
}

static void escape_unit(Buf *buf, uint32_t unit)
{
    char out[6] = {'\\', 'u'};
    for (unsigned i = 0; i < 4; i++)
        out[2 + i] = "0123456789abcdef"[unit >> (12 - 4 * i) & 15];
    buf_add(buf, out, sizeof out);
}

static void escape_code_point(Buf *buf, uint32_t c)
{
    if (c >= 0x10000) {
        escape_unit(buf, 0xD800 + ((c - 0x10000) >> 10));
        c = 0xDC00 + ((c - 0x10000) & 0x3FF);
    }
    escape_unit(buf, c);
}

static void put_one(Buf *buf, Text t, size_t *pos, char reserved)
{
    size_t start = *pos;
    unsigned char lead = (unsigned char)t.ptr[start];
    uint32_t c = utf8_next(t, pos);
    if (c == '\n')
        BUF_LITERAL(buf, "\\n");
    else if (c == '\r')
        BUF_LITERAL(buf, "\\r");
    else if (c == '\t')
        BUF_LITERAL(buf, "\\t");
    else if (c == UTF8_INVALID || c < 0x20 || c == 0x7F || (reserved && c == (uint32_t)reserved))
        escape_byte(buf, lead);
    else if (printable_is_deceptive(c) || (c >= 0xD800 && c <= 0xDFFF))
        escape_code_point(buf, c);
    else
        buf_add(buf, t.ptr + start, *pos - start);
}

void visible_text_but(Buf *buf, Text t, char reserved)
{
    for (size_t pos = 0; pos < t.len;) {
        size_t plain = visible_plain_run(text_of(t.ptr + pos, t.len - pos), reserved);
        buf_add(buf, t.ptr + pos, plain);
        pos += plain;
        if (pos < t.len)
            put_one(buf, t, &pos, reserved);
    }
}

void visible_text(Buf *buf, Text t)
{
    visible_text_but(buf, t, '\0');
}
