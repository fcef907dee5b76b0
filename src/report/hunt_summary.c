/* The end of a hunt, for a person: what there was, by level, rule, host, day and tactic. */
#include <inttypes.h>
#include <stdlib.h>

#include "detect/attack.h"
#include "report/hunt_inside.h"
#include "report/timeline_format.h"
#include "report/visible.h"

typedef struct Summary {
    const Hunt *hunt;
    bool color;
    Buf *out;
} Summary;

static void label(const Summary *s, const char *word)
{
    buf_printf(s->out, "%s%-12s%s", s->color ? "\033[1m" : "", word, s->color ? "\033[0m" : "");
}

static void level_word(const Summary *s, RuleLevel level)
{
    const char *start = s->color ? level_color(level) : "";
    buf_printf(s->out, "  %s%-13.*s%s ", start, (int)RULE_LEVEL_TEXT[level].len,
               RULE_LEVEL_TEXT[level].ptr, start[0] ? "\033[0m" : "");
}

static uint64_t rules_of_level(const Hunt *hunt, RuleLevel level)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < signatures_count(&hunt->signatures); i++)
        count += hunt->counts.shown[i] && signatures_level(&hunt->signatures, i) == level;
    return count;
}

/* ---- rules ---- */

static bool is_evaluated(const Hunt *hunt, uint32_t number)
{
    const Rule *rule = ruleset_at(hunt->set, number);
    if (!rule->active || rule->kind == RULE_FILTER)
        return false;
    if (rule->kind == RULE_EVENT)
        return match_tally_rule(hunt->tally, number).evaluated > 0;
    for (uint32_t i = 0; i < rule->correlation->references.count; i++)
        if (is_evaluated(hunt, rule->correlation->rules[i]))
            return true;
    return false;
}

HuntRule hunt_rule(const Hunt *hunt, uint32_t number)
{
    const Rule *rule = ruleset_at(hunt->set, number);
    HuntRule ret = {.evaluated = is_evaluated(hunt, number), .shown = hunt->counts.shown[number]};
    if (!rule->active || rule->kind == RULE_FILTER)
        return ret;
    RuleTally tally = match_tally_rule(hunt->tally, number);
    ret.muted = hunt->counts.muted[number];
    if (rule->kind == RULE_EVENT)
        ret.muted = rule->muted || rule->silent ? tally.matched : 0;
    ret.suppressed = tally.suppressed;
    ret.undecided = tally.undecided;
    return ret;
}

CorrelatorCounts hunt_correlated(const Hunt *hunt)
{
    return hunt->correlated;
}

static void write_rules(const Summary *s)
{
    const Hunt *hunt = s->hunt;
    RuleCounts counts = ruleset_counts(hunt->set);
    uint64_t evaluated = 0, matched = 0;
    for (uint32_t i = 0; i < ruleset_count(hunt->set); i++) {
        HuntRule rule = hunt_rule(hunt, i);
        evaluated += rule.evaluated;
        matched += rule.shown || rule.muted;
    }
    label(s, "Rules");
    buf_printf(s->out,
               "%" PRIu32 " loaded, %" PRIu32 " off, %" PRIu32 " refused, %" PRIu32
               " not applicable; %" PRIu64 " evaluated, %" PRIu64 " matched\n",
               counts.by_state[RULE_LOADED], counts.by_state[RULE_OFF],
               counts.by_state[RULE_REFUSED], counts.by_state[RULE_NOT_APPLICABLE], evaluated,
               matched);
}

static void write_indicators(const Summary *s)
{
    const IndicatorSet *set = s->hunt->signatures.indicators;
    uint32_t first = signatures_indicator(&s->hunt->signatures);
    uint64_t matched = 0;
    if (!set)
        return;
    for (uint32_t i = 0; i < indicators_count(set); i++)
        matched += s->hunt->counts.shown[first + i] > 0;
    IndicatorCounts counts = indicators_counts(set);
    label(s, "Indicators");
    buf_printf(s->out, "%" PRIu32 " loaded", counts.indicators);
    for (size_t i = 0, begun = 0; i < INDICATOR_TYPE_COUNT; i++) {
        if (!counts.by_type[i])
            continue;
        buf_printf(s->out, "%s%s %" PRIu32, begun++ ? ", " : " (", INDICATOR_TYPE_TEXT[i].ptr,
                   counts.by_type[i]);
    }
    buf_printf(s->out,
               "%s, %" PRIu32 " below the level, %" PRIu32 " entries refused, %" PRIu32
               " not comparable; %" PRIu64 " matched\n",
               counts.indicators + counts.dropped ? ")" : "", counts.dropped, counts.refused,
               counts.unusable, matched);
}

