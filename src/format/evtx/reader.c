#include "format/evtx/reader.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/digits.h"
#include "event/twin.h"
#include "format/evtx/dom.h"
#include "format/evtx/plan.h"
#include "format/evtx/scalar.h"

#define TREES_LIMIT   (64u * 1024 * 1024) /* templates of one chunk */
#define SCRATCH_LIMIT (64u * 1024 * 1024) /* one record the general way */
#define RECORD_LIMIT  (16u * 1024 * 1024) /* JSON of one record */
#define FLUSH_BYTES   (192u * 1024)       /* less than what is lent: few records move out of it */
#define LARGE_BYTES   2048u               /* of values that may ask for a lot of room */
#define LIMIT_SLACK   (1024u * 1024)      /* what is reserved may be more than what is written */

/* Where the next lines go: best right to where they are wanted. */
static void begin_lines(EvtxReader *reader)
{
    const LineOut *lines = reader->lines;
    reader->out_lines = 0;
    buf_clear(&reader->out);
    if (!lines || !lines->place)
        return;
    size_t size;
    char *place = lines->place(lines->ctx, &size);
    buf_lend(&reader->out, place, size);
}

bool evtx_reader_init(EvtxReader *reader, const Input *in, Sink *sink, const LineOut *lines,
                      Err *err)
{
    *reader = (EvtxReader){.in = in, .sink = sink, .lines = lines};
    reader->bytes = malloc(EVTX_BLOCK_CHUNKS * EVTX_CHUNK_SIZE + EVTX_PADDING);
    reader->trees = arena_create(TREES_LIMIT);
    reader->scratch = arena_create(SCRATCH_LIMIT);
    buf_init(&reader->out, FLUSH_BYTES + RECORD_LIMIT + LIMIT_SLACK);
    buf_init(&reader->text, RECORD_LIMIT);
    if (!reader->bytes || !reader->trees || !reader->scratch) {
        evtx_reader_done(reader);
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the EVTX reader");
    }
    memset(reader->bytes + EVTX_BLOCK_CHUNKS * EVTX_CHUNK_SIZE, 0, EVTX_PADDING);
    if (!binxml_init(&reader->bx, reader->trees, err)) {
        evtx_reader_done(reader);
        return false;
    }
    reader->names = (EvtxNames){
        .provider = sink_name(sink, TEXT("System.Provider.Name")),
        .event_id = sink_name(sink, TEXT("System.EventID")),
        .channel = sink_name(sink, TEXT("System.Channel")),
        .computer = sink_name(sink, TEXT("System.Computer")),
        .time = sink_name(sink, TEXT("System.TimeCreated.SystemTime")),
        .record_id = sink_name(sink, TEXT("System.EventRecordID")),
        .written = sink_name(sink, TEXT("System.TimeWritten")),
    };
    begin_lines(reader);
    return true;
}

void evtx_reader_done(EvtxReader *reader)
{
    binxml_done(&reader->bx);
    arena_destroy(reader->trees);
    arena_destroy(reader->scratch);
    buf_done(&reader->out);
    buf_done(&reader->text);
    free(reader->bytes);
    *reader = (EvtxReader){0};
}

bool evtx_reader_flush(EvtxReader *reader, Err *err)
{
    const LineOut *lines = reader->lines;
    if (!lines || reader->out.len == 0)
        return true;
    if (lines->count)
        lines->count(lines->ctx, reader->out_lines);
    bool ok = lines->write(lines->ctx, buf_span(&reader->out), err);
    begin_lines(reader);
    return ok;
}

const uint8_t *evtx_reader_load(EvtxReader *reader, uint64_t origin, size_t *ret_got, Err *err)
{
    const size_t whole = EVTX_BLOCK_CHUNKS * EVTX_CHUNK_SIZE;
    bool held = origin >= reader->block &&
                origin + EVTX_CHUNK_SIZE <= reader->block + reader->block_size &&
                (origin - reader->block) % EVTX_CHUNK_SIZE == 0;
    if (!held) { /* also a chunk that is cut: whether by an error or by the end is told here */
        Err why = {0};
        reader->block = origin;
        reader->block_size = input_read(reader->in, origin, reader->bytes, whole, &why);
        if (reader->block_size < EVTX_CHUNK_SIZE && why.code != ERR_NONE && err)
            *err = why;
    }
    size_t at = (size_t)(origin - reader->block);
    size_t left = reader->block_size > at ? reader->block_size - at : 0;
    *ret_got = left < EVTX_CHUNK_SIZE ? left : EVTX_CHUNK_SIZE;
    memset(reader->bytes + at + *ret_got, 0, EVTX_CHUNK_SIZE - *ret_got);
    return reader->bytes + at;
}

