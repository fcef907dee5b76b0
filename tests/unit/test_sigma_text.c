/* Pattern, fold, wildcard, literals, encodings: what becomes of the texts of rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/buf.h"
#include "detect/sigma/condition.h"
#include "detect/sigma/encode.h"
#include "detect/sigma/fold.h"
#include "detect/sigma/literals.h"
#include "detect/sigma/pattern.h"
#include "detect/sigma/wildcard.h"

/* * and ? for wildcards, <name> for placeholders, all else itself; texts in brackets. */
static void assert_pattern(Pattern pattern, const char *expected)
{
    Buf out;
    buf_init(&out, 1 << 16);
    for (uint32_t i = 0; i < pattern.count; i++) {
        const Part *part = &pattern.parts[i];
        if (part->kind == PART_MANY)
            buf_add_char(&out, '*');
        else if (part->kind == PART_ONE)
            buf_add_char(&out, '?');
        else
            buf_printf(&out, part->kind == PART_TEXT ? "[%.*s]" : "<%.*s>", (int)part->text.len,
                       part->text.ptr);
    }
    buf_add_char(&out, '\0');
    assert_string_equal(out.ptr, expected);
    buf_done(&out);
}

static void test_pattern_parse(void **state)
{
    (void)state;
    static const char *const CASES[][2] = {
        {"", ""},
        {"abc", "[abc]"},
        {"a*c", "[a]*[c]"},
        {"*", "*"},
        {"**", "**"},
        {"a?c", "[a]?[c]"},
        {"a\\b", "[a\\b]"},
        {"a\\\\b", "[a\\b]"},
        {"a\\\\\\b", "[a\\\\b]"},
        {"a\\\\\\\\b", "[a\\\\b]"},
        {"\\\\srv\\c$", "[\\srv\\c$]"},
        {"\\\\\\\\srv", "[\\\\srv]"},
        {"C:\\*", "[C:*]"},
        {"C:\\\\*", "[C:\\]*"},
        {"C:\\\\\\*", "[C:\\*]"},
        {"x\\?", "[x?]"},
        {"x\\", "[x\\]"},
        {"\\\\*", "[\\]*"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        Arena *arena = arena_create(1 << 16);
        Pattern pattern;
        assert_true(pattern_parse(arena, text_from_z(CASES[i][0]), &pattern));
        assert_pattern(pattern, CASES[i][1]);
        arena_destroy(arena);
    }
}

static void test_pattern_change(void **state)
{
    (void)state;
    Arena *arena = arena_create(1 << 20);
    Pattern a, b;
    assert_true(pattern_parse(arena, TEXT("x"), &a));
    assert_true(pattern_open(arena, a, OPEN_START | OPEN_END, &b));
    assert_pattern(b, "*[x]*");
    assert_true(pattern_open(arena, b, OPEN_START | OPEN_END, &b));
    assert_pattern(b, "*[x]*");
    assert_true(pattern_parse(arena, TEXT(""), &a));
    assert_true(pattern_open(arena, a, OPEN_START | OPEN_END, &b));
    assert_pattern(b, "*");
    assert_true(pattern_parse(arena, TEXT("%a%x\\%b%%c% %%"), &a));
    assert_true(pattern_expand(arena, a, &b));
    assert_pattern(b, "<a>[x%b%]<c>[ %%]"); /* an empty name is none */
    assert_int_equal(pattern_placeholder(b), 0);
    Pattern by;
    assert_true(pattern_parse(arena, TEXT("1*2"), &by));
    assert_true(pattern_replace(arena, b, 0, by, &a));
    assert_pattern(a, "[1]*[2x%b%]<c>[ %%]");
    assert_true(pattern_has_wildcard(a));
    assert_int_equal(pattern_literal(a).len, 0);
    arena_destroy(arena);
}

static void test_fold(void **state)
{
    (void)state;
    static const char *const CASES[][2] = {
        {"ABCxyz019@[`{", "abcxyz019@[`{"},
        {"ÀÉÎÕÜÞŸ", "àéîõüþÿ"},
        {"ΑΣΩΆς", "ασωάσ"},
        {"АЯЁѢ", "аяёѣ"},
        {"ẞß", "ßß"},
        {"\xE2\x84\xAA\xC5\xBF", "ks"}, /* the Kelvin sign, the long s */
        {"ȺȾ", "ⱥⱦ"},                   /* two bytes become three */
        {"\xFF"
         "A\xC3",
         "\xFF"
         "a\xC3"},
        {"\xED\xA0\x80Z", "\xED\xA0\x80z"}, /* a lone surrogate */
        {"𐐀", "𐐨"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        Text in = text_from_z(CASES[i][0]), expected = text_from_z(CASES[i][1]);
        char out[FOLD_ROOM(256)];
        assert_true(text_equal(text_of(out, fold_text(in, out)), expected));
        assert_true(text_equal(text_of(out, fold_text_plain(in, out)), expected));
    }
}

static void test_fold_twins(void **state)
{
    (void)state;
    uint32_t random = 7;
    for (unsigned round = 0; round < 20000; round++) {
        char in[96], a[FOLD_ROOM(96)], b[FOLD_ROOM(96)];
        size_t len = round % 96;
        for (size_t i = 0; i < len; i++) {
            random = random * 1664525 + 1013904223;
            in[i] = random >> 30 ? (char)(0x41 + (random >> 12) % 40) : (char)(random >> 16);
        }
        size_t n = fold_text(text_of(in, len), a);
        assert_int_equal(n, fold_text_plain(text_of(in, len), b));
        assert_memory_equal(a, b, n);
        assert_true(n <= FOLD_ROOM(len) - 16);
    }
}

static bool fits(const char *pattern, const char *text)
{
    Arena *arena = arena_create(1 << 16);
    Pattern parsed;
    assert_true(pattern_parse(arena, text_from_z(pattern), &parsed));
    bool result = wildcard_fits(parsed.parts, parsed.count, text_from_z(text));
    arena_destroy(arena);
    return result;
}

static void test_wildcard(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        bool fits;
    } CASES[] = {
        {"", "", true},           {"", "a", false},
        {"*", "", true},          {"*", "abc", true},
        {"**", "abc", true},      {"a", "a", true},
        {"a", "ab", false},       {"a*", "ab", true},
        {"*b", "ab", true},       {"*b", "ba", false},
        {"a*b*c", "aXbYc", true}, {"a*b*c", "abc", true},
        {"a*b*c", "acb", false},  {"?", "", false},
        {"?", "é", true},         {"??", "é", false},
        {"*?", "", false},        {"*?", "x", true},
        {"?*?", "ab", true},      {"?*?", "a", false},
        {"*ab*ab", "abab", true}, {"*ab*ab", "ab", false},
        {"*aab", "aaab", true},   {"*a?b", "axaab", true},
        {"*a?b*", "aab", true},   {"*\xC3\xA9*", "caf\xC3\xA9s", true},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        if (fits(CASES[i].pattern, CASES[i].text) != CASES[i].fits)
            fail_msg("%s against %s", CASES[i].pattern, CASES[i].text);
}

typedef struct Hits {
    unsigned count[64];
} Hits;

static void on_hit(void *ctx, uint32_t literal)
{
    ((Hits *)ctx)->count[literal]++;
}

/* Few letters, all lengths and places; long ones too. */
static void test_literals(void **state)
{
    (void)state;
    uint32_t random = 3;
    for (unsigned round = 0; round < 4000; round++) {
        Arena *arena = arena_create(1 << 22);
        Literal literals[64];
        uint32_t count = round % 64;
        for (uint32_t i = 0; i < count; i++) {
            random = random * 1664525 + 1013904223;
            size_t len = (random >> 8) % 14, extra = (random >> 20) % 40 == 0 ? 90 : 0;
            char *text = ARENA_NEW(arena, char, len + extra + 1);
            for (size_t k = 0; k < len + extra; k++) {
                random = random * 1664525 + 1013904223;
                text[k] = (char)('a' + (random >> 28) % 3);
            }
            literals[i] = (Literal){.text = text_of(text, len + extra),
                                    .place = (uint8_t)((random >> 12) % 4)};
            if (len + extra == 0)
                literals[i].place = LITERAL_WHOLE;
        }
        const Literals *set = literals_build(arena, literals, count);
        LiteralScratch scratch;
        assert_non_null(set);
        assert_true(literal_scratch_init(&scratch, count));
        for (unsigned v = 0; v < 8; v++) {
            char value[400 + LITERALS_PADDING] = {0};
            random = random * 1664525 + 1013904223;
            size_t len = v < 6 ? (random >> 8) % 20 : 399;
            for (size_t k = 0; k < len; k++) {
                random = random * 1664525 + 1013904223;
                value[k] = (char)('a' + (random >> 28) % 3);
            }
            if (v == 7 && count) /* a long one surely stands in it */
                memcpy(value, literals[0].text.ptr ? literals[0].text.ptr : "",
                       literals[0].text.len);
            Hits fast = {0}, plain = {0};
            literals_search(set, &scratch, text_of(value, len), on_hit, &fast);
            literals_search_plain(literals, count, text_of(value, len), on_hit, &plain);
            assert_memory_equal(&fast, &plain, sizeof fast);
        }
        literal_scratch_done(&scratch);
        arena_destroy(arena);
    }
}

static void test_serial_wraps(void **state)
{
    (void)state;
    Arena *arena = arena_create(1 << 20);
    Literal literal = {.text = TEXT("abcd"), .place = LITERAL_ANYWHERE};
    const Literals *set = literals_build(arena, &literal, 1);
    LiteralScratch scratch;
    assert_true(literal_scratch_init(&scratch, 1));
    scratch.serial = UINT32_MAX - 1;
    char value[32] = "xxabcdxx";
    for (unsigned i = 0; i < 4; i++) {
        Hits hits = {0};
        literals_search(set, &scratch, text_of(value, 8), on_hit, &hits);
        assert_int_equal(hits.count[0], 1);
    }
    literal_scratch_done(&scratch);
    arena_destroy(arena);
}

static void test_likelihood(void **state)
{
    (void)state;
    assert_true(literal_likelihood(TEXT("e"), LITERAL_ANYWHERE) >
                literal_likelihood(TEXT("mimikatz"), LITERAL_ANYWHERE));
    assert_true(literal_likelihood(TEXT("\\cmd.exe"), LITERAL_AT_END) <
                literal_likelihood(TEXT(".exe"), LITERAL_AT_END));
}

static void assert_bytes(Pattern pattern, const char *bytes, size_t len)
{
    assert_int_equal(pattern_literal(pattern).len, len);
    assert_memory_equal(pattern_literal(pattern).ptr, bytes, len);
}

static void test_encode(void **state)
{
    (void)state;
    static const char *const BASE64[][2] = {
        {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}};
    Arena *arena = arena_create(1 << 20);
    for (size_t i = 0; i < 4; i++) {
        RuleValue value = {.kind = RULE_STRING};
        assert_true(pattern_of_text(arena, text_from_z(BASE64[i][0]), &value.pattern));
        assert_true(encode_base64(arena, false, &value));
        assert_bytes(value.pattern, BASE64[i][1], strlen(BASE64[i][1]));
    }
    RuleValue value = {.kind = RULE_STRING};
    assert_true(pattern_of_text(arena, TEXT("/bin/bash"), &value.pattern));
    ValueGroup group = {.values = &value, .count = 1};
    assert_true(encode_base64_offsets(arena, false, &group));
    assert_int_equal(group.count, 3);
    assert_bytes(group.values[0].pattern, "L2Jpbi9iYXNo", 12);
    assert_bytes(group.values[1].pattern, "9iaW4vYmFza", 11);
    assert_bytes(group.values[2].pattern, "vYmluL2Jhc2", 11);
    value = (RuleValue){.kind = RULE_STRING};
    assert_true(pattern_of_text(arena, TEXT("aé😀"), &value.pattern));
    RuleValue big = value;
    assert_true(encode_utf16(arena, false, &value));
    assert_bytes(value.pattern, "a\0\xE9\0\x3D\xD8\x00\xDE", 8);
    assert_true(encode_utf16(arena, true, &big));
    assert_bytes(big.pattern, "\0a\0\xE9\xD8\x3D\xDE\x00", 8);
    bool too_many = false;
    value = (RuleValue){.kind = RULE_STRING};
    assert_true(pattern_parse(arena, TEXT("a-b -c*/d"), &value.pattern));
    group = (ValueGroup){.values = &value, .count = 1};
    assert_true(expand_dashes(arena, &group, &too_many));
    assert_int_equal(group.count, 25);
    assert_pattern(group.values[0].pattern, "[a-b -c]*[-d]");
    assert_pattern(group.values[1].pattern, "[a-b /c]*[-d]");
    assert_pattern(group.values[24].pattern, "[a-b \xE2\x80\x95"
                                             "c]*[\xE2\x80\x95"
                                             "d]");
    arena_destroy(arena);
}

static void test_identifier(void **state)
{
    (void)state;
    assert_true(identifier_fits(TEXT("a*"), TEXT("abc")));
    assert_true(identifier_fits(TEXT("*"), TEXT("")));
    assert_true(identifier_fits(TEXT("a*c*e"), TEXT("abcde")));
    assert_false(identifier_fits(TEXT("a*c"), TEXT("abcd")));
    assert_false(identifier_fits(TEXT("A"), TEXT("a")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pattern_parse), cmocka_unit_test(test_pattern_change),
        cmocka_unit_test(test_fold),          cmocka_unit_test(test_fold_twins),
        cmocka_unit_test(test_wildcard),      cmocka_unit_test(test_literals),
        cmocka_unit_test(test_serial_wraps),  cmocka_unit_test(test_likelihood),
        cmocka_unit_test(test_encode),        cmocka_unit_test(test_identifier)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
