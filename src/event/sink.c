#include "event/sink.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event/batch.h"
#include "event/batch_format.h"
#include "event/builder.h"
#include "event/deriver.h"
#include "event/layout.h"
#include "event/names.h"
#include "event/picker.h"

#define EVENT_BYTES_MAX  (64u * 1024 * 1024) /* values and tables of one event */
#define VALUE_COST       9                   /* a cell or reference, a type and a start */
#define EVENT_SPREAD_MAX (BATCH_SPREAD_MAX / 2)
#define HEAP_BYTES_MAX   (320u * 1024 * 1024) /* room to narrow 64 MiB of text into */
#define SCRATCH_MAX      (96u * 1024 * 1024)
#define DEFECT_TEXT_MAX  512
#define HASH_BASIS       UINT64_C(0xcbf29ce484222325)
#define HASH_PRIME       UINT64_C(0x9e3779b97f4a7c15)

/* The event that is being added: its cells and values stand at the end of the builder's. */
typedef struct Pending {
    WordList names;
    size_t room;        /* fields that fit without asking further; 0: ask each time */
    uint64_t hash;      /* of the names so far */
    size_t first_value; /* values of the heap from here on are this event's */
    uint64_t bytes;     /* of all values, equal ones each time, and what they cost beside */
    WordList list;      /* elements of the list that is open … */
    uint64_t list_len;  /* … and the bytes of these */
    bool in_list;
    bool too_large;
} Pending;

struct Sink {
    SinkOwner owner;
    unsigned wants;
    Names names;
    Layouts layouts;
    Builder builder;
    Pending pending;
    Picker picker;
    Deriver deriver;
    Buf scratch; /* elements of a list */
    uint32_t element_slot;
    uint64_t count;
    bool told_names_full;
    bool leaves_out; /* some field (sink_leave_out) */
    Err err;
};

static void clear_pending(Sink *sink)
{
    Pending *pending = &sink->pending;
    pending->names.count = 0;
    pending->hash = HASH_BASIS;
    pending->first_value = sink->builder.heap.count;
    pending->bytes = 0;
    pending->list.count = 0;
    sink->builder.weights.count = 0;
    pending->in_list = false;
    pending->too_large = false;
    pending->room = 0;
}

Sink *sink_create(const Schema *schema, const SinkOwner *owner, unsigned wants)
{
    Sink *sink = calloc(1, sizeof *sink);
    if (!sink)
        return NULL;
    sink->owner = *owner;
    sink->wants = wants;
    buf_init(&sink->scratch, SCRATCH_MAX);
    bool picker = picker_init(&sink->picker, SCRATCH_MAX);
    bool deriver = deriver_init(&sink->deriver);
    bool names = names_init(&sink->names);
    bool layouts = layouts_init(&sink->layouts, schema, &sink->names, !(wants & SINK_NO_ECS));
    bool builder = builder_init(&sink->builder, HEAP_BYTES_MAX);
    if (!names || !layouts || !builder || !picker || !deriver) {
        sink_destroy(sink);
        return NULL;
    }
    clear_pending(sink);
    return sink;
}

void sink_destroy(Sink *sink)
{
    if (!sink)
        return;
    builder_done(&sink->builder);
    layouts_done(&sink->layouts);
    names_done(&sink->names);
    free(sink->pending.names.list);
    free(sink->pending.list.list);
    picker_done(&sink->picker);
    deriver_done(&sink->deriver);
    buf_done(&sink->scratch);
    free(sink);
}

bool sink_failed(const Sink *sink)
{
    return sink->err.code != ERR_NONE;
}

const Err *sink_error(const Sink *sink)
{
    return &sink->err;
}

bool sink_wants_twins(const Sink *sink)
{
    return !(sink->wants & SINK_NO_TWINS);
}

uint64_t sink_count(const Sink *sink)
{
    return sink->count;
}

static bool fail_memory(Sink *sink)
{
    sink->pending.room = 0;
    if (!sink_failed(sink))
        err_set(&sink->err, ERR_NO_MEMORY, ERR_NO_OFFSET, "memory for events is exhausted");
    return false;
}

