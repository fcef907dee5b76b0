#include <stdlib.h>

#include "detect/sigma/match_parts.h"

/* ---- values that are made of others ---- */

/* The value of `key` in lines key=value, key: value or, in one line, key=value,key=value. */
static bool find_part(Text t, Text key, Text *ret)
{
    char separator = text_find(t, '\n') < t.len ? '\n' : ',';
    while (t.len) {
        Text line = text_trim(text_cut(&t, separator));
        size_t at = 0;
        while (at < line.len && line.ptr[at] != '=' && line.ptr[at] != ':')
            at++;
        if (at == line.len || !text_equal_nocase(text_trim(text_of(line.ptr, at)), key))
            continue;
        *ret = text_trim(text_of(line.ptr + at + 1, line.len - at - 1));
        return true;
    }
    return false;
}

/* S-1-16-12288 as the word that Sysmon writes. */
static Value integrity_word(Matcher *matcher, Value value)
{
    static const struct {
        Text level, word;
    } WORDS[] = {
        {{"0", 1}, {"Untrusted", 9}},     {{"4096", 4}, {"Low", 3}},
        {{"8192", 4}, {"Medium", 6}},     {{"8448", 4}, {"MediumPlus", 10}},
        {{"12288", 5}, {"High", 4}},      {{"16384", 5}, {"System", 6}},
        {{"20480", 5}, {"Protected", 9}},
    };
    Text t = atom_text(&matcher->atoms, value), prefix = TEXT("S-1-16-");
    for (size_t i = 0; text_starts(t, prefix) && i < sizeof WORDS / sizeof WORDS[0]; i++)
        if (text_equal(text_of(t.ptr + prefix.len, t.len - prefix.len), WORDS[i].level))
            return (Value){.type = VALUE_TEXT, .bytes = text_span(WORDS[i].word)};
    return value;
}

/* A key as the object manager names it, written as Sysmon does, with the name of the value. */
static Value registry_path(Matcher *matcher, Value key, const Value *name)
{
    static const struct {
        Text native, hive;
    } HIVES[] = {{{"\\REGISTRY\\MACHINE", 17}, {"HKLM", 4}},
                 {{"\\REGISTRY\\USER", 14}, {"HKU", 3}}};
    Buf *out = &matcher->joined;
    buf_clear(out);
    Text path = atom_text(&matcher->atoms, key);
    for (size_t i = 0; i < sizeof HIVES / sizeof HIVES[0]; i++) {
        Text native = HIVES[i].native;
        if (path.len < native.len || !text_equal_nocase(text_of(path.ptr, native.len), native))
            continue;
        buf_add_text(out, HIVES[i].hive);
        path = text_of(path.ptr + native.len, path.len - native.len);
        break;
    }
    buf_add_text(out, path);
    Text value = name ? atom_text(&matcher->atoms, *name) : (Text){0};
    if (value.len && !text_equal(value, TEXT("-"))) {
        buf_add_char(out, '\\');
        buf_add_text(out, value);
    }
    return (Value){.type = VALUE_TEXT, .bytes = buf_span(out)};
}

/* What a value is for a slot; false: nothing. */
static bool derive(Matcher *matcher, const RouteSlot *at, Value value, Value *ret)
{
    Text part;
    *ret = value;
    switch ((FieldPlaceKind)at->kind) {
    case PLACE_PART:
        if (!find_part(atom_text(&matcher->atoms, value),
                       matcher->program->places[at->place].what.part, &part))
            return false;
        *ret = (Value){.type = VALUE_TEXT, .bytes = text_span(part)};
        return true;
    case PLACE_INTEGRITY:
        *ret = integrity_word(matcher, value);
        return true;
    case PLACE_NAME:
    case PLACE_PREFIX:
    case PLACE_SUFFIX:
    case PLACE_REGISTRY:
        break;
    }
    return true;
}

static uint32_t value_number(const Matcher *matcher, const RouteSlot *at, uint32_t i)
{
    uint32_t cell = matcher->cells[at->first + i];
    return cell == NONE ? NONE : matcher_cell(matcher->batch, matcher->row, cell);
}

static bool each_element(Matcher *matcher, const RouteSlot *at, Value value, EachValue each,
                         void *ctx)
{
    Value made;
    if (value.type != VALUE_LIST)
        return !derive(matcher, at, value, &made) || each(ctx, made);
    for (size_t i = 0; i < value.bytes.len / 4; i++)
        if (derive(matcher, at, batch_list_at(matcher->batch, value, i), &made) && !each(ctx, made))
            return false;
    return true;
}

static void each_path(Matcher *matcher, const RouteSlot *at, EachValue each, void *ctx)
{
    uint32_t key = value_number(matcher, at, 0), name = value_number(matcher, at, 1);
    if (key == NONE)
        return;
    Value second = name == NONE ? (Value){.type = VALUE_NULL} : batch_value(matcher->batch, name);
    (void)each(ctx, registry_path(matcher, batch_value(matcher->batch, key), &second));
}

