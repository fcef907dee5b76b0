#include "store/writer.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COMMIT_BYTES (UINT64_C(32) << 20)
#define COMMIT_NS    NANOSECONDS_PER_SECOND
#define PACKED_MAX   (BATCH_BYTES_MAX + (UINT32_C(1) << 20))

static int64_t monotonic_ns(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        return 0;
    return (int64_t)now.tv_sec * NANOSECONDS_PER_SECOND + now.tv_nsec;
}

Writer *writer_create(void)
{
    Writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        return NULL;
    for (unsigned i = 0; i < SEGMENT_PARTS; i++)
        buf_init(&writer->packed[i], PACKED_MAX);
    buf_init(&writer->summary, PACKED_MAX);
    writer->codec = segment_codec_create();
    bool ok = id_map_init(&writer->items_by_id);
    ok = id_map_init(&writer->pieces_by_place) && ok;
    if (ok && writer->codec)
        return writer;
    writer_destroy(writer);
    return NULL;
}

void writer_destroy(Writer *writer)
{
    if (!writer)
        return;
    for (unsigned i = 0; i < SEGMENT_PARTS; i++)
        buf_done(&writer->packed[i]);
    buf_done(&writer->summary);
    analysis_writer_destroy(writer->analysis);
    segment_codec_destroy(writer->codec);
    id_map_done(&writer->items_by_id);
    id_map_done(&writer->pieces_by_place);
    free(writer->items);
    free(writer->pieces);
    free(writer);
}

/* ---- items ---- */

static uint64_t hash_id(const ItemId *id)
{
    return hash64(id->bytes, sizeof id->bytes, 0);
}

KnownItem *writer_item(const Writer *writer, uint64_t number)
{
    return number >= 1 && number <= writer->item_count ? &writer->items[number - 1] : NULL;
}

bool writer_know(Writer *writer, const KnownItem *item)
{
    if (writer->item_count == writer->item_cap) {
        size_t cap = writer->item_cap ? 2 * writer->item_cap : 256;
        KnownItem *items = realloc(writer->items, cap * sizeof *items);
        if (!items)
            return false;
        writer->items = items;
        writer->item_cap = cap;
    }
    if (writer->item_count >= UINT32_MAX - 1 ||
        !id_map_add(&writer->items_by_id, hash_id(&item->id), (uint32_t)writer->item_count))
        return false;
    writer->items[writer->item_count++] = *item;
    return true;
}

/* ---- failures ---- */

Writer *writer_of(Store *store, Err *err)
{
    if (!store->writer)
        (void)err_set(err, ERR_USAGE, ERR_NO_OFFSET, "the case is not being written");
    else if (take_failure(err, &store->writer->broken))
        return store->writer;
    return NULL;
}

bool writer_break(Store *store, const Err *failure, Err *err)
{
    if (store->writer->broken.code == ERR_NONE)
        store->writer->broken = *failure;
    return take_failure(err, failure);
}

/* ---- transactions ---- */

bool writer_begin(Store *store, Err *err)
{
    Database *db = store_database(store, err);
    if (!db)
        return false;
    if (database_in_transaction(db))
        return true;
    store->writer->began_ns = monotonic_ns();
    store->writer->pending_bytes = 0;
    return database_run(db, SQL_BEGIN, err);
}

bool writer_commit(Store *store, Err *err)
{
    Database *db = store_database(store, err);
    if (!db)
        return false;
    if (!database_in_transaction(db))
        return true;
    reading_forget(store); /* it may have been loaded since writer_begin */
    return ledger_sign(store, &store->writer->ledger, err) && database_run(db, SQL_COMMIT, err);
}

void writer_tell(const Store *store, RunResult *ret)
{
    ret->ledger = store->writer->ledger.hash;
    ret->ledger_entries = store->writer->ledger.number;
    ret->is_signed = store->signing != NULL;
    if (store->signing)
        memcpy(ret->public_key, signing_key_public(store->signing), sizeof ret->public_key);
}

bool store_commit(Store *store, Err *err)
{
    Err failure = {0};
    if (!writer_of(store, err))
        return false;
    return writer_commit(store, &failure) || writer_break(store, &failure, err);
}

bool store_refresh(Store *store, Err *err)
{
    if (!store->writer || store->writer->ended)
        return true;
    if (!store_commit(store, err))
        return false;
    reading_forget(store);
    return true;
}

bool store_pulse(Store *store, Err *err)
{
    const Writer *writer = writer_of(store, err);
    if (!writer)
        return false;
    Database *db = store->db;
    if (!db || !database_in_transaction(db))
        return true;
    if (writer->pending_bytes < COMMIT_BYTES && monotonic_ns() - writer->began_ns < COMMIT_NS)
        return true;
    return store_commit(store, err);
}
