/* test_evtx_hostile: small EVTX files that unfold into far more than they are, or that end where
 * they should not. Each is read in bounded time, the same both ways, and what is left out is said.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture.h"
#include "evtx_writer.h"
#include "format/evtx/chunk.h"
#include "format/evtx/evtx.h"
#include "writer_gallery.h"
#include "writer_value.h"

#define SECONDS_MAX 60 /* far more than needed, far less than what is tested against */

static bool compiled_lines(const Input *in, const FormatOptions *options, Sink *sink,
                           const LineOut *out, Err *err)
{
    return evtx_read(in, options, sink, out, EVTX_COMPILED, err);
}

static bool general_lines(const Input *in, const FormatOptions *options, Sink *sink,
                          const LineOut *out, Err *err)
{
    return evtx_read(in, options, sink, out, EVTX_GENERAL, err);
}

static bool compiled_events(const Input *in, const FormatOptions *options, Sink *sink, Err *err)
{
    return evtx_read(in, options, sink, NULL, EVTX_COMPILED, err);
}

static bool general_events(const Input *in, const FormatOptions *options, Sink *sink, Err *err)
{
    return evtx_read(in, options, sink, NULL, EVTX_GENERAL, err);
}

static const FormatOptions PLAIN = {0};

/* A file of one record, whose tree `describe` makes below <Event>. */
static WriterBytes one_record(void (*describe)(WriterTree *tree, WriterNode *event))
{
    WriterBytes file = {0};
    EvtxWriter *writer = evtx_writer_create((EvtxWriterOptions){0});
    WriterTree *tree = writer_tree_create();
    assert_non_null(writer);
    assert_non_null(tree);
    describe(tree, writer_element(writer_tree_root(tree), "Event"));
    assert_true(evtx_writer_add(writer, tree, (EvtxRecordSpec){.id = 7, .written = 1}));
    assert_true(evtx_writer_finish(writer));
    file = writer->file;
    writer->file = (WriterBytes){0};
    writer_tree_destroy(tree);
    evtx_writer_destroy(writer);
    return file;
}

typedef struct Readings {
    Capture lines, events;
} Readings;

/* As lines and as events; the general way must give the same. */
static Readings read_both(void (*describe)(WriterTree *tree, WriterNode *event))
{
    WriterBytes file = one_record(describe);
    Input in = input_from_memory(span_of(file.ptr, file.len));
    alarm(SECONDS_MAX);
    Readings ret = {.lines = capture_run(NULL, compiled_lines, NULL, &in, &PLAIN),
                    .events = capture_run(compiled_events, NULL, NULL, &in, &PLAIN)};
    Capture lines = capture_run(NULL, general_lines, NULL, &in, &PLAIN);
    Capture events = capture_run(general_events, NULL, NULL, &in, &PLAIN);
    alarm(0);
    assert_true(capture_equal(&ret.lines, &lines));
    assert_true(capture_equal(&ret.events, &events));
    assert_true(ret.lines.ok && ret.events.ok);
    assert_false(ret.events.bad_batch);
    assert_int_equal(ret.lines.events, 1);
    assert_int_equal(ret.events.events, 1);
    capture_done(&lines);
    capture_done(&events);
    writer_bytes_done(&file);
    return ret;
}

static void readings_done(Readings *readings)
{
    capture_done(&readings->lines);
    capture_done(&readings->events);
}

static size_t count_text(const Buf *buf, const char *needle)
{
    Text rest = buf_text(buf), wanted = text_from_z(needle);
    size_t count = 0, at;
    for (; (at = text_find_text(rest, wanted)) != SIZE_MAX; count++)
        rest = text_of(rest.ptr + at + wanted.len, rest.len - at - wanted.len);
    return count;
}

/* `count` substitutions of one value. */
static void add_uses(WriterNode *parent, uint16_t slot, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        writer_set_slot(writer_value(parent, WRITER_NORMAL, writer_null()), slot);
}

static WriterValue repeated(WriterTree *tree, uint8_t type, uint8_t byte, size_t size)
{
    uint8_t *bytes = writer_tree_alloc(tree, size);
    assert_non_null(bytes);
    memset(bytes, byte, size);
    return writer_bytes_value(tree, type, bytes, size);
}

/* ---- room ---- */

#define CONTROLS 20000

static void controls_of_8_bits(WriterTree *tree, WriterNode *event)
{
    writer_data(writer_element(event, "EventData"), "Text",
                repeated(tree, WRITER_ANSI, 1, CONTROLS));
}

/* One byte becomes six. */
static void control_characters_have_room(void **state)
{
    (void)state;
    Readings readings = read_both(controls_of_8_bits);
    assert_int_equal(count_text(&readings.lines.output, "\\u0001"), CONTROLS);
    readings_done(&readings);
}

#define LONG_TEXT 30000

