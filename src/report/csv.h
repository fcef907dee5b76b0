/* csv.h: one cell of an RFC 4180 table that is safe to open.
 *
 * Cells hold no line breaks and nothing hidden (visible.h), and never begin with what a spreadsheet
 * takes for a formula: before = + - @ (also full-width, also after blanks) stands a '. */
#ifndef REPORT_CSV_H
#define REPORT_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/text.h"

void csv_cell(Buf *buf, Text t);

/* Could this row, without its line break, be so many cells that csv_cell wrote? For rows from a
 * worker that evidence may have taken over. `gap` is a byte that a cell will be put in place of: it
 * must stand alone between commas, so that the cell stays one. */
bool csv_row_is_safe(Text row, size_t cells, char gap);

#endif
