/* format.h: one row per evidence format. A format is one file with one row; the list of rows is
 * formats.def. Order never matters: identification asks all probes and takes the surest. */
#ifndef FORMAT_FORMAT_H
#define FORMAT_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "base/zone.h"
#include "event/sink.h"
#include "format/input.h"

typedef enum Confidence {
    CONFIDENCE_NONE,
    CONFIDENCE_POSSIBLE, /* text that could be many things */
    CONFIDENCE_LIKELY,   /* characteristic names or structure */
    CONFIDENCE_CERTAIN,  /* a signature */
} Confidence;

#define FORMAT_PROBE_BYTES (64 * 1024) /* what a probe is given of the beginning, at most */

/* Where an item may be cut so that pieces can be parsed by themselves. */
typedef enum SplitKind {
    SPLIT_NEVER,
    SPLIT_UNITS, /* at split_origin + n * split_unit; piece 0 starts at 0 */
    SPLIT_LINES, /* anywhere: a piece owns the lines that begin in it */
} SplitKind;

typedef struct FormatOptions {
    bool recover;                 /* also slack and carved records */
    const Zone *zone;             /* of local times without zone; NULL: UTC is assumed and marked */
    const char *const *passwords; /* of archives, to be tried in their order */
    size_t password_count;
} FormatOptions;

/* Lines in a community's own shape instead of events, for `dump --format evtx-jsonl`. `write`
 * receives whole lines; false stops. */
typedef struct LineOut {
    bool (*write)(void *ctx, Span lines, Err *err);
    /* How many lines the next write has, from a format that knows: else they are counted. May be
     * NULL. */
    void (*count)(void *ctx, uint64_t lines);
    /* Where the lines of the next write are best built: *ret_size bytes, until it. May be NULL. */
    char *(*place)(void *ctx, size_t *ret_size);
    void *ctx;
} LineOut;

/* Where a container puts what is in it: begin, bytes…, end, one member after the other. Each may
 * say no (false, err): the container is then not read on. */
#define MEMBER_NAME_MAX (16u * 1024)

typedef struct MemberHead {
    Text name; /* 1 to MEMBER_NAME_MAX raw bytes, '/' between folders, as the container has it: not
                * to be trusted */
    uint64_t size; /* as stated; UINT64_MAX when the container does not say */
} MemberHead;

typedef struct MemberOut {
    bool (*begin)(void *ctx, const MemberHead *head, Err *err);
    bool (*bytes)(void *ctx, Span bytes, Err *err);
    bool (*end)(void *ctx, Err *err);
    void *ctx;
} MemberOut;

typedef struct Format {
    const char *name;    /* stable: stored in cases */
    const char *summary; /* for people */
    const char *doc;     /* docs/formats/NAME.md */
    Confidence (*probe)(Span head, uint64_t item_size);
    /* Parse the piece of `in` (see input.h) into `sink`. false: cannot go on, *err says why;
     * damage that can be stepped over is a sink_defect instead. */
    bool (*parse)(const Input *in, const FormatOptions *options, Sink *sink, Err *err);
    /* The same piece as evtx_dump-shaped JSON lines; NULL if the format has no such shape.
     * Defects go to `sink`, which receives no events. */
    bool (*lines)(const Input *in, const FormatOptions *options, Sink *sink, const LineOut *out,
                  Err *err);
    /* The native field that names the computer of an event. With it, a job that needs no other ECS
     * field can do without them (SINK_NO_ECS). NULL: there is none. */
    const char *computer_field;
    /* In the zygote, before any worker: load what libraries would load late. NULL: nothing. */
    void (*prepare)(void);
    /* A container: its members instead of events (`parse` is NULL then). Defects and progress go to
     * `sink`, which receives no events. */
    bool (*open)(const Input *in, const FormatOptions *options, Sink *sink, const MemberOut *out,
                 Err *err);
    SplitKind split;
    uint64_t split_origin, split_unit;
    /* May an item that begins with `head` (as for probe) be cut as `split` says? NULL: always.
     * For what is known only from content: JSON lines may be cut, one JSON array may not. */
    bool (*may_split)(Span head);
} Format;

extern const Format *const FORMATS[];
extern const size_t FORMAT_COUNT;

/* The surest format for the beginning of an item; NULL when none knows it. A tie is decided by
 * name, and *ret_tie tells the other one (else NULL). */
const Format *format_identify(Span head, uint64_t item_size, const Format **ret_tie);
const Format *format_by_name(Text name);

#endif
