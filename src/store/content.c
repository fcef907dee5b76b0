#include "store/content.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "event/batch_format.h"

/* ---- rows ---- */

bool item_row(Store *store, const Query *query, ItemRow *ret)
{
    uint64_t number = query_get_u64(query, 0);
    box_row(&store->box);
#define CELL(name, column)                                                                         \
    open_cell(store, "item." name, number, 0, 0, query_get_bytes(query, column))
    Span id = CELL("id", 2);
    ItemRow row = {.number = (uint32_t)number,
                   .parent = (uint32_t)query_get_u64(query, 1),
                   .path = text_from_span(CELL("path", 3)),
                   .size = query_get_u64(query, 4),
                   .sha256 = CELL("sha256", 5),
                   .blocks = CELL("blocks", 6),
                   .changed_ns = query_get_i64(query, 7),
                   .complete = query_get_i64(query, 8) != 0,
                   .state = (unsigned)query_get_u64(query, 9),
                   .format = text_from_span(CELL("format", 10)),
                   .layout_host = text_from_span(CELL("layout_host", 11)),
                   .layout_origin = (unsigned)query_get_u64(query, 12),
                   .host = text_from_span(CELL("host", 13)),
                   .host_origin = (unsigned)query_get_u64(query, 14),
                   .events = query_get_u64(query, 15)};
    bool opened = !store->box.failed;
    row.digest = CELL("digest", 16);
    store->box.failed = !opened; /* a digest that cannot be opened is one that does not fit */
#undef CELL
    if (!opened || id.len != sizeof row.id.bytes || number > UINT32_MAX ||
        (row.sha256.len && row.sha256.len != sizeof(Sha256)))
        return false;
    memcpy(row.id.bytes, id.ptr, id.len);
    *ret = row;
    return true;
}

static void add_id(Canon *canon, const ItemId *id)
{
    canon_raw(canon, span_of(id->bytes, sizeof id->bytes));
}

bool digest_item(Canon *canon, const ItemRow *row, const ItemId *parent, RowDigest *ret)
{
    canon_begin(canon, "item");
    add_id(canon, &row->id);
    canon_bytes(canon, parent ? span_of(parent->bytes, sizeof parent->bytes) : (Span){0});
    canon_text(canon, row->path);
    canon_u64(canon, row->size);
    canon_bytes(canon, row->sha256);
    canon_bytes(canon, row->blocks);
    canon_u64(canon, row->complete);
    canon_u64(canon, row->state);
    canon_text(canon, row->format);
    canon_text(canon, row->layout_host);
    canon_u64(canon, row->layout_origin);
    canon_text(canon, row->host);
    canon_u64(canon, row->host_origin);
    canon_u64(canon, row->events);
    return canon_end_row(canon, ret);
}

bool digest_defect(Canon *canon, const ItemId *item, const DefectRow *row, RowDigest *ret)
{
    canon_begin(canon, "defect");
    add_id(canon, item);
    canon_u64(canon, row->piece);
    canon_u64(canon, row->kind);
    canon_u64(canon, row->offset);
    canon_u64(canon, row->size);
    canon_text(canon, row->text);
    return canon_end_row(canon, ret);
}

bool digest_piece(Canon *canon, const ItemId *item, uint64_t begin, uint64_t end, uint64_t events,
                  RowDigest *ret)
{
    canon_begin(canon, "piece");
    add_id(canon, item);
    canon_u64(canon, begin);
    canon_u64(canon, end);
    canon_u64(canon, events);
    return canon_end_row(canon, ret);
}

bool digest_segment(Canon *canon, const ItemId *item, const SegmentRow *row, RowDigest *ret)
{
    canon_begin(canon, "segment");
    add_id(canon, item);
    canon_u64(canon, row->piece);
    canon_u64(canon, row->seq);
    canon_u64(canon, row->events);
    canon_u64(canon, (uint64_t)row->first);
    canon_u64(canon, (uint64_t)row->last);
    canon_bytes(canon, row->summary);
    canon_bytes(canon, row->parts);
    return canon_end_row(canon, ret);
}

/* ---- parts ---- */

static void begin_part(Canon *canon, const ItemId *item, uint64_t piece, uint32_t seq,
                       SegmentPart part)
{
    canon_begin(canon, "part");
    add_id(canon, item);
    canon_u64(canon, piece);
    canon_u64(canon, seq);
    canon_u64(canon, (uint64_t)part);
}

static void add_between(Canon *canon, Span batch, uint64_t begin, uint64_t end)
{
    canon_raw(canon, span_of(batch.ptr + begin, end - begin));
}

