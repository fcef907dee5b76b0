#include "event/segment_cells.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/span.h"
#include "event/planes.h"

#define TILE 64 /* rows at a time; smaller groups go column by column */

static inline uint32_t cell_at(const uint8_t *cells, uint32_t first, uint32_t cell)
{
    return load_u32le(cells + 4 * ((size_t)first + cell));
}

/* ---- to planes ---- */

/* Rows [row, row + n), n <= TILE, of a group whose planes begin at `planes`. `before`: the number
 * before the group's first one. */
static void split_tile(const CellGroup *group, const uint32_t *firsts, const uint8_t *cells,
                       uint32_t row, uint32_t n, uint32_t before, uint8_t *planes, size_t stride)
{
    const uint32_t *rows = firsts + row, last = firsts[group->events - 1];
    uint32_t block[TILE] = {0}, out[TILE];
    for (uint32_t cell = 0; cell < group->cells; cell++) {
        uint32_t previous = row        ? cell_at(cells, rows[-1], cell)
                            : cell > 0 ? cell_at(cells, last, cell - 1)
                                       : before;
        for (uint32_t i = 0; i < n; i++)
            block[i] = cell_at(cells, rows[i], cell);
        out[0] = planes_zigzag(block[0] - previous);
        for (uint32_t i = 1; i < TILE; i++) /* those after n are not used */
            out[i] = planes_zigzag(block[i] - block[i - 1]);
        planes_split(out, n, planes + (size_t)cell * group->events + row, stride);
    }
}

void cells_split(const CellOrder *order, const uint8_t *cells, uint8_t *planes)
{
    const uint32_t *firsts = order->firsts;
    Run32 run;
    run32_begin(&run, planes, order->count, true);
    for (size_t g = 0; g < order->group_count; firsts += order->groups[g++].events) {
        const CellGroup *group = &order->groups[g];
        if (group->events < TILE) {
            for (uint32_t cell = 0; cell < group->cells; cell++)
                for (uint32_t i = 0; i < group->events; i++)
                    run32_put(&run, cell_at(cells, firsts[i], cell));
            continue;
        }
        if (group->cells == 0)
            continue;
        run32_flush(&run);
        for (uint32_t row = 0; row < group->events; row += TILE) {
            uint32_t left = group->events - row;
            split_tile(group, firsts, cells, row, left < TILE ? left : TILE, run.last, run.planes,
                       order->count);
        }
        run.last = cell_at(cells, firsts[group->events - 1], group->cells - 1);
        run.planes += (size_t)group->events * group->cells;
    }
    run32_end(&run);
}

/* ---- and back ---- */

/* The number before each column of a group: columns[cell]; columns[cells] is the group's last. */
static void sum_columns(const CellGroup *group, uint32_t before, const uint8_t *planes,
                        size_t stride, uint32_t *columns)
{
    uint32_t block[PLANES_BLOCK];
    columns[0] = before;
    for (uint32_t cell = 0; cell < group->cells; cell++) {
        uint32_t sum = columns[cell];
        for (uint32_t row = 0; row < group->events;) {
            uint32_t left = group->events - row, n = left < PLANES_BLOCK ? left : PLANES_BLOCK;
            planes_join(planes, stride, n, block);
            for (uint32_t i = 0; i < n; i++)
                sum += planes_unzigzag(block[i]);
            planes += n;
            row += n;
        }
        columns[cell + 1] = sum;
    }
}

/* As split_tile. columns[cell]: the number before the tile in the column; becomes its last. */
static void join_tile(const CellGroup *group, const uint32_t *rows, uint8_t *cells, uint32_t row,
                      uint32_t n, const uint8_t *planes, size_t stride, uint32_t *columns)
{
    uint32_t block[TILE];
    for (uint32_t cell = 0; cell < group->cells; cell++) {
        uint32_t v = columns[cell];
        planes_join(planes + (size_t)cell * group->events + row, stride, n, block);
        for (uint32_t i = 0; i < n; i++) {
            v += planes_unzigzag(block[i]);
            store_u32le(cells + 4 * ((size_t)rows[i] + cell), v);
        }
        columns[cell] = v;
    }
}

static uint32_t most_cells(const CellOrder *order)
{
    uint32_t most = 0;
    for (size_t g = 0; g < order->group_count; g++)
        if (order->groups[g].events >= TILE && order->groups[g].cells > most)
            most = order->groups[g].cells;
    return most;
}

bool cells_join(const CellOrder *order, const uint8_t *planes, uint8_t *cells)
{
    const uint32_t *firsts = order->firsts;
    CLEANUP(freep) uint32_t *columns = malloc(((size_t)most_cells(order) + 1) * sizeof *columns);
    uint32_t last = 0;
    if (!columns)
        return false;
    for (size_t g = 0; g < order->group_count; firsts += order->groups[g++].events) {
        const CellGroup *group = &order->groups[g];
        size_t count = (size_t)group->events * group->cells;
        if (group->events < TILE) {
            Run32 run;
            run32_begin_within(&run, planes, order->count, count, last);
            for (uint32_t cell = 0; cell < group->cells; cell++)
                for (uint32_t i = 0; i < group->events; i++)
                    store_u32le(cells + 4 * ((size_t)firsts[i] + cell), run32_take(&run));
            last = run.last;
        } else {
            sum_columns(group, last, planes, order->count, columns);
            last = columns[group->cells];
            for (uint32_t row = 0; row < group->events; row += TILE) {
                uint32_t left = group->events - row;
                join_tile(group, firsts + row, cells, row, left < TILE ? left : TILE, planes,
                          order->count, columns);
            }
        }
        planes += count;
    }
    return true;
}
