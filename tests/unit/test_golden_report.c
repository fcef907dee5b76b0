/* Reports: as they were, in both languages; the same for the same content; safe whatever evidence
 * holds; and no word that does not stand in a catalogue. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "alloc_fail.h"
#include "base/arena.h"
#include "case_fixture.h"
#include "event/table.h"
#include "event_fixture.h"
#include "report_case.h"

static Schema *schema;
static ReportCase report_case;

static int set_up(void **state)
{
    (void)state;
    const char *folder = made_folder("case");
    schema = told_schema();
    report_case_make(folder, schema, false);
    report_case_open(&report_case, folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    report_case_close(&report_case);
    schema_destroy(schema);
    return 0;
}

static bool has(const Buf *page, const char *text)
{
    return text_find_text(buf_text(page), text_from_z(text)) != SIZE_MAX;
}

static size_t count_of(const Buf *page, const char *text)
{
    size_t count = 0, len = strlen(text);
    Text rest = buf_text(page);
    for (size_t at; (at = text_find_text(rest, text_from_z(text))) != SIZE_MAX; count++)
        rest = text_of(rest.ptr + at + len, rest.len - at - len);
    return count;
}

/* ---- as it was ---- */

static void golden_path(char path[4200], const char *language)
{
    const char *source = getenv("CONSTAT_SOURCE");
    int n = snprintf(path, 4200, "%s/tests/golden/report/case.%s.html", source ? source : ".",
                     language);
    assert_true(n > 0 && n < 4200);
}

static void compare(const Buf *page, const char *language)
{
    char path[4200];
    golden_path(path, language);
    if (getenv("CONSTAT_RECORD_GOLDEN")) {
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        assert_int_equal(fwrite(page->ptr, 1, page->len, file), page->len);
        assert_int_equal(fclose(file), 0);
        return;
    }
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("%s is not there; CONSTAT_RECORD_GOLDEN=1 writes it", path);
    char *line = NULL;
    size_t room = 0, number = 0;
    Text rest = buf_text(page);
    for (ssize_t len; (len = getline(&line, &room, file)) >= 0;) {
        Text expected = text_of(line, (size_t)len - (line[len - 1] == '\n'));
        Text actual = text_cut(&rest, '\n');
        number++;
        if (!text_equal(expected, actual))
            fail_msg("%s:%zu:\nexpected: %.*s\nactual:   %.*s", path, number, (int)expected.len,
                     expected.ptr, (int)actual.len, actual.ptr);
    }
    assert_int_equal(rest.len, 0);
    free(line);
    fclose(file);
}

/* Style and script are not compared, nor what hashes them. */
static void test_golden(void **state)
{
    (void)state;
    for (size_t i = 0; i < REPORT_LANGUAGES; i++) {
        Buf page = report_case_page(&report_case, report_case_tables(), REPORT_LANGUAGE[i]);
        cut_between(&page, "<style>", "</style>");
        cut_between(&page, "<script>", "</script>");
        cut_between(&page, "'sha256-", "'");
        compare(&page, REPORT_LANGUAGE[i]);
        buf_done(&page);
    }
}

static void test_every_kind(void **state)
{
    (void)state;
    bool seen[FINDING_KIND_COUNT] = {false};
    for (size_t i = 0; i < report_case.findings.count; i++)
        seen[report_case.findings.list[i].kind] = true;
    for (unsigned kind = 0; kind < FINDING_KIND_COUNT; kind++)
        if (!seen[kind])
            fail_msg("the case has no finding %s", FINDING_NAME[kind].ptr);
    for (size_t i = 0; i < report_case.findings.count; i++)
        for (size_t k = 0; k < i; k++)
            assert_true(report_case.findings.list[i].id != report_case.findings.list[k].id);
}

/* ---- the same for the same content ---- */

static void test_same(void **state)
{
    (void)state;
    const char *folder = made_folder("backwards");
    ReportCase other;
    report_case_make(folder, schema, true);
    report_case_open(&other, folder);
    other.run = (ReportRun){.when = TIME_NONE, .workers = 64, .is_signed = true};
    for (size_t i = 0; i < REPORT_LANGUAGES; i++) {
        Buf one = report_case_page(&report_case, report_case_tables(), REPORT_LANGUAGE[i]);
        Buf two = report_case_page(&other, report_case_tables(), REPORT_LANGUAGE[i]);
        assert_false(text_equal(buf_text(&one), buf_text(&two)));
        cut_between(&one, "<!-- run data: begin -->", "<!-- run data: end -->");
        cut_between(&two, "<!-- run data: begin -->", "<!-- run data: end -->");
        assert_true(text_equal(buf_text(&one), buf_text(&two)));
        buf_done(&one);
        buf_done(&two);
    }
    report_case_close(&other);
}

