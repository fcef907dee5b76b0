/* Every row of an item: is it what its digest says, and are all of them together what the ledger
 * commits? */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/twin_places.h"
#include "store/verify_inside.h"
#include "store/verify_parts.h"

#define STRAYS_MAX 10 /* told one by one */
/* Numbers of items tried beyond those that are known, when the table is torn. */
#define SALVAGE 1024

static void tell(Verify *verify, VerifyWeight weight, const char *table, Text item, uint64_t number,
                 const char *text)
{
    VerifyFinding finding = {.weight = weight,
                             .place = PLACE_TABLE,
                             .item = item,
                             .what = text_from_z(table),
                             .number = number,
                             .text = text};
    verify_tell(verify, &finding);
}

static void *grown(void *list, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return list;
    size_t larger = *cap ? 2 * *cap : 64;
    void *moved = realloc(list, larger * size);
    if (moved)
        *cap = larger;
    return moved;
}

static bool suspect(Verify *verify, const char *table, Text item, uint64_t number, Err *err)
{
    Suspect *list =
        grown(verify->suspects, verify->suspect_count, &verify->suspect_cap, sizeof *list);
    if (!list)
        return no_memory(err);
    verify->suspects = list;
    list[verify->suspect_count++] =
        (Suspect){.place = PLACE_TABLE, .what = table, .item = item, .number = number};
    return true;
}

/* ---- the rows of an item ---- */

typedef struct ItemCheck {
    Verify *verify;
    VerifiedItem *item;
    Buf digests[4]; /* item, defects, pieces, segments: computed anew */
    bool complete;
} ItemCheck;

/* `stored`: as the row has it. */
static bool take_digest(ItemCheck *check, unsigned list, const char *table, Span stored,
                        const RowDigest *computed, uint64_t number, Err *err)
{
    buf_add(&check->digests[list], computed->bytes, sizeof computed->bytes);
    if (check->digests[list].failed)
        return no_memory(err);
    if (span_equal(stored, span_of(computed->bytes, sizeof computed->bytes)))
        return true;
    return suspect(check->verify, table, check->item->path, number, err);
}

typedef bool (*TakeRow)(ItemCheck *check, const Query *query, Err *err);

/* A row that SQLite gives for this item because of where it stands, while it names another:
 * somebody who reads all rows would count it there. */
static bool is_own(const ItemCheck *check, const Query *query, int column, Err *err)
{
    return query_get_u64(query, column) == check->item->number ||
           err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "a row names another item than it stands with");
}

/* Damage of a row, or of the table, is told; false: it is none. */
static bool damage(ItemCheck *check, const char *table, const Err *failure)
{
    if (!is_damage(failure))
        return false;
    check->item->rows_read = false;
    check->verify->torn = true;
    tell(check->verify, VERIFY_ALTERED, table, check->item->path, 0, failure->text);
    return true;
}

typedef struct RowsOf {
    Sql sql;
    const char *table;
    int item_column;
    TakeRow take;
} RowsOf;

/* All rows of a table that belong to the item. Damage ends the row, or, if SQLite met it, the
 * table.
 */
static bool each_row(ItemCheck *check, const RowsOf *rows, Err *err)
{
    const char *table = rows->table;
    Verify *verify = check->verify;
    Err failure = {0};
    Query query = query_on(verify->store->db, rows->sql);
    query_u64(&query, check->item->number);
    while (query_next(&query, &failure)) {
        Err row = {0};
        box_row(&verify->store->box);
        bool ok = is_own(check, &query, rows->item_column, &row) && rows->take(check, &query, &row);
        if (!ok && !damage(check, table, &row)) {
            query_end(&query);
            return take_failure(err, &row);
        }
    }
    return failure.code == ERR_NONE || damage(check, table, &failure) ||
           take_failure(err, &failure);
}

/* The stored digest of a row, whose other cells were opened. One that cannot be opened is another
 * than it should be, and the row is judged like that. */
static Span open_digest(ItemCheck *check, BoxPlace place, Span stored)
{
    Box *box = &check->verify->store->box;
    if (box->failed)
        return (Span){0};
    Span digest = box_open(box, place, stored);
    box->failed = false;
    return digest;
}

static bool box_fine(ItemCheck *check, Err *err)
{
    return !check->verify->store->box.failed || box_error(&check->verify->store->box, err);
}

