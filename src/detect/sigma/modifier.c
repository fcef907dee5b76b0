#include "detect/sigma/item.h"

#include <math.h>

#include "base/err.h"

/* A step over every value; gets the modifier's name and argument. */
typedef struct Step {
    ReadContext *context;
    Item *item;
    const char *name;
    unsigned argument;
} Step;

typedef bool (*StepValue)(const Step *step, RuleValue *value);

static const char *const KIND_TEXT[] = {
    [RULE_STRING] = "text",          [RULE_NUMBER] = "a number",
    [RULE_BOOL] = "a boolean",       [RULE_NULL] = "null",
    [RULE_REGEX] = "an expression",  [RULE_CIDR] = "a network",
    [RULE_COMPARE] = "a comparison", [RULE_DATE_PART] = "a part of a date",
    [RULE_FIELD] = "another field",  [RULE_EXISTS] = "a test of existence",
};

static bool refuse(const Step *step, const char *why)
{
    return problem_set(step->context->problem, step->item->line, "modifier %s: %s", step->name,
                       why);
}

static bool refuse_type(const Step *step, const RuleValue *value, const char *wanted)
{
    return problem_set(step->context->problem, step->item->line,
                       "modifier %s: the value is %s, not %s", step->name, KIND_TEXT[value->kind],
                       wanted);
}

static bool no_memory(const Step *step)
{
    return problem_no_memory(step->context->problem);
}

static bool each(const Step *step, StepValue apply)
{
    for (uint32_t i = 0; i < step->item->count; i++)
        for (uint32_t k = 0; k < step->item->groups[i].count; k++)
            if (!apply(step, &step->item->groups[i].values[k]))
                return false;
    return true;
}

/* Numbers are taken as text: `EventID|contains: 46` is found in the wild. */
static bool need_text(const Step *step, RuleValue *value)
{
    if (value->kind == RULE_STRING)
        return true;
    if (value->kind != RULE_NUMBER)
        return refuse_type(step, value, "text");
    value->kind = RULE_STRING;
    if (!pattern_of_text(step->context->arena, value->number.text, &value->pattern))
        return no_memory(step);
    return context_note(step->context, step->item->line,
                        "modifier %s: the number %s is taken as text", step->name,
                        quote(value->number.text.ptr, value->number.text.len).str);
}

static bool open_value(const Step *step, RuleValue *value)
{
    if (value->kind == RULE_REGEX) {
        value->regex_flags |= step->argument == OPEN_END     ? REGEX_AT_START
                              : step->argument == OPEN_START ? REGEX_AT_END
                                                             : 0;
        return true;
    }
    if (value->kind == RULE_FIELD) {
        value->open |= step->argument;
        return true;
    }
    if (!need_text(step, value))
        return false;
    return pattern_open(step->context->arena, value->pattern, step->argument, &value->pattern) ||
           no_memory(step);
}

static bool apply_open(const Step *step)
{
    return each(step, open_value);
}

static bool apply_all(const Step *step)
{
    step->item->all = true;
    if (step->item->count == 1)
        return context_note(step->context, step->item->line, "modifier all on a single value");
    return true;
}

static bool case_value(const Step *step, RuleValue *value)
{
    if (value->kind != RULE_FIELD && !need_text(step, value))
        return false;
    value->cased = true;
    return true;
}

static bool apply_cased(const Step *step)
{
    return each(step, case_value);
}

static bool exists_value(const Step *step, RuleValue *value)
{
    if (value->kind != RULE_BOOL)
        return refuse_type(step, value, "true or false");
    value->kind = RULE_EXISTS;
    return true;
}

static bool apply_exists(const Step *step)
{
    if (step->item->field.len == 0)
        return refuse(step, "needs the name of a field");
    if (step->item->applied || step->item->count != 1)
        return refuse(step, "stands alone, with one value");
    return each(step, exists_value);
}

static bool apply_neq(const Step *step)
{
    step->item->negated = true;
    return true;
}

static bool regex_value(const Step *step, RuleValue *value)
{
    if (value->kind != RULE_STRING && value->kind != RULE_NUMBER)
        return refuse_type(step, value, "text");
    value->kind = RULE_REGEX;
    return true;
}

static bool apply_re(const Step *step)
{
    if (step->item->applied)
        return refuse(step, "must be the first");
    return each(step, regex_value);
}

static bool flag_value(const Step *step, RuleValue *value)
{
    if (value->kind != RULE_REGEX)
        return refuse_type(step, value, "an expression");
    value->regex_flags |= step->argument;
    return true;
}

static bool apply_re_flag(const Step *step)
{
    return each(step, flag_value);
}

static bool need_plain(const Step *step, RuleValue *value)
{
    if (!need_text(step, value))
        return false;
    return !pattern_has_wildcard(value->pattern) || refuse(step, "the value has a wildcard");
}

