/* keys.h: key pairs, and the small text files that they live in (key_file.h has the format).
 *
 * A signing key (Ed25519) signs the ledger of a case and lies outside it. A holder key (X25519)
 * opens what was sealed to its public half: the data key of an encrypted case, later the identities
 * of persons. Private halves stay in locked memory that is cleared when it is given back. */
#ifndef STORE_KEYS_H
#define STORE_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "store/store.h"

#define KEY_BYTES       32 /* of each half */
#define SIGNATURE_BYTES 64
#define PASSPHRASE_MAX  1024

typedef enum KeyKind { KEY_SIGNING, KEY_HOLDER, KEY_KIND_COUNT } KeyKind;

typedef struct PublicKey {
    KeyKind kind;
    uint8_t bytes[KEY_BYTES];
} PublicKey;

/* A passphrase, in locked memory. */
typedef struct Secret {
    size_t len;
    char bytes[PASSPHRASE_MAX];
} Secret;

Secret *secret_create(Err *err); /* empty; NULL: no memory */
void secret_destroy(Secret *secret);
static inline void secret_destroyp(Secret **secret)
{
    secret_destroy(*secret);
}

/* Who knows the passphrase of a key file: called only if the file has one. false with err: nobody
 * does. */
typedef struct PassphraseSource {
    bool (*ask)(void *ctx, const char *path, Secret *ret, Err *err);
    void *ctx;
} PassphraseSource;

/* ---- making ---- */

typedef struct KeyMaking {
    KeyKind kind;
    const Secret *passphrase; /* NULL or empty: the private half is not protected */
    bool overwrite;
    bool quick; /* for tests: a passphrase that is cheap to try */
} KeyMaking;

/* Could it be made? ERR_USAGE: one of its files exists and is not to be overwritten. Asked before a
 * person is troubled for a passphrase; key_pair_make asks again. */
bool key_pair_check(const char *path, bool overwrite, Err *err);

/* A new pair: the private half in `path`, for its owner's eyes only, the public one in `path`.pub.
 * ERR_USAGE: one of them exists. */
bool key_pair_make(const char *path, const KeyMaking *making, PublicKey *ret, Err *err);

/* ---- using ---- */

/* Of a .pub file, or of the public half that a private file holds too. ERR_USAGE: of another kind.
 */
bool public_key_load(const char *path, KeyKind kind, PublicKey *ret, Err *err);
/* From its 64 hexadecimal digits. */
bool public_key_from_hex(Text hex, KeyKind kind, PublicKey *ret);

/* NULL with err: no such file, of another kind, passphrase wrong, damaged. */
SigningKey *signing_key_load(const char *path, const PassphraseSource *source, Err *err);
void signing_key_destroy(SigningKey *key); /* NULL is fine */
const uint8_t *signing_key_public(const SigningKey *key);
bool signing_key_sign(const SigningKey *key, Span message, uint8_t ret[SIGNATURE_BYTES]);
bool signature_fits(const uint8_t public_key[KEY_BYTES], Span message, const uint8_t *signature);

/* Does the file that the key came from lie in this folder, or below it? */
bool signing_key_is_below(const SigningKey *key, const char *folder);

CaseKey *case_key_load(const char *path, const PassphraseSource *source, Err *err);
void case_key_destroy(CaseKey *key); /* NULL is fine */
const uint8_t *case_key_public(const CaseKey *key);
/* Open what was sealed to its public half. false: it was not, or was changed. */
bool case_key_open(const CaseKey *key, Span sealed, uint8_t *ret, size_t len);

#endif
