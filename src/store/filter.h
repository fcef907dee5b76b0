/* filter.h: which segments and rows a scan looks at. In the children of a map. */
#ifndef STORE_FILTER_H
#define STORE_FILTER_H

#include "store/inside.h"
#include "store/scan.h"

/* Memory for the rows of a segment, kept from one to the next. */
typedef struct FilterRoom {
    uint8_t *skip;
    uint32_t *host_cells;
    uint8_t *layouts; /* 1: no event of this layout is wanted */
    size_t layout_room;
} FilterRoom;

void filter_room_done(FilterRoom *room);

/* The earliest and latest time that an event of the segment may have, its clock shift applied;
 * TIME_NONE both when none has a time. */
void filter_times(const SegmentRef *segment, Time *ret_first, Time *ret_last);

/* May the segment hold a row that the filter wants? */
bool filter_wants_segment(const ScanFilter *filter, const SegmentRef *segment);

/* Find the cells of hosts, and mark the rows that are not wanted; segment->skip is NULL if all are.
 * *ret_rows: how many are. false: no memory. */
bool filter_rows(const ScanFilter *filter, const SegmentRef *ref, FilterRoom *room,
                 ScanSegment *segment, uint32_t *ret_rows);

#endif
