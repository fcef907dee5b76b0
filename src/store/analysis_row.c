/* Rows of analyses: reading. */
#include "store/analysis_row.h"

#include "store/analysis.h"

bool analysis_reader_init(AnalysisReader *reader, Store *store)
{
    *reader = (AnalysisReader){.store = store, .unpack = ZSTD_createDCtx()};
    buf_init(&reader->room, ANALYSIS_ROW_MAX);
    return reader->unpack != NULL;
}

void analysis_reader_done(AnalysisReader *reader)
{
    (void)ZSTD_freeDCtx(reader->unpack);
    buf_done(&reader->room);
}

static bool unpack(AnalysisReader *reader, Span packed, Span *ret, Err *err)
{
    unsigned long long size = ZSTD_getFrameContentSize(packed.ptr, packed.len);
    if (size > ANALYSIS_ROW_MAX) /* also the values that mean an error */
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "the row is damaged");
    buf_clear(&reader->room);
    char *out = buf_reserve(&reader->room, (size_t)size + 1);
    if (!out)
        return no_memory(err);
    size_t len = ZSTD_decompressDCtx(reader->unpack, out, (size_t)size, packed.ptr, packed.len);
    if (ZSTD_isError(len) || len != size)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "the row is damaged");
    *ret = span_of((const uint8_t *)out, len);
    return true;
}

bool analysis_row(AnalysisReader *reader, const Query *query, AnalysisRow *ret, Err *err)
{
    Store *store = reader->store;
    *ret = (AnalysisRow){.kind = query_get_u64(query, 0), .number = query_get_u64(query, 1)};
    box_row(&store->box);
    Span packed =
        open_cell(store, "analysis.bytes", ret->kind, ret->number, 0, query_get_bytes(query, 2));
    ret->digest =
        open_cell(store, "analysis.digest", ret->kind, ret->number, 0, query_get_bytes(query, 3));
    if (store->box.failed)
        return box_error(&store->box, err);
    return unpack(reader, packed, &ret->bytes, err);
}

bool digest_analysis(Canon *canon, const AnalysisRow *row, RowDigest *ret)
{
    canon_begin(canon, "analysis");
    canon_u64(canon, row->kind);
    canon_u64(canon, row->number);
    canon_bytes(canon, row->bytes);
    return canon_end_row(canon, ret);
}

void digest_analyses_begin(Canon *canon)
{
    canon_begin(canon, "constat analysis");
}

bool analysis_has_table(Store *store, bool *ret, Err *err)
{
    int64_t count;
    Database *db = store_database(store, err);
    if (!db || !database_number(db, SQL_ANALYSIS_HAS_TABLE, 0, &count, err))
        return false;
    *ret = count != 0;
    return true;
}

static bool damaged(Err *err)
{
    return err_set(err, ERR_FORMAT, ERR_NO_OFFSET,
                   "case.sqlite: a row of the analysis is damaged; constat verify says more");
}

static bool each_row(AnalysisReader *reader, uint32_t kind,
                     bool (*each)(void *ctx, Span row, Err *err), void *ctx, Err *err)
{
    Store *store = reader->store;
    Err failure = {0};
    Query query = query_on(store->db, SQL_ANALYSIS_OF_KIND);
    query_u64(&query, kind);
    while (query_next(&query, &failure)) {
        AnalysisRow row;
        RowDigest digest;
        bool ok = analysis_row(reader, &query, &row, &failure);
        if (ok && !digest_analysis(&store->canon, &row, &digest))
            ok = digest_failed(&failure);
        if (ok && !span_equal(row.digest, span_of(digest.bytes, sizeof digest.bytes)))
            ok = damaged(&failure);
        if (!ok || !each(ctx, row.bytes, &failure)) {
            query_end(&query);
            break;
        }
    }
    return take_failure(err, &failure);
}

bool store_analysis_each(Store *store, uint32_t kind, bool (*each)(void *ctx, Span row, Err *err),
                         void *ctx, Err *err)
{
    bool has;
    AnalysisReader reader;
    if (!analysis_has_table(store, &has, err))
        return false;
    if (!has)
        return true;
    bool ok = analysis_reader_init(&reader, store) ? each_row(&reader, kind, each, ctx, err)
                                                   : no_memory(err);
    analysis_reader_done(&reader);
    return ok;
}
