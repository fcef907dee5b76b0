/* What the rows of a hunt come to, counted as they are written. */
#include <stdlib.h>

#include "base/hash.h"
#include "event/grow.h"
#include "report/hunt_inside.h"

#define NAMES_BYTES (256u * 1024 * 1024)
#define NAME_MAX    256 /* bytes of a host that are kept */
#define DAY         (INT64_C(86400) * NANOSECONDS_PER_SECOND)

bool hunt_counts_init(HuntCounts *counts, size_t rules)
{
    *counts = (HuntCounts){.first = TIME_NONE, .last = TIME_NONE};
    counts->shown = calloc(rules + 1, sizeof *counts->shown);
    counts->muted = calloc(rules + 1, sizeof *counts->muted);
    counts->names = arena_create(NAMES_BYTES);
    return id_map_init(&counts->host_map) && counts->shown && counts->muted && counts->names;
}

void hunt_counts_done(HuntCounts *counts)
{
    free(counts->shown);
    free(counts->muted);
    free(counts->hosts);
    arena_destroy(counts->names);
    id_map_done(&counts->host_map);
}

/* Case does not tell hosts apart. The first writing is kept; NULL with *ret_ok false: no memory;
 * with true: there are too many. */
static HostCounts *host_of(HuntCounts *counts, Text name, bool *ret_ok)
{
    char folded[NAME_MAX];
    size_t len = name.len < sizeof folded ? name.len : sizeof folded;
    for (size_t i = 0; i < len; i++)
        folded[i] = ascii_lower(name.ptr[i]);
    uint64_t hash = hash64(folded, len, 0);
    Text kept = text_of(name.ptr, len);
    uint32_t id;
    *ret_ok = true;
    for (size_t cursor = id_map_start(&counts->host_map, hash);
         (id = id_map_next(&counts->host_map, hash, &cursor)) != ID_NONE;)
        if (text_equal_nocase(counts->hosts[id].name, kept))
            return &counts->hosts[id];
    if (counts->host_count == HUNT_HOSTS_MAX)
        return NULL;
    *ret_ok = false;
    HostCounts *grown =
        grow_array(counts->hosts, &counts->host_cap, counts->host_count + 1, sizeof *grown);
    if (!grown)
        return NULL;
    counts->hosts = grown;
    HostCounts *host = &counts->hosts[counts->host_count];
    *host = (HostCounts){0};
    if (!arena_copy_text(counts->names, kept, &host->name) ||
        !id_map_add(&counts->host_map, hash, (uint32_t)counts->host_count))
        return NULL;
    counts->host_count++;
    *ret_ok = true;
    return host;
}

/* The present day of a level into its list, most first. Called again while the day goes on. */
static void note_day(HuntCounts *counts, RuleLevel level)
{
    DayCount day = counts->day[level], *top = counts->top_days[level];
    size_t at = 0;
    while (at < HUNT_TOP_MAX - 1 && top[at].count && top[at].day != day.day)
        at++;
    if (top[at].count >= day.count && top[at].day != day.day)
        return;
    top[at] = day;
    for (; at > 0 && top[at - 1].count < top[at].count; at--) {
        top[at] = top[at - 1];
        top[at - 1] = day;
    }
}

static void count_time(HuntCounts *counts, RuleLevel level, Time time)
{
    if (time == TIME_NONE)
        return;
    if (counts->first == TIME_NONE)
        counts->first = time;
    counts->last = time;
    int64_t number = time / DAY - (time % DAY < 0);
    if (counts->day[level].count == 0 || counts->day[level].day != number)
        counts->day[level] = (DayCount){.day = number};
    counts->day[level].count++;
    note_day(counts, level);
}

bool hunt_counts_row(HuntCounts *counts, RuleLevel level, const Detection *detection)
{
    counts->shown[detection->rule]++;
    counts->by_level[level]++;
    count_time(counts, level, detection->time);
    if (detection->computer.len == 0)
        return true;
    bool ok;
    HostCounts *host = host_of(counts, detection->computer, &ok);
    if (host)
        host->by_level[level]++;
    else if (ok)
        counts->without_host++;
    return ok;
}
