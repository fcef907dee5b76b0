/* Cells to rows: each adds to the counts of its host, hour, item, action, source, … */
#include "analysis/gather_inside.h"

typedef struct Projection {
    Gather *gather;
    const Cell *cell;
    EventKind kind;
    Label host, source;
    Tally tally; /* events and extent of the cell */
} Projection;

static bool add(const Projection *p, const TallyKey *key, const Tally *tally)
{
    return tally_table_add(p->gather->table, key, tally, p->gather->out);
}

/* The name as the record spells it, if it spells its host. */
static Label spelling_of(const Projection *p)
{
    Label spelt = value_label(p->gather, p->cell->spelling);
    Label lower = label_lower(label_text(&spelt));
    if (spelt.len && label_equal(&lower, &p->host))
        return spelt;
    if (p->cell->host != NO_NUMBER)
        return p->host;
    return label_of(p->gather->segment->item->host);
}

static bool add_host(const Projection *p)
{
    TallyKey key;
    Label spelling = spelling_of(p);
    Tally tally = p->tally;
    tally_key_begin(&key, TALLY_HOST);
    tally_key_label(&key, &p->host);
    tally_key_label(&key, &spelling);
    if (p->cell->class != EVENT_LIVE) {
        tally_clear(&tally);
        tally.n[N_HOST_RECOVERED] = p->cell->events;
    }
    return add(p, &key, &tally);
}

static bool add_item(const Projection *p)
{
    TallyKey key;
    Tally tally = p->tally;
    tally_key_begin(&key, TALLY_ITEM);
    tally_key_u32(&key, p->gather->segment->item->rank);
    if (p->cell->class == EVENT_LIVE) {
        tally.n[N_ITEM_TIMELESS] = p->cell->hour == NO_HOUR ? p->cell->events : 0;
        tally.n[N_ITEM_QUALITY + p->cell->quality] = p->cell->events;
        return add(p, &key, &tally);
    }
    tally_clear(&tally);
    tally.n[p->cell->class == EVENT_FRAGMENT ? N_ITEM_FRAGMENTS : N_ITEM_RECOVERED] =
        p->cell->events;
    return add(p, &key, &tally);
}

static bool add_hour(const Projection *p)
{
    TallyKey key;
    if (p->cell->hour == NO_HOUR)
        return true;
    tally_key_begin(&key, TALLY_HOUR);
    tally_key_i64(&key, p->cell->hour);
    return add(p, &key, &p->tally);
}

static bool add_action(const Projection *p)
{
    TallyKey key;
    Layout layout = batch_layout(p->gather->batch, p->cell->layout);
    Label action = label_of(batch_name(p->gather->batch, layout.action));
    Label outcome = label_of(batch_name(p->gather->batch, layout.outcome));
    tally_key_begin(&key, TALLY_ACTION);
    tally_key_label(&key, &action);
    tally_key_label(&key, &outcome);
    return add(p, &key, &p->tally);
}

/* Host and source: of strips (then the hour follows) and of what was recovered. */
static void host_and_source(const Projection *p, TallyKind kind, TallyKey *ret)
{
    tally_key_begin(ret, kind);
    tally_key_label(ret, &p->host);
    tally_key_label(ret, &p->source);
}

static bool add_strip(const Projection *p)
{
    TallyKey key;
    host_and_source(p, TALLY_STRIP, &key);
    tally_key_i64(&key, p->cell->hour);
    return add(p, &key, &p->tally);
}

static bool add_channel(const Projection *p)
{
    TallyKey key;
    Label channel = label_of(p->kind.channel);
    host_and_source(p, TALLY_CHANNEL, &key);
    tally_key_label(&key, &channel);
    return add(p, &key, &p->tally);
}

static bool add_quality(const Projection *p)
{
    TallyKey key;
    host_and_source(p, TALLY_QUALITY, &key);
    tally_key_byte(&key, (uint8_t)p->cell->quality);
    return add(p, &key, &p->tally);
}

static bool add_recovered(const Projection *p)
{
    TallyKey key;
    Tally tally = p->tally;
    host_and_source(p, TALLY_RECOVERED, &key);
    tally.n[N_RECOVERED_FRAGMENTS] = p->cell->class == EVENT_FRAGMENT ? p->cell->events : 0;
    return add(p, &key, &tally);
}

static bool project(Gather *gather, const Cell *cell)
{
    Layout layout = batch_layout(gather->batch, cell->layout);
    Projection p = {.gather = gather,
                    .cell = cell,
                    .kind = batch_kind(gather->batch, layout.kind),
                    .host = host_label(gather, cell->host)};
    p.source = source_label(gather, &p.kind);
    tally_clear(&p.tally);
    p.tally.n[N_EVENTS] = cell->events;
    p.tally.extent = row_extent(gather, &cell->extent);
    if (!add_host(&p) || !add_item(&p))
        return false;
    if (cell->class != EVENT_LIVE)
        return add_recovered(&p);
    return add_hour(&p) && add_action(&p) && add_strip(&p) && add_channel(&p) && add_quality(&p);
}

static bool add_twins(Gather *gather)
{
    if (gather->twins == 0)
        return true;
    TallyKey key;
    Tally tally;
    tally_clear(&tally);
    tally.n[N_ITEM_TWINS] = gather->twins;
    tally_key_begin(&key, TALLY_ITEM);
    tally_key_u32(&key, gather->segment->item->rank);
    return tally_table_add(gather->table, &key, &tally, gather->out);
}

bool cells_project(Gather *gather)
{
    for (uint32_t i = 0; i < gather->cells.count; i++)
        if (!project(gather, found_at(&gather->cells, i, sizeof(Cell))))
            return false;
    return add_twins(gather);
}
