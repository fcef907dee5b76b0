/* Any bytes as the parts of a segment: unpacking stays within its limits, and what comes out is
 * checked. The input: bytes of the first and of the second part (u32 each), then the parts. */
#include <stddef.h>
#include <stdint.h>

#include "batch_touch.h"
#include "event/segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void touch_whole(SegmentCodec *codec, Span values, Span events, Span twins)
{
    Batch dictionary, batch;
    Buf first, whole;
    Err err;
    buf_init(&first, BATCH_BYTES_MAX);
    buf_init(&whole, BATCH_BYTES_MAX);
    if (segment_unpack_values(codec, values, &first, &err)) {
        bool known = batch_open(buf_span(&first), &dictionary, &err);
        if (known)
            (void)batch_touch(&dictionary);
        if (segment_unpack_events(codec, buf_span(&first), events, twins, &whole, &err)) {
            bool ok = batch_open(buf_span(&whole), &batch, &err);
            if (known && batch_open_events(&dictionary, buf_span(&whole), &batch, &err) != ok)
                __builtin_trap(); /* the two ways disagree */
            if (ok)
                (void)batch_touch(&batch);
        }
    }
    buf_done(&first);
    buf_done(&whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Reader reader = reader_of(span_of(data, size), 0);
    uint32_t first = reader_u32le(&reader), second = reader_u32le(&reader);
    Span values = reader_take(&reader, first), events = reader_take(&reader, second);
    Span twins = reader_take(&reader, reader_left(&reader));
    SegmentCodec *codec = segment_codec_create();
    SegmentTwins columns;
    Err err;
    if (!codec || reader.failed) {
        segment_codec_destroy(codec);
        return 0;
    }
    touch_whole(codec, values, events, twins);
    if (segment_unpack_twins(codec, twins, &columns, &err) && columns.events)
        __asm__ volatile("" : : "r"(load_u64le(columns.payload + 8 * (columns.events - 1))));
    segment_codec_destroy(codec);
    return 0;
}
