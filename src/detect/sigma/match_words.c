/* Fields that stand for all (keywords): instead of asking every value of every event, all values of
 * the batch are asked once, many together, and those with a word are marked. Mostly none is. */
#include "detect/sigma/fold.h"
#include "detect/sigma/match_parts.h"

static bool is_text(const Batch *batch, uint32_t value)
{
    return batch->value_type[value] == VALUE_TEXT || batch->value_type[value] == VALUE_BINARY;
}

/* Which of the values [first, end), that together have a word, have one. */
static void mark_values(Matcher *matcher, const AtomSet *atoms, uint32_t first, uint32_t end)
{
    AtomScratch *scratch = &matcher->atoms;
    for (uint32_t i = first; i < end; i++) {
        if (!is_text(matcher->batch, i))
            continue;
        Text text = value_text(batch_value(matcher->batch, i));
        matcher->marks[i] = atom_set_may_hold(atoms, scratch, fold_text(text, scratch->folded));
    }
}

/* A list has a word if an element has. */
static void mark_lists(Matcher *matcher)
{
    const Batch *batch = matcher->batch;
    for (uint32_t i = 0; i < batch->value_count; i++) {
        if (batch->value_type[i] != VALUE_LIST)
            continue;
        Span elements = batch_value(batch, i).bytes;
        for (size_t at = 0; at + 4 <= elements.len; at += 4)
            matcher->marks[i] |= matcher->marks[load_u32le(elements.ptr + at)];
    }
}

static bool find_words(Matcher *matcher, const AtomSet *atoms)
{
    const Batch *batch = matcher->batch;
    AtomScratch *scratch = &matcher->atoms;
    size_t used = 0;
    uint32_t first = 0;
    bool any = false;
    memset(matcher->marks, 0, batch->value_count);
    for (uint32_t i = 0; i < batch->value_count; i++) {
        if (!is_text(batch, i))
            continue;
        Text text = value_text(batch_value(batch, i));
        if (used && used + FOLD_ROOM(text.len) > WORD_RUN) {
            if (atom_set_may_hold(atoms, scratch, used)) {
                mark_values(matcher, atoms, first, i);
                any = true;
            }
            used = 0;
            first = i;
        }
        used += fold_text(text, scratch->folded + used);
        scratch->folded[used++] = '\0'; /* no word goes over from one value to the next */
    }
    if (used && atom_set_may_hold(atoms, scratch, used)) {
        mark_values(matcher, atoms, first, batch->value_count);
        any = true;
    }
    if (any)
        mark_lists(matcher);
    return any;
}

/* `at` holds all native cells of the event, in order. */
static bool row_is_marked(const Matcher *matcher, const RouteSlot *at)
{
    const Batch *batch = matcher->batch;
    uint32_t first = load_u32le(batch->first_cell + 4 * (size_t)matcher->row);
    for (uint32_t i = 0; i < at->count; i++) {
        uint32_t value = load_u32le(batch->cells + 4 * ((size_t)first + i));
        if (value && matcher->marks[value - 1])
            return true;
    }
    return false;
}

bool slot_is_idle(Matcher *matcher, const RouteSlot *at, const Slot *slot)
{
    const Field *field = &matcher->program->fields[slot->field];
    if (!field->keyword || !atom_set_is_words(field->atoms))
        return false;
    if (matcher->marks_field == NONE) {
        matcher->marks_field = slot->field;
        matcher->has_marks = find_words(matcher, field->atoms);
    }
    if (matcher->marks_field != slot->field)
        return false; /* of another product: a batch of both is rare */
    return !matcher->has_marks || !row_is_marked(matcher, at);
}
