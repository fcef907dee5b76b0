/* key_file.h: what stands in key files. Lines of text, each ended by a line feed:
 *
 *     constat signing key 1               constat holder key 1
 *     public BASE64                       public BASE64
 *     secret BASE64                       argon2id OPERATIONS MEMORY SALT
 *                                         sealed NONCE BOX
 *
 *     constat signing public key 1
 *     public BASE64
 *
 * `secret`: 32 bytes, the seed of Ed25519 or the scalar of X25519. With a passphrase it is sealed
 * instead: XChaCha20-Poly1305 (IETF) of the secret with NONCE, the first two lines as associated
 * data, under the key that Argon2id (1.3) makes of the passphrase, SALT (16 bytes), OPERATIONS and
 * MEMORY (bytes). */
#ifndef STORE_KEY_FILE_H
#define STORE_KEY_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"
#include "store/keys.h"

#define KEY_FILE_BYTES_MAX 4096
#define KEY_SALT_BYTES     16
#define KEY_NONCE_BYTES    24
#define KEY_BOX_BYTES      (KEY_BYTES + 16)

typedef enum KeyHalf {
    KEY_HALF_PUBLIC,
    KEY_HALF_SECRET, /* as it is */
    KEY_HALF_SEALED, /* under a passphrase */
} KeyHalf;

typedef struct KeyFile {
    KeyKind kind;
    KeyHalf half;
    uint8_t public_key[KEY_BYTES];
    uint8_t secret[KEY_BYTES];   /* KEY_HALF_SECRET; after key_file_unseal */
    uint64_t operations, memory; /* these three: KEY_HALF_SEALED */
    uint8_t salt[KEY_SALT_BYTES];
    uint8_t nonce[KEY_NONCE_BYTES], box[KEY_BOX_BYTES];
} KeyFile;

extern const char *const KEY_KIND_TEXT[KEY_KIND_COUNT]; /* "signing", "holder" */

/* Strict: exactly what key_file_write writes. */
bool key_file_read(Text content, KeyFile *ret, Err *err);
void key_file_write(const KeyFile *file, Buf *out);

/* Put the secret under a passphrase (KEY_HALF_SECRET becomes KEY_HALF_SEALED; the secret is
 * cleared), and take it out again. false: no memory; wrong passphrase, or damage (ERR_USAGE). */
bool key_file_seal(KeyFile *file, const Secret *passphrase, bool quick, Err *err);
bool key_file_unseal(KeyFile *file, const Secret *passphrase, Err *err);

#endif
