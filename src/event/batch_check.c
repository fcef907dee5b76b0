/* The one place where a batch is checked: batch_open. Everything that an accessor of batch.c
 * relies on is established here, section by section; what each check promises stands beside it.
 * The batch comes from a worker that parsed hostile evidence and may be in its hands. */
#include "event/batch.h"

#include "event/batch_format.h"

static uint32_t word_at(const uint8_t *words, uint64_t i)
{
    return load_u32le(words + 4 * i);
}

static bool nonsense(Err *err, const uint8_t *at, const Batch *batch, const char *what)
{
    return err_set(err, ERR_FORMAT, (uint64_t)(at - batch->bytes.ptr), "batch: %s", what);
}

static Batch place_sections(Span bytes, const BatchCounts *counts, const BatchMap *map)
{
    const uint8_t *p = bytes.ptr;
    return (Batch){
        .bytes = bytes,
        .event_count = counts->n[COUNT_EVENTS],
        .cell_count = counts->n[COUNT_CELLS],
        .value_count = counts->n[COUNT_VALUES],
        .name_count = counts->n[COUNT_NAMES],
        .kind_count = counts->n[COUNT_KINDS],
        .layout_count = counts->n[COUNT_LAYOUTS],
        .time = p + map->at[SECTION_TIME],
        .offset = p + map->at[SECTION_OFFSET],
        .record_id = p + map->at[SECTION_RECORD_ID],
        .twin = p + map->at[SECTION_TWIN],
        .payload = p + map->at[SECTION_PAYLOAD],
        .size = p + map->at[SECTION_SIZE],
        .sub = p + map->at[SECTION_SUB],
        .layout = p + map->at[SECTION_LAYOUT],
        .first_cell = p + map->at[SECTION_FIRST_CELL],
        .meaning = p + map->at[SECTION_MEANING],
        .quality = p + map->at[SECTION_QUALITY],
        .class = p + map->at[SECTION_CLASS],
        .cells = p + map->at[SECTION_CELLS],
        .value_type = p + map->at[SECTION_VALUE_TYPE],
        .value_start = p + map->at[SECTION_VALUE_START],
        .kinds = p + map->at[SECTION_KINDS],
        .layout_start = p + map->at[SECTION_LAYOUT_START],
        .layout_words = p + map->at[SECTION_LAYOUT_WORDS],
        .name_start = p + map->at[SECTION_NAME_START],
        .value_bytes = span_of(p + map->at[SECTION_VALUE_BYTES], counts->n[COUNT_VALUE_BYTES]),
        .name_bytes = span_of(p + map->at[SECTION_NAME_BYTES], counts->n[COUNT_NAME_BYTES]),
    };
}

/* The bytes between sections are zero, so that a segment need not keep them. */
static bool check_padding(Span bytes, const BatchMap *map)
{
    for (unsigned s = 0; s < SECTION_COUNT; s++) {
        uint64_t next = s + 1 < SECTION_COUNT ? map->at[s + 1] : map->total;
        for (uint64_t at = map->at[s] + map->size[s]; at < next; at++)
            if (bytes.ptr[at])
                return false;
    }
    return true;
}

/* Starts begin at 0, never fall and end at `end`: every part lies in its region. */
static bool check_starts(const Batch *batch, const uint8_t *starts, uint32_t count, uint64_t end,
                         const char *what, Err *err)
{
    if (word_at(starts, 0) != 0)
        return nonsense(err, starts, batch, what);
    uint32_t last = 0;
    for (uint32_t i = 1; i <= count; i++) {
        uint32_t start = word_at(starts, i);
        if (start < last)
            return nonsense(err, starts + 4 * (size_t)i, batch, what);
        last = start;
    }
    return last == end || nonsense(err, starts + 4 * (size_t)count, batch, what);
}

