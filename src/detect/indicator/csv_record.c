#include "detect/indicator/csv_record.h"

#include <inttypes.h>

void csv_records_init(CsvRecords *records, Text bytes, char delimiter)
{
    *records = (CsvRecords){.rest = bytes, .delimiter = delimiter, .line = 1};
    buf_init(&records->room, 2 * CSV_CELL_BYTES);
}

void csv_records_done(CsvRecords *records)
{
    buf_done(&records->room);
}

static void step(CsvRecords *records, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        records->line += records->rest.ptr[i] == '\n';
    records->rest = text_of(records->rest.ptr + bytes, records->rest.len - bytes);
}

static void skip_line(CsvRecords *records)
{
    size_t end = text_find(records->rest, '\n');
    step(records, end < records->rest.len ? end + 1 : end);
}

/* A cell in quotes, without them. Behind it: a delimiter or the end of the line. */
static bool quoted_cell(CsvRecords *records, Text *ret, Err *err)
{
    uint64_t line = records->line;
    size_t start = records->room.len, i = 1;
    Text rest = records->rest;
    bool escaped = false;
    for (; i < rest.len; i++) {
        if (rest.ptr[i] == '"' && (i + 1 >= rest.len || rest.ptr[i + 1] != '"'))
            break;
        escaped = escaped || rest.ptr[i] == '"';
        i += rest.ptr[i] == '"';
    }
    if (i >= rest.len)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET,
                       "line %" PRIu64 ": expected \" at the end of a cell", line);
    *ret = text_of(rest.ptr + 1, i - 1);
    if (i - 1 > CSV_CELL_BYTES)
        return err_set(err, ERR_LIMIT, ERR_NO_OFFSET,
                       "line %" PRIu64 ": a cell is longer than 1 MiB", line);
    for (size_t k = 1; escaped && k < i; k++) {
        buf_add_char(&records->room, rest.ptr[k]);
        k += rest.ptr[k] == '"';
    }
    if (records->room.failed)
        return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "line %" PRIu64 ": a record is too long",
                       line);
    if (escaped) /* the room may have moved: set when the record is complete */
        *ret = text_of(NULL, records->room.len - start);
    step(records, i + 1);
    return true;
}

static Text plain_cell(CsvRecords *records)
{
    size_t i = 0;
    Text rest = records->rest;
    while (i < rest.len && rest.ptr[i] != records->delimiter && rest.ptr[i] != '\n')
        i++;
    Text cell = text_of(rest.ptr, i);
    step(records, i);
    return text_trim(cell);
}

static void skip_blanks(CsvRecords *records)
{
    while (records->rest.len && (records->rest.ptr[0] == ' ' || records->rest.ptr[0] == '\r'))
        step(records, 1);
}

static bool read_record(CsvRecords *records, CsvRecord *ret, Err *err)
{
    ret->count = 0;
    ret->line = records->line;
    buf_clear(&records->room);
    for (;;) {
        Text cell = {0};
        skip_blanks(records);
        if (ret->count == CSV_CELLS_MAX)
            return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "line %" PRIu64 ": more than 256 cells",
                           ret->line);
        if (records->rest.len && records->rest.ptr[0] == '"') {
            if (!quoted_cell(records, &cell, err))
                return false;
            (void)plain_cell(records); /* nothing but blanks, as a rule */
        } else {
            cell = plain_cell(records);
        }
        ret->cells[ret->count++] = cell;
        if (records->rest.len == 0)
            return true;
        bool more = records->rest.ptr[0] == records->delimiter;
        step(records, 1);
        if (!more)
            return true;
    }
}

/* Cells that had quotes within stand in the room one after the other. */
static void place_cells(CsvRecords *records, CsvRecord *record)
{
    size_t at = 0;
    for (size_t i = 0; i < record->count; i++) {
        Text *cell = &record->cells[i];
        if (!cell->ptr && cell->len) {
            size_t len = cell->len;
            *cell = text_trim(text_of(records->room.ptr + at, len));
            at += len;
        } else {
            *cell = text_trim(*cell);
        }
    }
}

bool csv_records_next(CsvRecords *records, CsvRecord *ret, Err *err)
{
    while (records->rest.len) {
        char first = records->rest.ptr[0];
        if (first == '#') {
            skip_line(records);
            continue;
        }
        if (!read_record(records, ret, err))
            return false;
        place_cells(records, ret);
        if (ret->count > 1 || ret->cells[0].len)
            return true;
    }
    return false;
}
