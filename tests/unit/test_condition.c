/* Conditions of actions.tsv. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "event/condition.h"

static void test_parse(void **state)
{
    (void)state;
    Arena *arena = arena_create(1 << 20);
    const Condition *conditions;
    uint32_t n;
    assert_true(condition_parse(arena, TEXT(" A = x | y  & System.Keywords!=-1 & C~ a&b "),
                                &conditions, &n, NULL));
    assert_int_equal(n, 3);
    assert_true(text_equal(conditions[0].field, TEXT("A")));
    assert_int_equal(conditions[0].op, CONDITION_IS);
    assert_int_equal(conditions[0].value_count, 2);
    assert_true(text_equal(conditions[0].values[1], TEXT("y")));
    assert_true(text_equal(conditions[1].field, TEXT("System.Keywords")));
    assert_int_equal(conditions[1].op, CONDITION_IS_NOT);
    assert_true(text_equal(conditions[1].values[0], TEXT("-1")));
    assert_int_equal(conditions[2].op, CONDITION_CONTAINS);
    assert_true(text_equal(conditions[2].values[0], TEXT("a&b")));
    assert_true(condition_parse(arena, TEXT("  "), &conditions, &n, NULL));
    assert_int_equal(n, 0);
    static const char *const BAD[] = {"A",     "=x",          "!=x", "A=1 & ",
                                      "& A=1", "A=1 & & B=2", "A~",  "A~x|"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        Err err = {0};
        if (condition_parse(arena, text_from_z(BAD[i]), &conditions, &n, &err))
            fail_msg("\"%s\" was accepted", BAD[i]);
        assert_int_equal(err.code, ERR_FORMAT);
    }
    Buf many;
    buf_init(&many, 4096);
    for (int i = 0; i < 65; i++)
        buf_printf(&many, "%sA=%d", i ? " & " : "", i);
    Err err = {0};
    assert_false(condition_parse(arena, buf_text(&many), &conditions, &n, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    buf_done(&many);
    arena_destroy(arena);
}

typedef struct Case {
    const char *condition;
    const char *text; /* NULL: the field is absent */
    bool holds;
} Case;

static void test_text(void **state)
{
    static const Case CASES[] = {
        {"F=abc", "abc", true},
        {"F=abc", "ABC", true},
        {"F=abc", "abcd", false},
        {"F=a|b", "b", true},
        {"F=a|b", "c", false},
        {"F=a", NULL, false},
        {"F!=a", "b", true},
        {"F!=a", "A", false},
        {"F!=a|b", "b", false},
        {"F!=a", NULL, true},
        {"F~bcd", "aBCDe", true},
        {"F~bcd", "bc", false},
        {"F~x|cd", "abcd", true},
        {"F~x", NULL, false},
        {"F~abc", "", false},
        {"F=", NULL, true},
        {"F=", "", true},
        {"F=", "-", true},
        {"F=", "x", false},
        {"F!=", "x", true},
        {"F!=", "-", false},
        {"F!=", NULL, false},
        {"F=|a", "a", true},
        {"F=|a", "", true},
        {"F=3", "0x3", true},
        {"F=0x10", "16", true},
        {"F=0x10", "0x00000010", true},
        {"F=3", "03", true},
        {"F=3", "three", false},
        {"F=-1", "-1", true},
        {"F=0xc000006d", "0xC000006D", true},
    };
    (void)state;
    Arena *arena = arena_create(1 << 20);
    Buf scratch;
    buf_init(&scratch, 4096);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const Condition *condition;
        uint32_t n;
        assert_true(condition_parse(arena, text_from_z(CASES[i].condition), &condition, &n, NULL));
        Value value = {.type = VALUE_TEXT, .bytes = text_span(text_from_z(CASES[i].text))};
        bool holds = condition_holds(condition, CASES[i].text ? &value : NULL, &scratch);
        if (holds != CASES[i].holds)
            fail_msg("%s for \"%s\"", CASES[i].condition,
                     CASES[i].text ? CASES[i].text : "(absent)");
    }
    buf_done(&scratch);
    arena_destroy(arena);
}

static void test_types(void **state)
{
    static const struct {
        const char *condition;
        ValueType type;
        uint64_t bits;
        bool holds;
    } CASES[] = {
        {"F=3", VALUE_UINT, 3, true},
        {"F=0x3", VALUE_UINT, 3, true},
        {"F=3", VALUE_HEX, 3, true},
        {"F=3", VALUE_UINT, 33, false},
        {"F=-2", VALUE_INT, UINT64_MAX - 1, true},
        {"F=true", VALUE_BOOL, 1, true},
        {"F~20", VALUE_UINT, 5201, true},
        {"F~x3", VALUE_HEX, 0x31, true},
        {"F~x3", VALUE_HEX, 0x13, false},
        {"F=1", VALUE_BINARY, 1, false},
        {"F~01", VALUE_BINARY, 1, true},
        {"F=1", VALUE_LIST, 1, false},
        {"F~1", VALUE_LIST, 1, false},
        {"F!=1", VALUE_LIST, 1, true},
    };
    (void)state;
    Arena *arena = arena_create(1 << 20);
    Buf scratch;
    buf_init(&scratch, 4096);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const Condition *condition;
        uint32_t n;
        uint8_t bytes[8];
        store_u64le(bytes, CASES[i].bits);
        Value value = {.type = CASES[i].type, .bytes = span_of(bytes, 8)};
        assert_true(condition_parse(arena, text_from_z(CASES[i].condition), &condition, &n, NULL));
        if (condition_holds(condition, &value, &scratch) != CASES[i].holds)
            fail_msg("%s, case %zu", CASES[i].condition, i);
    }
    buf_done(&scratch);
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
