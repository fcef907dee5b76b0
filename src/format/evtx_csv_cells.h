/* evtx_csv_cells.h: the cells of one row in memory. */
#ifndef FORMAT_EVTX_CSV_CELLS_H
#define FORMAT_EVTX_CSV_CELLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* Where the cell that begins at `at` ends: at a delimiter, a line feed, or the end of the text.
 * *ret_cell: what is between its quotation marks, doubled ones and all, or the whole of it if it
 * has none. `strict`: false for a quotation mark that is not doubled and ends nothing; else it
 * belongs to the cell. */
bool csv_cell_end(Text t, size_t at, char delimiter, bool strict, size_t *ret_end, Text *ret_cell);

/* The cells of a row, each as csv_cell_end gives it. Returns their number, at most `most`. */
size_t csv_split(Text row, char delimiter, Text *cells, size_t most);

#endif
