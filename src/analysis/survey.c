#include "analysis/survey.h"

#include <stdlib.h>

#include "analysis/gather.h"
#include "analysis/survey_inside.h"
#include "base/cleanup.h"
#include "base/extsort.h"
#include "store/scan.h"

#define SURVEY_MEMORY (UINT64_C(256) * 1024 * 1024) /* of lists: their limits stay far below it */
#define SORT_MEMORY   (16u * 1024 * 1024)

static const Part *const PARTS[TALLY_KIND_COUNT] = {
    [TALLY_HOST] = &HOSTS_PART,          [TALLY_HOUR] = &HOURS_PART,
    [TALLY_ITEM] = &ITEMS_PART,          [TALLY_ACTION] = &ACTIONS_PART,
    [TALLY_STRIP] = &SOURCES_PART,       [TALLY_CHANNEL] = &CHANNELS_PART,
    [TALLY_ACCOUNT] = &ACCOUNTS_PART,    [TALLY_QUALITY] = &QUALITIES_PART,
    [TALLY_RECOVERED] = &RECOVERED_PART, [TALLY_MARK] = &MARKS_PART,
    [TALLY_RUN] = &SERIES_PART,
};

bool survey_no_memory(Err *err)
{
    return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the survey");
}

bool survey_bad_row(Err *err)
{
    return err_set(err, ERR_FORMAT, ERR_NO_OFFSET,
                   "a process that counted events sent a row that cannot be");
}

void survey_destroy(Survey *survey)
{
    if (!survey)
        return;
    arena_destroy(survey->arena);
    free(survey);
}

bool survey_keep(Build *build, const Keep *keep, Err *err)
{
    Top *top = keep->top;
    void *list = arena_alloc_array(build->survey->arena, top->count + 1, top->size);
    if (!list)
        return survey_no_memory(err);
    top_sort(top, keep->order);
    if (top->count)
        memcpy(list, top->items, top->count * top->size);
    memcpy(keep->list, &list, sizeof list);
    *keep->count = top->count;
    *keep->further = (Further){.rows = top->offered - top->count};
    if (keep->events_at == NO_EVENTS)
        return true;
    keep->further->events = keep->all_events;
    for (size_t i = 0; i < top->count; i++) {
        uint64_t events;
        memcpy(&events, (const uint8_t *)top_at(top, i) + keep->events_at, sizeof events);
        keep->further->events -= events;
    }
    return true;
}

/* ---- the pass over the events ---- */

typedef struct Pass {
    Gather *gather; /* in a child */
    ExtSort *rows;  /* in the caller */
    const SurveyOptions *options;
} Pass;

static bool pass_begin(void *ctx, Err *err)
{
    Pass *pass = ctx;
    pass->gather = gather_create(err);
    return pass->gather != NULL;
}

static bool pass_map(void *ctx, const ScanSegment *segment, Buf *out, Err *err)
{
    Pass *pass = ctx;
    return gather_segment(pass->gather, segment, out, err);
}

static bool pass_end(void *ctx, Buf *out, Err *err)
{
    Pass *pass = ctx;
    bool ok = gather_end(pass->gather, out, err);
    gather_destroy(pass->gather);
    return ok;
}

static bool pass_reduce(void *ctx, Span out, Err *err)
{
    Pass *pass = ctx;
    Reader reader = reader_of(out, 0);
    Span key, row;
    while (tally_receive(&reader, &key, &row))
        if (!extsort_add(pass->rows, key, row, err))
            return false;
    return !reader.failed || survey_bad_row(err);
}

static bool pass_progress(void *ctx, uint64_t segments_done, uint64_t segments)
{
    const SurveyOptions *options = ((const Pass *)ctx)->options;
    return options->progress(options->progress_ctx, segments_done, segments);
}

/* ---- rows by key ---- */

typedef bool (*TakeRow)(void *ctx, TallyKind kind, Span rest, const Tally *tally, Span row,
                        Err *err);

/* Each key once, with the sum of its rows; rows of singles (tally NULL) as they are. */
static bool each_key(ExtSort *rows, TakeRow take, void *ctx, Err *err)
{
    TallyKey at = {.len = 0};
    Tally sum, tally;
    Span key, row;
    Err failure = {0};
    while (extsort_next(rows, &key, &row, &failure)) {
        TallyKind kind = (TallyKind)key.ptr[0];
        bool single = tally_is_single(kind);
        if (!single && !tally_row_read(kind, row, &tally))
            return survey_bad_row(err);
        if (at.len && !single && span_equal(key, tally_key_span(&at))) {
            tally_add(&sum, &tally);
            continue;
        }
        if (at.len && !take(ctx, (TallyKind)at.bytes[0], span_of(at.bytes + 1, at.len - 1), &sum,
                            (Span){0}, err))
            return false;
        at.len = 0;
        if (single) {
            if (!take(ctx, kind, span_of(key.ptr + 1, key.len - 1), NULL, row, err))
                return false;
            continue;
        }
        memcpy(at.bytes, key.ptr, key.len); /* tally_receive has seen that it fits */
        at.len = key.len;
        sum = tally;
    }
    if (failure.code) {
        if (err)
            *err = failure;
        return false;
    }
    return !at.len || take(ctx, (TallyKind)at.bytes[0], span_of(at.bytes + 1, at.len - 1), &sum,
                           (Span){0}, err);
}

