/* survey_inside.h: what the files survey*.c share. Nobody else includes it.
 *
 * A *part* takes the sorted rows of one kind and fills the lists of the survey that come from them.
 * One part is at work at a time, in the order of TallyKind; what is known by then stands in the
 * survey. */
#ifndef ANALYSIS_SURVEY_INSIDE_H
#define ANALYSIS_SURVEY_INSIDE_H

#include "analysis/survey.h"
#include "analysis/tally.h"
#include "analysis/top.h"
#include "event/id_map.h"

#define HOUR_NS (INT64_C(3600) * NANOSECONDS_PER_SECOND)

/* Events of hosts beyond SURVEY_HOST_NAMES_MAX. */
#define HOST_BEYOND (UINT32_MAX - 1)

/* A log clear, to explain gaps. */
typedef struct Clear {
    uint32_t host;
    uint64_t channel; /* hash of its name in lower case */
    Time time;
    EventRef at;
} Clear;

#define CLEARS_MAX 65536

typedef struct Build {
    Survey *survey;
    struct HostNames *names;
    Clear *clears; /* by host, channel, time */
    size_t clear_count, clear_room;
    void *part; /* what the part at work keeps */
} Build;

typedef struct Part {
    bool (*begin)(Build *build, Err *err);
    /* `key` without the kind. The sum of the rows of that key, or the one row of a single. */
    bool (*take)(Build *build, Span key, const Tally *tally, Err *err);
    bool (*take_single)(Build *build, Span key, Span row, Err *err);
    bool (*finish)(Build *build, Err *err);
    void (*drop)(Build *build); /* always called, also after a failure; NULL is fine */
} Part;

extern const Part HOSTS_PART, HOURS_PART, ITEMS_PART, ACTIONS_PART, SOURCES_PART, CHANNELS_PART,
    ACCOUNTS_PART, QUALITIES_PART, RECOVERED_PART, MARKS_PART, SERIES_PART;

/* The number of the host of that lower-case name. */
uint32_t host_by_name(const Build *build, const Label *lower);
void host_names_destroy(struct HostNames *names);

/* The axis, from the hours that HOURS_PART has taken. */
int64_t axis_bin(const SurveyAxis *axis, int64_t hour); /* -1: beyond its ends */

uint64_t channel_hash(const Label *channel);

bool survey_no_memory(Err *err);
bool survey_bad_row(Err *err); /* a row that no process of ours writes */

/* Sort `top` by `order` and move what it holds into the survey. What was offered beyond it is
 * counted in *further, with its events if the things have some. */
typedef struct Keep {
    Top *top;
    TopCompare order;
    void *list; /* SURVEY_KEEP: of the survey */
    size_t *count;
    Further *further;
    uint64_t all_events; /* of everything offered, and of what could not be */
    size_t events_at;    /* offset of a thing's `uint64_t events`; NO_EVENTS: it has none */
} Keep;

#define NO_EVENTS SIZE_MAX
#define SURVEY_KEEP(survey, name)                                                                  \
    .list = &(survey)->name, .count = &(survey)->name##_count, .further = &(survey)->name##_further

bool survey_keep(Build *build, const Keep *keep, Err *err);

/* Numbers as compare functions give them. */
static inline int down_u64(uint64_t a, uint64_t b)
{
    return a > b ? -1 : a < b;
}
static inline int up_u64(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}
static inline int up_time(Time a, Time b)
{
    return a < b ? -1 : a > b;
}

#endif
