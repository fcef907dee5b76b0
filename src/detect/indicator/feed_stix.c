/* STIX 2.0 and 2.1: a bundle, an array of objects or one object. Indicators give their patterns;
 * observables (SCOs, which stand alone in 2.1 and inside observed-data in 2.0) their values.
 * https://docs.oasis-open.org/cti/stix/v2.1/stix-v2.1.html */
#include <inttypes.h>

#include "detect/indicator/feed.h"
#include "detect/indicator/stix_pattern.h"

static bool is_stix_id(Text id)
{
    return text_find_text(id, TEXT("--")) != SIZE_MAX;
}

static bool is_stix(const JsonNode *node)
{
    Text type = json_string(node, TEXT("type"));
    return text_equal(type, TEXT("bundle")) || json_string(node, TEXT("spec_version")).len ||
           (type.len && is_stix_id(json_string(node, TEXT("id"))));
}

static bool probe(const Feed *feed)
{
    if (!feed->json)
        return false;
    const JsonNode *root = feed->json->root;
    return is_stix(root->kind == JSON_ARRAY ? root->first : root);
}

/* ---- what is said of an object ---- */

static RuleLevel level_of(const JsonNode *object)
{
    uint64_t confidence;
    const JsonNode *types = json_array(object, TEXT("indicator_types"));
    const JsonNode *type = types ? types->first : NULL;
    if (type && !type->next && text_equal(type->text, TEXT("benign")))
        return RULE_INFORMATIONAL;
    if (!json_number(object, TEXT("confidence"), &confidence))
        return RULE_MEDIUM;
    return indicator_level_of_confidence(confidence);
}

/* Labels, then techniques and phases as Sigma writes them. */
static void add_tags(Feed *feed, const JsonNode *object, IndicatorHead *head)
{
    uint32_t labels, types, phases;
    Arena *scratch = feed->set->scratch;
    const Text *lists[3] = {
        json_strings(scratch, json_array(object, TEXT("labels")), TEXT(""), &labels),
        json_strings(scratch, json_array(object, TEXT("indicator_types")), TEXT(""), &types),
        json_strings(scratch, json_array(object, TEXT("kill_chain_phases")), TEXT("phase_name"),
                     &phases)};
    const uint32_t counts[3] = {labels, types, phases};
    Text *all = ARENA_NEW(scratch, Text, (size_t)labels + types + phases + 1);
    if (!all) {
        feed->set->failed = true;
        return;
    }
    for (size_t i = 0; i < 3; i++)
        for (uint32_t k = 0; k < counts[i]; k++)
            all[head->tag_count++] = lists[i][k];
    head->tags = all;
}

static IndicatorHead head_of(Feed *feed, const JsonNode *object)
{
    IndicatorHead head = {.place = feed_byte(feed, object->pos),
                          .id = json_string(object, TEXT("id")),
                          .name = json_string(object, TEXT("name")),
                          .level = level_of(object)};
    add_tags(feed, object, &head);
    return head;
}

/* ---- indicators ---- */

static void read_indicator(Feed *feed, const JsonNode *object)
{
    FeedPlace place = feed_byte(feed, object->pos);
    const JsonNode *pattern = json_member(object, TEXT("pattern"));
    Text type = json_string(object, TEXT("pattern_type"));
    Text name = json_string(object, TEXT("name"));
    Expression expression;
    Err err = {0};
    if (json_flag(object, TEXT("revoked"), false)) {
        indicator_note(feed->set, INDICATOR_UNUSABLE, place, "an indicator that was revoked", name);
        return;
    }
    if (!pattern || pattern->kind != JSON_STRING) {
        indicator_note(feed->set, INDICATOR_REFUSED, place, "an indicator has a pattern, a string",
                       name);
        return;
    }
    if (type.len && !text_equal_nocase(type, TEXT("stix"))) {
        indicator_note(feed->set, INDICATOR_UNUSABLE, place,
                       "of the types of patterns only stix is read", type);
        return;
    }
    IndicatorHead head = head_of(feed, object);
    head.place.at = pattern->pos;
    if (stix_pattern_read(feed->set, head.place, pattern->text, &expression, &err)) {
        expression_add(feed->set, &head, expression);
        return;
    }
    err_wrap(&err, "character %" PRIu64 " of the pattern", err.offset + 1);
    indicator_note(feed->set, INDICATOR_REFUSED, head.place, err.text, pattern->text);
}

/* ---- observables ---- */

typedef struct Observable {
    Text type;   /* of the object */
    Text member; /* that holds the value */
    IndicatorType is;
} Observable;

static const Observable OBSERVABLES[] = {
    {{"file", 4}, {"name", 4}, INDICATOR_NAME},
    {{"directory", 9}, {"path", 4}, INDICATOR_PATH},
    {{"ipv4-addr", 9}, {"value", 5}, INDICATOR_ADDRESS},
    {{"ipv6-addr", 9}, {"value", 5}, INDICATOR_ADDRESS},
    {{"domain-name", 11}, {"value", 5}, INDICATOR_DOMAIN},
    {{"url", 3}, {"value", 5}, INDICATOR_URL},
    {{"email-addr", 10}, {"value", 5}, INDICATOR_MAIL},
    {{"mutex", 5}, {"name", 4}, INDICATOR_MUTEX},
    {{"windows-registry-key", 20}, {"key", 3}, INDICATOR_REGISTRY},
};

