#include "store/ledger.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/json.h"

static int64_t now_ns(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return 0;
    return (int64_t)now.tv_sec * NANOSECONDS_PER_SECOND + now.tv_nsec;
}

bool ledger_hash(Canon *canon, const LedgerEntry *entry, const Sha256 *before, Sha256 *ret)
{
    canon_begin(canon, "constat ledger");
    canon_u64(canon, entry->number);
    canon_u64(canon, (uint64_t)entry->time_ns);
    canon_text(canon, entry->kind);
    canon_bytes(canon, entry->body);
    canon_raw(canon, span_of(before->bytes, sizeof before->bytes));
    return canon_end(canon, ret);
}

LedgerEntry ledger_entry(const Query *query)
{
    LedgerEntry entry = {.number = query_get_u64(query, 0),
                         .time_ns = query_get_i64(query, 1),
                         .kind = text_from_span(query_get_bytes(query, 2)),
                         .body = query_get_bytes(query, 3),
                         .signature = query_get_bytes(query, 5)};
    Span hash = query_get_bytes(query, 4);
    entry.has_hash = hash.len == sizeof entry.hash.bytes;
    if (entry.has_hash)
        memcpy(entry.hash.bytes, hash.ptr, hash.len);
    return entry;
}

bool ledger_tail(Store *store, LedgerTail *ret, Err *err)
{
    Database *db = store_database(store, err);
    if (!db)
        return false;
    Err failure = {0};
    Query query = query_on(db, SQL_LEDGER_LAST);
    *ret = (LedgerTail){0};
    if (query_next(&query, &failure)) {
        LedgerEntry entry = ledger_entry(&query);
        ret->number = entry.number;
        ret->hash = entry.hash;
        query_end(&query);
    }
    return take_failure(err, &failure);
}

bool ledger_add(Store *store, LedgerTail *tail, const char *kind, Text body, Err *err)
{
    Database *db = store_database(store, err);
    if (!db)
        return false;
    LedgerEntry entry = {
        .number = tail->number + 1, .time_ns = now_ns(), .kind = text_from_z(kind)};
    box_row(&store->box);
    entry.body = seal_cell(store, "ledger.body", entry.number, 0, 0, text_span(body));
    if (store->box.failed)
        return box_error(&store->box, err);
    if (!ledger_hash(&store->canon, &entry, &tail->hash, &entry.hash))
        return digest_failed(err);
    Query query = query_on(db, SQL_LEDGER_ADD);
    query_u64(&query, entry.number);
    query_i64(&query, entry.time_ns);
    query_text(&query, entry.kind);
    query_bytes(&query, entry.body);
    query_bytes(&query, span_of(entry.hash.bytes, sizeof entry.hash.bytes));
    if (!query_run(&query, err))
        return false;
    *tail = (LedgerTail){.number = entry.number, .hash = entry.hash, .unsigned_end = true};
    return true;
}

bool ledger_sign(Store *store, LedgerTail *tail, Err *err)
{
    uint8_t signature[SIGNATURE_BYTES];
    if (!store->signing || !tail->unsigned_end)
        return true;
    Database *db = store_database(store, err);
    if (!db)
        return false;
    if (!signing_key_sign(store->signing, span_of(tail->hash.bytes, sizeof tail->hash.bytes),
                          signature))
        return err_set(err, ERR_IO, ERR_NO_OFFSET, "the ledger cannot be signed");
    Query query = query_on(db, SQL_LEDGER_SIGN);
    query_u64(&query, tail->number);
    query_bytes(&query, span_of(signature, sizeof signature));
    tail->unsigned_end = false;
    return query_run(&query, err);
}

Text ledger_body(Store *store, const LedgerEntry *entry)
{
    box_row(&store->box);
    return text_from_span(open_cell(store, "ledger.body", entry->number, 0, 0, entry->body));
}

/* ---- bodies ---- */

bool ledger_field(Text body, const char *name, Text *ret)
{
    /* Quotation marks inside texts are escaped, so this can only be found where it is meant. */
    char needle[64];
    int n = snprintf(needle, sizeof needle, "\"%s\":", name);
    if (n < 0 || (size_t)n >= sizeof needle)
        return false;
    size_t at = text_find_text(body, text_of(needle, (size_t)n));
    if (at == SIZE_MAX)
        return false;
    Text rest = text_of(body.ptr + at + n, body.len - at - (size_t)n);
    if (rest.len == 0)
        return false;
    if (rest.ptr[0] != '"') {
        size_t len = 0;
        while (len < rest.len && rest.ptr[len] != ',' && rest.ptr[len] != '}')
            len++;
        *ret = text_of(rest.ptr, len);
        return true;
    }
    rest = text_of(rest.ptr + 1, rest.len - 1);
    size_t len = 0;
    while (len < rest.len && rest.ptr[len] != '"')
        len += rest.ptr[len] == '\\' ? 2 : 1;
    if (len >= rest.len)
        return false;
    *ret = text_of(rest.ptr, len);
    return true;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_to_bytes(Text hex, uint8_t *ret, size_t size)
{
    if (hex.len != 2 * size)
        return false;
    for (size_t i = 0; i < size; i++) {
        int high = digit(hex.ptr[2 * i]), low = digit(hex.ptr[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        ret[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

void json_hex(Buf *buf, Span bytes)
{
    buf_add_char(buf, '"');
    for (size_t i = 0; i < bytes.len; i++) {
        buf_add_char(buf, "0123456789abcdef"[bytes.ptr[i] >> 4]);
        buf_add_char(buf, "0123456789abcdef"[bytes.ptr[i] & 15]);
    }
    buf_add_char(buf, '"');
}
