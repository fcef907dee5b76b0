/* The list of formats for the engine's tests, in place of src/format/format.c: the hostile one, and
 * one for each way to cut. Linked before the product's library, so that its list is not used. */
#include <string.h>

#include "format/format.h"

#include "box.h"
#include "hostile.h"

static Confidence starts(Span head, const char *mark, Confidence confidence)
{
    return span_starts_with(head, mark, strlen(mark)) ? confidence : CONFIDENCE_NONE;
}

static Confidence lines_probe(Span head, uint64_t item_size)
{
    (void)item_size;
    Confidence sure = starts(head, "LINES", CONFIDENCE_CERTAIN);
    return sure ? sure : starts(head, "EITHER", CONFIDENCE_LIKELY);
}

static Confidence units_probe(Span head, uint64_t item_size)
{
    (void)item_size;
    return starts(head, "UNITS", CONFIDENCE_CERTAIN);
}

static Confidence whole_probe(Span head, uint64_t item_size)
{
    (void)item_size;
    Confidence sure = starts(head, "WHOLE", CONFIDENCE_CERTAIN);
    return sure ? sure : starts(head, "EITHER", CONFIDENCE_LIKELY);
}

/* A probe with a mistake of its own. */
static Confidence trap_probe(Span head, uint64_t item_size)
{
    if (starts(head, "TRAP", CONFIDENCE_CERTAIN))
        *(volatile int *)(uintptr_t)(item_size & 0) = 1;
    return CONFIDENCE_NONE;
}

static bool may_split(Span head)
{
    return head.len > 5 && head.ptr[5] == '\n'; /* "LINES\n", not "LINES of another kind" */
}

/* The tests' jobs do not call parse. */
static bool no_parse(const Input *in, const FormatOptions *options, Sink *sink, Err *err)
{
    (void)in;
    (void)options;
    (void)sink;
    return err_set(err, ERR_UNSUPPORTED, 0, "a format of the tests has no events");
}

static const Format lines_format = {.name = "test_lines",
                                    .summary = "tests: cut anywhere",
                                    .probe = lines_probe,
                                    .parse = no_parse,
                                    .split = SPLIT_LINES,
                                    .may_split = may_split};
static const Format units_format = {.name = "test_units",
                                    .summary = "tests: cut at units",
                                    .probe = units_probe,
                                    .parse = no_parse,
                                    .split = SPLIT_UNITS,
                                    .split_origin = 4096,
                                    .split_unit = 65536};
static const Format whole_format = {
    .name = "test_whole", .summary = "tests: never cut", .probe = whole_probe, .parse = no_parse};
static const Format trap_format = {.name = "test_trap",
                                   .summary = "tests: crashes when probing",
                                   .probe = trap_probe,
                                   .parse = no_parse};

const Format *const FORMATS[] = {&test_hostile_format, &lines_format, &units_format,
                                 &whole_format,        &trap_format,  &test_box_format};
const size_t FORMAT_COUNT = sizeof FORMATS / sizeof *FORMATS;

const Format *format_identify(Span head, uint64_t item_size, const Format **ret_tie)
{
    const Format *best = NULL;
    Confidence most = CONFIDENCE_NONE;
    *ret_tie = NULL;
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        Confidence confidence = FORMATS[i]->probe(head, item_size);
        if (confidence == CONFIDENCE_NONE || confidence < most)
            continue;
        *ret_tie = confidence == most ? FORMATS[i] : NULL;
        best = confidence == most ? best : FORMATS[i];
        most = confidence;
    }
    return best;
}

const Format *format_by_name(Text name)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        if (text_equal(name, text_from_z(FORMATS[i]->name)))
            return FORMATS[i];
    return NULL;
}
