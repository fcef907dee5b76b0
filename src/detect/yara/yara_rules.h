/* yara_rules.h: rules of YARA, compiled by libyara, and items held against them.
 *
 * Compiled before the zygote is forked, like all rules, and shared. `include` is not followed.
 * Every file is compiled by itself first, so that a bad one costs itself only, then all good ones
 * together. A file is refused if it imports what a sandboxed reader cannot give it (magic, cuckoo).
 *
 * Scanning happens in workers, over windows of the item: docs/indicators.md says what is not seen
 * across their borders. */
#ifndef DETECT_YARA_YARA_RULES_H
#define DETECT_YARA_YARA_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "detect/sigma/rule.h"
#include "format/input.h"

#define YARA_FILES_MAX     100000
#define YARA_FILE_BYTES    (16u * 1024 * 1024)
#define YARA_RULES_MAX     1000000
#define YARA_WINDOW_BYTES  (32u * 1024 * 1024)
#define YARA_OVERLAP_BYTES (1u * 1024 * 1024) /* of two windows */
#define YARA_SECONDS       10                 /* for a scan of all rules, and … */
#define YARA_BYTES_SECOND  (2u * 1024 * 1024) /* … one more for so many bytes */
#define YARA_SHARE         5                  /* … so much less when slow rules are looked for */
#define YARA_TIMEOUTS_MAX  20                 /* scans of an item that may take too long */
#define YARA_OFFSETS_SHOWN 8                  /* of a string, in details */
#define YARA_DETAILS_BYTES 4096

typedef struct YaraSet YaraSet;

YaraSet *yara_create(Err *err); /* NULL: no memory */
void yara_destroy(YaraSet *set);
static inline void yara_destroyp(YaraSet **set)
{
    yara_destroy(*set);
}

/* Rules of a file, or of all .yar and .yara at and below a folder. false: it is not there, no
 * memory, or a limit. */
bool yara_add(YaraSet *set, const char *path, Err *err);
/* All of them together. Rules below `min_level` run, but are not told. */
bool yara_finish(YaraSet *set, RuleLevel min_level, Err *err);

/* Another limit instead of YARA_SECONDS; at least 1. */
void yara_set_seconds(YaraSet *set, uint32_t seconds);

uint32_t yara_count(const YaraSet *set); /* NULL: 0. Private rules count, and never match */
Rule yara_rule(const YaraSet *set, uint32_t number); /* as the rule of a detection */

/* A file that was refused, with the compiler's words. */
typedef struct YaraNote {
    Text file, text;
    uint32_t line; /* 0: none */
} YaraNote;
size_t yara_note_count(const YaraSet *set);
YaraNote yara_note(const YaraSet *set, size_t number);

/* ---- in the worker ---- */

typedef struct YaraOut {
    /* `details`: which strings, where. false stops. */
    bool (*match)(void *ctx, uint32_t rule, Text details, Err *err);
    /* Something was not decided: the rule, and why. */
    void (*fault)(void *ctx, Text text);
    void (*progress)(void *ctx, uint64_t offset);
    void *ctx;
} YaraOut;

/* The whole item against all rules; `path` is what rules may ask for as filepath. false: `out`
 * stopped, no memory, or the item cannot be read. */
bool yara_scan(YaraSet *set, const Input *item, Text path, const YaraOut *out, Err *err);

#endif
