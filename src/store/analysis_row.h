/* analysis_row.h: a row of an analysis as it is stored; for the store itself. */
#ifndef STORE_ANALYSIS_ROW_H
#define STORE_ANALYSIS_ROW_H

#include <zstd.h>

#include "store/inside.h"

typedef struct AnalysisRow {
    uint64_t kind, number;
    Span bytes;  /* unpacked; until the next row */
    Span digest; /* as stored; until box_row */
} AnalysisRow;

typedef struct AnalysisReader {
    Store *store;
    ZSTD_DCtx *unpack;
    Buf room;
} AnalysisReader;

bool analysis_reader_init(AnalysisReader *reader, Store *store); /* false: no memory */
void analysis_reader_done(AnalysisReader *reader);

/* The row of ANALYSIS_ALL or ANALYSIS_OF_KIND at hand. ERR_FORMAT: it was changed; kind and number
 * are told all the same. */
bool analysis_row(AnalysisReader *reader, const Query *query, AnalysisRow *ret, Err *err);

bool digest_analysis(Canon *canon, const AnalysisRow *row, RowDigest *ret);

/* Over the digests of all rows in their order: begin, then canon_raw of each, then canon_end. */
void digest_analyses_begin(Canon *canon);

/* Is there a table for them? Cases of format 1 have none until they are written to. */
bool analysis_has_table(Store *store, bool *ret, Err *err);

#endif
