/* indicator.h: indicators of compromise from feeds, as things to be found in events and items.
 *
 * Use: indicators_create, indicators_add_file for each feed, indicators_finish; from then on the
 * set never changes and may be shared by processes. matcher.h holds batches against it.
 *
 * An indicator is a list of alternatives; an alternative is a list of terms that must all be in one
 * event. A term is a type and a value: a hash, a network, a domain and what is below it, or text.
 * docs/indicators.md says what each type may match, and what becomes of each entry of a feed.
 *
 * Nothing is left out silently: what cannot be used is a note with its place in the file. */
#ifndef DETECT_INDICATOR_INDICATOR_H
#define DETECT_INDICATOR_INDICATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/text.h"
#include "detect/sigma/rule.h"

#define INDICATORS_MAX       2000000                 /* of all feeds */
#define INDICATOR_FEED_BYTES (256u * 1024 * 1024)    /* of one file */
#define INDICATOR_SET_BYTES  (2048ull * 1024 * 1024) /* memory of all */
#define INDICATOR_VALUE_MAX  4096                    /* bytes of a value */

typedef enum IndicatorType {
    INDICATOR_SHA256,
    INDICATOR_SHA1,
    INDICATOR_MD5,
    INDICATOR_IMPHASH,
    INDICATOR_ADDRESS,
    INDICATOR_NETWORK,
    INDICATOR_DOMAIN,
    INDICATOR_URL,
    INDICATOR_NAME, /* of a file */
    INDICATOR_PATH,
    INDICATOR_MAIL,
    INDICATOR_REGISTRY,
    INDICATOR_MUTEX, /* and other named objects */
    INDICATOR_TYPE_COUNT
} IndicatorType;
extern const Text INDICATOR_TYPE_TEXT[INDICATOR_TYPE_COUNT];

typedef struct IndicatorSet IndicatorSet;

IndicatorSet *indicators_create(Err *err); /* NULL: no memory */
void indicators_destroy(IndicatorSet *set);
static inline void indicators_destroyp(IndicatorSet **set)
{
    indicators_destroy(*set);
}

/* All indicators of a file, whatever its format. false: it cannot be read, is not of a known
 * format, is damaged, or exceeds a limit: err names file and place. */
bool indicators_add_file(IndicatorSet *set, const char *path, Err *err);

/* The same from memory; `path` is for names. Both texts may go afterwards. */
bool indicators_add_text(IndicatorSet *set, Text path, Text bytes, Err *err);

/* Make what searching needs. Indicators below `min_level` are dropped (and counted). */
bool indicators_finish(IndicatorSet *set, RuleLevel min_level, Err *err);

uint32_t indicators_count(const IndicatorSet *set); /* NULL: 0 */

/* The indicator as the rule of a detection: title, id, file, level, tags. Texts are the set's. */
Rule indicators_rule(const IndicatorSet *set, uint32_t number);

/* Is there a SHA-256 among them, so that items are to be hashed? */
bool indicators_want_items(const IndicatorSet *set);

/* Calls `found` for each indicator that the hash of an item alone fulfils, in their order. */
typedef bool (*IndicatorFound)(void *ctx, uint32_t number, Err *err);
bool indicators_of_item(const IndicatorSet *set, const Sha256 *hash, IndicatorFound found,
                        void *ctx, Err *err);

/* ---- what became of the entries ---- */

typedef enum IndicatorNoteKind {
    INDICATOR_REFUSED,  /* it is not what it says it is, or cannot be one */
    INDICATOR_UNUSABLE, /* fine, but nothing that Constat compares */
} IndicatorNoteKind;

typedef struct IndicatorNote {
    IndicatorNoteKind kind;
    bool in_lines; /* `at` is a line, else a byte */
    uint64_t at;
    Text file, text;
} IndicatorNote;

size_t indicators_note_count(const IndicatorSet *set);
IndicatorNote indicators_note(const IndicatorSet *set, size_t number);

typedef struct IndicatorCounts {
    uint32_t indicators;
    uint32_t dropped;                       /* below the level asked for */
    uint32_t refused, unusable;             /* entries */
    uint32_t by_type[INDICATOR_TYPE_COUNT]; /* different values */
} IndicatorCounts;
IndicatorCounts indicators_counts(const IndicatorSet *set);

#endif
