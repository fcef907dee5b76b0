#include "event/builder.h"

#include <stdlib.h>
#include <string.h>

#include "event/batch_format.h"
#include "event/grow.h"

#define SPREAD_FULL (64u * 1024 * 1024)

bool builder_init(Builder *builder, size_t heap_limit)
{
    *builder = (Builder){.serial = 1};
    builder->columns = malloc(sizeof *builder->columns);
    bool heap = heap_init(&builder->heap, heap_limit);
    if (!heap || !builder->columns || !word_list_add(&builder->layout_starts, 0) ||
        !builder_add_cell(builder, 0, 0)) /* so that an event without fields has an address */
        return false;
    builder->cells.count = 0;
    builder->weights.count = 0;
    return true;
}

void builder_done(Builder *builder)
{
    heap_done(&builder->heap);
    free(builder->columns);
    free(builder->cells.list);
    free(builder->weights.list);
    free(builder->kinds.list);
    free(builder->layout_starts.list);
    free(builder->layout_words.list);
    free(builder->names.list);
    free(builder->block);
    *builder = (Builder){0};
}

bool builder_clear(Builder *builder)
{
    bool anew = heap_clear(&builder->heap);
    builder->cells.count = 0;
    builder->weights.count = 0;
    builder->event_count = 0;
    builder->event_cells = 0;
    builder->spread = 0;
    builder->kinds.count = 0;
    builder->layout_starts.count = 1; /* the 0 stays */
    builder->layout_words.count = 0;
    builder->names.count = 0;
    builder->name_bytes = 0;
    builder->serial++;
    return anew;
}

bool word_list_grow(WordList *words)
{
    uint32_t *list = grow_array(words->list, &words->cap, words->count + 1, sizeof *list);
    if (list)
        words->list = list;
    return list != NULL;
}

static uint32_t layout_words(const LayoutEntry *layout)
{
    return LAYOUT_HEAD_WORDS + layout->native_count + 2 * (layout->role_count + layout->ecs_count);
}

static uint64_t name_cost(const Builder *builder, const Names *names, uint32_t name)
{
    if (name == ID_NONE || names->list[name].batch == builder->serial)
        return 0;
    return names->list[name].text.len + 4;
}

uint64_t builder_layout_cost(const Builder *builder, const Layouts *layouts, uint32_t layout_id)
{
    const LayoutEntry *layout = &layouts->list[layout_id];
    if (layout->batch == builder->serial)
        return 0;
    const Names *names = layouts->names;
    const Kind *kind = &layouts->kinds.list[layout->kind];
    const Shape *shape = &layouts->shapes[layout->shape];
    uint64_t cost = 4 * (uint64_t)layout_words(layout) + 4 * KIND_WORDS + 4;
    for (unsigned i = 0; i < KIND_TEXTS; i++)
        cost += name_cost(builder, names, kind->names[i]);
    for (uint32_t i = 0; i < shape->name_count; i++)
        cost += name_cost(builder, names, shape->names[i]);
    for (uint32_t i = 0; i < layout->ecs_count; i++)
        cost += name_cost(builder, names, layout->ecs[i].what);
    return cost + name_cost(builder, names, layout->action) +
           name_cost(builder, names, layout->outcome);
}

/* The number of a name in this batch, given on first use. */
static bool place_name(Builder *builder, Names *names, uint32_t id, uint32_t *ret)
{
    *ret = UINT32_MAX;
    if (id == ID_NONE)
        return true;
    Name *name = &names->list[id];
    if (name->batch != builder->serial) {
        uint32_t number = (uint32_t)builder->names.count;
        if (!word_list_add(&builder->names, id))
            return false;
        builder->name_bytes += name->text.len;
        name->number = number;
        name->batch = builder->serial;
    }
    *ret = name->number;
    return true;
}

static bool add_name_word(Builder *builder, WordList *words, Names *names, uint32_t id)
{
    uint32_t number;
    return place_name(builder, names, id, &number) && word_list_add(words, number);
}

static bool place_kind(Builder *builder, Layouts *layouts, uint32_t id, uint32_t *ret)
{
    Kind *kind = &layouts->kinds.list[id];
    if (kind->batch != builder->serial) {
        uint32_t number = (uint32_t)(builder->kinds.count / KIND_WORDS);
        for (unsigned i = 0; i < KIND_TEXTS; i++)
            if (!add_name_word(builder, &builder->kinds, layouts->names, kind->names[i]))
                return false;
        kind->number = number;
        kind->batch = builder->serial;
    }
    *ret = kind->number;
    return true;
}

