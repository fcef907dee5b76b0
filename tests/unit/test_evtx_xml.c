/* evtx_xml: every exporter's XML gives the fields and times that its golden file says; damage is
 * told and stepped over; limits hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "alloc_fail.h"
#include "event_lines.h"
#include "format/evtx_xml_event.h"
#include "format/format.h"
#include "golden_files.h"
#include "mutate.h"

extern const Format evtx_xml_format;

static const FormatOptions OPTIONS = {.recover = false};

static Span span_z(const char *text)
{
    return span_of(text, strlen(text));
}

static void gives_what_is_expected(void **state)
{
    (void)state;
    GoldenFiles files;
    golden_open(&files, "evtx_xml");
    for (size_t i = 0; i < files.count; i++) {
        EventLines lines = event_lines_run(&evtx_xml_format, files.list[i].input, &OPTIONS, 0);
        assert_true(lines.ok);
        assert_false(lines.bad_batch);
        golden_check(&files, i, buf_text(&lines.text));
        event_lines_done(&lines);
    }
    golden_close(&files);
}

static void knows_its_own(void **state)
{
    (void)state;
    GoldenFiles files;
    golden_open(&files, "evtx_xml");
    for (size_t i = 0; i < files.count; i++) {
        Confidence confidence = evtx_xml_format.probe(files.list[i].input, files.list[i].input.len);
        if (confidence != CONFIDENCE_CERTAIN)
            fail_msg("%s is not recognised", files.list[i].name);
    }
    golden_close(&files);
    const char *bare = "<Event><System><EventID>1</EventID></System></Event>";
    assert_int_equal(evtx_xml_format.probe(span_z(bare), strlen(bare)), CONFIDENCE_LIKELY);
}

static void leaves_others_alone(void **state)
{
    (void)state;
    static const char *const OTHERS[] = {
        "",
        "<",
        "<?xml version=\"1.0\"?><root/>",
        "<Events><Event name=\"party\"/></Events>",
        "text about <Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>",
        "{\"xml\":\"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>\"}",
        "\xFF\xFE",
        "\xFF\xFEx\0y\0",
    };
    for (size_t i = 0; i < sizeof OTHERS / sizeof OTHERS[0]; i++)
        if (evtx_xml_format.probe(span_z(OTHERS[i]), strlen(OTHERS[i])) != CONFIDENCE_NONE)
            fail_msg("taken for Windows events: %s", OTHERS[i]);
}

static void survives_damage(void **state)
{
    (void)state;
    GoldenFiles files;
    golden_open(&files, "evtx_xml");
    MutateResult sum = {0};
    for (size_t i = 0; i < files.count; i++) {
        MutateResult one = mutate_all(&evtx_xml_format, files.list[i].name, files.list[i].input);
        sum.runs += one.runs;
        sum.fewer += one.fewer;
    }
    golden_close(&files);
    print_message("%zu damaged files, %zu gave fewer events\n", sum.runs, sum.fewer);
    assert_true(sum.fewer > 0);
}

#define OPEN  "<Event><System><EventID>1</EventID></System><EventData>"
#define CLOSE "</EventData></Event>\n"

/* One event with `middle` in its EventData between two good ones. */
static void assert_stepped_over(Buf *middle, const char *word)
{
    Buf item;
    buf_init(&item, 256u << 20);
    BUF_LITERAL(&item, OPEN CLOSE);
    buf_add_text(&item, buf_text(middle));
    BUF_LITERAL(&item, OPEN CLOSE);
    assert_false(item.failed);
    EventLines lines = event_lines_run(&evtx_xml_format, buf_span(&item), &OPTIONS, 0);
    assert_true(lines.ok);
    assert_int_equal(lines.events, 2);
    assert_int_equal(lines.damages, 1);
    if (text_find_text(buf_text(&lines.text), text_from_z(word)) == SIZE_MAX)
        fail_msg("no word of \"%s\" in %.*s", word, (int)lines.text.len, lines.text.ptr);
    event_lines_done(&lines);
    buf_done(&item);
    buf_clear(middle);
}

static void fill_text(Buf *out, size_t size)
{
    char *room = buf_reserve(out, size);
    assert_non_null(room);
    memset(room, 'x', size);
    out->len += size;
}

