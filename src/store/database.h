/* database.h: SQLite as the store uses it: prepared statements of one list, every result checked,
 * errors in words. Hostile to what it opens: a case may come from somebody else's hands. */
#ifndef STORE_DATABASE_H
#define STORE_DATABASE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "base/text.h"

typedef enum Sql {
#define SQL(name, text) SQL_##name,
#include "store/statements.def"
#undef SQL
    SQL_COUNT
} Sql;

extern const char *const SQL_TEXT[SQL_COUNT];

typedef struct Database Database;

typedef enum DatabaseMode {
    DATABASE_READ,
    DATABASE_IMMUTABLE, /* nothing can change it: no locks, no files beside it */
    DATABASE_WRITE,     /* made if there is none */
} DatabaseMode;

/* NULL with err: as database_error. */
Database *database_open(const char *path, DatabaseMode mode, Err *err);
void database_close(Database *db); /* NULL is fine; what is not committed is undone */

/* Read on where SQLite would rather stop: for verify, which names what is wrong by other means. */
void database_lenient(Database *db);

/* What a result of SQLite means: ERR_FORMAT (damaged), ERR_IO (disk full, system), … Always false.
 */
bool database_error(Database *db, int result, Err *err);

/* One run of a statement. Binding goes from the first parameter to the last; a failure is
 * remembered and reported by query_next or query_run. */
typedef struct Query {
    Database *db;
    sqlite3_stmt *statement;
    int bound;
    int result;
} Query;

Query query_on(Database *db, Sql sql);
void query_u64(Query *query, uint64_t v); /* kept as the signed number with the same bits */
void query_i64(Query *query, int64_t v);
void query_bytes(Query *query, Span bytes); /* not copied: must stay until the query ends */
void query_text(Query *query, Text text);   /* likewise */

/* Step to the next row. false: no more, or failure if err->code is set; the query has then ended.
 */
bool query_next(Query *query, Err *err);
/* For statements without rows, or whose rows do not matter. */
bool query_run(Query *query, Err *err);
/* Leave a query before its last row. */
void query_end(Query *query);

uint64_t query_get_u64(const Query *query, int column);
int64_t query_get_i64(const Query *query, int column);
Span query_get_bytes(const Query *query, int column); /* valid until the next call on the query */

bool database_in_transaction(const Database *db);

/* A statement without parameters and results. */
bool database_run(Database *db, Sql sql, Err *err);
/* The first column of the first row; `none` if there is none. */
bool database_number(Database *db, Sql sql, int64_t none, int64_t *ret, Err *err);

#endif
