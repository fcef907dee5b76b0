/* evtx_csv_blanks.h: what separates words in the messages and dates of Windows: blank and tab, and
 * the blanks of other languages (no-break, narrow no-break, ideographic). */
#ifndef FORMAT_EVTX_CSV_BLANKS_H
#define FORMAT_EVTX_CSV_BLANKS_H

#include <stddef.h>

#include "base/text.h"

/* Bytes of the blank at t.ptr[at); 0 if there is none. */
size_t blank_at(Text t, size_t at);

/* The first place from `at` on that is no blank, or is `most` bytes or more behind it. */
size_t blanks_skip(Text t, size_t at, size_t most);

Text blanks_trim_right(Text t);

#endif