static bool take_defect(ItemCheck *check, const Query *query, Err *err)
{
    Store *store = check->verify->store;
    uint64_t item = check->item->number, piece = query_get_u64(query, 0),
             seq = query_get_u64(query, 1);
    Span text = open_cell(store, "defect.text", item, piece, seq, query_get_bytes(query, 5));
    Span stored =
        open_digest(check, (BoxPlace){.column = "defect.digest", .row = {item, piece, seq}},
                    query_get_bytes(query, 6));
    DefectRow row = {.piece = piece,
                     .kind = (unsigned)query_get_u64(query, 2),
                     .offset = query_get_u64(query, 3),
                     .size = query_get_u64(query, 4),
                     .text = text_from_span(text)};
    RowDigest digest;
    if (!box_fine(check, err))
        return false;
    return (digest_defect(&store->canon, &check->item->id, &row, &digest) || digest_failed(err)) &&
           take_digest(check, 1, "defect", stored, &digest, 0, err);
}

static bool take_piece(ItemCheck *check, const Query *query, Err *err)
{
    Store *store = check->verify->store;
    uint64_t begin = query_get_u64(query, 0);
    BoxPlace place = {.column = "piece.digest", .row = {check->item->number, begin}};
    Span stored = open_digest(check, place, query_get_bytes(query, 3));
    RowDigest digest;
    if (!box_fine(check, err))
        return false;
    return (digest_piece(&store->canon, &check->item->id, begin, query_get_u64(query, 1),
                         query_get_u64(query, 2), &digest) ||
            digest_failed(err)) &&
           take_digest(check, 2, "piece", stored, &digest, 0, err);
}

static bool note_segment(Verify *verify, uint32_t number, Err *err)
{
    uint32_t *list =
        grown(verify->segments, verify->segment_count, &verify->segment_cap, sizeof *list);
    if (!list)
        return no_memory(err);
    verify->segments = list;
    list[verify->segment_count++] = number;
    verify->result->segments++;
    return true;
}

static bool take_segment(ItemCheck *check, const Query *query, Err *err)
{
    Store *store = check->verify->store;
    uint64_t item = check->item->number;
    SegmentRow row = {.piece = query_get_u64(query, 0),
                      .seq = (uint32_t)query_get_u64(query, 1),
                      .events = (uint32_t)query_get_u64(query, 3),
                      .first = query_get_i64(query, 4),
                      .last = query_get_i64(query, 5)};
    uint32_t number = (uint32_t)query_get_u64(query, 2);
    row.summary =
        open_cell(store, "segment.summary", item, row.piece, row.seq, query_get_bytes(query, 6));
    row.parts =
        open_cell(store, "segment.parts", item, row.piece, row.seq, query_get_bytes(query, 7));
    BoxPlace digest_place = {.column = "segment.digest", .row = {item, row.piece, row.seq}};
    Span stored = open_digest(check, digest_place, query_get_bytes(query, 8));
    RowDigest digest, parts[SEGMENT_PARTS];
    if (!note_segment(check->verify, number, err) || !box_fine(check, err))
        return false;
    if (!digest_segment(&store->canon, &check->item->id, &row, &digest))
        return digest_failed(err);
    if (!take_digest(check, 3, "segment", stored, &digest, number, err))
        return false;
    bool whole = row.parts.len == sizeof parts;
    if (whole)
        memcpy(parts, row.parts.ptr, sizeof parts); /* the cell is gone when parts are opened */
    PartPlace place = {.item = &check->item->id,
                       .path = check->item->path,
                       .segment = number,
                       .piece = row.piece,
                       .seq = row.seq,
                       .expected = whole ? parts : NULL};
    return verify_parts(check->verify, &place, err);
}

/* ---- derived rows ---- */

static const ItemId *id_of_number(void *ctx, uint32_t number)
{
    const Verify *verify = ctx;
    for (size_t i = number <= verify->item_count ? number : verify->item_count; i-- > 0;)
        if (verify->items[i].number == number)
            return &verify->items[i].id;
    for (size_t i = 0; i < verify->item_count; i++)
        if (verify->items[i].number == number)
            return &verify->items[i].id;
    return NULL;
}