void slot_values(Matcher *matcher, const Route *route, uint32_t slot, EachValue each, void *ctx)
{
    uint32_t index = matcher->indices[route->first_index + slot];
    if (index == 0)
        return;
    const RouteSlot *at = &matcher->route_slots[route->first + index - 1];
    if (at->kind == PLACE_REGISTRY) {
        each_path(matcher, at, each, ctx);
        return;
    }
    for (uint32_t i = 0; i < at->count; i++) {
        uint32_t value = value_number(matcher, at, i);
        if (value != NONE &&
            !each_element(matcher, at, batch_value(matcher->batch, value), each, ctx))
            return;
    }
}

/* ---- results ---- */

static void hits_add(Hits *hits, const Slot *slot, uint32_t atom)
{
    uint64_t bit = UINT64_C(1) << atom % 64;
    if (!slot->keep || !(slot->keep[atom / 64] & bit) || (hits->bits[atom / 64] & bit))
        return;
    hits->bits[atom / 64] |= bit;
    hits->list[hits->count++] = atom;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* The atoms that were hit, with the rules they trigger, into the pool; the list is empty then. */
static uint32_t write_result(Matcher *matcher, const Slot *slot, Hits *hits)
{
    uint32_t count = hits->count;
    for (uint32_t i = 0; i < count; i++)
        hits->bits[hits->list[i] / 64] = 0;
    hits->count = 0;
    if (count == 0)
        return 0;
    if (count > 1)
        qsort(hits->list, count, sizeof *hits->list, by_number);
    uint32_t result = (uint32_t)matcher->pool_used;
    uint32_t *out = matcher->pool + result, n = 2;
    for (uint32_t i = 0; i < count; i++)
        out[n++] = hits->list[i];
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = slot->trigger_start[hits->list[i]];
             k < slot->trigger_start[hits->list[i] + 1]; k++)
            out[n++] = slot->triggers[k];
    out[0] = count;
    out[1] = n - 2 - count;
    matcher->pool_used += n;
    return result;
}

/* A search that goes into matcher->hits. */
typedef struct Search {
    Matcher *matcher;
    const Slot *slot;
} Search;

static void on_hit(void *ctx, uint32_t atom)
{
    const Search *search = ctx;
    hits_add(&search->matcher->hits, search->slot, atom);
}

static bool search_one(void *ctx, Value value)
{
    const Search *search = ctx;
    Matcher *matcher = search->matcher;
    const Field *field = &matcher->program->fields[search->slot->field];
    atom_set_search(field->atoms, &matcher->atoms, value, on_hit, ctx);
    return true;
}

static uint32_t compute(Matcher *matcher, const RouteSlot *at, const Slot *slot, uint32_t value)
{
    Search search = {.matcher = matcher, .slot = slot};
    (void)each_element(matcher, at, batch_value(matcher->batch, value), search_one, &search);
    return write_result(matcher, slot, &matcher->hits);
}

static OverflowCell *overflow_cell(Matcher *matcher, uint32_t slot, uint32_t value)
{
    uint32_t hash = value * UINT32_C(0x9E3779B1) ^ slot * UINT32_C(0x85EBCA6B);
    return &matcher->overflow[hash >> (32 - OVERFLOW_BITS)];
}

/* The result of a value, kept for the batch: by value, and for values that several slots have in a
 * small table where the latest wins. */
static uint32_t cached(Matcher *matcher, const RouteSlot *at, uint32_t slot_number, uint32_t value)
{
    const Slot *slot = &matcher->program->slots[slot_number];
    CacheCell *cell = &matcher->cache[value];
    if (cell->slot_plus_1 == slot_number + 1)
        return cell->result;
    if (cell->slot_plus_1 == 0) {
        uint32_t result = compute(matcher, at, slot, value);
        *cell = (CacheCell){.slot_plus_1 = slot_number + 1, .result = result};
        return result;
    }
    OverflowCell *other = overflow_cell(matcher, slot_number, value);
    if (other->epoch != matcher->epoch || other->slot != slot_number || other->value != value) {
        uint32_t result = compute(matcher, at, slot, value);
        *other = (OverflowCell){
            .slot = slot_number, .value = value, .result = result, .epoch = matcher->epoch};
    }
    return other->result;
}

/* Atoms that hold for any of the cells. */
static uint32_t joined(Matcher *matcher, const Route *route, const RouteSlot *at,
                       uint32_t slot_number)
{
    const Slot *slot = &matcher->program->slots[slot_number];
    if (!route->cached || at->kind == PLACE_REGISTRY) {
        Search search = {.matcher = matcher, .slot = slot};
        slot_values(matcher, route, at->slot, search_one, &search);
        return write_result(matcher, slot, &matcher->hits);
    }
    for (uint32_t i = 0; i < at->count; i++) {
        uint32_t value = value_number(matcher, at, i);
        uint32_t result = value == NONE ? 0 : cached(matcher, at, slot_number, value);
        for (uint32_t k = 0; result && k < matcher->pool[result]; k++)
            hits_add(&matcher->joined_hits, slot, matcher->pool[result + 2 + k]);
    }
    return write_result(matcher, slot, &matcher->joined_hits);
}

uint32_t slot_result(Matcher *matcher, const Route *route, const RouteSlot *at)
{
    uint32_t slot_number = matcher->program->plans[route->plan].first_slot + at->slot;
    if (at->single) {
        uint32_t value = value_number(matcher, at, 0);
        return value == NONE ? 0 : cached(matcher, at, slot_number, value);
    }
    return joined(matcher, route, at, slot_number);
}
