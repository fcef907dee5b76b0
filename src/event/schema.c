#include "event/schema.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "event/schema_rows.h"

#define SCHEMA_BYTES_MAX (256u * 1024 * 1024)

struct Schema {
    Arena *arena;
    SourceTable sources;
    ActionTable actions;
    EcsTable ecs;
    MessageTable messages;
    ParameterTable parameters;
};

/* The first folder that holds `name` gives the table. */
static bool load_table(Schema *schema, const char *const *folders, size_t folder_count,
                       const char *name, Table *ret, Err *err)
{
    for (size_t i = 0; i < folder_count; i++) {
        CLEANUP(freep) char *path = NULL;
        if (asprintf(&path, "%s/%s", folders[i], name) < 0) {
            path = NULL;
            return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "table %s", name);
        }
        if (access(path, F_OK) == 0)
            return table_load(schema->arena, path, ret, err);
    }
    return err_set(err, ERR_IO, ERR_NO_OFFSET, "table %s: not found in %s%s", name,
                   folder_count ? folders[0] : "any folder",
                   folder_count > 1 ? " or the other folders given" : "");
}

static bool load_all(Schema *schema, const char *const *folders, size_t n, Err *err)
{
    Table table;
    return load_table(schema, folders, n, "sources.tsv", &table, err) &&
           source_table_read(schema->arena, &table, &schema->sources, err) &&
           load_table(schema, folders, n, "actions.tsv", &table, err) &&
           action_table_read(schema->arena, &table, &schema->actions, err) &&
           load_table(schema, folders, n, "ecs.tsv", &table, err) &&
           ecs_table_read(schema->arena, &table, &schema->ecs, err) &&
           load_table(schema, folders, n, "messages.tsv", &table, err) &&
           message_table_read(schema->arena, &table, &schema->messages, err) &&
           load_table(schema, folders, n, "parameters.tsv", &table, err) &&
           parameter_table_read(schema->arena, &table, &schema->parameters, err);
}

Schema *schema_load(const char *const *folders, size_t folder_count, Err *err)
{
    Schema *schema = calloc(1, sizeof *schema);
    if (schema)
        schema->arena = arena_create(SCHEMA_BYTES_MAX);
    if (!schema || !schema->arena) {
        err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "the tables");
        schema_destroy(schema);
        return NULL;
    }
    if (!load_all(schema, folders, folder_count, err)) {
        schema_destroy(schema);
        return NULL;
    }
    return schema;
}

void schema_destroy(Schema *schema)
{
    if (!schema)
        return;
    arena_destroy(schema->arena);
    free(schema);
}

static const SourceRow *find_source(const Schema *schema, Text channel, Text provider)
{
    RowKey key = {.text = {channel, provider}};
    const RowRun *run = row_index_find(&schema->sources.index, &key);
    return run ? &schema->sources.rows[schema->sources.index.order[run->first]] : NULL;
}

/* A row for the channel whose provider is "BEGINNING*". */
static const SourceRow *find_source_by_prefix(const Schema *schema, Text channel, Text provider)
{
    for (uint32_t i = 0; i < schema->sources.prefix_count; i++) {
        const SourceRow *row = &schema->sources.rows[schema->sources.prefixes[i]];
        size_t len = row->provider.len - 1;
        if (provider.len >= len && text_equal_nocase(row->channel, channel) &&
            text_equal_nocase(text_of(provider.ptr, len), text_of(row->provider.ptr, len)))
            return row;
    }
    return NULL;
}

const SourceRow *schema_source(const Schema *schema, Text channel, Text provider)
{
    const SourceRow *row = find_source(schema, channel, provider);
    if (!row)
        row = find_source_by_prefix(schema, channel, provider);
    if (!row && provider.len)
        row = find_source(schema, channel, TEXT(""));
    if (!row && channel.len && provider.len)
        row = find_source(schema, TEXT(""), provider);
    return row;
}

const ActionRow *schema_actions(const Schema *schema, const EventKind *kind, uint32_t *ret_count)
{
    RowKey key = {.text = {kind->product, kind->service, kind->code}};
    const RowRun *run = row_index_find(&schema->actions.index, &key);
    if (!run) {
        key.text[2] = TEXT("*");
        run = row_index_find(&schema->actions.index, &key);
    }
    *ret_count = run ? run->count : 0;
    return run ? &schema->actions.rows[run->first] : NULL;
}

void schema_ecs(const Schema *schema, const EventKind *kind,
                void (*each)(void *ctx, const EcsRow *row), void *ctx)
{
    const Text any = TEXT("*");
    const RowKey keys[] = {
        {.text = {kind->product, kind->service, kind->code}},
        {.text = {kind->product, kind->service, any}},
        {.text = {kind->product, any, kind->code}},
        {.text = {kind->product, any, any}},
    };
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
        const RowRun *run = row_index_find(&schema->ecs.index, &keys[k]);
        for (uint32_t i = 0; run && i < run->count; i++)
            each(ctx, &schema->ecs.rows[run->first + i]);
    }
}

Text schema_message(const Schema *schema, const EventKind *kind)
{
    RowKey key = {.text = {kind->product, kind->service, kind->code}};
    const RowRun *run = row_index_find(&schema->messages.index, &key);
    for (uint32_t i = 0; run && i < run->count; i++) {
        const MessageRow *row = &schema->messages.rows[run->first + i];
        if (row->provider.len == 0 || text_equal_nocase(row->provider, kind->provider))
            return row->text;
    }
    return TEXT("");
}

Text schema_parameter(const Schema *schema, Text set, Text code)
{
    RowKey key = {.text = {set, code}};
    const RowRun *run = row_index_find(&schema->parameters.index, &key);
    return run ? schema->parameters.texts[run->first] : TEXT("");
}