static bool write_layout(Builder *builder, Layouts *layouts, const LayoutEntry *layout)
{
    WordList *words = &builder->layout_words;
    Names *names = layouts->names;
    const Shape *shape = &layouts->shapes[layout->shape];
    uint32_t kind;
    bool ok = place_kind(builder, layouts, layout->kind, &kind) && word_list_add(words, kind) &&
              add_name_word(builder, words, names, layout->action) &&
              add_name_word(builder, words, names, layout->outcome) &&
              word_list_add(words, layout->native_count + layout->derived_count) &&
              word_list_add(words, layout->native_count) &&
              word_list_add(words, layout->role_count) && word_list_add(words, layout->ecs_count);
    for (uint32_t i = 0; ok && i < shape->name_count; i++)
        ok = add_name_word(builder, words, names, shape->names[i]);
    for (uint32_t i = 0; ok && i < layout->role_count; i++)
        ok = word_list_add(words, layout->roles[i].what) &&
             word_list_add(words, layout->roles[i].cell);
    for (uint32_t i = 0; ok && i < layout->ecs_count; i++)
        ok = add_name_word(builder, words, names, layout->ecs[i].what) &&
             word_list_add(words, layout->ecs[i].cell);
    return ok && word_list_add(&builder->layout_starts, (uint32_t)words->count);
}

/* The number of a layout in this batch, written on first use. */
static bool place_layout(Builder *builder, Layouts *layouts, uint32_t id, uint32_t *ret)
{
    LayoutEntry *layout = &layouts->list[id];
    if (layout->batch != builder->serial) {
        uint32_t number = (uint32_t)(builder->layout_starts.count - 1);
        if (!write_layout(builder, layouts, layout))
            return false;
        layout->number = number;
        layout->batch = builder->serial;
    }
    *ret = layout->number;
    return true;
}

static uint64_t pairs_spread(const uint32_t *weights, const CellPair *pairs, uint32_t count)
{
    uint64_t spread = SPREAD_CELL * (uint64_t)count;
    for (uint32_t i = 0; i < count; i++)
        spread += weights[pairs[i].cell];
    return spread;
}

uint64_t builder_event_spread(const Builder *builder, const LayoutEntry *layout)
{
    const uint32_t *weights = builder->weights.list;
    uint64_t spread = SPREAD_CELL * (uint64_t)layout->native_count;
    for (uint32_t i = 0; i < layout->native_count; i++)
        spread += weights[i];
    return spread + pairs_spread(weights, layout->roles, layout->role_count) +
           pairs_spread(weights, layout->ecs, layout->ecs_count);
}

bool builder_add(Builder *builder, Layouts *layouts, uint32_t layout_id, const EventHead *head,
                 uint64_t payload, uint64_t spread)
{
    EventColumns *to = builder->columns;
    uint32_t row = builder->event_count, layout;
    if (!place_layout(builder, layouts, layout_id, &layout))
        return false;
    builder->spread += spread;
    store_u64le(to->time + 8 * row, (uint64_t)head->time);
    store_u64le(to->offset + 8 * row, head->offset);
    store_u64le(to->record_id + 8 * row, head->record_id);
    store_u64le(to->twin + 8 * row, head->twin);
    store_u64le(to->payload + 8 * row, payload);
    store_u32le(to->size + 4 * row, head->size);
    store_u32le(to->sub + 4 * row, head->sub);
    store_u32le(to->layout + 4 * row, layout);
    store_u32le(to->first_cell + 4 * row, builder->event_cells);
    to->meaning[row] = (uint8_t)head->meaning;
    to->quality[row] = (uint8_t)head->quality;
    to->class[row] = (uint8_t)head->class;
    builder->event_cells = (uint32_t)builder->cells.count;
    builder->event_count++;
    return true;
}

