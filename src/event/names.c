#include "event/names.h"

#include <stdlib.h>

#include "base/hash.h"
#include "event/grow.h"

#define ARENA_SLACK (64u * 1024 * 1024) /* texts of kinds, our own, and rounding up */

bool names_init(Names *names)
{
    *names = (Names){.arena = arena_create(NAMES_BYTES_MAX + NAMES_KINDS_BYTES + ARENA_SLACK)};
    buf_init(&names->valid, 4 * NAME_BYTES_MAX + 16);
    return id_map_init(&names->map) && names->arena;
}

void names_done(Names *names)
{
    free(names->list);
    id_map_done(&names->map);
    arena_destroy(names->arena);
    buf_done(&names->valid);
    *names = (Names){0};
}

static uint32_t find_name(const Names *names, Text text, uint64_t hash)
{
    uint32_t id;
    for (size_t cursor = id_map_start(&names->map, hash);
         (id = id_map_next(&names->map, hash, &cursor)) != ID_NONE;)
        if (text_equal(names->list[id].text, text))
            break;
    return id;
}

static bool has_prefix(Text text, Text prefix)
{
    return text.len >= prefix.len && text_equal_nocase(text_of(text.ptr, prefix.len), prefix);
}

/* Hash of the name with ASCII letters in lower case: exports differ in case. */
static uint64_t hash_folded(Text text)
{
    uint64_t h = 0;
    char piece[256];
    for (size_t at = 0; at < text.len; at += sizeof piece) {
        size_t n = text.len - at < sizeof piece ? text.len - at : sizeof piece;
        text_lower(text_of(text.ptr + at, n), piece);
        h = hash64(piece, n, h);
    }
    return h ? h : 1;
}

uint32_t names_fold(Text text)
{
    return (uint32_t)hash_folded(text);
}

static bool counts_for_payload(Text text)
{
    return !has_prefix(text, TEXT("System.")) && !has_prefix(text, TEXT("Export."));
}

static uint32_t add_name(Names *names, Text text, uint64_t hash)
{
    Text kept;
    Name *list = grow_array(names->list, &names->cap, names->count + 1, sizeof *list);
    if (!list)
        return ID_NONE;
    names->list = list;
    uint32_t id = (uint32_t)names->count;
    if (!arena_copy_text(names->arena, text, &kept) || !id_map_add(&names->map, hash, id))
        return ID_NONE;
    uint64_t folded = hash_folded(text);
    names->list[names->count++] = (Name){.text = kept,
                                         .payload_hash = counts_for_payload(text) ? folded : 0,
                                         .fold = (uint32_t)folded};
    return id;
}

/* Over-long names are cut; what is not UTF-8 is written as \xNN. */
static Text make_valid(Buf *out, Text text)
{
    if (text.len > NAME_BYTES_MAX)
        text.len = NAME_BYTES_MAX;
    buf_clear(out);
    for (size_t pos = 0; pos < text.len;) {
        size_t start = pos;
        if (utf8_next(text, &pos) == UTF8_INVALID)
            buf_printf(out, "\\x%02x", (unsigned)(unsigned char)text.ptr[start]);
        else
            buf_add(out, text.ptr + start, pos - start);
    }
    return buf_text(out);
}

static bool has_room(const Names *names, NameUse use, size_t len)
{
    size_t count = NAMES_MAX - 1, bytes = NAMES_BYTES_MAX; /* one for NAMES_OVERFLOW_TEXT */
    if (use == NAME_OWN)
        return true;
    if (use == NAME_KIND) {
        count += NAMES_KINDS_MAX;
        bytes += NAMES_KINDS_BYTES;
    }
    return names->count < count && arena_used(names->arena) + len <= bytes;
}

uint32_t names_intern(Names *names, NameUse use, Text text)
{
    uint64_t hash = hash64(text.ptr, text.len, 0);
    uint32_t id = find_name(names, text, hash);
    if (id != ID_NONE)
        return id;
    if (text.len > NAME_BYTES_MAX || !text_is_utf8(text, UTF8_ALLOW_SURROGATES)) {
        text = make_valid(&names->valid, text);
        if (names->valid.failed)
            return ID_NONE;
        hash = hash64(text.ptr, text.len, 0);
        id = find_name(names, text, hash);
    }
    if (id == ID_NONE && !has_room(names, use, text.len)) {
        names->full = true;
        text = TEXT(NAMES_OVERFLOW_TEXT);
        hash = hash64(text.ptr, text.len, 0);
        id = find_name(names, text, hash);
    }
    return id != ID_NONE ? id : add_name(names, text, hash);
}
