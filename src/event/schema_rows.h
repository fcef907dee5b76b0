/* schema_rows.h: inside of the schema: its tables as read, each with the index to find rows by.
 * Used by schema.c (loading, look-ups) and schema_rows.c (rows of one table each). */
#ifndef EVENT_SCHEMA_ROWS_H
#define EVENT_SCHEMA_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "event/row_index.h"
#include "event/schema.h"
#include "event/table.h"

/* Rows with the same product, service and code. A kind of record gets four such sets, a row at
 * most five fields: so a layout stays below LAYOUT_PAIRS_MAX of batch_format.h. */
#define ECS_ROWS_MAX 800

typedef struct SourceTable {
    SourceRow *rows;
    RowIndex index;     /* channel, provider */
    uint32_t *prefixes; /* rows whose provider ends in *, in the order of the file */
    uint32_t prefix_count;
} SourceTable;

typedef struct ActionTable {
    ActionRow *rows; /* in index order: the rows of a key stand together */
    RowIndex index;  /* product, service, code */
} ActionTable;

typedef struct EcsTable {
    EcsRow *rows;   /* in index order */
    RowIndex index; /* product, service or *, code or * */
} EcsTable;

typedef struct MessageRow {
    Text provider; /* empty: any */
    Text text;
} MessageRow;

typedef struct MessageTable {
    MessageRow *rows; /* in index order */
    RowIndex index;   /* product, service, code */
} MessageTable;

typedef struct ParameterTable {
    Text *texts;    /* in index order; the first of a key counts */
    RowIndex index; /* set, code */
} ParameterTable;

bool source_table_read(Arena *arena, const Table *table, SourceTable *ret, Err *err);
bool action_table_read(Arena *arena, const Table *table, ActionTable *ret, Err *err);
bool ecs_table_read(Arena *arena, const Table *table, EcsTable *ret, Err *err);
bool message_table_read(Arena *arena, const Table *table, MessageTable *ret, Err *err);
bool parameter_table_read(Arena *arena, const Table *table, ParameterTable *ret, Err *err);

extern const Text TRANSFORM_TEXT[TRANSFORM_COUNT];

#endif
