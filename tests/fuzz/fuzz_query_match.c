/* A query and a batch: the matcher and its plain twin agree on every event. Input: the query, a
 * zero, then what the events are made from; without a zero, both are made from it. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "event_fixture.h"
#include "query_plain.h"
#include "query_random.h"
#include "store/query_match.h"

#define EVENTS 12

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compare(Query *query, const Batch *batch)
{
    static const Text PATH = {"case/one.evtx", 13}, HOST = {"RDS01", 5};
    QueryMatcher *matcher = query_matcher_create(query);
    if (!matcher)
        abort();
    bool could = query_matcher_values(matcher, batch);
    query_matcher_events(matcher, batch, PATH, HOST);
    for (uint32_t row = 0; row < batch->event_count; row++) {
        EventHead head = batch_head(batch, row);
        bool slow = query_plain_matches(query, batch, row, &head, PATH, HOST);
        if (query_matcher_row(matcher, row, &head) != slow || (slow && !could))
            abort();
    }
    query_matcher_destroy(matcher);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Schema *schema;
    if (!schema)
        schema = fixture_schema();
    Text text = text_of((const char *)data, size);
    size_t zero = text_find(text, '\0');
    Dice dice = dice_of_bytes(span_of(data + zero, size - zero));
    Buf made;
    buf_init(&made, 1 << 20);
    if (zero == size) {
        dice = dice_of_bytes(span_of(data, size));
        random_query(&dice, &made);
    } else {
        buf_add(&made, data, zero);
    }
    Query *query = query_parse(buf_text(&made), NULL);
    if (!query && zero == size)
        abort(); /* ours are good ones */
    if (query) {
        Fixture fixture;
        fixture_init(&fixture);
        Sink *sink = sink_create(schema, &fixture.owner, SINK_WANTS_ALL);
        random_events(&dice, sink, EVENTS);
        if (!sink_flush(sink, NULL))
            abort();
        Batch batch = fixture_batch(&fixture, 0);
        compare(query, &batch);
        sink_destroy(sink);
        fixture_done(&fixture);
    }
    query_destroy(query);
    buf_done(&made);
    return 0;
}
