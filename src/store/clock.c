#include "store/clock.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/extsort.h"
#include "store/content.h"
#include "store/map.h"

#define SORT_MEMORY (16u * 1024 * 1024)
#define WIDEST_NS   ((CLOCK_WIDEST_S + CLOCK_STEP_S) * NANOSECONDS_PER_SECOND)
#define NAME_MAX_   256 /* bytes of a name that count */

/* Readings of a clock are sorted by: anchor (u64, the lowest bit: of what kind), sure (u8: 0
 * assumed, 1 sure), rank of the item (u32; 0 for sure ones), time (u64, sign turned); all
 * big-endian. */
#define READING_SIZE 21
#define SIGN         UINT64_C(0x8000000000000000)

typedef enum AnchorKind { ANCHOR_PROCESS, ANCHOR_OBJECT, ANCHOR_KINDS } AnchorKind;

typedef struct Score {
    uint32_t counts[ANCHOR_KINDS][CLOCK_STEPS];
} Score;

struct Clocks {
    Store *store;
    bool any;         /* some item has such times */
    Time first, last; /* of segments with them */
    uint64_t *hosts;  /* hashes of their hosts, sorted */
    size_t host_count, host_cap;
    uint32_t *score_of; /* by rank: number of the score + 1 */
    Score *scores;
    size_t score_count;
    ExtSort *readings;
};

/* ---- hosts ---- */

static uint64_t hash_lower(Text text, uint64_t seed)
{
    char lower[NAME_MAX_];
    size_t len = text.len < sizeof lower ? text.len : sizeof lower;
    for (size_t i = 0; i < len; i++)
        lower[i] = ascii_lower(text.ptr[i]);
    return hash64(lower, len, seed + text.len);
}

static Text folder_of(Text path)
{
    size_t len = path.len;
    while (len && path.ptr[len - 1] != '/')
        len--;
    return text_of(path.ptr, len);
}

/* `host` empty: the event does not say. */
static uint64_t host_key(Text host, const StoredItem *item)
{
    if (host.len == 0)
        host = item->host;
    return host.len ? hash_lower(host, 1)
                    : hash64(folder_of(item->path).ptr, folder_of(item->path).len, 2);
}

