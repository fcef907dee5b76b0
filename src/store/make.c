#include "store/make.h"

#include <sodium.h>
#include <string.h>

#include "base/json.h"
#include "store/ledger.h"

#define CIPHER_NONE TEXT("none")
#define CIPHER_BOX  TEXT("xchacha20poly1305")
#define BODY_BYTES  (64 * 1024)

const Sql CASE_TABLES[] = {SQL_MAKE_META,    SQL_MAKE_ITEM,    SQL_MAKE_DEFECT,
                           SQL_MAKE_PIECE,   SQL_MAKE_SEGMENT, SQL_MAKE_PART,
                           SQL_MAKE_DERIVED, SQL_MAKE_LEDGER,  SQL_MAKE_ANALYSIS};
const size_t CASE_TABLE_COUNT = sizeof CASE_TABLES / sizeof CASE_TABLES[0];

/* ---- knowing one ---- */

static size_t table_count(int64_t version)
{
    return CASE_TABLE_COUNT - (version == 1);
}

/* The tables are made by the very statements that we would use. */
static bool check_tables(Database *db, int64_t version, bool *ret_none, Err *err)
{
    Err failure = {0};
    size_t count = 0;
    bool same = true;
    Query query = query_on(db, SQL_GET_TABLES);
    for (; query_next(&query, &failure); count++)
        same = same && count < CASE_TABLE_COUNT &&
               text_equal(text_from_span(query_get_bytes(&query, 0)),
                          text_from_z(SQL_TEXT[CASE_TABLES[count]]));
    if (!take_failure(err, &failure))
        return false;
    *ret_none = count == 0;
    return count == 0 || (same && count == table_count(version)) ||
           err_set(err, ERR_FORMAT, ERR_NO_OFFSET,
                   "case.sqlite: its tables are not those of a case; constat verify says more");
}

bool case_check(Store *store, bool *ret_empty, Err *err)
{
    int64_t application, version;
    bool none = false;
    Database *db = store_database(store, err);
    if (!db || !database_number(db, SQL_GET_APPLICATION, 0, &application, err) ||
        !database_number(db, SQL_GET_VERSION, 0, &version, err))
        return false;
    if (application == STORE_APPLICATION_ID && version > STORE_FORMAT_VERSION)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET,
                       "the case was made by a newer Constat (format %d; this one knows %d)",
                       (int)version, STORE_FORMAT_VERSION);
    if (application == STORE_APPLICATION_ID && version >= 1) {
        if (!check_tables(db, version, &none, err))
            return false;
        *ret_empty = none;
        return !none || err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "case.sqlite has no tables");
    }
    if (application == 0 && version == 0 && !check_tables(db, version, &none, NULL))
        none = false;
    *ret_empty = none;
    return none || err_set(err, ERR_USAGE, ERR_NO_OFFSET, "%s is not a case of Constat",
                           quote_z(store->path).str);
}

/* ---- meta ---- */

static bool meta_get(Database *db, const char *name, uint8_t *ret, size_t size, size_t *ret_len,
                     Err *err)
{
    Err failure = {0};
    Query query = query_on(db, SQL_META_GET);
    query_text(&query, text_from_z(name));
    *ret_len = 0;
    if (query_next(&query, &failure)) {
        Span value = query_get_bytes(&query, 0);
        *ret_len = value.len;
        if (value.len && value.len <= size)
            memcpy(ret, value.ptr, value.len);
        query_end(&query);
    }
    return take_failure(err, &failure);
}

static bool meta_add(Database *db, const char *name, Span value, Err *err)
{
    Query query = query_on(db, SQL_META_ADD);
    query_text(&query, text_from_z(name));
    query_bytes(&query, value);
    return query_run(&query, err);
}

bool case_meta_digest(Store *store, Sha256 *ret, Err *err)
{
    Database *db = store_database(store, err);
    if (!db)
        return false;
    Err failure = {0};
    Query query = query_on(db, SQL_META_ALL);
    canon_begin(&store->canon, "constat meta");
    while (query_next(&query, &failure)) {
        canon_bytes(&store->canon, query_get_bytes(&query, 0));
        canon_bytes(&store->canon, query_get_bytes(&query, 1));
    }
    bool ok = canon_end(&store->canon, ret);
    return take_failure(err, &failure) && (ok || digest_failed(err));
}

/* The data key from whichever sealed copy is for this key. */
bool case_open_key(Store *store, const CaseKey *key, Err *err)
{
    Database *db = store_database(store, err);
    if (!db)
        return false;
    Err failure = {0};
    bool mine = false, opened = false;
    Query query = query_on(db, SQL_META_ALL);
    while (query_next(&query, &failure)) {
        Span value = query_get_bytes(&query, 1);
        if (value.len != KEY_BYTES + SEALED_KEY)
            continue;
        mine = mine || memcmp(value.ptr, case_key_public(key), KEY_BYTES) == 0;
        /* Tried whosever it says it is: the name may have been changed. */
        opened =
            opened || box_take_key(&store->box, key, span_of(value.ptr + KEY_BYTES, SEALED_KEY));
    }
    if (!take_failure(err, &failure))
        return false;
    if (opened)
        return true;
    if (mine)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET,
                       "case.sqlite: the copy of the data key for this key was changed");
    return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "the case was not encrypted for this key");
}

