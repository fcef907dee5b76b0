#include "writer_bytes.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 256 };

void writer_bytes_done(WriterBytes *bytes)
{
    free(bytes->ptr);
    *bytes = (WriterBytes){0};
}

/* Room for `size` more bytes; NULL when there is none. */
static uint8_t *grow(WriterBytes *bytes, size_t size)
{
    if (bytes->failed || size > SIZE_MAX / 4 - bytes->len) {
        bytes->failed = true;
        return NULL;
    }
    size_t need = bytes->len + size;
    if (need > bytes->room || !bytes->ptr) {
        size_t room = bytes->room ? bytes->room : FIRST_ROOM;
        while (room < need)
            room *= 2;
        uint8_t *ptr = realloc(bytes->ptr, room);
        if (!ptr) {
            bytes->failed = true;
            return NULL;
        }
        bytes->ptr = ptr;
        bytes->room = room;
    }
    uint8_t *at = bytes->ptr + bytes->len;
    bytes->len = need;
    return at;
}

void writer_bytes_add(WriterBytes *bytes, const void *data, size_t size)
{
    uint8_t *at = grow(bytes, size);
    if (at && size)
        memcpy(at, data, size);
}

void writer_bytes_fill(WriterBytes *bytes, uint8_t value, size_t count)
{
    uint8_t *at = grow(bytes, count);
    if (at && count)
        memset(at, value, count);
}

void writer_bytes_number(WriterBytes *bytes, uint64_t value, size_t size)
{
    uint8_t *at = grow(bytes, size);
    if (at)
        writer_poke(at, value, size);
}

/* One code point. `*text` moves past it. Bad bytes give U+FFFD and move by one. */
static uint32_t next_code_point(const char **text)
{
    const char *at = *text;
    uint32_t first = (uint8_t)at[0];
    uint32_t code = first;
    size_t more = 0;
    if (first >= 0xf0 && first < 0xf5) {
        code = first & 0x07;
        more = 3;
    } else if (first >= 0xe0 && first < 0xf0) {
        code = first & 0x0f;
        more = 2;
    } else if (first >= 0xc2 && first < 0xe0) {
        code = first & 0x1f;
        more = 1;
    } else if (first >= 0x80) {
        code = 0xfffd;
    }
    for (size_t i = 1; i <= more;
         i++) { /* a NUL is no continuation byte: never reads past the end */
        if (((uint8_t)at[i] & 0xc0) != 0x80) {
            *text = at + 1;
            return 0xfffd;
        }
        code = code << 6 | ((uint8_t)at[i] & 0x3f);
    }
    *text = at + 1 + more;
    return code > 0x10ffff ? 0xfffd : code;
}

void writer_bytes_utf16(WriterBytes *bytes, const char *utf8)
{
    while (*utf8) {
        uint32_t code = next_code_point(&utf8);
        if (code > 0xffff) {
            writer_bytes_number(bytes, 0xd800 + ((code - 0x10000) >> 10), 2);
            code = 0xdc00 + ((code - 0x10000) & 0x3ff);
        }
        writer_bytes_number(bytes, code, 2);
    }
}
