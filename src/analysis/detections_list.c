/* What was counted, put into lists. */
#include <stdlib.h>
#include <string.h>

#include "analysis/detections_inside.h"
#include "base/hash.h"

/* ---- hosts ---- */

static bool add_name(HostIndex *index, Text name, uint32_t host)
{
    Label lower = label_lower(name);
    return id_map_add(&index->map, hash64(lower.bytes, lower.len, 0), host);
}

bool host_index_init(HostIndex *index, const Survey *survey)
{
    *index = (HostIndex){.survey = survey, .last_host = SURVEY_NONE};
    bool ok = id_map_init(&index->map);
    for (uint32_t i = 0; i < survey->hosts_count && ok; i++) {
        const SurveyHost *host = &survey->hosts[i];
        ok = add_name(index, survey_host_short(host), i);
        for (uint32_t k = 0; k < host->spelling_count && ok; k++)
            ok = add_name(index, label_text(&host->spellings[k]), i);
    }
    return ok;
}

void host_index_done(HostIndex *index)
{
    id_map_done(&index->map);
}

static bool has_name(const SurveyHost *host, const Label *lower)
{
    Text name = label_text(lower);
    if (text_equal_nocase(survey_host_short(host), name))
        return true;
    for (uint32_t i = 0; i < host->spelling_count; i++)
        if (text_equal_nocase(label_text(&host->spellings[i]), name))
            return true;
    return false;
}

static uint32_t find(const HostIndex *index, const Label *lower)
{
    uint64_t hash = hash64(lower->bytes, lower->len, 0);
    uint32_t host;
    for (size_t cursor = id_map_start(&index->map, hash);
         (host = id_map_next(&index->map, hash, &cursor)) != ID_NONE;)
        if (has_name(&index->survey->hosts[host], lower))
            return host;
    return SURVEY_NONE;
}

/* Detections of one host often follow one another. */
uint32_t host_index_find(HostIndex *index, Text name)
{
    if (name.len == 0)
        return SURVEY_NONE;
    Label lower = label_lower(name);
    if (label_equal(&lower, &index->last))
        return index->last_host;
    index->last = lower;
    index->last_host = find(index, &lower);
    return index->last_host;
}

/* By what matters most: the highest level first. */
static int by_levels(const void *a, const void *b)
{
    const DetectionHost *x = a, *y = b;
    for (unsigned level = RULE_LEVEL_COUNT; level-- > 0;)
        if (x->by_level[level] != y->by_level[level])
            return x->by_level[level] > y->by_level[level] ? -1 : 1;
    return x->host < y->host ? -1 : x->host > y->host;
}

static void list_hosts(Detections *to)
{
    size_t kept = 0;
    for (size_t i = 0; i < to->host_count; i++)
        if (to->hosts[i].count)
            to->hosts[kept++] = to->hosts[i];
    to->host_count = kept;
    qsort(to->hosts, kept, sizeof *to->hosts, by_levels);
}

/* ---- rules ---- */

static int by_weight(const void *a, const void *b)
{
    const DetectionRule *x = *(const DetectionRule *const *)a,
                        *y = *(const DetectionRule *const *)b;
    if (x->level != y->level)
        return x->level > y->level ? -1 : 1;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    int order = text_compare(x->title, y->title);
    return order ? order : x->number < y->number ? -1 : x->number > y->number;
}

static bool list_rules(Detections *to)
{
    size_t room = to->rule_count + 1;
    to->matched_rules = ARENA_NEW(to->arena, const DetectionRule *, room);
    to->refused = ARENA_NEW(to->arena, const DetectionRule *, room);
    to->excepted = ARENA_NEW(to->arena, const DetectionRule *, room);
    if (!to->matched_rules || !to->refused || !to->excepted)
        return false;
    for (size_t i = 0; i < to->rule_count; i++) {
        const DetectionRule *rule = &to->rules[i];
        if (rule->count) {
            to->matched_rules[to->matched_count++] = rule;
            to->rules_by_level[rule->level]++;
        }
        if (rule->state == RULE_REFUSED)
            to->refused[to->refused_count++] = rule;
        if (rule->kind != RULE_FILTER && (rule->muted || rule->suppressed || rule->undecided))
            to->excepted[to->excepted_count++] = rule;
    }
    qsort(to->matched_rules, to->matched_count, sizeof *to->matched_rules, by_weight);
    return true;
}

/* ---- techniques and tactics ---- */

/* A rule under one of its techniques. */
typedef struct Tagged {
    char id[ATTACK_TECHNIQUE_ROOM];
    const DetectionRule *rule;
} Tagged;

