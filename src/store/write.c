/* Adding evidence: items, batches, defects, pieces. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "store/content.h"
#include "store/host.h"
#include "store/writer.h"

#define BODY_BYTES (1024 * 1024)

static Span digest_span(const RowDigest *digest)
{
    return span_of(digest->bytes, sizeof digest->bytes);
}

/* ---- items ---- */

ItemId item_id(const Sha256 *content, Text path)
{
    static const Sha256 UNREADABLE = {{0}};
    ItemId id = {{0}};
    Sha256 hash;
    Canon canon;
    if (!content)
        content = &UNREADABLE;
    if (canon_init(&canon)) {
        canon_raw(&canon, span_of(content->bytes, sizeof content->bytes));
        canon_raw(&canon, text_span(path));
        if (canon_end(&canon, &hash))
            memcpy(id.bytes, hash.bytes, sizeof id.bytes);
    }
    canon_done(&canon);
    return id;
}

void item_id_text(const ItemId *id, char out[ITEM_ID_TEXT])
{
    for (size_t i = 0; i < sizeof id->bytes; i++) {
        out[2 * i] = "0123456789abcdef"[id->bytes[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[id->bytes[i] & 15];
    }
}

static uint32_t find_item(const Writer *writer, const ItemId *id)
{
    uint64_t hash = hash64(id->bytes, sizeof id->bytes, 0);
    uint32_t found;
    for (size_t cursor = id_map_start(&writer->items_by_id, hash);
         (found = id_map_next(&writer->items_by_id, hash, &cursor)) != ID_NONE;)
        if (memcmp(writer->items[found].id.bytes, id->bytes, sizeof id->bytes) == 0)
            return found + 1;
    return 0;
}

static Span blocks_of(const Item *item)
{
    if (!item->hashed || !item->blocks)
        return (Span){0};
    uint64_t count = (item->size + ITEM_BLOCK_BYTES - 1) / ITEM_BLOCK_BYTES;
    return span_of(item->blocks, count * sizeof *item->blocks);
}

static bool add_item(Store *store, const Item *item, uint32_t parent, const ItemId *id,
                     uint32_t number, Err *err)
{
    RowDigest digest;
    const KnownItem *above = writer_item(store->writer, parent);
    Span sha256 = item->hashed ? span_of(item->sha256.bytes, sizeof item->sha256.bytes) : (Span){0};
    ItemRow row = {.id = *id,
                   .path = item->path,
                   .size = item->size,
                   .sha256 = sha256,
                   .blocks = blocks_of(item)};
    if (!digest_item(&store->canon, &row, above ? &above->id : NULL, &digest))
        return digest_failed(err);
    Query query = query_on(store->db, SQL_ITEM_ADD);
    box_row(&store->box);
#define CELL(name, bytes) query_bytes(&query, seal_cell(store, "item." name, number, 0, 0, bytes))
    query_u64(&query, number);
    query_u64(&query, parent);
    CELL("id", span_of(id->bytes, sizeof id->bytes));
    CELL("path", text_span(item->path));
    query_u64(&query, item->size);
    CELL("sha256", sha256);
    CELL("blocks", row.blocks);
    query_i64(&query, item->changed_ns);
    CELL("format", (Span){0});
    CELL("layout_host", (Span){0});
    CELL("host", (Span){0});
    CELL("digest", digest_span(&digest));
#undef CELL
    if (store->box.failed)
        return box_error(&store->box, err);
    return query_run(&query, err);
}

static bool item_begin(Store *store, const Item *item, uint32_t parent, uint32_t *ret_number,
                       bool *ret_known, Err *err)
{
    Writer *writer = store->writer;
    ItemId id = item_id(item->hashed ? &item->sha256 : NULL, item->path);
    uint32_t number = find_item(writer, &id);
    if (number == 0) {
        KnownItem known = {.id = id, .size = item->size, .open = true};
        if (!writer_begin(store, err))
            return false;
        number = (uint32_t)writer->item_count + 1;
        if (!add_item(store, item, parent, &id, number, err))
            return false;
        if (!writer_know(writer, &known))
            return no_memory(err);
        *ret_known = false;
    } else {
        KnownItem *known = writer_item(writer, number);
        *ret_known = known->complete || known->open;
        known->open = true;
    }
    *ret_number = number;
    return true;
}

bool store_item(Store *store, const Item *item, uint32_t parent, uint32_t *ret_number,
                bool *ret_known, Err *err)
{
    Err failure = {0};
    if (!writer_of(store, err))
        return false;
    return item_begin(store, item, parent, ret_number, ret_known, &failure) ||
           writer_break(store, &failure, err);
}

bool store_has_piece(Store *store, uint32_t item, uint64_t begin, uint64_t end)
{
    Database *db = store_database(store, NULL);
    if (!db)
        return false;
    Query query = query_on(db, SQL_PIECE_HAS);
    query_u64(&query, item);
    query_u64(&query, begin);
    query_u64(&query, end);
    bool found = query_next(&query, NULL);
    if (found)
        query_end(&query);
    return found;
}

/* ---- batches ---- */

static OpenPiece *open_piece(Writer *writer, uint32_t item, uint64_t piece)
{
    uint8_t place[12];
    store_u32le(place, item);
    store_u64le(place + 4, piece);
    uint64_t hash = hash64(place, sizeof place, 0);
    uint32_t found;
    for (size_t cursor = id_map_start(&writer->pieces_by_place, hash);
         (found = id_map_next(&writer->pieces_by_place, hash, &cursor)) != ID_NONE;)
        if (writer->pieces[found].item == item && writer->pieces[found].piece == piece)
            return &writer->pieces[found];
    if (writer->piece_count == writer->piece_cap) {
        size_t cap = writer->piece_cap ? 2 * writer->piece_cap : 256;
        OpenPiece *pieces = realloc(writer->pieces, cap * sizeof *pieces);
        if (!pieces)
            return NULL;
        writer->pieces = pieces;
        writer->piece_cap = cap;
    }
    if (writer->piece_count >= ID_NONE ||
        !id_map_add(&writer->pieces_by_place, hash, (uint32_t)writer->piece_count))
        return NULL;
    writer->pieces[writer->piece_count] = (OpenPiece){.item = item, .piece = piece};
    return &writer->pieces[writer->piece_count++];
}

static bool add_part(Store *store, uint32_t segment, SegmentPart part, Span bytes, Err *err)
{
    uint64_t number = (uint64_t)segment * PARTS_STEP + (uint64_t)part;
    box_row(&store->box);
    Span cell = seal_cell(store, "part.bytes", number, 0, 0, bytes);
    if (store->box.failed)
        return box_error(&store->box, err);
    Query query = query_on(store->db, SQL_PART_ADD);
    query_u64(&query, number);
    query_bytes(&query, cell);
    store->writer->pending_bytes += cell.len;
    return query_run(&query, err);
}

/* Pack and add the three parts; their digests, one behind the other. */
static bool add_parts(Store *store, uint32_t segment, const ItemId *id, uint64_t piece,
                      uint32_t seq, Span batch, RowDigest digests[SEGMENT_PARTS], Err *err)
{
    Writer *writer = store->writer;
    for (unsigned p = 0; p < SEGMENT_PARTS; p++)
        buf_clear(&writer->packed[p]);
    if (!segment_pack_all(writer->codec, batch, store->level, writer->packed, err))
        return false;
    for (unsigned p = 0; p < SEGMENT_PARTS; p++) {
        SegmentPart part = (SegmentPart)p;
        if (!digest_part(&store->canon, id, piece, seq, part, batch, &digests[p]))
            return digest_failed(err);
        if (!add_part(store, segment, part, buf_span(&writer->packed[p]), err))
            return false;
    }
    return true;
}

static bool add_segment(Store *store, uint32_t item, const SegmentRow *row, uint32_t segment,
                        const ItemId *id, Err *err)
{
    RowDigest digest;
    if (!digest_segment(&store->canon, id, row, &digest))
        return digest_failed(err);
    Query query = query_on(store->db, SQL_SEGMENT_ADD);
    box_row(&store->box);
#define CELL(name, bytes)                                                                          \
    query_bytes(&query, seal_cell(store, "segment." name, item, row->piece, row->seq, bytes))
    query_u64(&query, item);
    query_u64(&query, row->piece);
    query_u64(&query, row->seq);
    query_u64(&query, segment);
    query_u64(&query, row->events);
    query_i64(&query, row->first);
    query_i64(&query, row->last);
    CELL("summary", row->summary);
    CELL("parts", row->parts);
    CELL("digest", digest_span(&digest));
#undef CELL
    if (store->box.failed)
        return box_error(&store->box, err);
    return query_run(&query, err);
}

/* A worker could place events anywhere; what cites must be there. */
static bool check_offsets(const Batch *batch, uint64_t size, Err *err)
{
    for (uint32_t row = 0; row < batch->event_count; row++)
        if (load_u64le(batch->offset + 8 * (size_t)row) > size)
            return err_set(err, ERR_FORMAT, ERR_NO_OFFSET,
                           "the batch has an event beyond the item's end");
    return true;
}

static bool batch_add(Store *store, uint32_t item, uint64_t piece, const Batch *batch, Err *err)
{
    Writer *writer = store->writer;
    const KnownItem *known = writer_item(writer, item);
    if (!writer_begin(store, err))
        return false;
    OpenPiece *open = open_piece(writer, item, piece);
    if (!open || writer->next_segment == UINT32_MAX / PARTS_STEP)
        return no_memory(err);
    RowDigest digests[SEGMENT_PARTS];
    Summary summary;
    if (!summary_open(buf_span(&writer->summary), &summary, err) ||
        !add_parts(store, writer->next_segment, &known->id, piece, open->next, batch->bytes,
                   digests, err))
        return false;
    SegmentRow row = {.piece = piece,
                      .seq = open->next,
                      .events = batch->event_count,
                      .first = summary.first,
                      .last = summary.last,
                      .summary = summary.bytes,
                      .parts = span_of(digests, sizeof digests)};
    if (!add_segment(store, item, &row, writer->next_segment, &known->id, err))
        return false;
    writer->next_segment++;
    open->next++;
    return true;
}

bool store_batch(Store *store, uint32_t item, uint64_t piece, const Batch *batch, Err *err)
{
    Err failure = {0};
    Writer *writer = writer_of(store, err);
    const KnownItem *known = writer ? writer_item(writer, item) : NULL;
    if (!writer)
        return false;
    if (!known || known->complete)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "a batch for an item that is not open");
    if (!check_offsets(batch, known->size, err))
        return false;
    buf_clear(&writer->summary);
    if (!summary_write(batch, &writer->summary, err)) {
        if (err)
            err->code = ERR_FORMAT; /* an honest worker cuts its batches long before */
        return false;
    }
    if (!batch_add(store, item, piece, batch, &failure))
        return writer_break(store, &failure, err);
    return store_pulse(store, err);
}

/* ---- defects and pieces ---- */

static bool defect_add(Store *store, uint32_t item, const DefectRow *row, Err *err)
{
    Writer *writer = store->writer;
    RowDigest digest;
    const KnownItem *known = writer_item(writer, item);
    if (!known)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "a defect of an item that is not known");
    if (!writer_begin(store, err))
        return false;
    if (!digest_defect(&store->canon, &known->id, row, &digest))
        return digest_failed(err);
    uint64_t seq = writer->next_defect++;
    Query query = query_on(store->db, SQL_DEFECT_ADD);
    box_row(&store->box);
    query_u64(&query, item);
    query_u64(&query, row->piece);
    query_u64(&query, seq);
    query_u64(&query, row->kind);
    query_u64(&query, row->offset);
    query_u64(&query, row->size);
    query_bytes(&query,
                seal_cell(store, "defect.text", item, row->piece, seq, text_span(row->text)));
    query_bytes(&query,
                seal_cell(store, "defect.digest", item, row->piece, seq, digest_span(&digest)));
    if (store->box.failed)
        return box_error(&store->box, err);
    return query_run(&query, err);
}

