#include "format/evtx_csv_reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf16.h"
#include "format/evtx_csv_cells.h"

#define BLOCK      (256u * 1024)
#define LOOK_MAX   (64u * 1024) /* bytes of a line that are looked at to know a row's beginning */
#define LOOK_CELLS 64

static const char NOT_DOUBLED[] = "a quotation mark inside a quoted cell is not doubled";
static const char NOT_CLOSED[] =
    "a quoted cell has no closing quotation mark: the row is cut where "
    "the next one begins";
static const char NOT_ENDED[] = "a quoted cell has no closing quotation mark up to the end of the "
                                "item";
static const char NO_ROW[] = "no row of this table";
static const char TOO_LONG[] = "a row is longer than 17 MiB";

struct CsvReader {
    const Input *in;
    char delimiter;
    CsvLooks looks;
    void *ctx;
    char *text; /* UTF-8; text[pos..have) is not yet consumed */
    size_t cap, have, pos;
    uint64_t offset;      /* of text[pos] in the item */
    uint64_t read_offset; /* next byte to read from the item */
    uint8_t *raw;         /* UTF-16 only: a block before conversion … */
    size_t raw_have;      /* … and what of it waits for its other half */
    bool at_end;          /* the item is read to its end */
    Buf unquoted;         /* cells of the row whose quotation marks were doubled */
    Text cells[CSV_CELLS_MAX];
};

void csv_close(CsvReader *csv)
{
    if (!csv)
        return;
    free(csv->text);
    free(csv->raw);
    buf_done(&csv->unquoted);
    free(csv);
}

CsvReader *csv_open(const Input *in, char delimiter, CsvLooks looks, void *ctx, Err *err)
{
    CsvReader *csv = calloc(1, sizeof *csv);
    uint8_t mark[3];
    Err why = {.code = ERR_NONE};
    size_t got = input_read(in, 0, mark, sizeof mark, &why);
    bool wide = got >= 2 && mark[0] == 0xFF && mark[1] == 0xFE;
    if (csv) {
        buf_init(&csv->unquoted, CSV_ROW_MAX);
        csv->cap = BLOCK;
        csv->text = malloc(csv->cap);
        csv->raw = wide ? malloc(BLOCK) : NULL;
    }
    if (!csv || !csv->text || (wide && !csv->raw))
        err_set(&why, ERR_NO_MEMORY, ERR_NO_OFFSET, "reading CSV");
    if (why.code != ERR_NONE) {
        if (err)
            *err = why;
        csv_close(csv);
        return NULL;
    }
    csv->in = in;
    csv->delimiter = delimiter;
    csv->looks = looks;
    csv->ctx = ctx;
    csv->offset = wide ? 2 : got == 3 && memcmp(mark, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    csv->read_offset = csv->offset;
    return csv;
}

bool csv_odd_end(const CsvReader *csv)
{
    return csv->at_end && csv->raw_have % 2 == 1;
}

/* ---- the window ---- */

static uint64_t bytes_in_item(const CsvReader *csv, const char *p, size_t n)
{
    if (!csv->raw)
        return n;
    uint64_t units = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        units += ((c & 0xC0) != 0x80) + (uint64_t)(c >= 0xF0);
    }
    return 2 * units;
}

static void consume(CsvReader *csv, size_t n)
{
    csv->offset += bytes_in_item(csv, csv->text + csv->pos, n);
    csv->pos += n;
}

/* A run of the block in `raw` as UTF-8; what needs what follows stays. */
static void convert(CsvReader *csv)
{
    size_t size = csv->raw_have - csv->raw_have % 2;
    if (size >= 2 && !csv->at_end && (csv->raw[size - 1] & 0xFC) == 0xD8)
        size -= 2; /* the first half of a pair */
    csv->have += utf16_narrow(span_of(csv->raw, size), csv->text + csv->have);
    csv->raw_have -= size;
    memmove(csv->raw, csv->raw + size, csv->raw_have);
}

