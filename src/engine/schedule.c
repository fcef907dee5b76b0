#include "engine/schedule.h"

#include <stdlib.h>
#include <utlist.h>

#define QUEUES_BYTES                                                                               \
    (UINT64_C(512) * 1024 * 1024) /* `ordered`: what may wait, over all groups …                 \
                                   */
#define QUEUE_BYTES       (UINT64_C(24) * 1024 * 1024) /* … and in one of them at most … */
#define QUEUE_BYTES_LEAST (UINT64_C(4) * 1024 * 1024)
#define LOOK_AHEAD        64u /* groups that cannot start and are passed over for one that can */

static bool spool_is_full(const Run *run)
{
    return run->spool_used >= run->engine->spool_bytes;
}

/* Containers are excepted: they have defects only, and those are counted. */
static bool queue_is_full(const Run *run, const Visit *visit)
{
    if (!run->job->ordered || visit->opening || visit->group == run->groups)
        return false;
    uint64_t share = QUEUES_BYTES / run->engine->slot_count;
    share = share > QUEUE_BYTES         ? QUEUE_BYTES
            : share < QUEUE_BYTES_LEAST ? QUEUE_BYTES_LEAST
                                        : share;
    return visit->group->queued_bytes >= share;
}

/* Does something go on that is no container, or a container that comes before this one? */
static bool others_go_on(const Run *run, const Visit *opening)
{
    const Engine *engine = run->engine;
    for (uint32_t i = 0; i < engine->slot_count; i++) {
        const Visit *visit = &engine->visits[i];
        if (visit->group && !visit->opening && !queue_is_full(run, visit))
            return true;
    }
    for (const Group *group = run->groups; group && group != opening->group; group = group->next)
        if (group->state == GROUP_RUNNING && group_opens(group))
            return true;
    return false;
}

bool schedule_is_paused(const Run *run, const Visit *visit)
{
    if (visit->opening && spool_is_full(run))
        return others_go_on(run, visit);
    return queue_is_full(run, visit);
}

static uint32_t count_opening(const Run *run)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < run->engine->slot_count; i++)
        count += run->engine->visits[i].group && run->engine->visits[i].opening;
    return count;
}

static uint32_t count_running(const Run *run)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < run->engine->slot_count; i++)
        count += run->engine->visits[i].group && !run->engine->visits[i].ended;
    return count;
}

/* A free slot, if one more worker may run. One more than that, and the last slot, are kept for the
 * first group: if that has to be done again, or is found while all workers wait for it, nothing
 * else would move. What ended workers have sent may still be in their slots. */
static Visit *free_slot(const Run *run, const Group *group)
{
    const Engine *engine = run->engine;
    uint32_t spare = group == run->groups;
    if (count_running(run) >= engine->workers + spare)
        return NULL;
    for (uint32_t i = 0; i < engine->slot_count - 1 + spare; i++)
        if (!engine->visits[i].group)
            return &engine->visits[i];
    return NULL;
}

/* `ordered`: so many groups may have started that are not delivered, of containers and of others.
 */
static uint32_t window(const Run *run)
{
    return 2 * run->engine->workers;
}

/* At most half of the workers open containers: reading takes longer, and frees the spool. */
static bool may_start(const Run *run, const Group *group)
{
    if (group == run->groups)
        return true;
    bool opens = group_opens(group);
    if (run->job->ordered && !group->started && run->active[opens] >= window(run))
        return false;
    return !opens || (count_opening(run) < (run->engine->workers + 1) / 2 && !spool_is_full(run));
}

/* A new group of files; NULL: none left, it could not start, or no memory. */
static Group *next_files(Run *run)
{
    bool first = !run->groups;
    bool room = first || !run->job->ordered || run->active[false] < window(run);
    if (run->next_item >= run->items->file_count || !room || !free_slot(run, NULL))
        return NULL;
    Group *group = group_next(run->items, run->engine->options->format.recover, &run->next_item);
    if (group) {
        DL_APPEND(run->groups, group);
        return group;
    }
    Err err;
    err_set(&err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory to plan the work");
    run_fail(run, &err);
    return NULL;
}

static Group *next_to_start(Run *run)
{
    uint32_t passed = 0;
    Group *group;
    DL_FOREACH(run->groups, group)
    {
        if (group->state != GROUP_WAITING)
            continue;
        if (may_start(run, group) && free_slot(run, group))
            return group;
        if (++passed == LOOK_AHEAD)
            return NULL;
    }
    return next_files(run);
}

void schedule_start(Run *run)
{
    Group *group;
    while (!run->failed && (group = next_to_start(run))) {
        visit_start(run, free_slot(run, group), group);
        run_settle(run); /* a million empty files must not pile up */
    }
}
