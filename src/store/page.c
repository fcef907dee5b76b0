#include "store/page.h"

#include <stdlib.h>
#include <string.h>

bool page_init(Page *page, size_t limit)
{
    *page = (Page){.rows = calloc(limit + 1, sizeof(PageRow *)), .limit = limit};
    return page->rows != NULL;
}

void page_done(Page *page)
{
    for (size_t i = 0; i < page->count; i++)
        free(page->rows[i]);
    free(page->rows);
    *page = (Page){0};
}

static int key_order(const PageKey *a, const PageKey *b)
{
    return memcmp(a->bytes, b->bytes, PAGE_KEY_SIZE);
}

const PageKey *page_worst(const Page *page)
{
    return page->count == page->limit && page->count ? &page->rows[0]->key : NULL;
}

bool page_wants(const Page *page, const PageKey *key)
{
    const PageKey *worst = page_worst(page);
    return !worst || key_order(key, worst) < 0;
}

static void sift_up(PageRow **rows, size_t at)
{
    PageRow *moved = rows[at];
    for (size_t above; at > 0 && key_order(&rows[above = (at - 1) / 2]->key, &moved->key) < 0;
         at = above)
        rows[at] = rows[above];
    rows[at] = moved;
}

static void sift_down(PageRow **rows, size_t count)
{
    PageRow *moved = rows[0];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && key_order(&rows[child + 1]->key, &rows[child]->key) > 0)
            child++;
        if (key_order(&rows[child]->key, &moved->key) <= 0)
            break;
        rows[at] = rows[child];
    }
    rows[at] = moved;
}

bool page_add(Page *page, const PageKey *key, Span row)
{
    if (!page_wants(page, key))
        return true;
    PageRow *added = malloc(sizeof *added + row.len);
    if (!added)
        return false;
    added->key = *key;
    added->len = row.len;
    if (row.len)
        memcpy(added->bytes, row.ptr, row.len);
    if (page->count < page->limit) {
        page->rows[page->count] = added;
        sift_up(page->rows, page->count++);
        return true;
    }
    free(page->rows[0]);
    page->rows[0] = added;
    sift_down(page->rows, page->count);
    return true;
}
