#include "event/segment_code.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "event/batch.h"

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

/* ---- numbers ---- */

/* A run of numbers on its way between its place in the batch and its planes. */
typedef struct NumberRun {
    uint8_t *planes;
    size_t count, next; /* numbers in the run, and already through */
    size_t width;       /* 4 or 8 bytes each */
    uint64_t last;
    bool delta;
    Direction direction;
} NumberRun;

static uint64_t zigzag(uint64_t difference, size_t width)
{
    return width == 8 ? difference << 1 ^ (0 - (difference >> 63))
                      : (uint32_t)(difference << 1) ^ (0 - ((uint32_t)difference >> 31));
}

static uint64_t unzigzag(uint64_t v)
{
    return v >> 1 ^ (0 - (v & 1));
}

static void store_number(uint8_t *at, size_t width, uint64_t v)
{
    if (width == 8)
        store_u64le(at, v);
    else
        store_u32le(at, (uint32_t)v);
}

/* Move the next number of the run: from `at` to the planes, or from the planes to `at`. */
static void move_number(NumberRun *run, uint8_t *at)
{
    uint8_t *plane = run->planes + run->next++;
    if (run->direction == ENCODE) {
        uint64_t v = run->width == 8 ? load_u64le(at) : load_u32le(at);
        uint64_t out = run->delta ? zigzag(v - run->last, run->width) : v;
        run->last = v;
        for (size_t b = 0; b < run->width; b++)
            plane[b * run->count] = (uint8_t)(out >> 8 * b);
        return;
    }
    uint64_t v = 0;
    for (size_t b = 0; b < run->width; b++)
        v |= (uint64_t)plane[b * run->count] << 8 * b;
    if (run->delta) {
        run->last += unzigzag(v);
        v = run->last;
    }
    store_number(at, run->width, v);
}

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

static void move_numbers(const Mover *mover, Section section, Coding coding)
{
    size_t width = SECTION_SHAPES[section].width == 8 ? 8 : 4; /* kinds are rows of words */
    NumberRun run = {.planes = mover->content[section],
                     .count = mover->map->size[section] / width,
                     .width = width,
                     .delta = coding == CODING_DELTA,
                     .direction = mover->direction};
    for (size_t i = 0; i < run.count; i++)
        move_number(&run, section_at(mover, section) + i * width);
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

/* Do the events' cells follow one another and fill the section? Counts events per layout. */
static bool check_cells(const Mover *mover, uint32_t *events_of)
{
    uint64_t cells = 0;
    uint32_t own;
    for (uint32_t row = 0; row < mover->counts->n[COUNT_EVENTS]; row++) {
        uint32_t layout = word_of(mover, SECTION_LAYOUT, row);
        if (!layout_cells(mover, layout, &own) || word_of(mover, SECTION_FIRST_CELL, row) != cells)
            return false;
        events_of[layout]++;
        cells += own;
        if (cells > mover->counts->n[COUNT_CELLS])
            return false;
    }
    return cells == mover->counts->n[COUNT_CELLS];
}

/* The events in the order of their layouts. */
static void sort_events(const Mover *mover, uint32_t *events_of, uint32_t *rows)
{
    uint32_t events = mover->counts->n[COUNT_EVENTS], start = 0;
    for (uint32_t i = 0; i < mover->counts->n[COUNT_LAYOUTS]; i++) {
        uint32_t own = events_of[i];
        events_of[i] = start;
        start += own;
    }
    for (uint32_t row = 0; row < events; row++)
        rows[events_of[word_of(mover, SECTION_LAYOUT, row)]++] = row;
}

/* Column by column through the cells of events that share a layout: values of one field stand
 * together, and new values have rising numbers. */
static bool move_cells(const Mover *mover, Err *err)
{
    uint32_t events = mover->counts->n[COUNT_EVENTS], cells = 0;
    CLEANUP(freep)
    uint32_t *events_of = calloc((size_t)mover->counts->n[COUNT_LAYOUTS] + 1, sizeof *events_of);
    CLEANUP(freep) uint32_t *rows = calloc((size_t)events + 1, sizeof *rows);
    if (!events_of || !rows)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "segment: order of %u events",
                       (unsigned)events);
    if (!check_cells(mover, events_of))
        return err_set(err, ERR_FORMAT, 0, "segment: cells and layouts disagree");
    sort_events(mover, events_of, rows);
    NumberRun run = {.planes = mover->content[SECTION_CELLS],
                     .count = mover->counts->n[COUNT_CELLS],
                     .width = 4,
                     .delta = true,
                     .direction = mover->direction};
    for (uint32_t begin = 0, end; begin < events; begin = end) {
        uint32_t layout = word_of(mover, SECTION_LAYOUT, rows[begin]);
        for (end = begin + 1; end < events; end++)
            if (word_of(mover, SECTION_LAYOUT, rows[end]) != layout)
                break;
        (void)layout_cells(mover, layout, &cells);
        for (uint32_t cell = 0; cell < cells; cell++)
            for (uint32_t i = begin; i < end; i++)
                move_number(&run,
                            section_at(mover, SECTION_CELLS) +
                                4 * ((size_t)word_of(mover, SECTION_FIRST_CELL, rows[i]) + cell));
    }
    return true;
}

/* ---- values ---- */

static bool is_number(uint8_t type, size_t len)
{
    switch ((ValueType)type) {
    case VALUE_UINT:
    case VALUE_INT:
    case VALUE_HEX:
    case VALUE_FLOAT:
    case VALUE_BOOL:
    case VALUE_FILETIME:
    case VALUE_TIME:
        return len == 8;
    default:
        return false;
    }
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

static bool move_values(const Mover *mover, Err *err)
{
    const uint8_t *types = section_at(mover, SECTION_VALUE_TYPE);
    uint8_t *bytes = section_at(mover, SECTION_VALUE_BYTES);
    uint8_t *content = mover->content[SECTION_VALUE_BYTES];
    uint32_t numbers[VALUE_TYPE_COUNT] = {0};
    NumberRun runs[VALUE_TYPE_COUNT];
    if (!check_values(mover, numbers))
        return err_set(err, ERR_FORMAT, 0, "segment: values and their starts disagree");
    uint8_t *planes = content + mover->counts->n[COUNT_VALUE_BYTES];
    for (unsigned type = VALUE_TYPE_COUNT; type-- > 0;) {
        planes -= 8 * (size_t)numbers[type];
        runs[type] = (NumberRun){.planes = planes,
                                 .count = numbers[type],
                                 .width = 8,
                                 .delta = true,
                                 .direction = mover->direction};
    }
    for (uint32_t i = 0, start = 0; i < mover->counts->n[COUNT_VALUES]; i++) {
        uint32_t end = word_of(mover, SECTION_VALUE_START, (size_t)i + 1);
        if (is_number(types[i], end - start)) {
            move_number(&runs[types[i]], bytes + start);
        } else {
            move_plain(mover, bytes + start, content, end - start);
            content += end - start;
        }
        start = end;
    }
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
