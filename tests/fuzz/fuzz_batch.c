/* Any bytes as a batch: what batch_open accepts, every accessor can read. */
#include <stddef.h>
#include <stdint.h>

#include "batch_touch.h"
#include "event/batch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Batch batch;
    Err err;
    if (batch_open(span_of(data, size), &batch, &err))
        (void)batch_touch(&batch);
    return 0;
}