static int by_id(const void *a, const void *b)
{
    const Tagged *x = a, *y = b;
    int order = strcmp(x->id, y->id);
    return order ? order : (x->rule > y->rule) - (x->rule < y->rule);
}

static int by_technique_weight(const void *a, const void *b)
{
    const DetectionTechnique *x = a, *y = b;
    if (x->level != y->level)
        return x->level > y->level ? -1 : 1;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return strcmp(x->id, y->id);
}

static size_t count_tags(const Detections *to)
{
    size_t count = 0;
    for (size_t i = 0; i < to->matched_count; i++)
        count += to->matched_rules[i]->tag_count;
    return count;
}

/* Hosts of the survey on which any of these rules matched. */
static uint32_t join_hosts(uint8_t *joined, size_t hosts, const DetectionRule *rule)
{
    uint32_t added = 0;
    for (size_t i = 0; i < hosts; i++) {
        uint8_t bit = (uint8_t)(1 << (i % 8));
        if (!detection_rule_has_host(rule, (uint32_t)i) || (joined[i / 8] & bit))
            continue;
        joined[i / 8] |= bit;
        added++;
    }
    return added;
}

static void add_technique(DetectionTechnique *to, const DetectionRule *rule)
{
    to->level = rule->level > to->level ? rule->level : to->level;
    to->count += rule->count;
    to->rules++;
    widen(&to->first, &to->last, rule->first, rule->last);
}

static void join_techniques(Detections *to, const Tagged *tagged, size_t count, uint8_t *joined,
                            size_t hosts)
{
    for (size_t i = 0; i < count; i++) {
        bool new = i == 0 || strcmp(tagged[i].id, tagged[i - 1].id) != 0;
        if (!new &&tagged[i].rule == tagged[i - 1].rule)
            continue; /* the tag stands twice */
        if (new) {
            DetectionTechnique technique = {.first = TIME_NONE, .last = TIME_NONE};
            memcpy(technique.id, tagged[i].id, sizeof technique.id);
            to->techniques[to->technique_count++] = technique;
            memset(joined, 0, hosts / 8 + 1);
        }
        DetectionTechnique *at = &to->techniques[to->technique_count - 1];
        add_technique(at, tagged[i].rule);
        at->hosts += join_hosts(joined, hosts, tagged[i].rule);
    }
}

static bool list_techniques(Detections *to, uint8_t *joined, size_t hosts)
{
    size_t room = count_tags(to), count = 0;
    Tagged *tagged = ARENA_NEW(to->arena, Tagged, room + 1);
    to->techniques = ARENA_NEW(to->arena, DetectionTechnique, room + 1);
    if (!tagged || !to->techniques)
        return false;
    for (size_t i = 0; i < to->matched_count; i++) {
        const DetectionRule *rule = to->matched_rules[i];
        for (uint32_t k = 0; k < rule->tag_count; k++)
            if (attack_technique(rule->tags[k], tagged[count].id))
                tagged[count++].rule = rule;
    }
    qsort(tagged, count, sizeof *tagged, by_id);
    join_techniques(to, tagged, count, joined, hosts);
    qsort(to->techniques, to->technique_count, sizeof *to->techniques, by_technique_weight);
    return true;
}

static bool names_tactic(const DetectionRule *rule, unsigned tactic)
{
    unsigned named;
    for (uint32_t i = 0; i < rule->tag_count; i++)
        if (attack_tactic(rule->tags[i], &named) && named == tactic)
            return true;
    return false;
}

static void list_tactics(Detections *to, uint8_t *joined, size_t hosts)
{
    for (unsigned tactic = 0; tactic < ATTACK_TACTICS; tactic++) {
        DetectionTactic *at = &to->tactics[tactic];
        memset(joined, 0, hosts / 8 + 1);
        for (size_t i = 0; i < to->matched_count; i++) {
            const DetectionRule *rule = to->matched_rules[i];
            if (!names_tactic(rule, tactic))
                continue;
            at->count += rule->count;
            at->rules++;
            at->hosts += join_hosts(joined, hosts, rule);
        }
    }
}

bool detections_list(Detections *to, const Survey *survey)
{
    size_t hosts = survey->hosts_count;
    uint8_t *joined = ARENA_NEW(to->arena, uint8_t, hosts / 8 + 1);
    list_hosts(to);
    if (!joined || !list_rules(to) || !list_techniques(to, joined, hosts))
        return false;
    list_tactics(to, joined, hosts);
    for (size_t bin = 0; bin < SURVEY_BINS_MAX; bin++) {
        uint64_t all = 0;
        for (unsigned level = 0; level < RULE_LEVEL_COUNT; level++)
            all += to->bins[level][bin];
        to->most = all > to->most ? all : to->most;
    }
    return true;
}
