/* gather_inside.h: what the files gather*.c share. Nobody else includes it.
 *
 * Within a segment, texts are numbers of values and names, so an event only has to find its *cell*:
 * the events of the segment with the same layout, host, hour, quality and class. Layouts remember
 * the cell of their last event, which is that of the next one nearly always. When the segment is
 * through, cells become rows with texts for keys, as many for each as there are things counted. */
#ifndef ANALYSIS_GATHER_INSIDE_H
#define ANALYSIS_GATHER_INSIDE_H

#include "analysis/gather.h"
#include "analysis/mark.h"
#include "analysis/run.h"
#include "analysis/tally_table.h"
#include "event/grow.h"
#include "event/id_map.h"

#define NO_NUMBER UINT32_MAX /* of a cell, value, name, … */
#define HOUR_NS   (INT64_C(3600) * NANOSECONDS_PER_SECOND)
#define NO_HOUR   INT64_MIN /* of events without a time */

typedef enum ActorUse { USE_OTHER, USE_LOGON, USE_FAILED } ActorUse;

/* What events of a layout mean to the survey. Cells of the layout, not of this file. */
typedef struct View {
    bool ready;
    uint32_t host, spelling; /* ECS host.name, and the name as the record spells it */
    uint32_t user, domain, sid, object, detail;
    ActorUse use;
    MarkKind mark;      /* MARK_KIND_COUNT: none */
    bool numbered;      /* records of its channel are numbered */
    uint32_t last_cell; /* in gather->cells; NO_NUMBER: none yet */
    uint32_t last_actor;
} View;

/* Places within the segment: compared by time, then as they stand. */
typedef struct RowExtent {
    Time first, last;
    uint32_t first_row, last_row;
} RowExtent;

typedef struct Cell {
    uint32_t layout, host, spelling; /* values */
    int64_t hour;
    TimeQuality quality;
    EventClass class;
    uint32_t series; /* of its record numbers; NO_NUMBER: not numbered */
    uint64_t events;
    RowExtent extent;
} Cell;

typedef struct Actor {
    uint32_t host, user, domain, sid; /* values */
    uint64_t events, logons, failed;
    RowExtent extent;
} Actor;

/* Record numbers of one host, channel and class within the segment. */
typedef struct Series {
    uint32_t host, channel; /* value; name */
    bool recovered;
    uint32_t open; /* the run that grew last */
} Series;

typedef struct RowRun {
    uint32_t series;
    uint64_t low, high;
    uint32_t low_row, high_row;
} RowRun;

/* A list with a map to find what is in it. */
typedef struct Found {
    IdMap map;
    void *list;
    size_t count, cap;
} Found;

struct Gather {
    TallyTable *table;
    const ScanSegment *segment;
    const Batch *batch;
    uint32_t host_name, spelling_name; /* numbers of ECS names in the batch; NO_NUMBER */
    View *views;
    size_t view_room;
    Found cells, actors, series; /* of Cell, Actor, Series */
    RowRun *runs;
    size_t run_count, run_room;
    uint64_t twins;
    Buf scratch;
    Buf *out;
};

static inline void row_extent_add(RowExtent *extent, Time time, uint32_t row)
{
    if (time == TIME_NONE)
        return;
    if (extent->first == TIME_NONE || time < extent->first) {
        extent->first = time;
        extent->first_row = row;
    }
    if (extent->last == TIME_NONE || time >= extent->last) {
        extent->last = time;
        extent->last_row = row;
    }
}

static inline void *found_at(const Found *found, uint32_t number, size_t size)
{
    return (uint8_t *)found->list + size * number;
}

/* Room for one more, entered under `hash`; its number, NO_NUMBER: no memory. */
uint32_t found_add(Found *found, uint64_t hash, size_t size);

/* ---- gather_view.c ---- */

bool views_begin(Gather *gather);
void view_prepare(const Gather *gather, uint32_t layout, View *ret);

/* The value as a label; empty for NO_NUMBER. */
Label value_label(Gather *gather, uint32_t value);
Label host_label(Gather *gather, uint32_t value); /* lower case; the item's for NO_NUMBER */
Label source_label(Gather *gather, const EventKind *kind);
EventRef row_ref(const Gather *gather, uint32_t row);
Extent row_extent(const Gather *gather, const RowExtent *extent);

/* ---- gather_actor.c, gather_run.c, gather_mark.c ---- */

bool actor_count(Gather *gather, View *view, const Cell *cell, uint32_t row, Time time);
bool actors_project(Gather *gather);

/* The series of a cell of numbered records; NO_NUMBER: no memory. */
uint32_t series_of(Gather *gather, const Cell *cell);
bool run_count_row(Gather *gather, uint32_t series, uint32_t row, uint64_t number);
void runs_project(Gather *gather);

void mark_take(Gather *gather, const View *view, const Cell *cell, uint32_t row, Time time);
/* Does the record tell that this log was cleared? */
bool mark_clears(Gather *gather, uint32_t row, const Label *channel);

/* ---- gather_cell.c ---- */

bool cells_project(Gather *gather);

#endif