bool digest_part(Canon *canon, const ItemId *item, uint64_t piece, uint32_t seq, SegmentPart part,
                 Span batch, RowDigest *ret)
{
    BatchCounts counts;
    BatchMap map;
    if (!batch_read_header(batch, &counts, &map))
        return false;
    begin_part(canon, item, piece, seq, part);
    const uint64_t *at = map.at;
    switch (part) {
    case SEGMENT_VALUES:
        add_between(canon, batch, at[SECTION_VALUE_TYPE], map.total);
        break;
    case SEGMENT_EVENTS:
        add_between(canon, batch, 0, at[SECTION_TWIN]); /* header too */
        add_between(canon, batch, at[SECTION_SIZE], at[SECTION_VALUE_TYPE]);
        break;
    default:
        add_between(canon, batch, at[SECTION_TWIN], at[SECTION_SIZE]);
        break;
    }
    return canon_end_row(canon, ret);
}

bool digest_values(Canon *canon, const ItemId *item, uint64_t piece, uint32_t seq, Span dictionary,
                   RowDigest *ret)
{
    return digest_part(canon, item, piece, seq, SEGMENT_VALUES, dictionary, ret);
}

bool digest_twins(Canon *canon, const ItemId *item, uint64_t piece, uint32_t seq,
                  const SegmentTwins *twins, RowDigest *ret)
{
    begin_part(canon, item, piece, seq, SEGMENT_TWINS);
    canon_raw(canon, span_of(twins->twin, 8 * (size_t)twins->events));
    canon_raw(canon, span_of(twins->payload, 8 * (size_t)twins->events));
    return canon_end_row(canon, ret);
}

void digest_derived(Canon *canon, const ItemId *item, unsigned kind, uint64_t piece, uint32_t seq)
{
    canon_begin(canon, "derived");
    add_id(canon, item);
    canon_u64(canon, kind);
    canon_u64(canon, piece);
    canon_u64(canon, seq);
}

bool derived_add(Store *store, uint32_t item, DerivedKind kind, uint64_t piece, uint32_t seq,
                 Span bytes, const RowDigest *digest, Err *err)
{
    Database *db = store_database(store, err);
    if (!db)
        return false;
    BoxPlace place = {.column = "derived.bytes", .row = {item, kind, piece, seq}};
    BoxPlace digest_place = {.column = "derived.digest", .row = {item, kind, piece, seq}};
    Query query = query_on(db, SQL_DERIVED_ADD);
    box_row(&store->box);
    query_u64(&query, item);
    query_u64(&query, kind);
    query_u64(&query, piece);
    query_u64(&query, seq);
    query_bytes(&query, box_seal(&store->box, place, bytes));
    query_bytes(&query,
                box_seal(&store->box, digest_place, span_of(digest->bytes, sizeof digest->bytes)));
    if (store->box.failed)
        return box_error(&store->box, err);
    return query_run(&query, err);
}

/* ---- an item ---- */

/* Row digests, 16 bytes each. */
static bool take_digest(Store *store, Span digest, Buf *out, Err *err)
{
    if (store->box.failed)
        return box_error(&store->box, err);
    if (digest.len != ROW_DIGEST_BYTES)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "case.sqlite: a row's digest is damaged");
    buf_add(out, digest.ptr, digest.len);
    return !out->failed || no_memory(err);
}

typedef Span (*OpenDigest)(Store *store, const Query *query, uint64_t number);

static Span item_digest(Store *store, const Query *query, uint64_t number)
{
    return open_cell(store, "item.digest", number, 0, 0, query_get_bytes(query, 16));
}

static Span defect_digest(Store *store, const Query *query, uint64_t number)
{
    return open_cell(store, "defect.digest", number, query_get_u64(query, 1),
                     query_get_u64(query, 2), query_get_bytes(query, 0));
}

static Span piece_digest(Store *store, const Query *query, uint64_t number)
{
    return open_cell(store, "piece.digest", number, query_get_u64(query, 0), 0,
                     query_get_bytes(query, 3));
}

static Span segment_digest(Store *store, const Query *query, uint64_t number)
{
    return open_cell(store, "segment.digest", number, query_get_u64(query, 0),
                     query_get_u64(query, 1), query_get_bytes(query, 5));
}

static Span derived_digest(Store *store, const Query *query, uint64_t number)
{
    BoxPlace place = {
        .column = "derived.digest",
        .row = {number, query_get_u64(query, 0), query_get_u64(query, 1), query_get_u64(query, 2)}};
    return box_open(&store->box, place, query_get_bytes(query, 3));
}

