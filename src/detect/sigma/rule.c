#include "detect/sigma/rule.h"

#include <assert.h>

/* clang-format off */
#define T(literal) {.ptr = "" literal "", .len = sizeof(literal) - 1}

const Text RULE_STATE_TEXT[] = {
    [RULE_LOADED] = T("loaded"),
    [RULE_OFF] = T("off"),
    [RULE_REFUSED] = T("refused"),
    [RULE_NOT_APPLICABLE] = T("not-applicable"),
};
static_assert(sizeof RULE_STATE_TEXT / sizeof RULE_STATE_TEXT[0] == RULE_STATE_COUNT, "one text each");

const Text RULE_STATUS_TEXT[] = {
    [RULE_STATUS_NONE] = T(""),
    [RULE_STABLE] = T("stable"),
    [RULE_TEST] = T("test"),
    [RULE_EXPERIMENTAL] = T("experimental"),
    [RULE_DEPRECATED] = T("deprecated"),
    [RULE_UNSUPPORTED] = T("unsupported"),
};
static_assert(sizeof RULE_STATUS_TEXT / sizeof RULE_STATUS_TEXT[0] == RULE_STATUS_COUNT, "one text each");

const Text RULE_LEVEL_TEXT[] = {
    [RULE_LEVEL_NONE] = T(""),
    [RULE_INFORMATIONAL] = T("informational"),
    [RULE_LOW] = T("low"),
    [RULE_MEDIUM] = T("medium"),
    [RULE_HIGH] = T("high"),
    [RULE_CRITICAL] = T("critical"),
};
static_assert(sizeof RULE_LEVEL_TEXT / sizeof RULE_LEVEL_TEXT[0] == RULE_LEVEL_COUNT, "one text each");

static const Text SHORT_LEVEL[RULE_LEVEL_COUNT] = {
    [RULE_INFORMATIONAL] = T("info"), [RULE_MEDIUM] = T("med"), [RULE_CRITICAL] = T("crit"),
};
/* clang-format on */

bool rule_level_find(Text word, RuleLevel *ret)
{
    for (unsigned i = RULE_INFORMATIONAL; i < RULE_LEVEL_COUNT; i++) {
        if (!text_equal_nocase(word, RULE_LEVEL_TEXT[i]) &&
            !(SHORT_LEVEL[i].len && text_equal_nocase(word, SHORT_LEVEL[i])))
            continue;
        *ret = (RuleLevel)i;
        return true;
    }
    return false;
}

bool rule_status_find(Text word, RuleStatus *ret)
{
    for (unsigned i = RULE_STABLE; i < RULE_STATUS_COUNT; i++) {
        if (!text_equal_nocase(word, RULE_STATUS_TEXT[i]))
            continue;
        *ret = (RuleStatus)i;
        return true;
    }
    return false;
}
