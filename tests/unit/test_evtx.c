/* test_evtx: the EVTX reader over the gallery of small files that tests/support makes: record
 * counts, named damage, the two ways of reading against each other, recovery. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture.h"
#include "format/evtx/chunk.h"
#include "format/evtx/evtx.h"
#include "writer_gallery.h"

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
static const FormatOptions RECOVER = {.recover = true};

static Capture lines_of(Span file, const FormatOptions *options)
{
    Input in = input_from_memory(file);
    return capture_run(NULL, compiled_lines, NULL, &in, options);
}

static WriterBytes make(const char *name)
{
    WriterBytes file = {0};
    for (size_t i = 0; i < gallery_count(); i++)
        if (strcmp(gallery_entry(i)->name, name) == 0) {
            assert_true(gallery_make(gallery_entry(i), &file));
            return file;
        }
    fail_msg("no gallery entry %s", name);
    return file;
}

static Span span_of_file(const WriterBytes *file)
{
    return span_of(file->ptr, file->len);
}

static bool has_text(const Buf *buf, const char *needle)
{
    return text_find_text(buf_text(buf), text_from_z(needle)) != SIZE_MAX;
}

static void gallery_record_counts(void **state)
{
    (void)state;
    for (size_t i = 0; i < gallery_count(); i++) {
        const GalleryEntry *entry = gallery_entry(i);
        WriterBytes file = {0};
        assert_true(gallery_make(entry, &file));
        Capture lines = lines_of(span_of_file(&file), &PLAIN);
        if (lines.events != entry->records)
            fail_msg("%s: %u records expected, %u found", entry->name, entry->records,
                     (unsigned)lines.events);
        if (entry->state == GALLERY_SOUND && lines.damages)
            fail_msg("%s is sound, but: %.*s", entry->name, (int)lines.defects.len,
                     lines.defects.ptr);
        if (entry->state == GALLERY_DAMAGED && lines.damages + lines.notes == 0)
            fail_msg("%s is damaged, and nothing was said", entry->name);
        capture_done(&lines);
        writer_bytes_done(&file);
    }
}

static void both_ways_agree(void **state)
{
    (void)state;
    const FormatOptions *options[] = {&PLAIN, &RECOVER};
    for (size_t i = 0; i < gallery_count(); i++)
        for (size_t k = 0; k < 2; k++) {
            WriterBytes file = {0};
            assert_true(gallery_make(gallery_entry(i), &file));
            Input in = input_from_memory(span_of_file(&file));
            Capture a = capture_run(NULL, compiled_lines, NULL, &in, options[k]);
            Capture b = capture_run(NULL, general_lines, NULL, &in, options[k]);
            Capture c = capture_run(compiled_events, NULL, NULL, &in, options[k]);
            Capture d = capture_run(general_events, NULL, NULL, &in, options[k]);
            if (!capture_equal(&a, &b) || !capture_equal(&c, &d))
                fail_msg("%s: compiled and general way differ", gallery_entry(i)->name);
            assert_false(c.bad_batch);
            assert_int_equal(a.events, c.events);
            capture_done(&a);
            capture_done(&b);
            capture_done(&c);
            capture_done(&d);
            writer_bytes_done(&file);
        }
}

/* Values as JSON, in the shape that the reference readers agree on. */
static void values_as_json(void **state)
{
    static const struct {
        const char *entry, *expected;
    } CASES[] = {
        {"value_integers", "\"Int8\":[-128,127]"},
        {"value_integers", "[0,18446744073709551615]"},
        {"value_integers", "[\"0x3e7\",\"0x8020000000000000\"]"},
        {"value_integers", "[false,true]"},
        {"value_floats", "\"NaN\""},
        {"value_floats", "\"inf\""},
        {"bad_strings", "\\uD8"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        WriterBytes file = make(CASES[i].entry);
        Capture lines = lines_of(span_of_file(&file), &PLAIN);
        if (!has_text(&lines.output, CASES[i].expected))
            fail_msg("%s: no %s in %.*s", CASES[i].entry, CASES[i].expected, (int)lines.output.len,
                     lines.output.ptr);
        capture_done(&lines);
        writer_bytes_done(&file);
    }
}

/* Recovered records carry their class, and never change what is live. */
static void recovery_is_told_apart(void **state)
{
    (void)state;
    unsigned recovered_somewhere = 0;
    for (size_t i = 0; i < gallery_count(); i++) {
        WriterBytes file = {0};
        assert_true(gallery_make(gallery_entry(i), &file));
        Capture plain = lines_of(span_of_file(&file), &PLAIN);
        Capture recovered = lines_of(span_of_file(&file), &RECOVER);
        unsigned marked = 0, live_marked = 0;
        Text rest = buf_text(&recovered.output), live = buf_text(&plain.output);
        while (rest.len)
            marked += text_find_text(text_cut(&rest, '\n'), TEXT("\"#class\":\"")) != SIZE_MAX;
        while (live.len)
            live_marked += text_find_text(text_cut(&live, '\n'), TEXT("\"#class\":\"")) != SIZE_MAX;
        assert_int_equal(recovered.events - marked, plain.events - live_marked);
        recovered_somewhere += marked > live_marked;
        capture_done(&plain);
        capture_done(&recovered);
        writer_bytes_done(&file);
    }
    assert_true(recovered_somewhere >= 2);
}

static void probe_knows_the_family(void **state)
{
    (void)state;
    static const uint8_t EVT[] = {0x30, 0, 0, 0, 'L', 'f', 'L', 'e', 1, 0, 0, 0};
    const Format *tie;
    WriterBytes file = make("minimal");
    assert_string_equal(format_identify(span_of_file(&file), file.len, &tie)->name, "evtx");
    assert_null(tie);
    memset(file.ptr, 0, 8); /* the file header is lost, the chunk is there */
    assert_string_equal(format_identify(span_of_file(&file), file.len, &tie)->name, "evtx");
    Capture lines = lines_of(span_of_file(&file), &PLAIN);
    assert_int_equal(lines.events, 1);
    assert_int_equal(lines.damages, 1);
    capture_done(&lines);
    assert_string_equal(format_identify(span_of(EVT, sizeof EVT), sizeof EVT, &tie)->name, "evt");
    Err err = {0};
    Input in = input_from_memory(span_of(EVT, sizeof EVT));
    assert_false(format_by_name(TEXT("evt"))->parse(&in, &PLAIN, NULL, &err));
    assert_int_equal(err.code, ERR_UNSUPPORTED);
    writer_bytes_done(&file);
}

/* Pieces of a file, cut as the format says they may be, give together what the whole gives. */
static void pieces_make_the_whole(void **state)
{
    (void)state;
    WriterBytes file = make("several_chunks");
    Capture whole = lines_of(span_of_file(&file), &PLAIN);
    Buf joined;
    buf_init(&joined, whole.output.len + 1);
    unsigned pieces = 0;
    for (uint64_t begin = 0; begin < file.len; pieces++) {
        Input in = input_from_memory(span_of_file(&file));
        uint64_t end = (begin ? begin : EVTX_FILE_HEADER) + EVTX_CHUNK_SIZE;
        in.begin = begin;
        in.end = end < file.len ? end : file.len;
        Capture piece = capture_run(NULL, compiled_lines, NULL, &in, &PLAIN);
        assert_int_equal(piece.damages + piece.notes, 0);
        buf_add_text(&joined, buf_text(&piece.output));
        capture_done(&piece);
        begin = in.end;
    }
    assert_true(pieces >= 3);
    assert_true(text_equal(buf_text(&joined), buf_text(&whole.output)));
    buf_done(&joined);
    capture_done(&whole);
    writer_bytes_done(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gallery_record_counts),  cmocka_unit_test(both_ways_agree),
        cmocka_unit_test(values_as_json),         cmocka_unit_test(recovery_is_told_apart),
        cmocka_unit_test(probe_knows_the_family), cmocka_unit_test(pieces_make_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
