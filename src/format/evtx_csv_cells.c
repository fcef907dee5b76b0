#include "format/evtx_csv_cells.h"

#include <string.h>

bool csv_cell_end(Text t, size_t at, char delimiter, bool strict, size_t *ret_end, Text *ret_cell)
{
    size_t from = at;
    bool quoted = at < t.len && t.ptr[at] == '"';
    if (quoted) {
        from = ++at;
        for (;; at++) {
            const char *q = at < t.len ? memchr(t.ptr + at, '"', t.len - at) : NULL;
            if (!q) {
                *ret_cell = text_of(t.ptr + from, t.len - from);
                *ret_end = t.len;
                return true;
            }
            at = (size_t)(q - t.ptr);
            size_t next = at + 1;
            if (next < t.len && t.ptr[next] == '"') {
                at = next;
                continue;
            }
            if (next == t.len || t.ptr[next] == delimiter || t.ptr[next] == '\n' ||
                t.ptr[next] == '\r')
                break;
            if (strict)
                return false;
        }
        *ret_cell = text_of(t.ptr + from, at - from);
        at++;
    }
    while (at < t.len && t.ptr[at] != delimiter && t.ptr[at] != '\n')
        at++;
    *ret_end = at;
    if (!quoted) {
        *ret_cell = text_of(t.ptr + from, at - from);
        if (ret_cell->len && ret_cell->ptr[ret_cell->len - 1] == '\r' &&
            (at == t.len || t.ptr[at] == '\n'))
            ret_cell->len--;
    }
    return true;
}

size_t csv_split(Text row, char delimiter, Text *cells, size_t most)
{
    size_t count = 0;
    for (size_t at = 0; count < most; at++) {
        (void)csv_cell_end(row, at, delimiter, false, &at, &cells[count++]);
        if (at >= row.len || row.ptr[at] != delimiter)
            break;
    }
    return count;
}
