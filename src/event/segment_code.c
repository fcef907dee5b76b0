#include "event/segment_code.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "event/batch.h"
#include "event/planes.h"
#include "event/segment_cells.h"

/* How the numbers of a section are written. Planes: all lowest bytes first, then all second ones,
 * and so on. Differences are to the number before, zigzag: 0, -1, 1, -2, … become 0, 1, 2, 3, … */
typedef enum Coding {
    CODING_PLAIN,  /* as it is: text and hashes */
    CODING_PLANES, /* numbers as planes */
    CODING_DELTA,  /* differences as planes */
    CODING_CELLS,  /* differences as planes; first by layout, then by cell, then by event */
    CODING_VALUES, /* all but 8-byte numbers as they are; these by type, as CODING_DELTA */
} Coding;

static const uint8_t SECTION_CODING[SECTION_COUNT] = {
    [SECTION_TIME] = CODING_DELTA,         [SECTION_OFFSET] = CODING_DELTA,
    [SECTION_RECORD_ID] = CODING_DELTA,    [SECTION_TWIN] = CODING_PLAIN,
    [SECTION_PAYLOAD] = CODING_PLAIN,      [SECTION_SIZE] = CODING_DELTA,
    [SECTION_SUB] = CODING_PLANES,         [SECTION_LAYOUT] = CODING_PLANES,
    [SECTION_FIRST_CELL] = CODING_DELTA,   [SECTION_MEANING] = CODING_PLAIN,
    [SECTION_QUALITY] = CODING_PLAIN,      [SECTION_CLASS] = CODING_PLAIN,
    [SECTION_CELLS] = CODING_CELLS,        [SECTION_VALUE_TYPE] = CODING_PLAIN,
    [SECTION_VALUE_START] = CODING_DELTA,  [SECTION_KINDS] = CODING_PLANES,
    [SECTION_LAYOUT_START] = CODING_DELTA, [SECTION_LAYOUT_WORDS] = CODING_PLANES,
    [SECTION_NAME_START] = CODING_DELTA,   [SECTION_VALUE_BYTES] = CODING_VALUES,
    [SECTION_NAME_BYTES] = CODING_PLAIN,
};

typedef enum Direction { ENCODE, DECODE } Direction;

/* ---- sections ---- */

/* The batch and its content, of which one is read and the other written. */
typedef struct Mover {
    const BatchCounts *counts;
    const BatchMap *map;
    uint8_t *batch;
    uint8_t *content[SECTION_COUNT];
    Direction direction;
} Mover;

static uint8_t *section_at(const Mover *mover, Section section)
{
    return mover->batch + mover->map->at[section];
}

static uint32_t word_of(const Mover *mover, Section section, size_t i)
{
    return load_u32le(section_at(mover, section) + 4 * i);
}

static void move_plain(const Mover *mover, uint8_t *in_batch, uint8_t *in_content, size_t size)
{
    if (size == 0)
        return;
    if (mover->direction == ENCODE)
        memcpy(in_content, in_batch, size);
    else
        memcpy(in_batch, in_content, size);
}

static inline void move_32(const Mover *mover, Run32 *run, uint8_t *in_batch)
{
    if (mover->direction == ENCODE)
        run32_put(run, load_u32le(in_batch));
    else
        store_u32le(in_batch, run32_take(run));
}

static inline void move_64(const Mover *mover, Run64 *run, uint8_t *in_batch)
{
    if (mover->direction == ENCODE)
        run64_put(run, load_u64le(in_batch));
    else
        store_u64le(in_batch, run64_take(run));
}

static void move_numbers(const Mover *mover, Section section, Coding coding)
{
    uint8_t *at = section_at(mover, section), *planes = mover->content[section];
    size_t size = mover->map->size[section];
    bool delta = coding == CODING_DELTA;
    if (SECTION_SHAPES[section].width == 8) {
        Run64 run;
        run64_begin(&run, planes, size / 8, delta);
        for (size_t i = 0; i < size; i += 8)
            move_64(mover, &run, at + i);
        run64_end(&run);
    } else { /* kinds are rows of words */
        Run32 run;
        run32_begin(&run, planes, size / 4, delta);
        for (size_t i = 0; i < size; i += 4)
            move_32(mover, &run, at + i);
        run32_end(&run);
    }
}

/* ---- cells ---- */

/* The cells that a layout demands; false when there is no such layout. */
static bool layout_cells(const Mover *mover, uint32_t layout, uint32_t *ret)
{
    if (layout >= mover->counts->n[COUNT_LAYOUTS])
        return false;
    uint64_t word = (uint64_t)word_of(mover, SECTION_LAYOUT_START, layout) + LAYOUT_CELLS;
    if (word >= mover->counts->n[COUNT_LAYOUT_WORDS])
        return false;
    *ret = word_of(mover, SECTION_LAYOUT_WORDS, word);
    return true;
}

