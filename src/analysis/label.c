#include "analysis/label.h"

#include "base/hash.h"

#define ELLIPSIS    "\xE2\x80\xA6"
#define HASH_DIGITS 16

/* Longest beginning of at most `limit` bytes that ends between two characters. */
static size_t whole_characters(Text t, size_t limit)
{
    size_t end = limit;
    while (end > 0 && ((unsigned char)t.ptr[end] & 0xC0) == 0x80)
        end--;
    return end;
}

Label label_of(Text t)
{
    Label label = {.len = 0};
    if (t.len <= LABEL_MAX) {
        if (t.len)
            memcpy(label.bytes, t.ptr, t.len);
        label.len = (uint8_t)t.len;
        return label;
    }
    size_t mark = sizeof ELLIPSIS - 1;
    size_t len = whole_characters(t, LABEL_MAX - mark - HASH_DIGITS);
    memcpy(label.bytes, t.ptr, len);
    memcpy(label.bytes + len, ELLIPSIS, mark);
    len += mark;
    uint64_t hash = hash64(t.ptr, t.len, 0);
    for (unsigned i = 0; i < HASH_DIGITS; i++)
        label.bytes[len++] = "0123456789abcdef"[hash >> (60 - 4 * i) & 15];
    label.len = (uint8_t)len;
    return label;
}

Label label_lower(Text t)
{
    Label label = label_of(t);
    for (size_t i = 0; i < label.len; i++)
        label.bytes[i] = ascii_lower(label.bytes[i]);
    return label;
}
