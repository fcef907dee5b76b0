#include "analysis/gather.h"

#include <stdlib.h>

#include "analysis/gather_inside.h"
#include "base/hash.h"

#define SCRATCH_MAX (1024 * 1024) /* of a value that becomes a label; longer ones are left out */

static bool no_memory(Err *err)
{
    return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the survey");
}

Gather *gather_create(Err *err)
{
    Gather *gather = calloc(1, sizeof *gather);
    if (gather) {
        buf_init(&gather->scratch, SCRATCH_MAX);
        gather->table = tally_table_create();
        if (id_map_init(&gather->cells.map) && id_map_init(&gather->actors.map) &&
            id_map_init(&gather->series.map) && gather->table)
            return gather;
    }
    gather_destroy(gather);
    (void)no_memory(err);
    return NULL;
}

static void found_done(Found *found)
{
    id_map_done(&found->map);
    free(found->list);
}

void gather_destroy(Gather *gather)
{
    if (!gather)
        return;
    tally_table_destroy(gather->table);
    found_done(&gather->cells);
    found_done(&gather->actors);
    found_done(&gather->series);
    buf_done(&gather->scratch);
    free(gather->views);
    free(gather->runs);
    free(gather);
}

uint32_t found_add(Found *found, uint64_t hash, size_t size)
{
    void *list = grow_array(found->list, &found->cap, found->count + 1, size);
    if (!list)
        return NO_NUMBER;
    found->list = list;
    if (!id_map_add(&found->map, hash, (uint32_t)found->count))
        return NO_NUMBER;
    return (uint32_t)found->count++;
}

static void found_clear(Found *found)
{
    id_map_clear(&found->map);
    found->count = 0;
}

/* ---- cells ---- */

static inline bool cell_is(const Cell *cell, const Cell *wanted)
{
    return cell->hour == wanted->hour && cell->host == wanted->host &&
           cell->spelling == wanted->spelling && cell->layout == wanted->layout &&
           cell->quality == wanted->quality && cell->class == wanted->class;
}

/* Its beginning can be reckoned: the first hour of Time's range is counted to the next. */
static int64_t hour_of(Time time)
{
    int64_t hour = time / HOUR_NS;
    return hour - (time % HOUR_NS < 0 && hour > INT64_MIN / HOUR_NS);
}

static bool is_in_hour(Time time, int64_t hour)
{
    return (uint64_t)time - (uint64_t)(hour * HOUR_NS) < (uint64_t)HOUR_NS;
}

static Cell *find_cell(Gather *gather, View *view, const Cell *wanted)
{
    uint32_t words[] = {wanted->layout, wanted->host, wanted->spelling, (uint32_t)wanted->hour,
                        (uint32_t)wanted->quality << 8 | (uint32_t)wanted->class};
    uint64_t hash = hash64(words, sizeof words, 0);
    uint32_t found;
    for (size_t cursor = id_map_start(&gather->cells.map, hash);
         (found = id_map_next(&gather->cells.map, hash, &cursor)) != ID_NONE;) {
        Cell *cell = found_at(&gather->cells, found, sizeof *cell);
        if (cell_is(cell, wanted)) {
            view->last_cell = found;
            return cell;
        }
    }
    found = found_add(&gather->cells, hash, sizeof(Cell));
    if (found == NO_NUMBER)
        return NULL;
    Cell *cell = found_at(&gather->cells, found, sizeof *cell);
    *cell = *wanted;
    cell->extent = (RowExtent){.first = TIME_NONE, .last = TIME_NONE};
    cell->series = NO_NUMBER;
    if (view->numbered && (cell->series = series_of(gather, cell)) == NO_NUMBER)
        return NULL;
    view->last_cell = found;
    return cell;
}

static inline uint32_t value_at(const Batch *batch, uint32_t row, uint32_t cell)
{
    return cell == NO_NUMBER ? NO_NUMBER : batch_cell(batch, row, cell);
}

static Cell *cell_of(Gather *gather, View *view, uint32_t row, const EventHead *head)
{
    const Batch *batch = gather->batch;
    Cell wanted = {.layout = batch_layout_of(batch, row),
                   .host = value_at(batch, row, view->host),
                   .spelling = value_at(batch, row, view->spelling),
                   .quality = head->quality,
                   .class = head->class};
    Cell *last = NULL;
    if (view->last_cell != NO_NUMBER)
        last = found_at(&gather->cells, view->last_cell, sizeof *last);
    if (head->time == TIME_NONE)
        wanted.hour = NO_HOUR;
    else if (last && last->hour != NO_HOUR && is_in_hour(head->time, last->hour))
        wanted.hour = last->hour;
    else
        wanted.hour = hour_of(head->time);
    return last && cell_is(last, &wanted) ? last : find_cell(gather, view, &wanted);
}

static bool take_row(Gather *gather, uint32_t row)
{
    EventHead head = scan_head(gather->segment, row);
    uint32_t layout = batch_layout_of(gather->batch, row);
    View *view = &gather->views[layout];
    if (!view->ready)
        view_prepare(gather, layout, view);
    Cell *cell = cell_of(gather, view, row, &head);
    if (!cell)
        return false;
    cell->events++;
    row_extent_add(&cell->extent, head.time, row);
    if (cell->series != NO_NUMBER && head.record_id != RECORD_ID_NONE &&
        !run_count_row(gather, cell->series, row, head.record_id))
        return false;
    if (view->mark != MARK_KIND_COUNT)
        mark_take(gather, view, cell, row, head.time);
    return head.class != EVENT_LIVE || actor_count(gather, view, cell, row, head.time);
}

/* ---- segments ---- */

static bool begin(Gather *gather, const ScanSegment *segment, Buf *out)
{
    gather->segment = segment;
    gather->batch = &segment->batch;
    gather->out = out;
    gather->run_count = 0;
    gather->twins = 0;
    found_clear(&gather->cells);
    found_clear(&gather->actors);
    found_clear(&gather->series);
    return views_begin(gather);
}

bool gather_segment(Gather *gather, const ScanSegment *segment, Buf *out, Err *err)
{
    if (!begin(gather, segment, out))
        return no_memory(err);
    for (uint32_t row = 0; row < segment->batch.event_count; row++) {
        if (scan_skips(segment, row))
            gather->twins++;
        else if (!take_row(gather, row))
            return no_memory(err);
    }
    runs_project(gather);
    return (cells_project(gather) && actors_project(gather) && !out->failed) || no_memory(err);
}

bool gather_end(Gather *gather, Buf *out, Err *err)
{
    return tally_table_flush(gather->table, out) || no_memory(err);
}