/* ---- every word from a catalogue ---- */

/* A catalogue whose texts are their placeholders between two marks. */
#define MARK_OPEN  "\xE2\x9F\xA6"
#define MARK_CLOSE "\xE2\x9F\xA7"

static void write_marked(void)
{
    Arena *arena = arena_create(16 * 1024 * 1024);
    Err err = {0};
    char path[4200];
    Table table;
    Buf out;
    int n = snprintf(path, sizeof path, "%s/report.en.tsv", report_case_tables());
    assert_true(n > 0 && table_load(arena, path, &table, &err));
    buf_init(&out, 1024 * 1024);
    BUF_LITERAL(&out, "key\tform\ttext\n");
    for (size_t row = 0; row < table.row_count; row++) {
        Text key = table_cell(&table, row, 0), text = table_cell(&table, row, 2), literal, name;
        buf_add_text(&out, key);
        buf_add_char(&out, '\t');
        buf_add_text(&out, table_cell(&table, row, 1));
        buf_add_char(&out, '\t');
        bool as_it_is = text_starts(key, TEXT("plural.")) || text_equal(key, TEXT("language"));
        if (as_it_is)
            buf_add_text(&out, text);
        else
            BUF_LITERAL(&out, MARK_OPEN);
        while (!as_it_is && catalogue_part(&text, &literal, &name)) {
            if (name.len == 0)
                continue;
            buf_add_char(&out, '{');
            buf_add_text(&out, name);
            buf_add_char(&out, '}');
        }
        if (!as_it_is)
            BUF_LITERAL(&out, MARK_CLOSE);
        buf_add_char(&out, '\n');
    }
    buf_add_char(&out, '\0');
    fixture_write_file("report.en.tsv", out.ptr);
    buf_done(&out);
    arena_destroy(arena);
}

/* Everything between marks, also nested ones. */
static void cut_marked(Buf *page)
{
    size_t to = 0, depth = 0;
    for (size_t from = 0; from < page->len;) {
        Text rest = text_of(page->ptr + from, page->len - from);
        if (text_starts(rest, TEXT(MARK_OPEN))) {
            depth++;
            from += 3;
        } else if (text_starts(rest, TEXT(MARK_CLOSE))) {
            assert_true(depth > 0);
            depth--;
            from += 3;
        } else if (depth) {
            from++;
        } else {
            page->ptr[to++] = page->ptr[from++];
        }
    }
    assert_int_equal(depth, 0);
    page->len = to;
}

