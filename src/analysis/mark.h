/* mark.h: events that say something about the evidence itself: a log was cleared, events were lost,
 * a log service or sensor stopped, what is audited was changed, a clock was set; and the stops and
 * starts of systems, which explain some of these. Each keeps its citation. */
#ifndef ANALYSIS_MARK_H
#define ANALYSIS_MARK_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/extent.h"
#include "analysis/label.h"
#include "analysis/tally.h"
#include "base/buf.h"
#include "event/event.h"

typedef enum MarkKind {
    MARK_LOG_CLEAR,
    MARK_LOG_LOSS,
    MARK_LOG_STOP,
    MARK_SENSOR_STOP,
    MARK_AUDIT_CHANGE,
    MARK_CLOCK_SET,
    MARK_SYSTEM_STOP,  /* kept only to explain MARK_LOG_STOP */
    MARK_SYSTEM_START, /* likewise */
    MARK_KIND_COUNT
} MarkKind;

/* The kind that an action of knowledge/actions.tsv makes; MARK_KIND_COUNT: none. */
MarkKind mark_kind_of(Text action);

/* Steps of a clock that are smaller are the daily work of time services. */
#define MARK_CLOCK_STEP_MIN (60 * NANOSECONDS_PER_SECOND)

typedef struct Mark {
    MarkKind kind;
    EventClass class;
    bool failed; /* it was tried, the record says, and failed */
    Time time;   /* TIME_NONE: not known */
    EventRef at;
    uint64_t record_id;          /* RECORD_ID_NONE */
    int64_t step_ns;             /* MARK_CLOCK_SET: new time less old time */
    Label source, channel, code; /* of the record */
    Label object;                /* what it concerns, if the record names it: the log cleared */
    Label user, domain;          /* who did it */
} Mark;

/* MARK_LOG_CLEAR: the event log that was cleared; NULL: the record does not name it, or it was
 * another kind of log, which `object` or `channel` tell. */
const Label *mark_cleared_channel(const Mark *mark);

/* A mark to a row of TALLY_MARK, and back. `host`: of the event, in lower case. */
void mark_write(const Mark *mark, const Label *host, Buf *out);
/* `key`: what follows the number of the host. false: not what mark_write made. */
bool mark_read(Span key, Span row, Mark *ret);

#endif
