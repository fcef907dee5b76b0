/* Reading what rules found: rules first, then detections in order of time. */
#include "analysis/detections.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/detections_inside.h"
#include "event/grow.h"

#define MEMORY_BYTES ((size_t)8 << 30)

typedef struct Making {
    Detections *detections;
    const Survey *survey;
    HostIndex hosts;
    uint32_t *place; /* of each rule: among detections->rules, 1 higher; 0: not told of */
    uint32_t met;
    size_t room;
    DetectionHost *by_host; /* the survey's, and one for all others */
} Making;

static bool no_memory(Err *err)
{
    return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for detections");
}

/* ---- rules ---- */

static bool is_told(const DetectedRule *rule)
{
    return rule->shown || rule->muted_matches || rule->suppressed || rule->undecided ||
           rule->muted || rule->state == RULE_REFUSED;
}

static bool copy_rule(Arena *arena, const DetectedRule *from, DetectionRule *to)
{
    Text *tags = ARENA_NEW(arena, Text, (size_t)from->tag_count + 1);
    bool ok = tags && arena_copy_text(arena, from->id, &to->id) &&
              arena_copy_text(arena, from->title, &to->title) &&
              arena_copy_text(arena, from->file, &to->file) &&
              arena_copy_text(arena, from->reason, &to->reason);
    for (uint32_t i = 0; i < from->tag_count && ok; i++)
        ok = arena_copy_text(arena, from->tags[i], &tags[i]);
    to->tags = tags;
    to->tag_count = from->tag_count;
    return ok;
}

static bool take_rule(void *ctx, const DetectedRule *rule, Err *err)
{
    Making *making = ctx;
    Detections *to = making->detections;
    uint32_t number = making->met++;
    to->by_state[rule->state]++;
    to->evaluated += rule->evaluated;
    to->matched += rule->shown || rule->muted_matches;
    if (!is_told(rule))
        return true;
    DetectionRule *rules =
        grow_array(to->rules, &making->room, to->rule_count + 1, sizeof *to->rules);
    if (!rules)
        return no_memory(err);
    to->rules = rules;
    DetectionRule *kept = &rules[to->rule_count++];
    *kept = (DetectionRule){.number = number,
                            .kind = rule->kind,
                            .state = rule->state,
                            .level = rule->level,
                            .level_given = rule->level_given,
                            .silent = rule->silent,
                            .muted = rule->muted,
                            .muted_matches = rule->muted_matches,
                            .suppressed = rule->suppressed,
                            .undecided = rule->undecided,
                            .line = rule->line,
                            .first = TIME_NONE,
                            .last = TIME_NONE};
    making->place[number] = (uint32_t)to->rule_count;
    return copy_rule(to->arena, rule, kept) || no_memory(err);
}

/* ---- detections ---- */

static void count_time(Detections *to, const SurveyAxis *axis, RuleLevel level, Time time)
{
    if (time == TIME_NONE) {
        to->timeless++;
        return;
    }
    widen(&to->first, &to->last, time, time);
    if (axis->step_ns == 0 || time < axis->begin) {
        to->beyond++;
        return;
    }
    uint64_t bin = ((uint64_t)time - (uint64_t)axis->begin) / (uint64_t)axis->step_ns;
    if (bin < axis->count)
        to->bins[level][bin]++;
    else
        to->beyond++;
}

static bool count_host(Making *making, DetectionRule *rule, uint32_t host, Time time)
{
    size_t hosts = making->survey->hosts_count;
    size_t at = host == SURVEY_NONE ? hosts : host;
    DetectionHost *to = &making->by_host[at];
    to->count++;
    to->by_level[rule->level]++;
    widen(&to->first, &to->last, time, time);
    if (!rule->hosts &&
        !(rule->hosts = ARENA_NEW(making->detections->arena, uint8_t, hosts / 8 + 1)))
        return false;
    if (rule->hosts[at / 8] >> (at % 8) & 1)
        return true;
    rule->hosts[at / 8] |= (uint8_t)(1 << (at % 8));
    rule->host_count += host != SURVEY_NONE;
    to->rules++;
    return true;
}

static bool copy_details(Arena *arena, Text details, Text *ret)
{
    char room[DETECTIONS_DETAILS_MAX];
    if (details.len <= sizeof room)
        return arena_copy_text(arena, details, ret);
    size_t len = sizeof room - 3;
    while (len > 0 && ((unsigned char)details.ptr[len] & 0xC0) == 0x80)
        len--;
    memcpy(room, details.ptr, len);
    memcpy(room + len, "\xE2\x80\xA6", 3);
    return arena_copy_text(arena, text_of(room, len + 3), ret);
}