/* Another block behind text[have). Positions relative to pos stay. */
static bool fill(CsvReader *csv, Err *err)
{
    if (csv->pos) {
        memmove(csv->text, csv->text + csv->pos, csv->have - csv->pos);
        csv->have -= csv->pos;
        csv->pos = 0;
    }
    size_t room = csv->raw ? UTF16_NARROW_ROOM(BLOCK) : BLOCK, cap = csv->cap;
    while (cap - csv->have < room)
        cap *= 2; /* have is at most CSV_ROW_MAX and a few blocks */
    if (cap != csv->cap) {
        char *text = realloc(csv->text, cap);
        if (!text)
            return err_set(err, ERR_NO_MEMORY, csv->offset, "a row of %zu bytes", cap);
        csv->text = text;
        csv->cap = cap;
    }
    Err why = {.code = ERR_NONE};
    char *to = csv->raw ? (char *)csv->raw + csv->raw_have : csv->text + csv->have;
    size_t size = csv->raw ? BLOCK - csv->raw_have : BLOCK;
    size_t got = input_read(csv->in, csv->read_offset, to, size, &why);
    if (why.code != ERR_NONE) {
        if (err)
            *err = why;
        return false;
    }
    csv->read_offset += got;
    csv->at_end = got < size;
    if (csv->raw) {
        csv->raw_have += got;
        convert(csv);
    } else {
        csv->have += got;
    }
    return true;
}

/* Have at least `n` bytes behind pos, or all that there are. */
static bool need(CsvReader *csv, size_t n, Err *err)
{
    while (!csv->at_end && csv->have - csv->pos < n)
        if (!fill(csv, err))
            return false;
    return true;
}

/* ---- cells ---- */

/* Doubled quotation marks as single ones, in room of the reader's. */
static Text without_doubles(CsvReader *csv, Text cell)
{
    Text rest = cell;
    size_t start = csv->unquoted.len;
    for (;;) {
        size_t at = text_find(rest, '"');
        bool doubled = at + 1 < rest.len && rest.ptr[at + 1] == '"';
        size_t n = at < rest.len ? at + 1 : at;
        buf_add(&csv->unquoted, rest.ptr, n);
        n += doubled;
        if (n >= rest.len)
            break;
        rest = text_of(rest.ptr + n, rest.len - n);
    }
    return text_of(csv->unquoted.ptr + start, csv->unquoted.len - start);
}

/* The cells of text[pos, pos + size). */
static bool split(CsvReader *csv, size_t size, CsvRow *row, Err *err)
{
    Text line = text_of(csv->text + csv->pos, size);
    size_t count = csv_split(line, csv->delimiter, csv->cells, CSV_CELLS_MAX);
    if (count == CSV_CELLS_MAX) {
        Text *last = &csv->cells[count - 1];
        last->len = size - (size_t)(last->ptr - line.ptr);
    }
    buf_clear(&csv->unquoted);
    if (!buf_reserve(&csv->unquoted, size + 1)) /* once: texts in it stay where they are */
        return err_set(err, ERR_NO_MEMORY, csv->offset, "a row of %zu bytes", size);
    for (size_t i = 0; i < count; i++) {
        Text cell = csv->cells[i];
        bool quoted = cell.ptr > line.ptr && cell.ptr[-1] == '"';
        if (quoted && text_find_text(cell, (Text){"\"\"", 2}) != SIZE_MAX)
            csv->cells[i] = without_doubles(csv, cell);
    }
    row->cells = csv->cells;
    row->count = count;
    return true;
}

/* ---- where rows begin ---- */

/* Does text[pos + at) begin a row? */
static bool begins_row(CsvReader *csv, size_t at)
{
    size_t from = csv->pos + at, n = csv->have - from, count = 0;
    bool cut = n > LOOK_MAX || !csv->at_end;
    Text t = text_of(csv->text + from, n < LOOK_MAX ? n : LOOK_MAX);
    Text cells[LOOK_CELLS];
    for (size_t i = 0; count < LOOK_CELLS; i++) {
        if (!csv_cell_end(t, i, csv->delimiter, true, &i, &cells[count]))
            break; /* what is before it may be enough */
        if (i >= t.len && cut)
            break; /* the cell may go on */
        count++;
        if (i >= t.len || t.ptr[i] != csv->delimiter)
            break;
    }
    return csv->looks(csv->ctx, cells, count, CSV_LOOK_BEGIN);
}

