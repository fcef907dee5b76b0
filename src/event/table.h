/* table.h: the tab-separated tables of knowledge/.
 *
 * The first line that is neither empty nor a comment names the columns; their order is free.
 * Lines that begin with # are comments, empty lines are skipped. A row may end early: the cells
 * that are missing are empty. Cells are trimmed of blanks and cannot hold tabs or line ends.
 * The tables are ours, not evidence; still every error names file and line. */
#ifndef EVENT_TABLE_H
#define EVENT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

#define TABLE_BYTES_MAX   (64u * 1024 * 1024)
#define TABLE_COLUMNS_MAX 256

typedef struct Table {
    const char *path;
    size_t column_count, row_count;
    const Text *columns;
    const Text *cells;     /* row_count * column_count */
    const uint32_t *lines; /* 1-based line of each row */
} Table;

/* Read `path` whole. Everything lives in `arena`. */
bool table_load(Arena *arena, const char *path, Table *ret, Err *err);

/* The position of a column; false with err (naming the file) when the table has none. */
bool table_column(const Table *table, Text name, size_t *ret, Err *err);

static inline Text table_cell(const Table *table, size_t row, size_t column)
{
    return table->cells[row * table->column_count + column];
}

/* An error at a row: "FILE:LINE: text". Always false. */
__attribute__((format(printf, 4, 5))) bool table_error(const Table *table, size_t row, Err *err,
                                                       const char *format, ...);

#endif
