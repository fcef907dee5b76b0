#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <utlist.h>

#include "base/cleanup.h"
#include "engine/run.h"
#include "engine/schedule.h"

#define TICK_MS      100u  /* how often hanging and the progress line are looked at */
#define TICK_MS_MOST 500u  /* counted at most: a longer one means that we ourselves stood still */
#define CLOSED_MS    2000u /* a worker that has closed its pipe has this long to end */
#define STOP_MS      5000u /* killed workers are waited for this long */

static uint64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static double own_cpu_seconds(void)
{
    struct rusage used;
    if (getrusage(RUSAGE_SELF, &used) != 0)
        return 0;
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void take_report(Run *run, const WireReport *report)
{
    Engine *engine = run->engine;
    if (report->slot >= engine->slot_count)
        return;
    Visit *visit = &engine->visits[report->slot];
    if (!visit->group || visit->generation != report->generation)
        return;
    visit->ended = true;
    visit->status = report->status;
    if (report->news == WIRE_NOT_STARTED) {
        channel_close(&visit->channel);
        visit->fault = FAULT_STOPPED;
        run_fail(run, &report->err);
        return;
    }
    EngineStats *stats = &run->stats;
    stats->workers_started++;
    stats->cpu_seconds += (double)report->cpu_us / 1e6;
    stats->cpu_seconds += (double)(report->zygote_cpu_us - engine->zygote_cpu_us) / 1e6;
    engine->zygote_cpu_us = report->zygote_cpu_us;
    if (report->peak_bytes > stats->peak_worker_bytes)
        stats->peak_worker_bytes = report->peak_bytes;
}

static void take_reports(Run *run)
{
    for (;;) {
        WireReport report;
        ssize_t n = recv(run->engine->socket, &report, sizeof report, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n != (ssize_t)sizeof report) {
            Err err;
            err_set(&err, ERR_SANDBOX, ERR_NO_OFFSET, "the process that starts workers has ended");
            run_fail(run, &err);
            return;
        }
        take_report(run, &report);
    }
}

void run_refill(Run *run)
{
    take_reports(run);
    if (!run->failed)
        schedule_start(run);
}

/* From the slot behind the last one that was listened to, until one has given much: that took its
 * time, and others may have ended meanwhile. */
static void take_blocks(Run *run, const struct pollfd *fds)
{
    Engine *engine = run->engine;
    for (uint32_t i = 0; i < engine->slot_count && !run->failed; i++) {
        uint32_t slot = (run->listened + 1) % engine->slot_count;
        run->listened = slot;
        if (fds[slot].revents && visit_receive(run, &engine->visits[slot]))
            return;
    }
}

/* Wait for something to happen, then take it in. */
static void listen_to_workers(Run *run)
{
    Engine *engine = run->engine;
    struct pollfd fds[ENGINE_SLOTS_MAX + 1] = {{.fd = engine->socket, .events = POLLIN}};
    for (uint32_t i = 0; i < engine->slot_count; i++) {
        const Visit *visit = &engine->visits[i];
        bool listen = visit->group && visit->channel.fd >= 0 && !schedule_is_paused(run, visit);
        fds[i + 1] = (struct pollfd){.fd = listen ? visit->channel.fd : -1, .events = POLLIN};
    }
    int ready = poll(fds, engine->slot_count + 1, (int)TICK_MS);
    if (ready > 0)
        take_blocks(run, fds + 1);
    if (ready > 0 && fds[0].revents)
        take_reports(run);
    for (uint32_t i = 0; i < engine->slot_count && !run->failed; i++) {
        Visit *visit = &engine->visits[i];
        if (visit->group && visit->ended && visit->channel.fd < 0)
            visit_finish(run, visit);
    }
}

static void watch_for_hangs(Run *run, uint64_t elapsed_ms)
{
    Engine *engine = run->engine;
    for (uint32_t i = 0; i < engine->slot_count; i++) {
        Visit *visit = &engine->visits[i];
        if (!visit->group || visit->ended || visit->fault != FAULT_NONE ||
            schedule_is_paused(run, visit))
            continue;
        const ProgressWord *word = engine_word(engine, i);
        uint64_t seen = atomic_load_explicit(&word->offset, memory_order_relaxed) * 3 +
                        atomic_load_explicit(&word->events, memory_order_relaxed) * 5 +
                        atomic_load_explicit(&word->piece, memory_order_relaxed);
        bool moved = seen != visit->seen || visit->heard;
        visit->seen = seen;
        visit->heard = false;
        visit->idle_ms = moved ? 0 : visit->idle_ms + elapsed_ms;
        bool closed = visit->channel.fd < 0 && visit->idle_ms >= CLOSED_MS;
        if (closed || visit->idle_ms >= engine->hang_ms)
            visit_end_worker(run, visit, FAULT_HANG, "");
    }
}

static void draw_progress(Run *run, double seconds)
{
    const Engine *engine = run->engine;
    ProgressState state = {.items = run->items->count,
                           .bytes = run->items->bytes,
                           .bytes_done = run->passed_bytes,
                           .events = run->passed_events,
                           .seconds = seconds};
    for (size_t i = ITEM_DONE; i < ITEM_STATE_COUNT; i++)
        state.items_done += run->stats.items_by_state[i];
    for (uint32_t i = 0; i < engine->slot_count; i++) {
        const Visit *visit = &engine->visits[i];
        if (!visit->group || visit->group->current >= visit->group->piece_count)
            continue;
        uint32_t piece = visit->group->current;
        if (!state.name.len)
            state.name = run_item(run, visit->group, piece)->name;
        Reached reached = visit_reached(run, visit, piece);
        if (visit->hashing || !reached.known)
            continue;
        state.bytes_done += reached.offset - visit->group->pieces[piece].begin;
        state.events += reached.events;
    }
    if (state.bytes_done > state.bytes)
        state.bytes_done = state.bytes;
    progress_draw(&run->line, &state);
}

/* End all workers and wait for their end, so that the engine can be used again. */
static void stop_workers(Run *run)
{
    Engine *engine = run->engine;
    for (uint32_t i = 0; i < engine->slot_count; i++)
        if (engine->visits[i].group)
            visit_end_worker(run, &engine->visits[i], FAULT_STOPPED, "");
    uint64_t until = now_ms() + STOP_MS;
    for (bool busy = true; busy && now_ms() < until;) {
        busy = false;
        for (uint32_t i = 0; i < engine->slot_count; i++)
            busy = busy || (engine->visits[i].group && !engine->visits[i].ended);
        struct pollfd fd = {.fd = engine->socket, .events = POLLIN};
        if (!busy || (poll(&fd, 1, (int)TICK_MS) > 0 && fd.revents & ~POLLIN))
            break;
        take_reports(run);
    }
    for (uint32_t i = 0; i < engine->slot_count; i++)
        if (engine->visits[i].group)
            visit_finish(run, &engine->visits[i]);
}

static void loop(Run *run, uint64_t start_ms)
{
    uint64_t last_ms = start_ms;
    Err interrupted;
    err_set(&interrupted, ERR_INTERRUPTED, ERR_NO_OFFSET, "interrupted");
    for (;;) {
        if (run->engine->interrupted)
            run_fail(run, &interrupted);
        run_settle(run); /* first: the first group may need the slot that has become free */
        schedule_start(run);
        run_settle(run);
        if (run->failed || (!run->groups && run->next_item >= run->items->file_count))
            return;
        listen_to_workers(run);
        uint64_t now = now_ms();
        if (now - last_ms >= TICK_MS) {
            watch_for_hangs(run, now - last_ms < TICK_MS_MOST ? now - last_ms : TICK_MS_MOST);
            last_ms = now;
        }
        if (progress_due(&run->line, now))
            draw_progress(run, (double)(now - start_ms) / 1000);
    }
}

static void finish_stats(Run *run, uint64_t start_ms, double start_cpu)
{
    EngineStats *stats = &run->stats;
    uint64_t ended = 0;
    for (size_t i = ITEM_DONE; i < ITEM_STATE_COUNT; i++)
        ended += stats->items_by_state[i];
    stats->items_by_state[ITEM_WAITING] = run->items->count - ended;
    stats->seconds = (double)(now_ms() - start_ms) / 1000;
    stats->cpu_seconds += own_cpu_seconds() - start_cpu;
    struct rusage used;
    if (getrusage(RUSAGE_SELF, &used) == 0)
        stats->peak_coordinator_bytes = (uint64_t)used.ru_maxrss * 1024;
}

/* What an item run holds until it ends, when it has not come to that. */
static void end_item_run(Item *item, ItemRun *item_run)
{
    spool_unref(item_run->spool);
    group_destroy(item_run->filling);
    members_release(item);
}

bool engine_run(Engine *engine, ItemList *items, EngineStats *ret, Err *err)
{
    uint64_t start_ms = now_ms();
    double start_cpu = own_cpu_seconds();
    item_list_drop_members(items); /* of a run before this one */
    if (items->count >= UINT32_MAX)
        return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "too many items: %zu", items->count);
    ItemRun *item_runs = calloc(items->count ? items->count : 1, sizeof *item_runs);
    if (!item_runs)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for %zu items", items->count);
    for (size_t i = 0; i < items->count; i++) {
        item_runs[i] = (ItemRun){.fd = -1, .pieces_left = 1};
        items->items[i].state = ITEM_WAITING;
    }
    Run run = {.engine = engine,
               .job = engine->job,
               .items = items,
               .item_runs = item_runs,
               .item_room = items->count};
    progress_init(&run.line, engine->options->progress, engine->options->color);
    loop(&run, start_ms);
    stop_workers(&run);
    progress_erase(&run.line);
    Group *group, *next;
    DL_FOREACH_SAFE(run.groups, group, next)
    group_destroy(group);
    for (size_t i = 0; i < items->count; i++)
        end_item_run(&items->items[i], &run.item_runs[i]);
    free(run.item_runs);
    finish_stats(&run, start_ms, start_cpu);
    *ret = run.stats;
    if (run.failed && err)
        *err = run.err;
    return !run.failed;
}
