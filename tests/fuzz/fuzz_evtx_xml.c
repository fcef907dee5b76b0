/* fuzz_evtx_xml: any bytes as XML of Windows events. Beyond not crashing: parsing ends well and
 * batches are sound. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "event_lines.h"
#include "format/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const Format evtx_xml_format;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const FormatOptions OPTIONS = {.recover = false};
    Span item = span_of(data, size);
    (void)evtx_xml_format.probe(item, size);
    EventLines lines = event_lines_run(&evtx_xml_format, item, &OPTIONS, 0);
    if (!lines.ok || lines.bad_batch) {
        fprintf(stderr, "%.*s\n", (int)lines.text.len, lines.text.ptr ? lines.text.ptr : "");
        abort();
    }
    event_lines_done(&lines);
    return 0;
}
