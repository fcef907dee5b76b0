/* value_lists.h: what placeholders (%Workstations%) of rules stand for. Each file NAME.txt of a
 * folder is the list NAME: one value a line, empty lines and lines that begin with # left out. In
 * a value * is a wildcard, all else is itself. Names do not depend on ASCII case. */
#ifndef DETECT_SIGMA_VALUE_LISTS_H
#define DETECT_SIGMA_VALUE_LISTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

#define VALUE_LIST_BYTES_MAX  (16u * 1024 * 1024) /* one file */
#define VALUE_LIST_VALUES_MAX 100000

typedef struct ValueList {
    Text name;
    const Text *values;
    uint32_t count;
} ValueList;

typedef struct ValueLists ValueLists;

ValueLists *value_lists_create(void); /* empty; NULL: no memory */
void value_lists_destroy(ValueLists *lists);
static inline void value_lists_destroyp(ValueLists **lists)
{
    value_lists_destroy(*lists);
}

/* All NAME.txt of a folder. A list that is there already is replaced. */
bool value_lists_add_folder(ValueLists *lists, const char *folder, Err *err);
bool value_lists_add(ValueLists *lists, Text name, Text lines, Err *err);

/* NULL: there is none of that name. An empty list is as good as none. */
const ValueList *value_lists_find(const ValueLists *lists, Text name);

size_t value_lists_count(const ValueLists *lists);
const ValueList *value_lists_at(const ValueLists *lists, size_t i);

#endif
