/* evtx_csv_row.h: one row of an export as an event. */
#ifndef FORMAT_EVTX_CSV_ROW_H
#define FORMAT_EVTX_CSV_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "event/sink.h"
#include "format/evtx_csv_clock.h"
#include "format/evtx_csv_head.h"
#include "format/evtx_csv_labels.h"
#include "format/evtx_csv_message.h"
#include "format/evtx_csv_reader.h"
#include "format/evtx_json_paths.h"
#include "format/evtx_json_record.h"
#include "format/format.h"
#include "format/json_reader.h"

/* Something that some rows have: told once, at the end. */
typedef struct CsvRemark {
    uint64_t count, offset, size; /* of the first */
} CsvRemark;

typedef struct CsvRows {
    const CsvHead *head;
    const FormatOptions *options;
    Sink *sink;
    CsvClock clock;
    Labels labels;
    CsvMessages messages;
    NameId names[CSV_COLUMNS_MAX];     /* under which a column is kept as it is */
    NameId raw_names[CSV_COLUMNS_MAX]; /* the same, where its value became a System field too */
    NameId system_names[WINDOWS_FIELD_COUNT];
    NameId message_name;
    Paths paths; /* of the JSON in EvtxECmd's rows */
    JsonRecord record;
    JsonReader json;
    CsvRemark no_time, not_utf8, many_cells, bad_payload, many_fields;
} CsvRows;

/* All that is given must outlive it. false: no memory; csv_rows_done is due all the same. */
bool csv_rows_init(CsvRows *rows, const CsvHead *head, const FormatOptions *options, Sink *sink);
void csv_rows_done(CsvRows *rows);

/* Look at a row before any event is made. true: no further one need be looked at. */
bool csv_rows_learn(CsvRows *rows, const CsvRow *row);

/* false: the sink refused. */
bool csv_rows_add(CsvRows *rows, const CsvRow *row);

/* What is to be said of all rows together. `offset`: of the first row. */
void csv_rows_tell(const CsvRows *rows, uint64_t offset);

#endif
