#include "base/hash.h"
#include "detect/sigma/compile.h"

Field *compile_field_at(Compiler *compiler, uint32_t field)
{
    return (Field *)compiler->fields.items + field;
}

static const FieldRow *find_row(const SourceEntry *entry, Text name)
{
    for (uint32_t i = 0; i < entry->field_count; i++)
        if (text_equal(entry->fields[i].field, name))
            return &entry->fields[i];
    return NULL;
}

/* What the rows of the group say about a field: its own row, or that for any field. */
static const FieldRow *mapping_of(const Compiler *compiler, const OpenGroup *group, Text name)
{
    for (unsigned pass = 0; pass < 2; pass++) {
        for (unsigned i = 0; i < 3; i++) {
            if (group->rows[i] == NONE)
                continue;
            const SourceEntry *entry = logsources_at(compiler->program->sources, group->rows[i]);
            const FieldRow *row = find_row(entry, pass == 0 ? name : TEXT("@"));
            if (row)
                return row;
        }
    }
    return NULL;
}

static Text in_place_of_at(Text name, Text field)
{
    return text_equal(name, TEXT("@")) ? field : name;
}

static void write_key(Buf *key, const Field *field)
{
    buf_clear(key);
    buf_add_text(key, field->product);
    buf_add_char(key, '\0');
    for (uint32_t i = 0; i < field->place_count; i++) {
        const FieldPlace *place = &field->places[i];
        buf_printf(key, "%d:%zu:%zu:", (int)place->kind, place->name.len, place->part.len);
        buf_add_text(key, place->name);
        buf_add_text(key, place->part);
    }
}

static bool same_field(const Field *a, const Field *b)
{
    if (!text_equal(a->product, b->product) || a->place_count != b->place_count)
        return false;
    for (uint32_t i = 0; i < a->place_count; i++)
        if (a->places[i].kind != b->places[i].kind ||
            !text_equal(a->places[i].name, b->places[i].name) ||
            !text_equal(a->places[i].part, b->places[i].part))
            return false;
    return true;
}

static uint32_t intern(Compiler *compiler, const Field *field)
{
    write_key(&compiler->key, field);
    if (compiler->key.failed)
        return NONE;
    uint64_t hash = hash64(compiler->key.ptr, compiler->key.len, 0);
    uint32_t found;
    for (size_t cursor = id_map_start(&compiler->field_map, hash);
         (found = id_map_next(&compiler->field_map, hash, &cursor)) != ID_NONE;)
        if (same_field(compile_field_at(compiler, found), field))
            return found;
    uint32_t number = (uint32_t)compiler->fields.count;
    Field *made = grow_next(compiler, &compiler->fields);
    if (!made)
        return NONE;
    *made = *field;
    made->atoms = atom_set_create(compiler->program->arena);
    return made->atoms && id_map_add(&compiler->field_map, hash, number) ? number : NONE;
}

uint32_t compile_field(Compiler *compiler, const OpenGroup *group, Text name)
{
    Arena *arena = compiler->program->arena;
    const LogSources *sources = compiler->program->sources;
    Field field = {.keyword = name.len == 0};
    for (unsigned i = 0; i < 3 && field.product.len == 0; i++)
        if (group->rows[i] != NONE)
            field.product = logsources_at(sources, group->rows[i])->event_product;
    const FieldRow *row = name.len ? mapping_of(compiler, group, name) : NULL;
    uint32_t count = row ? row->count : 1;
    FieldPlace *places = ARENA_NEW(arena, FieldPlace, count);
    if (!places) {
        compile_no_memory(compiler);
        return NONE;
    }
    if (!row)
        places[0] = (FieldPlace){.kind = PLACE_NAME, .name = name};
    for (uint32_t i = 0; row && i < count; i++) {
        places[i] = row->places[i];
        places[i].name = in_place_of_at(places[i].name, name);
    }
    field.places = places;
    field.place_count = field.keyword ? 0 : count;
    field.is_code = field.place_count && places[0].kind == PLACE_NAME &&
                    text_equal(places[0].name, TEXT("System.EventID"));
    uint32_t number = intern(compiler, &field);
    if (number == NONE)
        compile_no_memory(compiler);
    return number;
}
