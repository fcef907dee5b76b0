/* MISP: events as its JSON export and its feeds have them. https://www.misp-standard.org/rfc/
 * misp-standard-core.html: "Event" with "Attribute" and "Object" (which has attributes of its own),
 * alone, in an array, or in "response"; and "response": {"Attribute": […]}, the result of a search.
 *
 * Of composite types the stronger half is compared: of a name and a hash the hash, of an address
 * and a port the address; of domain|ip each for itself, and of regkey|value the key. */
#include "detect/indicator/feed.h"

typedef enum Half { HALF_NONE, HALF_FIRST, HALF_SECOND, HALF_BOTH } Half;

typedef struct MispType {
    Text name;
    IndicatorType type, second;
    Half half;
} MispType;

#define ROW(name, type, half, second)                                                              \
    {                                                                                              \
        {name, sizeof(name) - 1}, INDICATOR_##type, INDICATOR_##second, HALF_##half                \
    }

static const MispType TYPES[] = {
    ROW("md5", MD5, NONE, MD5),
    ROW("sha1", SHA1, NONE, MD5),
    ROW("sha256", SHA256, NONE, MD5),
    ROW("imphash", IMPHASH, NONE, MD5),
    ROW("filename|md5", MD5, SECOND, MD5),
    ROW("filename|sha1", SHA1, SECOND, MD5),
    ROW("filename|sha256", SHA256, SECOND, MD5),
    ROW("filename|imphash", IMPHASH, SECOND, MD5),
    ROW("malware-sample", MD5, SECOND, MD5),
    ROW("filename", NAME, NONE, MD5),
    ROW("ip-src", ADDRESS, NONE, MD5),
    ROW("ip-dst", ADDRESS, NONE, MD5),
    ROW("ip", ADDRESS, NONE, MD5),
    ROW("ip-src|port", ADDRESS, FIRST, MD5),
    ROW("ip-dst|port", ADDRESS, FIRST, MD5),
    ROW("domain", DOMAIN, NONE, MD5),
    ROW("hostname", DOMAIN, NONE, MD5),
    ROW("hostname|port", DOMAIN, FIRST, MD5),
    ROW("domain|ip", DOMAIN, BOTH, ADDRESS),
    ROW("url", URL, NONE, MD5),
    ROW("uri", URL, NONE, MD5),
    ROW("email", MAIL, NONE, MD5),
    ROW("email-src", MAIL, NONE, MD5),
    ROW("email-dst", MAIL, NONE, MD5),
    ROW("email-reply-to", MAIL, NONE, MD5),
    ROW("target-email", MAIL, NONE, MD5),
    ROW("whois-registrant-email", MAIL, NONE, MD5),
    ROW("regkey", REGISTRY, NONE, MD5),
    ROW("regkey|value", REGISTRY, FIRST, MD5),
    ROW("mutex", MUTEX, NONE, MD5),
    ROW("named pipe", MUTEX, NONE, MD5),
};

static const MispType *type_of(Text name)
{
    for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++)
        if (text_equal(TYPES[i].name, name))
            return &TYPES[i];
    return NULL;
}

/* What is said of a whole event. */
typedef struct MispEvent {
    Text info;
    RuleLevel level;
    const Text *tags;
    uint32_t tag_count;
} MispEvent;

static bool probe(const Feed *feed)
{
    if (!feed->json)
        return false;
    const JsonNode *root = feed->json->root;
    if (root->kind == JSON_ARRAY)
        root = root->first;
    return json_member(root, TEXT("Event")) || json_member(root, TEXT("response")) ||
           json_array(root, TEXT("Attribute"));
}

static RuleLevel level_of(const JsonNode *event)
{
    uint64_t level;
    if (!json_number(event, TEXT("threat_level_id"), &level))
        return RULE_MEDIUM;
    return level == 1 ? RULE_HIGH : level == 3 ? RULE_LOW : RULE_MEDIUM;
}

/* A name that is a path after all. */
static IndicatorType name_or_path(IndicatorType type, Text value)
{
    bool folders = text_find(value, '\\') < value.len || text_find(value, '/') < value.len;
    return type == INDICATOR_NAME && folders ? INDICATOR_PATH : type;
}

static Expression value_of(Feed *feed, FeedPlace place, const MispType *type, Text value)
{
    IndicatorSet *set = feed->set;
    Text second = value, first = text_cut(&second, '|');
    if (type->half == HALF_NONE)
        return expression_term(set, place, name_or_path(type->type, value), TERM_IS, value);
    if (type->half == HALF_FIRST)
        return expression_term(set, place, type->type, TERM_IS, first);
    if (type->half == HALF_SECOND)
        return expression_term(set, place, type->type, TERM_IS, second);
    Expression one = expression_term(set, place, type->type, TERM_IS, first);
    return expression_or(set, place, one,
                         expression_term(set, place, type->second, TERM_IS, second));
}

