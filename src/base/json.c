#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void put_unicode_escape(Buf *buf, uint32_t c)
{
    char out[6] = {'\\', 'u'};
    for (int i = 0; i < 4; i++)
        out[2 + i] = "0123456789ABCDEF"[c >> (12 - 4 * i) & 15];
    buf_add(buf, out, sizeof out);
}

/* Length of the leading part that needs no escape: ASCII but controls, quote and backslash. */
static size_t plain_run(const char *p, size_t n)
{
    size_t i = 0;
    while (i < n) {
        unsigned char c = (unsigned char)p[i];
        if (c < 0x20 || c == '"' || c == '\\' || c >= 0x7F)
            break;
        i++;
    }
    return i;
}

static void escape_one(Buf *buf, Text t, size_t *pos)
{
    size_t start = *pos;
    uint32_t c = utf8_next(t, pos);
    static const char SHORT[] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    if (c == '"' || c == '\\') {
        char out[2] = {'\\', (char)c};
        buf_add(buf, out, 2);
    } else if (c < sizeof SHORT && SHORT[c]) {
        char out[2] = {'\\', SHORT[c]};
        buf_add(buf, out, 2);
    } else if (c < 0x20 || c == 0x7F || (c >= 0xD800 && c <= 0xDFFF)) {
        put_unicode_escape(buf, c);
    } else if (c == UTF8_INVALID) {
        put_unicode_escape(buf, 0xFFFD);
    } else {
        buf_add(buf, t.ptr + start, *pos - start);
    }
}

void json_escape(Buf *buf, Text t)
{
    size_t pos = 0;
    while (pos < t.len) {
        size_t plain = plain_run(t.ptr + pos, t.len - pos);
        buf_add(buf, t.ptr + pos, plain);
        pos += plain;
        if (pos < t.len)
            escape_one(buf, t, &pos);
    }
}

void json_text(Buf *buf, Text t)
{
    buf_add_char(buf, '"');
    json_escape(buf, t);
    buf_add_char(buf, '"');
}

void json_base64(Buf *buf, Span bytes)
{
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    buf_add_char(buf, '"');
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t n = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t v = (uint32_t)bytes.ptr[i] << 16;
        if (n > 1)
            v |= (uint32_t)bytes.ptr[i + 1] << 8;
        if (n > 2)
            v |= bytes.ptr[i + 2];
        char out[4] = {DIGITS[v >> 18], DIGITS[v >> 12 & 63], n > 1 ? DIGITS[v >> 6 & 63] : '=',
                       n > 2 ? DIGITS[v & 63] : '='};
        buf_add(buf, out, 4);
    }
    buf_add_char(buf, '"');
}

void json_name(Buf *buf, Text t)
{
    if (text_is_utf8(t, UTF8_STRICT)) {
        json_text(buf, t);
        return;
    }
    BUF_LITERAL(buf, "{\"bytes\":");
    json_base64(buf, text_span(t));
    buf_add_char(buf, '}');
}

void json_double(Buf *buf, double v)
{
    if (!isfinite(v)) {
        BUF_LITERAL(buf, "null");
        return;
    }
    char out[32];
    for (int digits = 1; digits <= 17; digits++) {
        int n = snprintf(out, sizeof out, "%.*g", digits, v);
        if (n > 0 && n < (int)sizeof out && strtod(out, NULL) == v)
            break;
    }
    buf_add_text(buf, text_from_z(out));
}