/* The values of a record whose data is "fragment header, template instance" and nothing else. */
static bool plain_instance(EvtxReader *reader, uint32_t begin, uint32_t end, Instance *ret)
{
    uint32_t at;
    Err ignored;
    if (reader->general_only || !binxml_is_instance(&reader->bx, begin, end, &at))
        return false;
    reader->bx.values_used = 0;
    return binxml_instance(&reader->bx, at, end, ret, &ignored) &&
           (ret->end == end || reader->bx.chunk->bytes[ret->end] == 0);
}

static Text pending_text(const EvtxReader *reader, NameId name)
{
    Value v;
    if (!sink_pending(reader->sink, name, &v) || v.type != VALUE_TEXT)
        return (Text){0};
    return value_text(v);
}

/* The event's time: TimeCreated, or when that is not there the time of writing. */
static void set_time(const EvtxReader *reader, const EvtxRecord *record, EventHead *head)
{
    Value v;
    bool found = sink_pending(reader->sink, reader->names.time, &v);
    head->quality = TIME_EXACT;
    if (found && v.type == VALUE_FILETIME && time_from_filetime(value_u64(v), &head->time)) {
        head->meaning = TIME_MEANS_LOGGED;
    } else if (found && v.type == VALUE_TEXT && time_parse(value_text(v), &head->time, NULL)) {
        head->meaning = TIME_MEANS_LOGGED;
    } else if (time_from_filetime(record->written, &head->time)) {
        head->meaning = TIME_MEANS_WRITTEN;
    } else {
        head->time = TIME_NONE;
        head->meaning = TIME_MEANS_UNKNOWN;
        head->quality = TIME_MISSING;
    }
}

static Text code_text(const EvtxReader *reader, char room[DIGITS_U64_ROOM])
{
    Value v;
    uint64_t id;
    if (!sink_pending(reader->sink, reader->names.event_id, &v) || !value_to_u64(v, &id))
        return (Text){0};
    return text_of(room, (size_t)(digits_put_u64(room, id) - room));
}

/* The number inside the event, which exports keep when they number their records anew. */
static uint64_t inner_record_id(EvtxReader *reader, const EvtxRecord *record)
{
    Value v;
    uint64_t id;
    if (!sink_pending(reader->sink, reader->names.record_id, &v) || !value_to_u64(v, &id))
        return record->id;
    reader->numbered_same += id == record->id;
    reader->numbered_anew += id != record->id;
    return id;
}

static bool commit(EvtxReader *reader, const EvtxChunk *chunk, const EvtxRecord *record,
                   EventClass class, Err *err)
{
    char room[DIGITS_U64_ROOM];
    EventHead head = {.offset = chunk->origin + record->offset,
                      .size = record->size,
                      .record_id = inner_record_id(reader, record),
                      .class = class};
    set_time(reader, record, &head);
    sink_add_u64(reader->sink, reader->names.written, VALUE_FILETIME, record->written);
    EventKind kind = {.product = TEXT("windows"),
                      .channel = pending_text(reader, reader->names.channel),
                      .provider = pending_text(reader, reader->names.provider),
                      .code = code_text(reader, room)};
    if (sink_wants_twins(reader->sink))
        head.twin = twin_windows(pending_text(reader, reader->names.computer), kind.channel,
                                 head.record_id, kind.code, head.time);
    if (sink_commit(reader->sink, &head, &kind))
        return true;
    if (err)
        *err = *sink_error(reader->sink);
    return false;
}

void evtx_reader_note_numbers(const EvtxReader *reader)
{
    if (reader->numbered_anew == 0)
        return;
    if (reader->numbered_same == 0)
        sink_note(reader->sink, reader->in->begin,
                  "all %" PRIu64 " record numbers differ from those in the headers, as in exported "
                  "and filtered logs",
                  reader->numbered_anew);
    else
        sink_note(reader->sink, reader->in->begin,
                  "%" PRIu64 " of %" PRIu64 " record numbers differ from those in the headers: "
                  "possible tampering",
                  reader->numbered_anew, reader->numbered_anew + reader->numbered_same);
}

/* Names whose stored hash does not fit are old bytes that something else has overwritten. */
static bool names_damaged(const Node *first)
{
    for (const Node *node = first; node; node = node->next)
        if (node->name_damaged || names_damaged(node->attributes) ||
            (node->kind == NODE_ELEMENT && names_damaged(node->children)))
            return true;
    return false;
}

static bool template_trusted(EvtxReader *reader, uint32_t begin, uint32_t end)
{
    uint32_t at;
    Instance instance;
    Err ignored;
    if (!binxml_is_instance(&reader->bx, begin, end, &at))
        return true; /* literal XML has no template to lose */
    if (!binxml_instance(&reader->bx, at, end, &instance, &ignored) || instance.definition->damage)
        return false;
    const uint8_t *bytes = reader->bx.chunk->bytes;
    bool same_id = memcmp(bytes + at + 2, bytes + instance.definition->offset + 4, 4) == 0;
    const Node *document = binxml_document(&reader->bx, instance.definition);
    return same_id && document && !names_damaged(document->children);
}

