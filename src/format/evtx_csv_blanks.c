#include "format/evtx_csv_blanks.h"

size_t blank_at(Text t, size_t at)
{
    static const Text WIDE[] = {{"\xC2\xA0", 2}, {"\xE2\x80\xAF", 3}, {"\xE3\x80\x80", 3}};
    if (at >= t.len)
        return 0;
    if (t.ptr[at] == ' ' || t.ptr[at] == '\t')
        return 1;
    for (size_t i = 0; i < sizeof WIDE / sizeof WIDE[0]; i++)
        if (text_starts(text_of(t.ptr + at, t.len - at), WIDE[i]))
            return WIDE[i].len;
    return 0;
}

size_t blanks_skip(Text t, size_t at, size_t most)
{
    size_t end = at, n;
    while (end - at < most && (n = blank_at(t, end)) > 0)
        end += n;
    return end;
}

Text blanks_trim_right(Text t)
{
    for (;;) {
        size_t len = t.len;
        if (len && blank_at(t, len - 1) == 1)
            t.len--;
        else if (len >= 2 && blank_at(t, len - 2) == 2)
            t.len -= 2;
        else if (len >= 3 && blank_at(t, len - 3) == 3)
            t.len -= 3;
        else
            return t;
    }
}
