/* host.h: whose item it is, by its own events. */
#ifndef STORE_HOST_H
#define STORE_HOST_H

#include "store/inside.h"

typedef struct ItemHost {
    Text name; /* the most frequent host.name of its events, ties by text; empty: they name none */
    uint64_t events;
    Buf room; /* holds the name */
} ItemHost;

/* From the summaries of the item's segments. item_host_done is due in any case. */
bool item_host(Store *store, uint32_t number, ItemHost *ret, Err *err);
void item_host_done(ItemHost *host);

#endif
