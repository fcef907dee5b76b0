#include "detect/logsource.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "event/condition.h"
#include "event/table.h"

#define LOGSOURCES_BYTES_MAX (64u * 1024 * 1024)
#define FILE_NAME            "logsources.tsv"

enum {
    PRODUCT,
    CATEGORY,
    SERVICE,
    EVENT_PRODUCT,
    EVENT_SERVICE,
    CHANNEL,
    PROVIDER,
    CODE,
    CONDITION,
    FIELDS,
    COLUMNS
};

static const char *const COLUMN_NAMES[COLUMNS] = {
    "product", "category", "service", "event_product", "event_service",
    "channel", "provider", "code",    "condition",     "fields"};

struct LogSources {
    Arena *arena;
    SourceEntry *entries;
    uint32_t count;
};

static bool no_memory(Err *err)
{
    return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "table " FILE_NAME);
}

/* a|b|c; "-" is the empty text. */
static bool read_set(Arena *arena, Text cell, TextSet *ret, Err *err)
{
    *ret = (TextSet){0};
    if (cell.len == 0)
        return true;
    uint32_t n = 1;
    for (size_t i = 0; i < cell.len; i++)
        n += cell.ptr[i] == '|';
    Text *list = ARENA_NEW(arena, Text, n);
    if (!list)
        return no_memory(err);
    for (uint32_t i = 0; i < n; i++) {
        list[i] = text_trim(text_cut(&cell, '|'));
        if (text_equal(list[i], TEXT("-")))
            list[i] = (Text){0};
    }
    *ret = (TextSet){.list = list, .count = n};
    return true;
}

/* name(a) or name(a,b) */
static bool read_call(Text t, const char *name, Text *ret_first, Text *ret_second)
{
    Text head = text_from_z(name);
    if (!text_starts(t, head) || t.len < head.len + 2 || t.ptr[head.len] != '(' ||
        t.ptr[t.len - 1] != ')')
        return false;
    Text inside = text_of(t.ptr + head.len + 1, t.len - head.len - 2);
    *ret_first = text_trim(text_cut(&inside, ','));
    *ret_second = text_trim(inside);
    return true;
}

static bool read_place(Text t, FieldPlace *ret)
{
    FieldPlace place = {.kind = PLACE_NAME, .name = t};
    size_t bracket = text_find(t, '[');
    if (t.len == 0)
        return false;
    if (read_call(t, "registry", &place.name, &place.part)) {
        place.kind = PLACE_REGISTRY;
        if (place.part.len == 0)
            return false;
    } else if (read_call(t, "integrity", &place.name, &place.part)) {
        place.kind = PLACE_INTEGRITY;
    } else if (text_starts(t, TEXT("*."))) {
        place.kind = PLACE_SUFFIX;
        place.name = text_of(t.ptr + 2, t.len - 2);
    } else if (t.ptr[t.len - 1] == '*') {
        place.kind = PLACE_PREFIX;
        place.name = text_of(t.ptr, t.len - 1);
    } else if (bracket < t.len && t.ptr[t.len - 1] == ']') {
        place.kind = PLACE_PART;
        place.name = text_of(t.ptr, bracket);
        place.part = text_of(t.ptr + bracket + 1, t.len - bracket - 2);
    }
    *ret = place;
    return place.name.len > 0;
}

/* Field=place|place */
static bool read_field(Arena *arena, Text t, FieldRow *ret, Err *err)
{
    Text rest = t, field = text_trim(text_cut(&rest, '='));
    uint32_t n = 1;
    for (size_t i = 0; i < rest.len; i++)
        n += rest.ptr[i] == '|';
    FieldPlace *places = ARENA_NEW(arena, FieldPlace, n);
    if (!places)
        return no_memory(err);
    for (uint32_t i = 0; i < n; i++)
        if (field.len == 0 || !read_place(text_trim(text_cut(&rest, '|')), &places[i]))
            return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "field %s: expected Field=place",
                           quote(t.ptr, t.len).str);
    *ret = (FieldRow){.field = field, .places = places, .count = n};
    return true;
}

