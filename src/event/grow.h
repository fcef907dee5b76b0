/* grow.h: arrays that grow by doubling and keep their memory. */
#ifndef EVENT_GROW_H
#define EVENT_GROW_H

#include <stddef.h>

/* `array` with room for at least `need` items of `item_size` bytes. *cap (in items) is updated.
 * Returns the array, possibly moved; NULL when memory is exhausted, and the old one stays valid. */
void *grow_array(void *array, size_t *cap, size_t need, size_t item_size);

#endif