static void report(EvtxReader *reader, const EvtxChunk *chunk, const EvtxRecord *record,
                   EventClass class, const Err *damage, unsigned faults)
{
    if (damage && class == EVENT_LIVE)
        sink_defect(reader->sink,
                    damage->offset == ERR_NO_OFFSET ? chunk->origin + record->offset
                                                    : damage->offset,
                    record->size, "record %" PRIu64 ": %s", record->id, damage->text);
    if (reader->bx.values_missing)
        sink_note(reader->sink, chunk->origin + record->offset,
                  "record %" PRIu64 " has fewer values than its template asks for", record->id);
    if (faults)
        sink_note(reader->sink, chunk->origin + record->offset,
                  "record %" PRIu64 ": size of %u value%s does not fit the type", record->id,
                  faults, faults == 1 ? "" : "s");
}

/* `{"Event":…}` and, for what is not live, its class. */
static bool end_line(EvtxReader *reader, EventClass class, Err *err)
{
    if (class != EVENT_LIVE && reader->out.len) {
        reader->out.len--;
        BUF_LITERAL(&reader->out, ",\"#class\":\"");
        buf_add_text(&reader->out, EVENT_CLASS_TEXT[class]);
        BUF_LITERAL(&reader->out, "\"}");
    }
    buf_add_char(&reader->out, '\n');
    reader->out_lines++;
    if (reader->out.failed)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "memory for lines is exhausted");
    return reader->out.len < FLUSH_BYTES || evtx_reader_flush(reader, err);
}

/* Is the record that was written from `mark` within the limit? Else it is taken back. What stands
 * before it must not decide, so the buffer has room for more than the limit. */
static bool keep_line(EvtxReader *reader, size_t mark)
{
    if (!reader->out.failed && reader->out.len - mark <= RECORD_LIMIT)
        return true;
    reader->out.failed = false;
    reader->out.len = mark;
    return false;
}

static bool too_long(Err *damage)
{
    return err_set(damage, ERR_LIMIT, ERR_NO_OFFSET, "more than %u bytes of text", RECORD_LIMIT);
}

/* The general way. Returns false when nothing at all could be read. */
static bool general_record(EvtxReader *reader, uint32_t begin, uint32_t end, unsigned *faults,
                           Err *damage)
{
    DomElement *document = NULL;
    arena_clear(reader->scratch);
    reader->bx.values_used = 0;
    dom_build(&reader->bx, reader->scratch, begin, end, &document, damage);
    if (!document || (damage->code != ERR_NONE && !document->children))
        return false;
    if (!reader->lines) {
        return dom_sink_fields(reader->sink, document, &reader->text, faults) || too_long(damage);
    }
    size_t mark = reader->out.len;
    dom_write_json(&reader->out, document, faults);
    return keep_line(reader, mark) || too_long(damage);
}

/* Lines before a large record are handed over where they are, rather than moved to where there is
 * room for all. */
static bool make_room(EvtxReader *reader, const Instance *instance, Err *err)
{
    const Buf *out = &reader->out;
    if (instance->value_bytes < LARGE_BYTES || !out->lent || !out->len ||
        plan_json_room(&reader->bx, instance) <= out->cap - out->len)
        return true;
    return evtx_reader_flush(reader, err);
}

bool evtx_reader_record(EvtxReader *reader, const EvtxChunk *chunk, const EvtxRecord *record,
                        EventClass class, Err *err)
{
    uint32_t begin = record->offset + 24, end = record->offset + record->size - 4;
    unsigned faults = 0;
    Instance instance;
    Err damage; /* the rest of it when there is some: zeroing it all costs 30 ns a record */
    damage.code = ERR_NONE;
    bool done = false, nothing = false;
    reader->bx.values_missing = false;
    if (class != EVENT_LIVE && !template_trusted(reader, begin, end))
        class = EVENT_FRAGMENT;
    if (plain_instance(reader, begin, end, &instance)) {
        if (!make_room(reader, &instance, err))
            return false;
        size_t mark = reader->out.len;
        done = reader->lines ? plan_json(&reader->bx, &instance, &reader->out, &faults) &&
                                   keep_line(reader, mark)
                             : plan_fields(&reader->bx, &instance, reader->sink, &faults);
        faults = done ? faults : 0;
    }
    if (!done)
        nothing = !general_record(reader, begin, end, &faults, &damage);
    report(reader, chunk, record, class, damage.code == ERR_NONE ? NULL : &damage, faults);
    if (nothing || (class == EVENT_RECOVERED && damage.code != ERR_NONE))
        class = EVENT_FRAGMENT;
    if (nothing && reader->lines)
        buf_printf(&reader->out, "{\"Event\":{\"System\":{\"EventRecordID\":%" PRIu64 "}}}",
                   record->id);
    if (reader->lines)
        return end_line(reader, class, err);
    return commit(reader, chunk, record, class, err);
}
