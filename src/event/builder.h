/* builder.h: a batch under construction. Events are appended; finish lays everything out in one
 * block (batch_format.h); clear begins the next. Which numbers layouts, kinds and names get in a
 * batch follows from the events in it alone. Buffers are kept: the steady state allocates
 * nothing. */
#ifndef EVENT_BUILDER_H
#define EVENT_BUILDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "event/batch.h"
#include "event/event.h"
#include "event/heap.h"
#include "event/layout.h"
#include "event/names.h"

/* The columns as they will stand in the block. */
typedef struct EventColumns {
    uint8_t time[8 * BATCH_EVENTS_MAX];
    uint8_t offset[8 * BATCH_EVENTS_MAX];
    uint8_t record_id[8 * BATCH_EVENTS_MAX];
    uint8_t twin[8 * BATCH_EVENTS_MAX];
    uint8_t payload[8 * BATCH_EVENTS_MAX];
    uint8_t size[4 * BATCH_EVENTS_MAX];
    uint8_t sub[4 * BATCH_EVENTS_MAX];
    uint8_t layout[4 * BATCH_EVENTS_MAX];
    uint8_t first_cell[4 * BATCH_EVENTS_MAX];
    uint8_t meaning[BATCH_EVENTS_MAX];
    uint8_t quality[BATCH_EVENTS_MAX];
    uint8_t class[BATCH_EVENTS_MAX];
} EventColumns;

typedef struct WordList {
    uint32_t *list;
    size_t count, cap;
} WordList;

typedef struct Builder {
    Heap heap;
    WordList cells;   /* value + 1; those of the pending event at the end */
    WordList weights; /* of the pending event's cells: bytes that a reader of the cell meets */
    EventColumns *columns;
    uint32_t event_count;
    uint32_t event_cells; /* cells of committed events */
    uint64_t spread;      /* of all committed events */
    WordList kinds;       /* KIND_WORDS each */
    WordList layout_starts, layout_words;
    WordList names; /* NameId by number in the batch */
    uint64_t name_bytes;
    uint32_t serial; /* of the batch; stamps in Name, Kind and LayoutEntry */
    uint8_t *block;
    size_t block_cap;
} Builder;

bool builder_init(Builder *builder, size_t heap_limit); /* false: no memory; builder_done is due */
void builder_done(Builder *builder);
bool builder_clear(Builder *builder); /* returns what heap_clear does */

static inline bool word_list_add(WordList *words, uint32_t word);
bool word_list_grow(WordList *words);

static inline bool word_list_add(WordList *words, uint32_t word)
{
    if (words->count >= words->cap && !word_list_grow(words))
        return false;
    words->list[words->count++] = word;
    return true;
}

/* Append a cell of the pending event. The weight of an absent one is 0. */
static inline bool builder_add_cell(Builder *builder, uint32_t cell, size_t weight)
{
    return word_list_add(&builder->cells, cell) &&
           word_list_add(&builder->weights, (uint32_t)weight);
}

/* How many bytes the block grows by when the batch uses this layout. 0 if it does already. */
uint64_t builder_layout_cost(const Builder *builder, const Layouts *layouts, uint32_t layout);

/* Fingerprint of the pending event's fields (event/twin.h), whose cells stand at the end. */
uint64_t builder_payload(Builder *builder, const Shape *shape);

/* What the event whose cells stand at the end counts against BATCH_SPREAD_MAX. */
uint64_t builder_event_spread(const Builder *builder, const LayoutEntry *layout);

/* Append the event whose cells stand at the end. false: no memory. */
bool builder_add(Builder *builder, Layouts *layouts, uint32_t layout, const EventHead *head,
                 uint64_t payload, uint64_t spread);

/* Bytes of the block as it stands, pending cells and values included. */
uint64_t builder_size(const Builder *builder);

/* Is the batch to be handed over? */
bool builder_full(const Builder *builder);

/* The block; valid until the next call. false: no memory. */
bool builder_finish(Builder *builder, const Names *names, Span *ret);

#endif
