#include "case_dump.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

const char *const DUMP_TABLE_TEXT[DUMP_TABLES] = {
    [DUMP_META] = "meta",       [DUMP_ITEM] = "item",       [DUMP_DEFECT] = "defect",
    [DUMP_PIECE] = "piece",     [DUMP_SEGMENT] = "segment", [DUMP_PART] = "part",
    [DUMP_DERIVED] = "derived", [DUMP_LEDGER] = "ledger",   [DUMP_ANALYSIS] = "analysis"};

static uint64_t hash_column(sqlite3_stmt *row, int column, uint64_t seed)
{
    int type = sqlite3_column_type(row, column);
    if (type == SQLITE_INTEGER || type == SQLITE_NULL) { /* a missing number is read as 0 */
        int64_t v = sqlite3_column_int64(row, column);
        return hash64(&v, sizeof v, seed + 1);
    }
    const void *bytes = sqlite3_column_blob(row, column);
    int len = sqlite3_column_bytes(row, column);
    return hash64(bytes ? bytes : "", (size_t)len, seed + 2);
}

static DumpRow hash_row(sqlite3_stmt *row, DumpTable table)
{
    DumpRow ret = {.number = sqlite3_column_int64(row, 0)};
    for (int i = 0; i < sqlite3_column_count(row); i++) {
        const char *name = sqlite3_column_name(row, i);
        ret.all = hash_column(row, i, ret.all);
        bool run_data = strcmp(name, "digest") == 0 || strcmp(name, "changed_ns") == 0 ||
                        (table == DUMP_DEFECT && strcmp(name, "seq") == 0);
        if (!run_data)
            ret.meaning = hash_column(row, i, ret.meaning);
    }
    return ret;
}

static uint64_t read_schema(sqlite3 *db)
{
    sqlite3_stmt *statement = NULL;
    uint64_t hash = 0;
    int result = sqlite3_prepare_v2(db, "SELECT type, name, tbl_name, sql FROM sqlite_schema", -1,
                                    &statement, NULL);
    while (result == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
        for (int i = 0; i < 4; i++)
            hash = hash_column(statement, i, hash);
    sqlite3_finalize(statement);
    return hash;
}

static void read_table(sqlite3 *db, CaseDump *dump, DumpTable table)
{
    char sql[64];
    sqlite3_stmt *statement = NULL;
    size_t cap = 0;
    int n = snprintf(sql, sizeof sql, "SELECT * FROM %s", DUMP_TABLE_TEXT[table]);
    int result = n > 0 ? sqlite3_prepare_v2(db, sql, -1, &statement, NULL) : SQLITE_ERROR;
    while (result == SQLITE_OK || result == SQLITE_ROW) {
        result = sqlite3_step(statement);
        if (result != SQLITE_ROW)
            break;
        if (dump->tables[table].count == cap) {
            cap = cap ? 2 * cap : 64;
            dump->tables[table].rows =
                realloc(dump->tables[table].rows, cap * sizeof *dump->tables[table].rows);
            if (!dump->tables[table].rows)
                abort();
        }
        dump->tables[table].rows[dump->tables[table].count++] = hash_row(statement, table);
    }
    dump->tables[table].readable = result == SQLITE_DONE;
    sqlite3_finalize(statement);
}

CaseDump case_dump(const char *folder)
{
    CaseDump dump = {.opens = false};
    char uri[4096];
    sqlite3 *db = NULL;
    int n = snprintf(uri, sizeof uri, "file:%s/case.sqlite?immutable=1", folder);
    int result = n > 0 ? sqlite3_open_v2(uri, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL)
                       : SQLITE_ERROR;
    if (result == SQLITE_OK)
        dump.opens =
            sqlite3_exec(db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL) == SQLITE_OK;
    if (dump.opens)
        dump.schema = read_schema(db);
    for (unsigned table = 0; table < DUMP_TABLES && dump.opens; table++)
        read_table(db, &dump, (DumpTable)table);
    sqlite3_close(db);
    return dump;
}

void case_dump_done(CaseDump *dump)
{
    for (unsigned table = 0; table < DUMP_TABLES; table++)
        free(dump->tables[table].rows);
    *dump = (CaseDump){.opens = false};
}

static bool has_row(const CaseDump *dump, DumpTable table, const DumpRow *row, bool meaning)
{
    for (size_t i = 0; i < dump->tables[table].count; i++) {
        const DumpRow *other = &dump->tables[table].rows[i];
        if (meaning ? other->meaning == row->meaning : other->all == row->all)
            return true;
    }
    return false;
}

size_t case_dump_differences(const CaseDump *a, const CaseDump *b, DumpTable table, bool meaning,
                             void (*each)(void *ctx, const DumpRow *row), void *ctx)
{
    size_t count = 0;
    const CaseDump *both[2] = {a, b};
    for (unsigned side = 0; side < 2; side++)
        for (size_t i = 0; i < both[side]->tables[table].count; i++) {
            const DumpRow *row = &both[side]->tables[table].rows[i];
            if (has_row(both[1 - side], table, row, meaning))
                continue;
            count++;
            if (each)
                each(ctx, row);
        }
    return count;
}
