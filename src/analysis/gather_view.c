/* What layouts mean, and texts of what cells hold only numbers of. */
#include <stdlib.h>

#include "analysis/gather_inside.h"
#include "event/derive.h"

static const Text ACTION_LOGON = {"logon", 5}, ACTION_FAILED = {"logon-failed", 12};

static uint32_t find_name(const Batch *batch, Text wanted)
{
    for (uint32_t name = 0; name < batch->name_count; name++)
        if (text_equal(batch_name(batch, name), wanted))
            return name;
    return NO_NUMBER;
}

bool views_begin(Gather *gather)
{
    const Batch *batch = gather->batch;
    View *views = grow_array(gather->views, &gather->view_room, batch->layout_count + (size_t)1,
                             sizeof *views);
    if (!views)
        return false;
    gather->views = views;
    for (uint32_t i = 0; i < batch->layout_count; i++)
        views[i].ready = false;
    gather->host_name = find_name(batch, TEXT("host.name"));
    gather->spelling_name = find_name(batch, TEXT("winlog.computer_name"));
    return true;
}

/* The cell that a list of pairs gives for the first number `wanted`. */
static uint32_t pair_of(const uint8_t *pairs, uint32_t count, uint32_t wanted)
{
    for (uint32_t i = 0; i < count && wanted != NO_NUMBER; i++)
        if (load_u32le(pairs + 8 * (size_t)i) == wanted)
            return load_u32le(pairs + 8 * (size_t)i + 4);
    return NO_NUMBER;
}

void view_prepare(const Gather *gather, uint32_t layout, View *ret)
{
    const Batch *batch = gather->batch;
    Layout l = batch_layout(batch, layout);
    EventKind kind = batch_kind(batch, l.kind);
    Text action = batch_name(batch, l.action);
    *ret = (View){.ready = true,
                  .host = pair_of(l.ecs, l.ecs_count, gather->host_name),
                  .spelling = pair_of(l.ecs, l.ecs_count, gather->spelling_name),
                  .user = pair_of(l.roles, l.role_count, ROLE_USER),
                  .domain = pair_of(l.roles, l.role_count, ROLE_USER_DOMAIN),
                  .sid = pair_of(l.roles, l.role_count, ROLE_USER_SID),
                  .object = pair_of(l.roles, l.role_count, ROLE_OBJECT),
                  .detail = pair_of(l.roles, l.role_count, ROLE_OBJECT_DETAIL),
                  .use = text_equal(action, ACTION_LOGON)    ? USE_LOGON
                         : text_equal(action, ACTION_FAILED) ? USE_FAILED
                                                             : USE_OTHER,
                  .mark = mark_kind_of(action),
                  .numbered = kind.channel.len != 0,
                  .last_cell = NO_NUMBER,
                  .last_actor = NO_NUMBER};
}

Label value_label(Gather *gather, uint32_t value)
{
    if (value == NO_NUMBER)
        return (Label){.len = 0};
    Value v = batch_value(gather->batch, value);
    if (value_is_blank(v))
        return (Label){.len = 0};
    if (v.type == VALUE_TEXT)
        return label_of(value_text(v));
    buf_clear(&gather->scratch);
    batch_write_text(&gather->scratch, gather->batch, v);
    return gather->scratch.failed ? (Label){.len = 0} : label_of(buf_text(&gather->scratch));
}

/* As scan_host has it. */
Label host_label(Gather *gather, uint32_t value)
{
    Value v = {.type = VALUE_NULL};
    if (value != NO_NUMBER)
        v = batch_value(gather->batch, value);
    bool named = v.type == VALUE_TEXT && v.bytes.len;
    return label_lower(named ? value_text(v) : gather->segment->item->host);
}

/* windows/security; the channel where no service is known. */
Label source_label(Gather *gather, const EventKind *kind)
{
    Text detail = kind->service.len ? kind->service : kind->channel;
    buf_clear(&gather->scratch);
    buf_add_text(&gather->scratch, kind->product);
    if (kind->product.len && detail.len)
        buf_add_char(&gather->scratch, '/');
    buf_add_text(&gather->scratch, detail);
    return gather->scratch.failed ? label_of(kind->product) : label_of(buf_text(&gather->scratch));
}

EventRef row_ref(const Gather *gather, uint32_t row)
{
    const Batch *batch = gather->batch;
    return (EventRef){.item = gather->segment->item->rank,
                      .offset = load_u64le(batch->offset + 8 * (size_t)row),
                      .sub = load_u32le(batch->sub + 4 * (size_t)row)};
}

Extent row_extent(const Gather *gather, const RowExtent *extent)
{
    if (extent->first == TIME_NONE)
        return EXTENT_NONE;
    return (Extent){.first = extent->first,
                    .last = extent->last,
                    .first_at = row_ref(gather, extent->first_row),
                    .last_at = row_ref(gather, extent->last_row)};
}
