#include "detect/indicator/feed.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/utf16.h"
#include "detect/file_text.h"

#define FEED(name) &name##_feed,
static const FeedFormat *const FEEDS[] = {
#include "detect/indicator/feeds.def"
};
#undef FEED

static bool say_damage(Err *err, Text file, const Err *why)
{
    if (why->offset == ERR_NO_OFFSET)
        return err_set(err, why->code, ERR_NO_OFFSET, "%s: %s", quote(file.ptr, file.len).str,
                       why->text);
    return err_set(err, why->code, why->offset, "%s: byte %" PRIu64 ": %s",
                   quote(file.ptr, file.len).str, why->offset, why->text);
}

/* The bytes as UTF-8 without a mark; UTF-16 is converted into *room, which is to be freed. */
static bool decode(Text bytes, char **room, Text *ret, Err *err)
{
    *ret = bytes;
    if (text_starts(bytes, TEXT("\xEF\xBB\xBF")))
        *ret = text_of(bytes.ptr + 3, bytes.len - 3);
    if (!text_starts(bytes, TEXT("\xFF\xFE")))
        return true;
    Span units = span_of(bytes.ptr + 2, (bytes.len - 2) / 2 * 2);
    *room = malloc(UTF16_NARROW_ROOM(units.len));
    if (!*room)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the text");
    *ret = text_of(*room, utf16_narrow(units, *room));
    return true;
}

/* A list that begins with a bracket is no JSON: "[::1]:443", "[.]". */
static bool begins_as_json(Text bytes)
{
    Text t = text_trim(bytes);
    if (t.len == 0 || (t.ptr[0] != '{' && t.ptr[0] != '['))
        return false;
    t = text_trim(text_of(t.ptr + 1, t.len - 1));
    return t.len == 0 || memchr("{[\"]}", t.ptr[0], 5) != NULL;
}

static bool read_feed(Feed *feed, Err *err)
{
    JsonTree tree;
    bool json = begins_as_json(feed->bytes);
    bool ok = true;
    if (json) {
        ok = json_tree_read(&tree, feed->set->scratch, feed->bytes, err);
        feed->json = &tree;
    }
    const FeedFormat *format = NULL;
    for (size_t i = 0; ok && !format && i < sizeof FEEDS / sizeof FEEDS[0]; i++)
        if (FEEDS[i]->probe(feed))
            format = FEEDS[i];
    if (ok && !format)
        ok = err_set(err, ERR_FORMAT, 0,
                     "not a feed of a known format: STIX 2, MISP, OpenIOC, CSV, or a list");
    ok = ok && format->read(feed, err);
    if (json)
        json_tree_done(&tree);
    return ok;
}

static bool add_text(IndicatorSet *set, Text path, Text bytes, Err *err)
{
    Err why = {.offset = ERR_NO_OFFSET};
    Feed feed = {.set = set};
    if (!arena_copy_text(set->arena, path, &feed.file))
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for indicators");
    CLEANUP(freep) char *room = NULL;
    bool ok = decode(bytes, &room, &feed.bytes, &why) && read_feed(&feed, &why);
    if (set->failed)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "%s: no memory for its indicators",
                       quote(path.ptr, path.len).str);
    if (set->limit)
        return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "%s: %s", quote(path.ptr, path.len).str,
                       set->limit);
    return ok || say_damage(err, path, &why);
}

bool indicators_add_text(IndicatorSet *set, Text path, Text bytes, Err *err)
{
    bool ok = add_text(set, path, bytes, err);
    arena_clear(set->scratch);
    return ok;
}

bool indicators_add_file(IndicatorSet *set, const char *path, Err *err)
{
    Text bytes;
    CLEANUP(arena_destroyp) Arena *arena = arena_create(INDICATOR_FEED_BYTES + 4096);
    if (!arena)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for indicators");
    return file_text_read(arena, path, INDICATOR_FEED_BYTES, &bytes, err) &&
           indicators_add_text(set, text_from_z(path), bytes, err);
}
