/* tally_table.h: rows of a process that looks at segments, in bounded memory (tally.h). */
#ifndef ANALYSIS_TALLY_TABLE_H
#define ANALYSIS_TALLY_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/tally.h"
#include "base/buf.h"

#define TALLY_TABLE_ROWS 32768              /* beyond either of these the table is sent … */
#define TALLY_TABLE_KEYS (4u * 1024 * 1024) /* … and emptied: about 10 MiB in all */

typedef struct TallyTable TallyTable;

TallyTable *tally_table_create(void);        /* NULL: no memory */
void tally_table_destroy(TallyTable *table); /* NULL is fine */

/* Add to the row of that key. Rows that the table has no room for go to `out` first. false: no
 * memory. */
bool tally_table_add(TallyTable *table, const TallyKey *key, const Tally *tally, Buf *out);

/* Everything to `out`; the table is empty then. false: no memory. */
bool tally_table_flush(TallyTable *table, Buf *out);

#endif
