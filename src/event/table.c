#include "event/table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

bool table_error(const Table *table, size_t row, Err *err, const char *format, ...)
{
    char text[192];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "%s:%u: %s%s", table->path,
                   (unsigned)table->lines[row], text, n >= (int)sizeof text ? "..." : "");
}

static bool read_whole(Arena *arena, const char *path, Text *ret, Err *err)
{
    CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0)
        return err_errno(err, errno, "table %s", path);
    if (!S_ISREG(status.st_mode) || status.st_size > (off_t)TABLE_BYTES_MAX)
        return err_set(err, ERR_LIMIT, ERR_NO_OFFSET,
                       "table %s is not a regular file of at most 64 MiB", path);
    size_t size = (size_t)status.st_size, got = 0;
    char *bytes = arena_alloc(arena, size + 1);
    if (!bytes)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "table %s", path);
    while (got < size) {
        ssize_t n = read(fd, bytes + got, size - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(err, errno, "table %s", path);
        if (n == 0)
            break;
        got += (size_t)n;
    }
    *ret = text_of(bytes, got);
    return true;
}

static bool is_content(Text line)
{
    return text_trim(line).len > 0 && line.ptr[0] != '#';
}

static size_t count_rows(Text all)
{
    size_t n = 0;
    while (all.len)
        n += is_content(text_cut(&all, '\n'));
    return n;
}

static bool take_header(Arena *arena, Table *table, Text line, size_t number, Err *err)
{
    size_t n = 1;
    for (size_t i = 0; i < line.len; i++)
        n += line.ptr[i] == '\t';
    if (n > TABLE_COLUMNS_MAX)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "%s:%zu: more than %d columns", table->path,
                       number, TABLE_COLUMNS_MAX);
    Text *columns = ARENA_NEW(arena, Text, n);
    if (!columns)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "table %s", table->path);
    for (size_t i = 0; i < n; i++) {
        columns[i] = text_trim(text_cut(&line, '\t'));
        for (size_t k = 0; k < i; k++)
            if (text_equal(columns[i], columns[k]))
                return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "%s:%zu: column %s stands twice",
                               table->path, number, quote(columns[i].ptr, columns[i].len).str);
    }
    table->columns = columns;
    table->column_count = n;
    return true;
}

static bool take_row(const Table *table, Text line, size_t number, Text *cells, Err *err)
{
    for (size_t i = 0; i < table->column_count; i++)
        cells[i] = text_trim(text_cut(&line, '\t'));
    if (text_trim(line).len)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "%s:%zu: more cells than the %zu columns",
                       table->path, number, table->column_count);
    return true;
}

bool table_load(Arena *arena, const char *path, Table *ret, Err *err)
{
    Text all;
    if (!read_whole(arena, path, &all, err))
        return false;
    if (!text_is_utf8(all, UTF8_STRICT))
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "table %s is not UTF-8", path);
    size_t rows = count_rows(all), number = 0, at = 0;
    if (rows == 0)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "table %s has no row of column names", path);
    Table table = {.path = arena_copy_z(arena, text_from_z(path)), .row_count = rows - 1};
    uint32_t *lines = ARENA_NEW(arena, uint32_t, rows);
    if (!table.path || !lines)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "table %s", path);
    Text *cells = NULL;
    while (all.len) {
        Text line = text_cut(&all, '\n');
        number++;
        if (!is_content(line))
            continue;
        if (!table.columns) {
            if (!take_header(arena, &table, line, number, err))
                return false;
            cells = ARENA_NEW(arena, Text, table.row_count * table.column_count);
            if (!cells)
                return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "table %s", path);
            continue;
        }
        if (!take_row(&table, line, number, cells + at * table.column_count, err))
            return false;
        lines[at++] = (uint32_t)number;
    }
    table.cells = cells;
    table.lines = lines;
    *ret = table;
    return true;
}

bool table_column(const Table *table, Text name, size_t *ret, Err *err)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (text_equal(table->columns[i], name)) {
            *ret = i;
            return true;
        }
    return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "%s has no column %s", table->path,
                   quote(name.ptr, name.len).str);
}
