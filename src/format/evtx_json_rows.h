/* evtx_json_rows.h: which key means what in the shapes that keep System fields under names of their
 * own. (SHAPE_TREE keeps the document's structure and needs no table.) */
#ifndef FORMAT_EVTX_JSON_ROWS_H
#define FORMAT_EVTX_JSON_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "format/evtx_json_paths.h"

typedef struct PathRow {
    const char *path; /* dotted; "x.*": everything below x */
    uint16_t shapes;  /* bit per shape */
    uint8_t use, field, rank;
    bool data; /* if it is not that after all, it is a field of the event, not of the exporter */
} PathRow;

/* The row for a path in a shape; NULL if there is none. *ret_rest: what the star stands for. */
const PathRow *path_row(JsonShape shape, Text path, Text *ret_rest);

/* Does a path without a row hold a field of the event (true) or of the exporter? */
bool path_is_data(JsonShape shape, Text path);

/* Marks of a dotted path. */
uint32_t path_marks(Text path);

#endif