/* First reading: hosts, and everything else under the number of its host. */
typedef struct Numbering {
    Build *build;
    ExtSort *to;
    bool hosts_known;
    Buf row;
} Numbering;

static bool has_host(TallyKind kind)
{
    return kind != TALLY_HOUR && kind != TALLY_ITEM && kind != TALLY_ACTION;
}

static bool number_hosts(void *ctx, TallyKind kind, Span rest, const Tally *tally, Span row,
                         Err *err)
{
    Numbering *numbering = ctx;
    if (kind == TALLY_HOST)
        return HOSTS_PART.take(numbering->build, rest, tally, err);
    if (!numbering->hosts_known && !HOSTS_PART.finish(numbering->build, err))
        return false;
    numbering->hosts_known = true;
    TallyKey key;
    if (has_host(kind)) {
        Reader reader = reader_of(rest, 0);
        Label host = tally_take_label(&reader);
        Span parts = reader_take(&reader, reader_left(&reader));
        if (reader.failed || !tally_rekey(kind, parts, host_by_name(numbering->build, &host), &key))
            return survey_bad_row(err);
    } else {
        tally_key_begin(&key, kind);
        memcpy(key.bytes + 1, rest.ptr, rest.len);
        key.len = 1 + rest.len;
    }
    if (tally) {
        buf_clear(&numbering->row);
        tally_row_write(kind, tally, &numbering->row);
        if (numbering->row.failed)
            return survey_no_memory(err);
        row = buf_span(&numbering->row);
    }
    return extsort_add(numbering->to, tally_key_span(&key), row, err);
}

/* Second reading: the parts, one after the other. */
typedef struct Filling {
    Build *build;
    unsigned kind; /* whose part is at work */
    bool begun;
} Filling;

static bool end_part(Filling *filling, Err *err)
{
    const Part *part = PARTS[filling->kind];
    bool ok = !part->finish || part->finish(filling->build, err);
    if (part->drop)
        part->drop(filling->build);
    filling->build->part = NULL;
    filling->begun = false;
    return ok;
}

/* Parts without rows begin and end too, up to that of `kind`, which stays at work. */
static bool go_to(Filling *filling, unsigned kind, Err *err)
{
    while (!filling->begun || filling->kind < kind) {
        if (filling->begun) {
            if (!end_part(filling, err))
                return false;
            filling->kind++;
        }
        const Part *part = PARTS[filling->kind];
        filling->begun = true;
        if (part->begin && !part->begin(filling->build, err))
            return false;
    }
    return true;
}

static bool fill(void *ctx, TallyKind kind, Span rest, const Tally *tally, Span row, Err *err)
{
    Filling *filling = ctx;
    if (!go_to(filling, kind, err))
        return false;
    const Part *part = PARTS[kind];
    return tally ? part->take(filling->build, rest, tally, err)
                 : part->take_single(filling->build, rest, row, err);
}

static bool fill_lists(Build *build, ExtSort *rows, Err *err)
{
    Filling filling = {.build = build, .kind = TALLY_HOST + 1};
    bool ok = extsort_finish(rows, err) && each_key(rows, fill, &filling, err) &&
              go_to(&filling, TALLY_KIND_COUNT - 1, err) && end_part(&filling, err);
    if (filling.begun && PARTS[filling.kind]->drop)
        PARTS[filling.kind]->drop(build);
    return ok;
}

/* ---- items and defects ---- */

static void count_item(SurveyTotals *totals, const StoredItem *item)
{
    totals->items_by_state[item->state]++;
    if (item->parent == 0)
        totals->bytes += item->size;
    totals->shifted_items += item->shifted;
}

static bool take_items(Survey *survey, Store *store, Err *err)
{
    const StoredItem *items;
    size_t count;
    if (!store_items(store, &items, &count, err))
        return false;
    survey->items = ARENA_NEW(survey->arena, SurveyItem, count + 1);
    if (!survey->items)
        return survey_no_memory(err);
    survey->item_count = count;
    for (size_t i = 0; i < count; i++) {
        const StoredItem *container =
            items[i].parent ? store_item_by_number(store, items[i].parent) : NULL;
        survey->items[i] = (SurveyItem){.stored = &items[i],
                                        .container = container ? container->rank : SURVEY_NONE,
                                        .first = TIME_NONE,
                                        .last = TIME_NONE};
        count_item(&survey->totals, &items[i]);
    }
    return true;
}

