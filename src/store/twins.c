#include "store/twins.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/extsort.h"
#include "store/content.h"
#include "store/map.h"
#include "store/twin_candidates.h"
#include "store/twin_places.h"

#define MEMBER_MEMORY (24u * 1024 * 1024)
#define PLACE_MEMORY  (16u * 1024 * 1024)

/* Members are sorted by: twin, payload (big-endian u64 each), time of writing (u64; unknown is the
 * highest, so it comes last), class (u8), rank of the item, offset, sub (u32, u64, u32). The row:
 * segment (index in the reading), row in it (u32 each). */
#define GROUP_SIZE      16
#define WRITTEN_UNKNOWN UINT64_MAX
#define CLASS_AT        24
#define PLACE_AT        25
#define MEMBER_SIZE     (PLACE_AT + 16)
#define MEMBER_ROW      8

struct Twins {
    Store *store;
    RowBits candidates, left_out;
    ExtSort *members, *places;
};

static void put_u64be(uint8_t *out, uint64_t v)
{
    store_u64le(out, __builtin_bswap64(v));
}

static void put_u32be(uint8_t *out, uint32_t v)
{
    store_u32le(out, __builtin_bswap32(v));
}

static uint64_t get_u64be(const uint8_t *p)
{
    return __builtin_bswap64(load_u64le(p));
}

static uint32_t get_u32be(const uint8_t *p)
{
    return __builtin_bswap32(load_u32le(p));
}

/* ---- members, in children ---- */

/* Only a segment with a candidate is worth unpacking. */
static bool members_wants(void *ctx, uint32_t index)
{
    const Twins *twins = ctx;
    return twins->candidates.list[index] != NULL;
}

static uint64_t written_at(const Batch *batch, uint32_t row)
{
    Value value;
    if (!batch_field(batch, row, TEXT("System.TimeWritten"), &value) ||
        value.type != VALUE_FILETIME || value_u64(value) == 0)
        return WRITTEN_UNKNOWN;
    return value_u64(value);
}

static void add_member(const Twins *twins, const ScanSegment *segment, uint32_t row, Buf *out)
{
    uint8_t member[MEMBER_SIZE + MEMBER_ROW];
    size_t index = (size_t)(segment->ref - twins->store->reading.segments);
    if (!row_bits_has(&twins->candidates, index, row))
        return;
    EventHead head = batch_head(&segment->batch, row);
    put_u64be(member, head.twin);
    put_u64be(member + 8, batch_payload(&segment->batch, row));
    put_u64be(member + GROUP_SIZE, written_at(&segment->batch, row));
    member[CLASS_AT] = (uint8_t)head.class;
    put_u32be(member + PLACE_AT, segment->item->rank);
    put_u64be(member + PLACE_AT + 4, head.offset);
    put_u32be(member + PLACE_AT + 12, head.sub);
    store_u32le(member + MEMBER_SIZE, (uint32_t)index);
    store_u32le(member + MEMBER_SIZE + 4, row);
    buf_add(out, member, sizeof member);
}

static bool members_map(void *ctx, const ScanSegment *segment, Buf *out, Err *err)
{
    (void)err;
    for (uint32_t row = 0; row < segment->batch.event_count; row++)
        add_member(ctx, segment, row, out);
    return true;
}

static bool members_reduce(void *ctx, Span out, Err *err)
{
    Twins *twins = ctx;
    for (size_t at = 0; at + MEMBER_SIZE + MEMBER_ROW <= out.len; at += MEMBER_SIZE + MEMBER_ROW)
        if (!extsort_add(twins->members, span_of(out.ptr + at, MEMBER_SIZE),
                         span_of(out.ptr + at + MEMBER_SIZE, MEMBER_ROW), err))
            return false;
    return true;
}

static bool gather(Twins *twins, unsigned workers, Err *err)
{
    const ScanFilter all = {.from = TIME_NONE, .to = INT64_MAX, .with_twins = true};
    ScanJob job = {.map = members_map, .reduce = members_reduce, .ctx = twins};
    MapPlan plan = {.filter = &all,
                    .job = &job,
                    .workers = workers,
                    .twin_columns = true,
                    .count = twins->store->reading.segment_count,
                    .wants = members_wants};
    twins->members = extsort_create(MEMBER_MEMORY, twins->store->temporary, err);
    if (!twins->members || twins->candidates.set == 0)
        return twins->members != NULL;
    return map_run(twins->store, &plan, NULL, err);
}

/* ---- deciding ---- */

typedef struct Member {
    uint8_t group[GROUP_SIZE];
    uint64_t written;
    uint32_t rank, sub;
    uint64_t offset;
    uint32_t segment, row;
} Member;

static bool next_member(Twins *twins, Member *ret, Err *err)
{
    Span key, row;
    if (!extsort_next(twins->members, &key, &row, err))
        return false;
    memcpy(ret->group, key.ptr, GROUP_SIZE);
    ret->written = get_u64be(key.ptr + GROUP_SIZE);
    ret->rank = get_u32be(key.ptr + PLACE_AT);
    ret->offset = get_u64be(key.ptr + PLACE_AT + 4);
    ret->sub = get_u32be(key.ptr + PLACE_AT + 12);
    ret->segment = load_u32le(row.ptr);
    ret->row = load_u32le(row.ptr + 4);
    return true;
}