static bool encode_value(const Step *step, RuleValue *value)
{
    return need_plain(step, value) &&
           (encode_base64(step->context->arena, step->item->byte_order_mark, value) ||
            no_memory(step));
}

static bool apply_base64(const Step *step)
{
    if (step->argument == 0)
        return each(step, encode_value);
    if (!each(step, need_plain))
        return false;
    for (uint32_t i = 0; i < step->item->count; i++)
        if (!encode_base64_offsets(step->context->arena, step->item->byte_order_mark,
                                   &step->item->groups[i]))
            return no_memory(step);
    return true;
}

static bool utf16_value(const Step *step, RuleValue *value)
{
    return need_text(step, value) &&
           (encode_utf16(step->context->arena, step->argument == UTF16_BIG, value) ||
            no_memory(step));
}

static bool apply_utf16(const Step *step)
{
    if (step->argument == UTF16_WITH_MARK)
        step->item->byte_order_mark = true;
    return each(step, utf16_value);
}

static bool apply_windash(const Step *step)
{
    if (!each(step, need_text))
        return false;
    for (uint32_t i = 0; i < step->item->count; i++) {
        bool too_many = false;
        if (!expand_dashes(step->context->arena, &step->item->groups[i], &too_many))
            return too_many ? refuse(step, "more than three dashes in one value") : no_memory(step);
    }
    return true;
}

static bool network_value(const Step *step, RuleValue *value)
{
    if (value->kind != RULE_STRING)
        return refuse_type(step, value, "text");
    switch (ip_network_parse(value->text, &value->network)) {
    case NETWORK_OK:
        value->kind = RULE_CIDR;
        return true;
    case NETWORK_HOST_BITS:
        return problem_set(step->context->problem, step->item->line,
                           "modifier cidr: %s has bits set behind its prefix",
                           quote(value->text.ptr, value->text.len).str);
    case NETWORK_NONE:
        break;
    }
    return problem_set(step->context->problem, step->item->line, "modifier cidr: %s is no network",
                       quote(value->text.ptr, value->text.len).str);
}

static bool apply_cidr(const Step *step)
{
    if (step->item->applied)
        return refuse(step, "must be the first");
    return each(step, network_value);
}

static bool compare_value(const Step *step, RuleValue *value)
{
    if (value->kind != RULE_NUMBER)
        return refuse_type(step, value, "a number");
    value->kind = RULE_COMPARE;
    value->compare = (CompareOp)step->argument;
    return true;
}

static bool apply_compare(const Step *step)
{
    return each(step, compare_value);
}

static bool date_value(const Step *step, RuleValue *value)
{
    if (value->kind != RULE_NUMBER || value->number.type != YAML_INT)
        return refuse_type(step, value, "a whole number");
    value->kind = RULE_DATE_PART;
    value->part = (DatePart)step->argument;
    return true;
}

static bool apply_date_part(const Step *step)
{
    return each(step, date_value);
}

static bool expand_value(const Step *step, RuleValue *value)
{
    if (value->kind != RULE_STRING && value->kind != RULE_REGEX)
        return refuse_type(step, value, "text");
    return pattern_expand(step->context->arena, value->pattern, &value->pattern) || no_memory(step);
}

static bool apply_expand(const Step *step)
{
    return each(step, expand_value);
}

static bool field_value(const Step *step, RuleValue *value)
{
    if (!need_plain(step, value))
        return false;
    value->text = pattern_literal(value->pattern);
    if (value->text.len == 0)
        return refuse(step, "needs the name of a field");
    value->kind = RULE_FIELD;
    return true;
}

static bool apply_fieldref(const Step *step)
{
    if (step->item->field.len == 0)
        return refuse(step, "compares two fields");
    return each(step, field_value);
}

typedef struct Modifier {
    const char *name;
    bool (*apply)(const Step *step);
    unsigned argument;
} Modifier;

#define MODIFIER(name, apply, argument) {name, apply, argument},
static const Modifier MODIFIERS[] = {
#include "detect/sigma/modifiers.def"
};
#undef MODIFIER

bool modifier_apply(ReadContext *context, Item *item, Text name)
{
    for (size_t i = 0; i < sizeof MODIFIERS / sizeof MODIFIERS[0]; i++) {
        const Modifier *modifier = &MODIFIERS[i];
        if (!text_equal(name, text_from_z(modifier->name)))
            continue;
        Step step = {.context = context,
                     .item = item,
                     .name = modifier->name,
                     .argument = modifier->argument};
        bool exists =
            item->count && item->groups[0].count && item->groups[0].values[0].kind == RULE_EXISTS;
        if (exists)
            return problem_set(context->problem, item->line, "modifier exists stands alone");
        if (!modifier->apply(&step))
            return false;
        item->applied++;
        return true;
    }
    return problem_set(context->problem, item->line, "unknown modifier %s",
                       quote(name.ptr, name.len).str);
}
