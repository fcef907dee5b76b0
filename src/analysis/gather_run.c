/* Runs of record numbers. They grow in both directions, as logs and exports are in either order;
 * what is disordered within the segment is put in order at its end. */
#include <stdlib.h>

#include "analysis/gather_inside.h"
#include "base/hash.h"

static bool series_is(const Series *a, const Series *b)
{
    return a->host == b->host && a->channel == b->channel && a->recovered == b->recovered;
}

uint32_t series_of(Gather *gather, const Cell *cell)
{
    const Batch *batch = gather->batch;
    Layout layout = batch_layout(batch, cell->layout);
    Series wanted = {.host = cell->host,
                     .channel = load_u32le(batch->kinds + 20 * (size_t)layout.kind + 8),
                     .recovered = cell->class != EVENT_LIVE,
                     .open = NO_NUMBER};
    uint32_t words[] = {wanted.host, wanted.channel, wanted.recovered};
    uint64_t hash = hash64(words, sizeof words, 0);
    uint32_t found;
    for (size_t cursor = id_map_start(&gather->series.map, hash);
         (found = id_map_next(&gather->series.map, hash, &cursor)) != ID_NONE;)
        if (series_is(found_at(&gather->series, found, sizeof(Series)), &wanted))
            return found;
    found = found_add(&gather->series, hash, sizeof(Series));
    if (found != NO_NUMBER)
        *(Series *)found_at(&gather->series, found, sizeof(Series)) = wanted;
    return found;
}

bool run_count_row(Gather *gather, uint32_t series_number, uint32_t row, uint64_t number)
{
    Series *series = found_at(&gather->series, series_number, sizeof *series);
    RowRun *run = series->open == NO_NUMBER ? NULL : &gather->runs[series->open];
    if (run && number == run->high + 1) {
        run->high = number;
        run->high_row = row;
        return true;
    }
    if (run && run->low && number == run->low - 1) {
        run->low = number;
        run->low_row = row;
        return true;
    }
    if (run && number >= run->low && number <= run->high)
        return true; /* the number was there already */
    RowRun *runs = grow_array(gather->runs, &gather->run_room, gather->run_count + 1, sizeof *runs);
    if (!runs)
        return false;
    gather->runs = runs;
    series->open = (uint32_t)gather->run_count;
    runs[gather->run_count++] = (RowRun){
        .series = series_number, .low = number, .high = number, .low_row = row, .high_row = row};
    return true;
}

static int by_number(const void *a, const void *b)
{
    const RowRun *x = a, *y = b;
    if (x->series != y->series)
        return x->series < y->series ? -1 : 1;
    if (x->low != y->low)
        return x->low < y->low ? -1 : 1;
    return x->low_row < y->low_row ? -1 : x->low_row > y->low_row;
}

static RunEnd run_end(const Gather *gather, uint64_t number, uint32_t row)
{
    return (RunEnd){
        .number = number, .time = scan_head(gather->segment, row).time, .at = row_ref(gather, row)};
}

static void project(Gather *gather, const RowRun *rows)
{
    const Series *series = found_at(&gather->series, rows->series, sizeof *series);
    Label host = host_label(gather, series->host);
    Label channel = label_of(batch_name(gather->batch, series->channel));
    Run run = {.low = run_end(gather, rows->low, rows->low_row),
               .high = run_end(gather, rows->high, rows->high_row),
               .recovered = series->recovered,
               .starts_clear = mark_clears(gather, rows->low_row, &channel)};
    run_write(&run, &host, &channel, gather->out);
}

void runs_project(Gather *gather)
{
    if (gather->run_count == 0)
        return;
    qsort(gather->runs, gather->run_count, sizeof *gather->runs, by_number);
    RowRun run = gather->runs[0];
    for (size_t i = 1; i < gather->run_count; i++) {
        const RowRun *next = &gather->runs[i];
        bool joins = next->series == run.series && next->low <= run.high + 1 && run.high + 1 != 0;
        if (!joins) {
            project(gather, &run);
            run = *next;
        } else if (next->high > run.high) {
            run.high = next->high;
            run.high_row = next->high_row;
        }
    }
    project(gather, &run);
}
