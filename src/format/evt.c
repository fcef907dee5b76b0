/* evt.c: Windows XP event logs are recognised, so that a person learns what the file is. */
#include "format/format.h"

static Confidence evt_probe(Span head, uint64_t item_size)
{
    (void)item_size;
    return span_starts_with(head, "\x30\0\0\0LfLe", 8) ? CONFIDENCE_CERTAIN : CONFIDENCE_NONE;
}

static bool evt_parse(const Input *in, const FormatOptions *options, Sink *sink, Err *err)
{
    (void)in;
    (void)options;
    (void)sink;
    return err_set(err, ERR_UNSUPPORTED, 0,
                   "event log of Windows NT to XP (EVT): this format is not read");
}

const Format evt_format = {
    .name = "evt",
    .summary = "Windows event log (NT to XP): recognised, not read",
    .doc = "docs/formats/evtx.md",
    .probe = evt_probe,
    .parse = evt_parse,
    .computer_field = "System.Computer",
};
