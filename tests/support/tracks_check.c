#include "tracks_check.h"

#include <string.h>

#include "format/evtx_json_record.h"

/* One way of reading, with all that it needs. */
typedef struct Way {
    JsonReader reader;
    Paths paths;
    JsonRecord record;
    Err err;
} Way;

static bool way_init(Way *way)
{
    json_init(&way->reader);
    record_init(&way->record);
    return paths_init(&way->paths, NULL);
}

static void way_done(Way *way)
{
    json_done(&way->reader);
    record_done(&way->record);
    paths_done(&way->paths);
}

static bool read_line(Way *way, Text line)
{
    way->err = (Err){.code = ERR_NONE};
    paths_begin(&way->paths);
    json_begin(&way->reader, text_span(line), 0);
    return record_read(&way->record, &way->reader, &way->paths, &way->err);
}

static bool same_record(const JsonRecord *a, const JsonRecord *b)
{
    if (a->count != b->count || a->marks != b->marks || a->shape != b->shape)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const Leaf *x = &a->leaves[i], *y = &b->leaves[i];
        if (x->node != y->node || x->value.kind != y->value.kind ||
            x->value.integer != y->value.integer || x->value.pos != y->value.pos ||
            !text_equal(x->value.text, y->value.text))
            return false;
        if (x->value.utf8 && !text_is_utf8(x->value.text, UTF8_ALLOW_SURROGATES))
            return false;
    }
    return true;
}

static bool agree(Way *tracks, Way *tokens, Text line)
{
    record_done(&tokens->record); /* it remembers nothing */
    record_init(&tokens->record);
    bool a = read_line(tracks, line), b = read_line(tokens, line);
    if (a != b)
        return false;
    return a ? same_record(&tracks->record, &tokens->record)
             : tracks->err.code == tokens->err.code && tracks->err.offset == tokens->err.offset &&
                   strcmp(tracks->err.text, tokens->err.text) == 0;
}

bool tracks_agree(Text text, size_t *ret_line, size_t *ret_by_tracks)
{
    Way tracks, tokens;
    bool ok = way_init(&tracks);
    ok = way_init(&tokens) && ok;
    *ret_line = *ret_by_tracks = 0;
    for (unsigned time = 0; ok && time < 2; time++) {
        *ret_line = 0;
        for (Text rest = text; ok && rest.len;) {
            Text line = text_cut(&rest, '\n');
            ++*ret_line;
            uint32_t learned = tracks.record.tracks.learned;
            ok = agree(&tracks, &tokens, line);
            *ret_by_tracks +=
                time == 1 && tracks.err.code == ERR_NONE && tracks.record.tracks.learned == learned;
        }
    }
    way_done(&tracks);
    way_done(&tokens);
    return ok;
}
