/* sink.h: where a format puts its events. The sink builds batches (event/batch.h) and hands each
 * full one to its owner; formats know no batch, no case and no process.
 *
 * Use, per record:
 *     sink_add_text(sink, name, text);            any number of values, in the record's order
 *     sink_commit(sink, &head, &kind);            or sink_drop(sink)
 * Names are interned once (per template, per column, per key) with sink_name.
 *
 * Values are copied; nothing given to the sink must outlive the call. The same name may be added
 * twice: readers see two values. Failure is sticky: the calls become no-ops and sink_commit
 * returns false; the format then returns, and its caller reads the reason with sink_error. */
#ifndef EVENT_SINK_H
#define EVENT_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "base/text.h"
#include "event/event.h"
#include "event/schema.h"
#include "event/value.h"

typedef struct Sink Sink;
typedef uint32_t NameId;

typedef enum SinkWants {
    SINK_WANTS_ALL = 0,
    SINK_NO_ECS = 1 << 0,   /* leave out ECS values and roles */
    SINK_NO_TWINS = 1 << 1, /* leave out payload fingerprints */
} SinkWants;

typedef enum DefectKind {
    DEFECT_NOTE,   /* worth saying, nothing was lost: dirty flag, stale header */
    DEFECT_DAMAGE, /* bytes that should have been readable were not */
} DefectKind;

typedef struct SinkOwner {
    /* A finished batch (event/batch.h layout). The bytes are the sink's until the call returns.
     * false stops the parsing: set err. */
    bool (*batch)(void *ctx, Span batch, Err *err);
    /* `offset`: of the damage in the item; `size`: bytes concerned, 0 if not known. */
    void (*defect)(void *ctx, DefectKind kind, uint64_t offset, uint64_t size, Text text);
    /* How far parsing has come in the item; called at least once a record or 64 KiB. */
    void (*progress)(void *ctx, uint64_t offset);
    void *ctx;
} SinkOwner;

/* `schema` may be NULL: then nothing has an action, roles or ECS values. */
Sink *sink_create(const Schema *schema, const SinkOwner *owner, unsigned wants);
void sink_destroy(Sink *sink); /* NULL is fine; what was not flushed is lost */
static inline void sink_destroyp(Sink **sink)
{
    sink_destroy(*sink);
}

/* Hand over what is pending. Call once at the end of an item. */
bool sink_flush(Sink *sink, Err *err);

/* The number of a field name, for as long as the sink lives. */
NameId sink_name(Sink *sink, Text name);

/* Numbers, identifiers and times of this field are not kept from now on: nobody will ask for them.
 * Text is, so that the fields that say what kind of record it is cannot be lost. */
void sink_leave_out(Sink *sink, Text name);

/* A value that is not as its type demands is kept as VALUE_BINARY. An event with more than 65,535
 * fields or 64 MiB of values is left out when it is committed, with a defect. */
void sink_add(Sink *sink, NameId name, Value value);
void sink_add_text(Sink *sink, NameId name, Text text); /* not UTF-8: kept as binary */
void sink_add_utf8(Sink *sink, NameId name, Text text); /* known to be UTF-8, or surrogates */
void sink_add_utf16(Sink *sink, NameId name, Span utf16le);
/* A boolean other than 0 and 1 becomes VALUE_INT, which says what it was. */
void sink_add_u64(Sink *sink, NameId name, ValueType type, uint64_t bits);

/* A list: begin, add the elements (their names are ignored), end. Lists do not nest. */
void sink_list_begin(Sink *sink);
void sink_list_end(Sink *sink, NameId name);

/* Values added since the last commit: look one up before committing (a channel, a computer).
 * false when absent. The value is valid until the next call on the sink. */
bool sink_pending(const Sink *sink, NameId name, Value *ret);

bool sink_commit(Sink *sink, const EventHead *head, const EventKind *kind);
void sink_drop(Sink *sink);

/* Damage that was stepped over, and remarks. printf-like; the text is cut at 512 bytes. */
__attribute__((format(printf, 4, 5))) void sink_defect(Sink *sink, uint64_t offset, uint64_t size,
                                                       const char *format, ...);
__attribute__((format(printf, 3, 4))) void sink_note(Sink *sink, uint64_t offset,
                                                     const char *format, ...);
void sink_progress(Sink *sink, uint64_t offset);

bool sink_failed(const Sink *sink);
const Err *sink_error(const Sink *sink);

/* Will anybody look at EventHead.twin? Without, it need not be computed. */
bool sink_wants_twins(const Sink *sink);

/* Events committed so far. */
uint64_t sink_count(const Sink *sink);

#endif
