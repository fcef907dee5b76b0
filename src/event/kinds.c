#include "event/kinds.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "event/grow.h"

bool kinds_init(Kinds *kinds)
{
    *kinds = (Kinds){0};
    buf_init(&kinds->name, NAME_BYTES_MAX);
    return id_map_init(&kinds->map);
}

void kinds_done(Kinds *kinds)
{
    free(kinds->list);
    free(kinds->steps);
    field_set_room_done(&kinds->room);
    buf_done(&kinds->name);
    id_map_done(&kinds->map);
    *kinds = (Kinds){0};
}

void kinds_clear(Kinds *kinds)
{
    kinds->count = 0;
    id_map_clear(&kinds->map);
    memset(kinds->cache, 0, sizeof kinds->cache);
}

static bool same_kind(const EventKind *a, const EventKind *b)
{
    return text_equal(a->code, b->code) && text_equal(a->provider, b->provider) &&
           text_equal(a->channel, b->channel) && text_equal(a->product, b->product) &&
           text_equal(a->service, b->service);
}

static uint32_t *cache_slot(Kinds *kinds, const EventKind *kind)
{
    Text code = kind->code, channel = kind->channel;
    unsigned h = (unsigned)(code.len + 7 * channel.len);
    if (code.len)
        h += 3u * (unsigned char)code.ptr[code.len - 1] +
             31u * (unsigned char)code.ptr[code.len / 2];
    return &kinds->cache[h % KIND_CACHE_SLOTS];
}

/* What the rows of a new kind ask for, while it is made. */
typedef struct KindMaker {
    Kinds *kinds;
    Names *names;
    FieldSet fields;
    uint32_t target_count;
    bool failed;
} KindMaker;

static void count_ecs(void *ctx, const EcsRow *row)
{
    (void)row;
    ++*(size_t *)ctx;
}

/* The name of an ECS field: that of the row, with the suffix of the operation. */
static uint32_t target_name(KindMaker *maker, Text ecs, Text suffix)
{
    Buf *name = &maker->kinds->name;
    const Text hash = TEXT(".hash");
    buf_clear(name);
    if (suffix.len && suffix.ptr[0] == '~') {
        if (text_ends(ecs, hash))
            ecs.len -= hash.len;
        suffix = text_of(suffix.ptr + 1, suffix.len - 1);
    }
    buf_add_text(name, ecs);
    buf_add_text(name, suffix);
    return name->failed ? ID_NONE : names_intern(maker->names, NAME_OWN, buf_text(name));
}

/* The number of the target among those of the kind. */
static uint32_t target_number(KindMaker *maker, uint32_t name)
{
    const Kinds *kinds = maker->kinds;
    for (size_t i = 0; i < kinds->step_count; i++)
        if (kinds->steps[i].name == name)
            return kinds->steps[i].target;
    return maker->target_count++;
}

static void add_ecs(void *ctx, const EcsRow *row)
{
    KindMaker *maker = ctx;
    Kinds *kinds = maker->kinds;
    DeriveTarget ops[DERIVE_TARGETS_MAX];
    uint32_t field = field_set_add(&maker->fields, row->field, names_fold(row->field));
    size_t n = derive_targets(row->transform, ops);
    for (size_t i = 0; i < n && !maker->failed; i++) {
        KindStep *steps =
            grow_array(kinds->steps, &kinds->step_cap, kinds->step_count + 1, sizeof *steps);
        if (steps)
            kinds->steps = steps;
        uint32_t name = target_name(maker, row->ecs, ops[i].suffix);
        maker->failed = !steps || name == ID_NONE;
        if (maker->failed)
            return;
        KindStep step = {.field = field, .name = name, .op = ops[i].op};
        step.target = target_number(maker, name);
        steps[kinds->step_count++] = step;
    }
}

/* The fields of the action rows' conditions and roles. */
static bool ask_rows(KindMaker *maker, Kind *kind, Arena *arena)
{
    size_t conditions = 0;
    for (uint32_t r = 0; r < kind->row_count; r++)
        conditions += kind->rows[r]->condition_count;
    uint32_t *of_conditions = ARENA_NEW(arena, uint32_t, conditions + 1);
    uint32_t *of_roles = ARENA_NEW(arena, uint32_t, (size_t)kind->row_count * ROLE_COUNT + 1);
    if (!of_conditions || !of_roles)
        return false;
    kind->condition_fields = of_conditions;
    kind->role_fields = of_roles;
    for (uint32_t r = 0; r < kind->row_count; r++) {
        const ActionRow *row = kind->rows[r];
        for (uint32_t c = 0; c < row->condition_count; c++) {
            Text field = row->conditions[c].field;
            *of_conditions++ = field_set_add(&maker->fields, field, names_fold(field));
        }
        for (uint32_t role = 0; role < ROLE_COUNT; role++) {
            Text field = row->roles[role];
            *of_roles++ =
                field.len ? field_set_add(&maker->fields, field, names_fold(field)) : ID_NONE;
        }
    }
    return true;
}

