/* fuzz_evtx_csv: any bytes as a table of events. Beyond not crashing: batches are sound, events lie
 * in the item, one behind the other, and so does damage. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "batch_touch.h"
#include "event/batch.h"
#include "format/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const Format evtx_csv_format;

typedef struct Seen {
    uint64_t item_size, end; /* of the last event */
} Seen;

static void demand(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static bool take_batch(void *ctx, Span bytes, Err *err)
{
    Seen *seen = ctx;
    Batch batch;
    demand(batch_open(bytes, &batch, err), "a batch is not sound");
    (void)batch_touch(&batch);
    for (uint32_t row = 0; row < batch.event_count; row++) {
        EventHead head = batch_head(&batch, row);
        demand(head.offset >= seen->end, "events overlap");
        demand(head.size > 0 && head.size <= seen->item_size - head.offset, "event outside");
        seen->end = head.offset + head.size;
    }
    return true;
}

static void take_defect(void *ctx, DefectKind kind, uint64_t offset, uint64_t size, Text text)
{
    const Seen *seen = ctx;
    (void)kind;
    demand(offset <= seen->item_size && size <= seen->item_size - offset, "damage outside");
    demand(text.len > 0, "damage without a word");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const Zone ZONE = {.first_east = 9 * 3600};
    FormatOptions options = {.zone = size % 2 ? &ZONE : NULL};
    Span item = span_of(data, size);
    Input in = input_from_memory(item);
    Seen seen = {.item_size = size};
    const SinkOwner owner = {.batch = take_batch, .defect = take_defect, .ctx = &seen};
    Err err = {.code = ERR_NONE};
    (void)evtx_csv_format.probe(item, size);
    Sink *sink = sink_create(NULL, &owner, SINK_NO_ECS);
    demand(sink && evtx_csv_format.parse(&in, &options, sink, &err) && sink_flush(sink, &err),
           err.text);
    sink_destroy(sink);
    return 0;
}
