/* map.h: children that look at segments, for store_map and for the store itself. */
#ifndef STORE_MAP_H
#define STORE_MAP_H

#include "store/inside.h"
#include "store/scan.h"

typedef struct MapPlan {
    const ScanFilter *filter;
    const ScanJob *job;
    unsigned workers;
    bool twin_columns;     /* batches with their columns twin and payload */
    const uint32_t *order; /* segments in this order (index in the reading); NULL: as they stand */
    size_t count;          /* of them */
    /* Child, may be NULL: may this segment be passed over? `index`: in the reading. */
    bool (*wants)(void *ctx, uint32_t index);
} MapPlan;

/* The reading is loaded. */
bool map_run(Store *store, const MapPlan *plan, ScanStats *ret, Err *err);

/* Processors to use for `workers` 0. */
unsigned map_workers(unsigned workers);

#endif
