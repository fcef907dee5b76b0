/* evtx.c: Windows event log files (Vista and later). File and chunk walk; format notes and the
 * tables of offsets: docs/formats/evtx.md. */
#include "format/evtx/evtx.h"

#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "format/evtx/reader.h"
#include "format/evtx/recover.h"

static Confidence evtx_probe(Span head, uint64_t item_size)
{
    (void)item_size;
    Span chunk;
    if (span_starts_with(head, "ElfFile", 8) || span_starts_with(head, "ElfChnk", 8))
        return CONFIDENCE_CERTAIN;
    if (span_slice(head, EVTX_FILE_HEADER, 8, &chunk) && span_starts_with(chunk, "ElfChnk", 8))
        return CONFIDENCE_LIKELY;
    return CONFIDENCE_NONE;
}

static void check_file_header(const EvtxReader *reader)
{
    uint8_t header[128];
    const Input *in = reader->in;
    if (input_read(in, 0, header, sizeof header, NULL) < sizeof header) {
        sink_defect(reader->sink, 0, in->size, "file header is cut: %" PRIu64 " bytes", in->size);
        return;
    }
    if (memcmp(header, "ElfFile", 8) != 0) {
        sink_defect(reader->sink, 0, 8, "file header has no signature; chunks are read anyway");
        return;
    }
    if (crc32_ieee(0, span_of(header, 120)) != load_u32le(header + 124))
        sink_note(reader->sink, 124, "checksum of the file header is wrong");
    if (header[120] & 1)
        sink_note(reader->sink, 120, "the log was not closed properly (dirty flag)");
    if (load_u16le(header + 38) != 3)
        sink_note(reader->sink, 38, "format version is %u.%u, expected 3.x",
                  load_u16le(header + 38), load_u16le(header + 36));
    uint64_t chunks =
        in->size > EVTX_FILE_HEADER ? (in->size - EVTX_FILE_HEADER) / EVTX_CHUNK_SIZE : 0;
    if ((chunks & 0xffff) < load_u16le(header + 42))
        sink_note(reader->sink, 42, "header states %u chunks, the file has room for %" PRIu64,
                  load_u16le(header + 42), chunks);
}

/* The id that follows on the chunk before `offset`, or 0 when it cannot be told. */
static uint64_t next_id_before(const Input *in, uint64_t offset)
{
    uint8_t header[40];
    if (offset < EVTX_FILE_HEADER + EVTX_CHUNK_SIZE ||
        input_read(in, offset - EVTX_CHUNK_SIZE, header, sizeof header, NULL) < sizeof header ||
        memcmp(header, "ElfChnk", 8) != 0)
        return 0;
    uint64_t last = load_u64le(header + 32);
    return last == UINT64_MAX ? 0 : last + 1;
}

static void check_sequence(const EvtxReader *reader, const EvtxChunk *chunk,
                           const EvtxRecord *record, uint64_t *expected)
{
    uint64_t at = chunk->origin + record->offset;
    if (*expected && record->id > *expected)
        sink_note(reader->sink, at,
                  "record ids jump from %" PRIu64 " to %" PRIu64 ": %" PRIu64 " missing",
                  *expected - 1, record->id, record->id - *expected);
    else if (*expected && record->id < *expected)
        sink_note(reader->sink, at, "record ids go back from %" PRIu64 " to %" PRIu64,
                  *expected - 1, record->id);
    *expected = record->id + 1;
}

static void check_chunk(const EvtxReader *reader, const EvtxChunk *chunk)
{
    if (!chunk->header_sum_ok)
        sink_note(reader->sink, chunk->origin + 124, "checksum of the chunk's header is wrong");
    if (!chunk->data_sum_ok)
        sink_note(reader->sink, chunk->origin + 52, "checksum of the chunk's records is wrong");
}

/* How many whole records stand in [offset, limit). */
static unsigned count_records(const EvtxChunk *chunk, uint32_t offset, uint32_t limit)
{
    EvtxRecord record;
    unsigned count = 0;
    while ((offset = chunk_find_record(chunk, offset, limit, &record)) < limit) {
        offset += record.size;
        count++;
    }
    return count;
}

static void report_break(const EvtxReader *reader, const EvtxChunk *chunk, uint32_t offset,
                         RecordState state, bool will_recover)
{
    const char *found = state == RECORD_NONE ? "no signature" : "an impossible size";
    uint32_t size = chunk->free_offset - offset;
    if (will_recover)
        sink_defect(reader->sink, chunk->origin + offset, size,
                    "expected a record, found %s; what follows in the chunk is recovered", found);
    else
        sink_defect(reader->sink, chunk->origin + offset, size,
                    "expected a record, found %s; %u bytes of the chunk's data are not read "
                    "(with --recover: %u more records)",
                    found, size, count_records(chunk, offset + 1, chunk->free_offset));
}

/* Records one after the other, to the end of the used part or the first break in the chain. What
 * follows a break may be of another age: it is recovered, not live. *ret_end: where live ends. */