static void long_text(WriterTree *tree, WriterNode *event)
{
    WriterNode *element = writer_element(writer_element(event, "UserData"), "Text");
    WriterValue value = repeated(tree, WRITER_STRING, 0, 2 * LONG_TEXT);
    uint8_t *units = writer_tree_alloc(tree, 2 * LONG_TEXT);
    for (size_t i = 0; i < 2 * LONG_TEXT; i += 2)
        units[i] = 'x';
    value.bytes = units;
    writer_set_slot(writer_value(element, WRITER_NORMAL, value), 0);
    add_uses(element, 0, 16u * 1024 * 1024 / LONG_TEXT);
}

/* Just over 16 MiB of text: the record's values cannot be shown, and that is damage. */
static void too_long_a_record_is_named(void **state)
{
    (void)state;
    Readings readings = read_both(long_text);
    assert_int_equal(readings.lines.damages, 1);
    assert_int_equal(readings.events.damages, 1);
    assert_int_equal(count_text(&readings.lines.output, "\"EventRecordID\":7"), 1);
    readings_done(&readings);
}

/* ---- time ---- */

static void nested_values(WriterTree *tree, WriterNode *event)
{
    WriterNode *parent = event;
    (void)tree;
    for (unsigned level = 0; level < 12; level++) {
        WriterNode *nested = writer_fragment(parent, WRITER_INSTANCE);
        writer_set_slot(nested, 0);
        add_uses(parent, 0, 40);
        parent = nested;
    }
}

/* 40 to the power of 12 empty documents. */
static void documents_in_documents_end(void **state)
{
    (void)state;
    Readings readings = read_both(nested_values);
    assert_int_equal(readings.lines.damages, 1);
    assert_int_equal(readings.events.damages, 1);
    readings_done(&readings);
}

static void many_lists(WriterTree *tree, WriterNode *event)
{
    WriterNode *element = writer_element(writer_element(event, "UserData"), "Item");
    WriterValue value = repeated(tree, WRITER_ARRAY | WRITER_UINT8, 5, 2);
    writer_set_slot(writer_value(element, WRITER_NORMAL, value), 0);
    add_uses(element, 0, 4000);
}

/* An element repeats for each item of each list: 2 to the power of 4000. */
static void lists_in_one_element_end(void **state)
{
    (void)state;
    Readings readings = read_both(many_lists);
    assert_int_equal(readings.lines.damages, 1);
    assert_int_equal(readings.events.damages, 1);
    readings_done(&readings);
}

static void two_lists(WriterTree *tree, WriterNode *event)
{
    static const uint8_t ITEMS[] = {1, 2, 3};
    WriterNode *element = writer_element(writer_element(event, "UserData"), "Item");
    WriterValue value = writer_bytes_value(tree, WRITER_ARRAY | WRITER_UINT8, ITEMS, sizeof ITEMS);
    writer_set_slot(writer_value(element, WRITER_NORMAL, value), 0);
    add_uses(element, 0, 1);
}

static void two_lists_give_every_pair(void **state)
{
    (void)state;
    Readings readings = read_both(two_lists);
    assert_int_equal(readings.lines.damages, 0);
    assert_int_equal(count_text(&readings.lines.output, "\"Item"), 9);
    assert_int_equal(count_text(&readings.lines.output, "\"Item_8\":\"33\""), 1);
    readings_done(&readings);
}

#define SIBLINGS 170 /* times itself times three: near the limit of elements */

static void many_siblings(WriterTree *tree, WriterNode *event)
{
    WriterNode *part = writer_element(event, "UserData");
    WriterNode *outer = writer_fragment(part, WRITER_INSTANCE);
    (void)tree;
    writer_set_slot(outer, 0);
    add_uses(part, 0, SIBLINGS - 1);
    WriterNode *inner = writer_fragment(outer, WRITER_INSTANCE);
    writer_set_slot(inner, 0);
    add_uses(outer, 0, SIBLINGS - 1);
    writer_element(inner, "A");
    writer_element(inner, "B");
    writer_text(writer_attribute(writer_element(inner, "Data"), "Name"), "C");
}

/* Equal names are numbered without a look at all earlier siblings each time. */
static void siblings_are_numbered_quickly(void **state)
{
    (void)state;
    WriterBytes file = one_record(many_siblings);
    Input in = input_from_memory(span_of(file.ptr, file.len));
    alarm(SECONDS_MAX / 10);
    Capture lines = capture_run(NULL, compiled_lines, NULL, &in, &PLAIN);
    alarm(0);
    assert_int_equal(lines.damages, 0);
    assert_int_equal(count_text(&lines.output, "\"A\":null"), 1);
    assert_int_equal(count_text(&lines.output, "\"B_28899\":null"), 1);
    assert_int_equal(count_text(&lines.output, "\"C_28899\":\"\""), 1);
    capture_done(&lines);
    writer_bytes_done(&file);
}

/* ---- oddities ---- */

static void list_of_documents(WriterTree *tree, WriterNode *event)
{
    writer_data(writer_element(event, "EventData"), "Odd",
                repeated(tree, WRITER_ARRAY | WRITER_BINXML, 0xAB, 4));
}

