#include "store/filter.h"

#include <stdlib.h>
#include <string.h>

#define CELL_NONE UINT32_MAX

void filter_room_done(FilterRoom *room)
{
    free(room->skip);
    free(room->host_cells);
    free(room->layouts);
    *room = (FilterRoom){0};
}

static bool make_room(FilterRoom *room, const Batch *batch)
{
    if (!room->skip)
        room->skip = malloc(BATCH_EVENTS_MAX / 8);
    if (batch->layout_count > room->layout_room || !room->host_cells) {
        size_t count = (size_t)batch->layout_count + 64;
        free(room->host_cells);
        free(room->layouts);
        room->host_cells = calloc(count, sizeof *room->host_cells);
        room->layouts = calloc(count, sizeof *room->layouts);
        room->layout_room = room->host_cells && room->layouts ? count : 0;
    }
    return room->skip && room->layout_room;
}

/* ---- segments ---- */

static Time shifted(Time time, int64_t shift)
{
    Time ret;
    if (time == TIME_NONE)
        return TIME_NONE;
    if (__builtin_add_overflow(time, shift, &ret) || ret == TIME_NONE)
        return time;
    return ret;
}

void filter_times(const SegmentRef *segment, Time *ret_first, Time *ret_last)
{
    const Summary *summary = &segment->summary;
    *ret_first = summary->first;
    *ret_last = summary->last;
    if (!summary->zone_assumed || !segment->item->shifted || summary->first == TIME_NONE)
        return;
    /* Some events are shifted, others may not be. */
    Time first = shifted(summary->first, segment->item->clock_shift_ns);
    Time last = shifted(summary->last, segment->item->clock_shift_ns);
    *ret_first = first < *ret_first ? first : *ret_first;
    *ret_last = last > *ret_last ? last : *ret_last;
}

static bool in_list(const Text *list, size_t count, Text text)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal_nocase(list[i], text))
            return true;
    return false;
}

/* "product/service" is meant by itself and by "product". */
static bool service_wanted(const ScanFilter *filter, Text service)
{
    Text rest = service;
    return in_list(filter->services, filter->service_count, service) ||
           in_list(filter->services, filter->service_count, text_cut(&rest, '/'));
}

static bool any_host(const ScanFilter *filter, const SegmentRef *segment)
{
    for (uint32_t i = 0; i < segment->summary.count[SUMMARY_HOST]; i++) {
        Text host = summary_at(&segment->summary, SUMMARY_HOST, i).text;
        if (in_list(filter->hosts, filter->host_count, host.len ? host : segment->item->host))
            return true;
    }
    return false;
}

static bool any_service(const ScanFilter *filter, const Summary *summary)
{
    for (uint32_t i = 0; i < summary->count[SUMMARY_SERVICE]; i++)
        if (service_wanted(filter, summary_at(summary, SUMMARY_SERVICE, i).text))
            return true;
    return false;
}

static bool any_action(const ScanFilter *filter, const Summary *summary)
{
    for (size_t i = 0; i < filter->action_count; i++)
        if (summary_has(summary, SUMMARY_ACTION, filter->actions[i]))
            return true;
    return false;
}

bool filter_wants_segment(const ScanFilter *filter, const SegmentRef *segment)
{
    const Summary *summary = &segment->summary;
    Time first, last;
    filter_times(segment, &first, &last);
    bool in_time = summary->timeless || (first < filter->to && last >= filter->from);
    return in_time && (filter->host_count == 0 || any_host(filter, segment)) &&
           (filter->service_count == 0 || any_service(filter, summary)) &&
           (filter->action_count == 0 || any_action(filter, summary));
}

/* ---- rows ---- */

static uint32_t host_cell(const Batch *batch, const Layout *layout)
{
    for (uint32_t i = 0; i < layout->ecs_count; i++) {
        const uint8_t *pair = layout->ecs + 8 * (size_t)i;
        if (text_equal(batch_name(batch, load_u32le(pair)), TEXT("host.name")))
            return load_u32le(pair + 4);
    }
    return CELL_NONE;
}

