/* Rows of analyses: writing. */
#include "store/analysis.h"

#include <inttypes.h>
#include <stdlib.h>

#include "store/analysis_row.h"
#include "store/analysis_writer.h"
#include "store/writer.h"

#define BODY_BYTES 4096
#define LEVEL      3 /* of zstd */

struct AnalysisWriter {
    ZSTD_CCtx *pack;
    Buf packed;
    Canon all; /* over the rows' digests */
    uint64_t rows;
    uint32_t kind; /* of the last row */
};

void analysis_writer_destroy(AnalysisWriter *writer)
{
    if (!writer)
        return;
    (void)ZSTD_freeCCtx(writer->pack);
    buf_done(&writer->packed);
    canon_done(&writer->all);
    free(writer);
}

static AnalysisWriter *create(void)
{
    AnalysisWriter *writer = calloc(1, sizeof *writer);
    if (!writer)
        return NULL;
    buf_init(&writer->packed, ZSTD_COMPRESSBOUND(ANALYSIS_ROW_MAX));
    writer->pack = ZSTD_createCCtx();
    if (canon_init(&writer->all) && writer->pack) {
        digest_analyses_begin(&writer->all);
        return writer;
    }
    analysis_writer_destroy(writer);
    return NULL;
}

static bool begin(Store *store, Err *err)
{
    Writer *writer = store->writer;
    writer->analysis = create();
    if (!writer->analysis)
        return no_memory(err);
    return writer_begin(store, err) && database_run(store->db, SQL_ANALYSIS_DROP, err);
}

bool store_analysis_begin(Store *store, Err *err)
{
    Err failure = {0};
    const Writer *writer = writer_of(store, err);
    if (!writer)
        return false;
    if (!writer->ended || writer->analysis)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET,
                       "the run has not come to its end, or an analysis has begun already");
    return begin(store, &failure) || writer_break(store, &failure, err);
}

static bool pack(AnalysisWriter *writer, Span row, Err *err)
{
    buf_clear(&writer->packed);
    size_t room = ZSTD_compressBound(row.len);
    char *out = buf_reserve(&writer->packed, room);
    size_t len = out ? ZSTD_compressCCtx(writer->pack, out, room, row.ptr, row.len, LEVEL) : 0;
    if (!out || ZSTD_isError(len))
        return no_memory(err);
    writer->packed.len = len;
    return true;
}

static bool add(Store *store, uint32_t kind, Span row, Err *err)
{
    AnalysisWriter *writer = store->writer->analysis;
    AnalysisRow next = {.kind = kind, .number = writer->rows + 1, .bytes = row};
    RowDigest digest;
    if (!digest_analysis(&store->canon, &next, &digest))
        return digest_failed(err);
    if (!pack(writer, row, err))
        return false;
    Span digest_bytes = span_of(digest.bytes, sizeof digest.bytes);
    Query query = query_on(store->db, SQL_ANALYSIS_ADD);
    box_row(&store->box);
    query_u64(&query, next.kind);
    query_u64(&query, next.number);
    query_bytes(&query, seal_cell(store, "analysis.bytes", next.kind, next.number, 0,
                                  buf_span(&writer->packed)));
    query_bytes(&query,
                seal_cell(store, "analysis.digest", next.kind, next.number, 0, digest_bytes));
    if (store->box.failed)
        return box_error(&store->box, err);
    canon_raw(&writer->all, digest_bytes);
    writer->rows++;
    writer->kind = kind;
    return query_run(&query, err);
}

static AnalysisWriter *analysis_of(Store *store, Err *err)
{
    const Writer *writer = writer_of(store, err);
    if (!writer)
        return NULL;
    if (!writer->analysis)
        (void)err_set(err, ERR_USAGE, ERR_NO_OFFSET, "no analysis has begun");
    return writer->analysis;
}

bool store_analysis_add(Store *store, uint32_t kind, Span row, Err *err)
{
    Err failure = {0};
    const AnalysisWriter *writer = analysis_of(store, err);
    if (!writer)
        return false;
    if (row.len > ANALYSIS_ROW_MAX || kind < writer->kind)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET,
                       "a row of an analysis is too large, or in the wrong place");
    return add(store, kind, row, &failure) || writer_break(store, &failure, err);
}

static bool end(Store *store, AnalysisWriter *writer, Err *err)
{
    Sha256 all;
    Buf body;
    if (!canon_end(&writer->all, &all))
        return digest_failed(err);
    buf_init(&body, BODY_BYTES);
    buf_printf(&body, "{\"rows\":%" PRIu64 ",\"digest\":", writer->rows);
    json_hex(&body, span_of(all.bytes, sizeof all.bytes));
    buf_add_char(&body, '}');
    bool ok = body.failed
                  ? no_memory(err)
                  : ledger_add(store, &store->writer->ledger, "analysis", buf_text(&body), err);
    buf_done(&body);
    return ok && writer_commit(store, err);
}

bool store_analysis_end(Store *store, RunResult *result, Err *err)
{
    Err failure = {0};
    AnalysisWriter *writer = analysis_of(store, err);
    if (!writer)
        return false;
    if (!end(store, writer, &failure))
        return writer_break(store, &failure, err);
    analysis_writer_destroy(writer);
    store->writer->analysis = NULL;
    writer_tell(store, result);
    return true;
}