/* Append the digests of the rows that belong to an item. */
static bool collect(Store *store, Sql sql, uint32_t number, OpenDigest open, Buf *out, Err *err)
{
    Database *db = store_database(store, err);
    if (!db)
        return false;
    Err failure = {0};
    Query query = query_on(db, sql);
    query_u64(&query, number);
    while (query_next(&query, &failure)) {
        box_row(&store->box);
        if (!take_digest(store, open(store, &query, number), out, &failure)) {
            query_end(&query);
            break;
        }
    }
    return take_failure(err, &failure);
}

static int by_digest(const void *a, const void *b)
{
    return memcmp(a, b, ROW_DIGEST_BYTES);
}

bool content_item(Store *store, uint32_t number, Sha256 *ret, Err *err)
{
    Buf all;
    buf_init(&all, SIZE_MAX / 2);
    size_t ends[4] = {0};
    static const struct {
        Sql sql;
        OpenDigest open;
    } ROWS[] = {{SQL_ITEM_ONE, item_digest},
                {SQL_DEFECT_OF_ITEM, defect_digest},
                {SQL_PIECE_OF_ITEM, piece_digest},
                {SQL_SEGMENT_OF_ITEM, segment_digest}};
    bool ok = true;
    for (size_t i = 0; i < 4 && ok; i++) {
        ok = collect(store, ROWS[i].sql, number, ROWS[i].open, &all, err);
        ends[i] = all.len / ROW_DIGEST_BYTES;
    }
    if (ok) {
        /* Defects come in any order. */
        if (ends[1] > ends[0])
            qsort(all.ptr + ends[0] * ROW_DIGEST_BYTES, ends[1] - ends[0], ROW_DIGEST_BYTES,
                  by_digest);
        canon_begin(&store->canon, "constat item");
        canon_raw(&store->canon, buf_span(&all));
        for (size_t i = 0; i < 4; i++)
            canon_u64(&store->canon, ends[i]);
        ok = canon_end(&store->canon, ret) || digest_failed(err);
    }
    buf_done(&all);
    return ok;
}

/* ---- everything ---- */

static int by_id(const void *a, const void *b)
{
    const StoredItem *x = *(const StoredItem *const *)a, *y = *(const StoredItem *const *)b;
    return memcmp(x->id.bytes, y->id.bytes, sizeof x->id.bytes);
}

/* The digests of items' derived rows, those of an item in the order of kind, piece and seq. */
static bool digest_all_derived(Store *store, const StoredItem **items, size_t count, Sha256 *ret,
                               Err *err)
{
    Buf all;
    bool ok = true;
    buf_init(&all, SIZE_MAX / 2);
    for (size_t i = 0; i < count && ok; i++)
        ok = collect(store, SQL_DERIVED_OF_ITEM, items[i]->number, derived_digest, &all, err);
    if (ok) {
        canon_begin(&store->canon, "constat derived");
        canon_raw(&store->canon, buf_span(&all));
        ok = canon_end(&store->canon, ret) || digest_failed(err);
    }
    buf_done(&all);
    return ok;
}

/* Digest over the items' digests and that of all derived rows. */
static bool digest_items(Store *store, const StoredItem **items, size_t count, ContentDigest *ret,
                         Err *err)
{
    Buf all;
    bool ok = true;
    Sha256 hash;
    buf_init(&all, SIZE_MAX / 2);
    for (size_t i = 0; i < count && ok; i++) {
        ok = content_item(store, items[i]->number, &hash, err);
        buf_add(&all, hash.bytes, sizeof hash.bytes);
        ret->events += items[i]->events;
    }
    if (ok && all.failed)
        ok = no_memory(err);
    if (ok) {
        canon_begin(&store->canon, "constat content");
        canon_u64(&store->canon, count);
        canon_raw(&store->canon, buf_span(&all));
        canon_raw(&store->canon, span_of(ret->derived.bytes, sizeof ret->derived.bytes));
        ok = canon_end(&store->canon, &ret->content) || digest_failed(err);
    }
    buf_done(&all);
    return ok;
}

bool content_digest(Store *store, ContentDigest *ret, Err *err)
{
    const StoredItem *items;
    size_t count;
    if (!store_items(store, &items, &count, err))
        return false;
    CLEANUP(freep) const StoredItem **sorted = calloc(count + 1, sizeof *sorted);
    if (!sorted)
        return no_memory(err);
    for (size_t i = 0; i < count; i++)
        sorted[i] = &items[i];
    qsort(sorted, count, sizeof *sorted, by_id);
    *ret = (ContentDigest){.items = count};
    return digest_all_derived(store, sorted, count, &ret->derived, err) &&
           digest_items(store, sorted, count, ret, err);
}

bool store_content_digest(Store *store, Sha256 *ret, Err *err)
{
    ContentDigest digest;
    if (!content_digest(store, &digest, err))
        return false;
    *ret = digest.content;
    return true;
}