static void limits_one_event(void **state)
{
    (void)state;
    Buf middle;
    buf_init(&middle, 128u << 20);
    BUF_LITERAL(&middle, OPEN);
    for (int i = 0; i < XML_DEPTH_MAX; i++)
        BUF_LITERAL(&middle, "<a>");
    BUF_LITERAL(&middle, CLOSE);
    assert_stepped_over(&middle, "nested too deep");

    BUF_LITERAL(&middle, OPEN "<Data>");
    fill_text(&middle, (size_t)XML_TEXT_MAX + 1);
    BUF_LITERAL(&middle, "</Data>" CLOSE);
    assert_stepped_over(&middle, "too much text");

    BUF_LITERAL(&middle, OPEN);
    for (int i = 0; i < 5; i++) {
        BUF_LITERAL(&middle, "<Data>");
        fill_text(&middle, XML_TEXT_MAX - 100);
        BUF_LITERAL(&middle, "</Data>");
    }
    BUF_LITERAL(&middle, CLOSE);
    assert_stepped_over(&middle, "too long");

    BUF_LITERAL(&middle, OPEN "<Data>");
    for (int i = 0; i < 70000; i++)
        buf_add_char(&middle, '\x01');
    BUF_LITERAL(&middle, "</Data>" CLOSE);
    assert_stepped_over(&middle, "too many control characters");

    BUF_LITERAL(&middle, OPEN);
    for (int i = 0; i < 70000; i++)
        BUF_LITERAL(&middle, "<Data/>");
    BUF_LITERAL(&middle, CLOSE);
    assert_stepped_over(&middle, "left out");
    buf_done(&middle);
}

static void assert_field(const char *input, const char *field)
{
    EventLines lines = event_lines_run(&evtx_xml_format, span_z(input), &OPTIONS, 0);
    assert_true(lines.ok);
    assert_int_equal(lines.damages, 0);
    if (text_find_text(buf_text(&lines.text), text_from_z(field)) == SIZE_MAX)
        fail_msg("%s not in %.*s", field, (int)lines.text.len, lines.text.ptr);
    event_lines_done(&lines);
}

static void keeps_text_as_it_is(void **state)
{
    (void)state;
    assert_field(OPEN "<Data Name='k'>  a\r\nb\rc\n </Data>" CLOSE,
                 "[\"k\",\"  a\\r\\nb\\rc\\n \"]");
    assert_field(OPEN "<Data Name='k'>&#9;&#x3;&#31;\x02&#x0a;</Data>" CLOSE,
                 "[\"k\",\"\\t\\u0003\\u001F\\u0002\\n\"]");
    assert_field(OPEN "<Data Name='k'>a<!-- no --><![CDATA[<b>&]]>c</Data>" CLOSE,
                 "[\"k\",\"a<b>&c\"]");
    assert_field(OPEN "<Data Name='a&amp;b'>&lt;&gt;&quot;&apos;</Data>" CLOSE,
                 "[\"a&b\",\"<>\\\"'\"]");
    assert_field("<Event><System><EventID>1</EventID></System><UserData><X><Event>inner</Event></X>"
                 "</UserData></Event>",
                 "[\"X.Event\",\"inner\"]");
}

/* Forbidden characters and line ends wherever the reader's pieces and window end. */
static void keeps_text_across_windows(void **state)
{
    (void)state;
    Buf item, expected;
    buf_init(&item, 8u << 20);
    buf_init(&expected, 8u << 20);
    for (unsigned shift = 0; shift < 13; shift++) {
        buf_clear(&item);
        buf_clear(&expected);
        BUF_LITERAL(&item, OPEN "<Data Name='k'>");
        BUF_LITERAL(&expected, "[\"k\",\"");
        for (unsigned i = 0; i < shift; i++) {
            buf_add_char(&item, 'z');
            buf_add_char(&expected, 'z');
        }
        for (unsigned i = 0; i < 30000; i++) {
            BUF_LITERAL(&item, "x\r\n\x03&#x1;y\r");
            BUF_LITERAL(&expected, "x\\r\\n\\u0003\\u0001y\\r");
        }
        BUF_LITERAL(&item, "</Data>" CLOSE);
        buf_add_char(&item, '\0');
        BUF_LITERAL(&expected, "\"]");
        buf_add_char(&expected, '\0');
        assert_field(item.ptr, expected.ptr);
    }
    buf_done(&item);
    buf_done(&expected);
}

static void survives_without_memory(void **state)
{
    (void)state;
    const char *input = OPEN "<Data Name='k'>\x03</Data>" CLOSE OPEN CLOSE;
    for (size_t n = 1;; n++) {
        alloc_fail_at(n);
        EventLines lines = event_lines_run(&evtx_xml_format, span_z(input), &OPTIONS, 0);
        bool refused = alloc_fail_over();
        if (!refused)
            assert_int_equal(lines.events, 2);
        assert_false(lines.bad_batch);
        event_lines_done(&lines);
        if (!refused)
            break;
        assert_true(n < 10000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_what_is_expected),    cmocka_unit_test(knows_its_own),
        cmocka_unit_test(leaves_others_alone),       cmocka_unit_test(survives_damage),
        cmocka_unit_test(limits_one_event),          cmocka_unit_test(keeps_text_as_it_is),
        cmocka_unit_test(keeps_text_across_windows), cmocka_unit_test(survives_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
