#include "store/host.h"

#include <stdlib.h>

#include "event/id_map.h"

#define NAMES_MAX_BYTES (256u * 1024 * 1024)

typedef struct Candidate {
    size_t start, len; /* in the names */
    uint64_t events;
} Candidate;

typedef struct Counting {
    IdMap map;
    Candidate *list;
    size_t count, cap;
    Buf names;
} Counting;

static Text name_of(const Counting *counting, const Candidate *candidate)
{
    return text_of(counting->names.ptr + candidate->start, candidate->len);
}

static bool count_host(Counting *counting, Text name, uint64_t events)
{
    uint64_t hash = hash64(name.ptr, name.len, 0);
    uint32_t found;
    for (size_t cursor = id_map_start(&counting->map, hash);
         (found = id_map_next(&counting->map, hash, &cursor)) != ID_NONE;) {
        if (text_equal(name_of(counting, &counting->list[found]), name)) {
            counting->list[found].events += events;
            return true;
        }
    }
    if (counting->count == counting->cap) {
        size_t cap = counting->cap ? 2 * counting->cap : 16;
        Candidate *list = realloc(counting->list, cap * sizeof *list);
        if (!list)
            return false;
        counting->list = list;
        counting->cap = cap;
    }
    counting->list[counting->count] =
        (Candidate){.start = counting->names.len, .len = name.len, .events = events};
    buf_add_text(&counting->names, name);
    return !counting->names.failed && id_map_add(&counting->map, hash, (uint32_t)counting->count++);
}

static bool count_summary(Counting *counting, const Summary *summary)
{
    for (uint32_t i = 0; i < summary->count[SUMMARY_HOST]; i++) {
        SummaryEntry entry = summary_at(summary, SUMMARY_HOST, i);
        if (entry.text.len && !count_host(counting, entry.text, entry.events))
            return false;
    }
    return true;
}

static bool count_all(Store *store, uint32_t number, Counting *counting, ItemHost *ret, Err *err)
{
    Err failure = {0};
    Query query = query_on(store->db, SQL_SEGMENT_OF_ITEM);
    query_u64(&query, number);
    while (query_next(&query, &failure)) {
        Summary summary;
        box_row(&store->box);
        Span bytes = open_cell(store, "segment.summary", number, query_get_u64(&query, 0),
                               query_get_u64(&query, 1), query_get_bytes(&query, 4));
        bool ok = store->box.failed ? box_error(&store->box, &failure)
                                    : summary_open(bytes, &summary, &failure);
        if (ok && !count_summary(counting, &summary))
            ok = no_memory(&failure);
        if (!ok) {
            query_end(&query);
            break;
        }
        ret->events += summary.events;
    }
    return take_failure(err, &failure);
}

static void choose(const Counting *counting, ItemHost *ret)
{
    const Candidate *best = NULL;
    for (size_t i = 0; i < counting->count; i++) {
        const Candidate *c = &counting->list[i];
        if (!best || c->events > best->events ||
            (c->events == best->events &&
             text_compare(name_of(counting, c), name_of(counting, best)) < 0))
            best = c;
    }
    if (best)
        buf_add_text(&ret->room, name_of(counting, best));
    ret->name = buf_text(&ret->room);
}

bool item_host(Store *store, uint32_t number, ItemHost *ret, Err *err)
{
    *ret = (ItemHost){.events = 0};
    buf_init(&ret->room, NAMES_MAX_BYTES);
    Counting counting = {.count = 0};
    buf_init(&counting.names, NAMES_MAX_BYTES);
    bool ok = id_map_init(&counting.map) || no_memory(err);
    ok = ok && count_all(store, number, &counting, ret, err);
    if (ok)
        choose(&counting, ret);
    if (ok && ret->room.failed)
        ok = no_memory(err);
    id_map_done(&counting.map);
    buf_done(&counting.names);
    free(counting.list);
    return ok;
}

void item_host_done(ItemHost *host)
{
    buf_done(&host->room);
}