__attribute__((format(printf, 5, 0))) static void tell(const Sink *sink, DefectKind kind,
                                                       uint64_t offset, uint64_t size,
                                                       const char *format, va_list args)
{
    char text[DEFECT_TEXT_MAX];
    int n = vsnprintf(text, sizeof text, format, args);
    size_t len = n < 0 ? 0 : (size_t)n;
    if (len >= sizeof text) {
        len = sizeof text - 1;
        while (len && ((unsigned char)text[len - 1] & 0xC0) == 0x80)
            len--; /* not in the middle of a character: the last one goes whole */
        if (len && (unsigned char)text[len - 1] >= 0xC0)
            len--;
    }
    if (sink->owner.defect)
        sink->owner.defect(sink->owner.ctx, kind, offset, size, text_of(text, len));
}

void sink_defect(Sink *sink, uint64_t offset, uint64_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tell(sink, DEFECT_DAMAGE, offset, size, format, args);
    va_end(args);
}

void sink_note(Sink *sink, uint64_t offset, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tell(sink, DEFECT_NOTE, offset, 0, format, args);
    va_end(args);
}

void sink_progress(Sink *sink, uint64_t offset)
{
    if (sink->owner.progress)
        sink->owner.progress(sink->owner.ctx, offset);
}

NameId sink_name(Sink *sink, Text name)
{
    uint32_t id = names_intern(&sink->names, NAME_FIELD, name);
    if (id == ID_NONE)
        fail_memory(sink);
    return id;
}

void sink_leave_out(Sink *sink, Text name)
{
    NameId id = sink_name(sink, name);
    if (id == ID_NONE)
        return;
    sink->names.list[id].left_out = true;
    sink->leaves_out = true;
}

/* Elements of a list have no name, and after a failure there may be none. */
static inline bool is_left_out(const Sink *sink, NameId name)
{
    return sink->leaves_out && !sink->pending.in_list && name < sink->names.count &&
           sink->names.list[name].left_out;
}

/* ---- values ---- */

/* Grow what has an entry for each field; pending->room says how many will fit. */
static bool make_room(Sink *sink)
{
    Pending *pending = &sink->pending;
    Builder *builder = &sink->builder;
    size_t count = pending->names.count, cells = builder->event_cells;
    if ((count == pending->names.cap && !word_list_grow(&pending->names)) ||
        (builder->cells.count == builder->cells.cap && !word_list_grow(&builder->cells)) ||
        (count == builder->weights.cap && !word_list_grow(&builder->weights)))
        return false;
    size_t room = EVENT_FIELDS_MAX;
    room = pending->names.cap < room ? pending->names.cap : room;
    room = builder->weights.cap < room ? builder->weights.cap : room;
    room = builder->cells.cap - cells < room ? builder->cells.cap - cells : room;
    pending->room = room;
    return true;
}

/* May a value of `len` bytes be added to the pending event? It is counted if so. */
static bool accepts_slowly(Sink *sink, uint64_t len)
{
    Pending *pending = &sink->pending;
    if (sink_failed(sink) || pending->too_large)
        return false;
    if (pending->names.count >= EVENT_FIELDS_MAX ||
        len + VALUE_COST > EVENT_BYTES_MAX - pending->bytes) {
        pending->too_large = true;
        pending->room = 0;
        return false;
    }
    if (!pending->in_list && !make_room(sink))
        return fail_memory(sink);
    pending->bytes += len + VALUE_COST;
    return true;
}

static inline bool accepts(Sink *sink, uint64_t len)
{
    Pending *pending = &sink->pending;
    if (pending->names.count >= pending->room ||
        len + VALUE_COST > EVENT_BYTES_MAX - pending->bytes)
        return accepts_slowly(sink, len);
    pending->bytes += len + VALUE_COST;
    return true;
}

static void add_element(Sink *sink, uint32_t value, size_t len)
{
    sink->pending.list_len += len;
    if (!word_list_add(&sink->pending.list, value))
        fail_memory(sink);
}

/* Value `value` of the heap, which a reader of the field meets as `weight` bytes. There is room. */
static inline void add_number(Sink *sink, NameId name, uint32_t value, size_t weight)
{
    Pending *pending = &sink->pending;
    Builder *builder = &sink->builder;
    if (value == HEAP_NONE) {
        fail_memory(sink);
        return;
    }
    if (pending->in_list) {
        add_element(sink, value, weight);
        return;
    }
    pending->names.list[pending->names.count++] = name;
    builder->cells.list[builder->cells.count++] = value + 1;
    builder->weights.list[builder->weights.count++] = (uint32_t)weight;
    pending->hash = (pending->hash ^ name) * HASH_PRIME;
    pending->hash ^= pending->hash >> 32;
}

