/* A run that writes: its beginning and its end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "store/clock.h"
#include "store/content.h"
#include "store/make.h"
#include "store/seal_file.h"
#include "store/twins.h"
#include "store/writer.h"

#define BODY_BYTES (4u * 1024 * 1024)

/* ---- what a run before left ---- */

static bool know_items(Store *store, Err *err)
{
    Err failure = {0};
    Query query = query_on(store->db, SQL_ITEM_ALL);
    while (query_next(&query, &failure)) {
        ItemRow row;
        bool ok = item_row(store, &query, &row) && row.number == store->writer->item_count + 1;
        if (!ok)
            (void)(store->box.failed ? box_error(&store->box, &failure)
                                     : err_set(&failure, ERR_FORMAT, ERR_NO_OFFSET,
                                               "case.sqlite: an item's row is damaged; constat "
                                               "verify says more"));
        if (ok) {
            KnownItem item = {.id = row.id, .size = row.size, .complete = row.complete};
            ok = writer_know(store->writer, &item) || no_memory(&failure);
        }
        if (!ok) {
            query_end(&query);
            break;
        }
    }
    return take_failure(err, &failure);
}

static bool run_for_item(Store *store, Sql sql, uint32_t number, Err *err)
{
    Query query = query_on(store->db, sql);
    query_u64(&query, number);
    return query_run(&query, err);
}

/* Parts of segments that are about to go. */
static bool drop_parts(Store *store, uint32_t number, uint64_t *dropped, Err *err)
{
    Err failure = {0};
    Query query = query_on(store->db, SQL_SEGMENT_UNFINISHED);
    query_u64(&query, number);
    while (query_next(&query, &failure)) {
        uint64_t first = query_get_u64(&query, 0) * PARTS_STEP;
        Query drop = query_on(store->db, SQL_PART_DROP);
        query_u64(&drop, first);
        query_u64(&drop, first + SEGMENT_PARTS - 1);
        ++*dropped;
        if (!query_run(&drop, &failure)) {
            query_end(&query);
            break;
        }
    }
    return take_failure(err, &failure);
}

/* What belongs to pieces that are not complete goes, and is done again; if the run before had other
 * settings, so do its complete pieces of items that are not complete. */
static bool clean_up(Store *store, bool same_settings, uint64_t *dropped, Err *err)
{
    const Writer *writer = store->writer;
    for (size_t i = 0; i < writer->item_count; i++) {
        uint32_t number = (uint32_t)i + 1;
        if (writer->items[i].complete)
            continue;
        if (!same_settings && !run_for_item(store, SQL_PIECE_DROP_ITEM, number, err))
            return false;
        if (!drop_parts(store, number, dropped, err) ||
            !run_for_item(store, SQL_SEGMENT_DROP, number, err) ||
            !run_for_item(store, SQL_DEFECT_DROP, number, err))
            return false;
    }
    return true;
}

/* ---- the beginning ---- */

/* Whether the last run came to its end, and the settings of the last one that had some, as they
 * stand in the ledger. */
static bool last_run(Store *store, Buf *settings, bool *ret_ended, Err *err)
{
    Err failure = {0};
    *ret_ended = true;
    Query query = query_on(store->db, SQL_LEDGER_ALL);
    while (query_next(&query, &failure)) {
        LedgerEntry entry = ledger_entry(&query);
        Text body, value;
        if (text_equal(entry.kind, TEXT("end")))
            *ret_ended = true;
        if (!text_equal(entry.kind, TEXT("run")))
            continue;
        *ret_ended = false;
        body = ledger_body(store, &entry);
        if (!ledger_field(body, "settings", &value) || !value.len)
            continue;
        buf_clear(settings);
        buf_add_text(settings, value);
    }
    return take_failure(err, &failure);
}

