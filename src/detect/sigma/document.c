#include "detect/sigma/document.h"

#include "base/err.h"
#include "detect/sigma/correlation.h"
#include "detect/sigma/detection.h"

#define TITLE_MAX       256 /* characters; more is a remark */
#define DESCRIPTION_MAX 65535

bool document_text(ReadContext *context, const YamlNode *map, const char *key, Text *ret)
{
    const YamlNode *node = yaml_get(map, key);
    *ret = (Text){0};
    if (!node || node->kind != YAML_SCALAR)
        return true;
    return arena_copy_text(context->arena, node->text, ret) || problem_no_memory(context->problem);
}

bool document_list(ReadContext *context, const YamlNode *map, const char *key, TextList *ret)
{
    const YamlNode *node = yaml_get(map, key);
    *ret = (TextList){0};
    if (!node || node->kind == YAML_MAP ||
        (node->kind == YAML_SCALAR && yaml_value(node).type == YAML_NULL))
        return true;
    uint32_t count = node->kind == YAML_LIST ? node->count : 1;
    Text *list = ARENA_NEW(context->arena, Text, (size_t)count + 1);
    if (!list)
        return problem_no_memory(context->problem);
    uint32_t n = 0;
    for (uint32_t i = 0; i < count; i++) {
        const YamlNode *item = node->kind == YAML_LIST ? node->values[i] : node;
        if (item->kind != YAML_SCALAR)
            continue;
        if (!arena_copy_text(context->arena, item->text, &list[n++]))
            return problem_no_memory(context->problem);
    }
    *ret = (TextList){.list = list, .count = n};
    return true;
}

static uint32_t line_of(const YamlNode *map, const char *key)
{
    const YamlNode *node = yaml_get(map, key);
    return node ? node->line : map->line;
}

/* YYYY-MM-DD; older rules have YYYY/MM/DD. */
static bool check_date(ReadContext *context, const YamlNode *map, const char *key, Text date)
{
    bool slashes = false, ok = date.len == 10;
    for (size_t i = 0; ok && i < 10; i++) {
        char c = date.ptr[i];
        if (i == 4 || i == 7) {
            slashes |= c == '/';
            ok = c == '-' || c == '/';
        } else {
            ok = c >= '0' && c <= '9';
        }
    }
    if (date.len == 0 || (ok && !slashes))
        return true;
    return context_note(context, line_of(map, key), "%s is %s, expected YYYY-MM-DD", key,
                        quote(date.ptr, date.len).str);
}

static bool read_level(ReadContext *context, const YamlNode *map, Rule *rule)
{
    Text word;
    if (!document_text(context, map, "level", &word))
        return false;
    if (word.len && !rule_level_find(word, &rule->level) &&
        !context_note(context, line_of(map, "level"), "unknown level %s",
                      quote(word.ptr, word.len).str))
        return false;
    rule->level_given = rule->level;
    if (!document_text(context, map, "status", &word))
        return false;
    if (word.len && !rule_status_find(word, &rule->status))
        return context_note(context, line_of(map, "status"), "unknown status %s",
                            quote(word.ptr, word.len).str);
    return true;
}

static bool is_tag(Text tag)
{
    size_t dot = text_find(tag, '.');
    if (dot == 0 || dot + 1 >= tag.len)
        return false;
    for (size_t i = 0; i < tag.len; i++) {
        char c = tag.ptr[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
        if (!word && !(c == '.' && i >= dot))
            return false;
    }
    return true;
}

/* Tags are compared in lower case with hyphens: older rules have attack.lateral_movement. */
static bool read_tags(ReadContext *context, const YamlNode *map, Rule *rule)
{
    if (!document_list(context, map, "tags", &rule->tags))
        return false;
    for (uint32_t i = 0; i < rule->tags.count; i++)
        if (!is_tag(rule->tags.list[i]) &&
            !context_note(context, line_of(map, "tags"), "%s is not a tag",
                          quote(rule->tags.list[i].ptr, rule->tags.list[i].len).str))
            return false;
    return true;
}

static bool check_lengths(ReadContext *context, const YamlNode *map, const Rule *rule)
{
    if (rule->title.len > TITLE_MAX && !context_note(context, line_of(map, "title"),
                                                     "the title has more than %d bytes", TITLE_MAX))
        return false;
    if (rule->description.len > DESCRIPTION_MAX)
        return context_note(context, line_of(map, "description"),
                            "the description has more than %d bytes", DESCRIPTION_MAX);
    return true;
}

static bool read_description(ReadContext *context, const YamlNode *map, Rule *rule)
{
    static const struct {
        const char *key;
        size_t at;
    } TEXTS[] = {
        {"id", offsetof(Rule, id)},
        {"title", offsetof(Rule, title)},
        {"name", offsetof(Rule, name)},
        {"description", offsetof(Rule, description)},
        {"author", offsetof(Rule, author)},
        {"date", offsetof(Rule, date)},
        {"modified", offsetof(Rule, modified)},
        {"license", offsetof(Rule, license)},
        {"taxonomy", offsetof(Rule, taxonomy)},
    };
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        Text text;
        if (!document_text(context, map, TEXTS[i].key, &text))
            return false;
        memcpy((char *)rule + TEXTS[i].at, &text, sizeof text);
    }
    return read_level(context, map, rule) && read_tags(context, map, rule) &&
           document_list(context, map, "references", &rule->references) &&
           document_list(context, map, "falsepositives", &rule->false_positives) &&
           document_list(context, map, "fields", &rule->fields) &&
           check_date(context, map, "date", rule->date) &&
           check_date(context, map, "modified", rule->modified) &&
           check_lengths(context, map, rule);
}

