/* csv.h: one cell of an RFC 4180 table that is safe to open.
 *
 * Cells hold no line breaks and nothing hidden (visible.h), and never begin with what a spreadsheet
 * takes for a formula: before = + - @ (also full-width, also after blanks) stands a '. */
#ifndef REPORT_CSV_H
#define REPORT_CSV_H

#include "base/buf.h"
#include "base/text.h"

void csv_cell(Buf *buf, Text t);

#endif
