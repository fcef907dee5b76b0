/* batch_format.h: where things stand in a batch. Shared by those who write, check and compress
 * batches; everybody else uses the accessors of batch.h.
 *
 *   offset  size  meaning
 *        0     8  "CONSTAB1"
 *        8     4  bytes of the whole block
 *       12     4  events
 *       16     4  cells
 *       20     4  values
 *       24     4  kinds
 *       28     4  layouts
 *       32     4  words of all layouts
 *       36     4  names
 *       40     4  bytes of all values
 *       44     4  bytes of all names
 *       48        sections in the order of Section, each at a multiple of 8, zeros between them
 *
 * The counts decide where each section begins, so there are no offsets that could lie. The end of
 * the block is padded to a multiple of 8 too. */
#ifndef EVENT_BATCH_FORMAT_H
#define EVENT_BATCH_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

#define BATCH_MAGIC        "CONSTAB1"
#define BATCH_HEADER_BYTES 48

typedef enum Section {
    SECTION_TIME,
    SECTION_OFFSET,
    SECTION_RECORD_ID,
    SECTION_TWIN,
    SECTION_PAYLOAD,
    SECTION_SIZE,
    SECTION_SUB,
    SECTION_LAYOUT,
    SECTION_FIRST_CELL,
    SECTION_MEANING,
    SECTION_QUALITY,
    SECTION_CLASS,
    SECTION_CELLS,
    SECTION_VALUE_TYPE,
    SECTION_VALUE_START,
    SECTION_KINDS,
    SECTION_LAYOUT_START,
    SECTION_LAYOUT_WORDS,
    SECTION_NAME_START,
    SECTION_VALUE_BYTES,
    SECTION_NAME_BYTES,
    SECTION_COUNT
} Section;

/* As they stand in the header, from offset 12 on. */
typedef enum Count {
    COUNT_EVENTS,
    COUNT_CELLS,
    COUNT_VALUES,
    COUNT_KINDS,
    COUNT_LAYOUTS,
    COUNT_LAYOUT_WORDS,
    COUNT_NAMES,
    COUNT_VALUE_BYTES,
    COUNT_NAME_BYTES,
    COUNT_COUNT
} Count;

typedef struct BatchCounts {
    uint32_t n[COUNT_COUNT];
} BatchCounts;

typedef struct BatchMap {
    uint64_t at[SECTION_COUNT];
    uint64_t size[SECTION_COUNT]; /* without padding */
    uint64_t total;
} BatchMap;

typedef struct SectionShape {
    Count count;
    uint8_t extra; /* items beyond the count */
    uint8_t width; /* bytes of an item */
} SectionShape;

extern const SectionShape SECTION_SHAPES[SECTION_COUNT];

/* Cannot overflow: all counts are 32-bit. */
BatchMap batch_map(const BatchCounts *counts);

/* The counts of a header; false when it is cut off or has another magic. */
bool batch_read_counts(Span head, BatchCounts *ret);

/* The header of a block; false when there is none, or when its counts
 * do not make its stated size, or that is not the length of `bytes`. */
bool batch_read_header(Span bytes, BatchCounts *ret, BatchMap *ret_map);
void batch_write_header(const BatchCounts *counts, uint64_t total, uint8_t *out);

/* A kind is five names: product, service, channel, provider, code. */
#define KIND_WORDS 5

/* A layout is these words, then its native names, role pairs and ECS pairs. */
typedef enum LayoutWord {
    LAYOUT_KIND,
    LAYOUT_ACTION,  /* name, or UINT32_MAX */
    LAYOUT_OUTCOME, /* name, or UINT32_MAX */
    LAYOUT_CELLS,
    LAYOUT_NATIVE,
    LAYOUT_ROLES,
    LAYOUT_ECS,
    LAYOUT_HEAD_WORDS
} LayoutWord;

#define LAYOUT_PAIRS_MAX 16384 /* ECS fields of one layout */
#define EVENT_FIELDS_MAX 65535 /* native fields of one event */

/* Equal values are stored once, so a small block could stand for terabytes of text. The spread of
 * an event is what a reader of all its fields, roles and ECS fields meets: SPREAD_CELL for each
 * and the bytes of its value, of a list also those of its elements. */
#define BATCH_SPREAD_MAX (UINT64_C(1) << 30)
#define SPREAD_CELL      4

#endif
