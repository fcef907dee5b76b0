/* evtx_csv_reader.h: the rows of a CSV export, one after another in bounded memory.
 *
 * RFC 4180, with these differences: any delimiter; line ends may be "\n"; a quotation mark inside
 * an unquoted cell stands for itself; empty lines are no rows. UTF-8, or UTF-16LE with a byte
 * order mark; other bytes pass as they are.
 *
 * Messages are cells over many lines, so one lost quotation mark turns the rest of a file inside
 * out. The reader therefore asks its owner what a row looks like. Where a quotation mark stands
 * that is not doubled and ends no cell, or where a cell does not end, the row is cut at the first
 * line in it that looks like the beginning of a row. Lines that belong to no row are stepped over
 * up to such a line. Every line is looked at once in a row that is sound and at most twice in one
 * that is not. */
#ifndef FORMAT_EVTX_CSV_READER_H
#define FORMAT_EVTX_CSV_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "format/input.h"

#define CSV_ROW_MAX   (17u * 1024 * 1024) /* bytes of a row as UTF-8: a message of 16 MiB fits */
#define CSV_CELLS_MAX 256                 /* of a row; further ones stay in the last */

typedef enum CsvLook {
    CSV_LOOK_BEGIN, /* is this the beginning of a row? Cells are as they stand, doubled quotation
                       marks and all, and may be fewer than the row has */
    CSV_LOOK_WHOLE, /* can this be a row? */
} CsvLook;

typedef bool (*CsvLooks)(void *ctx, const Text *cells, size_t count, CsvLook look);

typedef struct CsvReader CsvReader;

typedef enum CsvKind {
    CSV_ROW,
    CSV_DAMAGE, /* [offset, offset + size) was stepped over: `flaw` */
    CSV_END,
    CSV_FAILED, /* no memory, or a read error: see err */
} CsvKind;

typedef struct CsvRow {
    const Text *cells; /* valid until the next call */
    size_t count;
    uint64_t offset;      /* of the first byte in the item */
    uint64_t size;        /* bytes in the item, with the line end */
    const char *flaw;     /* what is wrong with it, or NULL; static */
    uint64_t flaw_offset; /* where, in the item */
} CsvRow;

/* `in` must outlive it. Reads from the beginning of the item. */
CsvReader *csv_open(const Input *in, char delimiter, CsvLooks looks, void *ctx, Err *err);
void csv_close(CsvReader *csv);
static inline void csv_closep(CsvReader **csv)
{
    csv_close(*csv);
}

/* Step over one line, whatever it holds: what stands before the rows. */
CsvKind csv_skip_line(CsvReader *csv, Err *err);

CsvKind csv_next(CsvReader *csv, CsvRow *ret, Err *err);

/* Is the item UTF-16 with half a character at its end? Known at CSV_END. */
bool csv_odd_end(const CsvReader *csv);

#endif