/* Where heap_add should look first. Elements of a list have no name. */
static inline uint32_t *recent_slot(Sink *sink, NameId name)
{
    return sink->pending.in_list ? &sink->element_slot : &sink->names.list[name].slot;
}

static inline void add_bytes(Sink *sink, NameId name, ValueType type, const void *bytes, size_t len)
{
    if (accepts(sink, len))
        add_number(sink, name,
                   heap_add(&sink->builder.heap, type, bytes, len, recent_slot(sink, name)), len);
}

void sink_add(Sink *sink, NameId name, Value value)
{
    if (is_left_out(sink, name) && value.type != VALUE_TEXT && value.type != VALUE_BINARY)
        return;
    bool sound = value.type != VALUE_LIST && value_well_formed(value);
    add_bytes(sink, name, sound ? value.type : VALUE_BINARY, value.bytes.ptr, value.bytes.len);
}

void sink_add_utf8(Sink *sink, NameId name, Text text)
{
    add_bytes(sink, name, VALUE_TEXT, text.ptr, text.len);
}

void sink_add_text(Sink *sink, NameId name, Text text)
{
    ValueType type = text_is_utf8(text, UTF8_ALLOW_SURROGATES) ? VALUE_TEXT : VALUE_BINARY;
    add_bytes(sink, name, type, text.ptr, text.len);
}

void sink_add_utf16(Sink *sink, NameId name, Span utf16le)
{
    if (!accepts(sink, utf16le.len / 2 * 3))
        return;
    Heap *heap = &sink->builder.heap;
    uint32_t value = heap_add_utf16(heap, utf16le, recent_slot(sink, name));
    add_number(sink, name, value, value == HEAP_NONE ? 0 : heap_len(heap, value));
}

void sink_add_u64(Sink *sink, NameId name, ValueType type, uint64_t bits)
{
    uint8_t bytes[8];
    if (is_left_out(sink, name))
        return;
    store_u64le(bytes, bits);
    if (type == VALUE_BOOL && bits > 1)
        type = VALUE_INT;
    if (value_is_number(type))
        add_bytes(sink, name, type, bytes, sizeof bytes);
    else
        sink_add(sink, name, (Value){.type = type, .bytes = span_of(bytes, sizeof bytes)});
}

void sink_list_begin(Sink *sink)
{
    assert(!sink->pending.in_list);
    sink->pending.in_list = true;
    sink->pending.room = 0;
    sink->pending.list.count = 0;
    sink->pending.list_len = 0;
}

void sink_list_end(Sink *sink, NameId name)
{
    WordList *list = &sink->pending.list;
    assert(sink->pending.in_list);
    sink->pending.in_list = false;
    buf_clear(&sink->scratch);
    uint8_t *out = (uint8_t *)buf_reserve(&sink->scratch, 4 * list->count);
    if (!out) {
        fail_memory(sink);
        return;
    }
    for (size_t i = 0; i < list->count; i++)
        store_u32le(out + 4 * i, list->list[i]);
    size_t len = 4 * list->count;
    if (accepts(sink, len)) {
        uint32_t value =
            heap_add(&sink->builder.heap, VALUE_LIST, out, len, recent_slot(sink, name));
        add_number(sink, name, value, len + sink->pending.list_len);
    }
    list->count = 0;
}

bool sink_pending(const Sink *sink, NameId name, Value *ret)
{
    for (size_t i = 0; i < sink->pending.names.count; i++)
        if (sink->pending.names.list[i] == name) {
            uint32_t cell = sink->builder.cells.list[sink->builder.event_cells + i];
            *ret = heap_value(&sink->builder.heap, cell - 1);
            return true;
        }
    return false;
}

/* ---- handing over ---- */