/* Names are UTF-8. */
static bool check_names(const Batch *batch, Err *err)
{
    if (!check_starts(batch, batch->name_start, batch->name_count, batch->name_bytes.len,
                      "name starts out of order", err))
        return false;
    for (uint32_t i = 0; i < batch->name_count; i++)
        if (!text_is_utf8(batch_name(batch, i), UTF8_ALLOW_SURROGATES))
            return nonsense(err, batch->name_start + 4 * (size_t)i, batch, "name is not UTF-8");
    return true;
}

/* Elements of a list are values that are no lists themselves: rendering cannot recurse. */
static bool check_list(const Batch *batch, Value list)
{
    for (size_t at = 0; at < list.bytes.len; at += 4) {
        uint32_t element = load_u32le(list.bytes.ptr + at);
        if (element >= batch->value_count || batch->value_type[element] == VALUE_LIST)
            return false;
    }
    return true;
}

/* Every value has a known type and the bytes that its type demands. */
static bool check_values(const Batch *batch, bool *ret_has_lists, Err *err)
{
    *ret_has_lists = false;
    if (!check_starts(batch, batch->value_start, batch->value_count, batch->value_bytes.len,
                      "value starts out of order", err))
        return false;
    for (uint32_t i = 0; i < batch->value_count; i++) {
        if (batch->value_type[i] >= VALUE_TYPE_COUNT)
            return nonsense(err, batch->value_type + i, batch, "unknown type of value");
        Value value = batch_value(batch, i);
        bool is_list = value.type == VALUE_LIST;
        *ret_has_lists |= is_list;
        if (!value_well_formed(value) || (is_list && !check_list(batch, value)))
            return nonsense(err, value.bytes.ptr, batch, "value does not suit its type");
    }
    return true;
}

/* The five names of each kind exist. */
static bool check_kinds(const Batch *batch, Err *err)
{
    uint64_t words = (uint64_t)batch->kind_count * KIND_WORDS;
    for (uint64_t i = 0; i < words; i++)
        if (word_at(batch->kinds, i) >= batch->name_count)
            return nonsense(err, batch->kinds + 4 * i, batch, "kind has a name out of range");
    return true;
}

static bool is_name_or_none(const Batch *batch, uint32_t name)
{
    return name == UINT32_MAX || name < batch->name_count;
}

/* A layout of `words` words: its parts fill it exactly, all it names exists, and each derived
 * cell is there for an ECS field. */
static bool check_layout(const Batch *batch, uint32_t number, uint64_t words)
{
    if (words < LAYOUT_HEAD_WORDS)
        return false;
    Layout layout = batch_layout(batch, number);
    uint64_t parts = (uint64_t)layout.native_count + 2 * (uint64_t)layout.role_count +
                     2 * (uint64_t)layout.ecs_count;
    if (words - LAYOUT_HEAD_WORDS != parts || layout.native_count > EVENT_FIELDS_MAX ||
        layout.role_count > ROLE_COUNT || layout.ecs_count > LAYOUT_PAIRS_MAX ||
        layout.cell_count < layout.native_count ||
        layout.cell_count - layout.native_count > layout.ecs_count)
        return false;
    if (layout.kind >= batch->kind_count || !is_name_or_none(batch, layout.action) ||
        !is_name_or_none(batch, layout.outcome))
        return false;
    for (uint32_t i = 0; i < layout.native_count; i++)
        if (word_at(layout.names, i) >= batch->name_count)
            return false;
    for (uint32_t i = 0; i < layout.role_count; i++)
        if (word_at(layout.roles, 2 * i) >= ROLE_COUNT ||
            word_at(layout.roles, 2 * i + 1) >= layout.cell_count)
            return false;
    for (uint32_t i = 0; i < layout.ecs_count; i++)
        if (word_at(layout.ecs, 2 * i) >= batch->name_count ||
            word_at(layout.ecs, 2 * i + 1) >= layout.cell_count)
            return false;
    return true;
}