static bool read_fields(Arena *arena, Text cell, SourceEntry *entry, Err *err)
{
    uint32_t n = cell.len > 0;
    for (size_t i = 0; i < cell.len; i++)
        n += cell.ptr[i] == ';';
    FieldRow *rows = ARENA_NEW(arena, FieldRow, (size_t)n + 1);
    if (!rows)
        return no_memory(err);
    for (uint32_t i = 0; i < n; i++)
        if (!read_field(arena, text_trim(text_cut(&cell, ';')), &rows[i], err))
            return false;
    entry->fields = rows;
    entry->field_count = n;
    return true;
}

static bool read_entry(LogSources *sources, const Table *table, size_t row,
                       const size_t at[COLUMNS], Err *err)
{
    SourceEntry *entry = &sources->entries[row];
    Arena *arena = sources->arena;
    *entry = (SourceEntry){.source = {.product = table_cell(table, row, at[PRODUCT]),
                                      .category = table_cell(table, row, at[CATEGORY]),
                                      .service = table_cell(table, row, at[SERVICE])},
                           .event_product = table_cell(table, row, at[EVENT_PRODUCT]),
                           .event_service = table_cell(table, row, at[EVENT_SERVICE])};
    Err why;
    if (read_set(arena, table_cell(table, row, at[CHANNEL]), &entry->channels, &why) &&
        read_set(arena, table_cell(table, row, at[PROVIDER]), &entry->providers, &why) &&
        read_set(arena, table_cell(table, row, at[CODE]), &entry->codes, &why) &&
        condition_parse(arena, table_cell(table, row, at[CONDITION]), &entry->conditions,
                        &entry->condition_count, &why) &&
        read_fields(arena, table_cell(table, row, at[FIELDS]), entry, &why)) {
        if (!entry->source.category.len || !entry->source.service.len)
            return true;
        err_set(&why, ERR_FORMAT, ERR_NO_OFFSET, "a row is about a category or a service");
    }
    if (why.code == ERR_NO_MEMORY)
        return no_memory(err);
    return table_error(table, row, err, "%s", why.text);
}

static bool read_table(LogSources *sources, const char *path, Err *err)
{
    Table table;
    size_t at[COLUMNS];
    if (!table_load(sources->arena, path, &table, err))
        return false;
    for (size_t i = 0; i < COLUMNS; i++)
        if (!table_column(&table, text_from_z(COLUMN_NAMES[i]), &at[i], err))
            return false;
    sources->entries = ARENA_NEW(sources->arena, SourceEntry, table.row_count + 1);
    if (!sources->entries)
        return no_memory(err);
    if (table.row_count > UINT16_MAX)
        return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, FILE_NAME ": more than %d rows", UINT16_MAX);
    for (size_t row = 0; row < table.row_count; row++)
        if (!read_entry(sources, &table, row, at, err))
            return false;
    sources->count = (uint32_t)table.row_count;
    return true;
}

static bool load(LogSources *sources, const char *const *folders, size_t folder_count, Err *err)
{
    for (size_t i = 0; i < folder_count; i++) {
        CLEANUP(freep) char *path = NULL;
        if (asprintf(&path, "%s/" FILE_NAME, folders[i]) < 0) {
            path = NULL;
            return no_memory(err);
        }
        if (access(path, F_OK) != 0)
            continue;
        /* the table keeps its path for messages: in the arena */
        const char *kept = arena_copy_z(sources->arena, text_from_z(path));
        return kept ? read_table(sources, kept, err) : no_memory(err);
    }
    return err_set(err, ERR_IO, ERR_NO_OFFSET, "table " FILE_NAME ": not found in %s",
                   folder_count ? quote_z(folders[0]).str : "any folder");
}

