#include "report/search.h"

#include <stdlib.h>

#include "report/timeline_fill.h"
#include "report/timeline_row.h"
#include "store/query_match.h"

#define LINE_MAX_SIZE (256u * 1024 * 1024)

typedef struct Search {
    Store *store;
    const Schema *schema;
    const SearchPage *page;
    /* child */
    QueryMatcher *matcher;
    RowWriter *writer;
    uint32_t segment; /* that both are at */
    bool at_segment;
    /* caller */
    const SearchCalls *calls;
    SearchStats *stats;
    const StoredItem *items; /* by rank */
    size_t item_count;
    ItemText *texts;
    Buf line, twins;
    uint32_t twin_count;
    bool failed; /* no memory for twins */
} Search;

static bool no_memory(Err *err)
{
    return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the rows of a case");
}

/* ---- child ---- */

static bool wants_summary(void *ctx, const StoredItem *item, const Summary *summary)
{
    const Search *search = ctx;
    return query_wants_segment(search->page->query, summary, item->path, item->host);
}

static bool wants_values(void *ctx, const Batch *dictionary)
{
    const Search *search = ctx;
    return query_matcher_values(search->matcher, dictionary);
}

static bool begin(void *ctx, Err *err)
{
    Search *search = ctx;
    const Query *query = search->page->query;
    search->matcher = query ? query_matcher_create(query) : NULL;
    search->writer = row_writer_create(search->page->format, search->schema);
    return (search->writer && (search->matcher || !query)) || no_memory(err);
}

static bool begin_segment(Search *search, const ScanSegment *segment, Err *err)
{
    if (search->at_segment && search->segment == segment->segment)
        return true;
    search->at_segment = true;
    search->segment = segment->segment;
    if (search->matcher)
        query_matcher_events(search->matcher, &segment->batch, segment->item->path,
                             segment->item->host);
    RowItem item = {.format = segment->item->format, .host = segment->item->host};
    return row_writer_begin(search->writer, &segment->batch, &item) || no_memory(err);
}

/* The line, or nothing if it would be too large. */
static bool project(void *ctx, const ScanSegment *segment, uint32_t row, Buf *out, Err *err)
{
    Search *search = ctx;
    if (!begin_segment(search, segment, err))
        return false;
    EventHead head = scan_head(segment, row);
    if (search->matcher && !query_matcher_row(search->matcher, row, &head))
        return query_matcher_failed(search->matcher) ? no_memory(err) : false;
    (void)row_writer_line(search->writer, row, &head, out);
    return true;
}

/* ---- caller ---- */

static const ItemText *item_text(Search *search, uint32_t rank)
{
    if (rank >= search->item_count)
        return NULL;
    const StoredItem *item = &search->items[rank];
    bool ok = item_text_make(&search->texts[rank], search->page->format, item->path,
                             item->hashed ? &item->sha256 : NULL);
    return ok ? &search->texts[rank] : NULL;
}

static void add_twin(void *ctx, const ScanPlace *twin)
{
    Search *search = ctx;
    const ItemText *text = item_text(search, twin->rank);
    if (text)
        timeline_add_twin(&search->twins, text, twin->offset, search->twin_count++);
    else
        search->failed = true;
}

static bool list_twins(Search *search, const ScanPlace *place, Err *err)
{
    buf_clear(&search->twins);
    search->twin_count = 0;
    if (!(search->page->format->gaps & 1u << GAP_TWINS))
        return true;
    if (!store_twins(search->store, place, add_twin, search, err))
        return false;
    timeline_end_twins(&search->twins, search->twin_count);
    return (!search->failed && !search->twins.failed) || no_memory(err);
}

/* {"id":"…", in place of the line's first brace */
static void add_id(Search *search, Text *line)
{
    char id[EVENT_ID_ROOM];
    if (!search->page->with_ids || !search->page->format->is_json)
        return;
    BUF_LITERAL(&search->line, "{\"id\":\"");
    buf_add(&search->line, id, event_id_write(&search->stats->last, id));
    BUF_LITERAL(&search->line, "\",");
    *line = text_of(line->ptr + 1, line->len - 1);
}

static bool each(void *ctx, const ScanKey *key, Span projected, Err *err)
{
    Search *search = ctx;
    SearchStats *stats = search->stats;
    ScanPlace place = scan_place(key);
    Text line = text_from_span(projected);
    if (search->page->limit && stats->rows + stats->too_large == search->page->limit) {
        stats->more = true; /* one more was asked for, to know */
        return true;
    }
    const ItemText *item = item_text(search, place.rank);
    if (!item)
        return no_memory(err);
    stats->last =
        (EventId){.item = search->items[place.rank].id, .offset = place.offset, .sub = place.sub};
    if (line.len == 0) {
        stats->too_large++;
        return true;
    }
    const char *fault = timeline_line_fault(line, search->page->format);
    if (fault)
        return err_set(err, ERR_SANDBOX, ERR_NO_OFFSET, "a process that reads the case sent %s",
                       fault);
    if (!list_twins(search, &place, err))
        return false;
    buf_clear(&search->line);
    add_id(search, &line);
    timeline_fill(&search->line, search->page->format, line, item, buf_text(&search->twins));
    if (search->line.failed)
        return no_memory(err);
    stats->rows++;
    return search->calls->row(search->calls->ctx, buf_text(&search->line), err);
}

static bool progress(void *ctx, uint64_t done, uint64_t segments)
{
    const Search *search = ctx;
    return !search->calls->progress || search->calls->progress(search->calls->ctx, done, segments);
}

static bool find_after(Store *store, Text text, ScanKey *ret, Err *err)
{
    EventId id;
    ScanPlace place;
    if (!event_id_parse(text, &id))
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "\"%s\" is not the id of an event",
                       quote(text.ptr, text.len).str);
    if (!store_event_place(store, &id, &place, err))
        return false;
    *ret = scan_key(&place);
    return true;
}

static bool run(Search *search, Err *err)
{
    const SearchPage *page = search->page;
    ScanKey after;
    if (page->after.len && !find_after(search->store, page->after, &after, err))
        return false;
    ScanOrder order = {.wants_summary = page->query ? wants_summary : NULL,
                       .wants_values = page->query ? wants_values : NULL,
                       .begin = begin,
                       .project = project,
                       .each = each,
                       .progress = progress,
                       .after = page->after.len ? &after : NULL,
                       .limit = page->limit ? page->limit + 1 : 0,
                       .memory_bytes = page->memory_bytes,
                       .folder = page->folder,
                       .ctx = search};
    return store_scan(search->store, &page->filter, &order, page->workers, &search->stats->scan,
                      err);
}

bool search(Store *store, const Schema *schema, const SearchPage *page, const SearchCalls *calls,
            SearchStats *ret, Err *err)
{
    *ret = (SearchStats){0};
    Search search = {.store = store, .schema = schema, .page = page, .calls = calls, .stats = ret};
    if (!store_items(store, &search.items, &search.item_count, err))
        return false;
    search.texts = calloc(search.item_count + 1, sizeof *search.texts);
    buf_init(&search.line, LINE_MAX_SIZE);
    buf_init(&search.twins, LINE_MAX_SIZE);
    bool ok = search.texts ? run(&search, err) : no_memory(err);
    for (size_t i = 0; search.texts && i < search.item_count; i++)
        item_text_done(&search.texts[i]);
    free(search.texts);
    buf_done(&search.line);
    buf_done(&search.twins);
    return ok;
}