/* The first line in [from, to] behind pos that begins a row; SIZE_MAX if there is none. Lines are
 * counted by the line feeds before `to`. */
static bool find_row(CsvReader *csv, size_t from, size_t to, size_t *ret, Err *err)
{
    *ret = SIZE_MAX;
    if (!need(csv, to + LOOK_MAX, err))
        return false;
    while (from < to) {
        const char *feed = memchr(csv->text + csv->pos + from, '\n', to - from);
        if (!feed)
            return true;
        from = (size_t)(feed - csv->text) - csv->pos + 1;
        if (csv->pos + from < csv->have && begins_row(csv, from)) {
            *ret = from;
            return true;
        }
    }
    return true;
}

/* ---- one row ---- */

typedef struct Scan {
    size_t at;       /* next byte, relative to pos */
    size_t searched; /* lines that begin before here are known not to begin a row */
    bool quoted, cell_start, stray;
    size_t stray_at;
    size_t cut; /* the row ends here, because another begins; SIZE_MAX */
    bool ended; /* at a line end, which is at `at` */
} Scan;

/* On to the quotation mark that ends the cell. false: more bytes are needed. */
static bool scan_quoted(CsvReader *csv, Scan *scan)
{
    const char *text = csv->text + csv->pos;
    size_t n = csv->have - csv->pos;
    const char *q = scan->at < n ? memchr(text + scan->at, '"', n - scan->at) : NULL;
    scan->at = q ? (size_t)(q - text) : n;
    if (!q || (scan->at + 1 == n && !csv->at_end))
        return false;
    size_t next = scan->at + 1;
    if (next < n && text[next] == '"') {
        scan->at += 2;
        return true;
    }
    if (next == n || text[next] == csv->delimiter || text[next] == '\n' || text[next] == '\r') {
        scan->quoted = false;
        scan->at++;
        return true;
    }
    if (!scan->stray)
        scan->stray_at = scan->at;
    scan->stray = true;
    scan->at++;
    return true;
}

static bool scan_plain(CsvReader *csv, Scan *scan)
{
    const char *text = csv->text + csv->pos;
    size_t n = csv->have - csv->pos;
    if (scan->cell_start) {
        if (scan->at == n)
            return false;
        scan->cell_start = false;
        scan->quoted = text[scan->at] == '"';
        if (scan->quoted) {
            scan->at++;
            return true;
        }
    }
    while (scan->at < n && text[scan->at] != csv->delimiter && text[scan->at] != '\n')
        scan->at++;
    if (scan->at == n)
        return false;
    if (text[scan->at] == '\n') {
        scan->ended = true;
    } else {
        scan->cell_start = true;
        scan->at++;
    }
    return true;
}

/* Find the end of the row at pos: scan->ended, or scan->cut, or neither (the end of the item, or
 * longer than CSV_ROW_MAX). Once a quotation mark has been wrong, every line is suspect: hostile
 * rows could otherwise each be read to the limit and cut again behind their first line. */
static bool scan_row(CsvReader *csv, Scan *scan, Err *err)
{
    *scan = (Scan){.cell_start = true, .cut = SIZE_MAX};
    while (!scan->ended && scan->cut == SIZE_MAX && scan->at <= CSV_ROW_MAX) {
        bool more = scan->quoted ? !scan_quoted(csv, scan) : !scan_plain(csv, scan);
        bool stop = more && csv->at_end;
        if (scan->stray || (stop && scan->quoted)) {
            if (!find_row(csv, scan->searched, scan->at, &scan->cut, err))
                return false;
            scan->searched = scan->at;
        }
        if (stop)
            break;
        if (more && scan->cut == SIZE_MAX && !fill(csv, err))
            return false;
    }
    return true;
}