/* How many fields the rows of a kind ask for at most. */
static size_t most_fields(const Kind *kind, const EventKind *full, const Schema *schema)
{
    size_t n = 0;
    schema_ecs(schema, full, count_ecs, &n);
    for (uint32_t r = 0; r < kind->row_count; r++)
        n += kind->rows[r]->condition_count + ROLE_COUNT;
    return n;
}

static bool find_rows(Kind *kind, const EventKind *full, const Schema *schema, Arena *arena)
{
    uint32_t n = 0;
    const ActionRow *all = schema_actions(schema, full, &n);
    const ActionRow **rows = ARENA_NEW(arena, const ActionRow *, n + 1);
    if (!rows)
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (all[i].provider.len == 0 || text_equal_nocase(all[i].provider, full->provider))
            rows[kind->row_count++] = &all[i];
    kind->rows = rows;
    return true;
}

/* What the schema says about the kind, given its full texts. */
static bool ask_schema(Kinds *kinds, Kind *kind, const EventKind *full, const Schema *schema,
                       Names *names, Arena *arena)
{
    KindMaker maker = {.kinds = kinds, .names = names};
    if (!schema)
        return true;
    if (!find_rows(kind, full, schema, arena) ||
        !field_set_begin(&maker.fields, &kinds->room, most_fields(kind, full, schema)) ||
        !ask_rows(&maker, kind, arena))
        return false;
    kinds->step_count = 0;
    schema_ecs(schema, full, add_ecs, &maker);
    KindStep *steps = ARENA_NEW(arena, KindStep, kinds->step_count + 1);
    if (maker.failed || !steps || !field_set_keep(&maker.fields, arena, &kind->fields))
        return false;
    if (kinds->step_count)
        memcpy(steps, kinds->steps, kinds->step_count * sizeof *steps);
    kind->steps = steps;
    kind->step_count = (uint32_t)kinds->step_count;
    kind->target_count = maker.target_count;
    return true;
}

static uint32_t add_kind(Kinds *kinds, Kind *kind, uint64_t hash, const Schema *schema,
                         Names *names, Arena *arena)
{
    EventKind full = kind->given;
    if (schema && full.service.len == 0 && text_equal(full.product, TEXT("windows"))) {
        const SourceRow *source = schema_source(schema, full.channel, full.provider);
        if (source)
            full.service = source->service;
        kind->names[KIND_SERVICE] = names_intern(names, NAME_OWN, full.service);
        if (kind->names[KIND_SERVICE] == ID_NONE)
            return ID_NONE;
    }
    Kind *list = grow_array(kinds->list, &kinds->cap, kinds->count + 1, sizeof *list);
    if (!list)
        return ID_NONE;
    kinds->list = list;
    uint32_t id = (uint32_t)kinds->count;
    if (!ask_schema(kinds, kind, &full, schema, names, arena) || !id_map_add(&kinds->map, hash, id))
        return ID_NONE;
    kinds->list[kinds->count++] = *kind;
    return id;
}

uint32_t kinds_find(Kinds *kinds, const EventKind *kind, const Schema *schema, Names *names,
                    Arena *arena)
{
    uint32_t *slot = cache_slot(kinds, kind), id;
    if (*slot && same_kind(&kinds->list[*slot - 1].given, kind))
        return *slot - 1;
    const Text texts[KIND_TEXTS] = {kind->product, kind->service, kind->channel, kind->provider,
                                    kind->code};
    Kind wanted = {0};
    for (size_t i = 0; i < KIND_TEXTS; i++) {
        wanted.names[i] = names_intern(names, NAME_KIND, texts[i]);
        if (wanted.names[i] == ID_NONE)
            return ID_NONE;
    }
    uint64_t hash = hash64(wanted.names, sizeof wanted.names, 0);
    /* Names never move and never go, so the kind can borrow them. */
    wanted.given = (EventKind){.product = names->list[wanted.names[KIND_PRODUCT]].text,
                               .service = names->list[wanted.names[KIND_SERVICE]].text,
                               .channel = names->list[wanted.names[KIND_CHANNEL]].text,
                               .provider = names->list[wanted.names[KIND_PROVIDER]].text,
                               .code = names->list[wanted.names[KIND_CODE]].text};
    for (size_t cursor = id_map_start(&kinds->map, hash);
         (id = id_map_next(&kinds->map, hash, &cursor)) != ID_NONE;)
        if (same_kind(&kinds->list[id].given, &wanted.given))
            break;
    if (id == ID_NONE)
        id = add_kind(kinds, &wanted, hash, schema, names, arena);
    if (id != ID_NONE)
        *slot = id + 1;
    return id;
}