static void test_words(void **state)
{
    (void)state;
    write_marked();
    Buf page = report_case_page(&report_case, fixture_folder(), "en");
    cut_marked(&page);
    static const char *const PAIRS[][2] = {
        {"<style>", "</style>"}, {"<script>", "</script>"}, {"<!", ">"},
        {"<bdi>", "</bdi>"},     {"<code>", "</code>"},     {"<time", "</time>"},
    };
    for (size_t i = 0; i < sizeof PAIRS / sizeof PAIRS[0]; i++)
        cut_between(&page, PAIRS[i][0], PAIRS[i][1]);
    /* Attributes that people read or hear are empty now. */
    static const char *const READ[] = {" title=\"",      " aria-label=\"", " data-filter=\"",
                                       " data-shown=\"", " data-sort=\"",  " alt=\""};
    for (size_t i = 0; i < sizeof READ / sizeof READ[0]; i++) {
        Text rest = buf_text(&page);
        for (size_t at; (at = text_find_text(rest, text_from_z(READ[i]))) != SIZE_MAX;) {
            rest = text_of(rest.ptr + at + strlen(READ[i]), rest.len - at - strlen(READ[i]));
            assert_true(rest.len && rest.ptr[0] == '"');
        }
    }
    cut_between(&page, "<", ">");
    for (size_t i = 0; i < page.len; i++) {
        char c = ascii_lower(page.ptr[i]);
        if ((c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80) {
            size_t begin = i > 40 ? i - 40 : 0, end = i + 40 < page.len ? i + 40 : page.len;
            bool dash = text_starts(text_of(page.ptr + i, page.len - i), TEXT("\xE2\x80\x93"));
            if (!dash)
                fail_msg("not from a catalogue: %.*s", (int)(end - begin), page.ptr + begin);
            i += 2;
        }
    }
    buf_done(&page);
}

static void test_no_holes(void **state)
{
    (void)state;
    for (size_t i = 0; i < REPORT_LANGUAGES; i++) {
        Buf page = report_case_page(&report_case, report_case_tables(), REPORT_LANGUAGE[i]);
        cut_between(&page, "<style>", "</style>");
        cut_between(&page, "<script>", "</script>");
        cut_between(&page, " data-shown=\"", "\"");
        assert_false(has(&page, "{"));
        buf_done(&page);
    }
}

/* ---- hostile evidence ---- */

static const char *const HOSTILE[] = {
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</bdi></td></table><h1>x",
    "</title></style></script>",
    "<!-- run data: begin -->",
    "&lt;b&gt;&amp;",
    "\xE2\x80\xAEgnp.exe",
    "a\xE2\x80\x8B\xEF\xBB\xBFz",
    "\x1b[31mred\x07",
    "{count} {host}",
    "[x](javascript:alert(1))",
    "\xC3\x28",
    "=1+1",
};
#define HOSTILE_COUNT (sizeof HOSTILE / sizeof HOSTILE[0])

static void make_hostile(const char *folder)
{
    ToldCase *told = told_open(folder, schema, NULL, NULL);
    for (size_t i = 0; i < HOSTILE_COUNT; i++) {
        const char *bad = HOSTILE[i];
        char path[256];
        int n = snprintf(path, sizeof path, "%s/%zu", bad, i);
        assert_true(n > 0);
        told_item(told, &(ToldItem){.path = path, .layout_host = bad, .format = bad});
        for (uint64_t k = 0; k < 3; k++)
            told_event(told, &(ToldEvent){.time = told_time((int64_t)k * 60),
                                          .host = bad,
                                          .channel = bad,
                                          .provider = bad,
                                          .code = bad,
                                          .record = 1 + k * 5,
                                          .fields = {{bad, bad}}});
        told_event(told, &(ToldEvent){.time = told_time(100),
                                      .host = bad,
                                      .channel = "Security",
                                      .provider = "Microsoft-Windows-Eventlog",
                                      .code = "1102",
                                      .record = 50,
                                      .fields = {{"LogFileCleared.SubjectUserName", bad},
                                                 {"LogFileCleared.SubjectDomainName", bad}}});
        told_defect(told, DEFECT_DAMAGE, i, bad);
    }
    (void)told_close(told);
}

/* Tags and attributes that this program writes. */
static void check_tags(const Buf *page)
{
    Text rest = buf_text(page);
    for (size_t at; (at = text_find(rest, '<')) < rest.len;) {
        Text tag = text_of(rest.ptr + at, rest.len - at);
        size_t end = text_find(tag, '>');
        assert_true(end < tag.len);
        Text inside = text_of(tag.ptr, end);
        assert_true(text_find_text(inside, TEXT(" on")) == SIZE_MAX);
        assert_true(text_find_text(inside, TEXT("javascript:")) == SIZE_MAX);
        assert_false(text_starts(tag, TEXT("<img")));
        size_t href = text_find_text(inside, TEXT("href=\""));
        if (href != SIZE_MAX)
            assert_int_equal(inside.ptr[href + 6], '#');
        rest = text_of(tag.ptr + end + 1, tag.len - end - 1);
    }
}

static void test_hostile(void **state)
{
    (void)state;
    const char *folder = made_folder("hostile");
    ReportCase hostile;
    make_hostile(folder);
    report_case_open(&hostile, folder);
    hostile.run.person = text_from_z(HOSTILE[0]);
    hostile.run.command = text_from_z(HOSTILE[1]);
    for (size_t i = 0; i < REPORT_LANGUAGES; i++) {
        Buf page = report_case_page(&hostile, report_case_tables(), REPORT_LANGUAGE[i]);
        assert_true(text_is_utf8(buf_text(&page), UTF8_STRICT));
        assert_int_equal(count_of(&page, "<script"), 1);
        assert_int_equal(count_of(&page, "</script"), 1);
        assert_int_equal(count_of(&page, "</style"), 1);
        assert_int_equal(count_of(&page, "<h1"), 1);
        assert_int_equal(count_of(&page, "<!-- run data: begin -->"), 1);
        assert_false(has(&page, "\xE2\x80\xAE"));
        assert_false(has(&page, "\xE2\x80\x8B"));
        assert_true(has(&page, "\\u202e"));
        assert_true(has(&page, "\\x1b"));
        assert_true(has(&page, "&lt;script&gt;alert(1)"));
        assert_true(has(&page, "{count} {host}"));
        for (size_t c = 0; c < page.len; c++)
            assert_true((unsigned char)page.ptr[c] >= 0x20 || page.ptr[c] == '\n');
        cut_between(&page, "<style>", "</style>");
        cut_between(&page, "<script>", "</script>");
        check_tags(&page);
        assert_int_equal(count_of(&page, "<td"), count_of(&page, "</td>"));
        assert_int_equal(count_of(&page, "<th"), count_of(&page, "</th"));
        assert_int_equal(count_of(&page, "<tr"), count_of(&page, "</tr>"));
        buf_done(&page);
    }
    report_case_close(&hostile);
}

/* ---- more than a page shows ---- */

static void test_limits(void **state)
{
    (void)state;
    enum { ITEMS = REPORT_ITEMS_MAX + 10 };
    StoredItem *stored = calloc(ITEMS, sizeof *stored);
    SurveyItem *items = calloc(ITEMS, sizeof *items);
    Survey survey = {.items = items, .item_count = ITEMS};
    SurveyDefect defect = {.item = ITEMS - 1, .offset = ERR_NO_OFFSET, .text = TEXT("cut off")};
    ReportCase made = report_case;
    assert_non_null(stored);
    assert_non_null(items);
    for (uint32_t i = 0; i < ITEMS; i++) {
        stored[i].path = TEXT("some/item");
        stored[i].id.bytes[0] = (uint8_t)i;
        stored[i].state = ITEM_DONE;
        items[i] = (SurveyItem){
            .stored = &stored[i], .container = SURVEY_NONE, .first = TIME_NONE, .last = TIME_NONE};
    }
    items[ITEMS - 1].container = ITEMS - 2;
    survey.totals.extent = EXTENT_NONE;
    survey.totals.items_by_state[ITEM_DONE] = ITEMS;
    survey.defects = &defect;
    survey.defects_count = 1;
    survey.defects_further.rows = 7;
    survey.totals.notes = 8;
    made.survey = &survey;
    made.report.survey = &survey;
    made.findings = (Findings){.count = 0};
    made.report.findings = &made.findings;
    Buf page = report_case_page(&made, report_case_tables(), "en");
    assert_true(has(&page, "<tr id=\"i5000\">"));
    assert_false(has(&page, "<tr id=\"i5001\">"));
    assert_true(has(&page, "<tr id=\"i5009\">")); /* the container of what is cited */
    assert_true(has(&page, "<tr id=\"i5010\">"));
    assert_true(has(&page, "8 more items are not shown."));
    assert_true(has(&page, "7 more messages are not shown."));
    buf_done(&page);
    free(stored);
    free(items);
}

static void test_empty(void **state)
{
    (void)state;
    const char *folder = made_folder("nothing");
    ReportCase empty;
    (void)told_close(told_open(folder, schema, NULL, NULL));
    report_case_open(&empty, folder);
    for (size_t i = 0; i < REPORT_LANGUAGES; i++) {
        Buf page = report_case_page(&empty, report_case_tables(), REPORT_LANGUAGE[i]);
        assert_true(has(&page, "</html>"));
        buf_done(&page);
    }
    report_case_close(&empty);
}

static bool no_room(void *ctx, Span bytes, Err *err)
{
    size_t *left = ctx;
    if (bytes.len > *left)
        return err_set(err, ERR_IO, ERR_NO_OFFSET, "no room");
    *left -= bytes.len;
    return true;
}

static void test_write_fails(void **state)
{
    (void)state;
    Err err = {0};
    const char *tables = report_case_tables();
    Catalogue *catalogue = catalogue_load(&tables, 1, "fr", &err);
    assert_non_null(catalogue);
    for (size_t room = 0; room < 100000; room += 70000) {
        size_t left = room;
        err = (Err){0};
        assert_false(report_write(&report_case.report, catalogue, no_room, &left, &err));
        assert_int_equal(err.code, ERR_IO);
        assert_string_equal(err.text, "no room");
    }
    catalogue_destroy(catalogue);
}

static bool count_bytes(void *ctx, Span bytes, Err *err)
{
    (void)err;
    *(size_t *)ctx += bytes.len;
    return true;
}

static void test_no_memory(void **state)
{
    (void)state;
    const char *tables = report_case_tables();
    for (size_t n = 1;; n++) {
        Err err = {0};
        size_t written = 0;
        alloc_fail_at(n);
        Catalogue *catalogue = catalogue_load(&tables, 1, "en", &err);
        bool ok =
            catalogue && report_write(&report_case.report, catalogue, count_bytes, &written, &err);
        bool refused = alloc_fail_over();
        catalogue_destroy(catalogue);
        assert_int_equal(ok, !refused);
        assert_true(ok || err.code != ERR_NONE);
        if (!refused)
            break;
        assert_true(n < 10000);
    }
}

static void test_detections_no_memory(void **state)
{
    (void)state;
    for (size_t n = 1;; n++) {
        Err err = {0};
        alloc_fail_at(n);
        Detections *detections = detections_make(report_case.store, report_case.survey,
                                                 &report_case.report.content, &err);
        bool refused = alloc_fail_over();
        assert_true(detections || (refused && err.code != ERR_NONE));
        if (detections)
            assert_int_equal(detections->count, report_case.detections->count);
        detections_destroy(detections);
        if (!refused)
            break;
        assert_true(n < 10000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_every_kind),
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_no_holes),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_write_fails),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_detections_no_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
