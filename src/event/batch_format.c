#include "event/batch_format.h"

#include <assert.h>
#include <string.h>

#define HEADER_TOTAL  8
#define HEADER_COUNTS 12

static_assert(HEADER_COUNTS + 4 * COUNT_COUNT == BATCH_HEADER_BYTES, "counts end the header");

/* clang-format off */
const SectionShape SECTION_SHAPES[] = {
    [SECTION_TIME]         = {COUNT_EVENTS, 0, 8},
    [SECTION_OFFSET]       = {COUNT_EVENTS, 0, 8},
    [SECTION_RECORD_ID]    = {COUNT_EVENTS, 0, 8},
    [SECTION_TWIN]         = {COUNT_EVENTS, 0, 8},
    [SECTION_PAYLOAD]      = {COUNT_EVENTS, 0, 8},
    [SECTION_SIZE]         = {COUNT_EVENTS, 0, 4},
    [SECTION_SUB]          = {COUNT_EVENTS, 0, 4},
    [SECTION_LAYOUT]       = {COUNT_EVENTS, 0, 4},
    [SECTION_FIRST_CELL]   = {COUNT_EVENTS, 0, 4},
    [SECTION_MEANING]      = {COUNT_EVENTS, 0, 1},
    [SECTION_QUALITY]      = {COUNT_EVENTS, 0, 1},
    [SECTION_CLASS]        = {COUNT_EVENTS, 0, 1},
    [SECTION_CELLS]        = {COUNT_CELLS, 0, 4},
    [SECTION_VALUE_TYPE]   = {COUNT_VALUES, 0, 1},
    [SECTION_VALUE_START]  = {COUNT_VALUES, 1, 4},
    [SECTION_KINDS]        = {COUNT_KINDS, 0, 4 * KIND_WORDS},
    [SECTION_LAYOUT_START] = {COUNT_LAYOUTS, 1, 4},
    [SECTION_LAYOUT_WORDS] = {COUNT_LAYOUT_WORDS, 0, 4},
    [SECTION_NAME_START]   = {COUNT_NAMES, 1, 4},
    [SECTION_VALUE_BYTES]  = {COUNT_VALUE_BYTES, 0, 1},
    [SECTION_NAME_BYTES]   = {COUNT_NAME_BYTES, 0, 1},
};
/* clang-format on */

BatchMap batch_map(const BatchCounts *counts)
{
    BatchMap map = {0};
    uint64_t at = BATCH_HEADER_BYTES;
    for (unsigned s = 0; s < SECTION_COUNT; s++) {
        const SectionShape *shape = &SECTION_SHAPES[s];
        map.at[s] = at;
        map.size[s] = ((uint64_t)counts->n[shape->count] + shape->extra) * shape->width;
        at = (at + map.size[s] + 7) & ~UINT64_C(7);
    }
    map.total = at;
    return map;
}

bool batch_read_counts(Span head, BatchCounts *ret)
{
    if (head.len < BATCH_HEADER_BYTES || memcmp(head.ptr, BATCH_MAGIC, 8) != 0)
        return false;
    for (unsigned i = 0; i < COUNT_COUNT; i++)
        ret->n[i] = load_u32le(head.ptr + HEADER_COUNTS + 4 * i);
    return true;
}

bool batch_read_header(Span bytes, BatchCounts *ret, BatchMap *ret_map)
{
    BatchCounts counts;
    if (!batch_read_counts(bytes, &counts))
        return false;
    BatchMap map = batch_map(&counts);
    if (map.total != bytes.len || map.total != load_u32le(bytes.ptr + HEADER_TOTAL))
        return false;
    *ret = counts;
    *ret_map = map;
    return true;
}

void batch_write_header(const BatchCounts *counts, uint64_t total, uint8_t *out)
{
    memcpy(out, BATCH_MAGIC, 8);
    store_u32le(out + HEADER_TOTAL, (uint32_t)total);
    for (unsigned i = 0; i < COUNT_COUNT; i++)
        store_u32le(out + HEADER_COUNTS + 4 * i, counts->n[i]);
}