/* `dropped` goes, and is told with `kept`. Places are sorted by: number of the kept item, offset,
 * sub; rank of the other, offset, sub. The row: number of the other. */
static bool decide(Twins *twins, const Member *kept, const Member *dropped, Err *err)
{
    uint8_t key[32], row[4];
    const StoredItem *items = twins->store->reading.items;
    put_u32be(key, items[kept->rank].number);
    put_u64be(key + 4, kept->offset);
    put_u32be(key + 12, kept->sub);
    put_u32be(key + 16, dropped->rank);
    put_u64be(key + 20, dropped->offset);
    put_u32be(key + 28, dropped->sub);
    store_u32le(row, items[dropped->rank].number);
    const SegmentRef *ref = &twins->store->reading.segments[dropped->segment];
    if (!row_bits_set(&twins->left_out, ref, dropped->segment, dropped->row))
        return no_memory(err);
    return extsort_add(twins->places, span_of(key, sizeof key), span_of(row, sizeof row), err);
}

static bool decide_all(Twins *twins, Err *err)
{
    Member first = {0}, kept = {0}, member; /* of the key and payload; of the time of writing */
    bool any = false;
    Err failure = {0};
    while (next_member(twins, &member, &failure)) {
        bool same = any && memcmp(member.group, first.group, GROUP_SIZE) == 0;
        if (!same)
            first = member;
        const Member *to = member.written == WRITTEN_UNKNOWN ? &first : &kept;
        if (!same || (to == &kept && member.written != kept.written)) {
            kept = member;
            any = true;
            continue;
        }
        bool same_place = member.rank == to->rank && member.offset == to->offset;
        if (!same_place && !decide(twins, to, &member, err))
            return false;
    }
    return take_failure(err, &failure);
}

/* ---- all of it ---- */

static bool find(Twins *twins, unsigned workers, Err *err)
{
    Store *store = twins->store;
    if (!reading_load(store, err))
        return false;
    if (!row_bits_init(&twins->candidates, store->reading.segment_count) ||
        !row_bits_init(&twins->left_out, store->reading.segment_count))
        return no_memory(err);
    if (!twin_candidates(store, &twins->candidates, err) || !gather(twins, workers, err))
        return false;
    twins->places = extsort_create(PLACE_MEMORY, store->temporary, err);
    if (!twins->places || !extsort_finish(twins->members, err) || !decide_all(twins, err))
        return false;
    extsort_destroy(twins->members);
    twins->members = NULL;
    return extsort_finish(twins->places, err);
}

Twins *twins_find(Store *store, unsigned workers, Err *err)
{
    Twins *twins = calloc(1, sizeof *twins);
    if (!twins) {
        (void)no_memory(err);
        return NULL;
    }
    twins->store = store;
    if (find(twins, workers, err))
        return twins;
    twins_destroy(twins);
    return NULL;
}

void twins_destroy(Twins *twins)
{
    if (!twins)
        return;
    row_bits_done(&twins->candidates);
    row_bits_done(&twins->left_out);
    extsort_destroy(twins->members);
    extsort_destroy(twins->places);
    free(twins);
}

static bool write_bits(Store *store, const SegmentRef *ref, const uint8_t *bits, Err *err)
{
    RowDigest digest;
    Span bytes = span_of(bits, ((size_t)ref->events + 7) / 8);
    digest_derived(&store->canon, &ref->item->id, DERIVED_TWIN_BITS, ref->piece, ref->seq);
    canon_bytes(&store->canon, bytes);
    if (!canon_end_row(&store->canon, &digest))
        return digest_failed(err);
    return derived_add(store, ref->item->number, DERIVED_TWIN_BITS, ref->piece, ref->seq, bytes,
                       &digest, err);
}

static bool write_places(Twins *twins, PlaceWriter *writer, Err *err)
{
    Err failure = {0};
    Span key, row;
    while (extsort_next(twins->places, &key, &row, &failure)) {
        TwinPlace place = {.kept_offset = get_u64be(key.ptr + 4),
                           .kept_sub = get_u32be(key.ptr + 12),
                           .item = load_u32le(row.ptr),
                           .offset = get_u64be(key.ptr + 20),
                           .sub = get_u32be(key.ptr + 28)};
        if (!place_writer_add(writer, get_u32be(key.ptr), &place, err))
            return false;
    }
    return take_failure(err, &failure) && place_writer_end(writer, err);
}

bool twins_write(Store *store, Twins *twins, uint64_t *ret_count, Err *err)
{
    if (!reading_load(store, err))
        return false;
    assert(store->reading.segment_count == twins->left_out.count);
    for (size_t i = 0; i < twins->left_out.count; i++)
        if (twins->left_out.list[i] &&
            !write_bits(store, &store->reading.segments[i], twins->left_out.list[i], err))
            return false;
    PlaceWriter writer;
    place_writer_init(&writer, store);
    bool ok = write_places(twins, &writer, err);
    place_writer_done(&writer);
    *ret_count = twins->left_out.set;
    return ok;
}
