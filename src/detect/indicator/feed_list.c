/* A plain list: an indicator a line, `#` begins a comment. What each is, is guessed from it.
 * Blocklists in the form of a hosts file ("0.0.0.0 evil.example") are read as the names. */
#include "detect/indicator/feed.h"

static bool probe(const Feed *feed)
{
    return !feed->json && text_is_utf8(feed->bytes, UTF8_STRICT) &&
           text_find(feed->bytes, '\0') == feed->bytes.len;
}

/* A comment begins the line or follows a blank: URLs may have # in them. */
static Text without_comment(Text line)
{
    for (size_t i = 0; i < line.len; i++)
        if (line.ptr[i] == '#' && (i == 0 || line.ptr[i - 1] == ' ' || line.ptr[i - 1] == '\t'))
            return text_trim(text_of(line.ptr, i));
    return text_trim(line);
}

static Text without_sink(Text line)
{
    static const Text SINKS[] = {{"0.0.0.0", 7}, {"127.0.0.1", 9}, {"::1", 3}, {"::", 2}};
    for (size_t i = 0; i < sizeof SINKS / sizeof SINKS[0]; i++)
        if (line.len > SINKS[i].len && text_starts(line, SINKS[i]) &&
            (line.ptr[SINKS[i].len] == ' ' || line.ptr[SINKS[i].len] == '\t'))
            return text_trim(text_of(line.ptr + SINKS[i].len, line.len - SINKS[i].len));
    return line;
}

static Text without_quotes(Text t)
{
    if (t.len > 1 && (t.ptr[0] == '"' || t.ptr[0] == '\'') && t.ptr[t.len - 1] == t.ptr[0])
        return text_of(t.ptr + 1, t.len - 2);
    return t;
}

static bool read_entries(Feed *feed, Err *err)
{
    Text rest = feed->bytes;
    (void)err;
    for (uint64_t line = 1; rest.len; line++) {
        Text value = without_quotes(without_sink(without_comment(text_cut(&rest, '\n'))));
        if (value.len == 0)
            continue;
        IndicatorHead head = {.place = feed_line(feed, line)};
        expression_add(feed->set, &head, expression_guess(feed->set, head.place, value));
        arena_clear(feed->set->scratch);
    }
    return true;
}

const FeedFormat list_feed = {
    .name = "list",
    .summary = "one indicator a line",
    .probe = probe,
    .read = read_entries,
};
