#include "report/twin_filter.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/extsort.h"

/* Members are sorted by: twin, payload (big-endian u64 each), time of writing (u64; unknown is the
 * highest, so it comes last), class (u8), then the row's place without its time: item, offset, sub
 * (u32, u64, u32). The time is the row. */
#define GROUP_SIZE      16
#define WRITTEN_SIZE    8
#define WRITTEN_UNKNOWN UINT64_MAX
#define PLACE_AT        (GROUP_SIZE + WRITTEN_SIZE + 1)
#define MEMBER_SIZE     (PLACE_AT + 16)
#define TIME_SIZE       8

/* Decisions are sorted by row key. An empty row says: drop. Otherwise: a place that was dropped
 * for this row, item and offset (u32, u64). */
#define PLACE_SIZE 12

struct TwinFilter {
    ExtSort *members, *decisions;
    size_t memory_bytes;
    const char *folder;
    bool pending;            /* a decision was read and not yet used */
    Span next_key, next_row; /* it */
    uint64_t dropped, spilled;
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

#define SIGN UINT64_C(0x8000000000000000) /* turned, signed times sort as unsigned */

RowKey row_key(const RowPlace *place)
{
    RowKey key;
    put_u64be(key.bytes, (uint64_t)place->time ^ SIGN);
    put_u32be(key.bytes + 8, place->item);
    put_u64be(key.bytes + 12, place->offset);
    put_u32be(key.bytes + 20, place->sub);
    return key;
}

RowPlace row_place(const RowKey *key)
{
    return (RowPlace){.time = (Time)(get_u64be(key->bytes) ^ SIGN),
                      .item = get_u32be(key->bytes + 8),
                      .offset = get_u64be(key->bytes + 12),
                      .sub = get_u32be(key->bytes + 20)};
}

static void renumber(uint8_t *item, const uint32_t *new_item)
{
    put_u32be(item, new_item[get_u32be(item)]);
}

void row_key_renumber(uint8_t *key, const uint32_t *new_item)
{
    renumber(key + 8, new_item);
}

TwinFilter *twin_filter_create(size_t memory_bytes, const char *folder, Err *err)
{
    TwinFilter *filter = calloc(1, sizeof *filter);
    if (!filter) {
        (void)err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for twins");
        return NULL;
    }
    filter->memory_bytes = memory_bytes;
    filter->folder = folder;
    filter->members = extsort_create(memory_bytes / 2, folder, err);
    if (!filter->members) {
        twin_filter_destroy(filter);
        return NULL;
    }
    return filter;
}

void twin_filter_destroy(TwinFilter *filter)
{
    if (!filter)
        return;
    extsort_destroy(filter->members);
    extsort_destroy(filter->decisions);
    free(filter);
}

bool twin_filter_add(TwinFilter *filter, const RowPlace *place, const RowHead *head, Err *err)
{
    if (head->twin == 0)
        return true;
    uint8_t member[MEMBER_SIZE], time[TIME_SIZE];
    put_u64be(member, head->twin);
    put_u64be(member + 8, head->payload);
    put_u64be(member + GROUP_SIZE, head->written ? head->written : WRITTEN_UNKNOWN);
    member[PLACE_AT - 1] = (uint8_t)head->class;
    put_u32be(member + PLACE_AT, place->item);
    put_u64be(member + PLACE_AT + 4, place->offset);
    put_u32be(member + PLACE_AT + 12, place->sub);
    put_u64be(time, (uint64_t)place->time);
    return extsort_add(filter->members, span_of(member, sizeof member), span_of(time, sizeof time),
                       err);
}

static void renumber_member(void *new_item, uint8_t *key, size_t len)
{
    (void)len;
    renumber(key + PLACE_AT, new_item);
}

bool twin_filter_renumber(TwinFilter *filter, const uint32_t *new_item, Err *err)
{
    CLEANUP(extsort_destroyp) ExtSort *old = filter->members;
    filter->members = extsort_create(filter->memory_bytes / 2, filter->folder, err);
    return filter->members &&
           extsort_move(old, filter->members, renumber_member, (void *)(uintptr_t)new_item, err);
}

typedef struct Member {
    uint8_t group[GROUP_SIZE];
    uint64_t written;
    RowPlace place;
} Member;

static bool next_member(TwinFilter *filter, Member *ret, Err *err)
{
    Span key, row;
    if (!extsort_next(filter->members, &key, &row, err))
        return false;
    memcpy(ret->group, key.ptr, GROUP_SIZE);
    ret->written = get_u64be(key.ptr + GROUP_SIZE);
    ret->place = (RowPlace){.time = (Time)get_u64be(row.ptr),
                            .item = get_u32be(key.ptr + PLACE_AT),
                            .offset = get_u64be(key.ptr + PLACE_AT + 4),
                            .sub = get_u32be(key.ptr + PLACE_AT + 12)};
    return true;
}

/* `dropped` goes, and is told with `kept`. */
static bool decide(TwinFilter *filter, const RowPlace *kept, const RowPlace *dropped, Err *err)
{
    uint8_t place[PLACE_SIZE];
    put_u32be(place, dropped->item);
    put_u64be(place + 4, dropped->offset);
    RowKey kept_key = row_key(kept), dropped_key = row_key(dropped);
    filter->dropped++;
    return extsort_add(filter->decisions, span_of(dropped_key.bytes, ROW_KEY_SIZE), (Span){0},
                       err) &&
           extsort_add(filter->decisions, span_of(kept_key.bytes, ROW_KEY_SIZE),
                       span_of(place, sizeof place), err);
}

static bool decide_all(TwinFilter *filter, Err *err)
{
    Member first = {0}, kept = {0}, member; /* of the twin id and payload; of the time of writing */
    bool any = false;
    Err failure = {0};
    while (next_member(filter, &member, &failure)) {
        bool same = any && memcmp(member.group, first.group, GROUP_SIZE) == 0;
        if (!same)
            first = member;
        const Member *to = member.written == WRITTEN_UNKNOWN ? &first : &kept;
        if (!same || (to == &kept && member.written != kept.written)) {
            kept = member;
            any = true;
            continue;
        }
        bool same_place =
            member.place.item == to->place.item && member.place.offset == to->place.offset;
        if (!same_place && !decide(filter, &to->place, &member.place, err))
            return false;
    }
    if (failure.code && err)
        *err = failure;
    return failure.code == ERR_NONE;
}

static bool read_decision(TwinFilter *filter, Err *err)
{
    Err failure = {0};
    filter->pending =
        extsort_next(filter->decisions, &filter->next_key, &filter->next_row, &failure);
    if (failure.code && err)
        *err = failure;
    return failure.code == ERR_NONE;
}

bool twin_filter_finish(TwinFilter *filter, Err *err)
{
    filter->decisions = extsort_create(filter->memory_bytes / 2, filter->folder, err);
    if (!filter->decisions || !extsort_finish(filter->members, err) || !decide_all(filter, err))
        return false;
    filter->spilled = extsort_stats(filter->members).spilled_bytes +
                      extsort_stats(filter->decisions).spilled_bytes;
    extsort_destroy(filter->members);
    filter->members = NULL;
    return extsort_finish(filter->decisions, err) && read_decision(filter, err);
}

/* Does the pending decision concern this row? Those of rows before it are passed over. */
static bool concerns(TwinFilter *filter, const RowKey *key, bool *ret, Err *err)
{
    for (*ret = false; filter->pending;) {
        int order = memcmp(filter->next_key.ptr, key->bytes, ROW_KEY_SIZE);
        if (order >= 0) {
            *ret = order == 0;
            return true;
        }
        if (!read_decision(filter, err))
            return false;
    }
    return true;
}

bool twin_filter_verdict(TwinFilter *filter, const RowKey *key, TwinVerdict *ret, Err *err)
{
    bool here;
    if (!concerns(filter, key, &here, err))
        return false;
    *ret = here && filter->next_row.len == 0 ? TWIN_DROP : TWIN_KEEP;
    return *ret == TWIN_KEEP || read_decision(filter, err);
}

bool twin_filter_place(TwinFilter *filter, const RowKey *key, uint32_t *ret_item,
                       uint64_t *ret_offset, Err *err)
{
    bool here;
    if (!concerns(filter, key, &here, err) || !here || filter->next_row.len != PLACE_SIZE)
        return false;
    *ret_item = get_u32be(filter->next_row.ptr);
    *ret_offset = get_u64be(filter->next_row.ptr + 4);
    return read_decision(filter, err);
}

uint64_t twin_filter_dropped(const TwinFilter *filter)
{
    return filter->dropped;
}

uint64_t twin_filter_spilled(const TwinFilter *filter)
{
    return filter->spilled;
}
