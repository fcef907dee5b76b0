#include "base/err.h"

#include <stdio.h>

#include "base/printable.h"
#include "base/text.h"

#define QUOTE_SHOWN 160 /* bytes of the original that are shown at most */

Quoted quote(const void *bytes, size_t len)
{
    Quoted q;
    Text t = {.ptr = bytes, .len = len};
    size_t out = 0, pos = 0;
    while (pos < t.len) {
        if (pos >= QUOTE_SHOWN || out + 16 > sizeof q.str) {
            out += (size_t)snprintf(q.str + out, sizeof q.str - out, "...");
            break;
        }
        size_t start = pos;
        uint32_t c = utf8_next(t, &pos);
        if (c == UTF8_INVALID || c < 0x20 || c == 0x7F) {
            unsigned byte = (unsigned char)t.ptr[start];
            out += (size_t)snprintf(q.str + out, sizeof q.str - out, "\\x%02x", byte);
        } else if (printable_is_deceptive(c) || (c >= 0xD800 && c <= 0xDFFF)) {
            out += (size_t)snprintf(q.str + out, sizeof q.str - out, "\\u{%x}", c);
        } else {
            memcpy(q.str + out, t.ptr + start, pos - start);
            out += pos - start;
        }
    }
    q.str[out] = '\0';
    return q;
}

Quoted quote_z(const char *nul_terminated)
{
    return quote(nul_terminated, nul_terminated ? strlen(nul_terminated) : 0);
}