static bool read_attribute(ReadContext *context, const YamlNode *map, const char *key, Text *ret)
{
    const YamlNode *node = yaml_get(map, key);
    if (!node)
        return true;
    if (node->kind != YAML_SCALAR)
        return problem_set(context->problem, node->line, "logsource: %s is no text", key);
    if (yaml_value(node).type == YAML_NULL)
        return true;
    char *lower = arena_copy_z(context->arena, node->text);
    if (!lower)
        return problem_no_memory(context->problem);
    for (size_t i = 0; i < node->text.len; i++)
        lower[i] = ascii_lower(lower[i]);
    *ret = text_of(lower, node->text.len);
    return true;
}

static bool read_logsource(ReadContext *context, const YamlNode *document, LogSource *ret)
{
    const YamlNode *map = yaml_get(document, "logsource");
    if (!map)
        return problem_set(context->problem, document->line, "there is no logsource");
    if (map->kind != YAML_MAP)
        return problem_set(context->problem, map->line, "the logsource is no map");
    if (!read_attribute(context, map, "product", &ret->product) ||
        !read_attribute(context, map, "category", &ret->category) ||
        !read_attribute(context, map, "service", &ret->service))
        return false;
    return ret->product.len || ret->category.len || ret->service.len ||
           problem_set(context->problem, map->line,
                       "the logsource names no product, category or service");
}

static bool read_detection(ReadContext *context, const YamlNode *document, Rule *rule)
{
    static const char *const SKIP[] = {"condition", "timeframe", NULL};
    const YamlNode *section = yaml_get(document, "detection");
    if (!section)
        return problem_set(context->problem, document->line, "there is no detection");
    if (!read_logsource(context, document, &rule->logsource))
        return false;
    rule->tree = detection_read(context, section, document->line, SKIP);
    return rule->tree != NULL;
}

static bool says_not(const Node *node)
{
    if (node->kind == NODE_NOT)
        return true;
    for (uint32_t i = 0; i < node->count; i++)
        if (says_not(node->children[i]))
            return true;
    return false;
}

static bool read_target(ReadContext *context, const YamlNode *section, FilterTarget *ret)
{
    const YamlNode *rules = yaml_get(section, "rules");
    if (!rules)
        return problem_set(context->problem, section->line,
                           "the filter does not say for which rules (`rules: any` for all)");
    if (rules->kind == YAML_MAP)
        return problem_set(context->problem, rules->line, "`rules` is a map");
    if (!document_list(context, section, "rules", &ret->rules))
        return false;
    ret->any = ret->rules.count == 0 ||
               (rules->kind == YAML_SCALAR && text_equal_nocase(rules->text, TEXT("any")));
    return true;
}

/* A filter's condition says what stays: `not selection`. */
static bool read_filter(ReadContext *context, const YamlNode *document, Rule *rule)
{
    static const char *const SKIP[] = {"condition", "rules", NULL};
    const YamlNode *section = yaml_get(document, "filter");
    if (!read_logsource(context, document, &rule->logsource))
        return false;
    rule->tree = detection_read(context, section, document->line, SKIP);
    if (!rule->tree || !read_target(context, section, &rule->target))
        return false;
    const YamlNode *condition = yaml_get(section, "condition");
    if (condition->kind != YAML_SCALAR)
        return problem_set(context->problem, condition->line, "a filter has one condition");
    if (!says_not(rule->tree))
        return context_note(context, condition->line,
                            "the condition has no `not`: only events that fit it are reported");
    return true;
}

bool document_read(ReadContext *context, const YamlNode *document, Rule *rule)
{
    if (document->kind != YAML_MAP)
        return problem_set(context->problem, document->line, "not a rule: the document is no map");
    rule->line = document->line;
    if (!read_description(context, document, rule))
        return false;
    if (text_trim(rule->title).len == 0)
        return problem_set(context->problem, document->line, "there is no title");
    const YamlNode *correlation = yaml_get(document, "correlation");
    if (correlation) {
        rule->kind = RULE_CORRELATION;
        rule->correlation = correlation_read(context, correlation, document->line);
        return rule->correlation != NULL;
    }
    if (yaml_get(document, "filter")) {
        rule->kind = RULE_FILTER;
        return read_filter(context, document, rule);
    }
    return read_detection(context, document, rule);
}