static bool check_layouts(const Batch *batch, uint32_t words, Err *err)
{
    if (!check_starts(batch, batch->layout_start, batch->layout_count, words,
                      "layout starts out of order", err))
        return false;
    for (uint32_t i = 0; i < batch->layout_count; i++) {
        const uint8_t *start = batch->layout_start + 4 * (size_t)i;
        if (!check_layout(batch, i, word_at(start, 1) - word_at(start, 0)))
            return nonsense(err, start, batch, "layout does not fit together");
    }
    return true;
}

/* Cells hold 0 or the number of a value plus one. */
static bool check_cells(const Batch *batch, Err *err)
{
    for (uint64_t i = 0; i < batch->cell_count; i++)
        if (word_at(batch->cells, i) > batch->value_count)
            return nonsense(err, batch->cells + 4 * i, batch, "cell has a value out of range");
    return true;
}

static uint64_t list_spread(const Batch *batch, uint32_t list)
{
    Value value = batch_value(batch, list);
    uint64_t spread = 0;
    for (size_t i = 0; i < value.bytes.len / 4; i++)
        spread += batch_list_at(batch, value, i).bytes.len;
    return spread;
}

/* Bytes of the value that a cell holds; 0 for none. */
static inline uint32_t cell_len(const Batch *batch, uint64_t at)
{
    uint32_t cell = word_at(batch->cells, at);
    const uint8_t *end = batch->value_start + 4 * (size_t)cell;
    return cell ? load_u32le(end) - load_u32le(end - 4) : 0;
}

/* What the elements add where cells hold lists. */
static uint64_t list_cell_spread(const Batch *batch, uint64_t at)
{
    uint32_t cell = word_at(batch->cells, at);
    return cell && batch->value_type[cell - 1] == VALUE_LIST ? list_spread(batch, cell - 1) : 0;
}

static uint64_t event_spread(const Batch *batch, const Layout *layout, uint64_t first_cell)
{
    uint64_t spread =
        SPREAD_CELL * ((uint64_t)layout->native_count + layout->role_count + layout->ecs_count);
    for (uint32_t i = 0; i < layout->native_count; i++)
        spread += cell_len(batch, first_cell + i);
    for (uint32_t i = 0; i < layout->role_count; i++)
        spread += cell_len(batch, first_cell + word_at(layout->roles, 2 * i + 1));
    for (uint32_t i = 0; i < layout->ecs_count; i++)
        spread += cell_len(batch, first_cell + word_at(layout->ecs, 2 * i + 1));
    if (!batch->has_lists)
        return spread;
    for (uint32_t i = 0; i < layout->native_count; i++)
        spread += list_cell_spread(batch, first_cell + i);
    for (uint32_t i = 0; i < layout->role_count; i++)
        spread += list_cell_spread(batch, first_cell + word_at(layout->roles, 2 * i + 1));
    for (uint32_t i = 0; i < layout->ecs_count; i++)
        spread += list_cell_spread(batch, first_cell + word_at(layout->ecs, 2 * i + 1));
    return spread;
}

/* Each event has a layout and the cells that it demands, in order and without gaps; native fields
 * have values; what all events say together is limited. */
static bool check_events(const Batch *batch, Err *err)
{
    uint64_t cells = 0, spread = 0;
    for (uint32_t row = 0; row < batch->event_count; row++) {
        if (batch->meaning[row] >= TIME_MEANING_COUNT ||
            batch->quality[row] >= TIME_QUALITY_COUNT || batch->class[row] >= EVENT_CLASS_COUNT)
            return nonsense(err, batch->meaning + row, batch, "event with an unknown kind of time");
        const uint8_t *number = batch->layout + 4 * (size_t)row;
        if (load_u32le(number) >= batch->layout_count)
            return nonsense(err, number, batch, "event has a layout out of range");
        Layout layout = batch_layout(batch, load_u32le(number));
        if (word_at(batch->first_cell, row) != cells ||
            layout.cell_count > batch->cell_count - cells)
            return nonsense(err, batch->first_cell + 4 * (size_t)row, batch,
                            "event has cells out of range");
        for (uint32_t i = 0; i < layout.native_count; i++)
            if (word_at(batch->cells, cells + i) == 0)
                return nonsense(err, batch->cells + 4 * (cells + i), batch,
                                "field without a value");
        spread += event_spread(batch, &layout, cells);
        if (spread > BATCH_SPREAD_MAX)
            return nonsense(err, number, batch, "events say more than 1 GiB");
        cells += layout.cell_count;
    }
    return cells == batch->cell_count ||
           nonsense(err, batch->cells, batch, "cells that belong to no event");
}

