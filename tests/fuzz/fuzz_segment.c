/* Any bytes as a segment: unpacking stays within its limits, and what comes out is checked. */
#include <stddef.h>
#include <stdint.h>

#include "batch_touch.h"
#include "event/segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Batch batch;
    Buf out;
    Err err;
    buf_init(&out, BATCH_BYTES_MAX);
    if (segment_unpack(span_of(data, size), &out, &err) && batch_open(buf_span(&out), &batch, &err))
        (void)batch_touch(&batch);
    buf_done(&out);
    return 0;
}