static bool digest_row(Verify *verify, const VerifiedItem *item, unsigned kind, uint64_t piece,
                       uint32_t seq, Span bytes, RowDigest *ret, Err *err)
{
    Canon *canon = &verify->store->canon;
    if (kind != DERIVED_TWIN_PLACES) {
        digest_derived(canon, &item->id, kind, piece, seq);
        canon_bytes(canon, bytes);
        return canon_end_row(canon, ret) || digest_failed(err);
    }
    TwinPlace *entries;
    size_t count;
    if (!places_read(bytes, piece, &entries, &count, err))
        return false;
    digest_derived(canon, &item->id, kind, piece, seq);
    places_canonical(canon, entries, count, id_of_number, verify);
    free(entries);
    return canon_end_row(canon, ret) || digest_failed(err);
}

static const char *kind_name(unsigned kind)
{
    switch (kind) {
    case DERIVED_TWIN_BITS:
        return "twins left out";
    case DERIVED_TWIN_PLACES:
        return "places of twins";
    case DERIVED_CLOCK:
        return "clock";
    default:
        return "kind that is not known";
    }
}

static bool suspect_derived(Verify *verify, unsigned kind, Text item, Err *err)
{
    Suspect *list = grown(verify->derived_suspects, verify->derived_suspect_count,
                          &verify->derived_suspect_cap, sizeof *list);
    if (!list)
        return no_memory(err);
    verify->derived_suspects = list;
    list[verify->derived_suspect_count++] =
        (Suspect){.place = PLACE_DERIVED, .what = kind_name(kind), .item = item};
    return true;
}

static bool take_derived(ItemCheck *check, const Query *query, Err *err)
{
    Verify *verify = check->verify;
    VerifiedItem *item = check->item;
    unsigned kind = (unsigned)query_get_u64(query, 0);
    uint64_t piece = query_get_u64(query, 1);
    uint32_t seq = (uint32_t)query_get_u64(query, 2);
    BoxPlace bytes_place = {.column = "derived.bytes", .row = {item->number, kind, piece, seq}};
    BoxPlace digest_place = {.column = "derived.digest", .row = {item->number, kind, piece, seq}};
    Span bytes = box_open(&verify->store->box, bytes_place, query_get_bytes(query, 3));
    Span stored = open_digest(check, digest_place, query_get_bytes(query, 4));
    if (!box_fine(check, err))
        return false;
    RowDigest *list = grown(item->derived, item->derived_count, &item->derived_cap, sizeof *list);
    if (!list)
        return no_memory(err);
    item->derived = list;
    RowDigest *digest = &list[item->derived_count++];
    *digest = (RowDigest){{0}};
    if (!digest_row(verify, item, kind, piece, seq, bytes, digest, err))
        return false;
    return span_equal(stored, span_of(digest->bytes, sizeof digest->bytes)) ||
           suspect_derived(verify, kind, item->path, err);
}

/* ---- an item ---- */

static int by_digest(const void *a, const void *b)
{
    return memcmp(a, b, ROW_DIGEST_BYTES);
}

static bool digest_all(ItemCheck *check, Err *err)
{
    Canon *canon = &check->verify->store->canon;
    uint64_t ends[4], end = 0;
    Buf *defects = &check->digests[1];
    if (defects->len)
        qsort(defects->ptr, defects->len / ROW_DIGEST_BYTES, ROW_DIGEST_BYTES, by_digest);
    canon_begin(canon, "constat item");
    for (unsigned i = 0; i < 4; i++) {
        canon_raw(canon, buf_span(&check->digests[i]));
        ends[i] = end += check->digests[i].len / ROW_DIGEST_BYTES;
    }
    for (unsigned i = 0; i < 4; i++)
        canon_u64(canon, ends[i]);
    return canon_end(canon, &check->item->digest) || digest_failed(err);
}

/* What the row itself says, kept for later. */
static bool take_item(ItemCheck *check, const ItemRow *row, Err *err)
{
    Verify *verify = check->verify;
    VerifiedItem *item = check->item;
    Text blocks;
    RowDigest digest;
    *item = (VerifiedItem){.id = row->id,
                           .number = row->number,
                           .parent = row->parent,
                           .size = row->size,
                           .hashed = row->sha256.len != 0,
                           .rows_read = true};
    if (item->hashed)
        memcpy(item->sha256.bytes, row->sha256.ptr, sizeof item->sha256.bytes);
    if (!arena_copy_text(verify->arena, row->path, &item->path) ||
        !arena_copy_text(verify->arena, text_from_span(row->blocks), &blocks))
        return no_memory(err);
    item->blocks = (Hash128 *)(uintptr_t)blocks.ptr;
    item->block_count = blocks.len / sizeof(Hash128);
    check->complete = row->complete;
    const ItemId *parent = row->parent ? id_of_number(verify, row->parent) : NULL;
    if (!digest_item(&verify->store->canon, row, parent, &digest))
        return digest_failed(err);
    return take_digest(check, 0, "item", row->digest, &digest, row->number, err);
}