/* Everything but the parts: header, sizes, zeros between sections. */
static bool check_frame(Span bytes, BatchCounts *ret, BatchMap *ret_map, Err *err)
{
    BatchCounts counts;
    BatchMap map;
    if (bytes.len > BATCH_BYTES_MAX)
        return err_set(err, ERR_LIMIT, 0, "batch of %zu bytes, at most %u are allowed", bytes.len,
                       BATCH_BYTES_MAX);
    if (!batch_read_header(bytes, &counts, &map))
        return err_set(err, ERR_FORMAT, 0, "batch: header and size disagree");
    if (counts.n[COUNT_EVENTS] > BATCH_EVENTS_MAX)
        return err_set(err, ERR_FORMAT, 0, "batch of %u events", (unsigned)counts.n[COUNT_EVENTS]);
    if (!check_padding(bytes, &map))
        return err_set(err, ERR_FORMAT, 0, "batch: bytes between its sections are not zero");
    *ret = counts;
    *ret_map = map;
    return true;
}

bool batch_open(Span bytes, Batch *ret, Err *err)
{
    BatchCounts counts;
    BatchMap map;
    if (!check_frame(bytes, &counts, &map, err))
        return false;
    Batch batch = place_sections(bytes, &counts, &map);
    if (!check_names(&batch, err) || !check_values(&batch, &batch.has_lists, err) ||
        !check_kinds(&batch, err) || !check_layouts(&batch, counts.n[COUNT_LAYOUT_WORDS], err) ||
        !check_cells(&batch, err) || !check_events(&batch, err))
        return false;
    *ret = batch;
    return true;
}

bool batch_open_own(Span bytes, Batch *ret, Err *err)
{
    BatchCounts counts;
    BatchMap map;
    if (!check_frame(bytes, &counts, &map, err))
        return false;
    *ret = place_sections(bytes, &counts, &map);
    ret->has_lists = ret->value_count && memchr(ret->value_type, VALUE_LIST, ret->value_count);
    return true;
}

/* The sections that events refer to, which end the block. */
static Span dictionary_of(const Batch *batch)
{
    size_t at = (size_t)(batch->value_type - batch->bytes.ptr);
    return span_of(batch->value_type, batch->bytes.len - at);
}

bool batch_open_events(const Batch *dictionary, Span bytes, Batch *ret, Err *err)
{
    BatchCounts counts;
    BatchMap map;
    if (!check_frame(bytes, &counts, &map, err))
        return false;
    Batch batch = place_sections(bytes, &counts, &map);
    bool same = batch.value_count == dictionary->value_count &&
                batch.kind_count == dictionary->kind_count &&
                batch.layout_count == dictionary->layout_count &&
                batch.name_count == dictionary->name_count &&
                batch.value_bytes.len == dictionary->value_bytes.len &&
                batch.name_bytes.len == dictionary->name_bytes.len &&
                span_equal(dictionary_of(&batch), dictionary_of(dictionary));
    if (!same)
        return err_set(err, ERR_FORMAT, 0, "batch: its values are not those of the dictionary");
    batch.has_lists = dictionary->has_lists;
    if (!check_cells(&batch, err) || !check_events(&batch, err))
        return false;
    *ret = batch;
    return true;
}
