/* visible.h: text from evidence on one line, nothing hidden. Control characters become \n, \t,
 * \x1b; characters that deceive (printable.h) and lone surrogates \u202e; bytes that are not UTF-8
 * \xNN. Everything else stays, also the backslash: paths stay readable, and the exact text is in
 * JSON. */
#ifndef REPORT_VISIBLE_H
#define REPORT_VISIBLE_H

#include "base/buf.h"
#include "base/text.h"

void visible_text(Buf *buf, Text t);

/* Also `reserved` (ASCII, other than 0) as \xNN: for formats that cannot quote their separator. */
void visible_text_but(Buf *buf, Text t, char reserved);

/* How much of the beginning needs no escape: ASCII letters, digits, signs and blanks but for
 * '"', ',' and `reserved`. */
size_t visible_plain_run(Text t, char reserved);

#endif