/* Of a file or artifact: its hashes, as alternatives. */
static Expression hashes_of(Feed *feed, const JsonNode *object, Expression so_far)
{
    const JsonNode *hashes = json_member(object, TEXT("hashes"));
    for (const JsonNode *hash = hashes ? hashes->first : NULL; hash; hash = hash->next) {
        char path[64] = "file:hashes.";
        size_t start = sizeof "file:hashes." - 1;
        IndicatorType type;
        FeedPlace place = feed_byte(feed, hash->pos);
        bool fits = hash->key.len < sizeof path - start;
        if (fits)
            text_lower(hash->key, path + start);
        if (!fits || !stix_path_type(text_of(path, start + hash->key.len), &type)) {
            indicator_note(feed->set, INDICATOR_UNUSABLE, place,
                           "hashes of this kind are not compared", hash->key);
            continue;
        }
        so_far = expression_or(feed->set, place, so_far,
                               expression_term(feed->set, place, type, TERM_IS, hash->text));
    }
    return so_far;
}

/* A file that has hashes is told by them: its name would match others. */
static bool read_observable(Feed *feed, const JsonNode *object)
{
    Text type = json_string(object, TEXT("type"));
    FeedPlace place = feed_byte(feed, object->pos);
    const JsonNode *hashes = json_member(object, TEXT("hashes"));
    IndicatorHead head = head_of(feed, object);
    Expression found = {0};
    bool known = text_equal(type, TEXT("artifact"));
    if (hashes)
        found = hashes_of(feed, object, found);
    for (size_t i = 0; i < sizeof OBSERVABLES / sizeof OBSERVABLES[0]; i++) {
        const Observable *row = &OBSERVABLES[i];
        if (!text_equal(row->type, type))
            continue;
        known = true;
        Text value = json_string(object, row->member);
        if (value.len && !found.count)
            found = expression_term(feed->set, place, row->is, TERM_IS, value);
        else if (!value.len && !hashes)
            indicator_note(feed->set, INDICATOR_REFUSED, place, "an observable without its value",
                           type);
    }
    head.name = (Text){0}; /* of files it is the value */
    expression_add(feed->set, &head, found);
    return known;
}

/* 2.0: the observables are members of an object. */
static void read_observed(Feed *feed, const JsonNode *object)
{
    const JsonNode *objects = json_member(object, TEXT("objects"));
    for (const JsonNode *node = objects ? objects->first : NULL; node; node = node->next)
        if (node->kind == JSON_OBJECT && !read_observable(feed, node))
            indicator_note(feed->set, INDICATOR_UNUSABLE, feed_byte(feed, node->pos),
                           "observables of this type are not compared",
                           json_string(node, TEXT("type")));
}

/* ---- objects ---- */

/* Objects that tell about others; they hold nothing to compare. */
static bool is_context(Text type)
{
    static const char TYPES[] =
        " attack-pattern campaign course-of-action extension-definition grouping identity incident "
        "infrastructure intrusion-set language-content location malware malware-analysis "
        "marking-definition note opinion relationship report sighting threat-actor tool "
        "vulnerability ";
    char word[64] = " ";
    if (type.len > sizeof word - 2)
        return false;
    memcpy(word + 1, type.ptr, type.len);
    word[type.len + 1] = ' ';
    return text_find_text(text_from_z(TYPES), text_of(word, type.len + 2)) != SIZE_MAX;
}

static void read_object(Feed *feed, const JsonNode *object)
{
    Text type = json_string(object, TEXT("type"));
    const JsonNode *objects = json_array(object, TEXT("objects"));
    if (object->kind != JSON_OBJECT || type.len == 0) {
        indicator_note(feed->set, INDICATOR_REFUSED, feed_byte(feed, object->pos),
                       "expected a STIX object, which has a type", TEXT(""));
    } else if (text_equal(type, TEXT("bundle"))) {
        for (const JsonNode *node = objects ? objects->first : NULL; node; node = node->next)
            read_object(feed, node);
    } else if (text_equal(type, TEXT("indicator"))) {
        read_indicator(feed, object);
    } else if (text_equal(type, TEXT("observed-data"))) {
        read_observed(feed, object);
    } else if (!is_context(type) && !read_observable(feed, object)) {
        indicator_note(feed->set, INDICATOR_UNUSABLE, feed_byte(feed, object->pos),
                       "objects of this type are not compared", type);
    }
}

static bool read_entries(Feed *feed, Err *err)
{
    const JsonNode *root = feed->json->root;
    (void)err;
    if (root->kind != JSON_ARRAY)
        read_object(feed, root);
    for (const JsonNode *node = root->kind == JSON_ARRAY ? root->first : NULL; node;
         node = node->next)
        read_object(feed, node);
    return true;
}

const FeedFormat stix_feed = {
    .name = "stix",
    .summary = "bundles of STIX 2.0 and 2.1",
    .probe = probe,
    .read = read_entries,
};
