/* hash.h: fingerprints. SHA-256 (OpenSSL) is the identity of evidence; hash64 (XXH3) is for
 * tables and is never stored as an identity on its own; crc32_ieee (libdeflate) is what EVTX
 * uses. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

typedef struct Sha256 {
    uint8_t bytes[32];
} Sha256;

typedef struct Sha256Stream Sha256Stream;

Sha256Stream *sha256_create(void); /* NULL: no memory */
void sha256_destroy(Sha256Stream *stream);
static inline void sha256_destroyp(Sha256Stream **stream)
{
    sha256_destroy(*stream);
}
bool sha256_update(Sha256Stream *stream, Span bytes);
/* The digest of all bytes so far; the stream starts anew. */
bool sha256_final(Sha256Stream *stream, Sha256 *ret);

/* 64 lower-case digits, no NUL. */
void sha256_hex(const Sha256 *hash, char out[64]);

uint64_t hash64(const void *bytes, size_t len, uint64_t seed);

typedef struct Hash128 {
    uint8_t bytes[16];
} Hash128;

/* XXH3, 128 bits, in its canonical byte order: where something differs, not whether a person made
 * it. */
Hash128 hash128(Span bytes);

/* CRC-32 of RFC 1952; start with `crc` 0, pass the result on to continue. */
uint32_t crc32_ieee(uint32_t crc, Span bytes);

#endif