static bool layout_wanted(const ScanFilter *filter, const Batch *batch, const Layout *layout)
{
    if (filter->action_count &&
        !in_list(filter->actions, filter->action_count, batch_name(batch, layout->action)))
        return false;
    if (filter->service_count == 0)
        return true;
    EventKind kind = batch_kind(batch, layout->kind);
    char name[256];
    if (kind.product.len + kind.service.len + 1 > sizeof name)
        return in_list(filter->services, filter->service_count, kind.product);
    Buf text = {.ptr = name, .cap = sizeof name, .limit = sizeof name};
    summary_write_service(&text, &kind);
    return service_wanted(filter, buf_text(&text));
}

static bool host_wanted(const ScanFilter *filter, const ScanSegment *segment, uint32_t row)
{
    Text host;
    return scan_host(segment, row, &host) && in_list(filter->hosts, filter->host_count, host);
}

static bool row_wanted(const ScanFilter *filter, const FilterRoom *room, const ScanSegment *segment,
                       uint32_t row)
{
    if (room->layouts[batch_layout_of(&segment->batch, row)])
        return false;
    EventHead head = scan_head(segment, row);
    if (head.time != TIME_NONE && (head.time < filter->from || head.time >= filter->to))
        return false;
    return filter->host_count == 0 || host_wanted(filter, segment, row);
}

/* Does every row of the segment pass, twins apart? Cheap, and true for most scans. */
static bool wants_all(const ScanFilter *filter, const SegmentRef *ref)
{
    Time first, last;
    filter_times(ref, &first, &last);
    bool in_time = first == TIME_NONE || (first >= filter->from && last < filter->to);
    return in_time && filter->host_count == 0 && filter->action_count == 0 &&
           filter->service_count == 0;
}

bool filter_rows(const ScanFilter *filter, const SegmentRef *ref, FilterRoom *room,
                 ScanSegment *segment, uint32_t *ret_rows)
{
    const Batch *batch = &segment->batch;
    if (!make_room(room, batch))
        return false;
    for (uint32_t i = 0; i < batch->layout_count; i++) {
        Layout layout = batch_layout(batch, i);
        room->host_cells[i] = host_cell(batch, &layout);
        room->layouts[i] = !layout_wanted(filter, batch, &layout);
    }
    segment->host_cells = room->host_cells;
    segment->skip = NULL;
    *ret_rows = batch->event_count;
    bool twins = !filter->with_twins && ref->twin_bits.len;
    bool all = wants_all(filter, ref);
    if (all && !twins)
        return true;
    size_t bytes = ((size_t)batch->event_count + 7) / 8;
    if (twins && ref->twin_bits.len == bytes)
        memcpy(room->skip, ref->twin_bits.ptr, bytes);
    else
        memset(room->skip, 0, bytes);
    *ret_rows = 0;
    for (uint32_t row = 0; row < batch->event_count; row++) {
        bool skip = room->skip[row / 8] >> (row % 8) & 1;
        if (!skip && !all && !row_wanted(filter, room, segment, row)) {
            room->skip[row / 8] |= (uint8_t)(1 << (row % 8));
            skip = true;
        }
        *ret_rows += !skip;
    }
    segment->skip = room->skip;
    return true;
}

/* ---- for everybody ---- */

EventHead scan_head(const ScanSegment *segment, uint32_t row)
{
    EventHead head = batch_head(&segment->batch, row);
    if (head.quality == TIME_ZONE_ASSUMED && segment->item->shifted) {
        head.time = shifted(head.time, segment->item->clock_shift_ns);
        head.quality = TIME_ZONE_INFERRED;
    }
    return head;
}

bool scan_host(const ScanSegment *segment, uint32_t row, Text *ret)
{
    const Batch *batch = &segment->batch;
    uint32_t cell = segment->host_cells[batch_layout_of(batch, row)];
    uint32_t value = cell == CELL_NONE ? UINT32_MAX : batch_cell(batch, row, cell);
    Value host = {0};
    if (value != UINT32_MAX)
        host = batch_value(batch, value);
    *ret = host.type == VALUE_TEXT && host.bytes.len ? value_text(host) : segment->item->host;
    return ret->len != 0;
}
