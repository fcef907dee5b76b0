#include <stdlib.h>

#include "base/err.h"
#include "detect/sigma/ruleset_parts.h"
#include "event/grow.h"

static char fold(char c)
{
    return c == '_' ? '-' : ascii_lower(c);
}

/* * and ? are wildcards; ASCII case does not matter, nor _ or -. */
static bool fits(Text pattern, Text t)
{
    size_t p = 0, n = 0, star = SIZE_MAX, back = 0;
    while (n < t.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            back = n;
        } else if (p < pattern.len &&
                   (pattern.ptr[p] == '?' || fold(pattern.ptr[p]) == fold(t.ptr[n]))) {
            p++;
            n++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            n = ++back;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return p == pattern.len;
}

/* attack.t1059 stands for attack.t1059.001 too. */
static bool has_tag(const Rule *rule, Text wanted)
{
    for (uint32_t i = 0; i < rule->tags.count; i++) {
        Text tag = rule->tags.list[i];
        if (fits(wanted, tag))
            return true;
        if (tag.len > wanted.len && tag.ptr[wanted.len] == '.' &&
            fits(wanted, text_of(tag.ptr, wanted.len)))
            return true;
    }
    return false;
}

static Text last_part(Text path)
{
    size_t at = path.len;
    while (at > 0 && path.ptr[at - 1] != '/')
        at--;
    return text_of(path.ptr + at, path.len - at);
}

static bool is_called(const Rule *rule, Text pattern)
{
    return (rule->id.len && fits(pattern, rule->id)) ||
           (rule->name.len && fits(pattern, rule->name)) || fits(pattern, rule->title) ||
           fits(pattern, rule->file) || fits(pattern, last_part(rule->file));
}

static bool any_tag(const Rule *rule, const Text *tags, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (has_tag(rule, tags[i]))
            return true;
    return count == 0;
}

static bool any_name(const Rule *rule, const Text *patterns, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_called(rule, patterns[i]))
            return true;
    return false;
}

/* Why the person does not want the rule; NULL: it runs. */
static const char *why_off(const Rule *rule, const RuleSelection *selection)
{
    bool retired = rule->status == RULE_DEPRECATED || rule->status == RULE_UNSUPPORTED;
    if (selection->by_status ? !selection->statuses[rule->status] : retired)
        return "status";
    if (rule_level(rule) < selection->min_level)
        return "level";
    if (!any_tag(rule, selection->tags, selection->tag_count))
        return "tags";
    if (selection->include_count && !any_name(rule, selection->include, selection->include_count))
        return "include";
    if (any_name(rule, selection->exclude, selection->exclude_count))
        return "exclude";
    return NULL;
}

static bool turn_off(RuleSet *set, Rule *rule, const char *why)
{
    Text status = RULE_STATUS_TEXT[rule->status], level = RULE_LEVEL_TEXT[rule_level(rule)];
    switch (why[0]) {
    case 's':
        return rule_give_reason(set, rule, RULE_OFF, 0, "status %.*s",
                                status.len ? (int)status.len : 8,
                                status.len ? status.ptr : "not said");
    case 'l':
        return rule_give_reason(set, rule, RULE_OFF, 0, "level %.*s is below the minimum",
                                (int)level.len, level.ptr);
    case 't':
        return rule_give_reason(set, rule, RULE_OFF, 0, "has none of the tags asked for");
    case 'i':
        return rule_give_reason(set, rule, RULE_OFF, 0, "is not among those to include");
    default:
        return rule_give_reason(set, rule, RULE_OFF, 0, "excluded");
    }
}

/* Filters have no level and no tags of their own: status, include and exclude decide. */
bool ruleset_select(RuleSet *set, const RuleSelection *selection)
{
    RuleSelection for_filters = *selection;
    for_filters.min_level = RULE_LEVEL_NONE;
    for_filters.tag_count = 0;
    for_filters.include_count = 0;
    for_filters.by_status = false;
    for (size_t i = 0; i < set->count; i++) {
        Rule *rule = &set->rules[i];
        if (rule->state != RULE_LOADED)
            continue;
        const char *why = why_off(rule, rule->kind == RULE_FILTER ? &for_filters : selection);
        if (why && !turn_off(set, rule, why))
            return false;
    }
    return true;
}

static bool tune_fits(const TuneRow *row, const Rule *rule)
{
    return (rule->id.len && text_equal_nocase(row->rule, rule->id)) ||
           (rule->name.len && text_equal(row->rule, rule->name)) ||
           text_equal(row->rule, rule->title);
}

bool ruleset_tune(RuleSet *set, const RuleSelection *selection)
{
    for (size_t i = 0; i < set->count; i++) {
        Rule *rule = &set->rules[i];
        for (size_t k = 0; k < selection->tune_count; k++) {
            const TuneRow *row = &selection->tune[k];
            if (!tune_fits(row, rule))
                continue;
            rule->muted = row->mute;
            if (!row->mute)
                rule->level = row->level;
        }
    }
    return true;
}

static bool read_tune_row(Text line, size_t number, TuneRow *ret, Err *err)
{
    Text rest = line;
    *ret = (TuneRow){.rule = text_trim(text_cut(&rest, '\t'))};
    Text word = text_trim(text_cut(&rest, '\t'));
    ret->mute = text_equal_nocase(word, TEXT("mute"));
    if (ret->rule.len && (ret->mute || rule_level_find(word, &ret->level)))
        return true;
    return err_set(err, ERR_FORMAT, ERR_NO_OFFSET,
                   "line %zu: expected a rule, a tab, and a level or mute; found %s", number,
                   quote(line.ptr, line.len).str);
}

bool tune_parse(Text lines, TuneRow **ret, size_t *ret_count, Err *err)
{
    TuneRow *rows = NULL;
    size_t count = 0, cap = 0, number = 0;
    while (lines.len) {
        Text line = text_cut(&lines, '\n');
        number++;
        if (text_trim(line).len == 0 || line.ptr[0] == '#')
            continue;
        TuneRow *grown = grow_array(rows, &cap, count + 1, sizeof *rows);
        if (!grown) {
            free(rows);
            return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "tuning");
        }
        rows = grown;
        if (!read_tune_row(line, number, &rows[count++], err)) {
            free(rows);
            return false;
        }
    }
    *ret = rows;
    *ret_count = count;
    return true;
}
