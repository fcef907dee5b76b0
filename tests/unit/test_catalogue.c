/* The catalogues: both say the same things, in the typography of their language; and how they write
 * numbers, sizes, spans and dates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "analysis/finding.h"
#include "base/arena.h"
#include "event/table.h"
#include "event_fixture.h"
#include "format/format.h"
#include "report/catalogue.h"
#include "report_case.h"

#define NO_BREAK        "\xC2\xA0"
#define NARROW_NO_BREAK "\xE2\x80\xAF"

static Catalogue *load(const char *language)
{
    Err err = {0};
    const char *folder = report_case_tables();
    Catalogue *catalogue = catalogue_load(&folder, 1, language, &err);
    if (!catalogue)
        fail_msg("%s", err.text);
    return catalogue;
}

static Table load_table(Arena *arena, const char *name)
{
    char path[4200];
    Err err = {0};
    Table table;
    int n = snprintf(path, sizeof path, "%s/%s", report_case_tables(), name);
    assert_true(n > 0 && n < (int)sizeof path);
    if (!table_load(arena, path, &table, &err))
        fail_msg("%s", err.text);
    return table;
}

/* ---- the same keys and placeholders ---- */

static int compare_names(const void *a, const void *b)
{
    return text_compare(*(const Text *)a, *(const Text *)b);
}

/* Placeholders of a row, sorted; each once. */
static size_t names_in(Text text, Text ret[16])
{
    size_t count = 0;
    Text literal, name;
    while (catalogue_part(&text, &literal, &name)) {
        bool known = name.len == 0;
        for (size_t i = 0; i < count && !known; i++)
            known = text_equal(ret[i], name);
        if (!known)
            ret[count++] = name;
    }
    qsort(ret, count, sizeof *ret, compare_names);
    return count;
}

static void test_same(void **state)
{
    (void)state;
    Arena *arena = arena_create(16 * 1024 * 1024);
    Table en = load_table(arena, "report.en.tsv"), fr = load_table(arena, "report.fr.tsv");
    assert_int_equal(en.row_count, fr.row_count);
    for (size_t row = 0; row < en.row_count; row++) {
        Text key = table_cell(&en, row, 0), names[2][16];
        if (!text_equal(key, table_cell(&fr, row, 0)) ||
            !text_equal(table_cell(&en, row, 1), table_cell(&fr, row, 1)))
            fail_msg("row %zu: %.*s is not the same row in French", row, (int)key.len, key.ptr);
        size_t count = names_in(table_cell(&en, row, 2), names[0]);
        bool same = count == names_in(table_cell(&fr, row, 2), names[1]);
        for (size_t i = 0; i < count && same; i++)
            same = text_equal(names[0][i], names[1][i]);
        if (!same)
            fail_msg("%.*s has other placeholders in French", (int)key.len, key.ptr);
    }
    arena_destroy(arena);
}

/* ---- typography ---- */

static bool stands_before(Text text, size_t at, const char *wanted)
{
    size_t len = strlen(wanted);
    return at >= len && memcmp(text.ptr + at - len, wanted, len) == 0;
}

static bool french_is_right(Text text)
{
    for (size_t i = 0; i < text.len; i++) {
        bool digit_before = i && text.ptr[i - 1] == '}';
        switch (text.ptr[i]) {
        case ';':
        case '!':
        case '?':
        case '%':
            if (i && !stands_before(text, i, NARROW_NO_BREAK))
                return false;
            break;
        case ':':
            if (!digit_before && !stands_before(text, i, NO_BREAK))
                return false;
            break;
        case '\'':
        case '"':
            return false;
        default:
            break;
        }
    }
    return true;
}

static void test_typography(void **state)
{
    (void)state;
    Arena *arena = arena_create(16 * 1024 * 1024);
    Table en = load_table(arena, "report.en.tsv"), fr = load_table(arena, "report.fr.tsv");
    for (size_t row = 0; row < fr.row_count; row++) {
        Text key = table_cell(&fr, row, 0), text = table_cell(&fr, row, 2);
        bool notation = text_equal(key, TEXT("method.times")); /* hour:minute:second */
        if (!notation && !french_is_right(text))
            fail_msg("French typography of %.*s", (int)key.len, key.ptr);
        assert_true(text_is_utf8(text, UTF8_STRICT));
    }
    for (size_t row = 0; row < en.row_count; row++) {
        Text key = table_cell(&en, row, 0), text = table_cell(&en, row, 2);
        if (text_find(text, '\'') != text.len || text_find(text, '"') != text.len)
            fail_msg("straight quotation marks in %.*s", (int)key.len, key.ptr);
    }
    arena_destroy(arena);
}

