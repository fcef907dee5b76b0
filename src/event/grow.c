#include "event/grow.h"

#include <stdlib.h>

#include "base/span.h"

#define GROW_FIRST 64

void *grow_array(void *array, size_t *cap, size_t need, size_t item_size)
{
    if (array && need <= *cap)
        return array;
    size_t items = *cap ? *cap : GROW_FIRST, bytes;
    while (items < need)
        if (!mul_size(items, 2, &items))
            return NULL;
    if (!mul_size(items, item_size, &bytes))
        return NULL;
    void *grown = realloc(array, bytes);
    if (grown)
        *cap = items;
    return grown;
}
