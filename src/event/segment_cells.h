/* segment_cells.h: the cells of a batch as planes (planes.h), as differences, column by column: of
 * the events that share a layout first all cells 0, then all cells 1, and so on. So the values of
 * one field stand together, and new values have rising numbers.
 *
 * Events lie row by row, and a column of a large group does not fit into the nearest cache: the
 * rows are taken some at a time through all columns. */
#ifndef EVENT_SEGMENT_CELLS_H
#define EVENT_SEGMENT_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The events of one layout. */
typedef struct CellGroup {
    uint32_t events;
    uint32_t cells; /* of each */
} CellGroup;

typedef struct CellOrder {
    const CellGroup *groups;
    size_t group_count;
    const uint32_t *firsts; /* of all events, group by group: number of the first cell */
    size_t count;           /* cells of all groups */
} CellOrder;

/* `cells`: numbers of 4 bytes; `planes`: four times `count`. */
void cells_split(const CellOrder *order, const uint8_t *cells, uint8_t *planes);

/* The reverse. false: no memory. */
bool cells_join(const CellOrder *order, const uint8_t *planes, uint8_t *cells);

#endif