bool store_defect(Store *store, uint32_t item, uint64_t piece, DefectKind kind, uint64_t offset,
                  uint64_t size, Text text, Err *err)
{
    Err failure = {0};
    DefectRow row = {
        .piece = piece, .kind = (unsigned)kind, .offset = offset, .size = size, .text = text};
    if (!writer_of(store, err))
        return false;
    return defect_add(store, item, &row, &failure) || writer_break(store, &failure, err);
}

static bool piece_add(Store *store, uint32_t item, uint64_t begin, uint64_t end, uint64_t events,
                      Err *err)
{
    RowDigest digest;
    const KnownItem *known = writer_item(store->writer, item);
    if (!known)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "a piece of an item that is not known");
    if (!writer_begin(store, err))
        return false;
    if (!digest_piece(&store->canon, &known->id, begin, end, events, &digest))
        return digest_failed(err);
    Query query = query_on(store->db, SQL_PIECE_ADD);
    box_row(&store->box);
    query_u64(&query, item);
    query_u64(&query, begin);
    query_u64(&query, end);
    query_u64(&query, events);
    query_bytes(&query, seal_cell(store, "piece.digest", item, begin, 0, digest_span(&digest)));
    if (store->box.failed)
        return box_error(&store->box, err);
    return query_run(&query, err);
}

