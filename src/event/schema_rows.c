#include "event/schema_rows.h"

#include <assert.h>

#include "event/condition.h"

/* clang-format off */
#define T(literal) {.ptr = "" literal "", .len = sizeof(literal) - 1}

const Text TRANSFORM_TEXT[] = {
    [TRANSFORM_NONE] = T(""),
    [TRANSFORM_LOWER] = T("lower"),
    [TRANSFORM_IP] = T("ip"),
    [TRANSFORM_BASENAME] = T("basename"),
    [TRANSFORM_DASH_EMPTY] = T("dash-empty"),
    [TRANSFORM_PID] = T("pid"),
    [TRANSFORM_PORT] = T("port"),
    [TRANSFORM_HASHES] = T("hashes"),
    [TRANSFORM_DOMAIN_USER] = T("domain-user"),
};
static_assert(sizeof TRANSFORM_TEXT / sizeof TRANSFORM_TEXT[0] == TRANSFORM_COUNT, "one text each");
/* clang-format on */

static bool no_memory(const Table *table, Err *err)
{
    return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "table %s", table->path);
}

/* The columns of `names` must all be there; their positions go to `ret`. */
static bool find_columns(const Table *table, const Text *names, size_t n, size_t *ret, Err *err)
{
    for (size_t i = 0; i < n; i++)
        if (!table_column(table, names[i], &ret[i], err))
            return false;
    return true;
}

/* An index over `n` columns of the table. */
static bool build_index(Arena *arena, const Table *table, const size_t *columns, size_t n,
                        RowIndex *ret, Err *err)
{
    RowKey *keys = ARENA_NEW(arena, RowKey, table->row_count + 1);
    if (!keys)
        return no_memory(table, err);
    for (size_t row = 0; row < table->row_count; row++)
        for (size_t i = 0; i < n; i++)
            keys[row].text[i] = table_cell(table, row, columns[i]);
    return row_index_build(arena, keys, table->row_count, ret) || no_memory(table, err);
}

bool source_table_read(Arena *arena, const Table *table, SourceTable *ret, Err *err)
{
    enum { CHANNEL, PROVIDER, PRODUCT, SERVICE, ABBREVIATION, COLUMNS };
    static const Text NAMES[] = {T("channel"), T("provider"), T("product"), T("service"),
                                 T("abbreviation")};
    size_t at[COLUMNS];
    SourceTable out = {0};
    if (!find_columns(table, NAMES, COLUMNS, at, err) ||
        !build_index(arena, table, at, 2, &out.index, err))
        return false;
    out.rows = ARENA_NEW(arena, SourceRow, table->row_count + 1);
    out.prefixes = ARENA_NEW(arena, uint32_t, table->row_count + 1);
    if (!out.rows || !out.prefixes)
        return no_memory(table, err);
    for (size_t row = 0; row < table->row_count; row++) {
        out.rows[row] = (SourceRow){.product = table_cell(table, row, at[PRODUCT]),
                                    .service = table_cell(table, row, at[SERVICE]),
                                    .channel = table_cell(table, row, at[CHANNEL]),
                                    .provider = table_cell(table, row, at[PROVIDER]),
                                    .abbreviation = table_cell(table, row, at[ABBREVIATION])};
        if (text_ends(out.rows[row].provider, TEXT("*")))
            out.prefixes[out.prefix_count++] = (uint32_t)row;
    }
    *ret = out;
    return true;
}

/* Columns that name no role are a mistake in the table: say so rather than lose a role. */
static bool find_roles(const Table *table, const size_t *fixed, size_t fixed_count,
                       size_t roles[ROLE_COUNT], Err *err)
{
    for (size_t r = 0; r < ROLE_COUNT; r++)
        roles[r] = SIZE_MAX;
    for (size_t column = 0; column < table->column_count; column++) {
        bool known = false;
        for (size_t i = 0; i < fixed_count && !known; i++)
            known = fixed[i] == column;
        for (size_t r = 0; r < ROLE_COUNT && !known; r++) {
            if (!text_equal(table->columns[column], ROLE_TEXT[r]))
                continue;
            roles[r] = column;
            known = true;
        }
        Text name = table->columns[column];
        if (!known && !text_equal(name, TEXT("comment")))
            return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "%s: column %s is not a role",
                           table->path, quote(name.ptr, name.len).str);
    }
    return true;
}

