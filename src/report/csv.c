#include "report/csv.h"

#include <string.h>

#include "report/visible.h"

static bool starts_formula(Text t)
{
    size_t pos = 0;
    while (pos < t.len) {
        uint32_t c = utf8_next(t, &pos);
        if (c == '=' || c == '+' || c == '-' || c == '@' || c == 0xFF1D || c == 0xFF0B ||
            c == 0xFF0D || c == 0xFF20)
            return true;
        bool blank = c == ' ' || (c >= '\t' && c <= '\r') || c == 0xA0 || c == 0x3000;
        if (!blank)
            return false;
    }
    return false;
}

/* Double every quotation mark that was written from `start` on. */
static void double_quotes(Buf *buf, size_t start)
{
    size_t marks = 0;
    for (size_t i = start; i < buf->len; i++)
        marks += buf->ptr[i] == '"';
    if (marks == 0 || !buf_reserve(buf, marks))
        return;
    size_t from = buf->len;
    buf->len += marks;
    for (size_t to = buf->len; from < to;) {
        char c = buf->ptr[--from];
        buf->ptr[--to] = c;
        if (c == '"')
            buf->ptr[--to] = c;
    }
}

void csv_cell(Buf *buf, Text t)
{
    bool formula = starts_formula(t);
    if (!formula && visible_plain_run(t, '\0') == t.len) {
        buf_add_text(buf, t);
        return;
    }
    bool quoted = t.len && (memchr(t.ptr, ',', t.len) || memchr(t.ptr, '"', t.len));
    if (quoted)
        buf_add_char(buf, '"');
    if (formula)
        buf_add_char(buf, '\'');
    size_t start = buf->len;
    visible_text(buf, t);
    if (!quoted)
        return;
    double_quotes(buf, start);
    buf_add_char(buf, '"');
}

/* The cell at *pos, without its quotation marks but with what they double; *pos moves behind it.
 * false: marks that csv_cell never writes. */
static bool take_cell(Text row, size_t *pos, Text *ret)
{
    const char *at = row.ptr + *pos, *end = row.ptr + row.len;
    if (at == end || *at != '"') {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        *ret = text_of(at, (size_t)((comma ? comma : end) - at));
        *pos += ret->len;
        return !memchr(at, '"', ret->len);
    }
    for (const char *mark = at + 1; (mark = memchr(mark, '"', (size_t)(end - mark))); mark += 2) {
        bool last = mark + 1 == end || mark[1] == ',';
        if (!last && mark[1] != '"')
            return false;
        if (last) {
            *ret = text_of(at + 1, (size_t)(mark - at) - 1);
            *pos += ret->len + 2;
            return true;
        }
    }
    return false;
}

bool csv_row_is_safe(Text row, size_t cells, char gap)
{
    for (size_t pos = 0, count = 1;; pos++, count++) {
        Text cell;
        bool quoted = pos < row.len && row.ptr[pos] == '"';
        if (!take_cell(row, &pos, &cell) || starts_formula(cell) ||
            (memchr(cell.ptr, gap, cell.len) && (quoted || cell.len != 1)))
            return false;
        if (pos == row.len)
            return count == cells;
    }
}