static void write_run(Store *store, const RunInfo *info, bool ended, uint64_t dropped, Buf *body)
{
    BUF_LITERAL(body, "{\"command\":");
    json_name(body, info->command);
    BUF_LITERAL(body, ",\"version\":");
    json_text(body, info->version);
    buf_printf(body, ",\"workers\":%u,\"person\":", info->workers);
    json_text(body, info->person);
    BUF_LITERAL(body, ",\"machine\":");
    json_text(body, info->machine);
    BUF_LITERAL(body, ",\"signing\":");
    if (store->signing)
        json_hex(body, span_of(signing_key_public(store->signing), KEY_BYTES));
    else
        BUF_LITERAL(body, "null");
    buf_printf(body, ",\"continues\":%s,\"removed\":%llu,\"settings\":", ended ? "false" : "true",
               (unsigned long long)dropped);
    json_text(body, info->settings);
    buf_add_char(body, '}');
}

/* Settings are compared as they stand in JSON. */
static bool settings_equal(const Buf *before, Text settings)
{
    Buf text;
    buf_init(&text, BODY_BYTES);
    json_text(&text, settings);
    bool same = !text.failed && text.len >= 2 &&
                text_equal(buf_text(before), text_of(text.ptr + 1, text.len - 2));
    buf_done(&text);
    return same;
}

static bool next_numbers(Store *store, Err *err)
{
    int64_t last;
    if (!database_number(store->db, SQL_PART_LAST, 0, &last, err))
        return false;
    if (last < 0 || last / PARTS_STEP >= UINT32_MAX / PARTS_STEP - 1)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "case.sqlite: a part has no valid number");
    store->writer->next_segment = (uint32_t)(last / PARTS_STEP) + 1;
    /* Unique among all runs. */
    store->writer->next_defect = (store->writer->ledger.number + 1) << 32;
    return true;
}

static bool begin_run(Store *store, const RunInfo *info, Buf *settings, Buf *body, Err *err)
{
    bool ended;
    uint64_t dropped = 0;
    Writer *writer = store->writer;
    if (!writer_begin(store, err) || !ledger_tail(store, &writer->ledger, err) ||
        !last_run(store, settings, &ended, err) || !know_items(store, err))
        return false;
    bool same = settings_equal(settings, info->settings);
    if (!clean_up(store, same, &dropped, err) || !next_numbers(store, err))
        return false;
    writer->other_settings = settings->len && !same;
    write_run(store, info, ended, dropped, body);
    if (body->failed)
        return no_memory(err);
    return ledger_add(store, &writer->ledger, "run", buf_text(body), err) &&
           writer_commit(store, err);
}

bool store_run_begin(Store *store, const RunInfo *info, Err *err)
{
    if (store->mode != STORE_WRITE || store->writer)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET,
                       "the case was not opened for writing, or a run has begun already");
    store->writer = writer_create();
    if (!store->writer)
        return no_memory(err);
    Buf settings, body;
    Err failure = {0};
    buf_init(&settings, BODY_BYTES);
    buf_init(&body, BODY_BYTES);
    bool ok = begin_run(store, info, &settings, &body, &failure);
    buf_done(&settings);
    buf_done(&body);
    return ok || writer_break(store, &failure, err);
}

/* ---- the file, whole ---- */

static bool checkpoint(Store *store, bool *ret_done, Err *err)
{
    Err failure = {0};
    Query query = query_on(store->db, SQL_CHECKPOINT);
    *ret_done = false;
    if (query_next(&query, &failure)) {
        *ret_done = query_get_i64(&query, 0) == 0;
        query_end(&query);
    }
    return take_failure(err, &failure);
}

static bool write_seal(Store *store, const Sha256 *content, const char *path, Err *err)
{
    Seal seal;
    bool ok = seal_measure(store->path, &seal, err);
    memcpy(seal.case_id, store->box.case_id, sizeof seal.case_id);
    seal.ledger_number = store->writer->ledger.number;
    seal.ledger = store->writer->ledger.hash;
    seal.content = *content;
    ok = ok && seal_write(&seal, store->signing, path, err);
    seal_done(&seal);
    return ok;
}

