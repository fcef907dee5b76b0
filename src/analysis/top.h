/* top.h: the best so many of any number of things, in bounded memory. Which these are depends on
 * the things alone, not on the order in which they are offered, if `compare` never calls two of
 * them equal. */
#ifndef ANALYSIS_TOP_H
#define ANALYSIS_TOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* <0: `a` is to be kept rather than `b`. */
typedef int (*TopCompare)(const void *a, const void *b);

typedef struct Top {
    uint8_t *items; /* a heap, the worst first, until top_sort */
    size_t size, count, room, limit;
    TopCompare compare;
    uint64_t offered;
} Top;

static inline Top top_of(size_t item_size, size_t limit, TopCompare compare)
{
    return (Top){.size = item_size, .limit = limit, .compare = compare};
}
void top_done(Top *top);

/* A copy is kept if it is among the best so far. false: no memory. */
bool top_offer(Top *top, const void *item);

/* Nothing more is offered: put them into an order. */
void top_sort(Top *top, TopCompare order);

static inline void *top_at(const Top *top, size_t i)
{
    return top->items + i * top->size;
}

#endif
