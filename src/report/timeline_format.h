/* timeline_format.h: the shapes of `timeline`, one row each, and the rows that workers send.
 *
 * A worker renders an event to a line of text but for what only the coordinator knows or vouches
 * for; there it leaves a gap, a control byte that cannot occur otherwise. The coordinator sorts the
 * lines and fills the gaps as it writes them. */
#ifndef REPORT_TIMELINE_FORMAT_H
#define REPORT_TIMELINE_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"
#include "base/text.h"
#include "event/batch.h"
#include "event/event.h"

typedef enum Gap {
    GAP_ITEM = 1, /* path of the item */
    GAP_SHA256,   /* its hash, if it could be had */
    GAP_TWINS,    /* other places of the same record; nothing if there are none */
    GAP_END
} Gap;

/* What the columns of all formats are made of. Texts are as in the evidence: not escaped. */
typedef struct TimelineEvent {
    const Batch *batch;
    uint32_t row;
    EventHead head;
    EventKind kind;
    Text format;  /* of the item: evtx, … */
    Text message; /* a line for a person, the action first */
    Text host, user, action;
    Text source; /* windows/security */
} TimelineEvent;

typedef struct TimelineFormat {
    const char *name;
    const char *summary;
    const char *header; /* lines before the first row */
    const char *ending; /* demanded of the name of an output file; NULL: any */
    unsigned cells;     /* of a row of CSV; 0: it is not CSV */
    bool is_json;       /* a line is an object */
    unsigned gaps;      /* bit 1 << Gap for each: a row has each of these once, in this order */
    /* The line of an event, with its gaps, up to and with '\n'. */
    void (*line)(Buf *buf, const TimelineEvent *event);
    /* What fills the gaps: an item's path; the digits of its hash, none when it has no hash. */
    void (*path)(Buf *buf, Text path);
    void (*sha256)(Buf *buf, Text digits);
} TimelineFormat;

extern const TimelineFormat *const TIMELINE_FORMATS[];
extern const size_t TIMELINE_FORMAT_COUNT;

/* NULL when there is none of that name. "json" is another name of jsonl. */
const TimelineFormat *timeline_format_by_name(Text name);

/* For the files of the formats: a time (nothing for TIME_NONE); `timestamp_desc`, which says what
 * the time means and, if the record was not a regular one, how it was found. */
void timeline_write_time(Buf *buf, Time time, unsigned decimals);
void timeline_describe_time(Buf *buf, const EventHead *head);

/* Why a line from a process that evidence may have taken over is none of the format's: it must have
 * the format's gaps, each once and in order, end with its only '\n', be printable in between and,
 * in formats of CSV, have as many cells as it should and no formula. NULL: it is one. */
const char *timeline_line_fault(Text line, const TimelineFormat *format);

/* A row as it is sent: this head (integers little-endian), then the line. */
#define ROW_HEAD_SIZE 56

typedef struct RowHead {
    Time time;
    uint64_t offset;
    uint64_t twin, payload; /* event/twin.h */
    uint64_t written;       /* FILETIME of writing the record; 0: its source does not tell */
    uint32_t sub;
    EventClass class;
    uint32_t line_size;
} RowHead;

void row_head_write(uint8_t out[ROW_HEAD_SIZE], const RowHead *head);

/* Take the next row from a block that may be hostile. false: no whole, well-formed row stands
 * there; *why then says what is wrong. After success the line has no fault. */
bool row_take(Reader *block, const TimelineFormat *format, RowHead *ret, Text *ret_line,
              const char **why);

#endif