LogSources *logsources_load(const char *const *folders, size_t folder_count, Err *err)
{
    LogSources *sources = calloc(1, sizeof *sources);
    if (sources)
        sources->arena = arena_create(LOGSOURCES_BYTES_MAX);
    if (!sources || !sources->arena) {
        no_memory(err);
    } else if (load(sources, folders, folder_count, err)) {
        return sources;
    }
    logsources_destroy(sources);
    return NULL;
}

void logsources_destroy(LogSources *sources)
{
    if (!sources)
        return;
    arena_destroy(sources->arena);
    free(sources);
}

uint32_t logsources_count(const LogSources *sources)
{
    return sources->count;
}

const SourceEntry *logsources_at(const LogSources *sources, uint32_t row)
{
    return &sources->entries[row];
}

static bool set_has(TextSet set, Text t)
{
    for (uint32_t i = 0; i < set.count; i++)
        if (text_equal_nocase(set.list[i], t))
            return true;
    return set.count == 0;
}

bool source_entry_fits(const SourceEntry *entry, const EventKind *kind)
{
    return (!entry->event_product.len || text_equal_nocase(entry->event_product, kind->product)) &&
           (!entry->event_service.len || text_equal_nocase(entry->event_service, kind->service)) &&
           set_has(entry->channels, kind->channel) && set_has(entry->providers, kind->provider) &&
           set_has(entry->codes, kind->code);
}

static bool same_product(const SourceEntry *entry, const LogSource *source)
{
    return !source->product.len || text_equal(source->product, entry->source.product);
}

bool source_entry_is_category(const SourceEntry *entry, const LogSource *source)
{
    return entry->source.category.len && text_equal(entry->source.category, source->category) &&
           same_product(entry, source);
}

bool source_entry_is_service(const SourceEntry *entry, const LogSource *source)
{
    return entry->source.service.len && text_equal(entry->source.service, source->service) &&
           same_product(entry, source);
}

bool source_entry_is_product(const SourceEntry *entry, const LogSource *source)
{
    return source->product.len && text_equal(entry->source.product, source->product);
}

typedef bool (*EntryTest)(const SourceEntry *entry, const LogSource *source);

static bool any_entry(const LogSources *sources, const LogSource *source, EntryTest test)
{
    for (uint32_t i = 0; i < sources->count; i++)
        if (test(&sources->entries[i], source))
            return true;
    return false;
}

bool logsources_have(const LogSources *sources, const LogSource *source, const char **ret_missing)
{
    if (source->product.len && !any_entry(sources, source, source_entry_is_product))
        *ret_missing = "product";
    else if (source->category.len && !any_entry(sources, source, source_entry_is_category))
        *ret_missing = "category";
    else if (source->service.len && !any_entry(sources, source, source_entry_is_service))
        *ret_missing = "service";
    else
        return true;
    return false;
}

bool field_place_covers(const FieldPlace *place, Text native_name)
{
    switch (place->kind) {
    case PLACE_NAME:
    case PLACE_PART:
    case PLACE_INTEGRITY:
        return text_equal(native_name, place->name);
    case PLACE_REGISTRY:
        return text_equal(native_name, place->name) || text_equal(native_name, place->part);
    case PLACE_PREFIX:
        return field_has_prefix(native_name, place->name);
    case PLACE_SUFFIX:
        return field_has_suffix(native_name, place->name);
    }
    return false;
}

bool field_has_prefix(Text native_name, Text prefix)
{
    if (native_name.len <= prefix.len || !text_starts(native_name, prefix))
        return false;
    for (size_t i = prefix.len; i < native_name.len; i++)
        if (native_name.ptr[i] < '0' || native_name.ptr[i] > '9')
            return false;
    return true;
}

bool field_has_suffix(Text native_name, Text name)
{
    return native_name.len > name.len + 1 && text_ends(native_name, name) &&
           native_name.ptr[native_name.len - name.len - 1] == '.' &&
           !text_starts(native_name, TEXT("System.")) && !text_starts(native_name, TEXT("Export."));
}