static int by_hash(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static bool has_host(const Clocks *clocks, uint64_t key)
{
    return clocks->host_count &&
           bsearch(&key, clocks->hosts, clocks->host_count, sizeof key, by_hash);
}

static bool add_host(Clocks *clocks, uint64_t key)
{
    if (clocks->host_count == clocks->host_cap) {
        size_t cap = clocks->host_cap ? 2 * clocks->host_cap : 64;
        uint64_t *hosts = realloc(clocks->hosts, cap * sizeof *hosts);
        if (!hosts)
            return false;
        clocks->hosts = hosts;
        clocks->host_cap = cap;
    }
    clocks->hosts[clocks->host_count++] = key;
    return true;
}

static void sort_hosts(Clocks *clocks)
{
    size_t kept = 0;
    qsort(clocks->hosts, clocks->host_count, sizeof *clocks->hosts, by_hash);
    for (size_t i = 0; i < clocks->host_count; i++)
        if (i == 0 || clocks->hosts[i] != clocks->hosts[kept - 1])
            clocks->hosts[kept++] = clocks->hosts[i];
    clocks->host_count = kept;
}

/* Which items, hosts and times it is about. */
static bool survey(Clocks *clocks)
{
    const Reading *reading = &clocks->store->reading;
    clocks->score_of = calloc(reading->item_count + 1, sizeof *clocks->score_of);
    if (!clocks->score_of)
        return false;
    for (size_t i = 0; i < reading->segment_count; i++) {
        const SegmentRef *ref = &reading->segments[i];
        const Summary *summary = &ref->summary;
        if (!summary->zone_assumed || summary->first == TIME_NONE)
            continue;
        clocks->first =
            clocks->any && clocks->first < summary->first ? clocks->first : summary->first;
        clocks->last = clocks->any && clocks->last > summary->last ? clocks->last : summary->last;
        clocks->any = true;
        if (!clocks->score_of[ref->item->rank])
            clocks->score_of[ref->item->rank] = (uint32_t)++clocks->score_count;
        for (uint32_t h = 0; h < summary->count[SUMMARY_HOST]; h++)
            if (!add_host(clocks, host_key(summary_at(summary, SUMMARY_HOST, h).text, ref->item)))
                return false;
    }
    if (clocks->host_count)
        sort_hosts(clocks);
    clocks->scores = calloc(clocks->score_count + 1, sizeof *clocks->scores);
    return clocks->scores != NULL;
}

/* ---- readings, in children ---- */

static bool wants(void *ctx, uint32_t index)
{
    const Clocks *clocks = ctx;
    const SegmentRef *ref = &clocks->store->reading.segments[index];
    const Summary *summary = &ref->summary;
    if (summary->zone_assumed)
        return true;
    Time first, last;
    if (__builtin_sub_overflow(clocks->first, WIDEST_NS, &first))
        first = INT64_MIN;
    if (__builtin_add_overflow(clocks->last, WIDEST_NS, &last))
        last = INT64_MAX;
    if (summary->first == TIME_NONE || summary->last < first || summary->first > last)
        return false;
    for (uint32_t h = 0; h < summary->count[SUMMARY_HOST]; h++)
        if (has_host(clocks, host_key(summary_at(summary, SUMMARY_HOST, h).text, ref->item)))
            return true;
    return false;
}

static Text file_name(Text path)
{
    size_t at = path.len;
    while (at && path.ptr[at - 1] != '/' && path.ptr[at - 1] != '\\')
        at--;
    return at < path.len ? text_of(path.ptr + at, path.len - at) : path;
}

static void put_u64be(uint8_t *out, uint64_t v)
{
    store_u64le(out, __builtin_bswap64(v));
}

static uint64_t get_u64be(const uint8_t *p)
{
    return __builtin_bswap64(load_u64le(p));
}

static void add_reading(uint64_t seed, AnchorKind kind, Text name, const EventHead *head,
                        uint32_t rank, Buf *out)
{
    uint8_t reading[READING_SIZE];
    bool sure = head->quality != TIME_ZONE_ASSUMED;
    put_u64be(reading, (hash_lower(name, seed) & ~UINT64_C(1)) | (uint64_t)kind);
    reading[8] = sure;
    store_u32le(reading + 9, sure ? 0 : __builtin_bswap32(rank));
    put_u64be(reading + 13, (uint64_t)head->time ^ SIGN);
    buf_add(out, reading, sizeof reading);
}

static bool look(void *ctx, const ScanSegment *segment, Buf *out, Err *err)
{
    const Clocks *clocks = ctx;
    const Batch *batch = &segment->batch;
    (void)err;
    for (uint32_t row = 0; row < batch->event_count; row++) {
        EventHead head = batch_head(batch, row);
        Text action = batch_name(batch, batch_layout(batch, batch_layout_of(batch, row)).action);
        Text host = {0};
        Value value;
        bool known = head.quality == TIME_EXACT || head.quality == TIME_ZONE_INFERRED ||
                     head.quality == TIME_ZONE_ASSUMED;
        if (head.time == TIME_NONE || action.len == 0 || !known ||
            head.meaning != TIME_MEANS_LOGGED)
            continue;
        (void)scan_host(segment, row, &host);
        uint64_t key = host_key(host, segment->item);
        if (!has_host(clocks, key))
            continue;
        uint64_t seed = hash64(action.ptr, action.len, key);
        if (batch_role(batch, row, ROLE_PROCESS, &value) && value.type == VALUE_TEXT)
            add_reading(seed, ANCHOR_PROCESS, file_name(value_text(value)), &head,
                        segment->item->rank, out);
        if (batch_role(batch, row, ROLE_OBJECT, &value) && value.type == VALUE_TEXT)
            add_reading(seed, ANCHOR_OBJECT, value_text(value), &head, segment->item->rank, out);
    }
    return true;
}

static bool take(void *ctx, Span out, Err *err)
{
    const Clocks *clocks = ctx;
    for (size_t at = 0; at + READING_SIZE <= out.len; at += READING_SIZE)
        if (!extsort_add(clocks->readings, span_of(out.ptr + at, READING_SIZE), (Span){0}, err))
            return false;
    return true;
}

/* ---- comparing ---- */

/* The readings of one anchor. */
typedef struct Group {
    uint64_t anchor;
    struct {
        uint32_t rank;
        Time time;
    } * assumed;
    size_t assumed_count, assumed_cap;
    Time sure[CLOCK_OFTEN];
    size_t sure_count; /* more than CLOCK_OFTEN: too many */
} Group;

/* The step of a distance; false: none, or too far beside it. */
static bool step_of(Time sure, Time assumed, unsigned *ret)
{
    int64_t apart;
    const int64_t step = CLOCK_STEP_S * NANOSECONDS_PER_SECOND;
    if (__builtin_sub_overflow(sure, assumed, &apart) || apart > WIDEST_NS || apart < -WIDEST_NS)
        return false;
    int64_t nearest = (apart + (apart < 0 ? -step / 2 : step / 2)) / step;
    int64_t beside = apart - nearest * step;
    if (beside > CLOCK_SLACK_S * NANOSECONDS_PER_SECOND ||
        beside < -CLOCK_SLACK_S * NANOSECONDS_PER_SECOND ||
        nearest > CLOCK_WIDEST_S / CLOCK_STEP_S || nearest < -CLOCK_WIDEST_S / CLOCK_STEP_S)
        return false;
    *ret = (unsigned)(nearest + CLOCK_WIDEST_S / CLOCK_STEP_S);
    return true;
}

/* One item's readings of the anchor, [begin, end): each step counts once. */
static void count_steps(Clocks *clocks, const Group *group, size_t begin, size_t end)
{
    bool hit[CLOCK_STEPS] = {false};
    unsigned step;
    uint32_t score = clocks->score_of[group->assumed[begin].rank];
    if (score == 0 || end - begin > CLOCK_OFTEN)
        return;
    for (size_t i = begin; i < end; i++)
        for (size_t k = 0; k < group->sure_count; k++)
            if (step_of(group->sure[k], group->assumed[i].time, &step))
                hit[step] = true;
    for (step = 0; step < CLOCK_STEPS; step++)
        clocks->scores[score - 1].counts[group->anchor & 1][step] += hit[step];
}

static void end_group(Clocks *clocks, Group *group)
{
    bool usable = group->sure_count && group->sure_count <= CLOCK_OFTEN;
    for (size_t begin = 0, end; usable && begin < group->assumed_count; begin = end) {
        for (end = begin + 1; end < group->assumed_count; end++)
            if (group->assumed[end].rank != group->assumed[begin].rank)
                break;
        count_steps(clocks, group, begin, end);
    }
    group->assumed_count = group->sure_count = 0;
}

static bool add_assumed(Group *group, uint32_t rank, Time time)
{
    if (group->assumed_count == group->assumed_cap) {
        size_t cap = group->assumed_cap ? 2 * group->assumed_cap : 256;
        void *list = realloc(group->assumed, cap * sizeof *group->assumed);
        if (!list)
            return false;
        group->assumed = list;
        group->assumed_cap = cap;
    }
    group->assumed[group->assumed_count].rank = rank;
    group->assumed[group->assumed_count++].time = time;
    return true;
}

/* One item cannot fill memory with one anchor: what is too often to tell anything is only counted
 * so far. */
static bool too_often(const Group *group, uint32_t rank)
{
    size_t count = group->assumed_count;
    return count > CLOCK_OFTEN && group->assumed[count - 1 - CLOCK_OFTEN].rank == rank;
}

static bool compare(Clocks *clocks, Group *group, Err *err)
{
    Err failure = {0};
    Span key, row;
    while (extsort_next(clocks->readings, &key, &row, &failure)) {
        uint64_t anchor = get_u64be(key.ptr);
        Time time = (Time)(get_u64be(key.ptr + 13) ^ SIGN);
        uint32_t rank = __builtin_bswap32(load_u32le(key.ptr + 9));
        if (anchor != group->anchor)
            end_group(clocks, group);
        group->anchor = anchor;
        if (key.ptr[8]) {
            if (group->sure_count < CLOCK_OFTEN)
                group->sure[group->sure_count] = time;
            group->sure_count++;
        } else if (!too_often(group, rank) && !add_assumed(group, rank, time)) {
            return no_memory(err);
        }
    }
    end_group(clocks, group);
    return take_failure(err, &failure);
}

ClockShift clock_decide(const uint32_t counts[CLOCK_STEPS])
{
    unsigned best = 0;
    uint32_t next = 0;
    for (unsigned i = 1; i < CLOCK_STEPS; i++)
        if (counts[i] > counts[best])
            best = i;
    for (unsigned i = 0; i < CLOCK_STEPS; i++)
        if (i != best && counts[i] > next)
            next = counts[i];
    ClockShift ret = {.anchors = counts[best], .next = next};
    ret.found = ret.anchors >= CLOCK_ANCHORS_MIN && ret.anchors / CLOCK_LEAD >= next;
    if (ret.found)
        ret.shift_ns = ((int64_t)best - CLOCK_STEPS / 2) * CLOCK_STEP_S * NANOSECONDS_PER_SECOND;
    return ret;
}

/* ---- all of it ---- */

static bool find(Clocks *clocks, unsigned workers, Err *err)
{
    if (!reading_load(clocks->store, err))
        return false;
    if (!survey(clocks))
        return no_memory(err);
    if (!clocks->any)
        return true;
    const ScanFilter all = {.from = TIME_NONE, .to = INT64_MAX, .with_twins = true};
    ScanJob job = {.map = look, .reduce = take, .ctx = clocks};
    MapPlan plan = {.filter = &all,
                    .job = &job,
                    .workers = workers,
                    .count = clocks->store->reading.segment_count,
                    .wants = wants};
    clocks->readings = extsort_create(SORT_MEMORY, clocks->store->temporary, err);
    if (!clocks->readings || !map_run(clocks->store, &plan, NULL, err) ||
        !extsort_finish(clocks->readings, err))
        return false;
    Group group = {.anchor = 0};
    bool ok = compare(clocks, &group, err);
    free(group.assumed);
    return ok;
}

Clocks *clocks_find(Store *store, unsigned workers, Err *err)
{
    Clocks *clocks = calloc(1, sizeof *clocks);
    if (!clocks) {
        (void)no_memory(err);
        return NULL;
    }
    clocks->store = store;
    if (find(clocks, workers, err))
        return clocks;
    clocks_destroy(clocks);
    return NULL;
}

void clocks_destroy(Clocks *clocks)
{
    if (!clocks)
        return;
    extsort_destroy(clocks->readings);
    free(clocks->hosts);
    free(clocks->score_of);
    free(clocks->scores);
    free(clocks);
}

static ClockShift shift_of(const Score *score)
{
    ClockShift process = clock_decide(score->counts[ANCHOR_PROCESS]);
    ClockShift object = clock_decide(score->counts[ANCHOR_OBJECT]);
    /* Each says its own; if both are sure of something else, nothing is. */
    if (process.found && object.found && process.shift_ns != object.shift_ns)
        return (ClockShift){.found = false};
    if (object.found && process.found)
        return object.anchors > process.anchors ? object : process;
    return object.found ? object : process;
}

static bool write_shift(Store *store, const StoredItem *item, const ClockShift *shift, Err *err)
{
    uint8_t bytes[16];
    RowDigest digest;
    store_u64le(bytes, (uint64_t)shift->shift_ns);
    store_u32le(bytes + 8, shift->anchors);
    store_u32le(bytes + 12, shift->next);
    digest_derived(&store->canon, &item->id, DERIVED_CLOCK, 0, 0);
    canon_bytes(&store->canon, span_of(bytes, sizeof bytes));
    if (!canon_end_row(&store->canon, &digest))
        return digest_failed(err);
    return derived_add(store, item->number, DERIVED_CLOCK, 0, 0, span_of(bytes, sizeof bytes),
                       &digest, err);
}

bool clocks_write(Store *store, const Clocks *clocks, Err *err)
{
    if (!reading_load(store, err))
        return false;
    for (size_t i = 0; i < store->reading.item_count; i++) {
        uint32_t score = clocks->score_of[i];
        ClockShift shift = {.found = false};
        if (score)
            shift = shift_of(&clocks->scores[score - 1]);
        if (shift.found && !write_shift(store, &store->reading.items[i], &shift, err))
            return false;
    }
    return true;
}