bool case_unlock(Store *store, const CaseKey *key, Err *err)
{
    uint8_t cipher[64];
    size_t len;
    Database *db = store_database(store, err);
    if (!db || !meta_get(db, "case", store->box.case_id, CASE_ID, &len, err))
        return false;
    if (len != CASE_ID)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "case.sqlite: the case's id is damaged");
    if (!meta_get(db, "cipher", cipher, sizeof cipher, &len, err))
        return false;
    Text name = text_of((const char *)cipher, len <= sizeof cipher ? len : 0);
    if (text_equal(name, CIPHER_NONE))
        return true;
    if (!text_equal(name, CIPHER_BOX))
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "case.sqlite: its cipher is not known");
    if (!key)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "the case is encrypted: --key opens it");
    return case_open_key(store, key, err);
}

/* ---- making ---- */

static bool add_reader(Store *store, Database *db, size_t number, const uint8_t *public_key,
                       Err *err)
{
    char name[32];
    uint8_t value[KEY_BYTES + SEALED_KEY];
    int n = snprintf(name, sizeof name, "reader %03zu", number);
    memcpy(value, public_key, KEY_BYTES);
    if (n < 0 || (size_t)n >= sizeof name ||
        !box_seal_key(&store->box, public_key, value + KEY_BYTES))
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET,
                       "the case cannot be encrypted for one of the keys");
    return meta_add(db, name, span_of(value, sizeof value), err);
}

static bool add_keys(Store *store, Database *db, const StoreOptions *options, Err *err)
{
    if (!options->key)
        return true;
    if (!box_make_key(&store->box, err) ||
        !add_reader(store, db, 0, case_key_public(options->key), err))
        return false;
    for (size_t i = 0; i < options->reader_count; i++)
        if (!add_reader(store, db, i + 1, options->readers[i], err))
            return false;
    return true;
}

static bool first_entry(Store *store, Err *err)
{
    Sha256 meta;
    Buf body;
    LedgerTail tail = {0};
    if (!case_meta_digest(store, &meta, err))
        return false;
    buf_init(&body, BODY_BYTES);
    BUF_LITERAL(&body, "{\"case\":");
    json_hex(&body, span_of(store->box.case_id, CASE_ID));
    buf_printf(&body, ",\"format\":%d,\"meta\":", STORE_FORMAT_VERSION);
    json_hex(&body, span_of(meta.bytes, sizeof meta.bytes));
    buf_add_char(&body, '}');
    bool ok = body.failed ? no_memory(err) : ledger_add(store, &tail, "case", buf_text(&body), err);
    buf_done(&body);
    return ok && ledger_sign(store, &tail, err);
}

static bool fill(Store *store, Database *db, const StoreOptions *options, Err *err)
{
    for (size_t i = 0; i < CASE_TABLE_COUNT; i++)
        if (!database_run(db, CASE_TABLES[i], err))
            return false;
    Text cipher = options->key ? CIPHER_BOX : CIPHER_NONE;
    return meta_add(db, "case", span_of(store->box.case_id, CASE_ID), err) &&
           meta_add(db, "cipher", text_span(cipher), err) && add_keys(store, db, options, err) &&
           first_entry(store, err) && database_run(db, SQL_SET_APPLICATION, err) &&
           database_run(db, SQL_SET_VERSION, err);
}

bool case_make(Store *store, const StoreOptions *options, Err *err)
{
    if (sodium_init() < 0)
        return err_set(err, ERR_IO, ERR_NO_OFFSET, "there is no source of random numbers");
    randombytes_buf(store->box.case_id, CASE_ID);
    Database *db = store_database(store, err);
    if (!db || !database_run(db, SQL_BEGIN, err))
        return false;
    if (fill(store, db, options, err) && database_run(db, SQL_COMMIT, err))
        return true;
    (void)database_run(db, SQL_ROLLBACK, NULL);
    return false;
}

static bool add_tables(Database *db, size_t from, Err *err)
{
    if (!database_run(db, SQL_BEGIN, err))
        return false;
    bool ok = true;
    for (size_t i = from; i < CASE_TABLE_COUNT && ok; i++)
        ok = database_run(db, CASE_TABLES[i], err);
    if (ok && database_run(db, SQL_SET_VERSION, err) && database_run(db, SQL_COMMIT, err))
        return true;
    (void)database_run(db, SQL_ROLLBACK, NULL);
    return false;
}

bool case_renew(Store *store, Err *err)
{
    int64_t version;
    Database *db = store_database(store, err);
    if (!db || !database_number(db, SQL_GET_VERSION, 0, &version, err))
        return false;
    return version == STORE_FORMAT_VERSION || add_tables(db, table_count(version), err);
}
