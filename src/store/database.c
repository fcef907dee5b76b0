#include "store/database.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define BUSY_MS    10000
#define PATH_BYTES (64 * 1024)

const char *const SQL_TEXT[SQL_COUNT] = {
#define SQL(name, text) [SQL_##name] = text,
#include "store/statements.def"
#undef SQL
};

struct Database {
    sqlite3 *handle;
    sqlite3_stmt *statements[SQL_COUNT]; /* made when first asked for */
};

/* ---- errors ---- */

static bool describe(Database *db, int result, ErrCode code, const char *what, Err *err)
{
    const char *why = db && db->handle ? sqlite3_errmsg(db->handle) : sqlite3_errstr(result);
    return err_set(err, code, ERR_NO_OFFSET, "case.sqlite: %s (%s)", what, why);
}

bool database_error(Database *db, int result, Err *err)
{
    int extended = db && db->handle ? sqlite3_extended_errcode(db->handle) : result;
    switch (result & 0xff) {
    case SQLITE_NOMEM:
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the case");
    case SQLITE_FULL:
        return err_set(err, ERR_IO, ERR_NO_OFFSET,
                       "the disk that holds the case is full; what was committed stays, and the "
                       "run can be continued when there is room");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return describe(db, result, ERR_FORMAT, "is damaged; constat verify says where", err);
    case SQLITE_ERROR: /* our statements are right: the tables are not ours */
    case SQLITE_SCHEMA:
    case SQLITE_MISMATCH:
    case SQLITE_CONSTRAINT:
        return describe(db, result, ERR_FORMAT, "its tables are not as they should be", err);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(err, ERR_IO, ERR_NO_OFFSET, "case.sqlite is locked by another program");
    case SQLITE_INTERRUPT:
        return err_set(err, ERR_INTERRUPTED, ERR_NO_OFFSET, "interrupted");
    case SQLITE_TOOBIG:
        return describe(db, result, ERR_LIMIT, "a value is too large", err);
    case SQLITE_IOERR:
        if (db && db->handle && sqlite3_system_errno(db->handle))
            return err_errno(err, sqlite3_system_errno(db->handle),
                             "case.sqlite: reading or writing failed (%d)", extended);
        return describe(db, result, ERR_IO, "reading or writing failed", err);
    default:
        return describe(db, result, ERR_IO, "cannot be used", err);
    }
}

/* ---- opening ---- */

/* As a URI: bytes that mean something in one are escaped. */
static bool write_uri(Buf *buf, const char *path, DatabaseMode mode)
{
    BUF_LITERAL(buf, "file:");
    if (path[0] == '/')
        BUF_LITERAL(buf, "//"); /* no authority; a path may begin with two slashes */
    for (const char *c = path; *c; c++) {
        if (strchr("%?#", *c))
            buf_printf(buf, "%%%02x", (unsigned)(unsigned char)*c);
        else
            buf_add_char(buf, *c);
    }
    if (mode == DATABASE_IMMUTABLE)
        BUF_LITERAL(buf, "?immutable=1");
    buf_add_char(buf, '\0');
    return !buf->failed;
}

/* Pages of 16 KiB: an overflow chain of a segment is a dozen links. Synchronous normal: a power cut
 * may cost the last commits, never what was before them. */
static const char SETTINGS[] = "PRAGMA page_size = 16384;"
                               "PRAGMA synchronous = NORMAL;"
                               "PRAGMA cache_size = -16384;"
                               "PRAGMA temp_store = MEMORY;"
                               "PRAGMA trusted_schema = OFF;"
                               "PRAGMA cell_size_check = ON;";

static int configure(sqlite3 *handle, DatabaseMode mode)
{
    static const struct {
        int option, value;
    } OPTIONS[] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},   {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
        {SQLITE_DBCONFIG_ENABLE_VIEW, 0}, {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_DQS_DDL, 0},     {SQLITE_DBCONFIG_DQS_DML, 0},
    };
    int result = sqlite3_extended_result_codes(handle, 1);
    for (size_t i = 0; i < sizeof OPTIONS / sizeof OPTIONS[0] && result == SQLITE_OK; i++)
        result = sqlite3_db_config(handle, OPTIONS[i].option, OPTIONS[i].value, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_busy_timeout(handle, BUSY_MS);
    if (result == SQLITE_OK)
        result = sqlite3_exec(handle, SETTINGS, NULL, NULL, NULL);
    if (result == SQLITE_OK && mode == DATABASE_WRITE)
        result = sqlite3_exec(handle, "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 4096",
                              NULL, NULL, NULL);
    return result;
}

