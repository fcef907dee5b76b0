/* Any text as a query: it is taken, or refused with a place in it. What is taken can be asked. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "store/query_match.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Err err = {0};
    Query *query = query_parse(text_of((const char *)data, size), &err);
    if (!query && (err.code != ERR_USAGE || (err.offset != ERR_NO_OFFSET && err.offset > size)))
        abort();
    if (query && (query->root >= query->node_count || query->leaf_count > QUERY_TERMS_MAX))
        abort();
    for (uint32_t i = 0; query && i < query->leaf_count; i++)
        (void)test_text(&query->leaves[i].test, TEXT("2026-03-04T09:12:00Z"));
    query_destroy(query);
    return 0;
}
