#include "store/box.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#define NONCE        crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define CELL_MAX     (UINT32_C(1) << 30)
#define PLACE_BYTES  (CASE_ID + COLUMN_BYTES + 8 * 4)
#define COLUMN_BYTES 64

static_assert(DATA_KEY == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "data key");
static_assert(SEALED_KEY == DATA_KEY + crypto_box_SEALBYTES, "sealed key");
static_assert(BOX_OVERHEAD == NONCE + crypto_aead_xchacha20poly1305_ietf_ABYTES, "overhead");

void box_init(Box *box)
{
    *box = (Box){.key = NULL};
    for (unsigned i = 0; i < BOX_ROOMS; i++)
        buf_init(&box->rooms[i], CELL_MAX);
}

void box_done(Box *box)
{
    for (unsigned i = 0; i < BOX_ROOMS; i++) {
        if (box->key && box->rooms[i].ptr)
            sodium_memzero(box->rooms[i].ptr, box->rooms[i].cap);
        buf_done(&box->rooms[i]);
    }
    sodium_free(box->key);
    box->key = NULL;
}

/* ---- the data key ---- */

static bool key_memory(Box *box)
{
    if (sodium_init() < 0)
        return false;
    if (!box->key)
        box->key = sodium_malloc(DATA_KEY);
    return box->key != NULL;
}

bool box_make_key(Box *box, Err *err)
{
    if (!key_memory(box))
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no locked memory for keys");
    randombytes_buf(box->key, DATA_KEY);
    return true;
}

bool box_take_key(Box *box, const CaseKey *key, Span sealed)
{
    if (!key_memory(box))
        return false;
    if (case_key_open(key, sealed, box->key, DATA_KEY))
        return true;
    sodium_free(box->key);
    box->key = NULL;
    return false;
}

bool box_seal_key(const Box *box, const uint8_t public_key[KEY_BYTES], uint8_t ret[SEALED_KEY])
{
    return crypto_box_seal(ret, box->key, DATA_KEY, public_key) == 0;
}

/* ---- cells ---- */

/* Associated data: case id, the column's name padded with zeros, the numbers. */
static void write_place(const Box *box, const BoxPlace *place, uint8_t out[PLACE_BYTES])
{
    size_t len = strlen(place->column);
    memset(out, 0, PLACE_BYTES);
    memcpy(out, box->case_id, CASE_ID);
    memcpy(out + CASE_ID, place->column, len < COLUMN_BYTES ? len : COLUMN_BYTES);
    for (unsigned i = 0; i < 4; i++)
        store_u64le(out + CASE_ID + COLUMN_BYTES + 8 * i, place->row[i]);
}

void box_row(Box *box)
{
    box->next = 0;
    box->failed = false;
    box->failed_at = NULL;
}

static uint8_t *next_room(Box *box, size_t size)
{
    Buf *room = box->next < BOX_ROOMS ? &box->rooms[box->next] : NULL;
    if (!room || box->failed)
        return NULL;
    buf_clear(room);
    box->next++;
    return (uint8_t *)buf_reserve(room, size + 1); /* never an empty allocation */
}

static Span fail(Box *box, const char *column)
{
    if (!box->failed)
        box->failed_at = column;
    box->failed = true;
    return (Span){0};
}

Span box_seal(Box *box, BoxPlace place, Span plain)
{
    if (!box->key)
        return plain;
    uint8_t where[PLACE_BYTES];
    uint8_t *out = next_room(box, plain.len + BOX_OVERHEAD);
    if (!out)
        return fail(box, NULL);
    write_place(box, &place, where);
    randombytes_buf(out, NONCE);
    if (crypto_aead_xchacha20poly1305_ietf_encrypt(out + NONCE, NULL, plain.ptr, plain.len, where,
                                                   sizeof where, NULL, out, box->key) != 0)
        return fail(box, place.column);
    return span_of(out, plain.len + BOX_OVERHEAD);
}

Span box_open(Box *box, BoxPlace place, Span stored)
{
    if (!box->key)
        return stored;
    if (stored.len < BOX_OVERHEAD)
        return fail(box, place.column);
    uint8_t where[PLACE_BYTES];
    size_t len = stored.len - BOX_OVERHEAD;
    uint8_t *out = next_room(box, len);
    if (!out)
        return fail(box, NULL);
    write_place(box, &place, where);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, stored.ptr + NONCE,
                                                   stored.len - NONCE, where, sizeof where,
                                                   stored.ptr, box->key) != 0)
        return fail(box, place.column);
    return span_of(out, len);
}

bool box_error(const Box *box, Err *err)
{
    if (!box->failed_at)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory to seal or open a cell");
    return err_set(err, ERR_FORMAT, ERR_NO_OFFSET,
                   "case.sqlite: a cell of %s cannot be opened: it was changed or moved",
                   box->failed_at);
}
