/* box.h: cells of an encrypted case. Each is sealed by itself: nonce (24 bytes, random), then
 * XChaCha20-Poly1305 (IETF) under the data key of the case, with the cell's place as associated
 * data, so that no cell can be put in the place of another. In a case that is not encrypted, cells
 * pass through unchanged; the rest of the store need not know. */
#ifndef STORE_BOX_H
#define STORE_BOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "store/keys.h"

#define BOX_ROOMS    12 /* sealed cells of one row */
#define DATA_KEY     32
#define CASE_ID      16
#define SEALED_KEY   (DATA_KEY + 48) /* crypto_box_seal */
#define BOX_OVERHEAD 40

typedef struct Box {
    uint8_t *key; /* locked memory; NULL: the case is not encrypted */
    uint8_t case_id[CASE_ID];
    Buf rooms[BOX_ROOMS];
    unsigned next;
    bool failed; /* sticky until box_row */
    const char *failed_at;
} Box;

void box_init(Box *box);
void box_done(Box *box);

/* A data key: a new one, or the one that was sealed to `key`. false with err. */
bool box_make_key(Box *box, Err *err);
bool box_take_key(Box *box, const CaseKey *key, Span sealed);
bool box_seal_key(const Box *box, const uint8_t public_key[KEY_BYTES], uint8_t ret[SEALED_KEY]);

/* Where a cell stands: "table.column", and the numbers that name its row. */
typedef struct BoxPlace {
    const char *column;
    uint64_t row[4];
} BoxPlace;

/* Begin a row: the results of the row before are gone. */
void box_row(Box *box);

/* The cell as it is stored, and back. The result stays until box_row; empty after a failure. */
Span box_seal(Box *box, BoxPlace place, Span plain);
Span box_open(Box *box, BoxPlace place, Span stored);

/* What box->failed means. Always false. */
bool box_error(const Box *box, Err *err);

#endif