/* ---- vocabularies ---- */

static void expect_key(const Catalogue *catalogue, const char *family, Text word, const char *end)
{
    char key[256];
    Text text;
    int n = snprintf(key, sizeof key, "%s%.*s%s", family, (int)word.len, word.ptr, end);
    assert_true(n > 0 && n < (int)sizeof key);
    if (!catalogue_find(catalogue, text_from_z(key), 1, &text) || text.len == 0)
        fail_msg("no text for %s", key);
}

static void test_vocabularies(void **state)
{
    (void)state;
    static const char *const LANGUAGES[] = {"en", "fr"};
    Arena *arena = arena_create(64 * 1024 * 1024);
    Table actions = load_table(arena, "actions.tsv");
    size_t action;
    assert_true(table_column(&actions, TEXT("action"), &action, NULL));
    for (size_t l = 0; l < 2; l++) {
        Catalogue *catalogue = load(LANGUAGES[l]);
        for (size_t row = 0; row < actions.row_count; row++)
            expect_key(catalogue, "action.", table_cell(&actions, row, action), "");
        for (size_t i = 0; i < FORMAT_COUNT; i++)
            expect_key(catalogue, "format.", text_from_z(FORMATS[i]->name), "");
        for (unsigned kind = 0; kind < FINDING_KIND_COUNT; kind++) {
            expect_key(catalogue, "finding.", FINDING_NAME[kind], ".title");
            expect_key(catalogue, "finding.", FINDING_NAME[kind], ".text");
        }
        catalogue_destroy(catalogue);
    }
    arena_destroy(arena);
}

/* ---- amounts ---- */

typedef void (*WriteNumber)(const Catalogue *catalogue, Buf *out, uint64_t n);

static void write_span(const Catalogue *catalogue, Buf *out, uint64_t seconds)
{
    catalogue_span(catalogue, out, (int64_t)seconds * NANOSECONDS_PER_SECOND);
}

static void write_time(const Catalogue *catalogue, Buf *out, uint64_t seconds)
{
    Time time = seconds == UINT64_MAX ? TIME_NONE : (Time)seconds * NANOSECONDS_PER_SECOND;
    catalogue_time(catalogue, out, time);
}

static void test_amounts(void **state)
{
    (void)state;
    static const struct {
        WriteNumber write;
        uint64_t n;
        const char *en, *fr;
    } CASES[] = {
        {catalogue_number, 0, "0", "0"},
        {catalogue_number, 999, "999", "999"},
        {catalogue_number, 1234, "1,234", "1" NARROW_NO_BREAK "234"},
        {catalogue_number, 1234567, "1,234,567", "1" NARROW_NO_BREAK "234" NARROW_NO_BREAK "567"},
        {catalogue_number, UINT64_MAX, "18,446,744,073,709,551,615",
         "18" NARROW_NO_BREAK "446" NARROW_NO_BREAK "744" NARROW_NO_BREAK "073" NARROW_NO_BREAK
         "709" NARROW_NO_BREAK "551" NARROW_NO_BREAK "615"},
        {catalogue_size, 0, "0" NO_BREAK "bytes", "0" NO_BREAK "octet"},
        {catalogue_size, 1, "1" NO_BREAK "byte", "1" NO_BREAK "octet"},
        {catalogue_size, 2, "2" NO_BREAK "bytes", "2" NO_BREAK "octets"},
        {catalogue_size, 1000, "1" NO_BREAK "KB", "1" NO_BREAK "Ko"},
        {catalogue_size, 1550, "1.5" NO_BREAK "KB", "1,5" NO_BREAK "Ko"},
        {catalogue_size, 23456789, "23" NO_BREAK "MB", "23" NO_BREAK "Mo"},
        {catalogue_size, UINT64_C(2600000000), "2.6" NO_BREAK "GB", "2,6" NO_BREAK "Go"},
        {catalogue_size, UINT64_MAX, "18" NO_BREAK "EB", "18" NO_BREAK "Eo"},
        {write_span, 0, "0" NO_BREAK "seconds", "0" NO_BREAK "seconde"},
        {write_span, 1, "1" NO_BREAK "second", "1" NO_BREAK "seconde"},
        {write_span, 3600, "1" NO_BREAK "hour", "1" NO_BREAK "heure"},
        {write_span, 8940, "2" NO_BREAK "hours 29" NO_BREAK "minutes",
         "2" NO_BREAK "heures 29" NO_BREAK "minutes"},
        {write_span, 86405, "1" NO_BREAK "day", "1" NO_BREAK "jour"},
        {write_span, 7 * 86400, "1" NO_BREAK "week", "1" NO_BREAK "semaine"},
        {write_time, 1772442120, "2" NO_BREAK "March" NO_BREAK "2026 at 09:02:00" NO_BREAK "UTC",
         "2" NO_BREAK "mars" NO_BREAK "2026 \xC3\xA0 09" NO_BREAK "h" NO_BREAK "02" NO_BREAK
         "min" NO_BREAK "00" NO_BREAK "s" NO_BREAK "UTC"},
        {write_time, 1769904000, "1" NO_BREAK "February" NO_BREAK "2026 at 00:00:00" NO_BREAK "UTC",
         "1er" NO_BREAK "f\xC3\xA9vrier" NO_BREAK "2026 \xC3\xA0 00" NO_BREAK "h" NO_BREAK
         "00" NO_BREAK "min" NO_BREAK "00" NO_BREAK "s" NO_BREAK "UTC"},
        {write_time, UINT64_MAX, "an unknown time", "une date inconnue"},
    };
    Catalogue *catalogues[2] = {load("en"), load("fr")};
    Buf out;
    buf_init(&out, 4096);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        for (size_t l = 0; l < 2; l++) {
            buf_clear(&out);
            CASES[i].write(catalogues[l], &out, CASES[i].n);
            buf_add_char(&out, '\0');
            assert_string_equal(out.ptr, l ? CASES[i].fr : CASES[i].en);
        }
    }
    buf_done(&out);
    catalogue_destroy(catalogues[0]);
    catalogue_destroy(catalogues[1]);
}