/* Do the events' cells follow one another and fill the section? Fills a group for each layout. */
static bool check_cells(const Mover *mover, CellGroup *groups)
{
    uint64_t cells = 0;
    uint32_t own;
    for (uint32_t row = 0; row < mover->counts->n[COUNT_EVENTS]; row++) {
        uint32_t layout = word_of(mover, SECTION_LAYOUT, row);
        if (!layout_cells(mover, layout, &own) || word_of(mover, SECTION_FIRST_CELL, row) != cells)
            return false;
        groups[layout].events++;
        groups[layout].cells = own;
        cells += own;
        if (cells > mover->counts->n[COUNT_CELLS])
            return false;
    }
    return cells == mover->counts->n[COUNT_CELLS];
}

/* The events' first cells in the order of their layouts. `next`: room for a number per layout. */
static void sort_events(const Mover *mover, const CellGroup *groups, uint32_t *next,
                        uint32_t *firsts)
{
    uint32_t start = 0;
    for (uint32_t i = 0; i < mover->counts->n[COUNT_LAYOUTS]; i++) {
        next[i] = start;
        start += groups[i].events;
    }
    for (uint32_t row = 0; row < mover->counts->n[COUNT_EVENTS]; row++)
        firsts[next[word_of(mover, SECTION_LAYOUT, row)]++] =
            word_of(mover, SECTION_FIRST_CELL, row);
}

static bool move_cells(const Mover *mover, Err *err)
{
    uint32_t layouts = mover->counts->n[COUNT_LAYOUTS], events = mover->counts->n[COUNT_EVENTS];
    CLEANUP(freep) CellGroup *groups = calloc((size_t)layouts + 1, sizeof *groups);
    CLEANUP(freep) uint32_t *next = calloc((size_t)layouts + 1, sizeof *next);
    CLEANUP(freep) uint32_t *firsts = calloc((size_t)events + 1, sizeof *firsts);
    if (!groups || !next || !firsts)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "segment: order of %u events",
                       (unsigned)events);
    if (!check_cells(mover, groups))
        return err_set(err, ERR_FORMAT, 0, "segment: cells and layouts disagree");
    sort_events(mover, groups, next, firsts);
    CellOrder order = {.groups = groups,
                       .group_count = layouts,
                       .firsts = firsts,
                       .count = mover->counts->n[COUNT_CELLS]};
    uint8_t *cells = section_at(mover, SECTION_CELLS), *planes = mover->content[SECTION_CELLS];
    if (mover->direction == ENCODE)
        cells_split(&order, cells, planes);
    else if (!cells_join(&order, planes, cells))
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "segment: cells of %u events",
                       (unsigned)events);
    return true;
}

/* ---- values ---- */

static bool is_number(uint8_t type, size_t len)
{
    return len == 8 && type < VALUE_TYPE_COUNT && value_is_number((ValueType)type);
}

/* Are the values' starts in order and within their bytes? Counts the numbers of each type. */
static bool check_values(const Mover *mover, uint32_t numbers[VALUE_TYPE_COUNT])
{
    const uint8_t *types = section_at(mover, SECTION_VALUE_TYPE);
    uint32_t values = mover->counts->n[COUNT_VALUES], start = 0;
    if (word_of(mover, SECTION_VALUE_START, 0) != 0)
        return false;
    for (uint32_t i = 0; i < values; i++) {
        uint32_t end = word_of(mover, SECTION_VALUE_START, (size_t)i + 1);
        if (end < start)
            return false;
        if (is_number(types[i], end - start))
            numbers[types[i]]++;
        start = end;
    }
    return start == mover->counts->n[COUNT_VALUE_BYTES];
}

/* All values: numbers to their runs, what stands between numbers at once. */
static void move_each_value(const Mover *mover, Run64 runs[VALUE_TYPE_COUNT])
{
    const uint8_t *types = section_at(mover, SECTION_VALUE_TYPE);
    const uint8_t *starts = section_at(mover, SECTION_VALUE_START);
    uint8_t *bytes = section_at(mover, SECTION_VALUE_BYTES);
    uint8_t *content = mover->content[SECTION_VALUE_BYTES];
    uint32_t plain = 0, start = 0; /* what is not moved yet begins at `plain` */
    for (uint32_t i = 0; i < mover->counts->n[COUNT_VALUES]; i++) {
        uint32_t end = load_u32le(starts + 4 * ((size_t)i + 1));
        if (is_number(types[i], end - start)) {
            move_plain(mover, bytes + plain, content, start - plain);
            content += start - plain;
            move_64(mover, &runs[types[i]], bytes + start);
            plain = end;
        }
        start = end;
    }
    move_plain(mover, bytes + plain, content, start - plain);
}