Database *database_open(const char *path, DatabaseMode mode, Err *err)
{
    Database *db = calloc(1, sizeof *db);
    Buf uri;
    buf_init(&uri, PATH_BYTES);
    if (!db || !write_uri(&uri, path, mode)) {
        (void)err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the case");
        buf_done(&uri);
        free(db);
        return NULL;
    }
    int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    flags |=
        mode == DATABASE_WRITE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    int result = sqlite3_open_v2(uri.ptr, &db->handle, flags, NULL);
    buf_done(&uri);
    if (result == SQLITE_OK)
        result = configure(db->handle, mode);
    if (result == SQLITE_OK)
        return db;
    (void)database_error(db, result, err);
    database_close(db);
    return NULL;
}

void database_lenient(Database *db)
{
    (void)sqlite3_exec(db->handle, "PRAGMA cell_size_check = OFF", NULL, NULL, NULL);
}

void database_close(Database *db)
{
    if (!db)
        return;
    for (size_t i = 0; i < SQL_COUNT; i++)
        (void)sqlite3_finalize(db->statements[i]); /* tells of the last run's failure again */
    (void)sqlite3_close(db->handle);               /* cannot be busy: no statement is left */
    free(db);
}

/* ---- queries ---- */

Query query_on(Database *db, Sql sql)
{
    Query query = {.db = db, .result = SQLITE_OK};
    sqlite3_stmt **statement = &db->statements[sql];
    if (!*statement)
        query.result = sqlite3_prepare_v3(db->handle, SQL_TEXT[sql], -1, SQLITE_PREPARE_PERSISTENT,
                                          statement, NULL);
    query.statement = *statement;
    return query;
}

void query_i64(Query *query, int64_t v)
{
    if (query->result == SQLITE_OK)
        query->result = sqlite3_bind_int64(query->statement, ++query->bound, v);
}

void query_u64(Query *query, uint64_t v)
{
    query_i64(query, (int64_t)v);
}

void query_bytes(Query *query, Span bytes)
{
    if (query->result != SQLITE_OK)
        return;
    query->bound++;
    /* A NULL pointer would be a NULL and not an empty value. */
    query->result = bytes.len ? sqlite3_bind_blob64(query->statement, query->bound, bytes.ptr,
                                                    bytes.len, SQLITE_STATIC)
                              : sqlite3_bind_zeroblob(query->statement, query->bound, 0);
}

void query_text(Query *query, Text text)
{
    if (query->result == SQLITE_OK)
        query->result =
            sqlite3_bind_text64(query->statement, ++query->bound, text.len ? text.ptr : "",
                                text.len, SQLITE_STATIC, SQLITE_UTF8);
}

bool query_next(Query *query, Err *err)
{
    if (query->result == SQLITE_OK)
        query->result = sqlite3_step(query->statement);
    if (query->result == SQLITE_ROW) {
        query->result = SQLITE_OK;
        return true;
    }
    if (query->result != SQLITE_DONE)
        (void)database_error(query->db, query->result, err);
    query_end(query);
    return false;
}

bool query_run(Query *query, Err *err)
{
    Err failure = {0};
    while (query_next(query, &failure))
        ;
    if (failure.code && err)
        *err = failure;
    return failure.code == ERR_NONE;
}

void query_end(Query *query)
{
    (void)sqlite3_reset(query->statement); /* tells of the step's failure again */
    query->result = SQLITE_MISUSE;         /* a step after the end is our mistake */
}

uint64_t query_get_u64(const Query *query, int column)
{
    return (uint64_t)query_get_i64(query, column);
}

int64_t query_get_i64(const Query *query, int column)
{
    return sqlite3_column_int64(query->statement, column);
}

Span query_get_bytes(const Query *query, int column)
{
    const void *bytes = sqlite3_column_blob(query->statement, column);
    int len = sqlite3_column_bytes(query->statement, column);
    return span_of(bytes, bytes && len > 0 ? (size_t)len : 0);
}

bool database_in_transaction(const Database *db)
{
    return sqlite3_get_autocommit(db->handle) == 0;
}

bool database_run(Database *db, Sql sql, Err *err)
{
    Query query = query_on(db, sql);
    return query_run(&query, err);
}

bool database_number(Database *db, Sql sql, int64_t none, int64_t *ret, Err *err)
{
    Err failure = {0};
    Query query = query_on(db, sql);
    *ret = none;
    if (query_next(&query, &failure)) {
        if (sqlite3_column_type(query.statement, 0) != SQLITE_NULL)
            *ret = query_get_i64(&query, 0);
        query_end(&query);
    }
    if (failure.code && err)
        *err = failure;
    return failure.code == ERR_NONE;
}
