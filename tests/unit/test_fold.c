/* Folding: pairs of many scripts, and what must hold for every character. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/fold.h"

static void test_pairs(void **state)
{
    static const struct {
        uint32_t c, folded;
    } CASES[] = {
        {'A', 'a'},
        {'Z', 'z'},
        {'@', '@'},
        {'[', '['},
        {'0', '0'},
        {0xC0, 0xE0},
        {0xD7, 0xD7},
        {0xDF, 0xDF},
        {0x1E9E, 0xDF},
        {0x17F, 's'},
        {0x212A, 'k'},
        {0x212B, 0xE5},
        {0xB5, 0x3BC},
        {0x130, 0x130},
        {0x131, 0x131},
        {0x178, 0xFF},
        {0x100, 0x101},
        {0x101, 0x101},
        {0x17D, 0x17E},
        {0x3A3, 0x3C3},
        {0x3C2, 0x3C3},
        {0x386, 0x3AC},
        {0x404, 0x454},
        {0x42F, 0x44F},
        {0x44F, 0x44F},
        {0x23A, 0x2C65},
        {0x13A0, 0x13A0},
        {0x13F8, 0x13F0},
        {0xFF21, 0xFF41},
        {0x10400, 0x10428},
        {0x1E921, 0x1E943},
        {0xD800, 0xD800},
        {0x4E00, 0x4E00},
        {0x10FFFF, 0x10FFFF},
        {UTF8_INVALID, UTF8_INVALID},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        if (fold_char(CASES[i].c) != CASES[i].folded)
            fail_msg("U+%04X folds to U+%04X", CASES[i].c, fold_char(CASES[i].c));
}

/* Folding twice is folding once, and a character is among the variants of what it folds to. */
static void test_every_character(void **state)
{
    size_t folding = 0;
    (void)state;
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        uint32_t folded = fold_char(c);
        if (folded == c)
            continue;
        folding++;
        assert_int_equal(fold_char(folded), folded);
        uint32_t variants[FOLD_VARIANTS_MAX];
        size_t count = fold_variants(folded, variants), found = 0;
        assert_int_equal(variants[0], folded);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(fold_char(variants[i]), folded);
            found += variants[i] == c;
        }
        assert_int_equal(found, 1);
    }
    assert_int_equal(folding, 1454); /* C and S of CaseFolding.txt 14 */
}

static void test_equal(void **state)
{
    (void)state;
    assert_true(fold_equal(TEXT(""), TEXT("")));
    assert_true(fold_equal(TEXT("Task"), TEXT("TA\xC5\xBF\xE2\x84\xAA")));
    assert_true(fold_equal(TEXT("\xCE\xA3\xCE\x91\xCE\xA3"), TEXT("\xCF\x83\xCE\xB1\xCF\x82")));
    assert_false(fold_equal(TEXT("a"), TEXT("ab")));
    assert_false(fold_equal(TEXT("ab"), TEXT("a")));
    assert_false(fold_equal(TEXT("\xC3\x9F"), TEXT("ss")));
    assert_true(fold_equal(TEXT("\xFF"), TEXT("\xFE"))); /* neither is a character */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_every_character),
        cmocka_unit_test(test_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
