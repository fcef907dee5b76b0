/* What the names of fields mean. */
#include "base/fold.h"
#include "store/query.h"

#define T(literal)                                                                                 \
    {                                                                                              \
        .ptr = "" literal "", .len = sizeof(literal) - 1                                           \
    }

static const struct {
    Text name;
    Basic basic;
} BASICS[] = {
    {T("time"), BASIC_TIME},           {T("datetime"), BASIC_TIME},
    {T("@timestamp"), BASIC_TIME},     {T("host"), BASIC_HOST},
    {T("action"), BASIC_ACTION},       {T("event.action"), BASIC_ACTION},
    {T("outcome"), BASIC_OUTCOME},     {T("event.outcome"), BASIC_OUTCOME},
    {T("channel"), BASIC_CHANNEL},     {T("provider"), BASIC_PROVIDER},
    {T("code"), BASIC_CODE},           {T("EventID"), BASIC_CODE},
    {T("record_id"), BASIC_RECORD_ID}, {T("item"), BASIC_ITEM},
    {T("source"), BASIC_SOURCE},       {T("class"), BASIC_CLASS},
    {T("quality"), BASIC_QUALITY},     {T("time_quality"), BASIC_QUALITY},
};

#define FIELDS_PREFIX TEXT("fields.") /* as the members of a line of jsonl */
#define ECS_PREFIX    TEXT("ecs.")

static Text after(Text name, Text prefix)
{
    if (name.len <= prefix.len || !text_equal_nocase(text_of(name.ptr, prefix.len), prefix))
        return TEXT("");
    return text_of(name.ptr + prefix.len, name.len - prefix.len);
}

void query_name(QueryLeaf *leaf)
{
    Text name = leaf->field;
    leaf->basic = BASIC_NONE;
    leaf->native = leaf->ecs = TEXT("");
    leaf->roles = 0;
    if (name.len == 0)
        return;
    for (size_t i = 0; i < sizeof BASICS / sizeof BASICS[0]; i++)
        if (fold_equal(name, BASICS[i].name))
            leaf->basic = BASICS[i].basic;
    if (leaf->basic != BASIC_NONE)
        return;
    leaf->native = after(name, FIELDS_PREFIX);
    leaf->ecs = fold_equal(name, TEXT("user")) ? TEXT("user.name") : after(name, ECS_PREFIX);
    for (unsigned role = 0; role < ROLE_COUNT; role++)
        if (fold_equal(name, ROLE_TEXT[role]))
            leaf->roles |= UINT32_C(1) << role;
}
