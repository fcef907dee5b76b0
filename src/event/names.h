/* names.h: field names of a sink, each once, with the number that formats keep.
 *
 * Names come from evidence too (JSON keys), so they are limited: past the limits every new name
 * gets the number of NAMES_OVERFLOW_TEXT, and names->full is set. Channels, providers and codes
 * have room beyond the limits of field names, so that these cannot push them out; the names of
 * our own tables are not limited. Bytes that are not UTF-8 are written \xNN. */
#ifndef EVENT_NAMES_H
#define EVENT_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/text.h"
#include "event/id_map.h"

#define NAMES_MAX           1048576
#define NAMES_BYTES_MAX     (64u * 1024 * 1024)
#define NAMES_KINDS_MAX     262144              /* more, for texts of kinds … */
#define NAMES_KINDS_BYTES   (16u * 1024 * 1024) /* … and their bytes */
#define NAME_BYTES_MAX      65536u              /* longer names are cut */
#define NAMES_OVERFLOW_TEXT "(further field names)"

typedef struct Name {
    Text text;
    uint64_t payload_hash; /* of the lower-cased name; 0 for System.* and Export.*, which are not
                              part of the payload */
    uint32_t batch;        /* serial of the batch that last used it … */
    uint32_t number;       /* … and its number there */
    uint32_t slot;         /* of the heap's cache, where the field's last value went */
    uint32_t fold;         /* names_fold of the text */
    bool left_out;         /* sink_leave_out */
} Name;

typedef struct Names {
    Name *list;
    size_t count, cap;
    IdMap map;
    Arena *arena;
    Buf valid; /* scratch: a name made UTF-8 */
    bool full;
} Names;

bool names_init(Names *names); /* false: no memory; names_done is still due */
void names_done(Names *names);

typedef enum NameUse {
    NAME_FIELD,
    NAME_KIND, /* a text of EventKind */
    NAME_OWN,  /* of our tables */
} NameUse;

/* A hash for which ASCII case does not matter. */
uint32_t names_fold(Text text);

/* The number of `text`; ID_NONE when memory is exhausted. */
uint32_t names_intern(Names *names, NameUse use, Text text);

#endif
