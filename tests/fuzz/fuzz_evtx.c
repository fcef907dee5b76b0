/* fuzz_evtx: any bytes as an EVTX file, live and with recovery. Beyond not crashing: compiled plans
 * and the general way give the same lines, the same batches and the same defects. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "capture.h"
#include "format/evtx/evtx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

/* The first place where two texts part, with a little of what follows. */
static void show_difference(const char *what, const Buf *a, const Buf *b)
{
    size_t at = 0, n = a->len < b->len ? a->len : b->len;
    while (at < n && a->ptr[at] == b->ptr[at])
        at++;
    size_t from = at > 100 ? at - 100 : 0;
    fprintf(stderr, "%s differ at %zu of %zu and %zu:\n%s\n%s\n", what, at, a->len, b->len,
            quote(a->len ? a->ptr + from : "", a->len - from).str,
            quote(b->len ? b->ptr + from : "", b->len - from).str);
}

static void demand(bool holds, const char *what, const Capture *a, const Capture *b)
{
    if (holds)
        return;
    show_difference(what, &a->output, &b->output);
    show_difference("defects", &a->defects, &b->defects);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Input in = input_from_memory(span_of(data, size));
    FormatOptions options = {.recover = size % 2 == 1};
    Capture a = capture_run(NULL, compiled_lines, NULL, &in, &options);
    Capture b = capture_run(NULL, general_lines, NULL, &in, &options);
    demand(capture_equal(&a, &b), "lines", &a, &b);
    capture_done(&a);
    capture_done(&b);
    a = capture_run(compiled_events, NULL, NULL, &in, &options);
    b = capture_run(general_events, NULL, NULL, &in, &options);
    demand(!a.bad_batch && !b.bad_batch, "batches", &a, &b);
    demand(capture_equal(&a, &b), "events", &a, &b);
    capture_done(&a);
    capture_done(&b);
    return 0;
}
