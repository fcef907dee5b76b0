/* Blocks of detections and of counts, as a worker that was taken over might send them: refused, or
 * written in every format. The first byte says which kind the rest is. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "report/hunt.h"
#include "sigma_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char RULES[] =
    "title: A\nid: a\nname: a\nlogsource: {product: windows}\n"
    "detection: {s: {X: v}, condition: s}\n"
    "---\ntitle: Two of A\nid: b\ncorrelation:\n"
    "  {type: value_count, rules: [a], group-by: [Y], timespan: 1h, condition: {gte: 2, field: Z},"
    " generate: true}\n";

static bool touch(void *ctx, Span bytes, Err *err)
{
    (void)err;
    for (size_t i = 0; i < bytes.len; i++)
        *(unsigned *)ctx += bytes.ptr[i];
    return true;
}

static void write_as(const SigmaRun *run, const DetectionFormat *format, bool counts, Span block)
{
    Item item = {.path = TEXT("file"), .size = UINT64_MAX, .parent = ITEM_NO_PARENT};
    ItemList items = {.items = &item, .count = 1, .room = 1, .file_count = 1};
    HuntOptions options = {.program = run->program,
                           .format = format,
                           .color = true,
                           .memory_bytes = 1 << 20,
                           .folder = "."};
    Err err = {0};
    unsigned sum = 0;
    Hunt *hunt = hunt_create(&options, &err);
    if (!hunt)
        abort();
    bool taken =
        counts ? hunt_receive_counts(hunt, block, &err) : hunt_receive(hunt, &item, 0, block, &err);
    if (!taken && err.code != ERR_FORMAT)
        abort();
    Buf summary;
    buf_init(&summary, 1 << 20);
    if (!hunt_write(hunt, &items, touch, &sum, &err))
        abort();
    hunt_summarise(hunt, false, &summary);
    buf_done(&summary);
    hunt_destroy(hunt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static SigmaRun run;
    if (size == 0)
        return 0;
    if (!run.program)
        sigma_open(&run, text_from_z(RULES), NULL);
    for (size_t i = 0; i < DETECTION_FORMAT_COUNT; i++)
        write_as(&run, DETECTION_FORMATS[i], data[0] & 1, span_of(data + 1, size - 1));
    return 0;
}