/* The format knows no such list; its bytes are kept. */
static void list_of_documents_is_bytes(void **state)
{
    (void)state;
    Readings readings = read_both(list_of_documents);
    assert_int_equal(readings.lines.damages, 0);
    assert_int_equal(count_text(&readings.lines.output, "\"Odd\":\"ABABABAB\""), 1);
    readings_done(&readings);
}

/* ---- elements that depend on a value ---- */

/* As the old API writes events: Data and Binary without a name, each only if it has a value. */
static void add_classic(WriterNode *event, WriterValue data, WriterValue binary)
{
    WriterNode *part = writer_element(event, "EventData");
    writer_value(writer_element(part, "Data"), WRITER_OPTIONAL, data);
    writer_value(writer_element(part, "Binary"), WRITER_OPTIONAL, binary);
}

static void classic(WriterTree *tree, WriterNode *event)
{
    add_classic(event, writer_string(tree, "text"), repeated(tree, WRITER_BINARY, 0xAB, 2));
}

static void classic_without_data(WriterTree *tree, WriterNode *event)
{
    add_classic(event, writer_null(), repeated(tree, WRITER_BINARY, 0xAB, 2));
}

static void classic_without_binary(WriterTree *tree, WriterNode *event)
{
    add_classic(event, repeated(tree, WRITER_ARRAY | WRITER_UINT8, 7, 3), writer_null());
}

static void classic_with_empty_data(WriterTree *tree, WriterNode *event)
{
    add_classic(event, writer_string(tree, ""), writer_null());
}

static void classic_without_anything(WriterTree *tree, WriterNode *event)
{
    (void)tree;
    add_classic(event, writer_null(), writer_null());
}

/* One depends on the value of the other, and on a value that is not there. */
static void crossed(WriterTree *tree, WriterNode *event)
{
    WriterNode *part = writer_element(event, "EventData");
    static const char *const NAMES[] = {"a", "b", "c"};
    for (uint16_t i = 0; i < 3; i++) {
        WriterNode *data = writer_element(part, "Data");
        writer_text(writer_attribute(data, "Name"), NAMES[i]);
        WriterValue value = i == 1 ? writer_null() : writer_string(tree, NAMES[i]);
        writer_value(data, WRITER_NORMAL, value);
        writer_set_dependency(data, i < 2 ? 1 - i : 9);
    }
}

static void dependent_elements(void **state)
{
    (void)state;
    static const struct {
        void (*describe)(WriterTree *tree, WriterNode *event);
        const char *json;
    } CASES[] = {
        {classic, "\"EventData\":{\"Data\":{\"#text\":\"text\"},\"Binary\":\"ABAB\"}"},
        {classic_without_data, "\"EventData\":{\"Binary\":\"ABAB\"}"},
        {classic_without_binary, "\"EventData\":{\"Data\":{\"#text\":[7,7,7]}}"},
        {classic_with_empty_data, "\"EventData\":{\"Data\":{\"#text\":\"\"}}"},
        {classic_without_anything, "\"EventData\":null"},
        {crossed, "\"EventData\":{\"b\":\"\",\"c\":\"c\"}"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        Readings readings = read_both(CASES[i].describe);
        if (count_text(&readings.lines.output, CASES[i].json) != 1)
            fail_msg("case %zu: %.*s", i, (int)readings.lines.output.len,
                     readings.lines.output.ptr);
        readings_done(&readings);
    }
}

/* Three chunks, of which fewer can be read than the item's size promises. */
static void missing_bytes_are_an_error(void **state)
{
    (void)state;
    EvtxWriter *writer = evtx_writer_create((EvtxWriterOptions){0});
    assert_non_null(writer);
    for (uint64_t id = 1; id <= 3; id++) {
        WriterTree *tree = writer_tree_create();
        writer_element(writer_tree_root(tree), "Event");
        assert_true(evtx_writer_add(writer, tree, (EvtxRecordSpec){.id = id, .written = 1}));
        evtx_writer_end_chunk(writer);
        writer_tree_destroy(tree);
    }
    assert_true(evtx_writer_finish(writer));
    for (size_t whole = 0; whole < 3; whole++)
        for (size_t more = 0; more <= 600; more += 600) {
            Input in = input_from_memory(span_of(writer->file.ptr, writer->file.len));
            in.memory.len = EVTX_FILE_HEADER + whole * EVTX_CHUNK_SIZE + more;
            Capture lines = capture_run(NULL, compiled_lines, NULL, &in, &PLAIN);
            assert_false(lines.ok);
            assert_int_equal(lines.err.code, ERR_IO);
            assert_int_equal(lines.err.offset, in.memory.len);
            capture_done(&lines);
        }
    evtx_writer_destroy(writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_characters_have_room),
        cmocka_unit_test(too_long_a_record_is_named),
        cmocka_unit_test(two_lists_give_every_pair),
        cmocka_unit_test(list_of_documents_is_bytes),
        cmocka_unit_test(dependent_elements),
        cmocka_unit_test(missing_bytes_are_an_error),
        cmocka_unit_test(siblings_are_numbered_quickly),
        cmocka_unit_test(lists_in_one_element_end),
        cmocka_unit_test(documents_in_documents_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