static void write_yara(const Summary *s)
{
    const YaraSet *set = s->hunt->signatures.yara;
    uint32_t first = signatures_yara(&s->hunt->signatures);
    uint64_t matched = 0;
    if (!set)
        return;
    for (uint32_t i = 0; i < yara_count(set); i++)
        matched += s->hunt->counts.shown[first + i] > 0;
    label(s, "YARA");
    buf_printf(s->out, "%" PRIu32 " rules loaded, %zu files refused; %" PRIu64 " matched\n",
               yara_count(set), yara_note_count(set), matched);
}

static void write_rule_line(const Summary *s, uint32_t number, uint64_t count)
{
    Rule room;
    const Rule *rule = signatures_at(&s->hunt->signatures, number, &room);
    buf_printf(s->out, "%10" PRIu64 "  ", count);
    visible_text(s->out, rule->title);
    if (rule->id.len) {
        BUF_LITERAL(s->out, " (");
        visible_text(s->out, rule->id);
        BUF_LITERAL(s->out, ")");
    }
    buf_add_char(s->out, '\n');
}

/* Rules that were told to be silent, those that filters held back, those that gave up. */
static void write_exceptions(const Summary *s)
{
    const Hunt *hunt = s->hunt;
    static const char *const TITLES[] = {"Muted", "Suppressed", "Undecided"};
    static const char *const TEXTS[] = {"by --tune: matches that are not shown",
                                        "matches that a filter rule holds back",
                                        "events on which an expression reached its limit"};
    for (unsigned part = 0; part < 3; part++) {
        bool begun = false;
        for (uint32_t i = 0; i < ruleset_count(hunt->set); i++) {
            const Rule *rule = ruleset_at(hunt->set, i);
            if (!rule->active || rule->kind == RULE_FILTER)
                continue;
            HuntRule counts = hunt_rule(hunt, i);
            uint64_t count = part == 0   ? counts.muted
                             : part == 1 ? counts.suppressed
                                         : counts.undecided;
            if (part == 0 ? !rule->muted : count == 0)
                continue;
            if (!begun) {
                label(s, TITLES[part]);
                buf_printf(s->out, "%s\n", TEXTS[part]);
            }
            begun = true;
            write_rule_line(s, i, count);
        }
    }
}

static void write_levels_changed(const Summary *s)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < ruleset_count(s->hunt->set); i++) {
        const Rule *rule = ruleset_at(s->hunt->set, i);
        count += rule->active && rule->level != rule->level_given;
    }
    if (count) {
        label(s, "Tuned");
        buf_printf(s->out, "%" PRIu64 " rules have another level than their authors gave them\n",
                   count);
    }
}

static void write_correlations(const Summary *s)
{
    const CorrelatorCounts *counts = &s->hunt->correlated;
    if (!counts->tuples)
        return;
    label(s, "Correlated");
    buf_printf(s->out, "%" PRIu64 " matches", counts->tuples);
    if (s->hunt->twins)
        buf_printf(s->out, "; %" PRIu64 " more were the same records in other places",
                   s->hunt->twins);
    uint64_t without = counts->without_group + counts->without_value + counts->without_time;
    if (without)
        buf_printf(s->out, "; left out for want of a field or time: %" PRIu64, without);
    if (counts->too_large)
        buf_printf(s->out, "; not decided, too large: %" PRIu64 " windows", counts->too_large);
    buf_add_char(s->out, '\n');
}

/* ---- detections ---- */

static void write_levels(const Summary *s)
{
    uint64_t total = 0, unique = 0;
    for (RuleLevel level = RULE_LEVEL_COUNT; level-- > RULE_INFORMATIONAL;) {
        total += s->hunt->counts.by_level[level];
        unique += rules_of_level(s->hunt, level);
    }
    label(s, "Detections");
    buf_printf(s->out, "%" PRIu64 " by %" PRIu64 " rule%s\n", total, unique,
               unique == 1 ? "" : "s");
    BUF_LITERAL(s->out, "  level              total     unique\n");
    for (RuleLevel level = RULE_LEVEL_COUNT; level-- > RULE_INFORMATIONAL;) {
        level_word(s, level);
        buf_printf(s->out, "%9" PRIu64 " %10" PRIu64 "\n", s->hunt->counts.by_level[level],
                   rules_of_level(s->hunt, level));
    }
}

static void write_span(const Summary *s)
{
    if (s->hunt->counts.first == TIME_NONE)
        return;
    label(s, "First");
    timeline_write_time(s->out, s->hunt->counts.first, 7);
    buf_add_char(s->out, '\n');
    label(s, "Last");
    timeline_write_time(s->out, s->hunt->counts.last, 7);
    buf_add_char(s->out, '\n');
}

