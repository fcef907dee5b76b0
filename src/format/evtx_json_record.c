#include "format/evtx_json_record.h"

#include <stdlib.h>

void record_init(JsonRecord *record)
{
    *record = (JsonRecord){0};
    tracks_init(&record->tracks);
}

void record_done(JsonRecord *record)
{
    free(record->leaves);
    tracks_done(&record->tracks);
    *record = (JsonRecord){0};
}

static bool grow_leaves(JsonRecord *record, uint64_t offset, Err *err)
{
    if (record->cap == JSON_LEAVES_MAX)
        return err_set(err, ERR_LIMIT, offset, "more than %u values in one record",
                       JSON_LEAVES_MAX);
    size_t cap = record->cap ? 2 * record->cap : 256;
    if (cap > JSON_LEAVES_MAX)
        cap = JSON_LEAVES_MAX;
    Leaf *leaves = realloc(record->leaves, cap * sizeof *leaves);
    if (!leaves)
        return err_set(err, ERR_NO_MEMORY, offset, "a record with %zu values", cap);
    record->leaves = leaves;
    record->cap = cap;
    return true;
}

static bool add_leaf(JsonRecord *record, uint32_t node, const JsonToken *token, uint64_t offset,
                     Err *err)
{
    if (record->count == record->cap && !grow_leaves(record, offset, err))
        return false;
    Leaf *leaf = &record->leaves[record->count++];
    leaf->node = node;
    leaf->value = *token;
    return true;
}

/* By tracks. false: none leads to the end. */
static bool read_by_tracks(JsonRecord *record, JsonReader *reader)
{
    Tracks *tracks = &record->tracks;
    const Track *track = tracks_follow(tracks, TRACK_START, reader);
    while (track && track->node != TRACK_END) {
        if (record->count == record->cap && !grow_leaves(record, 0, NULL))
            return false;
        Leaf *leaf = &record->leaves[record->count++];
        leaf->node = track->node;
        if (!json_scalar(reader, &leaf->value))
            return false;
        track = tracks_follow(tracks, tracks_number(tracks, track), reader);
    }
    if (track)
        record->marks = track->marks;
    return track != NULL;
}

/* Token by token. */
static bool read_tokens(JsonRecord *record, JsonReader *reader, Paths *paths, Err *err)
{
    uint32_t parents[JSON_DEPTH_MAX + 1]; /* node of each open object or array */
    unsigned depth = 0;
    uint32_t node = PATH_ROOT; /* of the value that comes */
    bool empty = false;        /* nothing yet in the object or array just opened */
    JsonToken token;
    while (json_next(reader, &token)) {
        uint64_t offset = reader->origin + token.pos;
        switch (token.kind) {
        case JSON_KEY:
            node = paths_child(paths, parents[depth - 1], token.text);
            if (node == PATH_NONE)
                return err_set(err, ERR_LIMIT, offset, "too many different keys, or no memory");
            record->marks |= paths_node(paths, node)->marks;
            empty = false;
            break;
        case JSON_OBJECT:
        case JSON_ARRAY:
            parents[depth++] = node;
            empty = true;
            break;
        case JSON_OBJECT_END:
        case JSON_ARRAY_END:
            node = parents[--depth];
            token.kind = JSON_NULL;
            if (empty && !add_leaf(record, node, &token, offset, err))
                return false;
            record->tracks.unfit |= empty;
            empty = false;
            node = depth ? parents[depth - 1] : PATH_ROOT;
            break;
        default:
            if (!add_leaf(record, node, &token, offset, err))
                return false;
            tracks_value(&record->tracks, reader, token.pos, node);
            empty = false;
            break;
        }
    }
    if (json_damaged(reader) && err)
        *err = reader->err;
    return !json_damaged(reader);
}

static void start_anew(JsonRecord *record)
{
    record->count = 0;
    record->marks = 0;
    record->shape = SHAPE_NONE;
}

bool record_read(JsonRecord *record, JsonReader *reader, Paths *paths, Err *err)
{
    start_anew(record);
    if (record->generation != paths->generation)
        tracks_clear(&record->tracks);
    record->generation = paths->generation;
    bool ok = read_by_tracks(record, reader);
    if (!ok) {
        Span value = span_of(reader->start, (size_t)(reader->end - reader->start));
        start_anew(record);
        json_begin(reader, value, reader->origin);
        tracks_begin(&record->tracks, reader);
        ok = read_tokens(record, reader, paths, err);
        if (ok)
            tracks_end(&record->tracks, reader, record->marks);
    }
    record->shape = shape_of_marks(record->marks);
    return ok;
}