bool store_piece_done(Store *store, uint32_t item, uint64_t begin, uint64_t end, uint64_t events,
                      Err *err)
{
    Err failure = {0};
    if (!writer_of(store, err))
        return false;
    if (!piece_add(store, item, begin, end, events, &failure))
        return writer_break(store, &failure, err);
    return store_pulse(store, err);
}

/* ---- the end of an item ---- */

static bool read_item(Store *store, uint32_t number, Query *query, ItemRow *ret, Err *err)
{
    *query = query_on(store->db, SQL_ITEM_ONE);
    query_u64(query, number);
    Err failure = {0};
    if (query_next(query, &failure)) {
        if (item_row(store, query, ret))
            return true;
        query_end(query);
    }
    if (failure.code)
        return take_failure(err, &failure);
    return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "case.sqlite: an item's row is damaged");
}

static bool write_end(Store *store, const ItemRow *row, const RowDigest *digest, Err *err)
{
    Query query = query_on(store->db, SQL_ITEM_END);
    box_row(&store->box);
#define CELL(name, bytes)                                                                          \
    query_bytes(&query, seal_cell(store, "item." name, row->number, 0, 0, bytes))
    query_u64(&query, row->number);
    query_u64(&query, row->state);
    CELL("format", text_span(row->format));
    CELL("layout_host", text_span(row->layout_host));
    query_u64(&query, row->layout_origin);
    CELL("host", text_span(row->host));
    query_u64(&query, row->host_origin);
    query_u64(&query, row->events);
    CELL("digest", digest_span(digest));
#undef CELL
    if (store->box.failed)
        return box_error(&store->box, err);
    return query_run(&query, err);
}

