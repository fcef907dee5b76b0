/* page.h: the first so many of rows that come in any order: a heap whose greatest is on top. */
#ifndef STORE_PAGE_H
#define STORE_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "store/scan.h"

/* A key as scan.h has it, then piece, number of the segment in it, row. */
#define PAGE_KEY_SIZE (SCAN_KEY_SIZE + 16)
typedef struct PageKey {
    uint8_t bytes[PAGE_KEY_SIZE];
} PageKey;

typedef struct PageRow {
    PageKey key;
    size_t len;
    uint8_t bytes[];
} PageRow;

typedef struct Page {
    PageRow **rows;
    size_t count, limit;
} Page;

bool page_init(Page *page, size_t limit); /* false: no memory */
void page_done(Page *page);

/* Would a row with this key be kept? */
bool page_wants(const Page *page, const PageKey *key);
bool page_add(Page *page, const PageKey *key, Span row); /* false: no memory */

/* The last that would be given out, once there are as many as are wanted; NULL before. */
const PageKey *page_worst(const Page *page);

static inline Span page_row(const PageRow *row)
{
    return span_of(row->bytes, row->len);
}

#endif