static void test_forms(void **state)
{
    (void)state;
    Catalogue *en = load("en"), *fr = load("fr");
    assert_false(
        text_equal(catalogue_text(en, TXT_N_EVENTS, 1), catalogue_text(en, TXT_N_EVENTS, 0)));
    assert_true(
        text_equal(catalogue_text(fr, TXT_N_EVENTS, 1), catalogue_text(fr, TXT_N_EVENTS, 0)));
    assert_false(
        text_equal(catalogue_text(fr, TXT_N_EVENTS, 1), catalogue_text(fr, TXT_N_EVENTS, 2)));
    catalogue_destroy(en);
    catalogue_destroy(fr);
}

/* ---- catalogues that are refused ---- */

/* The English catalogue with its first `from` replaced. */
static void write_changed(const char *from, const char *to)
{
    Arena *arena = arena_create(16 * 1024 * 1024);
    char path[4200];
    int n = snprintf(path, sizeof path, "%s/report.en.tsv", report_case_tables());
    assert_true(n > 0 && n < (int)sizeof path);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char *text = arena_alloc(arena, 1024 * 1024), *changed = arena_alloc(arena, 1024 * 1024);
    assert_non_null(text);
    assert_non_null(changed);
    size_t len = fread(text, 1, 1024 * 1024 - 1, file);
    fclose(file);
    size_t at = text_find_text(text_of(text, len), text_from_z(from));
    assert_true(at != SIZE_MAX);
    memcpy(changed, text, at);
    memcpy(changed + at, to, strlen(to));
    memcpy(changed + at + strlen(to), text + at + strlen(from), len - at - strlen(from));
    fixture_write_file("report.en.tsv", changed);
    arena_destroy(arena);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *says;
    } CASES[] = {
        {"doc.title\t", "doc.other\t", "there is no text for doc.title"},
        {"{first} to {last}", "{first} to {lost}", "{lost}"},
        {"Content digest of the case (SHA-256): {digest}", "Content digest", "lacks {digest}"},
        {"count.items\tone\t", "count.items\tfew\t", "neither one nor other"},
        {"count.items\tone\t", "count.items\tother\t", "twice"},
        {"key\tform\ttext\n", "key\tform\ttext\nanother.key\t\tx\n",
         "nothing asks for another.key"},
        {"plural.one\t\t1\n", "plural.one\t\tone\n", "not a few numbers"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        Err err = {0};
        const char *folder = fixture_folder();
        write_changed(CASES[i].from, CASES[i].to);
        Catalogue *catalogue = catalogue_load(&folder, 1, "en", &err);
        if (catalogue || !strstr(err.text, CASES[i].says))
            fail_msg("%s: %s", CASES[i].says, err.text);
    }
    Err err = {0};
    const char *folder = report_case_tables();
    assert_null(catalogue_load(&folder, 1, "de", &err));
    assert_int_equal(err.code, ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same),         cmocka_unit_test(test_typography),
        cmocka_unit_test(test_vocabularies), cmocka_unit_test(test_amounts),
        cmocka_unit_test(test_forms),        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
