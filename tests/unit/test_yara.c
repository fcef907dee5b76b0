/* Rules of YARA: what is compiled and refused, and what is found in items in windows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "detect/yara/yara_rules.h"
#include "event_fixture.h"

static YaraSet *set_of(const char *name, const char *source, RuleLevel min_level)
{
    char path[4096];
    Err err = {0};
    fixture_write_file(name, source);
    assert_true(snprintf(path, sizeof path, "%s/%s", fixture_folder(), name) > 0);
    YaraSet *set = yara_create(&err);
    assert_non_null(set);
    if (!yara_add(set, path, &err) || !yara_finish(set, min_level, &err))
        fail_msg("%s", err.text);
    return set;
}

typedef struct Told {
    const YaraSet *set;
    Buf text;
} Told;

static bool take_match(void *ctx, uint32_t rule, Text details, Err *err)
{
    Told *told = ctx;
    (void)err;
    buf_add_text(&told->text, yara_rule(told->set, rule).title);
    BUF_LITERAL(&told->text, ": ");
    buf_add_text(&told->text, details);
    buf_add_char(&told->text, '\n');
    return true;
}

static void take_fault(void *ctx, Text text)
{
    Told *told = ctx;
    buf_add_text(&told->text, text);
    buf_add_char(&told->text, '\n');
}

static void take_progress(void *ctx, uint64_t offset)
{
    (void)ctx, (void)offset;
}

static void scan(YaraSet *set, Input item, const char *wanted)
{
    Err err = {0};
    Told told = {.set = set};
    const YaraOut out = {
        .match = take_match, .fault = take_fault, .progress = take_progress, .ctx = &told};
    buf_init(&told.text, 1 << 20);
    if (!yara_scan(set, &item, TEXT("a/b.bin"), &out, &err))
        fail_msg("%s", err.text);
    buf_add_char(&told.text, '\0');
    assert_string_equal(told.text.ptr, wanted);
    buf_done(&told.text);
}

static Input item_of(const char *text)
{
    Input item = input_from_memory(span_of(text, strlen(text)));
    item.name = TEXT("b.bin");
    return item;
}

static void rules_match(void **state)
{
    (void)state;
    YaraSet *set = set_of(
        "match.yar",
        "private rule helper { strings: $h = \"one\" condition: $h }\n"
        "rule First : t1 t2 { meta: severity = \"low\" id = \"id-1\" strings: $a = \"one\" $b = "
        "{ 74 77 6f } condition: helper and $a and $b }\n"
        "rule Second { meta: score = 75 condition: filesize == 15 and filename == \"b.bin\" and "
        "extension == \".bin\" and filepath == \"a/b.bin\" }\n"
        "rule Third { meta: level = 4 strings: $x = \"absent\" condition: $x }\n",
        RULE_LEVEL_NONE);
    assert_int_equal(yara_count(set), 4);
    assert_int_equal(yara_rule(set, 1).level, RULE_LOW);
    assert_true(text_equal(yara_rule(set, 1).id, TEXT("id-1")));
    assert_int_equal(yara_rule(set, 1).tags.count, 2);
    assert_int_equal(yara_rule(set, 2).level, RULE_HIGH);
    assert_true(text_equal(yara_rule(set, 2).id, TEXT("Second")));
    assert_int_equal(yara_rule(set, 3).level, RULE_CRITICAL);
    for (unsigned pass = 0; pass < 2; pass++) {
        scan(set, item_of("one two one two"),
             "First: $a at 0x0, 0x8; $b at 0x4, 0xc\nSecond: by its condition, without strings\n");
        scan(set, item_of("nothing"), "");
        scan(set, item_of(""), "");
    }
    yara_destroy(set);
    set = set_of("match.yar",
                 "rule A { meta: severity = \"low\" condition: true }\n"
                 "rule B { condition: A }\n",
                 RULE_MEDIUM);
    scan(set, item_of("x"), "B: by its condition, without strings\n");
    yara_destroy(set);
}

static void files_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *source, *text;
        uint32_t line;
    } CASES[] = {
        {"include \"other.yar\"\nrule A { condition: true }", "includes are disabled", 1},
        {"rule A {\n condition: }", "syntax error", 2},
        {"rule A { condition: nothing_known }", "undefined identifier", 1},
        {"import \"magic\" rule A { condition: magic.type() == \"x\" }", "not available", 0},
        {"import \"cuckoo\" rule A { condition: true }", "not available", 0},
        {"import \"no_such\" rule A { condition: true }", "unknown module", 1},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        YaraSet *set = set_of("bad.yar", CASES[i].source, RULE_LEVEL_NONE);
        assert_int_equal(yara_count(set), 0);
        assert_int_equal(yara_note_count(set), 1);
        YaraNote note = yara_note(set, 0);
        if (text_find_text(note.text, text_from_z(CASES[i].text)) == SIZE_MAX ||
            note.line != CASES[i].line)
            fail_msg("%s: line %u: %.*s", CASES[i].source, (unsigned)note.line, (int)note.text.len,
                     note.text.ptr);
        scan(set, item_of("x"), "");
        yara_destroy(set);
    }
    Err err = {0};
    YaraSet *set = yara_create(&err);
    assert_false(yara_add(set, "/nonexistent", &err));
    assert_true(yara_finish(set, RULE_LEVEL_NONE, &err));
    yara_destroy(set);
    assert_int_equal(yara_count(NULL), 0);
}

/* Once each, in overlaps too and across the border of windows; conditions see all of the item. */
static void windows(void **state)
{
    (void)state;
    size_t size = (size_t)YARA_WINDOW_BYTES + 3 * YARA_OVERLAP_BYTES;
    char *bytes = calloc(1, size);
    assert_non_null(bytes);
    memcpy(bytes, "NEEDLE", 6);
    memcpy(bytes + YARA_WINDOW_BYTES - 3, "NEEDLE", 6);
    memcpy(bytes + YARA_WINDOW_BYTES - YARA_OVERLAP_BYTES + 8, "NEEDLE", 6);
    memcpy(bytes + size - 6, "NEEDLE", 6);
    YaraSet *set = set_of("windows.yar",
                          "rule A { strings: $a = \"NEEDLE\" condition: #a == 4 and uint8(0) == "
                          "0x4e and uint8(filesize - 1) == 0x45 }",
                          RULE_LEVEL_NONE);
    scan(set, input_from_memory(span_of(bytes, size)),
         "A: $a at 0x0, 0x1f00008, 0x1fffffd, 0x22ffffa\n");
    yara_destroy(set);
    free(bytes);
}

static void slow_rules_are_named(void **state)
{
    (void)state;
    YaraSet *set = set_of("slow.yar",
                          "rule Fine { strings: $a = \"x\" condition: $a }\n"
                          "rule Slow { condition: for all i in (1..100000000000) : (i > 0) }\n"
                          "private rule P { strings: $a = \"x\" condition: $a }\n"
                          "rule Fine2 { condition: P }\n",
                          RULE_LEVEL_NONE);
    yara_set_seconds(set, 1);
    for (unsigned pass = 0; pass < 2; pass++)
        scan(set, item_of("xyz"),
             "Fine: $a at 0x0\nYARA: Slow: took too long on this item\n"
             "Fine2: by its condition, without strings\n");
    yara_destroy(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_match),
        cmocka_unit_test(files_are_refused),
        cmocka_unit_test(windows),
        cmocka_unit_test(slow_rules_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