/* Tags of the event, then those of the attribute. */
static void add_tags(Feed *feed, IndicatorHead *head, const JsonNode *attribute)
{
    uint32_t count;
    const Text *own =
        json_strings(feed->set->scratch, json_array(attribute, TEXT("Tag")), TEXT("name"), &count);
    if (!count)
        return;
    Text *all = ARENA_NEW(feed->set->scratch, Text, head->tag_count + count);
    if (!all) {
        feed->set->failed = true;
        return;
    }
    if (head->tag_count)
        memcpy(all, head->tags, head->tag_count * sizeof *all);
    memcpy(all + head->tag_count, own, count * sizeof *all);
    head->tags = all;
    head->tag_count += count;
}

static Text name_of(const JsonNode *attribute, const MispEvent *event)
{
    Text comment = json_string(attribute, TEXT("comment"));
    return comment.len ? comment : event->info;
}

static void read_attribute(Feed *feed, const JsonNode *attribute, const MispEvent *event)
{
    FeedPlace place = feed_byte(feed, attribute->pos);
    Text value = json_string(attribute, TEXT("value"));
    Text name = json_string(attribute, TEXT("type"));
    const MispType *type = type_of(name);
    if (attribute->kind != JSON_OBJECT || name.len == 0 || value.len == 0) {
        indicator_note(feed->set, INDICATOR_REFUSED, place,
                       "an attribute has a type and a value, both strings", name);
        return;
    }
    if (json_flag(attribute, TEXT("deleted"), false)) {
        indicator_note(feed->set, INDICATOR_UNUSABLE, place, "an attribute that was deleted",
                       value);
        return;
    }
    if (!type) {
        indicator_note(feed->set, INDICATOR_UNUSABLE, place,
                       "attributes of this type are not compared", name);
        return;
    }
    IndicatorHead head = {.place = place,
                          .id = json_string(attribute, TEXT("uuid")),
                          .name = name_of(attribute, event),
                          .level = event->level,
                          .tags = event->tags,
                          .tag_count = event->tag_count};
    if (!json_flag(attribute, TEXT("to_ids"), true)) /* context, not for detection */
        head.level = RULE_INFORMATIONAL;
    add_tags(feed, &head, attribute);
    expression_add(feed->set, &head, value_of(feed, place, type, value));
}

static void read_attributes(Feed *feed, const JsonNode *owner, const MispEvent *event)
{
    const JsonNode *list = json_array(owner, TEXT("Attribute"));
    for (const JsonNode *node = list ? list->first : NULL; node; node = node->next)
        read_attribute(feed, node, event);
}

static void read_event(Feed *feed, const JsonNode *event)
{
    MispEvent head = {.info = json_string(event, TEXT("info")), .level = level_of(event)};
    head.tags = json_strings(feed->set->scratch, json_array(event, TEXT("Tag")), TEXT("name"),
                             &head.tag_count);
    read_attributes(feed, event, &head);
    const JsonNode *objects = json_array(event, TEXT("Object"));
    for (const JsonNode *node = objects ? objects->first : NULL; node; node = node->next) {
        MispEvent inner = head;
        if (json_flag(node, TEXT("deleted"), false))
            indicator_note(feed->set, INDICATOR_UNUSABLE, feed_byte(feed, node->pos),
                           "an object that was deleted", json_string(node, TEXT("name")));
        else
            read_attributes(feed, node, &inner);
    }
}

/* An event, or something around one. Depth: the tree's. */
static void read_node(Feed *feed, const JsonNode *node)
{
    static const MispEvent NONE = {.level = RULE_MEDIUM};
    const JsonNode *event = json_member(node, TEXT("Event"));
    const JsonNode *response = json_member(node, TEXT("response"));
    if (node->kind == JSON_ARRAY) {
        for (const JsonNode *inner = node->first; inner; inner = inner->next)
            read_node(feed, inner);
    } else if (event) {
        read_event(feed, event);
    } else if (response) {
        read_node(feed, response);
    } else if (json_array(node, TEXT("Attribute"))) {
        read_attributes(feed, node, &NONE);
    } else {
        indicator_note(feed->set, INDICATOR_REFUSED, feed_byte(feed, node->pos),
                       "expected an Event, a response or a list of Attribute", TEXT(""));
    }
}

static bool read_entries(Feed *feed, Err *err)
{
    (void)err;
    read_node(feed, feed->json->root);
    return true;
}

const FeedFormat misp_feed = {
    .name = "misp",
    .summary = "events of MISP as JSON",
    .probe = probe,
    .read = read_entries,
};
