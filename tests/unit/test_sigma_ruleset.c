/* Rule sets: files and folders, what the person chose, tuning, the same rule twice, lists of
 * values, and what is said of each rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "detect/sigma/ruleset.h"
#include "event_fixture.h"
#include "sigma_fixture.h"

static void write_rule(const char *folder, const char *name, const char *text)
{
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_true(n > 0 && n < (int)sizeof path);
    fixture_write_file(path, text);
}

static const char *make_folder(const char *name)
{
    static char path[4096];
    int n = snprintf(path, sizeof path, "%s/%s", fixture_folder(), name);
    assert_true(n > 0 && n < (int)sizeof path);
    (void)mkdir(path, 0700);
    return path;
}

static RuleSet *load(const char *path, const RuleSelection *selection, Err *err)
{
    LogSources *sources = sigma_sources();
    RuleSource source = {.path = path};
    RuleSetInput input = {
        .sources = &source, .source_count = 1, .logsources = sources, .selection = selection};
    RuleSet *set = ruleset_load(&input, err);
    logsources_destroy(sources);
    return set;
}

#define BODY "logsource: {product: windows}\ndetection: {s: {A: 1}, condition: s}\n"

static void test_folder(void **state)
{
    (void)state;
    make_folder("rules");
    make_folder("rules/b");
    make_folder("rules/.hidden");
    write_rule("rules", "z.yml", "title: z\n" BODY);
    write_rule("rules", "a.yaml", "title: a\n" BODY);
    write_rule("rules", "read.me", "no rule");
    write_rule("rules/b", "c.yml", "title: c\n" BODY "---\ntitle: d\n" BODY);
    write_rule("rules/b", "bad.yml", "title: [");
    write_rule("rules/b", "empty.yml", "# nothing\n");
    write_rule("rules/.hidden", "h.yml", "title: h\n" BODY);
    Err err = {0};
    RuleSet *set = load(make_folder("rules"), NULL, &err);
    assert_non_null(set);
    static const char *const TITLES[] = {"a", "", "c", "d", "", "z"};
    static const char *const REASONS[] = {"", "not YAML", "", "", "there is no rule", ""};
    assert_int_equal(ruleset_count(set), 6);
    for (uint32_t i = 0; i < 6; i++) {
        const Rule *rule = ruleset_at(set, i);
        assert_true(text_equal(rule->title, text_from_z(TITLES[i])));
        assert_true(text_find_text(rule->reason, text_from_z(REASONS[i])) != SIZE_MAX);
    }
    assert_int_equal(ruleset_at(set, 3)->line, 5);
    RuleCounts counts = ruleset_counts(set);
    assert_int_equal(counts.by_state[RULE_LOADED], 4);
    assert_int_equal(counts.by_state[RULE_REFUSED], 2);
    assert_int_equal(counts.active, 4);
    ruleset_destroy(set);
    assert_null(load("/nowhere", NULL, &err));
    assert_int_equal(err.code, ERR_IO);
}

static void test_unreadable(void **state)
{
    (void)state;
    make_folder("unreadable");
    write_rule("unreadable", "a.yml", "title: a\n" BODY);
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/unreadable/b.yml", fixture_folder());
    (void)unlink(path);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    Err err = {0};
    RuleSet *set = load(make_folder("unreadable"), NULL, &err);
    assert_int_equal(ruleset_count(set), 1); /* links are not followed */
    ruleset_destroy(set);
    set = load(path, NULL, &err); /* but one that is given is */
    assert_int_equal(ruleset_at(set, 0)->state, RULE_REFUSED);
    ruleset_destroy(set);
}

static const char MIXED[] =
    "title: low one\nid: aaaaaaaa-0000-0000-0000-000000000001\nlevel: low\nstatus: stable\n"
    "tags: [attack.t1059.001, attack.defense_evasion]\n" BODY "---\n"
    "title: high one\nid: AAAAAAAA-0000-0000-0000-000000000002\nname: high\nlevel: HIGH\n"
    "status: test\ntags: [attack.t1003, cve.2021-44228]\n" BODY "---\n"
    "title: nothing said\n" BODY "---\n"
    "title: old\nlevel: critical\nstatus: deprecated\n" BODY;