static bool walk_records(EvtxReader *reader, const EvtxChunk *chunk, uint64_t *expected,
                         bool will_recover, uint32_t *ret_end, Err *err)
{
    uint32_t offset = EVTX_CHUNK_HEADER;
    while (offset < chunk->free_offset) {
        EvtxRecord record;
        RecordState state = chunk_record_at(chunk, offset, &record);
        if (state == RECORD_NONE || state == RECORD_BAD_SIZE) {
            /* In archived logs the free-space offset stands at the end of the chunk. */
            bool rest_empty = chunk_is_zero(chunk->bytes + offset, chunk->free_offset - offset);
            if (!rest_empty) {
                report_break(reader, chunk, offset, state, will_recover);
                *expected = 0;
            }
            break;
        }
        if (state == RECORD_BAD_COPY)
            sink_defect(reader->sink, chunk->origin + offset, record.size,
                        "record %" PRIu64 ": size %u, but its copy at the end says %u", record.id,
                        record.size, load_u32le(chunk->bytes + offset + record.size - 4));
        check_sequence(reader, chunk, &record, expected);
        if (!evtx_reader_record(reader, chunk, &record, EVENT_LIVE, err))
            return false;
        offset += record.size;
    }
    *ret_end = offset;
    return true;
}

/* The chunk at `origin`. false: nothing there, or it cannot be read (err). */
static bool load_chunk(EvtxReader *reader, uint64_t origin, EvtxChunk *ret, Err *err)
{
    size_t got;
    const uint8_t *bytes = evtx_reader_load(reader, origin, &got, err);
    if (err->code != ERR_NONE)
        return false;
    if (got < EVTX_CHUNK_SIZE && !chunk_is_zero(bytes, got))
        sink_defect(reader->sink, origin + got, EVTX_CHUNK_SIZE - got,
                    "file ends within a chunk, %zu of %u bytes are there", got, EVTX_CHUNK_SIZE);
    if (chunk_is_zero(bytes, EVTX_CHUNK_SIZE))
        return false;
    chunk_read_header(ret, bytes, origin);
    return true;
}

static uint64_t first_chunk_of(const Input *in)
{
    uint8_t signature[8];
    bool bare = input_read(in, 0, signature, sizeof signature, NULL) == sizeof signature &&
                memcmp(signature, "ElfChnk", 8) == 0;
    return bare ? 0 : EVTX_FILE_HEADER;
}

static bool read_chunks(EvtxReader *reader, const FormatOptions *options, Err *err)
{
    const Input *in = reader->in;
    uint64_t start = first_chunk_of(in);
    uint64_t origin = in->begin > start ? in->begin : start;
    uint64_t expected = next_id_before(in, origin);
    CLEANUP(recovery_destroyp) Recovery *recovery = NULL;
    if (options->recover && !(recovery = recovery_create(reader, start, err)))
        return false;
    for (; origin < in->end; origin += EVTX_CHUNK_SIZE) {
        EvtxChunk chunk;
        sink_progress(reader->sink, origin);
        Err read_error = {0};
        if (!load_chunk(reader, origin, &chunk, &read_error)) {
            if (read_error.code != ERR_NONE) {
                *err = read_error;
                return false;
            }
            continue; /* zeros: allocated, not yet used */
        }
        uint32_t live_end = EVTX_CHUNK_HEADER;
        binxml_set_chunk(&reader->bx, &chunk);
        if (chunk.has_signature) {
            check_chunk(reader, &chunk);
            if (!walk_records(reader, &chunk, &expected, recovery != NULL, &live_end, err))
                return false;
        } else {
            sink_defect(reader->sink, origin, EVTX_CHUNK_SIZE, "chunk has no signature; %s",
                        recovery ? "its records are recovered"
                                 : "its records are read with --recover");
            expected = 0;
        }
        if (recovery && !recovery_chunk(recovery, &chunk, live_end, err))
            return false;
    }
    evtx_reader_note_numbers(reader);
    return evtx_reader_flush(reader, err);
}

bool evtx_read(const Input *in, const FormatOptions *options, Sink *sink, const LineOut *lines,
               EvtxWay way, Err *err)
{
    CLEANUP(evtx_reader_donep) EvtxReader reader;
    if (!evtx_reader_init(&reader, in, sink, lines, err))
        return false;
    reader.general_only = way == EVTX_GENERAL;
    if (in->begin == 0 && first_chunk_of(in) != 0)
        check_file_header(&reader);
    return read_chunks(&reader, options, err);
}

static bool evtx_parse(const Input *in, const FormatOptions *options, Sink *sink, Err *err)
{
    return evtx_read(in, options, sink, NULL, EVTX_COMPILED, err);
}

static bool evtx_lines(const Input *in, const FormatOptions *options, Sink *sink,
                       const LineOut *out, Err *err)
{
    return evtx_read(in, options, sink, out, EVTX_COMPILED, err);
}

const Format evtx_format = {
    .name = "evtx",
    .summary = "Windows event log (Vista and later)",
    .doc = "docs/formats/evtx.md",
    .probe = evtx_probe,
    .parse = evtx_parse,
    .computer_field = "System.Computer",
    .lines = evtx_lines,
    .split = SPLIT_UNITS,
    .split_origin = EVTX_FILE_HEADER,
    .split_unit = EVTX_CHUNK_SIZE,
};
