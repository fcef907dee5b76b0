#include "event/kinds.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "event/grow.h"

bool kinds_init(Kinds *kinds)
{
    *kinds = (Kinds){0};
    return id_map_init(&kinds->map);
}

void kinds_done(Kinds *kinds)
{
    free(kinds->list);
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

typedef struct EcsCollector {
    const EcsRow **rows; /* NULL: count only */
    uint32_t count;
} EcsCollector;

static void collect_ecs(void *ctx, const EcsRow *row)
{
    EcsCollector *collector = ctx;
    if (collector->rows)
        collector->rows[collector->count] = row;
    collector->count++;
}

/* What the schema says about the kind, given its full texts. */
static bool ask_schema(Kind *kind, const EventKind *full, const Schema *schema, Arena *arena)
{
    uint32_t n = 0;
    EcsCollector ecs = {0};
    if (!schema)
        return true;
    const ActionRow *all = schema_actions(schema, full, &n);
    const ActionRow **rows = ARENA_NEW(arena, const ActionRow *, n + 1);
    schema_ecs(schema, full, collect_ecs, &ecs);
    ecs.rows = ARENA_NEW(arena, const EcsRow *, ecs.count + 1);
    if (!rows || !ecs.rows)
        return false;
    ecs.count = 0;
    schema_ecs(schema, full, collect_ecs, &ecs);
    for (uint32_t i = 0; i < n; i++)
        if (all[i].provider.len == 0 || text_equal_nocase(all[i].provider, full->provider))
            rows[kind->row_count++] = &all[i];
    kind->rows = rows;
    kind->ecs = ecs.rows;
    kind->ecs_count = ecs.count;
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
    if (!ask_schema(kind, &full, schema, arena) || !id_map_add(&kinds->map, hash, id))
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