/* States of the four rules as letters: l o. */
static void assert_states(const RuleSelection *selection, const char *expected)
{
    static const char LETTERS[] = "lorn";
    LogSources *sources = sigma_sources();
    RuleSource source = {.path = "mixed.yml", .text = text_from_z(MIXED)};
    RuleSetInput input = {
        .sources = &source, .source_count = 1, .logsources = sources, .selection = selection};
    Err err;
    RuleSet *set = ruleset_load(&input, &err);
    char found[8] = "";
    for (uint32_t i = 0; i < 4; i++)
        found[i] = LETTERS[ruleset_at(set, i)->state];
    assert_string_equal(found, expected);
    ruleset_destroy(set);
    logsources_destroy(sources);
}

static void test_selection(void **state)
{
    (void)state;
    static const RuleSelection NOTHING = {0};
    RuleSelection s = NOTHING;
    assert_states(&s, "lllo");
    s.min_level = RULE_HIGH;
    assert_states(&s, "oloo");
    s = NOTHING;
    s.by_status = true;
    s.statuses[RULE_DEPRECATED] = s.statuses[RULE_STABLE] = true;
    assert_states(&s, "lool");
    static const Text TAGS[] = {{"attack.t1059", 12},
                                {"attack.*-evasion", 16},
                                {"cve.*", 5},
                                {"attack.defense-evasion", 22},
                                {"attack.t10", 10}};
    for (size_t i = 0; i < 5; i++) {
        s = NOTHING;
        s.tags = &TAGS[i];
        s.tag_count = 1;
        assert_states(&s, i == 2 ? "oloo" : i == 4 ? "oooo" : "looo");
    }
    static const Text NAMES[] = {
        {"high", 4}, {"* one", 5}, {"mixed.yml", 9}, {"aaaaaaaa-0000-0000-0000-00000000000?", 36}};
    static const char *const INCLUDED[] = {"oloo", "lloo", "lllo", "lloo"};
    static const char *const EXCLUDED[] = {"lolo", "oolo", "oooo", "oolo"};
    for (size_t i = 0; i < 4; i++) {
        s = NOTHING;
        s.include = &NAMES[i];
        s.include_count = 1;
        assert_states(&s, INCLUDED[i]);
        s = NOTHING;
        s.exclude = &NAMES[i];
        s.exclude_count = 1;
        assert_states(&s, EXCLUDED[i]);
    }
}

static void test_tuning(void **state)
{
    (void)state;
    TuneRow *rows;
    size_t count;
    Err err = {0};
    assert_true(tune_parse(TEXT("# remark\n\naaaaaaaa-0000-0000-0000-000000000001\tcrit\tbecause\n"
                                "high\tmute\r\nnothing said\tmedium\n"),
                           &rows, &count, &err));
    assert_int_equal(count, 3);
    LogSources *sources = sigma_sources();
    RuleSelection selection = {.min_level = RULE_MEDIUM, .tune = rows, .tune_count = count};
    RuleSource source = {.path = "mixed.yml", .text = text_from_z(MIXED)};
    RuleSetInput input = {
        .sources = &source, .source_count = 1, .logsources = sources, .selection = &selection};
    RuleSet *set = ruleset_load(&input, &err);
    assert_int_equal(ruleset_at(set, 0)->level, RULE_CRITICAL);
    assert_int_equal(ruleset_at(set, 0)->level_given, RULE_LOW);
    assert_int_equal(ruleset_at(set, 0)->state, RULE_LOADED); /* the new level counts */
    assert_true(ruleset_at(set, 1)->muted);
    assert_int_equal(ruleset_at(set, 1)->state, RULE_LOADED);
    assert_int_equal(ruleset_at(set, 2)->level, RULE_MEDIUM);
    free(rows);
    ruleset_destroy(set);
    logsources_destroy(sources);
    static const char *const BAD[] = {"x\n", "x\tloud\n", "\tmute\n"};
    for (size_t i = 0; i < 3; i++)
        assert_false(tune_parse(text_from_z(BAD[i]), &rows, &count, &err));
    assert_non_null(strstr(err.text, "line 1"));
}

