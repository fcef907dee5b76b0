#include "detect/sigma/value_lists.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "detect/file_text.h"
#include "event/grow.h"

#define VALUE_LISTS_BYTES_MAX (256u * 1024 * 1024)

struct ValueLists {
    Arena *arena;
    ValueList *list;
    size_t count, cap;
};

ValueLists *value_lists_create(void)
{
    ValueLists *lists = calloc(1, sizeof *lists);
    if (lists)
        lists->arena = arena_create(VALUE_LISTS_BYTES_MAX);
    if (lists && !lists->arena) {
        free(lists);
        return NULL;
    }
    return lists;
}

void value_lists_destroy(ValueLists *lists)
{
    if (!lists)
        return;
    arena_destroy(lists->arena);
    free(lists->list);
    free(lists);
}

static bool no_memory(Err *err)
{
    return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "lists of values");
}

static ValueList *find(const ValueLists *lists, Text name)
{
    for (size_t i = 0; i < lists->count; i++)
        if (text_equal_nocase(lists->list[i].name, name))
            return &lists->list[i];
    return NULL;
}

/* The next line that says something; false: there is none. */
static bool next_value(Text *rest, Text *ret)
{
    while (rest->len) {
        Text line = text_trim(text_cut(rest, '\n'));
        if (line.len && line.ptr[0] != '#') {
            *ret = line;
            return true;
        }
    }
    return false;
}

bool value_lists_add(ValueLists *lists, Text name, Text lines, Err *err)
{
    if (text_starts(lines, TEXT("\xEF\xBB\xBF")))
        lines = text_of(lines.ptr + 3, lines.len - 3);
    if (!text_is_utf8(lines, UTF8_STRICT))
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "list %s: not UTF-8",
                       quote(name.ptr, name.len).str);
    size_t count = 0;
    Text value;
    for (Text rest = lines; next_value(&rest, &value);)
        count++;
    if (count > VALUE_LIST_VALUES_MAX)
        return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "list %s: more than %d values",
                       quote(name.ptr, name.len).str, VALUE_LIST_VALUES_MAX);
    ValueList list = {.count = (uint32_t)count};
    Text *values = ARENA_NEW(lists->arena, Text, count + 1);
    if (!values || !arena_copy_text(lists->arena, name, &list.name))
        return no_memory(err);
    Text rest = lines;
    for (size_t i = 0; i < count && next_value(&rest, &value); i++)
        if (!arena_copy_text(lists->arena, value, &values[i]))
            return no_memory(err);
    list.values = values;
    ValueList *old = find(lists, name);
    if (old) {
        *old = list;
        return true;
    }
    void *grown = grow_array(lists->list, &lists->cap, lists->count + 1, sizeof *lists->list);
    if (!grown)
        return no_memory(err);
    lists->list = grown;
    lists->list[lists->count++] = list;
    return true;
}

static bool add_file(ValueLists *lists, const char *folder, const char *file, Err *err)
{
    Text name = text_from_z(file);
    if (name.len <= 4 || !text_ends(name, TEXT(".txt")) || name.ptr[0] == '.')
        return true;
    name.len -= 4;
    CLEANUP(freep) char *path = NULL;
    if (asprintf(&path, "%s/%s", folder, file) < 0) {
        path = NULL;
        return no_memory(err);
    }
    Text text;
    return file_text_read(lists->arena, path, VALUE_LIST_BYTES_MAX, &text, err) &&
           value_lists_add(lists, name, text, err);
}

bool value_lists_add_folder(ValueLists *lists, const char *folder, Err *err)
{
    struct dirent **entries = NULL;
    int n = scandir(folder, &entries, NULL, alphasort);
    if (n < 0)
        return err_errno(err, errno, "%s", quote_z(folder).str);
    bool ok = true;
    for (int i = 0; i < n; i++) {
        ok = ok && add_file(lists, folder, entries[i]->d_name, err);
        free(entries[i]);
    }
    free(entries);
    return ok;
}

const ValueList *value_lists_find(const ValueLists *lists, Text name)
{
    const ValueList *list = lists ? find(lists, name) : NULL;
    return list && list->count ? list : NULL;
}

size_t value_lists_count(const ValueLists *lists)
{
    return lists->count;
}

const ValueList *value_lists_at(const ValueLists *lists, size_t i)
{
    return &lists->list[i];
}
