/* Needles: found whatever their case, in every place, and as the plain twin finds them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fold.h"
#include "base/needle.h"
#include "query_random.h"

/* The needle for a text. */
static Needle make(Arena *arena, Text text)
{
    uint32_t *chars = ARENA_NEW(arena, uint32_t, text.len + 1);
    size_t count = 0;
    Needle needle;
    for (size_t pos = 0; pos < text.len;)
        chars[count++] = fold_next(text, &pos);
    assert_true(needle_init(&needle, chars, count, arena));
    return needle;
}

static void test_in_and_is(void **state)
{
    static const struct {
        const char *needle, *text;
        bool in, is;
    } CASES[] = {
        {"a", "A", true, true},
        {"a", "", false, false},
        {"admin", "The ADMINISTRATOR", true, false},
        {"admin", "admi", false, false},
        {"@", "`", false, false}, /* differ in the bit that makes letters small */
        {"[", "{", false, false},
        {"task", "TA\xC5\xBF\xE2\x84\xAA", true, true},
        {"task", "the ta\xC5\xBFk.", true, false},
        {"TA\xC5\xBF\xE2\x84\xAA", "task", true, true},
        {"\xD1\x80", "\xD0\xA0", true, true},
        {"\xD1\x80", "\xD1\xA0", false, false}, /* lead of one case, trail of the other */
        {"\xD1\x80", "\xD0\x80", false, false},
        {"\xCF\x83\xCE\xBF\xCF\x86\xCF\x8C\xCF\x82", "\xCE\xA3\xCE\x9F\xCE\xA6\xCE\x8C\xCE\xA3",
         true, true},
        {"\xC8\xBA", "\xE2\xB1\xA5", true, true},
        {"stra\xC3\x9F"
         "e",
         "STRA\xE1\xBA\x9E"
         "E",
         true, true},
        {"strasse",
         "stra\xC3\x9F"
         "e",
         false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        CLEANUP(arena_destroyp) Arena *arena = arena_create(1 << 20);
        Needle needle = make(arena, text_from_z(CASES[i].needle));
        Text text = text_from_z(CASES[i].text);
        if (needle_in(&needle, text) != CASES[i].in || needle_is(&needle, text) != CASES[i].is)
            fail_msg("%s, %s", CASES[i].needle, CASES[i].text);
    }
}

/* At every place of blocks of every length, in memory that ends with the text. */
static void test_every_place(void **state)
{
    CLEANUP(arena_destroyp) Arena *arena = arena_create(1 << 20);
    Needle needle = make(arena, TEXT("needle"));
    (void)state;
    for (size_t len = 6; len < 80; len++) {
        CLEANUP(freep) char *hay = malloc(len);
        for (size_t at = 0; at + 6 <= len; at++) {
            memset(hay, 'e', len);
            memcpy(hay + at, "NEedLE", 6);
            assert_int_equal(needle_next(&needle, text_of(hay, len), 0), at);
            assert_int_equal(needle_next(&needle, text_of(hay, len), at), at);
            assert_int_equal(needle_next(&needle, text_of(hay, len), at + 1), NEEDLE_NOWHERE);
            assert_int_equal(needle_next(&needle, text_of(hay, len - 1), 0),
                             at + 6 < len ? at : NEEDLE_NOWHERE);
        }
    }
    assert_int_equal(needle_next(&needle, TEXT("need"), 0), NEEDLE_NOWHERE);
    assert_int_equal(needle_next(&needle, TEXT("needle"), 7), NEEDLE_NOWHERE);
}

/* A text of few characters with much in common with needles made of the same. */
static void random_text(Dice *dice, Buf *out, uint32_t max)
{
    static const char *const PARTS[] = {"s",
                                        "S",
                                        "\xC5\xBF",
                                        "k",
                                        "K",
                                        "\xE2\x84\xAA",
                                        "a",
                                        "A",
                                        "\xD1\x80",
                                        "\xD0\xA0",
                                        "\xD1\xA0",
                                        "\xCF\x82",
                                        "\xCF\x83",
                                        "\xCE\xA3",
                                        "\xF0\x90\x90\xA8",
                                        "\xF0\x90\x90\x80"};
    buf_clear(out);
    for (uint32_t n = 1 + dice_below(dice, max); n > 0; n--)
        buf_add_text(out, text_from_z(PARTS[dice_below(dice, sizeof PARTS / sizeof PARTS[0])]));
}

static void test_twins_agree(void **state)
{
    Dice dice = dice_of_seed(7);
    Buf text, hay;
    (void)state;
    buf_init(&text, 4096);
    buf_init(&hay, 4096);
    for (int round = 0; round < 20000; round++) {
        CLEANUP(arena_destroyp) Arena *arena = arena_create(1 << 20);
        random_text(&dice, &text, round % 2 ? 2 : 5);
        random_text(&dice, &hay, 60);
        if (round % 3 == 0) /* any bytes */
            hay.ptr[dice_below(&dice, (uint32_t)hay.len)] = (char)dice_below(&dice, 256);
        Needle needle = make(arena, buf_text(&text));
        for (size_t from = 0; from <= hay.len; from++) {
            assert_int_equal(needle_next(&needle, buf_text(&hay), from),
                             needle_next_plain(&needle, buf_text(&hay), from));
            assert_int_equal(needle_stranger(&needle, buf_text(&hay), from),
                             needle_stranger_plain(&needle, buf_text(&hay), from));
        }
    }
    buf_done(&text);
    buf_done(&hay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_and_is),
        cmocka_unit_test(test_every_place),
        cmocka_unit_test(test_twins_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
