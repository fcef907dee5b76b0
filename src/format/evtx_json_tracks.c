#include "format/evtx_json_tracks.h"

#include <stdlib.h>

#define TRACKS_MAX     8192u /* steps; honest files have a few thousand */
#define TRACKS_WAIT    65536 /* records until full tracks are started anew */
#define TRACKS_ABREAST 16    /* steps that are tried at one place */
#define ARENA_LIMIT    (4u * 1024 * 1024)
#define GAPS_FIRST     64

void tracks_init(Tracks *tracks)
{
    *tracks = (Tracks){.arena = arena_create(ARENA_LIMIT)};
}

void tracks_done(Tracks *tracks)
{
    arena_destroy(tracks->arena);
    free(tracks->list);
    free(tracks->gaps);
    *tracks = (Tracks){0};
}

void tracks_clear(Tracks *tracks)
{
    if (tracks->arena)
        arena_clear(tracks->arena);
    tracks->count = 0;
    tracks->full = false;
    tracks->full_for = 0;
}

/* Do the bytes make this step? Blanks and brackets belong to what is between values. */
static inline bool fits(const Track *track, const uint8_t *p, size_t left)
{
    if (left < track->gap_len || !bytes_equal(p, track->gap, track->gap_len))
        return false;
    if (track->node == TRACK_END)
        return left == track->gap_len;
    uint8_t next = left > track->gap_len ? p[track->gap_len] : ' ';
    return next > ' ' && (next | 0x20) != '{' && (next | 0x20) != '}'; /* also [ and ] */
}

/* One of those that were seen instead of `track`; it goes to the front. */
static const Track *follow_other(Tracks *tracks, Track *from, Track *track, JsonReader *reader)
{
    size_t left = (size_t)(reader->end - reader->at);
    for (unsigned i = 1; track->next && i < TRACKS_ABREAST; i++) {
        uint32_t *link = &track->next, id = *link;
        track = &tracks->list[id];
        if (!fits(track, reader->at, left))
            continue;
        *link = track->next;
        track->next = from->first;
        from->first = id;
        reader->at += track->gap_len;
        return track;
    }
    return NULL;
}

const Track *tracks_follow(Tracks *tracks, uint32_t from_id, JsonReader *reader)
{
    if (tracks->count == 0 || tracks->list[from_id].first == 0)
        return NULL;
    Track *from = &tracks->list[from_id], *track = &tracks->list[from->first];
    if (!fits(track, reader->at, (size_t)(reader->end - reader->at)))
        return follow_other(tracks, from, track, reader);
    reader->at += track->gap_len;
    return track;
}

/* ---- learning ---- */

void tracks_begin(Tracks *tracks, const JsonReader *reader)
{
    tracks->learned++;
    if (tracks->full && ++tracks->full_for >= TRACKS_WAIT)
        tracks_clear(tracks);
    tracks->unfit = tracks->full || !tracks->arena;
    tracks->gap_count = 0;
    tracks->gap_begin = (uint32_t)(reader->at - reader->start);
}

static bool add_gap(Tracks *tracks, uint32_t end, uint32_t node)
{
    if (tracks->gap_count == tracks->gap_cap) {
        uint32_t cap = tracks->gap_cap ? 2 * tracks->gap_cap : GAPS_FIRST;
        TrackGap *gaps = realloc(tracks->gaps, cap * sizeof *gaps);
        if (!gaps)
            return false;
        tracks->gaps = gaps;
        tracks->gap_cap = cap;
    }
    tracks->gaps[tracks->gap_count++] =
        (TrackGap){.begin = tracks->gap_begin, .end = end, .node = node};
    return true;
}

void tracks_value(Tracks *tracks, const JsonReader *reader, size_t pos, uint32_t node)
{
    if (tracks->unfit)
        return;
    tracks->unfit = !add_gap(tracks, (uint32_t)pos, node);
    tracks->gap_begin = (uint32_t)(reader->at - reader->start);
}

static Track *add_track(Tracks *tracks, Track track)
{
    if (tracks->count == tracks->cap) {
        uint32_t cap = tracks->cap ? 2 * tracks->cap : GAPS_FIRST;
        Track *list = realloc(tracks->list, cap * sizeof *list);
        if (!list)
            return NULL;
        tracks->list = list;
        tracks->cap = cap;
    }
    tracks->list[tracks->count] = track;
    return &tracks->list[tracks->count++];
}

/* The step after `from` with these bytes before the value, made if it is new; 0: no memory. */
static uint32_t step_after(Tracks *tracks, uint32_t from, Text gap, uint32_t node, uint32_t marks)
{
    uint32_t id = tracks->list[from].first;
    for (; id; id = tracks->list[id].next) {
        const Track *track = &tracks->list[id];
        if (track->gap_len == gap.len && track->node == node &&
            bytes_equal(track->gap, gap.ptr, gap.len))
            return id;
    }
    Text kept;
    Track track = {.node = node, .marks = marks, .next = tracks->list[from].first};
    if (!arena_copy_text(tracks->arena, gap, &kept))
        return 0;
    track.gap = (const uint8_t *)kept.ptr;
    track.gap_len = (uint32_t)kept.len;
    if (!add_track(tracks, track))
        return 0;
    return tracks->list[from].first = tracks->count - 1;
}

void tracks_end(Tracks *tracks, const JsonReader *reader, uint32_t marks)
{
    uint32_t end = (uint32_t)(reader->end - reader->start), at = TRACK_START;
    if (tracks->unfit || !add_gap(tracks, end, TRACK_END) ||
        (tracks->count == 0 && !add_track(tracks, (Track){.node = TRACK_END})))
        return;
    for (uint32_t i = 0; i < tracks->gap_count; i++) {
        const TrackGap *gap = &tracks->gaps[i];
        Text bytes = text_of((const char *)reader->start + gap->begin, gap->end - gap->begin);
        at = step_after(tracks, at, bytes, gap->node, marks);
        if (at == 0)
            break;
    }
    tracks->full = at == 0 || tracks->count >= TRACKS_MAX;
}
