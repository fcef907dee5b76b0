/* feed.h: one file of indicators, in the format that its content says. A format is a file and a
 * line in feeds.def. */
#ifndef DETECT_INDICATOR_FEED_H
#define DETECT_INDICATOR_FEED_H

#include "detect/indicator/expression.h"
#include "detect/indicator/json_tree.h"

typedef struct Feed {
    IndicatorSet *set;
    Text file, bytes; /* bytes: UTF-8, without a byte order mark */
    JsonTree *json;   /* of the bytes; NULL: they do not begin as JSON */
} Feed;

typedef struct FeedFormat {
    const char *name, *summary;
    bool (*probe)(const Feed *feed);
    /* false: damaged, or too large; err has the place. What was read before stays in the set. */
    bool (*read)(Feed *feed, Err *err);
} FeedFormat;

#define FEED(name) extern const FeedFormat name##_feed;
#include "detect/indicator/feeds.def"
#undef FEED

static inline FeedPlace feed_line(const Feed *feed, uint64_t line)
{
    return (FeedPlace){.file = feed->file, .in_lines = true, .at = line};
}

static inline FeedPlace feed_byte(const Feed *feed, uint64_t byte)
{
    return (FeedPlace){.file = feed->file, .at = byte};
}

#endif