/* Step over the line at pos, and on up to one that begins a row. */
static bool skip_to_row(CsvReader *csv, Err *err)
{
    for (;;) {
        size_t row;
        if (!need(csv, BLOCK, err))
            return false;
        size_t n = csv->have - csv->pos;
        size_t to = csv->at_end ? n : n - LOOK_MAX;
        if (!find_row(csv, 0, to, &row, err))
            return false;
        consume(csv, row == SIZE_MAX ? to : row);
        if (row != SIZE_MAX || to == n)
            return true;
    }
}

static CsvKind damaged(CsvReader *csv, const char *flaw, CsvRow *row, Err *err)
{
    row->offset = csv->offset;
    row->flaw = flaw;
    row->flaw_offset = csv->offset;
    if (!skip_to_row(csv, err))
        return CSV_FAILED;
    row->size = csv->offset - row->offset;
    return CSV_DAMAGE;
}

/* What is wrong with the row that was scanned. */
static void name_flaw(const CsvReader *csv, const Scan *scan, CsvRow *row)
{
    size_t at = scan->cut;
    if (scan->cut != SIZE_MAX)
        row->flaw = NOT_CLOSED;
    else if (!scan->ended && scan->quoted)
        row->flaw = NOT_ENDED;
    else if (scan->stray)
        row->flaw = NOT_DOUBLED;
    else
        return;
    if (scan->cut == SIZE_MAX)
        at = scan->stray ? scan->stray_at : scan->at;
    row->flaw_offset = csv->offset + bytes_in_item(csv, csv->text + csv->pos, at);
}

/* A cell that does not end takes the line end with it. */
static size_t without_line_end(const CsvReader *csv, size_t size)
{
    const char *text = csv->text + csv->pos;
    size -= size && text[size - 1] == '\n';
    size -= size && text[size - 1] == '\r';
    return size;
}

/* Step over line ends. false: no bytes are left, or failure. */
static bool skip_blank_lines(CsvReader *csv, Err *err)
{
    for (;;) {
        if (!need(csv, 2, err))
            return false;
        const char *p = csv->text + csv->pos;
        size_t n = csv->have - csv->pos;
        if (n == 0)
            return false;
        if (p[0] == '\n' || (p[0] == '\r' && (n == 1 || p[1] == '\n')))
            consume(csv, p[0] == '\n' || n == 1 ? 1 : 2);
        else
            return true;
    }
}

CsvKind csv_skip_line(CsvReader *csv, Err *err)
{
    for (;;) {
        size_t n = csv->have - csv->pos;
        const char *feed = n ? memchr(csv->text + csv->pos, '\n', n) : NULL;
        if (feed) {
            consume(csv, (size_t)(feed - csv->text) - csv->pos + 1);
            return CSV_ROW;
        }
        consume(csv, n);
        if (csv->at_end)
            return CSV_END;
        if (!fill(csv, err))
            return CSV_FAILED;
    }
}

CsvKind csv_next(CsvReader *csv, CsvRow *ret, Err *err)
{
    CsvRow row = {0};
    Scan scan;
    Err why = {.code = ERR_NONE};
    if (!skip_blank_lines(csv, &why)) {
        if (why.code == ERR_NONE)
            return CSV_END;
        if (err)
            *err = why;
        return CSV_FAILED;
    }
    if (!scan_row(csv, &scan, err))
        return CSV_FAILED;
    CsvKind kind = CSV_ROW;
    size_t size = scan.cut != SIZE_MAX ? scan.cut : scan.at;
    if (size > CSV_ROW_MAX) {
        kind = damaged(csv, TOO_LONG, &row, err);
    } else if (!split(csv, without_line_end(csv, size), &row, err)) {
        kind = CSV_FAILED;
    } else if (!csv->looks(csv->ctx, row.cells, row.count, CSV_LOOK_WHOLE)) {
        kind = damaged(csv, NO_ROW, &row, err);
    } else {
        name_flaw(csv, &scan, &row);
        row.offset = csv->offset;
        consume(csv, size + scan.ended);
        row.size = csv->offset - row.offset;
    }
    if (kind != CSV_FAILED)
        *ret = row;
    return kind;
}
