/* Any batch that batch_open accepts can be matched. The rules ask for all kinds of things. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "sigma_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char RULES[] =
    "title: a\nname: a\nlogsource: {product: windows}\ndetection:\n"
    "    k: [word, 'x*y', 4624, '?*']\n    f: {Data|contains: a, EventID|gte: 1}\n"
    "    n: {TargetUserName: null, LogonType|exists: true}\n    condition: k or f or n\n---\n"
    "title: b\nlogsource: {product: windows, service: security}\ndetection:\n"
    "    s: {EventID: 4624, LogonType: 3, IpAddress|cidr: 10.0.0.0/8}\n"
    "    t: {TargetUserName|fieldref: SubjectUserName, TargetUserName|re: '[a-z]+$'}\n"
    "    d: {TimeCreated_SystemTime|hour: 3}\n    condition: s or t or d\n---\n"
    "title: c\nlogsource: {product: windows, category: process_creation}\ndetection:\n"
    "    s: {Image|endswith: exe, IntegrityLevel: High, Imphash: x}\n    condition: s or not "
    "s\n---\n"
    "title: d\nlogsource: {product: windows, category: registry_set}\ndetection:\n"
    "    s: {TargetObject|contains: o}\n    condition: s\n---\n"
    "title: e\ncorrelation:\n    type: event_count\n    rules: [a]\n    group-by: "
    "[TargetUserName]\n"
    "    timespan: 1m\n    condition: {gte: 2}\n";

static Buf tuple;

static bool on_match(void *ctx, uint32_t row, uint32_t rule, Err *err)
{
    (void)row, (void)rule, (void)err;
    buf_clear(&tuple);
    matcher_tuple(ctx, &tuple);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static SigmaRun run;
    Batch batch;
    Err err;
    if (!run.matcher) {
        buf_init(&tuple, 1u << 28);
        sigma_open(&run, text_from_z(RULES), NULL);
    }
    if (!batch_open(span_of(data, size), &batch, &err))
        return 0;
    MatchOut out = {.match = on_match, .ctx = run.matcher};
    matcher_begin(run.matcher);
    if (!matcher_batch(run.matcher, &batch, &out, &err))
        abort();
    return 0;
}