static BatchCounts current_counts(const Builder *builder)
{
    return (BatchCounts){.n = {[COUNT_EVENTS] = builder->event_count,
                               [COUNT_CELLS] = (uint32_t)builder->cells.count,
                               [COUNT_VALUES] = (uint32_t)builder->heap.count,
                               [COUNT_KINDS] = (uint32_t)(builder->kinds.count / KIND_WORDS),
                               [COUNT_LAYOUTS] = (uint32_t)(builder->layout_starts.count - 1),
                               [COUNT_LAYOUT_WORDS] = (uint32_t)builder->layout_words.count,
                               [COUNT_NAMES] = (uint32_t)builder->names.count,
                               [COUNT_VALUE_BYTES] = (uint32_t)builder->heap.bytes.len,
                               [COUNT_NAME_BYTES] = (uint32_t)builder->name_bytes}};
}

uint64_t builder_size(const Builder *builder)
{
    BatchCounts counts = current_counts(builder);
    return batch_map(&counts).total;
}

bool builder_full(const Builder *builder)
{
    uint64_t tables =
        4 * ((uint64_t)builder->cells.count + builder->layout_words.count) + builder->name_bytes;
    return builder->event_count == BATCH_EVENTS_MAX || builder->heap.bytes.len > BATCH_FULL_BYTES ||
           tables > BATCH_FULL_BYTES || builder->spread > SPREAD_FULL;
}

static void put_words(uint8_t *out, const uint32_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        store_u32le(out + 4 * i, words[i]);
}

static void put_names(const Builder *builder, const Names *names, uint8_t *starts, uint8_t *bytes)
{
    uint32_t at = 0;
    for (size_t i = 0; i < builder->names.count; i++) {
        Text text = names->list[builder->names.list[i]].text;
        store_u32le(starts + 4 * i, at);
        if (text.len)
            memcpy(bytes + at, text.ptr, text.len);
        at += (uint32_t)text.len;
    }
    store_u32le(starts + 4 * builder->names.count, at);
}

static void put_bytes(uint8_t *block, const BatchMap *map, Section section, const void *bytes)
{
    if (map->size[section])
        memcpy(block + map->at[section], bytes, map->size[section]);
}

static void put_sections(const Builder *builder, const Names *names, const BatchMap *map,
                         uint8_t *block)
{
    const EventColumns *from = builder->columns;
    const Heap *heap = &builder->heap;
    put_bytes(block, map, SECTION_TIME, from->time);
    put_bytes(block, map, SECTION_OFFSET, from->offset);
    put_bytes(block, map, SECTION_RECORD_ID, from->record_id);
    put_bytes(block, map, SECTION_TWIN, from->twin);
    put_bytes(block, map, SECTION_PAYLOAD, from->payload);
    put_bytes(block, map, SECTION_SIZE, from->size);
    put_bytes(block, map, SECTION_SUB, from->sub);
    put_bytes(block, map, SECTION_LAYOUT, from->layout);
    put_bytes(block, map, SECTION_FIRST_CELL, from->first_cell);
    put_bytes(block, map, SECTION_MEANING, from->meaning);
    put_bytes(block, map, SECTION_QUALITY, from->quality);
    put_bytes(block, map, SECTION_CLASS, from->class);
    put_words(block + map->at[SECTION_CELLS], builder->cells.list, builder->cells.count);
    put_bytes(block, map, SECTION_VALUE_TYPE, heap->types);
    put_words(block + map->at[SECTION_VALUE_START], heap->starts, heap->count + 1);
    put_words(block + map->at[SECTION_KINDS], builder->kinds.list, builder->kinds.count);
    put_words(block + map->at[SECTION_LAYOUT_START], builder->layout_starts.list,
              builder->layout_starts.count);
    put_words(block + map->at[SECTION_LAYOUT_WORDS], builder->layout_words.list,
              builder->layout_words.count);
    put_bytes(block, map, SECTION_VALUE_BYTES, heap->bytes.ptr);
    put_names(builder, names, block + map->at[SECTION_NAME_START],
              block + map->at[SECTION_NAME_BYTES]);
}

bool builder_finish(Builder *builder, const Names *names, Span *ret)
{
    BatchCounts counts = current_counts(builder);
    BatchMap map = batch_map(&counts);
    uint8_t *block = grow_array(builder->block, &builder->block_cap, map.total, 1);
    if (!block)
        return false;
    builder->block = block;
    for (unsigned s = 0; s < SECTION_COUNT; s++) {
        uint64_t end = map.at[s] + map.size[s];
        memset(block + end, 0, (8 - end % 8) % 8);
    }
    batch_write_header(&counts, map.total, block);
    put_sections(builder, names, &map, block);
    *ret = span_of(block, map.total);
    return true;
}