static void tell_suspects(Verify *verify, VerifyWeight weight)
{
    const char *text = weight == VERIFY_FILE
                           ? "has another digest than what it says; by the ledger it is as it was"
                           : "is not what its digest says";
    for (size_t i = 0; i < verify->suspect_count; i++) {
        const Suspect *s = &verify->suspects[i];
        tell(verify, weight, s->what, s->item, s->number, text);
    }
}

/* All rows of the item against what was committed when it was complete. */
static void judge(ItemCheck *check)
{
    Verify *verify = check->verify;
    const VerifiedItem *item = check->item;
    Commitment *commitment = find_commitment(&verify->ledger, &item->id);
    if (commitment)
        commitment->met = true;
    if (commitment && commitment->sound && commitment->has_sha256) {
        /* The evidence is held against what the ledger says, whatever became of the row. */
        check->item->hashed = true;
        check->item->sha256 = commitment->sha256;
    }
    bool equal = commitment && commitment->sound &&
                 memcmp(commitment->digest.bytes, item->digest.bytes, sizeof(Sha256)) == 0;
    tell_suspects(verify, equal ? VERIFY_FILE : VERIFY_ALTERED);
    if (!check->complete) {
        if (commitment)
            tell(verify, VERIFY_ALTERED, "item", item->path, item->number,
                 "is said to be incomplete, but the ledger has it complete");
        else
            tell(verify, VERIFY_NOTE, "item", item->path, item->number,
                 "is not complete: a run did not come to its end");
        return;
    }
    if (!commitment && verify->ledger.whole)
        tell(verify, VERIFY_ALTERED, "item", item->path, item->number,
             "is not known to the ledger");
    char text[120];
    if (commitment && commitment->sound && !equal && verify->suspect_count == 0 &&
        item->rows_read) {
        int n = snprintf(text, sizeof text,
                         "its rows are not those that entry %" PRIu64
                         " of the ledger committed (some are missing, added or replaced)",
                         commitment->entry);
        tell(verify, VERIFY_ALTERED, "item", item->path, item->number,
             n > 0 ? text : "its rows are not those that were committed");
    }
}

static bool check_rows(ItemCheck *check, Err *err)
{
    static const RowsOf ROWS[] = {{SQL_DEFECT_ROWS, "defect", 7, take_defect},
                                  {SQL_PIECE_OF_ITEM, "piece", 4, take_piece},
                                  {SQL_SEGMENT_ROWS, "segment", 9, take_segment}};
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++)
        if (!each_row(check, &ROWS[i], err))
            return false;
    return digest_all(check, err);
}

/* *ret_row: there is such an item and its row can be read. */
static bool begin_item(ItemCheck *check, uint64_t number, bool *ret_row, Err *err)
{
    Verify *verify = check->verify;
    Err failure = {0};
    ItemRow row;
    *ret_row = false;
    Query query = query_on(verify->store->db, SQL_ITEM_ONE);
    query_u64(&query, number);
    if (query_next(&query, &failure)) {
        if (!item_row(verify->store, &query, &row))
            (void)err_set(&failure, ERR_FORMAT, ERR_NO_OFFSET, "the row is damaged");
        else
            *ret_row = take_item(check, &row, &failure);
        query_end(&query);
    }
    if (failure.code && !is_damage(&failure))
        return take_failure(err, &failure);
    if (failure.code && !verify->salvaging)
        tell(verify, VERIFY_ALTERED, "item", (Text){0}, number, failure.text);
    verify->torn = verify->torn || failure.code;
    return true;
}

static bool check_item(Verify *verify, uint64_t number, Err *err)
{
    VerifiedItem *items =
        grown(verify->items, verify->item_count, &verify->item_cap, sizeof *items);
    if (!items)
        return no_memory(err);
    verify->items = items;
    ItemCheck check = {.verify = verify, .item = &items[verify->item_count]};
    for (unsigned i = 0; i < 4; i++)
        buf_init(&check.digests[i], SIZE_MAX / 2);
    verify->suspect_count = 0;
    bool found, ok = begin_item(&check, number, &found, err);
    if (ok && found) {
        verify->item_count++;
        verify->result->items++;
        ok = check_rows(&check, err);
        if (ok)
            judge(&check);
    }
    for (unsigned i = 0; i < 4; i++)
        buf_done(&check.digests[i]);
    return ok && verify_progress(verify, 0, err);
}

