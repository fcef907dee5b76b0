#include "detect/attack.h"

#include <string.h>

#define T(literal)                                                                                 \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }
const Text ATTACK_TACTIC[ATTACK_TACTICS] = {
    T("reconnaissance"),     T("resource-development"), T("initial-access"),  T("execution"),
    T("persistence"),        T("privilege-escalation"), T("defense-evasion"), T("stealth"),
    T("defense-impairment"), T("credential-access"),    T("discovery"),       T("lateral-movement"),
    T("collection"),         T("command-and-control"),  T("exfiltration"),    T("impact"),
};
#undef T

static bool name_of(Text tag, Text *ret)
{
    if (!text_starts(tag, TEXT("attack.")))
        return false;
    *ret = text_of(tag.ptr + 7, tag.len - 7);
    return ret->len != 0;
}

static bool same_word(Text given, Text word)
{
    if (given.len != word.len)
        return false;
    for (size_t i = 0; i < word.len; i++) {
        char c = ascii_lower(given.ptr[i]);
        if ((c == '_' ? '-' : c) != word.ptr[i])
            return false;
    }
    return true;
}

bool attack_tactic(Text tag, unsigned *ret)
{
    Text name;
    if (!name_of(tag, &name))
        return false;
    for (unsigned i = 0; i < ATTACK_TACTICS; i++)
        if (same_word(name, ATTACK_TACTIC[i])) {
            *ret = i;
            return true;
        }
    return false;
}

bool attack_technique(Text tag, char ret[ATTACK_TECHNIQUE_ROOM])
{
    Text name;
    if (!name_of(tag, &name) || (name.len != 5 && name.len != 9) || ascii_lower(name.ptr[0]) != 't')
        return false;
    for (size_t i = 1; i < name.len; i++)
        if (i == 5 ? name.ptr[i] != '.' : name.ptr[i] < '0' || name.ptr[i] > '9')
            return false;
    ret[0] = 'T';
    memcpy(ret + 1, name.ptr + 1, name.len - 1);
    ret[name.len] = '\0';
    return true;
}