/* The row that the item has from now on, and its digest, from what was read of it. */
static bool finish_row(Store *store, uint32_t number, const ItemEnd *end, const ItemHost *host,
                       ItemRow *ret, Buf *ledger, RowDigest *ret_digest, Err *err)
{
    Query query;
    if (!read_item(store, number, &query, ret, err))
        return false;
    const KnownItem *above = writer_item(store->writer, ret->parent);
    ret->complete = true;
    ret->state = (unsigned)end->state;
    ret->format = end->format;
    ret->layout_host = end->layout_host;
    ret->layout_origin = (unsigned)end->layout_origin;
    ret->host = host->name.len ? host->name : end->layout_host;
    ret->host_origin = (unsigned)(host->name.len ? HOST_FROM_CONTENT : end->layout_origin);
    ret->events = host->events;
    bool ok = digest_item(&store->canon, ret, above ? &above->id : NULL, ret_digest);
    BUF_LITERAL(ledger, "{\"item\":");
    json_hex(ledger, span_of(ret->id.bytes, sizeof ret->id.bytes));
    BUF_LITERAL(ledger, ",\"sha256\":");
    json_hex(ledger, ret->sha256);
    BUF_LITERAL(ledger, ",\"path\":");
    json_name(ledger, ret->path);
    query_end(&query); /* path and hash are gone with it */
    ret->path = (Text){0};
    ret->sha256 = ret->blocks = ret->digest = (Span){0};
    return ok || digest_failed(err);
}

static bool item_end(Store *store, uint32_t number, const ItemEnd *end, const ItemHost *host,
                     Buf *body, Err *err)
{
    ItemRow row;
    RowDigest digest;
    Sha256 all;
    if (!finish_row(store, number, end, host, &row, body, &digest, err) ||
        !write_end(store, &row, &digest, err) || !content_item(store, number, &all, err))
        return false;
    buf_printf(body, ",\"state\":%u,\"events\":%llu,\"digest\":", row.state,
               (unsigned long long)row.events);
    json_hex(body, span_of(all.bytes, sizeof all.bytes));
    buf_add_char(body, '}');
    if (body->failed)
        return no_memory(err);
    return ledger_add(store, &store->writer->ledger, "item", buf_text(body), err);
}

static bool item_done(Store *store, uint32_t number, const ItemEnd *end, Err *err)
{
    KnownItem *known = writer_item(store->writer, number);
    if (!known || known->complete)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "the end of an item that is not open");
    if (!writer_begin(store, err))
        return false;
    ItemHost host;
    Buf body;
    buf_init(&body, BODY_BYTES);
    bool ok =
        item_host(store, number, &host, err) && item_end(store, number, end, &host, &body, err);
    buf_done(&body);
    item_host_done(&host);
    if (!ok)
        return false;
    known->complete = true;
    store->writer->items_new++;
    return true;
}

bool store_item_done(Store *store, uint32_t item, const ItemEnd *end, Err *err)
{
    Err failure = {0};
    if (!writer_of(store, err))
        return false;
    if (!item_done(store, item, end, &failure))
        return writer_break(store, &failure, err);
    return store_pulse(store, err);
}