static void write_days(const Summary *s)
{
    if (s->hunt->counts.first == TIME_NONE)
        return; /* of items only, which have no time */
    label(s, "Days");
    BUF_LITERAL(s->out, "with most detections\n");
    for (RuleLevel level = RULE_LEVEL_COUNT; level-- > RULE_INFORMATIONAL;) {
        const DayCount *top = s->hunt->counts.top_days[level];
        if (!top[0].count)
            continue;
        level_word(s, level);
        for (size_t i = 0; i < HUNT_TOP_MAX && top[i].count; i++) {
            CivilTime day = civil_from_seconds(top[i].day * 86400);
            buf_printf(s->out, "%s%04d-%02u-%02u (%" PRIu64 ")", i ? ", " : "", (int)day.year,
                       day.month, day.day, top[i].count);
        }
        buf_add_char(s->out, '\n');
    }
}

/* ---- the most of something, by level ---- */

typedef struct Top {
    uint32_t number;
    uint64_t count;
} Top;

/* Keep the HUNT_TOP_MAX largest; of equal counts those that came first. */
static void add_top(Top *top, uint32_t number, uint64_t count)
{
    size_t at = HUNT_TOP_MAX;
    while (at > 0 && top[at - 1].count < count)
        at--;
    if (at == HUNT_TOP_MAX)
        return;
    for (size_t i = HUNT_TOP_MAX - 1; i > at; i--)
        top[i] = top[i - 1];
    top[at] = (Top){number, count};
}

static void write_top_rules(const Summary *s)
{
    label(s, "Rules");
    BUF_LITERAL(s->out, "with most detections, by level\n");
    for (RuleLevel level = RULE_LEVEL_COUNT; level-- > RULE_INFORMATIONAL;) {
        Top top[HUNT_TOP_MAX] = {{0}};
        for (uint32_t i = 0; i < signatures_count(&s->hunt->signatures); i++)
            if (s->hunt->counts.shown[i] && signatures_level(&s->hunt->signatures, i) == level)
                add_top(top, i, s->hunt->counts.shown[i]);
        if (!top[0].count)
            continue;
        level_word(s, level);
        buf_add_char(s->out, '\n');
        for (size_t i = 0; i < HUNT_TOP_MAX && top[i].count; i++)
            write_rule_line(s, top[i].number, top[i].count);
    }
}

static void write_top_hosts(const Summary *s)
{
    const HuntCounts *counts = &s->hunt->counts;
    if (counts->host_count == 0)
        return;
    label(s, "Hosts");
    buf_printf(s->out, "with most detections, by level; %zu in all\n", counts->host_count);
    for (RuleLevel level = RULE_LEVEL_COUNT; level-- > RULE_INFORMATIONAL;) {
        Top top[HUNT_TOP_MAX] = {{0}};
        for (uint32_t i = 0; i < counts->host_count; i++)
            add_top(top, i, counts->hosts[i].by_level[level]);
        if (!top[0].count)
            continue;
        level_word(s, level);
        for (size_t i = 0; i < HUNT_TOP_MAX && top[i].count; i++) {
            if (i)
                BUF_LITERAL(s->out, ", ");
            visible_text(s->out, counts->hosts[top[i].number].name);
            buf_printf(s->out, " (%" PRIu64 ")", top[i].count);
        }
        buf_add_char(s->out, '\n');
    }
    if (counts->without_host)
        buf_printf(s->out, "  %" PRIu64 " detections are of further hosts\n", counts->without_host);
}

/* ---- tactics ---- */

static void write_tactics(const Summary *s)
{
    bool begun = false;
    for (unsigned t = 0; t < ATTACK_TACTICS; t++) {
        unsigned tactic;
        uint64_t count = 0;
        for (uint32_t i = 0; i < signatures_count(&s->hunt->signatures); i++) {
            if (!s->hunt->counts.shown[i])
                continue;
            Rule room;
            const Rule *rule = signatures_at(&s->hunt->signatures, i, &room);
            for (uint32_t k = 0; k < rule->tags.count; k++)
                if (attack_tactic(rule->tags.list[k], &tactic) && tactic == t) {
                    count += s->hunt->counts.shown[i];
                    break;
                }
        }
        if (!count)
            continue;
        if (!begun)
            label(s, "Tactics");
        buf_printf(s->out, "%s%s (%" PRIu64 ")", begun ? ", " : "", ATTACK_TACTIC[t].ptr, count);
        begun = true;
    }
    if (begun)
        buf_add_char(s->out, '\n');
}

void hunt_summarise(const Hunt *hunt, bool color, Buf *out)
{
    const Summary s = {.hunt = hunt, .color = color, .out = out};
    uint64_t total = 0;
    for (RuleLevel level = RULE_INFORMATIONAL; level < RULE_LEVEL_COUNT; level++)
        total += hunt->counts.by_level[level];
    write_rules(&s);
    write_indicators(&s);
    write_yara(&s);
    write_levels_changed(&s);
    write_exceptions(&s);
    write_correlations(&s);
    write_levels(&s);
    if (!total)
        return;
    write_span(&s);
    write_days(&s);
    write_top_rules(&s);
    write_top_hosts(&s);
    write_tactics(&s);
}
