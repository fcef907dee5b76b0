#include "engine/panel.h"

#include <inttypes.h>

#include "engine/progress.h"

static const char *const STATE_TEXT[] = {
    [ITEM_WAITING] = "not reached",        [ITEM_DONE] = "done",
    [ITEM_DEFECTIVE] = "defective",        [ITEM_UNREADABLE] = "unreadable",
    [ITEM_UNKNOWN] = "of no known format", [ITEM_NOT_TAKEN] = "not read by this command",
    [ITEM_KNOWN] = "known already",
};
_Static_assert(sizeof STATE_TEXT / sizeof *STATE_TEXT == ITEM_STATE_COUNT, "one text a state");

static void add_label(Buf *buf, const char *label, bool color)
{
    if (color)
        BUF_LITERAL(buf, "\x1b[1m");
    buf_printf(buf, "%-9s", label);
    if (color)
        BUF_LITERAL(buf, "\x1b[0m");
    BUF_LITERAL(buf, " ");
}

static void add_number(Buf *buf, uint64_t count, const char *what)
{
    buf_printf(buf, "%" PRIu64 " %s", count, what);
}

static void add_items(Buf *buf, const EngineStats *stats)
{
    bool first = true;
    for (size_t i = 0; i < ITEM_STATE_COUNT; i++) {
        /* In the order in which the work ends; "not reached" comes last. */
        size_t state = (i + 1) % ITEM_STATE_COUNT;
        if (!stats->items_by_state[state] && state != ITEM_DONE)
            continue;
        if (!first)
            BUF_LITERAL(buf, ", ");
        first = false;
        add_number(buf, stats->items_by_state[state], STATE_TEXT[state]);
    }
    if (stats->members) {
        BUF_LITERAL(buf, "; ");
        add_number(buf, stats->members, "of them in containers");
    }
    BUF_LITERAL(buf, "\n");
}

static void add_rate(Buf *buf, const EngineStats *stats)
{
    progress_bytes(buf, (double)stats->bytes_read);
    if (stats->seconds > 0) {
        BUF_LITERAL(buf, ", ");
        progress_bytes(buf, (double)stats->bytes_read / stats->seconds);
        BUF_LITERAL(buf, "/s; ");
        add_number(buf, stats->events, "events, ");
        progress_count(buf, (double)stats->events / stats->seconds);
        BUF_LITERAL(buf, "/s");
    }
    BUF_LITERAL(buf, "\n");
}

void engine_panel(Buf *buf, const EngineStats *stats, bool color)
{
    add_label(buf, "Duration", color);
    buf_printf(buf, "%.1f s (%.1f s of processor time)\n", stats->seconds, stats->cpu_seconds);
    add_label(buf, "Read", color);
    add_rate(buf, stats);
    add_label(buf, "Items", color);
    add_items(buf, stats);
    add_label(buf, "Damage", color);
    add_number(buf, stats->defects, stats->defects == 1 ? "defect, " : "defects, ");
    add_number(buf, stats->notes, stats->notes == 1 ? "note\n" : "notes\n");
    add_label(buf, "Workers", color);
    add_number(buf, stats->workers_started, "started, ");
    add_number(buf, stats->workers_lost, "lost\n");
    add_label(buf, "Memory", color);
    progress_bytes(buf, (double)stats->peak_worker_bytes);
    BUF_LITERAL(buf, " at most in a worker, ");
    progress_bytes(buf, (double)stats->peak_coordinator_bytes);
    BUF_LITERAL(buf, " in the coordinator\n");
}
