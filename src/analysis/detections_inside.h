/* detections_inside.h: what the files detections*.c share. Nobody else includes it. */
#ifndef ANALYSIS_DETECTIONS_INSIDE_H
#define ANALYSIS_DETECTIONS_INSIDE_H

#include "analysis/detections.h"
#include "event/id_map.h"

/* Names of hosts as the survey knows them. */
typedef struct HostIndex {
    const Survey *survey;
    IdMap map; /* name in lower case → host */
    Label last;
    uint32_t last_host;
} HostIndex;

bool host_index_init(HostIndex *index, const Survey *survey); /* false: no memory */
void host_index_done(HostIndex *index);
uint32_t host_index_find(HostIndex *index, Text name); /* SURVEY_NONE: none of them */

static inline void widen(Time *first, Time *last, Time from, Time to)
{
    if (from == TIME_NONE)
        return;
    if (*first == TIME_NONE || from < *first)
        *first = from;
    if (*last == TIME_NONE || to > *last)
        *last = to;
}

/* After everything was read: the lists. false: no memory. */
bool detections_list(Detections *detections, const Survey *survey);

#endif
