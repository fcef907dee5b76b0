/* tally.h: what the survey counts, as rows of key and numbers.
 *
 * A process that looks at segments keeps rows in a table of bounded size (tally_table.h) and sends
 * them when it is full: rows of the same key are simply added up later, so when that happens does
 * not matter, nor does which process saw which event. The receiver sorts all rows by their keys and
 * reads each key once, with the sum of its rows. So every count is exact, and memory is bounded,
 * however many different names evidence holds.
 *
 * Keys are a byte for the kind, then the parts below. Texts are labels, with their length before
 * them; numbers are big-endian, signed ones moved to sort as unsigned. The host of a key stands
 * first, as a label (lower case; empty: not known). When all rows are in, and so all names of hosts
 * are known, it is replaced by the number of the host (tally_rekey). */
#ifndef ANALYSIS_TALLY_H
#define ANALYSIS_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/extent.h"
#include "analysis/label.h"
#include "base/buf.h"
#include "base/span.h"
#include "event/event.h"

typedef enum TallyKind {
    TALLY_HOST,      /* host, its name as it is spelt */
    TALLY_HOUR,      /* hour */
    TALLY_ITEM,      /* rank of the item */
    TALLY_ACTION,    /* action, outcome */
    TALLY_STRIP,     /* host | source, hour */
    TALLY_CHANNEL,   /* source, channel | host */
    TALLY_ACCOUNT,   /* SID, domain and name in lower case, domain, name | host */
    TALLY_QUALITY,   /* source, quality (1 byte) | host */
    TALLY_RECOVERED, /* host | source */
    TALLY_MARK,      /* host | time, item, offset, sub; one event: see mark.h */
    TALLY_RUN,       /* host | channel, first number, class, item, offset; see numbers.h */
    TALLY_KIND_COUNT
} TallyKind;

/* What n[] holds, by kind. Only TALLY_HOST, TALLY_ITEM and TALLY_RECOVERED know recovered events;
 * everything else is of live ones alone. */
enum {
    N_EVENTS = 0, /* of all kinds */
    N_HOST_RECOVERED = 1,
    N_ITEM_TWINS = 1,
    N_ITEM_RECOVERED,
    N_ITEM_FRAGMENTS,
    N_ITEM_TIMELESS,
    N_ITEM_QUALITY, /* and those that follow, one for each TimeQuality; of live events */
    N_ACCOUNT_LOGONS = 1,
    N_ACCOUNT_FAILED,
    N_RECOVERED_FRAGMENTS = 1,
    TALLY_NUMBERS = N_ITEM_QUALITY + TIME_QUALITY_COUNT
};

typedef struct Tally {
    uint64_t n[TALLY_NUMBERS];
    Extent extent;
} Tally;

static inline void tally_clear(Tally *tally)
{
    *tally = (Tally){.extent = EXTENT_NONE};
}

void tally_add(Tally *to, const Tally *from);

/* Rows of these kinds stand for one event each and are not added up. */
static inline bool tally_is_single(TallyKind kind)
{
    return kind == TALLY_MARK || kind == TALLY_RUN;
}

/* ---- keys ---- */

#define TALLY_KEY_MAX 1280

typedef struct TallyKey {
    size_t len;
    uint8_t bytes[TALLY_KEY_MAX];
} TallyKey;

static inline Span tally_key_span(const TallyKey *key)
{
    return span_of(key->bytes, key->len);
}

void tally_key_begin(TallyKey *key, TallyKind kind);
void tally_key_label(TallyKey *key, const Label *label);
void tally_key_byte(TallyKey *key, uint8_t v);
void tally_key_u32(TallyKey *key, uint32_t v);
void tally_key_u64(TallyKey *key, uint64_t v);
void tally_key_i64(TallyKey *key, int64_t v);

/* Parts of a received key in their order; `reader` fails where it is too short. */
Label tally_take_label(Reader *reader);
uint32_t tally_take_u32(Reader *reader);
uint64_t tally_take_u64(Reader *reader);
int64_t tally_take_i64(Reader *reader);

/* The key with its host as a number: first, or last where the table in TallyKind has it so. false:
 * the key is not what this program writes. */
bool tally_rekey(TallyKind kind, Span rest, uint32_t host, TallyKey *ret);

/* ---- rows ---- */

#define TALLY_ROW_MAX 2048

void tally_row_write(TallyKind kind, const Tally *tally, Buf *out);
/* false: not as long as the kind demands. */
bool tally_row_read(TallyKind kind, Span row, Tally *ret);

/* Rows as they cross the pipe. */
void tally_send(Span key, Span row, Buf *out);
/* The next one; false at the end, or with reader->failed at nonsense. */
bool tally_receive(Reader *reader, Span *ret_key, Span *ret_row);

#endif
