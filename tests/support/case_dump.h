/* case_dump.h: what a case.sqlite holds, read by SQLite alone, to judge what verify says of it. */
#ifndef CASE_DUMP_H
#define CASE_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum DumpTable {
    DUMP_META,
    DUMP_ITEM,
    DUMP_DEFECT,
    DUMP_PIECE,
    DUMP_SEGMENT,
    DUMP_PART,
    DUMP_DERIVED,
    DUMP_LEDGER,
    DUMP_ANALYSIS,
    DUMP_TABLES
} DumpTable;

extern const char *const DUMP_TABLE_TEXT[DUMP_TABLES];

typedef struct DumpRow {
    int64_t number;   /* first column: of the row, or of its item; 0 for meta */
    uint64_t all;     /* hash over all columns */
    uint64_t meaning; /* without those that are no content: digest, changed_ns, a defect's seq */
} DumpRow;

typedef struct CaseDump {
    bool opens;      /* it is a database */
    uint64_t schema; /* hash over the statements that made its tables */
    struct {
        bool readable; /* to its end */
        DumpRow *rows;
        size_t count;
    } tables[DUMP_TABLES];
} CaseDump;

CaseDump case_dump(const char *folder);
void case_dump_done(CaseDump *dump);

/* Rows that only one of the two has; by all columns, or by their meaning. `each` may be NULL. */
size_t case_dump_differences(const CaseDump *a, const CaseDump *b, DumpTable table, bool meaning,
                             void (*each)(void *ctx, const DumpRow *row), void *ctx);

#endif
