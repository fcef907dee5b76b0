/* csv_record.h: records of a CSV text in memory (RFC 4180): cells in quotes may hold delimiters,
 * line ends and doubled quotes. */
#ifndef DETECT_INDICATOR_CSV_RECORD_H
#define DETECT_INDICATOR_CSV_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"

#define CSV_CELLS_MAX  256
#define CSV_CELL_BYTES (1024u * 1024)

typedef struct CsvRecord {
    Text cells[CSV_CELLS_MAX]; /* without quotes, blanks at the ends removed */
    size_t count;
    uint64_t line; /* on which it begins, from 1 */
} CsvRecord;

typedef struct CsvRecords {
    Text rest;
    char delimiter;
    uint64_t line; /* of the next byte */
    Buf room;      /* cells that had quotes within */
} CsvRecords;

void csv_records_init(CsvRecords *records, Text bytes, char delimiter);
void csv_records_done(CsvRecords *records);

/* The next record that is no comment (#) and not empty; cells are valid until the next call. false:
 * the end, or damage if err->code is set. */
bool csv_records_next(CsvRecords *records, CsvRecord *ret, Err *err);

#endif
