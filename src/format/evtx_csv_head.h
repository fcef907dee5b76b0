/* evtx_csv_head.h: what the beginning of a CSV file tells about its rows. */
#ifndef FORMAT_EVTX_CSV_HEAD_H
#define FORMAT_EVTX_CSV_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"
#include "base/text.h"
#include "format/evtx_csv_labels.h"

#define CSV_COLUMNS_MAX 64
#define CSV_NO_COLUMN   SIZE_MAX

typedef enum CsvShape {
    CSV_SHAPE_NONE,
    CSV_SHAPE_VIEWER,   /* Event Viewer: the message has no header */
    CSV_SHAPE_CMDLET,   /* Get-WinEvent or Get-EventLog | Export-Csv */
    CSV_SHAPE_EVTXECMD, /* times in UTC, fields as JSON */
} CsvShape;

typedef struct CsvHead {
    CsvShape shape;
    char delimiter;
    LabelLocale locale;         /* most of the headers are in this language; LOCALE_ANY: of none */
    bool by_position;           /* no header is known: the columns of Event Viewer by their place */
    bool other_charset;         /* the header is not UTF-8 */
    unsigned known;             /* headers that are known */
    size_t lines;               /* lines before the rows */
    size_t count;               /* columns that have a header */
    Text name[CSV_COLUMNS_MAX]; /* as found, in `text` */
    uint32_t row[CSV_COLUMNS_MAX];             /* in LABEL_ROWS; LABEL_NONE: not known */
    size_t id, date, source, message, payload; /* columns, or CSV_NO_COLUMN */
    Buf text;                                  /* what the names point into */
} CsvHead;

/* Free with csv_head_done in any case. false: no memory. Not a file of events: CSV_SHAPE_NONE. */
bool csv_head_read(Span head, CsvHead *ret);
void csv_head_done(CsvHead *head);

/* May these cells be (the beginning of) a row of the table? */
bool csv_head_fits(const CsvHead *head, const Text *cells, size_t count, bool whole);

#endif
