#include "analysis/top.h"

#include <stdlib.h>
#include <string.h>

#include "event/grow.h"

void top_done(Top *top)
{
    free(top->items);
    top->items = NULL;
    top->count = top->room = 0;
}

static void swap(uint8_t *a, uint8_t *b, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = a[i];
        a[i] = b[i];
        b[i] = byte;
    }
}

static bool is_worse(const Top *top, size_t a, size_t b)
{
    return top->compare(top_at(top, a), top_at(top, b)) > 0;
}

static void sift_up(Top *top, size_t i)
{
    while (i > 0 && is_worse(top, i, (i - 1) / 2)) {
        swap(top_at(top, i), top_at(top, (i - 1) / 2), top->size);
        i = (i - 1) / 2;
    }
}

static void sift_down(Top *top)
{
    for (size_t i = 0;;) {
        size_t worst = i, left = 2 * i + 1, right = left + 1;
        if (left < top->count && is_worse(top, left, worst))
            worst = left;
        if (right < top->count && is_worse(top, right, worst))
            worst = right;
        if (worst == i)
            return;
        swap(top_at(top, i), top_at(top, worst), top->size);
        i = worst;
    }
}

bool top_offer(Top *top, const void *item)
{
    top->offered++;
    if (top->count == top->limit) {
        if (top->count == 0 || top->compare(item, top->items) >= 0)
            return true;
        memcpy(top->items, item, top->size);
        sift_down(top);
        return true;
    }
    uint8_t *items = grow_array(top->items, &top->room, top->count + 1, top->size);
    if (!items)
        return false;
    top->items = items;
    memcpy(top_at(top, top->count), item, top->size);
    sift_up(top, top->count++);
    return true;
}

void top_sort(Top *top, TopCompare order)
{
    if (top->count)
        qsort(top->items, top->count, top->size, order);
}