static bool keep_alert(Arena *arena, DetectionRule *rule, const Detected *detected, uint32_t host)
{
    if (!rule->alerts && !(rule->alerts = ARENA_NEW(arena, DetectionAlert, DETECTIONS_ALERTS)))
        return false;
    if (rule->alert_count == DETECTIONS_ALERTS)
        return true;
    DetectionAlert *alert = &rule->alerts[rule->alert_count++];
    size_t kept = detected->event_count < DETECTIONS_ALERT_EVENTS ? detected->event_count
                                                                  : DETECTIONS_ALERT_EVENTS;
    *alert = (DetectionAlert){.time = detected->event.time,
                              .host = host,
                              .event_count = (uint32_t)kept,
                              .count = detected->count,
                              .first = detected->span_first,
                              .last = detected->span_last};
    memcpy(alert->events, detected->events, kept * sizeof *detected->events);
    return copy_details(arena, detected->details, &alert->facts);
}

static bool take_detected(void *ctx, const Detected *detected, Err *err)
{
    Making *making = ctx;
    Detections *to = making->detections;
    if (!making->place[detected->rule])
        return err_set(err, ERR_FORMAT, ERR_NO_OFFSET,
                       "case.sqlite: a detection of a rule that found nothing");
    DetectionRule *rule = &to->rules[making->place[detected->rule] - 1];
    uint32_t host = host_index_find(&making->hosts, detected->computer);
    Time time = detected->event.time;
    to->count++;
    to->by_level[rule->level]++;
    count_time(to, &making->survey->axis, rule->level, time);
    rule->count++;
    widen(&rule->first, &rule->last, time, time);
    bool ok = count_host(making, rule, host, time);
    if (rule->kind == RULE_CORRELATION)
        ok = ok && keep_alert(to->arena, rule, detected, host);
    else if (rule->event_count < DETECTIONS_EVENTS)
        rule->events[rule->event_count++] = detected->event;
    return ok || no_memory(err);
}

/* ---- all of it ---- */

static bool begin(Making *making)
{
    Detections *to = making->detections;
    size_t hosts = making->survey->hosts_count;
    making->place = calloc((size_t)to->head.rules + 1, sizeof *making->place);
    making->by_host = ARENA_NEW(to->arena, DetectionHost, hosts + 1);
    if (!host_index_init(&making->hosts, making->survey) || !making->place || !making->by_host)
        return false;
    for (size_t i = 0; i <= hosts; i++)
        making->by_host[i] = (DetectionHost){
            .host = i < hosts ? (uint32_t)i : SURVEY_NONE, .first = TIME_NONE, .last = TIME_NONE};
    to->hosts = making->by_host;
    to->host_count = hosts + 1;
    return true;
}

static bool read_all(Store *store, Making *making, Err *err)
{
    Detections *to = making->detections;
    const DetectedReader reader = {.rule = take_rule, .detected = take_detected, .ctx = making};
    bool ok = (begin(making) || no_memory(err)) && detected_read(store, &to->head, &reader, err) &&
              (detections_list(to, making->survey) || no_memory(err));
    host_index_done(&making->hosts);
    free(making->place);
    return ok;
}

Detections *detections_make(Store *store, const Survey *survey, const Sha256 *content, Err *err)
{
    Detections *to = calloc(1, sizeof *to);
    bool any = false;
    if (!to || !(to->arena = arena_create(MEMORY_BYTES))) {
        no_memory(err);
        detections_destroy(to);
        return NULL;
    }
    to->first = to->last = TIME_NONE;
    bool ok = detected_head(store, &to->head, &any, err);
    if (ok && any)
        to->state = memcmp(&to->head.content, content, sizeof *content) == 0 ? DETECTIONS_PRESENT
                                                                             : DETECTIONS_STALE;
    Making making = {.detections = to, .survey = survey};
    ok = ok && (to->state != DETECTIONS_PRESENT || read_all(store, &making, err));
    if (ok)
        return to;
    detections_destroy(to);
    return NULL;
}

void detections_destroy(Detections *detections)
{
    if (!detections)
        return;
    free(detections->rules);
    arena_destroy(detections->arena);
    free(detections);
}
