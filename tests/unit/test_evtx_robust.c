/* test_evtx_robust: ten small EVTX files, cut at every byte and with every byte changed. Nothing
 * crashes or hangs, and a change in what the checksums cover does not go unsaid. */
#include <setjmp.h>
#include <stdarg.h>
#include <malloc.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture.h"
#include "format/evtx/chunk.h"
#include "format/evtx/evtx.h"
#include "writer_gallery.h"

static const char *const SAMPLES[] = {
    "minimal",   "value_integers", "value_others",    "value_arrays",  "null_optional",
    "user_data", "unnamed_data",   "nested_headless", "literal_event", "markup_rare",
};

static bool events(const Input *in, const FormatOptions *options, Sink *sink, Err *err)
{
    return evtx_read(in, options, sink, NULL, EVTX_COMPILED, err);
}

static bool lines(const Input *in, const FormatOptions *options, Sink *sink, const LineOut *out,
                  Err *err)
{
    return evtx_read(in, options, sink, out, EVTX_COMPILED, err);
}

static const GalleryEntry *entry_named(const char *name)
{
    for (size_t i = 0; i < gallery_count(); i++)
        if (strcmp(gallery_entry(i)->name, name) == 0)
            return gallery_entry(i);
    fail_msg("no gallery entry %s", name);
    return NULL;
}

/* Where used data ends; behind it stand zeros. */
static size_t used_size(const WriterBytes *file)
{
    return EVTX_FILE_HEADER + load_u32le(file->ptr + EVTX_FILE_HEADER + 48);
}

static unsigned said(Span item, bool as_lines)
{
    Input in = input_from_memory(item);
    FormatOptions options = {.recover = !as_lines};
    Capture capture = as_lines ? capture_run(NULL, lines, NULL, &in, &options)
                               : capture_run(events, NULL, NULL, &in, &options);
    unsigned count = capture.damages + capture.notes + !capture.ok;
    assert_false(capture.bad_batch);
    capture_done(&capture);
    return count;
}

static void every_truncation(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof SAMPLES / sizeof SAMPLES[0]; i++) {
        WriterBytes file = {0};
        assert_true(gallery_make(entry_named(SAMPLES[i]), &file));
        size_t used = used_size(&file);
        for (size_t len = 1; len < used; len++) {
            uint8_t *copy =
                malloc(len); /* its own block: a sanitizer sees the first step past it */
            assert_non_null(copy);
            memcpy(copy, file.ptr, len);
            unsigned count = said(span_of(copy, len), len % 2 == 0);
            bool in_chunk = len > EVTX_FILE_HEADER;
            if (count == 0 && (in_chunk || len < 128))
                fail_msg("%s cut at %zu: nothing was said", SAMPLES[i], len);
            free(copy);
        }
        writer_bytes_done(&file);
    }
}

/* File header under its checksum, chunk header under its own, records under theirs. */
static bool is_covered(size_t at, size_t used)
{
    size_t in_chunk = at - EVTX_FILE_HEADER;
    if (at < 120 || (at >= 124 && at < 128))
        return true;
    return at >= EVTX_FILE_HEADER && at < used && !(in_chunk >= 120 && in_chunk < 124);
}

static void every_byte_changed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof SAMPLES / sizeof SAMPLES[0]; i++) {
        WriterBytes file = {0};
        assert_true(gallery_make(entry_named(SAMPLES[i]), &file));
        size_t used = used_size(&file);
        for (size_t at = 0; at < file.len; at++) {
            bool header_rest = at >= 128 && at < EVTX_FILE_HEADER;
            if ((header_rest || at >= used + 64) && at % 61 != 0)
                continue; /* thousands of equal zeros that nothing reads */
            uint8_t was = file.ptr[at];
            unsigned changed = at % 3 == 0 ? ~(unsigned)was : was ^ 1u << at % 8;
            file.ptr[at] = (uint8_t)changed;
            if (said(span_of(file.ptr, file.len), at % 2 == 0) == 0 && is_covered(at, used))
                fail_msg("%s changed at %zu: nothing was said", SAMPLES[i], at);
            file.ptr[at] = was;
        }
        writer_bytes_done(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_truncation),
        cmocka_unit_test(every_byte_changed),
    };
    mallopt(M_MMAP_THRESHOLD, 32 << 20); /* thousands of runs over the same few buffers */
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