static bool hand_over(Sink *sink)
{
    Span block;
    if (!builder_finish(&sink->builder, &sink->names, &block))
        return fail_memory(sink);
    if (!sink->owner.batch(sink->owner.ctx, block, &sink->err)) {
        if (!sink_failed(sink))
            err_set(&sink->err, ERR_IO, ERR_NO_OFFSET, "a batch was not taken");
        return false;
    }
    if (builder_clear(&sink->builder)) {
        picker_clear(&sink->picker);
        deriver_clear(&sink->deriver);
    }
    layouts_trim(&sink->layouts);
    clear_pending(sink);
    return true;
}

void sink_drop(Sink *sink)
{
    sink->builder.cells.count = sink->builder.event_cells;
    heap_roll_back(&sink->builder.heap, sink->pending.first_value);
    clear_pending(sink);
}

bool sink_flush(Sink *sink, Err *err)
{
    if (!sink_failed(sink)) {
        sink_drop(sink);
        if (sink->builder.event_count)
            (void)hand_over(sink);
    }
    if (sink_failed(sink) && err)
        *err = sink->err;
    return !sink_failed(sink);
}

/* ---- committing ---- */

/* Would the event bring the block over its limit? Only long values, and layouts that are new to
 * the batch, can. */
static bool fits(const Sink *sink, uint32_t layout_id)
{
    const Builder *builder = &sink->builder;
    const LayoutEntry *layout = &sink->layouts.list[layout_id];
    if (layout->batch == builder->serial && builder->heap.bytes.len < BATCH_BYTES_MAX / 4)
        return true;
    uint64_t derived = (uint64_t)layout->derived_count * (DERIVE_BYTES_MAX + VALUE_COST);
    return builder_size(builder) + derived +
               builder_layout_cost(builder, &sink->layouts, layout_id) <=
           BATCH_BYTES_MAX;
}

static bool drop_too_large(Sink *sink, const EventHead *head)
{
    sink_defect(sink, head->offset, head->size,
                "an event with more than %u fields or %u MiB is left out", EVENT_FIELDS_MAX,
                EVENT_BYTES_MAX / (1024 * 1024));
    sink_drop(sink);
    picker_clear(&sink->picker); /* these may know values that are dropped now */
    deriver_clear(&sink->deriver);
    return true;
}

static void tell_names_full(Sink *sink, const EventHead *head)
{
    sink->told_names_full = true;
    sink_defect(sink, head->offset, head->size,
                "more than %d field names or %u MiB of them: further ones are shown as %s",
                NAMES_MAX, NAMES_BYTES_MAX / (1024 * 1024), NAMES_OVERFLOW_TEXT);
}

bool sink_commit(Sink *sink, const EventHead *head, const EventKind *kind)
{
    const Pending *pending = &sink->pending;
    if (sink_failed(sink))
        return false;
    if (pending->too_large)
        return drop_too_large(sink, head);
    uint32_t kind_id = layouts_kind(&sink->layouts, kind);
    if (kind_id == ID_NONE)
        return fail_memory(sink);
    uint32_t shape = layouts_shape(&sink->layouts, kind_id, pending->names.list,
                                   pending->names.count, pending->hash);
    if (shape == ID_NONE)
        return fail_memory(sink);
    uint32_t row =
        picker_row(&sink->picker, &sink->builder, &sink->layouts, &sink->layouts.shapes[shape]);
    uint32_t layout = layouts_get(&sink->layouts, shape, row);
    if (layout == ID_NONE || sink->picker.scratch.failed)
        return fail_memory(sink);
    if (!fits(sink, layout))
        return drop_too_large(sink, head);
    uint64_t payload = 0;
    if (sink_wants_twins(sink) && head->twin)
        payload = builder_payload(&sink->builder, &sink->layouts.shapes[shape]);
    if (!deriver_run(&sink->deriver, &sink->builder, &sink->layouts.list[layout]))
        return fail_memory(sink);
    uint64_t spread = builder_event_spread(&sink->builder, &sink->layouts.list[layout]);
    if (spread > EVENT_SPREAD_MAX)
        return drop_too_large(sink, head);
    if (!builder_add(&sink->builder, &sink->layouts, layout, head, payload, spread) ||
        sink->builder.heap.bytes.failed)
        return fail_memory(sink);
    sink->count++;
    clear_pending(sink);
    if (sink->names.full && !sink->told_names_full)
        tell_names_full(sink, head);
    return !builder_full(&sink->builder) || hand_over(sink);
}
