#include "event/condition.h"

#include "event/derive.h"

#define CONDITIONS_MAX 64

/* The position of the operator in a term; term.len when there is none. */
static size_t find_operator(Text term)
{
    size_t at = 0;
    while (at < term.len && term.ptr[at] != '=' && term.ptr[at] != '~')
        at++;
    return at;
}

static bool split_values(Arena *arena, Text list, Condition *condition)
{
    uint32_t n = 1;
    for (size_t i = 0; i < list.len; i++)
        n += list.ptr[i] == '|';
    Text *values = ARENA_NEW(arena, Text, n);
    if (!values)
        return false;
    for (uint32_t i = 0; i < n; i++)
        values[i] = text_trim(text_cut(&list, '|'));
    condition->values = values;
    condition->value_count = n;
    return true;
}

static bool parse_term(Arena *arena, Text term, Condition *ret, Err *err)
{
    size_t at = find_operator(term);
    Condition condition = {.op = CONDITION_IS};
    size_t field_end = at;
    if (at < term.len && term.ptr[at] == '~') {
        condition.op = CONDITION_CONTAINS;
    } else if (at > 0 && at < term.len && term.ptr[at - 1] == '!') {
        condition.op = CONDITION_IS_NOT;
        field_end--;
    }
    condition.field = text_trim(text_of(term.ptr, field_end));
    bool joined = text_starts(term, TEXT("& ")) || text_ends(term, TEXT(" &"));
    if (at == term.len || condition.field.len == 0 || joined)
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "condition %s: expected Field=value",
                       quote(term.ptr, term.len).str);
    if (!split_values(arena, text_of(term.ptr + at + 1, term.len - at - 1), &condition))
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "condition");
    for (uint32_t i = 0; condition.op == CONDITION_CONTAINS && i < condition.value_count; i++)
        if (condition.values[i].len == 0)
            return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "condition %s: empty text after ~",
                           quote(term.ptr, term.len).str);
    *ret = condition;
    return true;
}

bool condition_parse(Arena *arena, Text text, const Condition **ret, uint32_t *ret_count, Err *err)
{
    Condition found[CONDITIONS_MAX];
    uint32_t n = 0;
    text = text_trim(text);
    while (text.len) {
        size_t at = text_find_text(text, TEXT(" & "));
        Text term = at == SIZE_MAX ? text : text_of(text.ptr, at);
        if (n == CONDITIONS_MAX)
            return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "more than %d conditions",
                           CONDITIONS_MAX);
        if (!parse_term(arena, text_trim(term), &found[n++], err))
            return false;
        text = at == SIZE_MAX ? (Text){0} : text_of(text.ptr + at + 3, text.len - at - 3);
    }
    Condition *kept = ARENA_NEW(arena, Condition, n + 1);
    if (!kept)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "conditions");
    memcpy(kept, found, n * sizeof *kept);
    *ret = kept;
    *ret_count = n;
    return true;
}

static bool contains_nocase(Text t, Text needle)
{
    for (size_t i = 0; needle.len <= t.len && i <= t.len - needle.len; i++)
        if (text_equal_nocase(text_of(t.ptr + i, needle.len), needle))
            return true;
    return false;
}

static bool is_one_of(const Condition *condition, const Value *value)
{
    bool absent = !value || value_is_blank(*value);
    uint64_t wanted, number;
    for (uint32_t i = 0; i < condition->value_count; i++) {
        Text text = condition->values[i];
        if (text.len == 0 ? absent : value && value_equals_text(*value, text))
            return true;
        /* 0x3, 3 and a number field that holds 3 are the same */
        if (value && text_to_u64_any(text, &wanted) && value_to_u64(*value, &number) &&
            wanted == number)
            return true;
    }
    return false;
}

bool condition_holds(const Condition *condition, const Value *value, Buf *scratch)
{
    if (condition->op == CONDITION_IS)
        return is_one_of(condition, value);
    if (condition->op == CONDITION_IS_NOT)
        return !is_one_of(condition, value);
    if (!value || value->type == VALUE_LIST)
        return false;
    Text text = value_text(*value);
    if (value->type != VALUE_TEXT) {
        buf_clear(scratch);
        value_write_text(scratch, *value);
        text = buf_text(scratch);
    }
    for (uint32_t i = 0; i < condition->value_count; i++)
        if (contains_nocase(text, condition->values[i]))
            return true;
    return false;
}
