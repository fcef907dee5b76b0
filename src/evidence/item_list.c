#include <stdlib.h>

#include "evidence/item.h"

bool item_list_add(ItemList *list, const Item *item, Err *err)
{
    if (list->count == list->room) {
        size_t room = list->room ? list->room * 2 : 256;
        Item *grown = realloc(list->items, room * sizeof *grown);
        if (!grown)
            return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the list of items");
        list->items = grown;
        list->room = room;
    }
    list->items[list->count++] = *item;
    list->bytes += item->size;
    return true;
}

static void item_done(Item *item)
{
    free(item->blocks);
    spool_unref(item->spool);
}

void item_list_drop_members(ItemList *list)
{
    while (list->count > list->file_count) {
        Item *last = &list->items[--list->count];
        list->bytes -= last->size;
        item_done(last);
    }
}

/* Items of one path: a name may be in a container twice, also that of a container. Members of one
 * container are in the order in which it has them; those of different ones are not, but their
 * containers, or the containers of these, are. */
static int compare_places(const ItemList *list, uint32_t x, uint32_t y)
{
    const Item *items = list->items;
    if (items[x].depth != items[y].depth)
        return items[x].depth < items[y].depth ? -1 : 1;
    while (items[x].parent != items[y].parent) {
        x = items[x].parent;
        y = items[y].parent;
    }
    return x < y ? -1 : x > y;
}

static int compare_items(const void *a, const void *b, void *list_of)
{
    const ItemList *list = list_of;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int order = text_compare(list->items[x].path, list->items[y].path);
    return order ? order : compare_places(list, x, y);
}

uint32_t *item_list_order(const ItemList *list, Err *err)
{
    uint32_t *order = malloc((list->count + 1) * sizeof *order);
    if (!order) {
        err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the order of items");
        return NULL;
    }
    for (size_t i = 0; i < list->count; i++)
        order[i] = (uint32_t)i;
    if (list->count > list->file_count) /* files are sorted already */
        qsort_r(order, list->count, sizeof *order, compare_items, (void *)(uintptr_t)list);
    return order;
}

void item_list_done(ItemList *list)
{
    for (size_t i = 0; i < list->count; i++)
        item_done(&list->items[i]);
    free(list->items);
    *list = (ItemList){0};
}