bool action_table_read(Arena *arena, const Table *table, ActionTable *ret, Err *err)
{
    enum { PRODUCT, SERVICE, CODE, ACTION, OUTCOME, CONDITION, COLUMNS };
    static const Text NAMES[] = {T("product"), T("service"), T("code"),
                                 T("action"),  T("outcome"), T("condition")};
    size_t at[COLUMNS + 1], roles[ROLE_COUNT];
    ActionTable out = {0};
    if (!find_columns(table, NAMES, COLUMNS, at, err))
        return false;
    bool has_provider = table_column(table, TEXT("provider"), &at[COLUMNS], NULL);
    if (!find_roles(table, at, COLUMNS + has_provider, roles, err) ||
        !build_index(arena, table, at, 3, &out.index, err))
        return false;
    out.rows = ARENA_NEW(arena, ActionRow, table->row_count + 1);
    if (!out.rows)
        return no_memory(table, err);
    for (size_t i = 0; i < table->row_count; i++) {
        size_t row = out.index.order[i];
        ActionRow *action = &out.rows[i];
        action->action = table_cell(table, row, at[ACTION]);
        action->outcome = table_cell(table, row, at[OUTCOME]);
        action->provider = has_provider ? table_cell(table, row, at[COLUMNS]) : (Text){0};
        if (action->action.len == 0)
            return table_error(table, row, err, "the row has no action");
        Err reason = {0};
        if (!condition_parse(arena, table_cell(table, row, at[CONDITION]), &action->conditions,
                             &action->condition_count, &reason))
            return table_error(table, row, err, "%s", reason.text);
        for (size_t r = 0; r < ROLE_COUNT; r++)
            if (roles[r] != SIZE_MAX)
                action->roles[r] = table_cell(table, row, roles[r]);
    }
    *ret = out;
    return true;
}

static bool transform_from_text(Text text, Transform *ret)
{
    for (unsigned i = 0; i < TRANSFORM_COUNT; i++)
        if (text_equal(text, TRANSFORM_TEXT[i])) {
            *ret = (Transform)i;
            return true;
        }
    return false;
}

bool ecs_table_read(Arena *arena, const Table *table, EcsTable *ret, Err *err)
{
    enum { PRODUCT, SERVICE, CODE, FIELD, ECS, TRANSFORM, COLUMNS };
    static const Text NAMES[] = {T("product"), T("service"), T("code"),
                                 T("field"),   T("ecs"),     T("transform")};
    size_t at[COLUMNS];
    EcsTable out = {0};
    if (!find_columns(table, NAMES, COLUMNS, at, err) ||
        !build_index(arena, table, at, 3, &out.index, err))
        return false;
    out.rows = ARENA_NEW(arena, EcsRow, table->row_count + 1);
    if (!out.rows)
        return no_memory(table, err);
    for (size_t i = 0; i < table->row_count; i++) {
        size_t row = out.index.order[i];
        EcsRow *ecs = &out.rows[i];
        ecs->field = table_cell(table, row, at[FIELD]);
        ecs->ecs = table_cell(table, row, at[ECS]);
        Text transform = table_cell(table, row, at[TRANSFORM]);
        if (ecs->field.len == 0 || ecs->ecs.len == 0)
            return table_error(table, row, err, "a native field or its ECS name is empty");
        if (!transform_from_text(transform, &ecs->transform))
            return table_error(table, row, err, "transform %s is not known",
                               quote(transform.ptr, transform.len).str);
    }
    for (uint32_t r = 0; r < out.index.run_count; r++)
        if (out.index.runs[r].count > ECS_ROWS_MAX)
            return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "%s: more than %d rows for one code",
                           table->path, ECS_ROWS_MAX);
    *ret = out;
    return true;
}

bool message_table_read(Arena *arena, const Table *table, MessageTable *ret, Err *err)
{
    enum { PRODUCT, SERVICE, CODE, MESSAGE, PROVIDER, COLUMNS };
    static const Text NAMES[] = {T("product"), T("service"), T("code"), T("text"), T("provider")};
    size_t at[COLUMNS];
    MessageTable out = {0};
    if (!find_columns(table, NAMES, PROVIDER, at, err) ||
        !build_index(arena, table, at, 3, &out.index, err))
        return false;
    bool has_provider = table_column(table, NAMES[PROVIDER], &at[PROVIDER], NULL);
    out.rows = ARENA_NEW(arena, MessageRow, table->row_count + 1);
    if (!out.rows)
        return no_memory(table, err);
    for (size_t i = 0; i < table->row_count; i++) {
        size_t row = out.index.order[i];
        out.rows[i].text = table_cell(table, row, at[MESSAGE]);
        if (has_provider)
            out.rows[i].provider = table_cell(table, row, at[PROVIDER]);
    }
    *ret = out;
    return true;
}

bool parameter_table_read(Arena *arena, const Table *table, ParameterTable *ret, Err *err)
{
    enum { SET, CODE, MEANING, COLUMNS };
    static const Text NAMES[] = {T("set"), T("code"), T("text")};
    size_t at[COLUMNS];
    ParameterTable out = {0};
    if (!find_columns(table, NAMES, COLUMNS, at, err) ||
        !build_index(arena, table, at, 2, &out.index, err))
        return false;
    out.texts = ARENA_NEW(arena, Text, table->row_count + 1);
    if (!out.texts)
        return no_memory(table, err);
    for (size_t i = 0; i < table->row_count; i++)
        out.texts[i] = table_cell(table, out.index.order[i], at[MEANING]);
    *ret = out;
    return true;
}