static void test_find_and_twice(void **state)
{
    (void)state;
    static const char OTHER[] =
        "title: other text, same id\nid: AAAAAAAA-0000-0000-0000-000000000001\nname: high\n" BODY;
    LogSources *sources = sigma_sources();
    RuleSource list[] = {{.path = "mixed.yml", .text = text_from_z(MIXED)},
                         {.path = "again.yml", .text = text_from_z(MIXED)},
                         {.path = "other.yml", .text = text_from_z(OTHER)}};
    RuleSetInput input = {.sources = list, .source_count = 3, .logsources = sources};
    Err err;
    RuleSet *set = ruleset_load(&input, &err);
    assert_int_equal(ruleset_find(set, TEXT("AAAAaaaa-0000-0000-0000-000000000001")), 0);
    assert_int_equal(ruleset_find(set, TEXT("high")), 1);
    assert_int_equal(ruleset_find(set, TEXT("nobody")), UINT32_MAX);
    assert_int_equal(ruleset_find(set, (Text){0}), UINT32_MAX);
    assert_int_equal(ruleset_at(set, 4)->state, RULE_OFF);
    assert_non_null(strstr(ruleset_at(set, 4)->reason.ptr, "the same rule as in mixed.yml"));
    assert_int_equal(ruleset_at(set, 6)->state, RULE_LOADED); /* without an id nobody knows */
    assert_int_equal(ruleset_at(set, 8)->state, RULE_LOADED);
    assert_non_null(ruleset_at(set, 8)->notes);
    ruleset_destroy(set);
    logsources_destroy(sources);
}

/* A correlation needs rules that the person's choice leaves out: they run, silently. */
static void test_needed(void **state)
{
    (void)state;
    static const char YAML[] =
        "title: base\nname: base\nlevel: low\n" BODY "---\n"
        "title: many\nlevel: high\ncorrelation: {type: event_count, rules: base, group-by: [A], "
        "timespan: 1m, condition: {gte: 2}}\n---\n"
        "title: shown\nname: shown\nlevel: high\n" BODY "---\n"
        "title: also\nlevel: high\ncorrelation: {type: event_count, rules: shown, generate: true, "
        "group-by: [A], timespan: 1m, condition: {gte: 2}}\n";
    LogSources *sources = sigma_sources();
    RuleSelection selection = {.min_level = RULE_HIGH};
    RuleSource source = {.path = "x.yml", .text = text_from_z(YAML)};
    RuleSetInput input = {
        .sources = &source, .source_count = 1, .logsources = sources, .selection = &selection};
    Err err;
    RuleSet *set = ruleset_load(&input, &err);
    assert_int_equal(ruleset_at(set, 0)->state, RULE_OFF);
    assert_true(ruleset_at(set, 0)->active && ruleset_at(set, 0)->silent);
    assert_true(ruleset_at(set, 1)->active && !ruleset_at(set, 1)->silent);
    assert_true(ruleset_at(set, 2)->active && !ruleset_at(set, 2)->silent);
    ruleset_destroy(set);
    selection = (RuleSelection){.exclude = &(Text){"many", 4}, .exclude_count = 1};
    set = ruleset_load(&input, &err);
    assert_false(ruleset_at(set, 0)->silent); /* nobody needs it silent now */
    ruleset_destroy(set);
    logsources_destroy(sources);
}

static void test_lists(void **state)
{
    (void)state;
    make_folder("lists");
    write_rule("lists", "Workstations.txt", "\xEF\xBB\xBFws1\r\n# no\n\n  ws2  \n");
    write_rule("lists", "other.md", "x\n");
    write_rule("lists", ".hidden.txt", "x\n");
    Err err = {0};
    ValueLists *lists = value_lists_create();
    assert_true(value_lists_add_folder(lists, make_folder("lists"), &err));
    assert_int_equal(value_lists_count(lists), 1);
    const ValueList *list = value_lists_find(lists, TEXT("workstations"));
    assert_int_equal(list->count, 2);
    assert_true(text_equal(list->values[1], TEXT("ws2")));
    assert_true(value_lists_add(lists, TEXT("WORKSTATIONS"), TEXT("only"), &err));
    assert_int_equal(value_lists_count(lists), 1);
    assert_int_equal(value_lists_find(lists, TEXT("Workstations"))->count, 1);
    assert_null(value_lists_find(lists, TEXT("none")));
    assert_null(value_lists_find(NULL, TEXT("none")));
    assert_false(value_lists_add(lists, TEXT("bad"), TEXT("\xFF"), &err));
    assert_false(value_lists_add_folder(lists, "/nowhere", &err));
    assert_true(text_equal(value_lists_at(lists, 0)->name, TEXT("WORKSTATIONS")));
    value_lists_destroy(lists);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folder),         cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_selection),      cmocka_unit_test(test_tuning),
        cmocka_unit_test(test_find_and_twice), cmocka_unit_test(test_needed),
        cmocka_unit_test(test_lists)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
