/* analysis.h: what analyses made of a case, kept beside its content.
 *
 * Rows of bytes whose meaning their analysis knows, made anew by each run that analyses: they
 * depend on what it was told (rules) as well as on the evidence, so they are no content and the
 * content digest is without them. A case has the rows of its last analysis, or none: they are
 * exchanged in one transaction. Each row has a digest; the ledger commits all of them, so verify
 * names a row that was altered.
 *
 * Rows are packed (zstd); digests are over what they say. Put small things together: a row of some
 * hundred bytes costs as much as it holds. */
#ifndef STORE_ANALYSIS_H
#define STORE_ANALYSIS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "store/store.h"

#define ANALYSIS_ROW_MAX (4u * 1024 * 1024) /* bytes of a row */

/* After store_run_end: rows of before go, new ones come. Between begin and end the case cannot be
 * scanned; what is not ended is undone when the store is closed. */
bool store_analysis_begin(Store *store, Err *err);
/* `kind` is part of the format of cases, and never less than that of the row before. */
bool store_analysis_add(Store *store, uint32_t kind, Span row, Err *err);
/* What *result says of the ledger is renewed. store_note_files makes the file whole again. */
bool store_analysis_end(Store *store, RunResult *result, Err *err);

/* The rows of a kind as they were added; none is fine. ERR_FORMAT: one is not what was written. */
bool store_analysis_each(Store *store, uint32_t kind, bool (*each)(void *ctx, Span row, Err *err),
                         void *ctx, Err *err);

#endif