/* Places of twins name other items, so derived rows come when all are known. */
static bool check_derived(Verify *verify, size_t index, Err *err)
{
    ItemCheck check = {.verify = verify, .item = &verify->items[index]};
    static const RowsOf ROWS = {SQL_DERIVED_ROWS, "derived", 5, take_derived};
    return each_row(&check, &ROWS, err);
}

/* ---- all items ---- */

typedef struct Numbers {
    uint64_t *list;
    size_t count, cap;
    size_t listed; /* by the table; the others are tried */
} Numbers;

static bool add_number(Numbers *numbers, uint64_t number, Err *err)
{
    uint64_t *list = grown(numbers->list, numbers->count, &numbers->cap, sizeof *list);
    if (!list)
        return no_memory(err);
    numbers->list = list;
    list[numbers->count++] = number;
    return true;
}

/* The numbers of items; where the table is torn, those that may follow are tried one by one. */
static bool find_numbers(Verify *verify, Numbers *ret, Err *err)
{
    Err failure = {0};
    uint64_t last = 0;
    Query query = query_on(verify->store->db, SQL_ITEM_NUMBERS);
    while (query_next(&query, &failure)) {
        last = query_get_u64(&query, 0);
        if (!add_number(ret, last, &failure)) {
            query_end(&query);
            break;
        }
    }
    ret->listed = ret->count;
    if (failure.code == ERR_NONE)
        return true;
    if (!is_damage(&failure))
        return take_failure(err, &failure);
    verify->torn = true;
    tell(verify, VERIFY_ALTERED, "item", (Text){0}, 0, failure.text);
    uint64_t most = verify->ledger.item_count > last ? verify->ledger.item_count : last;
    for (uint64_t number = last + 1; number <= most + SALVAGE; number++)
        if (!add_number(ret, number, err))
            return false;
    return true;
}

/* Rows that no item was asked for. */
static bool check_strays(Verify *verify, Sql sql, const char *table, Err *err)
{
    Err failure = {0};
    unsigned strays = 0;
    Query query = query_on(verify->store->db, sql);
    while (query_next(&query, &failure)) {
        uint64_t number = query_get_u64(&query, 0);
        bool known = number <= UINT32_MAX && id_of_number(verify, (uint32_t)number);
        if (!known && strays++ < STRAYS_MAX)
            tell(verify, VERIFY_ALTERED, table, (Text){0}, number,
                 "has rows of an item that does not exist");
    }
    return failure.code == ERR_NONE || is_damage(&failure) || take_failure(err, &failure);
}

static void tell_missing(Verify *verify)
{
    for (size_t i = 0; i < verify->ledger.item_count; i++) {
        const Commitment *c = &verify->ledger.items[i];
        if (!c->met && c->sound)
            tell(verify, VERIFY_ALTERED, "item", c->path, 0,
                 "is missing: the ledger has it complete");
    }
}

bool verify_rows(Verify *verify, Err *err)
{
    static const struct {
        Sql sql;
        const char *table;
    } TABLES[] = {{SQL_DEFECT_ITEMS, "defect"},
                  {SQL_PIECE_ITEMS, "piece"},
                  {SQL_SEGMENT_ITEMS, "segment"},
                  {SQL_DERIVED_ITEMS, "derived"}};
    Numbers numbers = {0};
    bool ok = find_numbers(verify, &numbers, err);
    for (size_t i = 0; i < numbers.count && ok; i++) {
        verify->salvaging = i >= numbers.listed; /* that they cannot be read was told */
        ok = check_item(verify, numbers.list[i], err);
    }
    free(numbers.list);
    for (size_t i = 0; i < verify->item_count && ok; i++)
        ok = check_derived(verify, i, err);
    if (!ok)
        return false;
    tell_missing(verify);
    if (verify->torn) /* whose the others are cannot be said */
        return true;
    for (size_t i = 0; i < sizeof TABLES / sizeof TABLES[0]; i++)
        if (!check_strays(verify, TABLES[i].sql, TABLES[i].table, err))
            return false;
    return verify_stray_parts(verify, err);
}
