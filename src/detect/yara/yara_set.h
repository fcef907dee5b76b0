/* yara_set.h: the inside of a set of YARA rules. */
#ifndef DETECT_YARA_YARA_SET_H
#define DETECT_YARA_YARA_SET_H

#include <yara.h>

#include "base/arena.h"
#include "detect/yara/yara_rules.h"

#define YARA_SET_BYTES (1024u * 1024 * 1024)

typedef struct YaraFile {
    Text path;
    const char *source; /* NUL-terminated */
    const char *space;  /* its namespace: its number */
} YaraFile;

typedef struct YaraEntry {
    Text id, title, file;
    RuleLevel level;
    TextList tags;
    bool told;
} YaraEntry;

struct YaraSet {
    Arena *arena;
    bool started; /* libyara */
    uint32_t seconds;
    YaraFile *files;
    size_t file_count, file_cap;
    YaraNote *notes;
    size_t note_count, note_cap;
    YR_RULES *rules;    /* NULL: there are none */
    YaraEntry *entries; /* as libyara numbers them */
    uint32_t entry_count;
    /* worker */
    YR_SCANNER *scanner;
    uint8_t *window;
};

/* Names that rules may use besides their own: of the item that is scanned. */
extern const char *const YARA_EXTERNALS[3]; /* filename, filepath, extension */

#endif
