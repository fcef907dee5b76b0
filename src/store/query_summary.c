/* What a summary tells of a query. */
#include "store/query_could.h"
#include "store/query_match.h"

typedef struct SummaryAsked {
    const Query *query;
    const Summary *summary;
    Text path, host; /* of the item */
} SummaryAsked;

/* By the different texts of the segment's events, of which those of a `kind` are all there are. An
 * empty one stands for events that have none. */
static unsigned by_texts(const SummaryAsked *asked, const QueryLeaf *leaf, SummaryKind kind)
{
    unsigned could = 0;
    for (uint32_t i = 0; i < asked->summary->count[kind] && could != COULD_BE_BOTH; i++) {
        Text text = summary_at(asked->summary, kind, i).text;
        could |= could_exactly(text.len && test_text(&leaf->test, text));
    }
    return could;
}

/* Of events without a host of their own it is that of the item. */
static unsigned by_hosts(const SummaryAsked *asked, const QueryLeaf *leaf)
{
    unsigned could = 0;
    for (uint32_t i = 0; i < asked->summary->count[SUMMARY_HOST] && could != COULD_BE_BOTH; i++) {
        Text text = summary_at(asked->summary, SUMMARY_HOST, i).text;
        text = text.len ? text : asked->host;
        could |= could_exactly(text.len && test_text(&leaf->test, text));
    }
    return could;
}

/* Where no service is known, the summary has the product alone. */
static unsigned by_sources(const SummaryAsked *asked, const QueryLeaf *leaf)
{
    unsigned could = 0;
    for (uint32_t i = 0; i < asked->summary->count[SUMMARY_SERVICE] && could != COULD_BE_BOTH;
         i++) {
        Text text = summary_at(asked->summary, SUMMARY_SERVICE, i).text;
        could |= text_find(text, '/') == text.len ? COULD_BE_BOTH
                                                  : could_exactly(test_text(&leaf->test, text));
    }
    return could;
}

/* Times of which the zone is only assumed may be moved. */
static unsigned by_times(const SummaryAsked *asked, const QueryLeaf *leaf)
{
    const Summary *summary = asked->summary;
    const QueryTest *test = &leaf->test;
    bool spans = test->ask == ASK_TIMES || (test->ask == ASK_TEXT && test->has_time);
    if (!spans || summary->zone_assumed)
        return COULD_BE_BOTH;
    unsigned could = summary->timeless ? COULD_BE_FALSE : 0;
    if (summary->first == TIME_NONE)
        return could;
    if (summary->first <= test->times.high && summary->last >= test->times.low)
        could |= COULD_BE_TRUE;
    if (summary->first < test->times.low || summary->last > test->times.high)
        could |= COULD_BE_FALSE;
    return could;
}

static unsigned summary_could(void *ctx, uint32_t number)
{
    const SummaryAsked *asked = ctx;
    const QueryLeaf *leaf = &asked->query->leaves[number];
    switch (leaf->basic) {
    case BASIC_ACTION:
        return by_texts(asked, leaf, SUMMARY_ACTION);
    case BASIC_CHANNEL:
        return by_texts(asked, leaf, SUMMARY_CHANNEL);
    case BASIC_SOURCE:
        return by_sources(asked, leaf);
    case BASIC_HOST:
        return by_hosts(asked, leaf);
    case BASIC_TIME:
        return by_times(asked, leaf);
    case BASIC_ITEM:
        return could_exactly(asked->path.len && test_text(&leaf->test, asked->path));
    default:
        return COULD_BE_BOTH;
    }
}

bool query_wants_segment(const Query *query, const Summary *summary, Text path, Text host)
{
    SummaryAsked asked = {.query = query, .summary = summary, .path = path, .host = host};
    return query_could(query, summary_could, &asked) & COULD_BE_TRUE;
}