/* Everything into the one file, and its seal beside it. */
static bool make_whole(Store *store, RunResult *result, Err *err)
{
    CLEANUP(freep) char *path = NULL;
    if (asprintf(&path, "%s/" STORE_SEAL_FILE, store->folder) < 0) {
        path = NULL;
        return no_memory(err);
    }
    if (!checkpoint(store, &result->sealed, err))
        return false;
    if (result->sealed)
        return write_seal(store, &result->content, path, err);
    (void)unlink(path); /* one that does not fit would be worse than none */
    return true;
}

/* ---- the end ---- */

static bool add_end(Store *store, const ContentDigest *digest, const RunResult *result, Err *err)
{
    Buf body;
    buf_init(&body, BODY_BYTES);
    buf_printf(&body, "{\"items\":%llu,\"new\":%llu,\"events\":%llu,\"twins\":%llu,\"derived\":",
               (unsigned long long)result->items, (unsigned long long)result->items_new,
               (unsigned long long)result->events, (unsigned long long)result->twins);
    json_hex(&body, span_of(digest->derived.bytes, sizeof digest->derived.bytes));
    BUF_LITERAL(&body, ",\"content\":");
    json_hex(&body, span_of(digest->content.bytes, sizeof digest->content.bytes));
    buf_add_char(&body, '}');
    bool ok = body.failed ? no_memory(err)
                          : ledger_add(store, &store->writer->ledger, "end", buf_text(&body), err);
    buf_done(&body);
    return ok;
}

static bool end_run(Store *store, unsigned workers, RunResult *ret, Err *err)
{
    ContentDigest digest;
    if (!writer_commit(store, err))
        return false;
    reading_forget(store); /* of the beginning of the run */
    CLEANUP(twins_destroyp) Twins *twins = twins_find(store, workers, err);
    CLEANUP(clocks_destroyp) Clocks *clocks = twins ? clocks_find(store, workers, err) : NULL;
    if (!clocks || !writer_begin(store, err) || !database_run(store->db, SQL_DERIVED_DROP, err) ||
        !twins_write(store, twins, &ret->twins, err) || !clocks_write(store, clocks, err) ||
        !content_digest(store, &digest, err))
        return false;
    ret->items = digest.items;
    ret->items_new = store->writer->items_new;
    ret->other_settings = store->writer->other_settings;
    ret->events = digest.events;
    ret->content = digest.content;
    if (!add_end(store, &digest, ret, err) || !writer_commit(store, err))
        return false;
    reading_forget(store); /* derived rows are new */
    writer_tell(store, ret);
    store->writer->ended = true;
    return make_whole(store, ret, err);
}

bool store_run_end(Store *store, unsigned workers, RunResult *ret, Err *err)
{
    Err failure = {0};
    if (!writer_of(store, err))
        return false;
    *ret = (RunResult){.items = 0};
    return end_run(store, workers, ret, &failure) || writer_break(store, &failure, err);
}

/* ---- files beside the database ---- */

static bool add_file(Store *store, const NotedFile *file, Err *err)
{
    Buf body;
    buf_init(&body, BODY_BYTES);
    BUF_LITERAL(&body, "{\"sha256\":");
    json_hex(&body, span_of(file->hash.bytes, sizeof file->hash.bytes));
    BUF_LITERAL(&body, ",\"name\":");
    json_text(&body, file->name);
    buf_add_char(&body, '}');
    bool ok = body.failed ? no_memory(err)
                          : ledger_add(store, &store->writer->ledger, "file", buf_text(&body), err);
    buf_done(&body);
    return ok;
}

static bool note_files(Store *store, const NotedFile *files, size_t count, RunResult *result,
                       Err *err)
{
    if (!writer_begin(store, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!add_file(store, &files[i], err))
            return false;
    if (!writer_commit(store, err))
        return false;
    writer_tell(store, result);
    return make_whole(store, result, err);
}

bool store_note_files(Store *store, const NotedFile *files, size_t count, RunResult *result,
                      Err *err)
{
    Err failure = {0};
    const Writer *writer = writer_of(store, err);
    if (!writer)
        return false;
    if (!writer->ended)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "the run has not come to its end");
    return note_files(store, files, count, result, &failure) || writer_break(store, &failure, err);
}
