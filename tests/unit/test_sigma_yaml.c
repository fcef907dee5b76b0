/* YAML to trees: kinds, lines, types of plain scalars, aliases, limits; and files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "detect/file_text.h"
#include "detect/sigma/yaml.h"
#include "event_fixture.h"

static void test_tree(void **state)
{
    (void)state;
    Arena *arena = arena_create(1 << 20);
    YamlDocs docs;
    Problem problem = {0};
    assert_true(
        yaml_parse(arena,
                   TEXT("\xEF\xBB\xBF# remark\na: 1\nb:\n  - x\n  - 'y''''z'\n  - \"\\x41\\n\"\n"
                        "c: &n {d: x}\ne: *n\n---\n- list\n---\n"),
                   &docs, &problem));
    assert_int_equal(docs.count, 3);
    const YamlNode *root = docs.docs[0];
    assert_int_equal(root->kind, YAML_MAP);
    assert_int_equal(root->line, 2);
    assert_int_equal(yaml_get(root, "b")->line, 4);
    assert_int_equal(yaml_get(root, "b")->count, 3);
    assert_true(text_equal(yaml_get(root, "b")->values[1]->text, TEXT("y''z")));
    assert_false(yaml_get(root, "b")->values[1]->plain);
    assert_true(text_equal(yaml_get(root, "b")->values[2]->text, TEXT("A\n")));
    assert_ptr_equal(yaml_get(root, "e"), yaml_get(root, "c"));
    assert_null(yaml_get(root, "nothing"));
    assert_null(yaml_get(yaml_get(root, "b"), "x"));
    assert_int_equal(docs.docs[1]->kind, YAML_LIST);
    assert_int_equal(docs.docs[2]->kind, YAML_SCALAR);
    assert_true(yaml_parse(arena, TEXT(" \n"), &docs, &problem));
    assert_int_equal(docs.count, 0);
    arena_destroy(arena);
}

static void test_types(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool plain;
        YamlType type;
    } CASES[] = {
        {"", true, YAML_NULL},
        {"~", true, YAML_NULL},
        {"null", true, YAML_NULL},
        {"NULL", true, YAML_NULL},
        {"nUll", true, YAML_TEXT},
        {"null", false, YAML_TEXT},
        {"true", true, YAML_BOOL},
        {"False", true, YAML_BOOL},
        {"yes", true, YAML_TEXT},
        {"on", true, YAML_TEXT},
        {"12", true, YAML_INT},
        {"+12", true, YAML_INT},
        {"-7", true, YAML_INT},
        {"0x1F", true, YAML_INT},
        {"0o17", true, YAML_INT},
        {"017", true, YAML_INT},
        {"1_000", true, YAML_TEXT},
        {"12", false, YAML_TEXT},
        {"1.5", true, YAML_FLOAT},
        {".5", true, YAML_FLOAT},
        {"1e3", true, YAML_FLOAT},
        {"1e", true, YAML_TEXT},
        {".", true, YAML_TEXT},
        {"-", true, YAML_TEXT},
        {"0x", true, YAML_TEXT},
        {"0xG", true, YAML_TEXT},
        {"2019-01-02", true, YAML_TEXT},
        {"1:30", true, YAML_TEXT},
        {".inf", true, YAML_TEXT},
        {"1e999", true, YAML_TEXT},
        {"9223372036854775807", true, YAML_INT},
        {"9223372036854775808", true, YAML_FLOAT},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        YamlNode node = {.plain = CASES[i].plain, .text = text_from_z(CASES[i].text)};
        if (yaml_value(&node).type != CASES[i].type)
            fail_msg("%s", CASES[i].text);
    }
}

static void test_merge(void **state)
{
    (void)state;
    Arena *arena = arena_create(1 << 20);
    YamlDocs docs;
    Problem problem;
    assert_true(yaml_parse(arena,
                           TEXT("a: {x: 1, y: 2}\nb: 1\n---\na: {y: 3, z: 4}\nb: {c: 5}\nd: 6\n"),
                           &docs, &problem));
    const YamlNode *merged = yaml_merge(arena, docs.docs[0], docs.docs[1]);
    const YamlNode *a = yaml_get(merged, "a");
    assert_int_equal(a->count, 3);
    assert_true(text_equal(yaml_get(a, "y")->text, TEXT("3")));
    assert_true(text_equal(yaml_get(a, "x")->text, TEXT("1")));
    assert_int_equal(yaml_get(merged, "b")->kind, YAML_MAP);
    assert_int_equal(merged->count, 3);
    assert_int_equal(yaml_get(docs.docs[0], "a")->count, 2); /* as it was */
    arena_destroy(arena);
}

static void test_mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
        uint32_t line;
        size_t docs;
    } CASES[] = {
        {"a: 1\nb: [\n", "not YAML", 3, 0},
        {"a: 1\n---\nb: 1\n---\n\t- x", "not YAML", 5, 2},
        {"a: 1\nb: 2\na: 3\n", "twice the key a", 3, 0},
        {"? [x]\n: 1\n", "a key that is no plain text", 1, 0},
        {"a: *x\n", "nothing is called x", 1, 0},
        {"a: &x [*x]\n", "contains itself", 1, 0},
        {"a: !!python/object:x {}\n", "tag", 1, 0},
        {"a: 1\nb: \"\\xZZ\"\n", "not YAML", 2, 0},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        Arena *arena = arena_create(1 << 20);
        YamlDocs docs;
        Problem problem = {0};
        assert_false(yaml_parse(arena, text_from_z(CASES[i].text), &docs, &problem));
        if (!strstr(problem.text, CASES[i].why) || problem.line != CASES[i].line ||
            docs.count != CASES[i].docs)
            fail_msg("%s: line %u: %s", CASES[i].text, problem.line, problem.text);
        arena_destroy(arena);
    }
}

static void test_file_text(void **state)
{
    (void)state;
    Arena *arena = arena_create(1 << 20);
    Text text;
    Err err = {0};
    char path[4096], pipe[4096];
    fixture_write_file("text", "hello");
    (void)snprintf(path, sizeof path, "%s/text", fixture_folder());
    (void)snprintf(pipe, sizeof pipe, "%s/pipe", fixture_folder());
    assert_true(file_text_read(arena, path, 5, &text, &err));
    assert_true(text_equal(text, TEXT("hello")));
    assert_false(file_text_read(arena, path, 4, &text, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_false(file_text_read(arena, fixture_folder(), 4096, &text, &err));
    assert_int_equal(err.code, ERR_IO);
    assert_int_equal(mkfifo(pipe, 0600), 0);
    assert_false(file_text_read(arena, pipe, 4096, &text, &err)); /* and does not wait */
    assert_false(file_text_read(arena, "/nowhere/at/all", 4096, &text, &err));
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree), cmocka_unit_test(test_types), cmocka_unit_test(test_merge),
        cmocka_unit_test(test_mistakes), cmocka_unit_test(test_file_text)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