static bool move_values(const Mover *mover, Err *err)
{
    uint32_t numbers[VALUE_TYPE_COUNT] = {0};
    Run64 runs[VALUE_TYPE_COUNT];
    if (!check_values(mover, numbers))
        return err_set(err, ERR_FORMAT, 0, "segment: values and their starts disagree");
    uint8_t *planes = mover->content[SECTION_VALUE_BYTES] + mover->counts->n[COUNT_VALUE_BYTES];
    for (unsigned type = VALUE_TYPE_COUNT; type-- > 0;) {
        planes -= 8 * (size_t)numbers[type];
        run64_begin(&runs[type], planes, numbers[type], true);
    }
    move_each_value(mover, runs);
    for (unsigned type = 0; type < VALUE_TYPE_COUNT; type++)
        run64_end(&runs[type]);
    return true;
}

/* ---- the whole ---- */

SegmentPart segment_part_of(Section section)
{
    if (section >= SECTION_VALUE_TYPE)
        return SEGMENT_VALUES;
    return section == SECTION_TWIN || section == SECTION_PAYLOAD ? SEGMENT_TWINS : SEGMENT_EVENTS;
}

uint64_t segment_content_size(const BatchMap *map, SegmentPart part)
{
    uint64_t size = BATCH_HEADER_BYTES;
    for (unsigned s = 0; s < SECTION_COUNT; s++)
        if (segment_part_of((Section)s) == part)
            size += map->size[s];
    return size;
}

/* Cells and values come last: their order depends on other sections. */
static bool move_part(const Mover *mover, SegmentPart part, Err *err)
{
    for (unsigned s = 0; s < SECTION_COUNT; s++) {
        Coding coding = (Coding)SECTION_CODING[s];
        if (segment_part_of((Section)s) != part)
            continue;
        if (coding == CODING_PLAIN)
            move_plain(mover, section_at(mover, (Section)s), mover->content[s],
                       mover->map->size[s]);
        else if (coding == CODING_PLANES || coding == CODING_DELTA)
            move_numbers(mover, (Section)s, coding);
    }
    if (part == SEGMENT_EVENTS)
        return move_cells(mover, err);
    return part != SEGMENT_VALUES || move_values(mover, err);
}

static void place_content(Mover *mover, SegmentPart part, uint8_t *content)
{
    content += BATCH_HEADER_BYTES;
    for (unsigned s = 0; s < SECTION_COUNT; s++) {
        if (segment_part_of((Section)s) != part)
            continue;
        mover->content[s] = content;
        content += mover->map->size[s];
    }
}

/* The bytes between the part's sections and those that follow. */
static void clear_padding(const BatchMap *map, SegmentPart part, uint8_t *batch)
{
    for (unsigned s = 0; s < SECTION_COUNT; s++) {
        if (segment_part_of((Section)s) != part)
            continue;
        uint64_t end = map->at[s] + map->size[s];
        uint64_t next = s + 1 < SECTION_COUNT ? map->at[s + 1] : map->total;
        memset(batch + end, 0, next - end);
    }
}

/* The mover reads one side and writes the other; the side that is read stays as it is. */
static uint8_t *writable(const uint8_t *read_only)
{
    return (uint8_t *)(uintptr_t)read_only;
}

bool segment_encode(Span batch, SegmentPart part, uint8_t *out, Err *err)
{
    BatchCounts counts;
    BatchMap map;
    if (!batch_read_header(batch, &counts, &map))
        return err_set(err, ERR_FORMAT, 0, "segment: not a batch");
    Mover mover = {
        .counts = &counts, .map = &map, .batch = writable(batch.ptr), .direction = ENCODE};
    memcpy(out, batch.ptr, BATCH_HEADER_BYTES);
    place_content(&mover, part, out);
    return move_part(&mover, part, err);
}

bool segment_decode(Span content, SegmentPart part, const BatchCounts *counts, const BatchMap *map,
                    uint8_t *batch, Err *err)
{
    if (content.len != segment_content_size(map, part) ||
        counts->n[COUNT_EVENTS] > BATCH_EVENTS_MAX)
        return err_set(err, ERR_FORMAT, 0, "segment: counts and size of the batch disagree");
    Mover mover = {.counts = counts, .map = map, .batch = batch, .direction = DECODE};
    place_content(&mover, part, writable(content.ptr));
    clear_padding(map, part, batch);
    return move_part(&mover, part, err);
}
