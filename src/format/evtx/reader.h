/* reader.h: one record after the other out of chunks, as events or as JSON lines. */
#ifndef FORMAT_EVTX_READER_H
#define FORMAT_EVTX_READER_H

#include "base/arena.h"
#include "base/buf.h"
#include "event/sink.h"
#include "format/evtx/binxml.h"
#include "format/format.h"

#define EVTX_BLOCK_CHUNKS 4 /* read at once: fewer calls, and still in the processor's cache */

typedef struct EvtxNames { /* of the System fields that the event's head is made of */
    NameId provider, event_id, channel, computer, time, record_id;
    NameId written; /* from the record's header */
} EvtxNames;

typedef struct EvtxReader {
    const Input *in;
    Sink *sink;
    const LineOut *lines; /* NULL: events go to the sink */
    uint8_t *bytes;       /* EVTX_BLOCK_CHUNKS chunks, with padding */
    uint64_t block;       /* offset in the item of what `bytes` holds … */
    size_t block_size;    /* … and how much of it */
    Arena *trees, *scratch;
    Binxml bx;
    Buf out;            /* JSON lines not yet written … */
    uint64_t out_lines; /* … and how many */
    Buf text;           /* scratch */
    EvtxNames names;
    uint64_t numbered_same, numbered_anew; /* inner record id against the header's */
    bool general_only;                     /* tests: do not use compiled plans */
} EvtxReader;

bool evtx_reader_init(EvtxReader *reader, const Input *in, Sink *sink, const LineOut *lines,
                      Err *err);
void evtx_reader_done(EvtxReader *reader);
static inline void evtx_reader_donep(EvtxReader *reader)
{
    evtx_reader_done(reader);
}

/* The chunk at `origin`: its bytes, followed by padding. What the item does not have is zero;
 * *ret_got tells how much it has. A read error sets err. */
const uint8_t *evtx_reader_load(EvtxReader *reader, uint64_t origin, size_t *ret_got, Err *err);

/* Read and decode one record of `chunk` and pass it on. Damage in it becomes a defect and what
 * could be read is kept. false: nothing more can be passed on (err). */
bool evtx_reader_record(EvtxReader *reader, const EvtxChunk *chunk, const EvtxRecord *record,
                        EventClass class, Err *err);

/* Say how many records were numbered anew; at the end of a piece. */
void evtx_reader_note_numbers(const EvtxReader *reader);

/* Hand over pending lines. */
bool evtx_reader_flush(EvtxReader *reader, Err *err);

#endif