static bool take_defect(void *ctx, const StoredDefect *defect, Err *err)
{
    Survey *survey = ctx;
    SurveyItem *item = &survey->items[defect->item->rank];
    uint64_t *count = defect->kind == DEFECT_DAMAGE ? &item->damages : &item->notes;
    survey->totals.damages += defect->kind == DEFECT_DAMAGE;
    survey->totals.notes += defect->kind != DEFECT_DAMAGE;
    if ((*count)++ >= SURVEY_DEFECTS_ITEM || survey->defects_count == SURVEY_DEFECTS_MAX) {
        survey->defects_further.rows++;
        return true;
    }
    SurveyDefect *to = &survey->defects[survey->defects_count++];
    *to = (SurveyDefect){.item = defect->item->rank,
                         .kind = defect->kind,
                         .offset = defect->offset,
                         .size = defect->size};
    return arena_copy_text(survey->arena, defect->text, &to->text) || survey_no_memory(err);
}

static bool take_defects(Survey *survey, Store *store, Err *err)
{
    survey->defects = ARENA_NEW(survey->arena, SurveyDefect, SURVEY_DEFECTS_MAX);
    return survey->defects ? store_defects(store, take_defect, survey, err) : survey_no_memory(err);
}

/* Hosts of items are hosts too, also of those in which no event was found. */
static bool add_hosts_of_items(const Survey *survey, ExtSort *rows, Err *err)
{
    CLEANUP(buf_done) Buf row;
    Tally nothing;
    tally_clear(&nothing);
    buf_init(&row, TALLY_ROW_MAX);
    tally_row_write(TALLY_HOST, &nothing, &row);
    bool ok = !row.failed || survey_no_memory(err);
    for (size_t i = 0; i < survey->item_count && ok; i++) {
        const StoredItem *item = survey->items[i].stored;
        if (item->host.len == 0)
            continue;
        TallyKey key;
        Label lower = label_lower(item->host), name = label_of(item->host);
        tally_key_begin(&key, TALLY_HOST);
        tally_key_label(&key, &lower);
        tally_key_label(&key, &name);
        ok = extsort_add(rows, tally_key_span(&key), buf_span(&row), err);
    }
    return ok;
}

static void count_items_of_hosts(const Build *build)
{
    Survey *survey = build->survey;
    for (size_t i = 0; i < survey->item_count; i++) {
        Label lower = label_lower(survey->items[i].stored->host);
        uint32_t host = lower.len ? host_by_name(build, &lower) : HOST_BEYOND;
        if (host != HOST_BEYOND)
            survey->hosts[host].items++;
    }
}

/* ---- all of it ---- */

static bool build_lists(Build *build, ExtSort *rows, const SurveyOptions *options, Err *err)
{
    CLEANUP(extsort_destroyp) ExtSort *numbered = extsort_create(SORT_MEMORY, options->folder, err);
    CLEANUP(buf_done) Buf row;
    buf_init(&row, TALLY_ROW_MAX);
    if (!numbered || !add_hosts_of_items(build->survey, rows, err) || !extsort_finish(rows, err) ||
        !HOSTS_PART.begin(build, err))
        return false;
    Numbering numbering = {.build = build, .to = numbered, .row = row};
    bool ok = each_key(rows, number_hosts, &numbering, err) &&
              (numbering.hosts_known || HOSTS_PART.finish(build, err));
    row = numbering.row;
    if (!ok)
        return false;
    count_items_of_hosts(build);
    return fill_lists(build, numbered, err);
}

static bool make(Survey *survey, Store *store, const SurveyOptions *options, Err *err)
{
    CLEANUP(extsort_destroyp) ExtSort *rows = extsort_create(SORT_MEMORY, options->folder, err);
    if (!rows || !take_items(survey, store, err) || !take_defects(survey, store, err))
        return false;
    Pass pass = {.rows = rows, .options = options};
    ScanJob job = {.begin = pass_begin,
                   .map = pass_map,
                   .end = pass_end,
                   .reduce = pass_reduce,
                   .progress = options->progress ? pass_progress : NULL,
                   .ctx = &pass};
    ScanFilter filter = {.from = TIME_NONE, .to = INT64_MAX};
    ScanStats stats;
    if (!store_map(store, &filter, &job, options->workers, &stats, err))
        return false;
    Build build = {.survey = survey};
    bool ok = build_lists(&build, rows, options, err);
    host_names_destroy(build.names);
    free(build.clears);
    return ok;
}

Survey *survey_make(Store *store, const SurveyOptions *options, Err *err)
{
    Survey *survey = calloc(1, sizeof *survey);
    if (survey)
        survey->arena = arena_create(SURVEY_MEMORY);
    if (!survey || !survey->arena) {
        free(survey);
        (void)survey_no_memory(err);
        return NULL;
    }
    survey->totals.extent = EXTENT_NONE;
    if (make(survey, store, options, err))
        return survey;
    survey_destroy(survey);
    return NULL;
}
